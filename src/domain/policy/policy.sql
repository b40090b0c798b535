--- SPDX-License-Identifier: Apache-2.0
--- Statements, the controls that keep them, and what a gate does with a control that failed. The
--- controls themselves are in control.sql and in the areas that they look at.

--- One row: the last decision about the policy that took effect. A gate's verdict names it.
-- table policy_now key id
id TEXT
seq BIGINT NOT NULL

-- table policy_statement key id
id TEXT
wording TEXT NOT NULL
owner TEXT NOT NULL
review_by BIGINT NOT NULL
state TEXT NOT NULL
at BIGINT NOT NULL
since BIGINT NOT NULL

--- One row for each time that a control was adopted, until it was retired or adopted anew.
-- table policy_control key control, since
control TEXT
since BIGINT
statement TEXT NOT NULL
owner TEXT NOT NULL
review_by BIGINT NOT NULL
evidence_days BIGINT
by_evidence BIGINT NOT NULL
built_in BIGINT NOT NULL
gates TEXT NOT NULL
from_at BIGINT NOT NULL
until_at BIGINT
index statement

--- `site` is empty for all sites that have no mode of their own.
-- table control_mode key control, site, from_at, since
control TEXT
site TEXT
from_at BIGINT
since BIGINT
mode TEXT NOT NULL
author TEXT NOT NULL

-- table control_parameter key control, parameter
control TEXT
parameter TEXT
value BIGINT NOT NULL
since BIGINT NOT NULL

--- What evidence says of a control, and for how long: about the house or a site (kind empty), or
--- about one thing. Nothing happens when it ends: who asks compares with the time.
-- table control_interval key control, kind, within, id, site, since
control TEXT
kind TEXT
within TEXT
id TEXT
site TEXT
since BIGINT
from_at BIGINT NOT NULL
until_at BIGINT NOT NULL
result TEXT NOT NULL
evidence BLOB
author TEXT NOT NULL

-- table policy_exception key exception
exception TEXT
control TEXT NOT NULL
kind TEXT NOT NULL
within TEXT NOT NULL
id TEXT NOT NULL
reason TEXT NOT NULL
until_at BIGINT NOT NULL
ended BIGINT
author TEXT NOT NULL
at BIGINT NOT NULL
since BIGINT NOT NULL
index control

-- table glass key glass
glass TEXT
gate TEXT NOT NULL
site TEXT NOT NULL
reason TEXT NOT NULL
from_at BIGINT NOT NULL
until_at BIGINT NOT NULL
units BIGINT NOT NULL
author TEXT NOT NULL
verdict TEXT
reviewer TEXT
reviewed BIGINT
since BIGINT NOT NULL
index gate, until_at

--- What passed on it.
-- table glass_unit key kind, within, id, glass
kind TEXT
within TEXT
id TEXT
glass TEXT
seq BIGINT NOT NULL
at BIGINT NOT NULL
index glass
index seq

--- Every passage of a gate, as the record's witness tells it, and every control that did not pass.
-- table gate_passage key sequence
sequence BIGINT
gate TEXT NOT NULL
kind TEXT NOT NULL
within TEXT NOT NULL
id TEXT NOT NULL
author TEXT NOT NULL
site TEXT
at BIGINT NOT NULL
policy BIGINT NOT NULL
index kind, within, id
index gate, at

-- table gate_result key control, sequence
control TEXT
sequence BIGINT
result TEXT NOT NULL

--- ---- what the engine asks and writes ----

-- policy revision
SELECT max(p.seq) AS seq FROM policy_now p;

-- policy adopted
SELECT c.control FROM policy_control c WHERE c.until_at IS NULL;

