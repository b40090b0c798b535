--- SPDX-License-Identifier: Apache-2.0
--- Travelers: the steps that the units of a product go through. A unit gets those that are in force
--- when it is requested, and records complete them: unit.fitted, unit.built, unit.programmed and a
--- test that was passed (testing.sql) the next open step of their work, step.completed the one it names.

-- table traveler key id
id TEXT
product TEXT NOT NULL
revision TEXT NOT NULL
state TEXT NOT NULL
steps BIGINT NOT NULL
tests BIGINT NOT NULL
digest BLOB NOT NULL
author TEXT NOT NULL
at BIGINT NOT NULL
since BIGINT NOT NULL
index product, revision

-- table traveler_step key traveler, position
traveler TEXT
position BIGINT
step TEXT NOT NULL
work TEXT NOT NULL
station TEXT
procedure TEXT
name TEXT

--- The steps of one unit: `planned_station` is where the step must be done; `seq` is the record that
--- completed it, at which time, at which station and by whom. NULL: open.
-- table unit_step key product, serial, position
product TEXT
serial TEXT
position BIGINT
step TEXT NOT NULL
work TEXT NOT NULL
planned_station TEXT
procedure TEXT
seq BIGINT
at BIGINT
station TEXT
operator TEXT

--- Which stations and which people had a unit in their hands, record by record: not before `made`, as the
--- station says, and not after `at`, as the log does.
-- table unit_touch key product, serial, seq
product TEXT
serial TEXT
seq BIGINT
made BIGINT NOT NULL
at BIGINT NOT NULL
station TEXT NOT NULL
operator TEXT
index station
index operator

-- scope traveler.product
SELECT :product AS product;

-- scope traveler.station
SELECT s.site, s.line, s.id AS station, s.environment, :product AS product
FROM station s WHERE s.id = :station;

--- ---- travelers ----

-- refuse traveler.released TRAVELER_EXISTS
SELECT t.id AS traveler, t.product FROM traveler t WHERE t.id = :traveler;

-- refuse traveler.released PRODUCT_UNKNOWN
SELECT :product AS product WHERE NOT EXISTS (SELECT 1 FROM product p WHERE p.id = :product);

-- refuse traveler.released TRAVELER_REVISION_UNKNOWN
SELECT :product AS product, :revision AS revision WHERE NOT EXISTS (SELECT 1 FROM bom b
	WHERE b.product = :product AND b.revision = :revision);

-- refuse traveler.released TRAVELER_STATION_UNKNOWN each steps
SELECT :steps.step AS step, :steps.station AS station WHERE :steps.station IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM station s WHERE s.id = :steps.station);

-- refuse traveler.released TRAVELER_PROCEDURE_UNKNOWN each steps
SELECT :steps.step AS step, :steps.procedure AS procedure, :product AS product
WHERE :steps.procedure IS NOT NULL AND NOT EXISTS (SELECT 1 FROM test_procedure p
	WHERE p.procedure = :steps.procedure AND p.product = :product AND p.state = 'in_force');

-- fold traveler.released
INSERT INTO traveler (id, product, revision, state, steps, tests, digest, author, at, since)
SELECT :traveler, :product, :revision, 'in_force', :steps.count, coalesce(:tests, 0), :digest,
	:author, :at, :seq
WHERE true ON CONFLICT (id) DO NOTHING;

-- fold traveler.released
UPDATE traveler SET state = 'replaced' WHERE product = :product AND revision = :revision
AND state = 'in_force' AND since <> :seq
AND EXISTS (SELECT 1 FROM traveler t WHERE t.id = :traveler AND t.since = :seq);

-- fold traveler.released each steps
INSERT INTO traveler_step (traveler, position, step, work, station, procedure, name)
SELECT :traveler, :i + 1, :steps.step, :steps.work, :steps.station, :steps.procedure, :steps.name
WHERE EXISTS (SELECT 1 FROM traveler t WHERE t.id = :traveler AND t.since = :seq)
ON CONFLICT DO NOTHING;

--- ---- a unit gets its traveler ----

