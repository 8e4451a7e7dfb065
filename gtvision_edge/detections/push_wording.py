"""What ``gtvision-edge webhook-help`` prints, in the two languages of the product."""

from typing import Final, Literal

from gtvision_edge.detections.push_help import PushHelp

Language = Literal["pt", "en"]

_PT: Final = """Leituras de placas da câmera {camera_id}
Isto contém o segredo da câmera: não publique, não cole em conversas.

1. Webhook (integrador)
   Endereço  {webhook_url}
   Segredo   {secret}
   Teste, uma leitura da placa AAA0A00; a assinatura vale por cinco minutos:

{curl}

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
    return (_PT if language == "pt" else _EN).format(
        camera_id=found.camera_id,
        webhook_url=found.webhook_url,
        secret=found.secret,
        curl=found.webhook_curl,
        xml=found.hikvision_xml,
        host=fields.host,
        port=fields.port,
        https=yes if fields.is_https else no,
        user=fields.user,
        short_password=fields.short_password,
        paths="\n     ".join(fields.paths),
    )
