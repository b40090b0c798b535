--- SPDX-License-Identifier: Apache-2.0
--- A shipment: planned, packed, sealed, dispatched, then handed_over and in_transit for every hop,
--- arrived, received, admitted. A step outside this way is a nonconformance that holds it.

-- table shipment key id
id TEXT
state TEXT NOT NULL
from_site TEXT NOT NULL
to_site TEXT NOT NULL
freight_carrier TEXT
manifest BLOB
packings BIGINT NOT NULL
site TEXT NOT NULL
holder TEXT
giver TEXT
given_site TEXT
given_seals BLOB
given BIGINT
accepted BIGINT
since BIGINT NOT NULL
index from_site, state
index to_site, state

-- table shipment_content key shipment, kind, within, id
shipment TEXT
kind TEXT
within TEXT
id TEXT
quantity BIGINT NOT NULL
since BIGINT NOT NULL
index kind, within, id

--- What the giving side read at the hand-over that is open now.
-- table shipment_reading key shipment, maker, seal
shipment TEXT
maker TEXT
seal TEXT

-- table shipment_count key shipment, kind, within, id
shipment TEXT
kind TEXT
within TEXT
id TEXT
quantity BIGINT NOT NULL

-- scope shipment.at_site
SELECT :site AS site;

-- scope shipment.planned
SELECT :from_site AS site;

-- scope shipment.origin
SELECT from_site AS site FROM shipment WHERE id = :shipment;

-- scope shipment.destination
SELECT to_site AS site FROM shipment WHERE id = :shipment;

-- refuse shipment.planned SHIPMENT_EXISTS
SELECT s.id AS shipment, s.state FROM shipment s WHERE s.id = :shipment;

-- refuse shipment.planned SITE_UNKNOWN
SELECT t.site FROM (SELECT :from_site AS site UNION SELECT :to_site) AS t
WHERE NOT EXISTS (SELECT 1 FROM site s WHERE s.id = t.site);

-- refuse shipment.planned SHIPMENT_GOES_NOWHERE
SELECT :from_site AS site WHERE :from_site = :to_site;

-- fold shipment.planned
INSERT INTO shipment (id, state, from_site, to_site, freight_carrier, packings, site, since)
SELECT :shipment, 'planned', :from_site, :to_site, :freight_carrier, 0, :from_site, :seq
WHERE true ON CONFLICT (id) DO NOTHING;

-- flag shipment.packed SHIPMENT_NOT_OPEN
SELECT 'shipment' AS kind, '' AS within, :shipment AS id, :shipment AS shipment
WHERE NOT EXISTS (SELECT 1 FROM shipment s
	WHERE s.id = :shipment AND s.state IN ('planned', 'packed'));

-- flag shipment.packed SHIPMENT_AT_OTHER_SITE
SELECT 'shipment' AS kind, '' AS within, s.id, s.id AS shipment, s.site AS expected, :site AS found
FROM shipment s WHERE s.id = :shipment AND s.site <> :site;

--- Each packing names the one before it, so that the last digest stands for the whole manifest.
-- flag shipment.packed MANIFEST_BROKEN_OFF
SELECT 'shipment' AS kind, '' AS within, s.id, s.id AS shipment FROM shipment s
WHERE s.id = :shipment AND s.manifest IS DISTINCT FROM :previous;

-- fold shipment.packed each contents
INSERT INTO shipment_content (shipment, kind, within, id, quantity, since)
SELECT :shipment, :contents.kind, coalesce(:contents.within, ''), :contents.id,
	:contents.quantity, :seq
WHERE :flagged = 0
ON CONFLICT (shipment, kind, within, id)
DO UPDATE SET quantity = shipment_content.quantity + excluded.quantity;

