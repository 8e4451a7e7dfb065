import asyncio
import base64
import json
from pathlib import Path

import argon2
import jwt
import pytest

from gtvision_edge.accounts import (
    Accounts,
    Login,
    NewUser,
    NotAuthenticatedError,
    Principal,
    Role,
)
from gtvision_edge.accounts.errors import (
    LoginBusyError,
    LoginThrottledError,
    PasswordChangeRequiredError,
    SessionEndedError,
    WeakPasswordError,
    WrongCredentialsError,
    WrongPasswordError,
)
from gtvision_edge.accounts.service import UserChanges
from gtvision_edge.audit import AuditFilter, AuditLog
from gtvision_edge.settings import AccountSettings
from gtvision_edge.storage import Database
from tests.fakes.clock import FakeClock
from tests.unit.accounts.conftest import Opener

HERE = "10.0.0.1"
THERE = "10.9.9.9"


async def _login(accounts: Accounts, address: str = HERE) -> Login:
    assert accounts.first_password is not None
    return await accounts.sessions.login("admin", accounts.first_password, address=address)


async def _acts(audit: AuditLog, database: Database, action: str) -> list[dict[str, object]]:
    page = await audit.page(database, wanted=AuditFilter(action=action))
    return [
        json.loads(entry.details) | {"actor": entry.actor_name, "address": entry.address}
        for entry in page.entries
    ]


async def test_a_login_proves_itself_until_its_quarter_of_an_hour_is_over(
    accounts: Accounts, clock: FakeClock
) -> None:
    login = await _login(accounts)

    session = await accounts.sessions.authenticate(login.access_token)
    assert (session.principal.username, session.principal.role) == ("admin", Role.ADMIN)
    assert session.session_id == login.session_id

    await clock.advance(899)
    await accounts.sessions.authenticate(login.access_token)
    await clock.advance(1)
    with pytest.raises(NotAuthenticatedError):
        await accounts.sessions.authenticate(login.access_token)


async def test_the_name_is_found_in_capitals_too(accounts: Accounts) -> None:
    assert accounts.first_password is not None

    login = await accounts.sessions.login("ADMIN", accounts.first_password, address=HERE)

    assert login.user.username == "admin"


@pytest.mark.parametrize(
    ("username", "password"),
    [("admin", "wrong"), ("nobody", "wrong"), ("", ""), ("\ud800", "\udfff")],
)
async def test_a_wrong_login_looks_the_same_whatever_was_wrong(
    accounts: Accounts, username: str, password: str
) -> None:
    with pytest.raises(WrongCredentialsError) as caught:
        await accounts.sessions.login(username, password, address=HERE)

    assert (caught.value.message, caught.value.details) == ("User name or password is wrong.", {})


async def test_an_unknown_user_costs_a_hash_too(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str | bytes] = []
    hasher = accounts.sessions._passwords._hasher
    verify = type(hasher).verify

    def counting(_: object, password_hash: str | bytes, password: str | bytes) -> bool:
        checked.append(password_hash)
        return verify(hasher, password_hash, password)

    monkeypatch.setattr(type(hasher), "verify", counting)

    for username in ("admin", "nobody"):
        with pytest.raises(WrongCredentialsError):
            await accounts.sessions.login(username, "wrong", address=HERE)

    assert len(checked) == 2


def _parts(token: str) -> list[str]:
    return token.split(".")


def _encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


