--- SPDX-License-Identifier: Apache-2.0
--- Checks of software bills against advisories. One check counts for a software bill of a product: the
--- newest that has nothing out of order. What a firmware release asks of it is in firmware.sql.

-- table sbom_check key since
since BIGINT
product TEXT NOT NULL
sbom BLOB NOT NULL
sbom_id TEXT NOT NULL
feed BLOB NOT NULL
feed_at BIGINT NOT NULL
components BIGINT NOT NULL
unknown_components BIGINT NOT NULL
counts BIGINT NOT NULL
author TEXT NOT NULL
at BIGINT NOT NULL
index product, sbom

-- table sbom_finding key since, n
since BIGINT
n BIGINT
component TEXT NOT NULL
version TEXT
advisory TEXT NOT NULL
severity TEXT
state TEXT NOT NULL
reason TEXT
index advisory

-- scope sbom.product
SELECT :product AS product;

-- flag sbom.checked SBOM_PRODUCT_UNKNOWN
SELECT :product AS product WHERE NOT EXISTS (SELECT 1 FROM product p WHERE p.id = :product);

--- What nobody knew when the feed was fetched, the check cannot say.
-- flag sbom.checked SBOM_FEED_OLD
SELECT :product AS product WHERE :feed_at < :at - 2592000000;

-- flag sbom.checked SBOM_FEED_AHEAD
SELECT :product AS product WHERE :feed_at > :at + 86400000;

--- An older feed would take back what a newer one found.
-- flag sbom.checked SBOM_FEED_OLDER
SELECT c.product, c.since AS earlier FROM sbom_check c
WHERE c.product = :product AND c.sbom = :sbom AND c.counts = 1 AND c.feed_at > :feed_at
ORDER BY c.since DESC LIMIT 1;

-- flag sbom.checked SBOM_COUNTS_DIFFER
SELECT :components AS components, :unknown AS unknown WHERE :unknown > :components
OR (:components = 0 AND :findings.count > 0);

-- flag sbom.checked SBOM_REASON_MISSING each findings
SELECT :findings.advisory AS advisory, :findings.component AS component
WHERE :findings.state IN ('accepted', 'not_affected') AND :findings.reason IS NULL;

--- The earlier check counts until this one does.
-- fold sbom.checked
UPDATE sbom_check SET counts = 0
WHERE product = :product AND sbom = :sbom AND counts = 1 AND :flagged = 0;

-- fold sbom.checked
INSERT INTO sbom_check (since, product, sbom, sbom_id, feed, feed_at, components,
	unknown_components, counts, author, at)
SELECT :seq, :product, :sbom, :sbom_id, :feed, :feed_at, :components, :unknown, 1 - :flagged,
	:author, :at
WHERE true ON CONFLICT (since) DO NOTHING;

-- fold sbom.checked each findings
INSERT INTO sbom_finding (since, n, component, version, advisory, severity, state, reason)
SELECT :seq, :i, :findings.component, :findings.version, :findings.advisory, :findings.severity,
	:findings.state, :findings.reason
WHERE true ON CONFLICT (since, n) DO NOTHING;

--- ---- views ----

-- view sbom.checks sbom.read product:id sbom:hash release:id
SELECT c.product, c.sbom, c.feed, c.feed_at, c.components, c.unknown_components,
	(SELECT count(*) FROM sbom_finding g WHERE g.since = c.since AND g.state = 'affected')
		AS affected,
	(SELECT count(*) FROM sbom_finding g WHERE g.since = c.since
		AND g.state IN ('accepted', 'not_affected')) AS decided,
	c.counts, c.author, c.at, c.since
FROM sbom_check c
WHERE (:product IS NULL OR c.product = :product) AND (:sbom IS NULL OR c.sbom = :sbom)
AND (:release IS NULL OR EXISTS (SELECT 1 FROM firmware_release f
	WHERE f.id = :release AND f.product = c.product AND f.sbom = c.sbom))
ORDER BY c.since;

--- Which firmware releases carry an advisory, and what was decided: by the check that counts.
-- view sbom.findings sbom.read product:id release:id advisory:id state:id
SELECT c.product, coalesce(f.id, '') AS firmware_release, c.sbom, g.component, g.version,
	g.advisory, g.severity, g.state, g.reason, c.author, c.at, g.since, g.n
FROM sbom_finding g JOIN sbom_check c ON c.since = g.since AND c.counts = 1
LEFT JOIN firmware_release f ON f.product = c.product AND f.sbom = c.sbom
WHERE (:product IS NULL OR c.product = :product) AND (:release IS NULL OR f.id = :release)
AND (:advisory IS NULL OR g.advisory = :advisory) AND (:state IS NULL OR g.state = :state)
ORDER BY g.since, g.n, firmware_release;
