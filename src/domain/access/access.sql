--- SPDX-License-Identifier: Apache-2.0
--- Who is who, which keys are theirs, what they may do, and who must agree. History is kept in the
--- tables (since, until), so that `access.could_have` answers for any time.

-- table principal key id
id TEXT NOT NULL
kind TEXT NOT NULL
natural_id TEXT
state TEXT NOT NULL
name BLOB
supplier TEXT
since BIGINT NOT NULL
at BIGINT NOT NULL
ended BIGINT
index natural_id

-- table principal_pause key principal, since
principal TEXT NOT NULL
since BIGINT NOT NULL
at BIGINT NOT NULL
until BIGINT

-- table principal_key key key
key BLOB NOT NULL
principal TEXT NOT NULL
spki BLOB NOT NULL
since BIGINT NOT NULL
at BIGINT NOT NULL
until BIGINT
usable_from BIGINT
not_after BIGINT
shift TEXT
recovery TEXT
index principal
index shift

--- What a key of this form has more than others.
-- table passkey key key
key BLOB NOT NULL
principal TEXT NOT NULL
credential BLOB NOT NULL
label TEXT
since BIGINT NOT NULL
index principal
index credential

--- A browser's key that speaks for a person at one station until the shift ends.
-- table shift key id
id TEXT NOT NULL
principal TEXT NOT NULL
station TEXT NOT NULL
key BLOB NOT NULL
opened_by BLOB NOT NULL
at BIGINT NOT NULL
not_after BIGINT NOT NULL
since BIGINT NOT NULL
index principal
index opened_by

-- table shift_permission key shift, permission
shift TEXT NOT NULL
permission TEXT NOT NULL
since BIGINT NOT NULL

-- table role key role
role TEXT NOT NULL
since BIGINT NOT NULL

-- table role_permission key role, permission, since
role TEXT NOT NULL
permission TEXT NOT NULL
since BIGINT NOT NULL
at BIGINT
until BIGINT
index permission, role

-- table role_include key role, included, since
role TEXT NOT NULL
included TEXT NOT NULL
since BIGINT NOT NULL
at BIGINT
until BIGINT
index included

-- table role_grant key id
id TEXT NOT NULL
principal TEXT NOT NULL
role TEXT NOT NULL
site TEXT
line TEXT
station TEXT
product TEXT
environment TEXT
supplier TEXT
not_before BIGINT
not_after BIGINT
at BIGINT NOT NULL
since BIGINT NOT NULL
author TEXT NOT NULL
revoked_at BIGINT
index principal, role

-- table duty_set key duty, role
duty TEXT NOT NULL
role TEXT NOT NULL
since BIGINT NOT NULL
index role

-- table approval_rule key class
class TEXT NOT NULL
need BIGINT NOT NULL
newcomer_ms BIGINT NOT NULL
request_ttl_ms BIGINT NOT NULL
vote_ttl_ms BIGINT NOT NULL
since BIGINT NOT NULL

--- ---- principals ----

-- scope access.principal
SELECT :site AS site, :supplier AS supplier;
-- refuse principal.registered PRINCIPAL_EXISTS
SELECT id AS principal FROM principal WHERE id = :principal;
--- A unit signs as PRODUCT/SERIAL, and becomes known by its device certificate alone.
-- refuse principal.registered PRINCIPAL_NAME_RESERVED
SELECT :principal AS principal
WHERE :principal = 'sealwright' OR replace(:principal, '/', '') <> :principal;
-- refuse principal.registered PRINCIPAL_NEEDS_PERSON
SELECT 1 AS missing WHERE :kind = 'person' AND :natural_person IS NULL;
-- fold principal.registered
INSERT INTO principal (id, kind, natural_id, state, name, supplier, since, at)
VALUES (:principal, :kind, :natural_person, 'active', :name, :supplier, :seq, :at) ON CONFLICT DO NOTHING;

-- scope access.any
SELECT 1 AS everywhere;
-- refuse principal.suspended PRINCIPAL_UNKNOWN
SELECT 1 AS missing WHERE NOT EXISTS (SELECT 1 FROM principal WHERE id = :principal AND state = 'active');
-- fold principal.suspended
UPDATE principal SET state = 'suspended' WHERE id = :principal AND state = 'active';
-- fold principal.suspended
INSERT INTO principal_pause (principal, since, at) SELECT p.id, :seq, :at FROM principal p
WHERE p.id = :principal AND p.state = 'suspended' ON CONFLICT DO NOTHING;
-- refuse principal.reinstated PRINCIPAL_NOT_SUSPENDED
SELECT 1 AS missing WHERE NOT EXISTS (SELECT 1 FROM principal WHERE id = :principal AND state = 'suspended');
-- refuse principal.reinstated DECISION_ABOUT_ONESELF
SELECT 1 AS same WHERE :principal = :author;
-- fold principal.reinstated
UPDATE principal SET state = 'active' WHERE id = :principal AND state = 'suspended';
-- fold principal.reinstated
UPDATE principal_pause SET until = :at WHERE principal = :principal AND until IS NULL;
-- refuse principal.left PRINCIPAL_UNKNOWN
SELECT 1 AS missing WHERE NOT EXISTS (SELECT 1 FROM principal WHERE id = :principal AND state <> 'left');
-- fold principal.left
UPDATE principal SET state = 'left', ended = :at WHERE id = :principal AND state <> 'left';
-- fold principal.left
UPDATE principal_key SET until = :at WHERE principal = :principal AND until IS NULL;
-- fold principal.left
UPDATE role_grant SET revoked_at = :at WHERE principal = :principal AND revoked_at IS NULL;

