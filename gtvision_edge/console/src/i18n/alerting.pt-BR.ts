/** Alerts that wait: how many, how grave, and how they are seen to. */

const alerts = (n: number): string => (n === 1 ? "1 alerta" : `${n} alertas`);

export const alerting = {
  levels: { critical: "Urgente", warning: "Atenção", info: "Informação" },
  counted: {
    critical: (n: number) => (n === 1 ? "1 urgente" : `${n} urgentes`),
    warning: (n: number) => `${n} de atenção`,
    info: (n: number) => `${n} de informação`,
  },
  flood: (n: number, parts: string[]) => `${alerts(n)}: ${parts.join(", ")}`,
  passages: (n: number) => `${n} passagens`,
  bell: (urgent: number, quiet: number) =>
    [urgent === 0 ? "Nenhum alerta a reconhecer" : `${alerts(urgent)} a reconhecer`, quiet > 0 ? `${quiet} de informação` : ""].filter(Boolean).join(", "),
  verdicts: { real: "Procede", wrong: "Não procede", test: "Teste", seen: "Ciente" },
  choose: "Escolha a conclusão; “Ciente” não conclui nada.",
  acknowledgeAs: "Reconhecer como",
  acknowledgeMany: (n: number) => `Reconhecer os ${n} juntos…`,
  acknowledgeManyTitle: (n: number) => `Reconhecer ${n} alertas`,
  manyHint: "A mesma conclusão e a mesma observação valem para todos. Todos verão que foi você, e quando.",
  doneMany: (n: number) => `${n} alertas reconhecidos.`,
  takenBack: (n: number) => (n === 1 ? "O alerta voltou a esperar." : `${n} alertas voltaram a esperar.`),
  listed: "na lista",
  lowConfidence: "confiança baixa",
  notBrazilian: (plate: string) => `${plate} não é uma placa brasileira (ABC1D23 ou ABC-1234). Se foi erro de digitação, ela nunca alerta.`,
  addAnyway: "Confirmar mesmo assim",
  defaultTenant: "Padrão",
};
