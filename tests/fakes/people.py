"""People who may watch, without accounts: a bearer token, cookie or ticket is the name of a person."""

from aiohttp import web

from gtvision_edge.accounts import NotAuthenticatedError, Principal, Role, Session, TenantId, UserId


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
    """Those in ``known`` are let in; who is taken out is refused from then on. ``tickets``: name and path by ticket."""

    def __init__(self, *known: Principal) -> None:
        self.known = {principal.username: principal for principal in known}
        self.tickets: dict[str, tuple[str, str | None]] = {}

    async def find_session(self, request: web.Request) -> Session:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return self._session(bearer or request.cookies.get("gtv_session", ""))

    async def authenticate(self, token: str) -> Session:
        return self._session(token)

    async def redeem_ticket(self, ticket: str, *, path: str | None) -> Session:
        name, bound = self.tickets.pop(ticket, ("", None))
        return self._session(name if bound in (None, path) else "")

    async def is_still_good(self, session: Session) -> bool:
        return session.principal.username in self.known

    def _session(self, name: str) -> Session:
        if name not in self.known:
            raise NotAuthenticatedError("Log in first.")
        return Session(self.known[name], f"login-{name}")
