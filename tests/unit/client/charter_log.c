/* SPDX-License-Identifier: Apache-2.0 */
#include "charter_log.h"

#include "verify.h"

#include "base/catalog.h"
#include "core/sha256.h"

#include <stdlib.h>
#include <string.h>

static const char *const NAMES[PEOPLE] = {"ann", "bob", "cid", "dee", "eve", "keeper"};
static const uint64_t START = UINT64_C(1795149506000), MINUTE = 60000;

static struct arena arena;
struct private_key *keys[PEOPLE], *log_private, *other_log;
struct note_key log_key;
struct charter_check *check;
struct charter first;
uint64_t now, next_sequence;
struct hash last_digest; /* of the claim of the last entry */
struct fault fault;

struct bytes made(const struct writer *w)
{
	struct bytes out;

	assert_true(writer_done(w, &out));
	return out;
}

struct writer room(size_t n)
{
	return writer_of(arena_alloc(&arena, n), n);
}

/* ---- entries ---- */

static struct bytes proof_of(const struct said *s, struct bytes claim)
{
	struct bytes out = bytes_of("\xf6", 1);

	if (s->by >= 0)
		assert_int_equal(cose_sign(&arena, keys[s->forged != 0 ? s->forged : s->by],
					   bytes_text(s->type), claim, &out, NULL)
					 .code,
				 OK);
	return out;
}

/* The stand-alone verifier weighs what was told so far, and says the same: until something is wrong, and
 * except for a succession, which it does not weigh, and for what an earlier key of the log signed, of which
 * it takes only what the log itself says were its keys. */
static void second_opinion(struct bytes bytes, const struct entry *entry, bool good)
{
	enum { LIST_MAX = 1 << 19 };
	static uint8_t list[LIST_MAX], whole[LIST_MAX + 16];
	static struct writer w;
	static uint64_t n;
	static bool over;
	struct verification *v = calloc(1, sizeof *v);
	struct writer all = writer_of(whole, sizeof whole);

	assert_non_null(v);
	if (entry->witness.sequence == 0) {
		w = writer_of(list, sizeof list);
		n = 0;
		over = false;
	}
	passport_put_entry(&w, n++, bytes, NULL, 0);
	over = over || bytes_equal(entry->claim.type, bytes_text("ledger.succeeded"));
	cbor_put_array(&all, n);
	put_bytes(&all, made(&w));
	v->passport.entries = made(&all);
	v->log = &log_key;
	over = over || report().foreign > 0;
	if (!over)
		assert_int_equal(verify_agreement(v), good);
	over = over || !good;
	free(v);
}

err tell(const struct said *s)
{
	struct claim claim = {.origin = bytes_text(ORIGIN),
			      .type = bytes_text(s->type),
			      .version = 1,
			      .author = bytes_text(s->by < 0 ? "server" : NAMES[s->by]),
			      .id = {{0, 0, 0, 0, 0, 0, 0x70, 0, 0x80}},
			      .made = now,
			      .body = s->body};
	struct witness witness = {
		.sequence = next_sequence, .at = now, .outcome = s->outcome, .target = s->target};
	struct writer c = room(20000), w = room(512), e = room(24000);
	struct entry entry;
	struct bytes bytes;
	const char *why;

	claim.id.b[15] = (uint8_t)next_sequence;
	claim.has_key = s->by >= 0;
	if (s->by >= 0)
		claim.key = public_key_id(private_key_public(keys[s->by]));
	claim_put(&c, &claim);
	witness_put(&w, &witness);
	last_digest = claim_digest(made(&c));
	entry_put(&e, made(&c), proof_of(s, made(&c)), made(&w));
	bytes = made(&e);
	assert_true(entry_parse(bytes, &entry, &why));
	now += MINUTE;
	err told = charter_check_entry(check, next_sequence++, bytes, &entry, &fault);
	second_opinion(bytes, &entry, told.code == OK);
	return told;
}

void holds(err e)
{
	char text[512] = "";

	if (e.code != OK)
		fault_text(&fault, text, sizeof text);
	assert_string_equal(text, "");
}

