--- SPDX-License-Identifier: Apache-2.0
--- Parts, bills of material and part lots. Quantities of a part lot always add up:
--- received = consumed in units + scrapped + split off + what is left.

-- table part key id
id TEXT
description TEXT NOT NULL
manufacturer TEXT
manufacturer_part TEXT
critical BIGINT NOT NULL
since BIGINT NOT NULL
index manufacturer_part

-- table part_source key part, supplier
part TEXT
supplier TEXT
approver TEXT NOT NULL
since BIGINT NOT NULL
index supplier

-- table bom key product, revision
product TEXT
revision TEXT
state TEXT NOT NULL
line_count BIGINT
author TEXT NOT NULL
since BIGINT NOT NULL

-- table bom_line key product, revision, id
product TEXT
revision TEXT
id TEXT
part TEXT NOT NULL
quantity BIGINT NOT NULL
designators TEXT
critical BIGINT NOT NULL
conformance TEXT
index part

-- table part_lot key supplier, part_lot
supplier TEXT
part_lot TEXT
part TEXT NOT NULL
site TEXT NOT NULL
date_code TEXT
shipment TEXT
conformance_certificate BLOB
manufacturer_part TEXT
seal TEXT
purchase_order TEXT
received BIGINT NOT NULL
issued BIGINT NOT NULL
consumed BIGINT NOT NULL
scrapped BIGINT NOT NULL
split BIGINT NOT NULL
since BIGINT NOT NULL
index part
index site

-- table part_lot_origin key supplier, part_lot, from_part_lot
supplier TEXT
part_lot TEXT
from_part_lot TEXT
quantity BIGINT NOT NULL
since BIGINT NOT NULL
index supplier, from_part_lot

-- table part_issue key seq
seq BIGINT
supplier TEXT NOT NULL
part_lot TEXT NOT NULL
build_authorization TEXT NOT NULL
line TEXT NOT NULL
quantity BIGINT NOT NULL
index build_authorization

-- scope part.from_supplier
SELECT :supplier AS supplier;

-- scope part.for_product
SELECT :product AS product;

-- scope part.lot_at_site
SELECT :site AS site, :supplier AS supplier;

-- scope part.lot_to_line
SELECT :site AS site, :line AS line, :supplier AS supplier;

-- refuse part.defined PART_EXISTS
SELECT p.id AS part FROM part p WHERE p.id = :part;

-- fold part.defined
INSERT INTO part (id, description, manufacturer, manufacturer_part, critical, since)
SELECT :part, :description, :manufacturer, :manufacturer_part, :critical, :seq WHERE true
ON CONFLICT (id) DO NOTHING;

-- refuse part.source_approved PART_UNKNOWN
SELECT :part AS part WHERE NOT EXISTS (SELECT 1 FROM part p WHERE p.id = :part);

-- refuse part.source_approved SUPPLIER_UNKNOWN
SELECT :supplier AS supplier WHERE NOT EXISTS (SELECT 1 FROM supplier s WHERE s.id = :supplier);

-- fold part.source_approved
INSERT INTO part_source (part, supplier, approver, since)
SELECT :part, :supplier, :author, :seq WHERE true ON CONFLICT (part, supplier) DO NOTHING;

-- refuse bom.lines_added PRODUCT_UNKNOWN
SELECT :product AS product WHERE NOT EXISTS (SELECT 1 FROM product p WHERE p.id = :product);

-- refuse bom.lines_added BOM_ALREADY_RELEASED
SELECT b.product, b.revision FROM bom b
WHERE b.product = :product AND b.revision = :revision AND b.state <> 'draft';

-- fold bom.lines_added
INSERT INTO bom (product, revision, state, author, since)
SELECT :product, :revision, 'draft', :author, :seq WHERE true
ON CONFLICT (product, revision) DO NOTHING;

-- fold bom.lines_added each lines
INSERT INTO bom_line (product, revision, id, part, quantity, designators, critical, conformance)
SELECT :product, :revision, :lines.line, :lines.part, :lines.quantity, :lines.designators,
	coalesce(:lines.critical, 0), :lines.conformance
WHERE true ON CONFLICT (product, revision, id) DO NOTHING;

-- refuse bom.released PRODUCT_UNKNOWN
SELECT :product AS product WHERE NOT EXISTS (SELECT 1 FROM product p WHERE p.id = :product);

