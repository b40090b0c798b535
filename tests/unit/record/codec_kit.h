/* SPDX-License-Identifier: Apache-2.0 */
/* codec_kit.h — a struct with a field of every kind, and its bodies as text. */
#ifndef CODEC_KIT_H
#define CODEC_KIT_H

#include "record/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct part {
	struct id name;
	int64_t n;
};
struct all {
	struct id id, choice;
	struct hash hash;
	struct instant at;
	int64_t number, any;
	bool yes;
	struct text text;
	struct blob blob;
	struct commitment secret;
	struct list parts;
	struct blob nonce;
};
static const struct field part_fields[] = {
	FIELD(part, name, REQUIRED, "name"),
	NUMBER(part, n, OPTIONAL, 1, 9, "number"),
	{0},
};
static const struct field all_fields[] = {
	FIELD(all, id, REQUIRED, "id"),
	CHOICE(all, choice, OPTIONAL, "H|SS|I", "choice"),
	FIELD(all, hash, OPTIONAL, "hash"),
	FIELD(all, at, OPTIONAL, "instant"),
	NUMBER(all, number, OPTIONAL, -5, 100, "number"),
	FIELD(all, any, OPTIONAL, "any number"),
	FIELD(all, yes, OPTIONAL, "bool"),
	SIZED(all, text, OPTIONAL, 10, "text"),
	SIZED(all, blob, OPTIONAL, 4, "blob"),
	SIZED(all, secret, CONFIDENTIAL, 10, "secret"),
	LIST(all, parts, OPTIONAL, part_fields, struct part, 3, "list"),
	BETWEEN(all, nonce, OPTIONAL, 2, 3, "neither short nor long"),
	{0},
};

#endif