--- ---- keys ----

-- refuse key.enrolled KEY_OF_DEVICE
SELECT :principal AS principal WHERE replace(:principal, '/', '') <> :principal;
-- refuse key.enrolled PRINCIPAL_UNKNOWN
SELECT 1 AS missing WHERE NOT EXISTS (SELECT 1 FROM principal WHERE id = :principal AND state = 'active');
-- refuse key.enrolled KEY_ALREADY_ENROLLED
SELECT principal AS owner FROM principal_key WHERE key = :key_id;
-- refuse key.enrolled CREDENTIAL_ALREADY_ENROLLED
SELECT principal AS owner FROM passkey WHERE credential = :credential;
-- fold key.enrolled
INSERT INTO principal_key (key, principal, spki, since, at)
VALUES (:key_id, :principal, :public_key, :seq, :at) ON CONFLICT DO NOTHING;
-- fold key.enrolled
INSERT INTO passkey (key, principal, credential, label, since)
SELECT k.key, k.principal, :credential, :label, :seq FROM principal_key k
WHERE k.key = :key_id AND k.since = :seq AND :credential IS NOT NULL ON CONFLICT DO NOTHING;
-- refuse key.revoked KEY_NOT_IN_USE
SELECT 1 AS missing WHERE NOT EXISTS (SELECT 1 FROM principal_key WHERE key = :key_id AND until IS NULL);
-- fold key.revoked
UPDATE principal_key SET until = :at WHERE key = :key_id AND until IS NULL;
--- A shift ends with the key that opened it.
-- fold key.revoked
UPDATE principal_key SET until = :at WHERE until IS NULL
AND shift IN (SELECT s.id FROM shift s WHERE s.opened_by = :key_id);
--- Suspends nobody: the sign-in was refused, and somebody has to look.
-- flag key.counter_fell COUNTER_FELL
SELECT k.principal, :seen AS seen, :stored AS stored FROM principal_key k WHERE k.key = :key_id;

--- ---- roles ----

-- refuse role.defined ROLE_IS_FOUNDERS
SELECT 1 AS same WHERE :role = 'founder';
-- fold role.defined
INSERT INTO role (role, since) VALUES (:role, :seq) ON CONFLICT (role) DO UPDATE SET since = excluded.since;
-- fold role.defined
UPDATE role_permission SET until = :at WHERE role = :role AND until IS NULL;
-- fold role.defined
UPDATE role_include SET until = :at WHERE role = :role AND until IS NULL;
--- What the role had until just now it has had all along: nobody becomes a newcomer by it.
-- fold role.defined each permissions
INSERT INTO role_permission (role, permission, since, at)
SELECT :role, :permissions.permission, :seq, COALESCE((SELECT max(COALESCE(p.at, 0)) FROM role_permission p
WHERE p.role = :role AND p.permission = :permissions.permission AND p.until = :at), :at) WHERE true ON CONFLICT DO NOTHING;
-- fold role.defined each includes
INSERT INTO role_include (role, included, since, at)
SELECT :role, :includes.role, :seq, COALESCE((SELECT max(COALESCE(i.at, 0)) FROM role_include i
WHERE i.role = :role AND i.included = :includes.role AND i.until = :at), :at) WHERE true ON CONFLICT DO NOTHING;
-- refuse role.defined DUTIES_CONFLICT
WITH RECURSIVE reach(role) AS (
SELECT :role AS role UNION SELECT i.included FROM reach x JOIN role_include i ON i.role = x.role AND i.until IS NULL)
SELECT d.duty AS duty FROM duty_set d JOIN reach a ON a.role = d.role
JOIN duty_set e ON e.duty = d.duty AND e.role <> d.role JOIN reach b ON b.role = e.role;

