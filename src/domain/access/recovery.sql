--- SPDX-License-Identifier: Apache-2.0
--- Recoveries: a key for somebody who lost every other one. `usable_from` is when it begins to speak: a day
--- after it was agreed to at the earliest, so that there is always time to stop it.

-- table recovery key id
id TEXT NOT NULL
principal TEXT NOT NULL
key BLOB NOT NULL
author TEXT NOT NULL
at BIGINT NOT NULL
usable_from BIGINT NOT NULL
stopped BIGINT
stopped_by TEXT
since BIGINT NOT NULL
index principal

-- scope recovery.any
SELECT 1 AS everywhere;

--- The person may stop it, too, with a key that is left, of any of their accounts.
-- scope recovery.own
SELECT (SELECT min(a.id) FROM recovery r JOIN principal p ON p.id = r.principal
	JOIN principal a ON a.id = :author AND (a.id = p.id OR a.natural_id = p.natural_id)
	WHERE r.id = :recovery) AS own;

-- refuse recovery.requested RECOVERY_EXISTS
SELECT id AS recovery FROM recovery WHERE id = :recovery;
-- refuse recovery.requested PRINCIPAL_UNKNOWN
SELECT 1 AS missing WHERE NOT EXISTS (SELECT 1 FROM principal WHERE id = :principal AND state = 'active');
-- refuse recovery.requested RECOVERY_NOT_OF_PERSON
SELECT p.kind FROM principal p WHERE p.id = :principal AND p.kind <> 'person';
-- refuse recovery.requested DECISION_ABOUT_ONESELF
SELECT 1 AS same WHERE EXISTS (SELECT 1 FROM principal a JOIN principal b ON a.id = :author AND b.id = :principal
	AND (a.id = b.id OR a.natural_id = b.natural_id));
-- refuse recovery.requested KEY_ALREADY_ENROLLED
SELECT principal AS owner FROM principal_key WHERE key = :key_id;
-- refuse recovery.requested CREDENTIAL_ALREADY_ENROLLED
SELECT principal AS owner FROM passkey WHERE credential = :credential;
--- While people agree, the clock runs: what was far enough ahead when it was asked for need not be when
--- the last of them agrees. Then the fold gives it its day.
-- refuse recovery.requested RECOVERY_TOO_SOON
SELECT :at + 86400000 AS earliest WHERE :usable_from < :at + 86400000
AND NOT EXISTS (SELECT 1 FROM pending p WHERE p.digest = :digest AND p.state = 'open');
-- refuse recovery.requested RECOVERY_TOO_LATE
SELECT :at + 2592000000 AS latest WHERE :usable_from > :at + 2592000000;

-- fold recovery.requested
INSERT INTO principal_key (key, principal, spki, since, at, usable_from, recovery)
SELECT :key_id, :principal, :public_key, :seq, :at,
	CASE WHEN :usable_from < :at + 86400000 THEN :at + 86400000 ELSE :usable_from END, :recovery
WHERE NOT EXISTS (SELECT 1 FROM recovery r WHERE r.id = :recovery) ON CONFLICT DO NOTHING;
-- fold recovery.requested
INSERT INTO passkey (key, principal, credential, label, since)
SELECT k.key, k.principal, :credential, :label, :seq FROM principal_key k
WHERE k.key = :key_id AND k.since = :seq AND :credential IS NOT NULL ON CONFLICT DO NOTHING;
-- fold recovery.requested
INSERT INTO recovery (id, principal, key, author, at, usable_from, since)
SELECT k.recovery, k.principal, k.key, :author, :at, k.usable_from, :seq FROM principal_key k
WHERE k.key = :key_id AND k.since = :seq ON CONFLICT DO NOTHING;

-- refuse recovery.stopped RECOVERY_UNKNOWN
SELECT 1 AS missing WHERE NOT EXISTS (SELECT 1 FROM recovery WHERE id = :recovery);
-- refuse recovery.stopped RECOVERY_OVER
SELECT r.usable_from, r.stopped FROM recovery r
WHERE r.id = :recovery AND (r.stopped IS NOT NULL OR r.usable_from <= :at);
-- fold recovery.stopped
UPDATE recovery SET stopped = :at, stopped_by = :author
WHERE id = :recovery AND stopped IS NULL AND usable_from > :at;
-- fold recovery.stopped
UPDATE principal_key SET until = :at WHERE recovery = :recovery AND until IS NULL AND usable_from > :at;

--- `open`: the key does not speak yet, and can be stopped. What still waits for approvals stands in approval.pending.
-- view access.recoveries access.read principal:id now:instant global
SELECT r.id, r.principal, r.key, CASE WHEN r.stopped IS NOT NULL THEN 'stopped' WHEN r.usable_from > :now THEN 'open'
ELSE 'in_force' END AS state, r.author, r.at, r.usable_from, r.stopped, r.stopped_by, k.until
FROM recovery r JOIN principal_key k ON k.key = r.key
WHERE (:principal IS NULL OR r.principal = :principal) ORDER BY r.id;
