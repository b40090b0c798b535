--- SPDX-License-Identifier: Apache-2.0
--- Containment: one record that stops whatever comes from a source, and one that takes all of it back. It
--- holds no list of units: every gate that a unit comes to asks, so that a unit which gets such a part tomorrow
--- is contained as well.

-- table containment key containment
containment TEXT
kind TEXT NOT NULL
within TEXT NOT NULL
id TEXT NOT NULL
since_at BIGINT
until_at BIGINT
reason TEXT NOT NULL
state TEXT NOT NULL
author TEXT NOT NULL
at BIGINT NOT NULL
since BIGINT NOT NULL
ended_by TEXT
ended_reason TEXT
ended BIGINT
index state

--- Where the source is decides who may contain it; what we do not know, only those without limits may.
-- scope containment.source
SELECT coalesce(u.site, p.site, s.site, b.site) AS site, coalesce(u.line, s.line, b.line) AS line,
	s.id AS station, coalesce(u.product, f.product, b.product) AS product,
	CASE WHEN c.kind IN ('part_lot', 'date_code') THEN c.within
		WHEN c.kind = 'supplier' THEN c.id END AS supplier
FROM (SELECT :kind AS kind, coalesce(:within, '') AS within, :id AS id) AS c
LEFT JOIN unit u ON c.kind = 'unit' AND u.product = c.within AND u.serial = c.id
LEFT JOIN part_lot p ON c.kind = 'part_lot' AND p.supplier = c.within AND p.part_lot = c.id
LEFT JOIN station s ON c.kind = 'station' AND s.id = c.id
LEFT JOIN firmware_release f ON c.kind = 'firmware_release' AND f.id = c.id
LEFT JOIN build_authorization b ON c.kind = 'build_authorization' AND b.id = c.id;

-- scope containment.known
SELECT coalesce(u.site, p.site, s.site, b.site) AS site, coalesce(u.line, s.line, b.line) AS line,
	s.id AS station, coalesce(u.product, f.product, b.product) AS product,
	CASE WHEN c.kind IN ('part_lot', 'date_code') THEN c.within
		WHEN c.kind = 'supplier' THEN c.id END AS supplier
FROM (SELECT 1 AS one) AS t LEFT JOIN containment c ON c.containment = :containment
LEFT JOIN unit u ON c.kind = 'unit' AND u.product = c.within AND u.serial = c.id
LEFT JOIN part_lot p ON c.kind = 'part_lot' AND p.supplier = c.within AND p.part_lot = c.id
LEFT JOIN station s ON c.kind = 'station' AND s.id = c.id
LEFT JOIN firmware_release f ON c.kind = 'firmware_release' AND f.id = c.id
LEFT JOIN build_authorization b ON c.kind = 'build_authorization' AND b.id = c.id;

--- Whoever starts it must hear when it stops nothing, or more than was meant.
-- flag containment.started CONTAINMENT_EXISTS
SELECT c.containment, c.kind AS source, c.id AS name, c.state FROM containment c
WHERE c.containment = :containment;

-- flag containment.started CONTAINMENT_NAMES_NOTHING
SELECT :id AS name, :kind AS source WHERE (:kind IN ('part_lot', 'date_code', 'unit')
	AND :within IS NULL) OR (:kind NOT IN ('part_lot', 'date_code', 'unit') AND :within IS NOT NULL);

-- flag containment.started CONTAINMENT_PERIOD_UNFIT
SELECT :kind AS source, :id AS name WHERE (:kind NOT IN ('station', 'operator')
	AND (:since IS NOT NULL OR :until IS NOT NULL)) OR :since >= :until;

-- fold containment.started
INSERT INTO containment (containment, kind, within, id, since_at, until_at, reason, state, author, at,
	since)
SELECT :containment, :kind, coalesce(:within, ''), :id,
	CASE WHEN :kind IN ('station', 'operator') AND coalesce(:since < :until, true) THEN :since END,
	CASE WHEN :kind IN ('station', 'operator') AND coalesce(:since < :until, true) THEN :until END,
	:reason, 'open', :author, :at, :seq
WHERE true ON CONFLICT (containment) DO NOTHING;

-- refuse containment.ended CONTAINMENT_NOT_OPEN
SELECT :containment AS containment WHERE NOT EXISTS (SELECT 1 FROM containment c
	WHERE c.containment = :containment AND c.state = 'open');

