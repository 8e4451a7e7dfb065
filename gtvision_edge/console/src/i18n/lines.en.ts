import type { Text } from "./pt-BR";

export const lines: Text["lines"] = {
  open: "See details",
  state: "State",
  waiting: "Waiting",
  oldest: "The oldest",
  oldestAt: (age, time) => `has waited for ${age}, since ${time}`,
  none: "none",
  tries: "Tries",
  triesOf: (n) => (n === 1 ? "1 try" : `${n} tries`),
  why: "Last error",
  since: (time) => `put aside since ${time}`,
  retry: "Try again",
  retryAll: "Try all again",
  discard: "Give up…",
  discardAll: "Give all up…",
  discardConfirm: "Give up",
  audited: "It goes into the audit log, with the reason.",
  reason: "Reason",
  whyHint: "5 to 500 characters; goes into the audit log",
  more: "Show more",
};
