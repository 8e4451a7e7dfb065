/** How long plate readings live. */
export const readingsKept = {
  title: "Leituras de placas",
  keeps: "Placas e imagens",
  days: (days: string, isOne: boolean) => `${days} ${isOne ? "dia" : "dias"}`,
  source: "de [detections] keep, em edge.toml; depois só restam contagens",
  last: "Última rodada",
  neverSinceStart: "nenhuma desde que o sistema ligou",
  next: "Próxima rodada",
  goingOn: "em andamento",
  waitsForClock: "espera até o relógio ser confiável",
};
