import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Camera } from "../../api/types";
import { text } from "../../i18n";
import { matches } from "../../state/search";
import { cameras, camerasById } from "../../state/site";
import { StateWord } from "../cameras/StateWord";
import { Button } from "../../ui/parts";
import { placeCamera, seats } from "./mosaic";
import { enlarge } from "./sequence";
import { edit, isPanelOpen, panelCalls, selectedTile, shown } from "./store";

/**
 * All cameras. A click or Enter shows one large, so that looking never changes the mosaic; it fills a tile only
 * where an empty one was chosen. Dragging and the row's own button put a camera where another one is.
 */
export function CameraPanel() {
  const t = text.value.live;
  const [wanted, setWanted] = useState("");
  const field = useRef<HTMLInputElement>(null);
  // Before the next key: what an operator types right after "/" is the name, not the keys of the mosaic.
  useLayoutEffect(() => {
    field.current?.focus();
    field.current?.select();
  }, [panelCalls.value]);
  const found = findCameras(wanted);
  const mosaic = shown.value;
  const places = mosaic === null ? [] : seats(mosaic.cameras, mosaic.layout);
  const chosenTile = selectedTile.value;
  const target = chosenTile ?? (places.includes(null) ? places.indexOf(null) : null);
  const isFilling = chosenTile !== null && places[chosenTile] === null;

  const put = (camera: Camera): void => {
    if (target !== null) edit((present) => placeCamera(present, camera.camera_id, target));
    if (isNarrow()) isPanelOpen.value = false;
  };
  const pick = (camera: Camera): void => {
    setWanted("");
    if (isFilling) put(camera);
    else {
      enlarge(camera.camera_id);
      if (isNarrow()) isPanelOpen.value = false;
    }
  };
  return (
    <aside class="panel" aria-label={t.panel}>
      <header>
        <h2>{t.panel}</h2>
        <Button
          kind="ghost"
          icon="close"
          label={text.value.common.close}
          onClick={() => {
            isPanelOpen.value = false;
          }}
        />
      </header>
      <div class="panel-find">
        <input
          ref={field}
          type="search"
          placeholder={t.find}
          aria-label={t.find}
          value={wanted}
          onInput={(event) => setWanted(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter") return;
            const first = findCameras(event.currentTarget.value)[0];
            if (!first) return;
            pick(first);
            // Found; the next keys are the mosaic's again.
            event.currentTarget.blur();
          }}
        />
        <small class={isFilling ? "" : "faint"}>{isFilling ? t.panelFill((chosenTile ?? 0) + 1) : t.panelHint}</small>
      </div>
      <ul tabIndex={-1}>
        {found.map((camera) => {
          const isHere = target !== null && places[target] === camera.camera_id;
          const replaced = target === null ? null : (places[target] ?? null);
          return (
            <li key={camera.camera_id} class={places.includes(camera.camera_id) ? "seated" : ""}>
              <button
                type="button"
                class="panel-camera"
                draggable
                onDragStart={(event) => event.dataTransfer?.setData("text/gtv-camera", camera.camera_id)}
                onClick={() => pick(camera)}
              >
                <span>{camera.name}</span>
                <small>
                  <StateWord camera={camera} />
                </small>
              </button>
              {target !== null && !isHere && !isFilling && (
                <button
                  type="button"
                  class="panel-put"
                  title={replaced === null ? undefined : t.replaces(camerasById.value.get(replaced)?.name ?? replaced)}
                  onClick={() => put(camera)}
                >
                  {t.putInto(target + 1)}
                </button>
              )}
            </li>
          );
        })}
        {found.length === 0 && <li class="muted pad">{text.value.common.noMatch}</li>}
      </ul>
    </aside>
  );
}

function findCameras(wanted: string): Camera[] {
  return (cameras.value ?? []).filter((camera) => matches(wanted, camera.name, camera.camera_id, camera.place?.label));
}

/** The panel lies over the pictures there. */
function isNarrow(): boolean {
  return matchMedia("(max-width: 760px)").matches;
}
