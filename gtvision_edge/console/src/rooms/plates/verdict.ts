export type Verdict = "real" | "wrong" | "test";

/** The note as it is kept: the conclusion in words, then the remark. */
export function noteOf(verdict: string, remark: string): string {
  const rest = remark.trim();
  return rest === "" ? verdict : `${verdict}: ${rest}`;
}