-- refuse containment.ended CONTAINMENT_ENDED_BY_ITS_AUTHOR
SELECT c.author AS author FROM containment c
WHERE c.containment = :containment AND (c.author = :author OR EXISTS (
	SELECT 1 FROM principal a JOIN principal b ON b.natural_id = a.natural_id
	WHERE a.id = c.author AND b.id = :author));

-- fold containment.ended
UPDATE containment SET state = 'ended', ended_by = :author, ended_reason = :reason, ended = :at
WHERE containment = :containment AND state = 'open';

--- No unit is started where the station or the build authorization is contained, or the firmware release that it
--- would get.
-- refuse unit.requested CONTAINMENT_STOPS_BUILD
SELECT c.containment, c.kind, c.id AS name, c.reason FROM containment c
WHERE c.state = 'open' AND ((c.kind = 'build_authorization' AND c.id = :authorization)
	OR (c.kind = 'firmware_release' AND c.id IN (SELECT b.firmware_release
		FROM build_authorization b WHERE b.id = :authorization))
	OR (c.kind = 'station' AND c.id = :author AND (c.since_at IS NULL OR :at >= c.since_at)
		AND (c.until_at IS NULL OR :at < c.until_at)))
ORDER BY c.containment LIMIT 1;

--- What is contained goes into no further unit: neither by a permit nor, where none are asked for, past the
--- gate.
-- refuse permit.requested CONTAINMENT_STOPS_PROGRAMMING
SELECT c.containment, c.id AS name, c.reason FROM containment c
WHERE c.state = 'open' AND c.kind = 'firmware_release' AND c.id = :release
ORDER BY c.containment LIMIT 1;

-- control SHP-01 gate:program
SELECT 'no containment' AS expected, c.containment || ': ' || c.kind || ' ' || c.id || ': ' || c.reason
	AS found
FROM unit u JOIN build_authorization b ON b.id = u.build_authorization AND b.permits = 0
JOIN containment c ON c.state = 'open' AND c.kind = 'firmware_release' AND c.id = b.firmware_release
WHERE :kind = 'unit' AND u.product = :within AND u.serial = :id
AND u.firmware_release IS DISTINCT FROM b.firmware_release;

--- A part lot, what it was split from, its supplier and its date code.
-- control SRC-01 gate:kit
WITH RECURSIVE lot (supplier, part_lot) AS (
	SELECT :within, :id WHERE :kind = 'part_lot'
	AND EXISTS (SELECT 1 FROM containment c WHERE c.state = 'open')
	UNION SELECT o.supplier, o.from_part_lot FROM lot l
	JOIN part_lot_origin o ON o.supplier = l.supplier AND o.part_lot = l.part_lot
)
SELECT 'no containment' AS expected, c.containment || ': ' || c.kind || ' ' || c.id || ': ' || c.reason
	AS found
FROM containment c WHERE c.state = 'open' AND ((c.kind = 'part_lot' AND (c.within, c.id) IN (SELECT l.supplier, l.part_lot FROM lot l))
	OR (c.kind = 'supplier' AND c.id IN (SELECT l.supplier FROM lot l))
	OR (c.kind = 'date_code' AND (c.within, c.id) IN (SELECT l.supplier, p.date_code FROM lot l
		JOIN part_lot p ON p.supplier = l.supplier AND p.part_lot = l.part_lot)));

--- A unit, or every unit of a shipment: what is inside, back to its part lots, what touched it, and the
--- firmware release that it was programmed with or last proved to run.
-- control SHP-01 gate:program gate:test gate:ship
WITH RECURSIVE inside (product, serial) AS (
	SELECT :within, :id WHERE :kind = 'unit'
	AND EXISTS (SELECT 1 FROM containment c WHERE c.state = 'open')
	UNION SELECT s.within, s.id FROM shipment_content s
	WHERE :kind = 'shipment' AND s.shipment = :id AND s.kind = 'unit'
	AND EXISTS (SELECT 1 FROM containment c WHERE c.state = 'open')
	UNION SELECT c.component_product, c.component_serial FROM inside i
	JOIN unit_component c ON c.product = i.product AND c.serial = i.serial WHERE c.until IS NULL
), lot (supplier, part_lot) AS (
	SELECT s.within, s.id FROM shipment_content s
	WHERE :kind = 'shipment' AND s.shipment = :id AND s.kind = 'part_lot'
	AND EXISTS (SELECT 1 FROM containment c WHERE c.state = 'open')
	UNION SELECT p.supplier, p.part_lot FROM inside i
	JOIN unit_part p ON p.product = i.product AND p.serial = i.serial WHERE p.until IS NULL
	UNION SELECT o.supplier, o.from_part_lot FROM lot l
	JOIN part_lot_origin o ON o.supplier = l.supplier AND o.part_lot = l.part_lot
)
SELECT 'no containment' AS expected, c.containment || ': ' || c.kind || ' ' || c.id || ': ' || c.reason
	AS found
