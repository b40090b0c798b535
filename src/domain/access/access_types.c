/* SPDX-License-Identifier: Apache-2.0 */
/* access_types.c — principals, keys, roles, grants, separated duties, approval rules. */
#include "domain/access/access_area.h"

#include "crypto/proof.h"
#include "record/check.h"

#include <string.h>

/* ---- principals ---- */

struct principal_registered {
	struct id principal;
	struct id kind;
	struct id natural_person;
	struct commitment name;
	struct id site;
	struct id supplier;
};
static const struct field principal_registered[] = {
	FIELD(principal_registered, principal, REQUIRED, "opaque id of the account"),
	CHOICE(principal_registered, kind, REQUIRED, "person|station|supplier|device|service",
	       "what it is"),
	FIELD(principal_registered, natural_person, OPTIONAL,
	      "opaque id of the human being: two accounts of one person share it"),
	SIZED(principal_registered, name, PERSONAL, 120, "name, erased on request"),
	FIELD(principal_registered, site, OPTIONAL, "site it belongs to"),
	FIELD(principal_registered, supplier, OPTIONAL, "supplier it belongs to"),
	{0},
};

struct principal_changed {
	struct id principal;
	struct text reason;
};
static const struct field principal_changed[] = {
	FIELD(principal_changed, principal, REQUIRED, "id of the account"),
	SIZED(principal_changed, reason, REQUIRED, 500, "why"),
	{0},
};

/* ---- keys ---- */

struct key_enrolled {
	struct id principal;
	struct blob public_key;
	struct blob possession;
};
static const struct field key_enrolled[] = {
	FIELD(key_enrolled, principal, REQUIRED, "whose key it is"),
	SIZED(key_enrolled, public_key, REQUIRED, SPKI_SIZE_MAX, "SubjectPublicKeyInfo, DER"),
	SIZED(key_enrolled, possession, REQUIRED, SSHSIG_SIZE_MAX,
	      "signature by the key over `sealwright key possession`, log origin and principal, "
	      "one "
	      "per line; or an SSHSIG over it"),
	{0},
};
struct key_enrolled_outputs {
	struct hash key_id;
};
static const struct field key_enrolled_outputs[] = {
	FIELD(key_enrolled_outputs, key_id, REQUIRED, "SHA-256 of the public key"),
	{0},
};

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

/* The key is sound, and whoever enrolls it holds it. */
static err check_key_enrolled(struct check_context *context, const void *body, uint64_t present,
			      void *outputs, uint64_t *outputs_present, struct fault *f)
{
	const struct key_enrolled *b = body;
	struct key_enrolled_outputs *out = outputs;
	uint8_t buffer[512];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct public_key *key;
	struct bytes message;

	(void)present;
	TRY(public_key_parse(b->public_key.bytes, &key, f));
	bool held =
		key_possession_message(context->origin, bytes_of(b->principal.text, b->principal.n),
				       &w, &message) &&
		is_possession(b->possession.bytes, message, key);
	out->key_id = public_key_id(key);
	*outputs_present = 1;
	public_key_close(key);
	return held ? ERR_OK : fail_field(f, "possession", "KEY_NOT_HELD", NULL);
}

struct key_revoked {
	struct hash key_id;
	struct text reason;
};
static const struct field key_revoked[] = {
	FIELD(key_revoked, key_id, REQUIRED, "SHA-256 of the public key"),
	SIZED(key_revoked, reason, REQUIRED, 500, "why"),
	{0},
};

/* ---- roles ---- */

struct role_permission {
	struct id permission;
};
static const struct field role_permission[] = {
	FIELD(role_permission, permission, REQUIRED, "like custody.write"),
	{0},
};
struct role_include {
	struct id role;
};
static const struct field role_include[] = {
	FIELD(role_include, role, REQUIRED, "a role whose permissions this one has, too"),
	{0},
};
struct role_defined {
	struct id role;
	struct list permissions;
	struct list includes;
};
static const struct field role_defined[] = {
	FIELD(role_defined, role, REQUIRED, "name of the role"),
	LIST(role_defined, permissions, OPTIONAL, role_permission, struct role_permission, 200,
	     "what it may do; replaces what it could before"),
	LIST(role_defined, includes, OPTIONAL, role_include, struct role_include, 32,
	     "roles it includes"),
	{0},
};

struct duty_separated {
	struct id duty;
	struct id role, other;
};
static const struct field duty_separated[] = {
	FIELD(duty_separated, duty, REQUIRED, "name of the set"),
	FIELD(duty_separated, role, REQUIRED, "a role"),
	FIELD(duty_separated, other, REQUIRED, "a role that the same person may not hold"),
	{0},
};

/* ---- grants ---- */

