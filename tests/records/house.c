/* SPDX-License-Identifier: Apache-2.0 */
#include "records/house.h"

#include "base/catalog.h"
#include "base/files.h"
#include "core/cbor.h"

#include <ftw.h>
#include <inttypes.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

extern const struct area *const AREAS[];

void house_check(err result, const struct fault *f, const char *what)
{
	char text[1024];

	if (result.code == OK)
		return;
	fault_text(f, text, sizeof text);
	fail_msg("%s: %s: %s", what, f->message == NULL ? "?" : f->message, text);
}

/* ---- clock and signer ---- */

static uint64_t wall(void *context)
{
	const struct house_clock *c = context;

	uint64_t ms = __atomic_load_n(&c->wall, __ATOMIC_RELAXED);

	return c->frozen ? ms : clock_wall_ms(&clock_system) + ms;
}

static uint64_t steady(void *context)
{
	const struct house_clock *c = context;

	uint64_t ms = __atomic_load_n(&c->steady, __ATOMIC_RELAXED);

	return c->frozen ? ms : clock_steady_ms(&clock_system) + ms;
}

void house_step(struct house *h, int64_t wall_ms, int64_t steady_ms)
{
	__atomic_fetch_add(&h->clock_state.wall, (uint64_t)wall_ms, __ATOMIC_RELAXED);
	__atomic_fetch_add(&h->clock_state.steady, (uint64_t)steady_ms, __ATOMIC_RELAXED);
}

void house_signer_away(struct house *h, bool away)
{
	__atomic_store_n(&h->signer_away, away, __ATOMIC_RELAXED);
}

static err sign(void *context, struct merkle_head old, struct merkle_head now,
		const struct hash *path, size_t path_n, struct arena *a, struct bytes *note,
		struct fault *f)
{
	struct house *h = context;
	uint8_t *text = arena_alloc(a, 1024);
	uint8_t signature[64];
	struct bytes body;

	if (__atomic_load_n(&h->signer_away, __ATOMIC_RELAXED))
		return (fail)(f, "SIGNER_UNAVAILABLE", NULL);
	assert_true(merkle_extends(old, now, path, path_n));
	struct writer w = writer_of(text, 1024);
	checkpoint_put(&w, bytes_text(HOUSE_ORIGIN), now);
	assert_true(writer_done(&w, &body));
	TRY(key_sign(h->checkpoint, body, signature, f));
	put_text(&w, "\n");
	note_put_signature(&w, h->checkpoint_public.name, h->checkpoint_public.id,
			   bytes_of(signature, 64));
	assert_true(writer_done(&w, note));
	h->signed_last = now;
	return ERR_OK;
}

static err last_signed(void *context, struct merkle_head *out, struct fault *f)
{
	const struct house *h = context;

	(void)f;
	*out = h->signed_last;
	return ERR_OK;
}

/* ---- starting ---- */

void house_make_actor(struct actor *a, const char *id, enum key_algorithm algorithm)
{
	struct fault f = {0};

	snprintf(a->id, sizeof a->id, "%s", id);
	house_check(private_key_generate(algorithm, &a->key, &f), &f, "key");
}

void actor_done(struct actor *a)
{
	private_key_close(a->key);
	a->key = NULL;
}

static const char *const FOUNDER_MAY[] = {"access.admin",
					  "access.grant",
					  "access.suspend",
					  "access.read",
					  "access.recover",
					  "recovery.approve",
					  "approval.read",
					  "approval.rule.approve",
					  "firmware.release.approve",
					  "build.authorize.approve",
					  "firmware.emergency.approve",
					  "credential.approve",
					  "charter.approve",
					  "nonconformance.read",
					  "privacy.erase",
					  "ledger.read"};

static json_t *founder_json(const struct actor *a)
{
	const struct public_key *key = private_key_public(a->key);
	struct hash id = public_key_id(key);
	char hex[65], spki[512];

	hex_encode(hash_bytes(&id), hex);
	base64url_encode(public_key_spki(key), spki);
	return json_pack("{s:s, s:s, s:s}", "principal", a->id, "key", hex, "public_key", spki);
}

