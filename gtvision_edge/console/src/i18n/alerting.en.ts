import type { Text } from "./pt-BR";

const alerts = (n: number): string => (n === 1 ? "1 alert" : `${n} alerts`);

export const alerting: Text["alerting"] = {
  levels: { critical: "Urgent", warning: "Attention", info: "Information" },
  counted: {
    critical: (n) => `${n} urgent`,
    warning: (n) => `${n} for attention`,
    info: (n) => `${n} for information`,
  },
  flood: (n, parts) => `${alerts(n)}: ${parts.join(", ")}`,
  passages: (n) => `${n} passages`,
  bell: (urgent, quiet) => [urgent === 0 ? "No alert to acknowledge" : `${alerts(urgent)} to acknowledge`, quiet > 0 ? `${quiet} for information` : ""].filter(Boolean).join(", "),
  verdicts: { real: "True", wrong: "False", test: "Test", seen: "Seen" },
  choose: "Choose the conclusion; “Seen” concludes nothing.",
  acknowledgeAs: "Acknowledge as",
  acknowledgeMany: (n) => `Acknowledge all ${n}…`,
  acknowledgeManyTitle: (n) => `Acknowledge ${n} alerts`,
  manyHint: "The same conclusion and remark hold for all. Everybody will see that it was you, and when.",
  doneMany: (n) => `${n} alerts acknowledged.`,
  takenBack: (n) => (n === 1 ? "The alert waits again." : `${n} alerts wait again.`),
  listed: "on the list",
  lowConfidence: "low confidence",
  notBrazilian: (plate) => `${plate} is not a Brazilian plate (ABC1D23 or ABC-1234). If it was mistyped, it never alerts.`,
  addAnyway: "Confirm anyway",
  defaultTenant: "Default",
};
