--- SPDX-License-Identifier: Apache-2.0
--- Firmware releases: released, withdrawn. And what was programmed into units.

-- table firmware_release key id
id TEXT
product TEXT NOT NULL
version TEXT NOT NULL
environment TEXT NOT NULL
image BLOB NOT NULL
image_size BIGINT NOT NULL
security_version BIGINT NOT NULL
sbom BLOB
configuration BLOB
conformance BLOB
state TEXT NOT NULL
digest BLOB NOT NULL
emergency BIGINT NOT NULL
reviewed BIGINT
verdict TEXT
author TEXT NOT NULL
at BIGINT NOT NULL
since BIGINT NOT NULL
index product, image
index digest

--- Which hardware revisions a firmware release fits; none: all.
-- table firmware_hardware key release, revision
release TEXT
revision TEXT
since BIGINT NOT NULL

-- scope firmware.new
SELECT :product AS product, :environment AS environment;

-- scope firmware.known
SELECT f.product, f.environment FROM firmware_release f WHERE f.id = :release;

-- scope firmware.station
SELECT s.site, s.line, s.id AS station, s.environment, :product AS product
FROM station s WHERE s.id = :station;

-- refuse firmware.released FIRMWARE_RELEASE_EXISTS
SELECT f.id AS release FROM firmware_release f WHERE f.id = :release;

-- refuse firmware.released PRODUCT_UNKNOWN
SELECT :product AS product WHERE NOT EXISTS (SELECT 1 FROM product p WHERE p.id = :product);

-- refuse firmware.released SECURITY_VERSION_LOWER
SELECT f.id AS release, f.security_version AS expected, :security_version AS found
FROM firmware_release f WHERE f.product = :product AND f.environment = :environment
AND f.security_version > :security_version
ORDER BY f.security_version DESC, f.id LIMIT 1;

--- An image that was withdrawn does not come back under another number.
-- refuse firmware.released IMAGE_WITHDRAWN
SELECT f.id AS release FROM firmware_release f
WHERE f.product = :product AND f.image = :image AND f.state = 'withdrawn' ORDER BY f.id LIMIT 1;

--- A software bill that it names was checked, lately, by somebody else, and nothing is undecided.
-- refuse firmware.released SBOM_NOT_CHECKED
SELECT :product AS product WHERE :sbom IS NOT NULL AND NOT EXISTS (SELECT 1 FROM sbom_check c
	WHERE c.product = :product AND c.sbom = :sbom AND c.counts = 1
	AND c.at > :at - 2592000000);

-- refuse firmware.released SBOM_AFFECTED
SELECT g.component, coalesce(g.version, '') AS version, g.advisory
FROM sbom_check c JOIN sbom_finding g ON g.since = c.since
WHERE c.product = :product AND c.sbom = :sbom AND c.counts = 1 AND g.state = 'affected'
ORDER BY g.since, g.n LIMIT 1;

-- refuse firmware.released SBOM_CHECKED_BY_AUTHOR
SELECT c.author FROM sbom_check c
WHERE c.product = :product AND c.sbom = :sbom AND c.counts = 1 AND (c.author = :author OR EXISTS (
	SELECT 1 FROM principal a JOIN principal b ON b.natural_id = a.natural_id
	WHERE a.id = c.author AND b.id = :author));

-- fold firmware.released
INSERT INTO firmware_release (id, product, version, environment, image, image_size,
	security_version, sbom, configuration, conformance, state, digest, emergency, author, at,
	since)
SELECT :release, :product, :version, :environment, :image, :image_size, :security_version, :sbom,
	:configuration, :conformance, 'released', :digest, 0, :author, :at, :seq
WHERE true ON CONFLICT (id) DO NOTHING;

-- fold firmware.released each hardware_revisions
INSERT INTO firmware_hardware (release, revision, since)
SELECT :release, :hardware_revisions.revision, :seq
WHERE EXISTS (SELECT 1 FROM firmware_release f WHERE f.id = :release AND f.since = :seq)
ON CONFLICT DO NOTHING;

--- ---- emergency releases ----

-- refuse firmware.emergency FIRMWARE_RELEASE_EXISTS
SELECT f.id AS release FROM firmware_release f WHERE f.id = :release;

-- refuse firmware.emergency PRODUCT_UNKNOWN
SELECT :product AS product WHERE NOT EXISTS (SELECT 1 FROM product p WHERE p.id = :product);

-- refuse firmware.emergency SECURITY_VERSION_LOWER
SELECT f.id AS release, f.security_version AS expected, :security_version AS found
FROM firmware_release f WHERE f.product = :product AND f.environment = :environment
AND f.security_version > :security_version
ORDER BY f.security_version DESC, f.id LIMIT 1;

