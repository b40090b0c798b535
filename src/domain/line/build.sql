--- SPDX-License-Identifier: Apache-2.0
--- Build authorizations: how many units of what a line may build, at which stations, until when; and how
--- they end, when every unit is accounted for.

-- table build_authorization key id
id TEXT
product TEXT NOT NULL
revision TEXT NOT NULL
firmware_release TEXT NOT NULL
environment TEXT NOT NULL
site TEXT NOT NULL
line TEXT NOT NULL
quantity BIGINT NOT NULL
requested BIGINT NOT NULL
valid_until BIGINT NOT NULL
purchase_order TEXT
work_order TEXT
security_version BIGINT NOT NULL
permits BIGINT NOT NULL
state TEXT NOT NULL
digest BLOB NOT NULL
author TEXT NOT NULL
since BIGINT NOT NULL
index site, line
index product
index digest

--- Which stations may build, by which key. None for what was authorized as version 1: then every
--- station of the line may.
-- table build_station key build_authorization, station, key
build_authorization TEXT
station TEXT
key BLOB
since BIGINT NOT NULL

-- scope build.new
SELECT :site AS site, :line AS line, :product AS product;

-- scope build.known
SELECT b.site, b.line, b.product FROM build_authorization b WHERE b.id = :authorization;

-- refuse build.authorized BUILD_AUTHORIZATION_EXISTS
SELECT b.id AS authorization FROM build_authorization b WHERE b.id = :authorization;

-- refuse build.authorized PRODUCT_UNKNOWN
SELECT :product AS product WHERE NOT EXISTS (SELECT 1 FROM product p WHERE p.id = :product);

-- refuse build.authorized LINE_UNKNOWN
SELECT :site AS site, :line AS line
WHERE NOT EXISTS (SELECT 1 FROM line l WHERE l.site = :site AND l.id = :line);

-- refuse build.authorized FIRMWARE_RELEASE_NOT_USABLE
SELECT :release AS release, :product AS product
WHERE NOT EXISTS (SELECT 1 FROM firmware_release f
	WHERE f.id = :release AND f.product = :product AND f.state = 'released');

-- refuse build.authorized BOM_NOT_RELEASED
SELECT :product AS product, :revision AS revision WHERE NOT EXISTS (SELECT 1 FROM bom b
	WHERE b.product = :product AND b.revision = :revision AND b.state = 'released');

--- The same line number twice leaves fewer lines than were announced.
-- refuse build.authorized BOM_LINE_COUNT_DIFFERS
SELECT b.product, b.revision, b.line_count AS expected, t.n AS found
FROM bom b JOIN (SELECT count(*) AS n FROM bom_line l
	WHERE l.product = :product AND l.revision = :revision) AS t ON t.n <> b.line_count
WHERE b.product = :product AND b.revision = :revision AND b.state = 'released';

-- refuse build.authorized PART_WITHOUT_APPROVED_SUPPLIER
SELECT :product AS product, t.n AS parts, t.first
FROM (SELECT count(*) AS n, min(l.part) AS first FROM bom_line l
	WHERE l.product = :product AND l.revision = :revision
	AND NOT EXISTS (SELECT 1 FROM part_source a JOIN supplier s ON s.id = a.supplier
		WHERE a.part = l.part AND s.state = 'approved' AND s.expires > :at)) AS t
WHERE t.n > 0;

-- refuse build.authorized BUILD_ALREADY_OVER
SELECT :authorization AS authorization WHERE :valid_until <= :at;

-- refuse build.authorized HARDWARE_TYPE_DIFFERS
SELECT p.id AS product, p.hardware_type AS expected, coalesce(:hardware_type, 'none') AS found
FROM product p WHERE p.id = :product AND p.hardware_type <> coalesce(:hardware_type, '');

-- refuse build.authorized BUILD_STATIONS_MISSING
SELECT :authorization AS authorization WHERE :stations.count = 0;

--- A key that is enrolled, of a station that stands at the line, for the environment of the firmware.
-- refuse build.authorized STATION_KEY_UNFIT each stations
SELECT :stations.station AS station, :stations.key AS key, :line AS line, :site AS site
WHERE NOT EXISTS (SELECT 1 FROM principal_key k JOIN station s ON s.id = k.principal
	JOIN principal p ON p.id = k.principal
	JOIN firmware_release f ON f.id = :release AND f.environment = s.environment
	WHERE k.key = :stations.key AND k.principal = :stations.station AND k.until IS NULL
	AND p.state = 'active' AND s.site = :site AND s.line = :line);

