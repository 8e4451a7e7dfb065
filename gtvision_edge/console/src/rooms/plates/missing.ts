import type { Detection } from "../../api/plates";
import { text } from "../../i18n";

export interface Missing {
  /** For the small field in a list. */
  short: string;
  /** With the reason, as far as one is known. */
  long: string;
}

/** What to say in place of a picture; *hasFailed*: there is one, and the browser could not show it. */
export function missingOf(detection: Pick<Detection, "picture_state" | "anonymised">, kind: "scene" | "plate", hasFailed: boolean): Missing {
  const t = text.value.missingPictures;
  if (detection.picture_state === "waiting" && !hasFailed) return { short: t.coming, long: t.waiting };
  const why = detection.anonymised ? t.anonymised : (t.reasons[detection.picture_state] ?? (hasFailed ? t.failed : undefined));
  return { short: t[kind], long: why === undefined ? t[kind] : t.because(t[kind], why) };
}