-- refuse bom.released BOM_ALREADY_RELEASED
SELECT b.product, b.revision FROM bom b
WHERE b.product = :product AND b.revision = :revision AND b.state <> 'draft';

-- refuse bom.released BOM_LINE_COUNT_DIFFERS
SELECT :product AS product, :revision AS revision, :line_count AS expected, t.n AS found
FROM (SELECT count(*) + coalesce(:lines.count, 0) AS n FROM bom_line l
	WHERE l.product = :product AND l.revision = :revision) AS t
WHERE t.n <> :line_count;

-- fold bom.released each lines
INSERT INTO bom_line (product, revision, id, part, quantity, designators, critical, conformance)
SELECT :product, :revision, :lines.line, :lines.part, :lines.quantity, :lines.designators,
	coalesce(:lines.critical, 0), :lines.conformance
WHERE true ON CONFLICT (product, revision, id) DO NOTHING;

-- fold bom.released
UPDATE bom SET state = 'replaced' WHERE product = :product AND state = 'released';

-- fold bom.released
INSERT INTO bom (product, revision, state, line_count, author, since)
SELECT :product, :revision, 'released', :line_count, :author, :seq WHERE true
ON CONFLICT (product, revision) DO UPDATE SET state = 'released',
	line_count = excluded.line_count, author = excluded.author, since = excluded.since;

-- flag part_lot.received PART_LOT_RECEIVED_TWICE
SELECT 'part_lot' AS kind, p.supplier AS within, p.part_lot AS id, p.supplier, p.part_lot
FROM part_lot p WHERE p.supplier = :supplier AND p.part_lot = :part_lot;

-- flag part_lot.received PART_UNKNOWN
SELECT 'part_lot' AS kind, :supplier AS within, :part_lot AS id, :part AS part
WHERE NOT EXISTS (SELECT 1 FROM part p WHERE p.id = :part);

-- flag part_lot.received SUPPLIER_NOT_APPROVED
SELECT 'part_lot' AS kind, :supplier AS within, :part_lot AS id, :supplier AS supplier
WHERE NOT EXISTS (SELECT 1 FROM supplier s
	WHERE s.id = :supplier AND s.state = 'approved' AND s.expires > :at);

-- flag part_lot.received PART_SOURCE_NOT_APPROVED
SELECT 'part_lot' AS kind, :supplier AS within, :part_lot AS id, :part AS part,
	:supplier AS supplier
WHERE NOT EXISTS (SELECT 1 FROM part_source s WHERE s.part = :part AND s.supplier = :supplier);

-- flag part_lot.received PART_LOT_PACKAGING_OPENED
SELECT 'part_lot' AS kind, :supplier AS within, :part_lot AS id, :part_lot AS part_lot
WHERE :packaging = 'opened' OR (coalesce(:packaging, 'none') = 'none'
	AND EXISTS (SELECT 1 FROM part p WHERE p.id = :part AND p.critical = 1));

--- It may have come before its part lot: signed by the supplier, or through a link.
-- flag part_lot.received CONFORMANCE_CERTIFICATE_MISSING
SELECT 'part_lot' AS kind, :supplier AS within, :part_lot AS id, :part_lot AS part_lot,
	p.id AS part
FROM part p WHERE p.id = :part AND p.critical = 1 AND :conformance_certificate IS NULL
AND NOT EXISTS (SELECT 1 FROM conformance c
	WHERE c.supplier = :supplier AND c.part_lot = :part_lot);

-- flag part_lot.received PART_LOT_OTHER_PART
SELECT 'part_lot' AS kind, :supplier AS within, :part_lot AS id, :part_lot AS part_lot,
	p.manufacturer_part AS expected, :manufacturer_part AS found
FROM part p WHERE p.id = :part AND p.manufacturer_part <> :manufacturer_part;

--- Of several declarations the newest holds.
-- flag part_lot.received PART_LOT_SEAL_DIFFERS
SELECT 'part_lot' AS kind, :supplier AS within, :part_lot AS id, :part_lot AS part_lot,
	c.seal AS expected, coalesce(:seal, 'none') AS found
FROM conformance c WHERE c.seq = (SELECT max(d.seq) FROM conformance d
	WHERE d.supplier = :supplier AND d.part_lot = :part_lot AND d.grade = 'signed')
