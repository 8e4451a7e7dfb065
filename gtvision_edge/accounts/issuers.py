"""Tokens that others issue, such as the hub: verified with their public keys, turned into what a person may do here."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt
import structlog
from prometheus_client import CollectorRegistry, Counter

from gtvision_edge.accounts.errors import NotAuthenticatedError
from gtvision_edge.accounts.issuer_keys import KeySource, PublicKey
from gtvision_edge.accounts.model import (
    CAMERA_ID,
    TENANT_ID,
    Principal,
    Role,
    TenantId,
    UserId,
)
from gtvision_edge.accounts.signed_tokens import UnverifiedToken
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.findings import Finding
from gtvision_edge.settings import IdentitySettings, IssuerSettings

log = structlog.get_logger(__name__)

KEYS_CHECKED_EVERY_S: Final = 5.0

_JWS: Final = jwt.PyJWS()
_TYPES: Final = frozenset({"jwt", "at+jwt", "application/at+jwt"})
_REFUSED_HEADERS: Final = frozenset(
    # Keys the token brings along or points to, extensions we must understand, and other kinds of content.
    {"jku", "jwk", "x5u", "x5c", "crit", "b64", "zip", "cty", "enc"}
)
_SUBJECT: Final = re.compile(r"[\x21-\x7e]{1,128}")
_MAX_NAME: Final = 120

_INCLUDES: Final[Mapping[Role, frozenset[Role]]] = {
    Role.ADMIN: frozenset(Role),
    Role.OPERATOR: frozenset({Role.OPERATOR, Role.VIEWER}),
    Role.VIEWER: frozenset({Role.VIEWER}),
    Role.AUDITOR: frozenset({Role.AUDITOR}),  # sees the log and no cameras: neither more nor less
}


@dataclass(frozen=True, slots=True)
class IssuedClaims:
    """What a good token of *issuer* says; *key* vouched for it, *expires_s* (Unix time) includes the leeway."""

    issuer: str
    key: bytes
    expires_s: float
    principal: Principal


class _Issuer:
    def __init__(self, settings: IssuerSettings) -> None:
        self.settings = settings
        self.max_role = Role(settings.max_role)
        self.sources = [KeySource(each, issuer=settings.issuer) for each in settings.keys]
        self.keys: tuple[PublicKey, ...] = ()
        self.fingerprints: frozenset[bytes] = frozenset()

    def refresh(self) -> None:
        for source in self.sources:
            source.refresh()
        self.keys = tuple(key for source in self.sources for key in source.keys)
        self.fingerprints = frozenset(key.fingerprint for key in self.keys)

    def candidates(self, algorithm: str, kid: str | None) -> list[PublicKey]:
        return [
            key
            for key in self.keys
            if key.algorithm == algorithm and (kid is None or key.kid is None or key.kid == kid)
        ]


class _RefusedError(Exception):
    """The token is refused; the reason is for the log and the metric, never for who brought it."""


class TokenIssuers:
    """Who else may say who somebody is. Call :meth:`refresh_keys` once, then run :meth:`keep_keys_fresh_forever`."""

    def __init__(
        self,
        settings: IdentitySettings,
        clock: Clock,
        *,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._issuers = {each.issuer: _Issuer(each) for each in settings.issuers}
        self._clock = clock
        self._tokens = Counter(
            "gtvision_edge_issued_tokens",
            "Tokens of other issuers: accepted, or why they were refused.",
            ["outcome"],
            registry=registry or CollectorRegistry(),
        )

    def __bool__(self) -> bool:
        return bool(self._issuers)

    def knows(self, issuer: str) -> bool:
        return issuer in self._issuers

    def refresh_keys(self) -> None:
        """Read what was not read yet and what has changed. Blocks on the disk; one thread at a time."""
        for issuer in self._issuers.values():
            issuer.refresh()

    async def keep_keys_fresh_forever(self) -> None:
        """Look every few seconds whether a file of keys has changed, until cancelled."""
        while True:
            await self._clock.sleep(KEYS_CHECKED_EVERY_S)
            await asyncio.to_thread(self.refresh_keys)

    def findings(self) -> list[Finding]:
        """Return the sources of keys that cannot be used.

        ``issuer_keys_gone`` is a file that is not there, which keeps no key, ``issuer_keys_broken`` any other; *kept* of
        the keys it held before are still believed.
        """
        return [
            Finding(
                "issuer_keys_gone" if source.is_gone else "issuer_keys_broken",
                facts={
                    "issuer": issuer.settings.issuer,
                    "source": source.name,
                    "kept": len(source.keys),
                },
            )
            for issuer in self._issuers.values()
            for source in issuer.sources
            if source.fault
        ]

    def read(self, token: UnverifiedToken) -> IssuedClaims:
        """Return what *token*, whose issuer is known, says. Whether its tenant exists is left to ask.

        Raises:
            NotAuthenticatedError: forged, foreign, malformed, run out, not yet good, or saying what it may not.

        """
        issuer = self._issuers[token.issuer]
        try:
            key = _verify(token, issuer)
            claims = _claims(token.payload, issuer, key, self._clock.now_us() / 1e6)
        except _RefusedError as refusal:
            reason = str(refusal)
            self._tokens.labels(reason).inc()
            log.info("issued_token_refused", issuer=token.issuer, reason=reason)
            raise NotAuthenticatedError("The token is refused.") from refusal
        self._tokens.labels("accepted").inc()
        return claims

    def are_good(self, claims: IssuedClaims) -> bool:
        """Tell whether *claims* still hold: not run out, and the key that vouched is still the issuer's."""
        issuer = self._issuers.get(claims.issuer)
        return (
            issuer is not None
            and claims.key in issuer.fingerprints
            and self._clock.now_us() / 1e6 < claims.expires_s
        )


