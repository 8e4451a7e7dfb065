import json
from dataclasses import replace

import pytest

from gtvision_edge.accounts import (
    Accounts,
    NewUser,
    NotAuthenticatedError,
    NotPermittedError,
    Principal,
    Role,
    TenantId,
    User,
)
from gtvision_edge.accounts.errors import (
    LastAdminError,
    SessionEndedError,
    TenantExistsError,
    UnknownTenantError,
    UnknownUserError,
    UsernameTakenError,
    WeakPasswordError,
    WrongCredentialsError,
)
from gtvision_edge.accounts.service import UserChanges
from gtvision_edge.audit import AuditLog
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.storage import Database
from tests.unit.accounts.conftest import Opener

HERE = "10.0.0.1"
SECRET = "a longer secret"
A, B = TenantId("a"), TenantId("b")


@pytest.fixture
async def people(accounts: Accounts, admin: Principal) -> dict[str, User]:
    """Two tenants, an administrator and a viewer in each, and one limited to a camera."""
    for tenant_id in (A, B):
        await accounts.tenants.create_tenant(
            admin, tenant_id.upper(), tenant_id=tenant_id, address=HERE
        )
    wanted = [
        NewUser("admin-a", SECRET, Role.ADMIN, tenant_id=A),
        NewUser("admin-b", SECRET, Role.ADMIN, tenant_id=B),
        NewUser("viewer-a", SECRET, Role.VIEWER, tenant_id=A),
        NewUser("viewer-b", SECRET, Role.VIEWER, tenant_id=B),
        NewUser(
            "narrow-a", SECRET, Role.ADMIN, tenant_id=A, camera_ids=frozenset({"cam01", "cam02"})
        ),
    ]
    made = [await accounts.service.create_user(admin, user, address=HERE) for user in wanted]
    return {user.username: user for user in made}


async def test_the_first_start_makes_one_administrator_whose_password_is_shown_once(
    opener: Opener, database: Database
) -> None:
    async with opener() as first:
        assert first.first_password is not None
        assert len(first.first_password) == 19
        login = await first.sessions.login("admin", first.first_password, address=HERE)
        assert (login.user.role, login.user.tenant_id) == (Role.ADMIN, None)
        assert not login.user.must_change_password
        tenants = await first.tenants.list_tenants(login.user.principal())
        assert [tenant.tenant_id for tenant in tenants] == ["default"]

    async with opener() as second:
        assert second.first_password is None
        assert second.site_id == first.site_id


async def test_a_user_is_made_changed_and_removed(accounts: Accounts, admin: Principal) -> None:
    service = accounts.service
    made = await service.create_user(
        admin, NewUser("ana", SECRET, Role.VIEWER, name="Ana Souza"), address=HERE
    )
    assert await service.get_user(admin, made.user_id) == made

    changed = await service.update_user(
        admin, made.user_id, {"role": Role.OPERATOR, "locale": "en"}, address=HERE
    )
    assert (changed.role, changed.locale, changed.name) == (Role.OPERATOR, "en", "Ana Souza")
    assert await service.get_user(admin, made.user_id) == changed

    await service.remove_user(admin, made.user_id, address=HERE)
    with pytest.raises(UnknownUserError):
        await service.get_user(admin, made.user_id)


async def test_every_change_of_people_is_audited_without_secrets(
    accounts: Accounts,
    admin: Principal,
    people: dict[str, User],
    audit: AuditLog,
    database: Database,
) -> None:
    target = people["viewer-a"].user_id
    service = accounts.service
    await service.update_user(
        admin, target, {"role": Role.OPERATOR}, password="another secret", address=HERE
    )
    await service.update_user(
        admin, target, {"role": Role.OPERATOR}, address=HERE
    )  # changes nothing
    await accounts.tenants.rename_tenant(admin, A, "Prefeitura", address=HERE)
    await service.remove_user(admin, target, address=HERE)

    entries = (await audit.page(database, limit=4)).entries

    assert [entry.action for entry in entries] == [
        "user.removed",
        "tenant.changed",
        "user.changed",
        "user.created",
    ]
    change = entries[2]
    assert (change.actor_name, change.address, change.tenant_id) == ("admin", HERE, "a")
    assert json.loads(change.details) == {
        "changes": {"role": ["viewer", "operator"]},
        "password": True,
    }
    everything = (await audit.page(database, limit=1000)).entries
    assert not any("secret" in entry.details or "argon2" in entry.details for entry in everything)


async def test_users_are_listed_in_pages(
    accounts: Accounts, admin: Principal, people: dict[str, User]
) -> None:
    first = await accounts.service.list_users(admin, limit=4)
    assert first.after is not None
    second = await accounts.service.list_users(admin, limit=4, after=first.after)

    names = [user.username for page in (first, second) for user in page.users]
    assert names == sorted(["admin", *people])
    assert second.after is None