void assert_unauthorized(err e, const char *sequence, const char *detail)
{
	assert_int_equal(e.code, ERR_CORRUPT);
	assert_string_equal(fault.message, "AUDIT_DECISION_UNAUTHORIZED");
	assert_string_equal(fault_value(&fault, "detail"), detail);
	assert_string_equal(fault_value(&fault, "sequence"), sequence);
}

struct bytes body_with(const char *name, struct bytes bytes)
{
	struct writer w = room(bytes.n + 64);

	cbor_put_map(&w, 1);
	cbor_put_text(&w, bytes_text(name));
	cbor_put_bytes(&w, bytes);
	return made(&w);
}

struct bytes naming(const struct hash *digest)
{
	return body_with("record", arena_copy(&arena, hash_bytes(digest)));
}

/* ---- the charter ---- */

void add_key(struct charter *c, uint8_t person, int whose, bool outside)
{
	c->keys[c->keys_n++] =
		(struct charter_key){.spki = public_key_spki(private_key_public(keys[whose])),
				     .kind = CHARTER_COSE,
				     .person = person,
				     .outside = outside};
}

void add_person(struct charter *c, int who, const char *group)
{
	struct charter_person *p = &c->persons[c->persons_n];

	*p = (struct charter_person){
		.id = bytes_text(NAMES[who]), .groups_n = 1, .groups = {bytes_text(group)}};
	add_key(c, (uint8_t)c->persons_n++, who, true);
}

static struct charter_rule rule(const char *name, uint8_t need)
{
	return (struct charter_rule){.name = bytes_text(name),
				     .need = need,
				     .from_n = 1,
				     .from = {bytes_text("founders")},
				     .request_ttl_ms = 48 * HOUR,
				     .vote_ttl_ms = 4 * HOUR,
				     .newcomer_ms = 24 * HOUR};
}

struct charter first_charter(void)
{
	struct charter c = {.revision = 1, .origin = bytes_text(ORIGIN)};

	add_person(&c, ANN, "founders");
	add_person(&c, BOB, "founders");
	add_person(&c, CID, "founders");
	add_person(&c, DEE, "authors");
	c.keys[BOB].outside = false;
	c.rules[c.rules_n++] = rule("*", 1);
	c.rules[c.rules_n++] = rule("firmware.release", 2);
	c.recovery_n = c.recovery_need = 1;
	c.recovery[0].keeper = bytes_text("bank");
	c.recovery_keys[0] = (struct charter_key){
		.spki = public_key_spki(private_key_public(keys[KEEPER])), .kind = CHARTER_COSE};
	return c;
}

struct bytes written(const struct charter *c)
{
	struct writer w = room(CHARTER_SIZE_MAX);

	charter_put(&w, c);
	return made(&w);
}

err start_with(const struct charter *c)
{
	struct bytes document = written(c);
	const char *why;

	assert_true(charter_parse(document, &first, &why));
	return tell(&(struct said){"ledger.started", -1, body_with("charter", document),
				   OUTCOME_FOLDED, 0, 0});
}

int log_begins(void **state)
{
	struct charter c;

	(void)state;
	now = START;
	next_sequence = 0;
	fault = (struct fault){0};
	for (int i = 0; i < PEOPLE; i++)
		assert_int_equal(private_key_generate(KEY_ED25519, &keys[i], NULL).code, OK);
	assert_int_equal(private_key_generate(KEY_ED25519, &log_private, NULL).code, OK);
	assert_int_equal(private_key_generate(KEY_ED25519, &other_log, NULL).code, OK);
	assert_true(public_key_ed25519(private_key_public(log_private), log_key.public_key));
	assert_int_equal(charter_check_open(&log_key, &check, &fault).code, OK);
	c = first_charter();
	holds(start_with(&c));
	return 0;
}

int log_ends(void **state)
{
	(void)state;
	charter_check_close(check);
	for (int i = 0; i < PEOPLE; i++)
		private_key_close(keys[i]);
	private_key_close(log_private);
	private_key_close(other_log);
	arena_done(&arena);
	return 0;
}

/* ---- decisions ---- */

