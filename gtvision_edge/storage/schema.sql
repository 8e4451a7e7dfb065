-- The whole schema as a fresh site has it. The migrations lead to exactly this (tests compare the two).
-- Times are integer UTC microseconds (_us). Booleans are 0 or 1. JSON columns hold UTF-8 text.

-- One row for the box itself.
CREATE TABLE site (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    site_id TEXT NOT NULL,                -- stable id of the box (UUIDv7), made at the first start
    created_us INTEGER NOT NULL
);

-- Organisations that cameras and people belong to.
CREATE TABLE tenants (
    tenant_id TEXT PRIMARY KEY,           -- readable, [a-z0-9-]{1,40}, never reused
    name TEXT NOT NULL,                   -- what people read
    created_us INTEGER NOT NULL
);

-- The hash chain of audited acts. Rows are only ever added.
CREATE TABLE audit_log (
    seq INTEGER PRIMARY KEY,              -- 1, 2, 3 … without holes
    at_us INTEGER NOT NULL,
    actor TEXT NOT NULL,                  -- user id, or 'system', or 'cli'
    actor_name TEXT NOT NULL,             -- login name at that time
    tenant_id TEXT,                       -- whose business it was; NULL = the site's
    action TEXT NOT NULL,                 -- stable dotted name, such as camera.created
    subject TEXT NOT NULL,                -- what was acted on: camera:cam01, user:…, '' if nothing
    address TEXT NOT NULL,                -- client address, '' if none
    details TEXT NOT NULL,                -- JSON object, never a secret
    salt BLOB NOT NULL,                   -- 16 random bytes: a hash cannot be guessed back from a published tree
    previous_hash BLOB NOT NULL,          -- hash of seq - 1; 32 zero bytes for the first
    hash BLOB NOT NULL                    -- SHA-256 over previous_hash, salt and the canonical JSON of the entry
);
CREATE INDEX audit_log_by_time ON audit_log (at_us);

-- People who may log in.
CREATE TABLE users (
    user_id TEXT PRIMARY KEY,             -- UUIDv7
    username TEXT NOT NULL UNIQUE COLLATE NOCASE,
    name TEXT NOT NULL,                   -- what the console shows
    password_hash TEXT NOT NULL,          -- Argon2id, PHC string
    role TEXT NOT NULL CHECK (role IN ('admin', 'operator', 'viewer', 'auditor')),
    tenant_id TEXT REFERENCES tenants (tenant_id), -- NULL = every tenant of the site
    camera_ids TEXT,                      -- JSON list of camera ids this person is limited to; NULL = all of the tenant
    locale TEXT NOT NULL DEFAULT 'pt-BR' CHECK (locale IN ('pt-BR', 'en')),
    enabled INTEGER NOT NULL DEFAULT 1,
    must_change_password INTEGER NOT NULL DEFAULT 0,
    token_version INTEGER NOT NULL DEFAULT 1, -- raised by every change that must end running sessions
    created_us INTEGER NOT NULL,
    last_login_us INTEGER                 -- NULL = never
);

-- Rotating refresh tokens: one family per login.
CREATE TABLE refresh_tokens (
    token_hash BLOB PRIMARY KEY,          -- SHA-256 of the token
    family_id TEXT NOT NULL,              -- UUIDv7 of the login; a token used twice ends the whole family
    user_id TEXT NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    created_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL,
    used_us INTEGER                       -- when it was rotated; NULL = still good
);
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family_id);
CREATE INDEX refresh_tokens_by_user ON refresh_tokens (user_id);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_us);

-- The last three columns, as a migration left them, are of the last probe: device is JSON {manufacturer, model, firmware, serial}, NULL =
-- the device was not asked; clock_offset_s how far its clock was ahead of ours, NULL = not told; probed_us when that was, NULL = never, or
-- before it was kept.
CREATE TABLE cameras (
    camera_id TEXT PRIMARY KEY,           -- readable, [a-z0-9][a-z0-9_-]{0,31}; part of path names
    camera_uuid TEXT NOT NULL UNIQUE,     -- UUIDv7, never changes meaning, never reused
    name TEXT NOT NULL,
    tenant_id TEXT NOT NULL REFERENCES tenants (tenant_id),
    vendor TEXT NOT NULL,                 -- key of a URL strategy
    host TEXT NOT NULL,                   -- name or address, IPv6 without brackets
    rtsp_port INTEGER NOT NULL,
    http_port INTEGER NOT NULL,
    onvif_port INTEGER NOT NULL,
    channel INTEGER NOT NULL,             -- from 1
    username TEXT NOT NULL,               -- '' = none
    password_sealed BLOB NOT NULL,        -- AES-256-GCM (nonce, text, tag), key outside the database, camera_uuid authenticated
    main_url TEXT,                        -- for vendors with typed addresses: without credentials; NULL = built by the strategy
    sub_url TEXT,                         -- likewise; NULL with main_url set = no sub stream
    record INTEGER NOT NULL DEFAULT 1,    -- wanted on disk
    enabled INTEGER NOT NULL DEFAULT 1,   -- 0 = no path at all
    latitude REAL, longitude REAL,        -- degrees WGS 84; NULL = not placed
    bearing REAL,                         -- degrees from north the camera looks to; NULL = unknown
    place TEXT NOT NULL DEFAULT '',       -- label, such as 'Portaria 1'
    main_profile TEXT,                    -- JSON of the last probe of the main stream; NULL = never probed
    sub_profile TEXT,                     -- JSON of the sub stream; NULL = has none
    probe_warnings TEXT NOT NULL DEFAULT '[]', -- JSON list of {code, …facts}
    created_us INTEGER NOT NULL,
    updated_us INTEGER NOT NULL
, device TEXT, clock_offset_s REAL, probed_us INTEGER);
CREATE INDEX cameras_by_tenant ON cameras (tenant_id, camera_id);