async def test_an_administrator_of_one_tenant_meets_no_other(
    accounts: Accounts, people: dict[str, User]
) -> None:
    principal = people["admin-a"].principal()
    service = accounts.service

    listed = await service.list_users(principal)
    assert {user.username for user in listed.users} == {"admin-a", "viewer-a", "narrow-a"}
    assert [tenant.tenant_id for tenant in await accounts.tenants.list_tenants(principal)] == ["a"]
    for foreign in (people["viewer-b"].user_id, people["admin-b"].user_id, "no-such-user"):
        with pytest.raises(UnknownUserError):
            await service.get_user(principal, foreign)
        with pytest.raises(UnknownUserError):
            await service.update_user(principal, foreign, {"enabled": False}, address=HERE)
        with pytest.raises(UnknownUserError):
            await service.remove_user(principal, foreign, address=HERE)
    with pytest.raises(UnknownTenantError):
        await accounts.tenants.rename_tenant(principal, "b", "Mine", address=HERE)
    with pytest.raises(NotPermittedError):
        await accounts.tenants.rename_tenant(principal, "a", "Mine", address=HERE)
    with pytest.raises(NotPermittedError):
        await accounts.tenants.create_tenant(principal, "C", address=HERE)


@pytest.mark.parametrize("tenant_id", [None, B, TenantId("nowhere")])
async def test_nobody_grants_a_tenant_beyond_the_own(
    accounts: Accounts, people: dict[str, User], tenant_id: TenantId | None
) -> None:
    principal = people["admin-a"].principal()

    with pytest.raises(NotPermittedError):
        await accounts.service.create_user(
            principal, NewUser("mole", SECRET, Role.VIEWER, tenant_id=tenant_id), address=HERE
        )
    for target in (people["viewer-a"], people["admin-a"]):
        with pytest.raises(NotPermittedError):
            await accounts.service.update_user(
                principal, target.user_id, {"tenant_id": tenant_id}, address=HERE
            )


async def test_nobody_grants_cameras_beyond_the_own(
    accounts: Accounts, people: dict[str, User]
) -> None:
    principal = people["narrow-a"].principal()
    service = accounts.service

    async def make(username: str, camera_ids: frozenset[str] | None) -> User:
        wanted = NewUser(username, SECRET, Role.VIEWER, tenant_id=A, camera_ids=camera_ids)
        return await service.create_user(principal, wanted, address=HERE)

    made = await make("one", frozenset({"cam02"}))
    for camera_ids in (None, frozenset({"cam03"}), frozenset({"cam01", "cam03"})):
        with pytest.raises(NotPermittedError):
            await make("two", camera_ids)
        with pytest.raises(NotPermittedError):
            await service.update_user(
                principal, made.user_id, {"camera_ids": camera_ids}, address=HERE
            )
    # whose password one may set, one may become
    with pytest.raises(NotPermittedError):
        await service.update_user(
            principal, people["admin-a"].user_id, {}, password=SECRET + "!", address=HERE
        )
    with pytest.raises(NotPermittedError):
        await accounts.tenants.create_tenant(replace(principal, tenant_id=None), "C", address=HERE)


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.VIEWER, Role.AUDITOR])
async def test_only_administrators_manage_people(
    accounts: Accounts, admin: Principal, people: dict[str, User], role: Role
) -> None:
    principal = replace(people["viewer-a"].principal(), role=role, tenant_id=None)
    service = accounts.service
    target = people["viewer-b"].user_id

    with pytest.raises(NotPermittedError):
        await service.list_users(principal)
    with pytest.raises(NotPermittedError):
        await service.get_user(principal, target)
    with pytest.raises(NotPermittedError):
        await service.create_user(principal, NewUser("x", SECRET, Role.VIEWER), address=HERE)
    with pytest.raises(NotPermittedError):
        await service.update_user(principal, principal.user_id, {"role": Role.ADMIN}, address=HERE)
    with pytest.raises(NotPermittedError):
        await service.remove_user(principal, target, address=HERE)
    with pytest.raises(NotPermittedError):
        await accounts.tenants.create_tenant(principal, "C", address=HERE)


@pytest.mark.parametrize(
    "changes",
    [
        UserChanges(role=Role.OPERATOR),
        UserChanges(enabled=False),
        UserChanges(tenant_id=A),
        UserChanges(camera_ids=frozenset({"cam01"})),
    ],
)
async def test_the_last_administrator_of_the_site_stays(
    accounts: Accounts, admin: Principal, people: dict[str, User], changes: UserChanges
) -> None:
    service = accounts.service
    second = await service.create_user(
        admin, NewUser("second", SECRET, Role.ADMIN, enabled=False), address=HERE
    )

    with pytest.raises(LastAdminError):
        await service.update_user(admin, admin.user_id, changes, address=HERE)
    with pytest.raises(LastAdminError):
        await service.remove_user(admin, admin.user_id, address=HERE)

    await service.update_user(admin, second.user_id, {"enabled": True}, address=HERE)
    await service.update_user(admin, admin.user_id, changes, address=HERE)


