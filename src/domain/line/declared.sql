--- SPDX-License-Identifier: Apache-2.0
--- Units that exist already. They are rows of the table `unit` in the state declared, without a
--- build authorization, a station and an environment: so no gate lets them leave as built here. Their
--- serial, key and hardware address are taken like those of every other unit: identity.sql has the
--- rules of that.

-- table declared_unit key product, serial
product TEXT
serial TEXT
built_on BIGINT
version TEXT
customer BLOB
author TEXT NOT NULL
since BIGINT NOT NULL

-- scope declared.unit
SELECT :site AS site, :product AS product;

--- Of a unit that is not known, only who may speak for the whole product says anything.
-- scope declared.certificate
SELECT t.site, t.product FROM (
	SELECT 0 AS place, u.site, u.product FROM unit u
	WHERE u.product = :product AND u.serial = :serial
	UNION ALL SELECT 1, NULL, :product) AS t
ORDER BY t.place;

-- refuse unit.declared PRODUCT_UNKNOWN
SELECT :product AS product WHERE NOT EXISTS (SELECT 1 FROM product p WHERE p.id = :product);

-- refuse unit.declared SITE_UNKNOWN
SELECT :site AS site WHERE NOT EXISTS (SELECT 1 FROM site s WHERE s.id = :site);

-- refuse unit.declared DECLARED_BUILT_AHEAD
SELECT :serial AS serial WHERE :built_on > :at;

-- fold unit.declared
INSERT INTO unit (product, serial, state, build_authorization, site, environment, image, address,
	since)
SELECT :product, :serial, 'declared', '', :site, '', :image, :address, :seq WHERE true
ON CONFLICT DO NOTHING;

-- fold unit.declared
INSERT INTO declared_unit (product, serial, built_on, version, customer, author, since)
SELECT :product, :serial, :built_on, :version, :customer, :author, :seq
WHERE EXISTS (SELECT 1 FROM unit u
	WHERE u.product = :product AND u.serial = :serial AND u.since = :seq)
ON CONFLICT (product, serial) DO NOTHING;

-- refuse certificate.declared UNIT_NOT_DECLARED
SELECT :product AS product, :serial AS serial WHERE NOT EXISTS (SELECT 1 FROM declared_unit d
	JOIN unit u ON u.product = d.product AND u.serial = d.serial AND u.state <> 'scrapped'
	WHERE d.product = :product AND d.serial = :serial);

-- refuse certificate.declared CERTIFICATE_ALREADY_DECLARED
SELECT u.product, u.serial FROM unit u WHERE u.product = :product AND u.serial = :serial
AND u.certificate IS NOT NULL;

-- fold certificate.declared
UPDATE unit SET key_id = :key_id, certificate = :certificate,
	certificate_digest = :certificate_digest, since = :seq
WHERE product = :product AND serial = :serial AND certificate IS NULL
AND NOT EXISTS (SELECT 1 FROM unit o WHERE o.key_id = :key_id)
AND EXISTS (SELECT 1 FROM declared_unit d WHERE d.product = :product AND d.serial = :serial);

--- Every serial that is taken, and by what kind of unit: what an import compares its rows with.
-- view unit.serials line.read product:id serial:id
SELECT u.site, u.line, u.product, u.environment, u.serial, u.state, d.built_on, d.version, u.image,
	u.address, u.certificate_digest, d.author AS declared_by, u.since
FROM unit u LEFT JOIN declared_unit d ON d.product = u.product AND d.serial = u.serial
WHERE (:product IS NULL OR u.product = :product) AND (:serial IS NULL OR u.serial = :serial)
ORDER BY u.product, u.serial;

--- With who has them, for those who may declare it.
-- view declared.units line.import product:id serial:id
SELECT u.site, u.product, u.serial, u.state, d.built_on, d.version, o.value AS customer, d.author,
	d.since
FROM declared_unit d JOIN unit u ON u.product = d.product AND u.serial = d.serial
LEFT JOIN opening o ON o.commitment = d.customer
WHERE (:product IS NULL OR d.product = :product) AND (:serial IS NULL OR d.serial = :serial)
ORDER BY u.product, u.serial;
