/** Moments that people type, in the site's zone. */

interface Wall {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

/** What a clock on the wall of *zone* shows at *ms*. */
export function wallOf(ms: number, zone: string): Wall {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  }).formatToParts(ms);
  const number = (type: string): number => Number(parts.find((part) => part.type === type)?.value ?? 0);
  return { year: number("year"), month: number("month"), day: number("day"), hour: number("hour"), minute: number("minute"), second: number("second") };
}

/** How far *zone* is ahead of UTC at *ms*. */
export function offsetOf(ms: number, zone: string): number {
  const wall = wallOf(ms, zone);
  const asUtc = Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second);
  return asUtc - Math.floor(ms / 1000) * 1000;
}

/** The moment at which the wall of *zone* shows that; where the clock is put forward over it, the moment after. */
export function momentOf(wall: Wall, zone: string): number {
  const asUtc = Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second);
  const guess = asUtc - offsetOf(asUtc, zone);
  return asUtc - offsetOf(guess, zone);
}

/** Midnight of the day of *ms*, *days* later. */
export function midnightOf(ms: number, zone: string, days = 0): number {
  const wall = wallOf(ms, zone);
  return momentOf({ ...wall, day: wall.day + days, hour: 0, minute: 0, second: 0 }, zone);
}

const CLOCK = /^(\d{1,2})[:h](\d{2})?(?::(\d{2}))?$/;
const DATE = /^(\d{1,2})[/.-](\d{1,2})(?:[/.-](\d{2}|\d{4}))?$/;
const ISO = /^(\d{4})-(\d{2})-(\d{2})$/;

/**
 * "25/11 03:12", "03:12:05", "25/11/2026", "ontem 14h30", "yesterday 2:15", "2026-11-25 03:12"; null = not understood.
 *
 * Without a year the last such day; without a date today, or yesterday where that would lie in the future.
 */
export function parseWhen(typed: string, nowMs: number, zone: string): number | null {
  const today = wallOf(nowMs, zone);
  let date: Pick<Wall, "year" | "month" | "day"> | null = null;
  let time: Pick<Wall, "hour" | "minute" | "second"> | null = null;
  let isAnyYear = false;
  const words = typed.trim().toLowerCase().replace(/(\d)t(\d)/, "$1 $2").split(/[\s,]+/).filter((word) => word !== "");
  if (words.length === 0 || words.length > 2) return null;
  for (const word of words) {
    const clock = CLOCK.exec(word);
    const day = DATE.exec(word);
    const iso = ISO.exec(word);
    if (clock !== null && time === null) {
      time = { hour: Number(clock[1]), minute: Number(clock[2] ?? 0), second: Number(clock[3] ?? 0) };
    } else if (iso !== null && date === null) {
      date = { year: Number(iso[1]), month: Number(iso[2]), day: Number(iso[3]) };
    } else if (day !== null && date === null) {
      const year = day[3] === undefined ? today.year : Number(day[3]) + (day[3].length === 2 ? 2000 : 0);
      isAnyYear = day[3] === undefined;
      date = { year, month: Number(day[2]), day: Number(day[1]) };
    } else if (["hoje", "today"].includes(word) && date === null) {
      date = today;
    } else if (["ontem", "yesterday"].includes(word) && date === null) {
      date = wallOf(midnightOf(nowMs, zone, -1), zone);
    } else {
      return null;
    }
  }
  const wall = { ...(date ?? today), ...(time ?? { hour: 0, minute: 0, second: 0 }) };
  if (!isReal(wall)) return null;
  const ms = momentOf(wall, zone);
  if (ms <= nowMs) return ms;
  if (date === null) return momentOf({ ...wall, day: wall.day - 1 }, zone);
  return isAnyYear ? momentOf({ ...wall, year: wall.year - 1 }, zone) : ms;
}

function isReal(wall: Wall): boolean {
  if (wall.hour > 23 || wall.minute > 59 || wall.second > 59) return false;
  const check = new Date(Date.UTC(wall.year, wall.month - 1, wall.day));
  return check.getUTCMonth() === wall.month - 1 && check.getUTCDate() === wall.day;
}
