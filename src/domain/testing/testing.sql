--- SPDX-License-Identifier: Apache-2.0
--- Tests. A result counts when its procedure is in force and is the one whose digest it names, the
--- station says pass, and the limits say so, too. What does not count completes no step and holds the
--- unit; every result is kept.

-- table test_procedure key procedure, revision
procedure TEXT
revision TEXT
product TEXT NOT NULL
state TEXT NOT NULL
document BLOB NOT NULL
least_ms BIGINT
attempts BIGINT
limits BIGINT NOT NULL
limits_digest BLOB
digest BLOB NOT NULL
author TEXT NOT NULL
at BIGINT NOT NULL
released BIGINT NOT NULL
since BIGINT NOT NULL
index product
index digest

-- table procedure_limit key procedure, revision, measurement
procedure TEXT
revision TEXT
measurement TEXT
position BIGINT NOT NULL
unit TEXT NOT NULL
low_micro BIGINT
high_micro BIGINT

--- `counts`: whether it completes a step. `revision` is NULL where no procedure has that digest.
-- table test_result key seq
seq BIGINT
product TEXT NOT NULL
serial TEXT NOT NULL
procedure TEXT NOT NULL
revision TEXT
station TEXT NOT NULL
operator TEXT
sequence BIGINT NOT NULL
started BIGINT NOT NULL
ended BIGINT NOT NULL
verdict TEXT NOT NULL
counts BIGINT NOT NULL
attempt BIGINT NOT NULL
measurements BIGINT NOT NULL
vector BLOB
attachment BLOB
at BIGINT NOT NULL
index product, serial, procedure
index procedure, vector
index station, sequence

--- The greatest number that a station's counter of tests has shown.
-- table test_counter key station
station TEXT
sequence BIGINT NOT NULL
since BIGINT NOT NULL

--- Numbers that a counter passed over, until they come after all: the last record before them
--- (`after_seq`), and the one that showed it.
-- table test_gap key station, missing_from
station TEXT
missing_from BIGINT
missing_to BIGINT NOT NULL
after_seq BIGINT NOT NULL
seq BIGINT NOT NULL

-- scope testing.product
SELECT :product AS product;

-- scope testing.procedure
SELECT p.product FROM test_procedure p WHERE p.procedure = :procedure ORDER BY p.revision LIMIT 1;

-- scope testing.station
SELECT s.site, s.line, s.id AS station, s.environment, :product AS product
FROM station s WHERE s.id = :station;

--- ---- procedures ----

-- refuse procedure.released PRODUCT_UNKNOWN
SELECT :product AS product WHERE NOT EXISTS (SELECT 1 FROM product p WHERE p.id = :product);

-- refuse procedure.released PROCEDURE_OF_OTHER_PRODUCT
SELECT p.procedure, p.product AS expected, :product AS found FROM test_procedure p
WHERE p.procedure = :procedure AND p.product <> :product ORDER BY p.revision LIMIT 1;

-- refuse procedure.released PROCEDURE_REVISION_EXISTS
SELECT p.procedure, p.revision, p.state FROM test_procedure p
WHERE p.procedure = :procedure AND p.revision = :revision;

-- fold procedure.released
INSERT INTO test_procedure (procedure, revision, product, state, document, least_ms, attempts,
	limits, limits_digest, digest, author, at, released, since)
SELECT :procedure, :revision, :product, 'in_force', :document, :least_ms, :attempts, :limits.count,
	:limits_digest, :digest, :author, :at, :seq, :seq
WHERE true ON CONFLICT (procedure, revision) DO NOTHING;

-- fold procedure.released
UPDATE test_procedure SET state = 'superseded', since = :seq
WHERE procedure = :procedure AND state = 'in_force' AND released <> :seq
AND EXISTS (SELECT 1 FROM test_procedure p
	WHERE p.procedure = :procedure AND p.revision = :revision AND p.released = :seq);

-- fold procedure.released each limits
INSERT INTO procedure_limit (procedure, revision, measurement, position, unit, low_micro,
	high_micro)
