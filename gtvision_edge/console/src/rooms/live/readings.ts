import { computed, signal } from "@preact/signals";
import { interrupting } from "../../state/alerts";
import { read, write } from "../../state/preferences";

const REMEMBERED = "gtv.readingsPanel";

/** The panel would lie over the pictures there; the banner tells of alerts. */
export function isNarrow(): boolean {
  return typeof matchMedia !== "undefined" && matchMedia("(max-width: 760px)").matches;
}

const isWanted = signal(typeof matchMedia === "undefined" || (read(REMEMBERED) ?? (isNarrow() ? "off" : "on")) === "on");

/** It was closed with alerts in it; the next one opens it again. */
const closedWith = signal<ReadonlySet<string>>(new Set());

/** Opened by hand, or by a wanted plate: what interrupts is seen also where the panel was closed. */
export const isReadingsOpen = computed(() => isWanted.value || (!isNarrow() && interrupting.value.some((alert) => !closedWith.value.has(alert.alert_id))));

export function closeReadings(): void {
  closedWith.value = new Set(interrupting.value.map((alert) => alert.alert_id));
  want(false);
}

export function toggleReadings(): void {
  if (isReadingsOpen.value) closeReadings();
  else want(true);
}

function want(isOn: boolean): void {
  isWanted.value = isOn;
  write(REMEMBERED, isOn ? "on" : "off");
}
