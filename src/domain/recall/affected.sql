--- SPDX-License-Identifier: Apache-2.0
--- Where it went, and what it was made of. The genealogy in memory answers the same in less time and is
--- compared with these views by a test; they answer while it is being loaded, and those who see a part of
--- the house only.

--- Forward, from a part lot or another source: every unit that holds pieces of it, of what was split off it, or a
--- component that does, or that it touched; and where each is now. ('certain' sorts before 'possible': one
--- certain way is enough.)
-- view recall.affected_units recall.read supplier:id part_lot:id kind:id within:id id:id
WITH RECURSIVE start (kind, within, id) AS (
	SELECT coalesce(:kind, 'part_lot'), coalesce(:within, :supplier, ''), coalesce(:id, :part_lot)
), lot (supplier, part_lot) AS (
	SELECT s.within, s.id FROM start s WHERE s.kind = 'part_lot'
	UNION SELECT p.supplier, p.part_lot FROM start s JOIN part_lot p ON p.supplier = s.id
	WHERE s.kind = 'supplier'
	UNION SELECT p.supplier, p.part_lot FROM start s JOIN unit_part p ON p.supplier = s.id
	WHERE s.kind = 'supplier' AND p.until IS NULL
	UNION SELECT o.supplier, o.part_lot FROM start s JOIN part_lot_origin o ON o.supplier = s.id
	WHERE s.kind = 'supplier'
	UNION SELECT p.supplier, p.part_lot FROM start s
	JOIN part_lot p ON p.supplier = s.within AND p.date_code = s.id WHERE s.kind = 'date_code'
	UNION SELECT o.supplier, o.part_lot FROM lot
	JOIN part_lot_origin o ON o.supplier = lot.supplier AND o.from_part_lot = lot.part_lot
), touched (product, serial, certainty) AS (
	SELECT p.product, p.serial, p.certainty FROM lot
	JOIN unit_part p ON p.supplier = lot.supplier AND p.part_lot = lot.part_lot
	WHERE p.until IS NULL
	UNION SELECT u.product, u.serial, 'certain' FROM start s
	JOIN unit u ON u.product = s.within AND u.serial = s.id WHERE s.kind = 'unit'
	UNION SELECT c.product, c.serial, 'certain' FROM start s
	JOIN unit_component c ON c.component_product = s.within AND c.component_serial = s.id
	WHERE s.kind = 'unit' AND c.until IS NULL
	UNION SELECT t.product, t.serial, 'certain' FROM start s JOIN unit_touch t ON t.station = s.id
	WHERE s.kind = 'station'
	UNION SELECT t.product, t.serial, 'certain' FROM start s JOIN unit_touch t ON t.operator = s.id
	WHERE s.kind = 'operator'
	UNION SELECT u.product, u.serial, 'certain' FROM start s JOIN unit u ON u.firmware_release = s.id
	WHERE s.kind = 'firmware_release'
	UNION SELECT b.product, b.serial, 'certain' FROM start s
	JOIN inventory b ON b.firmware_release = s.id WHERE s.kind = 'firmware_release'
	UNION SELECT u.product, u.serial, 'certain' FROM start s
	JOIN unit u ON u.build_authorization = s.id WHERE s.kind = 'build_authorization'
	UNION SELECT c.product, c.serial, t.certainty FROM touched t
	JOIN unit_component c ON c.component_product = t.product AND c.component_serial = t.serial
	WHERE c.until IS NULL
)
SELECT u.site, u.line, a.product, u.environment, a.serial, a.certainty, u.state,
	u.build_authorization, u.firmware_release, u.shipment, s.state AS shipment_state,
	s.site AS shipment_site, s.holder AS shipment_holder, i.at AS last_seen,
	(SELECT count(*) FROM hold h
		WHERE h.kind = 'unit' AND h.within = a.product AND h.id = a.serial) AS holds
FROM (SELECT t.product, t.serial, min(t.certainty) AS certainty FROM touched t
	GROUP BY t.product, t.serial) AS a
LEFT JOIN unit u ON u.product = a.product AND u.serial = a.serial
LEFT JOIN shipment s ON s.id = u.shipment
LEFT JOIN inventory i ON i.product = a.product AND i.serial = a.serial
ORDER BY a.product, a.serial;

