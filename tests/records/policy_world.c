/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_world.h"

#include "core/cbor.h"

#include <stdarg.h>
#include <stdio.h>

static void role(struct world *w, const char *name, const char *const *people,
		 const char *permissions)
{
	char body[1024];

	snprintf(body, sizeof body, "{'role':'%s','permissions':[%s]}", name, permissions);
	house_must(&w->house, &w->house.ada, "role.defined", body);
	for (; *people != NULL; people++) {
		snprintf(body, sizeof body, "{'grant_id':'%s-%s','principal':'%s','role':'%s'}",
			 name, *people, *people, name);
		house_must(&w->house, &w->house.ada, "role.granted", body);
	}
}

#define MAY(permission) "{'permission':'" permission "'}"

int policy_setup(void **state)
{
	static const char *const writers[] = {"anna", "bert", NULL},
				 *const lookers[] = {"qa", NULL},
				 *const approvers[] = {"ben", NULL};

	assert_int_equal(world_setup(state), 0);
	struct world *w = *state;
	role(w, "policy", writers,
	     MAY("policy.write") "," MAY("policy.glass") "," MAY("policy.read"));
	role(w, "evidence", lookers, MAY("policy.evidence"));
	role(w, "agrees", approvers, MAY("policy.change.approve") "," MAY("break.glass.approve"));
	world_later(w, 25ull * HOUR_MS);
	return 0;
}

const char *from_now(struct world *w, int64_t ms)
{
	char *text = arena_alloc(&w->house.arena, TIME_TEXT_SIZE);

	assert_non_null(text);
	time_text((uint64_t)((int64_t)clock_wall_ms(&w->house.clock) + ms), text);
	return text;
}

const char *decided(struct world *w, const char *type, const char *body, ...)
{
	char text[2048];
	va_list arguments;

	va_start(arguments, body);
	int n = vsnprintf(text, sizeof text, body, arguments);
	va_end(arguments);
	assert_true(n > 0 && (size_t)n < sizeof text);
	const char *answer = says(w, "anna", type, "%s", text);
	return strcmp(answer, "(waits)") == 0 ? approved(w) : answer;
}

void adopted(struct world *w, const char *control)
{
	if (rows_of(w, "policy.coverage", "") == 0)
		assert_decided("", w, "statement.adopted",
			       "{'statement':'P','owner':'anna','wording':'We look.',"
			       "'review_by':'%s'}",
			       from_now(w, DAYS(3000)));
	assert_decided("", w, "control.adopted",
		       "{'control':'%s','statement':'P','owner':'anna','review_by':'%s'}", control,
		       from_now(w, DAYS(3000)));
}

const char *evidence(struct world *w, const char *control, const char *result, int64_t days,
		     const char *about)
{
	return says(w, "qa", "control.evidence_given",
		    "{'control':'%s','result':'%s','valid_until':'%s'%s}", control, result,
		    from_now(w, DAYS(days)), about);
}

/* [claim, proof, {}] by qa. */
static struct bytes sign_as_qa(struct world *w, const struct prepared *made, const char *type)
{
	struct arena *a = &w->house.arena;
	uint8_t *buffer = arena_alloc(a, ENTRY_SIZE_MAX);
	struct writer out = writer_of(buffer, ENTRY_SIZE_MAX);
	struct bytes proof, cbor;

	assert_non_null(buffer);
	assert_int_equal(cose_sign(a, world_actor(w, "qa")->key, bytes_text(type), made->claim,
				   &proof, &w->fault)
				 .code,
			 OK);
	cbor_put_array(&out, 3);
	cbor_put_bytes(&out, made->claim);
	put_bytes(&out, proof);
	cbor_put_map(&out, 0);
	assert_true(writer_done(&out, &cbor));
	return cbor;
}

void failed_since(struct world *w, const char *control, int64_t ms, const char *kind,
		  const char *id)
{
	static const char type[] = "control.evidence_given";
	struct caller caller = {.principal = "qa", .channel = CHANNEL_KEY};
	struct engine *e = w->house.engine;
	struct arena *a = &w->house.arena;
	const struct public_key *key = private_key_public(world_actor(w, "qa")->key);
	struct submission *s;
	struct prepared made;
	json_t *json = json_pack("{s:s, s:{s:s, s:s, s:s, s:s, s:s}}", "occurred", from_now(w, -ms),
				 "body", "control", control, "result", "fail", "kind", kind, "id",
				 id, "valid_until", from_now(w, DAYS(1)));

	assert_non_null(json);
	ok(submission_prepare(e, a, &caller, bytes_text(type), json, public_key_id(key), &made,
			      &w->fault),
	   &w->fault);
	json_decref(json);
	ok(submission_from_cbor(e, a, &caller, bytes_text(type), sign_as_qa(w, &made, type), &s,
				&w->fault),
	   &w->fault);
	ok(record_submit_wait(e, &s, 1, false, &w->fault), &w->fault);
	assert_int_not_equal(submission_result(s)->state, RESULT_REFUSED);
	assert_null(submission_result(s)->raised);
}

const char *glass(struct world *w, const char *name, const char *gate, unsigned minutes,
		  unsigned units)
{
	return decided(w, "glass.broken",
		       "{'glass':'%s','gate':'%s','minutes':%u,'units':%u,"
		       "'reason':'The customer stands still until it has spares.'}",
		       name, gate, minutes, units);
}

const char *issues(struct world *w)
{
	return says(w, "anna", "part_lot.issued",
		    "{'supplier':'acme','part_lot':'R1','authorization':'BA1','site':'VN',"
		    "'line':'L1','quantity':1}");
}
