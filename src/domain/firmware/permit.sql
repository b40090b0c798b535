--- SPDX-License-Identifier: Apache-2.0
--- Programming permits. A request stands until the signer has answered it; a permit is used once.

-- table permit_request key digest
digest BLOB
product TEXT NOT NULL
serial TEXT NOT NULL
release TEXT NOT NULL
image BLOB NOT NULL
nonce BLOB NOT NULL
station TEXT NOT NULL
station_key BLOB
at BIGINT NOT NULL
since BIGINT NOT NULL
index product, serial

-- table permit key request
request BLOB
product TEXT NOT NULL
serial TEXT NOT NULL
release TEXT NOT NULL
image BLOB NOT NULL
nonce BLOB NOT NULL
station TEXT NOT NULL
permit BLOB NOT NULL
used BIGINT
at BIGINT NOT NULL
since BIGINT NOT NULL
index product, serial

--- The author is the station, and stands where it was put.
-- scope permit.station
SELECT s.site, s.line, s.id AS station, s.environment, :product AS product
FROM station s WHERE s.id = :author;

-- refuse permit.requested FIRMWARE_RELEASE_NOT_USABLE
SELECT :release AS release, :product AS product
WHERE NOT EXISTS (SELECT 1 FROM firmware_release f
	WHERE f.id = :release AND f.product = :product AND f.state = 'released');

--- The authorized release, or a later one that is not less secure.
-- refuse permit.requested FIRMWARE_RELEASE_NOT_AUTHORIZED
SELECT u.serial, b.firmware_release AS expected, :release AS found
FROM unit u JOIN build_authorization b ON b.id = u.build_authorization
WHERE u.product = :product AND u.serial = :serial AND b.firmware_release <> :release
AND NOT (b.permits = 1 AND EXISTS (SELECT 1 FROM firmware_release own
	JOIN firmware_release f ON f.id = :release AND f.at > own.at
	AND f.security_version >= own.security_version WHERE own.id = b.firmware_release));

-- refuse permit.requested HARDWARE_REVISION_UNFIT
SELECT :release AS release, b.revision FROM unit u
JOIN build_authorization b ON b.id = u.build_authorization
WHERE u.product = :product AND u.serial = :serial
AND EXISTS (SELECT 1 FROM firmware_hardware h WHERE h.release = :release)
AND NOT EXISTS (SELECT 1 FROM firmware_hardware h
	WHERE h.release = :release AND h.revision = b.revision);

-- refuse permit.requested FIRMWARE_REFUSED_BY_SIGNER
SELECT f.id AS release, d.code FROM firmware_release f JOIN signer_decision d ON d.digest = f.digest
WHERE f.id = :release AND d.verdict = 'refused';

--- The gate sees the authorized release; this may be a later one.
-- refuse permit.requested FIRMWARE_RELEASE_HELD
SELECT h.id AS release, h.code FROM hold h
WHERE h.kind = 'firmware_release' AND h.within = '' AND h.id = :release;

-- refuse permit.requested FIRMWARE_NOT_REVIEWED
SELECT f.id AS release FROM firmware_release f WHERE f.id = :release AND f.emergency = 1
AND f.reviewed IS NULL AND f.at + 86400000 <= :at;

-- refuse permit.requested ENVIRONMENT_DIFFERS
SELECT :serial AS serial, s.environment AS expected, f.environment AS found
FROM station s JOIN firmware_release f ON f.id = :release
WHERE s.id = :author AND s.environment <> f.environment;

-- refuse permit.requested IMAGE_OLDER_THAN_UNIT
SELECT u.serial, u.security_version AS expected, f.security_version AS found
FROM firmware_release f JOIN unit u ON u.product = :product AND u.serial = :serial
WHERE f.id = :release AND f.security_version < u.security_version;

-- refuse permit.requested STATION_NOT_AUTHORIZED
SELECT :author AS station, b.line, b.site FROM unit u
JOIN build_authorization b ON b.id = u.build_authorization
WHERE u.product = :product AND u.serial = :serial AND NOT EXISTS (SELECT 1 FROM station s
	WHERE s.id = :author AND s.site = b.site AND s.line = b.line
	AND s.environment = b.environment);

-- refuse permit.requested STATION_KEY_NOT_AUTHORIZED
SELECT :author AS station, b.id AS authorization FROM unit u
JOIN build_authorization b ON b.id = u.build_authorization
WHERE u.product = :product AND u.serial = :serial
AND EXISTS (SELECT 1 FROM build_station n WHERE n.build_authorization = b.id)
AND NOT EXISTS (SELECT 1 FROM build_station n WHERE n.build_authorization = b.id
	AND n.station = :author AND n.key = :author_key);

--- A device makes a new nonce each time: the same one again is a replay.
-- refuse permit.requested NONCE_USED_BEFORE
SELECT r.serial FROM permit_request r
WHERE r.product = :product AND r.serial = :serial AND r.nonce = :nonce
UNION ALL SELECT p.serial FROM permit p
WHERE p.product = :product AND p.serial = :serial AND p.nonce = :nonce;

-- fold permit.requested
INSERT INTO permit_request (digest, product, serial, release, image, nonce, station, station_key,
	at, since)
SELECT :digest, :product, :serial, f.id, f.image, :nonce, :author, :author_key, :at, :seq
FROM firmware_release f WHERE f.id = :release ON CONFLICT (digest) DO NOTHING;

-- flag permit.issued PERMIT_NOT_REQUESTED
SELECT 'unit' AS kind, :product AS within, :serial AS id, :product AS product, :serial AS serial
WHERE NOT EXISTS (SELECT 1 FROM permit_request r
	WHERE r.digest = :request AND r.product = :product AND r.serial = :serial);

-- fold permit.issued
INSERT INTO permit (request, product, serial, release, image, nonce, station, permit, at, since)
SELECT r.digest, r.product, r.serial, r.release, r.image, r.nonce, r.station, :permit, :at, :seq
FROM permit_request r
WHERE r.digest = :request AND r.product = :product AND r.serial = :serial
ON CONFLICT (request) DO NOTHING;

-- fold permit.issued
DELETE FROM permit_request WHERE digest = :request AND product = :product AND serial = :serial;

-- fold permit.refused
DELETE FROM permit_request WHERE digest = :request AND product = :product AND serial = :serial;

-- view permit.waiting identity.issue
SELECT u.site, u.line, r.product, u.environment, r.serial, r.digest, r.release, r.image,
	r.station, r.at, r.since
FROM permit_request r JOIN unit u ON u.product = r.product AND u.serial = r.serial
ORDER BY r.since;

-- view permit.list firmware.read product:id serial:id
SELECT u.site, u.line, p.product, u.environment, p.serial, p.request, p.release, p.image,
	p.station, p.permit, p.used, p.at, p.since
FROM permit p JOIN unit u ON u.product = p.product AND u.serial = p.serial
WHERE (:product IS NULL OR p.product = :product) AND (:serial IS NULL OR p.serial = :serial)
ORDER BY p.since;
