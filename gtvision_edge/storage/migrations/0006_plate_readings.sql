-- Plate readings, the secrets their senders prove themselves with, messages waiting for the hub, plates that are wanted, and what people are told.
-- An older program leaves these tables alone.

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
WITH turns AS MATERIALIZED (
    SELECT seq, at_us, action, lag(action) OVER (ORDER BY seq) AS before FROM audit_log
    WHERE action IN ('breaker.opened', 'breaker.closed'))
INSERT INTO breaker_openings SELECT o.at_us, (SELECT max(o.at_us, c.at_us) FROM turns c
        WHERE c.seq > o.seq AND c.action = 'breaker.closed' ORDER BY c.seq LIMIT 1)
    FROM turns o WHERE o.action = 'breaker.opened' AND o.before IS NOT 'breaker.opened' ORDER BY o.seq;

-- What the device said of itself and its clock when it was probed last: it stands on the custody form.
ALTER TABLE cameras ADD COLUMN device TEXT;
ALTER TABLE cameras ADD COLUMN clock_offset_s REAL;
ALTER TABLE cameras ADD COLUMN probed_us INTEGER;

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

-- A day's timeline is read from the index alone: the rows of one camera lie far apart.
DROP INDEX segments_by_camera;
CREATE INDEX segments_by_camera ON segments (camera_no, start_us, end_us, doomed, held, continues, format_id, size_bytes);
