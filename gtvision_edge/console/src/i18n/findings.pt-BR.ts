/** What somebody should mend on the box, and how. Keys are the daemon's stable codes. */

import { archiveFindings } from "./archive.pt-BR";
import { plateSource } from "./plateSource.pt-BR";
import type { Trouble } from "./trouble.pt-BR";

type Facts = Readonly<Record<string, unknown>>;

const word = (value: unknown): string => (typeof value === "string" ? value : "—");
/** The service that a restart of the media server means: our own lives inside the recorder. */
const service = (kind: unknown): string => (kind === "embedded" ? "gtvision-edge" : "mediamtx");
const list = (value: unknown): string => (Array.isArray(value) ? value.join(", ") : "—");

/** The media server's state in a word, by why it is down. */
export const mediaStates: Record<string, string> = {
  media_server_unavailable: "parado",
  media_server_silent: "não responde",
  media_server_unauthorized: "pede senha",
  media_server_too_old: "versão antiga",
  media_server_foreign: "outro programa no lugar",
  media_server_odd: "responde sem sentido",
  media_server_refused: "recusa comandos",
};

const CLOCK_TITLES: Record<string, string> = {
  leapt_far: "O relógio do equipamento saltou mais de um dia: nada é apagado por idade.",
  leapt_unsynced: "O relógio do equipamento saltou e nenhum servidor de hora confirmou: nada é apagado por idade.",
  behind_footage: "O relógio do equipamento está antes da última gravação: nada é apagado por idade.",
};

const reasonOf = (words: Record<string, string>, reason: unknown): string | undefined => words[String(reason)];

const HUB_REFUSALS: Record<string, string> = {
  certificate_expired: "O certificado do RabbitMQ da central venceu: peça à equipe dela para renovar. Se não venceu, confira o relógio deste equipamento.",
  certificate_not_yet: "O certificado do RabbitMQ da central ainda não vale: o relógio deste equipamento deve estar atrasado.",
  certificate_name: "O certificado do RabbitMQ da central é de outro nome: em [uplink] url de edge.toml, use o nome que está nele.",
  certificate: "O certificado do RabbitMQ da central é de uma autoridade que este equipamento não conhece: confira ca_file em [uplink] de edge.toml.",
  tls: "A central e este equipamento não se entendem em TLS: confira amqps:// e a porta em [uplink] url de edge.toml.",
  protocol: "O que responde no endereço da central não é um RabbitMQ: confira servidor e porta em [uplink] url de edge.toml.",
};

const PICTURE_REASONS: Record<string, string> = {
  picture_address_refused: "o endereço não está liberado",
  picture_redirected: "o endereço aponta para outro",
  picture_denied: "o servidor recusa",
  picture_too_large: "são grandes demais",
  picture_no_jpeg: "não são JPEG inteiros",
  picture_unreachable: "o servidor não responde",
  picture_key_lost: "a chave que abria o endereço se perdeu",
  picture_not_kept: "o disco desta unidade não as guarda",
};

