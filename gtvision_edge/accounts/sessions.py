"""Logins: how they begin, go on, prove themselves and end."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from prometheus_client import CollectorRegistry, Counter

from gtvision_edge.accounts import repository
from gtvision_edge.accounts.directory import Directory
from gtvision_edge.accounts.errors import (
    LoginBusyError,
    LoginThrottledError,
    NotAuthenticatedError,
    PasswordChangeRequiredError,
    SessionEndedError,
    WrongCredentialsError,
    WrongPasswordError,
)
from gtvision_edge.accounts.failed_logins import FailedLogins
from gtvision_edge.accounts.issuers import IssuedClaims, TokenIssuers
from gtvision_edge.accounts.model import Principal, User, UserId
from gtvision_edge.accounts.passwords import Passwords, check_new_password
from gtvision_edge.accounts.rules import require_own_user
from gtvision_edge.accounts.signed_tokens import MalformedTokenError, read_unverified
from gtvision_edge.accounts.throttle import LoginThrottle
from gtvision_edge.accounts.tokens import (
    AccessClaims,
    AccessTokens,
    Claims,
    Tickets,
    new_secret,
    secret_hash,
)
from gtvision_edge.audit import AuditLog
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.ids import new_uuid7
from gtvision_edge.storage import Database, Transaction

_RACE_GRACE_US: Final = 10_000_000
"""Two tabs that renew at once both get a token."""

_LOST_ANSWER_GRACE_US: Final = 120_000_000
"""A renewal whose answer was lost (time-out, 503, restart) may be asked again while nothing came of it."""

_HOUSEKEEPING_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Session:
    """A request's proof: who asks, and by which login; all tokens that an issuer gave to one person are one login."""

    principal: Principal
    session_id: str
    issued: IssuedClaims | None = None
    """What another issuer's token said; None = it is a login of ours."""


@dataclass(frozen=True, slots=True)
class Login:
    """What a client gets when it logs in or renews; lifetimes in seconds."""

    user: User
    session_id: str
    access_token: str
    expires_in_s: int
    refresh_token: str
    refresh_expires_in_s: int


