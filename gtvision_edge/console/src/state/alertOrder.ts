/** Which alert comes first, and when there are too many to be told one by one. */
import type { Alert, AlertLevel } from "../api/plates";

const RANK: Record<AlertLevel, number> = { critical: 0, warning: 1, info: 2 };
/** More than so many within so long are told together, with counts. */
const FLOOD = 10;
const FLOOD_MS = 600_000;

/** Alerts that are told and seen to as one. */
export interface AlertGroup {
  /** The one that is shown for all of them: the newest. */
  head: Alert;
  alerts: readonly Alert[];
}

/** Somebody has to act on it now; information waits in its list and disturbs nobody. */
export function isUrgent(alert: Alert): boolean {
  return alert.acknowledged === null && alert.level !== "info";
}

/** By level, then the newest. */
export function gravestFirst(alerts: readonly Alert[]): readonly Alert[] {
  return [...alerts].sort((one, other) => RANK[one.level] - RANK[other.level] || Date.parse(other.raised_at) - Date.parse(one.raised_at));
}

/** Whether more than ten of *alerts* came within ten minutes. */
export function isFlood(alerts: readonly Alert[]): boolean {
  const times = alerts.map((alert) => Date.parse(alert.raised_at)).sort((one, other) => one - other);
  return times.some((time, at) => (times[at + FLOOD] ?? Infinity) - time <= FLOOD_MS);
}

/** The gravest first. In a flood the passages of one entry of the watchlist are one group; else each alert is its own. */
export function groupsOf(alerts: readonly Alert[]): AlertGroup[] {
  const ordered = gravestFirst(alerts);
  if (!isFlood(alerts)) return ordered.map((alert) => ({ head: alert, alerts: [alert] }));
  const groups = new Map<string, Alert[]>();
  for (const alert of ordered) {
    const key = `${alert.watch_id} ${alert.level}`;
    groups.set(key, [...(groups.get(key) ?? []), alert]);
  }
  return [...groups.values()].flatMap((members) => (members[0] === undefined ? [] : [{ head: members[0], alerts: members }]));
}

/** How many there are of each level, the gravest first; levels without any are left out. */
export function countsOf(alerts: readonly Alert[]): [AlertLevel, number][] {
  return (["critical", "warning", "info"] as const).map((level): [AlertLevel, number] => [level, alerts.filter((alert) => alert.level === level).length]).filter(([, count]) => count > 0);
}

/** What the key A sees to: on an alert's own screen that alert and no other, elsewhere the gravest group. */
export function meantByKey(shownId: string | null, pending: readonly Alert[], groups: readonly AlertGroup[]): readonly Alert[] {
  if (shownId !== null) return pending.filter((alert) => alert.alert_id === shownId);
  return groups[0]?.alerts ?? [];
}
