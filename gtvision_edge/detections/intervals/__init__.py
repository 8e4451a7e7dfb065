"""The readings of a camera in an interval."""