SELECT :procedure, :revision, :limits.measurement, :i + 1, :limits.unit, :limits.low_micro,
	:limits.high_micro
WHERE EXISTS (SELECT 1 FROM test_procedure p
	WHERE p.procedure = :procedure AND p.revision = :revision AND p.released = :seq)
ON CONFLICT DO NOTHING;

-- refuse procedure.withdrawn PROCEDURE_NOT_IN_FORCE
SELECT :procedure AS procedure WHERE NOT EXISTS (SELECT 1 FROM test_procedure p
	WHERE p.procedure = :procedure AND p.state = 'in_force');

-- fold procedure.withdrawn
UPDATE test_procedure SET state = 'withdrawn', since = :seq
WHERE procedure = :procedure AND state = 'in_force';

--- ---- results that do not count: the fold below names the codes of these ----

-- flag test.recorded TEST_PROCEDURE_NOT_RELEASED
SELECT 'unit' AS kind, :product AS within, :serial AS id, :serial AS serial,
	:procedure AS procedure
WHERE NOT EXISTS (SELECT 1 FROM test_procedure p WHERE p.procedure = :procedure
	AND p.product = :product AND p.state = 'in_force' AND p.digest = :procedure_digest);

-- flag test.recorded TEST_NOT_PASSED
SELECT 'unit' AS kind, :product AS within, :serial AS id, :serial AS serial,
	:procedure AS procedure, :verdict AS verdict WHERE :verdict <> 'pass';

-- flag test.recorded TEST_ENDED_BEFORE_START
SELECT 'unit' AS kind, :product AS within, :serial AS id, :serial AS serial,
	:procedure AS procedure WHERE :ended < :started;

-- flag test.recorded TEST_TOO_SHORT
SELECT 'unit' AS kind, :product AS within, :serial AS id, :serial AS serial, p.procedure,
	p.least_ms AS expected, :ended - :started AS found
FROM test_procedure p WHERE p.procedure = :procedure AND p.digest = :procedure_digest
AND :ended >= :started AND :ended - :started < p.least_ms AND :verdict = 'pass';

--- The station says pass, and the limits say no. What failed or was broken off may lack anything.
-- flag test.recorded TEST_MEASUREMENT_OUTSIDE each measurements
SELECT 'unit' AS kind, :product AS within, :serial AS id, :serial AS serial, l.measurement, l.unit,
	:measurements.value_micro AS found,
	CASE WHEN :measurements.value_micro < l.low_micro THEN l.low_micro
		ELSE l.high_micro END AS expected
FROM test_procedure p JOIN procedure_limit l ON l.procedure = p.procedure
AND l.revision = p.revision AND l.measurement = :measurements.measurement
WHERE p.procedure = :procedure AND p.digest = :procedure_digest AND :verdict = 'pass'
AND (:measurements.value_micro < l.low_micro OR :measurements.value_micro > l.high_micro);

-- flag test.recorded TEST_MEASUREMENT_UNKNOWN each measurements
SELECT 'unit' AS kind, :product AS within, :serial AS id, :serial AS serial, p.procedure,
	:measurements.measurement AS measurement
FROM test_procedure p WHERE p.procedure = :procedure AND p.digest = :procedure_digest
AND :verdict = 'pass' AND NOT EXISTS (SELECT 1 FROM procedure_limit l
	WHERE l.procedure = p.procedure AND l.revision = p.revision
	AND l.measurement = :measurements.measurement);

--- An unknown measurement in the place of one that is missing is flagged as that.
-- flag test.recorded TEST_MEASUREMENT_MISSING
SELECT 'unit' AS kind, :product AS within, :serial AS id, :serial AS serial, p.procedure,
	p.limits AS expected, :distinct AS found
FROM test_procedure p WHERE p.procedure = :procedure AND p.digest = :procedure_digest
AND :verdict = 'pass' AND :distinct < p.limits;

--- ---- what else holds the unit, or says something about the station ----

