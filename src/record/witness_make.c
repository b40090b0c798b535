/* SPDX-License-Identifier: Apache-2.0 */
/* witness_make.c — what the writer adds to a claim: place, time, outcome, what was raised, what the
 * checks returned and what the gate said. */
#include "core/cbor.h"
#include "record/writer.h"

#include <string.h>

static bool put_raised(struct attempt *x, struct bytes *out)
{
	size_t cap = 64 + x->raised_n * 320;
	uint8_t *p = arena_alloc(&x->batch->arena, cap);
	struct writer w = writer_of(p, p == NULL ? 0 : cap);

	cbor_put_array(&w, x->raised_n);
	for (size_t i = 0; i < x->raised_n; i++) {
		const struct raise *r = &x->raised[i];
		cbor_put_array(&w, r->holds ? 4 : 1);
		cbor_put_text(&w, bytes_text(r->code));
		if (!r->holds)
			continue;
		cbor_put_text(&w, r->subject.kind);
		cbor_put_text(&w, r->subject.within);
		cbor_put_text(&w, r->subject.id);
	}
	return writer_done(&w, out);
}

static void put_output(struct writer *w, const struct field *field, const void *member)
{
	switch (field->kind) {
	case FIELD_NUMBER:
		cbor_put_uint(w, (uint64_t) * (const int64_t *)member);
		return;
	case FIELD_HASH:
		cbor_put_bytes(w, hash_bytes(member));
		return;
	case FIELD_BLOB:
		cbor_put_bytes(w, ((const struct blob *)member)->bytes);
		return;
	case FIELD_TEXT:
		cbor_put_text(w, ((const struct text *)member)->bytes);
		return;
	case FIELD_ID:
		cbor_put_text(w, bytes_of(((const struct id *)member)->text,
					  ((const struct id *)member)->n));
		return;
	case FIELD_INSTANT:
	case FIELD_BOOL:
	case FIELD_COMMITMENT:
	case FIELD_LIST:
		break;
	}
	cbor_put_null(w); /* registry.c lets no such output through */
}

/* Enough room: a head of at most 9 bytes for each name and value. */
static size_t outputs_size(const struct record *r)
{
	size_t size = 16;

	for (size_t i = 0; i < r->type->outputs_n; i++)
		size += strlen(r->type->type->outputs[i].name) + 18 +
			r->values[r->type->outputs_at + i].bytes.n;
	return size;
}

static bool put_outputs(struct attempt *x, struct bytes *out)
{
	const struct record *r = &x->s->record;
	const struct field *fields = r->type->type->outputs;
	size_t cap = outputs_size(r);
	uint8_t *p = arena_alloc(&x->batch->arena, cap);
	struct writer w = writer_of(p, p == NULL ? 0 : cap);
	size_t n = 0;
	uint8_t sorted[ENTRY_OUTPUTS_MAX];

	for (size_t i = 0; i < r->type->outputs_n; i++) {
		if ((r->outputs.present >> i & 1) == 0)
			continue;
		size_t at = n++;
		for (; at > 0 && cbor_text_key_order(bytes_text(fields[sorted[at - 1]].name),
						     bytes_text(fields[i].name)) > 0;
		     at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = (uint8_t)i;
	}
	cbor_put_map(&w, n);
	for (size_t i = 0; i < n; i++) {
		const struct field *field = &fields[sorted[i]];
		cbor_put_text(&w, bytes_text(field->name));
		put_output(&w, field, (const uint8_t *)r->outputs.p + field->offset);
	}
	return writer_done(&w, out);
}

/* The controls of the gate that judge, each once, in the order of a map's keys. */
static size_t judging(const struct attempt *x, const char *gate, const char **sorted)
{
	const struct policy *policy = &x->batch->engine->rules.policy;
	const struct registry *registry = policy->registry;
	size_t n = 0;

	for (size_t i = 0; i < registry->controls_n; i++) { /* registry.c: at most so many */
		if (!policy_asks(policy, i, gate))
			continue;
		struct bytes id = bytes_text(registry->controls[i].id);
		size_t at = n;
		while (at > 0 && cbor_text_key_order(bytes_text(sorted[at - 1]), id) > 0)
			at--;
		if (at > 0 && bytes_equal(bytes_text(sorted[at - 1]), id))
			continue; /* several statements of one control */
		memmove(sorted + at + 1, sorted + at, (n - at) * sizeof sorted[0]);
		sorted[at] = registry->controls[i].id;
		n++;
	}
	return n;
}

/* Only decisions whose gate let them through are recorded: what failed was let pass. */
static bool put_gate(struct attempt *x, const char *gate, struct bytes *out)
{
	size_t cap = 64 + x->controls_n * 96;
	uint8_t *p = arena_alloc(&x->batch->arena, cap);
	struct writer w = writer_of(p, p == NULL ? 0 : cap);
	const char *sorted[ENTRY_CONTROLS_MAX];
	size_t n = judging(x, gate, sorted);

	cbor_put_array(&w, 2);
	cbor_put_uint(&w, x->batch->engine->rules.policy.revision);
	cbor_put_map(&w, n);
	for (size_t i = 0; i < n; i++) {
		cbor_put_text(&w, bytes_text(sorted[i]));
		cbor_put_text(&w, bytes_text(policy_result(x->let_pass, sorted[i])));
	}
	return writer_done(&w, out);
}

bool make_witness(struct attempt *x, enum outcome outcome, uint64_t target,
		  const struct record *target_record, struct witness *w)
{
	const struct submission *s = x->s;
	const char *gate = s->record.type->type->gate;

	*w = (struct witness){.sequence = ledger_next(x->batch->engine->ledger),
			      .at = x->batch->at,
			      .channel = s->caller.channel,
			      .outcome = outcome,
			      .target = target,
			      .has_previous = x->has_previous,
			      .previous = x->previous,
			      .has_subject = x->has_subject,
			      .subject = x->subject};
	if (s->caller.has_reference)
		w->reference = hash_bytes(&s->caller.reference);
	if (target_record != NULL)
		gate = target_record->type->type->gate;
	return (x->raised_n == 0 || put_raised(x, &w->raised)) &&
	       (s->record.outputs.p == NULL || s->record.outputs.present == 0 ||
		put_outputs(x, &w->outputs)) &&
	       (gate == NULL || outcome == OUTCOME_PENDING ||
		(x->controls_n == 0 && !x->batch->engine->registry->has_policy) ||
		put_gate(x, gate, &w->gate));
}
