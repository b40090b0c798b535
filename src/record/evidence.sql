--- SPDX-License-Identifier: Apache-2.0
--- The record room's own tables and types: what the engine itself writes and every area may read.

-- table subject_last key kind, within, id
kind TEXT NOT NULL
within TEXT NOT NULL
id TEXT NOT NULL
seq BIGINT NOT NULL

-- table entry_id key id, author
id BLOB NOT NULL
author TEXT NOT NULL
seq BIGINT NOT NULL
digest BLOB NOT NULL

-- table nonconformance key seq, n
seq BIGINT NOT NULL
n BIGINT NOT NULL
code TEXT NOT NULL
kind TEXT
within TEXT
id TEXT
at BIGINT NOT NULL
author TEXT NOT NULL
state TEXT NOT NULL
disposition TEXT
closed BIGINT
index kind, within, id
index state, seq

-- table hold key kind, within, id, seq, n
kind TEXT NOT NULL
within TEXT NOT NULL
id TEXT NOT NULL
seq BIGINT NOT NULL
n BIGINT NOT NULL
code TEXT NOT NULL
author TEXT NOT NULL
at BIGINT NOT NULL

-- table pending key seq
seq BIGINT NOT NULL
digest BLOB NOT NULL
type TEXT NOT NULL
class TEXT NOT NULL
author TEXT NOT NULL
at BIGINT NOT NULL
expires BIGINT NOT NULL
need BIGINT NOT NULL
state TEXT NOT NULL
closed_by BIGINT
unique digest
index state, seq

-- table vote key pending, seq
pending BIGINT NOT NULL
seq BIGINT NOT NULL
voter TEXT NOT NULL
natural_id TEXT NOT NULL
at BIGINT NOT NULL
expires BIGINT NOT NULL
key BLOB

--- Which records name a blob: it is kept for them, and read by those who may write such records.
-- table blob_name key digest, seq
digest BLOB NOT NULL
seq BIGINT NOT NULL
permission TEXT NOT NULL

--- How far each offline spool has come. The engine writes it, and refuses what comes a second time.
-- table spool key author, spool
author TEXT NOT NULL
spool TEXT NOT NULL
counter BIGINT NOT NULL
since BIGINT NOT NULL
at BIGINT NOT NULL

--- Records that a spool numbered and did not bring: from `expected` to before `found`.
-- table spool_gap key author, spool, found
author TEXT NOT NULL
spool TEXT NOT NULL
found BIGINT NOT NULL
expected BIGINT NOT NULL
seq BIGINT NOT NULL
at BIGINT NOT NULL

--- What was refused has used its counter, too, and is refused again when it comes again.
-- table spool_refusal key author, spool, counter
author TEXT NOT NULL
spool TEXT NOT NULL
counter BIGINT NOT NULL
digest BLOB NOT NULL
code TEXT NOT NULL
seq BIGINT NOT NULL

-- flag decision.refused SPOOL_GAP
SELECT 'station' AS kind, '' AS within, :asked_by AS id
WHERE :counter > 1 + coalesce((SELECT s.counter FROM spool s
	WHERE s.author = :asked_by AND s.spool = :from_spool), 0);

-- fold decision.refused
INSERT INTO spool_gap (author, spool, found, expected, seq, at)
SELECT :asked_by, :from_spool, :counter, t.expected, :seq, :at
FROM (SELECT coalesce((SELECT s.counter FROM spool s
	WHERE s.author = :asked_by AND s.spool = :from_spool), 0) + 1 AS expected) AS t
WHERE :from_spool IS NOT NULL AND t.expected < :counter ON CONFLICT DO NOTHING;

-- fold decision.refused
INSERT INTO spool_refusal (author, spool, counter, digest, code, seq)
SELECT :asked_by, :from_spool, :counter, :record, :code, :seq
WHERE :from_spool IS NOT NULL AND :counter IS NOT NULL ON CONFLICT DO NOTHING;

-- fold decision.refused
INSERT INTO spool (author, spool, counter, since, at)
SELECT :asked_by, :from_spool, :counter, :seq, :at
WHERE :from_spool IS NOT NULL AND :counter IS NOT NULL
ON CONFLICT (author, spool) DO UPDATE SET counter = excluded.counter, since = excluded.since,
	at = excluded.at WHERE spool.counter < excluded.counter;

-- table log_start key seq
seq BIGINT NOT NULL
mode TEXT NOT NULL
ca_key BLOB NOT NULL
checkpoint_key BLOB NOT NULL