-- Every debounced change of a camera's state. Those of a removed camera stay as long as it has footage.
CREATE TABLE camera_states (
    camera_uuid TEXT NOT NULL,
    since_us INTEGER NOT NULL,
    state TEXT NOT NULL,                  -- CameraState
    reason TEXT NOT NULL,                 -- code of the failure, '' if none
    PRIMARY KEY (camera_uuid, since_us)
) WITHOUT ROWID;

CREATE TABLE mosaics (
    mosaic_id TEXT PRIMARY KEY,           -- UUIDv7
    tenant_id TEXT NOT NULL REFERENCES tenants (tenant_id),
    name TEXT NOT NULL,                   -- "nome" on the wire
    layout TEXT NOT NULL CHECK (layout IN ('1x1', '2x2', '3x3', '4x4', '1+5')),
    cameras TEXT NOT NULL,                -- JSON list, a camera_id or null per place, in reading order
    created_by TEXT NOT NULL,             -- user id
    created_us INTEGER NOT NULL,
    updated_us INTEGER NOT NULL
);
CREATE INDEX mosaics_by_tenant ON mosaics (tenant_id, name);

-- Whose footage lies on the volume. A row outlives its camera as long as footage is there.
CREATE TABLE recorded_cameras (
    camera_no INTEGER PRIMARY KEY AUTOINCREMENT, -- short key for the big tables, never reused
    camera_uuid TEXT NOT NULL UNIQUE,
    camera_id TEXT NOT NULL,              -- the readable id it had last
    name TEXT NOT NULL,                   -- likewise
    tenant_id TEXT,                       -- NULL = not known (found on the volume by rebuild-index): for site-wide people only
    directory TEXT,                       -- its directory on the volume, such as cam01_rec; NULL = none at present
    removed_us INTEGER                    -- when the camera was removed from the site; NULL = it is there
);
CREATE INDEX recorded_cameras_by_id ON recorded_cameras (camera_id);

-- What the samples of a segment are; few rows, shared by many segments.
CREATE TABLE segment_formats (
    format_id INTEGER PRIMARY KEY,
    video TEXT NOT NULL,                  -- RFC 6381, such as avc1.64001f; '' = no video
    width INTEGER NOT NULL,               -- pixels; 0 = no video
    height INTEGER NOT NULL,
    audio TEXT NOT NULL,                  -- RFC 6381 such as mp4a.40.2, or the four letters of the sample entry (ipcm); '' = none
    UNIQUE (video, width, height, audio)
);

-- Finished recorded files. The file is the truth, the row can be made again from it. aged_us (below as a migration left it): the
-- age counts from then and not from start_us; 2^62 = from when the clock is believed; NULL = from start_us.
CREATE TABLE segments (
    segment_id INTEGER PRIMARY KEY AUTOINCREMENT, -- never reused: it stands in addresses and seals
    camera_no INTEGER NOT NULL REFERENCES recorded_cameras (camera_no),
    name_us INTEGER NOT NULL,             -- the time in the file's name, which is the file's place in its directory
    start_us INTEGER NOT NULL,            -- wall clock of the first video sample
    end_us INTEGER NOT NULL,              -- wall clock of the end of the last video sample
    media_us INTEGER NOT NULL,            -- length by the file's own time stamps
    size_bytes INTEGER NOT NULL,          -- of the file
    format_id INTEGER NOT NULL REFERENCES segment_formats (format_id),
    init_bytes INTEGER NOT NULL,          -- length of ftyp and moov: the first part begins there; 0 = it has none
    groups BLOB NOT NULL,                 -- where the groups of parts lie that begin with a key frame: see recordings/groups.py;
                                          -- x'00' = not read yet (rebuild-index reads heads only)
    run INTEGER,                          -- which run of its recorder it is of (random bits); NULL = the file does not say
    run_no INTEGER,                       -- which file of that run, from 0; NULL likewise
    continues INTEGER NOT NULL DEFAULT 0, -- 1 = the recorder says that it follows its predecessor without loss
    is_cut INTEGER NOT NULL DEFAULT 0,    -- 1 = was not closed by its recorder (kill, power cut)
    sha256 BLOB,                          -- of the file as indexed; NULL = not yet hashed
    seal_id INTEGER REFERENCES footage_seals (seal_id), -- NULL = not yet sealed
    held INTEGER NOT NULL DEFAULT 0,      -- 1 = overlaps an open incident of its camera; kept by recordings/index.py and incidents.py
    doomed INTEGER NOT NULL DEFAULT 0, aged_us INTEGER,    -- 1 = being deleted: its file may be gone; never set on a held one
    UNIQUE (camera_no, name_us)
);
CREATE INDEX segments_by_camera ON segments (camera_no, start_us, end_us, doomed, held, continues, format_id, size_bytes);
CREATE INDEX segments_deletable ON segments (coalesce(aged_us, start_us)) WHERE held = 0 AND doomed = 0;
CREATE INDEX segments_deletable_of_camera ON segments (camera_no, coalesce(aged_us, start_us)) WHERE held = 0 AND doomed = 0;
CREATE INDEX segments_aged ON segments (aged_us) WHERE aged_us IS NOT NULL;
CREATE INDEX segments_long ON segments (camera_no, start_us) WHERE end_us - start_us > 120000000;
CREATE INDEX segments_held ON segments (camera_no, start_us) WHERE held = 1;
CREATE INDEX segments_doomed ON segments (segment_id) WHERE doomed = 1;
CREATE INDEX segments_unhashed ON segments (segment_id) WHERE sha256 IS NULL;
CREATE INDEX segments_unsealed ON segments (start_us) WHERE seal_id IS NULL;
CREATE INDEX segments_by_seal ON segments (seal_id) WHERE seal_id IS NOT NULL;