struct role_granted {
	struct id grant_id, principal, role;
	struct id site, line, station, product, environment, supplier;
	struct instant not_before, not_after;
	struct text reason;
};
static const struct field role_granted[] = {
	FIELD(role_granted, grant_id, REQUIRED, "id of this grant"),
	FIELD(role_granted, principal, REQUIRED, "who gets the role"),
	FIELD(role_granted, role, REQUIRED, "which role"),
	FIELD(role_granted, site, OPTIONAL, "only at this site"),
	FIELD(role_granted, line, OPTIONAL, "only on this line"),
	FIELD(role_granted, station, OPTIONAL, "only at this station"),
	FIELD(role_granted, product, OPTIONAL, "only for this product"),
	FIELD(role_granted, environment, OPTIONAL, "only in this environment"),
	FIELD(role_granted, supplier, OPTIONAL, "only for this supplier"),
	FIELD(role_granted, not_before, OPTIONAL, "from when"),
	FIELD(role_granted, not_after, OPTIONAL, "until when"),
	SIZED(role_granted, reason, OPTIONAL, 500, "why"),
	{0},
};

struct grant_revoked {
	struct id grant_id;
	struct text reason;
};
static const struct field grant_revoked[] = {
	FIELD(grant_revoked, grant_id, REQUIRED, "id of the grant"),
	SIZED(grant_revoked, reason, REQUIRED, 500, "why"),
	{0},
};

struct approval_rule_set {
	struct id class;
	int64_t need;
	int64_t newcomer_ms, request_ttl_ms, vote_ttl_ms;
};
enum { DAY_MS = 24 * 3600 * 1000 };
static const struct field approval_rule_set[] = {
	FIELD(approval_rule_set, class, REQUIRED, "approval class, like firmware.release"),
	NUMBER(approval_rule_set, need, REQUIRED, 1, 16, "distinct persons beside the author"),
	NUMBER(approval_rule_set, newcomer_ms, REQUIRED, 0, 30ll * DAY_MS,
	       "for how long after getting the role a person's vote does not count, in ms"),
	NUMBER(approval_rule_set, request_ttl_ms, REQUIRED, 1000, 14ll * DAY_MS,
	       "after how long an open request ends, in ms"),
	NUMBER(approval_rule_set, vote_ttl_ms, REQUIRED, 1000, 14ll * DAY_MS,
	       "after how long a vote ends, in ms"),
	{0},
};

#define ROW(type, rest_nature, rest_permission)                                               \
	.version = 1, .nature = rest_nature, .permission = rest_permission, .origin = SIGNED, \
	.size = sizeof(struct type), .fields = type

static const struct record_type types[] = {
	{.name = "principal.registered",
	 ROW(principal_registered, DECISION, "access.admin"),
	 .subject = {"principal", NULL, "principal"},
	 .scope = "access.principal",
	 .help = "a person, station, supplier, device or service becomes known"},
	{.name = "principal.suspended",
	 ROW(principal_changed, DECISION, "access.suspend"),
	 .subject = {"principal", NULL, "principal"},
	 .scope = "access.any",
	 .help = "a principal may do nothing until reinstated"},
	{.name = "principal.reinstated",
	 ROW(principal_changed, DECISION, "access.admin"),
	 .subject = {"principal", NULL, "principal"},
	 .scope = "access.any",
	 .help = "a suspension ends"},
	{.name = "principal.left",
	 ROW(principal_changed, DECISION, "access.admin"),
	 .subject = {"principal", NULL, "principal"},
	 .scope = "access.any",
	 .help = "a principal leaves: keys and grants end at once"},
	{.name = "key.enrolled",
	 ROW(key_enrolled, DECISION, "access.admin"),
	 .subject = {"principal", NULL, "principal"},
	 .scope = "access.any",
	 .outputs_size = sizeof(struct key_enrolled_outputs),
	 .outputs = key_enrolled_outputs,
	 .check = check_key_enrolled,
	 .help = "a public key becomes a principal's identity"},
	{.name = "key.revoked",
	 ROW(key_revoked, DECISION, "access.suspend"),
	 .subject = {"key", NULL, "key_id"},
	 .scope = "access.any",
	 .help = "a key no longer speaks for anybody"},
	{.name = "role.defined",
	 ROW(role_defined, DECISION, "access.admin"),
	 .subject = {"role", NULL, "role"},
	 .help = "what a role may do"},
	{.name = "duty.separated",
	 ROW(duty_separated, DECISION, "access.admin"),
	 .subject = {"duty", NULL, "duty"},
	 .help = "two roles that one person may not hold"},
	{.name = "role.granted",
	 ROW(role_granted, DECISION, "access.grant"),
	 .subject = {"principal", NULL, "principal"},
	 .scope = "access.grant",
	 .help = "a principal gets a role, within a scope and a time"},
	{.name = "grant.revoked",
	 ROW(grant_revoked, DECISION, "access.suspend"),
	 .subject = {"grant", NULL, "grant_id"},
	 .scope = "access.any",
	 .help = "a grant ends at once"},
	{.name = "approval.rule_set",
	 ROW(approval_rule_set, DECISION, "access.admin"),
	 .subject = {"approval_rule", NULL, "class"},
	 .approval = "approval.rule",
	 .help = "how many must agree; changing it takes one more than it says"},
	{0},
};

extern const char access_sql[];
const struct area access_area = {.name = "access", .types = types, .sql = access_sql};
