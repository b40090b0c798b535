--- SPDX-License-Identifier: Apache-2.0
--- A supplier: registered, approved until a date, suspended. Whether an approval has run out is
--- never stored: who asks compares `expires` with the time.

-- table supplier key id
id TEXT
name TEXT NOT NULL
class TEXT NOT NULL
country TEXT NOT NULL
state TEXT NOT NULL
tier BIGINT
expires BIGINT
approver TEXT
since BIGINT NOT NULL

-- table supplier_site key supplier, id
supplier TEXT
id TEXT
country TEXT NOT NULL
address TEXT
since BIGINT NOT NULL

-- scope supplier.named
SELECT :supplier AS supplier;

-- refuse supplier.registered SUPPLIER_EXISTS
SELECT s.id AS supplier FROM supplier s WHERE s.id = :supplier;

-- refuse supplier.registered COUNTRY_CODE_WRONG
SELECT :country AS country WHERE length(:country) <> 2 OR upper(:country) <> :country;

-- fold supplier.registered
INSERT INTO supplier (id, name, class, country, state, tier, since)
SELECT :supplier, :name, :class, :country, 'registered', :tier, :seq WHERE true
ON CONFLICT (id) DO NOTHING;

-- refuse supplier.site_added SUPPLIER_UNKNOWN
SELECT :supplier AS supplier
WHERE NOT EXISTS (SELECT 1 FROM supplier s WHERE s.id = :supplier);

-- refuse supplier.site_added SUPPLIER_SITE_EXISTS
SELECT s.supplier, s.id AS supplier_site FROM supplier_site s
WHERE s.supplier = :supplier AND s.id = :supplier_site;

-- refuse supplier.site_added COUNTRY_CODE_WRONG
SELECT :country AS country WHERE length(:country) <> 2 OR upper(:country) <> :country;

-- fold supplier.site_added
INSERT INTO supplier_site (supplier, id, country, address, since)
SELECT :supplier, :supplier_site, :country, :address, :seq WHERE true
ON CONFLICT (supplier, id) DO NOTHING;

-- refuse supplier.approved SUPPLIER_UNKNOWN
SELECT :supplier AS supplier
WHERE NOT EXISTS (SELECT 1 FROM supplier s WHERE s.id = :supplier);

-- refuse supplier.approved APPROVAL_ALREADY_OVER
SELECT :supplier AS supplier WHERE :expires <= :at;

-- refuse supplier.approved SUPPLIER_HELD
SELECT h.code, h.seq, h.id AS supplier FROM hold h
WHERE h.kind = 'supplier' AND h.within = '' AND h.id = :supplier;

-- fold supplier.approved
UPDATE supplier SET state = 'approved', expires = :expires, approver = :author, since = :seq
WHERE id = :supplier;

-- refuse supplier.suspended SUPPLIER_UNKNOWN
SELECT :supplier AS supplier
WHERE NOT EXISTS (SELECT 1 FROM supplier s WHERE s.id = :supplier);

-- fold supplier.suspended
UPDATE supplier SET state = 'suspended', expires = NULL, since = :seq WHERE id = :supplier;

-- view supplier.list supplier.read supplier:id state:id
SELECT s.id AS supplier, s.name, s.class, s.country, s.state, s.tier, s.expires, s.approver, s.since
FROM supplier s
WHERE (:supplier IS NULL OR s.id = :supplier) AND (:state IS NULL OR s.state = :state)
ORDER BY supplier;

-- view supplier.sites supplier.read supplier:id
SELECT s.supplier, s.id AS supplier_site, s.country, s.address, s.since FROM supplier_site s
WHERE (:supplier IS NULL OR s.supplier = :supplier)
ORDER BY s.supplier, supplier_site;

--- Approvals that end before a date, for those who must renew them.
-- view supplier.ending supplier.read before:instant
SELECT s.id AS supplier, s.name, s.expires FROM supplier s
WHERE s.state = 'approved' AND s.expires < :before
ORDER BY supplier;
