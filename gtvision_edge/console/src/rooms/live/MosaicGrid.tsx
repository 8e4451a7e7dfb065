import { useState } from "preact/hooks";
import type { MosaicBody } from "../../api/types";
import { text } from "../../i18n";
import { may } from "../../state/permissions";
import { me } from "../../state/session";
import { camerasById } from "../../state/site";
import { clearTile, placeCamera, seats } from "./mosaic";
import { enlarge } from "./sequence";
import { edit, openPanel, selectedTile } from "./store";
import { Tile } from "./Tile";

interface GridProps {
  mosaic: MosaicBody;
  /** The camera shown over all others, if any. */
  large: string | null;
  /** A running sequence shows its own cameras; nothing can be dropped then. */
  isFixed: boolean;
}

export function MosaicGrid({ mosaic, large, isFixed }: GridProps) {
  const places = seats(mosaic.cameras, mosaic.layout);
  const canEdit = !isFixed && may(me.value?.role, "watch");
  const seen = new Map<string, number>();
  const isLargeElsewhere = large !== null && !places.includes(large) && camerasById.value.has(large);
  return (
    <div class={`mosaic l${mosaic.layout.replace("+", "-")}${large !== null ? " has-large" : ""}`}>
      {places.map((id, at) => {
        const count = id === null ? 0 : (seen.get(id) ?? 0);
        if (id !== null) seen.set(id, count + 1);
        const key = id === null ? `empty-${at}` : `${id}-${count}`;
        return <Place key={key} id={id} at={at} large={large} canEdit={canEdit} />;
      })}
      {isLargeElsewhere && <Place key={`large-${large}`} id={large} at={places.length} large={large} canEdit={false} />}
    </div>
  );
}

interface PlaceProps {
  id: string | null;
  at: number;
  large: string | null;
  canEdit: boolean;
}

function Place({ id, at, large, canEdit }: PlaceProps) {
  const [isOver, setOver] = useState(false);
  const camera = id === null ? undefined : camerasById.value.get(id);
  const isLarge = id !== null && id === large;
  const select = (): void => {
    selectedTile.value = at;
  };
  return (
    <div
      class={`place${isOver ? " over" : ""}${isLarge ? " large" : ""}`}
      onDragOver={(event) => {
        if (!canEdit || !event.dataTransfer?.types.includes("text/gtv-camera")) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        setOver(false);
        const dropped = event.dataTransfer?.getData("text/gtv-camera");
        if (!dropped || !canEdit) return;
        event.preventDefault();
        edit((mosaic) => placeCamera(mosaic, dropped, at));
      }}
    >
      {camera ? (
        <Tile
          camera={camera}
          number={at + 1}
          isSelected={selectedTile.value === at}
          isLarge={isLarge}
          canClear={canEdit}
          onSelect={select}
          onLarge={() => enlarge(isLarge ? null : camera.camera_id)}
          onClear={() => edit((mosaic) => clearTile(mosaic, at))}
        />
      ) : (
        <EmptyTile id={id} at={at} canFill={canEdit && id === null} onSelect={select} />
      )}
    </div>
  );
}

interface EmptyTileProps {
  id: string | null;
  at: number;
  canFill: boolean;
  onSelect: () => void;
}

function EmptyTile({ id, at, canFill, onSelect }: EmptyTileProps) {
  const t = text.value.live;
  const isSelected = selectedTile.value === at;
  return (
    <div
      class={`tile vacant${isSelected ? " selected" : ""}`}
      role="group"
      tabIndex={isSelected ? 0 : -1}
      aria-label={t.tileOf(t.emptyTile, at + 1)}
      onClick={() => {
        onSelect();
        if (canFill) openPanel();
      }}
      onFocus={onSelect}
    >
      <div class="middle">
        <span>{id === null ? t.emptyTile : t.gone}</span>
        {canFill && (
          <>
            <small class="by-mouse">{t.emptyTileHint}</small>
            <small class="by-touch">{t.emptyTileTouch}</small>
          </>
        )}
      </div>
    </div>
  );
}