-- fold unit.requested
UPDATE unit SET traveler = (SELECT t.id FROM traveler t JOIN build_authorization b
	ON b.product = t.product AND b.revision = t.revision
	WHERE b.id = :authorization AND t.state = 'in_force')
WHERE product = :product AND serial = :serial AND since = :seq;

-- fold unit.requested
INSERT INTO unit_step (product, serial, position, step, work, planned_station, procedure)
SELECT u.product, u.serial, s.position, s.step, s.work, s.station, s.procedure
FROM unit u JOIN traveler_step s ON s.traveler = u.traveler
WHERE u.product = :product AND u.serial = :serial AND u.since = :seq ON CONFLICT DO NOTHING;

-- fold unit.requested
INSERT INTO unit_touch (product, serial, seq, made, at, station)
SELECT :product, :serial, :seq, coalesce(:occurred, :made), :at, :author
WHERE true ON CONFLICT DO NOTHING;

-- fold unit.part_removed
INSERT INTO unit_touch (product, serial, seq, made, at, station)
SELECT :product, :serial, :seq, coalesce(:occurred, :made), :at, :station
WHERE true ON CONFLICT DO NOTHING;

-- fold unit.fitted unit.built unit.programmed step.completed
INSERT INTO unit_touch (product, serial, seq, made, at, station, operator)
SELECT :product, :serial, :seq, coalesce(:occurred, :made), :at, :station, :operator
WHERE true ON CONFLICT DO NOTHING;

--- A station says who stood there: somebody whom we know, and not a machine.
-- flag unit.fitted unit.built unit.programmed step.completed OPERATOR_UNKNOWN
SELECT 'unit' AS kind, :product AS within, :serial AS id, :serial AS serial, :operator AS operator
WHERE :operator IS NOT NULL AND NOT EXISTS (SELECT 1 FROM principal p
	WHERE p.id = :operator AND p.kind = 'person' AND p.state = 'active');

--- ---- steps that a machine's records complete ----

--- Several unit.fitted may belong to one step. While nothing came after it, and the next open step is
--- none for this station, one more is about the step that is complete (`same_fit`).
-- flag unit.fitted unit.built unit.programmed STEP_OUT_OF_TURN
WITH same_fit AS (
	SELECT l.position FROM unit_step l
	WHERE l.product = :product AND l.serial = :serial AND l.work = 'fit'
	AND :record_type = 'unit.fitted' AND coalesce(l.planned_station, :station) = :station
	AND l.position = (SELECT max(d.position) FROM unit_step d
		WHERE d.product = :product AND d.serial = :serial AND d.seq IS NOT NULL)
	AND NOT EXISTS (SELECT 1 FROM unit_step n
		WHERE n.product = :product AND n.serial = :serial AND n.work = 'fit'
		AND coalesce(n.planned_station, :station) = :station
		AND n.position = (SELECT min(o.position) FROM unit_step o
			WHERE o.product = :product AND o.serial = :serial AND o.seq IS NULL))
)
SELECT 'unit' AS kind, a.product AS within, a.serial AS id, a.serial, e.step AS expected,
	a.step AS found
FROM unit_step a JOIN unit_step e ON e.product = a.product AND e.serial = a.serial
WHERE a.product = :product AND a.serial = :serial AND a.position = (
	SELECT min(m.position) FROM unit_step m
	WHERE m.product = :product AND m.serial = :serial AND m.seq IS NULL
	AND m.work = CASE :record_type WHEN 'unit.fitted' THEN 'fit'
		WHEN 'unit.built' THEN 'build' ELSE 'program' END)
AND e.position < a.position AND e.position = (SELECT min(o.position) FROM unit_step o
	WHERE o.product = :product AND o.serial = :serial AND o.seq IS NULL)
AND NOT EXISTS (SELECT 1 FROM same_fit);

