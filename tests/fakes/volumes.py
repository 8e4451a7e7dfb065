"""Settings of volumes for tests."""

from typing import Final

from gtvision_edge.settings import VolumeSettings

ROOMY: Final = VolumeSettings(
    low_water=0.97,
    high_water=0.98,
    reset=0.985,
    trip=0.99,
    reserve="16MB",  # type: ignore[arg-type]  # as the file writes it
)
"""The disk that tests run on may be rather full."""
