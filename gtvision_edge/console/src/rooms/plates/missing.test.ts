import { expect, it } from "vitest";
import { en } from "../../i18n/en";
import { ptBR } from "../../i18n/pt-BR";
import { missingOf } from "./missing";

const longOf = (picture_state: string, anonymised = false, hasFailed = false): string => missingOf({ picture_state, anonymised }, "scene", hasFailed).long;

it("tells a picture that is still to come from one that never comes", () => {
  expect(longOf("waiting")).toContain("ainda não chegou");
  expect(missingOf({ picture_state: "waiting", anonymised: false }, "plate", false).short).toBe("a caminho");
  expect(longOf("picture_address_refused")).toBe("sem imagem da cena: o endereço dela não está liberado em picture_sources");
});

it("gives no reason where none is known", () => {
  expect(longOf("")).toBe("sem imagem da cena");
  expect(longOf("picture_of_tomorrow")).toBe("sem imagem da cena");
});

it("says what became of a picture that was there", () => {
  expect(longOf("", true)).toContain("fim do prazo de guarda");
  expect(longOf("", false, true)).toContain("não conseguiu carregar");
  expect(longOf("waiting", false, true)).toContain("não conseguiu carregar");
});

it("has words of its own for each state that the daemon tells", async () => {
  const { default: model } = await import("../../../../detections/model.py?raw");
  const states = [...(model as string).matchAll(/ = "(picture_\w+)"/g)].map((match) => match[1] ?? "");

  expect(states.length).toBeGreaterThanOrEqual(10);
  expect(Object.keys(ptBR.missingPictures.reasons).sort()).toEqual(states.sort());
  expect(new Set(Object.values(en.missingPictures.reasons)).size).toBe(states.length);
});
