--- SPDX-License-Identifier: Apache-2.0
--- What a site goes through with everything that arrives. The newest protocol of a site is the one in
--- force; a changed one gets a new name, so that a record says what was asked then.

-- table arrival_protocol key site, protocol
site TEXT
protocol TEXT
author TEXT NOT NULL
since BIGINT NOT NULL

-- table arrival_point key site, protocol, point
site TEXT
protocol TEXT
point TEXT
text TEXT NOT NULL
place BIGINT NOT NULL

-- scope arrival.at_site
SELECT :site AS site;

-- refuse arrival.protocol_set SITE_UNKNOWN
SELECT :site AS site WHERE NOT EXISTS (SELECT 1 FROM site s WHERE s.id = :site);

-- refuse arrival.protocol_set ARRIVAL_PROTOCOL_EXISTS
SELECT p.site, p.protocol FROM arrival_protocol p
WHERE p.site = :site AND p.protocol = :protocol;

-- fold arrival.protocol_set
INSERT INTO arrival_protocol (site, protocol, author, since)
SELECT :site, :protocol, :author, :seq WHERE true ON CONFLICT (site, protocol) DO NOTHING;

-- fold arrival.protocol_set each points
INSERT INTO arrival_point (site, protocol, point, text, place)
SELECT :site, :protocol, :points.point, :points.text, :i FROM arrival_protocol p
WHERE p.site = :site AND p.protocol = :protocol AND p.since = :seq
ON CONFLICT (site, protocol, point) DO NOTHING;

-- flag shipment.received ARRIVAL_PROTOCOL_UNKNOWN
SELECT 'shipment' AS kind, '' AS within, :shipment AS id, :shipment AS shipment, :site AS site,
	:protocol AS found, coalesce((SELECT p.protocol FROM arrival_protocol p
	WHERE p.site = :site AND p.since = (SELECT max(q.since) FROM arrival_protocol q
		WHERE q.site = :site)), 'none') AS expected
WHERE :protocol IS NOT NULL AND NOT EXISTS (SELECT 1 FROM arrival_protocol p
	WHERE p.site = :site AND p.protocol = :protocol AND p.since = (
		SELECT max(q.since) FROM arrival_protocol q WHERE q.site = :site));

--- :points_given has every point that was gone through, each between two spaces: no id holds one.
-- flag shipment.received ARRIVAL_POINT_MISSING
SELECT 'shipment' AS kind, '' AS within, :shipment AS id, :shipment AS shipment,
	t.protocol, t.n AS points, t.first
FROM (SELECT min(a.protocol) AS protocol, count(*) AS n, min(a.point) AS first
	FROM arrival_point a JOIN arrival_protocol p
	ON p.site = a.site AND p.protocol = a.protocol
	WHERE a.site = :site
	AND p.since = (SELECT max(q.since) FROM arrival_protocol q WHERE q.site = :site)
	AND replace(coalesce(:points_given, ' '), ' ' || a.point || ' ', '')
		= coalesce(:points_given, ' ')) AS t
WHERE t.n > 0;

-- flag shipment.received ARRIVAL_POINT_FAILED
SELECT 'shipment' AS kind, '' AS within, :shipment AS id, :shipment AS shipment,
	:points_failed AS points, :first_failed AS first
WHERE :points_failed > 0;

-- view arrival.protocol custody.read site:id protocol:id
SELECT a.site, a.protocol, a.place, a.point, a.text, p.author, p.since,
	CASE WHEN p.since = (SELECT max(q.since) FROM arrival_protocol q WHERE q.site = p.site)
		THEN 'in_force' ELSE 'replaced' END AS state
FROM arrival_point a JOIN arrival_protocol p ON p.site = a.site AND p.protocol = a.protocol
WHERE (:site IS NULL OR a.site = :site) AND (:protocol IS NULL OR a.protocol = :protocol)
ORDER BY a.site, a.protocol, a.place;
