"""The "Termo de Custódia": what a bundle holds and where it comes from, and the table of its movements (CPP arts. 158-A to 158-F)."""

from collections.abc import Sequence
from typing import Final

from reportlab.platypus import Flowable, KeepTogether

from gtvision_edge.papers import sheet, words
from gtvision_edge.papers.model import (
    CustodyCamera,
    CustodyFile,
    CustodyForm,
    CustodyReadings,
    Gap,
)

NAME: Final = "Termo de Custódia de Vestígio Digital"
BLANK_MOVEMENTS: Final = 6
_FIRST_BY_HAND: Final = 10
_CHECKS: Final = (
    "ssh-keygen -Y verify -f signatarios.txt -I gtvision-edge/{site} -n gtvision-evidence -s SHA256SUMS.sig < SHA256SUMS",
    "sha256sum -c --strict --quiet SHA256SUMS && echo OK",
    "pdfsig termo.pdf",
)


def lay_out(form: CustodyForm, signature: Flowable) -> list[Flowable]:
    """Return the form's content; the *signature* box stands before what is filled in by hand on paper."""
    content: list[Flowable] = [
        *sheet.title(NAME.upper(), f"Pacote nº {form.package_id} · Lacre nº {form.seal}"),
        sheet.body(
            "Registro da coleta e do acondicionamento de vestígio digital, para fins de cadeia de custódia"
            " (Código de Processo Penal, arts. 158-A a 158-F). Os arquivos originais são cópia exata, bit a bit, das gravações"
            " feitas pelo sistema de videomonitoramento em sua operação normal; nenhum foi recodificado, cortado ou alterado."
        ),
    ]
    sections = [
        ("Requisição", [_request(form)]),
        ("Coleta e responsáveis", [_people(form)]),
        ("Equipamento e intervalo", [_equipment(form)]),
        ("Câmeras, disponibilidade e lacunas", _cameras(form)),
        ("Relógio", _clock(form)),
        ("Conteúdo do pacote", _files(form)),
        ("Tratamento aplicado", _processing(form)),
        ("Integridade e autenticidade", _integrity(form)),
        ("Guarda e descarte", [_keeping(form)]),
        ("Entrega", _delivery(form)),
        ("Movimentação do vestígio", _movements(form)),
    ]
    for number, (heading, parts) in enumerate(sections, 1):
        if number == _FIRST_BY_HAND:
            content.append(signature)
        content += sheet.section(number, heading, *parts)
    return content


def _request(form: CustodyForm) -> Flowable:
    request = form.request
    return sheet.facts(
        [
            ("Autoridade requisitante", request.authority or words.NOT_KNOWN),
            ("Documento de referência", request.reference or words.NOT_KNOWN),
            ("Fundamento legal", request.legal_basis or words.NOT_KNOWN),
            ("Finalidade", request.purpose or words.NOT_KNOWN),
            (
                "Incidente sob guarda",
                "\n".join(
                    each
                    for each in (
                        form.incident_id,
                        form.incident_reason,
                        f"Referência: {form.incident_reference}" if form.incident_reference else "",
                    )
                    if each
                )
                or words.NOT_KNOWN,
            ),
        ]
    )


def _people(form: CustodyForm) -> Flowable:
    zone = form.issuer.zone
    return sheet.facts(
        [
            ("Data e hora da coleta", words.moment(form.issued_us, zone)),
            ("Coletado e acondicionado por", form.operator_name),
            ("Matrícula", form.operator_registration or words.NOT_KNOWN),
            ("Função no sistema", form.operator_role or words.NOT_KNOWN),
            (
                "Autorizado por",
                f"{form.approver_name} (matrícula: {form.approver_registration or words.NOT_KNOWN})"
                if form.approver_name
                else "não se aplica (sem segunda aprovação)",
            ),
        ]
    )


def _equipment(form: CustodyForm) -> Flowable:
    issuer = form.issuer
    wanted = form.end_us - form.start_us
    return sheet.facts(
        [
            ("Órgão", issuer.organisation or words.NOT_KNOWN),
            ("Local do gravador", issuer.site_name),
            ("Identificação do gravador", issuer.site_id),
            ("Programa e versão", issuer.software),
            (
                "Intervalo requisitado",
                f"de {words.moment(form.start_us, issuer.zone)}\naté {words.moment(form.end_us, issuer.zone)}"
                f"\n({words.length(wanted)})",
            ),
        ]
    )


def _cameras(form: CustodyForm) -> list[Flowable]:
    parts: list[Flowable] = []
    for camera in form.cameras:
        parts += [
            *sheet.subheading(
                f"{camera.name} ({camera.camera_id})" if camera.name else camera.camera_id
            ),
            sheet.facts(_camera_facts(camera, form)),
        ]
    return parts


