--- SPDX-License-Identifier: Apache-2.0
--- Device identities. The unit itself is a row of the table `unit` (line.sql). A key belongs to one
--- unit for ever, and a serial is given once.

--- Requests that the signer has not answered yet: what the server finishes after a power cut.
-- table unit_request key product, serial
product TEXT
serial TEXT
csr BLOB NOT NULL
digest BLOB NOT NULL
at BIGINT NOT NULL
since BIGINT NOT NULL

--- The author is the station, and stands where it was put.
-- scope identity.station
SELECT s.site, s.line, s.id AS station, s.environment, :product AS product
FROM station s WHERE s.id = :author;

-- refuse unit.requested BUILD_AUTHORIZATION_UNKNOWN
SELECT :authorization AS authorization
WHERE NOT EXISTS (SELECT 1 FROM build_authorization b WHERE b.id = :authorization);

-- refuse unit.requested BUILD_AUTHORIZATION_FOR_OTHER
SELECT b.id AS authorization, b.product AS expected, :product AS found
FROM build_authorization b WHERE b.id = :authorization AND b.product <> :product;

-- refuse unit.requested BUILD_AUTHORIZATION_OVER
SELECT b.id AS authorization FROM build_authorization b
WHERE b.id = :authorization AND b.valid_until <= :at;

-- refuse unit.requested BUILD_CLOSED
SELECT b.id AS authorization FROM build_authorization b
WHERE b.id = :authorization AND b.state = 'closed';

-- refuse unit.requested BUILD_REFUSED_BY_SIGNER
SELECT b.id AS authorization, d.code FROM build_authorization b
JOIN signer_decision d ON d.digest = b.digest
WHERE b.id = :authorization AND d.verdict = 'refused';

-- refuse unit.requested BUILD_QUOTA_EXCEEDED
SELECT b.id AS authorization, b.quantity FROM build_authorization b
WHERE b.id = :authorization AND b.requested >= b.quantity;

-- refuse unit.requested STATION_NOT_AUTHORIZED
SELECT :author AS station, b.line, b.site FROM build_authorization b
WHERE b.id = :authorization AND NOT EXISTS (SELECT 1 FROM station s WHERE s.id = :author
	AND s.site = b.site AND s.line = b.line AND s.environment = b.environment);

-- refuse unit.requested STATION_KEY_NOT_AUTHORIZED
SELECT :author AS station, b.id AS authorization FROM build_authorization b
WHERE b.id = :authorization
AND EXISTS (SELECT 1 FROM build_station n WHERE n.build_authorization = b.id)
AND NOT EXISTS (SELECT 1 FROM build_station n WHERE n.build_authorization = b.id
	AND n.station = :author AND n.key = :author_key);

-- refuse unit.requested BUILD_HELD
SELECT h.kind, h.id, h.code FROM hold h JOIN build_authorization b ON b.id = :authorization
WHERE (h.kind = 'build_authorization' AND h.within = '' AND h.id = b.id)
OR (h.kind = 'product' AND h.within = '' AND h.id = b.product)
OR (h.kind = 'site' AND h.within = '' AND h.id = b.site)
OR (h.kind = 'line' AND h.within = b.site AND h.id = b.line)
OR (h.kind = 'station' AND h.within = '' AND h.id = :author)
OR (h.kind = 'unit' AND h.within = :product AND h.id = :serial);

-- refuse unit.requested unit.declared UNIT_SERIAL_ALREADY_USED
SELECT u.product, u.serial, u.state FROM unit u
WHERE u.product = :product AND u.serial = :serial;

-- refuse unit.requested certificate.declared UNIT_KEY_ALREADY_USED
SELECT u.product, u.serial FROM unit u WHERE u.key_id = :key_id;

-- refuse unit.requested certificate.declared UNIT_KEY_ALREADY_USED
SELECT k.principal AS product, '' AS serial FROM principal_key k WHERE k.key = :key_id;

