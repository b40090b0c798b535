--- SPDX-License-Identifier: Apache-2.0
--- The charter, what waits for the signer, what it answered, and credentials. Only a log that began
--- with a charter has a signer that judges: in others nothing waits for it.

-- table charter key revision
revision BIGINT
digest BLOB NOT NULL
document BLOB NOT NULL
state TEXT NOT NULL
at BIGINT NOT NULL
since BIGINT NOT NULL

--- Decisions that are in force here and that the signer has not answered. `sequence` is the entry of
--- the claim; `kind` and `id` name what it is about; `target` is the claim that a denial ends.
-- table signer_task key digest
digest BLOB
operation TEXT NOT NULL
sequence BIGINT NOT NULL
kind TEXT NOT NULL
id TEXT
target BLOB
since BIGINT NOT NULL
index since

-- table signer_decision key digest
digest BLOB
verdict TEXT NOT NULL
code TEXT
document BLOB
charter BIGINT
kind TEXT NOT NULL
id TEXT NOT NULL
at BIGINT NOT NULL
since BIGINT NOT NULL

-- table credential key id
id TEXT
profile TEXT NOT NULL
principal TEXT NOT NULL
key_id BLOB NOT NULL
spki BLOB NOT NULL
digest BLOB NOT NULL
not_after BIGINT NOT NULL
state TEXT NOT NULL
certificate BLOB
certificate_digest BLOB
at BIGINT NOT NULL
since BIGINT NOT NULL
index principal
index key_id

--- ---- charter ----

-- fold ledger.started
INSERT INTO charter (revision, digest, document, state, at, since)
SELECT 1, :charter_digest, :charter, 'in_force', :at, :seq
WHERE :charter IS NOT NULL AND :charter_digest IS NOT NULL ON CONFLICT (revision) DO NOTHING;

-- refuse charter.revised CHARTER_MISSING
SELECT 1 AS missing WHERE NOT EXISTS (SELECT 1 FROM charter c);

-- refuse charter.revised CHARTER_WAITS
SELECT c.revision AS waiting FROM charter c WHERE c.state = 'proposed';

-- refuse charter.revised CHARTER_NOT_NEXT
SELECT t.n + 1 AS expected, :revision AS found
FROM (SELECT max(c.revision) AS n FROM charter c WHERE c.state = 'in_force') AS t
WHERE t.n + 1 <> :revision;

-- refuse charter.revised CHARTER_NOT_FOLLOWING
SELECT c.revision AS previous FROM charter c
WHERE c.state = 'in_force' AND c.revision + 1 = :revision AND c.digest <> :previous;

-- fold charter.revised
INSERT INTO charter (revision, digest, document, state, at, since)
SELECT :revision, :charter_digest, :charter, 'proposed', :at, :seq WHERE true
ON CONFLICT (revision) DO NOTHING;

--- ---- what waits for the signer ----

-- fold charter.revised
INSERT INTO signer_task (digest, operation, sequence, kind, id, target, since)
SELECT :digest, 'policy', coalesce((SELECT p.seq FROM pending p WHERE p.digest = :digest), :seq),
	'charter', '' || :revision, NULL, :seq
WHERE EXISTS (SELECT 1 FROM charter c) ON CONFLICT (digest) DO NOTHING;

-- fold build.authorized
INSERT INTO signer_task (digest, operation, sequence, kind, id, target, since)
SELECT :digest, 'authorize', coalesce((SELECT p.seq FROM pending p WHERE p.digest = :digest), :seq),
	'build_authorization', :authorization, NULL, :seq
WHERE EXISTS (SELECT 1 FROM charter c) ON CONFLICT (digest) DO NOTHING;

-- fold firmware.released
INSERT INTO signer_task (digest, operation, sequence, kind, id, target, since)
SELECT :digest, 'firmware', coalesce((SELECT p.seq FROM pending p WHERE p.digest = :digest), :seq),
	'firmware_release', :release, NULL, :seq
WHERE EXISTS (SELECT 1 FROM charter c) ON CONFLICT (digest) DO NOTHING;

-- fold firmware.emergency
INSERT INTO signer_task (digest, operation, sequence, kind, id, target, since)
SELECT :digest, 'firmware', coalesce((SELECT p.seq FROM pending p WHERE p.digest = :digest), :seq),
	'firmware_release', :release, NULL, :seq
WHERE EXISTS (SELECT 1 FROM charter c) ON CONFLICT (digest) DO NOTHING;