--- A unit that arrived may go on, or back.
-- fold shipment.packed each contents
UPDATE unit SET state = 'packed', shipment = :shipment, since = :seq
WHERE :contents.kind = 'unit' AND product = :contents.within AND serial = :contents.id
AND (state = 'programmed' OR (state IN ('received', 'commissioned') AND site = :site))
AND :flagged = 0;

-- fold shipment.packed
UPDATE shipment SET state = 'packed', manifest = :digest, packings = packings + 1, since = :seq
WHERE id = :shipment AND state IN ('planned', 'packed') AND :flagged = 0;

-- refuse shipment.dispatched SHIPMENT_NOT_SEALED
SELECT s.id AS shipment, s.state FROM shipment s WHERE s.id = :shipment AND s.state <> 'sealed';

-- refuse shipment.dispatched MANIFEST_DIFFERS
SELECT s.id AS shipment FROM shipment s
WHERE s.id = :shipment AND s.manifest IS DISTINCT FROM :manifest;

-- fold shipment.dispatched
UPDATE shipment SET state = 'dispatched', since = :seq WHERE id = :shipment AND state = 'sealed';

-- flag shipment.handed_over SHIPMENT_UNKNOWN
SELECT 'shipment' AS kind, '' AS within, :shipment AS id, :shipment AS shipment
WHERE NOT EXISTS (SELECT 1 FROM shipment s WHERE s.id = :shipment);

-- flag shipment.handed_over SHIPMENT_NOT_DISPATCHED
SELECT 'shipment' AS kind, '' AS within, s.id, s.id AS shipment, s.state FROM shipment s
WHERE s.id = :shipment AND s.state NOT IN ('dispatched', 'in_transit');

-- flag shipment.handed_over SHIPMENT_MOVED_WHILE_HELD
SELECT 'shipment' AS kind, '' AS within, :shipment AS id, :shipment AS shipment
WHERE EXISTS (SELECT 1 FROM hold h
	WHERE h.kind = 'shipment' AND h.within = '' AND h.id = :shipment);

-- flag shipment.handed_over SHIPMENT_AT_OTHER_SITE
SELECT 'shipment' AS kind, '' AS within, s.id, s.id AS shipment, s.site AS expected, :site AS found
FROM shipment s WHERE s.id = :shipment AND s.state = 'dispatched' AND s.site <> :site;

-- flag shipment.handed_over GIVER_HAS_IT_NOT
SELECT 'shipment' AS kind, '' AS within, s.id, s.id AS shipment, s.holder AS expected,
	:author AS found
FROM shipment s WHERE s.id = :shipment AND s.state = 'in_transit' AND s.holder <> :author;

-- flag shipment.handed_over MANIFEST_DIFFERS
SELECT 'shipment' AS kind, '' AS within, s.id, s.id AS shipment FROM shipment s
WHERE s.id = :shipment AND s.manifest IS DISTINCT FROM :manifest;

-- flag shipment.handed_over SHIPMENT_DAMAGED
SELECT 'shipment' AS kind, '' AS within, :shipment AS id, :shipment AS shipment,
	:condition AS found
WHERE :condition <> 'good';

-- fold shipment.handed_over
DELETE FROM shipment_reading WHERE shipment = :shipment AND EXISTS (SELECT 1 FROM shipment s
	WHERE s.id = :shipment AND s.state IN ('dispatched', 'in_transit'));

-- fold shipment.handed_over each seals
INSERT INTO shipment_reading (shipment, maker, seal)
SELECT :shipment, :seals.maker, :seals.seal FROM shipment s
WHERE s.id = :shipment AND s.state IN ('dispatched', 'in_transit')
ON CONFLICT (shipment, maker, seal) DO NOTHING;

-- fold shipment.handed_over
UPDATE unit SET state = 'shipped', since = :seq
WHERE shipment = :shipment AND state = 'packed' AND EXISTS (SELECT 1 FROM shipment s
	WHERE s.id = :shipment AND s.state = 'dispatched');

