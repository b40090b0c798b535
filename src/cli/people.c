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

static void say_list(const char *before, const struct bytes *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		printf("%s", before);
		cli_others(list[i]);
		printf("\n");
	}
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
	printf("Charter %" PRIu64 " of ", c->revision);
	cli_others(c->origin);
	printf(" (%s)\nread aloud: %s\n\nPeople\n", MODES[c->mode], text);
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
	say_list("  ", c->witnesses, c->witnesses_n);
	if (c->relying_party.p != NULL)
		say_list("Passkeys: of ", &c->relying_party, 1);
	say_list("  at ", c->origins, c->origins_n);
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

static bool same_list(const struct bytes *a, size_t a_n, const struct bytes *b, size_t b_n)
{
	for (size_t i = 0; i < a_n && i < b_n; i++)
		if (!bytes_equal(a[i], b[i]))
			return false;
	return a_n == b_n;
}

/* Who stays, in other groups. */
static size_t say_groups_of(const struct charter *now, const struct charter *next)
{
	size_t n = 0;

	for (size_t i = 0; i < next->persons_n; i++) {
		const struct charter_person *to = &next->persons[i];

		for (size_t k = 0; k < now->persons_n; k++) {
			const struct charter_person *from = &now->persons[k];
			if (!bytes_equal(from->id, to->id) ||
			    same_list(from->groups, from->groups_n, to->groups, to->groups_n))
				continue;
			printf("Groups of %.*s: ", (int)to->id.n, (const char *)to->id.p);
			say_groups(to->groups, to->groups_n);
			printf(" instead of ");
			say_groups(from->groups, from->groups_n);
			printf("\n");
			n++;
		}
	}
	return n;
}

/* Keys that stay, but as another person's, or in another form. */
static size_t say_terms_of(const struct charter *now, const struct charter *next)
{
	size_t n = 0;

	for (size_t i = 0; i < next->keys_n; i++) {
		const struct charter_key *to = &next->keys[i];
		const struct charter_key *from = charter_key_find(now, to->id);
		const struct bytes *person = &next->persons[to->person].id;

		if (from == NULL || (bytes_equal(now->persons[from->person].id, *person) &&
				     from->kind == to->kind && from->outside == to->outside &&
				     bytes_equal(from->application, to->application)))
			continue;
		printf("Another person's or other terms, now of %.*s:\n", (int)person->n,
		       (const char *)person->p);
		say_key(to);
		n++;
	}
	return n;
}

static const struct charter_rule *rule_named(const struct charter *c, struct bytes name)
{
	for (size_t i = 0; i < c->rules_n; i++)
		if (bytes_equal(c->rules[i].name, name))
			return &c->rules[i];
	return NULL;
}

static bool same_terms(const struct charter_rule *a, const struct charter_rule *b)
{
	for (size_t i = 0; i < a->must_n && i < b->must_n; i++)
		if (!bytes_equal(a->must[i].group, b->must[i].group) ||
		    a->must[i].need != b->must[i].need)
			return false;
	return a->must_n == b->must_n && same_list(a->from, a->from_n, b->from, b->from_n) &&
	       a->request_ttl_ms == b->request_ttl_ms && a->vote_ttl_ms == b->vote_ttl_ms &&
	       a->newcomer_ms == b->newcomer_ms;
}

static size_t say_rules_of(const struct charter *now, const struct charter *next)
{
	size_t n = 0;

	for (size_t i = 0; i < next->rules_n; i++) {
		const struct charter_rule *to = &next->rules[i];
		const struct charter_rule *from = rule_named(now, to->name);

		if (from != NULL && from->need == to->need && same_terms(from, to))
			continue;
		if (from == NULL)
			printf("A rule of its own for %.*s: %u\n", (int)to->name.n,
			       (const char *)to->name.p, to->need);
		else if (from->need != to->need)
			printf("For %.*s: %u instead of %u\n", (int)to->name.n,
			       (const char *)to->name.p, to->need, from->need);
		if (from != NULL && !same_terms(from, to)) {
			printf("Other terms:\n");
			say_rule(next, to);
		}
		n++;
	}
	for (size_t i = 0; i < now->rules_n; i++) {
		if (rule_named(next, now->rules[i].name) != NULL)
			continue;
		printf("No more a rule of its own for %.*s\n", (int)now->rules[i].name.n,
		       (const char *)now->rules[i].name.p);
		n++;
	}
	return n;
}

static bool same_recovery(const struct charter *a, const struct charter *b)
{
	for (size_t i = 0; i < a->recovery_n && i < b->recovery_n; i++)
		if (!hash_equal(a->recovery_keys[i].id, b->recovery_keys[i].id) ||
		    !bytes_equal(a->recovery[i].keeper, b->recovery[i].keeper))
			return false;
	return a->recovery_n == b->recovery_n && a->recovery_need == b->recovery_need;
}

/* Where passkeys are from, and who witnesses. */
static size_t say_addresses_of(const struct charter *now, const struct charter *next)
{
	size_t n = 0;

	if (!same_list(now->witnesses, now->witnesses_n, next->witnesses, next->witnesses_n)) {
		printf("Other witnesses:\n");
		say_list("  ", next->witnesses, next->witnesses_n);
		n++;
	}
	if (!bytes_equal(now->relying_party, next->relying_party) ||
	    !same_list(now->origins, now->origins_n, next->origins, next->origins_n)) {
		printf("Passkeys count from elsewhere:\n");
		say_list("  of ", &next->relying_party, next->relying_party.p != NULL);
		say_list("  at ", next->origins, next->origins_n);
		n++;
	}
	return n;
}

size_t charter_say_changes(const struct charter *now, const struct charter *next)
{
	static const char *const ANCHORS[] = {"none", "a TPM", "witnesses"};
	size_t n = say_people_of("Comes:", next, now) + say_people_of("Goes:", now, next) +
		   say_groups_of(now, next) + say_keys_of("New key", next, now) +
		   say_keys_of("No more a key", now, next) + say_terms_of(now, next) +
		   say_rules_of(now, next) + say_addresses_of(now, next);

	if (now->anchor != next->anchor) {
		printf("Anchor: %s instead of %s\n", ANCHORS[next->anchor], ANCHORS[now->anchor]);
		n++;
	}
	if (now->mode != next->mode) {
		printf("From now on decisions must be agreed to, for good.\n");
		n++;
	}
	if (!same_recovery(now, next)) {
		printf("Recovery set: %u of %zu instead of %u of %zu\n", next->recovery_need,
		       next->recovery_n, now->recovery_need, now->recovery_n);
		for (size_t i = 0; i < next->recovery_n; i++)
			say_key(&next->recovery_keys[i]);
		n++;
	}
	return n;
}
