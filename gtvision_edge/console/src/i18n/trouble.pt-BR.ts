/** What went wrong, in words, and its cure. Keys are the daemon's stable codes. */

export interface Trouble {
  title: string;
  cure: string;
}

type Facts = Readonly<Record<string, unknown>>;

export const failures: Record<string, Trouble> = {
  password_change_required: {
    title: "Esta senha é provisória.",
    cure: "Escolha uma que só você conheça.",
  },
  camera_unauthorized: {
    title: "A câmera recusou o usuário ou a senha.",
    cure: "Confira os dois, inclusive maiúsculas. Não insista: muitas câmeras bloqueiam o acesso após 5 erros.",
  },
  camera_path_not_found: {
    title: "A câmera respondeu, mas não conhece este vídeo.",
    cure: "Confira o fabricante e o canal. Em gravador ou DVR, o canal é o número da entrada.",
  },
  camera_unreachable: {
    title: "Nada respondeu neste endereço.",
    cure: "Confira o endereço, a energia e o cabo, e se a câmera está na mesma rede deste equipamento.",
  },
  camera_timeout: {
    title: "A câmera não respondeu a tempo.",
    cure: "Ela pode estar travada ou a rede muito lenta. Reinicie a câmera e verifique de novo.",
  },
  camera_no_video: {
    title: "A câmera respondeu, mas não tem vídeo neste canal.",
    cure: "Confira o canal e se o vídeo está ativado na câmera.",
  },
  camera_no_data: {
    title: "A câmera anuncia vídeo, mas não envia imagens.",
    cure: "Reinicie a câmera. Se continuar, desligue o “codec inteligente” e escolha H.264 nas configurações dela.",
  },
  camera_bad_response: {
    title: "O aparelho respondeu de um jeito que não se entende.",
    cure: "Confira a porta RTSP (normalmente 554): pode ser outro serviço, ou outro aparelho neste endereço.",
  },
  camera_busy: {
    title: "A câmera não aceita mais conexões.",
    cure: "Feche outros programas que assistem a esta câmera, ou aumente o limite de conexões nela.",
  },
  camera_unsupported_auth: {
    title: "A câmera pede um tipo de senha que não se conhece.",
    cure: "Nas configurações da câmera, escolha autenticação “digest” para RTSP e ONVIF.",
  },
  camera_name_unresolved: {
    title: "Este nome não foi encontrado na rede.",
    cure: "Confira se está escrito certo, ou use o endereço IP da câmera.",
  },
  camera_error: { title: "A câmera não pôde ser verificada.", cure: "Verifique de novo; se repetir, reinicie a câmera." },
  camera_exists: { title: "Este identificador já está em uso.", cure: "Escolha outro, ou deixe em branco." },
  camera_changed_meanwhile: {
    title: "Outra pessoa alterou esta câmera agora há pouco.",
    cure: "Feche, veja como ela está e altere de novo.",
  },
  camera_key_lost: {
    title: "A senha guardada desta câmera não pode mais ser lida.",
    cure: "Digite a senha da câmera outra vez e salve.",
  },
  broken_camera_key: {
    title: "A chave que protege as senhas das câmeras está danificada.",
    cure: "Restaure o arquivo da chave a partir da cópia de segurança.",
  },
  onvif_not_supported: {
    title: "Este aparelho não respondeu como câmera ONVIF.",
    cure: "Ligue o ONVIF na câmera e confira a porta (80, 8000, 2020 ou 8899); ou escolha o fabricante na lista.",
  },
  onvif_bad_response: {
    title: "A câmera respondeu ao ONVIF de um jeito que não se usa por segurança.",
    cure: "Escolha o fabricante na lista, ou RTSP genérico com o endereço do vídeo.",
  },
  discovery_busy: {
    title: "Outra pessoa já está procurando câmeras.",
    cure: "Espere alguns segundos e procure de novo.",
  },
  discovery_impossible: {
    title: "Não foi possível procurar: este equipamento não consegue enviar perguntas à rede.",
    cure: "Confira o cabo e o endereço IP da placa de rede das câmeras e, se houver, o firewall; ou digite o IP da câmera.",
  },
  probe_busy: { title: "Há muitas verificações ao mesmo tempo.", cure: "Espere alguns segundos e verifique de novo." },
  unknown_vendor: { title: "Este fabricante não é conhecido.", cure: "Escolha outro, ou RTSP genérico com o endereço completo." },
  invalid_address: { title: "Este endereço não é válido.", cure: "Use um IP, como 192.168.1.100, ou um nome, sem barras nem espaços." },
  wrong_credentials: { title: "Usuário ou senha incorretos.", cure: "Confira os dois e tente de novo." },
  unknown_camera: { title: "Esta câmera não existe mais.", cure: "Outra pessoa pode ter removido." },
  no_footage: { title: "Não há gravação neste momento.", cure: "Veja na linha do tempo os trechos gravados." },
  span_too_long: { title: "O intervalo é longo demais.", cure: "Escolha um trecho menor." },
  unknown_segment: { title: "Esta gravação não existe mais.", cure: "Ela pode ter sido apagada pelo prazo de guarda; atualize a página." },
  pictures_busy: { title: "Muitas imagens pedidas ao mesmo tempo.", cure: "Espere um instante e tente de novo." },
  unknown_mosaic: { title: "Este mosaico não existe mais.", cure: "Outra pessoa pode ter excluído." },
  wrong_password: { title: "A senha atual não confere.", cure: "Digite a senha com que você entrou." },
  last_admin: { title: "Este é o último administrador.", cure: "Dê a função a outra pessoa antes." },
  login_busy: { title: "Muita gente está entrando ao mesmo tempo.", cure: "Espere alguns segundos e tente de novo." },
  tenant_exists: { title: "Já há uma organização com este nome.", cure: "Escolha outro." },
  unknown_tenant: { title: "Esta organização não existe.", cure: "Escolha outra na lista." },
  storage_unavailable: {
    title: "O equipamento não conseguiu guardar a alteração.",
    cure: "Verifique o disco em Saúde e tente de novo.",
  },
  unknown_user: { title: "Este usuário não existe mais.", cure: "Outra pessoa pode ter removido." },
  username_taken: { title: "Já há um usuário com este nome.", cure: "Escolha outro." },
  weak_password: { title: "Esta senha é fraca.", cure: "Use uma frase com pelo menos 10 caracteres." },
  media_server_odd: {
    title: "O que responde no lugar do servidor de mídia não é um servidor de mídia.",
    cure: "Confira se outro programa usa a porta da API dele e o endereço em media.api_url.",
  },
  media_server_unavailable: {
    title: "O servidor de mídia não está respondendo.",
    cure: "Ele é religado sozinho. Tente de novo em alguns segundos.",
  },
  malformed_push: { title: "O que a câmera enviou não pode ser lido.", cure: "Confira na câmera o tipo de envio (ISAPI, ITSAPI ou webhook)." },
  picture_not_kept: { title: "A imagem da leitura não pôde ser guardada.", cure: "O disco do estado pode estar cheio ou com defeito; a câmera envia de novo." },
  purpose_required: { title: "Diga para que a placa é procurada.", cure: "Escreva o motivo, como o número do BO; ele fica na auditoria." },
  no_push_secret: { title: "Esta câmera ainda não tem segredo de envio.", cure: "Crie o segredo primeiro." },
  push_refused: { title: "Esta leitura não foi aceita: câmera ou assinatura desconhecida.", cure: "Confira o segredo da câmera no integrador." },
  reading_time_refused: { title: "A leitura é de uma hora que não se aceita aqui.", cure: "Acerte o relógio e o fuso de quem envia; leituras de mais de 400 dias atrás não se aceitam." },
  stale_push: { title: "A hora da leitura está longe demais da hora deste equipamento.", cure: "Acerte o relógio de quem envia (NTP)." },
  too_many_pushes: { title: "Leituras demais em pouco tempo.", cure: "O integrador deve enviar de novo mais tarde." },
  no_detection_picture: { title: "Esta leitura não tem essa imagem.", cure: "Ela pode ainda chegar, ou ter sido tirada por ser antiga." },
  picture_lost: { title: "O arquivo desta imagem sumiu.", cure: "Ninguém o tirou: confira o disco da unidade em Saúde." },
  unknown_detection: { title: "Esta leitura não existe mais.", cure: "Ela pode ter sido anonimizada; atualize a página." },
  unknown_alert: { title: "Este alerta não existe, ou não existe mais.", cure: "Atualize a página." },
  not_acknowledged: { title: "Este alerta já voltou a esperar.", cure: "Atualize a página." },
  acknowledgement_stands: { title: "Já não dá para desfazer: passou um minuto, ou foi outra pessoa que reconheceu.", cure: "Quem e quando está no alerta." },
  already_acknowledged: { title: "Alguém já reconheceu este alerta.", cure: "Atualize a página para ver quem e quando." },
  unknown_message: { title: "Esta mensagem não espera mais de lado.", cure: "Alguém já a mandou de novo ou descartou; atualize a página." },
  unknown_copy: { title: "Esta cópia não espera mais de lado.", cure: "Alguém já mandou tentar de novo ou desistiu dela; atualize a página." },
  unknown_watch: { title: "Esta placa não está mais na lista de monitoramento.", cure: "Alguém pode ter tirado; atualize a página." },
  already_watched: { title: "Esta placa já está na lista de monitoramento.", cure: "A placa antiga e a Mercosul são o mesmo veículo: mude a que já está na lista." },
};