--- 48 or 64 bits, and of one device: not all zero, and without the bit that makes an address that
--- of a group (IEEE 802, the lowest of the first octet).
-- refuse unit.requested unit.declared UNIT_ADDRESS_WRONG
SELECT :address AS address WHERE :address IS NOT NULL AND (length(:address) NOT IN (12, 16)
	OR trim(:address, '0123456789ABCDEF') <> '' OR trim(:address, '0') = ''
	OR substr(:address, 2, 1) IN ('1', '3', '5', '7', '9', 'B', 'D', 'F'));

-- refuse unit.requested unit.declared UNIT_ADDRESS_ALREADY_USED
SELECT u.address, u.product, u.serial FROM unit u WHERE u.address = :address;

--- A device signs as PRODUCT/SERIAL, which must fit in an id and be nobody else's name.
-- refuse unit.requested unit.declared UNIT_NAME_UNFIT
SELECT :product AS product, :serial AS serial WHERE length(:product) + length(:serial) > 63
OR EXISTS (SELECT 1 FROM principal p WHERE p.id = :product || '/' || :serial);

-- fold unit.requested
INSERT INTO unit (product, serial, state, build_authorization, site, line, station, environment,
	key_id, spki, request, address, since)
SELECT :product, :serial, 'requested', b.id, b.site, b.line, :author, b.environment, :key_id,
	:spki, :digest, :address, :seq
FROM build_authorization b WHERE b.id = :authorization ON CONFLICT DO NOTHING;

-- fold unit.requested
INSERT INTO unit_request (product, serial, csr, digest, at, since)
SELECT :product, :serial, :csr, :digest, :at, :seq
WHERE EXISTS (SELECT 1 FROM unit u
	WHERE u.product = :product AND u.serial = :serial AND u.since = :seq)
ON CONFLICT (product, serial) DO NOTHING;

-- fold unit.requested
UPDATE build_authorization SET requested = requested + 1
WHERE id = :authorization AND EXISTS (SELECT 1 FROM unit u
	WHERE u.product = :product AND u.serial = :serial AND u.since = :seq);

-- flag certificate.issued CERTIFICATE_UNREADABLE
SELECT 'unit' AS kind, :product AS within, :serial AS id, :product AS product, :serial AS serial
WHERE :key_id IS NULL;

-- flag certificate.issued CERTIFICATE_NOT_REQUESTED
SELECT 'unit' AS kind, :product AS within, :serial AS id, :product AS product, :serial AS serial
WHERE NOT EXISTS (SELECT 1 FROM unit_request r
	WHERE r.product = :product AND r.serial = :serial);

-- flag certificate.issued CERTIFICATE_KEY_DIFFERS
SELECT 'unit' AS kind, u.product AS within, u.serial AS id, u.product, u.serial FROM unit u
WHERE u.product = :product AND u.serial = :serial AND u.key_id <> :key_id;

-- fold certificate.issued
INSERT INTO principal (id, kind, state, since, at)
SELECT u.product || '/' || u.serial, 'device', 'active', :seq, :at FROM unit u
WHERE u.product = :product AND u.serial = :serial AND u.state = 'requested'
AND u.key_id = :key_id AND :flagged = 0
ON CONFLICT (id) DO NOTHING;

-- fold certificate.issued
INSERT INTO principal_key (key, principal, spki, since, at)
SELECT u.key_id, u.product || '/' || u.serial, u.spki, :seq, :at FROM unit u
WHERE u.product = :product AND u.serial = :serial AND u.state = 'requested'
AND u.key_id = :key_id AND :flagged = 0
ON CONFLICT (key) DO NOTHING;

-- fold certificate.issued
UPDATE unit SET state = 'certified', certificate = :certificate,
	certificate_digest = :certificate_digest, receipt = :receipt, since = :seq
WHERE product = :product AND serial = :serial AND state = 'requested' AND key_id = :key_id
AND :flagged = 0;

-- fold certificate.issued
DELETE FROM unit_request WHERE product = :product AND serial = :serial AND :flagged = 0;

