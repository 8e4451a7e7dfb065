import { expect, it } from "vitest";
import type { AuditEntry } from "../../api/types";
import { actorOf } from "./actors";
import { auditPath, EVERYTHING, isShown } from "./AuditFilter";

const entry = (user: string, action: string): AuditEntry => ({ seq: 1, at: "", actor: { user_id: user, name: user }, address: "", action, subject: "", details: {} });

it("asks for the log by person and by action: what was not read yet is found, too", () => {
  expect(auditPath(EVERYTHING)).toBe("/audit");
  expect(auditPath({ ...EVERYTHING, person: "ana", hidesViewing: true })).toBe("/audit?actor=ana");
  expect(auditPath({ ...EVERYTHING, person: "ana", action: "plates.searched" })).toBe("/audit?action=plates.searched&actor=ana");
});

it("shows it with or without viewing", () => {
  const entries = [entry("ana", "view.started"), entry("ana", "user.login")];

  expect(entries.filter((each) => isShown(each, EVERYTHING)).length).toBe(2);
  expect(entries.filter((each) => isShown(each, { ...EVERYTHING, hidesViewing: true })).length).toBe(1);
});

it("names what is no person in the console's language", () => {
  const by = (user_id: string, name: string): string => actorOf({ actor: { user_id, name } });

  expect([by("system", "system"), by("cli", "cli"), by("", ""), by("u1", "ana")]).toEqual(["o sistema", "linha de comando", "desconhecido", "ana"]);
});
