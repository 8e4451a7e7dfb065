import type { Text } from "./pt-BR";

export const readingsKept: Text["readingsKept"] = {
  title: "Plate readings",
  keeps: "Plates and pictures",
  days: (days, isOne) => `${days} ${isOne ? "day" : "days"}`,
  source: "of [detections] keep in edge.toml; afterwards only counts remain",
  last: "Last round",
  neverSinceStart: "none since the box started",
  next: "Next round",
  goingOn: "going on",
  waitsForClock: "waits until the clock is believed",
};
