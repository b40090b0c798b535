--- SPDX-License-Identifier: Apache-2.0
--- Shifts: who works where, with which browser's key, and what it may sign. Their tables stand in access.sql,
--- since whose key is whose is asked everywhere.

-- scope shift.station
SELECT s.site, s.line, s.id AS station, s.environment FROM station s WHERE s.id = :station;

--- Whoever opened it closes it, with or without a right to open another one.
-- scope shift.own
SELECT s.site, s.line, t.station, s.environment, CASE WHEN t.principal = :author THEN t.principal END AS own
FROM shift t LEFT JOIN station s ON s.id = t.station WHERE t.id = :shift;

-- refuse shift.opened SHIFT_EXISTS
SELECT id AS shift FROM shift WHERE id = :shift;
-- refuse shift.opened SHIFT_NOT_OF_PERSON
SELECT p.kind FROM principal p WHERE p.id = :author AND p.kind <> 'person';
-- refuse shift.opened SHIFT_TIMES_WRONG
SELECT :at + 43200000 AS latest WHERE :not_after <= :at OR :not_after > :at + 43200000;
-- refuse shift.opened KEY_ALREADY_ENROLLED
SELECT principal AS owner FROM principal_key WHERE key = :key_id;

-- fold shift.opened
INSERT INTO principal_key (key, principal, spki, since, at, not_after, shift)
SELECT :key_id, :author, :public_key, :seq, :at, :not_after, :shift
WHERE NOT EXISTS (SELECT 1 FROM shift s WHERE s.id = :shift) ON CONFLICT DO NOTHING;
-- fold shift.opened
INSERT INTO shift (id, principal, station, key, opened_by, at, not_after, since)
SELECT k.shift, k.principal, :station, k.key, :author_key, :at, :not_after, :seq FROM principal_key k
WHERE k.key = :key_id AND k.since = :seq AND :author_key IS NOT NULL ON CONFLICT DO NOTHING;
-- fold shift.opened each permissions
INSERT INTO shift_permission (shift, permission, since)
SELECT s.id, :permissions.permission, :seq FROM shift s WHERE s.id = :shift AND s.since = :seq ON CONFLICT DO NOTHING;

-- flag shift.closed SHIFT_NOT_OPEN
SELECT :shift AS shift WHERE NOT EXISTS (SELECT 1 FROM shift s JOIN principal_key k ON k.key = s.key
	WHERE s.id = :shift AND s.principal = :author AND k.until IS NULL);
-- fold shift.closed
UPDATE principal_key SET until = :at WHERE shift = :shift AND principal = :author AND until IS NULL;

-- view shift.list line.read principal:id station:id now:instant
SELECT s.id, s.principal, s.station, p.site, p.line, s.key, s.opened_by, s.at, s.not_after, k.until,
CASE WHEN k.until IS NULL AND s.not_after > :now THEN 1 ELSE 0 END AS is_open
FROM shift s JOIN principal_key k ON k.key = s.key LEFT JOIN station p ON p.id = s.station
WHERE (:principal IS NULL OR s.principal = :principal) AND (:station IS NULL OR s.station = :station) ORDER BY s.id;
-- view shift.permissions line.read shift:id
SELECT t.shift, t.permission, p.site, p.line, s.station FROM shift_permission t JOIN shift s ON s.id = t.shift
LEFT JOIN station p ON p.id = s.station WHERE (:shift IS NULL OR t.shift = :shift) ORDER BY t.shift, t.permission;
