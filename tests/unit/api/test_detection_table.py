"""Readings are carried away as a table: with a purpose, in the log, and harmless in a spreadsheet."""

import csv
import io
import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import gtvision_edge
from gtvision_edge.api.detection_table import HEADINGS
from gtvision_edge.api.detection_words import table_words
from gtvision_edge.detections import service
from gtvision_edge.detections.model import TimeSource, TrustLevel
from gtvision_edge.storage import Database
from tests.fakes.clock import FakeClock
from tests.unit.api.conftest import Served
from tests.unit.api.test_plates import access, message, post

TABLE = "/api/v1/detections.csv"
CONSOLE = Path(gtvision_edge.__file__).parent / "console" / "src"


async def send(served: Served, clock: FakeClock, *plates: str, camera_id: str = "cam01") -> None:
    secret = (await access(served, camera_id, at_once=True))["secret"]
    for plate in plates:
        await clock.advance(20)
        raw = json.dumps(message(clock, secret, camera_id=camera_id, placa=plate)).encode()
        assert (await post(served, raw))[0] == 202


async def table(served: Served, query: str, who: str = "operator-a") -> list[dict[str, str]]:
    status, headers, content = await served.exchange("GET", f"{TABLE}?{query}", who=who)
    assert status == 200, content
    assert headers["Content-Type"] == "text/csv; charset=utf-8"
    assert headers["Content-Disposition"] == 'attachment; filename="leituras.csv"'
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


async def test_all_pages_come_newest_first(
    served: Served, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_PAGE", 2)
    await send(served, clock, *(f"ABC1D2{number}" for number in range(5)))

    rows = await table(served, "purpose=BO+45/2026")

    assert [each["placa"] for each in rows] == [f"ABC1D2{number}" for number in (4, 3, 2, 1, 0)]
    assert list(rows[0]) == list(HEADINGS)
    assert (rows[0]["camera_id"], rows[0]["confianca"]) == ("cam01", "0,950")


async def test_it_is_written_for_people_in_their_language_and_for_programs_in_codes(
    served: Served, clock: FakeClock
) -> None:
    await send(served, clock, "ABC1D23")

    async def told(query: str, who: str = "operator-a") -> list[str]:
        (row,) = await table(served, f"purpose=BO+45/2026{query}", who)
        names = ("data_hora", "confianca", "fonte", "confiabilidade", "horario", "atrasada")
        return [row[name] for name in names]

    passed = datetime.fromtimestamp(clock.now_us() / 1e6, ZoneInfo("America/Sao_Paulo"))
    assert await told("") == [
        f"{passed:%d/%m/%Y %H:%M:%S}",
        "0,950",
        "integrador (webhook)",
        "assinada com o segredo da câmera",
        "de quem enviou",
        "não",
    ]
    assert await told("&codes=true") == [
        f"{passed:%Y-%m-%dT%H:%M:%S}",
        "0.950",
        "webhook",
        "signed",
        "camera",
        "false",
    ]
    status, _ = await served.call("PATCH", "/me", who="operator-a", json={"locale": "en"})
    assert status == 200
    assert (await told(""))[1:4] == [
        "0.950",
        "integrator (webhook)",
        "signed with the camera's secret",
    ]


@pytest.mark.parametrize("locale", ["pt-BR", "en"])
def test_every_code_has_words_and_they_are_those_of_the_console(locale: str) -> None:
    words = table_words(locale)
    said = (CONSOLE / "i18n" / f"plates.{locale}.ts").read_text(encoding="utf-8")

    assert set(words.trusts) == set(TrustLevel)
    assert set(words.times) == set(TimeSource)
    for some in (words.sources, words.trusts, words.directions):
        for code, word in some.items():
            assert f'{code}: "{word}"' in said


async def test_no_cell_is_a_formula(served: Served, clock: FakeClock) -> None:
    await send(
        served,
        clock,
        '=HYPERLINK("http://x";"y")',
        "+1A",
        "-1A",
        "@SUM(A1)",
        ' =1+"a,b"',
        "\uff1d1+1",
    )

    rows = await table(served, "purpose=BO+45/2026")

    assert len(rows) == 6
    for each in rows:
        for cell in each.values():
            assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\uff1d"))
    assert {each["placa_lida"] for each in rows} >= {'\'=HYPERLINK("http://x";"y")', "'+1A"}


async def test_it_needs_a_purpose_and_is_audited_without_the_plate_in_clear(
    served: Served, clock: FakeClock, database: Database
) -> None:
    await send(served, clock, "ABC1D23", "XYZ1D23")

    status, _, refused = await served.exchange("GET", TABLE, who="operator-a")
    rows = await table(served, "placa=ABC*&purpose=BO+45/2026")
    _, log = await served.call("GET", "/audit?action=plates.exported", who="auditor-a")

    assert (status, refused["code"]) == (422, "purpose_required")
    assert [each["placa"] for each in rows] == ["ABC1D23"]
    (entry,) = log["items"]
    assert (entry["details"]["plate"], entry["details"]["purpose"]) == ("ABC*", "BO 45/2026")
    row = await database.fetch_one("SELECT details FROM audit_log WHERE action = 'plates.exported'")
    assert row is not None
    assert set(json.loads(row[0])) == {"start_us", "end_us", "sealed"}


async def test_each_carries_away_only_what_they_may_see(served: Served, clock: FakeClock) -> None:
    await send(served, clock, "ABC1D23")
    await send(served, clock, "XYZ1D23", camera_id="cam09")

    assert [each["placa"] for each in await table(served, "purpose=BO+45/2026")] == ["ABC1D23"]
    theirs = await table(served, "purpose=BO+45/2026", who="viewer-b")
    assert [each["placa"] for each in theirs] == ["XYZ1D23"]
    for who, query, expected in (
        ("auditor-a", "purpose=BO+45/2026", 403),
        ("operator-a", "purpose=BO+45/2026&camera=cam09", 404),
    ):
        status, _, _ = await served.exchange("GET", f"{TABLE}?{query}", who=who)
        assert status == expected
