/* SPDX-License-Identifier: Apache-2.0 */
#include "format/cyclonedx.h"

#include "format/json_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 512 };

struct reading {
	struct arena *arena;
	struct cyclonedx *out;
	struct fault *fault;
	size_t cap;
	char path[PATH_SIZE]; /* of what is being read */
	size_t path_n;
};

/* ---- where we are ---- */

static void enter(struct reading *r, const char *name, size_t index)
{
	int n = snprintf(r->path + r->path_n, PATH_SIZE - r->path_n, "%s%s[%zu]",
			 r->path_n > 0 ? "." : "", name, index);

	if (n > 0)
		r->path_n +=
			(size_t)n < PATH_SIZE - r->path_n ? (size_t)n : PATH_SIZE - r->path_n - 1;
}

static void leave(struct reading *r, size_t path_n)
{
	r->path_n = path_n;
	r->path[path_n] = '\0';
}

static err wrong(const struct reading *r, const char *name, const char *expected)
{
	char path[PATH_SIZE + 64];

	snprintf(path, sizeof path, "%s%s%s", r->path, r->path_n > 0 && name[0] != '\0' ? "." : "",
		 name);
	return fail_field(r->fault, path, "CYCLONEDX_WRONG", "path", path, "expected", expected,
			  NULL);
}

/* ---- values ---- */

/* Text without control characters, copied. */
static err take_text(const struct reading *r, const json_t *object, const char *name,
		     struct bytes *out)
{
	struct bytes text;

	if (!json_text_member(object, name, &text))
		return wrong(r, name, "text");
	if (text.n > CYCLONEDX_TEXT_MAX)
		return wrong(r, name, "a shorter text");
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < 0x20 || text.p[i] == 0x7f)
			return wrong(r, name, "text without control characters");
	*out = arena_copy(r->arena, text);
	return out->p != NULL || text.n == 0 ? ERR_OK : fail(r->fault, "OUT_OF_MEMORY", NULL);
}

/* A member that must be a list; `*out` is NULL where it is absent. */
static err take_list(const struct reading *r, const json_t *object, const char *name,
		     const json_t **out)
{
	*out = json_object_get(object, name);
	if (*out == NULL || json_is_array(*out))
		return ERR_OK;
	return wrong(r, name, "a list");
}

/* ---- one component ---- */

/* The names under which tools say of which source package a package is. */
static const struct {
	const char *source, *version;
} SOURCES[] = {
	{"sealwright:source", "sealwright:source-version"},
	{"syft:metadata:source", "syft:metadata:sourceVersion"},
	{"aquasecurity:trivy:SrcName", NULL}, /* its version is in three pieces */
};

static err take_property(struct reading *r, const json_t *property, struct cyclonedx_component *c)
{
	struct bytes name, value;

	if (!json_is_object(property))
		return wrong(r, "", "an object");
	TRY(take_text(r, property, "name", &name));
	if (!json_text_member(property, "value", &value))
		return wrong(r, "value", "text");
	for (size_t i = 0; i < sizeof SOURCES / sizeof SOURCES[0]; i++) {
		if (bytes_equal(name, bytes_text(SOURCES[i].source)))
			TRY(take_text(r, property, "value", &c->source));
		if (SOURCES[i].version != NULL && bytes_equal(name, bytes_text(SOURCES[i].version)))
			TRY(take_text(r, property, "value", &c->source_version));
	}
	return ERR_OK;
}

static err take_properties(struct reading *r, const json_t *component,
			   struct cyclonedx_component *c)
{
	const json_t *list;
	size_t before = r->path_n, i;
	json_t *one;

	TRY(take_list(r, component, "properties", &list));
	json_array_foreach(list, i, one)
	{
		enter(r, "properties", i);
		TRY(take_property(r, one, c));
		leave(r, before);
	}
	return ERR_OK;
}

static err take_purl(struct reading *r, const json_t *component, struct cyclonedx_component *c)
{
	struct fault why = {0};
	struct bytes text;

	TRY(take_text(r, component, "purl", &text));
	if (text.n == 0)
		return ERR_OK;
	err e = purl_parse(r->arena, text, &c->purl, &why);
	if (e.code == ERR_MEMORY)
		return fail(r->fault, "OUT_OF_MEMORY", NULL);
	if (e.code != OK)
		return wrong(r, "purl", "a package URL, like pkg:deb/debian/openssl@3.0.15-1");
	c->has_purl = true;
	return ERR_OK;
}

