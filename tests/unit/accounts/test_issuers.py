"""Tokens of other issuers: what is believed, what it gives, how keys come and go."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from pydantic import ValidationError
from structlog.testing import capture_logs

from gtvision_edge.accounts import (
    Accounts,
    NotAuthenticatedError,
    NotPermittedError,
    Principal,
    Role,
    Session,
    find_key_faults,
    open_accounts,
)
from gtvision_edge.accounts.issuers import KEYS_CHECKED_EVERY_S, TokenIssuers
from gtvision_edge.accounts.signed_tokens import MalformedTokenError, read_unverified
from gtvision_edge.audit import AuditLog
from gtvision_edge.runtime.findings import Finding
from gtvision_edge.runtime.tasks import background
from gtvision_edge.settings import (
    AccountSettings,
    IdentitySettings,
    IssuerKeySettings,
    IssuerSettings,
)
from gtvision_edge.storage import Database
from tests.fakes.clock import FakeClock
from tests.fakes.hub import (
    AUDIENCE,
    EC_KEY,
    ED_KEY,
    ISSUER,
    OTHER_RSA_KEY,
    RSA_KEY,
    Hub,
    PrivateKey,
    private_pem,
    public_pem,
    token_of,
    write_key,
)
from tests.unit.accounts.conftest import QUICK
from tests.waiting import patiently

REFUSED = "The access token is not valid."


def trusting(*keys: PrivateKey | IssuerKeySettings, **settings: Any) -> IdentitySettings:
    sources = tuple(
        key if isinstance(key, IssuerKeySettings) else IssuerKeySettings(pem=public_pem(key))
        for key in keys
    )
    return IdentitySettings(
        issuers=(IssuerSettings(issuer=ISSUER, audience=AUDIENCE, keys=sources, **settings),)
    )


@pytest.fixture
def hub(clock: FakeClock) -> Hub:
    return Hub(clock)


@pytest.fixture
def identity() -> IdentitySettings:
    return trusting(RSA_KEY)


@pytest.fixture
async def site(
    tmp_path: Path,
    database: Database,
    audit: AuditLog,
    clock: FakeClock,
    identity: IdentitySettings,
) -> AsyncIterator[Accounts]:
    """A site with the tenants a and b that believes *identity*."""
    async with open_accounts(
        AccountSettings(),
        state_dir=tmp_path / "state",
        database=database,
        audit=audit,
        clock=clock,
        identity=identity,
        hasher=QUICK,
    ) as accounts:
        admin = await local_admin(accounts)
        for tenant in ("a", "b"):
            await accounts.tenants.create_tenant(
                admin.principal, tenant.upper(), tenant_id=tenant, address=""
            )
        yield accounts


async def local_admin(accounts: Accounts) -> Session:
    assert accounts.first_password is not None
    login = await accounts.sessions.login("admin", accounts.first_password, address="")
    return await accounts.sessions.authenticate(login.access_token)


async def person(accounts: Accounts, token: str) -> Principal:
    return (await accounts.sessions.authenticate(token)).principal


async def refuses(accounts: Accounts, token: str) -> bool:
    try:
        await accounts.sessions.authenticate(token)
    except NotAuthenticatedError as error:
        return error.message == REFUSED
    return False


async def test_a_token_gives_its_tenant_role_and_cameras(site: Accounts, hub: Hub) -> None:
    token = hub.token(name="Ana Lima", role="operator", camera_ids=["cam01", "cam02"])

    found = await person(site, token)

    assert found == Principal(
        user_id="https://hub.example#ana",  # type: ignore[arg-type] # ids are texts
        username="https://hub.example#ana",
        name="Ana Lima",
        role=Role.OPERATOR,
        tenant_id="a",  # type: ignore[arg-type]
        camera_ids=frozenset({"cam01", "cam02"}),
        locale="pt-BR",
        token_version=0,
        issuer=ISSUER,
    )
    assert found.may_see_camera("cam01", "a")
    assert not found.may_see_camera("cam03", "a")
    assert not found.may_see_camera("cam01", "b")
    assert found.actor("10.0.0.1").name == "https://hub.example#ana"


async def test_an_empty_list_of_cameras_is_no_camera_and_none_is_all(
    site: Accounts, hub: Hub
) -> None:
    assert (await person(site, hub.token(camera_ids=[]))).camera_ids == frozenset()
    assert (await person(site, hub.token())).camera_ids is None


@pytest.mark.parametrize("key", [RSA_KEY, ED_KEY], ids=["RS256", "EdDSA"])
async def test_each_kind_of_key_verifies_its_algorithm(
    clock: FakeClock, hub: Hub, key: PrivateKey
) -> None:
    issuers = TokenIssuers(trusting(RSA_KEY, ED_KEY), clock)
    issuers.refresh_keys()

    claims = issuers.read(read_unverified(hub.token(key=key)))

    assert claims.principal.username == f"{ISSUER}#ana"


@pytest.mark.parametrize(
    ("changes", "header"),
    [
        ({"aud": ["other", AUDIENCE]}, {}),
        ({"iat": None}, {}),
        ({}, {"typ": "at+jwt"}),
        ({}, {"typ": "jwt"}),
        ({}, {"kid": "any"}),
        ({}, {"x5t": "abc"}),
        ({"nbf": 1}, {}),
        ({"unknown": {"a": [1, None]}}, {}),
    ],
)
async def test_other_good_tokens(
    site: Accounts, hub: Hub, changes: dict[str, Any], header: dict[str, Any]
) -> None:
    assert (await person(site, hub.token(header=header, **changes))).username == f"{ISSUER}#ana"


async def test_a_few_seconds_of_difference_between_the_clocks_are_forgiven(
    site: Accounts, hub: Hub
) -> None:
    now = hub.now_s()
    several: list[dict[str, Any]] = [
        {"iat": now - 600, "exp": now - 29},
        {"iat": now + 29},
        {"nbf": now + 29},
    ]
    for changes in several:
        assert not await refuses(site, hub.token(**changes))


@pytest.mark.parametrize("what", list(Hub(FakeClock()).bad_tokens()))
async def test_what_is_nearly_good_is_refused(site: Accounts, hub: Hub, what: str) -> None:
    token = hub.bad_tokens()[what]
    if what == "role: above and beside":
        assert Role("auditor")  # a known role, which "operator" does not include
    assert await refuses(site, token)


@pytest.mark.parametrize(
    ("max_role", "claimed", "given"),
    [
        ("operator", "admin", "operator"),
        ("operator", "viewer", "viewer"),
        ("viewer", "operator", "viewer"),
        ("admin", "admin", "admin"),
        ("admin", "auditor", "auditor"),
        ("auditor", "admin", "auditor"),
        ("auditor", "viewer", None),
        ("viewer", "auditor", None),
    ],
)
async def test_a_role_is_lowered_to_the_most_the_issuer_may_give(
    clock: FakeClock, hub: Hub, max_role: str, claimed: str, given: str | None
) -> None:
    issuers = TokenIssuers(trusting(RSA_KEY, max_role=max_role), clock)
    issuers.refresh_keys()
    token = read_unverified(hub.token(role=claimed))

    if given is None:
        with pytest.raises(NotAuthenticatedError):
            issuers.read(token)
    else:
        assert issuers.read(token).principal.role == given


async def test_only_a_site_wide_issuer_gives_the_whole_site(clock: FakeClock, hub: Hub) -> None:
    issuers = TokenIssuers(trusting(RSA_KEY, site_wide=True), clock)
    issuers.refresh_keys()

    whole = issuers.read(read_unverified(hub.token(tenant_id=None)))
    narrow = issuers.read(read_unverified(hub.token()))

    assert whole.principal.tenant_id is None
    assert narrow.principal.tenant_id == "a"


async def test_claims_may_have_other_names(clock: FakeClock, hub: Hub) -> None:
    names = {
        "tenant_claim": "https://hub.example/tenant",
        "role_claim": "papel",
        "cameras_claim": "c",
    }
    issuers = TokenIssuers(trusting(RSA_KEY, **names), clock)
    issuers.refresh_keys()
    claims: dict[str, Any] = {
        "https://hub.example/tenant": "b",
        "papel": "operator",
        "c": ["cam01"],
    }

    found = issuers.read(read_unverified(hub.token(role="admin", **claims))).principal

    assert (str(found.tenant_id), found.role.value) == ("b", "operator")
    assert found.camera_ids == frozenset({"cam01"})


async def test_our_own_logins_go_on_beside_it(site: Accounts) -> None:
    assert (await local_admin(site)).principal.username == "admin"


async def test_an_issuer_cannot_speak_in_our_own_name(
    database: Database, tmp_path: Path, audit: AuditLog, clock: FakeClock, hub: Hub, site: Accounts
) -> None:
    ours = f"urn:gtvision:site:{site.site_id}"
    issuer = IssuerSettings(
        issuer=ours, audience=AUDIENCE, keys=(IssuerKeySettings(pem=public_pem(RSA_KEY)),)
    )
    async with open_accounts(
        AccountSettings(),
        state_dir=tmp_path / "state",
        database=database,
        audit=audit,
        clock=clock,
        identity=IdentitySettings(issuers=(issuer,)),
        hasher=QUICK,
    ) as accounts:
        assert await refuses(accounts, hub.token(iss=ours))


async def test_a_new_tenant_is_known_at_once(site: Accounts, hub: Hub) -> None:
    token = hub.token(tenant_id="c")
    assert await refuses(site, token)
    admin = await local_admin(site)

    await site.tenants.create_tenant(admin.principal, "C", tenant_id="c", address="")

    assert not await refuses(site, token)


async def test_a_ticket_of_the_hub_s_person_ends_with_the_token(
    site: Accounts, hub: Hub, clock: FakeClock
) -> None:
    session = await site.sessions.authenticate(hub.token(exp=hub.now_s() + 10))
    first, _ = site.sessions.issue_ticket(session, path="cam01_live")
    second, _ = site.sessions.issue_ticket(session, path="cam01_live")

    redeemed = await site.sessions.redeem_ticket(first, path="cam01_live")
    assert redeemed.principal == session.principal
    assert await site.sessions.is_still_good(redeemed)
    clock.step_wall(41)  # exp and leeway; the ticket itself would still be good

    assert not await site.sessions.is_still_good(redeemed)
    with pytest.raises(NotAuthenticatedError):
        await site.sessions.redeem_ticket(second, path="cam01_live")


async def test_two_tokens_of_one_person_are_one_session(site: Accounts, hub: Hub) -> None:
    first = await site.sessions.authenticate(hub.token())
    second = await site.sessions.authenticate(hub.token(jti="another"))
    other = await site.sessions.authenticate(hub.token(sub="bob"))

    assert first.session_id == second.session_id != other.session_id


async def test_the_hub_s_person_has_no_password_here(site: Accounts, hub: Hub) -> None:
    session = await site.sessions.authenticate(hub.token())

    with pytest.raises(NotPermittedError):
        await site.sessions.change_password(session, "a", "a longer secret", address="")
    with pytest.raises(NotPermittedError):
        await site.service.update_self(session.principal, name="B", address="")
    await site.sessions.logout(session, None, address="")  # nothing to end, nothing breaks


async def test_keys_change_without_a_restart_and_the_old_one_ends(
    tmp_path: Path, clock: FakeClock, hub: Hub
) -> None:
    file = tmp_path / "hub.pem"
    await asyncio.to_thread(write_key, file, RSA_KEY)
    issuers = TokenIssuers(trusting(IssuerKeySettings(file=file)), clock)
    await asyncio.to_thread(issuers.refresh_keys)
    old, new = hub.token(), hub.token(key=OTHER_RSA_KEY)
    claims = issuers.read(read_unverified(old))

    await asyncio.to_thread(write_key, file, RSA_KEY, OTHER_RSA_KEY)
    await asyncio.to_thread(issuers.refresh_keys)
    assert issuers.read(read_unverified(old)) == claims
    assert issuers.read(read_unverified(new)).key != claims.key
    assert issuers.are_good(claims)

    await asyncio.to_thread(write_key, file, OTHER_RSA_KEY)
    await asyncio.to_thread(issuers.refresh_keys)
    with pytest.raises(NotAuthenticatedError):
        issuers.read(read_unverified(old))
    assert not issuers.are_good(claims)  # so streams that it opened end too


async def test_files_are_looked_at_every_few_seconds(
    tmp_path: Path, clock: FakeClock, hub: Hub
) -> None:
    file = tmp_path / "hub.pem"
    await asyncio.to_thread(write_key, file, RSA_KEY)
    issuers = TokenIssuers(trusting(IssuerKeySettings(file=file)), clock)
    await asyncio.to_thread(issuers.refresh_keys)
    token = read_unverified(hub.token(key=OTHER_RSA_KEY))

    async with (
        asyncio.TaskGroup() as tasks,
        background(tasks, "keys", issuers.keep_keys_fresh_forever),
    ):
        await asyncio.sleep(0)
        await asyncio.to_thread(write_key, file, OTHER_RSA_KEY)
        with pytest.raises(NotAuthenticatedError):
            issuers.read(token)
        await clock.advance(KEYS_CHECKED_EVERY_S)
        async with asyncio.timeout(patiently(5)):
            while True:
                try:
                    issuers.read(token)
                    break
                except NotAuthenticatedError:
                    await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "no public key"),
        (private_pem(RSA_KEY), "private key"),
        (public_pem(RSA_KEY)[:200], "no public key"),
        ("x" * 70_000, "too large"),
    ],
)
async def test_a_file_that_breaks_keeps_its_keys_and_shows(
    tmp_path: Path, clock: FakeClock, hub: Hub, content: str, words: str
) -> None:
    file = tmp_path / "hub.pem"
    await asyncio.to_thread(write_key, file, RSA_KEY)
    issuers = TokenIssuers(trusting(IssuerKeySettings(file=file)), clock)
    await asyncio.to_thread(issuers.refresh_keys)
    good = issuers.findings()

    file.write_text(content)
    with capture_logs() as logs:
        await asyncio.to_thread(issuers.refresh_keys)

    assert issuers.read(read_unverified(hub.token())).principal.username == f"{ISSUER}#ana"
    facts = {"issuer": ISSUER, "source": str(file), "kept": 1}
    assert issuers.findings() == [Finding("issuer_keys_broken", facts=facts)]
    assert words in logs[0]["fault"]

    await asyncio.to_thread(write_key, file, OTHER_RSA_KEY)
    await asyncio.to_thread(issuers.refresh_keys)
    assert good == issuers.findings() == []
    assert issuers.read(read_unverified(hub.token(key=OTHER_RSA_KEY))).issuer == ISSUER


async def test_a_file_that_is_removed_takes_its_keys_with_it_and_shows(
    tmp_path: Path, clock: FakeClock, hub: Hub
) -> None:
    file, other = tmp_path / "hub.pem", tmp_path / "other.pem"
    await asyncio.to_thread(write_key, file, RSA_KEY)
    await asyncio.to_thread(write_key, other, OTHER_RSA_KEY)
    sources = (IssuerKeySettings(file=file), IssuerKeySettings(file=other))
    issuers = TokenIssuers(trusting(*sources), clock)
    await asyncio.to_thread(issuers.refresh_keys)
    claims = issuers.read(read_unverified(hub.token()))
    assert issuers.findings() == []

    file.unlink()
    await asyncio.to_thread(issuers.refresh_keys)

    with pytest.raises(NotAuthenticatedError):
        issuers.read(read_unverified(hub.token()))
    assert not issuers.are_good(claims)
    issuers.read(read_unverified(hub.token(key=OTHER_RSA_KEY)))
    facts = {"issuer": ISSUER, "source": str(file), "kept": 0}
    assert issuers.findings() == [Finding("issuer_keys_gone", facts=facts)]

    await asyncio.to_thread(write_key, file, RSA_KEY)
    await asyncio.to_thread(issuers.refresh_keys)
    assert issuers.are_good(claims)
    assert issuers.findings() == []


async def test_a_kid_leads_to_its_key_alone(clock: FakeClock, hub: Hub) -> None:
    keys = (
        IssuerKeySettings(pem=public_pem(RSA_KEY), kid="old"),
        IssuerKeySettings(pem=public_pem(OTHER_RSA_KEY), kid="new"),
    )
    issuers = TokenIssuers(trusting(*keys), clock)
    issuers.refresh_keys()

    def is_accepted(token: str) -> bool:
        try:
            issuers.read(read_unverified(token))
        except NotAuthenticatedError:
            return False
        return True

    assert is_accepted(hub.token(header={"kid": "old"}))
    assert is_accepted(hub.token())
    assert not is_accepted(hub.token(header={"kid": "new"}))
    assert not is_accepted(hub.token(header={"kid": "newer"}))


async def test_the_same_subject_of_two_issuers_is_two_people(clock: FakeClock, hub: Hub) -> None:
    other = "https://other.example"
    issuers = TokenIssuers(
        IdentitySettings(
            issuers=tuple(
                IssuerSettings(
                    issuer=issuer,
                    audience=AUDIENCE,
                    keys=(IssuerKeySettings(pem=public_pem(key)),),
                )
                for issuer, key in ((ISSUER, RSA_KEY), (other, ED_KEY))
            )
        ),
        clock,
    )
    issuers.refresh_keys()

    first = issuers.read(read_unverified(hub.token())).principal
    second = issuers.read(read_unverified(hub.token(iss=other, key=ED_KEY))).principal

    assert first.user_id != second.user_id
    assert first.actor() != second.actor()
    assert {first.actor().name, second.actor().name} == {f"{ISSUER}#ana", f"{other}#ana"}


def test_an_issuer_with_a_hash_is_refused_for_its_people_could_be_anothers() -> None:
    key = IssuerKeySettings(pem=public_pem(RSA_KEY))

    with pytest.raises(ValidationError, match="issuer"):
        IssuerSettings(issuer=f"{ISSUER}#x", audience=AUDIENCE, keys=(key,))


def _small_rsa() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 -- that is the point
    return public_pem(key)


def _p384() -> str:
    return public_pem(ec.generate_private_key(ec.SECP384R1()))


def _certificate() -> str:
    return "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"


def _pkcs1() -> str:
    return RSA_KEY.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


@pytest.mark.parametrize(
    ("pem", "words"),
    [
        (private_pem(RSA_KEY), "private key"),
        (private_pem(ED_KEY), "private key"),
        (_pkcs1(), "private key"),
        (public_pem(RSA_KEY) + private_pem(RSA_KEY), "private key"),
        (_small_rsa(), "1024 bits"),
        (_p384(), "another kind"),
        (public_pem(EC_KEY), "another kind than RSA (RS256) or Ed25519 (EdDSA)"),
        (_certificate(), "openssl x509"),
        ("ssh-rsa AAAA", "no public key"),
        (public_pem(RSA_KEY).replace("MIIB", "AAAA"), "damaged"),
    ],
)
def test_faults_of_keys_are_told_with_their_path(tmp_path: Path, pem: str, words: str) -> None:
    file = tmp_path / "hub.pem"
    file.write_text(pem)
    settings = trusting(
        RSA_KEY,
        IssuerKeySettings(pem=pem),
        IssuerKeySettings(file=file),
        IssuerKeySettings(file=tmp_path),
    )

    faults = dict(find_key_faults(settings, with_files=True))

    assert set(faults) == {
        "identity.issuers.0.keys.1.pem",
        "identity.issuers.0.keys.2.file",
        "identity.issuers.0.keys.3.file",
    }
    assert words in faults["identity.issuers.0.keys.1.pem"]
    assert words in faults["identity.issuers.0.keys.2.file"]
    assert str(file) in faults["identity.issuers.0.keys.2.file"]
    assert "is no file" in faults["identity.issuers.0.keys.3.file"]
    assert list(dict(find_key_faults(settings, with_files=False))) == [
        "identity.issuers.0.keys.1.pem"
    ]


async def test_refusals_are_counted_by_their_reason(clock: FakeClock, hub: Hub) -> None:
    registry = CollectorRegistry()
    issuers = TokenIssuers(trusting(RSA_KEY), clock, registry=registry)
    issuers.refresh_keys()
    issuers.read(read_unverified(hub.token()))
    for token in (hub.token(aud="x"), hub.token(key=OTHER_RSA_KEY), hub.token(key=ED_KEY)):
        with pytest.raises(NotAuthenticatedError):
            issuers.read(read_unverified(token))

    def count(outcome: str) -> float | None:
        return registry.get_sample_value("gtvision_edge_issued_tokens_total", {"outcome": outcome})

    assert [count(each) for each in ("accepted", "audience", "signature", "key")] == [1, 1, 1, 1]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
_HEADER = st.dictionaries(
    st.sampled_from(["alg", "typ", "kid", "crit", "jku", "jwk", "b64", "cty", "x5c", "x"]), _JSON
)
_CLAIMS = st.dictionaries(
    st.sampled_from(
        ["aud", "sub", "exp", "iat", "nbf", "tenant_id", "role", "camera_ids", "name", "iss"]
    ),
    _JSON,
)
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
_CLOCK = FakeClock()
_ISSUERS = TokenIssuers(trusting(ED_KEY), _CLOCK)
_ISSUERS.refresh_keys()


def _outcome(token: str) -> Principal | None:
    try:
        unverified = read_unverified(token)
        if not _ISSUERS.knows(unverified.issuer):
            return None
        return _ISSUERS.read(unverified).principal
    except (MalformedTokenError, NotAuthenticatedError):
        return None


@patient
@given(header=_HEADER, claims=_CLAIMS)
def test_whatever_a_signed_token_says_it_is_read_or_refused(
    header: dict[str, Any], claims: dict[str, Any]
) -> None:
    hub = Hub(_CLOCK, ED_KEY)
    content = {**hub.claims(), **claims}

    found = _outcome(token_of({"alg": "EdDSA", **header}, content, ED_KEY))

    if found is not None:
        assert found.tenant_id == content["tenant_id"]
        assert header.get("alg", "EdDSA") == "EdDSA"


@patient
@given(st.text() | st.from_regex(r"[A-Za-z0-9_=-]*\.[A-Za-z0-9_=-]*\.[A-Za-z0-9_=-]*"))
def test_whatever_comes_as_a_token_is_refused(token: str) -> None:
    assert _outcome(token) is None


@patient
@given(st.binary(max_size=60), st.binary(max_size=60))
def test_whatever_is_signed_is_refused(header: bytes, payload: bytes) -> None:
    assert _outcome(token_of(header, payload, ED_KEY)) is None
