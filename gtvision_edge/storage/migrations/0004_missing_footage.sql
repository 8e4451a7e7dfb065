-- Rows of footage whose files are gone are kept apart: nothing plays, counts or deletes them, and the timeline tells why there is a gap.
-- An older program beside it shows such a gap without its cause, and gives a file that comes back a new row.

-- What was in segments when its file was found to be gone; it goes back there when the same file does.
CREATE TABLE missing_segments (
    segment_id INTEGER PRIMARY KEY,       -- this and the rest as in segments
    camera_no INTEGER NOT NULL REFERENCES recorded_cameras (camera_no),
    name_us INTEGER NOT NULL,
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
    UNIQUE (camera_no, name_us)
);
CREATE INDEX missing_segments_by_camera ON missing_segments (camera_no, start_us);
CREATE INDEX missing_segments_by_seal ON missing_segments (seal_id) WHERE seal_id IS NOT NULL;