AND c.seal IS NOT NULL AND c.seal IS DISTINCT FROM :seal;

-- flag part_lot.received PART_LOT_DIFFERS_FROM_DECLARED
SELECT 'part_lot' AS kind, :supplier AS within, :part_lot AS id, :part_lot AS part_lot,
	:supplier AS supplier
FROM conformance c WHERE c.seq = (SELECT max(d.seq) FROM conformance d
	WHERE d.supplier = :supplier AND d.part_lot = :part_lot AND d.grade = 'signed')
AND (c.part <> :part OR c.quantity <> :quantity
	OR (c.date_code IS NOT NULL AND c.date_code IS DISTINCT FROM :date_code));

-- fold part_lot.received
INSERT INTO part_lot (supplier, part_lot, part, site, date_code, shipment,
	conformance_certificate, manufacturer_part, seal, purchase_order, received, issued,
	consumed, scrapped, split, since)
SELECT :supplier, :part_lot, :part, :site, :date_code, :shipment, :conformance_certificate,
	:manufacturer_part, :seal, :purchase_order, :quantity, 0, 0, 0, 0, :seq
WHERE true ON CONFLICT (supplier, part_lot) DO NOTHING;

-- fold part_lot.received
INSERT INTO conformance (seq, supplier, part_lot, grade, document, author, at)
SELECT :seq, :supplier, :part_lot, 'vouched', :conformance_certificate, :author, :at
WHERE :conformance_certificate IS NOT NULL AND EXISTS (SELECT 1 FROM part_lot p
	WHERE p.supplier = :supplier AND p.part_lot = :part_lot AND p.since = :seq)
ON CONFLICT (seq) DO NOTHING;

-- refuse part_lot.issued PART_LOT_UNKNOWN
SELECT :supplier AS supplier, :part_lot AS part_lot WHERE NOT EXISTS (SELECT 1 FROM part_lot p
	WHERE p.supplier = :supplier AND p.part_lot = :part_lot AND p.site = :site);

-- refuse part_lot.issued PART_LOT_TOO_SMALL
SELECT p.part_lot, :quantity AS expected, p.received - p.issued - p.scrapped - p.split AS found
FROM part_lot p WHERE p.supplier = :supplier AND p.part_lot = :part_lot
AND p.received - p.issued - p.scrapped - p.split < :quantity;

-- refuse part_lot.issued BUILD_AUTHORIZATION_NOT_VALID
SELECT :authorization AS authorization WHERE NOT EXISTS (SELECT 1 FROM build_authorization b
	WHERE b.id = :authorization AND b.valid_until > :at AND b.line = :line
	AND b.site = :site);

-- refuse part_lot.issued PART_NOT_IN_BOM
SELECT p.part, b.product, b.revision FROM part_lot p
JOIN build_authorization b ON b.id = :authorization
WHERE p.supplier = :supplier AND p.part_lot = :part_lot
AND NOT EXISTS (SELECT 1 FROM bom_line l
	WHERE l.product = b.product AND l.revision = b.revision AND l.part = p.part);

-- fold part_lot.issued
UPDATE part_lot SET issued = issued + :quantity
WHERE supplier = :supplier AND part_lot = :part_lot;

-- fold part_lot.issued
INSERT INTO part_issue (seq, supplier, part_lot, build_authorization, line, quantity)
SELECT :seq, :supplier, :part_lot, :authorization, :line, :quantity WHERE true
ON CONFLICT (seq) DO NOTHING;

-- flag part_lot.counted PART_LOT_UNKNOWN
SELECT 'part_lot' AS kind, :supplier AS within, :part_lot AS id, :supplier AS supplier,
	:part_lot AS part_lot
WHERE NOT EXISTS (SELECT 1 FROM part_lot p
	WHERE p.supplier = :supplier AND p.part_lot = :part_lot);

--- Too many pieces are as wrong as too few: something was added.
-- flag part_lot.counted PART_LOT_COUNT_DIFFERS
SELECT 'part_lot' AS kind, p.supplier AS within, p.part_lot AS id, p.part_lot,
	p.received - p.consumed - p.scrapped - p.split - :scrapped AS expected, :quantity AS found
