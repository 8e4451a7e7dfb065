"""How each vendor's cameras name their streams: one strategy per shape of URL."""

from gtvision_edge.cameras.urls.builder import (
    DEFAULT_RTSP_PORT,
    ProfileName,
    UrlBuilder,
    check_channel,
    check_host,
    check_port,
    encode_credential,
    mask_url,
    with_credentials,
)
from gtvision_edge.cameras.urls.factory import UrlBuilderFactory
from gtvision_edge.cameras.urls.typed import TypedAddress, TypedUrlBuilder, split_typed_url
from gtvision_edge.cameras.urls.vendors import Vendor

__all__ = [
    "DEFAULT_RTSP_PORT",
    "ProfileName",
    "TypedAddress",
    "TypedUrlBuilder",
    "UrlBuilder",
    "UrlBuilderFactory",
    "Vendor",
    "check_channel",
    "check_host",
    "check_port",
    "encode_credential",
    "mask_url",
    "split_typed_url",
    "with_credentials",
]
