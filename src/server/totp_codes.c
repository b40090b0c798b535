/* SPDX-License-Identifier: Apache-2.0 */
#include "server/totp_codes.h"

#include "crypto/crypto.h"
#include "server/operational_internal.h"

enum { SEALED_SIZE = TOTP_SECRET_SIZE + CIPHER_EXTRA };

/* ---- its secret ---- */

static const char SEAL_LABEL[] = "sealwright totp 1\n";
enum { SEAL_ABOUT_SIZE = sizeof SEAL_LABEL + ID_SIZE_MAX };

/* Nobody's sealed secret opens as somebody else's. */
static struct bytes seal_about(const char *principal, uint8_t buffer[static SEAL_ABOUT_SIZE])
{
	struct writer w = writer_of(buffer, SEAL_ABOUT_SIZE);
	struct bytes about = {0};

	put_text(&w, SEAL_LABEL);
	put_text(&w, principal);
	(void)!writer_done(&w, &about); /* an id fits */
	return about;
}

err totp_begin(struct operational *o, const uint8_t key[static CIPHER_KEY_SIZE],
	       const char *principal, uint8_t secret[static TOTP_SECRET_SIZE], struct fault *f)
{
	uint8_t sealed[SEALED_SIZE], about[SEAL_ABOUT_SIZE];
	int64_t changed = 0;

	TRY(random_bytes(secret, TOTP_SECRET_SIZE, f));
	TRY(cipher_lock(key, seal_about(principal, about), bytes_of(secret, TOTP_SECRET_SIZE),
			sealed, f));
	struct value values[] = {value_name(principal), value_blob(bytes_of(sealed, sizeof sealed)),
				 value_time(clock_wall_ms(o->clock))};
	TRY(operation_write(o, TOTP_SET, values, &changed, f));
	return changed == 1 ? ERR_OK : fail(f, "API_TOTP_EXISTS", NULL);
}

/* ---- how it stands ---- */

static err take_state(void *context, const struct value *columns, size_t n)
{
	struct totp_state *out = context;

	(void)n;
	*out = (struct totp_state){.there = true,
				   .confirmed = columns[0].number == 1,
				   .locked = columns[1].number >= TOTP_WRONG_MAX,
				   .since = (uint64_t)columns[2].number};
	return ERR_OK;
}

err totp_state_read(struct operational *o, const char *principal, struct totp_state *out,
		    struct fault *f)
{
	struct value values[] = {value_name(principal)};

	*out = (struct totp_state){0};
	return operation_read(o, TOTP_FIND, values, take_state, out, f);
}

/* ---- codes ---- */

struct sealed {
	bool found;
	uint8_t b[SEALED_SIZE];
};

static err take_sealed(void *context, const struct value *columns, size_t n)
{
	struct sealed *out = context;

	(void)n;
	out->found = columns[0].bytes.n == sizeof out->b;
	if (out->found)
		memcpy(out->b, columns[0].bytes.p, sizeof out->b);
	return ERR_OK;
}

/* Nothing was there to try: why not. */
static err not_tried(struct operational *o, const char *principal, struct fault *f)
{
	struct totp_state state;

	TRY(totp_state_read(o, principal, &state, f));
	return fail(f, state.locked ? "API_TOTP_LOCKED" : "API_TOTP_NONE", NULL);
}

static err step_of(const struct sealed *sealed, const uint8_t key[static CIPHER_KEY_SIZE],
		   const char *principal, uint64_t now, uint32_t code, uint64_t *step,
		   struct fault *f)
{
	uint8_t secret[TOTP_SECRET_SIZE], about[SEAL_ABOUT_SIZE];
	bool found = false;

	if (!cipher_unlock(key, seal_about(principal, about), bytes_of(sealed->b, SEALED_SIZE),
			   secret))
		return fail(f, "BLOB_KEY_WRONG", NULL);
	err result = totp_find(secret, now, code, &found, step, f);
	bytes_wipe(secret, sizeof secret);
	TRY(result);
	return found ? ERR_OK : fail(f, "API_TOTP_WRONG", NULL);
}

err totp_check(struct operational *o, const uint8_t key[static CIPHER_KEY_SIZE],
	       const char *principal, bool confirmed, uint32_t code, struct fault *f)
{
	uint64_t now = clock_wall_ms(o->clock), step = 0;
	struct sealed sealed = {0};
	int64_t changed = 0;
	struct value values[] = {value_name(principal), value_int(confirmed),
				 value_int(TOTP_WRONG_MAX), value_time(now)};

	TRY(operation_take(o, TOTP_TRY, values, take_sealed, &sealed, f));
	if (!sealed.found)
		return not_tried(o, principal, f);
	TRY(step_of(&sealed, key, principal, now, code, &step, f));
	struct value passed[] = {value_name(principal), value_time(step),
				 value_blob(bytes_of(sealed.b, sizeof sealed.b))};
	TRY(operation_write(o, TOTP_PASS, passed, &changed, f));
	return changed == 1 ? ERR_OK : fail(f, "API_TOTP_WRONG", NULL);
}

err totp_unlock(struct operational *o, const char *principal, struct fault *f)
{
	uint64_t now = clock_wall_ms(o->clock);
	struct value values[] = {value_name(principal),
				 value_time(now < TOTP_LOCKED_MS ? 0 : now - TOTP_LOCKED_MS)};

	return operation_write(o, TOTP_UNLOCK, values, NULL, f);
}

err totp_end(struct operational *o, const char *principal, bool *found, struct fault *f)
{
	struct value values[] = {value_name(principal)};
	int64_t changed = 0;

	TRY(operation_write(o, TOTP_DROP, values, &changed, f));
	*found = changed > 0;
	return ERR_OK;
}