--- Where several places are concerned, the strictest mode counts. A site that has a mode of its own
--- goes by that.
-- policy mode
WITH place (site) AS (
	SELECT s.site FROM station s WHERE s.id = :author
	UNION SELECT u.site FROM unit u
	WHERE :kind = 'unit' AND u.product = :within AND u.serial = :id
	UNION SELECT s.site FROM shipment s WHERE :kind = 'shipment' AND s.id = :id
	UNION SELECT p.site FROM part_lot p
	WHERE :kind = 'part_lot' AND p.supplier = :within AND p.part_lot = :id
), mode (severity) AS (
	SELECT CASE coalesce(
		(SELECT m.mode FROM control_mode m WHERE m.control = :control AND m.site = p.site
			AND m.from_at <= :at ORDER BY m.from_at DESC, m.since DESC LIMIT 1),
		(SELECT m.mode FROM control_mode m WHERE m.control = :control AND m.site = ''
			AND m.from_at <= :at ORDER BY m.from_at DESC, m.since DESC LIMIT 1),
		'enforce') WHEN 'observe' THEN 2 WHEN 'warn' THEN 1 ELSE 0 END
	FROM (SELECT l.site FROM place l UNION ALL SELECT ''
		WHERE NOT EXISTS (SELECT 1 FROM place l)) AS p
)
SELECT CASE WHEN EXISTS (SELECT 1 FROM policy_exception e
	WHERE e.control = :control AND e.ended IS NULL AND e.until_at > :at
	AND ((e.kind = :kind AND e.within = :within AND e.id = :id)
		OR (e.kind = 'product' AND :kind = 'unit' AND e.id = :within)
		OR (e.kind = 'station' AND e.id = :author)
		OR (e.kind = 'site' AND e.id IN (SELECT l.site FROM place l)))) THEN 'excepted'
	WHEN (SELECT min(m.severity) FROM mode m) = 2 THEN 'observe'
	WHEN (SELECT min(m.severity) FROM mode m) = 1 THEN 'warn'
	WHEN EXISTS (SELECT 1 FROM glass g
		WHERE g.gate = :gate AND g.from_at <= :at AND g.until_at > :at
		AND (g.site = '' OR g.site IN (SELECT l.site FROM place l))
		AND g.units - (SELECT count(*) FROM glass_unit x WHERE x.glass = g.glass)
			>= (SELECT CASE WHEN count(*) = 0 THEN 1 ELSE count(*) END
				FROM shipment_content c
				WHERE :kind = 'shipment' AND c.shipment = :id AND c.kind = 'unit'))
		THEN 'glass'
	ELSE 'fail' END AS result;

-- policy passage
INSERT INTO gate_passage (sequence, gate, kind, within, id, author, site, at, policy)
SELECT :seq, :gate, :kind, :within, :id, :author, coalesce(
	(SELECT u.site FROM unit u
		WHERE :kind = 'unit' AND u.product = :within AND u.serial = :id),
	(SELECT s.site FROM shipment s WHERE :kind = 'shipment' AND s.id = :id),
	(SELECT p.site FROM part_lot p
		WHERE :kind = 'part_lot' AND p.supplier = :within AND p.part_lot = :id),
	(SELECT s.site FROM station s WHERE s.id = :author)), :at, :policy
WHERE true ON CONFLICT (sequence) DO NOTHING;

-- policy result
INSERT INTO gate_result (control, sequence, result)
SELECT :control, :seq, :result WHERE true ON CONFLICT (control, sequence) DO NOTHING;

--- Marks what passed: the units of a shipment, or the thing itself. Once a record, however many
--- controls failed; on the glass that ends first.
-- policy glass
INSERT INTO glass_unit (kind, within, id, glass, seq, at)
SELECT t.kind, t.within, t.id, g.glass, :seq, :at
FROM (SELECT c.kind, c.within, c.id FROM shipment_content c
	WHERE :kind = 'shipment' AND c.shipment = :id AND c.kind = 'unit'
	UNION SELECT :kind, :within, :id WHERE NOT EXISTS (SELECT 1 FROM shipment_content c
		WHERE :kind = 'shipment' AND c.shipment = :id AND c.kind = 'unit')) AS t
