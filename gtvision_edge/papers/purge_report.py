"""The "Relatório de Expurgo": what was deleted, by which rule, and how anyone can hold us to it."""

from collections.abc import Mapping
from typing import Final

from reportlab.platypus import Flowable

from gtvision_edge.papers import sheet, words
from gtvision_edge.papers.model import PurgePaper

NAME: Final = "Relatório de Expurgo de Gravações"

_KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "age": (
        "Fim do prazo de guarda",
        "As gravações completaram o prazo de guarda da política de retenção, encerrando-se a finalidade do tratamento.",
    ),
    "quota": (
        "Cota de armazenamento do órgão",
        "O espaço reservado ao órgão foi atingido; eliminaram-se as gravações mais antigas que podiam ser eliminadas.",
    ),
    "pressure": (
        "Falta de espaço em disco",
        "O volume de gravação atingiu o limite de ocupação; eliminaram-se, antes do prazo de guarda, as gravações mais"
        " antigas que podiam ser eliminadas, para que as câmeras continuassem a gravar.",
    ),
    "manual": (
        "Determinação de pessoa autorizada",
        "A eliminação foi determinada pela pessoa identificada abaixo, pelo motivo que ela registrou.",
    ),
    "camera_removed": (
        "Retirada de câmera",
        "A câmera foi retirada do sistema e as suas gravações foram eliminadas conforme determinado na retirada.",
    ),
    "incident_override": (
        "Liberação de guarda por falta de espaço",
        "Só restavam gravações sob guarda; por autorização permanente e escrita de administrador, a guarda mais antiga foi"
        " liberada para que as câmeras continuassem a gravar.",
    ),
}

_RULES: Final[Mapping[str, str]] = {
    "version": "versão",
    "versions": "versões",
    "scope": "âmbito",
    "subject": "aplicada a",
    "retain_days": "prazo de guarda (dias)",
    "quota_bytes": "cota (bytes)",
    "before": "gravações anteriores a",
    "before_us": "gravações anteriores a",
    "after": "gravações a partir de",
    "after_us": "gravações a partir de",
    "reference": "referência",
    "high_water": "limite de ocupação",
    "low_water": "ocupação a alcançar",
    "trip": "suspensão da gravação",
    "reset": "retomada da gravação",
    "cameras": "câmeras",
    "camera_ids": "câmeras",
}

_SCOPES: Final[Mapping[object, str]] = {
    "site": "todo o local",
    "tenant": "órgão",
    "camera": "câmera",
}


def lay_out(paper: PurgePaper, signature: Flowable) -> list[Flowable]:
    """Return the report's content with the *signature* box at its end."""
    zone = paper.issuer.zone
    kind, why = _KINDS.get(paper.kind, (paper.kind, ""))
    actor = paper.actor_name or "Sistema (automático)"
    content: list[Flowable] = [
        *sheet.title(NAME.upper(), f"Nº {paper.purge_id}"),
        sheet.body(
            "Este relatório certifica a eliminação de gravações de videomonitoramento descritas abaixo,"
            " nos termos dos arts. 6º, III, 15 e 16 da Lei nº 13.709/2018 (LGPD),"
            " e presta contas dela (art. 6º, X)."
        ),
        *sheet.section(
            1,
            "Identificação",
            sheet.facts(
                [
                    ("Órgão controlador", paper.issuer.organisation or words.NOT_KNOWN),
                    ("Local", f"{paper.issuer.site_name} ({paper.issuer.site_id})"),
                    ("Início do expurgo", words.moment(paper.started_us, zone)),
                    ("Fim do expurgo", words.moment(paper.finished_us, zone)),
                    ("Executado por", actor),
                    ("Sistema", paper.issuer.software),
                ]
            ),
        ),
        *sheet.section(
            2,
            "Motivo e regra aplicada",
            sheet.facts(
                [
                    ("Motivo", kind),
                    ("Fundamento", why or words.NOT_KNOWN),
                    *([("Justificativa", paper.reason)] if paper.reason else []),
                    *[(label.capitalize(), value) for label, value in _rule(paper)],
                ]
            ),
        ),
        *sheet.section(
            3,
            "Resultado",
            sheet.facts(
                [
                    ("Segmentos eliminados", words.integer(paper.segments)),
                    ("Volume eliminado", words.size(paper.size_bytes)),
                    ("Câmeras", words.integer(len(paper.cameras))),
                    ("Preservados", _preserved(paper.held_skipped)),
                    ("Falhas", _failures(paper.failures)),
                ]
            ),
        ),
    ]
    if paper.cameras:
        content += sheet.section(4, "Gravações eliminadas por câmera", _cameras(paper))
    content += sheet.section(
        5 if paper.cameras else 4,
        "Integridade",
        sheet.facts(_integrity(paper)),
        sheet.gap(2),
        sheet.small(
            f"{_covered(paper)} O registro do expurgo e a trilha de auditoria guardam a lista e a raiz. As imagens não podem"
            " ser reconstituídas a partir delas."
        ),
        sheet.gap(1),
        sheet.small(
            "Método: remoção dos arquivos e das suas miniaturas do sistema de arquivos, com sincronização em disco, seguida da"
            " remoção do índice. O espaço é reutilizado por novas gravações; não há sobrescrita imediata do meio físico."
        ),
    )
    return [*content, signature]


