"""What can be wrong with keys and with what they signed."""

from typing import ClassVar

from gtvision_edge.errors import EdgeError, ErrorKind


class BrokenSiteKeyError(EdgeError):
    """A key file of the site cannot be read or made."""

    code: ClassVar[str] = "broken_site_key"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class BrokenCertificateError(EdgeError):
    """The certificate that papers should be signed with cannot be used."""

    code: ClassVar[str] = "broken_certificate"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class BadSignatureError(EdgeError):
    """A signature is none, or not over this, or not by that key."""

    code: ClassVar[str] = "bad_signature"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID
