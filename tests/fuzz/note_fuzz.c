/* SPDX-License-Identifier: Apache-2.0 */
/* A parsed note and checkpoint are written back byte for byte; a key reads back as itself. */
#include <stdlib.h>
#include <string.h>

#include "core/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void must_equal(const struct writer *w, struct bytes want)
{
	struct bytes got;

	must(writer_done(w, &got) && bytes_equal(got, want));
}

/* Stands in for Ed25519: any rule will do to drive the verdicts. */
static bool verify_parity(const uint8_t public_key[static 32], struct bytes message,
			  const uint8_t signature[static 64])
{
	return ((public_key[0] ^ signature[63] ^ message.p[0]) & 1) == 0;
}

static void same_note(const struct note *note, struct bytes in)
{
	static uint8_t buffer[NOTE_SIZE_MAX];
	struct writer w = writer_of(buffer, sizeof buffer);
	bool whole = true;

	put_bytes(&w, note->text);
	put_u8(&w, '\n');
	for (size_t i = 0; i < note->n; i++) {
		const struct note_signature *s = &note->signatures[i];
		struct note_key key = {.id = s->id,
				       .type = (i & 1) ? NOTE_ED25519 : NOTE_COSIGNATURE};
		char name[NOTE_NAME_MAX + 1] = {0};
		uint64_t time;

		memcpy(name, s->name.p, s->name.n);
		memcpy(key.name, name, sizeof name);
		note_put_signature(&w, name, s->id, bytes_of(s->blob, s->blob_n));
		whole = whole && s->blob_n > 0;
		must(note_verify(note, &key, verify_parity, &time) != NOTE_UNSIGNED);
	}
	if (whole)
		must_equal(&w, in);
}

static void same_checkpoint(const struct checkpoint *checkpoint, struct bytes in)
{
	uint8_t buffer[512];
	struct writer w = writer_of(buffer, sizeof buffer);

	checkpoint_put(&w, checkpoint->origin, checkpoint->head);
	must_equal(&w, in);
}

/* The strict reader takes exactly what the other takes without extension lines. */
static void same_extended(struct bytes in)
{
	struct checkpoint plain, extended;
	struct bytes extensions;
	const char *why = NULL;

	if (!checkpoint_parse_extended(in, &extended, &extensions, &why)) {
		must(why != NULL && !checkpoint_parse(in, &plain, &why));
		return;
	}
	must(extensions.n <= in.n && (extensions.n == 0 || in.p[in.n - 1] == '\n'));
	must(checkpoint_parse(in, &plain, &why) == (extensions.n == 0));
	same_checkpoint(&extended, bytes_of(in.p, in.n - extensions.n));
}

static void same_key(const struct note_key *key)
{
	uint8_t buffer[512];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct note_key again;
	struct bytes text;

	note_key_put(&w, key);
	must(writer_done(&w, &text) && note_key_parse(text, &again));
	must(again.id == key->id && again.type == key->type && strcmp(again.name, key->name) == 0);
	must(memcmp(again.public_key, key->public_key, sizeof key->public_key) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct note note;
	struct bytes in = bytes_of(data, n);
	struct checkpoint checkpoint;
	const char *why = NULL;
	struct note_key key;

	if (note_parse(in, &note, &why)) {
		same_note(&note, in);
		if (checkpoint_parse(note.text, &checkpoint, &why))
			same_checkpoint(&checkpoint, note.text);
		same_extended(note.text);
	} else {
		must(why != NULL);
	}
	if (checkpoint_parse(in, &checkpoint, &why))
		same_checkpoint(&checkpoint, in);
	same_extended(in);
	if (note_key_parse(in, &key))
		same_key(&key);
	return 0;
}