-- flag test.recorded UNIT_UNKNOWN
SELECT 'unit' AS kind, :product AS within, :serial AS id, :product AS product, :serial AS serial
WHERE NOT EXISTS (SELECT 1 FROM unit u WHERE u.product = :product AND u.serial = :serial);

-- flag test.recorded UNIT_OUT_OF_TURN
SELECT 'unit' AS kind, u.product AS within, u.serial AS id, u.product, u.serial,
	'not on its way, not scrapped' AS expected, u.state AS found
FROM unit u WHERE u.product = :product AND u.serial = :serial
AND u.state IN ('packed', 'shipped', 'scrapped');

-- flag test.recorded UNIT_AT_OTHER_LINE
SELECT 'unit' AS kind, u.product AS within, u.serial AS id, u.product, u.serial,
	u.line AS expected, s.line AS found
FROM unit u JOIN station s ON s.id = :station
WHERE u.product = :product AND u.serial = :serial AND (s.site <> u.site OR s.line <> u.line);

-- flag test.recorded TEST_ATTEMPTS_EXCEEDED
SELECT 'unit' AS kind, :product AS within, :serial AS id, :serial AS serial, p.procedure,
	p.attempts AS expected, t.n + 1 AS found
FROM test_procedure p JOIN (SELECT count(*) AS n FROM test_result r WHERE r.product = :product
	AND r.serial = :serial AND r.procedure = :procedure) AS t ON t.n >= p.attempts
WHERE p.procedure = :procedure AND p.digest = :procedure_digest;

--- Values that two units share to the last digit were measured once.
-- flag test.recorded TEST_IDENTICAL
SELECT 'unit' AS kind, :product AS within, :serial AS id, :serial AS serial,
	r.serial AS other, r.procedure, :measurements.count AS measurements
FROM test_result r WHERE :measurements.count >= 3 AND r.seq = (SELECT min(o.seq) FROM test_result o
	WHERE o.procedure = :procedure AND o.vector = :vector
	AND (o.product <> :product OR o.serial <> :serial));

--- A number that is used twice: one of the two results is not what it says.
-- flag test.recorded TEST_SEQUENCE_REPEATED
SELECT 'unit' AS kind, :product AS within, :serial AS id, :serial AS serial, :station AS station,
	:sequence AS sequence
WHERE EXISTS (SELECT 1 FROM test_result r
	WHERE r.station = :station AND r.sequence = :sequence);

--- Holds nothing by itself: nobody knows about which unit a result is missing. Control TST-02 keeps
--- those that were in work back.
-- flag test.recorded TEST_SEQUENCE_GAP
SELECT c.station, c.sequence + 1 AS expected, :sequence AS found FROM test_counter c
WHERE c.station = :station AND :sequence > c.sequence + 1;

-- flag test.recorded OPERATOR_UNKNOWN
SELECT 'unit' AS kind, :product AS within, :serial AS id, :serial AS serial, :operator AS operator
WHERE :operator IS NOT NULL AND NOT EXISTS (SELECT 1 FROM principal p
	WHERE p.id = :operator AND p.kind = 'person' AND p.state = 'active');

--- ---- the unit's traveler ----

--- Rework of what was tested. A traveler with steps of work fit says it itself: STEP_REPEATED.
-- flag unit.fitted UNIT_CHANGED_AFTER_TEST
SELECT 'unit' AS kind, u.product AS within, u.serial AS id, u.serial, t.procedure
FROM unit u JOIN (SELECT min(r.procedure) AS procedure FROM test_result r
	WHERE r.product = :product AND r.serial = :serial AND r.counts = 1) AS t
	ON t.procedure IS NOT NULL
WHERE u.product = :product AND u.serial = :serial AND u.state IN ('built', 'programmed')
AND NOT EXISTS (SELECT 1 FROM unit_step s
	WHERE s.product = :product AND s.serial = :serial AND s.work = 'fit');

-- flag test.recorded STEP_UNKNOWN
SELECT 'unit' AS kind, u.product AS within, u.serial AS id, u.serial, :procedure AS step,
	u.traveler
