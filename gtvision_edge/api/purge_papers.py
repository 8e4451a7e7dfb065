"""The signed report of a purge, for auditors and whoever they show it to."""

from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from gtvision_edge.accounts import Principal
from gtvision_edge.api.routing import INSPECTORS, Call, Endpoint
from gtvision_edge.errors import EdgeError
from gtvision_edge.papers import PaperError
from gtvision_edge.recordings.purge_papers import PurgePapers, PurgeRecord, PurgeRunningError

_PDF = "application/pdf"


def purge_paper_endpoints(
    find_purge: Callable[[Principal, str], Awaitable[PurgeRecord]],
    papers: PurgePapers,
    *,
    unknown: type[EdgeError],
) -> list[Endpoint]:
    """Return ``/purges/{id}.pdf``; declare it before ``/purges/{id}``, which would take it for an id.

    *find_purge* raises *unknown* for a purge that is not there, or is none of that person's business.
    """

    async def pdf(call: Call) -> web.StreamResponse:
        purge = await find_purge(call.principal, call.path("purge_id"))
        content = await papers.fetch(purge)
        name = f"relatorio-de-expurgo-{purge.purge_id}.pdf"
        return web.Response(
            body=content,
            content_type=_PDF,
            headers={
                hdrs.CONTENT_DISPOSITION: f'inline; filename="{name}"',
                hdrs.CACHE_CONTROL: "private, no-cache",
            },
        )

    return [
        Endpoint(
            "GET",
            "/purges/{purge_id}.pdf",
            pdf,
            "Get the signed report of a purge",
            "storage",
            INSPECTORS,
            response=_PDF,
            errors=(PurgeRunningError, PaperError),
            ids={"purge_id": unknown},
            description="In Portuguese; `pdfsig` checks it. The first asking makes it, which takes some seconds; later ones get the same bytes.",
        )
    ]
