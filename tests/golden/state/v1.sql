-- A state of schema version 1, as its agent left it: sqlite3's .dump.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE file (
  device   INTEGER NOT NULL,
  inode    INTEGER NOT NULL,
  birth    INTEGER NOT NULL,   -- nanoseconds; 0 where the file system keeps none
  path     TEXT    NOT NULL,
  source   TEXT    NOT NULL,
  position INTEGER NOT NULL,
  rotated  INTEGER NOT NULL,   -- 1: renamed away or deleted, being read to its end
  head_hash INTEGER NOT NULL,  -- FNV-1a of its first head_size bytes
  head_size INTEGER NOT NULL,
  tail_hash INTEGER NOT NULL,  -- FNV-1a of the tail_size bytes before position
  tail_size INTEGER NOT NULL,
  PRIMARY KEY (device, inode, birth)
) WITHOUT ROWID;
INSERT INTO file VALUES(65024,4711,1795230245123456789,'/var/log/app.log','app',123456,0,-2401053089206439923,1024,42,256);
INSERT INTO file VALUES(65024,4712,0,'/var/log/app.log.1','app',1099511627776,1,7,3,0,0);
CREATE TABLE pattern (
  key TEXT PRIMARY KEY        -- the source's name, U+001F, the pattern
) WITHOUT ROWID;
INSERT INTO pattern VALUES('app/var/log/*.log');
CREATE TABLE alert (
  rule TEXT NOT NULL,
  grp  TEXT NOT NULL,         -- the values of group_by, a JSON list
  data TEXT NOT NULL,         -- JSON: the fields of alert::AlertState
  PRIMARY KEY (rule, grp)
) WITHOUT ROWID;
INSERT INTO alert VALUES('oom','["web","告警"]','{"count":3,"first":1795230000000,"id":"id-1","interval":1800000,"last":1795230241000,"last_hit":{"fields":{"proc":"java"},"path":"/var/log/app.log","record":"Out of memory","source":"app"},"matching_hash":"00ff","message_due":1795231000000,"messages":2,"pending":[[1795230241000,"Out of \"memory\""]],"quiet_until":1795232000000,"samples":[["Out of memory\n  at x",3]],"since":1795230100000,"total":12}');
CREATE TABLE message (
  id         INTEGER PRIMARY KEY,
  uuid       TEXT    NOT NULL, -- msgUuid: the same on each attempt of the same bytes
  target     TEXT    NOT NULL,
  body       TEXT    NOT NULL,
  state      TEXT    NOT NULL, -- pending, sending, delivered, held
  attempts   INTEGER NOT NULL,
  created    INTEGER NOT NULL,
  not_before INTEGER NOT NULL,
  answered   INTEGER NOT NULL
);
INSERT INTO message VALUES(1,'uuid-1','ops','{"msgtype":"markdown","msgUuid":"uuid-1"}','pending',2,1795230242000,1795230243000,1795230244000);
INSERT INTO message VALUES(2,'uuid-2','ops','{"msgtype":"markdown","msgUuid":"uuid-2"}','sending',2,1795230242000,1795230243000,1795230244000);
INSERT INTO message VALUES(3,'uuid-3','ops','{"msgtype":"markdown","msgUuid":"uuid-3"}','delivered',2,1795230242000,1795230243000,1795230244000);
INSERT INTO message VALUES(4,'uuid-4','ops','{"msgtype":"markdown","msgUuid":"uuid-4"}','held',2,1795230242000,1795230243000,1795230244000);
COMMIT;
PRAGMA user_version=1;
