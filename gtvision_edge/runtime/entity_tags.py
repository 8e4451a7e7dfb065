"""What a client has already: If-None-Match, as RFC 9110 (13.1.2) has it."""

from aiohttp import web


def has_already(request: web.Request, tag: str) -> bool:
    """Tell whether the client has what *tag*, without quotes, is the tag of; weak and strong ones are the same here."""
    return any(each.value in (tag, "*") for each in request.if_none_match or ())
