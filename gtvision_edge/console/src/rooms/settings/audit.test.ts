import { expect, it } from "vitest";
import type { AuditEntry } from "../../api/types";
import { actorOf } from "./actors";
import { EVERYTHING, matchesFilter } from "./AuditFilter";

const entry = (user: string, action: string): AuditEntry => ({ seq: 1, at: "", actor: { user_id: user, name: user }, address: "", action, subject: "", details: {} });

it("shows the log by person and by action, with or without viewing", () => {
  const entries = [entry("ana", "view.started"), entry("ana", "user.login"), entry("rui", "user.login")];
  const shown = (filter: Partial<typeof EVERYTHING>): number => entries.filter((each) => matchesFilter(each, { ...EVERYTHING, ...filter })).length;

  expect(shown({})).toBe(3);
  expect(shown({ hidesViewing: true })).toBe(2);
  expect(shown({ person: "ana" })).toBe(2);
  expect(shown({ person: "ana", action: "user.login" })).toBe(1);
});

it("names what is no person in the console's language", () => {
  const by = (user_id: string, name: string): string => actorOf({ actor: { user_id, name } });

  expect([by("system", "system"), by("cli", "cli"), by("", ""), by("u1", "ana")]).toEqual(["o sistema", "linha de comando", "desconhecido", "ana"]);
});