-- Running totals, kept in the transaction that adds or removes a segment.
CREATE TABLE camera_days (
    camera_no INTEGER NOT NULL REFERENCES recorded_cameras (camera_no),
    day INTEGER NOT NULL,                 -- days since 1970-01-01 (UTC) of the segments' start
    segments INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    recorded_us INTEGER NOT NULL,         -- sum of end - start
    PRIMARY KEY (camera_no, day)
) WITHOUT ROWID;

-- How many days footage is kept and how much it may take. No row = the setting of the next wider scope.
CREATE TABLE retention_policies (
    scope TEXT NOT NULL CHECK (scope IN ('site', 'tenant', 'camera')),
    subject TEXT NOT NULL,                -- '' | tenant_id | camera_uuid
    retain_days INTEGER,                  -- NULL = that of the wider scope
    quota_bytes INTEGER,                  -- tenants only; NULL = none
    version INTEGER NOT NULL,             -- raised by each change; purges name it
    changed_by TEXT NOT NULL,             -- user id
    changed_us INTEGER NOT NULL,
    PRIMARY KEY (scope, subject)
) WITHOUT ROWID;

-- Holds: footage of these cameras in this interval is not deleted while the incident is open.
CREATE TABLE incidents (
    incident_id TEXT PRIMARY KEY,         -- UUIDv7
    tenant_id TEXT NOT NULL REFERENCES tenants (tenant_id),
    start_us INTEGER NOT NULL,
    end_us INTEGER NOT NULL,
    reason TEXT NOT NULL,
    reference TEXT NOT NULL,              -- BO, ofício, processo; '' = none yet
    review_us INTEGER,                    -- when somebody should look at it again; NULL = not set
    created_by TEXT NOT NULL,             -- user id
    created_by_name TEXT NOT NULL,        -- login name at that time
    created_us INTEGER NOT NULL,
    released_us INTEGER,                  -- NULL = open
    released_by TEXT,
    release_reason TEXT
);
CREATE INDEX incidents_by_tenant ON incidents (tenant_id, incident_id);
CREATE INDEX incidents_open ON incidents (start_us, end_us) WHERE released_us IS NULL;

CREATE TABLE incident_cameras (
    incident_id TEXT NOT NULL REFERENCES incidents (incident_id) ON DELETE CASCADE,
    camera_no INTEGER NOT NULL REFERENCES recorded_cameras (camera_no),
    PRIMARY KEY (incident_id, camera_no)
) WITHOUT ROWID;
CREATE INDEX incident_cameras_by_camera ON incident_cameras (camera_no, incident_id);

-- A deletion run. Age runs of one tenant share a record per site day; others have one per run.
CREATE TABLE purges (
    purge_id TEXT PRIMARY KEY,            -- UUIDv7
    kind TEXT NOT NULL CHECK (kind IN ('age', 'quota', 'pressure', 'manual', 'camera_removed', 'incident_override')),
    tenant_id TEXT,                       -- whose footage; NULL = not known
    started_us INTEGER NOT NULL,
    finished_us INTEGER,                  -- NULL = still running, or broken off by a stop: the next start goes on with it
    policy TEXT NOT NULL,                 -- JSON: the rule that was applied, with its version
    actor TEXT NOT NULL,                  -- user id, or 'system'
    actor_name TEXT NOT NULL,
    reason TEXT NOT NULL,                 -- what a person wrote; '' for the system
    segments INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    held_skipped INTEGER NOT NULL DEFAULT 0, -- segments that the rule would have taken but an incident kept
    failures INTEGER NOT NULL DEFAULT 0,  -- files that could not be deleted; their rows stay
    root BLOB,                            -- RFC 6962 Merkle root over the leaves (sha256, 32 zero bytes where there is none), set when finished; NULL before
    unhashed INTEGER NOT NULL DEFAULT 0,  -- leaves of zeros among them
    audit_seq INTEGER,                    -- the entry that names the root; NULL before
    cameras TEXT NOT NULL DEFAULT '[]'    -- JSON, set when finished: {camera_no, segments, bytes, first_us, last_us} of each
);
CREATE INDEX purges_by_time ON purges (started_us);
CREATE INDEX purges_open ON purges (kind, tenant_id) WHERE finished_us IS NULL;

-- What a purge deleted, in order.
CREATE TABLE purged_segments (
    purge_id TEXT NOT NULL REFERENCES purges (purge_id),
    n INTEGER NOT NULL,                   -- 0, 1, 2 …: the leaf's place in the tree
    segment_id INTEGER NOT NULL,
    camera_no INTEGER NOT NULL,
    start_us INTEGER NOT NULL,
    end_us INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    sha256 BLOB,                          -- NULL = was never hashed
    PRIMARY KEY (purge_id, n)
) WITHOUT ROWID;
CREATE INDEX purged_segments_by_camera ON purged_segments (camera_no, start_us);

