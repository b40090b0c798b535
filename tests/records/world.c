/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/sha256.h"
#include "domain/access/access_area.h"

#define ORIGIN "test.example/log"

static const char *const PERMISSIONS[] = {
	"access.admin",
	"access.grant",
	"access.suspend",
	"access.read",
	"supplier.write",
	"supplier.approve",
	"supplier.read",
	"part.write",
	"part.approve",
	"part.receive",
	"part.issue",
	"part.read",
	"line.define",
	"line.authorize",
	"line.build",
	"line.scrap",
	"line.read",
	"identity.request",
	"identity.issue",
	"identity.read",
	"firmware.release",
	"firmware.withdraw",
	"firmware.program",
	"firmware.read",
	"custody.write",
	"custody.issue",
	"custody.check",
	"custody.ship",
	"custody.receive",
	"custody.read",
	"attestation.read",
	"recall.hold",
	"recall.lift",
	"recall.dispose",
	"recall.read",
	"nonconformance.read",
	"build.authorize.approve",
	"firmware.release.approve",
	"approval.vote",
	"approval.read",
};
const char IMAGE[65] = "1111111111111111111111111111111111111111111111111111111111111111";

static void must(err result, const struct fault *f)
{
	char text[1024] = "";

	if (result.code == OK)
		return;
	fault_text(f, text, sizeof text);
	fail_msg("%s: %s", f->message == NULL ? "?" : f->message, text);
}

/* ---- clocks and the signer ---- */

static uint64_t wall_ms(void *context)
{
	struct world *w = context;

	return clock_wall_ms(&clock_system) + __atomic_load_n(&w->later_ms, __ATOMIC_ACQUIRE);
}

static uint64_t steady_ms(void *context)
{
	struct world *w = context;

	return clock_steady_ms(&clock_system) + __atomic_load_n(&w->later_ms, __ATOMIC_ACQUIRE);
}

void world_later(struct world *w, uint64_t ms)
{
	__atomic_add_fetch(&w->later_ms, ms, __ATOMIC_ACQ_REL);
}

static err sign(void *context, struct merkle_head old, struct merkle_head now,
		const struct hash *path, size_t path_n, struct arena *a, struct bytes *note,
		struct fault *f)
{
	struct world *w = context;
	uint8_t *buffer = arena_alloc(a, NOTE_SIZE_MAX), public_key[32], signature[64];

