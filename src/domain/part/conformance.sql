--- SPDX-License-Identifier: Apache-2.0
--- Conformance certificates of part lots: who brought one, and so what it is worth. Nobody claims a
--- grade: it is `signed` when the supplier's own principal signed the record, `uploaded` when it came
--- through a one-time link, `vouched` when our receiver brought the paper, and `missing` without any.

--- One row a certificate. The better a grade, the earlier it stands in the alphabet: min(grade) is the
--- best of several, and a greater one is a worse one.
-- table conformance key seq
seq BIGINT
supplier TEXT NOT NULL
part_lot TEXT NOT NULL
grade TEXT NOT NULL
document BLOB NOT NULL
author TEXT NOT NULL
at BIGINT NOT NULL
name TEXT
part TEXT
date_code TEXT
quantity BIGINT
seal TEXT
link BLOB
index supplier, part_lot
index link, part_lot

--- A link is known by SHA-256 of its token, which is nowhere.
-- table conformance_link key link
link BLOB
supplier TEXT NOT NULL
part_lot TEXT
expires BIGINT NOT NULL
author TEXT NOT NULL
since BIGINT NOT NULL
index supplier

-- scope conformance.of_supplier
SELECT :supplier AS supplier;

-- scope conformance.at_site
SELECT :site AS site, :supplier AS supplier;

--- ---- by the supplier ----

-- refuse conformance.declared SUPPLIER_UNKNOWN
SELECT :supplier AS supplier WHERE NOT EXISTS (SELECT 1 FROM supplier s WHERE s.id = :supplier);

-- refuse conformance.declared CONFORMANCE_NOT_BY_SUPPLIER
SELECT :supplier AS supplier, :author AS author WHERE NOT EXISTS (SELECT 1 FROM principal p
	WHERE p.id = :author AND p.kind = 'supplier' AND p.supplier = :supplier);

-- refuse conformance.declared PART_UNKNOWN
SELECT :part AS part WHERE NOT EXISTS (SELECT 1 FROM part p WHERE p.id = :part);

--- What arrived before its declaration is compared now.
-- flag conformance.declared PART_LOT_DIFFERS_FROM_DECLARED
SELECT 'part_lot' AS kind, p.supplier AS within, p.part_lot AS id, p.part_lot, p.supplier
FROM part_lot p WHERE p.supplier = :supplier AND p.part_lot = :part_lot
AND (p.part <> :part OR (:quantity IS NOT NULL AND p.received <> :quantity)
	OR (:date_code IS NOT NULL AND p.date_code IS DISTINCT FROM :date_code));

-- flag conformance.declared PART_LOT_SEAL_DIFFERS
SELECT 'part_lot' AS kind, p.supplier AS within, p.part_lot AS id, p.part_lot, :seal AS expected,
	coalesce(p.seal, 'none') AS found
FROM part_lot p WHERE p.supplier = :supplier AND p.part_lot = :part_lot
AND :seal IS NOT NULL AND p.seal IS DISTINCT FROM :seal;

-- fold conformance.declared
INSERT INTO conformance (seq, supplier, part_lot, grade, document, author, at, part, date_code,
	quantity, seal)
SELECT :seq, :supplier, :part_lot, 'signed', :document, :author, :at, :part, :date_code,
	:quantity, :seal
WHERE true ON CONFLICT (seq) DO NOTHING;

--- ---- through a link ----

-- refuse conformance.link_given SUPPLIER_UNKNOWN
SELECT :supplier AS supplier WHERE NOT EXISTS (SELECT 1 FROM supplier s WHERE s.id = :supplier);

-- refuse conformance.link_given CONFORMANCE_LINK_EXISTS
SELECT l.supplier FROM conformance_link l WHERE l.link = :link;

-- refuse conformance.link_given CONFORMANCE_LINK_TIME_WRONG
SELECT :supplier AS supplier WHERE :expires <= :at OR :expires - :at > 7948800000;

-- fold conformance.link_given
INSERT INTO conformance_link (link, supplier, part_lot, expires, author, since)
SELECT :link, :supplier, :part_lot, :expires, :author, :seq WHERE true
ON CONFLICT (link) DO NOTHING;

--- The server asks before it records: what is found here passed it by, and counts for nothing.
-- flag conformance.uploaded CONFORMANCE_LINK_NOT_OPEN
SELECT :supplier AS supplier, :part_lot AS part_lot
WHERE NOT EXISTS (SELECT 1 FROM conformance_link l WHERE l.link = :link
	AND l.supplier = :supplier AND l.expires > :at
	AND (l.part_lot IS NULL OR l.part_lot = :part_lot))
