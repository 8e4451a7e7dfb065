"""Lays out and signs a paper. Loads the libraries: import it in a child process, or in a thread that may take a second."""

from typing import Final

from reportlab.platypus import Flowable, KeepTogether

from gtvision_edge.keys import PaperKey
from gtvision_edge.papers import custody_form, purge_report, sheet
from gtvision_edge.papers.model import CustodyForm, PurgePaper
from gtvision_edge.papers.signing import sign_pdf

_HOW_TO_CHECK: Final = (
    "Confira em qualquer computador, sem internet: <b>pdfsig</b> (pacote poppler-utils) ou Adobe Acrobat Reader."
    " Qualquer alteração do documento depois da assinatura é acusada."
)


def make_paper(paper: PurgePaper | CustodyForm, key: PaperKey) -> bytes:
    """Return *paper* as a signed PDF."""
    sheet.load_letters()
    signature = KeepTogether([sheet.gap(6), _signature_box(key)])
    if isinstance(paper, PurgePaper):
        content = purge_report.lay_out(paper, signature)
        name, number, issued_us = purge_report.NAME, f"Nº {paper.purge_id}", paper.finished_us
    else:
        content = custody_form.lay_out(paper, signature)
        name, number, issued_us = custody_form.NAME, f"Nº {paper.package_id}", paper.issued_us
    unsigned = sheet.build(
        content, issuer=paper.issuer, name=name, number=number, issued_us=issued_us
    )
    return sign_pdf(unsigned, key, reason=name, location=paper.issuer.site_name)


def _signature_box(key: PaperKey) -> Flowable:
    if key.is_self_made:
        certificate = (
            "certificado próprio do sistema, não emitido pela ICP-Brasil"
            " (Medida Provisória nº 2.200-2/2001, art. 10, § 2º)"
        )
    elif key.is_of_icp_brasil:
        certificate = f"certificado ICP-Brasil emitido por {key.issuer}"
    else:
        certificate = f"certificado emitido por {key.issuer}"
    return sheet.boxed(
        sheet.body("<b>Documento assinado eletronicamente</b>"),
        sheet.said(
            f"Titular: {key.holder}\nCertificado: {certificate}\nImpressão digital do certificado (SHA-256): {key.fingerprint}",
            sheet.TINY,
        ),
        sheet.gap(1.5),
        sheet.small(_HOW_TO_CHECK),
    )
