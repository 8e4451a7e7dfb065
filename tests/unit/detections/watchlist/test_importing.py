"""A table of plates: what each line would do is said before, then all of it is done or nothing."""

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtvision_edge.accounts import NotPermittedError
from gtvision_edge.accounts.errors import UnknownTenantError
from gtvision_edge.detections.model import WatchLevel
from gtvision_edge.detections.watchlist import NewWatch, Watchlist
from gtvision_edge.detections.watchlist.importing import LineOutcome, WatchImport
from gtvision_edge.detections.watchlist.table import (
    MAX_CHARACTERS,
    MAX_LINES,
    TableLine,
    read_watch_table,
)
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.storage import Database
from tests.fakes.clock import FakeClock
from tests.unit.detections.watchlist.test_service import (
    OPERATOR_A,
    OPERATOR_B,
    SITE,
    VIEWER_A,
    watchlist,
)

__all__ = ["watchlist"]

ZONE = ZoneInfo("America/Sao_Paulo")
TABLE = """Placa;Motivo;Nível;Validade
ABC-1C34;furto, BO 118442;urgente;31/12/2026
QWE1A23;clonagem relatada;;

RIO2A18;visita da diretoria;informação;2026-06-01T12:00:00-03:00
"""


def us(text: str) -> int:
    return round(datetime.fromisoformat(text).astimezone(UTC).timestamp()) * 1_000_000


def read(text: str) -> list[TableLine]:
    return read_watch_table(text, ZONE)


@pytest.fixture
def tables(watchlist: Watchlist, database: Database, clock: FakeClock) -> WatchImport:
    return WatchImport(database, watchlist, clock)


async def listed(watchlist: Watchlist) -> dict[str, tuple[str, str, int | None]]:
    page = await watchlist.list_watches(OPERATOR_A)
    return {each.plate: (each.reason, each.level.value, each.expires_us) for each in page.watches}


async def noted(database: Database) -> list[tuple[str, dict[str, Any]]]:
    rows = await database.fetch_all("SELECT action, details FROM audit_log ORDER BY seq")
    return [(row[0], json.loads(row[1])) for row in rows]


def told(outcomes: list[LineOutcome]) -> list[tuple[int, str, str, list[str]]]:
    return [
        (each.number, each.plate, each.does, [f"{one.path} {one.code}" for one in each.faults])
        for each in outcomes
    ]


def test_a_table_is_read_as_spreadsheets_write_it() -> None:
    lines = read("\ufeff" + TABLE)

    assert [line.number for line in lines] == [2, 3, 5]
    assert [line.plate for line in lines] == ["ABC-1C34", "QWE1A23", "RIO2A18"]
    assert lines[0].reason == "furto, BO 118442"
    assert [line.level for line in lines] == [WatchLevel.CRITICAL, None, WatchLevel.INFO]
    assert lines[0].expires_us == us("2027-01-01T00:00:00-03:00")
    assert [line.expires_us for line in lines[1:]] == [None, us("2026-06-01T12:00:00-03:00")]
    assert not any(line.faults for line in lines)


@pytest.mark.parametrize(
    "text",
    [
        "ABC1234,furto na praça,warning,2026-12-31",
        'ABC1234,"furto na praça","warning","31/12/2026"',
        "ABC1234\tfurto na praça\tatenção\t31/12/2026\r\n",
        "expires;level;reason;plate\n31/12/2026;WARNING;furto na praça;ABC1234",
        "cor;placa;motivo;nível;validade\nprata;ABC1234;furto na praça;Atencao;31/12/2026",
    ],
)
def test_delimiters_quotes_headings_and_their_order_make_no_difference(text: str) -> None:
    (line,) = read(text)

    assert (line.plate, line.reason, line.level) == (
        "ABC1234",
        "furto na praça",
        WatchLevel.WARNING,
    )
    assert line.expires_us == us("2027-01-01T00:00:00-03:00")
    assert line.faults == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n;;;\n",
        "placa;motivo\n",
        "placa;nível\nABC1234;info",
        "ABC1234;furto na praça\n" * (MAX_LINES + 1),
        "x" * (MAX_CHARACTERS + 1),
    ],
)
def test_what_is_no_table_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        read(text)


@given(st.text(max_size=300))
def test_any_text_is_a_table_or_refused(text: str) -> None:
    try:
        lines = read(text)
    except InvalidInputError:
        return
    assert 0 < len(lines) <= MAX_LINES


@pytest.mark.parametrize("text", ["A" * 200_000, "ABC1D23;roubado;info;" + "9" * 200_000])
def test_a_cell_of_any_length_is_a_fault_or_a_refusal(text: str) -> None:
    with pytest.raises(InvalidInputError):
        read_watch_table(text, ZONE)


@pytest.mark.parametrize(
    ("moment", "expires_us"),
    [
        ("0001-01-01T00:00:00+23:00", -62_135_679_600_000_000),
        ("9999-12-31T23:59:59-23:00", 253_402_383_599_000_000),
    ],
)
def test_a_moment_at_the_edge_of_the_calendar_is_one_like_others(
    moment: str, expires_us: int
) -> None:
    (line,) = read_watch_table(f"ABC1D23;roubado;info;{moment}", ZONE)

    assert (line.expires_us, line.faults) == (expires_us, ())


