-- The state of one agent: positions, windows and open alerts, outbox, losses. One cut of all of it is one transaction,
-- so that a crash falls back to an earlier consistent moment and reads on. Times are Unix time in milliseconds.
-- PRAGMA user_version is the schema's version, 2, and agent.schema says the same.

-- Whose state it is. One row.
CREATE TABLE agent (
  schema  INTEGER NOT NULL,    -- in every version from 2 on: a damaged version is no newer one
  machine TEXT    NOT NULL,    -- a digest of the machine id; '' where the host has none
  cut_at  INTEGER NOT NULL     -- when the last cut was made; 0: none was
);
INSERT INTO agent VALUES (2, '', 0);

-- How far each file was read. Every byte before `position` is represented in the other tables or was no hit.
CREATE TABLE file (
  device   INTEGER NOT NULL,
  inode    INTEGER NOT NULL,
  birth    INTEGER NOT NULL,   -- nanoseconds; 0 where the file system keeps none
  path     TEXT    NOT NULL,
  source   TEXT    NOT NULL,
  position INTEGER NOT NULL,
  rotated  INTEGER NOT NULL,   -- 1: renamed away or deleted, read to its end; 2: a copy of what is read elsewhere;
                               -- 3: nowhere to be found, kept in case that it comes back
  head_hash INTEGER NOT NULL,  -- FNV-1a of its first head_size bytes
  head_size INTEGER NOT NULL,
  tail_hash INTEGER NOT NULL,  -- FNV-1a of the tail_size bytes before position
  tail_size INTEGER NOT NULL,
  real     TEXT    NOT NULL,   -- path without symbolic links
  size     INTEGER NOT NULL,   -- when it was last looked at
  age      INTEGER NOT NULL,   -- of a rotated file: its last write, nanoseconds; the older ones are read first
  twin_inode INTEGER NOT NULL, -- of a copy: the file on the same device that is or was read instead
  twin_birth INTEGER NOT NULL,
  PRIMARY KEY (device, inode, birth)
) WITHOUT ROWID;

-- How old the last listing of each directory of followed files is: what came into it since is unread.
CREATE TABLE directory (
  path   TEXT PRIMARY KEY,
  listed INTEGER NOT NULL     -- its mtime when it was listed, nanoseconds
) WITHOUT ROWID;

-- The path patterns that were followed before: a file that they match anew is read from its beginning.
CREATE TABLE pattern (
  key TEXT PRIMARY KEY        -- the source's name, U+001F, the pattern
) WITHOUT ROWID;

-- The ledger: what was written to followed files and could not be matched. The newest thousand.
CREATE TABLE loss (
  path   TEXT    NOT NULL,
  reason TEXT    NOT NULL,
  bytes  INTEGER NOT NULL,    -- at least so many; 0: unknown
  at     INTEGER NOT NULL,    -- of the last one
  untold INTEGER,             -- of bytes: those that no notice told yet; NULL: all is told
  PRIMARY KEY (path, reason)
) WITHOUT ROWID;

-- What is known of one group key of one rule: its window, its alert if it fires, and when it may fire again.
CREATE TABLE alert (
  rule TEXT NOT NULL,
  grp  TEXT NOT NULL,         -- the values of group_by, a JSON list
  data TEXT NOT NULL,         -- JSON: the fields of alert::AlertState
  PRIMARY KEY (rule, grp)
) WITHOUT ROWID;

-- The outbox: messages that wait or may be on their way.
CREATE TABLE message (
  id         INTEGER PRIMARY KEY,
  uuid       TEXT    NOT NULL, -- msgUuid: the same on each attempt of the same bytes
  target     TEXT    NOT NULL,
  body       TEXT    NOT NULL, -- '': it has words only as part of a digest
  state      TEXT    NOT NULL, -- pending, sending, held
  attempts   INTEGER NOT NULL,
  created    INTEGER NOT NULL,
  not_before INTEGER NOT NULL,
  alert      TEXT    NOT NULL, -- which alert's message it is: never attempted, it takes that alert's further hits
  report     TEXT    NOT NULL, -- JSON: what the body says, for that
  lines      TEXT    NOT NULL, -- JSON: what a digest tells of it
  small      INTEGER NOT NULL, -- 1: it was refused for its size
  robot      TEXT    NOT NULL  -- sending: which robot may have it
);

-- Messages for stdout that are not written yet.
CREATE TABLE console (
  id   INTEGER PRIMARY KEY,    -- in the order in which they are written
  text TEXT NOT NULL
);

-- What is known of the robots, by a digest of their tokens.
CREATE TABLE robot (
  key         TEXT PRIMARY KEY, -- '': all of them
  rests_until INTEGER NOT NULL  -- it said that it gets too much
) WITHOUT ROWID;

-- How many messages each robot answered in the last minute: what is taken of its quota.
CREATE TABLE slot (
  robot   TEXT    NOT NULL,
  second  INTEGER NOT NULL,     -- in milliseconds, too
  answers INTEGER NOT NULL,
  PRIMARY KEY (robot, second)
) WITHOUT ROWID;

PRAGMA user_version = 2;
