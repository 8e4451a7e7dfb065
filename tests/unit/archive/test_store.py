"""The store as we speak to it."""

import asyncio
import os
import ssl
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry

from gtvision_edge.archive.errors import (
    ArchiveExtraMissingError,
    ArchiveRefusedError,
    ArchiveUnreachableError,
    FileToCopyError,
)
from gtvision_edge.archive.opening import open_archive
from gtvision_edge.archive.store import CopyStore, Patience, place_of
from gtvision_edge.audit import AuditLog
from gtvision_edge.settings import ArchiveSettings
from gtvision_edge.storage import Database
from tests.fakes.certificates import tls_files
from tests.fakes.clock import FakeClock
from tests.fakes.object_store import Mood, ObjectStore, running_store
from tests.unit.archive.conftest import SITE, settings_for


def server_context(folder: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    return context


async def test_tls_with_an_authority_of_the_sites_own_and_strangers_are_not_believed(
    tmp_path: Path,
) -> None:
    tls_files(tmp_path)
    (tmp_path / "other").mkdir()
    tls_files(tmp_path / "other")
    async with running_store(tls=server_context(tmp_path)) as store:

        async def tried(**files: Path) -> None:
            settings = settings_for(store, **files)
            made = await asyncio.to_thread(
                lambda: CopyStore(settings, site_id=SITE, patience=Patience(small_s=5))
            )
            await made.knock()

        await tried(ca_file=tmp_path / "ca.pem")
        assert f"{SITE}/.gtvision-edge.json" in store.objects
        store.objects.clear()
        with pytest.raises(ArchiveUnreachableError) as refused:
            await tried()
        assert refused.value.details["reason"] == "certificate"
        with pytest.raises(ArchiveUnreachableError):
            await tried(ca_file=tmp_path / "other" / "ca.pem")
        assert store.objects == {}


@pytest.mark.parametrize(
    "text", ["", "rubbish", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_an_authority_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "ca.pem"
    path.write_text(text)
    settings = settings_for(ObjectStore(url="https://127.0.0.1:9"), ca_file=path)

    with pytest.raises(ArchiveRefusedError) as refused:
        CopyStore(settings, site_id=SITE)

    assert refused.value.details["reason"] == "ca_unreadable"


async def test_without_the_package_an_archive_is_refused_and_none_is_not(
    database: Database, clock: FakeClock, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)

    async def opened(settings: ArchiveSettings) -> None:
        async with open_archive(
            settings,
            database,
            AuditLog(clock),
            clock,
            site_id=SITE,
            picture=Path,
            bundle=Path,
            trusts_clock=lambda: True,
            registry=CollectorRegistry(),
        ):
            pass

    await opened(ArchiveSettings())
    with pytest.raises(ArchiveExtraMissingError) as refused:
        await opened(settings_for(store))
    assert refused.value.code == "archive_extra_missing"


def test_a_place_is_told_without_keys() -> None:
    settings = ArchiveSettings.model_validate(
        {"bucket": "copias", "access_key": "box", "secret_key": "s", "prefix": "a/b"}
    )
    assert place_of(settings) == "aws:us-east-1/copias/a/b"
    assert "s3" not in repr(settings.secret_key)


@pytest.mark.parametrize("size", [1, 2**20, 8 * 2**20, 8 * 2**20 + 1])
async def test_bundles_of_every_size_arrive(store: ObjectStore, size: int) -> None:
    content = os.urandom(size)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, size, 2**20):
            yield content[start : start + 2**20]

    copies = CopyStore(settings_for(store), site_id=SITE)
    await copies.put_bundle("evidence/x/y.zip", pieces(), size_bytes=size)

    assert store.objects[f"{SITE}/evidence/x/y.zip"] == content
    assert await copies.size_of("evidence/x/y.zip") == size
    assert await copies.size_of("evidence/x/z.zip") is None
    assert store.uploads == {}


async def test_a_clock_that_is_off_is_told_as_the_stores_reason(store: ObjectStore) -> None:
    store.clock_ahead_s = 1200.0

    with pytest.raises(ArchiveRefusedError) as refused:
        await CopyStore(settings_for(store), site_id=SITE).knock()

    assert refused.value.details["reason"] == "RequestTimeTooSkewed"


async def test_a_file_that_changed_is_told_as_such_where_its_upload_may_not_be_ended(
    store: ObjectStore,
) -> None:
    store.mood_of = lambda method, key: "denies" if method == "DELETE" else None

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(9):
            yield os.urandom(2**20)
        raise FileToCopyError("It changed.", reason="file_changed")

    copies = CopyStore(settings_for(store), site_id=SITE)
    with pytest.raises(FileToCopyError) as broken:
        await copies.put_bundle("evidence/x/y.zip", pieces(), size_bytes=10 * 2**20)

    assert broken.value.details["reason"] == "file_changed"
    assert store.objects == {}


async def test_a_line_that_is_gone_for_a_while_amid_a_bundle_does_not_begin_it_anew(
    store: ObjectStore,
) -> None:
    content = os.urandom(30 * 2**20)
    puts = 0

    def gone_after_two_parts(method: str, key: str) -> Mood | None:
        nonlocal puts
        puts += method == "PUT"
        return "cuts" if 2 < puts <= 22 else None

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 2**20):
            yield content[start : start + 2**20]

    store.mood_of = gone_after_two_parts
    copies = CopyStore(settings_for(store), site_id=SITE, patience=Patience(pause_s=(0.01, 0.05)))
    await copies.put_bundle("evidence/x/y.zip", pieces(), size_bytes=len(content))

    assert puts == 4 + 20
    assert store.objects == {f"{SITE}/evidence/x/y.zip": content}
    assert sum(method == "POST" for method, _ in store.asked) == 2  # begun once, completed once


@pytest.mark.parametrize(
    ("status", "headers", "reason"),
    [
        (301, {"x-amz-bucket-region": "sa-east-1"}, "region"),
        (307, {"location": "http://127.0.0.1:9/copias"}, "http_307"),
    ],
)
async def test_a_bucket_that_is_elsewhere_is_told_as_a_refusal(
    status: int, headers: dict[str, str], reason: str
) -> None:
    """As Amazon answers who asks for a bucket of another region; obstore does not tell what it said."""

    class Elsewhere(ObjectStore):
        async def reply(
            self, request: web.Request, key: str, body: bytes, mood: Mood
        ) -> web.StreamResponse:
            return web.Response(status=status, headers=headers)

    async with running_store(Elsewhere()) as store:
        with pytest.raises(ArchiveRefusedError) as refused:
            await CopyStore(settings_for(store), site_id=SITE).knock()

    assert refused.value.details["reason"] == reason


@pytest.fixture
def no_authorities(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small system, without the package ca-certificates."""
    (tmp_path / "none").mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none" / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))


@pytest.mark.usefixtures("no_authorities")
async def test_a_store_in_clear_needs_no_authorities_of_the_system(store: ObjectStore) -> None:
    await CopyStore(settings_for(store), site_id=SITE).knock()

    assert list(store.objects) == [f"{SITE}/.gtvision-edge.json"]


@pytest.mark.usefixtures("no_authorities")
async def test_a_store_by_tls_needs_them_or_one_of_its_own(tmp_path: Path) -> None:
    tls_files(tmp_path)
    async with running_store(tls=server_context(tmp_path)) as store:
        with pytest.raises(ArchiveRefusedError) as refused:
            CopyStore(settings_for(store), site_id=SITE)
        assert refused.value.details["reason"] == "no_authorities"

        own = settings_for(store, ca_file=tmp_path / "ca.pem")
        copies = await asyncio.to_thread(lambda: CopyStore(own, site_id=SITE))
        await copies.knock()