--- Where duties are separated, a role that somebody holds takes in no further roles: it could bring two duties together behind a
--- grant that was right when it was given. Define another role and grant it: that is checked.
-- refuse role.defined ROLE_IS_HELD
WITH RECURSIVE above(role) AS (
SELECT :role AS role UNION SELECT i.role FROM above b JOIN role_include i ON i.included = b.role AND i.until IS NULL)
SELECT g.principal AS principal FROM role_grant g JOIN above b ON b.role = g.role
WHERE :includes.count > 0 AND EXISTS (SELECT 1 FROM duty_set)
AND g.revoked_at IS NULL AND (g.not_after IS NULL OR g.not_after > :at) ORDER BY g.principal;

--- As with grants: over every role that a role includes, and over every account of the same natural person.
-- refuse duty.separated DUTIES_ALREADY_HELD
WITH RECURSIVE held(person, principal, role) AS (
SELECT COALESCE(p.natural_id, p.id), p.id, g.role FROM role_grant g JOIN principal p ON p.id = g.principal
WHERE g.revoked_at IS NULL AND (g.not_after IS NULL OR g.not_after > :at)
UNION SELECT x.person, x.principal, i.included FROM held x JOIN role_include i ON i.role = x.role AND i.until IS NULL)
SELECT a.principal AS principal FROM held a JOIN held b ON b.person = a.person
WHERE a.role = :role AND b.role = :other AND a.role <> b.role ORDER BY a.principal;
-- fold duty.separated
INSERT INTO duty_set (duty, role, since) VALUES (:duty, :role, :seq) ON CONFLICT DO NOTHING;
-- fold duty.separated
INSERT INTO duty_set (duty, role, since) VALUES (:duty, :other, :seq) ON CONFLICT DO NOTHING;

--- ---- grants ----

-- scope access.grant
SELECT :site AS site, :line AS line, :station AS station, :product AS product, :environment AS environment, :supplier AS supplier;
-- refuse role.granted GRANT_EXISTS
SELECT id AS grant_id FROM role_grant WHERE id = :grant_id;
-- refuse role.granted PRINCIPAL_UNKNOWN
SELECT 1 AS missing WHERE NOT EXISTS (SELECT 1 FROM principal WHERE id = :principal AND state = 'active');
-- refuse role.granted ROLE_UNKNOWN
SELECT 1 AS missing WHERE NOT EXISTS (SELECT 1 FROM role WHERE role = :role);
-- refuse role.granted DECISION_ABOUT_ONESELF
SELECT 1 AS same FROM principal a JOIN principal b ON a.natural_id = b.natural_id WHERE a.id = :author AND b.id = :principal;
-- refuse role.granted DECISION_ABOUT_ONESELF
SELECT 1 AS same WHERE :author = :principal;
-- refuse role.granted GRANT_TIMES_WRONG
SELECT 1 AS wrong WHERE :not_after IS NOT NULL AND :not_after <= CASE WHEN :not_before IS NULL THEN :at ELSE :not_before END;
--- Conflicts are looked for over every role that either one includes, within the wanted role itself, and over every
--- account of the same natural person.
-- refuse role.granted DUTIES_CONFLICT
WITH RECURSIVE wanted(role) AS (
SELECT :role AS role UNION SELECT i.included FROM wanted x JOIN role_include i ON i.role = x.role AND i.until IS NULL),
held(role) AS (
SELECT g.role FROM role_grant g JOIN principal p ON p.id = g.principal
JOIN principal me ON me.id = :principal AND (p.id = me.id OR p.natural_id = me.natural_id)
WHERE g.revoked_at IS NULL AND (g.not_after IS NULL OR g.not_after > :at)
UNION SELECT i.included FROM held x JOIN role_include i ON i.role = x.role AND i.until IS NULL)
SELECT d.duty AS duty, e.role AS other_role FROM duty_set d JOIN wanted w ON w.role = d.role
JOIN duty_set e ON e.duty = d.duty AND e.role <> d.role
JOIN (SELECT role FROM held UNION SELECT role FROM wanted) h ON h.role = e.role ORDER BY d.duty, e.role;
-- fold role.granted
INSERT INTO role_grant (id, principal, role, site, line, station, product, environment, supplier, not_before, not_after, at, since, author)
VALUES (:grant_id, :principal, :role, :site, :line, :station, :product, :environment, :supplier, :not_before, :not_after, :at, :seq, :author)
ON CONFLICT DO NOTHING;
-- refuse grant.revoked GRANT_NOT_IN_FORCE
SELECT 1 AS missing WHERE NOT EXISTS (SELECT 1 FROM role_grant WHERE id = :grant_id AND revoked_at IS NULL);
-- fold grant.revoked
UPDATE role_grant SET revoked_at = :at WHERE id = :grant_id AND revoked_at IS NULL;

--- ---- approvals ----