def _rule(paper: PurgePaper) -> list[tuple[str, str]]:
    return [
        (_RULES.get(name, name.replace("_", " ")), _value(name, value, paper.issuer.zone))
        for name, value in paper.policy.items()
        if value not in (None, "", [], {})
    ]


def _value(name: str, value: object, zone: str) -> str:
    if name == "scope":
        return _SCOPES.get(value, str(value))
    if isinstance(value, bool):
        return "sim" if value else "não"
    if isinstance(value, int):
        if name.endswith("_us"):
            return words.moment(value, zone)
        return words.size(value) if name.endswith("_bytes") else words.integer(value)
    if isinstance(value, float):
        return f"{words.decimal(value * 100, 0)} %" if value <= 1 else words.decimal(value, 2)
    if isinstance(value, Mapping):
        return "; ".join(
            f"{_RULES.get(key, str(key).replace('_', ' '))}: {_value(str(key), each, zone)}"
            for key, each in value.items()
        )
    if isinstance(value, list | tuple):
        return ", ".join(_value("", each, zone) for each in value)
    return str(value)


def _preserved(held: int) -> str:
    if held == 0:
        return "Nenhum segmento ao alcance da regra estava sob guarda."
    return (
        f"{words.count(held, 'segmento sob guarda não foi eliminado', 'segmentos sob guarda não foram eliminados')}"
        " (incidente em aberto; LGPD, art. 16, I)."
    )


def _failures(failures: int) -> str:
    if failures == 0:
        return "Nenhuma."
    return (
        f"{words.count(failures, 'arquivo não pôde ser removido', 'arquivos não puderam ser removidos')}"
        " e continua no índice, para nova tentativa."
    )


def _cameras(paper: PurgePaper) -> Flowable:
    zone = paper.issuer.zone
    return sheet.grid(
        ["Câmera", "Identificador", "De", "Até", "Segmentos", "Volume"],
        [
            [
                f"{each.name} ({each.camera_id})" if each.name else each.camera_id,
                each.camera_uuid,
                words.short_moment(each.first_us, zone),
                words.short_moment(each.last_us, zone),
                words.integer(each.segments),
                words.size(each.size_bytes).partition(" (")[0],
            ]
            for each in paper.cameras
        ],
        [33, 47, 22, 22, 16, 16],
    )


def _covered(paper: PurgePaper) -> str:
    """Tell of how many of the files the root holds the content, and what that means for them."""
    hashed = paper.segments - paper.unhashed
    if paper.unhashed and hashed <= 0:
        return (
            "Nenhum dos arquivos eliminados tinha impressão digital calculada: a raiz de Merkle (RFC 6962, SHA-256) guarda"
            " apenas quantos eram e não prova qual era o conteúdo de nenhum deles."
        )
    which = "dos arquivos eliminados"
    if paper.unhashed:
        which = (
            f"de {words.integer(hashed)} dos {words.integer(paper.segments)} arquivos eliminados"
        )
    text = (
        f"A raiz de Merkle (RFC 6962, SHA-256) resume as impressões digitais (SHA-256) {which}, na ordem em"
        f" que o foram: {'nenhum deles' if paper.unhashed else 'nenhum item'} pode ser acrescentado, retirado ou trocado"
        " sem que ela mude."
    )
    if not paper.unhashed:
        return text
    others = words.count(paper.unhashed, "arquivo restante", "arquivos restantes")
    return f"{text} Quanto a {others}, a raiz guarda apenas o lugar na ordem: não prova qual era o conteúdo."


def _integrity(paper: PurgePaper) -> list[tuple[str, sheet.Cell]]:
    rows: list[tuple[str, sheet.Cell]] = [
        ("Raiz de Merkle (SHA-256)", paper.root.hex() or "nada foi eliminado"),
    ]
    if paper.root_audit_seq is not None:
        rows.append(("Registro na auditoria", f"entrada nº {words.integer(paper.root_audit_seq)}"))
    if paper.unhashed:
        rows.append(
            (
                "Sem impressão digital",
                words.count(paper.unhashed, "segmento eliminado", "segmentos eliminados")
                + " antes de calculada a sua impressão digital",
            )
        )
    return rows