FROM containment c WHERE c.state = 'open' AND ((c.kind = 'part_lot' AND (c.within, c.id) IN (SELECT l.supplier, l.part_lot FROM lot l))
	OR (c.kind = 'supplier' AND c.id IN (SELECT l.supplier FROM lot l))
	OR (c.kind = 'date_code' AND (c.within, c.id) IN (SELECT l.supplier, p.date_code FROM lot l
		JOIN part_lot p ON p.supplier = l.supplier AND p.part_lot = l.part_lot))
	OR (c.kind = 'unit' AND (c.within, c.id) IN (SELECT i.product, i.serial FROM inside i))
	OR (c.kind = 'firmware_release' AND c.id IN (SELECT u.firmware_release FROM inside i
		JOIN unit u ON u.product = i.product AND u.serial = i.serial
		UNION ALL SELECT b.firmware_release FROM inside i
		JOIN inventory b ON b.product = i.product AND b.serial = i.serial))
	OR (c.kind = 'build_authorization' AND c.id IN (SELECT u.build_authorization FROM inside i
		JOIN unit u ON u.product = i.product AND u.serial = i.serial))
	OR (c.kind IN ('station', 'operator') AND EXISTS (SELECT 1 FROM inside i
		JOIN unit_touch t ON t.product = i.product AND t.serial = i.serial
		WHERE c.id = CASE WHEN c.kind = 'station' THEN t.station ELSE t.operator END
		AND (c.since_at IS NULL OR t.at >= c.since_at)
		AND (c.until_at IS NULL OR t.made < c.until_at))));

-- control RCV-01 gate:receive
WITH RECURSIVE inside (product, serial) AS (
	SELECT s.within, s.id FROM shipment_content s
	WHERE :kind = 'shipment' AND s.shipment = :id AND s.kind = 'unit'
	AND EXISTS (SELECT 1 FROM containment c WHERE c.state = 'open')
	UNION SELECT c.component_product, c.component_serial FROM inside i
	JOIN unit_component c ON c.product = i.product AND c.serial = i.serial WHERE c.until IS NULL
), lot (supplier, part_lot) AS (
	SELECT s.within, s.id FROM shipment_content s
	WHERE :kind = 'shipment' AND s.shipment = :id AND s.kind = 'part_lot'
	AND EXISTS (SELECT 1 FROM containment c WHERE c.state = 'open')
	UNION SELECT p.supplier, p.part_lot FROM inside i
	JOIN unit_part p ON p.product = i.product AND p.serial = i.serial WHERE p.until IS NULL
	UNION SELECT o.supplier, o.from_part_lot FROM lot l
	JOIN part_lot_origin o ON o.supplier = l.supplier AND o.part_lot = l.part_lot
)
SELECT 'no containment' AS expected, c.containment || ': ' || c.kind || ' ' || c.id || ': ' || c.reason
	AS found
