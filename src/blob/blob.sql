-- SPDX-License-Identifier: Apache-2.0
-- The store's operational tables. The row is what makes a blob exist; its file alone does not.
-- key_id: of a personal blob; it is also the ending of its file's name.
CREATE TABLE IF NOT EXISTS stored_blob (
	digest BLOB NOT NULL PRIMARY KEY,
	class TEXT NOT NULL CHECK (class IN ('evidence', 'personal')),
	size BIGINT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('stored', 'erased')),
	created BIGINT NOT NULL,
	referenced BIGINT,
	key_id BLOB
);
CREATE INDEX IF NOT EXISTS stored_blob_unreferenced ON stored_blob (created)
	WHERE referenced IS NULL;

-- A data key, wrapped under the store key. upload: name of the upload that will use it; empty
-- once the blob is stored, which is also what protects the key from being swept.
CREATE TABLE IF NOT EXISTS blob_key (
	key_id BLOB NOT NULL PRIMARY KEY,
	wrapped BLOB NOT NULL,
	upload TEXT NOT NULL,
	created BIGINT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS blob_key_upload ON blob_key (upload) WHERE upload <> '';