-- flag unit.fitted unit.built unit.programmed STEP_AT_OTHER_STATION
WITH same_fit AS (
	SELECT l.position FROM unit_step l
	WHERE l.product = :product AND l.serial = :serial AND l.work = 'fit'
	AND :record_type = 'unit.fitted' AND coalesce(l.planned_station, :station) = :station
	AND l.position = (SELECT max(d.position) FROM unit_step d
		WHERE d.product = :product AND d.serial = :serial AND d.seq IS NOT NULL)
	AND NOT EXISTS (SELECT 1 FROM unit_step n
		WHERE n.product = :product AND n.serial = :serial AND n.work = 'fit'
		AND coalesce(n.planned_station, :station) = :station
		AND n.position = (SELECT min(o.position) FROM unit_step o
			WHERE o.product = :product AND o.serial = :serial AND o.seq IS NULL))
), mine (position, is_open) AS (
	SELECT m.position, CASE WHEN m.seq IS NULL THEN 1 ELSE 0 END FROM unit_step m
	WHERE m.product = :product AND m.serial = :serial
	AND m.work = CASE :record_type WHEN 'unit.fitted' THEN 'fit'
		WHEN 'unit.built' THEN 'build' ELSE 'program' END
)
SELECT 'unit' AS kind, a.product AS within, a.serial AS id, a.serial, a.step,
	a.planned_station AS expected, :station AS found
FROM unit_step a WHERE a.product = :product AND a.serial = :serial
AND a.planned_station <> :station
AND a.position = coalesce((SELECT min(m.position) FROM mine m WHERE m.is_open = 1),
	(SELECT max(m.position) FROM mine m))
AND NOT EXISTS (SELECT 1 FROM same_fit);

-- flag unit.fitted unit.built unit.programmed STEP_REPEATED
SELECT 'unit' AS kind, a.product AS within, a.serial AS id, a.serial, a.step, l.step AS later
FROM unit_step a JOIN unit_step l ON l.product = a.product AND l.serial = a.serial
WHERE a.product = :product AND a.serial = :serial AND a.position = (
	SELECT max(m.position) FROM unit_step m WHERE m.product = :product AND m.serial = :serial
	AND m.work = CASE :record_type WHEN 'unit.fitted' THEN 'fit'
		WHEN 'unit.built' THEN 'build' ELSE 'program' END
	HAVING sum(CASE WHEN m.seq IS NULL THEN 1 ELSE 0 END) = 0)
AND l.position > a.position AND l.position = (SELECT max(d.position) FROM unit_step d
	WHERE d.product = :product AND d.serial = :serial AND d.seq IS NOT NULL);

-- fold unit.fitted unit.built unit.programmed
UPDATE unit_step SET seq = :seq, at = :at, station = :station, operator = :operator
WHERE product = :product AND serial = :serial AND position = (
	SELECT min(m.position) FROM unit_step m
	WHERE m.product = :product AND m.serial = :serial AND m.seq IS NULL
	AND m.work = CASE :record_type WHEN 'unit.fitted' THEN 'fit'
		WHEN 'unit.built' THEN 'build' ELSE 'program' END)
AND NOT EXISTS (SELECT 1 FROM unit_step l
	WHERE l.product = :product AND l.serial = :serial AND l.work = 'fit'
	AND :record_type = 'unit.fitted' AND coalesce(l.planned_station, :station) = :station
	AND l.position = (SELECT max(d.position) FROM unit_step d
		WHERE d.product = :product AND d.serial = :serial AND d.seq IS NOT NULL)
	AND NOT EXISTS (SELECT 1 FROM unit_step n
		WHERE n.product = :product AND n.serial = :serial AND n.work = 'fit'
		AND coalesce(n.planned_station, :station) = :station
		AND n.position = (SELECT min(o.position) FROM unit_step o
			WHERE o.product = :product AND o.serial = :serial AND o.seq IS NULL)));

--- ---- steps that somebody says are complete ----

-- flag step.completed UNIT_UNKNOWN
SELECT 'unit' AS kind, :product AS within, :serial AS id, :product AS product, :serial AS serial
WHERE NOT EXISTS (SELECT 1 FROM unit u WHERE u.product = :product AND u.serial = :serial);

