/* SPDX-License-Identifier: Apache-2.0 */
/* The sentences that records become, and how they are filled. */
#include "core/passport_story_internal.h"

#include "core/cbor.h"

const struct sentence STORY_SENTENCES[] = {
	{"unit.requested", STORY_UNIT, NULL,
	 "unit {serial} of {product} was asked for| under build authorization {authorization}|, "
	 "network address {address}|, offline allowance {allowance}"},
	{"unit.declared", STORY_UNIT, NULL,
	 "unit {serial} of {product} exists already, at site {site}|, built on {built_on}|, "
	 "version {version}|, image {image}|, network address {address}|, customer {customer}"},
	{"unit.built", STORY_UNIT, NULL, "built at station {station}|, by operator {operator}"},
	{"step.completed", STORY_UNIT, NULL,
	 "step {step} completed at station {station}|, by operator {operator}|: {remark}"},
	{"unit.scrapped", STORY_UNIT, NULL, "scrapped: {reason}"},
	{"build.authorized", STORY_AGREED, NULL,
	 "{=author} asked for build authorization {authorization}: {quantity} units of {product}| "
	 "revision {revision}| at site {site}|, line {line}|, until {valid_until~}"},
	{"unit.fitted", STORY_PARTS, "parts",
	 "part {part}: {quantity} pieces of part lot {part_lot} of {supplier}|, at {designators}|, "
	 "{certainty}"},
	{"unit.fitted", STORY_PARTS, "components", "component: unit {serial} of {product}"},
	{"unit.part_removed", STORY_PARTS, NULL,
	 "every piece of part lot {part_lot} of {supplier} was taken out: {reason}"},
	{"part_lot.received", STORY_PARTS, NULL,
	 "part lot {part_lot} of {supplier}: {quantity} pieces of part {part} received at site "
	 "{site}|, date code {date_code}|, packaging {packaging}|, manufacturer's part number "
	 "{manufacturer_part}|, seal {seal}|, purchase order {purchase_order}"},
	{"supplier.registered", STORY_PARTS, NULL,
	 "supplier {supplier}: {name}, {class}, seat in {country}|, tier {tier}"},
	{"supplier.approved", STORY_PARTS, NULL, "supplier {supplier} approved until {expires~}"},
	{"supplier.suspended", STORY_PARTS, NULL, "supplier {supplier} suspended: {reason}"},
	{"firmware.released", STORY_FIRMWARE, NULL,
	 "{=author} asked for firmware release {release}: version {version} for {environment}, "
	 "image "
	 "{image}, security version {security_version}|, configuration {configuration}|, software "
	 "bill {sbom}"},
	{"firmware.emergency", STORY_FIRMWARE, NULL,
	 "{=author} asked for emergency firmware release {release}: version {version} for "
	 "{environment}, image {image}, security version {security_version}: {reason}"},
	{"firmware.reviewed", STORY_FIRMWARE, NULL,
	 "emergency firmware release {release} reviewed: {verdict}, {reason}"},
	{"firmware.withdrawn", STORY_FIRMWARE, NULL,
	 "firmware release {release} withdrawn: {reason}"},
	{"sbom.checked", STORY_FIRMWARE, NULL,
	 "software bill {sbom} compared with advisories of {feed_at~}: {components} components, "
	 "{unknown} of them unknown"},
	{"sbom.checked", STORY_FIRMWARE, "findings",
	 "{advisory} in {component}| {version}|: {state}|, {reason}"},
	{"permit.issued", STORY_FIRMWARE, NULL, "programming permit issued by the signer"},
	{"unit.programmed", STORY_FIRMWARE, NULL,
	 "programmed at station {station} with firmware release {release}, image read back "
	 "{image}|, configuration {configuration}|, by operator {operator}"},
	{"procedure.released", STORY_TESTS, NULL,
	 "test procedure {procedure} revision {revision} released, document {document}"},
	{"test.recorded", STORY_TESTS, NULL,
	 "{verdict}: procedure {procedure} (digest {procedure_digest}), test {sequence} at station "
	 "{station}|, by operator {operator}|, attachment {attachment}"},
	{"test.recorded", STORY_TESTS, "measurements",
	 "measured {measurement}: {value_micro} millionths"},
	{"seal.issued", STORY_CUSTODY, NULL,
	 "seal {seal} of {maker} issued to {holder} at site {site}"},
	{"seal.applied", STORY_CUSTODY, NULL,
	 "seal {seal} of {maker} applied to shipment {shipment} at site {site}"},
	{"seal.checked", STORY_CUSTODY, NULL,
	 "seal {seal} of {maker} checked at site {site}: read as {read}, intact: {intact}"},
	{"seal.broken", STORY_CUSTODY, NULL,
	 "seal {seal} of {maker} broken at site {site}, authorized: {authorized}: {reason}"},
	{"seal.destroyed", STORY_CUSTODY, NULL,
	 "seal {seal} of {maker} destroyed at site {site}|, seen by {seen_by}"},
	{"shipment.planned", STORY_CUSTODY, NULL,
	 "shipment {shipment} from site {from_site} to site {to_site}|, freight carrier "
	 "{freight_carrier}|, route {route}"},
	{"shipment.packed", STORY_CUSTODY, NULL, "shipment {shipment} packed at site {site}"},
	{"shipment.dispatched", STORY_CUSTODY, NULL, "shipment {shipment} may leave"},
	{"shipment.handed_over", STORY_CUSTODY, NULL,
	 "shipment {shipment} given away by {=author} at site {site}, condition {condition}"},
	{"shipment.accepted", STORY_CUSTODY, NULL,
	 "shipment {shipment} taken by {=author} at site {site}, condition {condition}"},
	{"shipment.counted", STORY_CUSTODY, NULL, "shipment {shipment} counted at site {site}"},
	{"shipment.received", STORY_CUSTODY, NULL,
	 "shipment {shipment} received at site {site}, condition {condition}|, by protocol "
	 "{protocol}"},
	{"shipment.admitted", STORY_CUSTODY, NULL, "shipment {shipment} may be used|: {reason}"},
	{"boot.proved", STORY_START, NULL,
	 "started with image {image}, start {boot_count} by its own count"},
	{"hold.placed", STORY_HOLDS, NULL, "{kind} {id}| of {within}| held: {reason}"},
	{"hold.lifted", STORY_HOLDS, NULL,
	 "hold of record {raised_seq} on {kind} {id}| of {within}| lifted: {reason}"},
	{"nonconformance.disposed", STORY_HOLDS, NULL,
	 "nonconformance of record {raised_seq} disposed of: {disposition}, {reason}"},
	{"containment.started", STORY_CONTAINMENTS, NULL,
	 "containment {containment} of {kind} {id}| of {within}|: {reason}"},
	{"containment.ended", STORY_CONTAINMENTS, NULL,
	 "containment {containment} ended: {reason}"},
	{0},
};

