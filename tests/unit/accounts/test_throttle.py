import pytest

from gtvision_edge.accounts.errors import LoginThrottledError
from gtvision_edge.accounts.throttle import LoginThrottle
from tests.fakes.clock import FakeClock


@pytest.fixture
def throttle(clock: FakeClock) -> LoginThrottle:
    return LoginThrottle(clock, attempts=5, lockout_s=900)


def _is_let_in(throttle: LoginThrottle, username: str, address: str) -> bool:
    try:
        throttle.begin(username, address)
    except LoginThrottledError:
        return False
    return True


def test_an_address_that_tries_many_names_is_shut_out(throttle: LoginThrottle) -> None:
    tried = [_is_let_in(throttle, f"user{number}", "10.9.9.9") for number in range(25)]

    assert tried == [True] * 20 + [False] * 5
    assert _is_let_in(throttle, "user1", "10.0.0.1")


def test_a_guesser_with_an_account_of_its_own_gains_nothing(throttle: LoginThrottle) -> None:
    for number in range(20):
        throttle.begin("mine", "10.9.9.9")
        throttle.succeeded("mine", "10.9.9.9")
        assert _is_let_in(throttle, f"victim{number % 6}", "10.9.9.9")

    assert not _is_let_in(throttle, "victim0", "10.9.9.9")


async def test_a_user_attacked_from_everywhere_still_gets_in_from_a_known_address(
    throttle: LoginThrottle, clock: FakeClock
) -> None:
    throttle.begin("ana", "10.0.0.1")
    throttle.succeeded("ana", "10.0.0.1")
    for number in range(200):
        _is_let_in(throttle, "ana", f"10.1.{number}.1")

    assert not _is_let_in(throttle, "ana", "10.2.2.2")
    assert _is_let_in(throttle, "ana", "10.0.0.1")
    await clock.advance(10)  # a new address waits in turn, not for ever
    assert _is_let_in(throttle, "ana", "10.2.2.2")


async def test_failures_are_forgotten_after_a_quiet_time(
    throttle: LoginThrottle, clock: FakeClock
) -> None:
    for _ in range(4):
        throttle.begin("ana", "10.0.0.1")
    await clock.advance(901)

    assert [_is_let_in(throttle, "ana", "10.0.0.1") for _ in range(6)] == [True] * 5 + [False]


def test_success_forgives_the_failures_before_it(throttle: LoginThrottle) -> None:
    for _ in range(4):
        throttle.begin("ana", "10.0.0.1")
    throttle.begin("ana", "10.0.0.1")
    throttle.succeeded("ana", "10.0.0.1")

    assert [_is_let_in(throttle, "ana", "10.0.0.1") for _ in range(4)] == [True] * 4


def test_a_try_that_was_never_checked_does_not_count(throttle: LoginThrottle) -> None:
    for _ in range(50):
        throttle.begin("ana", "10.0.0.1")
        throttle.abandoned("ana", "10.0.0.1")

    assert _is_let_in(throttle, "ana", "10.0.0.1")


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("unix:", "unix:", True),
    ],
)
def test_one_household_is_one_address(
    throttle: LoginThrottle, first: str, second: str, is_same: bool
) -> None:
    for _ in range(5):
        throttle.begin("ana", first)

    assert _is_let_in(throttle, "ANA", second) is not is_same


def test_what_strangers_make_us_remember_is_bounded(throttle: LoginThrottle) -> None:
    for number in range(12_000):
        _is_let_in(throttle, f"u{number}", f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")

    assert len(throttle._pairs._counts) == 10_000
