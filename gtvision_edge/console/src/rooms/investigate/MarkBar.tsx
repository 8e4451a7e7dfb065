import { cameras, zone } from "../../state/site";
import { Button } from "../../ui/parts";
import { isTouch } from "../../ui/touch";
import { mark } from "./acts";
import { missingIn } from "./footage";
import { bytesAbout, useRates } from "./rates";
import { chosen, marked, marks, stretchesOf } from "./store";
import { bytesOf, exactSpanOf, text, timeOf } from "./words";

interface MarkBarProps {
  mayHold: boolean;
  mayExport: boolean;
  onHold: () => void;
  onExport: () => void;
}

/** What is marked: how long, how big, what is missing of it, and what can be done with it. */
export function MarkBar({ mayHold, mayExport, onHold, onExport }: MarkBarProps) {
  const t = text.value.investigate;
  const range = marked.value;
  const rates = useRates(chosen.value, range?.startMs ?? null);
  if (range === null) {
    return (
      <div class="mark-bar">
        <span class="muted">{isTouch() ? t.markHintTouch : t.markHint}</span>
        <span class="grow" />
        <MarkButtons />
      </div>
    );
  }
  const lengthMs = range.endMs - range.startMs;
  const missing = chosen.value.map((id) => ({ id, ...missingIn(stretchesOf(id), range.startMs, range.endMs) }));
  const bytes = bytesAbout(rates, chosen.value, range.startMs, range.endMs);
  const incomplete = missing.filter((each) => each.pieces > 0);
  const nameOf = (id: string): string => cameras.value?.find((camera) => camera.camera_id === id)?.name ?? id;
  return (
    <div class="mark-bar">
      <span class="mark-words">
        {t.marked} <b>{timeOf(range.startMs, zone.value)} → {timeOf(range.endMs, zone.value)}</b> · {exactSpanOf(lengthMs / 1000)} · {t.outOfStep(chosen.value.length)}
        {bytes > 0 && <> · {t.about(bytesOf(bytes))}</>}
        {incomplete.length === 0 ? (
          <span class="muted"> · {t.complete}</span>
        ) : (
          <span class="amber">
            {" "}
            · {incomplete.map((each) => `${nameOf(each.id)}: ${t.missing(each.pieces, exactSpanOf(each.ms / 1000))}`).join(" · ")}
          </span>
        )}
      </span>
      <MarkButtons isShort />
      <Button kind="ghost" hotkey="Esc" onClick={() => (marks.value = { inMs: null, outMs: null })}>
        {t.clear}
      </Button>
      {mayHold && (
        <Button kind="primary" hotkey="I" onClick={onHold}>
          {t.hold}
        </Button>
      )}
      {mayExport && (
        <Button icon="evidence" hotkey="E" onClick={onExport}>
          {t.export}
        </Button>
      )}
    </div>
  );
}

function MarkButtons({ isShort = false }: { isShort?: boolean }) {
  const t = text.value.investigate;
  const short = text.value.evidence;
  return (
    <>
      <Button hotkey="[" label={t.markIn} onClick={() => mark("inMs")}>
        {isShort ? short.start : t.markIn}
      </Button>
      <Button hotkey="]" label={t.markOut} onClick={() => mark("outMs")}>
        {isShort ? short.end : t.markOut}
      </Button>
    </>
  );
}
