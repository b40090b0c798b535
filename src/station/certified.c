/* SPDX-License-Identifier: Apache-2.0 */
/* certified.c — a unit that was started while cut off gets its device certificate when its request arrives.
 * What comes after the request in the spool is brought when it is there: before, it would be out of turn. */
#include "station/deliver.h"

#include "core/cbor.h"

#include <string.h>

enum { WAITING_ROWS = 10000 };

static void take_id(struct bytes value, char out[static ID_SIZE_MAX + 1])
{
	struct reader r = reader_of(value);
	struct bytes text = cbor_peek(&r) == CBOR_TEXT ? cbor_text(&r) : (struct bytes){0};

	if (text.p == NULL || !id_valid(text))
		return;
	memcpy(out, text.p, text.n);
	out[text.n] = '\0';
}

/* What may be recorded of a unit that has no certificate yet. It is built before only if it was started
 * while cut off. */
static enum stage stage_of(struct bytes type, bool offline)
{
	static const char *const ANY[] = {"unit.fitted", "test.recorded", "step.completed"};

	if (bytes_equal(type, bytes_text("unit.requested")))
		return STAGE_REQUESTS;
	for (size_t i = 0; i < sizeof ANY / sizeof ANY[0]; i++)
		if (bytes_equal(type, bytes_text(ANY[i])))
			return STAGE_ANY;
	return offline && bytes_equal(type, bytes_text("unit.built")) ? STAGE_ANY : STAGE_FOLLOWS;
}

void about_read(const struct allowances *allowances, struct bytes submission, struct about *out)
{
	struct bytes bytes;
	struct claim claim;
	const char *why;

	*out = (struct about){0};
	if (submission_claim(submission, &bytes, NULL).code != OK ||
	    !claim_parse(bytes, &claim, &why))
		return;
	struct reader r = reader_of(claim.body);
	size_t n = cbor_map(&r);
	for (size_t i = 0; i < n && r.why == NULL; i++) {
		struct bytes name = cbor_text(&r), value = cbor_item(&r);
		if (bytes_equal(name, bytes_text("product")))
			take_id(value, out->product);
		else if (bytes_equal(name, bytes_text("serial")))
			take_id(value, out->serial);
	}
	if (out->product[0] != '\0' && out->serial[0] != '\0')
		out->stage = stage_of(claim.type,
				      allowances_of(allowances, out->product, out->serial) != NULL);
}

static bool same_unit(const struct about *a, const struct about *b)
{
	return strcmp(a->product, b->product) == 0 && strcmp(a->serial, b->serial) == 0;
}

bool about_follows(const struct about *list, size_t n, const struct about *next)
{
	for (size_t i = 0; next->stage == STAGE_FOLLOWS && i < n; i++)
		if (list[i].stage == STAGE_REQUESTS && same_unit(&list[i], next))
			return true;
	return false;
}

/* ---- what the server still waits for ---- */

static bool is_waiting(const json_t *rows, const struct about *unit)
{
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
	{
		const char *product = json_string_value(json_object_get(row, "product"));
		const char *serial = json_string_value(json_object_get(row, "serial"));
		if (product != NULL && serial != NULL && strcmp(product, unit->product) == 0 &&
		    strcmp(serial, unit->serial) == 0)
			return true;
	}
	return false;
}

err certified_limit(struct client *c, const struct about *list, size_t *n, bool *some_wait,
		    struct fault *f)
{
	static const char *const QUERY[] = {"state", "requested", NULL};
	json_t *view = NULL;

	err e = client_view_all(c, "unit.list", QUERY, WAITING_ROWS, &view, f);
	if (e.code == ERR_FORBIDDEN) { /* it may not see them: then nobody is waited for */
		*some_wait = false;
		return ERR_OK;
	}
	TRY(e);
	const json_t *rows = json_object_get(view, "rows");
	*some_wait = json_array_size(rows) > 0;
	for (size_t i = 0; i < *n; i++)
		if (list[i].stage == STAGE_FOLLOWS && is_waiting(rows, &list[i]))
			*n = i;
	json_decref(view);
	return ERR_OK;
}