JOIN glass g ON g.glass = (SELECT o.glass FROM glass o
	WHERE o.gate = :gate AND o.from_at <= :at AND o.until_at > :at
	AND (o.site = '' OR o.site IN (SELECT s.site FROM station s WHERE s.id = :author
		UNION SELECT u.site FROM unit u
		WHERE :kind = 'unit' AND u.product = :within AND u.serial = :id
		UNION SELECT s.site FROM shipment s WHERE :kind = 'shipment' AND s.id = :id
		UNION SELECT p.site FROM part_lot p
		WHERE :kind = 'part_lot' AND p.supplier = :within AND p.part_lot = :id))
	AND o.units - (SELECT count(*) FROM glass_unit x WHERE x.glass = o.glass)
		>= (SELECT CASE WHEN count(*) = 0 THEN 1 ELSE count(*) END FROM shipment_content c
			WHERE :kind = 'shipment' AND c.shipment = :id AND c.kind = 'unit')
	ORDER BY o.until_at, o.glass LIMIT 1)
WHERE NOT EXISTS (SELECT 1 FROM glass_unit x WHERE x.seq = :seq)
ON CONFLICT (kind, within, id, glass) DO NOTHING;

-- policy inside
SELECT c.kind, c.within, c.id FROM shipment_content c
WHERE :kind = 'shipment' AND c.shipment = :id AND c.kind = 'unit'
ORDER BY c.kind, c.within, c.id;

--- ---- statements ----

-- scope policy.place
SELECT :site AS site;

-- fold statement.adopted
INSERT INTO policy_statement (id, wording, owner, review_by, state, at, since)
SELECT :statement, :wording, :owner, :review_by, 'adopted', :at, :seq WHERE true
ON CONFLICT (id) DO UPDATE SET wording = excluded.wording, owner = excluded.owner,
	review_by = excluded.review_by, state = excluded.state, at = excluded.at,
	since = excluded.since;

-- fold statement.adopted
INSERT INTO policy_now (id, seq) SELECT 'policy', :seq WHERE true
ON CONFLICT (id) DO UPDATE SET seq = excluded.seq;

-- refuse statement.adopted REVIEW_ALREADY_OVER
SELECT :review_by AS review_by WHERE :review_by <= :at;

-- refuse statement.retired STATEMENT_UNKNOWN
SELECT :statement AS statement WHERE NOT EXISTS (SELECT 1 FROM policy_statement s
	WHERE s.id = :statement AND s.state = 'adopted');

-- fold statement.retired
UPDATE policy_statement SET state = 'retired', since = :seq
WHERE id = :statement AND state = 'adopted';

-- fold statement.retired
INSERT INTO policy_now (id, seq) SELECT 'policy', :seq WHERE true
ON CONFLICT (id) DO UPDATE SET seq = excluded.seq;

--- ---- controls ----

-- refuse control.adopted STATEMENT_UNKNOWN
SELECT :statement AS statement WHERE NOT EXISTS (SELECT 1 FROM policy_statement s
	WHERE s.id = :statement AND s.state = 'adopted');

-- refuse control.adopted REVIEW_ALREADY_OVER
SELECT :review_by AS review_by WHERE :review_by <= :at;

-- fold control.adopted
UPDATE policy_control SET until_at = :at WHERE control = :control AND until_at IS NULL;

-- fold control.adopted
INSERT INTO policy_control (control, since, statement, owner, review_by, evidence_days,
	by_evidence, built_in, gates, from_at)
SELECT :control, :seq, :statement, :owner, :review_by, :evidence_days, :by_evidence, :built_in,
	:gates, :at
WHERE true ON CONFLICT (control, since) DO NOTHING;

-- fold control.adopted
INSERT INTO policy_now (id, seq) SELECT 'policy', :seq WHERE true
ON CONFLICT (id) DO UPDATE SET seq = excluded.seq;

-- refuse control.retired CONTROL_NOT_ADOPTED
SELECT :control AS control WHERE NOT EXISTS (SELECT 1 FROM policy_control c
	WHERE c.control = :control AND c.until_at IS NULL);

-- fold control.retired
UPDATE policy_control SET until_at = :at WHERE control = :control AND until_at IS NULL;

-- fold control.retired
INSERT INTO policy_now (id, seq) SELECT 'policy', :seq WHERE true
ON CONFLICT (id) DO UPDATE SET seq = excluded.seq;

-- refuse control.mode_set SITE_UNKNOWN
SELECT :site AS site
WHERE :site IS NOT NULL AND NOT EXISTS (SELECT 1 FROM site s WHERE s.id = :site);