-- What was done to one thing: the history that goes into an evidence bundle.
CREATE INDEX audit_log_by_subject ON audit_log (subject, seq);
-- The disk's circuit breaker as it was last, and what a person wants done when only held footage is left. One row.
CREATE TABLE volume_guard (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    breaker TEXT NOT NULL DEFAULT 'closed' CHECK (breaker IN ('closed', 'open')),
    breaker_us INTEGER NOT NULL DEFAULT 0, -- since when
    breaker_reason TEXT NOT NULL DEFAULT '',
    on_full TEXT NOT NULL DEFAULT 'stop' CHECK (on_full IN ('stop', 'release_oldest_incident')),
    on_full_reason TEXT NOT NULL DEFAULT '', -- the standing reason for releasing
    on_full_by TEXT NOT NULL DEFAULT '',  -- user id of who wrote it
    on_full_by_name TEXT NOT NULL DEFAULT '',
    on_full_us INTEGER NOT NULL DEFAULT 0
);
INSERT INTO volume_guard (id) VALUES (1);

-- Evidence bundles that were asked for.
CREATE TABLE exports (
    export_id TEXT PRIMARY KEY,           -- UUIDv7
    incident_id TEXT NOT NULL REFERENCES incidents (incident_id),
    tenant_id TEXT NOT NULL REFERENCES tenants (tenant_id),
    request TEXT NOT NULL,                -- JSON as validated: cameras, interval, options
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled', 'expired')),
    step TEXT NOT NULL DEFAULT '',        -- what it is doing now
    done_bytes INTEGER NOT NULL DEFAULT 0,
    total_bytes INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '',       -- code of what went wrong
    created_by TEXT NOT NULL,
    created_by_name TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    finished_us INTEGER,
    expires_us INTEGER,                   -- when the bundle is deleted
    bundle TEXT,                          -- file name in the export folder; NULL = there is none
    bundle_bytes INTEGER,
    bundle_sha256 BLOB
);
CREATE INDEX exports_by_tenant ON exports (tenant_id, export_id);
CREATE INDEX exports_alive ON exports (state) WHERE state IN ('queued', 'running', 'done');

-- What was in segments when its file was found to be gone; it goes back there when the same file does.
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
CREATE INDEX missing_segments_by_camera ON missing_segments (camera_no, start_us);
CREATE INDEX missing_segments_by_name ON missing_segments (camera_no, name_us);
CREATE INDEX missing_segments_by_seal ON missing_segments (seal_id) WHERE seal_id IS NOT NULL;

-- Comparisons of disk and index.
CREATE TABLE integrity_reports (
    report_id TEXT PRIMARY KEY,           -- UUIDv7
    started_us INTEGER NOT NULL,
    finished_us INTEGER,                  -- NULL = running, or broken off
    asked_by TEXT NOT NULL,               -- user id, or 'system'
    verdict TEXT NOT NULL DEFAULT '',     -- 'good' | 'mended' | 'faults'; '' = running
    report TEXT NOT NULL DEFAULT '{}'     -- JSON: counts and the first findings of each kind
);

-- RFC 6962 tree over audit_log: complete subtrees only. Written in the transaction of the entry that completes them.
CREATE TABLE audit_tree (
    level INTEGER NOT NULL,               -- 0 = leaves
    position INTEGER NOT NULL,            -- from the left, from 0
    hash BLOB NOT NULL,
    PRIMARY KEY (level, position)
) WITHOUT ROWID;

-- An hour's segment hashes of one tenant, put into the audit log as one root.
CREATE TABLE footage_seals (
    seal_id INTEGER PRIMARY KEY,
    tenant_id TEXT,                       -- NULL = of footage whose tenant is not known
    hour_us INTEGER NOT NULL,             -- begin of the hour in which it was sealed
    sealed_us INTEGER NOT NULL,
    root BLOB NOT NULL,                   -- RFC 6962 root over the leaves
    leaves BLOB NOT NULL,                 -- 32-byte leaf hashes in order, see recordings/seals/proof.py; empty once no segment is left
    audit_seq INTEGER NOT NULL            -- the entry that names the root
);
CREATE INDEX footage_seals_by_entry ON footage_seals (audit_seq);

-- What the clock did: steps, and whether it was in step with a time server.
CREATE TABLE clock_log (
    at_us INTEGER NOT NULL,               -- wall clock after the change
    kind TEXT NOT NULL CHECK (kind IN ('start', 'step', 'synced', 'unsynced')),
    step_us INTEGER NOT NULL DEFAULT 0,   -- how far it jumped; 0 for the others
    source TEXT NOT NULL DEFAULT ''       -- who says so
);
CREATE INDEX clock_log_by_time ON clock_log (at_us);

-- Times that the clock told while it was wrong; footage that bears them is younger than it says.
CREATE TABLE clock_doubts (
    doubt_id INTEGER PRIMARY KEY,
    first_us INTEGER NOT NULL,            -- the earliest of them
    last_us INTEGER NOT NULL,             -- the latest, so far
    known_us INTEGER NOT NULL             -- the moment that was known to be past by then; first_us where the clock leapt ahead by itself
);