FROM part_lot p WHERE p.supplier = :supplier AND p.part_lot = :part_lot
AND p.received - p.consumed - p.scrapped - p.split - :scrapped <> :quantity;

-- fold part_lot.counted
UPDATE part_lot SET scrapped = scrapped + :scrapped
WHERE supplier = :supplier AND part_lot = :part_lot;

-- flag part_lot.split PART_LOT_UNKNOWN
SELECT 'part_lot' AS kind, :supplier AS within, :part_lot AS id, :supplier AS supplier,
	:from_part_lot AS part_lot
WHERE NOT EXISTS (SELECT 1 FROM part_lot p
	WHERE p.supplier = :supplier AND p.part_lot = :from_part_lot);

-- flag part_lot.split PART_LOT_RECEIVED_TWICE
SELECT 'part_lot' AS kind, p.supplier AS within, p.part_lot AS id, p.supplier, p.part_lot
FROM part_lot p WHERE p.supplier = :supplier AND p.part_lot = :part_lot;

-- flag part_lot.split PART_LOT_TOO_SMALL
SELECT 'part_lot' AS kind, p.supplier AS within, p.part_lot AS id, p.part_lot,
	:quantity AS expected, p.received - p.consumed - p.scrapped - p.split AS found
FROM part_lot p WHERE p.supplier = :supplier AND p.part_lot = :from_part_lot
AND p.received - p.consumed - p.scrapped - p.split < :quantity;

--- Cut from a held part lot, the pieces stay held under their new number.
-- flag part_lot.split PART_LOT_SPLIT_WHILE_HELD
SELECT 'part_lot' AS kind, :supplier AS within, :part_lot AS id, :from_part_lot AS part_lot,
	count(*) AS holds
FROM hold h WHERE h.kind = 'part_lot' AND h.within = :supplier AND h.id = :from_part_lot
HAVING count(*) > 0;

--- Where it came from is kept even if the numbers cannot be right: a recall must find it.
-- fold part_lot.split
INSERT INTO part_lot_origin (supplier, part_lot, from_part_lot, quantity, since)
SELECT :supplier, :part_lot, :from_part_lot, :quantity, :seq WHERE :part_lot <> :from_part_lot
ON CONFLICT (supplier, part_lot, from_part_lot) DO NOTHING;

-- fold part_lot.split
INSERT INTO part_lot (supplier, part_lot, part, site, date_code, shipment,
	conformance_certificate, manufacturer_part, seal, purchase_order, received, issued,
	consumed, scrapped, split, since)
SELECT p.supplier, :part_lot, p.part, :site, p.date_code, p.shipment, p.conformance_certificate,
	p.manufacturer_part, p.seal, p.purchase_order, :quantity, 0, 0, 0, 0, :seq
FROM part_lot p WHERE p.supplier = :supplier AND p.part_lot = :from_part_lot
AND p.received - p.consumed - p.scrapped - p.split >= :quantity
ON CONFLICT (supplier, part_lot) DO NOTHING;

-- fold part_lot.split
UPDATE part_lot SET split = split + :quantity
WHERE supplier = :supplier AND part_lot = :from_part_lot AND EXISTS (SELECT 1 FROM part_lot n
	WHERE n.supplier = :supplier AND n.part_lot = :part_lot AND n.since = :seq);

--- A part lot goes to the line only from a supplier that may deliver this part today.
-- control SRC-01 gate:kit
SELECT 'an approved supplier' AS expected, coalesce(s.state, 'unknown') AS found
FROM (SELECT :within AS id WHERE :kind = 'part_lot') AS t LEFT JOIN supplier s ON s.id = t.id
WHERE s.state IS NULL OR s.state <> 'approved' OR s.expires IS NULL OR s.expires <= :at
UNION ALL
SELECT 'a source approved for the part', p.part FROM part_lot p
WHERE :kind = 'part_lot' AND p.supplier = :within AND p.part_lot = :id
AND NOT EXISTS (SELECT 1 FROM part_source a WHERE a.part = p.part AND a.supplier = p.supplier)
UNION ALL
SELECT 'no open hold', h.kind || ' ' || h.id || ' ' || h.code FROM hold h
WHERE :kind = 'part_lot' AND ((h.kind = 'part_lot' AND h.within = :within AND h.id = :id)
	OR (h.kind = 'supplier' AND h.within = '' AND h.id = :within));

