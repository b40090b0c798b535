/* SPDX-License-Identifier: Apache-2.0 */
/* The witness of entry.h: what the writer adds to a claim. */
#include "core/cbor.h"
#include "core/entry.h"
#include "core/entry_fields.h"

enum witness_key {
	WITNESS_SEQUENCE = 1,
	WITNESS_AT,
	WITNESS_CHANNEL,
	WITNESS_OUTCOME,
	WITNESS_GATE,
	WITNESS_RAISED,
	WITNESS_OUTPUTS,
	WITNESS_PREVIOUS,
	WITNESS_SUBJECT,
};

static const uint32_t WITNESS_REQUIRED =
	1u << WITNESS_SEQUENCE | 1u << WITNESS_AT | 1u << WITNESS_CHANNEL | 1u << WITNESS_OUTCOME;

static const char SEQUENCE_WHY[] = "a sequence of the witness is too large";

/* ---- reading ---- */

static void get_channel(struct reader *r, struct witness *out)
{
	if (cbor_array(r) != 2)
		reader_fail(r, "the witness's channel must be a kind and a reference");
	out->channel = (enum channel_kind)field_number(r, CHANNEL_SPOOL,
						       "the witness's channel is unknown");
	out->reference = field_bytes(r, 0, REFERENCE_SIZE_MAX,
				     "the channel's reference is longer than 64 bytes");
}

static void get_outcome(struct reader *r, struct witness *out)
{
	size_t n = cbor_array(r);

	out->outcome = (enum outcome)field_number(r, OUTCOME_UNVERIFIED,
						  "the witness's outcome is unknown");
	if (n != (out->outcome == OUTCOME_EXECUTES ? 2 : 1))
		reader_fail(r, "a target belongs to the outcome that executes it, and to no other");
	if (n == 2)
		out->target = field_number(r, SEQUENCE_MAX, SEQUENCE_WHY);
}

/* What a subject's id is unique within may be empty. */
static struct bytes get_within(struct reader *r)
{
	struct bytes text = cbor_text(r);

	if (!r->why && text.n > 0 && !id_valid(text))
		reader_fail(r, "a subject is not named by ids");
	return text;
}

static void get_subject(struct reader *r, struct subject *out)
{
	out->kind = field_id(r, "a subject is not named by ids");
	out->within = get_within(r);
	out->id = field_id(r, "a subject is not named by ids");
}

static void get_raised(struct reader *r, struct raised *out)
{
	size_t n = cbor_array(r);

	if (n != 1 && n != 4)
		reader_fail(r, "what the witness raised must be a code, alone or with a subject");
	out->code = field_id(r, "what the witness raised has no code");
	out->has_subject = n == 4;
	if (out->has_subject)
		get_subject(r, &out->subject);
}

static void get_output(struct reader *r, struct output *out)
{
	out->name = field_id(r, "an output's name is not an id");
	out->kind = (int)cbor_peek(r);
	switch (out->kind) {
	case CBOR_UINT:
		out->number = field_number(r, INT64_MAX, "an output's number is too large");
		break;
	case CBOR_BYTES:
		out->value = cbor_bytes(r);
		break;
	case CBOR_TEXT:
		out->value = cbor_text(r);
		break;
	default:
		reader_fail(r, "an output must be a number, bytes or a text");
	}
}

static void get_control(struct reader *r, struct control_result *out)
{
	out->control = field_id(r, "a control's name is not an id");
	out->result = field_id(r, "a control's result is not a word");
}

/* ---- the lists: checked whole here, walked later ---- */

static void check_gate(struct reader *r)
{
	struct cbor_keys keys = {{0}};
	struct control_result control;
	size_t n;

	if (cbor_array(r) != 2)
		reader_fail(r, "the witness's gate must be a revision and results");
	field_number(r, SEQUENCE_MAX, "the gate's policy revision is too large");
	n = cbor_map(r);
	if (n > ENTRY_CONTROLS_MAX)
		reader_fail(r, "the witness has too many control results");
	for (; n > 0 && !r->why; n--) {
		cbor_key(r, &keys);
		get_control(r, &control);
	}
}

static void check_raised(struct reader *r)
{
	struct raised raised;
	size_t n = cbor_array(r);

	if (n == 0 || n > ENTRY_RAISED_MAX)
		reader_fail(r, "the witness must raise 1 to 64 things, or leave the list out");
	for (; n > 0 && !r->why; n--)
		get_raised(r, &raised);
}

static void check_outputs(struct reader *r)
{
	struct cbor_keys keys = {{0}};
	struct output output;
	size_t n = cbor_map(r);

	if (n == 0 || n > ENTRY_OUTPUTS_MAX)
		reader_fail(r, "the witness must have 1 to 16 outputs, or leave the map out");
	for (; n > 0 && !r->why; n--) {
		cbor_key(r, &keys);
		get_output(r, &output);
	}
}

/* Runs one of the checks above and returns the bytes it read. */
static struct bytes checked(struct reader *r, void (*check)(struct reader *r))
{
	const uint8_t *start = r->p;

	check(r);
	return r->why ? (struct bytes){0} : bytes_of(start, (size_t)(r->p - start));
}