--- Never from before it was decided: what has passed has passed.
-- fold control.mode_set
INSERT INTO control_mode (control, site, from_at, since, mode, author)
SELECT :control, coalesce(:site, ''), CASE WHEN :from > :at THEN :from ELSE :at END, :seq, :mode,
	:author
WHERE true ON CONFLICT (control, site, from_at, since) DO NOTHING;

-- fold control.mode_set
INSERT INTO policy_now (id, seq) SELECT 'policy', :seq WHERE true
ON CONFLICT (id) DO UPDATE SET seq = excluded.seq;

-- fold control.parameter_set
INSERT INTO control_parameter (control, parameter, value, since)
SELECT :control, :parameter, :value, :seq WHERE true
ON CONFLICT (control, parameter) DO UPDATE SET value = excluded.value, since = excluded.since;

-- fold control.parameter_set
INSERT INTO policy_now (id, seq) SELECT 'policy', :seq WHERE true
ON CONFLICT (id) DO UPDATE SET seq = excluded.seq;

--- ---- evidence ----

-- flag control.evidence_given EVIDENCE_FOR_NO_CONTROL
SELECT :control AS control WHERE :known = 0;

--- Half a name is evidence of nothing.
-- flag control.evidence_given EVIDENCE_NAMES_NOTHING
SELECT :control AS control WHERE (:kind IS NULL AND (:within IS NOT NULL OR :id IS NOT NULL))
OR (:kind IS NOT NULL AND :id IS NULL)
OR (:kind IN ('unit', 'part_lot') AND :within IS NULL);

--- Who may speak for one site says nothing that counts at others: about a supplier, a product or a
--- person, and about what is somewhere else.
-- flag control.evidence_given EVIDENCE_BEYOND_SITE
SELECT :control AS control, :site AS site, :kind AS about, :id AS name
WHERE :site IS NOT NULL AND :kind IS NOT NULL AND NOT EXISTS (
	SELECT 1 FROM unit u WHERE :kind = 'unit' AND u.product = :within AND u.serial = :id
	AND u.site = :site
	UNION ALL SELECT 1 FROM part_lot p WHERE :kind = 'part_lot' AND p.supplier = :within
	AND p.part_lot = :id AND p.site = :site
	UNION ALL SELECT 1 FROM station s WHERE :kind = 'station' AND s.id = :id
	AND s.site = :site);

--- Nobody says of oneself that one is trained, by another account neither.
-- flag control.evidence_given EVIDENCE_ABOUT_ONESELF
SELECT :control AS control WHERE :kind = 'principal' AND :result = 'pass'
AND (:id = :author OR EXISTS (SELECT 1 FROM principal a
	JOIN principal b ON b.natural_id = a.natural_id WHERE a.id = :id AND b.id = :author));

--- What was found to have failed has failed since it happened: the evidence before it ends there.
-- fold control.evidence_given
UPDATE control_interval SET until_at = CASE
	WHEN :result = 'pass' OR :occurred IS NULL THEN :at
	WHEN from_at > :occurred THEN from_at ELSE :occurred END
WHERE control = :control AND kind = coalesce(:kind, '') AND within = coalesce(:within, '')
AND id = coalesce(:id, '') AND site = coalesce(:site, '') AND :flagged = 0
AND until_at > CASE WHEN :result = 'pass' OR :occurred IS NULL THEN :at ELSE :occurred END;

--- A pass lasts until its end, but no longer than the control lets evidence last; a failure lasts
--- until other evidence comes.
-- fold control.evidence_given
INSERT INTO control_interval (control, kind, within, id, site, since, from_at, until_at, result,
	evidence, author)
SELECT :control, coalesce(:kind, ''), coalesce(:within, ''), coalesce(:id, ''),
	coalesce(:site, ''), :seq,
	CASE WHEN :result = 'fail' AND :occurred IS NOT NULL THEN :occurred ELSE :at END,
	CASE WHEN :result = 'fail' THEN 253402300799999
	WHEN t.most IS NOT NULL AND t.most < :valid_until THEN t.most ELSE :valid_until END,
	:result, :evidence, :author