	(void)path;
	(void)path_n;
	if (buffer == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	struct writer out = writer_of(buffer, NOTE_SIZE_MAX);
	assert_int_equal(old.size, w->signed_head.size);
	checkpoint_put(&out, bytes_text(ORIGIN), now);
	TRY(key_sign(w->checkpoint_key, bytes_of(buffer, out.n), signature, f));
	if (!public_key_ed25519(private_key_public(w->checkpoint_key), public_key))
		return (err){ERR_INTERNAL};
	put_text(&out, "\n");
	note_put_signature(&out, ORIGIN, note_key_id(ORIGIN, NOTE_ED25519, public_key),
			   bytes_of(signature, sizeof signature));
	w->signed_head = now;
	return writer_done(&out, note) ? ERR_OK : (err){ERR_INTERNAL};
}

static err last_signed(void *context, struct merkle_head *out, struct fault *f)
{
	struct world *w = context;

	(void)f;
	*out = w->signed_head;
	return ERR_OK;
}

/* ---- saying ---- */

struct private_key *world_key(struct world *w, const char *author)
{
	for (size_t i = 0; i < w->actors_n; i++)
		if (strcmp(w->actors[i].name, author) == 0)
			return w->actors[i].key;
	assert_true(w->actors_n < ACTORS_MAX);
	struct actor *actor = &w->actors[w->actors_n++];
	snprintf(actor->name, sizeof actor->name, "%s", author);
	must(private_key_generate(KEY_P256, &actor->key, &w->fault), &w->fault);
	return actor->key;
}

static json_t *body_of(const char *format, va_list arguments)
{
	static char text[65536];
	json_error_t error;

	assert_true(vsnprintf(text, sizeof text, format, arguments) < (int)sizeof text);
	for (char *p = text; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	json_t *body = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (body == NULL)
		fail_msg("not JSON: %s: %s", error.text, text);
	return body;
}

static const char *refused_with(struct world *w, const struct fault *f)
{
	snprintf(w->said, sizeof w->said, "!%s", f->message == NULL ? "?" : f->message);
	return w->said;
}

static const char *answer(struct world *w, const struct submission *s)
{
	const struct result *r = submission_result(s);
	const char *before = "";
	size_t n = 0;

	if (r->state == RESULT_REFUSED)
		return refused_with(w, &r->fault);
	hex_encode(hash_bytes(&r->digest), w->digest);
	w->sequence = r->sequence;
	w->said[0] = '\0';
	if (r->outcome != OUTCOME_FOLDED)
		n += (size_t)snprintf(w->said, sizeof w->said, "(outcome %d)", (int)r->outcome);
	for (const struct nonconformance *c = r->raised; c != NULL; c = c->next) {
		if (strcmp(c->code, before) == 0)
			continue; /* one code that holds several things */
		n += (size_t)snprintf(w->said + n, sizeof w->said - n, "%s%s", n > 0 ? " " : "",
				      c->code);
		assert_true(n < sizeof w->said);
		before = c->code;
	}
	return w->said;
}

static const char *submit(struct world *w, struct submission *s)
{
	err result = record_submit_wait(w->engine, &s, 1, false, &w->fault);

	return result.code == OK ? answer(w, s) : refused_with(w, &w->fault);
}

/* [claim, proof, {}] as the author's own tool makes it. */
static err sign_claim(struct world *w, const char *author, const char *type, const json_t *json,
		      struct submission **out)
{
	struct private_key *key = world_key(w, author);
	struct caller caller = {.channel = CHANNEL_KEY};
	struct prepared prepared = {0};
	struct bytes proof;
	json_t *form = json_object();
	struct fault *f = &w->fault;
	char *text = arena_alloc(&w->arena, 2 * (size_t)ENTRY_SIZE_MAX);

	snprintf(caller.principal, sizeof caller.principal, "%s", author);
	assert_non_null(text);
	err result = submission_prepare(w->engine, &w->arena, &caller, bytes_text(type), json,
					public_key_id(private_key_public(key)), &prepared, f);
	if (result.code == OK)
		result = cose_sign(&w->arena, key, bytes_text(type), prepared.claim, &proof, f);
	if (result.code == OK) {
		base64url_encode(prepared.claim, text);
		json_object_set_new(form, "claim", json_string(text));
		base64url_encode(proof, text);
		json_object_set_new(form, "proof", json_string(text));
		result = submission_from_json(w->engine, &w->arena, &caller, bytes_text(type), form,
					      out, f);
	}
	json_decref(form);
	return result;
}

const char *says(struct world *w, const char *author, const char *type, const char *body, ...)
{
	va_list arguments;
	struct submission *s = NULL;
	json_t *json = json_object();

	va_start(arguments, body);
	json_object_set_new(json, "body", body_of(body, arguments));
	va_end(arguments);
	memset(&w->fault, 0, sizeof w->fault);
	arena_reset(&w->arena);
	err result = sign_claim(w, author, type, json, &s);
	json_decref(json);
	return result.code == OK ? submit(w, s) : refused_with(w, &w->fault);
}

const char *system_says(struct world *w, const char *type, const char *body, ...)
{
	va_list arguments;
	struct submission *s = NULL;

	va_start(arguments, body);
	json_t *json = body_of(body, arguments);
	va_end(arguments);
	memset(&w->fault, 0, sizeof w->fault);
	err result = submission_system(w->engine, &w->arena, type, (struct uuid){0}, json, &s,
				       &w->fault);
	json_decref(json);
	return result.code == OK ? submit(w, s) : refused_with(w, &w->fault);
}

/* ---- reading ---- */

/* The rows, to be released; `query` is split at & and =. */
static json_t *view_rows(struct world *w, const char *view, const char *query)
{
	struct caller caller = {.principal = "anna", .channel = CHANNEL_KEY};
	struct reader_session *r;
	const char *names[16], *values[16];
	char text[512];
	size_t n = 0;
	json_t *out = NULL;

	snprintf(text, sizeof text, "%s", query);
	for (char *rest = text, *pair; (pair = strsep(&rest, "&")) != NULL && n < 16;) {
		if (*pair == '\0')
			continue;
		names[n] = strsep(&pair, "=");
		values[n++] = pair;
	}
	struct view_request request = {bytes_text(view), &caller, n, names, values};
	must(reader_take(w->engine, &r, &w->fault), &w->fault);
	must(view_read(w->engine, r, &w->arena, &request, &out, &w->fault), &w->fault);
	reader_give(r);
	json_t *rows = json_incref(json_object_get(out, "rows"));
	json_decref(out);
	return rows;
}

const char *shows(struct world *w, const char *view, const char *column, const char *query)
{
	json_t *rows = view_rows(w, view, query);
	const json_t *row = json_array_get(rows, 0), *cell = json_object_get(row, column);

	if (row == NULL)
		snprintf(w->said, sizeof w->said, "(none)");
	else if (cell == NULL || json_is_null(cell))
		snprintf(w->said, sizeof w->said, "(null)");
	else if (json_is_integer(cell))
		snprintf(w->said, sizeof w->said, "%lld", (long long)json_integer_value(cell));
	else
		snprintf(w->said, sizeof w->said, "%s", json_string_value(cell));
	json_decref(rows);
	return w->said;
}

size_t rows_of(struct world *w, const char *view, const char *query)
{
	json_t *rows = view_rows(w, view, query);
	size_t n = json_array_size(rows);

	json_decref(rows);
	return n;
}

const char *gate_says(struct world *w, const char *gate, const char *kind, const char *within,
		      const char *id)
{
	struct caller caller = {.principal = "anna", .channel = CHANNEL_KEY};
	struct control_failure *failures = NULL;
	struct reader_session *r;

	must(reader_take(w->engine, &r, &w->fault), &w->fault);
	must(gate_ask(w->engine, r, &w->arena, &caller, gate, kind, within, id, &failures,
		      &w->fault),
	     &w->fault);
	reader_give(r);
	w->said[0] = '\0';
	if (failures != NULL)
		snprintf(w->said, sizeof w->said, "%s: %s", failures->control, failures->found);
	return w->said;
}

void world_clear(struct world *w)
{
	json_t *rows = view_rows(w, "nonconformance.open", "");
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
	{
		long long seq = json_integer_value(json_object_get(row, "seq"));
		long long n = json_integer_value(json_object_get(row, "n"));
		const char *kind = json_string_value(json_object_get(row, "kind"));
		const char *within = json_string_value(json_object_get(row, "within"));
		const char *state = json_string_value(json_object_get(row, "state"));
		if (strcmp(state, "open") == 0)
			assert_says("", w, "qa", "nonconformance.disposed",
				    "{'raised_seq':%lld,'raised_n':%lld,'reason':'seen',"
				    "'disposition':'use_as_is'}",
				    seq, n);
		if (kind != NULL)
			assert_says("", w, "qa", "hold.lifted",
				    "{'kind':'%s'%s%s%s,'id':'%s','raised_seq':%lld,"
				    "'raised_n':%lld,'reason':'seen'}",
				    kind, *within ? ",'within':'" : "", within, *within ? "'" : "",
				    json_string_value(json_object_get(row, "id")), seq, n);
	}
	json_decref(rows);
	assert_int_equal(rows_of(w, "hold.open", ""), 0);
}

/* ---- the company ---- */

static void key_texts(struct world *w, const char *name, char id[static 65],
		      char spki[static 2 * SPKI_SIZE_MAX])
{
	const struct public_key *key = private_key_public(world_key(w, name));
	struct hash hash = public_key_id(key);

	hex_encode(hash_bytes(&hash), id);
	base64url_encode(public_key_spki(key), spki);
}

static void start_log(struct world *w)
{
	char id[65], spki[2 * SPKI_SIZE_MAX], list[4096] = "";
	size_t n = 0;

	key_texts(w, "anna", id, spki);
	for (size_t i = 0; i < sizeof PERMISSIONS / sizeof PERMISSIONS[0]; i++)
		n += (size_t)snprintf(list + n, sizeof list - n, "%s{'permission':'%s'}",
				      i > 0 ? "," : "", PERMISSIONS[i]);
	assert_true(n < sizeof list);
	assert_string_equal(system_says(w, "ledger.started",
					"{'mode':'trial','origin':'" ORIGIN "','ca_key':'%s',"
					"'ca_certificate':'%s','checkpoint_key':'%s',"
					"'founders':[{'principal':'anna','key':'%s',"
					"'public_key':'%s'}],'founder_permissions':[%s]}",
					id, id, id, id, spki, list),
			    "");
}

/* Proves that the new principal holds its key. */
static void enroll(struct world *w, const char *name, const char *kind, const char *natural)
{
	char id[65], spki[2 * SPKI_SIZE_MAX], proof[128];
	uint8_t buffer[512], signature[64];
	struct writer out = writer_of(buffer, sizeof buffer);
	struct bytes message;

	key_texts(w, name, id, spki);
	assert_says("", w, "anna", "principal.registered", "{'principal':'%s','kind':'%s'%s%s%s}",
		    name, kind, natural ? ",'natural_person':'" : "", natural ? natural : "",
		    natural ? "'" : "");
	assert_true(key_possession_message(bytes_text(ORIGIN), bytes_text(name), &out, &message));
	must(key_sign(world_key(w, name), message, signature, &w->fault), &w->fault);
	base64url_encode(bytes_of(signature, sizeof signature), proof);
	assert_says("", w, "anna", "key.enrolled",
		    "{'principal':'%s','public_key':'%s','possession':'%s'}", name, spki, proof);
}

static void people(struct world *w)
{
	static const char *const NAMES[][2] = {
		{"bert", "p-bert"}, {"carl", "p-carl"}, {"dora", "p-dora"},
		{"emil", "anna"},   {"qa", "p-qa"},
	};
	char list[4096] = "";
	size_t n = 0;

	for (size_t i = 3; i < sizeof PERMISSIONS / sizeof PERMISSIONS[0]; i++)
		n += (size_t)snprintf(list + n, sizeof list - n, "%s{'permission':'%s'}",
				      i > 3 ? "," : "", PERMISSIONS[i]);
	assert_says("", w, "anna", "role.defined", "{'role':'all','permissions':[%s]}", list);
	assert_says("", w, "anna", "role.defined",
		    "{'role':'station','permissions':[{'permission':'line.build'},"
		    "{'permission':'identity.request'},{'permission':'firmware.program'}]}");
	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
		enroll(w, NAMES[i][0], "person", NAMES[i][1]);
		if (strcmp(NAMES[i][0], "emil") == 0)
			continue;
		assert_says("", w, "anna", "role.granted",
			    "{'grant_id':'g-%s','principal':'%s','role':'all'}", NAMES[i][0],
			    NAMES[i][0]);
	}
	assert_says("", w, "bert", "role.granted",
		    "{'grant_id':'g-emil','principal':'emil','role':'all'}");
	enroll(w, "st1", "station", NULL);
	assert_says("", w, "anna", "role.granted",
		    "{'grant_id':'g-st1','principal':'st1','role':'station','station':'st1'}");
}

static void places(struct world *w)
{
	assert_says("", w, "anna", "site.defined", "{'site':'VN','country':'VN','name':'Hanoi'}");
	assert_says("", w, "anna", "site.defined", "{'site':'HH','country':'DE','name':'Hamburg'}");
	assert_says("", w, "anna", "line.defined", "{'site':'VN','line':'L1'}");
	assert_says("", w, "anna", "station.defined",
		    "{'station':'st1','site':'VN','line':'L1','environment':'production'}");
	assert_says("", w, "anna", "product.defined",
		    "{'product':'GW','hardware_type':'1.3.6.1.4.1.32473.7','name':'Gateway'}");
}

int world_setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	static struct clock clock;

