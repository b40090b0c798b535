--- SPDX-License-Identifier: Apache-2.0
--- Controls of the policy. Those that rest on evidence ask the same question of another thing each:
--- is there evidence about it that passed and has not ended, and none that failed? An adopted control
--- that nobody gave evidence for fails by itself.

--- What every control on evidence asks of each thing that needs it (kind, within, id).
-- policy evidence
SELECT 'evidence that passed and is in date' AS expected, n.id || ': ' || CASE
	WHEN EXISTS (SELECT 1 FROM control_interval i WHERE i.control = :control
		AND i.kind = n.kind AND i.within = n.within AND i.id = n.id AND i.result = 'fail'
		AND i.from_at <= :at AND i.until_at > :at) THEN 'failed'
	WHEN EXISTS (SELECT 1 FROM control_interval i WHERE i.control = :control
		AND i.kind = n.kind AND i.within = n.within AND i.id = n.id) THEN 'ended'
	ELSE 'none' END AS found
FROM need n WHERE NOT EXISTS (SELECT 1 FROM control_interval i WHERE i.control = :control
	AND i.kind = n.kind AND i.within = n.within AND i.id = n.id AND i.result = 'pass'
	AND i.from_at <= :at AND i.until_at > :at)
OR EXISTS (SELECT 1 FROM control_interval i WHERE i.control = :control
	AND i.kind = n.kind AND i.within = n.within AND i.id = n.id AND i.result = 'fail'
	AND i.from_at <= :at AND i.until_at > :at);

--- About the house, or the sites concerned; not older than the control lets it be.
-- control GOV-04 FAB-01 NET-02 NET-03 CHG-02 MON-01 INC-01 VUL-01 gate:build gate:program gate:ship adopted
WITH place (site) AS (
	SELECT '' UNION SELECT s.site FROM station s WHERE s.id = :author
	UNION SELECT u.site FROM unit u
	WHERE :kind = 'unit' AND u.product = :within AND u.serial = :id
	UNION SELECT s.site FROM shipment s WHERE :kind = 'shipment' AND s.id = :id
), age (days) AS (
	SELECT coalesce((SELECT p.value FROM control_parameter p
		WHERE p.control = :control AND p.parameter = 'days'),
		CASE :control WHEN 'CHG-02' THEN 7 WHEN 'MON-01' THEN 30 WHEN 'GOV-04' THEN 92
		WHEN 'INC-01' THEN 183 WHEN 'VUL-01' THEN 365 ELSE 36500 END)
), given (result, current) AS (
	SELECT i.result, CASE WHEN i.result = 'fail' OR i.from_at + a.days * 86400000 > :at
		THEN 1 ELSE 0 END
	FROM control_interval i JOIN place p ON p.site = i.site JOIN age a ON true
	WHERE i.control = :control AND i.kind = '' AND i.from_at <= :at AND i.until_at > :at
)
SELECT 'evidence that passed and is in date' AS expected,
	CASE WHEN EXISTS (SELECT 1 FROM given g WHERE g.result = 'fail') THEN 'failed'
	WHEN EXISTS (SELECT 1 FROM control_interval i WHERE i.control = :control AND i.kind = '')
	THEN 'ended' ELSE 'none' END AS found
FROM (SELECT 1 AS asked WHERE :kind IN ('unit', 'product', 'shipment')) AS t
WHERE EXISTS (SELECT 1 FROM given g WHERE g.result = 'fail')
OR NOT EXISTS (SELECT 1 FROM given g WHERE g.result = 'pass' AND g.current = 1);

--- About the station that acts.
-- control FAB-02 FAB-04 FAB-06 gate:build gate:program evidence
SELECT 'station', '', s.id FROM station s WHERE s.id = :author AND :kind = 'unit';

--- About the product.
-- control GOV-05 gate:build gate:ship evidence
SELECT 'product', '', :within WHERE :kind = 'unit'
UNION SELECT 'product', '', :id WHERE :kind = 'product'
UNION SELECT 'product', '', c.within FROM shipment_content c
WHERE :kind = 'shipment' AND c.shipment = :id AND c.kind = 'unit';

-- control COM-02 gate:commission evidence
SELECT 'product', '', :within WHERE :kind = 'unit';

--- About the supplier: when it is approved, and when a part lot of it goes to the line.
-- control SRC-04 SRC-05 gate:source gate:kit evidence
SELECT 'supplier', '', :within WHERE :kind = 'part_lot'
UNION SELECT 'supplier', '', :id WHERE :kind = 'supplier';

