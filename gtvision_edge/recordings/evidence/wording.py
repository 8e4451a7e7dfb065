"""What the verifier says of a bundle, in the languages of those who read it: courts in Portuguese, others in English."""

from collections.abc import Mapping
from typing import Any, Final, Literal

Language = Literal["pt", "en"]

_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    # Of the zip itself: it is not looked at further.
    "unreadable": ("cannot be read: {why}", "não pode ser lido: {why}"),
    "no_zip": (
        "this is no zip file, or it is cut off",
        "isto não é um arquivo zip, ou está cortado",
    ),
    "zip_comment": ("the zip has a comment", "o zip tem um comentário"),
    "too_many_files": ("the zip has too many files", "o zip tem arquivos demais"),
    "twice": ("is in the zip twice", "está duas vezes no zip"),
    "bytes_before": (
        "there are bytes before it that belong to no file",
        "há bytes antes dele que não pertencem a arquivo algum",
    ),
    "bytes_behind": (
        "there are bytes behind the last file that belong to none",
        "há bytes depois do último arquivo que não pertencem a nenhum",
    ),
    "bytes_behind_table": (
        "there are bytes behind the table of contents",
        "há bytes depois do índice do zip",
    ),
    "odd_name": (
        "has a name that no file of a bundle has",
        "tem um nome que nenhum arquivo de pacote tem",
    ),
    "device_name": ("has the name of a device", "tem o nome de um dispositivo"),
    "compressed": ("is compressed", "está comprimido"),
    "grows": (
        "it unpacks to far more than footage and its papers do",
        "ele se descompacta em muito mais do que gravações e seus documentos",
    ),
    "encrypted": (
        "is encrypted, or marked in a way that ours are not",
        "está cifrado, ou marcado como os nossos não são",
    ),
    "no_regular_file": ("is no regular file", "não é um arquivo comum"),
    "odd_entry": (
        "is described in a way that ours are not",
        "está descrito como os nossos não são",
    ),
    "cut_off": ("is cut off", "está cortado"),
    "two_descriptions": (
        "is called or described otherwise in the table of contents",
        "tem outro nome ou outra descrição no índice do zip",
    ),
    "odd_table": (
        "the table of contents is not what it says",
        "o índice do zip não é o que diz ser",
    ),
    "odd_end": ("the end of the zip is not what it says", "o fim do zip não é o que diz ser"),
    "too_long": ("is too long", "é longo demais"),
    # Of its files.
    "missing": ("is missing", "está faltando"),
    "changed": ("was changed", "foi alterado"),
    "does_not_belong": ("does not belong to the bundle", "não pertence ao pacote"),
    "not_signed": ("is not what was signed: {why}", "não é o que foi assinado: {why}"),
    "not_of_its_text": (
        "is not over {file} as it is here: one of the two was changed",
        "não é de {file} como está aqui: um dos dois foi alterado",
    ),
    "other_signer": (
        "is by another key than the rest",
        "é de outra chave que o resto",
    ),
    "not_trusted": (
        "is by a key that is not trusted ({fingerprint})",
        "é de uma chave que não é de confiança ({fingerprint})",
    ),
    "odd_seal": (
        "does not name just the form and the sums",
        "não nomeia apenas o termo e os resumos",
    ),
    "odd_sum": (
        "has a line that is none of its kind",
        "tem uma linha que não é da sua espécie",
    ),
    "odd_manifest": ("is not built as a manifest is", "não é construído como um manifesto"),
    "odd_history": ("is not built as a history is", "não é construído como um histórico"),
    "names_other_key": (
        "names another key than the one that signed",
        "nomeia outra chave que a que assinou",
    ),
    "lists_other_files": (
        "does not list the files that {sums} lists",
        "não lista os arquivos que {sums} lista",
    ),
    "two_hashes": ("gives two hashes for {file}", "dá dois resumos para {file}"),
    "odd_readings": (
        "is not built as a list of readings is",
        "não é construído como uma lista de leituras",
    ),
    "other_readings": (
        "lists {count} readings, and the manifest tells of {told}",
        "tem {count} leituras, e o manifesto fala de {told}",
    ),
    "of_no_reading": (
        "is the picture of no reading",
        "não é a imagem de nenhuma leitura",
    ),
    "unlisted_gap": (
        "does not list a gap of {seconds} s of {camera}",
        "não lista uma lacuna de {seconds} s de {camera}",
    ),
    "not_comparable": (
        "cannot be compared with the originals: {why}",
        "não pode ser comparado com os originais: {why}",
    ),
    "other_pictures": (
        "does not hold the same pictures as the originals",
        "não tem as mesmas imagens que os originais",
    ),
    "proof_fails": ("does not hold: {why}", "não se sustenta: {why}"),
    "seal_fails": (
        "has a seal that does not hold: {why}",
        "tem um lacre que não se sustenta: {why}",
    ),
    "not_sealed_so": (
        "is not what was sealed when it was recorded",
        "não é o que foi lacrado quando foi gravado",
    ),
    # Remarks: no faults.
    "packed_anew": (
        "The zip was packed anew by another program; the contents of its files are the same as when they were signed.",
        "O zip foi compactado de novo por outro programa; o conteúdo dos arquivos é o mesmo de quando foram assinados.",
    ),
    "packed_anew_and_changed": (
        "The zip was packed anew by another program, and the contents of its files are not the same as when they were signed.",
        "O zip foi compactado de novo por outro programa, e o conteúdo dos arquivos não é o mesmo de quando foram assinados.",
    ),
    "other_version": (
        "The manifest is of another version; only signatures and sums were checked.",
        "O manifesto é de outra versão; só as assinaturas e os resumos foram conferidos.",
    ),
    "not_as_hashed": (
        "{file} is not what was hashed when it was recorded.",
        "{file} não é o que foi resumido quando foi gravado.",
    ),
    "no_proofs": (
        "The bundle has no proofs from the site's audit log.",
        "O pacote não tem provas do registro de auditoria da estação.",
    ),
    "viewings_left_out": (
        "{count} viewings of this footage, the oldest, are not in its history: they were too many.",
        "{count} visualizações destas gravações, as mais antigas, não estão no histórico: eram demais.",
    ),
    "readings_left_out": (
        "{count} plate readings of the interval, the last ones, are not in the bundle: they were too many.",
        "{count} leituras de placas do intervalo, as últimas, não estão no pacote: eram demais.",
    ),
    "reading_picture_not_there": (
        "A picture of the plate reading {reading} could not be handed over: its file was gone or could not be read.",
        "Uma imagem da leitura de placa {reading} não pôde ser entregue: o arquivo não estava mais lá ou não pôde ser lido.",
    ),
    "picture_not_as_received": (
        "{file} is not what was received from the camera.",
        "{file} não é o que foi recebido da câmera.",
    ),
    "unsealed": (
        "{count} originals were not sealed when they were recorded.",
        "{count} originais não foram lacrados quando foram gravados.",
    ),
    # The verdict.
    "untold": (
        "… and {count} more faults or remarks",
        "… e mais {count} falhas ou notas",
    ),
    "bundle": ("bundle", "pacote"),
    "fault": ("FAULT ", "FALHA "),
    "remark": ("remark", "nota  "),
    "is_not": (
        "The bundle is NOT what was handed over.",
        "O pacote NÃO é o que foi entregue.",
    ),
    "is_whole": (
        "{package}: {files} files, all as they were signed.",
        "{package}: {files} arquivos, todos como foram assinados.",
    ),
    "sealed": (
        "{count} originals are sealed in the site's signed log.",
        "{count} originais estão lacrados no registro assinado da estação.",
    ),
    "by_trusted": (
        "Signed by the trusted key {fingerprint}.",
        "Assinado pela chave de confiança {fingerprint}.",
    ),
    "compare": (
        "Signed by {fingerprint}: compare it with the fingerprint that the site's organisation gives by another way than"
        " this bundle, or give that with --key. Anybody could have signed a forgery with a key of their own.",
        "Assinado por {fingerprint}: compare com a impressão digital que o órgão responsável informa por outro meio que não"
        " este pacote, ou informe-a com --key. Qualquer um poderia ter assinado uma falsificação com uma chave própria.",
    ),
}

CODES: Final = frozenset(_WORDS)


def say(code: str, language: Language = "en", **facts: Any) -> str:
    """Return the words of *code* with its *facts* filled in.

    Reasons that come from libraries (``why``) stay as they are, in English.
    """
    return _WORDS[code][language == "pt"].format(**facts)


def language_of(environment: Mapping[str, str]) -> Language:
    """Tell the reader's language by the POSIX locale of *environment*."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(name):
            return "pt" if value.lower().startswith("pt") else "en"
    return "en"
