/** Copies in an object store: what somebody should mend, and what the audit log says of them. */

import type { Trouble } from "./trouble.pt-BR";

type Facts = Readonly<Record<string, unknown>>;

const count = (value: unknown): string => (typeof value === "number" ? value.toLocaleString("pt-BR") : "—");
/** The store's own word of why. */
const said = (reason: unknown): string => (typeof reason === "string" && reason !== "" && reason !== "unanswered" ? ` (${reason})` : "");
const REGION = "O bucket é de outra região: confira region em [archive] de edge.toml.";
/** What to do, by the reason that is known. */
const cures: Record<string, string> = {
  RequestTimeTooSkewed: "A hora deste equipamento e a do armazenamento diferem em mais de 15 minutos. Acerte a hora deste equipamento e a sincronização (NTP).",
  SignatureDoesNotMatch: "O segredo não é o da access_key: confira os dois em [archive] de edge.toml.",
  InvalidAccessKeyId: "Ele não conhece a access_key: confira-a em [archive] de edge.toml.",
  AccessDenied: "A chave precisa de s3:PutObject e s3:DeleteObject abaixo de prefix: peça a quem cuida dele.",
  NoSuchBucket: "O bucket não existe, e este equipamento não o cria: confira o nome em [archive] de edge.toml.",
  AuthorizationHeaderMalformed: REGION,
  region: REGION,
  certificate: "Nenhuma autoridade em que este equipamento confia responde pelo certificado dele. Confira ca_file e o nome em endpoint, em [archive] de edge.toml, e a hora deste equipamento.",
  no_authorities: "Este equipamento não confia em certificado nenhum: instale o pacote ca-certificates, ou diga em ca_file, em [archive] de edge.toml, a autoridade do armazenamento.",
  secret_unreadable: "O arquivo em secret_key_file, em [archive] de edge.toml, não pode ser lido.",
  ca_unreadable: "O arquivo em ca_file, em [archive] de edge.toml, não pode ser lido ou não tem certificados (PEM).",
};
const cureOf = (reason: unknown, otherwise: string): string => (typeof reason === "string" && Object.hasOwn(cures, reason) ? cures[reason] : undefined) ?? otherwise;

const copies = (n: number): string => `${n.toLocaleString("pt-BR")} ${n === 1 ? "cópia" : "cópias"}`;
/** What is to be done there may be to remove something, too. */
const pending = (n: number): string => `${n.toLocaleString("pt-BR")} ${n === 1 ? "pendência" : "pendências"}`;

export const archive = {
  title: "Armazenamento externo",
  states: { off: "desligado", unknown: "ainda não testado", up: "recebe cópias", unreachable: "não responde", refused: "recusa este equipamento" },
  offBody: "Nada é copiado para fora deste equipamento. Quando houver um bucket em [archive] de edge.toml, o que acontecer a partir daí é copiado.",
  offPending: (n: number) => `${pending(n)} do tempo em que estava ligado ${n === 1 ? "espera" : "esperam"}, e ${n === 1 ? "segue" : "seguem"} se for ligado de novo.`,
  nothingWaits: "nada: tudo copiado",
  waits: (n: number, size: string) => `${copies(n)} a fazer, ${size}`,
  removing: "A apagar lá",
  removes: (n: number) => copies(n),
  parked: "De lado",
  parkedCount: pending,
  copies: "Guardadas lá",
  copiesOf: (n: number, size: string) => `${copies(n)}, ${size}`,
  givenUp: "Nunca feitas",
  givenUpCount: (n: number) => `${pending(n)} desde a instalação`,
  refusedTitle: "Cópias que falharam",
  refusedBody: "Falharam muitas vezes e estão de lado; as outras seguem.",
  refusedNone: "Nenhuma cópia de lado.",
  refusedNoneBody: "O que falha dez vezes, ou perde o arquivo, aparece aqui, para tentar de novo ou desistir.",
  what: "O quê",
  acts: {
    copy: { picture: "copiar imagem de leitura", evidence: "copiar pacote de evidência" },
    remove: { picture: "apagar lá a imagem de uma leitura", evidence: "apagar lá um pacote de evidência" },
  },
  size: "Tamanho",
  queued: "Quando",
  /** Ours, and the store's own words for what a person can mend; others are shown as they are. */
  reasons: {
    file_gone: "o arquivo não está mais neste equipamento",
    file_changed: "o arquivo mudou depois de pronto",
    internal: "erro neste equipamento, anotado no log",
    unanswered: "sem resposta",
    AccessDenied: "sem permissão lá (AccessDenied)",
    InvalidObjectState: "o estado do objeto lá não permite (InvalidObjectState)",
    EntityTooLarge: "grande demais para ele (EntityTooLarge)",
  } as Record<string, string>,
  saidByStore: (reason: string) => `ele respondeu ${reason}`,
  retried: "Será tentada de novo.",
  retriedAll: (n: number) => (n === 1 ? "1 pendência será tentada de novo." : `${pending(n)} serão tentadas de novo.`),
  discardTitle: "Desistir desta pendência?",
  discardAllTitle: (n: number) => `Desistir de ${pending(n)}?`,
  discardCopy: "A cópia nunca será feita. O original segue as regras deste equipamento.",
  discardRemoval: "A cópia fica no armazenamento externo, embora aqui já não exista. Se é dado pessoal, quem cuida do armazenamento tem de apagá-la lá.",
  discardAllBody: "O que faltava copiar nunca será copiado, e o que faltava apagar continua lá; se é dado pessoal, quem cuida do armazenamento tem de apagá-lo lá. Vale também para o que falhar até você confirmar.",
  discardAllOff: "O armazenamento está desligado: isto vale para tudo o que espera, não só para o que falhou. O que faltava copiar nunca será copiado, e o que faltava apagar continua lá; se é dado pessoal, quem cuida dele tem de apagá-lo lá.",
  discarded: (n: number) => (n === 1 ? "1 pendência descartada." : `${pending(n)} descartadas.`),
};