-- fold credential.requested
INSERT INTO signer_task (digest, operation, sequence, kind, id, target, since)
SELECT :digest, 'credential', coalesce((SELECT p.seq FROM pending p WHERE p.digest = :digest), :seq),
	'credential', :credential, NULL, :seq
WHERE EXISTS (SELECT 1 FROM charter c) ON CONFLICT (digest) DO NOTHING;

-- fold firmware.withdrawn
INSERT INTO signer_task (digest, operation, sequence, kind, id, target, since)
SELECT :digest, 'deny', coalesce((SELECT p.seq FROM pending p WHERE p.digest = :digest), :seq),
	'firmware_release', :release, NULL, :seq
WHERE EXISTS (SELECT 1 FROM charter c) ON CONFLICT (digest) DO NOTHING;

-- fold build.closed
INSERT INTO signer_task (digest, operation, sequence, kind, id, target, since)
SELECT :digest, 'deny', coalesce((SELECT p.seq FROM pending p WHERE p.digest = :digest), :seq),
	'build_authorization', :authorization, NULL, :seq
WHERE EXISTS (SELECT 1 FROM charter c) ON CONFLICT (digest) DO NOTHING;

--- A denial ends a decision at the signer for good, even if it was never in force here.
-- fold approval.denied
INSERT INTO signer_task (digest, operation, sequence, kind, id, target, since)
SELECT :digest, 'deny', :seq, 'approval', NULL, :record, :seq
WHERE EXISTS (SELECT 1 FROM charter c) AND EXISTS (SELECT 1 FROM pending p
	WHERE p.digest = :record AND p.type IN ('charter.revised', 'build.authorized',
		'firmware.released', 'firmware.emergency', 'credential.requested'))
ON CONFLICT (digest) DO NOTHING;

--- ---- answers ----

-- flag signer.admitted SIGNER_ANSWER_UNASKED
SELECT 1 AS unasked WHERE NOT EXISTS (SELECT 1 FROM signer_task t WHERE t.digest = :record);

-- fold signer.admitted
INSERT INTO signer_decision (digest, verdict, code, document, charter, kind, id, at, since)
SELECT :record, 'admitted', NULL, :document, :charter, :kind, :id, :at, :seq
WHERE :flagged = 0 ON CONFLICT (digest) DO NOTHING;

-- fold signer.admitted
UPDATE charter SET state = 'in_force', since = :seq
WHERE state = 'proposed' AND :flagged = 0 AND EXISTS (SELECT 1 FROM signer_task t
	WHERE t.digest = :record AND t.operation = 'policy' AND t.id = '' || charter.revision);

--- A denial that came after the decision was admitted ends it: what rests on it must stop here, too,
--- or every unit that is still requested is wasted.
-- fold signer.admitted
UPDATE signer_decision SET verdict = 'refused', code = 'SIGNER_DENIED', since = :seq
WHERE verdict = 'admitted' AND kind IN ('build_authorization', 'firmware_release')
AND :flagged = 0 AND digest = (SELECT t.target FROM signer_task t
	WHERE t.digest = :record AND t.operation = 'deny');

-- fold signer.admitted
DELETE FROM signer_task WHERE digest = :record;

-- flag signer.refused SIGNER_ANSWER_UNASKED
SELECT 1 AS unasked WHERE NOT EXISTS (SELECT 1 FROM signer_task t WHERE t.digest = :record);

-- fold signer.refused
INSERT INTO signer_decision (digest, verdict, code, document, charter, kind, id, at, since)
SELECT :record, 'refused', :code, NULL, NULL, :kind, :id, :at, :seq
WHERE :flagged = 0 ON CONFLICT (digest) DO NOTHING;

-- fold signer.refused
DELETE FROM charter WHERE state = 'proposed' AND :flagged = 0 AND EXISTS (
	SELECT 1 FROM signer_task t WHERE t.digest = :record AND t.operation = 'policy'
	AND t.id = '' || charter.revision);

-- fold signer.refused
UPDATE credential SET state = 'refused', since = :seq
WHERE digest = :record AND state = 'requested' AND :flagged = 0;

-- fold signer.refused
DELETE FROM signer_task WHERE digest = :record;

--- ---- credentials ----

-- refuse credential.requested CREDENTIAL_EXISTS
SELECT c.id AS credential FROM credential c WHERE c.id = :credential;