def _camera_facts(camera: CustodyCamera, form: CustodyForm) -> list[tuple[str, sheet.Cell]]:
    zone = form.issuer.zone
    device = [
        f"{label} {value or words.NOT_KNOWN}"
        for label, value in (
            ("Marca e modelo:", camera.model),
            ("Nº de série:", camera.serial),
            ("Firmware:", camera.firmware),
        )
    ]
    where = [camera.place] if camera.place else []
    if camera.latitude is not None and camera.longitude is not None:
        where.append(words.coordinates(camera.latitude, camera.longitude))
    if camera.bearing is not None:
        where.append(f"voltada para {words.direction(camera.bearing)}")
    if camera.clock_offset_s is None:
        offset = "não medida"
    else:
        offset = f"{words.signed_seconds(camera.clock_offset_s)} em relação ao gravador"
        if camera.clock_offset_at_us is not None:
            offset += f", medida em {words.short_moment(camera.clock_offset_at_us, zone)}"
    wanted = max(1, form.end_us - form.start_us)
    share = words.decimal(min(100.0, camera.recorded_us / wanted * 100), 1)
    return [
        ("Identificador", camera.camera_uuid),
        ("Equipamento", "; ".join(device)),
        ("Posição", "\n".join(where) or words.NOT_KNOWN),
        ("Imagem", camera.video or words.NOT_KNOWN),
        ("Diferença de relógio", offset),
        ("Disponível", f"{words.length(camera.recorded_us)} ({share} % do intervalo requisitado)"),
        ("Lacunas", _gaps(camera.gaps, zone)),
    ]


def _gaps(gaps: Sequence[Gap], zone: str) -> str:
    if not gaps:
        return "nenhuma: o intervalo está completo"
    return "\n".join(
        f"de {words.exact_moment(each.start_us, zone)} até {words.exact_moment(each.end_us, zone)}"
        f" ({words.length(each.end_us - each.start_us)}): {words.cause(each.cause)}"
        for each in gaps
    )


def _clock(form: CustodyForm) -> list[Flowable]:
    zone = form.issuer.zone
    state = {True: "sincronizado", False: "não sincronizado", None: words.NOT_KNOWN}[
        form.clock_is_synced
    ]
    steps = (
        "\n".join(
            f"{words.short_moment(each.at_us, zone)}: {words.signed_seconds(each.step_s)}"
            for each in form.clock_steps
        )
        or "nenhum no intervalo"
    )
    offset = (
        "não medida" if form.clock_offset_s is None else words.signed_seconds(form.clock_offset_s)
    )
    return [
        sheet.facts(
            [
                ("Fuso horário deste termo", f"{zone} ({words.offset_of(form.start_us, zone)})"),
                ("Fonte de hora", form.clock_source or words.NOT_KNOWN),
                ("Relógio do gravador na coleta", state),
                ("Diferença para a fonte", offset),
                ("Saltos do relógio", steps),
            ]
        )
    ]


def _files(form: CustodyForm) -> list[Flowable]:
    zone = form.issuer.zone
    originals = [each for each in form.files if not each.is_derived]
    derived = [each for each in form.files if each.is_derived]
    parts: list[Flowable] = []
    if originals:
        total = sum(each.size_bytes for each in originals)
        parts += [
            *sheet.subheading(
                f"Originais: {words.count(len(originals), 'arquivo', 'arquivos')}, {words.size(total)}"
            ),
            sheet.grid(
                ["Arquivo", "Período", "Bytes", "SHA-256", "Hash na gravação"],
                [
                    [
                        _file_name(each),
                        _period(each, zone),
                        words.integer(each.size_bytes),
                        each.sha256.hex(),
                        _ingest(each),
                    ]
                    for each in originals
                ],
                [44, 30, 19, 54, 20],
            ),
        ]
    if derived:
        parts += [
            *sheet.subheading(
                f"Derivados (não são originais): {words.count(len(derived), 'arquivo', 'arquivos')}"
            ),
            sheet.grid(
                ["Arquivo", "Feito de", "Bytes", "SHA-256"],
                [
                    [
                        _file_name(each),
                        _made_from(each),
                        words.integer(each.size_bytes),
                        each.sha256.hex(),
                    ]
                    for each in derived
                ],
                [50, 40, 21, 60],
            ),
        ]
    if not parts:
        return [sheet.body("O pacote não contém arquivos.")]
    return [*parts, *sheet.subheading("Leituras de placas"), sheet.body(_readings(form.readings))]


def _readings(readings: CustodyReadings | None) -> str:
    if readings is None:
        return "Não incluídas, por opção de quem exportou."
    if not readings.count:
        return "Nenhuma leitura de placa no intervalo."
    said = (
        f"{words.count(readings.count, 'leitura', 'leituras')} no intervalo, tal como recebidas das câmeras, e"
        f" {words.count(readings.pictures, 'imagem', 'imagens')} delas; a relação está em {readings.path} e o resumo de cada"
        " imagem em SHA256SUMS. A leitura é feita pela câmera e pode conter erro: confira-a com a imagem."
    )
    if readings.left_out:
        said += (
            f" ATENÇÃO: outras {words.count(readings.left_out, 'leitura', 'leituras')}, as últimas do intervalo, não foram"
            " incluídas, por serem demais para um só pacote."
        )
    if readings.not_there:
        said += (
            f" ATENÇÃO: {words.count(readings.not_there, 'imagem recebida', 'imagens recebidas')} não está mais no disco ou não"
            " pôde ser lida e não foi entregue."
        )
    return said