/** Which of a camera's doors refused the login, by `via` of the daemon's answer. */
export const doors: Record<string, string> = {
  onvif: "Recusado no ONVIF; em algumas marcas o usuário ONVIF é criado à parte, nas configurações da câmera.",
  rtsp: "Recusado no vídeo (RTSP).",
};

/** What is wrong with the recordings volume; keys are the daemon's stable codes. */
export const volumes: Record<string, Trouble> = {
  volume_missing: {
    title: "Nada está sendo gravado: o disco de gravação não está montado.",
    cure: "Confira o cabo e a energia do disco e monte-o; a gravação volta sozinha. Se o disco foi trocado por um novo, monte-o e execute “gtvision-edge volume adopt” no equipamento.",
  },
  volume_full: {
    title: "Disco cheio: a gravação falha.",
    cure: "Apague gravações antigas ou ponha um disco maior; a gravação volta sozinha.",
  },
  breaker_open: {
    title: "Gravação suspensa: o disco está quase cheio. O ao vivo continua.",
    cure: "As gravações mais antigas são apagadas sozinhas, menos as preservadas em incidentes. Libere incidentes que não servem mais, apague outros arquivos do disco ou ponha um maior; a gravação volta sozinha um minuto depois.",
  },
  volume_foreign: {
    title: "Nada está sendo gravado: o disco montado é de outra unidade.",
    cure: "Monte o disco desta unidade.",
  },
  volume_marker_odd: {
    title: "Nada está sendo gravado: o disco montado não se identifica.",
    cure: "O arquivo .gtvision-volume.json do disco está danificado. Monte o disco certo; se este for o certo, apague esse arquivo e execute “gtvision-edge volume adopt”.",
  },
  volume_note_damaged: {
    title: "Nada está sendo gravado: não se sabe mais qual é o disco desta unidade.",
    cure: "O arquivo volume.json da pasta de estado está danificado. Monte o disco desta unidade e a gravação volta sozinha; com um disco novo, execute “gtvision-edge volume adopt”.",
  },
  volume_unwritable: {
    title: "Nada está sendo gravado: o disco não aceita gravação.",
    cure: "Pode estar protegido, com defeito ou sem permissão. Veja o registro do sistema e troque o disco se houver erros.",
  },
  volume_hangs: {
    title: "Nada está sendo gravado: o disco não responde.",
    cure: "Confira o cabo ou a rede do disco; se continuar, reinicie o equipamento e troque o disco.",
  },
  volume_unusable: {
    title: "Nada está sendo gravado: o disco ainda não foi verificado.",
    cure: "Espere alguns segundos; se continuar, reinicie o equipamento.",
  },
};

