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
);
CREATE INDEX cameras_by_tenant ON cameras (tenant_id, camera_id);

-- Every debounced change of a camera's state.
CREATE TABLE camera_states (
    camera_uuid TEXT NOT NULL REFERENCES cameras (camera_uuid) ON DELETE CASCADE,
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