static void witness_field(struct reader *r, uint64_t key, struct witness *out)
{
	switch (key) {
	case WITNESS_SEQUENCE:
		out->sequence = field_number(r, SEQUENCE_MAX, SEQUENCE_WHY);
		break;
	case WITNESS_AT:
		out->at = field_number(r, INSTANT_MS_MAX,
				       "the witness's time is beyond the year 9999");
		break;
	case WITNESS_CHANNEL:
		get_channel(r, out);
		break;
	case WITNESS_OUTCOME:
		get_outcome(r, out);
		break;
	case WITNESS_GATE:
		out->gate = checked(r, check_gate);
		break;
	case WITNESS_RAISED:
		out->raised = checked(r, check_raised);
		break;
	case WITNESS_OUTPUTS:
		out->outputs = checked(r, check_outputs);
		break;
	case WITNESS_PREVIOUS:
		out->has_previous = true;
		out->previous = field_number(r, SEQUENCE_MAX, SEQUENCE_WHY);
		break;
	case WITNESS_SUBJECT:
		out->has_subject = true;
		if (cbor_array(r) != 3)
			reader_fail(r, "the witness's subject must be kind, within and id");
		get_subject(r, &out->subject);
		break;
	default:
		reader_fail(r, "the witness has an unknown key");
	}
}

/* An entry can only point back. */
static void check_order(struct reader *r, const struct witness *w)
{
	if (w->has_previous && w->previous >= w->sequence)
		reader_fail(r, "the witness's previous entry must come before it");
	if (w->outcome == OUTCOME_EXECUTES && w->target >= w->sequence)
		reader_fail(r, "the witness can only execute an entry before it");
}

bool witness_parse(struct bytes in, struct witness *out, const char **why)
{
	struct reader r = reader_of(in);
	struct witness witness = {.sequence = 0};
	struct cbor_keys keys = {{0}};
	uint32_t seen = 0;

	if (in.n > ENTRY_SIZE_MAX)
		reader_fail(&r, "the witness is too large");
	for (size_t n = cbor_map(&r); n > 0 && !r.why; n--) {
		uint64_t key = field_key(&r, &keys);

		witness_field(&r, key, &witness);
		seen |= r.why ? 0 : 1u << key;
	}
	if ((seen & WITNESS_REQUIRED) != WITNESS_REQUIRED)
		reader_fail(&r, "the witness lacks a required key");
	if (!r.why && r.n > 0)
		reader_fail(&r, "bytes follow its end");
	check_order(&r, &witness);
	*why = r.why;
	if (r.why)
		return false;
	*out = witness;
	return true;
}

/* ---- writing ---- */

static void put_subject(struct writer *w, const struct subject *s)
{
	cbor_put_uint(w, WITNESS_SUBJECT);
	cbor_put_array(w, 3);
	cbor_put_text(w, s->kind);
	cbor_put_text(w, s->within);
	cbor_put_text(w, s->id);
}

static void put_outcome(struct writer *w, const struct witness *witness)
{
	bool executes = witness->outcome == OUTCOME_EXECUTES;

	cbor_put_uint(w, WITNESS_OUTCOME);
	cbor_put_array(w, executes ? 2 : 1);
	cbor_put_uint(w, witness->outcome);
	if (executes)
		cbor_put_uint(w, witness->target);
}

static void put_list(struct writer *w, enum witness_key key, struct bytes list)
{
	if (list.n == 0)
		return;
	cbor_put_uint(w, key);
	put_bytes(w, list);
}

void witness_put(struct writer *w, const struct witness *witness)
{
	size_t optional = (size_t)(witness->gate.n > 0) + (size_t)(witness->raised.n > 0) +
			  (size_t)(witness->outputs.n > 0) + (size_t)witness->has_previous +
			  (size_t)witness->has_subject;

	cbor_put_map(w, (size_t)__builtin_popcount(WITNESS_REQUIRED) + optional);
	cbor_put_uint(w, WITNESS_SEQUENCE);
	cbor_put_uint(w, witness->sequence);
	cbor_put_uint(w, WITNESS_AT);
	cbor_put_uint(w, witness->at);
	cbor_put_uint(w, WITNESS_CHANNEL);
	cbor_put_array(w, 2);
	cbor_put_uint(w, witness->channel);
	cbor_put_bytes(w, witness->reference);
	put_outcome(w, witness);
	put_list(w, WITNESS_GATE, witness->gate);
	put_list(w, WITNESS_RAISED, witness->raised);
	put_list(w, WITNESS_OUTPUTS, witness->outputs);
	if (witness->has_previous) {
		cbor_put_uint(w, WITNESS_PREVIOUS);
		cbor_put_uint(w, witness->previous);
	}
	if (witness->has_subject)
		put_subject(w, &witness->subject);
}

/* ---- walking ---- */

struct reader witness_raised(const struct witness *w, size_t *n)
{
	struct reader r = reader_of(w->raised);

	*n = w->raised.n > 0 ? cbor_array(&r) : 0;
	return r;
}

struct reader witness_outputs(const struct witness *w, size_t *n)
{
	struct reader r = reader_of(w->outputs);

	*n = w->outputs.n > 0 ? cbor_map(&r) : 0;
	return r;
}

struct reader witness_controls(const struct witness *w, uint64_t *policy_revision, size_t *n)
{
	struct reader r = reader_of(w->gate);

	*policy_revision = 0;
	*n = 0;
	if (w->gate.n > 0 && cbor_array(&r) == 2) {
		*policy_revision = cbor_uint(&r);
		*n = cbor_map(&r);
	}
	return r;
}

/* The lists were checked when they were parsed; a reader that fails all the same ends the walk. */
bool witness_next_raised(struct reader *at, struct raised *out)
{
	*out = (struct raised){.has_subject = false};
	if (at->n > 0)
		get_raised(at, out);
	return !at->why && out->code.n > 0;
}

bool witness_next_output(struct reader *at, struct output *out)
{
	*out = (struct output){.kind = CBOR_INVALID};
	if (at->n > 0)
		get_output(at, out);
	return !at->why && out->name.n > 0;
}

bool witness_next_control(struct reader *at, struct control_result *out)
{
	*out = (struct control_result){.control = {0}};
	if (at->n > 0)
		get_control(at, out);
	return !at->why && out->control.n > 0;
}