async def test_a_trial_says_what_each_line_does_and_does_nothing(
    tables: WatchImport, watchlist: Watchlist, database: Database
) -> None:
    await watchlist.add(OPERATOR_A, NewWatch("ABC1234", "furto na praça", WatchLevel.INFO))
    await watchlist.add(OPERATOR_A, NewWatch("QWE1A23", "clonagem relatada", WatchLevel.WARNING))
    before, log = await listed(watchlist), await noted(database)

    outcomes = await tables.run(OPERATOR_A, read(TABLE), is_trial=True)

    assert told(outcomes) == [
        (2, "ABC1234", "change", []),
        (3, "QWE1A23", "nothing", []),
        (5, "RIO2A18", "add", []),
    ]
    assert (await listed(watchlist), await noted(database)) == (before, log)


async def test_a_table_is_taken_as_a_whole_and_every_entry_is_in_the_log(
    tables: WatchImport, watchlist: Watchlist, database: Database
) -> None:
    await watchlist.add(OPERATOR_A, NewWatch("ABC1234", "furto na praça", WatchLevel.INFO))
    await watchlist.add(OPERATOR_A, NewWatch("QWE1A23", "clonagem relatada", WatchLevel.WARNING))

    await tables.run(OPERATOR_A, read(TABLE))

    assert await listed(watchlist) == {
        "ABC1234": ("furto, BO 118442", "critical", us("2027-01-01T00:00:00-03:00")),
        "QWE1A23": ("clonagem relatada", "warning", None),
        "RIO2A18": ("visita da diretoria", "info", us("2026-06-01T12:00:00-03:00")),
    }
    log = (await noted(database))[2:]
    assert [action for action, _ in log] == ["watch.changed", "watch.created", "watch.imported"]
    assert log[-1][1] == {"added": 1, "changed": 1, "unchanged": 1}


async def test_columns_that_are_not_there_leave_level_and_expiry_as_they_are(
    tables: WatchImport, watchlist: Watchlist
) -> None:
    end_us = us("2026-09-01T00:00:00-03:00")
    wanted = NewWatch("ABC1234", "furto na praça", WatchLevel.CRITICAL, end_us)
    await watchlist.add(OPERATOR_A, wanted)

    await tables.run(OPERATOR_A, read("placa;motivo\nABC1234;roubo, outro BO"))

    assert await listed(watchlist) == {"ABC1234": ("roubo, outro BO", "critical", end_us)}


async def test_one_wrong_line_keeps_all_others_out_and_each_fault_names_its_line(
    tables: WatchImport, watchlist: Watchlist, database: Database
) -> None:
    table = read(
        "RIO2A18;furto na praça\n"
        "RI?2A18;furto na praça\n"
        "QWE1A23;oi\n"
        "ABC1234;furto na praça;altíssimo\n"
        "ABC1235;furto na praça;info;31/02/2026\n"
        "ABC1236;furto na praça;info;01/01/2020\n"
        "ABC1237;furto na praça;info;;vermelho\n"
        "RIO2018;o mesmo veículo"
    )

    outcomes = await tables.run(OPERATOR_A, table, is_trial=True)
    with pytest.raises(InvalidInputError) as refused:
        await tables.run(OPERATOR_A, table)

    assert told(outcomes) == [
        (1, "RIO2A18", "add", []),
        (2, "RI?2A18", "fault", ["placa no_plate"]),
        (3, "QWE1A23", "fault", ["reason reason_length"]),
        (4, "ABC1234", "fault", ["level unknown_level"]),
        (5, "ABC1235", "fault", ["expires_at unknown_day"]),
        (6, "ABC1236", "fault", ["expires_at past"]),
        (7, "ABC1237", "fault", ["line too_many_cells"]),
        (8, "RIO2018", "fault", ["placa twice"]),
    ]
    faults = refused.value.details["faults"]
    assert isinstance(faults, list)
    assert [fault["path"] for fault in faults][:2] == ["line 2, placa", "line 3, reason"]
    assert await listed(watchlist) == {}
    assert await noted(database) == []


async def test_a_table_touches_the_own_tenants_list_alone(
    tables: WatchImport, watchlist: Watchlist
) -> None:
    theirs = await watchlist.add(OPERATOR_B, NewWatch("ABC1234", "furto na praça", WatchLevel.INFO))

    outcomes = await tables.run(OPERATOR_A, read("ABC1234;roubo de carga"))
    await tables.run(SITE, read("ABC1234;roubo de carga"), tenant_id="b", is_trial=True)

    assert [each.does for each in outcomes] == ["add"]
    assert await watchlist.get(OPERATOR_B, theirs.watch_id) == theirs
    for who, tenant, error in (
        (OPERATOR_A, "b", UnknownTenantError),
        (SITE, "nobody", UnknownTenantError),
        (VIEWER_A, None, NotPermittedError),
    ):
        with pytest.raises(error):
            await tables.run(who, read("ABC1234;roubo de carga"), tenant_id=tenant)


async def test_the_longest_table_is_taken(tables: WatchImport, watchlist: Watchlist) -> None:
    text = "\n".join(f"ABC{number:04};furto na praça" for number in range(MAX_LINES))

    outcomes = await tables.run(OPERATOR_A, read(text))

    assert len(outcomes) == MAX_LINES
    assert len((await watchlist.list_watches(OPERATOR_A, limit=2000)).watches) == MAX_LINES