--- How many, and where.
-- view recall.affected_counts recall.read supplier:id part_lot:id kind:id within:id id:id
WITH RECURSIVE start (kind, within, id) AS (
	SELECT coalesce(:kind, 'part_lot'), coalesce(:within, :supplier, ''), coalesce(:id, :part_lot)
), lot (supplier, part_lot) AS (
	SELECT s.within, s.id FROM start s WHERE s.kind = 'part_lot'
	UNION SELECT p.supplier, p.part_lot FROM start s JOIN part_lot p ON p.supplier = s.id
	WHERE s.kind = 'supplier'
	UNION SELECT p.supplier, p.part_lot FROM start s JOIN unit_part p ON p.supplier = s.id
	WHERE s.kind = 'supplier' AND p.until IS NULL
	UNION SELECT o.supplier, o.part_lot FROM start s JOIN part_lot_origin o ON o.supplier = s.id
	WHERE s.kind = 'supplier'
	UNION SELECT p.supplier, p.part_lot FROM start s
	JOIN part_lot p ON p.supplier = s.within AND p.date_code = s.id WHERE s.kind = 'date_code'
	UNION SELECT o.supplier, o.part_lot FROM lot
	JOIN part_lot_origin o ON o.supplier = lot.supplier AND o.from_part_lot = lot.part_lot
), touched (product, serial, certainty) AS (
	SELECT p.product, p.serial, p.certainty FROM lot
	JOIN unit_part p ON p.supplier = lot.supplier AND p.part_lot = lot.part_lot
	WHERE p.until IS NULL
	UNION SELECT u.product, u.serial, 'certain' FROM start s
	JOIN unit u ON u.product = s.within AND u.serial = s.id WHERE s.kind = 'unit'
	UNION SELECT c.product, c.serial, 'certain' FROM start s
	JOIN unit_component c ON c.component_product = s.within AND c.component_serial = s.id
	WHERE s.kind = 'unit' AND c.until IS NULL
	UNION SELECT t.product, t.serial, 'certain' FROM start s JOIN unit_touch t ON t.station = s.id
	WHERE s.kind = 'station'
	UNION SELECT t.product, t.serial, 'certain' FROM start s JOIN unit_touch t ON t.operator = s.id
	WHERE s.kind = 'operator'
	UNION SELECT u.product, u.serial, 'certain' FROM start s JOIN unit u ON u.firmware_release = s.id
	WHERE s.kind = 'firmware_release'
	UNION SELECT b.product, b.serial, 'certain' FROM start s
	JOIN inventory b ON b.firmware_release = s.id WHERE s.kind = 'firmware_release'
	UNION SELECT u.product, u.serial, 'certain' FROM start s
	JOIN unit u ON u.build_authorization = s.id WHERE s.kind = 'build_authorization'
	UNION SELECT c.product, c.serial, t.certainty FROM touched t
	JOIN unit_component c ON c.component_product = t.product AND c.component_serial = t.serial
	WHERE c.until IS NULL
)
SELECT coalesce(u.site, '') AS site, coalesce(u.line, '') AS line, a.product,
	coalesce(u.environment, '') AS environment, coalesce(u.state, 'unknown') AS state,
	a.certainty, count(*) AS units
FROM (SELECT t.product, t.serial, min(t.certainty) AS certainty FROM touched t
	GROUP BY t.product, t.serial) AS a
LEFT JOIN unit u ON u.product = a.product AND u.serial = a.serial
GROUP BY coalesce(u.site, ''), coalesce(u.line, ''), a.product, coalesce(u.environment, ''),
	coalesce(u.state, 'unknown'), a.certainty
ORDER BY site, line, a.product, environment, state, a.certainty;

--- What is not in a unit yet: in stock, or issued to a line.
-- view recall.affected_stock recall.read supplier:id part_lot:id kind:id within:id id:id
WITH RECURSIVE start (kind, within, id) AS (
	SELECT coalesce(:kind, 'part_lot'), coalesce(:within, :supplier, ''), coalesce(:id, :part_lot)
), lot (supplier, part_lot) AS (
	SELECT s.within, s.id FROM start s WHERE s.kind = 'part_lot'
	UNION SELECT p.supplier, p.part_lot FROM start s JOIN part_lot p ON p.supplier = s.id
	WHERE s.kind = 'supplier'
	UNION SELECT p.supplier, p.part_lot FROM start s JOIN unit_part p ON p.supplier = s.id
	WHERE s.kind = 'supplier' AND p.until IS NULL
	UNION SELECT o.supplier, o.part_lot FROM start s JOIN part_lot_origin o ON o.supplier = s.id
	WHERE s.kind = 'supplier'
	UNION SELECT p.supplier, p.part_lot FROM start s
	JOIN part_lot p ON p.supplier = s.within AND p.date_code = s.id WHERE s.kind = 'date_code'
	UNION SELECT o.supplier, o.part_lot FROM lot
	JOIN part_lot_origin o ON o.supplier = lot.supplier AND o.from_part_lot = lot.part_lot
)
SELECT p.site, p.supplier, p.part_lot, p.part, p.date_code,
	p.received - p.issued - p.scrapped - p.split AS in_stock, p.issued - p.consumed AS at_line,
	p.received - p.consumed - p.scrapped - p.split AS remaining,
	(SELECT count(*) FROM hold h
		WHERE h.kind = 'part_lot' AND h.within = p.supplier AND h.id = p.part_lot) AS holds
