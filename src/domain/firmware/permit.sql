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
INSERT INTO permit (request, product, serial, release, image, station, permit, at, since)
SELECT r.digest, r.product, r.serial, r.release, r.image, r.station, :permit, :at, :seq
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