	assert_non_null(w);
	assert_int_equal(store_setup(state), 0);
	w->store = *state;
	*state = w;
	clock = (struct clock){wall_ms, steady_ms, w};
	must(private_key_generate(KEY_ED25519, &w->checkpoint_key, &w->fault), &w->fault);
	w->config = (struct engine_config){.store = w->store->address,
					   .origin = ORIGIN,
					   .areas = AREAS,
					   .clock = &clock,
					   .sign = sign,
					   .last_signed = last_signed,
					   .sign_context = w};
	must(engine_open(&w->config, &w->engine, &w->fault), &w->fault);
	start_log(w);
	people(w);
	places(w);
	return 0;
}

int world_teardown(void **state)
{
	struct world *w = *state;

	engine_close(w->engine);
	for (size_t i = 0; i < w->actors_n; i++)
		private_key_close(w->actors[i].key);
	private_key_close(w->checkpoint_key);
	arena_done(&w->arena);
	*state = w->store;
	free(w);
	return store_teardown(state);
}

void world_rebuild_is_equal(struct world *w)
{
	struct rebuild_report report = {0};

	engine_close(w->engine);
	w->engine = NULL;
	must(engine_rebuild(&w->config, false, NULL, NULL, &report, &w->fault), &w->fault);
	if (report.differing != 0)
		fail_msg("%zu tables differ, first %s: %s", report.differing, report.first_table,
			 report.first_row);
	assert_true(report.entries > 0);
}