static err take_scope(struct reading *r, const json_t *component, struct cyclonedx_component *c)
{
	struct bytes scope;

	TRY(take_text(r, component, "scope", &scope));
	c->excluded = bytes_equal(scope, bytes_text("excluded"));
	if (scope.n > 0 && !c->excluded && !bytes_equal(scope, bytes_text("required")) &&
	    !bytes_equal(scope, bytes_text("optional")))
		return wrong(r, "scope", "required, optional or excluded");
	return ERR_OK;
}

static err make_key(struct reading *r, struct cyclonedx_component *c)
{
	if (c->has_purl)
		c->key = purl_key(r->arena, &c->purl);
	else
		c->key = arena_printf(r->arena, "%.*s%s%.*s", (int)c->group.n,
				      c->group.n > 0 ? (const char *)c->group.p : "",
				      c->group.n > 0 ? "/" : "", (int)c->name.n,
				      (const char *)c->name.p);
	return c->key != NULL ? ERR_OK : fail(r->fault, "OUT_OF_MEMORY", NULL);
}

static err take_component(struct reading *r, const json_t *component, struct cyclonedx_component *c)
{
	if (!json_is_object(component))
		return wrong(r, "", "an object");
	TRY(take_text(r, component, "type", &c->type));
	TRY(take_text(r, component, "group", &c->group));
	TRY(take_text(r, component, "name", &c->name));
	TRY(take_text(r, component, "version", &c->version));
	TRY(take_text(r, component, "bom-ref", &c->reference));
	if (c->type.n == 0)
		return wrong(r, "type", "a type, like library");
	if (c->name.n == 0)
		return wrong(r, "name", "a name");
	TRY(take_purl(r, component, c));
	TRY(take_scope(r, component, c));
	TRY(take_properties(r, component, c));
	if (c->version.n == 0)
		c->version = c->purl.version;
	return make_key(r, c);
}

static err grow(struct reading *r)
{
	struct cyclonedx *out = r->out;

	if (out->n >= CYCLONEDX_COMPONENTS_MAX)
		return fail(r->fault, "CYCLONEDX_TOO_MANY", NULL);
	if (out->n < r->cap)
		return ERR_OK;
	size_t cap = r->cap == 0 ? 64 : 2 * r->cap;
	struct cyclonedx_component *more = arena_array(r->arena, cap, sizeof *more);
	if (more == NULL)
		return fail(r->fault, "OUT_OF_MEMORY", NULL);
	if (out->n > 0)
		memcpy(more, out->components, out->n * sizeof *more);
	out->components = more;
	r->cap = cap;
	return ERR_OK;
}

/* Recursion is bounded by the depth. */
static err take_components(struct reading *r, const json_t *owner, size_t parent, unsigned depth)
{
	const json_t *list;
	size_t before = r->path_n, i;
	json_t *one;

	TRY(take_list(r, owner, "components", &list));
	if (list != NULL && depth >= CYCLONEDX_DEPTH_MAX)
		return wrong(r, "components", "components that are nested less deep");
	json_array_foreach(list, i, one)
	{
		enter(r, "components", i);
		TRY(grow(r));
		size_t index = r->out->n;
		struct cyclonedx_component *c = &r->out->components[index];
		*c = (struct cyclonedx_component){.parent = parent, .depth = depth};
		TRY(take_component(r, one, c));
		/* What lies in something that is no part of the product is none either. */
		c->excluded |= parent != CYCLONEDX_NONE && r->out->components[parent].excluded;
		r->out->n++;
		TRY(take_components(r, one, index, depth + 1));
		leave(r, before);
	}
	return ERR_OK;
}

/* ---- the document ---- */

