/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/parameters.h"
#include "db/table.h"

/* PostgreSQL takes 63 bytes; our indexes add a tail to the table's name. */
enum { COLUMN_NAME_MAX = 63, TABLE_NAME_MAX = 48, LINE_MAX_SIZE = 1000 };

struct parse {
	struct arena *arena;
	struct table *t;
	struct fault *f;
	const char *table;
	unsigned line; /* 0: the header */
};

/* ---- words ---- */

/* Reserved by one of the stores, or ours at the start of a line. Sorted. */
/* clang-format off */
static const char *const RESERVED[] = {
	"add", "all", "alter", "analyse", "analyze", "and", "any", "array", "as", "asc",
	"asymmetric", "between", "both", "by", "case", "cast", "check", "collate", "column",
	"commit", "constraint", "create", "cross", "current_date", "current_role",
	"current_time", "current_timestamp", "current_user", "default", "deferrable", "delete",
	"desc", "distinct", "do", "drop", "else", "end", "escape", "except", "exists", "false",
	"fetch", "filter", "for", "foreign", "from", "full", "glob", "grant", "group", "having",
	"if", "ilike", "in", "index", "initially", "inner", "insert", "intersect", "into", "is",
	"isnull", "join", "lateral", "leading", "left", "like", "limit", "localtime",
	"localtimestamp", "natural", "not", "nothing", "notnull", "null", "offset", "on", "only",
	"or", "order", "outer", "over", "overlaps", "placing", "primary", "raise", "references",
	"regexp", "returning", "right", "rowid", "select", "session_user", "set", "similar",
	"some", "symmetric", "table", "then", "to", "trailing", "transaction", "true", "union",
	"unique", "update", "user", "using", "values", "variadic", "verbose", "when", "where",
	"window", "with",
};
/* clang-format on */