async def test_forged_tokens_are_refused(accounts: Accounts, clock: FakeClock) -> None:
    good = (await _login(accounts)).access_token
    key = accounts.sessions._tokens._key
    payload = jwt.decode(good, key, algorithms=["HS256"], options={"verify_signature": False})
    header, body, signature = _parts(good)

    def signed(**changes: object) -> str:
        return jwt.encode(payload | changes, key, algorithm="HS256")

    without_subject = {name: value for name, value in payload.items() if name != "sub"}
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        hs512 = jwt.encode(payload, key, algorithm="HS512")
    forged = [
        "",
        "x",
        "a.b.c",
        "é.é.é",
        f"{header}.{body}.",
        f"{header}.{body}.{signature[:-2]}AA",
        f"{_encoded({'alg': 'none', 'typ': 'JWT'})}.{body}.",
        f"{_encoded({'alg': 'none'})}.{body}.{signature}",
        f"{header}.{_encoded(payload | {'ver': 9})}.{signature}",
        hs512,
        jwt.encode(payload, bytes(32), algorithm="HS256"),
        jwt.encode(without_subject, key, algorithm="HS256"),
        signed(iss="urn:gtvision:site:another"),
        signed(aud="another"),
        signed(exp=clock.now_us() // 1_000_000 - 1),
        signed(exp="never"),
        signed(exp=10.5**300),
        signed(iat=clock.now_us() // 1_000_000 + 3600),
        signed(ver=payload["ver"] + 1),
        signed(ver=True),
        signed(sub="somebody"),
        signed(sid="another"),
        signed(sid=None),
    ]

    await accounts.sessions.authenticate(
        signed()
    )  # what was changed is all that is wrong with them
    for token in forged:
        with pytest.raises(NotAuthenticatedError):
            await accounts.sessions.authenticate(token)


async def test_a_renewal_gives_new_tokens_of_the_same_login(
    accounts: Accounts, clock: FakeClock
) -> None:
    first = await _login(accounts)
    await clock.advance(800)

    second = await accounts.sessions.refresh(first.refresh_token, address=HERE)

    assert second.session_id == first.session_id
    assert second.refresh_token != first.refresh_token
    await clock.advance(800)
    await accounts.sessions.authenticate(second.access_token)


async def test_a_stolen_token_used_again_ends_the_whole_login(
    accounts: Accounts, clock: FakeClock, audit: AuditLog, database: Database
) -> None:
    first = await _login(accounts)
    second = await accounts.sessions.refresh(first.refresh_token, address=HERE)
    await clock.advance(11)
    third = await accounts.sessions.refresh(second.refresh_token, address=HERE)

    with pytest.raises(SessionEndedError):
        await accounts.sessions.refresh(first.refresh_token, address=THERE)

    with pytest.raises(SessionEndedError):
        await accounts.sessions.refresh(third.refresh_token, address=HERE)
    with pytest.raises(NotAuthenticatedError):
        await accounts.sessions.authenticate(third.access_token)
    assert [act["address"] for act in await _acts(audit, database, "session.token_reused")] == [
        THERE
    ]


async def test_two_tabs_that_renew_at_once_both_go_on(accounts: Accounts, clock: FakeClock) -> None:
    first = await _login(accounts)

    renewed = await asyncio.gather(
        *(accounts.sessions.refresh(first.refresh_token, address=HERE) for _ in range(2))
    )
    await clock.advance(9)
    renewed.append(await accounts.sessions.refresh(first.refresh_token, address=HERE))

    for login in renewed:
        await accounts.sessions.authenticate(login.access_token)
        await accounts.sessions.refresh(login.refresh_token, address=HERE)


async def test_a_renewal_whose_answer_was_lost_may_be_asked_again_for_two_minutes(
    accounts: Accounts, clock: FakeClock
) -> None:
    first = await _login(accounts)
    await accounts.sessions.refresh(first.refresh_token, address=HERE)  # the answer never arrives

    await clock.advance(110)
    again = await accounts.sessions.refresh(first.refresh_token, address=HERE)
    await accounts.sessions.authenticate(again.access_token)

    await clock.advance(11)
    with pytest.raises(SessionEndedError):
        await accounts.sessions.refresh(first.refresh_token, address=HERE)


async def test_a_login_not_renewed_for_its_whole_time_is_over(
    opener: Opener, clock: FakeClock
) -> None:
    async with opener(AccountSettings.model_validate({"refresh_token": "2h"})) as accounts:
        login = await _login(accounts)
        await clock.advance(2 * 3600)

        with pytest.raises(SessionEndedError):
            await accounts.sessions.refresh(login.refresh_token, address=HERE)


@pytest.mark.parametrize("token", ["", "nonsense", "\ud800"])
async def test_an_unknown_refresh_token_is_refused(accounts: Accounts, token: str) -> None:
    with pytest.raises(SessionEndedError):
        await accounts.sessions.refresh(token, address=HERE)


async def test_logging_out_ends_this_login_and_no_other(
    accounts: Accounts, audit: AuditLog, database: Database
) -> None:
    mine, other = await _login(accounts), await _login(accounts)
    session = await accounts.sessions.authenticate(mine.access_token)

    for _ in range(2):  # twice does no harm
        await accounts.sessions.logout(session, mine.refresh_token, address=HERE)

    with pytest.raises(NotAuthenticatedError):
        await accounts.sessions.authenticate(mine.access_token)
    with pytest.raises(SessionEndedError):
        await accounts.sessions.refresh(mine.refresh_token, address=HERE)
    await accounts.sessions.authenticate(other.access_token)
    assert len(await _acts(audit, database, "user.logout")) == 1


async def test_a_restart_logs_nobody_out(opener: Opener) -> None:
    async with opener() as before:
        login = await _login(before)

    async with opener() as after:
        assert after.first_password is None
        await after.sessions.authenticate(login.access_token)
        await after.sessions.refresh(login.refresh_token, address=HERE)


async def test_the_signing_key_is_private_and_a_damaged_one_is_replaced(
    opener: Opener, tmp_path: Path
) -> None:
    path = tmp_path / "state" / "session.key"
    async with opener() as accounts:
        login = await _login(accounts)

    def look() -> tuple[int, int]:
        return path.stat().st_mode & 0o777, len(path.read_bytes())

    assert await asyncio.to_thread(look) == (0o600, 32)
    await asyncio.to_thread(path.write_bytes, b"short")

    async with opener() as accounts:
        with pytest.raises(NotAuthenticatedError):
            await accounts.sessions.authenticate(login.access_token)
        await accounts.sessions.refresh(login.refresh_token, address=HERE)
    assert await asyncio.to_thread(look) == (0o600, 32)


async def test_five_wrong_passwords_shut_the_door_for_that_address_only(
    accounts: Accounts, clock: FakeClock
) -> None:
    for _ in range(5):
        with pytest.raises(WrongCredentialsError):
            await accounts.sessions.login("admin", "wrong", address=THERE)

    with pytest.raises(LoginThrottledError) as caught:
        await _login(accounts, THERE)

    assert caught.value.details == {"retry_after_s": 900}
    await _login(accounts, HERE)
    await clock.advance(900)
    await _login(accounts, THERE)


async def test_logins_are_counted_by_outcome(accounts: Accounts) -> None:
    await _login(accounts)
    for _ in range(7):
        with pytest.raises((WrongCredentialsError, LoginThrottledError)):
            await accounts.sessions.login("admin", "wrong", address=THERE)

    counted = {
        outcome: accounts.sessions._logins.labels(outcome)._value.get()
        for outcome in ("done", "refused", "throttled", "busy")
    }
    assert counted == {"done": 1, "refused": 5, "throttled": 2, "busy": 0}


async def test_too_many_logins_at_once_are_turned_away_without_counting_as_wrong(
    accounts: Accounts,
) -> None:
    assert accounts.first_password is not None
    accounts.sessions._passwords._waiting = 32

    for _ in range(10):
        with pytest.raises(LoginBusyError):
            await _login(accounts)

    accounts.sessions._passwords._waiting = 0
    await _login(accounts)


async def test_many_tries_at_once_gain_nothing(accounts: Accounts) -> None:
    results = await asyncio.gather(
        *(accounts.sessions.login("admin", f"wrong{i}", address=THERE) for i in range(20)),
        return_exceptions=True,
    )

    kinds = [type(result) for result in results]
    assert kinds.count(WrongCredentialsError) == 5
    assert kinds.count(LoginThrottledError) == 15


async def test_failed_logins_are_audited_once_a_minute_with_their_number(
    accounts: Accounts, clock: FakeClock, audit: AuditLog, database: Database
) -> None:
    for _ in range(4):
        with pytest.raises(WrongCredentialsError):
            await accounts.sessions.login("admin", "wrong", address=THERE)
    with pytest.raises(WrongCredentialsError):
        await accounts.sessions.login("my-own-password", "wrong", address=THERE)
    await clock.advance(61)
    await accounts.sessions.flush_failures()
    await accounts.sessions.flush_failures()

    acts = await _acts(audit, database, "user.login_failed")

    assert [(act["actor"], act["attempts"]) for act in acts] == [
        ("admin", 3),
        ("", 1),  # a name nobody has is not written down: it may be a password
        ("admin", 1),
    ]


async def test_the_attempt_that_shuts_the_door_is_audited_at_once(
    accounts: Accounts, audit: AuditLog, database: Database
) -> None:
    for _ in range(5):
        with pytest.raises(WrongCredentialsError):
            await accounts.sessions.login("admin", "wrong", address=THERE)

    acts = await _acts(audit, database, "user.login_failed")

    assert [(act["attempts"], act["throttled"]) for act in acts] == [(4, True), (1, False)]


async def test_a_ticket_opens_once_and_for_thirty_seconds(
    accounts: Accounts, clock: FakeClock
) -> None:
    session = await accounts.sessions.authenticate((await _login(accounts)).access_token)
    sessions = accounts.sessions

    ticket, lifetime_s = sessions.issue_ticket(session)
    assert lifetime_s == 30
    assert await sessions.redeem_ticket(ticket, path="cam01_live") == session
    with pytest.raises(NotAuthenticatedError):
        await sessions.redeem_ticket(ticket, path="cam01_live")

    late, _ = sessions.issue_ticket(session)
    await clock.advance(30)
    with pytest.raises(NotAuthenticatedError):
        await sessions.redeem_ticket(late, path=None)


async def test_a_ticket_for_one_path_opens_no_other(accounts: Accounts) -> None:
    session = await accounts.sessions.authenticate((await _login(accounts)).access_token)
    right, _ = accounts.sessions.issue_ticket(session, path="cam01_live")
    wrong, _ = accounts.sessions.issue_ticket(session, path="cam01_live")

    assert await accounts.sessions.redeem_ticket(right, path="cam01_live") == session
    for path in ("cam02_live", "cam01_live"):  # the wrong try used it up
        with pytest.raises(NotAuthenticatedError):
            await accounts.sessions.redeem_ticket(wrong, path=path)


async def test_a_ticket_dies_with_its_login(accounts: Accounts) -> None:
    login = await _login(accounts)
    session = await accounts.sessions.authenticate(login.access_token)
    ticket, _ = accounts.sessions.issue_ticket(session)
    await accounts.sessions.logout(session, None, address=HERE)

    with pytest.raises(NotAuthenticatedError):
        await accounts.sessions.redeem_ticket(ticket, path=None)
    assert not await accounts.sessions.is_still_good(session)


async def test_a_ticket_and_what_it_opened_end_when_the_password_becomes_provisional(
    accounts: Accounts,
) -> None:
    login = await _login(accounts)
    admin = (await accounts.sessions.authenticate(login.access_token)).principal
    person = NewUser("ana", "a longer secret", Role.VIEWER, must_change_password=False)
    user = await accounts.service.create_user(admin, person, address=HERE)
    login = await accounts.sessions.login("ana", "a longer secret", address=HERE)
    session = await accounts.sessions.authenticate(login.access_token)
    ticket, _ = accounts.sessions.issue_ticket(session)
    assert await accounts.sessions.is_still_good(session)

    change = UserChanges(must_change_password=True)
    await accounts.service.update_user(admin, user.user_id, change, address=HERE)

    with pytest.raises(PasswordChangeRequiredError):
        await accounts.sessions.redeem_ticket(ticket, path="cam01_live")
    assert not await accounts.sessions.is_still_good(session)


async def test_a_new_password_ends_every_other_login(accounts: Accounts) -> None:
    mine, other = await _login(accounts), await _login(accounts)
    session = await accounts.sessions.authenticate(mine.access_token)
    assert accounts.first_password is not None

    renewed = await accounts.sessions.change_password(
        session, accounts.first_password, "a longer secret", address=HERE
    )

    assert not renewed.user.must_change_password
    await accounts.sessions.authenticate(renewed.access_token)
    for login in (mine, other):
        with pytest.raises(NotAuthenticatedError):
            await accounts.sessions.authenticate(login.access_token)
        with pytest.raises(SessionEndedError):
            await accounts.sessions.refresh(login.refresh_token, address=HERE)
    await accounts.sessions.refresh(renewed.refresh_token, address=HERE)
    await accounts.sessions.login("admin", "a longer secret", address=HERE)


async def test_the_present_password_is_asked_for_again(accounts: Accounts) -> None:
    session = await accounts.sessions.authenticate((await _login(accounts)).access_token)
    assert accounts.first_password is not None

    with pytest.raises(WrongPasswordError):
        await accounts.sessions.change_password(session, "wrong", "a longer secret", address=HERE)
    for weak in ("short", "x" * 257):
        with pytest.raises(WeakPasswordError):
            await accounts.sessions.change_password(
                session, accounts.first_password, weak, address=HERE
            )
    await _login(accounts)


async def test_a_password_hash_of_old_parameters_is_renewed_at_login(
    accounts: Accounts, admin: Principal, database: Database
) -> None:
    wanted = NewUser("ana", "a longer secret", Role.VIEWER)
    await accounts.service.create_user(admin, wanted, address=HERE)
    stored = "SELECT password_hash FROM users WHERE username = 'ana'"
    before = (await database.fetch_all(stored))[0][0]
    accounts.sessions._passwords._hasher = argon2.PasswordHasher(
        time_cost=2, memory_cost=16, parallelism=1
    )

    await accounts.sessions.login("ana", "a longer secret", address=HERE)

    after = (await database.fetch_all(stored))[0][0]
    assert "m=8," in before
    assert "m=16," in after


async def test_housekeeping_drops_what_ran_out(
    accounts: Accounts, clock: FakeClock, database: Database
) -> None:
    await _login(accounts)
    task = asyncio.create_task(accounts.sessions.keep_house_forever(lambda: True))
    await asyncio.sleep(0)
    clock.step_wall(31 * 86400)
    await clock.advance(61)

    while await database.fetch_all("SELECT * FROM refresh_tokens"):  # noqa: ASYNC110 -- the database tells nobody
        await asyncio.sleep(0.01)

    task.cancel()
    await asyncio.wait({task})


async def test_a_clock_that_leaps_and_comes_back_ends_no_login(
    accounts: Accounts, clock: FakeClock
) -> None:
    login = await _login(accounts)
    task = asyncio.create_task(accounts.sessions.keep_house_forever(lambda: False))
    await clock.until_asleep()
    clock.step_wall(40 * 86400)
    await clock.advance(61)
    await clock.until_asleep()
    await _login(accounts, THERE)
    with pytest.raises(SessionEndedError):
        await accounts.sessions.refresh(login.refresh_token, address=HERE)

    clock.step_wall(-40 * 86400)
    assert await accounts.sessions.find_person(login.user.user_id, login.session_id) is not None
    await accounts.sessions.refresh(login.refresh_token, address=HERE)

    task.cancel()
    await asyncio.wait({task})
