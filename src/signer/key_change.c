/* SPDX-License-Identifier: Apache-2.0 */
/* key_change.c — the statement that one key follows another: read, and verified. */
#include <string.h>

#include "core/cbor.h"
#include "core/sha256.h"
#include "crypto/crypto.h"
#include "signer/key_change.h"

const char *const SIGNER_KEY_NAME[SIGNER_KEYS] = {
	"checkpoint",          "ca",     "firmware.development", "firmware.staging",
	"firmware.production", "permit",
};

enum signer_key signer_key_named(const char *name, size_t n)
{
	size_t i = 0;

	while (i < SIGNER_KEYS && !bytes_equal(bytes_text(SIGNER_KEY_NAME[i]), bytes_of(name, n)))
		i++;
	return (enum signer_key)i;
}

void key_change_put(struct writer *w, const char *origin, const struct key_change *change)
{
	cbor_put_map(w, 7);
	cbor_put_uint(w, 1);
	cbor_put_uint(w, 1);
	cbor_put_uint(w, 2);
	cbor_put_text(w, bytes_text(origin));
	cbor_put_uint(w, 3);
	cbor_put_text(w, bytes_text(SIGNER_KEY_NAME[change->which]));
	cbor_put_uint(w, 4);
	cbor_put_bytes(w, change->old_spki);
	cbor_put_uint(w, 5);
	cbor_put_bytes(w, change->new_spki);
	cbor_put_uint(w, 6);
	cbor_put_bytes(w, hash_bytes(&change->ca_certificate));
	cbor_put_uint(w, 7);
	cbor_put_uint(w, change->at);
}

static void field(struct reader *r, uint64_t key)
{
	if (cbor_uint(r) != key)
		reader_fail(r, "its fields are others");
}

/* What was said, in this one order. */
static void said_get(struct reader *r, const char *origin, struct key_change *out)
{
	if (cbor_map(r) != 7)
		reader_fail(r, "it does not have seven fields");
	field(r, 1);
	if (cbor_uint(r) != 1)
		reader_fail(r, "it is of another version");
	field(r, 2);
	if (!bytes_equal(cbor_text(r), bytes_text(origin)))
		reader_fail(r, "it is of another log");
	field(r, 3);
	struct bytes name = cbor_text(r);
	out->which = signer_key_named((const char *)name.p, name.n);
	field(r, 4);
	out->old_spki = cbor_bytes(r);
	field(r, 5);
	out->new_spki = cbor_bytes(r);
	field(r, 6);
	struct bytes digest = cbor_bytes(r);
	field(r, 7);
	out->at = cbor_uint(r);
	if (out->which == SIGNER_KEYS || digest.n != sizeof(out->ca_certificate.b))
		reader_fail(r, "it names an unknown key");
	else
		memcpy(out->ca_certificate.b, digest.p, sizeof(out->ca_certificate.b));
}

static err wrong(const char *why, struct fault *f)
{
	return fail(f, "KEY_CHANGE_WRONG", "why", why, NULL);
}

static err check_by(struct bytes proof, const struct public_key *key, struct bytes said,
		    const char *why, struct fault *f)
{
	struct reader r = reader_of(proof);
	struct cose_sign1 sign1;

	cose_get(&r, &sign1);
	return reader_end(&r) && sign1.payload.p == NULL &&
			       cose_verify(&sign1, key, bytes_text(KEY_CHANGE_CONTEXT), said)
		       ? ERR_OK
		       : wrong(why, f);
}

static err check_by_spki(struct bytes proof, struct bytes spki, struct bytes said, struct hash *id,
			 const char *why, struct fault *f)
{
	struct public_key *key = NULL;
	struct fault malformed = {0};

	if (public_key_parse(spki, &key, &malformed).code != OK)
		return wrong("a key in it is malformed", f);
	*id = public_key_id(key);
	err e = check_by(proof, key, said, why, f);
	public_key_close(key);
	return e;
}

err key_change_check(struct bytes statement, const struct note_key *log, struct key_change *out,
		     struct fault *f)
{
	struct reader r = reader_of(statement);
	size_t parts = cbor_array(&r);
	struct bytes said = cbor_bytes(&r);
	struct bytes by_old = cbor_item(&r), by_new = cbor_item(&r), by_log = cbor_item(&r);
	struct public_key *key = NULL;

	*out = (struct key_change){0};
	if (parts != 4 || !reader_end(&r))
		return wrong("it is not a statement with three signatures", f);
	struct reader inside = reader_of(said);
	said_get(&inside, log->name, out);
	if (!reader_end(&inside))
		return wrong(inside.why != NULL ? inside.why : "bytes follow", f);
	TRY(check_by_spki(by_old, out->old_spki, said, &out->old_key, "the old key did not sign it",
			  f));
	TRY(check_by_spki(by_new, out->new_spki, said, &out->new_key, "the new key did not sign it",
			  f));
	if (hash_equal(out->old_key, out->new_key))
		return wrong("old and new are one key", f);
	TRY(public_key_from_ed25519(log->public_key, &key, f));
	err e = check_by(by_log, key, said, "the log's own key did not sign it", f);
	public_key_close(key);
	return e;
}
