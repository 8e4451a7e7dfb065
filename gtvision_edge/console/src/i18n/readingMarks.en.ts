import type { Text } from "./pt-BR";

export const readingMarks: Text["readingMarks"] = {
  word: "Plate reading",
  severalWord: "Several plate readings",
  wantedWord: "Wanted plate",
  one: (time) => `Plate reading at ${time}`,
  several: (from, until) => `Several plate readings, from ${from} to ${until}`,
  wanted: (time) => `Wanted plate at ${time}`,
  zoomIn: "Zoom in to tell the readings apart.",
  show: "Show plate",
  crop: (plate) => `Crop of plate ${plate}`,
  confidence: (percent) => `confidence ${percent} %`,
  unread: "The camera did not read the plate.",
  anonymised: "The plate was erased: it was kept for as long as it may be.",
  previous: "Previous reading",
  next: "Next reading",
  noneAfter: "No plate reading after this moment in the time in sight.",
  noneBefore: "No plate reading before this moment in the time in sight.",
  key: "next or previous plate reading",
};