struct hash asks(const char *type, int by, struct bytes body, enum outcome outcome)
{
	holds(tell(&(struct said){type, by, body, outcome, 0, 0}));
	return last_digest;
}

struct hash asks_to_build(int by)
{
	return asks("build.authorized", by, bytes_of("\xa0", 1), OUTCOME_PENDING);
}

struct hash approves(int by, struct hash decision)
{
	holds(tell(&(struct said){"approval.given", by, naming(&decision), OUTCOME_FOLDED, 0, 0}));
	return last_digest;
}

static int by_digest(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct hash));
}

struct bytes approvals_of(const struct admitted *a)
{
	struct hash sorted[8];
	struct writer w = room(8 * 34);

	if (a->approvals_n > 0)
		memcpy(sorted, a->approvals, a->approvals_n * sizeof sorted[0]);
	qsort(sorted, a->approvals_n, sizeof sorted[0], by_digest);
	for (size_t i = 0; i < a->approvals_n; i++)
		cbor_put_bytes(&w, hash_bytes(&sorted[i]));
	return made(&w);
}

struct bytes sealed(const struct private_key *key, enum document_kind kind, struct bytes payload)
{
	const struct public_key *public = private_key_public(key);
	bool is_p256 = public_key_algorithm(public) == KEY_P256;
	struct cose_sign1 sign1 = {.algorithm = is_p256 ? COSE_ES256 : COSE_EDDSA,
				   .kid = public_key_id(public),
				   .payload = payload};
	struct writer header = room(64), covered = room(4096), w = room(4096);
	uint8_t *signature = arena_alloc(&arena, 64);

	cose_put_protected(&header, sign1.algorithm, sign1.kid);
	sign1.protected = made(&header);
	cose_put_to_be_signed(&covered, sign1.protected, document_name(kind), payload);
	assert_int_equal(key_sign(key, made(&covered), signature, NULL).code, OK);
	sign1.signature = bytes_of(signature, 64);
	cose_put(&w, &sign1);
	return made(&w);
}

struct bytes answer_body(struct hash decision, struct bytes document)
{
	struct writer w = room(document.n + 128);

	cbor_put_map(&w, 2);
	cbor_put_text(&w, bytes_text("record"));
	cbor_put_bytes(&w, hash_bytes(&decision));
	cbor_put_text(&w, bytes_text("document"));
	cbor_put_bytes(&w, document);
	return made(&w);
}

err tell_admitted(const struct admitted *how)
{
	struct admission a = {
		.origin = bytes_text(how->origin == NULL ? ORIGIN : how->origin),
		.approval_class = bytes_text(how->approval_class == NULL ? "build.authorize"
									 : how->approval_class),
		.claim = how->claim == NULL ? how->decision : *how->claim,
		.charter = how->charter == 0 ? 1 : how->charter,
		.approvals = approvals_of(how),
		.approvals_n = how->approvals_n,
		.at = how->at == 0 ? now : how->at,
	};
	struct writer w = room(4096);

	admission_put(&w, &a);
	struct bytes document =
		sealed(how->key == NULL ? log_private : how->key, DOCUMENT_ADMISSION, made(&w));
	return tell(&(struct said){"signer.admitted", -1, answer_body(how->decision, document),
				   OUTCOME_FOLDED, 0, 0});
}

err tell_manifest(struct hash decision, uint64_t at)
{
	struct firmware_manifest m = {.origin = bytes_text(ORIGIN),
				      .claim = decision,
				      .release = bytes_text("R1"),
				      .product = bytes_text("P"),
				      .environment = bytes_text("production"),
				      .version = bytes_text("1.0"),
				      .image_size = 1,
				      .at = at};
	struct writer w = room(1024);

	firmware_manifest_put(&w, &m);
	return tell(&(struct said){
		"signer.admitted", -1,
		answer_body(decision, sealed(log_private, DOCUMENT_MANIFEST, made(&w))),
		OUTCOME_FOLDED, 0, 0});
}

struct charter_report report(void)
{
	struct charter_report r;

	charter_check_report(check, &r);
	return r;
}
