/* SPDX-License-Identifier: Apache-2.0 */
/* registry.h — every area's types and SQL, checked against each other once at start and
 * immutable afterwards: a field with a reserved name, a rule for an unknown type or a view without
 * scope stops the boot, not a request. */
#ifndef RECORD_REGISTRY_H
#define RECORD_REGISTRY_H

#include "db/db.h"
#include "record/sections.h"
#include "record/type.h"

struct table; /* db/table.h */

enum {
	FIELDS_MAX = 24,     /* of one struct */
	PARAMETERS_MAX = 64, /* of one type's rules */
	RULES_MAX = 48,      /* of one kind and type */
	VIEW_PARAMETERS_MAX = 8,
	VIEW_DECLARED_MAX = 8,
	CONTROLS_MAX = 512, /* a control at a gate counts as one */
};

/* Parameters that the engine adds to those of the type, in this order, after fields, list counts
 * and outputs. */
enum engine_parameter {
	P_TYPE, /* for a rule of several types */
	P_SEQ,
	P_AT,
	P_AUTHOR,
	P_AUTHOR_KEY,
	P_MADE,
	P_OCCURRED,
	P_SOURCE,
	P_DIGEST,
	P_FLAGGED,
	P_SPOOL,
	P_SPOOL_COUNTER,
	P_ENGINE_N
};

/* The parameters of a control: the subject it is asked about, and its own name. */
enum control_parameter { CP_KIND, CP_WITHIN, CP_ID, CP_AUTHOR, CP_AT, CP_CONTROL, CP_N };

/* The statements through which the policy's tables are asked and written (`-- policy NAME`). */
enum policy_section {
	POLICY_REVISION, /* SELECT: the sequence of the last decision about the policy */
	POLICY_ADOPTED,  /* SELECT: one row for each control that is adopted: its id */
	POLICY_MODE,     /* SELECT: what becomes of a failed control: pass, warn, observe … */
	POLICY_PASSAGE,  /* INSERT: a gate was passed */
	POLICY_RESULT,   /* INSERT: with this result, other than pass, of one control */
	POLICY_GLASS,    /* INSERT: what passed on broken glass */
	POLICY_INSIDE,   /* SELECT: the things that a thing holds, each as kind, within, id */
	POLICY_SECTIONS
};

/* The parameters of all of these; each uses some. */
enum policy_parameter {
	PP_KIND,
	PP_WITHIN,
	PP_ID,
	PP_AUTHOR,
	PP_AT,
	PP_GATE,
	PP_CONTROL,
	PP_SEQ,
	PP_RESULT,
	PP_POLICY,
	PP_N
};

struct rule {
	enum section_kind kind;
	const char *code; /* refuse, flag: message id; control: its id */
	const char *sql;
	const struct field *each; /* fold each: the list field */
	size_t each_index;        /* its place among the type's fields */
	const struct parameter *parameters;
	size_t parameters_n;
	size_t statement; /* index among all prepared statements */
};

struct compiled_type {
	const struct record_type *type;
	const struct area *area;
	size_t fields_n, outputs_n;
	/* fields, list counts (`parts.count`, in field order), outputs, engine parameters */
	struct parameter parameters[PARAMETERS_MAX];
	size_t parameters_n, counts_at, outputs_at, engine_at;
	const struct rule *scope;
	struct rule *refuse[RULES_MAX], *flag[RULES_MAX], *fold[RULES_MAX];
	size_t refuse_n, flag_n, fold_n;
	bool touches_access; /* its folds change who may do what */
	bool touches_policy; /* its folds change what controls do */
	bool names_blobs;    /* some field is STORED */
};

/* When a control judges. */
enum control_force {
	CONTROL_BUILT_IN, /* from the start on, with a mode and exceptions */
	CONTROL_ADOPTED,  /* once it is adopted, with a mode and exceptions */
	CONTROL_ALWAYS,   /* from the start on, and nothing takes it off */
};

struct control {
	const char *id, *gate;
	enum control_force force;
	bool on_evidence; /* its SQL says what needs evidence; registry.evidence asks for it */
	struct rule rule;
};

struct view_column {
	const char *name;
	enum value_kind kind; /* never VALUE_NULL */
};

struct view {
	const char *name, *permission, *sql;
	const struct area *area;
	bool global;
	struct parameter parameters[VIEW_PARAMETERS_MAX];
	enum field_kind kinds[VIEW_PARAMETERS_MAX];
	size_t parameters_n;
	/* What the header says of computed columns: `name=kind`. */
	struct view_column declared[VIEW_DECLARED_MAX];
	size_t declared_n;
	struct view_column *columns; /* what it shows; filled when a store is open */
	size_t columns_n;
};

struct registry {
	struct arena arena;
	struct compiled_type *types; /* sorted by name */
	size_t types_n;
	struct rule **rules; /* scope, refuse, flag, fold, control: all that the writer prepares */
	size_t rules_n;
	struct control *controls;
	size_t controls_n;
	const char *policy[POLICY_SECTIONS]; /* SQL; all there, or no area has a policy */
	bool has_policy;
	const char *evidence; /* SQL after `WITH need (kind, within, id) AS (…)`, or NULL */
	struct view *views;   /* sorted by name */
	size_t views_n;
	struct table **tables;
	size_t tables_n;
	struct hash folds; /* SHA-256 over every table and fold section: names this state's shape */
};

/* `areas` ends with NULL. */
MUST_CHECK err registry_make(const struct area *const *areas, struct registry **out,
			     struct fault *f);
void registry_free(struct registry *r);

const struct compiled_type *registry_type(const struct registry *r, struct bytes name);
const struct view *registry_view(const struct registry *r, struct bytes name);
const struct view_column *view_column(const struct view *view, const char *name); /* or NULL */
/* The word for what a column holds: "text", "number", "bytes". */
const char *column_kind_name(enum value_kind kind);

size_t fields_count(const struct field *fields);
bool field_is_commitment(const struct field *field);
enum value_kind field_value_kind(enum field_kind kind);
/* The word for a field kind in errors and in GET /v1/types: "id", "number" … */
const char *field_kind_name(enum field_kind kind);
extern const struct parameter CONTROL_PARAMETERS[CP_N];
extern const struct parameter POLICY_PARAMETERS[PP_N];

#endif