-- refuse firmware.emergency IMAGE_WITHDRAWN
SELECT f.id AS release FROM firmware_release f
WHERE f.product = :product AND f.image = :image AND f.state = 'withdrawn' ORDER BY f.id LIMIT 1;

-- fold firmware.emergency
INSERT INTO firmware_release (id, product, version, environment, image, image_size,
	security_version, sbom, configuration, conformance, state, digest, emergency, author, at,
	since)
SELECT :release, :product, :version, :environment, :image, :image_size, :security_version, :sbom,
	:configuration, :conformance, 'released', :digest, 1, :author, :at, :seq
WHERE true ON CONFLICT (id) DO NOTHING;

-- fold firmware.emergency each hardware_revisions
INSERT INTO firmware_hardware (release, revision, since)
SELECT :release, :hardware_revisions.revision, :seq
WHERE EXISTS (SELECT 1 FROM firmware_release f WHERE f.id = :release AND f.since = :seq)
ON CONFLICT DO NOTHING;

-- refuse firmware.reviewed FIRMWARE_NOT_TO_REVIEW
SELECT :release AS release WHERE NOT EXISTS (SELECT 1 FROM firmware_release f
	WHERE f.id = :release AND f.emergency = 1 AND f.reviewed IS NULL);

-- refuse firmware.reviewed DECISION_ABOUT_ONESELF
SELECT 1 AS same FROM firmware_release f
WHERE f.id = :release AND (f.author = :author OR EXISTS (SELECT 1 FROM principal a
	JOIN principal b ON a.natural_id = b.natural_id WHERE a.id = :author AND b.id = f.author));

-- fold firmware.reviewed
UPDATE firmware_release SET reviewed = :at, verdict = :verdict, since = :seq,
	state = CASE WHEN :verdict = 'rejected' THEN 'withdrawn' ELSE state END
WHERE id = :release AND emergency = 1 AND reviewed IS NULL;

--- A rejected one may be withdrawn, too: only that is brought to the signer.
-- refuse firmware.withdrawn FIRMWARE_ALREADY_WITHDRAWN
SELECT f.id AS release FROM firmware_release f WHERE f.id = :release AND f.state = 'withdrawn'
AND coalesce(f.verdict, '') <> 'rejected';

-- fold firmware.withdrawn
UPDATE firmware_release SET state = 'withdrawn', since = :seq WHERE id = :release;

-- flag unit.programmed UNIT_UNKNOWN
SELECT 'unit' AS kind, :product AS within, :serial AS id, :product AS product, :serial AS serial
WHERE NOT EXISTS (SELECT 1 FROM unit u WHERE u.product = :product AND u.serial = :serial);

-- flag unit.programmed UNIT_OUT_OF_TURN
SELECT 'unit' AS kind, u.product AS within, u.serial AS id, u.product, u.serial,
	'built' AS expected, u.state AS found
FROM unit u WHERE u.product = :product AND u.serial = :serial
AND u.state NOT IN ('built', 'programmed');

-- flag unit.programmed UNIT_AT_OTHER_LINE
SELECT 'unit' AS kind, u.product AS within, u.serial AS id, u.product, u.serial,
	u.line AS expected, s.line AS found
FROM unit u JOIN station s ON s.id = :station
WHERE u.product = :product AND u.serial = :serial AND (s.site <> u.site OR s.line <> u.line);

-- flag unit.programmed IMAGE_NOT_RELEASED
SELECT 'unit' AS kind, :product AS within, :serial AS id, :product AS product, :serial AS serial,
	:release AS release
WHERE NOT EXISTS (SELECT 1 FROM firmware_release f
	WHERE f.product = :product AND f.image = :image AND f.state = 'released');

-- flag unit.programmed IMAGE_NOT_SIGNED
SELECT 'unit' AS kind, u.product AS within, u.serial AS id, u.product, u.serial,
	:release AS release
FROM unit u WHERE u.product = :product AND u.serial = :serial AND u.environment = 'production'
AND EXISTS (SELECT 1 FROM charter c)
AND NOT EXISTS (SELECT 1 FROM firmware_release f JOIN signer_decision d ON d.digest = f.digest
	WHERE f.product = :product AND f.image = :image AND d.verdict = 'admitted');

-- flag unit.programmed IMAGE_NOT_OF_RELEASE
SELECT 'unit' AS kind, :product AS within, :serial AS id, :serial AS serial, f.id AS release
FROM firmware_release f WHERE f.id = :release AND f.image <> :image;

