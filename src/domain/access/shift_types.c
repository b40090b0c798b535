/* SPDX-License-Identifier: Apache-2.0 */
/* shift_types.c — for the length of a shift, a browser's key signs what an operator sees and does at one
 * station. What such a key may, src/record/shift.c says. */
#include "crypto/crypto.h"
#include "domain/access/access_area.h"

enum { SHIFT_PERMISSIONS_MAX = 32 };

struct shift_permission {
	struct id permission;
};
static const struct field shift_permission[] = {
	FIELD(shift_permission, permission, REQUIRED, "like test.record"),
	{0},
};
struct shift_opened {
	struct id shift, station;
	struct blob public_key, possession;
	struct instant not_after;
	struct list permissions;
};
static const struct field shift_opened[] = {
	FIELD(shift_opened, shift, REQUIRED, "id of this shift"),
	FIELD(shift_opened, station, REQUIRED, "the only station that its key may speak about"),
	SIZED(shift_opened, public_key, REQUIRED, SPKI_SIZE_MAX,
	      "P-256 key of the browser: SubjectPublicKeyInfo, DER"),
	SIZED(shift_opened, possession, REQUIRED, 64,
	      "its signature over `sealwright key possession`, log origin and author, one per "
	      "line"),
	FIELD(shift_opened, not_after, REQUIRED, "when it ends: in 12 hours at the latest"),
	LIST(shift_opened, permissions, REQUIRED, shift_permission, struct shift_permission,
	     SHIFT_PERMISSIONS_MAX, "what its key may, of what its owner may"),
	{0},
};
struct shift_outputs {
	struct hash key_id;
};
static const struct field shift_outputs[] = {
	FIELD(shift_outputs, key_id, REQUIRED, "SHA-256 of the public key"),
	{0},
};

static err check_p256(struct bytes spki, struct fault *f)
{
	struct public_key *key;

	TRY(public_key_parse(spki, &key, f));
	bool fits = public_key_algorithm(key) == KEY_P256;
	public_key_close(key);
	return fits ? ERR_OK : fail_field(f, "public_key", "SHIFT_KEY_NOT_P256", NULL);
}

static err check_shift(struct check_context *context, const void *body, uint64_t present,
		       void *outputs, uint64_t *outputs_present, struct fault *f)
{
	const struct shift_opened *b = body;
	struct shift_outputs *out = outputs;
	const struct key_shown shown = {
		.principal = context->claim->author,
		.public_key = b->public_key.bytes,
		.possession = b->possession.bytes,
	};

	(void)present;
	*outputs_present = 1;
	TRY(check_p256(shown.public_key, f));
	return key_shown_check(context, &shown, &out->key_id, f);
}

struct shift_closed {
	struct id shift;
};
static const struct field shift_closed[] = {
	FIELD(shift_closed, shift, REQUIRED, "id of the shift"),
	{0},
};

static const struct record_type types[] = {
	{.name = "shift.opened",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "line.shift",
	 .origin = SIGNED,
	 .subject = {"shift", NULL, "shift"},
	 .scope = "shift.station",
	 .size = sizeof(struct shift_opened),
	 .fields = shift_opened,
	 .outputs_size = sizeof(struct shift_outputs),
	 .outputs = shift_outputs,
	 .check = check_shift,
	 .help = "a browser's key speaks for its operator, about one station, until the shift "
		 "ends"},
	{.name = "shift.closed",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "line.shift",
	 .origin = SIGNED,
	 .subject = {"shift", NULL, "shift"},
	 .scope = "shift.own",
	 .size = sizeof(struct shift_closed),
	 .fields = shift_closed,
	 .help = "a shift ends, and its key speaks no more"},
	{0},
};

extern const char shift_sql[];
const struct area shift_area = {.name = "shift", .types = types, .sql = shift_sql};
