/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/people.h"

#include "client/key_file.h"
#include "client/ssh_key.h"
#include "core/sha256.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PASSKEY "passkey:"

/* ---- keys on the command line ---- */

static err read_key(struct arena *a, const char *path, struct charter_holder *out, struct fault *f)
{
	struct public_key *key;
	struct bytes application = {0};
	bool passkey = strncmp(path, PASSKEY, strlen(PASSKEY)) == 0;

	out->kind = passkey ? CHARTER_WEBAUTHN : CHARTER_COSE;
	if (passkey)
		path += strlen(PASSKEY);
	if (!passkey && ssh_public_key_file(path)) {
		out->kind = CHARTER_SSHSIG;
		TRY(ssh_public_key_read(a, path, &key, &application, f));
	} else {
		TRY(public_key_file_read(path, &key, f));
	}
	out->outside = !passkey;
	out->spki = arena_copy(a, public_key_spki(key));
	out->application = application.n > 0 ? arena_text(a, application) : NULL;
	public_key_close(key);
	return out->spki.p != NULL ? ERR_OK : fail(f, "OUT_OF_MEMORY", NULL);
}

err holder_read(struct arena *a, const char *said, struct charter_holder *out, struct fault *f)
{
	const char *equals = strchr(said, '=');
	size_t n = equals == NULL ? 0 : (size_t)(equals - said);

	*out = (struct charter_holder){0};
	if (n == 0 || n > ID_SIZE_MAX || !id_valid(bytes_of(said, n)) || equals[1] == '\0')
		return fail(f, "PERSON_WRONG", "person", said, NULL);
	out->person = arena_text(a, bytes_of(said, n));
	if (out->person == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	return read_key(a, equals + 1, out, f);
}

void aloud(struct hash digest, char out[static 32])
{
	char hex[65];
	size_t at = 0;

	hex_encode(hash_bytes(&digest), hex);
	for (size_t i = 0; i < 24; i++) {
		if (i > 0 && i % 4 == 0)
			out[at++] = ' ';
		out[at++] = hex[i];
	}
	out[at] = '\0';
}

/* ---- a charter in words ---- */

static const char *kind_word(const struct charter_key *key)
{
	switch (key->kind) {
	case CHARTER_WEBAUTHN:
		return "passkey, on our screen";
	case CHARTER_SSHSIG:
		return key->application.p != NULL ? "SSH key in a token" : "SSH key";
	case CHARTER_COSE:
		break;
	}
	return key->outside ? "key file" : "key file, on our screen";
}

static void say_groups(const struct bytes *groups, size_t n)
{
	for (size_t i = 0; i < n; i++)
		printf("%s%.*s", i > 0 ? ", " : "", (int)groups[i].n, (const char *)groups[i].p);
}

static void say_key(const struct charter_key *key)
{
	char text[32];

	aloud(key->id, text);
	printf("    %s  %s\n", text, kind_word(key));
}

static void say_person(const struct charter *c, size_t place)
{
	const struct charter_person *p = &c->persons[place];

	printf("  %.*s (", (int)p->id.n, (const char *)p->id.p);
	say_groups(p->groups, p->groups_n);
	printf(")\n");
	for (size_t i = 0; i < c->keys_n; i++)
		if (c->keys[i].person == place)
			say_key(&c->keys[i]);
}

static void say_hours(const char *what, uint64_t ms)
{
	printf("; %s %" PRIu64 " %s", what, ms % 3600000 == 0 ? ms / 3600000 : ms / 1000,
	       ms % 3600000 == 0 ? "h" : "s");
}

static void say_rule(const struct charter *c, const struct charter_rule *rule)
{
	size_t eligible = charter_eligible(c, rule);

	printf("  %-18.*s %u beside who asks, of ", (int)rule->name.n, (const char *)rule->name.p,
	       rule->need);
	say_groups(rule->from, rule->from_n);
	printf(" (%zu)", eligible);
	for (size_t i = 0; i < rule->must_n; i++)
		printf(", with %u of %.*s", rule->must[i].need, (int)rule->must[i].group.n,
		       (const char *)rule->must[i].group.p);
	say_hours("waits at most", rule->request_ttl_ms);
	say_hours("an approval counts", rule->vote_ttl_ms);
	say_hours("a new key waits", rule->newcomer_ms);
	printf("\n");
	if (c->mode == CHARTER_FOUNDED && eligible <= (size_t)rule->need + 1)
		printf("                     nobody to spare: if one is lost, nothing of this "
		       "class can be "
		       "agreed\n");
}

void charter_say(const struct charter *c)
{
	static const char *const MODES[] = {"founded", "bootstrap: nobody has to agree", "trial"};
	static const char *const ANCHORS[] = {"none: quotas are not anchored", "a TPM's counter",
					      "witnesses"};
	char text[32];

	aloud(c->digest, text);
	printf("Charter %" PRIu64 " of %.*s (%s)\nread aloud: %s\n\nPeople\n", c->revision,
	       (int)c->origin.n, (const char *)c->origin.p, MODES[c->mode], text);
	for (size_t i = 0; i < c->persons_n; i++)
		say_person(c, i);
	printf("\nHow many must agree\n");
	for (size_t i = 0; i < c->rules_n; i++)
		say_rule(c, &c->rules[i]);
	printf("\nRecovery set: ");
	if (c->recovery_n == 0)
		printf("none\n");
	else
		printf("%u of %zu\n", c->recovery_need, c->recovery_n);
	for (size_t i = 0; i < c->recovery_n; i++) {
		printf("  %.*s\n", (int)c->recovery[i].keeper.n,
		       (const char *)c->recovery[i].keeper.p);
		say_key(&c->recovery_keys[i]);
	}
	printf("Anchor: %s\n", ANCHORS[c->anchor]);
}

/* ---- what changes ---- */

static bool has_person(const struct charter *c, struct bytes id)
{
	for (size_t i = 0; i < c->persons_n; i++)
		if (bytes_equal(c->persons[i].id, id))
			return true;
	return false;
}

static size_t say_people_of(const char *what, const struct charter *of, const struct charter *other)
{
	size_t n = 0;

	for (size_t i = 0; i < of->persons_n; i++) {
		if (has_person(other, of->persons[i].id))
			continue;
		printf("%s %.*s (", what, (int)of->persons[i].id.n,
		       (const char *)of->persons[i].id.p);
		say_groups(of->persons[i].groups, of->persons[i].groups_n);
		printf(")\n");
		n++;
	}
	return n;
}

static size_t say_keys_of(const char *what, const struct charter *of, const struct charter *other)
{
	size_t n = 0;

	for (size_t i = 0; i < of->keys_n; i++) {
		const struct bytes *person = &of->persons[of->keys[i].person].id;
		char text[32];

		if (charter_key_find(other, of->keys[i].id) != NULL || !has_person(other, *person))
			continue;
		aloud(of->keys[i].id, text);
		printf("%s of %.*s: %s\n", what, (int)person->n, (const char *)person->p, text);
		n++;
	}
	return n;
}

static size_t say_rules_of(const struct charter *now, const struct charter *next)
{
	size_t n = 0;

	for (size_t i = 0; i < next->rules_n; i++) {
		const struct charter_rule *to = &next->rules[i], *from = NULL;

		for (size_t k = 0; k < now->rules_n; k++)
			if (bytes_equal(now->rules[k].name, to->name))
				from = &now->rules[k];
		if (from != NULL && from->need == to->need)
			continue;
		if (from == NULL)
			printf("A rule of its own for %.*s: %u\n", (int)to->name.n,
			       (const char *)to->name.p, to->need);
		else
			printf("For %.*s: %u instead of %u\n", (int)to->name.n,
			       (const char *)to->name.p, to->need, from->need);
		n++;
	}
	return n;
}

size_t charter_say_changes(const struct charter *now, const struct charter *next)
{
	static const char *const ANCHORS[] = {"none", "a TPM", "witnesses"};
	size_t n = say_people_of("Comes:", next, now) + say_people_of("Goes:", now, next) +
		   say_keys_of("New key", next, now) + say_keys_of("No more a key", now, next) +
		   say_rules_of(now, next);

	if (now->anchor != next->anchor) {
		printf("Anchor: %s instead of %s\n", ANCHORS[next->anchor], ANCHORS[now->anchor]);
		n++;
	}
	if (now->recovery_n != next->recovery_n || now->recovery_need != next->recovery_need) {
		printf("Recovery set: %u of %zu instead of %u of %zu\n", next->recovery_need,
		       next->recovery_n, now->recovery_need, now->recovery_n);
		n++;
	}
	return n;
}
