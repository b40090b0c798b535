/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/access/access_area.h"

static const char *const PERMISSIONS[] = {
	"access.admin",
	"access.grant",
	"access.suspend",
	"access.read",
	"access.recover",
	"supplier.write",
	"supplier.approve",
	"supplier.read",
	"part.write",
	"part.approve",
	"part.receive",
	"part.issue",
	"part.read",
	"conformance.declare",
	"conformance.link",
	"line.define",
	"line.authorize",
	"line.build",
	"line.scrap",
	"line.close",
	"line.read",
	"line.import",
	"line.shift",
	"line.concern",
	"identity.request",
	"identity.issue",
	"identity.read",
	"passport.read",
	"firmware.release",
	"firmware.withdraw",
	"firmware.program",
	"firmware.read",
	"sbom.check",
	"sbom.read",
	"custody.define",
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
	"reference.read",
	"reference.write",
	"nonconformance.read",
	"report.hold",
	"build.authorize.approve",
	"firmware.release.approve",
	"access.credential",
	"approval.vote",
	"approval.read",
	"test.define",
	"test.record",
	"test.read",
};
const char IMAGE[65] = "1111111111111111111111111111111111111111111111111111111111111111";

/* ---- saying ---- */

struct actor *world_actor(struct world *w, const char *name)
{
	for (size_t i = 0; i < w->actors_n; i++)
		if (strcmp(w->actors[i].id, name) == 0)
			return &w->actors[i];
	assert_true(w->actors_n < ACTORS_MAX);
	struct actor *actor = &w->actors[w->actors_n++];
	snprintf(actor->id, sizeof actor->id, "%s", name);
	ok(private_key_generate(KEY_P256, &actor->key, &w->fault), &w->fault);
	return actor;
}