FROM (SELECT min(:at + c.evidence_days * 86400000) AS most FROM policy_control c
	WHERE c.control = :control AND c.until_at IS NULL) AS t
WHERE :flagged = 0
ON CONFLICT (control, kind, within, id, site, since) DO NOTHING;

--- ---- exceptions ----

-- refuse exception.granted EXCEPTION_EXISTS
SELECT e.exception FROM policy_exception e WHERE e.exception = :exception;

-- refuse exception.granted EXCEPTION_OVER
SELECT :exception AS exception WHERE :until <= :at;

-- refuse exception.granted EXCEPTION_TOO_LONG
SELECT :exception AS exception WHERE :until > :at + 31622400000;

-- refuse exception.granted EXCEPTION_NAMES_NOTHING
SELECT :id AS id WHERE (:kind IN ('unit', 'part_lot') AND :within IS NULL)
OR (:kind NOT IN ('unit', 'part_lot') AND :within IS NOT NULL);

-- fold exception.granted
INSERT INTO policy_exception (exception, control, kind, within, id, reason, until_at, author, at,
	since)
SELECT :exception, :control, :kind, coalesce(:within, ''), :id, :reason, :until, :author, :at, :seq
WHERE true ON CONFLICT (exception) DO NOTHING;

-- fold exception.granted
INSERT INTO policy_now (id, seq) SELECT 'policy', :seq WHERE true
ON CONFLICT (id) DO UPDATE SET seq = excluded.seq;

-- refuse exception.ended EXCEPTION_NOT_OPEN
SELECT :exception AS exception WHERE NOT EXISTS (SELECT 1 FROM policy_exception e
	WHERE e.exception = :exception AND e.ended IS NULL);

-- fold exception.ended
UPDATE policy_exception SET ended = :at WHERE exception = :exception AND ended IS NULL;

-- fold exception.ended
INSERT INTO policy_now (id, seq) SELECT 'policy', :seq WHERE true
ON CONFLICT (id) DO UPDATE SET seq = excluded.seq;

--- ---- broken glass ----

-- refuse glass.broken GLASS_EXISTS
SELECT g.glass FROM glass g WHERE g.glass = :glass;

-- refuse glass.broken GLASS_REASON_SHORT
SELECT length(trim(:reason)) AS found WHERE length(trim(:reason)) < 20;

-- refuse glass.broken SITE_UNKNOWN
SELECT :site AS site
WHERE :site IS NOT NULL AND NOT EXISTS (SELECT 1 FROM site s WHERE s.id = :site);

--- Two persons break glass: where the rule lets one decide alone, nobody does.
-- refuse glass.broken GLASS_TAKES_TWO
SELECT r.class, r.need FROM approval_rule r
WHERE r.need < 1 AND r.class = (SELECT max(o.class) FROM approval_rule o
	WHERE o.class IN ('*', 'break.glass'));

-- fold glass.broken
INSERT INTO glass (glass, gate, site, reason, from_at, until_at, units, author, since)
SELECT :glass, :gate, coalesce(:site, ''), :reason, :at, :at + :minutes * 60000, :units, :author,
	:seq
WHERE true ON CONFLICT (glass) DO NOTHING;

-- fold glass.broken
INSERT INTO policy_now (id, seq) SELECT 'policy', :seq WHERE true
ON CONFLICT (id) DO UPDATE SET seq = excluded.seq;

-- refuse glass.reviewed GLASS_UNKNOWN
SELECT :glass AS glass WHERE NOT EXISTS (SELECT 1 FROM glass g WHERE g.glass = :glass);

-- refuse glass.reviewed GLASS_REVIEWED_BEFORE
SELECT g.glass, g.reviewer FROM glass g WHERE g.glass = :glass AND g.verdict = 'accepted';

-- refuse glass.reviewed GLASS_REVIEWED_BY_ITS_CAUSE
SELECT g.author AS author FROM glass g WHERE g.glass = :glass AND (g.author = :author OR EXISTS (
	SELECT 1 FROM principal a JOIN principal b ON b.natural_id = a.natural_id
	WHERE a.id = g.author AND b.id = :author));