def _file_name(file: CustodyFile) -> str:
    return f"{file.path}\n{file.codec}" if file.codec else file.path


def _period(file: CustodyFile, zone: str) -> str:
    if file.start_us is None or file.end_us is None:
        return "—"
    return f"{words.exact_moment(file.start_us, zone)}\n{words.exact_moment(file.end_us, zone)}"


def _ingest(file: CustodyFile) -> str:
    if file.ingest_sha256 is None:
        return "sem registro"
    return (
        "igual" if file.ingest_sha256 == file.sha256 else f"DIFERENTE: {file.ingest_sha256.hex()}"
    )


def _made_from(file: CustodyFile) -> str:
    count = len(file.segment_ids)
    if not count:
        return "—"
    if count <= 3:
        return "segmentos " + ", ".join(map(str, file.segment_ids))
    return f"{count} segmentos, de {min(file.segment_ids)} a {max(file.segment_ids)}"


def _processing(form: CustodyForm) -> list[Flowable]:
    if not form.processing:
        return [sheet.body("Nenhum: o pacote contém somente cópias exatas dos arquivos gravados.")]
    rows = [[str(number), each] for number, each in enumerate(form.processing, 1)]
    return [
        sheet.grid(["Nº", "Procedimento, ferramenta e parâmetros"], rows, [8, 160]),
        sheet.gap(1.5),
        sheet.small("Os originais não passaram por nenhum desses procedimentos."),
    ]


def _integrity(form: CustodyForm) -> list[Flowable]:
    seals = "\n".join(f"{root}\nentrada nº {seq} da auditoria" for root, seq in form.seals.items())
    return [
        sheet.facts(
            [
                ("SHA-256 de SHA256SUMS", form.sums_sha256.hex()),
                ("Chave do gravador (Ed25519)", form.key_fingerprint),
                ("Selos feitos na gravação", seals or "nenhum"),
                ("Ponto de controle da auditoria", form.checkpoint.strip() or "nenhum"),
            ]
        ),
        sheet.gap(2),
        sheet.small(
            "O arquivo SHA256SUMS lista a impressão digital de cada arquivo do pacote, menos este termo, e está assinado pela chave"
            " do gravador (SHA256SUMS.sig). A cada hora o gravador sela na trilha de auditoria a raiz de Merkle (RFC 6962) das"
            " impressões digitais do que gravou: as provas no pacote ligam cada original ao seu selo, e assim ao momento da gravação."
            " A chave pública deve ser obtida de fonte alheia ao pacote (o órgão ou a central)."
        ),
        sheet.gap(1),
        sheet.small("Para conferir, na pasta do pacote:"),
        sheet.commands(
            *(line.format(site=form.issuer.site_id) for line in _CHECKS),
            "ou, para tudo de uma vez: gtvision-edge verify pacote.zip",
        ),
    ]


def _keeping(form: CustodyForm) -> Flowable:
    zone = form.issuer.zone
    return sheet.facts(
        [
            (
                "Gravações no gravador",
                "sob guarda (não são eliminadas enquanto o incidente estiver aberto)"
                + (
                    f"; revisão em {words.long_date(form.hold_review_us, zone)}"
                    if form.hold_review_us is not None
                    else "; sem data de revisão"
                ),
            ),
            (
                "Cópia deste pacote no gravador",
                f"eliminada em {words.long_date(form.disposal_us, zone)}"
                if form.disposal_us is not None
                else "sem data de eliminação",
            ),
        ]
    )


def _delivery(form: CustodyForm) -> list[Flowable]:
    line = "_" * 46
    return [
        sheet.facts(
            [
                ("Meio ou mídia utilizada", form.delivery_medium or line),
                ("Local", line),
                ("Data e hora", "____/____/________ às ____:____"),
            ]
        ),
        KeepTogether(
            [
                sheet.gap(4),
                sheet.signature_lines(
                    (
                        "Entregue por",
                        f"{form.operator_name} · matrícula {form.operator_registration or '____________'}",
                    ),
                    ("Recebido por", "nome, matrícula e assinatura"),
                ),
            ]
        ),
    ]


def _movements(form: CustodyForm) -> list[Flowable]:
    zone = form.issuer.zone
    return [
        sheet.grid(
            ["Data e hora", "Local", "Entregue por", "Recebido por", "Finalidade", "Lacre nº"],
            [
                [
                    words.short_moment(each.at_us, zone),
                    each.place,
                    each.handed_by,
                    each.received_by,
                    each.purpose,
                    each.seal,
                ]
                for each in form.movements
            ],
            [24, 28, 34, 34, 30, 20],
            blank_rows=BLANK_MOVEMENTS,
        ),
        sheet.gap(1.5),
        sheet.small(
            "A cada abertura registram-se nome e matrícula do responsável, data, local, finalidade e o novo lacre (CPP, art. 158-D, § 4º)."
        ),
    ]