--- A rule that cannot be met locks the house: at least one more person than needed must be eligible.
-- refuse approval.rule_set RULE_CANNOT_BE_MET
WITH RECURSIVE held(natural_id, role) AS (
SELECT p.natural_id, g.role FROM role_grant g JOIN principal p ON p.id = g.principal AND p.state = 'active' AND p.kind = 'person'
WHERE g.revoked_at IS NULL AND (g.not_after IS NULL OR g.not_after > :at)
UNION SELECT h.natural_id, i.included FROM held h JOIN role_include i ON i.role = h.role AND i.until IS NULL)
SELECT count(DISTINCT h.natural_id) AS eligible FROM held h
JOIN role_permission r ON r.role = h.role AND r.until IS NULL AND r.permission = :class || '.approve'
HAVING count(DISTINCT h.natural_id) - 1 < :need;
-- fold approval.rule_set
INSERT INTO approval_rule (class, need, newcomer_ms, request_ttl_ms, vote_ttl_ms, since)
VALUES (:class, :need, :newcomer_ms, :request_ttl_ms, :vote_ttl_ms, :seq)
ON CONFLICT (class) DO UPDATE SET need = excluded.need, newcomer_ms = excluded.newcomer_ms,
request_ttl_ms = excluded.request_ttl_ms, vote_ttl_ms = excluded.vote_ttl_ms, since = excluded.since;

--- ---- views ----

-- view access.principals access.read global
SELECT p.id, p.kind, p.natural_id, p.state, o.value AS name, p.at FROM principal p
LEFT JOIN opening o ON o.commitment = p.name ORDER BY p.id;
-- view access.keys access.read principal:id global form=text
SELECT k.key, k.principal, CASE WHEN k.shift IS NOT NULL THEN 'shift' WHEN p.key IS NOT NULL THEN 'passkey' ELSE 'key' END AS form,
p.label, p.credential, k.shift, k.recovery, k.since, k.at, k.usable_from, k.not_after, k.until
FROM principal_key k LEFT JOIN passkey p ON p.key = k.key WHERE (:principal IS NULL OR k.principal = :principal) ORDER BY k.key;
-- view access.roles access.read global
SELECT role, permission, since FROM role_permission WHERE until IS NULL ORDER BY role, permission, since;
-- view access.grants access.read principal:id
SELECT id, principal, role, site, line, station, product, environment, supplier, not_before, not_after, at, author, revoked_at
FROM role_grant WHERE :principal IS NULL OR principal = :principal ORDER BY id;
-- view access.duties access.read global
SELECT duty, role, since FROM duty_set ORDER BY duty, role;
-- view approval.rules access.read global
SELECT class, need, newcomer_ms, request_ttl_ms, vote_ttl_ms, since FROM approval_rule ORDER BY class;
--- Who could have used a permission at a time, and where: role contents, grants, keys and standing as they were then.
-- view access.could_have access.read permission:id when:instant site:id line:id station:id product:id
WITH RECURSIVE held(principal, grant_id, role, site, line, station, product, environment, supplier) AS (
SELECT g.principal, g.id, g.role, g.site, g.line, g.station, g.product, g.environment, g.supplier
FROM role_grant g WHERE g.at <= :when AND (g.revoked_at IS NULL OR g.revoked_at > :when)
AND (g.not_before IS NULL OR g.not_before <= :when) AND (g.not_after IS NULL OR g.not_after > :when)
UNION SELECT h.principal, h.grant_id, i.included, h.site, h.line, h.station, h.product, h.environment, h.supplier
FROM held h JOIN role_include i ON i.role = h.role AND (i.at IS NULL OR i.at <= :when) AND (i.until IS NULL OR i.until > :when))
SELECT DISTINCT h.principal, h.grant_id, h.role, h.site, h.line, h.station, h.product, h.environment, h.supplier
FROM held h JOIN role_permission r ON r.role = h.role AND r.permission = :permission
AND (r.at IS NULL OR r.at <= :when) AND (r.until IS NULL OR r.until > :when)
JOIN principal p ON p.id = h.principal AND p.at <= :when AND (p.ended IS NULL OR p.ended > :when)
WHERE EXISTS (SELECT 1 FROM principal_key k WHERE k.principal = h.principal AND k.at <= :when AND (k.until IS NULL OR k.until > :when)
AND k.shift IS NULL AND (k.usable_from IS NULL OR k.usable_from <= :when))
AND NOT EXISTS (SELECT 1 FROM principal_pause s WHERE s.principal = h.principal AND s.at <= :when AND (s.until IS NULL OR s.until > :when))
AND (:site IS NULL OR h.site IS NULL OR h.site = :site) AND (:line IS NULL OR h.line IS NULL OR h.line = :line)
AND (:station IS NULL OR h.station IS NULL OR h.station = :station)
AND (:product IS NULL OR h.product IS NULL OR h.product = :product)
ORDER BY h.principal, h.grant_id, h.role;