--- A firmware release that names a configuration is the image together with it.
-- flag unit.programmed CONFIGURATION_NOT_OF_RELEASE
SELECT 'unit' AS kind, :product AS within, :serial AS id, :serial AS serial, f.id AS release
FROM firmware_release f WHERE f.id = :release AND f.configuration IS NOT NULL
AND f.configuration IS DISTINCT FROM :configuration;

-- flag unit.programmed FIRMWARE_RELEASE_NOT_AUTHORIZED
SELECT 'unit' AS kind, u.product AS within, u.serial AS id, u.serial,
	b.firmware_release AS expected, :release AS found
FROM unit u JOIN build_authorization b ON b.id = u.build_authorization
WHERE u.product = :product AND u.serial = :serial AND b.firmware_release <> :release
AND NOT (b.permits = 1 AND EXISTS (SELECT 1 FROM permit p WHERE p.product = u.product
	AND p.serial = u.serial AND p.release = :release AND p.image = :image
	AND p.used IS NULL));

-- flag unit.programmed ENVIRONMENT_DIFFERS
SELECT 'unit' AS kind, :product AS within, :serial AS id, :serial AS serial,
	s.environment AS expected, f.environment AS found
FROM station s JOIN firmware_release f ON f.id = :release
WHERE s.id = :station AND s.environment <> f.environment;

-- flag unit.programmed IMAGE_OLDER_THAN_UNIT
SELECT 'unit' AS kind, u.product AS within, u.serial AS id, u.serial,
	u.security_version AS expected, t.newest AS found
FROM unit u JOIN (SELECT max(f.security_version) AS newest FROM firmware_release f
	WHERE f.product = :product AND f.image = :image) AS t ON t.newest < u.security_version
WHERE u.product = :product AND u.serial = :serial;

-- flag unit.programmed PROGRAMMED_WITHOUT_PERMIT
SELECT 'unit' AS kind, u.product AS within, u.serial AS id, u.product, u.serial
FROM unit u JOIN build_authorization b ON b.id = u.build_authorization AND b.permits = 1
WHERE u.product = :product AND u.serial = :serial
AND NOT EXISTS (SELECT 1 FROM permit p WHERE p.product = u.product AND p.serial = u.serial
	AND p.image = :image AND p.used IS NULL);

-- flag unit.programmed UNIT_PROGRAMMED_WHILE_HELD
SELECT 'unit' AS kind, :product AS within, :serial AS id, :serial AS serial
WHERE EXISTS (SELECT 1 FROM hold h
	WHERE h.kind = 'unit' AND h.within = :product AND h.id = :serial);

-- fold unit.programmed
UPDATE unit SET state = 'programmed', station = :station, firmware_release = :release,
	image = :image, since = :seq, security_version = (SELECT max(v.n) FROM (
		SELECT coalesce(u.security_version, 0) AS n FROM unit u
		WHERE u.product = :product AND u.serial = :serial
		UNION ALL SELECT f.security_version FROM firmware_release f
		WHERE f.product = :product AND f.image = :image AND f.state = 'released') AS v)
WHERE product = :product AND serial = :serial AND state IN ('built', 'programmed');

--- A permit is for one programming: the oldest that is left.
-- fold unit.programmed
UPDATE permit SET used = :seq
WHERE since = (SELECT min(p.since) FROM permit p WHERE p.product = :product
	AND p.serial = :serial AND p.image = :image AND p.used IS NULL)
AND product = :product AND serial = :serial;

--- What a station asks before it programs.
--- The authorized release; with permits, which name the release, also a later one that is not less secure.
-- control PRG-01 gate:program always
WITH fitting AS (
	SELECT own.id AS wanted, CASE WHEN NOT EXISTS (SELECT 1 FROM signer_decision d
			WHERE d.digest = f.digest AND d.verdict = 'refused')
		AND (f.environment <> 'production' OR NOT EXISTS (SELECT 1 FROM charter c)
		OR EXISTS (SELECT 1 FROM signer_decision d
			WHERE d.digest = f.digest AND d.verdict = 'admitted'))
		THEN 1 ELSE 0 END AS is_signed
	FROM unit u JOIN build_authorization b ON b.id = u.build_authorization
	JOIN firmware_release own ON own.id = b.firmware_release
	JOIN firmware_release f ON f.product = u.product AND f.state = 'released'
	AND f.environment = u.environment AND (f.id = own.id OR (b.permits = 1
		AND f.at > own.at AND f.security_version >= own.security_version))
	WHERE :kind = 'unit' AND u.product = :within AND u.serial = :id
)
SELECT 'a unit that is built' AS expected,
	coalesce((SELECT u.state FROM unit u WHERE u.product = :within AND u.serial = :id),
		'unknown') AS found
