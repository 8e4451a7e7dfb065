/** How an integrator signs what it sends. */
export const signing = {
  title: "Como assinar",
  body: "No corpo: signature é o HMAC-SHA256 em hexadecimal, com o segredo como está escrito (whsec_ incluído), do texto abaixo: v1, camera_id, placa, timestamp, confianca (como vai no JSON) e imagem_url, um por linha; o que falta fica vazio. Vale cinco minutos em torno de timestamp.",
  signed: "Texto assinado no teste acima",
  headers:
    "Nos cabeçalhos (Standard Webhooks): webhook-id, webhook-timestamp (hora do envio, segundos Unix) e webhook-signature, sem signature no corpo. A chave é o que segue whsec_, decodificado de base64. Quem guarda leituras enquanto a linha está fora tem de assinar assim: a leitura pode ser antiga.",
  headerForm: "webhook-signature",
  headerText: "v1,base64(HMAC-SHA256(chave, {webhook-id}.{webhook-timestamp}.{corpo}))",
  fields:
    "timestamp: RFC 3339 com fuso, como 2026-03-14T09:26:53-03:00. confianca: de 0 a 1. Só com cabeçalhos: sentido (até 32 caracteres) e area_placa ([esquerda, topo, largura, altura] da placa na foto, de 0 a 1).",
  vectors: "Assinaturas para testar",
  api: "A API inteira (OpenAPI)",
};
