import { afterEach, describe, expect, it } from "vitest";
import type { AuditEntry } from "../../api/types";
import { locale } from "../../i18n";
import { plateActOf, plateCellsOf } from "./plateActs";

const ZONE = "America/Sao_Paulo";
const START_US = Date.parse("2026-11-24T03:00:00Z") * 1000;
const END_US = Date.parse("2026-11-24T15:00:00Z") * 1000;
const FOREVER_US = 253_000_000_000_000_000;

const entry = (part: Partial<AuditEntry>): AuditEntry => ({ seq: 1, at: "", actor: { user_id: "u", name: "ana" }, address: "", action: "plates.searched", subject: "", details: {}, ...part });
const actOf = (part: Partial<AuditEntry>) => plateActOf(entry(part), ZONE, (id) => (id === "cam01" ? "Portaria" : id));

afterEach(() => {
  locale.value = "pt-BR";
});

describe("what the log says about plates", () => {
  const details = { plate: "RIO?A*", purpose: "BO 2026/118442", start_us: START_US, end_us: END_US };

  it("is which plate was searched for, what for, when and where", () => {
    expect(actOf({ subject: "camera:cam01", details })).toEqual({
      plate: "RIO?A*",
      why: { label: "Finalidade", words: "BO 2026/118442" },
      rest: [
        ["Período", "24/11/2026 00:00:00 → 12:00:00"],
        ["Câmeras", "Portaria"],
      ],
    });
  });

  it("is in both languages", () => {
    locale.value = "en";

    expect(plateCellsOf(actOf({ details }))).toEqual(["RIO?A*", "BO 2026/118442", "Period: 24/11/2026 00:00:00 → 12:00:00; Cameras: all cameras"]);
  });

  it("tells a table of all plates, without end, as what it is", () => {
    const exported = { action: "plates.exported", details: { plate: "", purpose: "relatório", start_us: 0, end_us: FOREVER_US } };

    expect(plateCellsOf(actOf(exported))).toEqual(["todas as placas", "relatório", "Período: sem limite de período; Câmeras: todas as câmeras"]);
  });

  it("says that words cannot be opened any more, and gives nothing of what is sealed", () => {
    const act = actOf({ details: { sealed: "c2VjcmV0", start_us: START_US, end_us: FOREVER_US } });

    expect(act?.why?.words).toContain("outra chave");
    expect(JSON.stringify(act)).not.toContain("c2VjcmV0");
    expect(act?.rest[0]).toEqual(["Período", "desde 24/11/2026 00:00:00"]);
  });

  it("says so of the watchlist and of remarks, too", () => {
    const watch = { action: "watch.removed", details: { sealed: "c2VjcmV0", level: "info", expires_us: null } };
    const alert = { action: "alert.acknowledged", details: { sealed: "c2VjcmV0", camera_id: "cam01" } };

    for (const act of [actOf(watch), actOf(alert)]) {
      expect(act?.why?.words).toContain("outra chave");
      expect(JSON.stringify(act)).not.toContain("c2VjcmV0");
    }
  });

  it("is plate, reason and term of what is watched for, and camera and remark of an alert", () => {
    const watch = { action: "watch.created", subject: "watch:x", details: { plate: "RIO2A18", reason: "furto", level: "critical", expires_us: null } };
    const alert = { action: "alert.acknowledged", subject: "alert:x", details: { camera_id: "cam01", note: "Procede: viatura avisada" } };

    expect(plateCellsOf(actOf(watch))).toEqual(["RIO2A18", "furto", "Nível: urgente; Vale até: sem prazo"]);
    expect(plateCellsOf(actOf(alert))).toEqual(["", "Procede: viatura avisada", "Câmeras: Portaria"]);
  });

  it("is how many readings, and until when, of what the box took away", () => {
    expect(plateCellsOf(actOf({ action: "plates.anonymised", details: { readings: 301, until_us: END_US } }))).toEqual(["", "", "Leituras: 301; Período: até 24/11/2026 12:00:00"]);
  });

  it("is nothing where the act is about something else", () => {
    expect(actOf({ action: "user.login" })).toBeNull();
    expect(plateCellsOf(null)).toEqual(["", "", ""]);
  });
});
