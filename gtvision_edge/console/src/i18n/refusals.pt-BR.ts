/** More of what the daemon refuses or cannot do now, in words; keys are its stable codes. */
import type { Trouble } from "./trouble.pt-BR";

export const refusals: Record<string, Trouble> = {
  not_authenticated: { title: "A sessão não vale mais.", cure: "Entre de novo." },
  session_ended: { title: "A sessão terminou.", cure: "Entre de novo: a senha ou as permissões desta conta mudaram, ou ela ficou muito tempo sem uso." },
  login_throttled: { title: "Tentativas demais com senha errada.", cure: "Espere alguns minutos e tente de novo." },
  unknown_route: { title: "O equipamento não conhece este pedido.", cure: "Recarregue a página: ele pode ter sido atualizado." },
  method_not_allowed: { title: "O equipamento não aceita este pedido.", cure: "Recarregue a página: ele pode ter sido atualizado." },
  body_too_large: { title: "O que foi enviado é grande demais.", cure: "Envie menos de uma vez." },
  body_too_slow: { title: "O envio demorou demais.", cure: "Confira a rede e tente de novo." },
  foreign_origin: { title: "O pedido veio de outro endereço e foi recusado.", cure: "Abra a página pelo endereço do equipamento; atrás de um proxy, ele precisa repassar o nome (Host)." },
  unknown_audit_entry: { title: "Este registro de auditoria não existe.", cure: "Confira o número." },
  audit_tree_damaged: { title: "A auditoria está incompleta.", cure: "Não apague nada e avise o responsável: “gtvision-edge audit verify” mostra onde." },
  not_sealed: { title: "Esta gravação ainda não foi selada.", cure: "Os selos são feitos de hora em hora; tente de novo depois." },
  broken_site_key: { title: "A chave que assina pelos documentos desta unidade está danificada.", cure: "Restaure site.key da cópia de segurança." },
  broken_certificate: { title: "O certificado que assina os documentos não pode ser usado.", cure: "Confira o arquivo e a senha dele em [papers] de edge.toml." },
  paper_failed: { title: "O documento não pôde ser feito agora.", cure: "Nada foi perdido; peça de novo em alguns segundos." },
  media_server_refused: { title: "O servidor de mídia não aceitou o pedido.", cure: "Tente de novo; se repetir, veja os avisos em Saúde." },
  media_server_unauthorized: { title: "O servidor de mídia recusa este equipamento.", cure: "No mediamtx.yml, dê ao usuário deste equipamento a permissão “api”, ou corrija usuário e senha em [media] de edge.toml." },
  stream_unavailable: { title: "A câmera está sem imagem agora.", cure: "Ela volta sozinha; veja a causa em Câmeras." },
  unknown_stream_file: { title: "Este trecho do vídeo já passou.", cure: "O player continua do ponto atual." },
  no_picture: { title: "Ainda não há imagem desta câmera.", cure: "Espere alguns segundos." },
  no_webrtc: { title: "Este equipamento não oferece WebRTC.", cure: "O vídeo é exibido por HLS." },
  whep_refused: { title: "O vídeo desta câmera não passa por WebRTC.", cure: "O vídeo é exibido por HLS." },
  unknown_whep_session: { title: "Esta exibição já terminou.", cure: "Abra o vídeo de novo." },
  too_many_whep_sessions: { title: "Há exibições demais ao mesmo tempo.", cure: "Feche algumas e tente de novo." },
  unknown_export: { title: "Esta exportação não existe mais.", cure: "Ela pode ter sido excluída ou ter passado do prazo." },
  no_footage_to_export: { title: "Não há gravação neste intervalo para exportar.", cure: "Escolha um trecho gravado na linha do tempo." },
  export_too_long: { title: "O intervalo é longo demais para uma exportação.", cure: "Divida em trechos menores." },
  export_no_space: { title: "Não há espaço para a exportação.", cure: "Exclua exportações que já foram entregues ou libere espaço no disco." },
  export_not_ready: { title: "A exportação ainda não terminou.", cure: "Espere ela ficar pronta." },
  too_many_exports: { title: "Há exportações demais na fila.", cure: "Espere alguma terminar." },
  export_failed: { title: "A exportação falhou.", cure: "Tente de novo; se repetir, informe o código ao suporte." },
  damaged_footage: { title: "Um arquivo de gravação está danificado.", cure: "Exporte os trechos antes e depois dele, e verifique o disco em Saúde." },
  unknown_incident: { title: "Este incidente não existe mais.", cure: "Atualize a lista." },
  incident_released: { title: "Este incidente já foi liberado.", cure: "As gravações dele não estão mais preservadas; abra outro, se ainda existirem." },
  purge_running: { title: "Este expurgo ainda está em andamento.", cure: "O relatório sai quando ele terminar." },
  unknown_purge: { title: "Este expurgo não existe.", cure: "Atualize a lista." },
  footage_held: { title: "Um incidente preserva gravações desta câmera.", cure: "Libere o incidente antes, ou remova a câmera sem apagar as gravações." },
};

/** Why the media server counts as down: at the top of the page in a few words, in the health room with what to do. */
export const mediaTroubles: Record<string, Trouble & { short: string }> = {
  media_server_unavailable: { short: "servidor de mídia não responde", title: "Servidor de mídia não responde.", cure: "Enquanto ele não voltar, nada é gravado nem exibido. Ele é religado sozinho; se durar mais de 1 min, reinicie o equipamento." },
  media_server_unauthorized: { short: "servidor de mídia recusa o acesso", title: "O servidor de mídia recusa este equipamento.", cure: "O que já estava configurado nele pode seguir gravando, mas nada aqui chega até ele. No mediamtx.yml, dê ao usuário deste equipamento a permissão “api”, ou corrija usuário e senha em [media] de edge.toml." },
  media_server_refused: { short: "servidor de mídia responde com erro", title: "O servidor de mídia responde com erro.", cure: "Nada do que se muda aqui chega até ele. Veja o registro (log) do MediaMTX e a versão dele." },
  not_asked_yet: { short: "procurando o servidor de mídia", title: "Procurando o servidor de mídia…", cure: "Leva alguns segundos depois que o equipamento liga." },
};