-- Plate readings, one row for each that was accepted. What anonymising takes away is NULL or '' afterwards.
CREATE TABLE detections (
    detection_no INTEGER PRIMARY KEY,
    detection_id TEXT NOT NULL UNIQUE,    -- UUIDv7; also the id of the message to the hub
    camera_uuid TEXT NOT NULL,
    camera_id TEXT NOT NULL,              -- the readable id at that time
    tenant_id TEXT NOT NULL,              -- whose the camera was at that time
    captured_us INTEGER NOT NULL,         -- when it passed; see time_source
    received_us INTEGER NOT NULL,
    time_source TEXT NOT NULL CHECK (time_source IN ('camera', 'camera_zone', 'receipt')), -- its offset | its clock in the site's zone | none that can be trusted
    plate TEXT,                           -- [A-Z0-9]{1,12}; NULL = none was read, or anonymised
    vehicle TEXT,                         -- what both forms of one plate share; NULL likewise
    plate_sent TEXT NOT NULL,             -- as the camera wrote it
    confidence REAL,                      -- 0 to 1; NULL = not said
    source TEXT NOT NULL,                 -- key of a source: webhook, hikvision, itsapi, snapmanager
    trust TEXT NOT NULL,                  -- TrustLevel
    is_late INTEGER NOT NULL,             -- 1 = told so long after it passed that nobody should be alarmed
    passage_id TEXT NOT NULL,             -- the first detection of the same passage; its own id for the first
    source_key BLOB NOT NULL UNIQUE,      -- SHA-256 of what is the same when a source sends it again
    facts TEXT NOT NULL,                  -- JSON: direction, lane, vehicle and what else the source said
    scene TEXT,                           -- SHA-256 (hex) of the scene's JPEG in the picture store; NULL = none
    crop TEXT,                            -- likewise of the plate's
    anonymised_us INTEGER,                -- NULL = not yet
    picture_state TEXT NOT NULL DEFAULT '', -- PictureState: '' = nothing to say, waiting, or why a picture is not there
    room BLOB NOT NULL DEFAULT x''        -- zeros: what comes later takes its place, what goes gives it back, so that the row stays as long as it is
);
CREATE INDEX detections_by_time ON detections (captured_us, detection_id);
CREATE INDEX detections_by_camera ON detections (camera_uuid, captured_us, tenant_id);
CREATE INDEX detections_by_tenant ON detections (tenant_id, captured_us, detection_id);

-- Readings by vehicle. SQLite leaves copies of plates in pages that it splits, which no deletion finds; a page that is given up is
-- overwritten. So there are two such tables, and after plates were taken away one is emptied into the other, bit by bit.
CREATE TABLE plates_even (
    vehicle TEXT NOT NULL,                -- as in detections; so is captured_us
    captured_us INTEGER NOT NULL,
    detection_no INTEGER NOT NULL,
    PRIMARY KEY (vehicle, captured_us, detection_no)
) WITHOUT ROWID;
CREATE TABLE plates_odd (
    vehicle TEXT NOT NULL,                -- likewise
    captured_us INTEGER NOT NULL,
    detection_no INTEGER NOT NULL,
    PRIMARY KEY (vehicle, captured_us, detection_no)
) WITHOUT ROWID;
CREATE TABLE plates_turn (
    is_odd INTEGER NOT NULL,              -- 1 = what comes goes into plates_odd, and plates_even is being emptied, or empty; 0 = the other way round
    has_gone INTEGER NOT NULL             -- 1 = a plate was taken away since the turn was last changed
);
INSERT INTO plates_turn VALUES (0, 0);
CREATE TRIGGER plates_go AFTER UPDATE OF vehicle ON detections WHEN OLD.vehicle IS NOT NULL BEGIN
    DELETE FROM plates_even WHERE vehicle = OLD.vehicle AND captured_us = OLD.captured_us AND detection_no = OLD.detection_no;
    DELETE FROM plates_odd WHERE vehicle = OLD.vehicle AND captured_us = OLD.captured_us AND detection_no = OLD.detection_no;
    UPDATE plates_turn SET has_gone = 1;
END;

-- Secrets by which a camera's pushes are known; two during a change.
CREATE TABLE push_secrets (
    camera_uuid TEXT NOT NULL,
    made_us INTEGER NOT NULL,
    sealed BLOB NOT NULL,                 -- AES-256-GCM as passwords of cameras
    expires_us INTEGER,                   -- NULL = the present one; else the one before, good until then
    PRIMARY KEY (camera_uuid, made_us)
) WITHOUT ROWID;

-- Messages waiting for the hub, in the order in which they were accepted. Gone when the hub's broker confirmed them.
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL UNIQUE,      -- UUIDv7, the same at each try
    routing_key TEXT NOT NULL,
    lane TEXT NOT NULL,                   -- order is kept within it: a camera's uuid, or the kind of news
    created_us INTEGER NOT NULL,
    body BLOB NOT NULL,                   -- the CloudEvent, JSON
    attempts INTEGER NOT NULL DEFAULT 0,
    parked_us INTEGER,                    -- when it was given up for now, having failed too often; NULL = it waits
    parked_reason TEXT NOT NULL DEFAULT ''
);
CREATE INDEX outbox_waiting ON outbox (seq) WHERE parked_us IS NULL;
CREATE INDEX outbox_by_lane ON outbox (lane, seq) WHERE parked_us IS NULL;

-- Finds what is old enough to be anonymised, and whether another detection has the same picture.
CREATE INDEX detections_to_anonymise ON detections (min(captured_us, received_us)) WHERE anonymised_us IS NULL;
CREATE INDEX detections_by_scene ON detections (scene) WHERE scene IS NOT NULL;
CREATE INDEX detections_by_crop ON detections (crop) WHERE crop IS NOT NULL;

