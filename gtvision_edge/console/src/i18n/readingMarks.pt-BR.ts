/** Plate readings on the timelines, in words. */

export const readingMarks = {
  word: "Leitura de placa",
  severalWord: "Várias leituras de placa",
  wantedWord: "Placa monitorada",
  one: (time: string) => `Leitura de placa às ${time}`,
  several: (from: string, until: string) => `Várias leituras de placa, das ${from} às ${until}`,
  wanted: (time: string) => `Placa monitorada às ${time}`,
  zoomIn: "Veja de mais perto para separar as leituras.",
  show: "Mostrar placa",
  crop: (plate: string) => `Recorte da placa ${plate}`,
  confidence: (percent: number) => `confiança ${percent} %`,
  unread: "A câmera não leu a placa.",
  anonymised: "A placa já foi apagada: passou o prazo de guarda.",
  previous: "Leitura anterior",
  next: "Próxima leitura",
  noneAfter: "Nenhuma leitura de placa depois deste momento no tempo à vista.",
  noneBefore: "Nenhuma leitura de placa antes deste momento no tempo à vista.",
  key: "próxima ou anterior leitura de placa",
};