-- refuse build.authorized FIRMWARE_TOO_OLD
SELECT f.id AS release, :security_version AS expected, f.security_version AS found
FROM firmware_release f WHERE f.id = :release AND f.security_version < :security_version;

-- refuse build.authorized HARDWARE_REVISION_UNFIT
SELECT :release AS release, :revision AS revision
WHERE EXISTS (SELECT 1 FROM firmware_hardware h WHERE h.release = :release)
AND NOT EXISTS (SELECT 1 FROM firmware_hardware h
	WHERE h.release = :release AND h.revision = :revision);

-- refuse build.authorized FIRMWARE_REFUSED_BY_SIGNER
SELECT f.id AS release, d.code FROM firmware_release f JOIN signer_decision d ON d.digest = f.digest
WHERE f.id = :release AND d.verdict = 'refused';

--- What went before at this line must balance first.
-- refuse build.authorized BUILD_PREVIOUS_UNBALANCED
SELECT b.id AS previous, b.site, b.line FROM build_authorization b
WHERE b.site = :site AND b.line = :line AND b.state = 'open' AND b.valid_until <= :at
ORDER BY b.since LIMIT 1;

-- refuse build.authorized BUILD_PLACE_HELD
SELECT h.kind, h.id, h.code FROM hold h
WHERE (h.kind = 'product' AND h.within = '' AND h.id = :product)
OR (h.kind = 'site' AND h.within = '' AND h.id = :site)
OR (h.kind = 'line' AND h.within = :site AND h.id = :line)
OR (h.kind = 'firmware_release' AND h.within = '' AND h.id = :release);

-- fold build.authorized
INSERT INTO build_authorization (id, product, revision, firmware_release, environment, site, line,
	quantity, requested, valid_until, purchase_order, work_order, security_version, permits,
	state, digest, author, since)
SELECT :authorization, :product, :revision, :release, f.environment, :site, :line, :quantity, 0,
	:valid_until, :purchase_order, :work_order,
	coalesce(:security_version, f.security_version), coalesce(:permits, 0), 'open', :digest,
	:author, :seq
FROM firmware_release f WHERE f.id = :release ON CONFLICT (id) DO NOTHING;

-- fold build.authorized each stations
INSERT INTO build_station (build_authorization, station, key, since)
SELECT :authorization, :stations.station, :stations.key, :seq
WHERE EXISTS (SELECT 1 FROM build_authorization b WHERE b.id = :authorization AND b.since = :seq)
ON CONFLICT DO NOTHING;

-- refuse build.closed BUILD_CLOSED
SELECT b.id AS authorization FROM build_authorization b
WHERE b.id = :authorization AND b.state = 'closed';

--- Every unit that was started must be built or scrapped. A refused one is on the line all the same.
-- refuse build.closed BUILD_UNITS_IN_WORK
SELECT t.n AS units, t.first FROM (SELECT count(*) AS n, min(u.serial) AS first FROM unit u
	WHERE u.build_authorization = :authorization
	AND u.state IN ('requested', 'certified', 'refused')) AS t
WHERE t.n > 0;

--- The hold of a unit that was disposed of as scrap stays for ever: destroyed, it is accounted for. But
--- one that is only said to be destroyed, without evidence or without a second person, is not, until
--- somebody else has disposed of that.
-- refuse build.closed BUILD_UNITS_HELD
SELECT h.kind, h.id, h.code FROM hold h
WHERE (h.kind = 'build_authorization' AND h.within = '' AND h.id = :authorization)
OR (h.kind = 'unit' AND EXISTS (SELECT 1 FROM unit u WHERE u.product = h.within
	AND u.serial = h.id AND u.build_authorization = :authorization
	AND (u.state <> 'scrapped' OR (h.code IN ('SCRAP_WITHOUT_EVIDENCE', 'SCRAP_NOT_WITNESSED')
		AND EXISTS (SELECT 1 FROM nonconformance n
			WHERE n.seq = h.seq AND n.n = h.n AND n.state = 'open')))))
ORDER BY h.seq, h.n LIMIT 1;

