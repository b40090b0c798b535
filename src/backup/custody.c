/* SPDX-License-Identifier: Apache-2.0 */
#include "backup/custody.h"

#include <stdio.h>
#include <string.h>

#include "blob/cipher.h"
#include "core/sha256.h"
#include "crypto/crypto.h"

_Static_assert((int)CUSTODY_EXTRA == (int)CIPHER_EXTRA, "what a chunk takes more");

static const char MAGIC[] = "sealwright-cust1";
enum { MAGIC_SIZE = sizeof MAGIC - 1, AAD_SIZE = CUSTODY_HEADER + 8 };

static err damaged(struct fault *f, const char *why)
{
	return fail(f, "BACKUP_DAMAGED", "why", why, NULL);
}

static struct hash commitment_to(const uint8_t key[static 32])
{
	struct sha256 s;

	sha256_init(&s);
	sha256_update(&s, bytes_text("sealwright custody key"));
	sha256_update(&s, bytes_of(key, 32));
	return sha256_final(&s);
}

static void header_make(struct custody *c)
{
	struct writer w = writer_of(c->header, sizeof c->header);

	put_text(&w, MAGIC);
	put_u8(&w, (uint8_t)c->need);
	put_u8(&w, (uint8_t)c->n);
	put_u64(&w, c->size);
	put_bytes(&w, hash_bytes(&c->commitment));
}

err custody_make(unsigned need, unsigned n, uint64_t size, struct custody *out, struct fault *f)
{
	*out = (struct custody){.need = need, .n = n, .size = size};
	TRY(random_bytes(out->key, sizeof out->key, f));
	out->commitment = commitment_to(out->key);
	header_make(out);
	return ERR_OK;
}

static uint64_t chunks_of(uint64_t size)
{
	return size == 0 ? 1 : (size - 1) / CUSTODY_CHUNK + 1;
}

uint64_t custody_sealed_size(uint64_t size)
{
	return CUSTODY_HEADER + size + chunks_of(size) * CUSTODY_EXTRA;
}

static struct bytes aad_of(const struct custody *c, uint64_t index, uint8_t out[static AAD_SIZE])
{
	struct writer w = writer_of(out, AAD_SIZE);

	put_bytes(&w, bytes_of(c->header, sizeof c->header));
	put_u64(&w, index);
	return bytes_of(out, AAD_SIZE);
}

/* ---- writing ---- */

err custody_begin(struct custody_writer *w, struct fault *f)
{
	return sink_put(w->sink, bytes_of(w->custody->header, CUSTODY_HEADER), f);
}

static err seal_chunk(struct custody_writer *w, struct fault *f)
{
	uint8_t aad[AAD_SIZE];
	struct bytes about = aad_of(w->custody, w->index++, aad);

	TRY(cipher_lock(w->custody->key, about, bytes_of(w->plain, w->held), w->sealed, f));
	size_t n = w->held + CUSTODY_EXTRA;

	w->held = 0;
	return sink_put(w->sink, bytes_of(w->sealed, n), f);
}

err custody_put(struct custody_writer *w, struct bytes content, struct fault *f)
{
	if (content.n > w->custody->size - w->done)
		return fail(f, "BACKUP_MEMBER_UNFIT", "name", "a secret that grew", NULL);
	w->done += content.n;
	while (content.n > 0) {
		size_t room = sizeof w->plain - w->held;
		size_t n = content.n < room ? content.n : room;

		memcpy(w->plain + w->held, content.p, n);
		w->held += n;
		content = bytes_of(content.p + n, content.n - n);
		if (w->held == sizeof w->plain)
			TRY(seal_chunk(w, f));
	}
	return ERR_OK;
}

err custody_close(struct custody_writer *w, struct fault *f)
{
	err e = w->done != w->custody->size
			? fail(f, "BACKUP_MEMBER_UNFIT", "name", "the secrets", NULL)
			: ERR_OK;

	if (e.code == OK && (w->held > 0 || w->done == 0))
		e = seal_chunk(w, f);
	bytes_wipe(w->plain, sizeof w->plain);
	return e;
}

/* ---- reading ---- */

static err read_all(struct source s, uint8_t *out, size_t n, struct fault *f)
{
	size_t got;

	TRY(source_get(s, out, n, &got, f));
	return got == n ? ERR_OK : damaged(f, "its secrets end too early");
}

err custody_open(struct custody_reader *r, uint64_t size, struct fault *f)
{
	struct custody *c = &r->custody;

	TRY(read_all(r->source, c->header, sizeof c->header, f));
	struct reader in = reader_of(bytes_of(c->header, sizeof c->header));
	struct bytes magic = get_bytes(&in, MAGIC_SIZE);

	c->need = get_u8(&in);
	c->n = get_u8(&in);
	c->size = get_u64(&in);
	memcpy(c->commitment.b, get_bytes(&in, 32).p, 32);
	if (!bytes_equal(magic, bytes_text(MAGIC)))
		return damaged(f,
			       "its secrets are sealed in a way that this version does not know");
	if (c->need == 0 || c->need > c->n || c->n > SHAMIR_SHARES_MAX ||
	    c->size > UINT64_C(1) << 40 || custody_sealed_size(c->size) != size)
		return damaged(f, "the head of its secrets does not hold");
	r->left = c->size;
	return ERR_OK;
}

static err open_chunk(struct custody_reader *r, struct fault *f)
{
	uint8_t aad[AAD_SIZE];
	size_t n = r->left < CUSTODY_CHUNK ? (size_t)r->left : (size_t)CUSTODY_CHUNK;
	struct bytes about = aad_of(&r->custody, r->index++, aad);

	TRY(read_all(r->source, r->sealed, n + CUSTODY_EXTRA, f));
	if (!cipher_unlock(r->custody.key, about, bytes_of(r->sealed, n + CUSTODY_EXTRA), r->plain))
		return damaged(f, "a part of its secrets was changed");
	r->left -= n;
	r->held = n;
	r->at = 0;
	return ERR_OK;
}

err custody_get(struct custody_reader *r, uint8_t *out, size_t n, size_t *got, struct fault *f)
{
	*got = 0;
	while (*got < n) {
		/* The one chunk of nothing is read, too: it proves the key. */
		if (r->at == r->held && (r->left > 0 || r->index == 0))
			TRY(open_chunk(r, f));
		size_t part = r->held - r->at < n - *got ? r->held - r->at : n - *got;

		if (part == 0)
			break;
		memcpy(out + *got, r->plain + r->at, part);
		r->at += part;
		*got += part;
	}
	return ERR_OK;
}

void custody_reader_wipe(struct custody_reader *r)
{
	bytes_wipe(r, sizeof *r);
}

/* ---- shares as text ---- */

bool custody_name_valid(struct bytes name)
{
	if (name.n == 0 || name.n > CUSTODY_NAME_MAX || name.p[0] == '.' || name.p[0] == '-')
		return false;
	for (size_t i = 0; i < name.n; i++) {
		uint8_t c = name.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '.' || c == '-' || c == '_'))
			return false;
	}
	return name.p[0] != '_';
}

void share_put(struct writer *w, const struct custody_share *share)
{
	char commitment[65], y[65], check[17], numbers[32];
	size_t begin = w->n;

	hex_encode(hash_bytes(&share->commitment), commitment);
	hex_encode(bytes_of(share->share.y, SHAMIR_SIZE), y);
	(void)snprintf(numbers, sizeof numbers, "%u\nshare = %u ", share->need,
		       (unsigned)share->share.x);
	put_text(w,
		 "Share of the secrets in a Sealwright backup. Keep it from everybody.\nbackup = ");
	put_text(w, commitment);
	put_text(w, "\ncustodian = ");
	put_text(w, share->custodian);
	put_text(w, "\nneed = ");
	put_text(w, numbers);
	put_text(w, y);
	put_text(w, "\n");
	if (!w->full) {
		struct hash digest = sha256(bytes_of(w->p + begin, w->n - begin));
		hex_encode(bytes_of(digest.b, 8), check);
		put_text(w, "check = ");
		put_text(w, check);
		put_text(w, "\n");
	}
	bytes_wipe(y, sizeof y);
}

