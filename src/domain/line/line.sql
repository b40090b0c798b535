--- SPDX-License-Identifier: Apache-2.0
--- Places, products and units. A unit: requested, certified, built,
--- programmed, packed, shipped, received, commissioned; or scrapped.

-- table site key id
id TEXT
name TEXT NOT NULL
country TEXT NOT NULL
since BIGINT NOT NULL

-- table line key site, id
site TEXT
id TEXT
since BIGINT NOT NULL

-- table station key id
id TEXT
site TEXT NOT NULL
line TEXT NOT NULL
environment TEXT NOT NULL
since BIGINT NOT NULL
index site, line

-- table product key id
id TEXT
name TEXT NOT NULL
hardware_type TEXT NOT NULL
since BIGINT NOT NULL

--- `site` is where it is, by the last record; `line` is empty after it left the one that built it. A unit
--- that was only declared has neither station nor request, and a key only if its device certificate was
--- declared, too.
-- table unit key product, serial
product TEXT
serial TEXT
state TEXT NOT NULL
build_authorization TEXT NOT NULL
site TEXT NOT NULL
line TEXT
station TEXT
environment TEXT NOT NULL
key_id BLOB
spki BLOB
request BLOB
certificate BLOB
certificate_digest BLOB
firmware_release TEXT
image BLOB
shipment TEXT
boot_count BIGINT
receipt BLOB
security_version BIGINT
address TEXT
traveler TEXT
since BIGINT NOT NULL
unique key_id
unique address
index build_authorization
index firmware_release
index shipment
index since
index site, product, serial
index site, since
index state, product, serial
index state, since

--- How many units are how far: asked all day, of millions.
-- table unit_count key product, build_authorization, site, environment, state
product TEXT NOT NULL
build_authorization TEXT NOT NULL
site TEXT NOT NULL
environment TEXT NOT NULL
state TEXT NOT NULL
units BIGINT NOT NULL
tally unit

-- table unit_part key product, serial, since, item
product TEXT
serial TEXT
since BIGINT
item BIGINT
supplier TEXT NOT NULL
part_lot TEXT NOT NULL
part TEXT NOT NULL
quantity BIGINT NOT NULL
designators TEXT
certainty TEXT NOT NULL
until BIGINT
index supplier, part_lot

-- table unit_component key product, serial, component_product, component_serial, since
product TEXT
serial TEXT
component_product TEXT
component_serial TEXT
since BIGINT
until BIGINT
index component_product, component_serial

-- scope line.site
SELECT :site AS site;

-- scope line.line
SELECT :site AS site, :line AS line;

-- scope line.product
SELECT :product AS product;

-- scope line.station
SELECT s.site, s.line, s.id AS station, s.environment, :product AS product
FROM station s WHERE s.id = :station;

-- scope line.unit
SELECT u.site, u.line, u.product, u.environment FROM unit u
WHERE u.product = :product AND u.serial = :serial;

-- refuse site.defined SITE_EXISTS
SELECT s.id AS site FROM site s WHERE s.id = :site;

-- refuse site.defined COUNTRY_CODE_WRONG
SELECT :country AS country WHERE length(:country) <> 2 OR upper(:country) <> :country;

-- fold site.defined
INSERT INTO site (id, name, country, since)
SELECT :site, :name, :country, :seq WHERE true ON CONFLICT (id) DO NOTHING;

-- refuse line.defined SITE_UNKNOWN
SELECT :site AS site WHERE NOT EXISTS (SELECT 1 FROM site s WHERE s.id = :site);

-- refuse line.defined LINE_EXISTS
SELECT l.site, l.id AS line FROM line l WHERE l.site = :site AND l.id = :line;

-- fold line.defined
INSERT INTO line (site, id, since)
SELECT :site, :line, :seq WHERE true ON CONFLICT (site, id) DO NOTHING;

-- refuse station.defined LINE_UNKNOWN
SELECT :site AS site, :line AS line
WHERE NOT EXISTS (SELECT 1 FROM line l WHERE l.site = :site AND l.id = :line);