--- About each part lot of a critical part.
-- control RCV-02 gate:kit evidence
SELECT 'part_lot', l.supplier, l.part_lot FROM part_lot l
WHERE :kind = 'part_lot' AND l.supplier = :within AND l.part_lot = :id
AND EXISTS (SELECT 1 FROM part p WHERE p.id = l.part AND p.critical = 1);

--- About each unit that leaves, or about all of its product at once; a unit that failed fails
--- whatever is said of its product.
-- control TST-05 gate:ship adopted
WITH leaving (product, serial) AS (
	SELECT :within, :id WHERE :kind = 'unit'
	UNION SELECT c.within, c.id FROM shipment_content c
	WHERE :kind = 'shipment' AND c.shipment = :id AND c.kind = 'unit'
), given (product, serial, result) AS (
	SELECT l.product, l.serial, i.result FROM leaving l JOIN control_interval i
	ON i.control = :control AND ((i.kind = 'unit' AND i.within = l.product
		AND i.id = l.serial) OR (i.kind = 'product' AND i.id = l.product))
	WHERE i.from_at <= :at AND i.until_at > :at
)
SELECT 'evidence that passed and is in date' AS expected, l.serial || ': ' || CASE
	WHEN EXISTS (SELECT 1 FROM given g WHERE g.product = l.product AND g.serial = l.serial
		AND g.result = 'fail') THEN 'failed' ELSE 'none' END AS found
FROM leaving l WHERE NOT EXISTS (SELECT 1 FROM given g WHERE g.product = l.product
	AND g.serial = l.serial AND g.result = 'pass')
OR EXISTS (SELECT 1 FROM given g WHERE g.product = l.product AND g.serial = l.serial
	AND g.result = 'fail');

--- About the person who decides.
-- control PPL-01 gate:kit gate:ship gate:receive evidence
SELECT 'principal', '', p.id FROM principal p WHERE p.id = :author AND p.kind = 'person'
AND :kind IN ('unit', 'shipment', 'part_lot');

--- ---- what the records themselves say ----

-- control GOV-01 gate:build adopted
SELECT 'a policy that was looked at in time' AS expected, s.id AS found FROM policy_statement s
WHERE :kind IN ('unit', 'product') AND s.state = 'adopted' AND s.review_by <= :at
UNION ALL
SELECT 'a policy', 'no statement' WHERE :kind IN ('unit', 'product')
AND NOT EXISTS (SELECT 1 FROM policy_statement s WHERE s.state = 'adopted');

-- control GOV-02 gate:build adopted
SELECT 'a live control for every statement' AS expected, s.id AS found FROM policy_statement s
WHERE :kind IN ('unit', 'product') AND s.state = 'adopted'
AND NOT EXISTS (SELECT 1 FROM policy_control c WHERE c.statement = s.id AND c.until_at IS NULL
	AND c.gates <> '' AND (c.by_evidence = 0 OR EXISTS (SELECT 1 FROM control_interval i
		WHERE i.control = c.control AND i.result = 'pass' AND i.from_at <= :at
		AND i.until_at > :at)));

--- What was accepted for a time is not accepted for ever: somebody closes it, or grants it anew.
-- control GOV-03 gate:build gate:program gate:ship adopted
SELECT 'no exception that has run out' AS expected, e.exception || ' ' || e.control AS found
FROM policy_exception e
WHERE :kind IN ('unit', 'product', 'shipment') AND e.ended IS NULL AND e.until_at <= :at
AND ((e.kind = :kind AND e.within = :within AND e.id = :id)
	OR (e.kind = 'product' AND :kind = 'unit' AND e.id = :within)
	OR (e.kind = 'station' AND e.id = :author)
	OR (e.kind = 'unit' AND :kind = 'shipment' AND EXISTS (SELECT 1 FROM shipment_content c
		WHERE c.shipment = :id AND c.kind = 'unit' AND c.within = e.within
		AND c.id = e.id))
	OR (e.kind = 'product' AND :kind = 'shipment' AND EXISTS (SELECT 1
		FROM shipment_content c WHERE c.shipment = :id AND c.kind = 'unit'
		AND c.within = e.id))
	OR (e.kind = 'site' AND e.id IN (SELECT s.site FROM station s WHERE s.id = :author
		UNION SELECT u.site FROM unit u
		WHERE :kind = 'unit' AND u.product = :within AND u.serial = :id
		UNION SELECT s.site FROM shipment s WHERE :kind = 'shipment' AND s.id = :id)));

