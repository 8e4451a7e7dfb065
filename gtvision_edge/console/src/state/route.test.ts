import { expect, it } from "vitest";
import { hashOf, parseRoute } from "./route";

it("understands the address of an alert as it stands in a message", () => {
  expect(parseRoute("#/placas/alerta/0190-ab")).toMatchObject({ room: "plates", detail: "alert/0190-ab" });
  expect(parseRoute("#/placas")).toMatchObject({ room: "plates", detail: null });
});

it("understands its own addresses", () => {
  expect(parseRoute(hashOf("plates", "alert/0190-ab"))).toMatchObject({ room: "plates", detail: "alert/0190-ab" });
});
