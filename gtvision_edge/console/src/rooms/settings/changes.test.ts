import { expect, it } from "vitest";
import { changedFields, identifierOf } from "./changes";

it("sends only what differs, lists compared by content", () => {
  const user = { name: "Ana", role: "viewer", camera_ids: ["cam01"], enabled: true };

  expect(changedFields(user, { name: "Ana", role: "operator", camera_ids: ["cam01"], enabled: true })).toEqual({ role: "operator" });
  expect(changedFields(user, { camera_ids: null })).toEqual({ camera_ids: null });
});

it("makes an identifier of a name", () => {
  expect(identifierOf(" Guarda Municipal de São José! ")).toBe("guarda-municipal-de-sao-jose");
});
