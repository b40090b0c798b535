--- SPDX-License-Identifier: Apache-2.0
--- Concerns: what somebody paused so that it is looked at. No number by which a station or an operator is
--- judged reads this table but `paused`, so that nobody pays for having asked.

-- table concern key seq
seq BIGINT
concern TEXT NOT NULL
kind TEXT NOT NULL
within TEXT NOT NULL
id TEXT NOT NULL
station TEXT NOT NULL
step TEXT
text TEXT NOT NULL
author TEXT NOT NULL
at BIGINT NOT NULL
index kind, within, id
index station

-- scope concern.station
SELECT s.site, s.line, s.id AS station, s.environment, CASE WHEN :kind = 'unit' THEN :within END AS product
FROM station s WHERE s.id = :station;

-- flag concern.raised CONCERN_RAISED
SELECT :kind AS kind, coalesce(:within, '') AS within, :id AS id, :concern AS concern, :station AS station;

-- fold concern.raised
INSERT INTO concern (seq, concern, kind, within, id, station, step, text, author, at)
SELECT :seq, :concern, :kind, coalesce(:within, ''), :id, :station, :step, :text, :author, :at
WHERE true ON CONFLICT DO NOTHING;

--- `is_open`: nobody has looked yet.
-- view concern.list line.read kind:id within:id id:id station:id
SELECT c.seq, c.concern, c.kind, c.within, c.id, c.station, s.site, s.line, c.step, c.text, c.author, c.at,
	CASE WHEN EXISTS (SELECT 1 FROM hold h WHERE h.seq = c.seq) THEN 1 ELSE 0 END AS is_open
FROM concern c LEFT JOIN station s ON s.id = c.station
WHERE (:kind IS NULL OR c.kind = :kind) AND (:within IS NULL OR c.within = :within)
AND (:id IS NULL OR c.id = :id) AND (:station IS NULL OR c.station = :station)
ORDER BY c.seq;

--- Of each unit and test procedure the first result says whether it passed at once, whatever somebody has
--- asked about the unit. `paused` counts the units with a concern from this station, and nothing else.
-- view station.yield test.read station:id product:id
WITH earliest (product, serial, procedure, seq) AS (
	SELECT r.product, r.serial, r.procedure, min(r.seq) FROM test_result r
	GROUP BY r.product, r.serial, r.procedure
), units (station, product, serial, passed) AS (
	SELECT r.station, r.product, r.serial, min(CASE WHEN r.verdict = 'pass' AND r.counts = 1 THEN 1 ELSE 0 END)
	FROM earliest f JOIN test_result r ON r.seq = f.seq GROUP BY r.station, r.product, r.serial
), paused (station, product, n) AS (
	SELECT c.station, c.within, count(DISTINCT c.id) FROM concern c WHERE c.kind = 'unit'
	GROUP BY c.station, c.within
), pairs (station, product) AS (
	SELECT u.station, u.product FROM units u UNION SELECT p.station, p.product FROM paused p
)
SELECT x.station, x.product, s.site, s.line,
	(SELECT count(*) FROM units u WHERE u.station = x.station AND u.product = x.product) AS tested,
	(SELECT coalesce(sum(u.passed), 0) FROM units u WHERE u.station = x.station AND u.product = x.product) AS first_pass,
	coalesce((SELECT p.n FROM paused p WHERE p.station = x.station AND p.product = x.product), 0) AS paused
FROM pairs x LEFT JOIN station s ON s.id = x.station
WHERE (:station IS NULL OR x.station = :station) AND (:product IS NULL OR x.product = :product)
ORDER BY x.station, x.product;
