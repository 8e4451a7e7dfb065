"""What stands above every answer."""

from typing import Final

_CONTENT_SECURITY: Final = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:;"
    " worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; object-src 'none';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
ON_EVERY_ANSWER: Final = {
    "Content-Security-Policy": _CONTENT_SECURITY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Server": "gtvision-edge",
}