FROM lot JOIN part_lot p ON p.supplier = lot.supplier AND p.part_lot = lot.part_lot
WHERE p.received - p.consumed - p.scrapped - p.split > 0
ORDER BY p.supplier, p.part_lot;

--- Which part lots the way leads through, and what each was split from; '' where it came from the source itself.
-- view recall.affected_lots recall.read kind:id within:id id:id
WITH RECURSIVE start (kind, within, id) AS (
	SELECT coalesce(:kind, 'part_lot'), coalesce(:within, ''), :id
), lot (supplier, part_lot, from_part_lot) AS (
	SELECT s.within, s.id, '' FROM start s WHERE s.kind = 'part_lot'
	UNION SELECT p.supplier, p.part_lot, '' FROM start s JOIN part_lot p ON p.supplier = s.id
	WHERE s.kind = 'supplier'
	UNION SELECT p.supplier, p.part_lot, '' FROM start s JOIN unit_part p ON p.supplier = s.id
	WHERE s.kind = 'supplier' AND p.until IS NULL
	UNION SELECT o.supplier, o.part_lot, '' FROM start s JOIN part_lot_origin o ON o.supplier = s.id
	WHERE s.kind = 'supplier'
	UNION SELECT p.supplier, p.part_lot, '' FROM start s
	JOIN part_lot p ON p.supplier = s.within AND p.date_code = s.id WHERE s.kind = 'date_code'
	UNION SELECT o.supplier, o.part_lot, o.from_part_lot FROM lot
	JOIN part_lot_origin o ON o.supplier = lot.supplier AND o.from_part_lot = lot.part_lot
)
SELECT p.site, l.supplier, l.part_lot, l.from_part_lot, p.part,
	p.received - p.consumed - p.scrapped - p.split AS remaining
FROM lot l LEFT JOIN part_lot p ON p.supplier = l.supplier AND p.part_lot = l.part_lot
ORDER BY l.supplier, l.part_lot, l.from_part_lot;

