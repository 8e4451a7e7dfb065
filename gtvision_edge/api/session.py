"""Logging in and out, tickets, and who one is."""

from typing import Annotated, Literal

from pydantic import Field

from gtvision_edge.accounts import AccountService, Login, Principal, SessionService, TenantService
from gtvision_edge.accounts.errors import (
    LoginBusyError,
    LoginThrottledError,
    NotAuthenticatedError,
    NotPermittedError,
    SessionEndedError,
    UnknownUserError,
    WeakPasswordError,
    WrongCredentialsError,
    WrongPasswordError,
)
from gtvision_edge.api.auth import REFRESH_COOKIE, RequestAuthenticator, login_cookies, no_cookies
from gtvision_edge.api.errors import ForeignOriginError
from gtvision_edge.api.routing import EVERYONE, PUBLIC, Answer, Body, Call, Endpoint, Reply
from gtvision_edge.cameras.errors import UnknownCameraError
from gtvision_edge.cameras.service import CameraService
from gtvision_edge.media.paths import PathUse, parse_path_name
from gtvision_edge.recordings.playback.service import Playback

Secret = Annotated[str, Field(max_length=1024, json_schema_extra={"format": "password"})]
LocaleName = Literal["pt-BR", "en"]


class LoginBody(Body):
    username: Annotated[str, Field(max_length=256)]
    password: Secret


class TicketBody(Body):
    path: Annotated[str, Field(max_length=64)] | None = None
    """The media path the ticket is for, such as ``cam01_live``; absent = any."""


class PasswordBody(Body):
    current: Secret
    new: Secret


class MeBody(Body):
    name: Annotated[str, Field(max_length=120)] | None = None
    locale: LocaleName | None = None


class Me(Answer):
    user_id: str
    username: str
    name: str
    role: str
    tenant_id: str | None
    tenant_name: str | None
    camera_ids: list[str] | None
    locale: LocaleName
    must_change_password: bool


class SessionAnswer(Answer):
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 -- the kind of token
    expires_in: int
    user: Me


class TicketAnswer(Answer):
    ticket: str
    expires_in: int


class _SessionResource:
    def __init__(
        self,
        sessions: SessionService,
        accounts: AccountService,
        tenants: TenantService,
        authenticator: RequestAuthenticator,
        cameras: CameraService,
        playback: Playback,
    ) -> None:
        self._sessions = sessions
        self._accounts = accounts
        self._tenants = tenants
        self._authenticator = authenticator
        self._cameras = cameras
        self._playback = playback

    async def login(self, call: Call) -> Reply:
        body = call.body_as(LoginBody)
        self._authenticator.require_own_origin(call.request)
        login = await self._sessions.login(body.username, body.password, address=call.address)
        return await self._reply(login)

    async def refresh(self, call: Call) -> Reply:
        self._authenticator.require_own_origin(call.request)
        token = call.request.cookies.get(REFRESH_COOKIE)
        if not token:
            raise SessionEndedError("There is no session to renew; log in.")
        return await self._reply(await self._sessions.refresh(token, address=call.address))

    async def logout(self, call: Call) -> Reply:
        self._authenticator.require_own_origin(call.request)
        try:
            session = await self._authenticator.find_session(
                call.request, with_provisional_password=True
            )
        except NotAuthenticatedError:
            session = None  # it may have run out; the refresh cookie still tells which login ends
        token = call.request.cookies.get(REFRESH_COOKIE)
        await self._sessions.logout(session, token, address=call.address)
        return Reply(cookies=no_cookies())

    async def ticket(self, call: Call) -> TicketAnswer:
        assert call.session is not None  # noqa: S101 -- the endpoint is not public
        path = call.body_as(TicketBody).path
        if path is not None:
            await self._require_stream(call.principal, path)
        ticket, expires_in = self._sessions.issue_ticket(call.session, path=path)
        return TicketAnswer(ticket=ticket, expires_in=expires_in)

    async def _require_stream(self, principal: Principal, path: str) -> None:
        """Refuse a path that a ticket could not open: who asks learns it now, as everywhere else, not from a player."""
        if not principal.may_watch:
            raise NotPermittedError("Your role does not allow this.")
        parsed = parse_path_name(path)
        if parsed is None:
            raise UnknownCameraError("There is no such camera.")
        camera_id, use = parsed
        try:
            await self._cameras.get_camera(principal, camera_id)
        except UnknownCameraError:
            if use is not PathUse.RECORD:
                raise
            await self._playback.camera(principal, camera_id)  # removed, and its footage is left

    async def password(self, call: Call) -> Reply:
        assert call.session is not None  # noqa: S101 -- likewise
        body = call.body_as(PasswordBody)
        login = await self._sessions.change_password(
            call.session, body.current, body.new, address=call.address
        )
        return Reply(cookies=login_cookies(login))

    async def me(self, call: Call) -> Me:
        if call.principal.issuer is not None:
            return await self._me(call.principal)
        user = await self._accounts.get_user(call.principal, call.principal.user_id)
        return await self._me(user.principal(), must_change_password=user.must_change_password)

    async def change_me(self, call: Call) -> Me:
        body = call.body_as(MeBody)
        user = await self._accounts.update_self(
            call.principal, name=body.name, locale=body.locale, address=call.address
        )
        return await self._me(user.principal(), must_change_password=user.must_change_password)

    async def _reply(self, login: Login) -> Reply:
        content = SessionAnswer(
            access_token=login.access_token,
            expires_in=login.expires_in_s,
            user=await self._me(
                login.user.principal(), must_change_password=login.user.must_change_password
            ),
        )
        return Reply(content, cookies=login_cookies(login))

    async def _me(self, principal: Principal, *, must_change_password: bool = False) -> Me:
        tenant_name = None
        if principal.tenant_id is not None:
            tenant = await self._tenants.get_tenant(principal, principal.tenant_id)
            tenant_name = tenant.name
        return Me(
            user_id=principal.user_id,
            username=principal.username,
            name=principal.name,
            role=principal.role.value,
            tenant_id=principal.tenant_id,
            tenant_name=tenant_name,
            camera_ids=None if principal.camera_ids is None else sorted(principal.camera_ids),
            locale=principal.locale,
            must_change_password=must_change_password,
        )


