--- SPDX-License-Identifier: Apache-2.0
--- Holds and nonconformances are tables of the engine: flags open them, the records of this area close
--- them.

--- Where the thing is decides who may hold it; what we do not know, only those without limits may.
-- scope recall.held
SELECT t.site, t.line, t.station, t.product, t.supplier FROM (
	SELECT 0 AS place, u.site, u.line, u.station, u.product, NULL AS supplier FROM unit u
	WHERE :kind = 'unit' AND u.product = :within AND u.serial = :id
	UNION ALL SELECT 0, p.site, NULL, NULL, NULL, p.supplier FROM part_lot p
	WHERE :kind = 'part_lot' AND p.supplier = :within AND p.part_lot = :id
	UNION ALL SELECT 0, s.site, NULL, NULL, NULL, NULL FROM shipment s
	WHERE :kind = 'shipment' AND s.id = :id
	UNION ALL SELECT 0, s.site, NULL, NULL, NULL, NULL FROM seal s
	WHERE :kind = 'seal' AND s.maker = :within AND s.seal = :id
	UNION ALL SELECT 0, NULL, NULL, NULL, NULL, :id WHERE :kind = 'supplier'
	UNION ALL SELECT 0, :id, NULL, NULL, NULL, NULL WHERE :kind = 'site'
	UNION ALL SELECT 0, :within, :id, NULL, NULL, NULL WHERE :kind = 'line'
	UNION ALL SELECT 0, s.site, s.line, s.id, NULL, NULL FROM station s
	WHERE :kind = 'station' AND s.id = :id
	UNION ALL SELECT 0, NULL, NULL, NULL, :id, NULL WHERE :kind = 'product'
	UNION ALL SELECT 0, NULL, NULL, NULL, f.product, NULL FROM firmware_release f
	WHERE :kind = 'firmware_release' AND f.id = :id
	UNION ALL SELECT 0, b.site, b.line, NULL, b.product, NULL FROM build_authorization b
	WHERE :kind = 'build_authorization' AND b.id = :id
	UNION ALL SELECT 1, NULL, NULL, NULL, NULL, NULL) AS t
ORDER BY t.place;

-- scope recall.raised
SELECT coalesce(u.site, p.site, s.site, t.site) AS site, coalesce(u.line, t.line) AS line,
	t.id AS station, u.product, p.supplier
FROM nonconformance n
LEFT JOIN unit u ON n.kind = 'unit' AND u.product = n.within AND u.serial = n.id
LEFT JOIN part_lot p ON n.kind = 'part_lot' AND p.supplier = n.within AND p.part_lot = n.id
LEFT JOIN shipment s ON n.kind = 'shipment' AND s.id = n.id
LEFT JOIN station t ON n.kind = 'station' AND t.id = n.id
WHERE n.seq = :raised_seq AND n.n = :raised_n;

--- A hold is a nonconformance that a person saw: it is raised, disposed of and lifted like others.
-- flag hold.placed HOLD_PLACED
SELECT :kind AS kind, coalesce(:within, '') AS within, :id AS id, :reason AS reason;

--- A hold on half a name stops nothing: whoever placed it must hear so.
-- flag hold.placed HOLD_NAMES_NOTHING
SELECT :id AS name WHERE (:kind IN ('unit', 'part_lot', 'seal', 'line') AND :within IS NULL)
OR (:kind NOT IN ('unit', 'part_lot', 'seal', 'line') AND :within IS NOT NULL);

-- refuse hold.lifted HOLD_NOT_OPEN
SELECT :kind AS kind, :id AS id, :raised_seq AS raised_seq WHERE NOT EXISTS (SELECT 1 FROM hold h
	WHERE h.kind = :kind AND h.within = coalesce(:within, '') AND h.id = :id
	AND h.seq = :raised_seq AND h.n = :raised_n);

-- refuse hold.lifted HOLD_LIFTED_BY_ITS_CAUSE
SELECT h.author AS author FROM hold h
WHERE h.kind = :kind AND h.within = coalesce(:within, '') AND h.id = :id
AND h.seq = :raised_seq AND h.n = :raised_n AND (h.author = :author OR EXISTS (
	SELECT 1 FROM principal a JOIN principal b ON b.natural_id = a.natural_id
	WHERE a.id = h.author AND b.id = :author));

