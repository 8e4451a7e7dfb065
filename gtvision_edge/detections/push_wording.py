"""What ``gtvision-edge webhook-help`` prints, in the two languages of the product."""

from typing import Final, Literal

from gtvision_edge.detections.push_help import PushHelp

Language = Literal["pt", "en"]

_SIGNING_PT: Final = """   Como assinar, de um de dois modos:

   a) No corpo. signature = HMAC-SHA256 em hexadecimal; chave: o segredo como está escrito, com whsec_; texto: v1, camera_id,
      placa, timestamp, confianca (o número como vai no JSON) e imagem_url, um por linha (\\n), em UTF-8; o que falta ou é null
      fica vazio. No teste acima:
      {signed}
      Vale só por cinco minutos em torno de timestamp; depois a resposta é stale_push.
   b) Nos cabeçalhos (Standard Webhooks), sobre o corpo inteiro, byte a byte, sem signature nele:
      webhook-id: único de cada mensagem, o mesmo ao repetir
      webhook-timestamp: hora do envio, segundos Unix; vale cinco minutos
      webhook-signature: v1,base64(HMAC-SHA256(chave = base64 decodificado do que segue whsec_; texto = id.timestamp.corpo))
      Quem guarda leituras enquanto a linha está fora tem de usar este: assina a hora do envio, e a leitura pode ser antiga.
      Ela fica com a própria hora e, depois de um minuto, não alerta ninguém; se tiver mais de 400 dias (e mais do que
      o prazo das leituras aqui), ou for do futuro, a resposta é reading_time_refused.

   timestamp   hora da leitura, RFC 3339 com fuso: 2026-03-14T09:26:53-03:00, ou Z
   confianca   de 0 a 1, ou null (acima de 1, até 100, conta em centésimos)
   imagem_url  onde o equipamento busca a foto (JPEG), ou null
   sentido     só com b: a palavra do sentido, até 32 caracteres
   area_placa  só com b: [esquerda, topo, largura, altura] da placa na foto, cada um de 0 a 1 do tamanho dela

   Assinaturas para testar: {vectors_url} (config/webhook-vectors.json); a API inteira: {openapi_url}
"""

_SIGNING_EN: Final = """   How to sign, in one of two ways:

   a) In the body. signature = HMAC-SHA256 in hex; key: the secret as it is written, whsec_ included; text: v1, camera_id,
      placa, timestamp, confianca (the number as it stands in the JSON) and imagem_url, one a line (\\n), in UTF-8; what is
      absent or null is empty. In the trial above:
      {signed}
      It is good for five minutes around timestamp alone; later the answer is stale_push.
   b) In the headers (Standard Webhooks), over the whole body, byte for byte, with no signature in it:
      webhook-id: one of its own for each message, the same when it is sent again
      webhook-timestamp: the time of sending, Unix seconds; good for five minutes
      webhook-signature: v1,base64(HMAC-SHA256(key = what follows whsec_, base64-decoded; text = id.timestamp.body))
      Who keeps readings while the line is down must use this one: it signs the time of sending, and the reading may be old.
      It keeps its own time and, after a minute, alarms nobody; older than 400 days (and than readings live here), or in the
      future, it is answered with reading_time_refused.

   timestamp   time of the reading, RFC 3339 with its offset: 2026-03-14T09:26:53-03:00, or Z
   confianca   0 to 1, or null (above 1, up to 100, counts in hundredths)
   imagem_url  where this box fetches the picture (JPEG), or null
   sentido     with b alone: the word for the direction, up to 32 characters
   area_placa  with b alone: [left, top, width, height] of the plate in the picture, each 0 to 1 of its size

   Signatures to test with: {vectors_url} (config/webhook-vectors.json); the whole API: {openapi_url}
"""

_PT: Final = """Leituras de placas da câmera {camera_id}
Isto contém o segredo da câmera: não publique, não cole em conversas.

1. Webhook (integrador)
   Endereço  {webhook_url}
   Segredo   {secret}
   Teste, uma leitura da placa AAA0A00; a assinatura vale por cinco minutos:

{curl}

{signing}
2. Hikvision (ISAPI, PUT /ISAPI/Event/notification/httpHosts/1)
   Ligue na câmera o evento ANPR a "Notificar central de vigilância".

{xml}
3. Intelbras e Dahua (ITSAPI, envio automático / push)
   Servidor  {host}
   Porta     {port}
   HTTPS     {https}
   Usuário   {user}
   Senha     {secret}
   Senha curta, se o campo não aceitar a outra:  {short_password}
   Caminhos, se a câmera os pedir:
     {paths}
"""

_EN: Final = """Plate readings of camera {camera_id}
This holds the camera's secret: do not publish it, do not paste it into chats.

1. Webhook (integrator)
   Address   {webhook_url}
   Secret    {secret}
   Trial, one reading of plate AAA0A00; its signature is good for five minutes:

{curl}

{signing}
2. Hikvision (ISAPI, PUT /ISAPI/Event/notification/httpHosts/1)
   On the camera, link the ANPR event to "Notify Surveillance Center".

{xml}
3. Intelbras and Dahua (ITSAPI, automatic upload / push)
   Server    {host}
   Port      {port}
   HTTPS     {https}
   User      {user}
   Password  {secret}
   Short password, where the field does not take the other:  {short_password}
   Paths, where the camera asks for them:
     {paths}
"""

ONLY_HERE: Final = {
    "pt": "O endereço acima só alcança este equipamento ([api] host): diga com --url por onde os outros chegam a ele.",
    "en": "The address above reaches this box from itself alone ([api] host): name with --url how others reach it.",
}
"""For an API that listens on the loopback address."""
_YES_NO: Final = {"pt": ("sim", "não"), "en": ("yes", "no")}


def describe_help(found: PushHelp, language: Language) -> str:
    """Return *found* as text for a terminal; commands and XML stand unbroken, for copying."""
    fields = found.itsapi
    yes, no = _YES_NO[language]
    signing = (_SIGNING_PT if language == "pt" else _SIGNING_EN).format(
        signed=found.webhook_signed.replace("\n", "\\n"),
        vectors_url=f"{found.webhook_url}/vectors",
        openapi_url=found.webhook_url.replace("/webhooks/lpr", "/openapi.json"),
    )
    return (_PT if language == "pt" else _EN).format(
        camera_id=found.camera_id,
        webhook_url=found.webhook_url,
        secret=found.secret,
        curl=found.webhook_curl,
        signing=signing,
        xml=found.hikvision_xml,
        host=fields.host,
        port=fields.port,
        https=yes if fields.is_https else no,
        user=fields.user,
        short_password=fields.short_password,
        paths="\n     ".join(fields.paths),
    )
