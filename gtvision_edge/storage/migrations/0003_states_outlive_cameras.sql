-- What a removed camera was tells why its footage has gaps: it is kept as long as there is footage.
-- An older program beside it leaves the states of the cameras that it removes; they are forgotten later.

ALTER TABLE camera_states RENAME TO camera_states_before;

-- Every debounced change of a camera's state. Those of a removed camera stay as long as it has footage.
CREATE TABLE camera_states (
    camera_uuid TEXT NOT NULL,
    since_us INTEGER NOT NULL,
    state TEXT NOT NULL,                  -- CameraState
    reason TEXT NOT NULL,                 -- code of the failure, '' if none
    PRIMARY KEY (camera_uuid, since_us)
) WITHOUT ROWID;

INSERT INTO camera_states SELECT camera_uuid, since_us, state, reason FROM camera_states_before;
DROP TABLE camera_states_before;
