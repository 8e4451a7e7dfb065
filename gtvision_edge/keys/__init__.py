"""The site's own keys: one signs what it says, one its papers, one its pushes. Nothing here knows what is signed."""

from gtvision_edge.keys.errors import BadSignatureError, BrokenCertificateError, BrokenSiteKeyError
from gtvision_edge.keys.paper_key import PaperKey
from gtvision_edge.keys.push_key import PushKey
from gtvision_edge.keys.site_key import SiteKey, SitePublicKey
from gtvision_edge.keys.store import OpenedKeys, open_keys

__all__ = [
    "BadSignatureError",
    "BrokenCertificateError",
    "BrokenSiteKeyError",
    "OpenedKeys",
    "PaperKey",
    "PushKey",
    "SiteKey",
    "SitePublicKey",
    "open_keys",
]