-- fold shipment.handed_over
UPDATE shipment SET state = 'handed_over', giver = :author, given_site = :site,
	given_seals = :seals_digest, given = :seq, site = :site, since = :seq
WHERE id = :shipment AND state IN ('dispatched', 'in_transit');

-- flag shipment.accepted ACCEPTED_WITHOUT_HAND_OVER
SELECT 'shipment' AS kind, '' AS within, :shipment AS id, :shipment AS shipment
WHERE NOT EXISTS (SELECT 1 FROM shipment s WHERE s.id = :shipment AND s.state = 'handed_over');

-- flag shipment.accepted SAME_PERSON_ON_BOTH_SIDES
SELECT 'shipment' AS kind, '' AS within, s.id, s.id AS shipment, :author AS author
FROM shipment s WHERE s.id = :shipment AND s.state = 'handed_over'
AND (s.giver = :author OR EXISTS (SELECT 1 FROM principal a
	JOIN principal b ON b.natural_id = a.natural_id WHERE a.id = s.giver AND b.id = :author));

-- flag shipment.accepted MANIFEST_DIFFERS
SELECT 'shipment' AS kind, '' AS within, s.id, s.id AS shipment FROM shipment s
WHERE s.id = :shipment AND s.manifest IS DISTINCT FROM :manifest;

-- flag shipment.accepted SEAL_READINGS_DIFFER
SELECT 'shipment' AS kind, '' AS within, s.id, s.id AS shipment, s.giver FROM shipment s
WHERE s.id = :shipment AND s.state = 'handed_over'
AND s.given_seals IS DISTINCT FROM :seals_digest;

--- Both sides read the same numbers: these must then be the seals that close the shipment.
-- flag shipment.accepted SEAL_READINGS_WRONG
SELECT 'shipment' AS kind, '' AS within, :shipment AS id, :shipment AS shipment, t.n AS seals,
	t.first
FROM (SELECT count(*) AS n, min(d.seal) AS first FROM (
		SELECT r.seal FROM shipment_reading r WHERE r.shipment = :shipment
		AND NOT EXISTS (SELECT 1 FROM seal s WHERE s.maker = r.maker
			AND s.seal = r.seal AND s.shipment = :shipment AND s.state = 'applied')
		UNION ALL
		SELECT s.seal FROM seal s WHERE s.shipment = :shipment AND s.state = 'applied'
		AND NOT EXISTS (SELECT 1 FROM shipment_reading r WHERE r.shipment = :shipment
			AND r.maker = s.maker AND r.seal = s.seal)) AS d) AS t
WHERE t.n > 0 AND EXISTS (SELECT 1 FROM shipment p
	WHERE p.id = :shipment AND p.state = 'handed_over');

-- flag shipment.accepted SHIPMENT_DAMAGED
SELECT 'shipment' AS kind, '' AS within, :shipment AS id, :shipment AS shipment,
	:condition AS found
WHERE :condition <> 'good';

--- Nobody accepts from himself: the hand-over then still waits for its other side.
-- fold shipment.accepted
UPDATE shipment SET state = CASE WHEN to_site = :site THEN 'arrived' ELSE 'in_transit' END,
	holder = :author, accepted = :seq, site = :site, since = :seq
WHERE id = :shipment AND state = 'handed_over' AND giver <> :author
AND NOT EXISTS (SELECT 1 FROM principal a JOIN principal b ON b.natural_id = a.natural_id
	WHERE a.id = shipment.giver AND b.id = :author);

-- flag shipment.counted SHIPMENT_COUNTED_OUT_OF_TURN
SELECT 'shipment' AS kind, '' AS within, :shipment AS id, :shipment AS shipment
WHERE NOT EXISTS (SELECT 1 FROM shipment s
	WHERE s.id = :shipment AND s.state = 'arrived' AND s.site = :site);

-- fold shipment.counted
DELETE FROM shipment_count WHERE shipment = :shipment AND coalesce(:again, 0) = 1
AND EXISTS (SELECT 1 FROM shipment s WHERE s.id = :shipment AND s.state = 'arrived');