--- A refused unit is on the line all the same: it is in work until it is scrapped with evidence.
-- flag certificate.refused CERTIFICATE_NOT_REQUESTED
SELECT 'unit' AS kind, :product AS within, :serial AS id, :product AS product, :serial AS serial
WHERE NOT EXISTS (SELECT 1 FROM unit_request r
	WHERE r.product = :product AND r.serial = :serial);

-- fold certificate.refused
UPDATE unit SET state = 'refused', since = :seq
WHERE product = :product AND serial = :serial AND state = 'requested' AND :flagged = 0;

-- fold certificate.refused
DELETE FROM unit_request WHERE product = :product AND serial = :serial AND :flagged = 0;

--- One serial and one key for one unit, anywhere.
-- control PRG-03 gate:build always
SELECT 'a serial that no unit has' AS expected, u.product || ' ' || u.serial AS found FROM unit u
WHERE :kind = 'unit' AND u.product = :within AND u.serial = :id;

-- view unit.list identity.read product:id serial:id site:id state:id authorization:id shipment:id
SELECT u.site, u.line, u.product, u.environment, u.serial, u.state, u.build_authorization,
	u.station, u.key_id, u.address, u.traveler, u.certificate_digest, u.firmware_release,
	u.image, u.shipment, u.boot_count, u.since,
	(SELECT count(*) FROM hold h
		WHERE h.kind = 'unit' AND h.within = u.product AND h.id = u.serial) AS holds
FROM unit u
WHERE (:product IS NULL OR u.product = :product) AND (:serial IS NULL OR u.serial = :serial)
AND (:site IS NULL OR u.site = :site) AND (:state IS NULL OR u.state = :state)
AND (:authorization IS NULL OR u.build_authorization = :authorization)
AND (:shipment IS NULL OR u.shipment = :shipment)
ORDER BY u.product, u.serial;

--- How many units are how far.
-- view unit.states identity.read product:id authorization:id
SELECT u.site, u.product, u.environment, u.build_authorization, u.state, u.units
FROM unit_count u WHERE (:product IS NULL OR u.product = :product)
AND (:authorization IS NULL OR u.build_authorization = :authorization)
ORDER BY u.product, u.build_authorization, u.site, u.environment, u.state;

-- view unit.one identity.read product:id serial:id
SELECT u.site, u.line, u.product, u.environment, u.serial, u.state, u.build_authorization,
	u.station, u.key_id, u.address, u.traveler, u.request, u.certificate_digest,
	u.firmware_release, u.image, u.shipment, u.boot_count, u.since,
	(SELECT count(*) FROM hold h
		WHERE h.kind = 'unit' AND h.within = u.product AND h.id = u.serial) AS holds
FROM unit u WHERE u.product = :product AND u.serial = :serial
ORDER BY u.product, u.serial;

-- view unit.certificate identity.read product:id serial:id
SELECT u.site, u.line, u.product, u.environment, u.serial, u.state, u.certificate,
	u.certificate_digest, u.receipt, u.key_id, u.spki
FROM unit u WHERE u.product = :product AND u.serial = :serial AND u.certificate IS NOT NULL
ORDER BY u.product, u.serial;

--- Who has this key? One unit, or none.
-- view unit.by_key identity.read key_id:hash
SELECT u.site, u.line, u.product, u.environment, u.serial, u.state, u.key_id FROM unit u
WHERE u.key_id = :key_id
ORDER BY u.product, u.serial;

-- view unit.waiting identity.issue
SELECT u.site, u.line, r.product, u.environment, r.serial, p.hardware_type, r.csr, r.digest,
	r.at, r.since
FROM unit_request r JOIN unit u ON u.product = r.product AND u.serial = r.serial
JOIN product p ON p.id = r.product
ORDER BY r.product, r.serial;