-- What remains of anonymised readings.
CREATE TABLE detection_counts (
    camera_uuid TEXT NOT NULL,
    day TEXT NOT NULL,                    -- YYYY-MM-DD in the site's zone, by captured_us
    tenant_id TEXT NOT NULL,
    camera_id TEXT NOT NULL,              -- the readable id at that time
    readings INTEGER NOT NULL,
    passages INTEGER NOT NULL,            -- of these, the first of their passage
    PRIMARY KEY (camera_uuid, day, tenant_id)
) WITHOUT ROWID;
-- Plates that people want to hear of.
CREATE TABLE watchlist (
    watch_id TEXT PRIMARY KEY,            -- UUIDv7
    tenant_id TEXT NOT NULL,
    plate TEXT NOT NULL,                  -- [A-Z0-9]{1,12}, as it was given
    vehicle TEXT NOT NULL,                -- what both forms of the plate share: readings are compared by it
    reason TEXT NOT NULL,
    level TEXT NOT NULL CHECK (level IN ('info', 'warning', 'critical')),
    expires_us INTEGER,                   -- from then on it alerts nobody; NULL = never
    created_by TEXT NOT NULL,             -- user id
    created_us INTEGER NOT NULL,
    updated_us INTEGER NOT NULL
);
CREATE UNIQUE INDEX watchlist_by_vehicle ON watchlist (tenant_id, vehicle);

-- Wanted plates that passed. The plate is the detection's: what is anonymised there is gone here, and with it what people wrote.
CREATE TABLE alerts (
    alert_id TEXT PRIMARY KEY,            -- UUIDv7
    detection_id TEXT NOT NULL,
    passage_id TEXT NOT NULL,             -- a vehicle that passes alerts a tenant once, however often it is read
    watch_id TEXT NOT NULL,               -- its entry may be gone since
    tenant_id TEXT NOT NULL,              -- the detection's
    camera_id TEXT NOT NULL,              -- likewise
    level TEXT NOT NULL,                  -- as the entry said then
    reason TEXT NOT NULL,                 -- likewise; sealed as words in the audit log are, '' once the detection is anonymised
    raised_us INTEGER NOT NULL,
    acked_us INTEGER,                     -- NULL = nobody yet
    acked_by TEXT,                        -- user id
    acked_name TEXT,                      -- login name at that time
    ack_note TEXT NOT NULL DEFAULT '',    -- sealed likewise
    UNIQUE (passage_id, tenant_id)
);
CREATE INDEX alerts_by_time ON alerts (raised_us, alert_id);
CREATE INDEX alerts_by_detection ON alerts (detection_id);

-- What people who watch are told, in the order in which it was committed; clients come back with the last seq they saw.
-- The oldest go when there are a million of them; detections and alerts stay.
CREATE TABLE feed (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('detection', 'detection_picture', 'alert', 'alert_acknowledged', 'alert_reopened')),
    detection_id TEXT NOT NULL,
    alert_id TEXT,                        -- NULL for a detection and its picture
    tenant_id TEXT NOT NULL,              -- as the detection's
    camera_id TEXT NOT NULL               -- likewise
);
CREATE INDEX feed_of_alerts ON feed (seq) WHERE alert_id IS NOT NULL;

-- What is set for a camera's plate readings; no row = all is taken as its source says it.
CREATE TABLE plate_sources (
    camera_uuid TEXT PRIMARY KEY,
    confidence_scale TEXT NOT NULL,       -- auto | 100 | 255: what confidence counts to (ITSAPI, snapManager)
    addresses TEXT NOT NULL,              -- JSON list of networks that pushes may come from; [] = any
    directions TEXT NOT NULL,             -- JSON: the camera's word, in small letters, and what it means here
    zone TEXT,                            -- IANA name of its clock's zone; NULL = the site's
    least_trust TEXT NOT NULL,            -- TrustLevel; what proves less is refused
    is_pulled INTEGER NOT NULL,           -- 1 = the box asks the camera for its readings
    picture_sources TEXT NOT NULL,        -- JSON list of networks and hosts that its pictures are fetched from, too
    updated_us INTEGER NOT NULL
) WITHOUT ROWID;

-- Finds the alerts of a camera's timeline.
CREATE INDEX alerts_by_camera ON alerts (camera_id, raised_us);

-- Files of the picture store that readings have or had; a file without a row is left over from a stop.
CREATE TABLE pictures (
    name TEXT PRIMARY KEY,                -- SHA-256 (hex) of the JPEG
    size_bytes INTEGER NOT NULL
) WITHOUT ROWID;

-- Their sum, kept in the transaction that adds or removes some. No row = none yet.
CREATE TABLE picture_total (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    files INTEGER NOT NULL,
    bytes INTEGER NOT NULL
);

-- Finds the oldest readings that have pictures.
CREATE INDEX detections_with_picture ON detections (captured_us, detection_id) WHERE scene IS NOT NULL OR crop IS NOT NULL;

