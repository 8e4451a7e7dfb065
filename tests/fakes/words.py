"""Sealed words, with a real key of this run."""

from typing import Final

from gtvision_edge.audit import SealedWords
from gtvision_edge.cameras.model import CameraUuid
from gtvision_edge.cameras.secrets import PasswordSealer

_SEALER: Final = PasswordSealer(b"a key of the tests, 32 bytes ...")

WORDS: Final = SealedWords(
    seal=lambda bound, text: _SEALER.seal(CameraUuid(bound), text),
    unseal=lambda bound, sealed: _SEALER.unseal(CameraUuid(bound), sealed),
)
