/* SPDX-License-Identifier: Apache-2.0 */
/* demo_attack_people.c — attacks on approvals. */
#include "sim/demo_internal.h"

#include "core/sha256.h"

#include <string.h>

static err ask_for_release(struct demo *d, const char *release, struct told *waits, struct fault *f)
{
	char hex[65];

	hex_encode(hash_bytes(&d->image_digest), hex);
	return demo_sign(d, "erin", "firmware.released",
			 json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:i}", "release", release,
				   "product", PRODUCT, "version", "9", "environment", ENVIRONMENT,
				   "image", hex, "image_size", (json_int_t)d->image.n,
				   "security_version", SECURITY_VERSION),
			 waits, f);
}

static err agree(struct demo *d, const char *who, const struct told *waits, struct fault *f)
{
	struct told told;

	return demo_sign(d, who, "approval.given", json_pack("{s:s}", "record", waits->digest),
			 &told, f);
}

static err withdraw(struct demo *d, const struct told *waits, struct fault *f)
{
	return demo_sign(d, "erin", "approval.withdrawn",
			 json_pack("{s:s, s:s}", "record", waits->digest, "reason", "an attack"),
			 NULL, f);
}

err attack_author_approves(struct demo *d, const char *tag, struct attack_outcome *out,
			   struct fault *f)
{
	struct told waits;

	TRY(ask_for_release(d, demo_text(d, "FW-%s-OWN", tag), &waits, f));
	TRY(attack_refused(d, "erin", agree(d, "erin", &waits, f), out, f));
	attack_through(out, "1 firmware release of one person");
	return withdraw(d, &waits, f);
}

/* Two accounts that may approve, and one natural person who holds both. */
err attack_one_person_twice(struct demo *d, const char *tag, struct attack_outcome *out,
			    struct fault *f)
{
	const char *first = demo_text(d, "nina-%s", tag), *second = demo_text(d, "nils-%s", tag);
	struct demo_job job = {.id = first,
			       .kind = "person",
			       .what = "administrator",
			       .permissions = "firmware.release.approve",
			       .natural_person = first};
	struct told waits;

	if (first == NULL || second == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(demo_hire(d, &job, f));
	job.id = second;
	TRY(demo_hire(d, &job, f));
	TRY(ask_for_release(d, demo_text(d, "FW-%s-TWICE", tag), &waits, f));
	TRY(agree(d, first, &waits, f));
	TRY(attack_refused(d, second, agree(d, second, &waits, f), out, f));
	attack_through(out, "1 firmware release that one person approved twice");
	return withdraw(d, &waits, f);
}