def _verify(token: UnverifiedToken, issuer: _Issuer) -> PublicKey:
    """Return the key of *issuer* that signed *token*."""
    header = token.header
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.lower() not in _TYPES or _REFUSED_HEADERS & set(header):
        raise _RefusedError("header")
    kid = header.get("kid")
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or (kid is not None and not isinstance(kid, str)):
        raise _RefusedError("header")
    candidates = issuer.candidates(algorithm, kid)
    if not candidates:
        raise _RefusedError("key")
    for key in candidates:
        try:
            # The key's own algorithm, never the token's: it must not turn a public key into a shared secret.
            _JWS.decode(token.text, key=key.key, algorithms=[key.algorithm])
        except (jwt.PyJWTError, ValueError):
            continue
        return key
    raise _RefusedError("signature")


def _claims(
    payload: Mapping[str, Any], issuer: _Issuer, key: PublicKey, now_s: float
) -> IssuedClaims:
    settings = issuer.settings
    audience = payload.get("aud")
    if settings.audience not in (audience if isinstance(audience, list) else [audience]):
        raise _RefusedError("audience")
    expires_s = _check_times(payload, settings, now_s)
    subject = payload.get("sub")
    if not isinstance(subject, str) or not _SUBJECT.fullmatch(subject):
        raise _RefusedError("subject")
    name = payload.get("name")
    if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= _MAX_NAME:
        name = subject
    # Two issuers' "ana" are two people, in the audit log too. Settings allow no "#" in an issuer, so the first one parts
    # the two; a login name of ours has none.
    identity = f"{settings.issuer}#{subject}"
    principal = Principal(
        user_id=UserId(identity),
        username=identity,
        name=name,
        role=_role(payload.get(settings.role_claim), issuer.max_role),
        tenant_id=_tenant(payload, settings),
        camera_ids=_cameras(payload, settings),
        locale="pt-BR",
        token_version=0,
        issuer=settings.issuer,
    )
    return IssuedClaims(settings.issuer, key.fingerprint, expires_s, principal)


def _check_times(payload: Mapping[str, Any], settings: IssuerSettings, now_s: float) -> float:
    """Return until when, in Unix time, the token holds."""
    expires_s = _time(payload, "exp")
    if expires_s is None:
        raise _RefusedError("times")
    issued_s, valid_from_s = _time(payload, "iat"), _time(payload, "nbf")
    if now_s >= expires_s + settings.leeway:
        raise _RefusedError("expired")
    begins_s = max(issued_s or 0, valid_from_s or 0)
    if begins_s > now_s + settings.leeway:
        raise _RefusedError("early")
    # One that does not say when it was issued may have been issued just now.
    latest_s = (issued_s if issued_s is not None else now_s + settings.leeway) + settings.max_age
    if expires_s > latest_s:
        raise _RefusedError("lifetime")
    return expires_s + settings.leeway


def _time(payload: Mapping[str, Any], claim: str) -> float | None:
    if claim not in payload:
        return None
    value = payload[claim]
    # A whole number may be too large for a float, and 1e999 is read as an infinite one; true is no number.
    if type(value) not in (int, float) or not 0 <= value < 2**53:
        raise _RefusedError("times")
    return float(value)


def _role(claim: object, max_role: Role) -> Role:
    """Return the claimed role, or *max_role* where that gives less of the same; an auditor is no lesser viewer."""
    try:
        role = Role(claim) if isinstance(claim, str) else None
    except ValueError:
        role = None
    if role is None:
        raise _RefusedError("role")
    if role in _INCLUDES[max_role]:
        return role
    if max_role in _INCLUDES[role]:
        return max_role
    raise _RefusedError("role")


def _tenant(payload: Mapping[str, Any], settings: IssuerSettings) -> TenantId | None:
    if settings.tenant_claim not in payload and settings.site_wide:
        return None
    tenant = payload.get(settings.tenant_claim)
    if not isinstance(tenant, str) or not TENANT_ID.fullmatch(tenant):
        raise _RefusedError("tenant")
    return TenantId(tenant)


def _cameras(payload: Mapping[str, Any], settings: IssuerSettings) -> frozenset[str] | None:
    if settings.cameras_claim not in payload:
        return None
    cameras = payload[settings.cameras_claim]
    if not isinstance(cameras, list) or not all(
        isinstance(each, str) and CAMERA_ID.fullmatch(each) for each in cameras
    ):
        raise _RefusedError("cameras")
    return frozenset(cameras)
