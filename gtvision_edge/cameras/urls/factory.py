"""From a vendor's key to its strategy."""

from typing import Final

from gtvision_edge.cameras.errors import UnknownVendorError
from gtvision_edge.cameras.urls.builder import UrlBuilder
from gtvision_edge.cameras.urls.typed import TypedUrlBuilder
from gtvision_edge.cameras.urls.vendors import VENDORS, Vendor

_TYPED: Final = (
    Vendor(
        "generic_onvif",
        "Outra marca (ONVIF)",
        has_channels=True,
        asks_device=True,
        user_hint="Use o usuário ONVIF da câmera: em algumas marcas ele é criado à parte.",
    ),
    Vendor(
        "generic_rtsp",
        "Outra marca (endereço RTSP)",
        needs_url=True,
        user_hint="Digite o endereço RTSP completo; usuário e senha nos seus campos.",
    ),
)

_BUILDERS: Final[dict[str, UrlBuilder]] = {vendor.key: builder for vendor, builder in VENDORS}
_VENDORS: Final[dict[str, Vendor]] = {
    vendor.key: vendor for vendor in (*(vendor for vendor, _ in VENDORS), *_TYPED)
}


class UrlBuilderFactory:
    """Knows every vendor. Builders hold no state of a camera and may be shared."""

    @staticmethod
    def get_builder(
        vendor: str, *, main_url: str | None = None, sub_url: str | None = None
    ) -> UrlBuilder:
        """Return the strategy of *vendor*; a typed *main_url* goes before it, whatever the vendor.

        Raises:
            UnknownVendorError: no such key.

        """
        known = UrlBuilderFactory.get_vendor(vendor)
        if main_url or known.needs_url or known.asks_device:
            return TypedUrlBuilder(main_url or "", sub_url)
        return _BUILDERS[vendor]

    @staticmethod
    def get_vendor(key: str) -> Vendor:
        if key not in _VENDORS:
            raise UnknownVendorError("This vendor is not known.", vendor=key[:40])
        return _VENDORS[key]

    @staticmethod
    def vendors() -> tuple[Vendor, ...]:
        """All vendors in the order people should read them."""
        return tuple(_VENDORS.values())