-- refuse station.defined STATION_EXISTS
SELECT s.id AS station, s.line FROM station s WHERE s.id = :station;

-- fold station.defined
INSERT INTO station (id, site, line, environment, since)
SELECT :station, :site, :line, :environment, :seq WHERE true ON CONFLICT (id) DO NOTHING;

-- refuse product.defined PRODUCT_EXISTS
SELECT p.id AS product FROM product p WHERE p.id = :product;

--- A device signs as PRODUCT/SERIAL: the slash must part them in one way only.
-- refuse product.defined PRODUCT_NAME_UNFIT
SELECT :product AS product WHERE replace(:product, '/', '') <> :product OR length(:product) > 40;

-- refuse product.defined HARDWARE_TYPE_WRONG
SELECT :hardware_type AS hardware_type
WHERE trim(:hardware_type, '0123456789.') <> '' OR replace(:hardware_type, '..', '') <> :hardware_type
OR substr(:hardware_type, 1, 2) NOT IN ('0.', '1.', '2.')
OR substr(:hardware_type, length(:hardware_type), 1) = '.';

-- fold product.defined
INSERT INTO product (id, name, hardware_type, since)
SELECT :product, :name, :hardware_type, :seq WHERE true ON CONFLICT (id) DO NOTHING;

-- flag unit.fitted UNIT_UNKNOWN
SELECT 'unit' AS kind, :product AS within, :serial AS id, :product AS product, :serial AS serial
WHERE NOT EXISTS (SELECT 1 FROM unit u WHERE u.product = :product AND u.serial = :serial);

--- After it was built, a unit is open only to replace what was taken out.
-- flag unit.fitted UNIT_NOT_OPEN
SELECT 'unit' AS kind, u.product AS within, u.serial AS id, u.product, u.serial, u.state
FROM unit u WHERE u.product = :product AND u.serial = :serial
AND u.state NOT IN ('requested', 'certified')
AND NOT (u.state IN ('built', 'programmed', 'received') AND EXISTS (SELECT 1 FROM unit_part p
	WHERE p.product = u.product AND p.serial = u.serial AND p.until IS NOT NULL));

-- flag unit.fitted UNIT_AT_OTHER_LINE
SELECT 'unit' AS kind, u.product AS within, u.serial AS id, u.product, u.serial,
	u.line AS expected, s.line AS found
FROM unit u JOIN station s ON s.id = :station
WHERE u.product = :product AND u.serial = :serial AND (s.site <> u.site OR s.line <> u.line);

--- unit.built looks at all of it; what comes after that, nobody else looks at.
-- flag unit.fitted UNIT_PART_LOT_UNKNOWN each parts
SELECT 'unit' AS kind, u.product AS within, u.serial AS id, u.serial, 1 AS part_lots,
	:parts.part_lot AS first
FROM unit u WHERE u.product = :product AND u.serial = :serial
AND u.state IN ('built', 'programmed') AND NOT EXISTS (SELECT 1 FROM part_lot l
	WHERE l.supplier = :parts.supplier AND l.part_lot = :parts.part_lot
	AND l.part = :parts.part);

-- flag unit.fitted UNIT_PART_LOT_NOT_ISSUED each parts
SELECT 'unit' AS kind, u.product AS within, u.serial AS id, u.serial, 1 AS part_lots,
	:parts.part_lot AS first
FROM unit u WHERE u.product = :product AND u.serial = :serial
AND u.state IN ('built', 'programmed') AND NOT EXISTS (SELECT 1 FROM part_issue s
	WHERE s.build_authorization = u.build_authorization
	AND s.supplier = :parts.supplier AND s.part_lot = :parts.part_lot);

-- fold unit.fitted each parts
INSERT INTO unit_part (product, serial, since, item, supplier, part_lot, part, quantity,
	designators, certainty)
SELECT :product, :serial, :seq, :i, :parts.supplier, :parts.part_lot, :parts.part,
	:parts.quantity, :parts.designators, coalesce(:parts.certainty, 'certain')
WHERE true ON CONFLICT (product, serial, since, item) DO NOTHING;

