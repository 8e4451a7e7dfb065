import { useEffect, useState } from "preact/hooks";
import { locale } from "../../i18n";
import { nowMs } from "../../state/clock";
import { client } from "../../state/session";
import { zone } from "../../state/site";
import { Button } from "../../ui/parts";
import { goTo, playhead, selected } from "./store";
import type { Day } from "./types";
import { momentOf, wallOf } from "./when";
import { spanOf, text } from "./words";

/** A month of the selected camera: the darker a day, the more of it was recorded. */
export function Calendar({ onClose }: { onClose: () => void }) {
  const t = text.value.investigate;
  const here = wallOf(playhead.value, zone.value);
  const [month, setMonth] = useState({ year: here.year, month: here.month });
  const [days, setDays] = useState<ReadonlyMap<string, Day> | null>(null);
  const name = `${month.year}-${String(month.month).padStart(2, "0")}`;
  const cameraId = selected.value;
  useEffect(() => {
    let isOld = false;
    setDays(null);
    if (cameraId === null) return undefined;
    client
      .get<{ items: Day[] }>(`/cameras/${encodeURIComponent(cameraId)}/days?month=${name}`)
      .then((answer) => !isOld && setDays(new Map(answer.items.map((day) => [day.day, day]))))
      .catch(() => {});
    return () => {
      isOld = true;
    };
  }, [name, cameraId]);
  const turn = (by: number): void => {
    const turned = new Date(Date.UTC(month.year, month.month - 1 + by, 1));
    setMonth({ year: turned.getUTCFullYear(), month: turned.getUTCMonth() + 1 });
  };
  const length = new Date(Date.UTC(month.year, month.month, 0)).getUTCDate();
  const firstWeekday = new Date(Date.UTC(month.year, month.month - 1, 1)).getUTCDay();
  const title = new Intl.DateTimeFormat(locale.value, { month: "long", year: "numeric", timeZone: "UTC" }).format(Date.UTC(month.year, month.month - 1, 1));
  return (
    <div class="calendar" role="dialog" aria-label={t.calendar}>
      <header>
        <Button kind="ghost" icon="previous" label={t.previousMonth} onClick={() => turn(-1)} />
        <b>{title}</b>
        <Button kind="ghost" icon="next" label={t.nextMonth} onClick={() => turn(1)} />
      </header>
      <div class="days" aria-busy={days === null}>
        {Array.from({ length }, (_, at) => {
          const day = days?.get(`${name}-${String(at + 1).padStart(2, "0")}`);
          const written = `${String(at + 1).padStart(2, "0")}/${String(month.month).padStart(2, "0")}`;
          const ms = momentOf({ ...month, day: at + 1, hour: here.hour, minute: here.minute, second: here.second }, zone.value);
          const shade = Math.min(1, (day?.recorded_s ?? 0) / 86_400);
          return (
            <button
              key={at}
              type="button"
              style={{ gridColumnStart: at === 0 ? firstWeekday + 1 : undefined, "--shade": `${Math.round(shade * 100)}%` } as Record<string, string | number | undefined>}
              class={`${day ? "some" : ""}${day?.held ? " held" : ""}${month.year === here.year && month.month === here.month && here.day === at + 1 ? " on" : ""}`}
              title={day ? t.dayOf(written, spanOf(day.recorded_s), day.held) : t.nothingOn(written)}
              disabled={ms > nowMs.value + 86_400_000}
              onClick={() => {
                goTo(ms);
                onClose();
              }}
            >
              {at + 1}
            </button>
          );
        })}
      </div>
    </div>
  );
}
