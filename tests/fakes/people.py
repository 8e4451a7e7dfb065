"""People who may watch, without accounts: a bearer token, cookie or ticket is the name of a person."""

from aiohttp import web

from gtvision_edge.accounts import NotAuthenticatedError, Principal, Role, Session, TenantId, UserId
from gtvision_edge.storage import StorageError


def viewer(
    name: str,
    tenant: str | None,
    cameras: frozenset[str] | None = None,
    *,
    role: Role = Role.VIEWER,
) -> Principal:
    return Principal(
        user_id=UserId(name),
        username=name,
        name=name.title(),
        role=role,
        tenant_id=TenantId(tenant) if tenant else None,
        camera_ids=cameras,
        locale="pt-BR",
        token_version=1,
    )


class People:
    """Those in ``known`` are let in; who is taken out is refused from then on. ``tickets``: name and path by ticket.

    While it is *busy* it cannot tell, as accounts whose database does not answer; ``put_off`` counts who asked then.
    """

    def __init__(self, *known: Principal) -> None:
        self.known = {principal.username: principal for principal in known}
        self.tickets: dict[str, tuple[str, str | None]] = {}
        self.busy = False
        self.put_off = 0

    async def find_session(self, request: web.Request) -> Session:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return self._session(bearer or request.cookies.get("gtv_session", ""))

    async def authenticate(self, token: str) -> Session:
        return self._session(token)

    async def redeem_ticket(self, ticket: str, *, path: str | None) -> Session:
        name, bound = self.tickets.pop(ticket, ("", None))
        return self._session(name if bound in (None, path) else "")

    async def is_still_good(self, session: Session) -> bool:
        self._require_answer()
        return session.principal.username in self.known

    def _require_answer(self) -> None:
        if self.busy:
            self.put_off += 1
            raise StorageError("The database is busy.")

    def _session(self, name: str) -> Session:
        self._require_answer()
        if name not in self.known:
            raise NotAuthenticatedError("Log in first.")
        return Session(self.known[name], f"login-{name}")
