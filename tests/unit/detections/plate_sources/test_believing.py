"""From where and on what proof a push is believed."""

import ipaddress

import pytest

from gtvision_edge.detections.model import TrustLevel
from gtvision_edge.detections.plate_sources.model import NOTHING_SET, SourceSettings


@pytest.mark.parametrize(
    ("address", "is_believed"),
    [
        ("10.20.0.64", True),
        ("::ffff:10.20.0.64", True),
        ("10.20.1.64", False),
        ("2001:db8::7", True),
        ("fe80::1%eth0", True),
        ("::1", False),
        ("", False),
        ("somebody", False),
    ],
)
def test_addresses_are_compared_as_what_they_stand_for(address: str, is_believed: bool) -> None:
    networks = ("10.20.0.0/24", "2001:db8::/32", "fe80::/10")
    settings = SourceSettings(networks=tuple(map(ipaddress.ip_network, networks)))

    assert settings.believes(address) is is_believed
    assert NOTHING_SET.believes(address)


@pytest.mark.parametrize(
    ("least", "accepted"),
    [
        (TrustLevel.SECRET_PATH, set(TrustLevel)),
        (TrustLevel.AUTHENTICATED, set(TrustLevel) - {TrustLevel.SECRET_PATH}),
        (TrustLevel.SIGNED, {TrustLevel.SIGNED}),
    ],
)
def test_more_proof_than_needed_is_enough(least: TrustLevel, accepted: set[TrustLevel]) -> None:
    settings = SourceSettings(least_trust=least)

    assert {each for each in TrustLevel if settings.accepts(each)} == accepted


def test_words_of_direction_are_found_however_they_are_spelt() -> None:
    settings = SourceSettings(directions={"obverse": "sentido centro"})

    assert settings.direction_of(" OBVERSE") == "sentido centro"
    assert settings.direction_of("Reverse") == "Reverse"
