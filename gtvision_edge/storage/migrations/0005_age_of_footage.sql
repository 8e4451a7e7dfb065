-- Footage that a wrong clock named counts from when it was indexed, in all deletion; a file that is lost twice leaves two rows;
-- long segments have an index of their own, so that what overlaps a moment is found without reading a day back.
-- An older program beside it judges by the names' times alone, and finds the oldest without the help of an index.

-- Times that the clock told while it was wrong; footage that bears them is younger than it says.
CREATE TABLE clock_doubts (
    doubt_id INTEGER PRIMARY KEY,
    first_us INTEGER NOT NULL,            -- the earliest of them
    last_us INTEGER NOT NULL,             -- the latest, so far
    known_us INTEGER NOT NULL             -- the moment that was known to be past by then; first_us where the clock leapt ahead by itself
);

ALTER TABLE segments ADD COLUMN aged_us INTEGER; -- its age counts from then and not from start_us; 2^62 = from when the clock is believed; NULL = from start_us
DROP INDEX segments_deletable;
DROP INDEX segments_deletable_of_camera;
CREATE INDEX segments_deletable ON segments (coalesce(aged_us, start_us)) WHERE held = 0 AND doomed = 0;
CREATE INDEX segments_deletable_of_camera ON segments (camera_no, coalesce(aged_us, start_us)) WHERE held = 0 AND doomed = 0;
CREATE INDEX segments_aged ON segments (aged_us) WHERE aged_us IS NOT NULL;
CREATE INDEX segments_long ON segments (camera_no, start_us) WHERE end_us - start_us > 120000000;

INSERT INTO clock_doubts (first_us, last_us, known_us)
    SELECT at_us - step_us - 172800000000, at_us - step_us, at_us - step_us - 172800000000 FROM clock_log
    WHERE kind = 'step' AND step_us >= 3600000000;
UPDATE segments SET aged_us = 4611686018427387904 WHERE segment_id IN (
    SELECT s.segment_id FROM recorded_cameras c CROSS JOIN segments s ON s.camera_no = c.camera_no AND s.start_us < 1735689600000000
    UNION SELECT s.segment_id FROM clock_doubts d CROSS JOIN recorded_cameras c
        CROSS JOIN segments s ON s.camera_no = c.camera_no AND s.start_us >= d.first_us AND s.start_us < d.last_us);

-- What was in segments when its file was found to be gone; it goes back there when the same file does.
ALTER TABLE missing_segments RENAME TO missing_before;
CREATE TABLE missing_segments (
    segment_id INTEGER PRIMARY KEY,       -- this and the rest as in segments
    camera_no INTEGER NOT NULL REFERENCES recorded_cameras (camera_no),
    name_us INTEGER NOT NULL,             -- several of one name: it was lost, recorded anew and lost again
    start_us INTEGER NOT NULL,
    end_us INTEGER NOT NULL,
    media_us INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    format_id INTEGER NOT NULL REFERENCES segment_formats (format_id),
    init_bytes INTEGER NOT NULL,
    groups BLOB NOT NULL,
    run INTEGER,
    run_no INTEGER,
    continues INTEGER NOT NULL,
    is_cut INTEGER NOT NULL,
    sha256 BLOB,
    seal_id INTEGER REFERENCES footage_seals (seal_id),
    held INTEGER NOT NULL,                -- 1 = an open incident wanted it then
    found_us INTEGER NOT NULL,            -- when it was found to be gone
    aged_us INTEGER                       -- as in segments
);
INSERT INTO missing_segments SELECT *, NULL FROM missing_before;
DROP TABLE missing_before;
CREATE INDEX missing_segments_by_camera ON missing_segments (camera_no, start_us);
CREATE INDEX missing_segments_by_name ON missing_segments (camera_no, name_us);
CREATE INDEX missing_segments_by_seal ON missing_segments (seal_id) WHERE seal_id IS NOT NULL;
