"""The verifier has words for all that it may say, in both languages, with the same facts in both."""

import re
from pathlib import Path
from string import Formatter

import pytest

from gtvision_edge.recordings.evidence import opening, proofs, verify
from gtvision_edge.recordings.evidence.wording import CODES, language_of, say

SAID = re.compile(r'(?:blame\(\s*[^,]+,\s*|remark\(\s*|broken\(\s*|fault = )"([a-z_]+)"')


@pytest.mark.parametrize("module", [opening, proofs, verify])
def test_what_the_verifier_says_has_words(module: object) -> None:
    text = Path(str(vars(module)["__file__"])).read_text(encoding="utf-8")
    codes = set(SAID.findall(text))
    assert codes
    assert codes <= CODES


@pytest.mark.parametrize("code", sorted(CODES))
def test_both_languages_tell_the_same_facts(code: str) -> None:
    wanted = {
        name: f"<{name}>"
        for name in (
            "why",
            "fingerprint",
            "sums",
            "file",
            "seconds",
            "camera",
            "count",
            "told",
            "reading",
        )
    } | {"package": "<package>", "files": "<files>"}
    told = [say(code, language, **wanted) for language in ("en", "pt")]
    assert set(re.findall(r"<\w+>", told[0])) == set(re.findall(r"<\w+>", told[1]))
    assert told[0] != told[1]
    assert not any(field for text in told for _, field, _, _ in Formatter().parse(text) if field)


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "pt_BR.UTF-8"}, "pt"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "pt_PT"}, "pt"),
        ({"LANG": "pt_BR.UTF-8", "LC_MESSAGES": "C"}, "en"),
        ({"LANG": "", "LC_ALL": ""}, "en"),
        ({}, "en"),
    ],
)
def test_the_locale_says_which(environment: dict[str, str], language: str) -> None:
    assert language_of(environment) == language