static int text_order(const void *a, const void *b)
{
	return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

static err references_unique(struct reading *r, struct bytes subject)
{
	struct cyclonedx *out = r->out;
	struct bytes *all = arena_array(r->arena, out->n + 1, sizeof *all);
	char text[128];
	size_t n = 0;

	if (all == NULL)
		return fail(r->fault, "OUT_OF_MEMORY", NULL);
	if (subject.n > 0)
		all[n++] = subject;
	for (size_t i = 0; i < out->n; i++)
		if (out->components[i].reference.n > 0)
			all[n++] = out->components[i].reference;
	qsort(all, n, sizeof *all, text_order);
	for (size_t i = 1; i < n; i++) {
		if (!bytes_equal(all[i], all[i - 1]))
			continue;
		snprintf(text, sizeof text, "%.*s", (int)all[i].n, (const char *)all[i].p);
		return fail(r->fault, "CYCLONEDX_REFERENCE_TWICE", "reference", text, NULL);
	}
	return ERR_OK;
}

static err take_head(struct reading *r, const json_t *root)
{
	static const char *const VERSIONS[] = {"1.4", "1.5", "1.6", "1.7"};
	const json_t *version = json_object_get(root, "version");
	struct bytes format;
	bool known = false;

	TRY(take_text(r, root, "bomFormat", &format));
	if (!bytes_equal(format, bytes_text("CycloneDX")))
		return wrong(r, "bomFormat", "CycloneDX");
	TRY(take_text(r, root, "specVersion", &r->out->spec_version));
	for (size_t i = 0; i < sizeof VERSIONS / sizeof VERSIONS[0]; i++)
		known |= bytes_equal(r->out->spec_version, bytes_text(VERSIONS[i]));
	if (!known)
		return wrong(r, "specVersion", "1.4, 1.5, 1.6 or 1.7");
	if (version != NULL && (!json_is_integer(version) || json_integer_value(version) < 1))
		return wrong(r, "version", "a whole number from 1 on");
	return take_text(r, root, "serialNumber", &r->out->serial_number);
}

/* What the bill is about is no component of itself. */
static err take_subject(struct reading *r, const json_t *root, struct bytes *reference)
{
	const json_t *metadata = json_object_get(root, "metadata");
	const json_t *component = json_object_get(metadata, "component");
	struct cyclonedx_component subject = {0};

	if (metadata != NULL && !json_is_object(metadata))
		return wrong(r, "metadata", "an object");
	if (component == NULL)
		return ERR_OK;
	memcpy(r->path, "metadata.component", sizeof "metadata.component");
	r->path_n = strlen(r->path);
	TRY(take_component(r, component, &subject));
	r->out->subject = subject.name;
	r->out->subject_version = subject.version;
	*reference = subject.reference;
	/* Its own components are what it is made of, as those of the document are. */
	TRY(take_components(r, component, CYCLONEDX_NONE, 1));
	leave(r, 0);
	return ERR_OK;
}

static bool lists_reference(const json_t *list, struct bytes reference)
{
	size_t i;
	json_t *one;

	json_array_foreach(list, i, one)
	{
		if (json_is_string(one) && reference.n > 0 &&
		    bytes_equal(bytes_of(json_string_value(one), json_string_length(one)),
				reference))
			return true;
	}
	return false;
}

/* Complete is a bill that says so of the whole, or of what it is about. */
static err take_compositions(struct reading *r, const json_t *root, struct bytes subject)
{
	const json_t *list, *assemblies, *dependencies;
	struct bytes aggregate;
	bool complete = false, incomplete = false;
	size_t i;
	json_t *one;

	TRY(take_list(r, root, "compositions", &list));
	json_array_foreach(list, i, one)
	{
		enter(r, "compositions", i);
		if (!json_is_object(one))
			return wrong(r, "", "an object");
		TRY(take_text(r, one, "aggregate", &aggregate));
		if (aggregate.n == 0)
			return wrong(r, "aggregate", "complete, incomplete, unknown or another");
		TRY(take_list(r, one, "assemblies", &assemblies));
		TRY(take_list(r, one, "dependencies", &dependencies));
		leave(r, 0);
		if ((assemblies != NULL || dependencies != NULL) &&
		    !lists_reference(assemblies, subject) &&
		    !lists_reference(dependencies, subject))
			continue;
		if (bytes_equal(aggregate, bytes_text("complete")))
			complete = true;
		else
			incomplete = true;
	}
	r->out->complete = complete && !incomplete;
	return ERR_OK;
}

static err take_all(struct reading *r, const json_t *root)
{
	struct bytes subject = {0};

	if (!json_is_object(root))
		return wrong(r, "", "an object");
	TRY(take_head(r, root));
	TRY(take_subject(r, root, &subject));
	TRY(take_components(r, root, CYCLONEDX_NONE, 0));
	TRY(references_unique(r, subject));
	return take_compositions(r, root, subject);
}

err cyclonedx_read(struct arena *a, struct bytes file, struct cyclonedx *out, struct fault *f)
{
	static const struct json_limits LIMITS = {CYCLONEDX_FILE_MAX, 128, 2000000};
	struct reading r = {.arena = a, .out = out, .fault = f};
	json_t *root;

	*out = (struct cyclonedx){0};
	TRY(json_text_load(file, &LIMITS, NULL, &root, f));
	err e = take_all(&r, root);
	json_decref(root);
	if (e.code != OK)
		*out = (struct cyclonedx){0};
	return e;
}