-- fold glass.reviewed
UPDATE glass SET verdict = :verdict, reviewer = :author, reviewed = :at WHERE glass = :glass;

--- ---- views ----

--- Statements that no live control keeps, or that nobody has looked at in time.
-- view policy.coverage policy.read now:instant global
SELECT s.id AS statement, s.wording, s.owner, s.review_by,
	(SELECT count(*) FROM policy_control c WHERE c.statement = s.id AND c.until_at IS NULL)
		AS controls,
	(SELECT count(*) FROM policy_control c WHERE c.statement = s.id AND c.until_at IS NULL
		AND c.gates <> '' AND (c.by_evidence = 0 OR EXISTS (SELECT 1 FROM control_interval i
			WHERE i.control = c.control AND i.result = 'pass' AND i.from_at <= :now
			AND i.until_at > :now))) AS live,
	CASE WHEN s.review_by <= :now THEN 1 ELSE 0 END AS review_overdue
FROM policy_statement s WHERE s.state = 'adopted'
ORDER BY statement;

--- effective: it judges, in force, without exceptions. degraded: it lets pass. failed: its evidence
--- failed, ended, or never came. not_implemented: no statement of this version judges it.
-- view policy.controls policy.read control:id now:instant global
SELECT t.control, t.statement, t.owner, t.review_by, t.gates, t.mode, t.exceptions, t.next_expiry,
	CASE WHEN t.gates = '' THEN 'not_implemented'
	WHEN t.by_evidence = 1 AND (t.failed > 0 OR t.passed = 0) THEN 'failed'
	WHEN t.mode <> 'enforce' OR t.exceptions > 0 THEN 'degraded'
	ELSE 'effective' END AS state
FROM (SELECT c.control, c.statement, c.owner, c.review_by, c.gates, c.by_evidence,
		coalesce((SELECT m.mode FROM control_mode m WHERE m.control = c.control
			AND m.site = '' AND m.from_at <= :now
			ORDER BY m.from_at DESC, m.since DESC LIMIT 1), 'enforce') AS mode,
		(SELECT count(*) FROM policy_exception e WHERE e.control = c.control
			AND e.ended IS NULL AND e.until_at > :now) AS exceptions,
		(SELECT min(i.until_at) FROM control_interval i WHERE i.control = c.control
			AND i.result = 'pass' AND i.from_at <= :now AND i.until_at > :now)
			AS next_expiry,
		(SELECT count(*) FROM control_interval i WHERE i.control = c.control
			AND i.result = 'pass' AND i.from_at <= :now AND i.until_at > :now)
			AS passed,
		(SELECT count(*) FROM control_interval i WHERE i.control = c.control
			AND i.result = 'fail' AND i.from_at <= :now AND i.until_at > :now)
			AS failed
	FROM policy_control c
	WHERE c.until_at IS NULL AND (:control IS NULL OR c.control = :control)) AS t
ORDER BY t.control;

-- view policy.modes policy.read control:id site:id
SELECT m.site, m.control, m.from_at, m.mode, m.author, m.since FROM control_mode m
WHERE (:control IS NULL OR m.control = :control) AND (:site IS NULL OR m.site = :site)
ORDER BY m.control, m.site, m.from_at, m.since;

-- view policy.parameters policy.read global
SELECT p.control, p.parameter, p.value, p.since FROM control_parameter p
ORDER BY p.control, p.parameter;

-- view policy.evidence policy.read control:id
SELECT i.site, i.control, i.kind, i.within, i.id, i.from_at, i.until_at, i.result, i.evidence,
	i.author, i.since
FROM control_interval i WHERE (:control IS NULL OR i.control = :control)
ORDER BY i.control, i.kind, i.within, i.id, i.site, i.since;

-- view policy.exceptions policy.read control:id now:instant global
SELECT e.exception, e.control, e.kind, e.within, e.id, e.reason, e.until_at, e.ended, e.author,
	e.at, CASE WHEN e.ended IS NOT NULL THEN 'ended' WHEN e.until_at <= :now THEN 'expired'
	ELSE 'open' END AS state
