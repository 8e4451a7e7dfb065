"""JSON has one meaning or is refused, in words that repeat nothing of it."""

import pytest

from gtvision_edge.runtime.strict_json import UnclearJsonError, read_strict_json


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "is no JSON (line 1, column 1)"),
        (b'{"a":\n hunter2}', "is no JSON (line 2, column 2)"),
        (b'{"a":1,"a":2}', "has a key twice in one object"),
        (b'[{"b":{"a":1,"a":1}}]', "has a key twice in one object"),
        (b'{"a":NaN}', "has NaN, which is no JSON"),
        (b"[-Infinity]", "has -Infinity, which is no JSON"),
        (b"[1e999]", "has a number that is too large"),
        (b'"\\ud800"', "has characters that are no UTF-8"),
        (b'{"\\udfff":1}', "has characters that are no UTF-8"),
        (b'"\xff"', "has characters that are no UTF-8"),
        ('{"a":1}'.encode("utf-16"), "has characters that are no UTF-8"),
        (b"[" * 100_000, "is nested too deeply"),
        (b'\xef\xbb\xbf{"a":1}', "is no JSON (line 1, column 1)"),
    ],
)
def test_what_is_unclear_is_refused(raw: bytes, message: str) -> None:
    with pytest.raises(UnclearJsonError) as caught:
        read_strict_json(raw)

    assert str(caught.value) == message


def test_a_number_of_five_thousand_digits_is_refused() -> None:
    with pytest.raises(UnclearJsonError):
        read_strict_json(b"9" * 5000)


def test_numbers_stay_literals_for_who_asks_so_and_a_mark_is_passed_over() -> None:
    raw = b'\xef\xbb\xbf{"a":0.950,"b":-1,"c":"\xc3\xa7"}'

    assert read_strict_json(raw, number=str, with_mark=True) == {"a": "0.950", "b": "-1", "c": "ç"}
    assert read_strict_json(raw[3:]) == {"a": 0.95, "b": -1, "c": "ç"}