--- Every line of the product's valid bill of material can be bought somewhere approved.
-- control SRC-01 gate:build
SELECT 'a released bill of material' AS expected, 'none' AS found
FROM (SELECT CASE WHEN :kind = 'unit' THEN :within ELSE :id END AS product
	WHERE :kind IN ('unit', 'product')) AS t
WHERE NOT EXISTS (SELECT 1 FROM bom b WHERE b.product = t.product AND b.state = 'released')
UNION ALL
SELECT 'an approved supplier for every line', l.id || ' ' || l.part
FROM bom b JOIN bom_line l ON l.product = b.product AND l.revision = b.revision
WHERE b.state = 'released' AND ((:kind = 'unit' AND b.product = :within)
	OR (:kind = 'product' AND b.product = :id))
AND NOT EXISTS (SELECT 1 FROM part_source a JOIN supplier s ON s.id = a.supplier
	WHERE a.part = l.part AND s.state = 'approved' AND s.expires > :at);

-- view part.list part.read part:id manufacturer_part:id global
SELECT p.id AS part, p.description, p.manufacturer, p.manufacturer_part, p.critical, p.since
FROM part p WHERE (:part IS NULL OR p.id = :part)
AND (:manufacturer_part IS NULL OR p.manufacturer_part = :manufacturer_part)
ORDER BY part;

-- view part.sources part.read part:id supplier:id
SELECT a.supplier, a.part, a.approver, s.state, s.expires, a.since
FROM part_source a LEFT JOIN supplier s ON s.id = a.supplier
WHERE (:part IS NULL OR a.part = :part) AND (:supplier IS NULL OR a.supplier = :supplier)
ORDER BY a.part, a.supplier;

-- view bom.list part.read product:id
SELECT b.product, b.revision, b.state, b.line_count, b.author, b.since FROM bom b
WHERE (:product IS NULL OR b.product = :product)
ORDER BY b.product, b.revision;

-- view bom.lines part.read product:id revision:id
SELECT l.product, l.revision, l.id AS bom_line, l.part, l.quantity, l.designators, l.critical,
	l.conformance
FROM bom_line l WHERE l.product = :product AND l.revision = :revision
ORDER BY bom_line;

--- Who needs a part, and with a conformance certificate of which grade: bills in force.
-- view bom.uses part.read part:id conformance=text
SELECT l.product, l.revision, l.id AS bom_line, l.part, l.quantity, l.critical,
	coalesce(l.conformance,
		CASE WHEN l.critical = 1 OR p.critical = 1 THEN 'vouched' ELSE 'none' END)
		AS conformance
FROM bom_line l JOIN bom b ON b.product = l.product AND b.revision = l.revision
LEFT JOIN part p ON p.id = l.part
WHERE b.state = 'released' AND (:part IS NULL OR l.part = :part)
ORDER BY l.product, l.revision, bom_line;

-- view part_lot.list part.read site:id supplier:id part:id part_lot:id
SELECT p.site, p.supplier, p.part_lot, p.part, p.date_code, p.shipment,
	p.conformance_certificate,
	coalesce((WITH RECURSIVE origin (part_lot) AS (
		SELECT p.part_lot
		UNION SELECT o.from_part_lot FROM origin x JOIN part_lot_origin o
		ON o.supplier = p.supplier AND o.part_lot = x.part_lot
		JOIN part_lot m ON m.supplier = o.supplier AND m.part_lot = o.part_lot
		AND m.since = o.since)
		SELECT min(c.grade) FROM origin x JOIN conformance c
		ON c.supplier = p.supplier AND c.part_lot = x.part_lot), 'missing') AS grade,
	p.manufacturer_part, p.seal, p.purchase_order, p.received, p.issued, p.consumed, p.scrapped, p.split,
	p.received - p.consumed - p.scrapped - p.split AS remaining,
	(SELECT count(*) FROM hold h
		WHERE h.kind = 'part_lot' AND h.within = p.supplier AND h.id = p.part_lot) AS holds,
	p.since
FROM part_lot p
WHERE (:site IS NULL OR p.site = :site) AND (:supplier IS NULL OR p.supplier = :supplier)
AND (:part IS NULL OR p.part = :part) AND (:part_lot IS NULL OR p.part_lot = :part_lot)
ORDER BY p.supplier, p.part_lot;