-- fold shipment.counted each lines
INSERT INTO shipment_count (shipment, kind, within, id, quantity)
SELECT :shipment, :lines.kind, coalesce(:lines.within, ''), :lines.id, :lines.quantity
FROM shipment s WHERE s.id = :shipment AND s.state = 'arrived'
ON CONFLICT (shipment, kind, within, id)
DO UPDATE SET quantity = shipment_count.quantity + excluded.quantity;

-- flag shipment.received SHIPMENT_NOT_ACCEPTED
SELECT 'shipment' AS kind, '' AS within, :shipment AS id, :shipment AS shipment
WHERE NOT EXISTS (SELECT 1 FROM shipment s WHERE s.id = :shipment AND s.state = 'arrived');

-- flag shipment.received SHIPMENT_AT_OTHER_SITE
SELECT 'shipment' AS kind, '' AS within, s.id, s.id AS shipment, s.to_site AS expected,
	:site AS found
FROM shipment s WHERE s.id = :shipment AND s.to_site <> :site;

-- flag shipment.received SHIPMENT_DAMAGED
SELECT 'shipment' AS kind, '' AS within, :shipment AS id, :shipment AS shipment,
	:condition AS found
WHERE :condition <> 'good';

--- A seal that was broken before its check has already been reported when it was broken.
-- flag shipment.received SEAL_NOT_CHECKED
SELECT 'shipment' AS kind, '' AS within, :shipment AS id, :shipment AS shipment, t.n AS seals,
	t.first
FROM (SELECT count(*) AS n, min(s.seal) AS first FROM seal s
	JOIN shipment p ON p.id = s.shipment
	WHERE s.shipment = :shipment AND s.state = 'applied'
	AND s.checked_site IS DISTINCT FROM p.to_site) AS t
WHERE t.n > 0;

-- flag shipment.received SHIPMENT_SHORT
SELECT 'shipment' AS kind, '' AS within, :shipment AS id, :shipment AS shipment, t.n AS lines,
	t.first
FROM (SELECT count(*) AS n, min(c.id) AS first FROM shipment_content c
	LEFT JOIN shipment_count f ON f.shipment = c.shipment AND f.kind = c.kind
		AND f.within = c.within AND f.id = c.id
	WHERE c.shipment = :shipment AND coalesce(f.quantity, 0) < c.quantity) AS t
WHERE t.n > 0;

-- flag shipment.received SHIPMENT_OVER
SELECT 'shipment' AS kind, '' AS within, :shipment AS id, :shipment AS shipment, t.n AS lines,
	t.first
FROM (SELECT count(*) AS n, min(c.id) AS first FROM shipment_content c
	JOIN shipment_count f ON f.shipment = c.shipment AND f.kind = c.kind
		AND f.within = c.within AND f.id = c.id
	WHERE c.shipment = :shipment AND f.quantity > c.quantity) AS t
WHERE t.n > 0;

-- flag shipment.received SHIPMENT_HAS_UNKNOWN
SELECT 'shipment' AS kind, '' AS within, :shipment AS id, :shipment AS shipment, t.n AS lines,
	t.first
FROM (SELECT count(*) AS n, min(f.id) AS first FROM shipment_count f
	WHERE f.shipment = :shipment AND NOT EXISTS (SELECT 1 FROM shipment_content c
		WHERE c.shipment = f.shipment AND c.kind = f.kind AND c.within = f.within
		AND c.id = f.id)) AS t
WHERE t.n > 0;

--- What was not found has not arrived: it stays where it was last known to be.
-- fold shipment.received
UPDATE unit SET state = 'received', site = :site, line = NULL, since = :seq
WHERE shipment = :shipment AND state = 'shipped'
AND EXISTS (SELECT 1 FROM shipment s WHERE s.id = :shipment AND s.state = 'arrived')
AND EXISTS (SELECT 1 FROM shipment_count f WHERE f.shipment = :shipment AND f.kind = 'unit'
	AND f.within = unit.product AND f.id = unit.serial);

