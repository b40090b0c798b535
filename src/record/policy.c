/* SPDX-License-Identifier: Apache-2.0 */
#include "record/policy.h"

#include <string.h>

err policy_open(const struct registry *registry, struct db *db, struct policy *out, struct fault *f)
{
	*out = (struct policy){.registry = registry, .db = db};
	for (size_t i = 0; registry->has_policy && i < POLICY_SECTIONS; i++) {
		err result = db_prepare(db, registry->policy[i], POLICY_PARAMETERS, PP_N,
					&out->statements[i], f);
		if (result.code != OK) {
			fault_add(f, "sql", registry->policy[i]);
			return result;
		}
	}
	return ERR_OK;
}

void policy_close(struct policy *p)
{
	for (size_t i = 0; i < POLICY_SECTIONS; i++)
		statement_close(p->statements[i]);
	*p = (struct policy){0};
}

void policy_forget(struct policy *p)
{
	p->known = false;
}

/* ---- which controls judge ---- */

static err revision_row(void *context, const struct value *columns, size_t n)
{
	struct policy *p = context;

	(void)n;
	if (columns[0].kind == VALUE_INT)
		p->revision = (uint64_t)columns[0].number;
	return ERR_OK;
}

static err adopted_row(void *context, const struct value *columns, size_t n)
{
	struct policy *p = context;
	const struct registry *r = p->registry;

	(void)n;
	for (size_t i = 0; i < r->controls_n; i++)
		if (columns[0].kind == VALUE_TEXT &&
		    bytes_equal(bytes_text(r->controls[i].id), columns[0].bytes))
			p->judges[i] = true;
	return ERR_OK;
}

err policy_know(struct policy *p, struct fault *f)
{
	static const struct value none[PP_N];

	if (p->known)
		return ERR_OK;
	p->revision = 0;
	for (size_t i = 0; i < p->registry->controls_n; i++)
		p->judges[i] = p->registry->controls[i].force != CONTROL_ADOPTED;
	if (p->registry->has_policy) {
		TRY(db_query(p->db, p->statements[POLICY_REVISION], none, revision_row, p, NULL,
			     f));
		TRY(db_query(p->db, p->statements[POLICY_ADOPTED], none, adopted_row, p, NULL, f));
	}
	p->known = true;
	return ERR_OK;
}

bool policy_asks(const struct policy *p, size_t control, const char *gate)
{
	return p->judges[control] && strcmp(p->registry->controls[control].gate, gate) == 0;
}

struct value *control_values(struct arena *a, const struct value common[static CP_N],
			     const char *control)
{
	struct value *values = arena_array(a, CP_N, sizeof *values);

	if (values == NULL)
		return NULL;
	memcpy(values, common, CP_N * sizeof *values);
	values[CP_CONTROL] = value_text(bytes_text(control));
	return values;
}

/* ---- what becomes of a failure ---- */

static bool is_always(const struct registry *r, const char *control)
{
	for (size_t i = 0; i < r->controls_n; i++)
		if (strcmp(r->controls[i].id, control) == 0)
			return r->controls[i].force == CONTROL_ALWAYS;
	return true; /* a control that nobody knows stops */
}

/* Whatever the statement may say: only these words let something pass. */
static err mode_row(void *context, const struct value *columns, size_t n)
{
	static const char *const words[] = {RESULT_WARN, RESULT_OBSERVE, RESULT_EXCEPTED,
					    RESULT_GLASS};
	const char **result = context;

	(void)n;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (columns[0].kind == VALUE_TEXT &&
		    bytes_equal(bytes_text(words[i]), columns[0].bytes))
			*result = words[i];
	return ERR_OK;
}

static err weigh_one(struct policy *p, const char *gate, const struct value *common,
		     const char *control, const char **result, struct fault *f)
{
	struct value values[PP_N] = {0};

	*result = RESULT_FAIL;
	if (!p->registry->has_policy || is_always(p->registry, control))
		return ERR_OK;
	values[PP_KIND] = common[CP_KIND];
	values[PP_WITHIN] = common[CP_WITHIN];
	values[PP_ID] = common[CP_ID];
	values[PP_AUTHOR] = common[CP_AUTHOR];
	values[PP_AT] = common[CP_AT];
	values[PP_GATE] = value_text(bytes_text(gate));
	values[PP_CONTROL] = value_text(bytes_text(control));
	return db_query(p->db, p->statements[POLICY_MODE], values, mode_row, (void *)result, NULL,
			f);
}

const char *policy_result(const struct control_failure *let_pass, const char *control)
{
	for (const struct control_failure *c = let_pass; c != NULL; c = c->next)
		if (strcmp(c->control, control) == 0)
			return c->result;
	return "pass";
}

/* The same control's first failure in the list, perhaps `c` itself. */
static const struct control_failure *first_of(const struct control_failure *list,
					      const struct control_failure *c)
{
	while (strcmp(list->control, c->control) != 0)
		list = list->next;
	return list;
}

err policy_weigh(struct policy *p, const char *gate, const struct value common[static CP_N],
		 struct control_failure **failures, struct control_failure **let_pass,
		 struct fault *f)
{
	for (struct control_failure *c = *failures; c != NULL; c = c->next) {
		const struct control_failure *first = first_of(*failures, c);
		if (first != c)
			c->result = first->result;
		else
			TRY(weigh_one(p, gate, common, c->control, &c->result, f));
	}
	for (struct control_failure **at = failures; *at != NULL;) {
		struct control_failure *c = *at;
		if (strcmp(c->result, RESULT_FAIL) == 0) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		c->next = NULL;
		*let_pass = c;
		let_pass = &c->next;
	}
	return ERR_OK;
}

/* ---- passages ---- */

static err queue_results(struct policy *p, struct arena *a, const struct value *common,
			 struct reader controls, size_t n, struct fault *f)
{
	struct control_result one;

	for (size_t i = 0; i < n && witness_next_control(&controls, &one); i++) {
		if (bytes_equal(one.result, bytes_text("pass")))
			continue;
		struct value *values = arena_array(a, PP_N, sizeof *values);
		if (values == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
		memcpy(values, common, PP_N * sizeof *values);
		values[PP_CONTROL] = value_text(one.control);
		values[PP_RESULT] = value_text(one.result);
		TRY(db_queue(p->db, p->statements[POLICY_RESULT], values, NULL, NULL, NULL, f));
		if (bytes_equal(one.result, bytes_text(RESULT_GLASS)))
			TRY(db_queue(p->db, p->statements[POLICY_GLASS], values, NULL, NULL, NULL,
				     f));
	}
	return ERR_OK;
}

err policy_passage(struct policy *p, struct arena *a, const char *gate,
		   const struct subject *subject, struct bytes author, const struct witness *w,
		   struct fault *f)
{
	uint64_t revision;
	size_t n;
	struct reader controls = witness_controls(w, &revision, &n);
	struct value *v = arena_array(a, PP_N, sizeof *v);

	if (!p->registry->has_policy)
		return ERR_OK;
	if (v == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	v[PP_KIND] = value_text(subject->kind);
	v[PP_WITHIN] = value_text(subject->within);
	v[PP_ID] = value_text(subject->id);
	v[PP_AUTHOR] = value_text(author);
	v[PP_AT] = value_int((int64_t)w->at);
	v[PP_GATE] = value_text(bytes_text(gate));
	v[PP_SEQ] = value_int((int64_t)w->sequence);
	v[PP_POLICY] = value_int((int64_t)revision);
	TRY(db_queue(p->db, p->statements[POLICY_PASSAGE], v, NULL, NULL, NULL, f));
	return queue_results(p, a, v, controls, n, f);
}
