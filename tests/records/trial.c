/* SPDX-License-Identifier: Apache-2.0 */
#include "records/trial.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/catalog.h"
#include "core/entry.h"
#include "record/evidence.h"

/* ---- the area ---- */

struct noted {
	struct id item, site;
	int64_t size;
};
static const struct field noted[] = {
	FIELD(noted, item, REQUIRED, "id of the item"),
	FIELD(noted, site, REQUIRED, "where it is"),
	NUMBER(noted, size, OPTIONAL, 0, 1000000, "how large it is"),
	{0},
};

struct about {
	struct id item;
	struct text why;
};
static const struct field about[] = {
	FIELD(about, item, REQUIRED, "id of the item"),
	SIZED(about, why, OPTIONAL, 33000, "why"),
	{0},
};

struct secret {
	struct id item;
	struct commitment name, price;
};
static const struct field secret[] = {
	FIELD(secret, item, REQUIRED, "id of the item"),
	SIZED(secret, name, PERSONAL, 120, "who made it"),
	SIZED(secret, price, CONFIDENTIAL, 40, "what it cost"),
	{0},
};

#define ABOUT_ITEM .version = 1, .subject = {"item", NULL, "item"}
const struct record_type trial_types[] = {
	{.name = "trial.noted",
	 .nature = EVENT,
	 .permission = "trial.write",
	 .origin = REPORTED,
	 .scope = "trial.site",
	 .size = sizeof(struct noted),
	 .fields = noted,
	 ABOUT_ITEM,
	 .help = "an item is somewhere"},
	{.name = "trial.seen",
	 .nature = EVENT,
	 .permission = "trial.write",
	 .origin = REPORTED,
	 .flags = REPORT,
	 .scope = "trial.known",
	 .size = sizeof(struct about),
	 .fields = about,
	 ABOUT_ITEM,
	 .help = "anybody may report this about an item"},
	{.name = "trial.blocked",
	 .nature = EVENT,
	 .permission = "trial.write",
	 .origin = REPORTED,
	 .scope = "trial.known",
	 .size = sizeof(struct about),
	 .fields = about,
	 ABOUT_ITEM,
	 .help = "the gate closes for the item"},
	{.name = "trial.unblocked",
	 .nature = EVENT,
	 .permission = "trial.write",
	 .origin = REPORTED,
	 .scope = "trial.known",
	 .size = sizeof(struct about),
	 .fields = about,
	 ABOUT_ITEM,
	 .help = "the gate opens for the item"},
	{.name = "trial.fragile",
	 .nature = EVENT,
	 .permission = "trial.write",
	 .origin = REPORTED,
	 .scope = "trial.known",
	 .size = sizeof(struct about),
	 .fields = about,
	 ABOUT_ITEM,
	 .help = "its fold fails the second time for the same item"},
	{.name = "trial.brittle",
	 .nature = DECISION,
	 .permission = "trial.write",
	 .origin = SIGNED,
	 .scope = "trial.known",
	 .size = sizeof(struct about),
	 .fields = about,
	 ABOUT_ITEM,
	 .help = "a decision whose fold fails the second time"},
	{.name = "trial.decided",
	 .nature = DECISION,
	 .permission = "trial.decide",
	 .origin = SIGNED,
	 .scope = "trial.known",
	 .gate = "trial",
	 .size = sizeof(struct about),
	 .fields = about,
	 ABOUT_ITEM,
	 .help = "a decision that passes a gate"},
	{.name = "trial.released",
	 .nature = DECISION,
	 .permission = "trial.decide",
	 .origin = SIGNED,
	 .scope = "trial.known",
	 .gate = "trial",
	 .approval = "trial.release",
	 .size = sizeof(struct about),
	 .fields = about,
	 ABOUT_ITEM,
	 .help = "a decision that waits for approvals"},
	{.name = "trial.ruled",
	 .nature = DECISION,
	 .permission = "trial.decide",
	 .origin = SIGNED,
	 .size = sizeof(struct about),
	 .fields = about,
	 ABOUT_ITEM,
	 .help = "a decision without a scope"},
	{.name = "trial.hidden",
	 .nature = DECISION,
	 .permission = "trial.decide",
	 .origin = SIGNED,
	 .scope = "trial.known",
	 .size = sizeof(struct secret),
	 .fields = secret,
	 ABOUT_ITEM,
	 .help = "two values that can be erased"},
	{0},
};

