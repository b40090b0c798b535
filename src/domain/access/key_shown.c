/* SPDX-License-Identifier: Apache-2.0 */
/* key_shown.c — what a record must show before its key speaks for anybody. */
#include "crypto/proof.h"
#include "domain/access/access_area.h"

#include "core/sha256.h"

bool key_possession_message(struct bytes origin, struct bytes principal, struct writer *w,
			    struct bytes *out)
{
	put_text(w, "sealwright key possession\n");
	put_bytes(w, origin);
	put_text(w, "\n");
	put_bytes(w, principal);
	put_text(w, "\n");
	return writer_done(w, out);
}

/* By the bare key: 64 bytes; or by OpenSSH, for a key in an agent or a token. */
static bool is_possession(struct bytes signature, struct bytes message,
			  const struct public_key *key)
{
	struct sshsig sig;
	const char *why;

	if (signature.n == 64)
		return key_verify(key, message, signature.p);
	return sshsig_parse(signature, &sig, &why) &&
	       sshsig_wrong(signature, message, key, sig.application) == NULL;
}

static err not_held(const char *why, struct fault *f)
{
	return fail_field(f, "possession", "KEY_NOT_HELD", "detail", why, NULL);
}

static err check_held(const struct check_context *context, const struct key_shown *k,
		      const struct public_key *key, struct fault *f)
{
	uint8_t buffer[512];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct bytes message;

	if (!key_possession_message(context->origin, k->principal, &w, &message))
		return not_held("the message is too long", f);
	if (k->credential.n == 0)
		return is_possession(k->possession, message, key)
			       ? ERR_OK
			       : not_held("the signature does not match", f);
	const char *why = assertion_check(key, sha256(message), k->client_data,
					  k->authenticator_data, k->possession, context->console);
	return why == NULL ? ERR_OK : not_held(why, f);
}

/* What a passkey says comes together, or not at all. */
static err check_whole(const struct key_shown *k, struct fault *f)
{
	const struct {
		const char *field;
		bool there;
	} parts[] = {{"credential", k->credential.n > 0},
		     {"authenticator_data", k->authenticator_data.n > 0},
		     {"client_data", k->client_data.n > 0}};
	bool any = k->label.n > 0;

	for (size_t i = 0; i < 3; i++)
		any = any || parts[i].there;
	for (size_t i = 0; i < 3; i++)
		if (any && !parts[i].there)
			return fail_field(f, parts[i].field, "PASSKEY_INCOMPLETE", NULL);
	return ERR_OK;
}

err key_shown_check(const struct check_context *context, const struct key_shown *k,
		    struct hash *key_id, struct fault *f)
{
	struct public_key *key;

	TRY(check_whole(k, f));
	TRY(public_key_parse(k->public_key, &key, f));
	err result = check_held(context, k, key, f);
	*key_id = public_key_id(key);
	public_key_close(key);
	return result;
}
