import { useEffect, useState } from "preact/hooks";
import { cameras, zone } from "../../state/site";
import { client } from "../../state/session";
import { Button } from "../../ui/parts";
import { mark } from "./acts";
import { missingIn } from "./footage";
import { chosen, marked, marks, stretchesOf } from "./store";
import type { Day } from "./types";
import { bytesOf, spanOf, text, timeOf } from "./words";
import { wallOf } from "./when";

interface MarkBarProps {
  mayHold: boolean;
  onHold: () => void;
}

/** What is marked: how long, how big, what is missing of it, and what can be done with it. */
export function MarkBar({ mayHold, onHold }: MarkBarProps) {
  const t = text.value.investigate;
  const range = marked.value;
  const rates = useRates(range?.startMs ?? null);
  if (range === null) {
    return (
      <div class="mark-bar">
        <span class="muted">{t.markHint}</span>
        <span class="grow" />
        <MarkButtons />
      </div>
    );
  }
  const lengthMs = range.endMs - range.startMs;
  const missing = chosen.value.map((id) => ({ id, ...missingIn(stretchesOf(id), range.startMs, range.endMs) }));
  const bytes = missing.reduce((sum, each) => sum + ((rates.get(each.id) ?? 0) * (lengthMs - each.ms)) / 1000, 0);
  const incomplete = missing.filter((each) => each.pieces > 0);
  const nameOf = (id: string): string => cameras.value?.find((camera) => camera.camera_id === id)?.name ?? id;
  return (
    <div class="mark-bar">
      <span>
        {t.marked} <b>{timeOf(range.startMs, zone.value)} → {timeOf(range.endMs, zone.value)}</b> · {exactly(lengthMs)} · {t.inStep(chosen.value.length)}
        {bytes > 0 && <> · {t.about(bytesOf(bytes))}</>}
        {incomplete.length === 0 ? (
          <span class="muted"> · {t.complete}</span>
        ) : (
          <span class="amber">
            {" "}
            · {incomplete.map((each) => `${nameOf(each.id)}: ${t.missing(each.pieces, exactly(each.ms))}`).join(" · ")}
          </span>
        )}
      </span>
      <span class="grow" />
      <MarkButtons />
      <Button kind="ghost" hotkey="Esc" onClick={() => (marks.value = { inMs: null, outMs: null })}>
        {t.clear}
      </Button>
      {mayHold && (
        <Button kind="primary" hotkey="I" onClick={onHold}>
          {t.hold}
        </Button>
      )}
    </div>
  );
}

function MarkButtons() {
  const t = text.value.investigate;
  return (
    <>
      <Button hotkey="[" onClick={() => mark("inMs")}>
        {t.markIn}
      </Button>
      <Button hotkey="]" onClick={() => mark("outMs")}>
        {t.markOut}
      </Button>
    </>
  );
}

/** "9 min 25 s": to the second, for it decides what a court gets to see. */
function exactly(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const rest = seconds % 60;
  return seconds < 60 || rest === 0 ? spanOf(seconds) : seconds < 3600 ? `${Math.floor(seconds / 60)} min ${rest} s` : spanOf(seconds);
}

/** Bytes a second of each chosen camera, from the totals of the month of *atMs*. */
function useRates(atMs: number | null): ReadonlyMap<string, number> {
  const [rates, setRates] = useState<ReadonlyMap<string, number>>(new Map());
  const wall = atMs === null ? null : wallOf(atMs, zone.value);
  const month = wall === null ? null : `${wall.year}-${String(wall.month).padStart(2, "0")}`;
  const ids = chosen.value.join(",");
  useEffect(() => {
    if (month === null) return undefined;
    let isOld = false;
    const ask = async (id: string): Promise<[string, number]> => {
      const { items } = await client.get<{ items: Day[] }>(`/cameras/${encodeURIComponent(id)}/days?month=${month}`);
      const seconds = items.reduce((sum, day) => sum + day.recorded_s, 0);
      return [id, seconds > 0 ? items.reduce((sum, day) => sum + day.bytes, 0) / seconds : 0];
    };
    void Promise.allSettled(ids.split(",").filter(Boolean).map(ask)).then((answers) => {
      if (!isOld) setRates(new Map(answers.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []))));
    });
    return () => {
      isOld = true;
    };
  }, [month, ids]);
  return rates;
}