/* The rest of a line that begins with `name = `; false if it is another. */
static bool line_value(struct reader *r, const char *name, struct bytes *out)
{
	size_t n = strlen(name);
	const uint8_t *end = memchr(r->p, '\n', r->n);

	if (end == NULL || r->n < n + 3 || memcmp(r->p, name, n) != 0 ||
	    memcmp(r->p + n, " = ", 3) != 0 || end < r->p + n + 3)
		return false;
	*out = bytes_of(r->p + n + 3, (size_t)(end - r->p) - n - 3);
	(void)get_bytes(r, (size_t)(end - r->p) + 1);
	return true;
}

/* 1 to 16, without a zero before it. */
static bool small_number(struct bytes text, unsigned *out)
{
	*out = 0;
	if (text.n == 0 || text.n > 2 || text.p[0] == '0')
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		*out = *out * 10 + (unsigned)(text.p[i] - '0');
	}
	return *out <= SHAMIR_SHARES_MAX;
}

static bool share_value(struct bytes text, struct shamir_share *out)
{
	const uint8_t *space = text.n == 0 ? NULL : memchr(text.p, ' ', text.n);
	unsigned x;

	if (space == NULL || !small_number(bytes_of(text.p, (size_t)(space - text.p)), &x))
		return false;
	size_t used = (size_t)(space - text.p) + 1;

	out->x = (uint8_t)x;
	return text.n - used == 64 && hex_decode(bytes_of(text.p + used, 64), out->y, SHAMIR_SIZE);
}

bool share_parse(struct bytes text, struct custody_share *out)
{
	struct custody_share share = {0};
	struct bytes backup, custodian, need, value, check;
	uint8_t sum[8];
	const uint8_t *first = text.n == 0 ? NULL : memchr(text.p, '\n', text.n);

	if (first == NULL || text.n > CUSTODY_SHARE_TEXT)
		return false;
	struct reader r = reader_of(text);
	(void)get_bytes(&r, (size_t)(first - text.p) + 1);
	if (!line_value(&r, "backup", &backup) || !line_value(&r, "custodian", &custodian) ||
	    !line_value(&r, "need", &need) || !line_value(&r, "share", &value))
		return false;
	struct hash digest = sha256(bytes_of(text.p, r.at));
	bool good = line_value(&r, "check", &check) && r.n == 0 && check.n == 16 &&
		    hex_decode(check, sum, sizeof sum) && memcmp(sum, digest.b, sizeof sum) == 0 &&
		    backup.n == 64 && hex_decode(backup, share.commitment.b, 32) &&
		    custody_name_valid(custodian) && small_number(need, &share.need) &&
		    share_value(value, &share.share);
	if (good) {
		memcpy(share.custodian, custodian.p, custodian.n);
		*out = share;
	}
	bytes_wipe(&share, sizeof share);
	return good;
}

static bool seen(const struct shamir_share *chosen, unsigned n, uint8_t x)
{
	for (unsigned i = 0; i < n; i++)
		if (chosen[i].x == x)
			return true;
	return false;
}

err custody_unlock(struct custody *c, const struct custody_share *shares, size_t n, struct fault *f)
{
	struct shamir_share chosen[SHAMIR_SHARES_MAX];
	char need[8], have[8];
	unsigned m = 0;

	for (size_t i = 0; i < n && m < c->need; i++) {
		if (!hash_equal(shares[i].commitment, c->commitment))
			return fail(f, "BACKUP_SHARE_OTHER", "custodian", shares[i].custodian,
				    NULL);
		if (!seen(chosen, m, shares[i].share.x))
			chosen[m++] = shares[i].share;
	}
	(void)snprintf(need, sizeof need, "%u", c->need);
	(void)snprintf(have, sizeof have, "%u", m);
	err e = m < c->need ? fail(f, "BACKUP_SHARES_FEW", "need", need, "have", have, NULL)
			    : ERR_OK;
	if (e.code == OK && (!shamir_combine(chosen, m, c->key) ||
			     !hash_equal(commitment_to(c->key), c->commitment)))
		e = fail(f, "BACKUP_SHARE_WRONG", NULL);
	if (e.code != OK)
		bytes_wipe(c->key, sizeof c->key);
	bytes_wipe(chosen, sizeof chosen);
	return e;
}
