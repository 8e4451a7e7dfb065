"""Logging set up once: JSON lines for the journal, coloured text for a terminal, never a local variable."""

import logging
import re
import sys
from contextvars import ContextVar
from typing import Final, Literal

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

# XM's password= path field, user:password@ in any URL, up to the last @ for a password that someone forgot to encode, and tokens or tickets in a query.
_SECRETS = (
    # Before the URLs: an @ in such a field would pass for the end of the credentials.
    (re.compile(r"((?:password|passwd|pwd|pass|senha)=)[^&\s\"']+", re.IGNORECASE), r"\1***"),
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^\s\"'<>]+@", re.IGNORECASE), r"\1***@"),
    (re.compile(r"((?:token|ticket|access_token|signature)=)[^&\s\"']+", re.IGNORECASE), r"\1***"),
    (re.compile(r"(/webhooks/hikvision/)[^/\s\"']+"), r"\1***"),
    (re.compile(r"whsec_[A-Za-z0-9+/=]+"), "whsec_***"),
    (re.compile(r"(Bearer\s+)[A-Za-z0-9._~+/=-]+", re.IGNORECASE), r"\1***"),
)


REQUEST_ID: Final[ContextVar[str]] = ContextVar("request_id", default="")
"""Of the request in whose course something is logged; each line names it. '' = there is none."""


def _add_request_id(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    request_id = REQUEST_ID.get()
    if request_id:
        event.setdefault("request_id", request_id)
    return event


def mask_secrets(text: str) -> str:
    """Return *text* without credentials in URLs, password fields, tokens and tickets."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


def _mask_event(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    # The net under the rule "never log a secret": a stranger's library may put a URL into its message.
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = mask_secrets(value)
    return event


def configure_logs(level: str = "INFO", style: Literal["auto", "json", "text"] = "auto") -> None:
    """Route structlog and the standard library's logging to stderr in one format."""
    text = style == "text" or (style == "auto" and sys.stderr.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _add_request_id,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _mask_event,
    ]
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if text
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
