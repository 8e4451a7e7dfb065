import { useEffect, useState } from "preact/hooks";
import { client } from "../../state/session";
import { zone } from "../../state/site";
import type { Day } from "./types";
import { missingIn } from "./footage";
import { laneOf } from "./store";
import { wallOf } from "./when";

/** Bytes a second of each of the cameras, from the totals of the month of *atMs*. */
export function useRates(cameraIds: readonly string[], atMs: number | null): ReadonlyMap<string, number> {
  const [rates, setRates] = useState<ReadonlyMap<string, number>>(new Map());
  const wall = atMs === null ? null : wallOf(atMs, zone.value);
  const month = wall === null ? null : `${wall.year}-${String(wall.month).padStart(2, "0")}`;
  const ids = cameraIds.join(",");
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

/** About how many bytes of [startMs, endMs) there are of *cameraIds*, by their *rates*; what is known to be missing counts for none. */
export function bytesAbout(rates: ReadonlyMap<string, number>, cameraIds: readonly string[], startMs: number, endMs: number): number {
  return cameraIds.reduce((sum, id) => sum + ((rates.get(id) ?? 0) * (endMs - startMs - missingMs(id, startMs, endMs))) / 1000, 0);
}

function missingMs(cameraId: string, startMs: number, endMs: number): number {
  const { asked, stretches } = laneOf(cameraId);
  const isKnown = asked !== null && asked.startMs <= startMs && asked.endMs >= endMs;
  return isKnown ? missingIn(stretches, startMs, endMs).ms : 0;
}
