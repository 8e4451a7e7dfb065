from dataclasses import dataclass, replace

import pytest

from gtvision_edge.accounts import NotPermittedError, Principal, Role, TenantId, UserId
from gtvision_edge.accounts.errors import UnknownTenantError
from gtvision_edge.audit import AuditLog
from gtvision_edge.cameras.errors import UnknownCameraError
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.mosaics import Layout, MosaicService, UnknownMosaicError
from gtvision_edge.storage import Database, Transaction
from tests.fakes.clock import FakeClock


@dataclass(frozen=True)
class _Camera:
    camera_id: str
    tenant_id: str


class _Cameras:
    def __init__(self) -> None:
        self.known = [_Camera("cam01", "a"), _Camera("cam02", "a"), _Camera("cam09", "b")]

    def all_cameras(self) -> list[_Camera]:
        return self.known


OPERATOR_A = Principal(UserId("u1"), "op-a", "Op", Role.OPERATOR, TenantId("a"), None, "pt-BR", 1)
NARROW_A = replace(OPERATOR_A, user_id=UserId("u2"), camera_ids=frozenset({"cam01"}))
VIEWER_A = replace(OPERATOR_A, user_id=UserId("u3"), role=Role.VIEWER)
OPERATOR_B = replace(OPERATOR_A, user_id=UserId("u4"), tenant_id=TenantId("b"))
SITE = replace(OPERATOR_A, user_id=UserId("u5"), role=Role.ADMIN, tenant_id=None)


@pytest.fixture
def cameras() -> _Cameras:
    return _Cameras()


@pytest.fixture
async def mosaics(database: Database, clock: FakeClock, cameras: _Cameras) -> MosaicService:
    def write(transaction: Transaction) -> None:
        for tenant_id in ("a", "b", "default"):
            transaction.execute(
                "INSERT INTO tenants (tenant_id, name, created_us) VALUES (?, 'x', 0)",
                (tenant_id,),
            )

    await database.write(write)
    return MosaicService(database, AuditLog(clock), clock, cameras=cameras)


async def test_a_mosaic_is_made_changed_and_removed(
    mosaics: MosaicService, clock: FakeClock
) -> None:
    made = await mosaics.create(
        OPERATOR_A, name="Portaria", layout=Layout.FOUR, cameras=("cam01", None, "cam02")
    )
    assert (made.tenant_id, made.created_by) == ("a", "u1")
    assert await mosaics.get_mosaic(VIEWER_A, made.mosaic_id) == made
    assert (await mosaics.list_mosaics(VIEWER_A)).mosaics == [made]

    await clock.advance(1)
    changed = await mosaics.update(OPERATOR_A, made.mosaic_id, name="Pátio", cameras=("cam02",))
    assert (changed.name, changed.layout, changed.cameras) == ("Pátio", Layout.FOUR, ("cam02",))
    assert changed.updated_us == made.updated_us + 1_000_000
    assert await mosaics.get_mosaic(VIEWER_A, made.mosaic_id) == changed

    await mosaics.remove(OPERATOR_A, made.mosaic_id)
    with pytest.raises(UnknownMosaicError):
        await mosaics.get_mosaic(VIEWER_A, made.mosaic_id)


async def test_changes_are_audited(
    mosaics: MosaicService, database: Database, clock: FakeClock
) -> None:
    made = await mosaics.create(
        OPERATOR_A, name="x", layout=Layout.ONE, cameras=("cam01",), address="10.0.0.1"
    )
    await mosaics.update(OPERATOR_A, made.mosaic_id, name="y")
    await mosaics.remove(OPERATOR_A, made.mosaic_id)

    entries = (await AuditLog(clock).page(database, tenant_id="a")).entries

    assert [entry.action for entry in entries] == [
        "mosaic.removed",
        "mosaic.changed",
        "mosaic.created",
    ]
    assert (entries[2].actor_name, entries[2].address) == ("op-a", "10.0.0.1")


@pytest.mark.parametrize(
    ("layout", "places"), [("1x1", 1), ("2x2", 4), ("3x3", 9), ("4x4", 16), ("1+5", 6)]
)
async def test_a_layout_takes_as_many_cameras_as_it_has_places(
    mosaics: MosaicService, layout: str, places: int
) -> None:
    full = ("cam01",) * places

    made = await mosaics.create(OPERATOR_A, name="x", layout=Layout(layout), cameras=full)
    assert made.cameras == full
    with pytest.raises(InvalidInputError):
        await mosaics.create(OPERATOR_A, name="x", layout=Layout(layout), cameras=(*full, "cam01"))
    with pytest.raises(InvalidInputError):
        await mosaics.update(OPERATOR_A, made.mosaic_id, cameras=(*full, None))


async def test_another_tenants_mosaic_does_not_exist(mosaics: MosaicService) -> None:
    made = await mosaics.create(OPERATOR_B, name="b", layout=Layout.ONE, cameras=("cam09",))

    assert (await mosaics.list_mosaics(OPERATOR_A)).mosaics == []
    with pytest.raises(UnknownMosaicError):
        await mosaics.get_mosaic(OPERATOR_A, made.mosaic_id)
    with pytest.raises(UnknownMosaicError):
        await mosaics.update(OPERATOR_A, made.mosaic_id, name="mine")
    with pytest.raises(UnknownMosaicError):
        await mosaics.remove(OPERATOR_A, made.mosaic_id)
    assert (await mosaics.list_mosaics(SITE)).mosaics == [made]


