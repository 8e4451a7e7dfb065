"""The PDFs, as poppler's tools see them."""

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gtvision_edge.keys import PaperKey, open_keys
from gtvision_edge.papers import (
    ClockStep,
    CustodyForm,
    CustodyRequest,
    Gap,
    PurgePaper,
    render_paper,
    sheet,
)
from gtvision_edge.papers.custody_form import lay_out as lay_out_form
from gtvision_edge.papers.purge_report import lay_out as lay_out_purge
from gtvision_edge.settings import PaperSettings
from tests.fakes.certificates import pkcs12_file
from tests.fakes.papers import START_US, custody_form, purge_paper
from tests.tools import run_tool

PAPERS = [purge_paper(), custody_form()]
KINDS = ["purge", "custody"]


@pytest.fixture(autouse=True)
def no_blocking_calls() -> None:
    """Papers are made in a process of their own, where pyHanko runs a loop of its own and blocks it."""


@pytest.fixture
def key(tmp_path: Path) -> PaperKey:
    return open_keys(tmp_path / "state", PaperSettings(), site_id="a-site").paper


def written(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return str(path)


def text_of(content: bytes, tmp_path: Path) -> str:
    path = written(tmp_path / "paper.pdf", content)
    code, text = run_tool("pdftotext", "-layout", path, "-")
    assert code == 0, text
    return " ".join(text.split())


@pytest.mark.parametrize("paper", PAPERS, ids=KINDS)
def test_pdfsig_finds_the_signature_good(
    paper: PurgePaper | CustodyForm, key: PaperKey, tmp_path: Path
) -> None:
    code, verdict = run_tool("pdfsig", written(tmp_path / "p.pdf", render_paper(paper, key)))

    assert code == 0, verdict
    assert "Signature Validation: Signature is Valid." in verdict
    assert "Total document signed" in verdict
    assert "ETSI.CAdES.detached" in verdict
    assert "Common Name: GT-Vision Edge a-site" in verdict


@pytest.mark.parametrize("paper", PAPERS, ids=KINDS)
def test_pdfsig_finds_a_changed_byte_and_an_appended_revision(
    paper: PurgePaper | CustodyForm, key: PaperKey, tmp_path: Path
) -> None:
    content = render_paper(paper, key)
    changed = bytearray(content)
    changed[content.index(b"stream") + 20] ^= 1

    _, verdict = run_tool("pdfsig", written(tmp_path / "changed.pdf", bytes(changed)))
    assert "Digest Mismatch" in verdict

    _, verdict = run_tool("pdfsig", written(tmp_path / "longer.pdf", content + b"% more\n"))
    assert "Total document signed" not in verdict


@pytest.mark.parametrize("paper", PAPERS, ids=KINDS)
def test_every_letter_is_embedded(
    paper: PurgePaper | CustodyForm, key: PaperKey, tmp_path: Path
) -> None:
    code, fonts = run_tool("pdffonts", written(tmp_path / "p.pdf", render_paper(paper, key)))

    lines = fonts.splitlines()[2:]
    assert code == 0
    assert lines
    assert all("SourceSansPro" in line and " yes yes yes " in line for line in lines), fonts


def test_papers_are_signed_with_the_municipalitys_certificate(tmp_path: Path) -> None:
    settings = pkcs12_file(tmp_path / "a1.p12", rsa.generate_private_key(65537, 2048))
    key = PaperKey.from_pem(open_keys(tmp_path / "s", settings, site_id="a").paper.to_pem())

    content = render_paper(purge_paper(), key)

    _, verdict = run_tool("pdfsig", written(tmp_path / "p.pdf", content))
    assert "Signature is Valid" in verdict
    assert "Common Name: MUNICIPIO DE SERRA AZUL" in verdict
    assert "certificado ICP-Brasil emitido por AC de teste" in text_of(content, tmp_path)


def test_a_purge_report_says_what_was_deleted_and_why(key: PaperKey, tmp_path: Path) -> None:
    paper = purge_paper(kind="manual", reason="Ordem de serviço nº 7 <b>& outra")

    text = text_of(render_paper(paper, key), tmp_path)

    for fact in (
        paper.purge_id,
        "Prefeitura Municipal de Serra Azul",
        "Determinação de pessoa autorizada",
        "Ordem de serviço nº 7 <b>& outra",
        "8.640",
        "259.200.000.000 bytes",
        "12 segmentos sob guarda não foram eliminados",
        "Praça da Matriz, lado 3",
        paper.root.hex(),
        "13.709/2018",
        "Página 1 de 2",
    ):
        assert fact in text, fact


def test_a_purge_report_certifies_the_hashed_files_alone(key: PaperKey, tmp_path: Path) -> None:
    paper = replace(purge_paper(), segments=11, unhashed=10)

    text = text_of(render_paper(paper, key), tmp_path)

    assert "10 segmentos eliminados antes de calculada" in text
    assert "digitais (SHA-256) de 1 dos 11 arquivos eliminados" in text
    assert "10 arquivos restantes, a raiz guarda apenas o lugar" in text
    assert "dos arquivos eliminados, na ordem" not in text


def test_a_purge_report_without_any_hash_certifies_no_content(
    key: PaperKey, tmp_path: Path
) -> None:
    text = text_of(render_paper(replace(purge_paper(), segments=1, unhashed=1), key), tmp_path)

    assert "1 segmento eliminado antes de calculada" in text
    assert "não prova qual era o conteúdo de nenhum deles" in text
    assert "trocado sem que ela mude" not in text


def test_a_purge_report_of_hashed_files_covers_them_all(key: PaperKey, tmp_path: Path) -> None:
    text = text_of(render_paper(purge_paper(), key), tmp_path)

    assert "dos arquivos eliminados, na ordem em que o foram: nenhum item pode ser" in text


def test_a_custody_form_has_the_fields_that_a_court_asks_for(key: PaperKey, tmp_path: Path) -> None:
    form = custody_form()

    text = text_of(render_paper(form, key), tmp_path)

    for fact in (
        form.package_id,
        form.seal,
        form.request.reference,
        form.request.legal_basis,
        form.operator_name,
        form.operator_registration,
        "câmera fora do ar",
        "a.st1.ntp.br",
        "−0,310 s",
        "135° (sudeste)",
        form.sums_sha256.hex(),
        form.key_fingerprint,
        "158-A",
        "Recebido por",
        "Carlos Lima",
    ):
        assert fact in text, fact
    assert text.count("igual") == len(form.files) - 1


def test_a_file_that_changed_since_it_was_recorded_is_called_so(
    key: PaperKey, tmp_path: Path
) -> None:
    form = custody_form()
    changed = replace(form.files[0], ingest_sha256=bytes(32))

    text = text_of(render_paper(replace(form, files=[changed]), key), tmp_path)

    assert "DIFERENTE" in text


def test_a_paper_of_very_many_rows_is_made(key: PaperKey, tmp_path: Path) -> None:
    text = text_of(render_paper(custody_form(files=600), key), tmp_path)

    assert "600 arquivos" in text


def test_texts_of_people_break_no_paper(key: PaperKey, tmp_path: Path) -> None:
    odd = purge_paper(reason="a\x00b </para> 🚓 \ud800 " + "x" * 4000)
    odd = replace(odd, cameras=[replace(odd.cameras[0], name="ç" * 300)])

    assert "ab </para>" in text_of(render_paper(odd, key), tmp_path)


def lines_of(count: int) -> str:
    return "\n".join(f"linha {number}" for number in range(count))


@pytest.mark.parametrize("count", [77, 300, 1000])
def test_a_text_of_many_lines_goes_on_over_the_page(
    key: PaperKey, tmp_path: Path, count: int
) -> None:
    purge = text_of(render_paper(purge_paper(reason=lines_of(count)), key), tmp_path)
    form = replace(custody_form(), incident_reason=lines_of(count))
    custody = text_of(render_paper(form, key), tmp_path)

    for text in (purge, custody):
        assert "linha 0" in text
        assert f"linha {count - 1}" in text


def test_a_camera_of_very_many_gaps_and_steps_is_told_whole(key: PaperKey, tmp_path: Path) -> None:
    form = custody_form()
    gaps = [Gap(START_US + n * 1_000_000, START_US + n * 1_000_000 + 500_000) for n in range(400)]
    form = replace(
        form,
        cameras=[replace(form.cameras[0], gaps=gaps)],
        clock_steps=[ClockStep(START_US + n, 1.0) for n in range(400)],
        processing=[f"ATENÇÃO: gravação nº {n}" for n in range(400)],
    )

    text = text_of(render_paper(form, key), tmp_path)

    assert "gravação nº 0" in text
    assert "gravação nº 399" in text


_ODD = st.characters(codec="utf-8") | st.sampled_from("\n\r\t<>&\u200b\u202e\u2028W🚓")
TEXT = st.text(_ODD, max_size=300) | st.lists(
    st.text(_ODD, max_size=6), min_size=50, max_size=600
).map(lambda lines: "\n".join(lines)[:2000])
LINE = TEXT.map(lambda text: text[:300])


@settings(max_examples=30, deadline=None)
@example("a\nb" * 660, "\n".join("abc" * 50), "\n".join("xyz" * 50), "W" * 300)
@given(TEXT, LINE, LINE, LINE)
def test_whatever_text_the_api_takes_makes_a_paper(
    reason: str, one: str, two: str, three: str
) -> None:
    sheet.load_letters()
    form = custody_form()
    form = replace(
        form,
        request=CustodyRequest(one, two, three, one),
        operator_name=two[:200],
        operator_registration=three,
        incident_reason=reason,
        incident_reference=one[:200],
        cameras=[replace(form.cameras[0], name=two[:200], place=three)],
    )
    purge = purge_paper(reason=reason)
    purge = replace(
        purge,
        actor_name=one[:200],
        policy={**purge.policy, "reference": two[:200]},
        cameras=[replace(purge.cameras[0], name=three[:200])],
    )

    for content in (
        lay_out_form(form, sheet.gap(6)),
        lay_out_purge(purge, sheet.gap(6)),
    ):
        made = sheet.build(content, issuer=form.issuer, name="a", number="b", issued_us=START_US)
        assert made.startswith(b"%PDF-")