/** Why a camera is in the state it is in, as said under “sinal perdido”. */
export const causes: Record<string, string> = {
  volume_missing: "disco não montado",
  volume_full: "disco cheio",
  breaker_open: "disco quase cheio",
  volume_foreign: "disco de outra unidade",
  volume_marker_odd: "disco não se identifica",
  volume_note_damaged: "disco desta unidade não reconhecido",
  volume_unwritable: "disco não aceita gravação",
  volume_hangs: "disco não responde",
  camera_unauthorized: "senha recusada pela câmera",
  camera_path_not_found: "a câmera não conhece este vídeo",
  camera_unreachable: "nada responde no endereço",
  camera_timeout: "a câmera não responde",
  camera_no_video: "a câmera está sem vídeo",
  camera_no_data: "a câmera não envia imagens",
  camera_bad_response: "resposta que não se entende",
  camera_busy: "a câmera não aceita mais conexões",
  camera_unsupported_auth: "tipo de senha desconhecido",
  camera_name_unresolved: "nome não encontrado na rede",
  not_applied: "o servidor de mídia não aplicou a configuração",
  restarted: "o equipamento reiniciou",
  service_restarted: "o serviço de gravação reiniciou",
  camera_error: "a câmera deu erro",
  source_unauthorized: "senha recusada pela câmera",
  source_unreachable: "nada responde no endereço",
  source_no_video: "a câmera está sem vídeo",
  source_failed: "a conexão com a câmera caiu",
  no_stream: "a câmera responde, mas a imagem não chega ao servidor de mídia",
  not_recording: "há imagem, mas nada é gravado",
  recording_off: "gravação desligada para esta câmera",
  internal: "erro no equipamento ao verificar a câmera",
  camera_key_lost: "a senha guardada não pode mais ser lida",
  volume_unusable: "disco ainda não verificado",
  onvif_not_supported: "a câmera não respondeu ao ONVIF",
  onvif_bad_response: "resposta ONVIF que não se usa",
  media_server_unavailable: "servidor de mídia parado",
  media_server_silent: "servidor de mídia não responde",
  media_server_unauthorized: "servidor de mídia pede senha",
  media_server_too_old: "servidor de mídia antigo demais",
  media_server_foreign: "outro programa no lugar do servidor de mídia",
  media_server_odd: "o servidor de mídia responde coisas sem sentido",
  media_server_refused: "servidor de mídia recusa comandos",
};

