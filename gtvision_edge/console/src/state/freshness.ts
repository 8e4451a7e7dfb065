/** Whether what is known may still be shown as the present. Pure. */

/** The site is asked every 4 s; an answer may take 8 s. */
const OLD_MS = 14_000;
/** As soon as it is known that nobody answers, or only with errors, the next answer is not waited for. */
const OLD_WHEN_IN_TROUBLE_MS = 6_500;

/** Tell whether data read at *readAt* is old at *nowMs*; both by this browser's clock. */
export function isOld(readAt: number, nowMs: number, isInTrouble: boolean): boolean {
  return nowMs - readAt > (isInTrouble ? OLD_WHEN_IN_TROUBLE_MS : OLD_MS);
}
