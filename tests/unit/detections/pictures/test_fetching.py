"""A picture is fetched from the address that was judged, within its limits, and from nowhere else."""

import asyncio

import pytest

from gtvision_edge.cameras.errors import CameraNameUnresolvedError
from gtvision_edge.detections.model import PictureState
from gtvision_edge.detections.pictures.addresses import PictureSources
from gtvision_edge.detections.pictures.fetching import MAX_BYTES, NotFetchedError, PictureFetcher
from tests.fakes import picture_server
from tests.fakes.picture_server import Reply, answers, serving_pictures
from tests.fakes.pushes import jpeg

SECRET = "hunter2-geheim"


class Names:
    """A name service that says something else each time, as one does that rebinds."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def resolve(self, host: str, *, timeout_s: float) -> str:
        self.asked += 1
        if not self.answers:
            raise CameraNameUnresolvedError("No.", host=host)
        return self.answers.pop(0)


def fetcher(*sources: str, names: Names | None = None, within_s: float = 5.0) -> PictureFetcher:
    return PictureFetcher(
        PictureSources(sources or ("127.0.0.1",)),
        names or Names("127.0.0.1"),
        within_s=within_s,
    )


async def failure(made: PictureFetcher, url: str) -> NotFetchedError:
    with pytest.raises(NotFetchedError) as caught:
        await made.fetch(url)
    return caught.value


async def test_a_picture_comes_from_the_judged_address_with_its_own_host_name() -> None:
    async with serving_pictures(answers(jpeg())) as server:
        got = await fetcher().fetch(server.url(f"/p.jpg?key={SECRET}", host="cam1.example"))

    assert got == jpeg()
    assert f"/p.jpg?key={SECRET}".encode() in server.asked[0]
    assert f"Host: cam1.example:{server.port}".encode() in server.asked[0]


async def test_a_name_that_changes_its_address_is_asked_once() -> None:
    names = Names("127.0.0.1", "169.254.169.254", "127.0.0.2")
    async with serving_pictures(answers(jpeg())) as server:
        got = await fetcher(names=names).fetch(server.url(host="rebinding.example"))

    assert (got, names.asked) == (jpeg(), 1)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("localhost", "127.0.0.1"),
        ("inside.example", "127.0.0.1"),
        ("metadata.example", "169.254.169.254"),
        ("[::ffff:127.0.0.1]", "::ffff:127.0.0.1"),
    ],
)
async def test_the_box_itself_is_not_asked_unless_it_is_listed(host: str, address: str) -> None:
    async with serving_pictures(answers(jpeg())) as server:
        made = fetcher("10.0.0.0/8", "inside.example", "localhost", names=Names(address))
        error = await failure(made, server.url(host=host))

    assert (error.state, error.is_final) == (PictureState.ADDRESS_REFUSED, True)
    assert server.asked == []


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
async def test_redirects_are_not_followed(status: str) -> None:
    async with serving_pictures(answers(jpeg())) as target:
        reply = answers(b"", status=status, headers=f"Location: {target.url()}\r\n")
        async with serving_pictures(reply) as server:
            error = await failure(fetcher(), server.url())

    assert (error.state, error.is_final) == (PictureState.REDIRECTED, True)
    assert target.asked == []


@pytest.mark.parametrize(
    ("reply", "state", "is_final"),
    [
        (answers(b"\xff\xd8\xff" + bytes(9 * 2**20)), PictureState.TOO_LARGE, True),
        (answers(b"", length=MAX_BYTES + 1), PictureState.TOO_LARGE, True),
        (picture_server.never_ends, PictureState.TOO_LARGE, True),
        (picture_server.tiny_chunks, PictureState.TOO_LARGE, True),
        (picture_server.drips, PictureState.UNREACHABLE, False),
        (picture_server.heads_without_end, PictureState.UNREACHABLE, False),
        (picture_server.says_nothing, PictureState.UNREACHABLE, False),
        (picture_server.hangs_up, PictureState.UNREACHABLE, False),
        (answers(jpeg()[:200], length=5000), PictureState.UNREACHABLE, False),
        (answers(b"no", status="404 Not Found"), PictureState.UNREACHABLE, False),
        (answers(b"no", status="503 Busy"), PictureState.UNREACHABLE, False),
        (answers(b"no", status="403 Forbidden"), PictureState.DENIED, True),
        (answers(b"no", status="206 Partial Content"), PictureState.DENIED, True),
    ],
)
async def test_what_does_not_come_is_said_within_the_limits(
    reply: Reply, state: PictureState, is_final: bool
) -> None:
    async with serving_pictures(reply) as server:
        error = await failure(fetcher(within_s=1.0), server.url(f"/{SECRET}"))

    assert (error.state, error.is_final) == (state, is_final)
    assert SECRET not in f"{error!r} {error.__cause__!r}"


@pytest.mark.parametrize("chunk", [100, 64 * 1024])
async def test_a_picture_in_honest_chunks_comes_whole(chunk: int) -> None:
    picture = jpeg(64, 48) + bytes(2 * 2**20)

    async def chunked(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for at in range(0, len(picture), chunk):
            part = picture[at : at + chunk]
            writer.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    async with serving_pictures(chunked) as server:
        assert await fetcher().fetch(server.url()) == picture


async def test_what_is_packed_is_not_unpacked() -> None:
    packed = b"\x1f\x8b" + bytes(100)
    async with serving_pictures(answers(packed, headers="Content-Encoding: gzip\r\n")) as server:
        assert await fetcher().fetch(server.url()) == packed


async def test_who_cannot_be_found_or_reached_is_tried_again() -> None:
    unknown = await failure(fetcher(names=Names()), "http://cam1.example/p.jpg")
    async with serving_pictures(answers(jpeg())) as server:
        url = server.url()
    gone = await failure(fetcher(), url)

    assert {(each.state, each.is_final) for each in (unknown, gone)} == {
        (PictureState.UNREACHABLE, False)
    }


async def test_a_name_service_that_hangs_is_waited_for_no_longer_than_the_rest() -> None:
    class Hanging(Names):
        async def resolve(self, host: str, *, timeout_s: float) -> str:
            await asyncio.Event().wait()
            return ""

    error = await failure(fetcher(names=Hanging(), within_s=0.2), "http://cam1.example/p.jpg")

    assert (error.state, error.is_final) == (PictureState.UNREACHABLE, False)
