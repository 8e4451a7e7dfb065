"""How a line is, since when, and why."""

from enum import StrEnum

from gtvision_edge.lines.standing import Standing


class Weather(StrEnum):
    FAIR = "fair"
    FOUL = "foul"


def test_it_is_since_it_became_so_however_often_the_reason_changes() -> None:
    fair = Standing(Weather.FAIR, 1)

    foul = fair.becoming(Weather.FOUL, "login", now_us=5)
    fouler = foul.becoming(Weather.FOUL, "exchange", now_us=9)

    assert (foul.since_us, foul.reason) == (5, "login")
    assert (fouler.state, fouler.since_us, fouler.reason) == (Weather.FOUL, 5, "exchange")
    assert fouler.becoming(Weather.FAIR, "", now_us=11) == Standing(Weather.FAIR, 11)


def test_a_finding_names_a_reason_only_where_one_is_known() -> None:
    assert Standing(Weather.FOUL, 7, "login").facts() == {"since_us": 7, "reason": "login"}
    assert Standing(Weather.FOUL, 7).facts() == {"since_us": 7}
