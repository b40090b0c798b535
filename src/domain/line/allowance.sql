--- SPDX-License-Identifier: Apache-2.0
--- Offline allowances: units taken out of the quota of a build authorization for one station, before the
--- cut. What is granted and neither used nor given back stays reserved.

-- table allowance key id
id TEXT
build_authorization TEXT NOT NULL
station TEXT NOT NULL
quantity BIGINT NOT NULL
used BIGINT NOT NULL
valid_until BIGINT NOT NULL
reconcile_by BIGINT NOT NULL
state TEXT NOT NULL
author TEXT NOT NULL
since BIGINT NOT NULL
index build_authorization

--- Units that were started while a station was cut off. They are built before their device certificate can
--- be issued: `built` says by which record.
-- table offline_unit key product, serial
product TEXT
serial TEXT
allowance TEXT NOT NULL
built BIGINT
since BIGINT NOT NULL

-- scope allowance.build
SELECT b.site, b.line, b.product FROM build_authorization b WHERE b.id = :authorization;

-- scope allowance.station
SELECT s.site, s.line, s.id AS station, s.environment FROM station s WHERE s.id = :station;

-- refuse allowance.granted ALLOWANCE_EXISTS
SELECT a.id AS allowance FROM allowance a WHERE a.id = :allowance;

-- refuse allowance.granted BUILD_AUTHORIZATION_UNKNOWN
SELECT :authorization AS authorization
WHERE NOT EXISTS (SELECT 1 FROM build_authorization b WHERE b.id = :authorization);

-- refuse allowance.granted BUILD_CLOSED
SELECT b.id AS authorization FROM build_authorization b
WHERE b.id = :authorization AND b.state = 'closed';

-- refuse allowance.granted BUILD_REFUSED_BY_SIGNER
SELECT b.id AS authorization, d.code FROM build_authorization b
JOIN signer_decision d ON d.digest = b.digest
WHERE b.id = :authorization AND d.verdict = 'refused';

-- refuse allowance.granted ALLOWANCE_TIMES_UNFIT
SELECT b.id AS authorization FROM build_authorization b WHERE b.id = :authorization
AND (:valid_until <= :at OR :valid_until > :reconcile_by OR :reconcile_by > b.valid_until);

--- A station that the build authorization names, with a key that is still the station's.
-- refuse allowance.granted ALLOWANCE_STATION_UNFIT
SELECT :station AS station, b.id AS authorization FROM build_authorization b
WHERE b.id = :authorization AND NOT EXISTS (SELECT 1 FROM build_station n
	JOIN principal_key k ON k.key = n.key AND k.principal = n.station AND k.until IS NULL
	WHERE n.build_authorization = b.id AND n.station = :station);

-- refuse allowance.granted ALLOWANCE_HELD
SELECT h.kind, h.id, h.code FROM hold h JOIN build_authorization b ON b.id = :authorization
WHERE (h.kind = 'build_authorization' AND h.within = '' AND h.id = b.id)
OR (h.kind = 'product' AND h.within = '' AND h.id = b.product)
OR (h.kind = 'site' AND h.within = '' AND h.id = b.site)
OR (h.kind = 'line' AND h.within = b.site AND h.id = b.line)
OR (h.kind = 'station' AND h.within = '' AND h.id = :station);

-- refuse allowance.granted ALLOWANCE_BEYOND_QUOTA
SELECT t.id AS authorization, t.quantity - t.requested - t.reserved AS available
FROM (SELECT b.id, b.quantity, b.requested, coalesce((SELECT sum(a.quantity - a.used)
		FROM allowance a WHERE a.build_authorization = b.id AND a.state = 'open'), 0)
		AS reserved
	FROM build_authorization b WHERE b.id = :authorization) AS t
WHERE t.requested + t.reserved + :quantity > t.quantity;

-- fold allowance.granted
INSERT INTO allowance (id, build_authorization, station, quantity, used, valid_until, reconcile_by,
	state, author, since)
SELECT :allowance, :authorization, :station, :quantity, 0, :valid_until, :reconcile_by, 'open',
	:author, :seq
WHERE EXISTS (SELECT 1 FROM build_authorization b WHERE b.id = :authorization)
ON CONFLICT (id) DO NOTHING;

--- The other count is what came to the server: whoever started more has not brought all of it.
-- flag allowance.returned ALLOWANCE_COUNT_DIFFERS
SELECT 'station' AS kind, '' AS within, :station AS id, a.id AS allowance, a.used AS expected,
	:used AS found
FROM allowance a WHERE a.id = :allowance AND a.build_authorization = :authorization
AND a.station = :station AND a.state = 'open' AND a.used <> :used;

-- flag allowance.returned ALLOWANCE_NOT_OPEN
SELECT 'station' AS kind, '' AS within, :station AS id, :allowance AS allowance
WHERE NOT EXISTS (SELECT 1 FROM allowance a WHERE a.id = :allowance
	AND a.build_authorization = :authorization AND a.station = :station AND a.state = 'open');

