import pytest
from aiohttp.test_utils import make_mocked_request

from gtvision_edge.runtime.entity_tags import has_already


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ('"abc"', True),
        ('W/"abc"', True),
        ('"x", W/"abc"', True),
        ("*", True),
        ('"ab"', False),
        ("abc", False),
        ("", False),
        (None, False),
    ],
)
def test_any_of_the_tags_sent_may_be_the_one(sent: str | None, expected: bool) -> None:
    headers = {} if sent is None else {"If-None-Match": sent}

    assert has_already(make_mocked_request("GET", "/", headers=headers), "abc") is expected