--- The author counted, and so did we: authorized = built + scrapped + returned + unused.
-- refuse build.closed BUILD_DOES_NOT_RECONCILE
SELECT t.quantity || ' authorized: ' || t.built || ' built, ' || t.scrapped || ' scrapped, '
	|| t.returned || ' returned, ' || t.unused || ' unused' AS counted
FROM (SELECT b.quantity, b.quantity - b.requested AS unused,
		(SELECT count(*) FROM unit u WHERE u.build_authorization = b.id
			AND u.state NOT IN ('requested', 'certified', 'refused', 'scrapped')
			AND NOT (u.state = 'received' AND u.site = b.site)) AS built,
		(SELECT count(*) FROM unit u WHERE u.build_authorization = b.id
			AND u.state = 'scrapped') AS scrapped,
		(SELECT count(*) FROM unit u WHERE u.build_authorization = b.id
			AND u.state = 'received' AND u.site = b.site) AS returned
	FROM build_authorization b WHERE b.id = :authorization) AS t
WHERE t.built <> :built OR t.scrapped <> :scrapped OR t.returned <> :returned
OR t.unused <> :unused OR t.quantity <> :built + :scrapped + :returned + :unused;

-- fold build.closed
UPDATE build_authorization SET state = 'closed', since = :seq
WHERE id = :authorization AND state = 'open';

-- view build.list line.read site:id product:id authorization:id
SELECT b.site, b.line, b.product, b.environment, b.id AS build_authorization, b.revision,
	b.firmware_release, b.security_version, b.permits, b.quantity, b.requested, b.valid_until,
	b.purchase_order, b.work_order, b.state, b.digest, b.author, b.since
FROM build_authorization b
WHERE (:site IS NULL OR b.site = :site) AND (:product IS NULL OR b.product = :product)
AND (:authorization IS NULL OR b.id = :authorization)
ORDER BY build_authorization;

--- What is not closed: before the line gets another authorization, what is over must balance.
-- view build.open line.read site:id
SELECT b.site, b.line, b.product, b.id AS build_authorization, b.quantity, b.requested,
	b.valid_until, (SELECT count(*) FROM unit u WHERE u.build_authorization = b.id
		AND u.state IN ('requested', 'certified', 'refused')) AS in_work, b.since
FROM build_authorization b WHERE b.state = 'open' AND (:site IS NULL OR b.site = :site)
ORDER BY build_authorization;

-- view build.stations line.read authorization:id
SELECT b.site, b.line, b.product, s.build_authorization, s.station, s.key, s.since
FROM build_station s JOIN build_authorization b ON b.id = s.build_authorization
WHERE (:authorization IS NULL OR b.id = :authorization)
ORDER BY s.build_authorization, s.station, s.key;

--- authorized = built + scrapped + in_work + returned + unused. Of what is unused, so many are reserved for
--- offline allowances.
-- view build.reconciliation line.read authorization:id
SELECT t.site, t.line, t.product, t.id AS build_authorization, t.quantity AS authorized, t.built,
	t.scrapped, t.in_work, t.returned, t.unused,
	t.quantity - t.built - t.scrapped - t.in_work - t.returned - t.unused AS unexplained,
	t.reserved, t.state
FROM (SELECT b.id, b.site, b.line, b.product, b.state, b.quantity,
		b.quantity - b.requested AS unused,
		(SELECT count(*) FROM unit u WHERE u.build_authorization = b.id
			AND u.state NOT IN ('requested', 'certified', 'refused', 'scrapped')
			AND NOT (u.state = 'received' AND u.site = b.site)) AS built,
		(SELECT count(*) FROM unit u WHERE u.build_authorization = b.id
			AND u.state = 'scrapped') AS scrapped,
		(SELECT count(*) FROM unit u WHERE u.build_authorization = b.id
			AND u.state IN ('requested', 'certified', 'refused')) AS in_work,
		(SELECT count(*) FROM unit u WHERE u.build_authorization = b.id
			AND u.state = 'received' AND u.site = b.site) AS returned,
		(SELECT coalesce(sum(a.quantity - a.used), 0) FROM allowance a
			WHERE a.build_authorization = b.id AND a.state = 'open') AS reserved
	FROM build_authorization b WHERE (:authorization IS NULL OR b.id = :authorization)) AS t
ORDER BY build_authorization;

