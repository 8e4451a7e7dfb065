"""What people wrote is kept sealed, and opened by the key of that time alone."""

import pytest

from gtvision_edge.audit import SEALED, SealedWords
from gtvision_edge.cameras.model import CameraUuid
from gtvision_edge.cameras.secrets import PasswordSealer
from tests.fakes.words import WORDS

DETAILS = {"level": "critical", SEALED: WORDS.close(plate="ABC1D23", reason="furto, praça")}


def test_words_are_revealed_among_what_was_never_sealed() -> None:
    assert WORDS.reveal(DETAILS) == {
        "level": "critical",
        "plate": "ABC1D23",
        "reason": "furto, praça",
    }


def test_nothing_of_them_is_seen_and_the_same_words_look_different_each_time() -> None:
    one, two = WORDS.close(plate="ABC1D23"), WORDS.close(plate="ABC1D23")

    assert one != two
    assert "ABC1D23" not in one
    assert one.isascii()


def test_with_another_key_they_stay_shut() -> None:
    sealer = PasswordSealer(b"another key, as long as the first"[:32])
    others = SealedWords(
        seal=lambda bound, text: sealer.seal(CameraUuid(bound), text),
        unseal=lambda bound, sealed: sealer.unseal(CameraUuid(bound), sealed),
    )

    assert others.reveal(DETAILS) == DETAILS


@pytest.mark.parametrize("closed", ["", "AAAA", "no base64 at all!", "ç", 7, None, ["x"]])
def test_what_is_no_sealed_words_is_left_as_it_is(closed: object) -> None:
    assert WORDS.reveal({SEALED: closed}) == {SEALED: closed}