FROM unit u JOIN traveler t ON t.id = u.traveler AND t.tests > 0
WHERE u.product = :product AND u.serial = :serial AND NOT EXISTS (SELECT 1 FROM unit_step s
	WHERE s.product = u.product AND s.serial = u.serial AND s.procedure = :procedure);

-- flag test.recorded STEP_OUT_OF_TURN
SELECT 'unit' AS kind, a.product AS within, a.serial AS id, a.serial, e.step AS expected,
	a.step AS found
FROM unit_step a JOIN unit_step e ON e.product = a.product AND e.serial = a.serial
WHERE a.product = :product AND a.serial = :serial AND a.position = (
	SELECT min(m.position) FROM unit_step m WHERE m.product = :product
	AND m.serial = :serial AND m.procedure = :procedure AND m.seq IS NULL)
AND e.position < a.position AND e.position = (SELECT min(o.position) FROM unit_step o
	WHERE o.product = :product AND o.serial = :serial AND o.seq IS NULL);

-- flag test.recorded STEP_AT_OTHER_STATION
SELECT 'unit' AS kind, a.product AS within, a.serial AS id, a.serial, a.step,
	a.planned_station AS expected, :station AS found
FROM unit_step a WHERE a.product = :product AND a.serial = :serial
AND a.planned_station <> :station
AND a.position = coalesce((SELECT min(m.position) FROM unit_step m WHERE m.product = :product
		AND m.serial = :serial AND m.procedure = :procedure AND m.seq IS NULL),
	(SELECT max(m.position) FROM unit_step m WHERE m.product = :product
		AND m.serial = :serial AND m.procedure = :procedure));

-- flag test.recorded STEP_REPEATED
SELECT 'unit' AS kind, a.product AS within, a.serial AS id, a.serial, a.step, l.step AS later
FROM unit_step a JOIN unit_step l ON l.product = a.product AND l.serial = a.serial
WHERE a.product = :product AND a.serial = :serial AND a.position = (
	SELECT max(m.position) FROM unit_step m WHERE m.product = :product AND m.serial = :serial
	AND m.procedure = :procedure HAVING sum(CASE WHEN m.seq IS NULL THEN 1 ELSE 0 END) = 0)
AND l.position > a.position AND l.position = (SELECT max(d.position) FROM unit_step d
	WHERE d.product = :product AND d.serial = :serial AND d.seq IS NOT NULL);

--- What was raised then decides, also in a rebuild under other rules.
-- fold test.recorded
INSERT INTO test_result (seq, product, serial, procedure, revision, station, operator, sequence,
	started, ended, verdict, counts, attempt, measurements, vector, attachment, at)
SELECT :seq, :product, :serial, :procedure,
	(SELECT min(p.revision) FROM test_procedure p WHERE p.procedure = :procedure
		AND p.product = :product AND p.digest = :procedure_digest),
	:station, :operator, :sequence, :started, :ended, :verdict,
	CASE WHEN EXISTS (SELECT 1 FROM nonconformance n WHERE n.seq = :seq AND n.code IN (
		'TEST_PROCEDURE_NOT_RELEASED', 'TEST_NOT_PASSED', 'TEST_ENDED_BEFORE_START',
		'TEST_TOO_SHORT', 'TEST_MEASUREMENT_OUTSIDE', 'TEST_MEASUREMENT_UNKNOWN',
		'TEST_MEASUREMENT_MISSING')) THEN 0 ELSE 1 END,
	(SELECT count(*) + 1 FROM test_result r WHERE r.product = :product
		AND r.serial = :serial AND r.procedure = :procedure),
	:measurements.count, :vector, :attachment, :at
WHERE true ON CONFLICT (seq) DO NOTHING;

-- fold test.recorded
UPDATE unit_step SET seq = :seq, at = :at, station = :station, operator = :operator
WHERE product = :product AND serial = :serial AND position = (
	SELECT min(m.position) FROM unit_step m WHERE m.product = :product
	AND m.serial = :serial AND m.procedure = :procedure AND m.seq IS NULL)
AND EXISTS (SELECT 1 FROM test_result r WHERE r.seq = :seq AND r.counts = 1);