--- A risk that is accepted is an exception.
-- control SRC-03 gate:build adopted
SELECT 'two approved suppliers for a critical part' AS expected, l.part AS found
FROM bom b JOIN bom_line l ON l.product = b.product AND l.revision = b.revision
JOIN part p ON p.id = l.part
WHERE b.state = 'released' AND ((:kind = 'unit' AND b.product = :within)
	OR (:kind = 'product' AND b.product = :id)) AND (l.critical = 1 OR p.critical = 1)
AND (SELECT count(*) FROM part_source a JOIN supplier s ON s.id = a.supplier
	WHERE a.part = l.part AND s.state = 'approved' AND s.expires > :at) < 2;

-- control ACC-02 gate:build gate:program adopted
SELECT 'grants for this station only' AS expected, g.id AS found
FROM role_grant g JOIN station s ON s.id = :author
WHERE :kind = 'unit' AND g.principal = :author AND g.revoked_at IS NULL
AND (g.not_after IS NULL OR g.not_after > :at)
AND (g.station IS NULL OR g.station <> :author);

--- Founders stand in the charter, which has a way of its own to let somebody go.
-- control ACC-03 gate:build gate:program gate:ship adopted
SELECT 'a grant that ends, given in the last days that the policy says' AS expected,
	g.id || CASE WHEN g.not_after IS NULL THEN ': no end' ELSE ': too old' END AS found
FROM role_grant g
WHERE :kind IN ('unit', 'shipment') AND g.principal = :author AND g.role <> 'founder'
AND g.revoked_at IS NULL AND (g.not_after IS NULL OR g.not_after > :at)
AND (g.not_after IS NULL OR g.at + 86400000 * coalesce((SELECT p.value
	FROM control_parameter p WHERE p.control = :control AND p.parameter = 'days'), 90) <= :at);

-- control ACC-04 gate:build gate:program gate:ship adopted
SELECT 'a second person for every decision that waits' AS expected, r.class AS found
FROM approval_rule r WHERE :kind IN ('unit', 'product', 'shipment') AND r.need < 1;

--- Keys and grants end when somebody leaves; another account of the same person is found here.
-- control ACC-07 gate:build gate:program gate:ship adopted
SELECT 'no account of somebody who left' AS expected, o.id AS found
FROM principal l JOIN principal o ON o.natural_id = l.natural_id AND o.state = 'active'
WHERE :kind IN ('unit', 'shipment') AND l.state = 'left'
AND l.ended + 3600000 * coalesce((SELECT p.value FROM control_parameter p
	WHERE p.control = :control AND p.parameter = 'hours'), 1) <= :at;

--- After its end, every unit that a build authorization let be made is built or scrapped.
-- control PRG-02 gate:ship adopted
WITH leaving (product, serial) AS (
	SELECT :within, :id WHERE :kind = 'unit'
	UNION SELECT c.within, c.id FROM shipment_content c
	WHERE :kind = 'shipment' AND c.shipment = :id AND c.kind = 'unit'
)
SELECT DISTINCT 'every unit accounted for' AS expected, b.id || ' ' || o.serial AS found
FROM leaving l JOIN unit u ON u.product = l.product AND u.serial = l.serial
JOIN build_authorization b ON b.id = u.build_authorization AND b.valid_until <= :at
JOIN unit o ON o.build_authorization = b.id AND o.state IN ('requested', 'certified', 'refused');

--- What passed on broken glass stays where it is until somebody else has looked at it in time and
--- accepted it.
-- control CHG-04 gate:program gate:commission
SELECT 'an emergency that was reviewed and accepted' AS expected,
	x.glass || ' ' || x.id || ' ' || coalesce(g.verdict, 'not reviewed') AS found
FROM glass_unit x JOIN glass g ON g.glass = x.glass
WHERE :kind = 'unit' AND x.kind = :kind AND x.within = :within AND x.id = :id
AND (g.verdict = 'rejected' OR (g.verdict IS NULL AND g.from_at + 86400000 <= :at));

-- control CHG-04 gate:ship
SELECT 'an emergency that was reviewed and accepted' AS expected,
	x.glass || ' ' || x.id || ' ' || coalesce(g.verdict, 'not reviewed') AS found
FROM glass_unit x JOIN glass g ON g.glass = x.glass
WHERE ((:kind IN ('unit', 'shipment') AND x.kind = :kind AND x.within = :within AND x.id = :id)
	OR (:kind = 'shipment' AND x.kind = 'unit' AND EXISTS (SELECT 1 FROM shipment_content c
		WHERE c.shipment = :id AND c.kind = 'unit' AND c.within = x.within
		AND c.id = x.id)))
AND (g.verdict = 'rejected' OR (g.verdict IS NULL AND g.from_at + 86400000 <= :at));