static int compare_words(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool reserved(const char *word)
{
	return bsearch(&word, RESERVED, sizeof(RESERVED) / sizeof(RESERVED[0]), sizeof(RESERVED[0]),
		       compare_words) != NULL;
}

static bool name_valid(const char *name, size_t most)
{
	size_t n = strnlen(name, most + 1);

	return n > 0 && n <= most && name[0] >= 'a' && name[0] <= 'z' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == n && !reserved(name) &&
	       strncmp(name, "sqlite_", 7) != 0 && strncmp(name, "pg_", 3) != 0;
}

static err invalid(struct parse *p, const char *detail)
{
	char line[16];

	snprintf(line, sizeof(line), "%u", p->line);
	return fail(p->f, "DB_TABLE_INVALID", "table", p->table, "line", line, "detail", detail,
		    NULL);
}

/* Cuts the next word off `*rest`, ended by one of `ends`; empty when nothing is left. */
static char *next_word(char **rest, const char *ends)
{
	char *word = *rest + strspn(*rest, " \t");
	size_t n = strcspn(word, ends);

	*rest = word + n;
	if (word[n] != '\0')
		*(*rest)++ = '\0';
	return word;
}

/* "a, b" → places in the table. */
static err parse_columns(struct parse *p, char *list, uint8_t out[static TABLE_KEYS_MAX], size_t *n)
{
	*n = 0;
	for (char *rest = list;;) {
		char *item = rest, *comma = strchr(rest, ',');
		const char *name;
		size_t c = 0;

		if (comma != NULL)
			*comma = '\0';
		name = next_word(&item, " \t");
		while (c < p->t->columns_n && strcmp(p->t->columns[c].name, name) != 0)
			c++;
		if (c == p->t->columns_n || item[strspn(item, " \t")] != '\0')
			return invalid(p, "a list that names something else than columns");
		if (*n == TABLE_KEYS_MAX || memchr(out, (int)c, *n) != NULL)
			return invalid(p, "too many columns in a list, or one twice");
		out[(*n)++] = (uint8_t)c;
		if (comma == NULL)
			return ERR_OK;
		rest = comma + 1;
	}
}

/* ---- lines ---- */

/* A condition is plain SQL: no parameter, no second statement. */
static err check_where(struct parse *p, const char *where)
{
	struct rewritten unused;

	if (where[strspn(where, " \t")] == '\0' || strchr(where, ';') != NULL ||
	    strstr(where, "--") != NULL)
		return invalid(p, "a condition that is empty or goes on");
	if (parameters_rewrite(p->arena, bytes_text(where), '?', NULL, 0, &unused, NULL).code != OK)
		return invalid(p, "a condition that is no plain SQL");
	return ERR_OK;
}

static err parse_index(struct parse *p, char *rest, bool unique)
{
	struct table_index *index = &p->t->indexes[p->t->indexes_n];
	char *where = strstr(rest, " where ");

	if (p->t->indexes_n == TABLE_INDEXES_MAX)
		return invalid(p, "too many indexes");
	*index = (struct table_index){.unique = unique};
	if (where != NULL) {
		*where = '\0';
		index->where = where + strlen(" where ");
		if (!unique)
			return invalid(p, "a condition on an index that is not unique");
		TRY(check_where(p, index->where));
	}
	TRY(parse_columns(p, rest, index->columns, &index->n));
	p->t->indexes_n++;
	return ERR_OK;
}

static err parse_tally(struct parse *p, char *rest)
{
	const char *name = next_word(&rest, " \t");

	if (p->t->tally != NULL || !name_valid(name, TABLE_NAME_MAX) ||
	    strcmp(name, p->t->name) == 0 || rest[strspn(rest, " \t")] != '\0')
		return invalid(p, "a tally is of one other table");
	p->t->tally = name;
	return ERR_OK;
}

static enum value_kind kind_of(const char *word)
{
	if (strcmp(word, "TEXT") == 0)
		return VALUE_TEXT;
	if (strcmp(word, "BIGINT") == 0)
		return VALUE_INT;
	return strcmp(word, "BLOB") == 0 ? VALUE_BLOB : VALUE_NULL;
}

static err parse_column(struct parse *p, const char *name, char *rest)
{
	struct table_column column = {.name = name};
	const char *first, *second;

	column.kind = kind_of(next_word(&rest, " \t"));
	first = next_word(&rest, " \t");
	second = next_word(&rest, " \t");
	column.not_null = strcmp(first, "NOT") == 0 && strcmp(second, "NULL") == 0;
	if (!name_valid(name, COLUMN_NAME_MAX))
		return invalid(p, "a column name that is reserved or not plain");
	if (column.kind == VALUE_NULL)
		return invalid(p, "a type that is not TEXT, BIGINT or BLOB");
	if ((first[0] != '\0' && !column.not_null) || rest[strspn(rest, " \t")] != '\0')
		return invalid(p, "something else than NOT NULL behind the type");
	for (size_t i = 0; i < p->t->columns_n; i++) {
		if (strcmp(p->t->columns[i].name, name) == 0)
			return invalid(p, "a column that is there twice");
	}
	if (p->t->columns_n == TABLE_COLUMNS_MAX || p->t->indexes_n > 0)
		return invalid(p, "too many columns, or one behind an index");
	p->t->columns[p->t->columns_n++] = column;
	return ERR_OK;
}

static bool comment_or_blank(const char *line)
{
	const char *text = line + strspn(line, " \t");

	return text[0] == '\0' || strncmp(line, "---", 3) == 0 ||
	       (text > line && strncmp(text, "--", 2) == 0);
}

static err parse_line(struct parse *p, struct bytes text)
{
	char *line, *word;

	if (text.n > 0 && text.p[text.n - 1] == '\r')
		text.n--;
	if (text.n > LINE_MAX_SIZE || (text.n > 0 && memchr(text.p, 0, text.n) != NULL) ||
	    !utf8_valid(text))
		return invalid(p, "a line that is too long or not plain text");
	line = arena_text(p->arena, text);
	if (line == NULL)
		return fail(p->f, "DB_MEMORY", NULL);
	if (comment_or_blank(line))
		return ERR_OK;
	word = next_word(&line, " \t");
	if (strcmp(word, "index") == 0)
		return parse_index(p, line, false);
	if (strcmp(word, "unique") == 0)
		return parse_index(p, line, true);
	if (strcmp(word, "tally") == 0)
		return parse_tally(p, line);
	return parse_column(p, word, line);
}

static err parse_keys(struct parse *p, const char *keys)
{
	char *list = arena_text(p->arena, bytes_text(keys));

	p->line = 0;
	if (list == NULL)
		return fail(p->f, "DB_MEMORY", NULL);
	TRY(parse_columns(p, list, p->t->keys, &p->t->keys_n));
	for (size_t i = 0; i < p->t->keys_n; i++)
		p->t->columns[p->t->keys[i]].not_null = true;
	return ERR_OK;
}

static err check_tally(struct parse *p)
{
	const struct table_column *last = &p->t->columns[p->t->columns_n - 1];

	if (p->t->tally != NULL &&
	    (p->t->columns_n != p->t->keys_n + 1 || last->kind != VALUE_INT || !last->not_null ||
	     memchr(p->t->keys, (int)p->t->columns_n - 1, p->t->keys_n) != NULL))
		return invalid(p, "a tally has its keys and then one number that is NOT NULL");
	return ERR_OK;
}

err table_parse(struct arena *a, const char *name, const char *keys, struct bytes body,
		struct table **out, struct fault *f)
{
	struct parse p = {.arena = a, .f = f, .table = name};

	if (!name_valid(name, TABLE_NAME_MAX))
		return invalid(&p, "a table name that is reserved or not plain");
	p.t = arena_alloc(a, sizeof(*p.t));
	if (p.t == NULL)
		return fail(f, "DB_MEMORY", NULL);
	p.t->name = arena_text(a, bytes_text(name));
	if (p.t->name == NULL)
		return fail(f, "DB_MEMORY", NULL);
	while (body.n > 0) {
		const uint8_t *end = memchr(body.p, '\n', body.n);
		size_t n = end == NULL ? body.n : (size_t)(end - body.p);

		p.line++;
		TRY(parse_line(&p, bytes_of(body.p, n)));
		n += end != NULL;
		body = bytes_of(body.p + n, body.n - n);
	}
	TRY(parse_keys(&p, keys));
	TRY(check_tally(&p));
	*out = p.t;
	return ERR_OK;
}
