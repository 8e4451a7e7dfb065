"""What we ask of an object store, asked of our stand-in and of a real one (SeaweedFS, ``WEED_BIN``)."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from gtvision_edge.archive.errors import ArchiveRefusedError, FileToCopyError
from gtvision_edge.archive.store import CopyStore
from gtvision_edge.settings import ArchiveSettings
from tests.fakes.object_store import ObjectStore, running_store
from tests.object_storage import RealStore, running_weed

pytestmark = [pytest.mark.timeout(120), pytest.mark.xdist_group("weed")]
Store = ObjectStore | RealStore


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.seaweedfs)])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    if request.param == "fake":
        async with running_store() as fake:
            yield fake
    else:
        async with running_weed(tmp_path / "weed") as real:
            yield real


def copies(store: Store, **changes: Any) -> CopyStore:
    settings = ArchiveSettings.model_validate(
        {
            "bucket": store.bucket,
            "endpoint": store.url,
            "prefix": "gtvision/teste",
            "access_key": store.access_key,
            "secret_key": SecretStr(store.secret_key),
        }
        | changes
    )
    return CopyStore(settings, site_id="site-1")


async def pieces_of(content: bytes, *, breaks: bool = False) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 2**20):
        yield content[start : start + 2**20]
    if breaks:
        raise FileToCopyError("It changed.", reason="file_changed")


async def test_a_store_takes_shows_and_removes_what_we_give_it(store: Store) -> None:
    box = copies(store)
    await box.knock()
    await box.knock()
    picture = os.urandom(70_000)

    await box.put_picture("pictures/ab/cd.jpg", picture)
    await box.put_picture("pictures/ab/cd.jpg", picture)
    assert await box.size_of("pictures/ab/cd.jpg") == len(picture)
    await box.remove("pictures/ab/cd.jpg")
    assert await box.size_of("pictures/ab/cd.jpg") is None
    await box.remove("pictures/ab/cd.jpg")


async def test_a_bundle_goes_in_parts_and_is_there_whole_or_not_at_all(store: Store) -> None:
    box = copies(store)
    bundle = os.urandom(19 * 2**20 + 17)

    with pytest.raises(FileToCopyError):
        await box.put_bundle(
            "evidence/e/broken.zip", pieces_of(bundle, breaks=True), size_bytes=len(bundle)
        )
    await box.put_bundle("evidence/e/whole.zip", pieces_of(bundle), size_bytes=len(bundle))

    assert await box.size_of("evidence/e/whole.zip") == len(bundle)
    assert await box.size_of("evidence/e/broken.zip") is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret_key": SecretStr("another")},
        {"access_key": "stranger"},
        {"bucket": "nao-existe"},
    ],
)
async def test_a_store_refuses_who_has_no_right(store: Store, wrong: dict[str, Any]) -> None:
    with pytest.raises(ArchiveRefusedError) as refused:
        await copies(store, **wrong).knock()

    assert refused.value.details["reason"] in (
        "SignatureDoesNotMatch",
        "InvalidAccessKeyId",
        "NoSuchBucket",
        "AccessDenied",
    )