static void start_log(struct house *h)
{
	static const struct uuid fresh;
	struct fault f = {0};
	struct submission *s;
	char zeros[65];
	json_t *may = json_array();

	memset(zeros, '0', 64);
	zeros[64] = '\0';
	for (size_t i = 0; i < sizeof FOUNDER_MAY / sizeof FOUNDER_MAY[0]; i++)
		json_array_append_new(may, json_pack("{s:s}", "permission", FOUNDER_MAY[i]));
	json_t *founders = json_pack("[o, o, o]", founder_json(&h->ada), founder_json(&h->ben),
				     founder_json(&h->cleo));
	while (h->alone && json_array_size(founders) > 1)
		json_array_remove(founders, json_array_size(founders) - 1);
	json_t *body = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "mode",
				 h->alone ? "bootstrap" : "founded", "origin", HOUSE_ORIGIN,
				 "ca_key", zeros, "ca_certificate", zeros, "checkpoint_key", zeros,
				 "founders", founders, "founder_permissions", may);
	if (h->chartered)
		json_object_set_new(body, "charter", house_charter_json(h));
	house_check(submission_system(h->engine, &h->arena, "ledger.started", fresh, body, &s, &f),
		    &f, "genesis");
	json_decref(body);
	house_check(record_submit_wait(h->engine, &s, 1, false, &f), &f, "genesis");
	assert_int_equal(submission_result(s)->state, RESULT_CERTIFIED);
}

void house_start(struct house *h)
{
	struct fault f = {0};

	house_check(engine_open(&h->config, &h->engine, &f), &f, "engine_open");
}

void house_stop(struct house *h)
{
	engine_close(h->engine);
	h->engine = NULL;
}

void house_open(struct house *h, const char *address)
{
	house_open_with(h, address, AREAS);
}

static void prepare(struct house *h, const char *address, const struct area *const *areas)
{
	const char *root = getenv("SEALWRIGHT_TEST_FOLDER");
	struct fault f = {0};
	uint8_t raw[32];

	*h = (struct house){0};
	snprintf(h->folder, sizeof h->folder, "%s/sealwright-house-XXXXXX",
		 root == NULL ? "/tmp" : root);
	assert_non_null(mkdtemp(h->folder));
	snprintf(h->store, sizeof h->store, "%s", address);
	snprintf(h->tiles, sizeof h->tiles, "%s/tiles", h->folder);
	h->clock = (struct clock){wall, steady, &h->clock_state};
	h->arena.limit = (size_t)1 << 30;
	house_check(private_key_generate(KEY_ED25519, &h->checkpoint, &f), &f, "key");
	assert_true(public_key_ed25519(private_key_public(h->checkpoint), raw));
	assert_true(note_key_make(HOUSE_ORIGIN, NOTE_ED25519, raw, &h->checkpoint_public));
	h->config = (struct engine_config){.store = h->store,
					   .tiles = h->tiles,
					   .origin = HOUSE_ORIGIN,
					   .areas = areas,
					   .clock = &h->clock,
					   .sign = sign,
					   .last_signed = last_signed,
					   .sign_context = h,
					   .secret = {1, 2, 3}};
}

static void found(struct house *h)
{
	house_make_actor(&h->ada, "ada", KEY_ED25519);
	house_make_actor(&h->ben, "ben", KEY_ED25519);
	house_make_actor(&h->cleo, "cleo", KEY_ED25519);
	house_start(h);
	start_log(h);
}

void house_open_chartered(struct house *h, const char *address)
{
	prepare(h, address, AREAS);
	h->chartered = true;
	found(h);
}

void house_open_alone(struct house *h, const char *address)
{
	prepare(h, address, AREAS);
	h->alone = true;
	found(h);
}

void house_open_with(struct house *h, const char *address, const struct area *const *areas)
{
	prepare(h, address, areas);
	found(h);
}