export const findings: Record<string, (facts: Facts) => Trouble> = {
  ...archiveFindings,
  integrity_faults: () => ({
    title: "A conferência de disco e índice encontrou problemas.",
    cure: "Veja quais no quadro Integridade, abaixo, e confira de novo depois de resolver.",
  }),
  clock_in_doubt: ({ reason }) => ({
    title: CLOCK_TITLES[String(reason)] ?? "O relógio do equipamento está em dúvida: nada é apagado por idade.",
    cure: "“timedatectl” no equipamento mostra a hora e o servidor de hora. Certa a hora, o sistema volta a confiar nela sozinho; depois de um salto de mais de um dia, só no dia seguinte.",
  }),
  media_server_unavailable: ({ kind }) => ({
    title: "O servidor de mídia está parado: nada é gravado nem exibido ao vivo.",
    cure: `No equipamento, “systemctl status ${service(kind)}” diz por quê e “systemctl restart ${service(kind)}” o religa. Quando ele responder, a gravação volta sozinha.`,
  }),
  media_server_silent: ({ kind }) => ({
    title: "O servidor de mídia travou: aceita a conexão e não responde. Não se sabe se está gravando.",
    cure: `Se durar mais de 1 min, reinicie-o no equipamento: “systemctl restart ${service(kind)}”. Quando ele responder, tudo volta sozinho.`,
  }),
  media_server_unauthorized: () => ({
    title: "O MediaMTX pede senha para ser comandado: nenhuma câmera pode ser posta no ar.",
    cure: "Em authInternalUsers do mediamtx.yml, dê a “any” com ips 127.0.0.1 e ::1 a permissão “api”, como no arquivo que acompanha este programa. Depois disso tudo volta sozinho.",
  }),
  media_server_foreign: () => ({
    title: "Outro programa responde no endereço do MediaMTX: nada é gravado nem exibido ao vivo.",
    cure: "“ss -ltnp” no equipamento diz quem usa a porta de media.api_url (edge.toml). Libere-a e inicie o MediaMTX, ou corrija o endereço e reinicie com “systemctl restart gtvision-edge”.",
  }),
  media_server_odd: () => ({
    title: "O servidor de mídia responde coisas sem sentido: as câmeras não podem ser comandadas.",
    cure: "Confira quem usa a porta de media.api_url (“ss -ltnp”) e, se for o MediaMTX, reinicie-o: “systemctl restart mediamtx”. Quando ele responder direito, tudo volta sozinho.",
  }),
  media_server_refused: () => ({
    title: "O MediaMTX responde com erro: nenhuma câmera pode ser posta no ar.",
    cure: "“journalctl -u mediamtx” no equipamento diz por quê. Quando ele aceitar, tudo volta sozinho.",
  }),
  media_server_too_old: ({ version, needed }) => ({
    title: typeof version === "string" ? `O MediaMTX é antigo (${version}).` : "O MediaMTX é antigo demais para ser comandado: nada é gravado nem exibido ao vivo.",
    cure: `Instale a versão ${typeof needed === "string" ? needed : "1.20.1"} ou mais nova.`,
  }),
  media_server_not_utc: ({ offset }) => ({
    title: `O MediaMTX não trabalha em UTC (${word(offset)}): as gravações ficam com a hora errada.`,
    cure: "Ponha Environment=TZ=UTC no serviço dele (“systemctl edit mediamtx”) e reinicie-o.",
  }),
  media_server_sees_no_folder: ({ folder }) => ({
    title: "O MediaMTX recebe as câmeras, mas nada do que ele grava chega ao disco de gravações.",
    cure: `Se ele roda em um contêiner, monte também nele, no mesmo caminho, ${typeof folder === "string" ? `a pasta de estado (${folder})` : "a pasta de estado deste equipamento"} e o disco de gravações; ele grava por um link que fica nela. Se não, “journalctl -u mediamtx” no equipamento diz o que ele não consegue gravar.`,
  }),
  media_server_without_rtsp: () => ({
    title: "O RTSP do MediaMTX está desligado: as análises não recebem vídeo.",
    cure: "No mediamtx.yml, ponha rtsp: yes e rtspAddress: 127.0.0.1:8554.",
  }),
  media_server_secret_differs: () => ({
    title: "O segredo de HLS do MediaMTX não é o deste equipamento: o vídeo ao vivo pode parar.",
    cure: "Ponha o mesmo texto em hlsCDNSecret (mediamtx.yml) e em media.hls_secret (edge.toml) e reinicie com “systemctl restart gtvision-edge”.",
  }),
  media_server_missing: () => ({
    title: "O MediaMTX era esperado e não respondeu na partida: o servidor embutido grava no lugar dele.",
    cure: "“systemctl status mediamtx” no equipamento diz por que ele não inicia. Se não deve mais ser usado, ponha media.server = \"embedded\" em edge.toml e reinicie.",
  }),
  media_server_appeared: () => ({
    title: "O MediaMTX está pronto, mas o servidor embutido ainda está em uso.",
    cure: "Para passar ao MediaMTX: “systemctl restart gtvision-edge”. A gravação para por alguns segundos.",
  }),
  media_server_ports_taken: ({ ports }) => ({
    title: `Outro programa usa a porta ${list(ports)}: o servidor embutido atende em outra.`,
    cure: "A gravação não é afetada; as análises por RTSP, sim, se for a porta delas. Libere a porta e reinicie. Se for um MediaMTX, ligue a API dele (api: yes).",
  }),
  media_server_open_to_publishers: () => ({
    title: "Qualquer um pode enviar vídeo ao MediaMTX, sem senha.",
    cure: "Retire a permissão “publish” do usuário “any” no mediamtx.yml.",
  }),
  media_server_open_to_network: ({ listener, address }) => ({
    title: `O MediaMTX atende a rede em ${word(listener)} (${word(address)}), sem passar pelas permissões daqui.`,
    cure: "No mediamtx.yml, ponha 127.0.0.1: na frente da porta.",
  }),
  media_server_deletes_recordings: ({ after }) => ({
    title: `O MediaMTX apaga gravações por conta própria, depois de ${word(after)}.`,
    cure: "No mediamtx.yml, em pathDefaults, ponha recordDeleteAfter: 0s.",
  }),
  media_server_takes_any_path: () => ({
    title: "O MediaMTX aceita caminhos que este equipamento não criou.",
    cure: "Retire “all_others” do mediamtx.yml.",
  }),
  media_server_without_hls: () => ({
    title: "O HLS do MediaMTX está desligado: não há vídeo ao vivo.",
    cure: "No mediamtx.yml, ponha hls: yes.",
  }),
  media_server_low_latency_hls: () => ({
    title: "O HLS do MediaMTX está em baixa latência, o que esgota as conexões do navegador.",
    cure: "No mediamtx.yml, ponha hlsVariant: fmp4.",
  }),
  media_server_unexamined: () => ({
    title: "O MediaMTX não mostra toda a sua configuração: não se sabe se ela está certa.",
    cure: "No mediamtx.yml, dê a “any” com ips 127.0.0.1 e ::1 a permissão “api”; “journalctl -u gtvision-edge” diz o que ele não respondeu.",
  }),
  media_path_wrong: ({ cameras }) => ({
    title: `O servidor de mídia não aplicou a configuração de ${list(cameras)}.`,
    cure: "O sistema tenta de novo sozinho. Se não voltar, a página da câmera diz o que é; confira o endereço dela.",
  }),
  issuer_keys_gone: ({ issuer, source }) => ({
    title: `O arquivo de chaves de ${word(issuer)} não está mais lá (${word(source)}): os acessos que ele emite são recusados.`,
    cure: "Se a chave foi retirada de propósito, retire-a também de edge.toml; senão, ponha o arquivo de volta. Ele é lido em segundos, sem reiniciar.",
  }),
  issuer_keys_broken: ({ issuer, source, kept }) => ({
    title: `Uma chave de ${word(issuer)} não pode ser lida (${word(source)}).`,
    cure: Number(kept) > 0 ? "Valem as chaves lidas antes, até o equipamento reiniciar. “gtvision-edge check” diz o que há de errado no arquivo." : "Os acessos assinados com ela são recusados. “gtvision-edge check” diz o que há de errado no arquivo.",
  }),
  footage_unreachable: ({ directory }) => ({
    title: `Gravações fora de alcance: não se sabe de qual câmera é a pasta ${word(directory)}.`,
    cure: "O arquivo .camera.json dela, no disco de gravações, está danificado ou ausente, e o índice não diz de quem é. Reponha-o com {\"camera_uuid\": …, \"camera_id\": …} da câmera; as imagens voltam em 1 min. Nada ali é apagado.",
  }),
  footage_unreadable: ({ directory, reason }) => ({
    title: `A pasta ${word(directory)} do disco de gravações não pode ser lida (${word(reason)}): o que há nela não aparece na linha do tempo.`,
    cure: "Veja o disco no equipamento (“dmesg”, “smartctl -a”): erros de leitura pedem backup e troca. Se for permissão, devolva a pasta ao usuário do serviço. Nada ali é apagado.",
  }),
  volume_filled_by_others: ({ percent }) => ({
    title: `Outros arquivos ocupam cerca de ${Number(percent) || 0} % do disco de gravações e tiram o espaço delas.`,
    cure: "Veja no equipamento (“du -xh --max-depth=2” no disco de gravações) o que cresce ali e retire; aos pacotes exportados cabe excluí-los em Evidências. Se não houver espaço em 1 min, as gravações mais antigas são apagadas.",
  }),
  hashing_behind: ({ hours }) => ({
    title: `Há gravações à espera do SHA-256 há mais de ${Number(hours) || 1} h: ainda não estão seladas na auditoria.`,
    cure: "O equipamento ou o disco está ocupado demais; elas são seladas assim que ele der conta. Se durar, veja no equipamento (“top”) o que mais roda nele, ou use menos câmeras.",
  }),
  broken_certificate: () => ({
    title: "O certificado indicado em [papers] não pode ser usado: os documentos são assinados com o deste equipamento.",
    cure: "Confira em edge.toml o arquivo e a senha dele; “journalctl -u gtvision-edge” diz o que há de errado. Depois reinicie.",
  }),
  hub_unreachable: () => ({
    title: "A central não responde: as leituras esperam neste equipamento.",
    cure: "Nada se perde. Confira a internet do local e o endereço em [uplink] de edge.toml.",
  }),
  hub_refused: ({ reason }) => ({
    title: "A central não deixa este equipamento publicar.",
    cure: reasonOf(HUB_REFUSALS, reason) ?? "Peça à equipe da central para conferir usuário, senha e o exchange; as leituras esperam aqui.",
  }),
  hub_stalled: () => ({
    title: "A central está conectada e não confirma nada.",
    cure: "O RabbitMQ da central travou: avise a equipe dela. As leituras esperam aqui.",
  }),
  hub_takes_nothing: ({ reason }) => ({
    title: reason === "returned"
      ? "A central devolve todas as mensagens: nenhuma fila dela as recebe."
      : "A central devolve todas as mensagens: a fila dela está cheia ou não as aceita.",
    cure: "Peça à equipe da central para conferir a fila e o que está ligado ao exchange. As leituras esperam aqui; as recusadas dez vezes ficam de lado, e em Central (hub) podem ser enviadas de novo.",
  }),
  hub_far_behind: ({ waiting, queue, depth }) => ({
    title: typeof queue === "string"
      ? `A central está muito atrasada: a fila ${queue} dela tem ${Number(depth).toLocaleString("pt-BR")} mensagens paradas.`
      : `A central está muito atrasada${waiting === undefined ? "" : `: ${Number(waiting).toLocaleString("pt-BR")} mensagens esperam para ir a ela`}.`,
    cure: typeof queue === "string"
      ? "Quem as consome na central parou ou está devagar: avise a equipe dela."
      : "São enviadas sozinhas quando a linha voltar, as novas primeiro. Se a linha está boa, a central recebe devagar demais.",
  }),
  hub_blocked: () => ({
    title: "A central avisou que está sem memória ou disco e não recebe nada agora.",
    cure: "Avise a equipe da central; as leituras esperam aqui e vão sozinhas quando ela liberar.",
  }),
  hub_messages_given_up: ({ messages, reason }) => ({
    title: messages === undefined
      ? "Mensagens foram abandonadas sem chegar à central."
      : `${Number(messages).toLocaleString("pt-BR")} mensagens ou mais foram abandonadas sem chegar à central: ${reason === "age" ? "esperaram demais" : "não cabiam mais"}.`,
    cure: "As leituras continuam neste equipamento, e a auditoria diz quantas mensagens eram e de quando. Os limites são keep e max_bytes, em [uplink] de edge.toml.",
  }),
  push_service_unreachable: ({ minutes }) => ({
    title: `Os serviços de avisos não respondem há ${String(minutes)} min.`,
    cure: "Este equipamento precisa de acesso à internet (HTTPS) para avisar celulares e navegadores. O que espera é enviado quando ela voltar, se ainda for novo.",
  }),
  messages_parked: ({ parked }) => ({
    title: `${Number(parked).toLocaleString("pt-BR")} mensagens foram recusadas pela central muitas vezes e estão de lado.`,
    cure: "As que a central aceita seguem. A equipe dela diz por que recusa estas; em Central (hub) podem ser enviadas de novo.",
  }),
  plate_pull_failing: ({ camera, camera_id: id, reason }) => ({
    title: `Leituras de ${word(camera ?? id)} não chegam: ${reasonOf(plateSource.states, reason) ?? word(reason)}.`,
    cure: reasonOf(plateSource.cures, reason) ?? "Veja os ajustes das leituras, em Câmeras.",
  }),
  plate_clock_behind: ({ camera, camera_id: id, behind_s: seconds }) => ({
    title: `O relógio de ${word(camera ?? id)} está ${Math.round(Number(seconds) / 60) || 1} min atrasado: suas leituras parecem antigas, e placas procuradas não geram alerta.`,
    cure: "Ligue o NTP da câmera e confira o fuso dela. Se todas as câmeras aparecem aqui, confira o relógio deste equipamento.",
  }),
  plate_pictures_failing: ({ cameras, reason }) => ({
    title: `Imagens de leituras não chegam, de ${Number(cameras).toLocaleString("pt-BR")} câmera(s): ${PICTURE_REASONS[String(reason)] ?? word(reason)}.`,
    cure: "As leituras ficam, sem imagem. Quem as envia diz o endereço em imagem_url: precisa ser alcançado desta unidade, estar em picture_sources (edge.toml, ou nos ajustes da câmera) e ser um JPEG de até 5 MiB.",
  }),
};
