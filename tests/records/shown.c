/* SPDX-License-Identifier: Apache-2.0 */
#include "shown.h"

#include "client/log.h"
#include "core/passport.h"
#include "core/sha256.h"
#include "crypto/x509.h"
#include "domain/access/access_area.h"
#include "interop/passkey_sign.h"
#include "record/passport.h"
#undef fail

void shown_console(struct world *w)
{
	house_stop(&w->house);
	w->house.config.relying_party = SHOWN_PARTY;
	w->house.config.web_origin = SHOWN_ORIGIN;
	house_start(&w->house);
}

void shown_freeze(struct world *w)
{
	struct house_clock *c = &w->house.clock_state;

	*c = (struct house_clock){.wall = clock_wall_ms(&w->house.clock),
				  .steady = clock_steady_ms(&w->house.clock),
				  .frozen = true};
}

struct actor shown_new(const char *id, enum key_algorithm algorithm)
{
	struct actor a;

	house_make_actor(&a, id, algorithm);
	return a;
}

static struct bytes possession_message(struct world *w, const char *log, const char *principal)
{
	struct writer out = writer_of(arena_alloc(&w->house.arena, 512), 512);
	struct bytes message;

	assert_true(key_possession_message(bytes_text(log), bytes_text(principal), &out, &message));
	return message;
}

static const char *text64(struct world *w, struct bytes bytes)
{
	char *text = arena_alloc(&w->house.arena, 2 * bytes.n + 4);

	assert_non_null(text);
	base64url_encode(bytes, text);
	return text;
}

const char *shown_key(struct world *w, const struct actor *key, const char *principal)
{
	uint8_t signature[64];

	ok(key_sign(key->key, possession_message(w, HOUSE_ORIGIN, principal), signature, &w->fault),
	   &w->fault);
	return arena_printf(&w->house.arena, "'public_key':'%s','possession':'%s'",
			    text64(w, public_key_spki(private_key_public(key->key))),
			    text64(w, bytes_of(signature, sizeof signature)));
}

const char *shown_passkey(struct world *w, const struct actor *key, const struct shown_passkey *how)
{
	struct bytes message =
		possession_message(w, how->log != NULL ? how->log : HOUSE_ORIGIN,
				   how->principal != NULL ? how->principal : key->id);
	const struct passkey_wish wish = {
		.party = how->party != NULL ? how->party : SHOWN_PARTY,
		.origin = how->origin != NULL ? how->origin : SHOWN_ORIGIN,
		.challenge = sha256(message),
	};
	struct passkey_words made;

	ok(passkey_assert(&w->house.arena, how->signer != NULL ? how->signer->key : key->key, &wish,
			  &made, &w->fault),
	   &w->fault);
	return arena_printf(&w->house.arena,
			    "'public_key':'%s','possession':'%s','credential':'%s','label':'blue "
			    "one','authenticator_data':'%s','client_data':'%s'",
			    text64(w, public_key_spki(private_key_public(key->key))),
			    text64(w, made.signature),
			    how->credential != NULL ? how->credential : "Y3JlZA",
			    text64(w, made.authenticator_data), text64(w, made.client_data));
}

const char *shown_time(struct world *w, int64_t ms)
{
	char *text = arena_alloc(&w->house.arena, TIME_TEXT_SIZE);

	assert_non_null(text);
	time_text(clock_wall_ms(&w->house.clock) + (uint64_t)ms, text);
	return text;
}

const char *shown_shift(struct world *w, const char *who, const struct actor *browser,
			const char *shift, const char *permissions)
{
	return says(w, who, "shift.opened",
		    "{'shift':'%s','station':'st1',%s,'not_after':'%s','permissions':[%s]}", shift,
		    shown_key(w, browser, who), shown_time(w, 8 * HOUR), permissions);
}

const char *shown_credential(struct world *w, const struct actor *key)
{
	struct bytes der;

	ok(csr_make(&w->house.arena, key->key, key->id, &der, &w->fault), &w->fault);
	return says(w, "anna", "credential.requested",
		    "{'credential':'C1','profile':'person','principal':'%s','csr':'%s',"
		    "'not_after':'2099-01-01T00:00:00.000Z'}",
		    key->id, text64(w, der));
}

/* ---- in a passport ---- */

static err shows_all(void *context, const struct subject *subject, bool *yes, struct fault *f)
{
	(void)context;
	(void)subject;
	(void)f;
	*yes = true;
	return ERR_OK;
}

size_t shown_passport(struct world *w, const char *type)
{
	static struct passport p;
	static struct passport_entry e;
	static struct entry entry;
	struct caller caller = {.principal = "anna", .channel = CHANNEL_KEY};
	const struct passport_request request = {
		.caller = &caller, .product = "GW", .serial = "S1", .may_show = shows_all};
	struct audit_keys keys = {.registry = engine_registry(w->house.engine)};
	struct reader_session *r;
	struct bytes file;
	const char *why;
	size_t n, found = 0;

	ok(reader_take(w->house.engine, &r, &w->fault), &w->fault);
	ok(passport_build(w->house.engine, r, &w->house.arena, &request, &file, &w->fault),
	   &w->fault);
	reader_give(r);
	assert_true(passport_parse(file, &p, &why));
	struct reader at = passport_entries(&p, &n);
	for (size_t i = 0; i < n && passport_next_entry(&at, &e); i++) {
		assert_true(entry_parse(e.bytes, &entry, &why));
		ok(audit_keys_entry(&keys, e.sequence, e.bytes, &entry, &w->fault), &w->fault);
		found += bytes_equal(entry.claim.type, bytes_text(type));
	}
	audit_keys_done(&keys);
	return found;
}