class SessionService:
    """Passwords are checked, tokens issued, renewed and read, tickets given out."""

    def __init__(
        self,
        database: Database,
        audit: AuditLog,
        clock: Clock,
        *,
        directory: Directory,
        passwords: Passwords,
        throttle: LoginThrottle,
        tokens: AccessTokens,
        tickets: Tickets,
        issuers: TokenIssuers,
        refresh_lifetime_s: float,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._directory = directory
        self._passwords = passwords
        self._throttle = throttle
        self._tokens = tokens
        self._tickets = tickets
        self._issuers = issuers
        self._refresh_s = int(refresh_lifetime_s)
        self._failures = FailedLogins(database, audit, clock)
        self._logins = Counter(
            "gtvision_edge_logins",
            "Logins by outcome: done, refused (user or password wrong), throttled, busy.",
            ["outcome"],
            registry=registry or CollectorRegistry(),
        )

    async def login(self, username: str, password: str, *, address: str) -> Login:
        """Begin a login.

        Raises:
            WrongCredentialsError: no such user, wrong password or disabled; all three look and cost the same.
            LoginThrottledError: too many of those.
            LoginBusyError: too many at this moment.

        """
        try:
            is_last = self._throttle.begin(username, address)
        except LoginThrottledError:
            self._logins.labels("throttled").inc()
            raise
        try:
            # Login names are ASCII; SQLite would refuse to look for a lone surrogate.
            known = username if username.isascii() else ""
            found = await repository.find_login(self._database, known)
            user, password_hash = found or (None, None)
            is_right = await self._passwords.check(password_hash, password)
        except BaseException as error:
            self._throttle.abandoned(username, address)
            if isinstance(error, LoginBusyError):
                self._logins.labels("busy").inc()
            raise
        if user is None or password_hash is None or not is_right or not user.enabled:
            self._logins.labels("refused").inc()
            await self._failures.note(user, address, is_last=is_last)
            raise WrongCredentialsError("User name or password is wrong.")
        self._throttle.succeeded(username, address)
        outdated = self._passwords.is_outdated(password_hash)
        renewed_hash = await self._passwords.hash(password) if outdated else None
        session_id = new_uuid7(self._clock)
        refresh_token = new_secret()

        def write(transaction: Transaction) -> User:
            # Read again: the password or the user may have been changed while we hashed.
            current = repository.get_user_row(transaction, user.user_id)
            if (
                current is None
                or not current.enabled
                or current.token_version != user.token_version
            ):
                raise WrongCredentialsError("User name or password is wrong.")
            if renewed_hash is not None:
                repository.set_password_hash(transaction, user.user_id, renewed_hash)
            now_us = self._clock.now_us()
            repository.set_last_login(transaction, user.user_id, now_us)
            self._add_token(transaction, refresh_token, session_id, user.user_id)
            self._audit.append(
                transaction,
                actor=user.principal().actor(address),
                action="user.login",
                subject=f"user:{user.user_id}",
                tenant_id=user.tenant_id,
                details={"session": session_id},
            )
            return replace(current, last_login_us=now_us)

        current = await self._database.write(write)
        self._directory.changed()
        self._logins.labels("done").inc()
        return self._login(current, session_id, refresh_token)

    async def refresh(self, refresh_token: str, *, address: str) -> Login:
        """Renew a login: the old token is used up, a new one given.

        A used token that comes again ends the login, for one of the two that hold it is a thief; except within 10 s
        (two tabs), or within 2 min while nothing made from it was used (the answer was lost on its way).

        Raises:
            SessionEndedError: unknown, ended, run out or used twice.

        """
        presented = secret_hash(refresh_token)
        successor = new_secret()

        def write(transaction: Transaction) -> tuple[User, str] | None:
            now_us = self._clock.now_us()
            token = repository.find_refresh_token(transaction, presented)
            if token is None or token.expires_us <= now_us:
                return None
            user = repository.get_user_row(transaction, token.user_id)
            if user is None or not user.enabled:
                return None
            if token.used_us is not None and not _is_forgivable(token, now_us):
                repository.delete_family(transaction, token.family_id)
                self._audit.append(
                    transaction,
                    actor=user.principal().actor(address),
                    action="session.token_reused",
                    subject=f"user:{user.user_id}",
                    tenant_id=user.tenant_id,
                    details={"session": token.family_id},
                )
                return None
            repository.mark_refresh_token_used(transaction, presented, now_us)
            self._add_token(transaction, successor, token.family_id, user.user_id)
            return user, token.family_id

        renewed = await self._database.write(write)
        if renewed is None:
            self._directory.changed()
            raise SessionEndedError("The session has ended; log in again.")
        user, session_id = renewed
        return self._login(user, session_id, successor)

    async def logout(
        self, session: Session | None, refresh_token: str | None, *, address: str
    ) -> None:
        """End the login of *session* and that of *refresh_token*; done twice, nothing happens."""

        def write(transaction: Transaction) -> None:
            families: dict[str, UserId] = {}
            if refresh_token is not None:
                token = repository.find_refresh_token(transaction, secret_hash(refresh_token))
                if token is not None:
                    families[token.family_id] = token.user_id
            if session is not None:
                families[session.session_id] = session.principal.user_id
            for family_id, user_id in families.items():
                user = repository.get_user_row(transaction, user_id)
                if user is None or not repository.delete_family(transaction, family_id):
                    continue
                self._audit.append(
                    transaction,
                    actor=user.principal().actor(address),
                    action="user.logout",
                    subject=f"user:{user.user_id}",
                    tenant_id=user.tenant_id,
                    details={"session": family_id},
                )

        await self._database.write(write)
        self._directory.changed()

    async def authenticate(self, access_token: str) -> Session:
        """Return who holds *access_token*, one of ours or of an issuer we know, with the rights of this moment.

        Raises:
            NotAuthenticatedError: see :meth:`AccessTokens.read` and :meth:`TokenIssuers.read`; or the login was ended,
                the user disabled or changed, the tenant unknown. Whatever it is, it looks the same from outside.

        """
        try:
            return await self._session(self._read(access_token))
        except NotAuthenticatedError as error:
            raise NotAuthenticatedError("The access token is not valid.") from error

    def _read(self, access_token: str) -> Claims:
        """Have the token read by who issued it, as far as it says so; what it says is then proven, or refused."""
        if self._issuers:
            try:
                unverified = read_unverified(access_token)
            except MalformedTokenError as error:
                raise NotAuthenticatedError("This is no token.") from error
            if unverified.issuer != self._tokens.issuer and self._issuers.knows(unverified.issuer):
                return self._issuers.read(unverified)
        return self._tokens.read(access_token)

    def issue_ticket(self, session: Session, *, path: str | None = None) -> tuple[str, int]:
        """Return a one-time ticket for *session*, bound to *path* if given, and its lifetime in seconds."""
        return self._tickets.issue(_claims_of(session), path=path), self._tickets.lifetime_s

    async def redeem_ticket(self, ticket: str, *, path: str | None) -> Session:
        """Use *ticket* up for *path* and return whose it is.

        Raises:
            NotAuthenticatedError: as for :meth:`authenticate` and :meth:`Tickets.redeem`.
            PasswordChangeRequiredError: the person's password has become a provisional one.

        """
        session = await self._session(self._tickets.redeem(ticket, path=path))
        require_own_password(session.principal)
        return session

    async def is_still_good(self, session: Session) -> bool:
        """Tell whether *session* would be let in again; what lives longer than a request asks now and then."""
        try:
            current = await self._session(_claims_of(session))
        except NotAuthenticatedError:
            return False
        return not current.principal.must_change_password

    async def find_person(self, user_id: str, session_id: str) -> Principal | None:
        """Return who *user_id* is now, for what is told without being asked for.

        None: there is no such user, it is disabled, its password is a provisional one, or the login *session_id* has ended.
        """
        user = await self._directory.find_user(user_id)
        if user is None or not user.enabled or user.must_change_password:
            return None
        return user.principal() if await self._directory.is_login_alive(session_id) else None

    async def change_password(
        self, session: Session, current: str, new: str, *, address: str
    ) -> Login:
        """Change the own password; all other logins of this user end, this one goes on with new tokens.

        Raises:
            WrongPasswordError: *current* is not the present password.
            LoginThrottledError: too many of those.
            WeakPasswordError: *new* breaks a rule.
            NotPermittedError: another issuer vouches for this person.

        """
        require_own_user(session.principal)
        username = session.principal.username
        self._throttle.begin(username, address)
        try:
            found = await repository.find_login(self._database, username)
            user, password_hash = found or (None, None)
            is_right = await self._passwords.check(password_hash, current)
        except BaseException:
            self._throttle.abandoned(username, address)
            raise
        if user is None or not is_right:
            raise WrongPasswordError("The present password is wrong.")
        self._throttle.succeeded(username, address)
        check_new_password(new, username=username)
        new_hash = await self._passwords.hash(new)
        refresh_token = new_secret()

        def write(transaction: Transaction) -> User:
            before = repository.get_user_row(transaction, user.user_id)
            if before is None or before.token_version != user.token_version:
                raise NotAuthenticatedError("The session has ended.")
            after = replace(
                before, must_change_password=False, token_version=before.token_version + 1
            )
            repository.update_user(transaction, after)
            repository.set_password_hash(transaction, user.user_id, new_hash)
            repository.delete_families_of_user(transaction, user.user_id)
            self._add_token(transaction, refresh_token, session.session_id, user.user_id)
            self._audit.append(
                transaction,
                actor=session.principal.actor(address),
                action="user.password_changed",
                subject=f"user:{user.user_id}",
                tenant_id=user.tenant_id,
            )
            return after

        after = await self._database.write(write)
        self._directory.changed()
        return self._login(after, session.session_id, refresh_token)

    async def keep_house_forever(self, trusts_clock: Callable[[], bool]) -> None:
        """Write down coalesced failures and drop tokens that ran out, once a minute, until cancelled.

        While *trusts_clock* is False none are dropped: a clock that leaps and comes back would have ended every login.
        """
        while True:
            await self._clock.sleep(_HOUSEKEEPING_S)
            await self.flush_failures()
            if trusts_clock():
                await self._database.write(
                    lambda transaction: repository.delete_expired_tokens(
                        transaction, self._clock.now_us()
                    )
                )

    async def flush_failures(self) -> None:
        """Write down the failed logins that were counted and whose minute is over."""
        await self._failures.flush()

    async def _session(self, claims: Claims) -> Session:
        if isinstance(claims, IssuedClaims):
            return await self._issued_session(claims)
        user = await self._directory.find_user(claims.user_id)
        if (
            user is None
            or not user.enabled
            or user.token_version != claims.token_version
            or not await self._directory.is_login_alive(claims.session_id)
        ):
            raise NotAuthenticatedError("The session has ended.")
        return Session(user.principal(), claims.session_id)

    async def _issued_session(self, claims: IssuedClaims) -> Session:
        principal = claims.principal
        if not self._issuers.are_good(claims):
            raise NotAuthenticatedError("The token has run out, or its key was withdrawn.")
        if principal.tenant_id is not None and not await self._directory.is_tenant(
            principal.tenant_id
        ):
            raise NotAuthenticatedError("There is no such tenant.")
        # One for all tokens of a person, so that a viewing goes on when a player gets the next one.
        session_id = hashlib.sha256(principal.user_id.encode()).hexdigest()[:32]
        return Session(principal, session_id, claims)

    def _add_token(
        self, transaction: Transaction, refresh_token: str, family_id: str, user_id: UserId
    ) -> None:
        now_us = self._clock.now_us()
        repository.insert_refresh_token(
            transaction,
            secret_hash(refresh_token),
            family_id=family_id,
            user_id=user_id,
            now_us=now_us,
            expires_us=now_us + self._refresh_s * 1_000_000,
        )

    def _login(self, user: User, session_id: str, refresh_token: str) -> Login:
        claims = AccessClaims(user.user_id, session_id, user.token_version)
        return Login(
            user=user,
            session_id=session_id,
            access_token=self._tokens.issue(claims),
            expires_in_s=self._tokens.lifetime_s,
            refresh_token=refresh_token,
            refresh_expires_in_s=self._refresh_s,
        )


def require_own_password(principal: Principal) -> None:
    """Refuse who came with a password that somebody else gave out and knows.

    Raises:
        PasswordChangeRequiredError: it has to be changed first.

    """
    if principal.must_change_password:
        raise PasswordChangeRequiredError("Change the provisional password first.")


def _claims_of(session: Session) -> Claims:
    if session.issued is not None:
        return session.issued
    principal = session.principal
    return AccessClaims(principal.user_id, session.session_id, principal.token_version)


def _is_forgivable(token: repository.RefreshToken, now_us: int) -> bool:
    age_us = now_us - (token.used_us or 0)
    return age_us <= _RACE_GRACE_US or (
        age_us <= _LOST_ANSWER_GRACE_US and not token.successor_used
    )
