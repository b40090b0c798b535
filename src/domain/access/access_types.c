/* SPDX-License-Identifier: Apache-2.0 */
/* access_types.c — principals, keys, roles, grants, separated duties, approval rules. */
#include "domain/access/access_area.h"

#include "crypto/crypto.h"

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
	struct blob credential;
	struct text label;
	struct blob authenticator_data, client_data;
};
static const struct field key_enrolled[] = {
	FIELD(key_enrolled, principal, REQUIRED, "whose key it is"),
	SIZED(key_enrolled, public_key, REQUIRED, SPKI_SIZE_MAX, "SubjectPublicKeyInfo, DER"),
	SIZED(key_enrolled, possession, REQUIRED, SSHSIG_SIZE_MAX,
	      "signature by the key over `sealwright key possession`, log origin and principal, "
	      "one per line; an SSHSIG over it; or a passkey's over its SHA-256"),
	/* version 2 */
	SIZED(key_enrolled, credential, OPTIONAL, CREDENTIAL_SIZE_MAX,
	      "id of the passkey, as its authenticator gave it"),
	SIZED(key_enrolled, label, OPTIONAL, KEY_LABEL_SIZE_MAX, "what its owner calls it"),
	SIZED(key_enrolled, authenticator_data, OPTIONAL, AUTHENTICATOR_DATA_MAX,
	      "what the authenticator signed"),
	SIZED(key_enrolled, client_data, OPTIONAL, CLIENT_DATA_MAX, "what the browser signed"),
	{0},
};
struct key_enrolled_outputs {
	struct hash key_id;
};
static const struct field key_enrolled_outputs[] = {
	FIELD(key_enrolled_outputs, key_id, REQUIRED, "SHA-256 of the public key"),
	{0},
};

static err check_key_enrolled(struct check_context *context, const void *body, uint64_t present,
			      void *outputs, uint64_t *outputs_present, struct fault *f)
{
	const struct key_enrolled *b = body;
	struct key_enrolled_outputs *out = outputs;
	const struct key_shown shown = {
		.principal = bytes_of(b->principal.text, b->principal.n),
		.public_key = b->public_key.bytes,
		.possession = b->possession.bytes,
		.credential = b->credential.bytes,
		.label = b->label.bytes,
		.authenticator_data = b->authenticator_data.bytes,
		.client_data = b->client_data.bytes,
	};

	(void)present;
	*outputs_present = 1;
	return key_shown_check(context, &shown, &out->key_id, f);
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

/* An authenticator counts its signatures: one that does not grow was made by a copy, perhaps. */
struct key_counter_fell {
	struct hash key_id;
	int64_t seen, stored;
};
static const struct field key_counter_fell[] = {
	FIELD(key_counter_fell, key_id, REQUIRED, "SHA-256 of the public key"),
	NUMBER(key_counter_fell, seen, REQUIRED, 0, UINT32_MAX, "what the counter said"),
	NUMBER(key_counter_fell, stored, REQUIRED, 0, UINT32_MAX, "what it had said before"),
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
	 .version = 2,
	 .nature = DECISION,
	 .permission = "access.admin",
	 .origin = SIGNED,
	 .size = sizeof(struct key_enrolled),
	 .fields = key_enrolled,
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
	{.name = "key.counter_fell",
	 .version = 1,
	 .nature = EVENT,
	 .origin = REPORTED,
	 .flags = SYSTEM,
	 .subject = {"key", NULL, "key_id"},
	 .size = sizeof(struct key_counter_fell),
	 .fields = key_counter_fell,
	 .help = "an authenticator's counter did not grow: there may be a copy of it"},
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