void house_open_as(struct house *h, const char *address, const struct area *const *areas,
		   const struct actor founders[static 3], struct house_clock clock)
{
	prepare(h, address, areas);
	h->ada = founders[0];
	h->ben = founders[1];
	h->cleo = founders[2];
	h->borrows = true;
	h->clock_state = clock;
	house_start(h);
	start_log(h);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

void house_close(struct house *h)
{
	house_stop(h);
	if (!h->borrows) {
		actor_done(&h->ada);
		actor_done(&h->ben);
		actor_done(&h->cleo);
	}
	private_key_close(h->checkpoint);
	arena_done(&h->arena);
	nftw(h->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- submitting ---- */

char *house_json(struct arena *a, const char *text)
{
	char *json = arena_text(a, bytes_text(text));

	assert_non_null(json);
	for (char *p = json; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	return json;
}

void house_id(struct house *h, char out[static 37])
{
	struct uuid id = {0};
	uint64_t ms = clock_wall_ms(&h->clock);
	char hex[33];
	struct fault f = {0};

	house_check(random_bytes(id.b + 6, 10, &f), &f, "random");
	for (size_t i = 0; i < 6; i++)
		id.b[i] = (uint8_t)(ms >> (8 * (5 - i)));
	id.b[6] = (uint8_t)(0x70 | (id.b[6] & 0x0f));
	id.b[8] = (uint8_t)(0x80 | (id.b[8] & 0x3f));
	hex_encode(bytes_of(id.b, 16), hex);
	snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

static json_t *envelope(struct house *h, struct arena *a, const char *body, const char *id)
{
	char fresh[37];
	json_error_t why;
	json_t *json = json_loads(house_json(a, body), JSON_REJECT_DUPLICATES, &why);

	if (json == NULL)
		fail_msg("test JSON: %s in %s", why.text, body);
	if (id == NULL) {
		house_id(h, fresh);
		id = fresh;
	}
	return json_pack("{s:s, s:o}", "id", id, "body", json);
}

static err put_submission(struct arena *a, const struct actor *who, const struct prepared *p,
			  const char *type, struct bytes *out, struct fault *f)
{
	uint8_t *buffer = arena_alloc(a, 2 * (size_t)ENTRY_SIZE_MAX);
	struct writer w = writer_of(buffer, 2 * (size_t)ENTRY_SIZE_MAX);
	struct bytes proof;

	TRY(cose_sign(a, who->key, bytes_text(type), p->claim, &proof, f));
	cbor_put_array(&w, 3);
	cbor_put_bytes(&w, p->claim);
	put_bytes(&w, proof);
	cbor_put_map(&w, p->openings_n);
	for (size_t i = 0; i < p->openings_n; i++) { /* one at most in the tests */
		cbor_put_text(&w, bytes_text(p->openings[i].field));
		cbor_put_array(&w, 2);
		cbor_put_bytes(&w, bytes_of(p->openings[i].salt, sizeof p->openings[i].salt));
		cbor_put_text(&w, p->openings[i].value);
	}
	assert_true(writer_done(&w, out));
	return ERR_OK;
}

static err make_signed(struct house *h, struct arena *a, const struct actor *who, const char *type,
		       const char *body, const char *id, struct bytes *out, struct fault *f)
{
	struct caller caller = {.channel = CHANNEL_KEY};
	struct prepared prepared;
	json_t *json = envelope(h, a, body, id);

	snprintf(caller.principal, sizeof caller.principal, "%s", who->id);
	err result = submission_prepare(h->engine, a, &caller, bytes_text(type), json,
					public_key_id(private_key_public(who->key)), &prepared, f);
	json_decref(json);
	if (result.code == OK)
		result = put_submission(a, who, &prepared, type, out, f);
	if (result.code == OK && h->on_signed != NULL)
		h->on_signed(h->on_signed_context, *out);
	return result;
}

struct bytes house_signed(struct house *h, struct arena *a, const struct actor *who,
			  const char *type, const char *body)
{
	struct fault f = {0};
	struct bytes cbor = {0};

	house_check(make_signed(h, a, who, type, body, NULL, &cbor, &f), &f, type);
	return cbor;
}

struct submission *house_make(struct house *h, struct arena *a, const struct actor *who,
			      const char *type, const char *body, const char *id, struct fault *f)
{
	struct caller caller = {.channel = CHANNEL_KEY, .has_reference = true};
	struct bytes cbor;
	struct submission *s = NULL;

	snprintf(caller.principal, sizeof caller.principal, "%s", who->id);
	caller.reference = public_key_id(private_key_public(who->key));
	err result = make_signed(h, a, who, type, body, id, &cbor, f);
	if (result.code == OK)
		result = submission_from_cbor(h->engine, a, &caller, bytes_text(type), cbor, &s, f);
	return result.code == OK ? s : NULL;
}

static const struct result *submit(struct house *h, struct submission *s, struct fault *f)
{
	static struct result refused;

	if (s == NULL) {
		refused = (struct result){.state = RESULT_REFUSED, .fault = *f};
		return &refused;
	}
	house_check(record_submit_wait(h->engine, &s, 1, false, f), f, "submit");
	return submission_result(s);
}

const struct result *house_sign(struct house *h, const struct actor *who, const char *type,
				const char *body)
{
	struct fault f = {0};

	return submit(h, house_make(h, &h->arena, who, type, body, NULL, &f), &f);
}

const struct result *house_report(struct house *h, const struct actor *who, const char *type,
				  const char *body)
{
	struct caller caller = {.channel = CHANNEL_SESSION};
	struct fault f = {0};
	struct submission *s = NULL;
	json_t *json = envelope(h, &h->arena, body, NULL);

	snprintf(caller.principal, sizeof caller.principal, "%s", who->id);
	if (submission_from_json(h->engine, &h->arena, &caller, bytes_text(type), json, &s, &f)
		    .code != OK)
		s = NULL;
	json_decref(json);
	return submit(h, s, &f);
}

uint64_t house_must(struct house *h, const struct actor *who, const char *type, const char *body)
{
	const struct result *r = house_sign(h, who, type, body);

	house_check((err){r->state == RESULT_REFUSED ? ERR_REFUSED : OK}, &r->fault, type);
	for (const struct nonconformance *n = r->raised; n != NULL; n = n->next)
		fail_msg("%s raised %s", type, n->code);
	return r->sequence;
}

void house_must_refuse(struct house *h, const struct actor *who, const char *type, const char *body,
		       const char *code)
{
	const struct result *r = house_sign(h, who, type, body);

	assert_int_equal(r->state, RESULT_REFUSED);
	assert_string_equal(r->fault.message, code);
}

void house_must_raise(struct house *h, const struct actor *who, const char *type, const char *body,
		      const char *code)
{
	const struct result *r = house_sign(h, who, type, body);

	house_check((err){r->state == RESULT_REFUSED ? ERR_REFUSED : OK}, &r->fault, type);
	for (const struct nonconformance *n = r->raised; n != NULL; n = n->next)
		if (strcmp(n->code, code) == 0)
			return;
	fail_msg("%s raised %s, not %s", type, r->raised == NULL ? "nothing" : r->raised->code,
		 code);
}

const struct result *house_approve(struct house *h, const struct actor *who, struct hash digest)
{
	char hex[65], body[128];

	hex_encode(hash_bytes(&digest), hex);
	snprintf(body, sizeof body, "{'record': '%s'}", hex);
	return house_sign(h, who, "approval.given", body);
}

/* ---- reading ---- */

json_t *house_view(struct house *h, const char *principal, const char *view, const char *query)
{
	struct caller caller = {.channel = CHANNEL_SESSION};
	struct view_request request = {.name = bytes_text(view), .caller = &caller};
	const char *names[16], *values[16];
	char *rest = arena_text(&h->arena, bytes_text(query == NULL ? "" : query)), *pair;
	struct reader_session *r;
	struct fault f = {0};
	json_t *out = NULL;

	snprintf(caller.principal, sizeof caller.principal, "%s", principal);
	while ((pair = strsep(&rest, "&")) != NULL && *pair != '\0') {
		char *equals = strchr(pair, '=');
		*equals = '\0';
		names[request.n] = pair;
		values[request.n++] = equals + 1;
	}
	request.names = names;
	request.values = values;
	house_check(reader_take(h->engine, &r, &f), &f, "reader");
	err result = view_read(h->engine, r, &h->arena, &request, &out, &f);
	reader_give(r);
	house_check(result, &f, view);
	return out;
}

void house_must_rebuild(struct house *h)
{
	struct rebuild_report report;
	struct fault f = {0};

	house_stop(h);
	house_check(engine_rebuild(&h->config, false, NULL, NULL, &report, &f), &f, "rebuild");
	if (report.differing > 0)
		fail_msg("rebuild differs in %s: %s", report.first_table, report.first_row);
	house_start(h);
}
