import { expect, test } from "vitest";
import type { PlateSource } from "../../api/plates";
import { changesOf, draftOf } from "./plateSource";

const source: PlateSource = {
  camera_id: "cam01",
  confidence_scale: "auto",
  addresses: ["10.20.0.64/32"],
  directions: { obverse: "sentido centro" },
  timezone: null,
  least_trust: "secret_path",
  pull: false,
  pull_state: "off",
  pull_trouble: null,
  picture_sources: ["fotos.example", "10.1.0.0/16"],
};

test("what was not touched is not sent", () => {
  expect(changesOf(source, draftOf(source))).toEqual({});
  expect(changesOf(source, { ...draftOf(source), pictures: "fotos.example\n10.1.0.0/16\n \n" })).toEqual({});
});

test("lists are typed a line each, empty lines count for nothing", () => {
  const draft = { ...draftOf(source), pictures: " cam.example \n\n10.1.0.0/16", addresses: "" };

  expect(changesOf(source, draft)).toEqual({ picture_sources: ["cam.example", "10.1.0.0/16"], addresses: [] });
});

test("directions are words and what they mean; a meaning may hold an equals sign, and none is left to the daemon to name", () => {
  const draft = { ...draftOf(source), directions: "Obverse = centro\nReverse=bairro = norte\nAway" };

  expect(changesOf(source, draft)).toEqual({ directions: { Obverse: "centro", Reverse: "bairro = norte", Away: "" } });
});

test("an empty zone is the site's", () => {
  const zoned = { ...source, timezone: "America/Manaus" };

  expect(changesOf(zoned, { ...draftOf(zoned), zone: " " })).toEqual({ timezone: null });
  expect(changesOf(source, { ...draftOf(source), pull: true, scale: "255", trust: "authenticated" })).toEqual({ pull: true, confidence_scale: "255", least_trust: "authenticated" });
});
