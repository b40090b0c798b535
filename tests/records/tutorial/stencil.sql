--- SPDX-License-Identifier: Apache-2.0
--- Stencils wear: after 200 wipes one is looked at before it is used again.
-- table stencil key id
id TEXT
site TEXT NOT NULL
wipes BIGINT NOT NULL
since BIGINT NOT NULL

-- scope stencil.at_site
SELECT :site AS site;

-- flag stencil.cleaned STENCIL_WORN
SELECT 'stencil' AS kind, '' AS within, s.id, s.wipes FROM stencil s
WHERE s.id = :stencil AND s.wipes + :wipes > 200;

-- fold stencil.cleaned
INSERT INTO stencil (id, site, wipes, since) VALUES (:stencil, :site, :wipes, :seq)
ON CONFLICT (id) DO UPDATE SET site = excluded.site, wipes = stencil.wipes + excluded.wipes, since = excluded.since;

-- view stencil.list stencil.read site:id
SELECT s.site, s.id AS stencil, s.wipes, s.since FROM stencil s
WHERE :site IS NULL OR s.site = :site ORDER BY stencil;