/* ---- one sentence ---- */

static bool find(struct bytes map, struct bytes name, struct reader *at)
{
	struct reader r = reader_of(map);

	for (size_t n = map.n == 0 ? 0 : cbor_map(&r); n > 0 && r.why == NULL; n--) {
		bool found = bytes_equal(cbor_text(&r), name);
		if (found) {
			*at = r;
			return true;
		}
		(void)cbor_item(&r);
	}
	return false;
}

/* A digest, or the value that it commits to where the passport shows it. */
static void put_digest(struct writer *w, const struct passport *p, struct bytes digest)
{
	char hex[2 * sizeof(struct hash) + 1];
	struct passport_opening o;
	size_t n;
	struct reader at = passport_openings(p, &n);

	for (size_t i = 0; i < n && passport_next_opening(&at, &o); i++) {
		if (!bytes_equal(hash_bytes(&o.commitment), digest))
			continue;
		put_bytes(w, o.value);
		return;
	}
	hex_encode(digest, hex);
	put_text(w, hex);
}

void story_put_digest(struct writer *w, const struct hash *digest)
{
	char hex[2 * sizeof(struct hash) + 1];

	hex_encode(hash_bytes(digest), hex);
	put_text(w, hex);
}

void story_put_number(struct writer *w, uint64_t v)
{
	uint8_t digits[20];
	size_t n = sizeof digits;

	do
		digits[--n] = (uint8_t)('0' + v % 10);
	while ((v /= 10) > 0);
	put_bytes(w, bytes_of(digits + n, sizeof digits - n));
}

