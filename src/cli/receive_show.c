/* SPDX-License-Identifier: Apache-2.0 */
/* receive_show.c — what the bills of material need of a part lot, and what was recorded of it. */
#include "cli/receive.h"

#include "base/catalog.h"

#include <stdio.h>
#include <string.h>

static const char *text_of(const json_t *row, const char *name)
{
	const char *text = json_string_value(json_object_get(row, name));

	return text == NULL ? "" : text;
}

void receive_show_needs(const struct receiving *r)
{
	size_t i;
	json_t *row;

	if (r->cli->json)
		return;
	json_array_foreach(r->needs, i, row)
	{
		printf("%s %s, line %s, needs %" JSON_INTEGER_FORMAT
		       " of it in a unit; conformance certificate: %s\n",
		       text_of(row, "product"), text_of(row, "revision"), text_of(row, "bom_line"),
		       json_integer_value(json_object_get(row, "quantity")),
		       text_of(row, "conformance"));
	}
	if (json_array_size(r->needs) == 0)
		printf("No released bill of material needs %s.\n", r->part);
}

/* The strictest grade that a line needs, or NULL. The better a grade, the earlier in the alphabet. */
static const char *needed(const struct receiving *r)
{
	const char *most = NULL;
	size_t i;
	json_t *row;

	json_array_foreach(r->needs, i, row)
	{
		const char *grade = text_of(row, "conformance");
		if (strcmp(grade, "none") != 0 && (most == NULL || strcmp(grade, most) < 0))
			most = grade;
	}
	return most;
}

static void print_fixes(const struct receiving *r, const json_t *receipt)
{
	struct fault values = {0};
	char fix[512];
	size_t i;
	json_t *one;

	fault_add(&values, "supplier", r->supplier);
	fault_add(&values, "part_lot", r->part_lot);
	fault_add(&values, "part", r->part);
	json_array_foreach(json_object_get(receipt, "raised"), i, one)
	{
		const struct message *message = catalog_find(text_of(one, "code"));
		if (message == NULL)
			continue;
		catalog_render(message->fix, &values, fix, sizeof fix);
		printf("%s  %s: %s\n", i == 0 ? "It is held. What to do:\n" : "", message->id, fix);
	}
}

static void print_grade(const struct receiving *r, const char *grade)
{
	const char *need = needed(r);

	printf("Conformance certificate: %s", grade);
	if (need == NULL || (strcmp(grade, "missing") != 0 && strcmp(grade, need) <= 0))
		printf("\n");
	else
		printf("; needed is %s: it does not reach the line (control SRC-02).\n"
		       "  Ask for it: sealwright supplier link %s\n",
		       need, r->supplier);
}

err receive_show_result(struct receiving *r, const json_t *receipt, struct fault *f)
{
	const char *const query[] = {"supplier", r->supplier, "part_lot", r->part_lot, NULL};
	json_t *rows;

	TRY(receive_rows(r, "part_lot.list", query, &rows, f));
	const json_t *row = json_array_get(rows, 0);
	const char *grade = row == NULL ? "missing" : text_of(row, "grade");
	if (r->cli->json) {
		json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:O*, s:O, s:O}", "supplier",
					 r->supplier, "part_lot", r->part_lot, "part", r->part,
					 "grade", grade, "holds", json_object_get(row, "holds"),
					 "needs", r->needs, "receipt", receipt);
		cli_json(json);
		json_decref(json);
	} else {
		cli_receipt(r->cli, receipt);
		print_fixes(r, receipt);
		print_grade(r, grade);
	}
	json_decref(rows);
	return ERR_OK;
}
