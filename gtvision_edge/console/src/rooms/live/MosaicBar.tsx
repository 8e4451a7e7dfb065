import { useState } from "preact/hooks";
import type { MosaicBody } from "../../api/types";
import { text } from "../../i18n";
import { may } from "../../state/permissions";
import { me } from "../../state/session";
import { cameras } from "../../state/site";
import { say } from "../../state/toasts";
import { Button, explain, Segments } from "../../ui/parts";
import { Confirm } from "../../ui/Dialog";
import { Menu } from "../../ui/Menu";
import { LAYOUT_NAMES, LAYOUTS, relayout, seats, waitingCount } from "./mosaic";
import { isReadingsOpen, toggleReadings } from "./readings";
import { SaveDialog } from "./SaveDialog";
import { SEQUENCE_S, sequenceStep, toggleSequence } from "./sequence";
import { choose, chosen, discard, draft, edit, EVERY_CAMERA, isPanelOpen, mosaics, remove, save, shown } from "./store";

/** The mosaic's name, its layout, and what can be done with it. */
export function MosaicBar({ onFull }: { onFull: () => void }) {
  const t = text.value.live;
  const mosaic = shown.value;
  const canSave = may(me.value?.role, "editMosaics");
  const [asks, setAsks] = useState<"save" | "saveAs" | "rename" | "delete" | null>(null);
  const saved = chosen.value;
  if (mosaic === null) return <div class="room-bar" />;

  const waiting = waitingCount(mosaic);
  const menu = [
    ...(saved && draft.value === null ? [{ label: text.value.common.rename, onClick: () => setAsks("rename") }] : []),
    { label: t.saveAs, onClick: () => setAsks("saveAs") },
    ...(saved && draft.value === null ? [{ label: `${t.deleteShort}…`, onClick: () => setAsks("delete") }] : []),
  ];

  async function attempt(work: () => Promise<void>, words: string): Promise<void> {
    try {
      await work();
      setAsks(null);
      say(words);
    } catch (error) {
      const { title, cure } = explain(error);
      say(cure ? `${title} ${cure}` : title, { tone: "alarm" });
    }
  }

  return (
    <div class="room-bar live-bar">
      <MosaicName />
      <Segments
        label={t.layout}
        options={LAYOUTS.map((layout) => ({ value: layout, label: LAYOUT_NAMES[layout] }))}
        value={mosaic.layout}
        onChange={(layout) => edit((present) => relayout(present, layout))}
      />
      <span class="muted facts-line">
        {draft.value !== null ? t.unsaved : saved ? t.shared(count(mosaic)) : automaticWords(count(mosaic))}
        {waiting > 0 && ` · ${t.waiting(waiting)}`}
      </span>
      <span class="grow" />
      <span class="live-actions">
        <Button
          kind="ghost"
          icon="panel"
          hotkey="/"
          pressed={isPanelOpen.value}
          onClick={() => {
            isPanelOpen.value = !isPanelOpen.value;
          }}
        >
          <span class="words">{t.panel}</span>
        </Button>
        <Button kind="ghost" icon="plates" hotkey="R" pressed={isReadingsOpen.value} onClick={toggleReadings}>
          <span class="words">{text.value.plates.now.open}</span>
        </Button>
        <span class="desk-only">
          <Button kind="ghost" hotkey="C" pressed={sequenceStep.value !== null} onClick={toggleSequence}>
            {sequenceStep.value === null ? t.sequence : t.sequenceOn(SEQUENCE_S)}
          </Button>
        </span>
        <Button kind="ghost" icon="expand" hotkey="F" onClick={onFull}>
          <span class="words">{t.full}</span>
        </Button>
        {draft.value !== null && (
          <Button onClick={discard}>{t.discard}</Button>
        )}
        <span class="desk-only live-actions">
          {canSave && (draft.value !== null || !saved) && (
            <Button
              kind={draft.value !== null ? "primary" : "plain"}
              onClick={() => (saved ? void attempt(() => save(mosaic, saved), t.saved) : setAsks("save"))}
            >
              {t.save}
            </Button>
          )}
          {canSave && saved && <Menu label={t.manage} items={menu} />}
        </span>
      </span>
      {(asks === "save" || asks === "saveAs" || asks === "rename") && (
        <SaveDialog
          title={asks === "rename" ? text.value.common.rename : asks === "saveAs" ? t.saveAs : t.save}
          initial={asks === "rename" && saved ? saved.nome : ""}
          onSave={async (nome) => {
            await save({ ...mosaic, nome }, asks === "rename" ? saved : null);
            setAsks(null);
            say(t.saved);
          }}
          onClose={() => setAsks(null)}
        />
      )}
      {asks === "delete" && saved && (
        <Confirm
          title={t.delete}
          body={t.deleteAsk(saved.nome)}
          action={t.delete}
          onConfirm={() => void attempt(() => remove(saved), t.deleted)}
          onClose={() => setAsks(null)}
        />
      )}
    </div>
  );
}

function MosaicName() {
  const t = text.value.live;
  const list = mosaics.value ?? [];
  if (list.length === 0) return <h1>{shown.value?.nome ?? t.mosaic}</h1>;
  return (
    <>
      <h1 class="hidden-words">{shown.value?.nome ?? t.mosaic}</h1>
      <select
        class="mosaic-name"
        aria-label={t.mosaic}
        value={chosen.value?.mosaic_id ?? EVERY_CAMERA}
        onChange={(event) => choose(event.currentTarget.value)}
      >
        {list.map((mosaic) => (
          <option key={mosaic.mosaic_id} value={mosaic.mosaic_id}>
            {mosaic.nome}
          </option>
        ))}
        <option value={EVERY_CAMERA}>{t.automatic}</option>
      </select>
    </>
  );
}

function count({ cameras, layout }: MosaicBody): number {
  return seats(cameras, layout).filter((id) => id !== null).length;
}

/** Of all cameras those that have a tile; who wants the others sees that there are some. */
function automaticWords(shown: number): string {
  const t = text.value.live;
  const total = cameras.value?.length ?? 0;
  return total > shown ? t.camerasOf(shown, total) : t.cameras(shown);
}