-- fold test.recorded
INSERT INTO unit_touch (product, serial, seq, made, at, station, operator)
SELECT :product, :serial, :seq, coalesce(:occurred, :made), :at, :station, :operator
WHERE true ON CONFLICT DO NOTHING;

-- fold test.recorded
INSERT INTO test_gap (station, missing_from, missing_to, after_seq, seq)
SELECT c.station, c.sequence + 1, :sequence - 1, c.since, :seq FROM test_counter c
WHERE c.station = :station AND :sequence > c.sequence + 1 ON CONFLICT DO NOTHING;

--- What comes late fills a gap, from one of its ends or in its middle.
-- fold test.recorded
INSERT INTO test_gap (station, missing_from, missing_to, after_seq, seq)
SELECT g.station, :sequence + 1, g.missing_to, g.after_seq, g.seq FROM test_gap g
WHERE g.station = :station AND g.missing_from <= :sequence AND g.missing_to > :sequence
ON CONFLICT DO NOTHING;

-- fold test.recorded
UPDATE test_gap SET missing_to = :sequence - 1
WHERE station = :station AND missing_from <= :sequence AND missing_to >= :sequence;

-- fold test.recorded
DELETE FROM test_gap WHERE station = :station AND missing_from > missing_to;

-- fold test.recorded
INSERT INTO test_counter (station, sequence, since) SELECT :station, :sequence, :seq WHERE true
ON CONFLICT (station) DO UPDATE SET sequence = excluded.sequence, since = excluded.since
WHERE excluded.sequence > test_counter.sequence;

--- ---- what the gates ask ----

--- By which procedure the unit is to be tested next: the open steps of its traveler say it, else the
--- procedures of its product.
-- control TST-01 gate:test
SELECT 'a test procedure in force' AS expected, s.procedure AS found FROM unit_step s
WHERE :kind = 'unit' AND s.product = :within AND s.serial = :id AND s.work = 'test'
AND s.seq IS NULL AND NOT EXISTS (SELECT 1 FROM test_procedure p WHERE p.product = s.product
	AND p.procedure = s.procedure AND p.state = 'in_force')
UNION ALL
SELECT 'a test procedure in force', min(p.procedure) FROM test_procedure p
WHERE :kind = 'unit' AND p.product = :within AND NOT EXISTS (SELECT 1 FROM unit u
	WHERE u.product = :within AND u.serial = :id AND u.traveler IS NOT NULL)
HAVING count(*) > 0 AND sum(CASE p.state WHEN 'in_force' THEN 1 ELSE 0 END) = 0;

--- What was passed under limits that were withdrawn is tested again.
-- control TST-01 gate:ship
WITH leaving (product, serial) AS (
	SELECT :within, :id WHERE :kind = 'unit'
	UNION SELECT c.within, c.id FROM shipment_content c
	WHERE :kind = 'shipment' AND c.shipment = :id AND c.kind = 'unit'
), passed (product, serial, procedure, good) AS (
	SELECT l.product, l.serial, r.procedure, max(CASE p.state WHEN 'withdrawn' THEN 0
		ELSE 1 END)
	FROM leaving l JOIN test_result r ON r.product = l.product AND r.serial = l.serial
	AND r.counts = 1
	JOIN test_procedure p ON p.procedure = r.procedure AND p.revision = r.revision
	GROUP BY l.product, l.serial, r.procedure
)
SELECT 'a test procedure that was not withdrawn' AS expected, x.serial || ' ' || x.procedure AS found
FROM passed x WHERE x.good = 0;

