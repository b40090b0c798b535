/* SPDX-License-Identifier: Apache-2.0 */
/* codec_internal.h — shared by the CBOR and the JSON coding of bodies. */
#ifndef RECORD_CODEC_INTERNAL_H
#define RECORD_CODEC_INTERNAL_H

#include "record/codec.h"

/* Where in a body we are: built on the stack, rendered only for an error. */
struct path {
	const struct path *parent;
	const char *name; /* NULL: an element */
	size_t index;
};
void path_set(struct path *path, const struct path *parent, const char *name, size_t index);
void path_text(const struct path *path, char *out, size_t cap);

err field_wrong(struct fault *f, const struct path *path, const struct field *field);
err field_unknown(struct fault *f, const struct path *parent, struct bytes name);
err field_missing(struct fault *f, const struct path *parent, const struct field *field);
err fields_complete(struct fault *f, const struct path *parent, const struct field *fields,
		    uint64_t present);
const struct field *field_find(const struct field *fields, struct bytes name, size_t *index);

bool id_set(struct id *id, struct bytes text);
bool number_fits(const struct field *field, int64_t v);
bool size_fits(const struct field *field, size_t n);
err list_alloc(struct arena *a, const struct field *field, size_t n, struct list *out,
	       struct fault *f);
enum { BLOB_TEXT_MAX = 24576 }; /* the largest blob is a charter */
struct value member_value(const struct field *field, const void *member);

#endif
