"""Players without cookies: a ticket opens a session that their addresses carry on."""

import pytest

from gtvision_edge.accounts import NotAuthenticatedError, Passes
from gtvision_edge.accounts.passes import IDLE_S
from tests.fakes.clock import FakeClock
from tests.fakes.people import People, viewer


@pytest.fixture
def people() -> People:
    made = People(viewer("ana", "a"))
    made.tickets = {"one": ("ana", "cam01_rec"), "two": ("ana", None)}
    return made


async def test_a_pass_lives_as_long_as_it_is_used(people: People, clock: FakeClock) -> None:
    passes = Passes(people, clock)
    opened = await passes.open("one", path="cam01_rec")

    for _ in range(3):
        await clock.advance(IDLE_S - 1)
        assert (await passes.find(opened.token, path="cam01_rec")).session == opened.session
    await clock.advance(IDLE_S - 1)
    passes.keep(opened.token)
    await clock.advance(IDLE_S - 1)
    await passes.find(opened.token)

    await clock.advance(IDLE_S + 1)
    passes.keep("never seen")
    with pytest.raises(NotAuthenticatedError):
        await passes.find(opened.token)


async def test_a_pass_is_for_one_path(people: People, clock: FakeClock) -> None:
    passes = Passes(people, clock)
    opened = await passes.open("two", path="cam01_rec")

    with pytest.raises(NotAuthenticatedError):
        await passes.find(opened.token, path="cam02_rec")


async def test_a_pass_ends_with_its_login(people: People, clock: FakeClock) -> None:
    passes = Passes(people, clock)
    opened = await passes.open("one", path="cam01_rec")
    person = people.known.pop("ana")

    with pytest.raises(NotAuthenticatedError):
        await passes.find(opened.token)
    people.known["ana"] = person
    with pytest.raises(NotAuthenticatedError):  # and does not come back
        await passes.find(opened.token)


async def test_what_nobody_uses_is_forgotten(people: People, clock: FakeClock) -> None:
    passes = Passes(people, clock)
    old = await passes.open("one", path="cam01_rec")
    await clock.advance(IDLE_S + 1)

    await passes.open("two", path="cam01_rec")

    assert list(passes._passes) != [old.token]
    assert len(passes._passes) == 1
