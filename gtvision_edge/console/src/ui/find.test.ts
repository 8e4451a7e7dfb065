import { expect, it } from "vitest";
import { FindCamera, foundIn } from "./find";

const cameras = [
  { id: "cam10", name: "Portão leste" },
  { id: "cam02", name: "Doca" },
  { id: "cam03", name: "Portão oeste" },
];

it("finds by name or id, whatever the accents, and keeps the order", () => {
  expect(foundIn(cameras, "portao").map(({ id }) => id)).toEqual(["cam10", "cam03"]);
  expect(foundIn(cameras, "cam02").map(({ id }) => id)).toEqual(["cam02"]);
  expect(foundIn(cameras, "")).toEqual(cameras);
  expect(foundIn(cameras, "garagem")).toEqual([]);
});

it("is there where there is more than fits at a glance", () => {
  const onFind = (): void => {};

  expect(FindCamera({ of: 8, wanted: "", onFind })).toBeNull();
  expect(FindCamera({ of: 9, wanted: "", onFind })?.props).toMatchObject({ type: "search" });
});
