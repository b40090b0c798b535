/* SPDX-License-Identifier: Apache-2.0 */
/* house_people.c — who becomes known in a house, with which key and which rights. */
#include "records/house.h"

#include "domain/access/access_area.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void enroll(struct house *h, const struct actor *a)
{
	const struct public_key *key = private_key_public(a->key);
	uint8_t message_buffer[512], signature[64];
	struct writer w = writer_of(message_buffer, sizeof message_buffer);
	struct bytes message;
	struct fault f = {0};
	char spki[512], possession[128], body[1024];

	assert_true(
		key_possession_message(bytes_text(HOUSE_ORIGIN), bytes_text(a->id), &w, &message));
	house_check(key_sign(a->key, message, signature, &f), &f, "possession");
	base64url_encode(public_key_spki(key), spki);
	base64url_encode(bytes_of(signature, 64), possession);
	snprintf(body, sizeof body, "{'principal':'%s','public_key':'%s','possession':'%s'}", a->id,
		 spki, possession);
	house_must(h, &h->ada, "key.enrolled", body);
}

static void grant(struct house *h, const char *id, const char *permissions)
{
	char body[4096];
	size_t n;
	char list[3072] = "", *rest = arena_text(&h->arena, bytes_text(permissions)), *word;

	while ((word = strsep(&rest, ",")) != NULL) {
		n = strlen(list);
		snprintf(list + n, sizeof list - n, "%s{'permission':'%s'}", n > 0 ? "," : "",
			 word);
	}
	snprintf(body, sizeof body, "{'role':'role-%s','permissions':[%s]}", id, list);
	house_must(h, &h->ada, "role.defined", body);
	snprintf(body, sizeof body, "{'grant_id':'grant-%s','principal':'%s','role':'role-%s'}", id,
		 id, id);
	house_must(h, &h->ada, "role.granted", body);
}

/* `natural` is NULL for a machine. */
static struct actor register_actor(struct house *h, const char *id, const char *kind,
				   const char *natural, const char *permissions,
				   enum key_algorithm algorithm)
{
	struct actor a;
	char body[256];

	house_make_actor(&a, id, algorithm);
	snprintf(body, sizeof body, "{'principal':'%s','kind':'%s'%s%s%s}", id, kind,
		 natural != NULL ? ",'natural_person':'" : "", natural != NULL ? natural : "",
		 natural != NULL ? "'" : "");
	house_must(h, &h->ada, "principal.registered", body);
	enroll(h, &a);
	if (permissions != NULL)
		grant(h, id, permissions);
	return a;
}

struct actor house_actor_with(struct house *h, const char *id, const char *kind,
			      const char *permissions, enum key_algorithm algorithm)
{
	return register_actor(h, id, kind, strcmp(kind, "person") == 0 ? id : NULL, permissions,
			      algorithm);
}

struct actor house_account(struct house *h, const char *id, const char *natural,
			   const char *permissions)
{
	return register_actor(h, id, "person", natural, permissions, KEY_ED25519);
}

struct actor house_key(struct house *h, const char *id)
{
	struct actor a;

	house_make_actor(&a, id, KEY_ED25519);
	enroll(h, &a);
	return a;
}

struct actor house_actor(struct house *h, const char *id, const char *kind, const char *permissions)
{
	return house_actor_with(h, id, kind, permissions, KEY_ED25519);
}