const number = (value: unknown): string =>
  typeof value === "number" ? value.toLocaleString("pt-BR", { maximumFractionDigits: 1 }) : "—";

export const warnings: Record<string, (facts: Facts) => Trouble> = {
  h265_in_browser: () => ({
    title: "H.265 não toca em muitos navegadores.",
    cure: "Ao vivo usará o fluxo secundário, se ele for H.264. A gravação fica como está.",
  }),
  long_keyframe_interval: (facts) => ({
    title: `Quadro-chave a cada ${facts.at_least ? "pelo menos " : ""}${number(facts.seconds)} s.`,
    cure: "A imagem ao vivo demora e os cortes ficam imprecisos. Na câmera: Vídeo → Intervalo I igual a 2 × a taxa de quadros.",
  }),
  smart_codec: () => ({
    title: "“Codec inteligente” ligado.",
    cure: "Ele espaça os quadros-chave e falha ao gravar. Na câmera: desligue H.264+/H.265+, Smart Codec ou Zipstream.",
  }),
  no_sub_stream: () => ({
    title: "Sem fluxo secundário.",
    cure: "O mosaico usará o principal, mais pesado. Na câmera: ative o fluxo secundário em H.264, 640×360.",
  }),
  clock_off: (facts) => ({
    title: `Relógio da câmera ${number(Math.abs(Number(facts.seconds)))} s ${Number(facts.seconds) >= 0 ? "adiantado" : "atrasado"}.`,
    cure: "A hora queimada na imagem não confere. Na câmera: Sistema → Data e hora → NTP.",
  }),
  audio_not_in_browser: (facts) => ({
    title: `Áudio ${String(facts.codec ?? "—")} não toca no navegador.`,
    cure: "O vídeo não é afetado. Na câmera: Áudio → codificação AAC.",
  }),
  audio_not_in_playback: (facts) => ({
    title: `O áudio ${String(facts.codec ?? "—")} não será ouvido nas gravações.`,
    cure: "O vídeo não é afetado. Na câmera: Áudio → codificação AAC.",
  }),
  unknown_video_codec: (facts) => ({
    title: `Vídeo em ${String(facts.codec ?? "—")}, que não se conhece.`,
    cure: "Na câmera: Vídeo → codificação H.264.",
  }),
};
