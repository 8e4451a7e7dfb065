"""How we name ourselves to cameras."""

from typing import Final

USER_AGENT: Final = "gtvision-edge"