-- flag step.completed UNIT_OUT_OF_TURN
SELECT 'unit' AS kind, u.product AS within, u.serial AS id, u.product, u.serial,
	'not on its way, not scrapped' AS expected, u.state AS found
FROM unit u WHERE u.product = :product AND u.serial = :serial
AND u.state IN ('packed', 'shipped', 'scrapped');

-- flag step.completed UNIT_AT_OTHER_LINE
SELECT 'unit' AS kind, u.product AS within, u.serial AS id, u.product, u.serial,
	u.line AS expected, s.line AS found
FROM unit u JOIN station s ON s.id = :station
WHERE u.product = :product AND u.serial = :serial AND (s.site <> u.site OR s.line <> u.line);

-- flag step.completed STEP_UNKNOWN
SELECT 'unit' AS kind, u.product AS within, u.serial AS id, u.serial, :step AS step,
	coalesce(u.traveler, 'none') AS traveler
FROM unit u WHERE u.product = :product AND u.serial = :serial
AND NOT EXISTS (SELECT 1 FROM unit_step s
	WHERE s.product = u.product AND s.serial = u.serial AND s.step = :step);

-- flag step.completed STEP_NOT_BY_HAND
SELECT 'unit' AS kind, s.product AS within, s.serial AS id, s.serial, s.step, s.work
FROM unit_step s WHERE s.product = :product AND s.serial = :serial AND s.step = :step
AND s.work <> 'inspect';

-- flag step.completed STEP_OUT_OF_TURN
SELECT 'unit' AS kind, a.product AS within, a.serial AS id, a.serial, e.step AS expected,
	a.step AS found
FROM unit_step a JOIN unit_step e ON e.product = a.product AND e.serial = a.serial
WHERE a.product = :product AND a.serial = :serial AND a.step = :step AND a.work = 'inspect'
AND a.seq IS NULL AND e.position < a.position AND e.position = (SELECT min(o.position)
	FROM unit_step o WHERE o.product = :product AND o.serial = :serial AND o.seq IS NULL);

-- flag step.completed STEP_AT_OTHER_STATION
SELECT 'unit' AS kind, a.product AS within, a.serial AS id, a.serial, a.step,
	a.planned_station AS expected, :station AS found
FROM unit_step a WHERE a.product = :product AND a.serial = :serial AND a.step = :step
AND a.work = 'inspect' AND a.planned_station <> :station;

-- flag step.completed STEP_REPEATED
SELECT 'unit' AS kind, a.product AS within, a.serial AS id, a.serial, a.step, l.step AS later
FROM unit_step a JOIN unit_step l ON l.product = a.product AND l.serial = a.serial
WHERE a.product = :product AND a.serial = :serial AND a.step = :step AND a.work = 'inspect'
AND a.seq IS NOT NULL AND l.position > a.position AND l.position = (SELECT max(d.position)
	FROM unit_step d WHERE d.product = :product AND d.serial = :serial AND d.seq IS NOT NULL);

-- fold step.completed
UPDATE unit_step SET seq = :seq, at = :at, station = :station, operator = :operator
WHERE product = :product AND serial = :serial AND step = :step AND work = 'inspect'
AND seq IS NULL;

--- ---- what the gates ask ----

--- Before the next step of work program: each that comes before it.
-- control SHP-01 gate:program
SELECT 'every earlier step of the traveler complete' AS expected, e.serial || ' ' || e.step AS found
FROM unit_step e WHERE :kind = 'unit' AND e.product = :within AND e.serial = :id
AND e.position = (SELECT min(o.position) FROM unit_step o
	WHERE o.product = :within AND o.serial = :id AND o.seq IS NULL)
AND e.position < (SELECT min(p.position) FROM unit_step p WHERE p.product = :within
	AND p.serial = :id AND p.work = 'program' AND p.seq IS NULL);

