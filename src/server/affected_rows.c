/* SPDX-License-Identifier: Apache-2.0 */
#include "server/affected_rows.h"

static json_t *value_json(const struct value *v)
{
	if (v->kind == VALUE_INT)
		return json_integer(v->number);
	if (v->kind == VALUE_TEXT)
		return json_stringn((const char *)v->bytes.p, v->bytes.n);
	return json_null();
}

static err each_row(void *context, const struct value *columns, size_t n)
{
	struct unit_rows *u = context;
	json_t *row = json_object();

	for (size_t i = 0; i < n; i++)
		json_object_set_new(row, statement_column(u->statement, i),
				    value_json(&columns[i]));
	return json_array_append_new(u->rows, row) == 0 ? ERR_OK : (err){ERR_MEMORY};
}

err unit_rows_open(struct server *s, struct reader_session *r, const char *view,
		   struct unit_rows *out, struct fault *f)
{
	const struct view *found = registry_view(engine_registry(s->engine), bytes_text(view));

	if (found == NULL)
		return fail(f, "VIEW_UNKNOWN", "view", view, NULL);
	out->db = reader_db(r);
	return db_prepare(out->db, found->sql, found->parameters, found->parameters_n,
			  &out->statement, f);
}

void unit_rows_close(struct unit_rows *u)
{
	if (u->statement != NULL)
		statement_close(u->statement);
	u->statement = NULL;
}

err unit_rows_read(struct unit_rows *u, struct bytes product, struct bytes serial, json_t **out,
		   struct fault *f)
{
	struct value values[] = {value_text(product), value_text(serial)};

	u->rows = json_array();
	err result = db_query(u->db, u->statement, values, each_row, u, NULL, f);
	if (result.code != OK) {
		json_decref(u->rows);
		return f->code == OK ? fail(f, "OUT_OF_MEMORY", NULL) : result;
	}
	*out = u->rows;
	return ERR_OK;
}

struct bytes row_text(const json_t *row, const char *name)
{
	const char *text = json_string_value(json_object_get(row, name));

	return bytes_text(text == NULL ? "" : text);
}
