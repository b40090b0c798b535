/* SPDX-License-Identifier: Apache-2.0 */
#include "core/note.h"

#include "core/sha256.h"

enum {
	KEY_ID_SIZE = 4,
	PUBLIC_KEY_SIZE = 32,
	SIGNATURE_SIZE = 64,
	TIME_SIZE = 8,
	/* "cosignature/v1\ntime " and twenty digits and a line feed */
	COSIGNATURE_HEAD_MAX = 48,
};

/* A signature line starts with an em dash, U+2014, and a space. */
static const char DASH[] = "\xE2\x80\x94 ";

/* ---- small parts ---- */

static uint32_t u32_of(const uint8_t b[static KEY_ID_SIZE])
{
	struct reader r = reader_of(bytes_of(b, KEY_ID_SIZE));

	return get_u32(&r);
}

static void put_base64(struct writer *w, struct bytes first, struct bytes rest)
{
	for (size_t i = 0; i < first.n + rest.n; i += 3) {
		uint8_t group[3];
		char digits[5];
		size_t n = 0;

		for (; n < 3 && i + n < first.n + rest.n; n++)
			group[n] = i + n < first.n ? first.p[i + n] : rest.p[i + n - first.n];
		base64_encode(bytes_of(group, n), digits);
		put_text(w, digits);
	}
}

static void put_decimal(struct writer *w, uint64_t v)
{
	char digits[20];
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	put_bytes(w, bytes_of(digits + at, sizeof digits - at));
}

/* Digits only, no leading zero, at most 2^64 - 1. */
static bool parse_decimal(struct bytes text, uint64_t *out)
{
	uint64_t v = 0;

	if (text.n == 0 || (text.n > 1 && text.p[0] == '0'))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9' || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(text.p[i] - '0'), &v))
			return false;
	}
	*out = v;
	return true;
}

/* Splits off what stands before the first `mark`, and the mark; false if there is none. */
static bool cut(struct bytes *text, uint8_t mark, struct bytes *before)
{
	for (size_t i = 0; i < text->n; i++) {
		if (text->p[i] != mark)
			continue;
		*before = bytes_of(text->p, i);
		*text = bytes_of(text->p + i + 1, text->n - i - 1);
		return true;
	}
	return false;
}

static bool starts_with(struct bytes text, const char *prefix)
{
	struct bytes want = bytes_text(prefix);

	return text.n >= want.n && bytes_equal(bytes_of(text.p, want.n), want);
}

/* No control character but line feeds, and valid UTF-8. */
static bool is_plain(struct bytes text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < 0x20 && text.p[i] != '\n')
			return false;
	}
	return utf8_valid(text);
}

/* Unicode's White_Space beyond ASCII, as three bytes of valid UTF-8 at `p` or two when shorter:
 * U+0085, U+00A0, U+1680, U+2000 to U+200A, U+2028, U+2029, U+202F, U+205F, U+3000. */
static bool is_wide_space(const uint8_t *p, size_t n)
{
	if (n >= 2 && p[0] == 0xC2)
		return p[1] == 0x85 || p[1] == 0xA0;
	if (n < 3)
		return false;
	if (p[0] == 0xE2 && p[1] == 0x80)
		return p[2] <= 0x8A || p[2] == 0xA8 || p[2] == 0xA9 || p[2] == 0xAF;
	if (p[0] == 0xE1)
		return p[1] == 0x9A && p[2] == 0x80;
	if (p[0] == 0xE2)
		return p[1] == 0x81 && p[2] == 0x9F;
	return p[0] == 0xE3 && p[1] == 0x80 && p[2] == 0x80;
}

/* A key's name: not empty, no space of any kind, no plus sign. */
static bool name_valid(struct bytes name)
{
	if (name.n == 0 || name.n > NOTE_NAME_MAX || !utf8_valid(name))
		return false;
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] <= 0x20 || name.p[i] == '+' || name.p[i] == 0x7F ||
		    is_wide_space(name.p + i, name.n - i))
			return false;
	}
	return true;
}

/* ---- keys ---- */

uint32_t note_key_id(const char *name, uint8_t type, const uint8_t public_key[static 32])
{
	uint8_t separator[] = {'\n', type};
	struct sha256 s;
	struct hash digest;

	sha256_init(&s);
	sha256_update(&s, bytes_text(name));
	sha256_update(&s, bytes_of(separator, sizeof separator));
	sha256_update(&s, bytes_of(public_key, PUBLIC_KEY_SIZE));
	digest = sha256_final(&s);
	return u32_of(digest.b);
}

bool note_key_make(const char *name, uint8_t type, const uint8_t public_key[static 32],
		   struct note_key *out)
{
	struct bytes text = bytes_text(name);
	struct note_key key = {.type = type};

