import { expect, it } from "vitest";
import { readingsRows } from "./readingsKept";

const rowsOf = (last: string | null, next: string | null, state: "trusted" | "suspect" = "trusted", keep = 180): string[] =>
  readingsRows({ readings: { keep_days: keep, last_round: last, next_round: next }, clock: { state, since: "", reason: null, synced: null } }, "America/Sao_Paulo").map(([, words]) => words);

it("says how long readings live and when the rounds are, in the site's zone", () => {
  expect(rowsOf("2026-11-24T06:30:00Z", "2026-11-25T06:30:00Z")).toEqual([
    "180 dias (de [detections] keep, em edge.toml; depois só restam contagens)",
    "24/11/2026 03:30:00",
    "25/11/2026 03:30:00",
  ]);
  expect(rowsOf(null, null, "trusted", 1)[0]).toContain("1 dia (");
});

it("says why no round is foreseen", () => {
  expect(rowsOf(null, null)).toEqual([expect.anything(), "nenhuma desde que o sistema ligou", "em andamento"]);
  expect(rowsOf(null, null, "suspect")[2]).toBe("espera até o relógio ser confiável");
});