WHERE NOT EXISTS (SELECT 1 FROM unit u WHERE u.product = :within AND u.serial = :id
	AND u.state IN ('built', 'programmed') AND :kind = 'unit')
UNION ALL
SELECT 'a firmware release that may be programmed', b.firmware_release
FROM unit u JOIN build_authorization b ON b.id = u.build_authorization
WHERE :kind = 'unit' AND u.product = :within AND u.serial = :id
AND NOT EXISTS (SELECT 1 FROM fitting)
UNION ALL
SELECT 'a firmware release that the signer signed', min(x.wanted) FROM fitting x
HAVING count(*) > 0 AND sum(x.is_signed) = 0
UNION ALL
SELECT 'no open hold', h.kind || ' ' || h.id || ' ' || h.code
FROM hold h LEFT JOIN unit u ON u.product = :within AND u.serial = :id
LEFT JOIN build_authorization b ON b.id = u.build_authorization
WHERE :kind = 'unit' AND ((h.kind = 'unit' AND h.within = :within AND h.id = :id)
	OR (h.kind = 'product' AND h.within = '' AND h.id = :within)
	OR (h.kind = 'site' AND h.within = '' AND h.id = u.site)
	OR (h.kind = 'line' AND h.within = u.site AND h.id = u.line)
	OR (h.kind = 'station' AND h.within = '' AND h.id = :author)
	OR (h.kind = 'build_authorization' AND h.within = '' AND h.id = b.id)
	OR (h.kind = 'firmware_release' AND h.within = '' AND h.id = b.firmware_release));

--- Nothing leaves with an image that may not run.
-- control PRG-01 gate:ship always
SELECT 'a released image' AS expected, u.serial || ' ' || coalesce(u.firmware_release, 'none')
	AS found
FROM (SELECT :within AS product, :id AS serial WHERE :kind = 'unit'
	UNION ALL SELECT c.within, c.id FROM shipment_content c
	WHERE :kind = 'shipment' AND c.shipment = :id AND c.kind = 'unit') AS l
JOIN unit u ON u.product = l.product AND u.serial = l.serial
WHERE NOT EXISTS (SELECT 1 FROM firmware_release f WHERE f.product = u.product
	AND f.image = u.image AND f.state = 'released' AND f.environment = u.environment
	AND NOT EXISTS (SELECT 1 FROM signer_decision d
		WHERE d.digest = f.digest AND d.verdict = 'refused')
	AND (f.environment <> 'production' OR NOT EXISTS (SELECT 1 FROM charter c)
	OR EXISTS (SELECT 1 FROM signer_decision d
		WHERE d.digest = f.digest AND d.verdict = 'admitted')));

--- What was released in an emergency is looked at within a day, or nothing goes on with it.
-- control CHG-04 gate:program
SELECT 'an emergency release that was reviewed within 24 hours' AS expected, f.id AS found
FROM unit u JOIN build_authorization b ON b.id = u.build_authorization
JOIN firmware_release f ON f.id = b.firmware_release
WHERE :kind = 'unit' AND u.product = :within AND u.serial = :id
AND f.emergency = 1 AND f.reviewed IS NULL AND f.at + 86400000 <= :at;

-- control CHG-04 gate:ship
SELECT 'an emergency release that was reviewed within 24 hours' AS expected,
	u.serial || ' ' || f.id AS found
FROM (SELECT :within AS product, :id AS serial WHERE :kind = 'unit'
	UNION ALL SELECT c.within, c.id FROM shipment_content c
	WHERE :kind = 'shipment' AND c.shipment = :id AND c.kind = 'unit') AS l
JOIN unit u ON u.product = l.product AND u.serial = l.serial
JOIN firmware_release f ON f.id = u.firmware_release
WHERE f.emergency = 1 AND f.reviewed IS NULL AND f.at + 86400000 <= :at;

-- view firmware.releases firmware.read product:id release:id environment:id
SELECT f.product, f.environment, f.id AS firmware_release, f.version, f.image, f.image_size,
	f.security_version, f.sbom, f.configuration, f.conformance, f.emergency, f.reviewed,
	f.verdict, f.state, f.digest, f.author, f.at, f.since
FROM firmware_release f
WHERE (:product IS NULL OR f.product = :product) AND (:release IS NULL OR f.id = :release)
AND (:environment IS NULL OR f.environment = :environment)
ORDER BY firmware_release;
