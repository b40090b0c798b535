--- SPDX-License-Identifier: Apache-2.0
--- What other systems call the same thing: found from either side.

-- table reference key kind, within, id, system, number
kind TEXT
within TEXT
id TEXT
system TEXT
number TEXT
author TEXT NOT NULL
since BIGINT NOT NULL
index number, system

--- Where the thing is decides who may write about it; what we do not know, only those without limits may.
-- scope reference.named
SELECT coalesce(u.site, p.site, s.site, l.site, t.site, b.site,
		CASE WHEN r.kind = 'site' THEN r.id WHEN r.kind = 'line' THEN r.within END) AS site,
	coalesce(u.line, t.line, b.line, CASE WHEN r.kind = 'line' THEN r.id END) AS line, t.id AS station,
	coalesce(u.product, f.product, b.product, CASE WHEN r.kind = 'product' THEN r.id
		WHEN r.kind = 'bom' THEN r.within END) AS product,
	coalesce(p.supplier, CASE WHEN r.kind = 'supplier' THEN r.id END) AS supplier
FROM (SELECT :kind AS kind, coalesce(:within, '') AS within, :id AS id) AS r
LEFT JOIN unit u ON r.kind = 'unit' AND u.product = r.within AND u.serial = r.id
LEFT JOIN part_lot p ON r.kind = 'part_lot' AND p.supplier = r.within AND p.part_lot = r.id
LEFT JOIN shipment s ON r.kind = 'shipment' AND s.id = r.id
LEFT JOIN seal l ON r.kind = 'seal' AND l.maker = r.within AND l.seal = r.id
LEFT JOIN station t ON r.kind = 'station' AND t.id = r.id
LEFT JOIN firmware_release f ON r.kind = 'firmware_release' AND f.id = r.id
LEFT JOIN build_authorization b ON r.kind = 'build_authorization' AND b.id = r.id;

-- refuse reference.added reference.ended REFERENCE_NAMES_NOTHING
SELECT :kind AS kind, :id AS id
WHERE (:kind IN ('unit', 'part_lot', 'seal', 'line', 'bom') AND :within IS NULL)
OR (:kind NOT IN ('unit', 'part_lot', 'seal', 'line', 'bom') AND :within IS NOT NULL);

-- refuse reference.added REFERENCE_EXISTS
SELECT r.kind, r.id, r.system, r.number FROM reference r
WHERE r.kind = :kind AND r.within = coalesce(:within, '') AND r.id = :id AND r.system = :system
AND r.number = :number;

-- refuse reference.added REFERENCE_BLANK
SELECT :kind AS kind, :id AS id WHERE trim(:number) = '' OR trim(:number) <> :number;

-- refuse reference.ended REFERENCE_UNKNOWN
SELECT :kind AS kind, :id AS id, :system AS system, :number AS number
WHERE NOT EXISTS (SELECT 1 FROM reference r
	WHERE r.kind = :kind AND r.within = coalesce(:within, '') AND r.id = :id
	AND r.system = :system AND r.number = :number);

-- fold reference.added
INSERT INTO reference (kind, within, id, system, number, author, since)
SELECT :kind, coalesce(:within, ''), :id, :system, :number, :author, :seq WHERE true
ON CONFLICT (kind, within, id, system, number) DO NOTHING;

-- fold reference.ended
DELETE FROM reference WHERE kind = :kind AND within = coalesce(:within, '') AND id = :id
AND system = :system AND number = :number;

-- view reference.of reference.read kind:id within:id id:id
SELECT coalesce(u.site, p.site, s.site, l.site, t.site, b.site,
		CASE WHEN r.kind = 'site' THEN r.id WHEN r.kind = 'line' THEN r.within END) AS site,
	coalesce(u.line, t.line, b.line, CASE WHEN r.kind = 'line' THEN r.id END) AS line, t.id AS station,
	coalesce(u.product, f.product, b.product, CASE WHEN r.kind = 'product' THEN r.id
		WHEN r.kind = 'bom' THEN r.within END) AS product,
	coalesce(p.supplier, CASE WHEN r.kind = 'supplier' THEN r.id END) AS supplier,
	r.kind, r.within, r.id, r.system, r.number, r.author, r.since
FROM reference r
LEFT JOIN unit u ON r.kind = 'unit' AND u.product = r.within AND u.serial = r.id
LEFT JOIN part_lot p ON r.kind = 'part_lot' AND p.supplier = r.within AND p.part_lot = r.id
LEFT JOIN shipment s ON r.kind = 'shipment' AND s.id = r.id
LEFT JOIN seal l ON r.kind = 'seal' AND l.maker = r.within AND l.seal = r.id
LEFT JOIN station t ON r.kind = 'station' AND t.id = r.id
LEFT JOIN firmware_release f ON r.kind = 'firmware_release' AND f.id = r.id
LEFT JOIN build_authorization b ON r.kind = 'build_authorization' AND b.id = r.id
WHERE r.kind = :kind AND r.within = coalesce(:within, '') AND r.id = :id
ORDER BY r.system, r.number;

-- view reference.find reference.read number:text system:id
SELECT coalesce(u.site, p.site, s.site, l.site, t.site, b.site,
		CASE WHEN r.kind = 'site' THEN r.id WHEN r.kind = 'line' THEN r.within END) AS site,
	coalesce(u.line, t.line, b.line, CASE WHEN r.kind = 'line' THEN r.id END) AS line, t.id AS station,
	coalesce(u.product, f.product, b.product, CASE WHEN r.kind = 'product' THEN r.id
		WHEN r.kind = 'bom' THEN r.within END) AS product,
	coalesce(p.supplier, CASE WHEN r.kind = 'supplier' THEN r.id END) AS supplier,
	r.kind, r.within, r.id, r.system, r.number, r.author, r.since
FROM reference r
LEFT JOIN unit u ON r.kind = 'unit' AND u.product = r.within AND u.serial = r.id
LEFT JOIN part_lot p ON r.kind = 'part_lot' AND p.supplier = r.within AND p.part_lot = r.id
LEFT JOIN shipment s ON r.kind = 'shipment' AND s.id = r.id
LEFT JOIN seal l ON r.kind = 'seal' AND l.maker = r.within AND l.seal = r.id
LEFT JOIN station t ON r.kind = 'station' AND t.id = r.id
LEFT JOIN firmware_release f ON r.kind = 'firmware_release' AND f.id = r.id
LEFT JOIN build_authorization b ON r.kind = 'build_authorization' AND b.id = r.id
WHERE r.number = :number AND (:system IS NULL OR r.system = :system)
ORDER BY r.kind, r.within, r.id, r.system, r.number;