-- fold unit.fitted each parts
UPDATE part_lot SET consumed = consumed + :parts.quantity
WHERE supplier = :parts.supplier AND part_lot = :parts.part_lot;

-- fold unit.fitted each components
INSERT INTO unit_component (product, serial, component_product, component_serial, since)
SELECT :product, :serial, :components.product, :components.serial, :seq WHERE true
ON CONFLICT (product, serial, component_product, component_serial, since) DO NOTHING;

-- flag unit.built UNIT_UNKNOWN
SELECT 'unit' AS kind, :product AS within, :serial AS id, :product AS product, :serial AS serial
WHERE NOT EXISTS (SELECT 1 FROM unit u WHERE u.product = :product AND u.serial = :serial);

-- flag unit.built UNIT_OUT_OF_TURN
SELECT 'unit' AS kind, u.product AS within, u.serial AS id, u.product, u.serial,
	'certified' AS expected, u.state AS found
FROM unit u WHERE u.product = :product AND u.serial = :serial AND u.state <> 'certified'
AND NOT (u.state = 'requested' AND EXISTS (SELECT 1 FROM offline_unit o
	WHERE o.product = u.product AND o.serial = u.serial AND o.built IS NULL));

-- flag unit.built UNIT_AT_OTHER_LINE
SELECT 'unit' AS kind, u.product AS within, u.serial AS id, u.product, u.serial,
	u.line AS expected, s.line AS found
FROM unit u JOIN station s ON s.id = :station
WHERE u.product = :product AND u.serial = :serial AND (s.site <> u.site OR s.line <> u.line);

-- flag unit.built UNIT_PART_LOT_UNKNOWN
SELECT 'unit' AS kind, :product AS within, :serial AS id, :serial AS serial, t.n AS part_lots, t.first
FROM (SELECT count(*) AS n, min(p.part_lot) AS first FROM unit_part p
	LEFT JOIN part_lot l ON l.supplier = p.supplier AND l.part_lot = p.part_lot
	WHERE p.product = :product AND p.serial = :serial AND p.until IS NULL
	AND (l.part IS NULL OR l.part <> p.part)) AS t
WHERE t.n > 0;

-- flag unit.built UNIT_PART_LOT_HELD
SELECT 'unit' AS kind, :product AS within, :serial AS id, :serial AS serial, t.n AS part_lots, t.first
FROM (SELECT count(*) AS n, min(p.part_lot) AS first FROM unit_part p
	WHERE p.product = :product AND p.serial = :serial AND p.until IS NULL
	AND EXISTS (SELECT 1 FROM hold h WHERE (h.kind = 'part_lot' AND h.within = p.supplier
		AND h.id = p.part_lot) OR (h.kind = 'supplier' AND h.within = ''
		AND h.id = p.supplier))) AS t
WHERE t.n > 0;

-- flag unit.built UNIT_PART_LOT_NOT_ISSUED
SELECT 'unit' AS kind, :product AS within, :serial AS id, :serial AS serial, t.n AS part_lots, t.first
FROM (SELECT count(*) AS n, min(p.part_lot) AS first FROM unit_part p
	JOIN unit u ON u.product = p.product AND u.serial = p.serial
	WHERE p.product = :product AND p.serial = :serial AND p.until IS NULL
	AND NOT EXISTS (SELECT 1 FROM part_issue s
		WHERE s.build_authorization = u.build_authorization
		AND s.supplier = p.supplier AND s.part_lot = p.part_lot)) AS t
WHERE t.n > 0;

-- flag unit.built UNIT_PART_MISSING
SELECT 'unit' AS kind, :product AS within, :serial AS id, :serial AS serial, t.n AS parts, t.first
FROM (SELECT count(*) AS n, min(l.part) AS first FROM (SELECT m.part, sum(m.quantity) AS quantity
		FROM unit u JOIN build_authorization b ON b.id = u.build_authorization
		JOIN bom_line m ON m.product = b.product AND m.revision = b.revision
		WHERE u.product = :product AND u.serial = :serial GROUP BY m.part) AS l
	WHERE l.quantity > (SELECT coalesce(sum(p.quantity), 0) FROM unit_part p
		WHERE p.product = :product AND p.serial = :serial AND p.part = l.part
		AND p.until IS NULL)) AS t
