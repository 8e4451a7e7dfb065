"""A time limit that ends a read from outside, and only that one."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from gtvision_edge.media.embedded.leash import LeashKeeper
from tests.waiting import patiently


@pytest.fixture
def keeper() -> Iterator[LeashKeeper]:
    keeper = LeashKeeper()
    keeper.start()
    yield keeper
    keeper.close()


@pytest.fixture
def silent() -> Iterator[tuple[str, int]]:
    """Listen, and never say a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[:2]


def test_a_session_over_its_time_ends(keeper: LeashKeeper, silent: tuple[str, int]) -> None:
    began = time.monotonic()

    with (
        keeper.hold(silent, 0.3, threading.Event()) as leash,
        socket.create_connection(silent) as session,
    ):
        assert session.recv(1) == b""

    assert leash.is_cut
    assert 0.2 < time.monotonic() - began < patiently(2)


def test_a_session_that_is_extended_goes_on(keeper: LeashKeeper, silent: tuple[str, int]) -> None:
    with (
        keeper.hold(silent, 0.3, threading.Event()) as leash,
        socket.create_connection(silent) as session,
    ):
        leash.extend(60)
        session.settimeout(1.0)
        with pytest.raises(TimeoutError):
            session.recv(1)

    assert not leash.is_cut


def test_cutting_one_session_leaves_its_neighbour_to_the_same_address(
    keeper: LeashKeeper, silent: tuple[str, int]
) -> None:
    stop = threading.Event()
    with (
        keeper.hold(silent, 60, stop) as first_leash,
        socket.create_connection(silent) as first,
        keeper.hold(silent, 60, stop) as second_leash,
        socket.create_connection(silent) as second,
    ):
        _wait_until_claimed(first_leash)
        _wait_until_claimed(second_leash)

        keeper.cut(first_leash)

        assert first.recv(1) == b""
        second.settimeout(0.5)
        with pytest.raises(TimeoutError):
            second.recv(1)


def _wait_until_claimed(leash: object) -> None:
    until = time.monotonic() + 2
    while getattr(leash, "inode", None) is None:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_stopped_session_does_not_wait_for_its_turn(
    keeper: LeashKeeper, silent: tuple[str, int]
) -> None:
    stop = threading.Event()
    with keeper.hold(silent, 60, threading.Event()):
        stop.set()
        with pytest.raises(TimeoutError), keeper.hold(silent, 60, stop):
            pass
