/** Of every line that leads out of the site: what waits for it, and what the other side refused; "as mensagens", "as cópias". */

export const lines = {
  open: "Ver detalhes",
  state: "Situação",
  waiting: "À espera",
  oldest: "A mais antiga",
  oldestAt: (age: string, time: string) => `espera há ${age}, desde ${time}`,
  none: "nenhuma",
  tries: "Tentativas",
  triesOf: (n: number) => (n === 1 ? "1 tentativa" : `${n} tentativas`),
  why: "Último erro",
  since: (time: string) => `de lado desde ${time}`,
  retry: "Tentar de novo",
  retryAll: "Tentar todas de novo",
  discard: "Desistir…",
  discardAll: "Desistir de todas…",
  discardConfirm: "Desistir",
  audited: "Fica na auditoria, com o motivo.",
  reason: "Motivo",
  whyHint: "de 5 a 500 letras; fica na auditoria",
  more: "Mostrar mais",
};