/* The codes are borrowed from the catalog: what they say does not matter here. */
const char trial_sql[] =
	"-- table trial_item key item\n"
	"item TEXT NOT NULL\nsite TEXT NOT NULL\nsize BIGINT\nblocked BIGINT NOT NULL\n"
	"state TEXT NOT NULL\nreleased BIGINT\nreleased_at BIGINT\nname BLOB\nprice BLOB\n"
	"-- table trial_count key site, state\n"
	"site TEXT NOT NULL\nstate TEXT NOT NULL\nitems BIGINT NOT NULL\ntally trial_item\n"
	"-- table trial_fragile key item\nitem TEXT NOT NULL\nseq BIGINT NOT NULL\n"
	"-- table trial_brittle key item\nitem TEXT NOT NULL\nseq BIGINT NOT NULL\n"
	"-- scope trial.site\nSELECT :site AS site;\n"
	"-- scope trial.known\nSELECT site FROM trial_item WHERE item = :item;\n"
	"-- flag trial.noted SEAL_NOT_ISSUED\n"
	"SELECT 'item' AS kind, '' AS within, :item AS id WHERE :size > 100;\n"
	"-- fold trial.noted\n"
	"INSERT INTO trial_item (item, site, size, blocked, state)\n"
	"VALUES (:item, :site, :size, 0, 'known')\n"
	"ON CONFLICT (item) DO UPDATE SET site = excluded.site, size = excluded.size;\n"
	"-- fold trial.blocked\n"
	"UPDATE trial_item SET blocked = 1 WHERE item = :item AND blocked = 0;\n"
	"-- fold trial.unblocked\n"
	"UPDATE trial_item SET blocked = 0 WHERE item = :item AND blocked = 1;\n"
	"-- fold trial.fragile\nINSERT INTO trial_fragile (item, seq) VALUES (:item, :seq);\n"
	"-- fold trial.brittle\nINSERT INTO trial_brittle (item, seq) VALUES (:item, :seq);\n"
	"-- refuse trial.decided SEAL_ALREADY_ISSUED\n"
	"SELECT item AS seal FROM trial_item WHERE item = :item AND state = 'decided';\n"
	"-- fold trial.decided\n"
	"UPDATE trial_item SET state = 'decided' WHERE item = :item AND state = 'known';\n"
	"-- refuse trial.released SEAL_ALREADY_ISSUED\n"
	"SELECT item AS seal FROM trial_item WHERE item = :item AND released IS NOT NULL;\n"
	"-- fold trial.released\n"
	"UPDATE trial_item SET released = :seq, released_at = :at\n"
	"WHERE item = :item AND released IS NULL;\n"
	"-- fold trial.hidden\n"
	"UPDATE trial_item SET name = :name, price = :price WHERE item = :item;\n"
	"-- control TRI-01 gate:trial\n"
	"SELECT 'open' AS expected, 'blocked' AS found FROM trial_item\n"
	"WHERE item = :id AND blocked = 1;\n"
	"-- control TRI-02 gate:trial\n"
	"SELECT 'at most 100' AS expected, size AS found FROM trial_item\n"
	"WHERE item = :id AND size > 100;\n"
	"-- view trial.items trial.read\n"
	"SELECT i.item, i.site, i.state, i.size, n.value AS name, p.value AS price\n"
	"FROM trial_item i LEFT JOIN opening n ON n.commitment = i.name\n"
	"LEFT JOIN opening p ON p.commitment = i.price ORDER BY i.item;\n";

static const struct area trial_area = {.name = "trial", .types = trial_types, .sql = trial_sql};
extern const struct area access_area;
const struct area *const TRIAL_AREAS[] = {&evidence_area, &access_area, &trial_area, NULL};

/* ---- the people ---- */

int trial_setup(void **state)
{
	struct trial *t;

	if (store_setup(state) != 0)
		return -1;
	t = calloc(1, sizeof *t);
	assert_non_null(t);
	t->store = *state;
	*state = t;
	house_open_with(&t->house, t->store->address, TRIAL_AREAS);
	t->maya = house_actor(
		&t->house, "maya", "person",
		"trial.write,trial.decide,trial.read,report.hold,trial.release.approve");
	t->nils = house_actor(&t->house, "nils", "person", "trial.release.approve");
	t->olga = house_actor(&t->house, "olga", "person", "trial.release.approve");
	t->olga2 = house_account(&t->house, "olga2", "olga", "trial.release.approve");
	t->pia = house_actor(&t->house, "pia", "person", "trial.release.approve");
	house_step(&t->house, DAY_MS + HOUR_MS, DAY_MS + HOUR_MS);
	return 0;
}