def session_endpoints(
    sessions: SessionService,
    accounts: AccountService,
    tenants: TenantService,
    authenticator: RequestAuthenticator,
    cameras: CameraService,
    playback: Playback,
) -> list[Endpoint]:
    """Return ``/auth/…`` and ``/me``."""
    resource = _SessionResource(sessions, accounts, tenants, authenticator, cameras, playback)
    checking = (LoginThrottledError, LoginBusyError)
    return [
        Endpoint(
            "POST",
            "/auth/login",
            resource.login,
            "Log in with user name and password",
            "session",
            PUBLIC,
            body=LoginBody,
            response=SessionAnswer,
            errors=(WrongCredentialsError, ForeignOriginError, *checking),
            description="Sets the cookies gtv_session and gtv_refresh; other clients use the access token.",
        ),
        Endpoint(
            "POST",
            "/auth/refresh",
            resource.refresh,
            "Renew the session with the cookie gtv_refresh",
            "session",
            PUBLIC,
            response=SessionAnswer,
            errors=(SessionEndedError, ForeignOriginError),
        ),
        Endpoint(
            "POST",
            "/auth/logout",
            resource.logout,
            "End the session",
            "session",
            PUBLIC,
            status=204,
            errors=(ForeignOriginError,),
        ),
        Endpoint(
            "POST",
            "/auth/ticket",
            resource.ticket,
            "Get a one-time ticket for a WebSocket or a player",
            "session",
            EVERYONE,
            body=TicketBody,
            response=TicketAnswer,
            errors=(UnknownCameraError,),
            description="With a path it opens that stream alone, which must be of a camera one may see.",
        ),
        Endpoint(
            "POST",
            "/auth/password",
            resource.password,
            "Change the own password; all other sessions end",
            "session",
            EVERYONE,
            body=PasswordBody,
            status=204,
            errors=(WrongPasswordError, WeakPasswordError, *checking),
            with_provisional_password=True,
        ),
        Endpoint(
            "GET",
            "/me",
            resource.me,
            "Who is logged in",
            "session",
            EVERYONE,
            response=Me,
            errors=(UnknownUserError,),
            with_provisional_password=True,
        ),
        Endpoint(
            "PATCH",
            "/me",
            resource.change_me,
            "Change the own name or language",
            "session",
            EVERYONE,
            body=MeBody,
            response=Me,
            errors=(UnknownUserError,),
            with_provisional_password=True,
        ),
    ]
