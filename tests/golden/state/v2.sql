-- A state of version 2, as its agent left it.
CREATE TABLE agent (
  schema  INTEGER NOT NULL,
  machine TEXT    NOT NULL,
  cut_at  INTEGER NOT NULL
);
INSERT INTO agent VALUES (2, 'machine', 1795230241000);
CREATE TABLE file (
  device   INTEGER NOT NULL,
  inode    INTEGER NOT NULL,
  birth    INTEGER NOT NULL,
  path     TEXT    NOT NULL,
  source   TEXT    NOT NULL,
  position INTEGER NOT NULL,
  rotated  INTEGER NOT NULL,
  head_hash INTEGER NOT NULL,
  head_size INTEGER NOT NULL,
  tail_hash INTEGER NOT NULL,
  tail_size INTEGER NOT NULL,
  real     TEXT    NOT NULL,
  size     INTEGER NOT NULL,
  age      INTEGER NOT NULL,
  PRIMARY KEY (device, inode, birth)
) WITHOUT ROWID;
CREATE TABLE directory (
  path   TEXT PRIMARY KEY,
  listed INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE pattern (
  key TEXT PRIMARY KEY
) WITHOUT ROWID;
CREATE TABLE loss (
  path   TEXT    NOT NULL,
  reason TEXT    NOT NULL,
  bytes  INTEGER NOT NULL,
  at     INTEGER NOT NULL,
  PRIMARY KEY (path, reason)
) WITHOUT ROWID;
CREATE TABLE alert (
  rule TEXT NOT NULL,
  grp  TEXT NOT NULL,
  data TEXT NOT NULL,
  PRIMARY KEY (rule, grp)
) WITHOUT ROWID;
CREATE TABLE message (
  id         INTEGER PRIMARY KEY,
  uuid       TEXT    NOT NULL,
  target     TEXT    NOT NULL,
  body       TEXT    NOT NULL,
  state      TEXT    NOT NULL,
  attempts   INTEGER NOT NULL,
  created    INTEGER NOT NULL,
  not_before INTEGER NOT NULL,
  answered   INTEGER NOT NULL,
  alert      TEXT    NOT NULL,
  report     TEXT    NOT NULL
);
PRAGMA user_version = 2;
INSERT INTO file VALUES(65024,4711,1795230245123456789,'/var/log/app.log','app',123456,0,1,2,3,4,'/var/log/app.log',123500,7);
INSERT INTO alert VALUES('oom','["web","告警"]','{"count":3,"first":1795230000000,"id":"id-1","interval":1800000,"last":1795230241000,"last_hit":{"fields":{"proc":"java"},"path":"/var/log/app.log","record":"Out of memory","source":"app"},"matching_hash":"00ff","message_due":1795231000000,"messages":2,"pending":[[1795230241000,"Out of \"memory\""]],"quiet_until":1795232000000,"samples":[["Out of memory\n  at x",3]],"since":1795230100000,"total":12}');
INSERT INTO message VALUES(1,'uuid-1','ops','{"msgtype":"markdown","msgUuid":"uuid-1"}','pending',2,1795230242000,1795230243000,1795230244000,'oom/id-1','{}');
INSERT INTO message VALUES(2,'uuid-2','ops','{"msgtype":"markdown","msgUuid":"uuid-2"}','sending',2,1795230242000,1795230243000,1795230244000,'','');
INSERT INTO message VALUES(3,'uuid-3','ops','{"msgtype":"markdown","msgUuid":"uuid-3"}','delivered',2,1795230242000,1795230243000,1795230244000,'','');
INSERT INTO message VALUES(4,'uuid-4','ops','{"msgtype":"markdown","msgUuid":"uuid-4"}','held',2,1795230242000,1795230243000,1795230244000,'','');
