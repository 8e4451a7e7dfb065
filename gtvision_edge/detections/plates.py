"""Brazilian plates: what a text is, which other text is the same vehicle, and which one the camera may have meant.

CONTRAN Res. 780/2019: a plate of the old form (``ABC1234``) that is renewed keeps its serial, its fifth character becomes a
letter (``ABC1C34``). Both name one vehicle for ever. Nothing here ever corrects a reading: doubts are suggestions.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Final

MAX_TEXT: Final = 64
"""Characters of a plate as sent; no plate of any country is longer."""
MAX_PLATE: Final = 12
MAX_SUGGESTIONS: Final = 16

_OLD: Final = re.compile(r"[A-Z]{3}[0-9]{4}")
_MERCOSUL: Final = re.compile(r"[A-Z]{3}[0-9][A-Z][0-9]{2}")
_NOTHING: Final = frozenset(
    {
        "",
        "UNKNOWN",
        "NOPLATE",
        "UNRECOGNISE",
        "UNRECOGNISED",
        "UNRECOGNIZED",
        "UNLICENSED",
        "NONE",
        "NULL",
    }
)
_DIGIT_LETTERS: Final = "ABCDEFGHIJ"
_AS_LETTER: Final = {
    "0": "O",
    "1": "I",
    "2": "Z",
    "4": "A",
    "5": "S",
    "6": "G",
    "7": "T",
    "8": "B",
}
_AS_DIGIT: Final = {
    "O": "0",
    "Q": "0",
    "D": "0",
    "I": "1",
    "L": "1",
    "Z": "2",
    "A": "4",
    "S": "5",
    "G": "6",
    "T": "7",
    "B": "8",
}


def _reversed(mended: Mapping[str, str]) -> dict[str, str]:
    """Return all that becomes it, for each character that something becomes."""
    return {
        becomes: "".join(each for each in mended if mended[each] == becomes)
        for becomes in mended.values()
    }


_READ_AS: Final = {True: _reversed(_AS_LETTER), False: _reversed(_AS_DIGIT)}
"""What a camera reads for a character of a place for letters (True) or for digits."""
_MOST_TURNED: Final = 2
_DOUBTS: Final = (
    "OQD0",
    "IJL1",
    "MNH",
    "VWY",
    "UV",
    "EF",
    "PR",
    "XY",
    "BR",
    "GC",
    "B8",
    "S5",
    "Z2",
    "G6",
    "A4",
    "T7",
    "17",
    "38",
    "56",
    "68",
    "08",
    "27",
)
_DOUBTED_WITH: Final[dict[str, str]] = {
    character: "".join(
        dict.fromkeys(
            other
            for group in _DOUBTS
            if character in group
            for other in group
            if other != character
        )
    )
    for character in {character for group in _DOUBTS for character in group}
}
_GIVEN: Final = re.compile(r"[A-Z0-9]*")
_LEAST_GIVEN: Final = 3
_BEFORE_ALL: Final = " "
_BEHIND_ALL: Final = "~"
"""Before and behind all that a plate is made of."""
_PATTERN: Final = re.compile(r"[A-Z0-9?*]+")


class PlateForm(StrEnum):
    """Which pattern a plate fits. ``other``: foreign, motorcycle of the draft rule, misread; kept, never rewritten."""

    OLD = "old"
    MERCOSUL = "mercosul"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Plate:
    """A plate in canonical letters. *twin* is the other form of the same vehicle, None = there is none."""

    text: str
    form: PlateForm
    twin: str | None

    @property
    def vehicle(self) -> str:
        """Return what both forms of one vehicle share: the old form where there is one."""
        if self.form is PlateForm.MERCOSUL and self.twin is not None:
            return self.twin
        return self.text


def read_plate(text: str) -> Plate | None:
    """Return the plate in *text* as a camera sent it, None when it says that nothing was read.

    Marks, spaces and points fall away, also accents and letters of full width; what is left is cut at 12 characters.
    """
    letters = normalised(text)
    if letters in _NOTHING:
        return None
    if letters.startswith("BR") and form_of(letters[2:]) is not PlateForm.OTHER:
        letters = letters[2:]  # the country's mark, read along
    letters = letters[:MAX_PLATE]
    form = form_of(letters)
    return Plate(letters, form, _twin(letters, form))


def normalised(text: str) -> str:
    """Return the ASCII capitals and digits of *text*."""
    text = text[:MAX_TEXT]
    if text.isascii() and text.isalnum():
        return text.upper()
    plain = unicodedata.normalize("NFKD", text).upper()
    return "".join(each for each in plain if each.isascii() and each.isalnum())


def form_of(letters: str) -> PlateForm:
    if _OLD.fullmatch(letters):
        return PlateForm.OLD
    if _MERCOSUL.fullmatch(letters):
        return PlateForm.MERCOSUL
    return PlateForm.OTHER


def suggestions(letters: str) -> list[str]:
    """Return plates of Brazilian form that a camera may have misread as *letters*, one mending at a time in each place.

    Letters where digits must stand and the reverse are turned; the fifth place is legal both ways and stays. What has the
    right form already has no suggestion.
    """
    if len(letters) != 7 or form_of(letters) is not PlateForm.OTHER:
        return []
    choices = []
    for place, character in enumerate(letters):
        if place < 3:
            choices.append(_AS_LETTER.get(character, character))
        elif place == 4:
            choices.append(character)
        else:
            choices.append(_AS_DIGIT.get(character, character))
    mended = "".join(choices)
    return [mended] if form_of(mended) is not PlateForm.OTHER else []


def lookalikes(letters: str) -> list[str]:
    """Return plates one doubtful character away from *letters*, of the same length, at most 16; for a search that found nothing."""
    found: list[str] = []
    for place, character in enumerate(letters[:MAX_PLATE]):
        for other in _DOUBTED_WITH.get(character, ""):
            candidate = letters[:place] + other + letters[place + 1 :]
            if len(candidate) == 7 and form_of(candidate) is PlateForm.OTHER:
                continue
            found.append(candidate)
    return found[:MAX_SUGGESTIONS]


def misreadings(letters: str) -> list[str]:
    """Return what has no Brazilian form and has *letters* for its only suggestion, with one or two places to turn; those of one first.

    Nothing where *letters* has no Brazilian form itself.
    """
    if form_of(letters) is PlateForm.OTHER:
        return []
    places = [
        character + ("" if place == 4 else _READ_AS[place < 3].get(character, ""))
        for place, character in enumerate(letters)
    ]
    read = [(_turned(each, letters), "".join(each)) for each in product(*places)]
    return [text for turned, text in sorted(read) if 0 < turned <= _MOST_TURNED]


def similar_to(text: str) -> list[str]:
    """Return what a camera may have read where *text*, a whole plate, or its twin passed; nothing for a part of one."""
    letters = normalised(text)
    if set(text) & {"?", "*"} or len(letters) != 7:
        return []
    twin = _twin(letters, form_of(letters))
    misread = [*misreadings(letters), *(misreadings(twin) if twin else [])]
    return list(dict.fromkeys([*suggestions(letters), *lookalikes(letters), *misread]))


def search_patterns(text: str) -> list[str]:
    """Return the ``GLOB`` patterns that find *text*: ``?`` stands for one character, ``*`` for any number.

    A whole plate is found in both its forms, and so is a pattern of seven places whose fifth is given. An empty list: *text*
    holds nothing to search for.
    """
    plain = unicodedata.normalize("NFKD", text[:MAX_TEXT]).upper()
    wanted = "".join(each for each in plain if (each.isascii() and each.isalnum()) or each in "?*")
    if not _PATTERN.fullmatch(wanted) or not wanted.strip("?*"):
        return []
    patterns = [wanted]
    if "*" not in wanted and len(wanted) == 7 and wanted[4] != "?":
        twin = _fifth_turned(wanted)
        if twin is not None and _may_have_twin(wanted):
            patterns.append(twin)
    return patterns


def vehicle_bounds(patterns: Sequence[str]) -> list[tuple[str, str]]:
    """Return where in the order of :attr:`Plate.vehicle` everything lies that *patterns* find: from, and before what.

    No two overlap. None at all: a pattern begins with fewer than three characters that are given, so it may be anywhere.
    """
    bounds: set[tuple[str, str]] = set()
    for pattern in patterns:
        given = _GIVEN.match(pattern)
        start = given[0] if given else ""
        if start == pattern:
            plate = read_plate(pattern)
            vehicle = plate.vehicle if plate else pattern
            bounds.add((vehicle, vehicle + _BEFORE_ALL))
        elif len(start) >= _LEAST_GIVEN:
            # Both forms of a vehicle begin with the same four.
            bounds.add((start[:4], start[:4] + _BEHIND_ALL))
        else:
            return []
    return sorted(bounds)


def _twin(letters: str, form: PlateForm) -> str | None:
    return None if form is PlateForm.OTHER else _fifth_turned(letters)


def _fifth_turned(letters: str) -> str | None:
    fifth = letters[4]
    if fifth.isdigit():
        return f"{letters[:4]}{_DIGIT_LETTERS[int(fifth)]}{letters[5:]}"
    if fifth in _DIGIT_LETTERS:
        return f"{letters[:4]}{_DIGIT_LETTERS.index(fifth)}{letters[5:]}"
    return None


def _turned(one: Sequence[str], other: str) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))


def _may_have_twin(pattern: str) -> bool:
    """Tell whether *pattern*, of seven places, can mean a Brazilian plate."""
    kinds = [("A" if place < 3 else "0") for place in range(7)]
    return all(
        character == "?" or place == 4 or (character.isdigit() == (kind == "0"))
        for place, (character, kind) in enumerate(zip(pattern, kinds, strict=True))
    )