async def test_new_rights_count_at_once_and_keep_the_login(
    accounts: Accounts, admin: Principal, people: dict[str, User]
) -> None:
    login = await accounts.sessions.login("viewer-a", SECRET, address=HERE)
    await accounts.sessions.authenticate(login.access_token)

    await accounts.service.update_user(
        admin, login.user.user_id, {"camera_ids": frozenset({"cam01"})}, address=HERE
    )

    with pytest.raises(NotAuthenticatedError):
        await accounts.sessions.authenticate(login.access_token)
    renewed = await accounts.sessions.refresh(login.refresh_token, address=HERE)
    session = await accounts.sessions.authenticate(renewed.access_token)
    assert session.principal.camera_ids == frozenset({"cam01"})


async def test_who_is_disabled_removed_or_given_a_password_is_out_at_once(
    accounts: Accounts, admin: Principal, people: dict[str, User]
) -> None:
    service, sessions = accounts.service, accounts.sessions

    async def check_out(username: str) -> None:
        login = await sessions.login(username, SECRET, address=HERE)
        user_id = people[username].user_id
        if username == "viewer-a":
            await service.update_user(admin, user_id, {"enabled": False}, address=HERE)
        elif username == "viewer-b":
            await service.remove_user(admin, user_id, address=HERE)
        else:
            await service.update_user(admin, user_id, {}, password=SECRET + "!", address=HERE)
        with pytest.raises(NotAuthenticatedError):
            await sessions.authenticate(login.access_token)
        with pytest.raises(SessionEndedError):
            await sessions.refresh(login.refresh_token, address=HERE)
        with pytest.raises(WrongCredentialsError):
            await sessions.login(username, SECRET, address=HERE)

    for username in ("viewer-a", "viewer-b", "admin-a"):
        await check_out(username)


async def test_the_command_line_lets_a_locked_out_administrator_in_again(
    accounts: Accounts, admin: Principal
) -> None:
    password = await accounts.service.reset_password("Admin")

    login = await accounts.sessions.login("admin", password, address=HERE)

    assert login.user.must_change_password
    with pytest.raises(UnknownUserError):
        await accounts.service.reset_password("nobody")


@pytest.mark.parametrize("username", ["ana", "ANA"])
async def test_login_names_are_unique_whatever_their_capitals(
    accounts: Accounts, admin: Principal, username: str
) -> None:
    await accounts.service.create_user(admin, NewUser("Ana", SECRET, Role.VIEWER), address=HERE)

    with pytest.raises(UsernameTakenError):
        await accounts.service.create_user(
            admin, NewUser(username, SECRET, Role.VIEWER), address=HERE
        )


@pytest.mark.parametrize("username", ["", " ana", "ana souza", "joão", "a" * 65, "-ana", "\ud800"])
async def test_odd_login_names_are_refused(
    accounts: Accounts, admin: Principal, username: str
) -> None:
    with pytest.raises(InvalidInputError):
        await accounts.service.create_user(
            admin, NewUser(username, SECRET, Role.VIEWER), address=HERE
        )


@pytest.mark.parametrize("password", ["", "short", "long-enough-name"])
async def test_weak_passwords_are_refused(
    accounts: Accounts, admin: Principal, password: str
) -> None:
    with pytest.raises(WeakPasswordError):
        await accounts.service.create_user(
            admin, NewUser("Long-Enough-Name", password, Role.VIEWER), address=HERE
        )


async def test_tenants_are_made_once(accounts: Accounts, admin: Principal) -> None:
    service = accounts.service
    await accounts.tenants.create_tenant(admin, "Zona Sul", tenant_id="zona-sul", address=HERE)

    with pytest.raises(TenantExistsError):
        await accounts.tenants.create_tenant(admin, "Outra", tenant_id="zona-sul", address=HERE)
    for tenant_id, name in (("Zona", "x"), ("", "x"), ("zona", ""), ("zona", "a\nb")):
        with pytest.raises(InvalidInputError):
            await accounts.tenants.create_tenant(admin, name, tenant_id=tenant_id, address=HERE)
    with pytest.raises(UnknownTenantError):
        await service.create_user(
            admin, NewUser("x", SECRET, Role.VIEWER, tenant_id=TenantId("nowhere")), address=HERE
        )


async def test_a_person_changes_the_own_name_and_language(
    accounts: Accounts, people: dict[str, User]
) -> None:
    principal = people["viewer-a"].principal()

    changed = await accounts.service.update_self(principal, name="Ana", locale="en", address=HERE)

    assert (changed.name, changed.locale, changed.token_version) == ("Ana", "en", 1)
    assert await accounts.service.get_user(principal, principal.user_id) == changed


async def test_the_id_of_a_tenant_is_made_from_its_name(
    accounts: Accounts, admin: Principal
) -> None:
    names = ["Prefeitura de São João", "prefeitura de sao joao", "!!!", "x" * 120]

    made = [await accounts.tenants.create_tenant(admin, name, address=HERE) for name in names]

    assert [tenant.tenant_id for tenant in made] == [
        "prefeitura-de-sao-joao",
        "prefeitura-de-sao-joao-2",
        "tenant",
        "x" * 34,
    ]
