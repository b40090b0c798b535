/* SPDX-License-Identifier: Apache-2.0 */
/* recovery_types.c — somebody who lost every authenticator gets a new key: others ask for it and agree
 * to it, and it speaks only after a waiting time in which it can be stopped. */
#include "crypto/crypto.h"
#include "domain/access/access_area.h"

struct recovery_requested {
	struct id recovery, principal;
	struct blob public_key, possession, credential;
	struct text label;
	struct blob authenticator_data, client_data;
	struct instant usable_from;
	struct text reason;
};
static const struct field recovery_requested[] = {
	FIELD(recovery_requested, recovery, REQUIRED, "id of this recovery"),
	FIELD(recovery_requested, principal, REQUIRED, "who lost every authenticator"),
	SIZED(recovery_requested, public_key, REQUIRED, SPKI_SIZE_MAX,
	      "of the new key: SubjectPublicKeyInfo, DER"),
	SIZED(recovery_requested, possession, REQUIRED, SSHSIG_SIZE_MAX,
	      "as in key.enrolled: that the person holds the new key"),
	SIZED(recovery_requested, credential, OPTIONAL, CREDENTIAL_SIZE_MAX, "id of the passkey"),
	SIZED(recovery_requested, label, OPTIONAL, KEY_LABEL_SIZE_MAX, "what its owner calls it"),
	SIZED(recovery_requested, authenticator_data, OPTIONAL, AUTHENTICATOR_DATA_MAX,
	      "what the authenticator signed"),
	SIZED(recovery_requested, client_data, OPTIONAL, CLIENT_DATA_MAX,
	      "what the browser signed"),
	FIELD(recovery_requested, usable_from, REQUIRED,
	      "from when on the key speaks: in 24 hours at the earliest, in 30 days at the latest"),
	SIZED(recovery_requested, reason, REQUIRED, 500,
	      "what was lost, and how it was made sure who asks"),
	{0},
};
struct recovery_outputs {
	struct hash key_id;
};
static const struct field recovery_outputs[] = {
	FIELD(recovery_outputs, key_id, REQUIRED, "SHA-256 of the public key"),
	{0},
};

static err check_recovery(struct check_context *context, const void *body, uint64_t present,
			  void *outputs, uint64_t *outputs_present, struct fault *f)
{
	const struct recovery_requested *b = body;
	struct recovery_outputs *out = outputs;
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

struct recovery_stopped {
	struct id recovery;
	struct text reason;
};
static const struct field recovery_stopped[] = {
	FIELD(recovery_stopped, recovery, REQUIRED, "id of the recovery"),
	SIZED(recovery_stopped, reason, REQUIRED, 500, "why"),
	{0},
};

static const struct record_type types[] = {
	{.name = "recovery.requested",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "access.recover",
	 .origin = SIGNED,
	 .subject = {"principal", NULL, "principal"},
	 .scope = "recovery.any",
	 .approval = "recovery",
	 .size = sizeof(struct recovery_requested),
	 .fields = recovery_requested,
	 .outputs_size = sizeof(struct recovery_outputs),
	 .outputs = recovery_outputs,
	 .check = check_recovery,
	 .help = "somebody who lost every authenticator gets a new key, after a waiting time"},
	{.name = "recovery.stopped",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "access.recover",
	 .origin = SIGNED,
	 .subject = {"recovery", NULL, "recovery"},
	 .scope = "recovery.own",
	 .size = sizeof(struct recovery_stopped),
	 .fields = recovery_stopped,
	 .help = "a recovery ends, and its key never speaks"},
	{0},
};

extern const char recovery_sql[];
const struct area recovery_area = {.name = "recovery", .types = types, .sql = recovery_sql};