-- refuse hold.lifted HOLD_NOT_DISPOSED
SELECT n.code, n.seq AS raised_seq FROM nonconformance n
WHERE n.seq = :raised_seq AND n.n = :raised_n AND n.state = 'open';

-- refuse hold.lifted HOLD_STAYS
SELECT n.code, n.disposition FROM nonconformance n
WHERE n.seq = :raised_seq AND n.n = :raised_n AND n.disposition IN ('scrap', 'return');

-- fold hold.lifted
DELETE FROM hold WHERE kind = :kind AND within = coalesce(:within, '') AND id = :id
AND seq = :raised_seq AND n = :raised_n;

-- fold hold.lifted
UPDATE nonconformance SET state = 'closed', closed = :at
WHERE seq = :raised_seq AND n = :raised_n AND state = 'disposed';

-- refuse nonconformance.disposed NONCONFORMANCE_NOT_OPEN
SELECT :raised_seq AS raised_seq, :raised_n AS raised_n
WHERE NOT EXISTS (SELECT 1 FROM nonconformance n
	WHERE n.seq = :raised_seq AND n.n = :raised_n AND n.state = 'open');

-- refuse nonconformance.disposed NONCONFORMANCE_DISPOSED_BY_ITS_CAUSE
SELECT n.author AS author FROM nonconformance n
WHERE n.seq = :raised_seq AND n.n = :raised_n AND (n.author = :author OR EXISTS (
	SELECT 1 FROM principal a JOIN principal b ON b.natural_id = a.natural_id
	WHERE a.id = n.author AND b.id = :author));

-- fold nonconformance.disposed
UPDATE nonconformance SET state = CASE WHEN kind IS NULL THEN 'closed' ELSE 'disposed' END,
	disposition = :disposition, closed = CASE WHEN kind IS NULL THEN :at END
WHERE seq = :raised_seq AND n = :raised_n AND state = 'open';

--- ---- views ----

-- view hold.open recall.read kind:id within:id id:id
SELECT coalesce(u.site, p.site, s.site, l.site, t.site) AS site, coalesce(u.line, t.line) AS line,
	t.id AS station, u.product, p.supplier, h.kind, h.within, h.id, h.seq, h.n, h.code,
	h.author, h.at, n.state, n.disposition
FROM hold h
LEFT JOIN nonconformance n ON n.seq = h.seq AND n.n = h.n
LEFT JOIN unit u ON h.kind = 'unit' AND u.product = h.within AND u.serial = h.id
LEFT JOIN part_lot p ON h.kind = 'part_lot' AND p.supplier = h.within AND p.part_lot = h.id
LEFT JOIN shipment s ON h.kind = 'shipment' AND s.id = h.id
LEFT JOIN seal l ON h.kind = 'seal' AND l.maker = h.within AND l.seal = h.id
LEFT JOIN station t ON h.kind = 'station' AND t.id = h.id
WHERE (:kind IS NULL OR h.kind = :kind) AND (:within IS NULL OR h.within = :within)
AND (:id IS NULL OR h.id = :id)
ORDER BY h.kind, h.within, h.id, h.seq, h.n;

-- view nonconformance.open recall.read kind:id within:id id:id code:id
SELECT coalesce(u.site, p.site, s.site, l.site, t.site) AS site, coalesce(u.line, t.line) AS line,
	t.id AS station, u.product, p.supplier, n.seq, n.n,
	n.code, n.kind, n.within, n.id, n.author, n.at, n.state, n.disposition
FROM nonconformance n
LEFT JOIN unit u ON n.kind = 'unit' AND u.product = n.within AND u.serial = n.id
LEFT JOIN part_lot p ON n.kind = 'part_lot' AND p.supplier = n.within AND p.part_lot = n.id
LEFT JOIN shipment s ON n.kind = 'shipment' AND s.id = n.id
LEFT JOIN seal l ON n.kind = 'seal' AND l.maker = n.within AND l.seal = n.id
LEFT JOIN station t ON n.kind = 'station' AND t.id = n.id
WHERE n.state <> 'closed' AND (:kind IS NULL OR n.kind = :kind)
AND (:within IS NULL OR n.within = :within) AND (:id IS NULL OR n.id = :id)
AND (:code IS NULL OR n.code = :code)
ORDER BY n.seq, n.n;