--- Passed is what the unit's traveler asks for; without one, each procedure of its product that was
--- in force when the unit was requested: that it was withdrawn since lets nobody off. And no result is missing of a station that tested it, from a
--- time when the unit was in somebody's hands.
-- control TST-02 gate:ship
WITH leaving (product, serial) AS (
	SELECT :within, :id WHERE :kind = 'unit'
	UNION SELECT c.within, c.id FROM shipment_content c
	WHERE :kind = 'shipment' AND c.shipment = :id AND c.kind = 'unit'
), started (product, serial, traveler, seq) AS (
	SELECT u.product, u.serial, u.traveler, (SELECT min(t.seq) FROM unit_touch t
		WHERE t.product = u.product AND t.serial = u.serial)
	FROM leaving l JOIN unit u ON u.product = l.product AND u.serial = l.serial
), asked (product, serial, procedure) AS (
	SELECT s.product, s.serial, s.procedure
	FROM started x JOIN unit_step s ON s.product = x.product AND s.serial = x.serial
	WHERE s.work = 'test'
	UNION SELECT x.product, x.serial, p.procedure
	FROM started x JOIN test_procedure p ON p.product = x.product AND (p.state = 'in_force'
		OR (p.state = 'withdrawn' AND p.since > x.seq))
	WHERE x.traveler IS NULL AND (SELECT min(f.released) FROM test_procedure f
		WHERE f.procedure = p.procedure) < x.seq
)
SELECT 'a test that was passed' AS expected, a.serial || ' ' || a.procedure AS found FROM asked a
WHERE NOT EXISTS (SELECT 1 FROM test_result r WHERE r.product = a.product
	AND r.serial = a.serial AND r.procedure = a.procedure AND r.counts = 1)
UNION ALL
SELECT DISTINCT 'the results of every test of a station', x.serial || ' ' || g.station || ' '
	|| g.missing_from || '-' || g.missing_to
FROM started x JOIN test_result r ON r.product = x.product AND r.serial = x.serial
JOIN test_gap g ON g.station = r.station AND g.seq >= x.seq
AND EXISTS (SELECT 1 FROM unit_touch t WHERE t.product = x.product AND t.serial = x.serial
	AND t.seq >= g.after_seq)
JOIN nonconformance n ON n.seq = g.seq AND n.code = 'TEST_SEQUENCE_GAP' AND n.state = 'open';

-- view procedure.list test.read product:id procedure:id
SELECT p.product, p.procedure, p.revision, p.state, p.document, p.least_ms, p.attempts, p.limits,
	p.limits_digest, p.digest, p.author, p.at, p.released, p.since
FROM test_procedure p WHERE (:product IS NULL OR p.product = :product)
AND (:procedure IS NULL OR p.procedure = :procedure)
ORDER BY p.procedure, p.revision;

-- view procedure.limits test.read procedure:id revision:id
SELECT p.product, l.procedure, l.revision, l.position, l.measurement, l.unit, l.low_micro,
	l.high_micro
FROM procedure_limit l JOIN test_procedure p ON p.procedure = l.procedure
AND p.revision = l.revision WHERE l.procedure = :procedure
AND ((:revision IS NULL AND p.state = 'in_force') OR l.revision = :revision)
ORDER BY l.procedure, l.revision, l.position;

-- view test.results test.read product:id serial:id station:id procedure:id
SELECT s.site, s.line, r.station, r.product, r.serial, r.procedure, r.revision, r.sequence,
	r.verdict, r.counts, r.attempt, r.measurements, r.operator, r.started, r.ended,
	r.attachment, r.at, r.seq
FROM test_result r JOIN station s ON s.id = r.station
WHERE (:product IS NULL OR r.product = :product) AND (:serial IS NULL OR r.serial = :serial)
AND (:station IS NULL OR r.station = :station) AND (:procedure IS NULL OR r.procedure = :procedure)
ORDER BY r.seq;

--- Where a station's counter goes on, after whatever happened to the station.
-- view test.counters test.read station:id
SELECT s.site, s.line, c.station, c.sequence, c.since
FROM test_counter c JOIN station s ON s.id = c.station
WHERE (:station IS NULL OR c.station = :station)
ORDER BY c.station;

-- view test.gaps test.read station:id
SELECT s.site, s.line, g.station, g.missing_from, g.missing_to, g.after_seq, g.seq
FROM test_gap g JOIN station s ON s.id = g.station
WHERE (:station IS NULL OR g.station = :station)
ORDER BY g.station, g.missing_from;