FROM containment c WHERE c.state = 'open' AND ((c.kind = 'part_lot' AND (c.within, c.id) IN (SELECT l.supplier, l.part_lot FROM lot l))
	OR (c.kind = 'supplier' AND c.id IN (SELECT l.supplier FROM lot l))
	OR (c.kind = 'date_code' AND (c.within, c.id) IN (SELECT l.supplier, p.date_code FROM lot l
		JOIN part_lot p ON p.supplier = l.supplier AND p.part_lot = l.part_lot))
	OR (c.kind = 'unit' AND (c.within, c.id) IN (SELECT i.product, i.serial FROM inside i))
	OR (c.kind = 'firmware_release' AND c.id IN (SELECT u.firmware_release FROM inside i
		JOIN unit u ON u.product = i.product AND u.serial = i.serial
		UNION ALL SELECT b.firmware_release FROM inside i
		JOIN inventory b ON b.product = i.product AND b.serial = i.serial))
	OR (c.kind = 'build_authorization' AND c.id IN (SELECT u.build_authorization FROM inside i
		JOIN unit u ON u.product = i.product AND u.serial = i.serial))
	OR (c.kind IN ('station', 'operator') AND EXISTS (SELECT 1 FROM inside i
		JOIN unit_touch t ON t.product = i.product AND t.serial = i.serial
		WHERE c.id = CASE WHEN c.kind = 'station' THEN t.station ELSE t.operator END
		AND (c.since_at IS NULL OR t.at >= c.since_at)
		AND (c.until_at IS NULL OR t.made < c.until_at))));

-- control COM-01 gate:commission
WITH RECURSIVE inside (product, serial) AS (
	SELECT :within, :id WHERE :kind = 'unit'
	AND EXISTS (SELECT 1 FROM containment c WHERE c.state = 'open')
	UNION SELECT c.component_product, c.component_serial FROM inside i
	JOIN unit_component c ON c.product = i.product AND c.serial = i.serial WHERE c.until IS NULL
), lot (supplier, part_lot) AS (
	SELECT p.supplier, p.part_lot FROM inside i
	JOIN unit_part p ON p.product = i.product AND p.serial = i.serial WHERE p.until IS NULL
	UNION SELECT o.supplier, o.from_part_lot FROM lot l
	JOIN part_lot_origin o ON o.supplier = l.supplier AND o.part_lot = l.part_lot
)
SELECT 'no containment' AS expected, c.containment || ': ' || c.kind || ' ' || c.id || ': ' || c.reason
	AS found
FROM containment c WHERE c.state = 'open' AND ((c.kind = 'part_lot' AND (c.within, c.id) IN (SELECT l.supplier, l.part_lot FROM lot l))
	OR (c.kind = 'supplier' AND c.id IN (SELECT l.supplier FROM lot l))
	OR (c.kind = 'date_code' AND (c.within, c.id) IN (SELECT l.supplier, p.date_code FROM lot l
		JOIN part_lot p ON p.supplier = l.supplier AND p.part_lot = l.part_lot))
	OR (c.kind = 'unit' AND (c.within, c.id) IN (SELECT i.product, i.serial FROM inside i))
	OR (c.kind = 'firmware_release' AND c.id IN (SELECT u.firmware_release FROM inside i
		JOIN unit u ON u.product = i.product AND u.serial = i.serial
		UNION ALL SELECT b.firmware_release FROM inside i
		JOIN inventory b ON b.product = i.product AND b.serial = i.serial))
	OR (c.kind = 'build_authorization' AND c.id IN (SELECT u.build_authorization FROM inside i
		JOIN unit u ON u.product = i.product AND u.serial = i.serial))
	OR (c.kind IN ('station', 'operator') AND EXISTS (SELECT 1 FROM inside i
		JOIN unit_touch t ON t.product = i.product AND t.serial = i.serial
		WHERE c.id = CASE WHEN c.kind = 'station' THEN t.station ELSE t.operator END
		AND (c.since_at IS NULL OR t.at >= c.since_at)
		AND (c.until_at IS NULL OR t.made < c.until_at))));

--- ---- views ----

-- view containment.open recall.read kind:id within:id id:id
SELECT coalesce(u.site, p.site, s.site, b.site) AS site, coalesce(u.line, s.line, b.line) AS line,
	s.id AS station, coalesce(u.product, f.product, b.product) AS product,
	CASE WHEN c.kind IN ('part_lot', 'date_code') THEN c.within
		WHEN c.kind = 'supplier' THEN c.id END AS supplier,
	c.containment, c.kind, c.within, c.id, c.since_at, c.until_at, c.reason, c.author, c.at, c.since