FROM policy_exception e WHERE (:control IS NULL OR e.control = :control)
ORDER BY e.exception;

-- view policy.glass policy.read now:instant
SELECT g.site, g.glass, g.gate, g.reason, g.from_at, g.until_at, g.units, g.author, g.verdict,
	g.reviewer, g.reviewed,
	(SELECT count(*) FROM glass_unit x WHERE x.glass = g.glass) AS used,
	CASE WHEN g.verdict IS NULL AND g.from_at + 86400000 <= :now THEN 1 ELSE 0 END
		AS review_overdue
FROM glass g ORDER BY g.glass;

-- view policy.glass_units policy.read glass:id global
SELECT x.glass, x.kind, x.within, x.id, x.seq, x.at FROM glass_unit x
WHERE (:glass IS NULL OR x.glass = :glass)
ORDER BY x.glass, x.kind, x.within, x.id;

-- view policy.passages policy.read gate:id kind:id within:id id:id
SELECT p.site, p.sequence, p.gate, p.kind, p.within, p.id, p.author, p.at, p.policy
FROM gate_passage p
WHERE (:gate IS NULL OR p.gate = :gate) AND (:kind IS NULL OR p.kind = :kind)
AND (:within IS NULL OR p.within = :within) AND (:id IS NULL OR p.id = :id)
ORDER BY p.sequence;

--- The hold list: units that passed a gate of a control while it stopped nothing, or that evidence
--- now says it had failed. Units of a shipment that passed, and units that hold a part lot that
--- passed, are among them.
-- view policy.units_while_ineffective policy.read control:id reason:id
WITH weak (sequence, reason) AS (
	SELECT r.sequence, r.result FROM gate_result r WHERE r.control = :control
	UNION SELECT p.sequence, 'not_adopted'
	FROM gate_passage p JOIN policy_control c ON c.control = :control AND c.built_in = 0
	AND replace(c.gates, ' ' || p.gate || ' ', '') <> c.gates
	WHERE NOT EXISTS (SELECT 1 FROM policy_control o WHERE o.control = :control
		AND o.from_at <= p.at AND (o.until_at IS NULL OR o.until_at > p.at))
	UNION SELECT p.sequence, 'failed'
	FROM gate_passage p JOIN policy_control c ON c.control = :control
	AND replace(c.gates, ' ' || p.gate || ' ', '') <> c.gates
	JOIN control_interval i ON i.control = :control AND i.result = 'fail'
		AND i.from_at <= p.at AND i.until_at > p.at
	WHERE (i.kind = '' AND (i.site = '' OR i.site = p.site))
	OR (i.kind = p.kind AND i.within = p.within AND i.id = p.id)
	OR (i.kind = 'product' AND p.kind = 'unit' AND i.id = p.within)
	OR (i.kind = 'supplier' AND p.kind = 'part_lot' AND i.id = p.within)
	OR (i.kind IN ('station', 'principal') AND i.id = p.author)
)
SELECT u.site, u.line, u.product, u.environment, u.serial, u.state, t.sequence, t.at, t.gate,
	t.reason
FROM (SELECT p.within AS product, p.id AS serial, p.sequence, p.at, p.gate, w.reason
	FROM weak w JOIN gate_passage p ON p.sequence = w.sequence AND p.kind = 'unit'
	UNION SELECT c.within, c.id, p.sequence, p.at, p.gate, w.reason
	FROM weak w JOIN gate_passage p ON p.sequence = w.sequence AND p.kind = 'shipment'
	JOIN shipment_content c ON c.shipment = p.id AND c.kind = 'unit'
	UNION SELECT f.product, f.serial, p.sequence, p.at, p.gate, w.reason
	FROM weak w JOIN gate_passage p ON p.sequence = w.sequence AND p.kind = 'part_lot'
	JOIN unit_part f ON f.supplier = p.within AND f.part_lot = p.id) AS t
JOIN unit u ON u.product = t.product AND u.serial = t.serial
WHERE (:reason IS NULL OR t.reason = :reason)
ORDER BY u.product, u.serial, t.sequence, t.reason;
