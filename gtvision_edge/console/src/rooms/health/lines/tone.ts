import type { Finding } from "../../../api/types";
import type { Tone } from "../../../ui/parts";

export type LineTone = Extract<Tone, "plain" | "warn" | "alarm">;

/** Red when the daemon tells by *code* that the line is far behind, amber while it is down, grey otherwise. */
export function toneOf(isDown: boolean, code: string, findings: readonly Finding[]): LineTone {
  if (findings.some((finding) => finding.code === code)) return "alarm";
  return isDown ? "warn" : "plain";
}