-- fold allowance.returned
UPDATE allowance SET state = 'returned', since = :seq
WHERE id = :allowance AND build_authorization = :authorization AND station = :station
AND state = 'open' AND used = :used AND :flagged = 0;

-- refuse unit.requested ALLOWANCE_UNFIT
SELECT :allowance AS allowance, :author AS station, :authorization AS authorization
WHERE :allowance IS NOT NULL AND NOT EXISTS (SELECT 1 FROM allowance a WHERE a.id = :allowance
	AND a.build_authorization = :authorization AND a.station = :author);

-- refuse unit.requested ALLOWANCE_WITHOUT_SPOOL
SELECT :allowance AS allowance WHERE :allowance IS NOT NULL AND :spool IS NULL;

-- refuse unit.requested ALLOWANCE_NOT_OPEN
SELECT a.id AS allowance FROM allowance a WHERE a.id = :allowance AND a.state <> 'open';

-- refuse unit.requested ALLOWANCE_USED_UP
SELECT a.id AS allowance, a.quantity FROM allowance a
WHERE a.id = :allowance AND a.used >= a.quantity;

-- refuse unit.requested ALLOWANCE_OVER
SELECT a.id AS allowance FROM allowance a
WHERE a.id = :allowance AND (:made > a.valid_until OR :at > a.reconcile_by);

--- What is reserved for a station that is cut off is nobody else's.
-- refuse unit.requested BUILD_QUOTA_RESERVED
SELECT t.id AS authorization, t.quantity, t.reserved
FROM (SELECT b.id, b.quantity, b.requested, coalesce((SELECT sum(a.quantity - a.used)
		FROM allowance a WHERE a.build_authorization = b.id AND a.state = 'open'), 0)
		AS reserved
	FROM build_authorization b WHERE b.id = :authorization) AS t
WHERE :allowance IS NULL AND t.requested < t.quantity AND t.requested + t.reserved >= t.quantity;

-- fold unit.requested
UPDATE allowance SET used = used + 1
WHERE id = :allowance AND build_authorization = :authorization AND station = :author
AND EXISTS (SELECT 1 FROM unit u
	WHERE u.product = :product AND u.serial = :serial AND u.since = :seq);

-- fold unit.requested
INSERT INTO offline_unit (product, serial, allowance, since)
SELECT :product, :serial, a.id, :seq FROM allowance a WHERE a.id = :allowance
AND EXISTS (SELECT 1 FROM unit u
	WHERE u.product = :product AND u.serial = :serial AND u.since = :seq)
ON CONFLICT (product, serial) DO NOTHING;

-- fold unit.built
UPDATE offline_unit SET built = :seq
WHERE product = :product AND serial = :serial AND built IS NULL AND EXISTS (SELECT 1 FROM unit u
	WHERE u.product = :product AND u.serial = :serial AND u.state = 'requested');

--- It was built already.
-- fold certificate.issued
UPDATE unit SET state = 'built'
WHERE product = :product AND serial = :serial AND state = 'certified' AND since = :seq
AND EXISTS (SELECT 1 FROM offline_unit o WHERE o.product = :product AND o.serial = :serial
	AND o.built IS NOT NULL);

--- Reserved units are not unused ones yet.
-- refuse build.closed ALLOWANCE_OPEN
SELECT a.id AS allowance, a.station FROM allowance a
WHERE a.build_authorization = :authorization AND a.state = 'open' ORDER BY a.id LIMIT 1;

-- view allowance.list line.read station:id authorization:id state:id
SELECT b.site, b.line, b.product, a.station, a.id AS allowance,
	a.build_authorization AS authorization, a.quantity, a.used, a.quantity - a.used AS unused,
	a.valid_until, a.reconcile_by, a.state, a.author, a.since
FROM allowance a JOIN build_authorization b ON b.id = a.build_authorization
WHERE (:station IS NULL OR a.station = :station)
AND (:authorization IS NULL OR a.build_authorization = :authorization)
AND (:state IS NULL OR a.state = :state)
ORDER BY allowance;

--- How far the offline spools of the stations have come.
-- view spool.list line.read station:id
SELECT s.site, s.line, s.id AS station, p.spool, p.counter, p.at,
	(SELECT count(*) FROM spool_gap g WHERE g.author = p.author AND g.spool = p.spool) AS gaps,
	(SELECT count(*) FROM spool_refusal r WHERE r.author = p.author AND r.spool = p.spool)
		AS refused
FROM spool p JOIN station s ON s.id = p.author
WHERE (:station IS NULL OR s.id = :station)
ORDER BY station, spool;

--- Records that a spool numbered and passed over.
-- view spool.gaps line.read station:id
SELECT s.site, s.line, s.id AS station, g.spool, g.expected, g.found, g.at, g.seq
FROM spool_gap g JOIN station s ON s.id = g.author
WHERE (:station IS NULL OR s.id = :station)
ORDER BY station, spool, found;