int trial_teardown(void **state)
{
	struct trial *t = *state;
	struct store_test *store = t->store;

	if (t->house.engine == NULL)
		house_start(&t->house);
	house_must_rebuild(&t->house);
	actor_done(&t->maya);
	actor_done(&t->nils);
	actor_done(&t->olga);
	actor_done(&t->olga2);
	actor_done(&t->pia);
	house_close(&t->house);
	free(t);
	*state = store;
	return store_teardown(state);
}

/* ---- what they do ---- */

static const char *answer(struct trial *t, const struct result *r)
{
	struct arena *a = &t->house.arena;
	const char *code = r->raised == NULL ? "" : r->raised->code;

	t->result = r;
	t->digest = r->digest;
	if (r->state == RESULT_REFUSED)
		return arena_printf(a, "!%s", r->fault.message);
	if (r->blocked)
		return arena_printf(a, "blocked %s", r->blocked_by.message);
	switch (r->outcome) {
	case OUTCOME_PENDING:
		return "pending";
	case OUTCOME_EXECUTES:
		return "executes";
	case OUTCOME_UNFOLDED:
		return arena_printf(a, "unfolded %s", code);
	case OUTCOME_UNVERIFIED:
		return arena_printf(a, "unverified %s", code);
	case OUTCOME_FOLDED:
		break;
	}
	return code;
}

__attribute__((format(printf, 2, 0))) static const char *format_body(struct trial *t,
								     const char *body, va_list list)
{
	char text[34000];
	int n = vsnprintf(text, sizeof text, body, list);

	assert_in_range(n, 1, sizeof text - 1);
	return arena_text(&t->house.arena, bytes_text(text));
}

const char *asks(struct trial *t, const struct actor *who, const char *type, const char *body, ...)
{
	va_list list;

	va_start(list, body);
	const char *text = format_body(t, body, list);
	va_end(list);
	return answer(t, house_sign(&t->house, who, type, text));
}

const char *reports(struct trial *t, const struct actor *who, const char *type, const char *body,
		    ...)
{
	va_list list;

	va_start(list, body);
	const char *text = format_body(t, body, list);
	va_end(list);
	return answer(t, house_report(&t->house, who, type, text));
}

const char *submits(struct trial *t, struct submission *s, struct fault *f)
{
	static struct result refused;

	if (s == NULL) {
		refused = (struct result){.state = RESULT_REFUSED, .fault = *f};
		return answer(t, &refused);
	}
	ok(record_submit_wait(t->house.engine, &s, 1, false, f), f);
	return answer(t, submission_result(s));
}

const char *votes(struct trial *t, const struct actor *who, const char *kind, struct hash digest)
{
	char hex[65];

	hex_encode(hash_bytes(&digest), hex);
	return asks(t, who, kind, "{'record':'%s','reason':'looked at it'}", hex);
}

void trial_item(struct trial *t, const char *item, const char *site)
{
	assert_string_equal(
		asks(t, &t->maya, "trial.noted", "{'item':'%s','site':'%s'}", item, site), "");
}

void trial_rule(struct trial *t, unsigned need, uint64_t request_ttl_ms, uint64_t vote_ttl_ms)
{
	struct house *h = &t->house;

	assert_string_equal(asks(t, &h->ada, "approval.rule_set",
				 "{'class':'trial.release','need':%u,'newcomer_ms':%d,"
				 "'request_ttl_ms':%llu,'vote_ttl_ms':%llu}",
				 need, DAY_MS, (unsigned long long)request_ttl_ms,
				 (unsigned long long)vote_ttl_ms),
			    "pending");
	struct hash rule = t->digest;
	assert_string_equal(votes(t, &h->ben, "approval.given", rule), "");
	assert_string_equal(votes(t, &h->cleo, "approval.given", rule), "executes");
}

/* ---- looking ---- */

int64_t trial_number(struct trial *t, const char *sql_text)
{
	return number_of(t->store->db, sql_text);
}

uint64_t trial_size(struct trial *t)
{
	struct engine_state now;

	engine_state_read(t->house.engine, &now);
	return now.size;
}

size_t trial_entries(struct trial *t, const char *type)
{
	struct reader_session *r;
	struct fault f = {0};
	size_t n = 0;
	uint64_t size = trial_size(t);

	ok(reader_take(t->house.engine, &r, &f), &f);
	for (uint64_t i = 0; i < size; i++) {
		struct arena a = {0};
		json_t *entry = NULL;
		ok(entry_to_json(t->house.engine, r, &a, i, &entry, &f), &f);
		const json_t *name = json_object_get(json_object_get(entry, "claim"), "type");
		n += strcmp(json_string_value(name), type) == 0;
		json_decref(entry);
		arena_done(&a);
	}
	reader_give(r);
	return n;
}