-- Pictures of readings that are still to be got: fetched from where the sender said, or cut out of the scene. Gone when that was done or given up.
CREATE TABLE picture_jobs (
    detection_id TEXT PRIMARY KEY,
    camera_uuid TEXT NOT NULL,
    url_sealed BLOB,                      -- AES-256-GCM as passwords of cameras, for addresses hold secrets and plates; NULL = nothing to fetch
    plate_area TEXT,                      -- JSON [left, top, width, height], 0 to 1 of the scene; NULL = not known
    attempts INTEGER NOT NULL DEFAULT 0,
    due_us INTEGER NOT NULL,              -- not tried before
    created_us INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX picture_jobs_by_camera ON picture_jobs (camera_uuid, due_us);
CREATE INDEX picture_jobs_by_age ON picture_jobs (created_us);

-- How much waits for the hub, kept by the triggers below: nothing ever counts a million rows.
CREATE TABLE outbox_totals (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    waiting INTEGER NOT NULL,             -- messages that are not parked
    waiting_bytes INTEGER NOT NULL,       -- of their bodies
    parked INTEGER NOT NULL,
    parked_bytes INTEGER NOT NULL,
    dropped INTEGER NOT NULL              -- messages that the hub never got: by the bounds of [uplink], or put away by a person
);
INSERT INTO outbox_totals VALUES (1, 0, 0, 0, 0, 0);
CREATE TRIGGER outbox_came AFTER INSERT ON outbox BEGIN
    UPDATE outbox_totals SET waiting = waiting + 1, waiting_bytes = waiting_bytes + length(NEW.body);
END;
CREATE TRIGGER outbox_left AFTER DELETE ON outbox WHEN OLD.parked_us IS NULL BEGIN
    UPDATE outbox_totals SET waiting = waiting - 1, waiting_bytes = waiting_bytes - length(OLD.body);
END;
CREATE TRIGGER outbox_parked_left AFTER DELETE ON outbox WHEN OLD.parked_us IS NOT NULL BEGIN
    UPDATE outbox_totals SET parked = parked - 1, parked_bytes = parked_bytes - length(OLD.body);
END;
CREATE TRIGGER outbox_was_parked AFTER UPDATE OF parked_us ON outbox
    WHEN OLD.parked_us IS NULL AND NEW.parked_us IS NOT NULL BEGIN
    UPDATE outbox_totals SET waiting = waiting - 1, waiting_bytes = waiting_bytes - length(NEW.body),
        parked = parked + 1, parked_bytes = parked_bytes + length(NEW.body);
END;
CREATE TRIGGER outbox_waits_again AFTER UPDATE OF parked_us ON outbox
    WHEN OLD.parked_us IS NOT NULL AND NEW.parked_us IS NULL BEGIN
    UPDATE outbox_totals SET waiting = waiting + 1, waiting_bytes = waiting_bytes + length(NEW.body),
        parked = parked - 1, parked_bytes = parked_bytes - length(NEW.body);
END;
CREATE INDEX outbox_parked ON outbox (seq) WHERE parked_us IS NOT NULL;

-- Messages given up before the hub had them, for they were too old or too many; what they told of stays on the box.
CREATE TABLE outbox_purges (
    purge_id TEXT PRIMARY KEY,            -- UUIDv7
    at_us INTEGER NOT NULL,
    reason TEXT NOT NULL CHECK (reason IN ('age', 'bytes')),
    bound INTEGER NOT NULL,               -- the setting that was passed: seconds | bytes
    messages INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    first_us INTEGER NOT NULL,            -- when the oldest of them was accepted
    last_us INTEGER NOT NULL,             -- likewise the newest
    kinds TEXT NOT NULL,                  -- JSON: how many of each routing key
    ids_sha256 TEXT NOT NULL,             -- of their ids in order, a line each
    audit_seq INTEGER NOT NULL            -- the entry that says so
);

-- The newest anchor of the audit log that the hub is told of; the next one proves that it continues this one.
CREATE TABLE audit_anchor (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    size INTEGER NOT NULL,                -- entries it covers
    root BLOB NOT NULL,                   -- RFC 6962 root over them
    at_us INTEGER NOT NULL
);

-- Browsers and phones that are told of things while nobody looks at the console.
CREATE TABLE push_subscriptions (
    subscription_id TEXT PRIMARY KEY,     -- UUIDv7
    endpoint_hash BLOB NOT NULL UNIQUE,   -- SHA-256 of the push service's address for it
    sealed BLOB NOT NULL,                 -- JSON of that address and of the browser's keys, AES-256-GCM as passwords of cameras; who has it can write to the browser
    site_key TEXT NOT NULL,               -- public key of this site that the browser takes pushes of
    user_id TEXT NOT NULL,
    session_id TEXT NOT NULL,             -- the login it was last confirmed with; it is told nothing once that has ended
    device TEXT NOT NULL,                 -- what its owner calls it
    service TEXT NOT NULL,                -- host of the push service
    topics TEXT NOT NULL,                 -- JSON array of: plates, cameras, storage, hub, archive
    plates_from INTEGER NOT NULL,         -- least level of a wanted plate: 0 info, 1 warning, 2 critical
    created_us INTEGER NOT NULL,
    accepted_us INTEGER,                  -- when the push service last took something for it; NULL = never
    trouble TEXT NOT NULL DEFAULT ''      -- code of why the last try came to nothing; '' = it did not
);
CREATE INDEX push_subscriptions_by_user ON push_subscriptions (user_id, subscription_id);

-- What they are still to be told; written with what it tells of, gone when the push service took it or it is too old.
-- No plate and no name stands here: they are looked up when it is sent.
CREATE TABLE push_queue (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    subscription_id TEXT NOT NULL,
    topic TEXT NOT NULL,
    subject TEXT NOT NULL,                -- id of an alert, uuid of a camera, else the topic
    is_over INTEGER NOT NULL,             -- 1 = the trouble went
    reason TEXT NOT NULL,                 -- a code; '' for plates
    since_us INTEGER NOT NULL,            -- when it began
    queued_us INTEGER NOT NULL
);
CREATE INDEX push_queue_by_subscription ON push_queue (subscription_id, seq);

-- Troubles that were told and are not over: told once, and that they went.
CREATE TABLE push_troubles (
    topic TEXT NOT NULL,
    subject TEXT NOT NULL,
    reason TEXT NOT NULL,                 -- as it was told
    since_us INTEGER NOT NULL,
    PRIMARY KEY (topic, subject)
) WITHOUT ROWID;

-- When the disk's circuit breaker kept everything from being recorded; they do not overlap. For timelines.
CREATE TABLE breaker_openings (
    opened_us INTEGER NOT NULL,
    closed_us INTEGER                     -- not before opened_us; NULL = it is open still, if volume_guard says so, too
);
CREATE INDEX breaker_openings_by_end ON breaker_openings (closed_us);

-- Copies of pictures and evidence bundles in an object store: what is still to be done there. A row is written with what it tells
-- of, in one transaction, and goes when the store has confirmed. One row for an object: what was wanted of it last.
CREATE TABLE archive_queue (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, -- a new one whenever what is wanted of the object changes
    kind TEXT NOT NULL CHECK (kind IN ('picture', 'evidence')),
    name TEXT NOT NULL,                   -- picture: SHA-256 (hex) of the JPEG; evidence: export id, "/", SHA-256 (hex) of the bundle
    act TEXT NOT NULL CHECK (act IN ('copy', 'remove')),
    tenant_id TEXT,                       -- of the export; NULL for pictures, which tenants may share
    size_bytes INTEGER NOT NULL,          -- of the file to copy; 0 to remove
    queued_us INTEGER NOT NULL,
    due_us INTEGER NOT NULL,              -- not tried before
    attempts INTEGER NOT NULL DEFAULT 0,  -- tries that failed while the store took other things
    parked_us INTEGER,                    -- when it was given up for now, having failed too often; NULL = it waits
    reason TEXT NOT NULL DEFAULT '',      -- why the last try failed
    UNIQUE (kind, name)
);
CREATE INDEX archive_due ON archive_queue (kind, due_us) WHERE parked_us IS NULL;
CREATE INDEX archive_oldest ON archive_queue (queued_us);
CREATE INDEX archive_oldest_waiting ON archive_queue (queued_us) WHERE parked_us IS NULL;
CREATE INDEX archive_parked ON archive_queue (seq) WHERE parked_us IS NOT NULL;

-- What the store has, by what it confirmed.
CREATE TABLE archive_copies (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,                   -- as in archive_queue
    size_bytes INTEGER NOT NULL,
    copied_us INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
) WITHOUT ROWID;

-- Copies that were given up. The store may have one all the same: its answer was lost, or came too late. So their removal is owed, too.
CREATE TABLE archive_doubts (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,                   -- as in archive_queue
    PRIMARY KEY (kind, name)
) WITHOUT ROWID;

-- Which store that is; with another one, copies are no longer known.
CREATE TABLE archive_place (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    place TEXT NOT NULL                   -- endpoint, bucket and prefix
);

-- How much waits and how much was copied, kept by the triggers below: nothing ever counts a million rows.
CREATE TABLE archive_totals (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    waiting INTEGER NOT NULL,             -- copies to make that are not parked
    waiting_bytes INTEGER NOT NULL,       -- of their files
    removing INTEGER NOT NULL,            -- copies to remove that are not parked
    parked INTEGER NOT NULL,              -- of both
    copies INTEGER NOT NULL,              -- in the store
    copied_bytes INTEGER NOT NULL,        -- of these
    given_up INTEGER NOT NULL,            -- acts that are tried no longer: by the bounds of [archive], or put away by a person
    given_up_us INTEGER                   -- when the bounds last did so; NULL = never
);
INSERT INTO archive_totals VALUES (1, 0, 0, 0, 0, 0, 0, 0, NULL);
CREATE TRIGGER archive_came AFTER INSERT ON archive_queue BEGIN
    UPDATE archive_totals SET waiting = waiting + (NEW.act = 'copy'), waiting_bytes = waiting_bytes + NEW.size_bytes,
        removing = removing + (NEW.act = 'remove');
END;
CREATE TRIGGER archive_left AFTER DELETE ON archive_queue WHEN OLD.parked_us IS NULL BEGIN
    UPDATE archive_totals SET waiting = waiting - (OLD.act = 'copy'), waiting_bytes = waiting_bytes - OLD.size_bytes,
        removing = removing - (OLD.act = 'remove');
END;
CREATE TRIGGER archive_parked_left AFTER DELETE ON archive_queue WHEN OLD.parked_us IS NOT NULL BEGIN
    UPDATE archive_totals SET parked = parked - 1;
END;
CREATE TRIGGER archive_was_parked AFTER UPDATE OF parked_us ON archive_queue
    WHEN OLD.parked_us IS NULL AND NEW.parked_us IS NOT NULL BEGIN
    UPDATE archive_totals SET waiting = waiting - (NEW.act = 'copy'), waiting_bytes = waiting_bytes - NEW.size_bytes,
        removing = removing - (NEW.act = 'remove'), parked = parked + 1;
END;
CREATE TRIGGER archive_waits_again AFTER UPDATE OF parked_us ON archive_queue
    WHEN OLD.parked_us IS NOT NULL AND NEW.parked_us IS NULL BEGIN
    UPDATE archive_totals SET waiting = waiting + (NEW.act = 'copy'), waiting_bytes = waiting_bytes + NEW.size_bytes,
        removing = removing + (NEW.act = 'remove'), parked = parked - 1;
END;
CREATE TRIGGER archive_copied AFTER INSERT ON archive_copies BEGIN
    UPDATE archive_totals SET copies = copies + 1, copied_bytes = copied_bytes + NEW.size_bytes;
END;
CREATE TRIGGER archive_removed AFTER DELETE ON archive_copies BEGIN
    UPDATE archive_totals SET copies = copies - 1, copied_bytes = copied_bytes - OLD.size_bytes;
END;