--- The way of recall.affected_units in bundles: how many units of a product, that are as far and at one place,
--- came by what: a part lot, units of another product that are as far (`via_id`), or the source itself (''). A
--- unit that came by several ways counts for each; under `via_kind` any it counts once.
-- view recall.affected_flow recall.read kind:id within:id id:id via_kind=text via_within=text via_id=text bundle=text
WITH RECURSIVE start (kind, within, id) AS (
	SELECT coalesce(:kind, 'part_lot'), coalesce(:within, ''), :id
), lot (supplier, part_lot, from_part_lot) AS (
	SELECT s.within, s.id, '' FROM start s WHERE s.kind = 'part_lot'
	UNION SELECT p.supplier, p.part_lot, '' FROM start s JOIN part_lot p ON p.supplier = s.id
	WHERE s.kind = 'supplier'
	UNION SELECT p.supplier, p.part_lot, '' FROM start s JOIN unit_part p ON p.supplier = s.id
	WHERE s.kind = 'supplier' AND p.until IS NULL
	UNION SELECT o.supplier, o.part_lot, '' FROM start s JOIN part_lot_origin o ON o.supplier = s.id
	WHERE s.kind = 'supplier'
	UNION SELECT p.supplier, p.part_lot, '' FROM start s
	JOIN part_lot p ON p.supplier = s.within AND p.date_code = s.id WHERE s.kind = 'date_code'
	UNION SELECT o.supplier, o.part_lot, o.from_part_lot FROM lot
	JOIN part_lot_origin o ON o.supplier = lot.supplier AND o.from_part_lot = lot.part_lot
), touched (product, serial, certainty, via_kind, via_within, via_id) AS (
	SELECT p.product, p.serial, p.certainty, 'part_lot', p.supplier, p.part_lot FROM lot
	JOIN unit_part p ON p.supplier = lot.supplier AND p.part_lot = lot.part_lot
	WHERE p.until IS NULL
	UNION SELECT u.product, u.serial, 'certain', '', '', '' FROM start s
	JOIN unit u ON u.product = s.within AND u.serial = s.id WHERE s.kind = 'unit'
	UNION SELECT c.product, c.serial, 'certain', 'unit', s.within, coalesce(u.state, 'unknown') FROM start s
	JOIN unit_component c ON c.component_product = s.within AND c.component_serial = s.id
	LEFT JOIN unit u ON u.product = s.within AND u.serial = s.id
	WHERE s.kind = 'unit' AND c.until IS NULL
	UNION SELECT t.product, t.serial, 'certain', '', '', '' FROM start s
	JOIN unit_touch t ON t.station = s.id WHERE s.kind = 'station'
	UNION SELECT t.product, t.serial, 'certain', '', '', '' FROM start s
	JOIN unit_touch t ON t.operator = s.id WHERE s.kind = 'operator'
	UNION SELECT u.product, u.serial, 'certain', '', '', '' FROM start s
	JOIN unit u ON u.firmware_release = s.id WHERE s.kind = 'firmware_release'
	UNION SELECT b.product, b.serial, 'certain', '', '', '' FROM start s
	JOIN inventory b ON b.firmware_release = s.id WHERE s.kind = 'firmware_release'
	UNION SELECT u.product, u.serial, 'certain', '', '', '' FROM start s
	JOIN unit u ON u.build_authorization = s.id WHERE s.kind = 'build_authorization'
	UNION SELECT c.product, c.serial, t.certainty, 'unit', t.product, coalesce(u.state, 'unknown')
	FROM touched t
	JOIN unit_component c ON c.component_product = t.product AND c.component_serial = t.serial
	LEFT JOIN unit u ON u.product = t.product AND u.serial = t.serial
	WHERE c.until IS NULL
)
SELECT coalesce(u.site, '') AS site, coalesce(u.line, '') AS line, a.product,
	coalesce(u.environment, '') AS environment, coalesce(u.state, 'unknown') AS state,
	coalesce(u.shipment, '') AS shipment, a.via_kind, a.via_within, a.via_id, a.certainty,
	coalesce(u.state, 'unknown') || ' ' || coalesce(u.shipment, '') || ' ' || a.via_kind || ' ' || a.via_within
		|| ' ' || a.via_id || ' ' || a.certainty AS bundle,
	count(*) AS units
FROM (SELECT t.product, t.serial, t.via_kind, t.via_within, t.via_id, min(t.certainty) AS certainty
	FROM touched t GROUP BY t.product, t.serial, t.via_kind, t.via_within, t.via_id
	UNION ALL SELECT t.product, t.serial, 'any', '', '', min(t.certainty) FROM touched t
	GROUP BY t.product, t.serial) AS a
LEFT JOIN unit u ON u.product = a.product AND u.serial = a.serial
GROUP BY coalesce(u.site, ''), coalesce(u.line, ''), a.product, coalesce(u.environment, ''),
	coalesce(u.state, 'unknown'), coalesce(u.shipment, ''), a.via_kind, a.via_within, a.via_id,
	a.certainty
ORDER BY site, line, a.product, environment, bundle;

--- One row of recall.affected_units, for what the genealogy in memory found.
-- view recall.affected_unit recall.read product:id serial:id
SELECT u.site, u.line, a.product, u.environment, a.serial, u.state, u.build_authorization,
	u.firmware_release, u.shipment, s.state AS shipment_state, s.site AS shipment_site,
	s.holder AS shipment_holder, i.at AS last_seen,
	(SELECT count(*) FROM hold h
		WHERE h.kind = 'unit' AND h.within = a.product AND h.id = a.serial) AS holds
FROM (SELECT :product AS product, :serial AS serial
	WHERE :product IS NOT NULL AND :serial IS NOT NULL) AS a
LEFT JOIN unit u ON u.product = a.product AND u.serial = a.serial
LEFT JOIN shipment s ON s.id = u.shipment
LEFT JOIN inventory i ON i.product = a.product AND i.serial = a.serial
ORDER BY a.product, a.serial;

