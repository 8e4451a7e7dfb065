"""The trial consumer tells what is not as promised; its reading of schemas is that of everybody's validator."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types

from gtvision_edge.uplink.inspection import schemas_folder
from gtvision_edge.uplink.listening import Ear
from gtvision_edge.uplink.schema_check import Schemas, faults_of

FOLDER = Path(__file__).parents[3] / "config/schemas"
SCHEMAS: dict[str, dict[str, Any]] = {
    path.name: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))
}
DISK: dict[str, Any] = {
    "id": "0199c0de-0000-7000-8000-000000000001",
    "evento": "volume_ausente",
    "em": "2026-01-01T00:00:00+00:00",
    "motivo": "",
    "livre_bytes": None,
    "total_bytes": None,
}


def event(data: Any, event_id: str = "a", **changes: Any) -> bytes:
    made = {
        "late": False,
        "specversion": "1.0",
        "id": event_id,
        "source": "urn:gtvision:site:s",
        "subject": "disco",
        "time": "2026-01-01T00:00:00+00:00",
        "dataschema": "urn:gtvision:schema:sistema.disco.v1.json",
        "data": data,
    }
    return json.dumps(made | changes).encode()


def headers(seq: int, lane: str = "u-1", stream: str = "live") -> dict[str, Any]:
    return {"x-seq": seq, "x-lane": lane, "x-stream": stream}


@pytest.fixture
def ear() -> Ear:
    return Ear(Schemas(FOLDER))


def test_what_is_as_promised_is_ok(ear: Ear) -> None:
    heard = ear.hear(event(DISK), "sistema.disco", headers(1))

    assert heard.line.endswith("  volume_ausente  a  ok")
    assert (ear.tally.events, ear.tally.faulty) == (1, 0)


def test_what_comes_twice_is_told_and_is_not_out_of_order(ear: Ear) -> None:
    ear.hear(event(DISK, "a"), "k", headers(1))
    ear.hear(event(DISK, "b"), "k", headers(2))

    again = ear.hear(event(DISK, "a"), "k", headers(1))

    assert (again.is_double, again.is_disordered) == (True, False)
    assert again.line.endswith("  double")


def test_order_is_that_of_a_lane_within_its_stream(ear: Ear) -> None:
    ear.hear(event(DISK, "a"), "k", headers(500))
    assert not ear.hear(event(DISK, "b"), "k", headers(1, stream="backlog")).is_disordered
    assert not ear.hear(event(DISK, "c"), "k", headers(2, "u-2")).is_disordered

    heard = ear.hear(event(DISK, "d"), "k", headers(499))

    assert heard.is_disordered
    assert "OUT OF ORDER" in heard.line


def test_late_is_told(ear: Ear) -> None:
    assert ear.hear(event(DISK, late=True), "k", headers(1)).line.endswith("  late")


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (event(DISK | {"evento": "outro"}), "$.evento"),
        (event({name: value for name, value in DISK.items() if name != "em"}), "$"),
        (event(DISK | {"livre_bytes": -1}), "$.livre_bytes"),
        (
            event(DISK, dataschema="urn:gtvision:schema:../../etc/passwd"),
            "no schema ../../etc/passwd",
        ),
        (b"{", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[]", "no CloudEvent"),
    ],
)
def test_what_is_not_by_its_schema_is_told_and_never_raised(
    ear: Ear, body: bytes, fault: str
) -> None:
    heard = ear.hear(body, "k", {})

    assert heard.faults == (fault,)
    assert "NOT BY ITS SCHEMA" in heard.line
    assert ear.tally.faulty == 1


def test_a_body_nested_without_end_is_told_and_never_raised(ear: Ear) -> None:
    assert ear.hear(b"[" * 100_000, "deteccoes.lpr", headers(1)).faults == ("no JSON",)


def test_a_terminal_is_sent_no_orders(ear: Ear) -> None:
    heard = ear.hear(event(DISK, subject="\x1b]0;x\x07\n"), "k", {})

    assert "\x1b" not in heard.line
    assert "\n" not in heard.line


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 10**15)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(["ABC1D23", "recording", "a" * 64, "2026-01-01T00:00:00+00:00", DISK["id"]]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)


@pytest.mark.parametrize("name", SCHEMAS)
@given(chosen=st.data())
def test_any_value_is_judged_as_by_jsonschema(name: str, chosen: st.DataObject) -> None:
    schema = SCHEMAS[name]
    fields = sorted(schema["properties"])
    value = chosen.draw(
        st.dictionaries(st.sampled_from(fields), json_values) | st.just(DISK) | json_values
    )

    ours = not list(faults_of(value, schema, schema))

    assert ours == Draft202012Validator(schema).is_valid(value)


def test_a_word_that_is_not_known_is_refused_and_not_passed_over() -> None:
    with pytest.raises(ValueError, match="multipleOf"):
        list(faults_of(3, {"multipleOf": 2}, {}))


def test_the_schemas_are_found() -> None:
    assert {path.name for path in schemas_folder().glob("*.json")} == set(SCHEMAS)


def test_a_passage_whose_plate_was_not_read_keeps_its_column(ear: Ear) -> None:
    read = ear.hear(event({"placa": "ABC1D23"}, "a"), "deteccoes.lpr", {})
    unread = ear.hear(event({"placa": None}, "b"), "deteccoes.lpr", {})

    assert read.line.split("  ").index("ABC1D23") == unread.line.split("  ").index("-")
