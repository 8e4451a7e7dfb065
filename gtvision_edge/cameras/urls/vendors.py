"""The vendors' own URL shapes; one class per shape, several brands share one."""

from dataclasses import dataclass
from typing import Final

from gtvision_edge.cameras.urls.builder import (
    DEFAULT_RTSP_PORT,
    Stream,
    UrlBuilder,
    encode_in_path,
)


@dataclass(frozen=True, slots=True)
class Vendor:
    """A choice of the vendor list: what a person reads, and the ports such cameras leave the factory with."""

    key: str
    label: str
    rtsp_port: int = DEFAULT_RTSP_PORT
    http_port: int = 80
    onvif_port: int = 80
    needs_url: bool = False
    """The stream's address must be typed; nothing can be built from host and channel."""
    has_channels: bool = False
    asks_device: bool = False
    """The device itself tells its streams' addresses (ONVIF)."""
    user_hint: str = ""
    """A sentence for the installer (pt-BR), '' = none."""


class DahuaUrls(UrlBuilder):
    """Dahua and its OEMs, Intelbras first among them."""

    def path(self, wanted: Stream) -> str:
        return f"/cam/realmonitor?channel={wanted.channel}&subtype={0 if wanted.profile == 'main' else 1}"


class HikvisionUrls(UrlBuilder):
    """Hikvision since 2012: channel times 100 plus the stream's number."""

    def path(self, wanted: Stream) -> str:
        return f"/Streaming/Channels/{wanted.channel}{'01' if wanted.profile == 'main' else '02'}"


class HikvisionLegacyUrls(UrlBuilder):
    """Hikvision before 2012, still answered by many. A hybrid DVR's first IP channel is 33."""

    def path(self, wanted: Stream) -> str:
        return f"/h264/ch{wanted.channel}/{wanted.profile}/av_stream"


class AxisUrls(UrlBuilder):
    def path(self, wanted: Stream) -> str:
        camera = f"&camera={wanted.channel}" if wanted.channel > 1 else ""
        # Axis has no sub stream: the size is asked for, and must be one the camera offers.
        size = "&resolution=640x360" if wanted.profile == "sub" else ""
        return f"/axis-media/media.amp?videocodec=h264{camera}{size}"


class UniviewUrls(UrlBuilder):
    def path(self, wanted: Stream) -> str:
        lens = str(wanted.channel) if wanted.channel > 1 else ""
        return f"/media{lens}/video{1 if wanted.profile == 'main' else 2}"


class UniviewRecorderUrls(UrlBuilder):
    def path(self, wanted: Stream) -> str:
        return f"/unicast/c{wanted.channel}/s{0 if wanted.profile == 'main' else 1}/live"


class TapoUrls(UrlBuilder):
    def path(self, wanted: Stream) -> str:
        return "/stream1" if wanted.profile == "main" else "/stream2"


class ReolinkUrls(UrlBuilder):
    def path(self, wanted: Stream) -> str:
        return f"/Preview_{wanted.channel:02d}_{wanted.profile}"


class ReolinkLegacyUrls(UrlBuilder):
    def path(self, wanted: Stream) -> str:
        return f"/h264Preview_{wanted.channel:02d}_{wanted.profile}"


class FoscamUrls(UrlBuilder):
    def path(self, wanted: Stream) -> str:
        return "/videoMain" if wanted.profile == "main" else "/videoSub"


class BoschUrls(UrlBuilder):
    def path(self, wanted: Stream) -> str:
        line = f"line={wanted.channel}&" if wanted.channel > 1 else ""
        return f"/rtsp_tunnel?{line}inst={1 if wanted.profile == 'main' else 2}"


class VivotekUrls(UrlBuilder):
    def path(self, wanted: Stream) -> str:
        return "/live.sdp" if wanted.profile == "main" else "/live2.sdp"