	if (!name_valid(text) || (type != NOTE_ED25519 && type != NOTE_COSIGNATURE))
		return false;
	__builtin_memcpy(key.name, text.p, text.n);
	__builtin_memcpy(key.public_key, public_key, PUBLIC_KEY_SIZE);
	key.id = note_key_id(key.name, type, public_key);
	*out = key;
	return true;
}

bool note_key_parse(struct bytes text, struct note_key *out)
{
	char name[NOTE_NAME_MAX + 1] = {0};
	uint8_t id[KEY_ID_SIZE], typed_key[1 + PUBLIC_KEY_SIZE];
	struct bytes name_text, id_text;
	struct note_key key;
	size_t n;

	if (!cut(&text, '+', &name_text) || !cut(&text, '+', &id_text))
		return false;
	/* A zero inside the name would end it early as a C string. */
	if (!name_valid(name_text) || !hex_decode(id_text, id, sizeof id))
		return false;
	if (!base64_decode(text, typed_key, sizeof typed_key, &n) || n != sizeof typed_key)
		return false;
	__builtin_memcpy(name, name_text.p, name_text.n);
	if (!note_key_make(name, typed_key[0], typed_key + 1, &key))
		return false;
	if (key.id != u32_of(id))
		return false;
	*out = key;
	return true;
}

void note_key_put(struct writer *w, const struct note_key *key)
{
	uint8_t id[KEY_ID_SIZE];
	struct writer id_writer = writer_of(id, sizeof id);
	char id_text[2 * sizeof id + 1];

	put_u32(&id_writer, key->id);
	hex_encode(bytes_of(id, sizeof id), id_text);
	put_text(w, key->name);
	put_u8(w, '+');
	put_text(w, id_text);
	put_u8(w, '+');
	put_base64(w, bytes_of(&key->type, 1), bytes_of(key->public_key, PUBLIC_KEY_SIZE));
}

/* ---- notes ---- */

/* Strict base64 of any length, checked in pieces of which only the last may have padding. */
static bool base64_valid(struct bytes text, size_t *n)
{
	uint8_t piece[48];
	size_t got = sizeof piece;

	for (*n = 0; text.n > 0; *n += got) {
		size_t take = text.n < 64 ? text.n : 64;

		if (got != sizeof piece ||
		    !base64_decode(bytes_of(text.p, take), piece, sizeof piece, &got))
			return false;
		text = bytes_of(text.p + take, text.n - take);
	}
	return true;
}

/* `line` without its line feed: "— name base64". */
static bool parse_signature(struct bytes line, struct note_signature *out)
{
	uint8_t blob[KEY_ID_SIZE + sizeof out->blob];
	size_t n;

	if (!starts_with(line, DASH))
		return false;
	line = bytes_of(line.p + sizeof DASH - 1, line.n - (sizeof DASH - 1));
	if (!cut(&line, ' ', &out->name) || !name_valid(out->name))
		return false;
	if (!base64_valid(line, &n) || n <= KEY_ID_SIZE)
		return false;
	/* A longer blob is of a kind that is not known here; its first 64 digits hold the id. */
	out->blob_n = n <= sizeof blob ? n - KEY_ID_SIZE : 0;
	if (n > sizeof blob)
		line.n = 64;
	if (!base64_decode(line, blob, sizeof blob, &n))
		return false;
	out->id = u32_of(blob);
	__builtin_memcpy(out->blob, blob + KEY_ID_SIZE, out->blob_n);
	return true;
}

/* The last empty line separates the text, which keeps its line feed, from the signatures. */
static bool split_note(struct bytes in, struct bytes *text, struct bytes *signatures)
{
	for (size_t i = in.n; i >= 2; i--) {
		if (in.p[i - 1] != '\n' || in.p[i - 2] != '\n')
			continue;
		*text = bytes_of(in.p, i - 1);
		*signatures = bytes_of(in.p + i, in.n - i);
		return true;
	}
	return false;
}

static const char *parse_note(struct bytes in, struct note *out)
{
	struct bytes lines, line;

	if (in.n > NOTE_SIZE_MAX)
		return "the note is too large";
	if (!is_plain(in))
		return "the note is not plain UTF-8 text";
	if (!split_note(in, &out->text, &lines))
		return "the note has no empty line before its signatures";
	if (lines.n == 0)
		return "the note has no signature";
	for (out->n = 0; lines.n > 0; out->n++) {
		if (out->n == NOTE_SIGNATURES_MAX)
			return "the note has too many signatures";
		if (!cut(&lines, '\n', &line) || !parse_signature(line, &out->signatures[out->n]))
			return "a signature line of the note is malformed";
	}
	return NULL;
}

bool note_parse(struct bytes in, struct note *out, const char **why)
{
	*why = parse_note(in, out);
	return !*why;
}