FROM containment c
LEFT JOIN unit u ON c.kind = 'unit' AND u.product = c.within AND u.serial = c.id
LEFT JOIN part_lot p ON c.kind = 'part_lot' AND p.supplier = c.within AND p.part_lot = c.id
LEFT JOIN station s ON c.kind = 'station' AND s.id = c.id
LEFT JOIN firmware_release f ON c.kind = 'firmware_release' AND f.id = c.id
LEFT JOIN build_authorization b ON c.kind = 'build_authorization' AND b.id = c.id
WHERE c.state = 'open' AND (:kind IS NULL OR c.kind = :kind)
AND (:within IS NULL OR c.within = :within) AND (:id IS NULL OR c.id = :id)
ORDER BY c.containment;

-- view containment.list recall.read containment:id
SELECT coalesce(u.site, p.site, s.site, b.site) AS site, coalesce(u.line, s.line, b.line) AS line,
	s.id AS station, coalesce(u.product, f.product, b.product) AS product,
	CASE WHEN c.kind IN ('part_lot', 'date_code') THEN c.within
		WHEN c.kind = 'supplier' THEN c.id END AS supplier,
	c.containment, c.kind, c.within, c.id, c.since_at, c.until_at, c.reason, c.state, c.author, c.at,
	c.since, c.ended_by, c.ended_reason, c.ended
FROM containment c
LEFT JOIN unit u ON c.kind = 'unit' AND u.product = c.within AND u.serial = c.id
LEFT JOIN part_lot p ON c.kind = 'part_lot' AND p.supplier = c.within AND p.part_lot = c.id
LEFT JOIN station s ON c.kind = 'station' AND s.id = c.id
LEFT JOIN firmware_release f ON c.kind = 'firmware_release' AND f.id = c.id
LEFT JOIN build_authorization b ON c.kind = 'build_authorization' AND b.id = c.id
WHERE :containment IS NULL OR c.containment = :containment
ORDER BY c.containment;

--- Which containments a unit is under, and why each.
-- view containment.of_unit recall.read product:id serial:id
WITH RECURSIVE inside (product, serial) AS (
	SELECT :product, :serial WHERE EXISTS (SELECT 1 FROM containment c WHERE c.state = 'open')
	UNION SELECT c.component_product, c.component_serial FROM inside i
	JOIN unit_component c ON c.product = i.product AND c.serial = i.serial WHERE c.until IS NULL
), lot (supplier, part_lot) AS (
	SELECT p.supplier, p.part_lot FROM inside i
	JOIN unit_part p ON p.product = i.product AND p.serial = i.serial WHERE p.until IS NULL
	UNION SELECT o.supplier, o.from_part_lot FROM lot l
	JOIN part_lot_origin o ON o.supplier = l.supplier AND o.part_lot = l.part_lot
)
SELECT u.site, u.line, u.product, u.environment, u.serial, c.containment, c.kind, c.within, c.id,
	c.reason, c.author, c.at
FROM containment c JOIN unit u ON u.product = :product AND u.serial = :serial
WHERE c.state = 'open' AND ((c.kind = 'part_lot' AND (c.within, c.id) IN (SELECT l.supplier, l.part_lot FROM lot l))
	OR (c.kind = 'supplier' AND c.id IN (SELECT l.supplier FROM lot l))
	OR (c.kind = 'date_code' AND (c.within, c.id) IN (SELECT l.supplier, p.date_code FROM lot l
		JOIN part_lot p ON p.supplier = l.supplier AND p.part_lot = l.part_lot))
	OR (c.kind = 'unit' AND (c.within, c.id) IN (SELECT i.product, i.serial FROM inside i))
	OR (c.kind = 'firmware_release' AND c.id IN (SELECT u.firmware_release FROM inside i
		JOIN unit u ON u.product = i.product AND u.serial = i.serial
		UNION ALL SELECT b.firmware_release FROM inside i
		JOIN inventory b ON b.product = i.product AND b.serial = i.serial))
	OR (c.kind = 'build_authorization' AND c.id IN (SELECT u.build_authorization FROM inside i
		JOIN unit u ON u.product = i.product AND u.serial = i.serial))
	OR (c.kind IN ('station', 'operator') AND EXISTS (SELECT 1 FROM inside i
		JOIN unit_touch t ON t.product = i.product AND t.serial = i.serial
		WHERE c.id = CASE WHEN c.kind = 'station' THEN t.station ELSE t.operator END
		AND (c.since_at IS NULL OR t.at >= c.since_at)
		AND (c.until_at IS NULL OR t.made < c.until_at))))
ORDER BY c.containment;