-- refuse credential.requested PRINCIPAL_UNKNOWN
SELECT :principal AS principal WHERE NOT EXISTS (SELECT 1 FROM principal p
	WHERE p.id = :principal AND p.state = 'active');

-- refuse credential.requested CREDENTIAL_PROFILE_DIFFERS
SELECT p.kind AS expected, :profile AS found FROM principal p
WHERE p.id = :principal AND p.kind <> :profile;

-- refuse credential.requested CREDENTIAL_NAMES_WRONG
SELECT :profile AS profile WHERE (:profile = 'service' AND :names.count = 0)
OR (:profile <> 'service' AND :names.count > 0);

-- refuse credential.requested CREDENTIAL_ALREADY_OVER
SELECT :credential AS credential WHERE :not_after <= :at;

--- A credential is for a key that is enrolled, so that key.revoked ends it, and every reader of the
--- log knows whose it is. None outlives a shift, or is there before a recovery's waiting time is over.
-- refuse credential.requested CREDENTIAL_KEY_NOT_ENROLLED
SELECT :principal AS principal WHERE NOT EXISTS (SELECT 1 FROM principal_key k
	WHERE k.key = :key_id AND k.principal = :principal AND k.until IS NULL
	AND k.shift IS NULL AND (k.usable_from IS NULL OR k.usable_from <= :at));

-- fold credential.requested
INSERT INTO credential (id, profile, principal, key_id, spki, digest, not_after, state, at, since)
SELECT :credential, :profile, :principal, :key_id, :spki, :digest, :not_after, 'requested', :at,
	:seq
WHERE true ON CONFLICT DO NOTHING;

-- flag credential.issued CREDENTIAL_NOT_REQUESTED
SELECT 1 AS missing WHERE NOT EXISTS (SELECT 1 FROM credential c
	WHERE c.id = :credential AND c.state = 'requested');

-- flag credential.issued CREDENTIAL_KEY_DIFFERS
SELECT 1 AS differs WHERE NOT EXISTS (SELECT 1 FROM credential c
	WHERE c.id = :credential AND c.key_id = :key_id)
AND EXISTS (SELECT 1 FROM credential c WHERE c.id = :credential);

--- A key that was revoked while the signer was asked has a credential that is over already.
-- fold credential.issued
UPDATE credential SET state = CASE WHEN EXISTS (SELECT 1 FROM principal_key k
		WHERE k.key = credential.key_id AND k.until IS NULL) THEN 'issued' ELSE 'revoked' END,
	certificate = :certificate,
	certificate_digest = :certificate_digest, since = :seq
WHERE id = :credential AND state = 'requested' AND :flagged = 0;

-- fold credential.issued
INSERT INTO signer_decision (digest, verdict, code, document, charter, kind, id, at, since)
SELECT c.digest, 'admitted', NULL, NULL, NULL, 'credential', c.id, :at, :seq FROM credential c
WHERE c.id = :credential AND c.since = :seq AND c.state IN ('issued', 'revoked')
ON CONFLICT (digest) DO NOTHING;

-- fold credential.issued
DELETE FROM signer_task WHERE digest = (SELECT c.digest FROM credential c
	WHERE c.id = :credential AND c.since = :seq AND c.state IN ('issued', 'revoked'));

-- fold key.revoked
UPDATE credential SET state = 'revoked', since = :seq WHERE key_id = :key_id AND state = 'issued';

--- ---- views ----

-- view charter.list access.read global
SELECT c.revision, c.digest, c.state, c.at, c.since, c.document FROM charter c ORDER BY c.revision;

-- view signer.waiting identity.read global
SELECT t.since, t.digest, t.operation, t.sequence, t.kind, t.id, t.target FROM signer_task t
ORDER BY t.since, t.digest;

-- view signer.decisions identity.read digest:hash kind:id id:id global
SELECT d.since, d.digest, d.verdict, d.code, d.charter, d.kind, d.id, d.at, d.document
FROM signer_decision d
WHERE (:digest IS NULL OR d.digest = :digest) AND (:kind IS NULL OR d.kind = :kind)
AND (:id IS NULL OR d.id = :id)
ORDER BY d.since, d.digest;

-- view credential.list access.read principal:id global
SELECT c.id AS credential, c.profile, c.principal, c.key_id, c.state, c.not_after,
	c.certificate_digest, c.certificate, c.at, c.since
FROM credential c WHERE (:principal IS NULL OR c.principal = :principal) ORDER BY credential;
