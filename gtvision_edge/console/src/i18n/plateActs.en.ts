import type { Text } from "./pt-BR";

export const plateActs: Text["plateActs"] = {
  plate: "Plate",
  purpose: "Purpose",
  reason: "Reason",
  note: "Remark",
  purposeColumn: "Purpose or reason",
  details: "Details",
  period: "Period",
  camera: "Cameras",
  level: "Level",
  expires: "Valid until",
  readings: "Readings",
  why: "Why",
  everyPlate: "all plates",
  everyCamera: "all cameras",
  everyTime: "no limit of time",
  from: (time) => `since ${time}`,
  until: (time) => `until ${time}`,
  forever: "without end",
  sealed: "cannot be opened any more: written with another key of the cameras",
  reasons: { age: "past its time", size: "too many pictures" },
};