--- Backward: every part lot in a unit and its components, what it was split from, and its supplier.
-- view recall.unit_parts recall.read product:id serial:id
WITH RECURSIVE inside (product, serial) AS (
	SELECT :product, :serial
	UNION SELECT c.component_product, c.component_serial FROM inside i
	JOIN unit_component c ON c.product = i.product AND c.serial = i.serial
	WHERE c.until IS NULL
), lot (product, serial, supplier, part_lot, part, certainty) AS (
	SELECT p.product, p.serial, p.supplier, p.part_lot, p.part, p.certainty FROM inside i
	JOIN unit_part p ON p.product = i.product AND p.serial = i.serial
	WHERE p.until IS NULL
	UNION SELECT l.product, l.serial, l.supplier, o.from_part_lot, l.part, l.certainty FROM lot l
	JOIN part_lot_origin o ON o.supplier = l.supplier AND o.part_lot = l.part_lot
)
SELECT u.site, l.product, l.serial, l.supplier, l.part_lot, l.part, l.certainty, p.date_code,
	p.conformance_certificate, s.state AS supplier_state, s.expires,
	(SELECT count(*) FROM hold h
		WHERE h.kind = 'part_lot' AND h.within = l.supplier AND h.id = l.part_lot) AS holds
FROM lot l
LEFT JOIN unit u ON u.product = l.product AND u.serial = l.serial
LEFT JOIN part_lot p ON p.supplier = l.supplier AND p.part_lot = l.part_lot
LEFT JOIN supplier s ON s.id = l.supplier
ORDER BY l.product, l.serial, l.supplier, l.part_lot, l.part, l.certainty;

--- The same as a tree: what a unit was made of (`id`), and of what (`of_id`) that is a part.
-- view recall.origins recall.read product:id serial:id of_kind=text
WITH RECURSIVE inside (product, serial) AS (
	SELECT :product, :serial
	UNION SELECT c.component_product, c.component_serial FROM inside i
	JOIN unit_component c ON c.product = i.product AND c.serial = i.serial
	WHERE c.until IS NULL
), lot (product, serial, supplier, part_lot) AS (
	SELECT p.product, p.serial, p.supplier, p.part_lot FROM inside i
	JOIN unit_part p ON p.product = i.product AND p.serial = i.serial
	WHERE p.until IS NULL
	UNION SELECT l.product, l.serial, l.supplier, o.from_part_lot FROM lot l
	JOIN part_lot_origin o ON o.supplier = l.supplier AND o.part_lot = l.part_lot
), link (product, serial, kind, within, id, of_kind, of_within, of_id, certainty) AS (
	SELECT i.product, i.serial, 'unit', c.component_product, c.component_serial, 'unit', i.product,
		i.serial, 'certain'
	FROM inside i JOIN unit_component c ON c.product = i.product AND c.serial = i.serial
	WHERE c.until IS NULL
	UNION SELECT i.product, i.serial, 'part_lot', p.supplier, p.part_lot, 'unit', i.product,
		i.serial, min(p.certainty)
	FROM inside i JOIN unit_part p ON p.product = i.product AND p.serial = i.serial
	WHERE p.until IS NULL GROUP BY i.product, i.serial, p.supplier, p.part_lot
	UNION SELECT l.product, l.serial, 'part_lot', o.supplier, o.from_part_lot, 'part_lot',
		o.supplier, o.part_lot, 'certain'
	FROM lot l JOIN part_lot_origin o ON o.supplier = l.supplier AND o.part_lot = l.part_lot
	UNION SELECT l.product, l.serial, 'supplier', '', l.supplier, 'part_lot', l.supplier,
		l.part_lot, 'certain'
	FROM lot l
)
SELECT u.site, u.line, k.product, u.environment, k.serial, k.kind, k.within, k.id, k.of_kind,
	k.of_within, k.of_id, k.certainty
FROM link k LEFT JOIN unit u ON u.product = k.product AND u.serial = k.serial
ORDER BY k.of_kind, k.of_within, k.of_id, k.kind, k.within, k.id;

--- How exact an answer about affected units is: pieces that should still be there, to be counted.
-- view recall.part_lot_balance recall.read supplier:id part_lot:id
SELECT p.site, p.supplier, p.part_lot, p.part, p.received, p.consumed, p.scrapped, p.split,
	p.received - p.consumed - p.scrapped - p.split AS remaining
FROM part_lot p
WHERE (:supplier IS NULL OR p.supplier = :supplier) AND (:part_lot IS NULL OR p.part_lot = :part_lot)
ORDER BY p.supplier, p.part_lot;
