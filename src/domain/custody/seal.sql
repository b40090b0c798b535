--- SPDX-License-Identifier: Apache-2.0
--- A seal: stocked, issued, applied, broken, destroyed. A step outside this way is a
--- nonconformance that holds the shipment, and the seal where its number can no longer be trusted.

-- table seal key maker, seal
maker TEXT
seal TEXT
purchase_lot TEXT NOT NULL
class TEXT NOT NULL
site TEXT NOT NULL
state TEXT NOT NULL
times BIGINT NOT NULL
holder TEXT
shipment TEXT
authorized BIGINT
checked BIGINT
checked_site TEXT
since BIGINT NOT NULL
index shipment
index site, state

-- scope seal.at_site
SELECT :site AS site;

-- fold seal.received each seals
INSERT INTO seal (maker, seal, purchase_lot, class, site, state, times, since)
SELECT :maker, :seals.seal, :purchase_lot, :class, :site, 'stocked', 1, :seq WHERE true
ON CONFLICT (maker, seal) DO UPDATE SET times = seal.times + 1;

-- refuse seal.issued SEAL_UNKNOWN
SELECT :maker AS maker, :seal AS seal
WHERE NOT EXISTS (SELECT 1 FROM seal s WHERE s.maker = :maker AND s.seal = :seal);

-- refuse seal.issued SEAL_RECEIVED_TWICE
SELECT s.maker, s.seal FROM seal s WHERE s.maker = :maker AND s.seal = :seal AND s.times > 1;

-- refuse seal.issued SEAL_ALREADY_ISSUED
SELECT s.maker, s.seal, s.state, s.holder FROM seal s
WHERE s.maker = :maker AND s.seal = :seal AND s.state <> 'stocked';

-- refuse seal.issued SEAL_AT_OTHER_SITE
SELECT s.maker, s.seal, s.site AS found, :site AS expected FROM seal s
WHERE s.maker = :maker AND s.seal = :seal AND s.site <> :site;

--- Two people for every seal that leaves the stock, and not two accounts of one.
-- refuse seal.issued SEAL_ISSUED_TO_ONESELF
SELECT :seal AS seal WHERE :holder = :author OR EXISTS (SELECT 1 FROM principal a
	JOIN principal b ON b.natural_id = a.natural_id WHERE a.id = :holder AND b.id = :author);

-- refuse seal.issued SEAL_HOLDER_UNKNOWN
SELECT :holder AS holder WHERE NOT EXISTS (SELECT 1 FROM principal p
	WHERE p.id = :holder AND p.kind = 'person' AND p.state = 'active');

-- refuse seal.issued SEAL_HELD
SELECT h.code, h.seq FROM hold h WHERE h.kind = 'seal' AND h.within = :maker AND h.id = :seal;

-- fold seal.issued
UPDATE seal SET state = 'issued', holder = :holder, since = :seq
WHERE maker = :maker AND seal = :seal AND state = 'stocked';

--- A seal that nobody gave out may be a copy: it is held together with the shipment.
-- flag seal.applied SEAL_NOT_ISSUED
SELECT t.kind, t.within, t.id, :maker AS maker, :seal AS seal, :shipment AS shipment
FROM (SELECT 'shipment' AS kind, '' AS within, :shipment AS id
	UNION ALL SELECT 'seal', :maker, :seal) AS t
WHERE NOT EXISTS (SELECT 1 FROM seal s
	WHERE s.maker = :maker AND s.seal = :seal AND s.state <> 'stocked');

-- flag seal.applied SEAL_APPLIED_TWICE
SELECT t.kind, t.within, t.id, :maker AS maker, :seal AS seal, s.shipment AS shipment
FROM seal s JOIN (SELECT 'shipment' AS kind, '' AS within, :shipment AS id
	UNION ALL SELECT 'seal', :maker, :seal
	UNION ALL SELECT 'shipment', '', o.shipment FROM seal o
		WHERE o.maker = :maker AND o.seal = :seal AND o.shipment <> :shipment) AS t ON true
WHERE s.maker = :maker AND s.seal = :seal AND s.state = 'applied';

--- Two seals with one number: whichever this is, it proves nothing.
-- flag seal.applied SEAL_RECEIVED_TWICE
SELECT t.kind, t.within, t.id, s.maker, s.seal
FROM seal s JOIN (SELECT 'shipment' AS kind, '' AS within, :shipment AS id
	UNION ALL SELECT 'seal', :maker, :seal) AS t ON true
WHERE s.maker = :maker AND s.seal = :seal AND s.times > 1;

-- flag seal.applied SEAL_USED_UP
SELECT 'shipment' AS kind, '' AS within, :shipment AS id, s.maker, s.seal, s.state FROM seal s
WHERE s.maker = :maker AND s.seal = :seal AND s.state IN ('broken', 'destroyed');

