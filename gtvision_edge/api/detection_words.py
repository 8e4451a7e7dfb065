"""Words for what a table of plate readings says in codes, in the languages of its readers; those of the console."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class TableWords:
    """One language. *date_time* is for ``strftime``, *decimal* stands before the tenths."""

    date_time: str
    decimal: str
    yes: str
    no: str
    directions: Mapping[str, str]
    sources: Mapping[str, str]
    trusts: Mapping[str, str]
    times: Mapping[str, str]


_PT: Final = TableWords(
    date_time="%d/%m/%Y %H:%M:%S",
    decimal=",",
    yes="sim",
    no="não",
    directions=MappingProxyType(
        {
            "forward": "aproximando",
            "reverse": "afastando",
            "approach": "aproximando",
            "leave": "afastando",
            "in": "entrando",
            "out": "saindo",
        }
    ),
    sources=MappingProxyType(
        {
            "webhook": "integrador (webhook)",
            "hikvision": "câmera Hikvision",
            "itsapi": "câmera Intelbras ou Dahua (ITSAPI)",
            "snapmanager": "câmera Intelbras ou Dahua, consultada",
        }
    ),
    trusts=MappingProxyType(
        {
            "signed": "assinada com o segredo da câmera",
            "authenticated": "câmera autenticada",
            "secret_path": "endereço secreto da câmera",
            "fetched": "buscada na própria câmera",
        }
    ),
    times=MappingProxyType(
        {
            "camera": "de quem enviou",
            "camera_zone": "de quem enviou, no fuso da câmera",
            "receipt": "da chegada",
        }
    ),
)

_EN: Final = TableWords(
    date_time="%Y-%m-%d %H:%M:%S",
    decimal=".",
    yes="yes",
    no="no",
    directions=MappingProxyType(
        {
            "forward": "approaching",
            "reverse": "leaving",
            "approach": "approaching",
            "leave": "leaving",
            "in": "entering",
            "out": "leaving",
        }
    ),
    sources=MappingProxyType(
        {
            "webhook": "integrator (webhook)",
            "hikvision": "Hikvision camera",
            "itsapi": "Intelbras or Dahua camera (ITSAPI)",
            "snapmanager": "Intelbras or Dahua camera, asked",
        }
    ),
    trusts=MappingProxyType(
        {
            "signed": "signed with the camera's secret",
            "authenticated": "camera logged in",
            "secret_path": "the camera's secret address",
            "fetched": "fetched from the camera itself",
        }
    ),
    times=MappingProxyType(
        {
            "camera": "the sender's",
            "camera_zone": "the sender's, in the camera's zone",
            "receipt": "of its arrival",
        }
    ),
)

_LANGUAGES: Final[Mapping[str, TableWords]] = MappingProxyType({"pt-BR": _PT, "en": _EN})


def table_words(locale: str) -> TableWords:
    """Return the words for *locale*, Portuguese for one that is not known."""
    return _LANGUAGES.get(locale, _PT)