-- fold shipment.received
UPDATE shipment SET state = 'received', holder = :author, site = :site, since = :seq
WHERE id = :shipment AND state = 'arrived';

-- refuse shipment.admitted SHIPMENT_NOT_RECEIVED
SELECT s.id AS shipment, s.state FROM shipment s WHERE s.id = :shipment AND s.state <> 'received';

-- fold shipment.admitted
UPDATE shipment SET state = 'admitted', since = :seq WHERE id = :shipment AND state = 'received';

-- control RCV-01 gate:receive
SELECT 'no open hold' AS expected, h.code AS found FROM hold h
WHERE h.kind = :kind AND h.within = :within AND h.id = :id
UNION ALL
SELECT 'received, seals and counts compared', s.state FROM shipment s
WHERE :kind = 'shipment' AND s.id = :id AND s.state NOT IN ('received', 'admitted')
UNION ALL
SELECT 'a known shipment', 'none' WHERE :kind = 'shipment'
AND NOT EXISTS (SELECT 1 FROM shipment s WHERE s.id = :id);

--- Everything that leaves: the shipment, its seals, the units in it, their components, and the part lots in
--- these.
-- control SHP-01 gate:ship
WITH RECURSIVE leaving AS (
	SELECT 'unit' AS kind, :within AS within, :id AS id WHERE :kind = 'unit'
	UNION ALL SELECT c.kind, c.within, c.id FROM shipment_content c
	WHERE :kind = 'shipment' AND c.shipment = :id
), inside (product, serial) AS (
	SELECT l.within, l.id FROM leaving l WHERE l.kind = 'unit'
	UNION SELECT c.component_product, c.component_serial FROM inside i
	JOIN unit_component c ON c.product = i.product AND c.serial = i.serial
	WHERE c.until IS NULL
), concerned AS (
	SELECT :kind AS kind, :within AS within, :id AS id
	UNION SELECT l.kind, l.within, l.id FROM leaving l
	UNION SELECT 'unit', i.product, i.serial FROM inside i
	UNION SELECT 'seal', s.maker, s.seal FROM seal s
	WHERE :kind = 'shipment' AND s.shipment = :id AND s.state = 'applied'
	UNION SELECT 'site', '', s.site FROM shipment s WHERE :kind = 'shipment' AND s.id = :id
	UNION SELECT 'product', '', l.within FROM leaving l WHERE l.kind = 'unit'
	UNION SELECT 'firmware_release', '', u.firmware_release FROM leaving l
	JOIN unit u ON u.product = l.within AND u.serial = l.id WHERE l.kind = 'unit'
	UNION SELECT 'build_authorization', '', u.build_authorization FROM leaving l
	JOIN unit u ON u.product = l.within AND u.serial = l.id WHERE l.kind = 'unit'
	UNION SELECT 'part_lot', p.supplier, p.part_lot FROM inside i
	JOIN unit_part p ON p.product = i.product AND p.serial = i.serial
	WHERE p.until IS NULL
	UNION SELECT 'supplier', '', p.supplier FROM inside i
	JOIN unit_part p ON p.product = i.product AND p.serial = i.serial
	WHERE p.until IS NULL
)
SELECT 'no open hold' AS expected, h.kind || ' ' || h.id || ' ' || h.code AS found
FROM concerned c JOIN hold h ON h.kind = c.kind AND h.within = c.within AND h.id = c.id
UNION ALL
SELECT 'a unit that was built and programmed', l.id || ' ' || coalesce(u.state, 'unknown')
FROM leaving l LEFT JOIN unit u ON u.product = l.within AND u.serial = l.id
WHERE l.kind = 'unit' AND (u.state IS NULL OR u.state NOT IN ('programmed', 'packed')
	OR (:kind = 'shipment' AND u.shipment IS DISTINCT FROM :id))
