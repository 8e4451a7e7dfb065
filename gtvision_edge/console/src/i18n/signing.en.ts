import type { signing as source } from "./signing.pt-BR";

export const signing: typeof source = {
  title: "How to sign",
  body: "In the body: signature is the HMAC-SHA256 in hex, with the secret as it is written (whsec_ included), of the text below: v1, camera_id, placa, timestamp, confianca (as it stands in the JSON) and imagem_url, one a line; what is absent is empty. It is good for five minutes around timestamp.",
  signed: "Text that is signed in the test above",
  headers:
    "In the headers (Standard Webhooks): webhook-id, webhook-timestamp (time of sending, Unix seconds) and webhook-signature, with no signature in the body. The key is what follows whsec_, base64-decoded. Who keeps readings while the line is down must sign like this: the reading may be old.",
  headerForm: "webhook-signature",
  headerText: "v1,base64(HMAC-SHA256(key, {webhook-id}.{webhook-timestamp}.{body}))",
  fields:
    "timestamp: RFC 3339 with its offset, such as 2026-03-14T09:26:53-03:00. confianca: 0 to 1. With headers alone: sentido (up to 32 characters) and area_placa ([left, top, width, height] of the plate in the picture, 0 to 1).",
  vectors: "Signatures to test with",
  api: "The whole API (OpenAPI)",
};
