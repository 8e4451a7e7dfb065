"""What it means, in SQL, that an open incident holds a segment. Written once, for all that ask."""


def held_by_incident(
    *,
    camera_no: str = "segments.camera_no",
    start_us: str = "segments.start_us",
    end_us: str = "segments.end_us",
) -> str:
    """Return the condition that an open incident holds what these columns or parameters say; by default a row of ``segments``."""
    return (
        "EXISTS (SELECT 1 FROM incident_cameras c JOIN incidents i USING (incident_id)"  # noqa: S608 -- names of ours
        f" WHERE c.camera_no = {camera_no} AND {open_over(start_us=start_us, end_us=end_us)})"
    )


def open_over(*, start_us: str, end_us: str) -> str:
    """Return the condition that the incident *i* is open and lasts over what lies between these columns or parameters."""
    return f"i.released_us IS NULL AND i.start_us < {end_us} AND i.end_us > {start_us}"


def cameras_in_incidents() -> str:
    """Return the query of the numbers of the cameras of which open incidents hold something, or will."""
    return (
        "SELECT c.camera_no FROM incident_cameras c JOIN incidents i USING (incident_id)"
        " WHERE i.released_us IS NULL"
    )