class XiongmaiUrls(UrlBuilder):
    """XMeye firmware: wants user and password once more in the path, and reads them there undecoded."""

    def path(self, wanted: Stream) -> str:
        stream = 0 if wanted.profile == "main" else 1
        name, word = encode_in_path(wanted.user), encode_in_path(wanted.password)
        return (
            f"/user={name}&password={word}&channel={wanted.channel}&stream={stream}.sdp?real_stream"
        )


_DAHUA_HINT: Final = "A câmera bloqueia o endereço depois de poucas senhas erradas."
_HIKVISION_HINT: Final = (
    "Depois de 5 senhas erradas a câmera bloqueia este endereço por 30 minutos."
)

VENDORS: Final[tuple[tuple[Vendor, UrlBuilder], ...]] = (
    (
        Vendor(
            "intelbras",
            "Intelbras (VIP, MHDX, iMHDX, NVD, Mibo)",
            has_channels=True,
            user_hint="Mibo: usuário admin e a chave de acesso da etiqueta como senha.",
        ),
        DahuaUrls(),
    ),
    (Vendor("dahua", "Dahua", has_channels=True, user_hint=_DAHUA_HINT), DahuaUrls()),
    (Vendor("amcrest", "Amcrest", has_channels=True), DahuaUrls()),
    (Vendor("lorex", "Lorex", has_channels=True), DahuaUrls()),
    (
        Vendor("hikvision", "Hikvision", has_channels=True, user_hint=_HIKVISION_HINT),
        HikvisionUrls(),
    ),
    (Vendor("hilook", "HiLook", has_channels=True, user_hint=_HIKVISION_HINT), HikvisionUrls()),
    (Vendor("annke", "Annke", has_channels=True, user_hint=_HIKVISION_HINT), HikvisionUrls()),
    (
        Vendor(
            "ezviz",
            "EZVIZ",
            has_channels=True,
            user_hint="Usuário admin e o código de verificação da etiqueta como senha.",
        ),
        HikvisionUrls(),
    ),
    (
        Vendor(
            "hikvision_legacy",
            "Hikvision (antes de 2012)",
            has_channels=True,
            user_hint="Em DVR híbrido o primeiro canal IP é o 33.",
        ),
        HikvisionLegacyUrls(),
    ),
    (Vendor("axis", "Axis", has_channels=True), AxisUrls()),
    (
        Vendor(
            "uniview",
            "Uniview (câmera)",
            has_channels=True,
            user_hint="Canal 2 é a segunda lente.",
        ),
        UniviewUrls(),
    ),
    (Vendor("uniview_nvr", "Uniview (gravador)", has_channels=True), UniviewRecorderUrls()),
    (
        Vendor(
            "tplink_tapo",
            "TP-Link Tapo",
            onvif_port=2020,
            user_hint="Use a conta da câmera (criada no aplicativo em Avançado), não o login Tapo.",
        ),
        TapoUrls(),
    ),
    (
        Vendor(
            "reolink",
            "Reolink",
            onvif_port=8000,
            has_channels=True,
            user_hint="O RTSP vem desligado: ligue em Rede > Avançado > Portas.",
        ),
        ReolinkUrls(),
    ),
    (
        Vendor("reolink_legacy", "Reolink (firmware antigo)", onvif_port=8000, has_channels=True),
        ReolinkLegacyUrls(),
    ),
    (
        Vendor(
            "foscam",
            "Foscam",
            rtsp_port=88,
            http_port=88,
            onvif_port=888,
            user_hint="A porta RTSP costuma ser a 88; em alguns modelos é a 554.",
        ),
        FoscamUrls(),
    ),
    (Vendor("bosch", "Bosch", has_channels=True), BoschUrls()),
    (Vendor("vivotek", "Vivotek"), VivotekUrls()),
    (
        Vendor(
            "xiongmai",
            "Xiongmai / XMeye (Giga HVR, Luxvision)",
            onvif_port=8899,
            has_channels=True,
        ),
        XiongmaiUrls(),
    ),
)