--- What a unit's passport tells of, beside the unit itself: whose records go with it.
-- view passport.related passport.read product:id serial:id
WITH RECURSIVE lot (product, supplier, part_lot) AS (
	SELECT p.product, p.supplier, p.part_lot
	FROM unit_part p WHERE p.product = :product AND p.serial = :serial
	UNION SELECT l.product, o.supplier, o.from_part_lot FROM lot l
	JOIN part_lot_origin o ON o.supplier = l.supplier AND o.part_lot = l.part_lot
)
SELECT r.product, r.kind, r.within, r.id FROM (
	SELECT u.product AS product, 'build_authorization' AS kind, '' AS within, u.build_authorization AS id
	FROM unit u WHERE u.product = :product AND u.serial = :serial AND u.build_authorization <> ''
	UNION SELECT u.product, 'firmware_release', '', u.firmware_release
	FROM unit u WHERE u.product = :product AND u.serial = :serial AND u.firmware_release IS NOT NULL
	UNION SELECT u.product, 'firmware_release', '', b.firmware_release
	FROM unit u JOIN build_authorization b ON b.id = u.build_authorization
	WHERE u.product = :product AND u.serial = :serial
	UNION SELECT u.product, 'charter', '', '' || c.revision
	FROM unit u JOIN charter c ON c.state = 'in_force'
	WHERE u.product = :product AND u.serial = :serial
	UNION SELECT p.product, 'part_lot', p.supplier, p.part_lot FROM lot p
	UNION SELECT p.product, 'supplier', '', p.supplier FROM lot p
	UNION SELECT c.within, 'shipment', '', c.shipment
	FROM shipment_content c WHERE c.kind = 'unit' AND c.within = :product AND c.id = :serial
	UNION SELECT u.product, 'charter', '', '' || c.revision
	FROM unit u JOIN charter c ON c.revision > 1 AND c.state = 'in_force'
	WHERE u.product = :product AND u.serial = :serial
	UNION SELECT c.within, 'seal', s.maker, s.seal
	FROM shipment_content c JOIN seal s ON s.shipment = c.shipment
	WHERE c.kind = 'unit' AND c.within = :product AND c.id = :serial
	UNION SELECT c.product, 'sbom', c.product, c.sbom_id
	FROM unit u LEFT JOIN build_authorization b ON b.id = u.build_authorization
	JOIN firmware_release f ON f.id = u.firmware_release OR f.id = b.firmware_release
	JOIN sbom_check c ON c.product = f.product AND c.sbom = f.sbom
	WHERE u.product = :product AND u.serial = :serial
	UNION SELECT t.product, 'procedure', '', t.procedure
	FROM test_result t WHERE t.product = :product AND t.serial = :serial
	UNION SELECT u.product, 'containment', '', c.containment
	FROM unit u LEFT JOIN inventory i ON i.product = u.product AND i.serial = u.serial
	JOIN containment c ON (c.kind = 'unit' AND c.within = u.product AND c.id = u.serial)
		OR (c.kind = 'firmware_release' AND c.id IN (u.firmware_release, i.firmware_release))
		OR (c.kind = 'build_authorization' AND c.id = u.build_authorization)
	WHERE u.product = :product AND u.serial = :serial
	UNION SELECT p.product, 'containment', '', c.containment
	FROM lot p
	LEFT JOIN part_lot l ON l.supplier = p.supplier AND l.part_lot = p.part_lot
	JOIN containment c ON (c.kind = 'part_lot' AND c.within = p.supplier AND c.id = p.part_lot)
		OR (c.kind = 'supplier' AND c.id = p.supplier)
		OR (c.kind = 'date_code' AND c.within = p.supplier AND c.id = l.date_code)
	UNION SELECT t.product, 'containment', '', c.containment
	FROM unit_touch t JOIN containment c ON (c.kind = 'station' AND c.id = t.station)
		OR (c.kind = 'operator' AND c.id = t.operator)
	WHERE t.product = :product AND t.serial = :serial
	AND (c.since_at IS NULL OR t.at >= c.since_at) AND (c.until_at IS NULL OR t.made < c.until_at)
) r ORDER BY r.kind, r.within, r.id;
