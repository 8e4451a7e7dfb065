"""What we ask of an object store, asked of our stand-in and of a real one (``make gateway``)."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from gtvision_edge.archive.errors import (
    ArchiveRefusedError,
    ArchiveUnreachableError,
    FileToCopyError,
)
from gtvision_edge.archive.store import CopyStore
from gtvision_edge.settings import ArchiveSettings
from tests.fakes.certificates import tls_files
from tests.fakes.object_store import ObjectStore, running_store
from tests.object_storage import RealStore, ask, running_gateway

pytestmark = [pytest.mark.timeout(120), pytest.mark.xdist_group("versitygw")]
Store = ObjectStore | RealStore
PLACE = "gtvision/teste/site-1"


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.versitygw)])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    if request.param == "fake":
        async with running_store() as fake:
            yield fake
    else:
        async with running_gateway(tmp_path / "gateway") as real:
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
    assert store.objects[f"{PLACE}/pictures/ab/cd.jpg"] == picture
    assert await box.size_of("pictures/ab/cd.jpg") == len(picture)
    await box.remove("pictures/ab/cd.jpg")
    assert await box.size_of("pictures/ab/cd.jpg") is None
    await box.remove("pictures/ab/cd.jpg")


async def test_a_bundle_goes_in_parts_and_is_there_whole_or_not_at_all(store: Store) -> None:
    box = copies(store)
    bundle = os.urandom(19 * 2**20 + 17)

    await box.put_bundle("evidence/e/whole.zip", pieces_of(bundle), size_bytes=len(bundle))
    assert not store.uploads
    with pytest.raises(FileToCopyError):
        await box.put_bundle(
            "evidence/e/broken.zip", pieces_of(bundle, breaks=True), size_bytes=len(bundle)
        )

    assert await box.size_of("evidence/e/whole.zip") == len(bundle)
    assert await box.size_of("evidence/e/broken.zip") is None
    assert store.objects == {f"{PLACE}/evidence/e/whole.zip": bundle}


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"secret_key": SecretStr("another")}, "SignatureDoesNotMatch"),
        ({"access_key": "stranger"}, "InvalidAccessKeyId"),
        ({"bucket": "nao-existe"}, "NoSuchBucket"),
        ({"region": "sa-east-1"}, "AuthorizationHeaderMalformed"),
    ],
)
async def test_a_store_refuses_who_has_no_right_and_says_why(
    store: Store, wrong: dict[str, Any], reason: str
) -> None:
    box = copies(store, **wrong)
    with pytest.raises(ArchiveRefusedError) as refused:
        await box.knock()

    assert refused.value.details["reason"] == reason
    bundle = os.urandom(2**20)
    with pytest.raises(ArchiveRefusedError) as refused:
        await box.put_bundle("evidence/e/one.zip", pieces_of(bundle), size_bytes=len(bundle))
    assert refused.value.details["reason"] == reason
    assert await box.size_of("evidence/e/one.zip") is None
    assert store.objects == {}


@pytest.mark.parametrize("ahead_s", [-1200.0, 1200.0])
async def test_a_clock_that_is_twenty_minutes_off_is_refused(store: Store, ahead_s: float) -> None:
    path = f"/{store.bucket}/x"

    assert await ask(store, "GET", path, ahead_s=ahead_s / 4) == (404, "NoSuchKey")
    assert await ask(store, "GET", path, ahead_s=ahead_s) == (403, "RequestTimeTooSkewed")


@pytest.mark.versitygw
async def test_keys_that_may_write_and_remove_below_the_prefix_are_enough(tmp_path: Path) -> None:
    async with running_gateway(tmp_path / "gateway") as store:
        user = "<Account><Access>caixa</Access><Secret>outro-segredo</Secret><Role>user</Role></Account>"
        assert (await ask(store, "PATCH", "/create-user", body=user.encode()))[0] == 201
        rule = {
            "Effect": "Allow",
            "Principal": {"AWS": ["caixa"]},
            "Action": ["s3:PutObject", "s3:DeleteObject"],
            "Resource": [f"arn:aws:s3:::{store.bucket}/gtvision/*"],
        }
        policy = json.dumps({"Statement": [rule]}).encode()
        told = await ask(store, "PUT", f"/{store.bucket}", query="policy=", body=policy)
        assert told[0] in (200, 204), told
        keys = {"access_key": "caixa", "secret_key": SecretStr("outro-segredo")}
        box = copies(store, **keys)
        bundle = os.urandom(9 * 2**20)

        await box.knock()
        await box.put_picture("pictures/ab/cd.jpg", b"a picture")
        await box.put_bundle("evidence/e/whole.zip", pieces_of(bundle), size_bytes=len(bundle))
        assert await box.size_of("pictures/ab/cd.jpg") is None  # it may not look
        with pytest.raises(FileToCopyError):
            await box.put_bundle(
                "evidence/e/broken.zip", pieces_of(bundle, breaks=True), size_bytes=len(bundle)
            )
        assert store.objects[f"{PLACE}/evidence/e/whole.zip"] == bundle
        await box.remove("pictures/ab/cd.jpg")
        await box.remove("pictures/ab/cd.jpg")
        assert f"{PLACE}/pictures/ab/cd.jpg" not in store.objects
        with pytest.raises(ArchiveRefusedError) as refused:
            await copies(store, **keys, prefix="another").knock()
        assert refused.value.details["reason"] == "AccessDenied"


@pytest.mark.versitygw
async def test_a_real_server_is_believed_by_the_authority_that_the_settings_name(
    tmp_path: Path,
) -> None:
    tls_files(tmp_path)
    async with running_gateway(tmp_path / "gateway", tls=tmp_path) as store:
        box = await asyncio.to_thread(lambda: copies(store, ca_file=tmp_path / "ca.pem"))
        await box.knock()
        assert list(store.objects) == [f"{PLACE}/.gtvision-edge.json"]
        with pytest.raises(ArchiveUnreachableError) as refused:
            await copies(store).knock()
        assert refused.value.details["reason"] == "certificate"


@pytest.mark.versitygw
async def test_a_server_that_is_killed_amid_a_bundle_gets_it_whole_when_it_is_back(
    tmp_path: Path,
) -> None:
    async with running_gateway(tmp_path / "gateway") as store:
        box = copies(store)
        bundle = os.urandom(40 * 2**20)

        async def restart() -> None:
            await store.kill()
            await store.start()

        async def pieces() -> AsyncIterator[bytes]:
            sent = 0
            async for piece in pieces_of(bundle):
                sent += 1
                if sent == 20:  # two parts of 8 MiB are there or on their way
                    await asyncio.create_task(restart())
                yield piece

        await box.put_bundle("evidence/e/whole.zip", pieces(), size_bytes=len(bundle))

        assert store.objects == {f"{PLACE}/evidence/e/whole.zip": bundle}
        assert not store.uploads