@pytest.mark.parametrize("camera_id", ["cam09", "cam77", ""])
async def test_a_foreign_camera_is_an_unknown_one(mosaics: MosaicService, camera_id: str) -> None:
    made = await mosaics.create(OPERATOR_A, name="x", layout=Layout.FOUR, cameras=())

    with pytest.raises(UnknownCameraError):
        await mosaics.create(OPERATOR_A, name="x", layout=Layout.FOUR, cameras=(camera_id,))
    with pytest.raises(UnknownCameraError):
        await mosaics.update(OPERATOR_A, made.mosaic_id, cameras=("cam01", camera_id))


async def test_a_camera_one_may_not_see_is_an_empty_place(
    mosaics: MosaicService, cameras: _Cameras
) -> None:
    made = await mosaics.create(
        OPERATOR_A, name="x", layout=Layout.FOUR, cameras=("cam01", "cam02")
    )

    assert (await mosaics.get_mosaic(NARROW_A, made.mosaic_id)).cameras == ("cam01", None)
    assert (await mosaics.list_mosaics(NARROW_A)).mosaics[0].cameras == ("cam01", None)
    cameras.known.pop(0)
    assert (await mosaics.get_mosaic(OPERATOR_A, made.mosaic_id)).cameras == (None, "cam02")


async def test_an_edit_by_who_sees_less_keeps_what_was_hidden(mosaics: MosaicService) -> None:
    made = await mosaics.create(
        OPERATOR_A, name="x", layout=Layout.FOUR, cameras=("cam01", None, "cam02")
    )

    edited = await mosaics.update(NARROW_A, made.mosaic_id, cameras=(None, "cam01"))

    assert edited.cameras == (None, "cam01", None)
    whole = await mosaics.get_mosaic(OPERATOR_A, made.mosaic_id)
    assert whole.cameras == (None, "cam01", "cam02")


async def test_a_smaller_layout_drops_the_last_places(mosaics: MosaicService) -> None:
    made = await mosaics.create(
        OPERATOR_A, name="x", layout=Layout.FOUR, cameras=("cam01", "cam02")
    )

    smaller = await mosaics.update(OPERATOR_A, made.mosaic_id, layout=Layout.ONE)

    assert smaller.cameras == ("cam01",)


async def test_who_belongs_to_the_whole_site_makes_it_for_the_cameras_tenant(
    mosaics: MosaicService,
) -> None:
    async def owner(*cameras: str, tenant_id: str | None = None) -> str:
        made = await mosaics.create(
            SITE, name="x", layout=Layout.FOUR, cameras=cameras, tenant_id=tenant_id
        )
        return made.tenant_id

    assert await owner("cam09") == "b"
    assert await owner("cam01", "cam09") == "default"
    assert await owner() == "default"
    assert await owner("cam01", tenant_id="b") == "b"
    with pytest.raises(UnknownTenantError):
        await owner(tenant_id="nowhere")
    with pytest.raises(UnknownTenantError):
        await mosaics.create(OPERATOR_A, name="x", layout=Layout.ONE, cameras=(), tenant_id="b")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
async def test_viewers_read_and_auditors_do_not_even_that(
    mosaics: MosaicService, role: Role
) -> None:
    made = await mosaics.create(OPERATOR_A, name="x", layout=Layout.ONE, cameras=())
    principal = replace(OPERATOR_A, role=role)

    with pytest.raises(NotPermittedError):
        await mosaics.create(principal, name="x", layout=Layout.ONE, cameras=())
    with pytest.raises(NotPermittedError):
        await mosaics.update(principal, made.mosaic_id, name="y")
    with pytest.raises(NotPermittedError):
        await mosaics.remove(principal, made.mosaic_id)
    if role is Role.AUDITOR:
        with pytest.raises(NotPermittedError):
            await mosaics.list_mosaics(principal)
        with pytest.raises(NotPermittedError):
            await mosaics.get_mosaic(principal, made.mosaic_id)


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "x" * 81])
async def test_odd_names_are_refused(mosaics: MosaicService, name: str) -> None:
    with pytest.raises(InvalidInputError):
        await mosaics.create(OPERATOR_A, name=name, layout=Layout.ONE, cameras=())


async def test_mosaics_are_listed_in_pages(mosaics: MosaicService, clock: FakeClock) -> None:
    for number in range(5):
        await clock.advance(1)
        await mosaics.create(OPERATOR_A, name=f"m{number}", layout=Layout.ONE, cameras=())

    first = await mosaics.list_mosaics(OPERATOR_A, limit=3)
    assert first.after is not None
    second = await mosaics.list_mosaics(OPERATOR_A, limit=3, after=first.after)

    names = [[mosaic.name for mosaic in page.mosaics] for page in (first, second)]
    assert names == [["m0", "m1", "m2"], ["m3", "m4"]]
    assert second.after is None
