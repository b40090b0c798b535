/* SPDX-License-Identifier: Apache-2.0 */
/* What the signer answered, the charter it answers by, and credentials of services, stations and
 * people (docs/authority.md). */
#include "core/charter.h"
#include "core/sha256.h"
#include "crypto/x509.h"
#include "record/check.h"

enum {
	REQUEST_BYTES_MAX = 2048,
	CERTIFICATE_BYTES_MAX = 2048,
	DOCUMENT_BYTES_MAX = 2048,
	CHARTER_BYTES_MAX = 16384,
};

/* ---- charter ---- */

struct charter_revised {
	int64_t revision;
	struct blob charter;
};
static const struct field charter_revised[] = {
	NUMBER(charter_revised, revision, REQUIRED, 2, 9007199254740991, "its number"),
	SIZED(charter_revised, charter, REQUIRED, CHARTER_BYTES_MAX,
	      "the charter that is to be in force (docs/formats/charter.cddl)"),
	{0},
};
struct charter_revised_outputs {
	struct hash charter_digest, previous;
};
static const struct field charter_revised_outputs[] = {
	FIELD(charter_revised_outputs, charter_digest, REQUIRED, "SHA-256 of the charter"),
	FIELD(charter_revised_outputs, previous, REQUIRED, "SHA-256 of the charter before"),
	{0},
};