--- The test asked for is the next one that may be done at the station that asks; else the next one.
-- control SHP-01 gate:test
WITH test_step (position, fits) AS (
	SELECT s.position, CASE WHEN coalesce(s.planned_station, :author) = :author
		THEN 1 ELSE 0 END
	FROM unit_step s WHERE s.product = :within AND s.serial = :id AND s.work = 'test'
	AND s.seq IS NULL
)
SELECT 'every earlier step of the traveler complete' AS expected, e.serial || ' ' || e.step AS found
FROM unit_step e WHERE :kind = 'unit' AND e.product = :within AND e.serial = :id
AND e.position = (SELECT min(o.position) FROM unit_step o
	WHERE o.product = :within AND o.serial = :id AND o.seq IS NULL)
AND e.position < coalesce((SELECT min(t.position) FROM test_step t WHERE t.fits = 1),
	(SELECT min(t.position) FROM test_step t))
UNION ALL
SELECT 'a unit that is in work',
	coalesce((SELECT u.state FROM unit u WHERE u.product = :within AND u.serial = :id),
		'unknown')
WHERE NOT EXISTS (SELECT 1 FROM unit u WHERE :kind = 'unit' AND u.product = :within
	AND u.serial = :id AND u.state NOT IN ('packed', 'shipped', 'scrapped'))
UNION ALL
SELECT 'no open hold of its place or product', h.kind || ' ' || h.id || ' ' || h.code
FROM hold h LEFT JOIN unit u ON u.product = :within AND u.serial = :id
WHERE :kind = 'unit' AND ((h.kind = 'product' AND h.within = '' AND h.id = :within)
	OR (h.kind = 'site' AND h.within = '' AND h.id = u.site)
	OR (h.kind = 'line' AND h.within = u.site AND h.id = u.line)
	OR (h.kind = 'station' AND h.within = '' AND h.id = :author));

-- control SHP-01 gate:ship
WITH leaving (product, serial) AS (
	SELECT :within, :id WHERE :kind = 'unit'
	UNION SELECT c.within, c.id FROM shipment_content c
	WHERE :kind = 'shipment' AND c.shipment = :id AND c.kind = 'unit'
)
SELECT 'every step of the traveler complete' AS expected, e.serial || ' ' || e.step AS found
FROM leaving l JOIN unit_step e ON e.product = l.product AND e.serial = l.serial
WHERE e.seq IS NULL AND e.position = (SELECT min(o.position) FROM unit_step o
	WHERE o.product = l.product AND o.serial = l.serial AND o.seq IS NULL);

-- view traveler.list line.read product:id revision:id traveler:id
SELECT t.product, t.revision, t.id AS traveler, t.state, t.steps, t.tests, t.digest, t.author, t.at,
	t.since
FROM traveler t WHERE (:product IS NULL OR t.product = :product)
AND (:revision IS NULL OR t.revision = :revision) AND (:traveler IS NULL OR t.id = :traveler)
ORDER BY traveler;

-- view traveler.steps line.read traveler:id
SELECT t.product, s.traveler, s.position, s.step, s.work, s.station AS planned_station, s.procedure,
	s.name
FROM traveler_step s JOIN traveler t ON t.id = s.traveler WHERE s.traveler = :traveler
ORDER BY s.traveler, s.position;

-- view unit.steps line.read product:id serial:id
SELECT u.site, u.line, s.product, s.serial, u.traveler, s.position, s.step, s.work,
	s.planned_station, s.procedure, s.station AS done_at_station, s.operator, s.at, s.seq
FROM unit_step s JOIN unit u ON u.product = s.product AND u.serial = s.serial
WHERE s.product = :product AND s.serial = :serial
ORDER BY s.product, s.serial, s.position;

--- Who and what had a unit in hands, and which units somebody or a station had.
-- view unit.touches line.read product:id serial:id station:id operator:id
SELECT u.site, u.line, t.product, t.serial, t.station, t.operator, t.seq
FROM unit_touch t JOIN unit u ON u.product = t.product AND u.serial = t.serial
WHERE (:product IS NULL OR t.product = :product) AND (:serial IS NULL OR t.serial = :serial)
AND (:station IS NULL OR t.station = :station) AND (:operator IS NULL OR t.operator = :operator)
ORDER BY t.product, t.serial, t.seq;