/* In the arena of the house, where all that a submission needs lives. */
static char *text_of(struct world *w, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

static char *text_of(struct world *w, const char *format, va_list arguments)
{
	enum { ROOM = 65536 };
	char *text = arena_alloc(&w->house.arena, ROOM);

	assert_non_null(text);
	assert_true(vsnprintf(text, ROOM, format, arguments) < ROOM);
	return text;
}

static const char *answer(struct world *w, const struct result *r)
{
	const char *before = "";
	size_t n = 0;

	if (r->state == RESULT_REFUSED) {
		snprintf(w->said, sizeof w->said, "!%s", r->fault.message);
		return w->said;
	}
	hex_encode(hash_bytes(&r->digest), w->digest);
	w->sequence = r->sequence;
	w->said[0] = '\0';
	if (r->outcome == OUTCOME_PENDING)
		n = (size_t)snprintf(w->said, sizeof w->said, "(waits)");
	else if (r->outcome == OUTCOME_UNVERIFIED)
		n = (size_t)snprintf(w->said, sizeof w->said, "(unverified)");
	else if (r->outcome == OUTCOME_UNFOLDED)
		n = (size_t)snprintf(w->said, sizeof w->said, "(unfolded)");
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

const char *says(struct world *w, const char *author, const char *type, const char *body, ...)
{
	va_list arguments;

	va_start(arguments, body);
	char *text = text_of(w, body, arguments);
	va_end(arguments);
	return answer(w, house_sign(&w->house, world_actor(w, author), type, text));
}

const char *says_with(struct world *w, const struct actor *key, const char *type, const char *body,
		      ...)
{
	va_list arguments;

	va_start(arguments, body);
	char *text = text_of(w, body, arguments);
	va_end(arguments);
	return answer(w, house_sign(&w->house, key, type, text));
}

const char *approved(struct world *w)
{
	struct hash digest;

	assert_true(hex_decode(bytes_text(w->digest), digest.b, sizeof digest.b));
	const struct result *r = house_approve(&w->house, &w->house.ben, digest);
	if (r->state != RESULT_REFUSED && r->blocked) {
		snprintf(w->said, sizeof w->said, "!%s", r->blocked_by.message);
		return w->said;
	}
	return answer(w, r);
}

const char *system_says(struct world *w, const char *type, const char *body, ...)
{
	va_list arguments;
	struct submission *s = NULL;
	json_error_t why;

	va_start(arguments, body);
	char *text = house_json(&w->house.arena, text_of(w, body, arguments));
	va_end(arguments);
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &why);
	assert_non_null(json);
	err made = submission_system(w->house.engine, &w->house.arena, type, (struct uuid){0}, json,
				     &s, &w->fault);
	json_decref(json);
	if (made.code != OK) {
		snprintf(w->said, sizeof w->said, "!%s", w->fault.message);
		w->fault = (struct fault){0};
		return w->said;
	}
	ok(record_submit_wait(w->house.engine, &s, 1, false, &w->fault), &w->fault);
	return answer(w, submission_result(s));
}

void world_later(struct world *w, uint64_t ms)
{
	w->house.clock_state.wall += ms;
	w->house.clock_state.steady += ms;
}

/* ---- reading ---- */

/* The rows, to be released. */
static json_t *view_rows(struct world *w, const char *who, const char *view, const char *query)
{
	json_t *page = house_view(&w->house, who, view, query);
	json_t *rows = json_incref(json_object_get(page, "rows"));

	json_decref(page);
	return rows;
}

const char *shows(struct world *w, const char *view, const char *column, const char *query)
{
	json_t *rows = view_rows(w, "anna", view, query);
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
	return rows_for(w, "anna", view, query);
}

size_t rows_for(struct world *w, const char *who, const char *view, const char *query)
{
	json_t *rows = view_rows(w, who, view, query);
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

	ok(reader_take(w->house.engine, &r, &w->fault), &w->fault);
	ok(gate_ask(w->house.engine, r, &w->house.arena, &caller, gate, kind, within, id, &failures,
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
	json_t *rows = view_rows(w, "anna", "nonconformance.open", "");
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

/* A denial of a waiting record is about that approval: its id is the record's digest. */
static void answer_one(struct world *w, const json_t *row, const char *code)
{
	const char *digest = json_string_value(json_object_get(row, "digest"));
	const char *kind = json_string_value(json_object_get(row, "kind"));
	const char *id = json_string_value(json_object_get(row, "id"));

	if (id == NULL)
		id = json_string_value(json_object_get(row, "target"));
	if (code == NULL)
		system_says(w, "signer.admitted",
			    "{'record':'%s','kind':'%s','id':'%s','document':'AAAA','charter':1}",
			    digest, kind, id);
	else
		system_says(w, "signer.refused",
			    "{'record':'%s','kind':'%s','id':'%s','code':'%s'}", digest, kind, id,
			    code);
	assert_string_equal(w->said, "");
}

size_t world_signer_answers(struct world *w, const char *code)
{
	json_t *rows = view_rows(w, "anna", "signer.waiting", "");
	size_t i, n = json_array_size(rows);
	json_t *row;

	json_array_foreach(rows, i, row) answer_one(w, row, code);
	json_decref(rows);
	assert_int_equal(rows_of(w, "signer.waiting", ""), 0);
	return n;
}

/* ---- the company ---- */

static void founder_says(struct world *w, const char *type, const char *body, ...)
	__attribute__((format(printf, 3, 4)));

static void founder_says(struct world *w, const char *type, const char *body, ...)
{
	va_list arguments;

	va_start(arguments, body);
	char *text = text_of(w, body, arguments);
	va_end(arguments);
	assert_string_equal(answer(w, house_sign(&w->house, &w->house.ada, type, text)), "");
}

void world_enroll_key(struct world *w, const char *name, const struct actor *actor)
{
	char spki[2 * SPKI_SIZE_MAX], proof[128];
	uint8_t buffer[512], signature[64];
	struct writer out = writer_of(buffer, sizeof buffer);
	struct bytes message;

	assert_true(
		key_possession_message(bytes_text(HOUSE_ORIGIN), bytes_text(name), &out, &message));
	ok(key_sign(actor->key, message, signature, &w->fault), &w->fault);
	base64url_encode(bytes_of(signature, sizeof signature), proof);
	base64url_encode(public_key_spki(private_key_public(actor->key)), spki);
	founder_says(w, "key.enrolled", "{'principal':'%s','public_key':'%s','possession':'%s'}",
		     name, spki, proof);
}

void world_enroll(struct world *w, const char *name, const char *kind, const char *natural)
{
	founder_says(w, "principal.registered", "{'principal':'%s','kind':'%s'%s%s%s}", name, kind,
		     natural ? ",'natural_person':'" : "", natural ? natural : "",
		     natural ? "'" : "");
	world_enroll_key(w, name, world_actor(w, name));
}

static void people(struct world *w)
{
	static const char *const NAMES[][2] = {{"anna", "p1"}, {"bert", "p2"}, {"carl", "p3"},
					       {"dora", "p4"}, {"emil", "p1"}, {"qa", "p5"}};
	char list[4096] = "";
	size_t n = 0;

	for (size_t i = 0; i < sizeof PERMISSIONS / sizeof PERMISSIONS[0]; i++)
		n += (size_t)snprintf(list + n, sizeof list - n, "%s{'permission':'%s'}",
				      i > 0 ? "," : "", PERMISSIONS[i]);
	assert_true(n < sizeof list);
	founder_says(w, "role.defined", "{'role':'all','permissions':[%s]}", list);
	founder_says(w, "role.defined",
		     "{'role':'station','permissions':[{'permission':'line.build'},"
		     "{'permission':'identity.request'},{'permission':'firmware.program'},"
		     "{'permission':'test.record'}]}");
	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
		world_enroll(w, NAMES[i][0], "person", NAMES[i][1]);
		founder_says(w, "role.granted", "{'grant_id':'g-%s','principal':'%s','role':'all'}",
			     NAMES[i][0], NAMES[i][0]);
	}
	world_enroll(w, "hugo", "person", "p6");
	founder_says(w, "role.granted",
		     "{'grant_id':'g-hugo','principal':'hugo','role':'all','site':'HH'}");
	world_enroll(w, "st1", "station", NULL);
	founder_says(w, "role.granted",
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

static int setup(void **state, bool chartered)
{
	struct world *w = calloc(1, sizeof *w);

	assert_non_null(w);
	assert_int_equal(store_setup(state), 0);
	w->store = *state;
	*state = w;
	if (chartered)
		house_open_chartered(&w->house, w->store->address);
	else
		house_open(&w->house, w->store->address);
	people(w);
	places(w);
	world_later(w, 25ull * 3600 * 1000); /* the founders are no newcomers any more */
	return 0;
}

int world_setup(void **state)
{
	return setup(state, false);
}

int world_setup_chartered(void **state)
{
	return setup(state, true);
}

/* Whatever a test did: folding the log again must give the same tables, row for row. */
int world_teardown(void **state)
{
	struct world *w = *state;

	house_must_rebuild(&w->house);
	house_close(&w->house);
	for (size_t i = 0; i < w->actors_n; i++)
		actor_done(&w->actors[i]);
	*state = w->store;
	free(w);
	return store_teardown(state);
}