/* The signer judges who agreed; here it must be a charter of this log, with its own number. */
static err check_charter_revised(struct check_context *context, const void *body, uint64_t present,
				 void *outputs, uint64_t *outputs_present, struct fault *f)
{
	const struct charter_revised *b = body;
	struct charter_revised_outputs *out = outputs;

	struct charter *charter = arena_alloc(context->arena, sizeof *charter);
	const char *why;

	(void)present;
	if (charter == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (!charter_parse(b->charter.bytes, charter, &why))
		return fail_field(f, "charter", "CHARTER_UNFIT", "detail", why, NULL);
	if (!bytes_equal(charter->origin, context->origin))
		return fail_field(f, "charter", "CHARTER_UNFIT", "detail", "it is of another log",
				  NULL);
	if (charter->revision != (uint64_t)b->revision || !charter->has_previous)
		return fail_field(f, "revision", "CHARTER_UNFIT", "detail",
				  "its number is another than the record says", NULL);
	out->charter_digest = charter->digest;
	out->previous = charter->previous;
	*outputs_present = 3;
	return ERR_OK;
}

/* ---- answers ---- */

struct signer_admitted {
	struct hash record;
	struct id kind, id;
	struct blob document;
	int64_t charter;
};
static const struct field signer_admitted[] = {
	FIELD(signer_admitted, record, REQUIRED, "digest of the claim that was decided about"),
	FIELD(signer_admitted, kind, REQUIRED, "kind of what the claim is about"),
	FIELD(signer_admitted, id, REQUIRED, "its id"),
	SIZED(signer_admitted, document, REQUIRED, DOCUMENT_BYTES_MAX,
	      "what the signer signed (docs/formats/signer.cddl)"),
	NUMBER(signer_admitted, charter, REQUIRED, 1, 9007199254740991,
	       "revision of the charter in force then"),
	{0},
};

struct signer_refused {
	struct hash record;
	struct id kind, id, code;
};
static const struct field signer_refused[] = {
	FIELD(signer_refused, record, REQUIRED, "digest of the claim that was decided about"),
	FIELD(signer_refused, kind, REQUIRED, "kind of what the claim is about"),
	FIELD(signer_refused, id, REQUIRED, "its id"),
	FIELD(signer_refused, code, REQUIRED, "message id of the signer's reason"),
	{0},
};

/* ---- credentials ---- */

struct credential_name {
	struct text name;
};
static const struct field credential_name[] = {
	SIZED(credential_name, name, REQUIRED, 253, "DNS name"),
	{0},
};

struct credential_requested {
	struct id credential, profile, principal;
	struct blob csr;
	struct list names;
	struct instant not_after;
};
static const struct field credential_requested[] = {
	FIELD(credential_requested, credential, REQUIRED, "number of the credential"),
	CHOICE(credential_requested, profile, REQUIRED, "service|station|person", "what it is for"),
	FIELD(credential_requested, principal, REQUIRED, "whose it is"),
	SIZED(credential_requested, csr, REQUIRED, REQUEST_BYTES_MAX,
	      "the request, signed with the new key (PKCS #10, DER)"),
	LIST(credential_requested, names, OPTIONAL, credential_name, struct credential_name, 8,
	     "DNS names of a service"),
	FIELD(credential_requested, not_after, REQUIRED, "until when"),
	{0},
};
struct credential_requested_outputs {
	struct hash key_id;
	struct blob spki;
};
static const struct field credential_requested_outputs[] = {
	FIELD(credential_requested_outputs, key_id, REQUIRED, "SHA-256 of the new public key"),
	SIZED(credential_requested_outputs, spki, REQUIRED, SPKI_SIZE_MAX, "the new public key"),
	{0},
};

/* Whoever made the request holds the key. */
static err check_credential_requested(struct check_context *context, const void *body,
				      uint64_t present, void *outputs, uint64_t *outputs_present,
				      struct fault *f)
{
	const struct credential_requested *b = body;
	struct credential_requested_outputs *out = outputs;
	struct public_key *key = NULL;
	struct bytes serial;

	(void)present;
	TRY(csr_check(context->arena, b->csr.bytes, &key, &serial, f));
	out->key_id = public_key_id(key);
	out->spki.bytes = arena_copy(context->arena, public_key_spki(key));
	public_key_close(key);
	if (out->spki.bytes.p == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	*outputs_present = 3;
	return ERR_OK;
}

struct credential_issued {
	struct id credential;
	struct blob certificate;
};
static const struct field credential_issued[] = {
	FIELD(credential_issued, credential, REQUIRED, "number of the credential"),
	SIZED(credential_issued, certificate, REQUIRED, CERTIFICATE_BYTES_MAX,
	      "the credential itself (X.509, DER)"),
	{0},
};
struct credential_issued_outputs {
	struct hash key_id, certificate_digest;
};
static const struct field credential_issued_outputs[] = {
	FIELD(credential_issued_outputs, key_id, OPTIONAL,
	      "SHA-256 of the certified public key; absent if it cannot be read"),
	FIELD(credential_issued_outputs, certificate_digest, REQUIRED, "SHA-256 of the credential"),
	{0},
};

/* What cannot be read is said so in the outputs: the certificate exists all the same. */
static err check_credential_issued(struct check_context *context, const void *body,
				   uint64_t present, void *outputs, uint64_t *outputs_present,
				   struct fault *f)
{
	const struct credential_issued *b = body;
	struct credential_issued_outputs *out = outputs;
	struct fault unreadable;

	(void)context;
	(void)present;
	(void)f;
	out->certificate_digest = sha256(b->certificate.bytes);
	*outputs_present = 2;
	if (certificate_key_id(b->certificate.bytes, &out->key_id, &unreadable).code == OK)
		*outputs_present |= 1;
	return ERR_OK;
}

#define CREDENTIAL                               \
	{                                        \
		"credential", NULL, "credential" \
	}
#define ABOUT                       \
	{                           \
		":kind", NULL, "id" \
	}
static const struct record_type authority_types[] = {
	{.name = "charter.revised",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "access.admin",
	 .origin = SIGNED,
	 .subject = {"charter", NULL, "revision"},
	 .flags = WEIGHED,
	 .approval = "charter",
	 .size = sizeof(struct charter_revised),
	 .fields = charter_revised,
	 .outputs_size = sizeof(struct charter_revised_outputs),
	 .outputs = charter_revised_outputs,
	 .check = check_charter_revised,
	 .help = "The next charter: whose key is whose, and who must agree to what."},
	{.name = "signer.admitted",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "identity.issue",
	 .origin = REPORTED,
	 .flags = SYSTEM,
	 .subject = ABOUT,
	 .size = sizeof(struct signer_admitted),
	 .fields = signer_admitted,
	 .help = "The signer agreed to a decision, and signed what follows from it."},
	{.name = "signer.refused",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "identity.issue",
	 .origin = REPORTED,
	 .flags = SYSTEM,
	 .subject = ABOUT,
	 .size = sizeof(struct signer_refused),
	 .fields = signer_refused,
	 .help = "The signer will never agree to a decision."},
	{.name = "credential.requested",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "access.credential",
	 .origin = SIGNED,
	 .subject = CREDENTIAL,
	 .flags = WEIGHED,
	 .approval = "credential",
	 .size = sizeof(struct credential_requested),
	 .fields = credential_requested,
	 .outputs_size = sizeof(struct credential_requested_outputs),
	 .outputs = credential_requested_outputs,
	 .check = check_credential_requested,
	 .help = "Asks for a credential of a service, a station or a person."},
	{.name = "credential.issued",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "identity.issue",
	 .origin = REPORTED,
	 .flags = SYSTEM,
	 .subject = CREDENTIAL,
	 .size = sizeof(struct credential_issued),
	 .fields = credential_issued,
	 .outputs_size = sizeof(struct credential_issued_outputs),
	 .outputs = credential_issued_outputs,
	 .check = check_credential_issued,
	 .help = "The signer issued a credential."},
	{0},
};

extern const char authority_sql[];
const struct area authority_area = {"authority", authority_types, authority_sql};