export const archiveFindings: Record<string, (facts: Facts) => Trouble> = {
  archive_unreachable: ({ reason }) => ({
    title: `O armazenamento externo não responde${said(reason)}: as cópias esperam neste equipamento.`,
    cure: `Nada se perde. ${cureOf(reason, "Confira a rede do local e o endereço em [archive] de edge.toml.")} gtvision-edge archive status testa.`,
  }),
  archive_refused: ({ reason }) => ({
    title: `O armazenamento externo recusa este equipamento${said(reason)}: as cópias esperam aqui.`,
    cure: `${cureOf(reason, "Confira o bucket, a chave e a permissão de gravar em [archive] de edge.toml, com quem cuida dele.")} gtvision-edge archive status testa.`,
  }),
  archive_far_behind: ({ waiting, removing }) => ({
    title: `As cópias para o armazenamento externo estão muito atrasadas: ${count(waiting)} a copiar, ${count(removing)} a apagar lá.`,
    cure: "Vão sozinhas quando ele receber. Se a linha está boa, ela é lenta demais para o que se copia.",
  }),
  archive_parked: ({ parked }) => ({
    title: `${count(parked)} cópias falharam muitas vezes e estão de lado.`,
    cure: "As outras seguem. A página do armazenamento externo diz quais são e por quê; um administrador manda tentar de novo ou desiste delas.",
  }),
  archive_copies_given_up: ({ given_up }) => ({
    title: `Cópias para o armazenamento externo foram abandonadas, ${count(given_up)} até hoje: esperaram demais ou eram demais.`,
    cure: "Os originais seguem as regras deste equipamento, e a auditoria diz quantas e de quando. Os limites são keep e max_waiting, em [archive] de edge.toml.",
  }),
  archive_off_with_removals: ({ removing }) => ({
    title: `${count(removing)} cópias deviam ser apagadas no armazenamento externo, e ele está desligado.`,
    cure: "São imagens que aqui já não existem. Ligue [archive] de novo até que sumam, ou desista do que está pendente se o bucket já não existe.",
  }),
};

export const archiveActs: Record<string, string> = {
  "archive.store_changed": "passou a guardar cópias em outro lugar",
  "archive.copies_given_up": "desistiu de cópias que esperavam demais",
  "archive.copy_retried": "mandou tentar de novo uma cópia parada",
  "archive.copy_discarded": "descartou uma cópia parada",
  "archive.retried": "mandou tentar de novo cópias paradas",
  "archive.discarded": "descartou cópias paradas",
  "export.archived": "copiou um pacote de evidência para o armazenamento externo",
  "export.archive_removed": "apagou do armazenamento externo a cópia de um pacote de evidência",
};