void note_put_signature(struct writer *w, const char *name, uint32_t id, struct bytes blob)
{
	uint8_t id_bytes[KEY_ID_SIZE];
	struct writer id_writer = writer_of(id_bytes, sizeof id_bytes);

	put_u32(&id_writer, id);
	put_text(w, DASH);
	put_text(w, name);
	put_u8(w, ' ');
	put_base64(w, bytes_of(id_bytes, sizeof id_bytes), blob);
	put_u8(w, '\n');
}

static bool verify_cosignature(const struct note *note, const struct note_key *key,
			       const struct note_signature *s, note_verify_fn *verify,
			       uint64_t *time)
{
	uint8_t buffer[COSIGNATURE_HEAD_MAX + NOTE_COSIGNED_MAX];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct reader r = reader_of(bytes_of(s->blob, s->blob_n));
	uint64_t at = get_u64(&r);
	struct bytes message, signature = get_bytes(&r, SIGNATURE_SIZE);

	if (!reader_end(&r) || note->text.n > NOTE_COSIGNED_MAX)
		return false;
	cosignature_put_message(&w, at, note->text);
	if (!writer_done(&w, &message) || !verify(key->public_key, message, signature.p))
		return false;
	if (at > *time)
		*time = at;
	return true;
}

static bool verify_signature(const struct note *note, const struct note_key *key,
			     const struct note_signature *s, note_verify_fn *verify, uint64_t *time)
{
	if (key->type == NOTE_COSIGNATURE)
		return verify_cosignature(note, key, s, verify, time);
	return key->type == NOTE_ED25519 && s->blob_n == SIGNATURE_SIZE &&
	       verify(key->public_key, note->text, s->blob);
}

enum note_verdict note_verify(const struct note *note, const struct note_key *key,
			      note_verify_fn *verify, uint64_t *time)
{
	struct bytes name = bytes_text(key->name);
	enum note_verdict verdict = NOTE_UNSIGNED;
	uint64_t latest = 0;

	for (size_t i = 0; i < note->n; i++) {
		const struct note_signature *s = &note->signatures[i];

		if (s->id != key->id || !bytes_equal(s->name, name))
			continue;
		if (!verify_signature(note, key, s, verify, &latest))
			return NOTE_BAD_SIGNATURE;
		verdict = NOTE_VALID;
	}
	if (verdict == NOTE_VALID && time)
		*time = latest;
	return verdict;
}

/* ---- checkpoints ---- */

void checkpoint_put(struct writer *w, struct bytes origin, struct merkle_head head)
{
	put_bytes(w, origin);
	put_u8(w, '\n');
	put_decimal(w, head.size);
	put_u8(w, '\n');
	put_base64(w, hash_bytes(&head.root), (struct bytes){0});
	put_u8(w, '\n');
}

/* What is left after the three lines is placed in `rest`. */
static const char *parse_checkpoint(struct bytes text, struct checkpoint *out, struct bytes *rest)
{
	struct bytes size, root;
	size_t n;

	if (!is_plain(text))
		return "the checkpoint is not plain UTF-8 text";
	if (!cut(&text, '\n', &out->origin) || !cut(&text, '\n', &size) || !cut(&text, '\n', &root))
		return "the checkpoint must be three lines";
	*rest = text;
	if (out->origin.n == 0 || out->origin.n > NOTE_NAME_MAX)
		return "the checkpoint's origin must have 1 to 255 bytes";
	if (!parse_decimal(size, &out->head.size))
		return "the checkpoint's size is not a plain decimal number";
	if (!base64_decode(root, out->head.root.b, sizeof out->head.root.b, &n) ||
	    n != sizeof out->head.root.b)
		return "the checkpoint's root must be base64 of 32 bytes";
	return NULL;
}

bool checkpoint_parse(struct bytes text, struct checkpoint *out, const char **why)
{
	struct checkpoint got;
	struct bytes rest;

	*why = parse_checkpoint(text, &got, &rest);
	if (!*why && rest.n > 0)
		*why = "the checkpoint has lines that are not known here";
	if (!*why)
		*out = got;
	return !*why;
}

static bool lines_whole(struct bytes lines)
{
	struct bytes line;

	while (lines.n > 0) {
		if (!cut(&lines, '\n', &line) || line.n == 0)
			return false;
	}
	return true;
}

bool checkpoint_parse_extended(struct bytes text, struct checkpoint *out, struct bytes *extensions,
			       const char **why)
{
	struct checkpoint got;
	struct bytes rest;

	*why = parse_checkpoint(text, &got, &rest);
	if (!*why && !lines_whole(rest))
		*why = "an extension line of the checkpoint is empty or not ended";
	if (!*why) {
		*out = got;
		*extensions = rest;
	}
	return !*why;
}

void cosignature_put_message(struct writer *w, uint64_t time, struct bytes text)
{
	put_text(w, "cosignature/v1\ntime ");
	put_decimal(w, time);
	put_u8(w, '\n');
	put_bytes(w, text);
}