UNION ALL
SELECT 'part lots that were received', p.serial || ' ' || p.supplier || ' ' || p.part_lot
FROM leaving l JOIN unit_part p ON p.product = l.within AND p.serial = l.id
LEFT JOIN part_lot t ON t.supplier = p.supplier AND t.part_lot = p.part_lot
WHERE l.kind = 'unit' AND p.until IS NULL AND t.part_lot IS NULL
UNION ALL
SELECT 'closed with a seal', 'no seal' WHERE :kind = 'shipment' AND NOT EXISTS (
	SELECT 1 FROM seal s WHERE s.shipment = :id AND s.state = 'applied')
UNION ALL
SELECT 'a manifest with lines', 'no line' WHERE :kind = 'shipment' AND NOT EXISTS (
	SELECT 1 FROM shipment_content c WHERE c.shipment = :id);

--- A shipment concerns two sites: each sees it in its own list.
-- view shipment.outbound custody.read site:id state:id shipment:id
SELECT p.from_site AS site, p.id AS shipment, p.state, p.to_site, p.freight_carrier, p.manifest,
	p.packings, p.site AS seen_at, p.holder, p.giver, p.since,
	(SELECT count(*) FROM hold h
		WHERE h.kind = 'shipment' AND h.within = '' AND h.id = p.id) AS holds
FROM shipment p
WHERE (:site IS NULL OR p.from_site = :site) AND (:state IS NULL OR p.state = :state)
AND (:shipment IS NULL OR p.id = :shipment)
ORDER BY shipment;

-- view shipment.inbound custody.read site:id state:id shipment:id
SELECT p.to_site AS site, p.id AS shipment, p.state, p.from_site, p.freight_carrier, p.manifest,
	p.packings, p.site AS seen_at, p.holder, p.giver, p.since,
	(SELECT count(*) FROM hold h
		WHERE h.kind = 'shipment' AND h.within = '' AND h.id = p.id) AS holds
FROM shipment p
WHERE (:site IS NULL OR p.to_site = :site) AND (:state IS NULL OR p.state = :state)
AND (:shipment IS NULL OR p.id = :shipment)
ORDER BY shipment;

-- view shipment.contents custody.read shipment:id
SELECT p.from_site AS site, p.to_site, c.shipment, c.kind, c.within, c.id, c.quantity
FROM shipment_content c JOIN shipment p ON p.id = c.shipment WHERE c.shipment = :shipment
ORDER BY c.kind, c.within, c.id;

--- The count against the manifest, line by line, for the site that receives.
-- view shipment.arrival custody.read shipment:id id:id
SELECT p.to_site AS site, t.kind, t.within, t.id, t.expected, t.found,
	CASE WHEN t.expected = t.found THEN 'match' WHEN t.expected = 0 THEN 'unknown'
	WHEN t.found < t.expected THEN 'short' ELSE 'over' END AS result
FROM (SELECT c.shipment, c.kind, c.within, c.id, c.quantity AS expected,
		coalesce(f.quantity, 0) AS found FROM shipment_content c
	LEFT JOIN shipment_count f ON f.shipment = c.shipment AND f.kind = c.kind
		AND f.within = c.within AND f.id = c.id
	WHERE c.shipment = :shipment
	UNION ALL
	SELECT f.shipment, f.kind, f.within, f.id, 0, f.quantity FROM shipment_count f
	WHERE f.shipment = :shipment AND NOT EXISTS (SELECT 1 FROM shipment_content c
		WHERE c.shipment = f.shipment AND c.kind = f.kind AND c.within = f.within
		AND c.id = f.id)) AS t
JOIN shipment p ON p.id = t.shipment
WHERE (:id IS NULL OR t.id = :id)
ORDER BY t.kind, t.within, t.id;
