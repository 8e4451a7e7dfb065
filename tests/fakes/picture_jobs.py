"""The jobs of pictures that are still to be fetched or cut out, as the getter is given them."""

from gtvision_edge.detections.pictures.repository import PictureJob, due_jobs
from gtvision_edge.storage import Database

NEVER_US = 2**62


async def find_job(database: Database, detection_id: str) -> PictureJob | None:
    """Return the job of a reading, whenever it is due; None: it has none."""
    others: list[str] = []
    while jobs := await due_jobs(database, NEVER_US, 100, but_cameras=[], but_readings=others):
        for job in jobs:
            if job.detection.detection_id == detection_id:
                return job
        others += [job.detection.detection_id for job in jobs]
    return None
