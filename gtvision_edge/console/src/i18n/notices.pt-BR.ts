/** Notices on phones and browsers, in words. */
import type { Trouble } from "./trouble.pt-BR";

export const notices = {
  tab: "Avisos",
  title: "Avisos neste aparelho",
  about: "O equipamento avisa este celular ou navegador mesmo com o console fechado. O conteúdo vai cifrado: o serviço de avisos do navegador não o lê.",
  turnOn: "Receber avisos aqui",
  turningOn: "Ativando…",
  isOn: "Este aparelho recebe avisos.",
  others: "Meus aparelhos",
  none: "Nenhum aparelho recebe avisos desta conta.",
  here: "este aparelho",
  device: "Nome do aparelho",
  what: "O que avisar",
  topics: {
    plates: "Placa monitorada",
    cameras: "Câmera que parou de gravar",
    storage: "Gravação parada no local todo (disco)",
    hub: "Central muito atrasada",
    archive: "Cópias muito atrasadas",
  },
  topicHints: {
    plates: "quando uma placa da lista passa",
    cameras: "quando dura mais de dois minutos, e quando volta",
    storage: "gravação suspensa por falta de espaço ou disco fora, e quando volta",
    hub: "leituras esperando há muito tempo, e quando chegam",
    archive: "imagens e evidências esperando há muito tempo pelo armazenamento externo, e quando chegam",
  },
  platesFrom: "Placas a partir de",
  levels: { info: "informação", warning: "atenção", critical: "urgente" },
  test: "Enviar teste",
  tested: "Enviado. O aviso chega em alguns segundos.",
  stop: "Parar de avisar",
  stopped: "Este aparelho não recebe mais avisos.",
  lastAccepted: (when: string) => `último aviso entregue em ${when}`,
  never: "nenhum aviso entregue ainda",
  notChosen: "Escolha ao menos um assunto, ou pare de avisar este aparelho.",
  blocked: {
    insecure: {
      title: "Avisos precisam de HTTPS.",
      body: "Abra o console por um endereço https:// (ou, no próprio equipamento, por http://localhost). O README diz como pôr um nginx na frente.",
    },
    unsupported: {
      title: "Este navegador não recebe avisos.",
      body: "No iPhone e no iPad: Compartilhar, “Adicionar à Tela de Início”, e abra o console por esse ícone. Em janelas anônimas os avisos não funcionam.",
    },
    denied: {
      title: "Os avisos deste site estão bloqueados no navegador.",
      body: "Toque no cadeado ao lado do endereço, em Notificações escolha Permitir, e recarregue a página.",
    },
  },
  noService: "O navegador não conseguiu se registrar no serviço de avisos dele. Ele precisa de acesso à internet.",
  endsWithLogin: "Ao sair da conta, ou se o acesso for desativado, o aparelho deixa de receber avisos. Entrar de novo nele basta para voltar.",
};

export const noticeFailures: Record<string, Trouble> = {
  unknown_subscription: { title: "Este aparelho não está mais na lista.", cure: "Ative os avisos nele de novo." },
  too_many_subscriptions: { title: "Há aparelhos demais.", cure: "Remova um que não usa mais." },
  push_address_refused: { title: "O navegador deu um endereço de avisos que não pode ser usado.", cure: "Use um navegador atual, como Chrome, Edge, Firefox ou Safari." },
  push_service_unreachable: { title: "O serviço de avisos do navegador não responde.", cure: "O equipamento precisa de acesso à internet (HTTPS). O que espera é enviado quando ele voltar." },
  push_service_refused: { title: "O serviço de avisos recusou o envio.", cure: "Confira a data e a hora do equipamento. Se estiverem certas, desative e ative os avisos neste aparelho." },
  subscription_gone: { title: "O navegador cancelou os avisos deste aparelho.", cure: "Ative-os de novo." },
  trial_too_soon: { title: "Um teste acabou de ser enviado.", cure: "Espere alguns segundos." },
};