OR EXISTS (SELECT 1 FROM conformance c WHERE c.link = :link AND c.part_lot = :part_lot)
OR (SELECT count(*) FROM conformance c WHERE c.link = :link) >= 100;

-- fold conformance.uploaded
INSERT INTO conformance (seq, supplier, part_lot, grade, document, author, at, name, link)
SELECT :seq, :supplier, :part_lot, 'uploaded', :document, :author, :at, :name, :link
WHERE :flagged = 0 ON CONFLICT (seq) DO NOTHING;

--- ---- by our receiver ----

--- The receiver of another site never saw it.
-- flag conformance.vouched PART_LOT_UNKNOWN
SELECT :supplier AS supplier, :part_lot AS part_lot WHERE NOT EXISTS (SELECT 1 FROM part_lot p
	WHERE p.supplier = :supplier AND p.part_lot = :part_lot AND p.site = :site);

-- fold conformance.vouched
INSERT INTO conformance (seq, supplier, part_lot, grade, document, author, at)
SELECT :seq, :supplier, :part_lot, 'vouched', :document, :author, :at
WHERE :flagged = 0 ON CONFLICT (seq) DO NOTHING;

--- A part lot goes to the line only with a certificate of the grade that the bills need: those in force, and
--- those that something is being built by. What was split off has what it was split from: the split made it,
--- and nothing of another origin lay under its number before.
-- control SRC-02 gate:kit
WITH RECURSIVE origin (supplier, part_lot) AS (
	SELECT p.supplier, p.part_lot FROM part_lot p
	WHERE :kind = 'part_lot' AND p.supplier = :within AND p.part_lot = :id
	UNION SELECT o.supplier, o.from_part_lot FROM origin x
	JOIN part_lot_origin o ON o.supplier = x.supplier AND o.part_lot = x.part_lot
	JOIN part_lot m ON m.supplier = o.supplier AND m.part_lot = o.part_lot
	AND m.since = o.since
), best (grade) AS (
	SELECT coalesce(min(c.grade), 'missing') FROM origin x
	JOIN conformance c ON c.supplier = x.supplier AND c.part_lot = x.part_lot
), needed (grade) AS (
	SELECT coalesce(l.conformance,
		CASE WHEN l.critical = 1 OR q.critical = 1 THEN 'vouched' ELSE 'none' END)
	FROM part_lot p JOIN bom_line l ON l.part = p.part
	JOIN bom b ON b.product = l.product AND b.revision = l.revision
	LEFT JOIN part q ON q.id = p.part
	WHERE :kind = 'part_lot' AND p.supplier = :within AND p.part_lot = :id
	AND (b.state = 'released' OR EXISTS (SELECT 1 FROM build_authorization a
		WHERE a.product = b.product AND a.revision = b.revision AND a.valid_until > :at))
)
SELECT n.grade AS expected, b.grade AS found
FROM (SELECT min(m.grade) AS grade FROM needed m WHERE m.grade <> 'none') AS n
JOIN best b ON b.grade = 'missing' OR b.grade > n.grade
WHERE n.grade IS NOT NULL;

--- Every certificate that speaks for a part lot, the best first.
-- view conformance.of part.read supplier:id part_lot:id
WITH RECURSIVE origin (supplier, part_lot) AS (
	SELECT :supplier AS supplier, :part_lot AS part_lot
	UNION SELECT o.supplier, o.from_part_lot FROM origin x
	JOIN part_lot_origin o ON o.supplier = x.supplier AND o.part_lot = x.part_lot
	JOIN part_lot m ON m.supplier = o.supplier AND m.part_lot = o.part_lot
	AND m.since = o.since
)
SELECT c.supplier, c.part_lot, c.grade, c.document, c.name, c.part, c.date_code, c.quantity, c.seal,
	c.author, c.at, c.seq
FROM origin x JOIN conformance c ON c.supplier = x.supplier AND c.part_lot = x.part_lot
ORDER BY c.grade, c.seq;

-- view conformance.links part.read supplier:id
SELECT l.supplier, l.part_lot, l.link, l.expires, l.author, l.since,
	(SELECT count(*) FROM conformance c WHERE c.link = l.link) AS uploads
FROM conformance_link l WHERE (:supplier IS NULL OR l.supplier = :supplier)
ORDER BY l.supplier, l.link;
