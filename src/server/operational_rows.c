/* SPDX-License-Identifier: Apache-2.0 */
/* operational_rows.c — every statement over the operational tables of the server. */
#include "server/operational_internal.h"

#define SESSION_COLUMNS                                                                        \
	"SELECT principal, owner, key, strength, issued, expires, stepped_up, id, peer, agent" \
	" FROM open_session"

/* What has become a key of somebody is no offer any more. */
#define OFFER_WAITS \
	"o.expires > :now AND NOT EXISTS (SELECT 1 FROM principal_key k WHERE k.key = o.key)"

const struct operation_row OPERATION_ROWS[OPERATIONS] = {
	[CHALLENGE_ADD] = {"INSERT INTO challenge (nonce, kind, within, id, issued, expires)"
			   " VALUES (:nonce, :kind, :within, :id, :issued, :expires)",
			   {{"nonce", VALUE_BLOB},
			    {"kind", VALUE_TEXT},
			    {"within", VALUE_TEXT},
			    {"id", VALUE_TEXT},
			    {"issued", VALUE_INT},
			    {"expires", VALUE_INT}}},
	[CHALLENGE_COUNT] = {"SELECT count(*) FROM challenge WHERE kind = :kind AND expires > :now",
			     {{"kind", VALUE_TEXT}, {"now", VALUE_INT}}},
	[CHALLENGE_TAKE] = {"DELETE FROM challenge WHERE nonce = :nonce AND kind = :kind"
			    " AND expires > :now",
			    {{"nonce", VALUE_BLOB}, {"kind", VALUE_TEXT}, {"now", VALUE_INT}}},
	[CHALLENGE_EVICT] = {"DELETE FROM challenge WHERE nonce IN (SELECT nonce FROM challenge"
			     " WHERE kind = :kind ORDER BY issued LIMIT :most)",
			     {{"kind", VALUE_TEXT}, {"most", VALUE_INT}}},
	[SESSION_ADD] = {"INSERT INTO open_session (token, id, principal, owner, key, strength,"
			 " issued, expires, stepped_up, peer, agent)"
			 " VALUES (:token, :id, :principal, :owner, :key, :strength,"
			 " :issued, :expires, :stepped_up, :peer, :agent)",
			 {{"token", VALUE_BLOB},
			  {"id", VALUE_TEXT},
			  {"principal", VALUE_TEXT},
			  {"owner", VALUE_TEXT},
			  {"key", VALUE_BLOB},
			  {"strength", VALUE_TEXT},
			  {"issued", VALUE_INT},
			  {"expires", VALUE_INT},
			  {"stepped_up", VALUE_INT},
			  {"peer", VALUE_TEXT},
			  {"agent", VALUE_TEXT}}},
	[SESSION_FIND] = {SESSION_COLUMNS " WHERE token = :token AND expires > :now",
			  {{"token", VALUE_BLOB}, {"now", VALUE_INT}}},
	[SESSION_LIST] = {SESSION_COLUMNS " WHERE principal = :principal AND expires > :now"
					  " ORDER BY issued DESC, token LIMIT 200",
			  {{"principal", VALUE_TEXT}, {"now", VALUE_INT}}},
	[SESSION_PROLONG] = {"UPDATE open_session SET expires = :expires"
			     " WHERE token = :token AND expires < :expires",
			     {{"token", VALUE_BLOB}, {"expires", VALUE_INT}}},
	[SESSION_STEP_UP] = {"UPDATE open_session SET stepped_up = :now"
			     " WHERE token = :token AND expires > :now",
			     {{"token", VALUE_BLOB}, {"now", VALUE_INT}}},
	[SESSION_END] = {"DELETE FROM open_session WHERE token = :token", {{"token", VALUE_BLOB}}},
	[SESSION_END_ID] = {"DELETE FROM open_session WHERE principal = :principal AND id = :id"
			    " AND expires > :now",
			    {{"principal", VALUE_TEXT}, {"id", VALUE_TEXT}, {"now", VALUE_INT}}},
	[SESSION_END_KEY] = {"DELETE FROM open_session WHERE key = :key", {{"key", VALUE_BLOB}}},
	[LINK_ADD] = {"INSERT INTO one_time_link"
		      " (principal, strength, token, owner, key, issued, expires)"
		      " VALUES (:principal, :strength, :token, :owner, :key, :issued, :expires)"
		      " ON CONFLICT (principal, strength) DO UPDATE SET token = excluded.token,"
		      " owner = excluded.owner, key = excluded.key, issued = excluded.issued,"
		      " expires = excluded.expires",
		      {{"principal", VALUE_TEXT},
		       {"strength", VALUE_TEXT},
		       {"token", VALUE_BLOB},
		       {"owner", VALUE_TEXT},
		       {"key", VALUE_BLOB},
		       {"issued", VALUE_INT},
		       {"expires", VALUE_INT}}},
	[LINK_SPEND] = {"DELETE FROM one_time_link WHERE token = :token AND expires > :now"
			" RETURNING principal, owner, key, strength",
			{{"token", VALUE_BLOB}, {"now", VALUE_INT}}},
	[OFFER_ADD] = {"INSERT INTO passkey_offer (key, principal, spki, credential, label,"
		       " transports, possession, authenticator_data, client_data, created, expires)"
		       " SELECT :key, :principal, :spki, :credential, :label, :transports,"
		       " :possession, :authenticator_data, :client_data, :now, :expires"
		       " WHERE (SELECT count(*) FROM passkey_offer o"
		       " WHERE o.principal = :principal AND " OFFER_WAITS ") < 5"
		       " ON CONFLICT DO NOTHING",
		       {{"key", VALUE_BLOB},
			{"principal", VALUE_TEXT},
			{"spki", VALUE_BLOB},
			{"credential", VALUE_BLOB},
			{"label", VALUE_TEXT},
			{"transports", VALUE_TEXT},
			{"possession", VALUE_BLOB},
			{"authenticator_data", VALUE_BLOB},
			{"client_data", VALUE_BLOB},
			{"now", VALUE_INT},
			{"expires", VALUE_INT}}},
	[OFFER_LIST] =
		{"SELECT o.key, o.principal, o.spki, o.credential, o.label, o.transports,"
		 " o.possession, o.authenticator_data, o.client_data, o.created, o.expires"
		 " FROM passkey_offer o WHERE (:principal IS NULL OR o.principal = :principal)"
		 " AND (:key IS NULL OR o.key = :key) AND " OFFER_WAITS
		 " ORDER BY o.created, o.key LIMIT 1000",
		 {{"principal", VALUE_TEXT}, {"key", VALUE_BLOB}, {"now", VALUE_INT}}},
	[OFFER_DROP] = {"DELETE FROM passkey_offer AS o WHERE o.key = :key"
			" AND (:principal IS NULL OR o.principal = :principal) AND " OFFER_WAITS,
			{{"key", VALUE_BLOB}, {"principal", VALUE_TEXT}, {"now", VALUE_INT}}},
	/* WebAuthn level 2, section 7.2, step 21: it grows, or stays 0 for ever. */
	[COUNTER_SET] = {"INSERT INTO passkey_counter (key, counter, at)"
			 " VALUES (:key, :counter, :at)"
			 " ON CONFLICT (key) DO UPDATE SET counter = excluded.counter,"
			 " at = excluded.at WHERE passkey_counter.counter < excluded.counter"
			 " OR (passkey_counter.counter = 0 AND excluded.counter = 0)",
			 {{"key", VALUE_BLOB}, {"counter", VALUE_INT}, {"at", VALUE_INT}}},
	[COUNTER_FIND] = {"SELECT counter FROM passkey_counter WHERE key = :key",
			  {{"key", VALUE_BLOB}}},
	[TOTP_SET] = {"INSERT INTO totp (principal, sealed, confirmed, last_step, wrong, locked,"
		      " since) VALUES (:principal, :sealed, 0, 0, 0, 0, :now)"
		      " ON CONFLICT (principal) DO UPDATE SET sealed = excluded.sealed,"
		      " confirmed = 0, last_step = 0, wrong = 0, locked = 0,"
		      " since = excluded.since WHERE totp.confirmed = 0",
		      {{"principal", VALUE_TEXT}, {"sealed", VALUE_BLOB}, {"now", VALUE_INT}}},
	[TOTP_FIND] = {"SELECT confirmed, wrong, since FROM totp"
		       " WHERE principal = :principal",
		       {{"principal", VALUE_TEXT}}},
	/* Paid for before it is looked at: however many try at once, no more are looked at. */
	[TOTP_TRY] = {"UPDATE totp SET wrong = wrong + 1,"
		      " locked = CASE WHEN wrong + 1 >= :most THEN :now ELSE locked END"
		      " WHERE principal = :principal AND confirmed = :confirmed AND wrong < :most"
		      " RETURNING sealed",
		      {{"principal", VALUE_TEXT},
		       {"confirmed", VALUE_INT},
		       {"most", VALUE_INT},
		       {"now", VALUE_INT}}},
	[TOTP_PASS] = {"UPDATE totp SET confirmed = 1, last_step = :step, wrong = 0, locked = 0"
		       " WHERE principal = :principal AND last_step < :step AND sealed = :sealed",
		       {{"principal", VALUE_TEXT}, {"step", VALUE_INT}, {"sealed", VALUE_BLOB}}},
	[TOTP_UNLOCK] = {"UPDATE totp SET wrong = 0, locked = 0"
			 " WHERE principal = :principal AND locked > 0 AND locked <= :before",
			 {{"principal", VALUE_TEXT}, {"before", VALUE_INT}}},
	[TOTP_DROP] = {"DELETE FROM totp WHERE principal = :principal",
		       {{"principal", VALUE_TEXT}}},
	[RECEIPT_ADD] = {"INSERT INTO receipt_wait (digest, seq) VALUES (:digest, :seq)"
			 " ON CONFLICT (digest) DO NOTHING",
			 {{"digest", VALUE_BLOB}, {"seq", VALUE_INT}}},
	[RECEIPT_FIND] = {"SELECT seq FROM receipt_wait WHERE digest = :digest",
			  {{"digest", VALUE_BLOB}}},
	[EXPIRE_CHALLENGES] = {"DELETE FROM challenge WHERE expires <= :now", {{"now", VALUE_INT}}},
	[EXPIRE_SESSIONS] = {"DELETE FROM open_session WHERE expires <= :now",
			     {{"now", VALUE_INT}}},
	[EXPIRE_LINKS] = {"DELETE FROM one_time_link WHERE expires <= :now", {{"now", VALUE_INT}}},
	/* Asked for each of the few offers: every unit has a key. */
	[EXPIRE_OFFERS] = {"DELETE FROM passkey_offer AS o WHERE NOT (" OFFER_WAITS ")",
			   {{"now", VALUE_INT}}},
	[EXPIRE_RECEIPTS] = {"DELETE FROM receipt_wait WHERE seq < :seq", {{"seq", VALUE_INT}}},
};
