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


def is_in_incident(camera_no: str) -> str:
    """Return the condition that open incidents hold something of the camera of that column or parameter, or will."""
    return (
        f"{camera_no} IN (SELECT c.camera_no FROM incident_cameras c JOIN incidents i USING (incident_id)"  # noqa: S608 -- names of ours
        " WHERE i.released_us IS NULL)"
    )


def holds_moment(*, camera_uuid: str, time_us: str) -> str:
    """Return the condition that an open incident holds the moment *time_us* of the camera *camera_uuid*, columns both."""
    return (
        "EXISTS (SELECT 1 FROM recorded_cameras r JOIN incident_cameras c ON c.camera_no = r.camera_no"  # noqa: S608 -- names of ours
        " JOIN incidents i ON i.incident_id = c.incident_id"
        f" WHERE r.camera_uuid = {camera_uuid} AND {open_over(start_us=time_us, end_us=f'{time_us} + 1')})"
    )