-- flag seal.applied SEAL_APPLIED_BY_OTHER
SELECT 'shipment' AS kind, '' AS within, :shipment AS id, s.maker, s.seal, s.holder AS expected,
	:author AS found FROM seal s
WHERE s.maker = :maker AND s.seal = :seal AND s.state = 'issued' AND s.holder <> :author;

--- A closed shipment may be sealed again only after a seal of it was broken with authority.
-- flag seal.applied SHIPMENT_NOT_READY_FOR_SEAL
SELECT 'shipment' AS kind, '' AS within, :shipment AS id, :seal AS seal, :shipment AS shipment
WHERE NOT EXISTS (SELECT 1 FROM shipment p WHERE p.id = :shipment AND p.site = :site
	AND p.state IN ('packed', 'sealed'))
AND NOT EXISTS (SELECT 1 FROM seal s JOIN shipment p ON p.id = s.shipment
	WHERE s.shipment = :shipment AND s.state = 'broken' AND s.authorized = 1
	AND p.state IN ('dispatched', 'handed_over', 'in_transit'));

-- flag seal.applied SHIPMENT_CONTENT_UNFIT
SELECT 'shipment' AS kind, '' AS within, :shipment AS id, t.n AS lines, t.first
FROM (SELECT count(*) AS n, min(c.id) AS first FROM shipment_content c
	LEFT JOIN unit u ON u.product = c.within AND u.serial = c.id
	WHERE c.shipment = :shipment AND c.kind = 'unit'
	AND (u.serial IS NULL OR u.shipment IS NULL OR u.shipment <> :shipment)) AS t
WHERE t.n > 0;

-- fold seal.applied
UPDATE seal SET state = 'applied', shipment = :shipment, site = :site, since = :seq
WHERE maker = :maker AND seal = :seal AND state = 'issued';

-- fold seal.applied
UPDATE shipment SET state = 'sealed', since = :seq
WHERE id = :shipment AND state = 'packed' AND site = :site AND EXISTS (SELECT 1 FROM seal s
	WHERE s.maker = :maker AND s.seal = :seal AND s.since = :seq AND s.state = 'applied');

-- flag seal.checked SEAL_NUMBER_DIFFERS
SELECT t.kind, t.within, t.id, :maker AS maker, :seal AS expected, :read AS found,
	:shipment AS shipment
FROM (SELECT 'shipment' AS kind, '' AS within, :shipment AS id
	UNION ALL SELECT 'seal', :maker, :seal) AS t
WHERE :read <> :seal;

-- flag seal.checked SEAL_NOT_ON_SHIPMENT
SELECT 'shipment' AS kind, '' AS within, :shipment AS id, :maker AS maker, :seal AS seal,
	:shipment AS shipment
WHERE NOT EXISTS (SELECT 1 FROM seal s
	WHERE s.maker = :maker AND s.seal = :seal AND s.shipment = :shipment);

-- flag seal.checked SEAL_CHECKED_AFTER_BREAKING
SELECT 'shipment' AS kind, '' AS within, :shipment AS id, s.maker, s.seal, s.state FROM seal s
WHERE s.maker = :maker AND s.seal = :seal AND s.state IN ('broken', 'destroyed');

-- flag seal.checked SEAL_RECEIVED_TWICE
SELECT t.kind, t.within, t.id, s.maker, s.seal
FROM seal s JOIN (SELECT 'shipment' AS kind, '' AS within, :shipment AS id
	UNION ALL SELECT 'seal', :maker, :seal) AS t ON true
WHERE s.maker = :maker AND s.seal = :seal AND s.times > 1;

-- flag seal.checked SEAL_CHECK_INCOMPLETE
SELECT 'shipment' AS kind, '' AS within, :shipment AS id, :maker AS maker, :seal AS seal
WHERE :viewed = 0 OR :tugged = 0 OR :twisted = 0;

-- flag seal.checked SEAL_TAMPERED
SELECT t.kind, t.within, t.id, :maker AS maker, :seal AS seal, :shipment AS shipment
FROM (SELECT 'shipment' AS kind, '' AS within, :shipment AS id
	UNION ALL SELECT 'seal', :maker, :seal) AS t
WHERE :intact = 0;

--- Only a clean check counts.
-- fold seal.checked
UPDATE seal SET checked = :seq, checked_site = :site
WHERE maker = :maker AND seal = :seal AND shipment = :shipment AND state = 'applied'
AND :flagged = 0;