WHERE t.n > 0;

-- flag unit.built UNIT_PART_NOT_IN_BOM
SELECT 'unit' AS kind, :product AS within, :serial AS id, :serial AS serial, t.n AS parts, t.first
FROM (SELECT count(*) AS n, min(p.part) AS first FROM unit_part p
	JOIN unit u ON u.product = p.product AND u.serial = p.serial
	JOIN build_authorization b ON b.id = u.build_authorization
	WHERE p.product = :product AND p.serial = :serial AND p.until IS NULL
	AND NOT EXISTS (SELECT 1 FROM bom_line m WHERE m.product = b.product
		AND m.revision = b.revision AND m.part = p.part)) AS t
WHERE t.n > 0;

--- A component is a unit too: built here or elsewhere, in one place only, and not held.
-- flag unit.built UNIT_COMPONENT_UNFIT
SELECT 'unit' AS kind, :product AS within, :serial AS id, :serial AS serial, t.n AS components,
	t.first
FROM (SELECT count(*) AS n, min(c.component_serial) AS first FROM unit_component c
	LEFT JOIN unit u ON u.product = c.component_product AND u.serial = c.component_serial
	WHERE c.product = :product AND c.serial = :serial AND c.until IS NULL
	AND (u.state IS NULL OR u.state NOT IN ('built', 'programmed', 'received')
	OR EXISTS (SELECT 1 FROM unit_component o WHERE o.until IS NULL
		AND o.component_product = c.component_product
		AND o.component_serial = c.component_serial
		AND (o.product <> c.product OR o.serial <> c.serial))
	OR EXISTS (SELECT 1 FROM hold h WHERE h.kind = 'unit'
		AND h.within = c.component_product AND h.id = c.component_serial))) AS t
WHERE t.n > 0;

-- fold unit.built
UPDATE unit SET state = 'built', station = :station, since = :seq
WHERE product = :product AND serial = :serial AND state = 'certified';

-- flag unit.part_removed UNIT_PART_NOT_FITTED
SELECT 'unit' AS kind, :product AS within, :serial AS id, :serial AS serial,
	:part_lot AS part_lot
WHERE NOT EXISTS (SELECT 1 FROM unit_part p WHERE p.product = :product AND p.serial = :serial
	AND p.supplier = :supplier AND p.part_lot = :part_lot AND p.until IS NULL);

-- flag unit.part_removed UNIT_NOT_OPEN
SELECT 'unit' AS kind, u.product AS within, u.serial AS id, u.product, u.serial, u.state
FROM unit u WHERE u.product = :product AND u.serial = :serial
AND u.state IN ('packed', 'shipped', 'scrapped');

--- Pieces that were taken out count as consumed until they are counted as scrapped.
-- fold unit.part_removed
UPDATE unit_part SET until = :seq
WHERE product = :product AND serial = :serial AND supplier = :supplier AND part_lot = :part_lot
AND until IS NULL;

-- flag unit.scrapped UNIT_OUT_OF_TURN
SELECT 'unit' AS kind, u.product AS within, u.serial AS id, u.product, u.serial,
	'not on its way, not scrapped' AS expected, u.state AS found
FROM unit u WHERE u.product = :product AND u.serial = :serial
AND u.state IN ('packed', 'shipped', 'scrapped');

-- flag unit.scrapped SCRAP_WITHOUT_EVIDENCE
SELECT 'unit' AS kind, :product AS within, :serial AS id, :product AS product, :serial AS serial
WHERE :photo IS NULL AND :key_destroyed IS NULL;

--- A person who saw it, and not the author under another account.
-- flag unit.scrapped SCRAP_NOT_WITNESSED
SELECT 'unit' AS kind, :product AS within, :serial AS id, :product AS product, :serial AS serial
WHERE NOT EXISTS (SELECT 1 FROM principal p JOIN principal a ON a.id = :author
	WHERE p.id = :witness AND p.kind = 'person' AND p.state = 'active' AND p.id <> a.id
	AND coalesce(p.natural_id, p.id) <> coalesce(a.natural_id, a.id));

