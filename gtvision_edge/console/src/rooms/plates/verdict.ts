/** What somebody concludes of an alert; "seen" concludes nothing. */
export const VERDICTS = ["real", "wrong", "test", "seen"] as const;

export type Verdict = (typeof VERDICTS)[number];

/** The key that chooses a verdict: 1 for the first; null for every other key. */
export function verdictOfKey(key: string): Verdict | null {
  return /^[1-9]$/.test(key) ? (VERDICTS[Number(key) - 1] ?? null) : null;
}

/** The note as it is kept: the conclusion in words, then the remark. */
export function noteOf(verdict: string, remark: string): string {
  const rest = remark.trim();
  return rest === "" ? verdict : `${verdict}: ${rest}`;
}