-- table succession key seq
seq BIGINT NOT NULL
origin TEXT NOT NULL
old_origin TEXT NOT NULL
old_size BIGINT NOT NULL
old_root BLOB NOT NULL
recovered BIGINT NOT NULL
checkpoint_key BLOB NOT NULL
lost BIGINT NOT NULL
used_up BIGINT NOT NULL
at BIGINT NOT NULL

-- fold ledger.succeeded
INSERT INTO succession (seq, origin, old_origin, old_size, old_root, recovered, checkpoint_key, lost, used_up, at)
VALUES (:seq, :origin, :old_origin, :old_size, :old_root, :recovered, :checkpoint_key, :lost, :used_up, :at);
-- table succession_approval key seq
seq BIGINT NOT NULL
statement BLOB NOT NULL

-- fold succession.approved
INSERT INTO succession_approval (seq, statement) VALUES (:seq, :statement);
-- flag ledger.succeeded LOG_RANGE_LOST
SELECT 1 AS missing WHERE :lost > 0;
-- view log.successions ledger.read global
SELECT seq, origin, old_origin, old_size, recovered, lost, used_up, at FROM succession ORDER BY seq;
--- Where a record stands, by the digest of its claim: what approvals and receipts name.
-- view log.by_digest ledger.read digest:hash global
SELECT e.seq, e.author, e.digest FROM entry_id e WHERE e.digest = :digest ORDER BY e.seq;

-- fold ledger.started
INSERT INTO log_start (seq, mode, ca_key, checkpoint_key) VALUES (:seq, :mode, :ca_key, :checkpoint_key);
-- fold ledger.started each founders
INSERT INTO principal (id, kind, natural_id, state, since, at)
VALUES (:founders.principal, 'person', :founders.principal, 'active', :seq, :at) ON CONFLICT DO NOTHING;
--- Enrolled and granted at time 0: founders are nobody's newcomers.
-- fold ledger.started each founders
INSERT INTO principal_key (key, principal, spki, since, at)
VALUES (:founders.key, :founders.principal, :founders.public_key, :seq, 0) ON CONFLICT DO NOTHING;
-- fold ledger.started each founders
INSERT INTO role_grant (id, principal, role, at, since, author)
VALUES ('founder/' || :founders.principal, :founders.principal, 'founder', 0, :seq, :author) ON CONFLICT DO NOTHING;
-- fold ledger.started each founder_permissions
INSERT INTO role_permission (role, permission, since)
VALUES ('founder', :founder_permissions.permission, :seq) ON CONFLICT DO NOTHING;
--- The first rule: in a founded log one other founder must agree; alone (bootstrap, trial) nobody can.
-- fold ledger.started
INSERT INTO approval_rule (class, need, newcomer_ms, request_ttl_ms, vote_ttl_ms, since)
SELECT '*', CASE WHEN :founders.count >= 2 THEN 1 ELSE 0 END, 86400000, 604800000, 14400000, :seq
WHERE true ON CONFLICT DO NOTHING;

-- flag clock.stepped CLOCK_STEPPED
SELECT 1 AS stepped;

-- fold value.erased
DELETE FROM opening WHERE commitment = :commitment;

-- view nonconformance.all nonconformance.read global
SELECT seq, n, code, kind, within, id, at, author, state, disposition, closed FROM nonconformance ORDER BY seq, n;
-- view hold.all nonconformance.read global
SELECT kind, within, id, seq, n, code, author, at FROM hold ORDER BY kind, within, id, seq, n;
-- view approval.pending approval.read global
SELECT p.seq, p.digest, p.type, p.class, p.author, p.at, p.expires, p.need, p.state,
(SELECT count(*) FROM vote v WHERE v.pending = p.seq) AS votes
FROM pending p WHERE p.state = 'open' ORDER BY p.seq;
--- Everything that ever waited. `expired` waited until its time was over; closed_by is the vote that ended it.
-- view approval.list approval.read seq:number state:id now:instant global
SELECT t.seq, t.digest, t.type, t.class, t.author, t.at, t.expires, t.need, t.state, t.votes, t.closed_by
FROM (SELECT p.seq, p.digest, p.type, p.class, p.author, p.at, p.expires, p.need, p.closed_by,
	CASE WHEN p.state = 'open' AND p.expires <= :now THEN 'expired' ELSE p.state END AS state,
	(SELECT count(*) FROM vote v WHERE v.pending = p.seq) AS votes FROM pending p) AS t
WHERE (:seq IS NULL OR t.seq = :seq) AND (:state IS NULL OR t.state = :state) ORDER BY t.seq;
-- view approval.votes approval.read seq:number global
SELECT v.pending, v.seq, v.voter, v.at, v.expires FROM vote v WHERE v.pending = :seq ORDER BY v.pending, v.seq;
