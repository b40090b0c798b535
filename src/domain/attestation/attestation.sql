--- SPDX-License-Identifier: Apache-2.0
--- Boot evidence and the running inventory: which firmware every unit was last seen to run.

--- Every nonce that was ever answered, so that no answer counts twice.
-- table boot_nonce key nonce
nonce BLOB
product TEXT NOT NULL
serial TEXT NOT NULL
since BIGINT NOT NULL

-- table inventory key product, serial
product TEXT
serial TEXT
image BLOB NOT NULL
firmware_release TEXT
security_version BIGINT
boot_count BIGINT NOT NULL
at BIGINT NOT NULL
since BIGINT NOT NULL
index firmware_release

-- scope attestation.unit
SELECT u.site, u.line, u.product, u.environment FROM unit u
WHERE u.product = :product AND u.serial = :serial;

--- A copied certificate has no key; a key that is not the enrolled one is another device.
-- flag boot.proved DEVICE_KEY_MISMATCH
SELECT 'unit' AS kind, :product AS within, :serial AS id, :product AS product, :serial AS serial
WHERE NOT EXISTS (SELECT 1 FROM unit u WHERE u.product = :product AND u.serial = :serial
	AND u.key_id = :author_key AND :author = u.product || '/' || u.serial);

-- flag boot.proved BOOT_NONCE_UNKNOWN
SELECT 'unit' AS kind, :product AS within, :serial AS id, :serial AS serial
WHERE NOT EXISTS (SELECT 1 FROM challenge c WHERE c.nonce = :nonce AND c.kind = 'unit'
	AND c.within = :product AND c.id = :serial);

-- flag boot.proved BOOT_NONCE_EXPIRED
SELECT 'unit' AS kind, :product AS within, :serial AS id, :serial AS serial
FROM challenge c WHERE c.nonce = :nonce AND c.kind = 'unit' AND c.within = :product
AND c.id = :serial AND c.expires <= :at;

-- flag boot.proved BOOT_NONCE_USED
SELECT 'unit' AS kind, :product AS within, :serial AS id, :serial AS serial, n.since AS seq
FROM boot_nonce n WHERE n.nonce = :nonce;

-- flag boot.proved BOOT_IMAGE_NOT_RELEASED
SELECT 'unit' AS kind, u.product AS within, u.serial AS id, u.serial FROM unit u
WHERE u.product = :product AND u.serial = :serial
AND NOT EXISTS (SELECT 1 FROM firmware_release f WHERE f.product = u.product
	AND f.image = :image AND f.state = 'released' AND f.environment = u.environment);

--- Going back below what it ran is the way an old hole is opened again.
-- flag boot.proved BOOT_IMAGE_OLDER
SELECT 'unit' AS kind, i.product AS within, i.serial AS id, i.serial,
	i.security_version AS expected, f.security_version AS found
FROM inventory i JOIN (SELECT max(r.security_version) AS security_version
	FROM firmware_release r WHERE r.product = :product AND r.image = :image) AS f
	ON f.security_version < i.security_version
WHERE i.product = :product AND i.serial = :serial;

-- flag boot.proved BOOT_COUNT_REPEATED
SELECT 'unit' AS kind, u.product AS within, u.serial AS id, u.serial,
	u.boot_count AS expected, :boot_count AS found
FROM unit u WHERE u.product = :product AND u.serial = :serial AND u.boot_count >= :boot_count;

-- flag boot.proved UNIT_OUT_OF_TURN
SELECT 'unit' AS kind, u.product AS within, u.serial AS id, u.product, u.serial,
	'received' AS expected, u.state AS found
FROM unit u WHERE u.product = :product AND u.serial = :serial
AND u.state NOT IN ('received', 'commissioned');

-- fold boot.proved
INSERT INTO boot_nonce (nonce, product, serial, since)
SELECT :nonce, :product, :serial, :seq WHERE true ON CONFLICT (nonce) DO NOTHING;

-- fold boot.proved
INSERT INTO inventory (product, serial, image, firmware_release, security_version, boot_count, at,
	since)
SELECT u.product, u.serial, :image, (SELECT min(f.id) FROM firmware_release f
		WHERE f.product = u.product AND f.image = :image AND f.state = 'released'
		AND f.environment = u.environment),
	(SELECT max(f.security_version) FROM firmware_release f
		WHERE f.product = u.product AND f.image = :image AND f.state = 'released'
		AND f.environment = u.environment),
	:boot_count, :at, :seq
FROM unit u WHERE u.product = :product AND u.serial = :serial AND :flagged = 0
ON CONFLICT (product, serial) DO UPDATE SET image = excluded.image,
	firmware_release = excluded.firmware_release,
	security_version = excluded.security_version, boot_count = excluded.boot_count,
	at = excluded.at, since = excluded.since;

-- fold boot.proved
UPDATE unit SET boot_count = :boot_count
WHERE product = :product AND serial = :serial AND :flagged = 0;

-- fold boot.proved
UPDATE unit SET state = 'commissioned', since = :seq
WHERE product = :product AND serial = :serial AND state = 'received' AND :flagged = 0
AND NOT EXISTS (SELECT 1 FROM hold h
	WHERE h.kind = 'unit' AND h.within = :product AND h.id = :serial);

-- control COM-01 gate:commission
SELECT 'boot proved on a released image' AS expected, coalesce(u.state, 'unknown unit') AS found
FROM (SELECT :within AS product, :id AS serial WHERE :kind = 'unit') AS t
LEFT JOIN unit u ON u.product = t.product AND u.serial = t.serial
WHERE u.state IS NULL OR u.state <> 'commissioned'
UNION ALL
SELECT 'a firmware release in force', i.firmware_release FROM inventory i
WHERE :kind = 'unit' AND i.product = :within AND i.serial = :id
AND NOT EXISTS (SELECT 1 FROM firmware_release f WHERE f.product = i.product
	AND f.image = i.image AND f.state = 'released')
UNION ALL
SELECT 'no open hold', h.kind || ' ' || h.id || ' ' || h.code
FROM hold h LEFT JOIN unit u ON u.product = :within AND u.serial = :id
WHERE :kind = 'unit' AND ((h.kind = 'unit' AND h.within = :within AND h.id = :id)
	OR (h.kind = 'product' AND h.within = '' AND h.id = :within)
	OR (h.kind = 'shipment' AND h.within = '' AND h.id = u.shipment));

-- view inventory.running attestation.read product:id release:id site:id
SELECT u.site, u.line, i.product, u.environment, i.serial, i.image, i.firmware_release,
	i.security_version, i.boot_count, i.at, i.since, f.state AS release_state
FROM inventory i JOIN unit u ON u.product = i.product AND u.serial = i.serial
LEFT JOIN firmware_release f ON f.id = i.firmware_release
WHERE (:product IS NULL OR i.product = :product)
AND (:release IS NULL OR i.firmware_release = :release) AND (:site IS NULL OR u.site = :site)
ORDER BY i.product, i.serial;

--- Received, but never proved what it runs.
-- view inventory.silent attestation.read product:id site:id
SELECT u.site, u.line, u.product, u.environment, u.serial, u.state, u.since FROM unit u
WHERE u.state = 'received' AND (:product IS NULL OR u.product = :product)
AND (:site IS NULL OR u.site = :site) AND NOT EXISTS (SELECT 1 FROM inventory i
	WHERE i.product = u.product AND i.serial = u.serial)
ORDER BY u.product, u.serial;
