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

-- table open_session key token
token BLOB NOT NULL
id TEXT NOT NULL
principal TEXT NOT NULL
owner TEXT NOT NULL
key BLOB NOT NULL
strength TEXT NOT NULL
issued BIGINT NOT NULL
expires BIGINT NOT NULL
stepped_up BIGINT NOT NULL
peer TEXT NOT NULL
agent TEXT NOT NULL
index principal, id
index key
index expires

-- table one_time_link key principal, strength
principal TEXT NOT NULL
strength TEXT NOT NULL
token BLOB NOT NULL
owner TEXT NOT NULL
key BLOB NOT NULL
issued BIGINT NOT NULL
expires BIGINT NOT NULL
index token
index expires

-- table passkey_offer key key
key BLOB NOT NULL
principal TEXT NOT NULL
spki BLOB NOT NULL
credential BLOB NOT NULL
label TEXT NOT NULL
transports TEXT NOT NULL
possession BLOB NOT NULL
authenticator_data BLOB NOT NULL
client_data BLOB NOT NULL
created BIGINT NOT NULL
expires BIGINT NOT NULL
index principal
unique credential
index expires

-- table passkey_counter key key
key BLOB NOT NULL
counter BIGINT NOT NULL
at BIGINT NOT NULL

-- table totp key principal
principal TEXT NOT NULL
sealed BLOB NOT NULL
confirmed BIGINT NOT NULL
last_step BIGINT NOT NULL
wrong BIGINT NOT NULL
locked BIGINT NOT NULL
since BIGINT NOT NULL

-- table receipt_wait key digest
digest BLOB NOT NULL
seq BIGINT NOT NULL