static void put_two(struct writer *w, uint64_t v, const char *after)
{
	put_u8(w, (uint8_t)('0' + v / 10 % 10));
	put_u8(w, (uint8_t)('0' + v % 10));
	put_text(w, after);
}

/* RFC 3339 to the second, UTC. Days to a date: H. Hinnant, "chrono-compatible low-level date algorithms". */
static void put_time(struct writer *w, uint64_t ms)
{
	uint64_t seconds = ms / 1000, days = seconds / 86400 + 719468, era = days / 146097;
	uint64_t day = days - era * 146097;
	uint64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	uint64_t of_year = day - (365 * year + year / 4 - year / 100);
	uint64_t month = (5 * of_year + 2) / 153;

	year += era * 400 + (month >= 10);
	put_two(w, year / 100, "");
	put_two(w, year % 100, "-");
	put_two(w, month < 10 ? month + 3 : month - 9, "-");
	put_two(w, of_year - (153 * month + 2) / 5 + 1, "T");
	put_two(w, seconds / 3600 % 24, ":");
	put_two(w, seconds / 60 % 60, ":");
	put_two(w, seconds % 60, "Z");
}

static bool put_value(struct writer *w, const struct filling *f, struct reader at, bool is_time)
{
	switch (cbor_peek(&at)) {
	case CBOR_TEXT:
		put_bytes(w, cbor_text(&at));
		return true;
	case CBOR_UINT: {
		uint64_t v = cbor_uint(&at);
		if (is_time)
			put_time(w, v);
		else
			story_put_number(w, v);
		return true;
	}
	case CBOR_BOOL:
		put_text(w, cbor_bool(&at) ? "yes" : "no");
		return true;
	case CBOR_BYTES: {
		struct bytes v = cbor_bytes(&at);
		if (v.n != sizeof(struct hash))
			return false;
		put_digest(w, f->p, v);
		return true;
	}
	case CBOR_NINT:
		put_u8(w, '-');
		story_put_number(w, 0 - (uint64_t)cbor_int(&at));
		return true;
	case CBOR_INVALID:
	case CBOR_ARRAY:
	case CBOR_MAP:
	case CBOR_TAG:
	case CBOR_NULL:
		break;
	}
	return false;
}

static bool put_field(struct writer *w, const struct filling *f, struct bytes name)
{
	bool is_time = name.n > 0 && name.p[name.n - 1] == '~';
	struct reader at;

	if (bytes_equal(name, bytes_text("=author"))) {
		put_bytes(w, f->entry->claim.author);
		return true;
	}
	if (is_time)
		name.n--;
	if (!find(f->element, name, &at) && !find(f->entry->claim.body, name, &at))
		return false;
	return put_value(w, f, at, is_time);
}

/* One part; false if a field of it is absent: then nothing of it is written. */
static bool put_part(struct writer *w, const struct filling *f, const char *part, size_t n)
{
	struct writer before = *w;

	for (size_t i = 0; i < n; i++) {
		size_t start = i + 1;
		if (part[i] != '{') {
			put_u8(w, (uint8_t)part[i]);
			continue;
		}
		while (part[++i] != '}')
			;
		if (!put_field(w, f, bytes_of(part + start, i - start))) {
			*w = before;
			return false;
		}
	}
	return true;
}

/* A record without the fields of its first part is told by its type. */
void story_fill(struct writer *w, const struct filling *f, const char *text)
{
	for (bool first = true;; first = false) {
		size_t n = 0;
		while (text[n] != '\0' && text[n] != '|')
			n++;
		if (!put_part(w, f, text, n) && first)
			put_bytes(w, f->entry->claim.type);
		if (text[n] == '\0')
			return;
		text += n + 1;
	}
}

struct bytes story_text(struct bytes map, const char *name)
{
	struct reader at;

	if (!find(map, bytes_text(name), &at) || cbor_peek(&at) != CBOR_TEXT)
		return (struct bytes){0};
	return cbor_text(&at);
}
