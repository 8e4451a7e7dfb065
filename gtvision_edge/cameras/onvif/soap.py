"""SOAP 1.2 as ONVIF speaks it: envelopes, the UsernameToken, and faults."""

import base64
import hashlib
import secrets
from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from gtvision_edge.cameras.onvif.tree import Node

CONTENT_TYPE: Final = "application/soap+xml; charset=utf-8"

_ENVELOPE: Final = "http://www.w3.org/2003/05/soap-envelope"
_WSS: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
_REFUSALS: Final = ("notauthori", "failedauthentication", "invalidsecurity", "senderunauthor")


def envelope(body: str, *, header: str = "") -> bytes:
    """Return the document around *body*; one line, since some devices read no further than a line break."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<s:Envelope xmlns:s="{_ENVELOPE}"><s:Header>{header}</s:Header>'
        f"<s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def element(name: str, namespace: str, content: str = "") -> str:
    """Return an element that declares its own namespace as the default one of all inside."""
    return f"<{name} xmlns={quoteattr(namespace)}>{content}</{name}>"


def text_element(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"


def username_token(user: str, password: str, created_us: int) -> str:
    """Return the WS-Security header. *created_us* is the time **by the device's clock**: it refuses what seems old."""
    nonce = secrets.token_bytes(16)
    created = datetime.fromtimestamp(created_us / 1_000_000, tz=UTC).strftime(
        "%Y-%m-%dT%H:%M:%S.%f"
    )
    created = f"{created[:-3]}Z"
    return (
        f'<w:Security s:mustUnderstand="1" xmlns:w="{_WSS}-wssecurity-secext-1.0.xsd"'
        f' xmlns:u="{_WSS}-wssecurity-utility-1.0.xsd"><w:UsernameToken>'
        f"<w:Username>{escape(user)}</w:Username>"
        f'<w:Password Type="{_WSS}-username-token-profile-1.0#PasswordDigest">'
        f"{password_digest(nonce, created, password)}</w:Password>"
        f'<w:Nonce EncodingType="{_WSS}-soap-message-security-1.0#Base64Binary">'
        f"{base64.b64encode(nonce).decode()}</w:Nonce>"
        f"<u:Created>{created}</u:Created></w:UsernameToken></w:Security>"
    )


def password_digest(nonce: bytes, created: str, password: str) -> str:
    """Return Base64(SHA-1(nonce, created, password)), as WSS UsernameToken Profile 1.1 section 3.1 wants it."""
    made = hashlib.sha1(nonce + created.encode() + password.encode(), usedforsecurity=False)
    return base64.b64encode(made.digest()).decode()


def fault_of(root: Node) -> Node | None:
    """Return the fault that an answer carries, None = it is none."""
    body = root.child("Body")
    return body.child("Fault") if body is not None else None


def is_refusal(fault: Node) -> bool:
    """Tell whether *fault* says that user or password (or their absence) are the trouble."""
    said = [node.text for node in fault.every("Value")]
    said += [node.text for node in fault.every("Text")]
    said += [node.text for node in fault.every("faultcode")]
    said += [node.text for node in fault.every("faultstring")]
    joined = " ".join(said).lower().replace(" ", "").replace("-", "")
    return any(word in joined for word in _REFUSALS)


def fault_code(fault: Node) -> str:
    """Return the innermost subcode without its prefix, for the journal and for people; short and plain."""
    codes = [node.text.rpartition(":")[2] for node in fault.every("Value")]
    return "".join(c for c in (codes[-1] if codes else "") if c.isalnum())[:40]