-- flag seal.broken SEAL_FOUND_BROKEN
SELECT t.kind, t.within, t.id, :maker AS maker, :seal AS seal, :reason AS reason
FROM (SELECT 'seal' AS kind, :maker AS within, :seal AS id
	UNION ALL SELECT 'shipment', '', :shipment WHERE :shipment IS NOT NULL
	UNION ALL SELECT 'shipment', '', s.shipment FROM seal s WHERE s.maker = :maker
		AND s.seal = :seal AND s.shipment IS NOT NULL
		AND s.shipment IS DISTINCT FROM :shipment) AS t
WHERE :authorized = 0;

-- flag seal.broken SEAL_BROKEN_OUT_OF_PLACE
SELECT 'seal' AS kind, :maker AS within, :seal AS id, :maker AS maker, :seal AS seal
WHERE NOT EXISTS (SELECT 1 FROM seal s WHERE s.maker = :maker AND s.seal = :seal
	AND s.state = 'applied' AND s.shipment IS NOT DISTINCT FROM :shipment);

-- flag seal.broken SEAL_BROKEN_ON_THE_WAY
SELECT 'shipment' AS kind, '' AS within, p.id, s.maker, s.seal, p.state
FROM seal s JOIN shipment p ON p.id = s.shipment
WHERE s.maker = :maker AND s.seal = :seal AND s.state = 'applied' AND :authorized = 1
AND p.state IN ('dispatched', 'handed_over', 'in_transit');

-- flag seal.broken SEAL_BROKEN_BEFORE_CHECK
SELECT 'shipment' AS kind, '' AS within, p.id, s.maker, s.seal
FROM seal s JOIN shipment p ON p.id = s.shipment
WHERE s.maker = :maker AND s.seal = :seal AND s.state = 'applied' AND :authorized = 1
AND p.state IN ('arrived', 'received') AND s.checked_site IS DISTINCT FROM p.to_site;

-- flag seal.broken SEAL_BROKEN_WHILE_HELD
SELECT 'shipment' AS kind, '' AS within, s.shipment AS id, s.maker, s.seal FROM seal s
WHERE s.maker = :maker AND s.seal = :seal AND s.state = 'applied' AND :authorized = 1
AND EXISTS (SELECT 1 FROM hold h
	WHERE h.kind = 'shipment' AND h.within = '' AND h.id = s.shipment);

-- fold seal.broken
UPDATE seal SET state = 'broken', authorized = :authorized, site = :site, since = :seq
WHERE maker = :maker AND seal = :seal AND state IN ('stocked', 'issued', 'applied');

--- Opened again before it left: it must be sealed again.
-- fold seal.broken
UPDATE shipment SET state = 'packed', since = :seq
WHERE state = 'sealed'
AND id = (SELECT s.shipment FROM seal s WHERE s.maker = :maker AND s.seal = :seal)
AND NOT EXISTS (SELECT 1 FROM seal o WHERE o.shipment = shipment.id AND o.state = 'applied');

-- flag seal.destroyed SEAL_DESTROYED_UNBROKEN
SELECT CASE WHEN s.shipment IS NULL THEN 'seal' ELSE 'shipment' END AS kind,
	CASE WHEN s.shipment IS NULL THEN s.maker ELSE '' END AS within,
	CASE WHEN s.shipment IS NULL THEN s.seal ELSE s.shipment END AS id,
	s.maker, s.seal, s.state FROM seal s
WHERE s.maker = :maker AND s.seal = :seal AND s.state <> 'broken';

-- flag seal.destroyed SEAL_DESTROYED_UNKNOWN
SELECT 'seal' AS kind, :maker AS within, :seal AS id, :maker AS maker, :seal AS seal
WHERE NOT EXISTS (SELECT 1 FROM seal s WHERE s.maker = :maker AND s.seal = :seal);

-- flag seal.destroyed SEAL_DESTROYED_ALONE
SELECT 'seal' AS kind, :maker AS within, :seal AS id, :maker AS maker, :seal AS seal
WHERE :seen_by = :author OR EXISTS (SELECT 1 FROM principal a
	JOIN principal b ON b.natural_id = a.natural_id WHERE a.id = :seen_by AND b.id = :author);

-- fold seal.destroyed
UPDATE seal SET state = 'destroyed', since = :seq
WHERE maker = :maker AND seal = :seal AND state <> 'destroyed';

-- view seal.stock custody.read site:id state:id maker:id
SELECT s.site, s.maker, s.seal, s.class, s.purchase_lot, s.state, s.holder, s.shipment, s.since FROM seal s
WHERE (:site IS NULL OR s.site = :site) AND (:state IS NULL OR s.state = :state)
AND (:maker IS NULL OR s.maker = :maker)
ORDER BY s.site, s.maker, s.seal;

-- view seal.by_shipment custody.read shipment:id
SELECT s.site, s.shipment, s.maker, s.seal, s.class, s.state, s.checked, s.checked_site, s.since
FROM seal s WHERE s.shipment = :shipment
ORDER BY s.maker, s.seal;
