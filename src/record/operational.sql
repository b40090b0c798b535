--- SPDX-License-Identifier: Apache-2.0
--- Operational tables: what expires or is erased. Never rebuilt, never folded from.

-- table store_meta key name
name TEXT NOT NULL
value BLOB NOT NULL

-- table opening key commitment
commitment BLOB NOT NULL
salt BLOB NOT NULL
value TEXT NOT NULL
personal BIGINT NOT NULL
seq BIGINT NOT NULL

-- table refusal key author, type, code, kind, within, id
author TEXT NOT NULL
type TEXT NOT NULL
code TEXT NOT NULL
kind TEXT NOT NULL
within TEXT NOT NULL
id TEXT NOT NULL
first_at BIGINT NOT NULL
last_at BIGINT NOT NULL
times BIGINT NOT NULL

-- table challenge key nonce
nonce BLOB NOT NULL
kind TEXT NOT NULL
within TEXT NOT NULL
id TEXT NOT NULL
issued BIGINT NOT NULL
expires BIGINT NOT NULL
index expires

-- table session key token
token BLOB NOT NULL
principal TEXT NOT NULL
key BLOB NOT NULL
issued BIGINT NOT NULL
expires BIGINT NOT NULL
index expires

-- table sign_in_link key principal
principal TEXT NOT NULL
token BLOB NOT NULL
key BLOB NOT NULL
issued BIGINT NOT NULL
expires BIGINT NOT NULL
index token
index expires

-- table receipt_wait key digest
digest BLOB NOT NULL
seq BIGINT NOT NULL