-- fold unit.scrapped
UPDATE unit SET state = 'scrapped', since = :seq
WHERE product = :product AND serial = :serial AND state NOT IN ('packed', 'shipped', 'scrapped');

-- fold unit.scrapped
UPDATE unit_component SET until = :seq
WHERE product = :product AND serial = :serial AND until IS NULL AND EXISTS (SELECT 1 FROM unit u
	WHERE u.product = :product AND u.serial = :serial AND u.since = :seq);

--- A scrapped unit speaks no more, even if somebody kept its key.
-- fold unit.scrapped
UPDATE principal SET state = 'left', ended = :at
WHERE kind = 'device' AND id = :product || '/' || :serial AND state <> 'left'
AND EXISTS (SELECT 1 FROM unit u
	WHERE u.product = :product AND u.serial = :serial AND u.since = :seq);

-- fold unit.scrapped
UPDATE principal_key SET until = :at
WHERE until IS NULL AND key = (SELECT u.key_id FROM unit u
	WHERE u.product = :product AND u.serial = :serial AND u.since = :seq);

--- A part that was taken out after the unit was built is missed by nobody else.
-- control SHP-01 gate:ship
WITH leaving (product, serial) AS (
	SELECT :within, :id WHERE :kind = 'unit'
	UNION SELECT c.within, c.id FROM shipment_content c
	WHERE :kind = 'shipment' AND c.shipment = :id AND c.kind = 'unit'
), opened (product, serial, revision, part) AS (
	SELECT DISTINCT u.product, u.serial, b.revision, p.part
	FROM leaving l JOIN unit u ON u.product = l.product AND u.serial = l.serial
	JOIN unit_part p ON p.product = u.product AND p.serial = u.serial AND p.until IS NOT NULL
	JOIN build_authorization b ON b.id = u.build_authorization
)
SELECT 'what was taken out replaced' AS expected, o.serial || ' ' || o.part AS found FROM opened o
WHERE (SELECT coalesce(sum(m.quantity), 0) FROM bom_line m WHERE m.product = o.product
	AND m.revision = o.revision AND m.part = o.part)
> (SELECT coalesce(sum(p.quantity), 0) FROM unit_part p WHERE p.product = o.product
	AND p.serial = o.serial AND p.part = o.part AND p.until IS NULL);

-- view site.list line.read site:id
SELECT s.id AS site, s.name, s.country, s.since FROM site s WHERE (:site IS NULL OR s.id = :site)
ORDER BY site;

-- view line.list line.read site:id
SELECT l.site, l.id AS line, l.since FROM line l WHERE (:site IS NULL OR l.site = :site)
ORDER BY l.site, line;

-- view station.list line.read site:id line:id
SELECT s.site, s.line, s.id AS station, s.environment, s.since FROM station s
WHERE (:site IS NULL OR s.site = :site) AND (:line IS NULL OR s.line = :line)
ORDER BY station;

-- view product.list line.read product:id
SELECT p.id AS product, p.name, p.hardware_type, p.since FROM product p
WHERE (:product IS NULL OR p.id = :product)
ORDER BY product;

-- view unit.parts line.read product:id serial:id
SELECT u.site, u.line, u.product, u.serial, p.supplier, p.part_lot, p.part, p.quantity,
	p.designators, p.certainty, p.since, p.item, p.until
FROM unit_part p JOIN unit u ON u.product = p.product AND u.serial = p.serial
WHERE p.product = :product AND p.serial = :serial
ORDER BY p.since, p.item;

-- view unit.components line.read product:id serial:id
SELECT u.site, u.line, u.product, u.serial, c.component_product, c.component_serial, c.since,
	c.until
FROM unit_component c JOIN unit u ON u.product = c.product AND u.serial = c.serial
WHERE c.product = :product AND c.serial = :serial
ORDER BY c.component_product, c.component_serial, c.since;
