/* SPDX-License-Identifier: Apache-2.0 */
/* What is known to be wrong with the software of a product: one check of one software bill. */
#include "record/check.h"

struct sbom_finding {
	struct text component, version, severity, reason;
	struct id advisory, state;
};
static const struct field sbom_finding[] = {
	SIZED(sbom_finding, component, REQUIRED, 200, "package URL without version, or the name"),
	SIZED(sbom_finding, version, OPTIONAL, 128, "version that the software bill says"),
	FIELD(sbom_finding, advisory, REQUIRED, "number of the advisory, like CVE-2026-1234"),
	SIZED(sbom_finding, severity, OPTIONAL, 200,
	      "as the advisory gives it, like a CVSS vector"),
	CHOICE(sbom_finding, state, REQUIRED, "affected|not_affected|accepted|unknown",
	       "not_affected and accepted are decisions, and need a reason"),
	SIZED(sbom_finding, reason, OPTIONAL, 500,
	      "why it was decided so, or what is missing to say it"),
	{0},
};

struct sbom_checked {
	struct id product;
	struct hash sbom, feed;
	struct instant feed_at;
	int64_t components, unknown;
	struct list findings;
};
static const struct field sbom_checked[] = {
	FIELD(sbom_checked, product, REQUIRED, "product that the software is for"),
	FIELD(sbom_checked, sbom, REQUIRED | STORED, "digest of the software bill (CycloneDX)"),
	FIELD(sbom_checked, feed, REQUIRED | STORED, "digest of the advisories (OSV)"),
	FIELD(sbom_checked, feed_at, REQUIRED,
	      "how far the advisories reach: when they were fetched"),
	NUMBER(sbom_checked, components, REQUIRED, 0, 100000, "components that were looked at"),
	NUMBER(sbom_checked, unknown, REQUIRED, 0, 100000,
	       "components of which it cannot be said whether something is wrong with them"),
	LIST(sbom_checked, findings, OPTIONAL, sbom_finding, struct sbom_finding, 300,
	     "what concerns a component, or may, and what was decided about it"),
	{0},
};
struct sbom_checked_outputs {
	struct id sbom_id;
};
static const struct field sbom_checked_outputs[] = {
	FIELD(sbom_checked_outputs, sbom_id, REQUIRED, "the software bill's digest, hexadecimal"),
	{0},
};

/* The subject is named by text: what joins a passport needs the digest as one. */
static err check_sbom_checked(struct check_context *context, const void *body, uint64_t present,
			      void *outputs, uint64_t *outputs_present, struct fault *f)
{
	const struct sbom_checked *b = body;
	struct sbom_checked_outputs *out = outputs;

	(void)context;
	(void)present;
	(void)f;
	hex_encode(hash_bytes(&b->sbom), out->sbom_id.text);
	out->sbom_id.n = 64;
	*outputs_present = 1;
	return ERR_OK;
}

static const struct record_type sbom_types[] = {
	{.name = "sbom.checked",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "sbom.check",
	 .origin = SIGNED,
	 .subject = {"sbom", "product", "sbom"},
	 .scope = "sbom.product",
	 .size = sizeof(struct sbom_checked),
	 .fields = sbom_checked,
	 .outputs_size = sizeof(struct sbom_checked_outputs),
	 .outputs = sbom_checked_outputs,
	 .check = check_sbom_checked,
	 .help = "A software bill was compared with advisories, component by component."},
	{0},
};

extern const char sbom_sql[];
const struct area sbom_area = {"sbom", sbom_types, sbom_sql};
