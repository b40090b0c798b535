/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/succeed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "core/cbor.h"
#include "core/sha256.h"
#include "signer/admit.h"

#define FILE_NEXT_KEY "checkpoint.next.key"

enum { PATH_SIZE = 4096, NOTE_TEXT_MAX = 1024, RECORD_TEXT_MAX = 512, STATEMENT_MAX = 4096 };

struct succeeding {
	struct vault vault;
	const char *folder;
	struct bytes passphrase;
	struct private_key *next; /* NULL: it has taken its place already */
	struct succession succession;
	struct shown target;
};

static void succeeding_close(struct succeeding *s)
{
	vault_close(&s->vault);
	private_key_close(s->next);
	free(s);
}

static struct succeeding *succeeding_new(const char *folder, struct bytes passphrase)
{
	struct succeeding *s = calloc(1, sizeof(*s));

	if (s != NULL) {
		s->folder = folder;
		s->passphrase = passphrase;
		s->vault.journal.fd = s->vault.slots.fd = -1;
	}
	return s;
}

static err no_memory(struct fault *f)
{
	return fail(f, "MEMORY_EXHAUSTED", "what", "a succession", NULL);
}

static bool is_marked(const char *folder)
{
	char path[PATH_SIZE];

	return vault_path(folder, FILE_RESTORED, path, NULL).code == OK && file_exists(path);
}

err signer_not_restored(const char *folder, struct fault *f)
{
	return is_marked(folder) ? fail(f, "SIGNER_RESTORED", "folder", folder, NULL) : ERR_OK;
}

/* ---- the next key ---- */

static err load_next(struct succeeding *s, struct fault *f)
{
	char path[PATH_SIZE];

	TRY(vault_path(s->folder, FILE_NEXT_KEY, path, f));
	return file_exists(path) ? private_key_load(path, s->passphrase, &s->next, f) : ERR_OK;
}

static err make_next(struct succeeding *s, struct fault *f)
{
	char path[PATH_SIZE];

	if (s->next != NULL)
		return ERR_OK;
	TRY(vault_path(s->folder, FILE_NEXT_KEY, path, f));
	TRY(private_key_generate(KEY_ED25519, &s->next, f));
	return private_key_save(s->next, path, s->passphrase, f);
}

/* By one rename: the old key is gone then. */
static err swap_keys(struct succeeding *s, struct fault *f)
{
	char from[PATH_SIZE], to[PATH_SIZE];

	TRY(vault_path(s->folder, FILE_NEXT_KEY, from, f));
	TRY(vault_path(s->folder, FILE_CHECKPOINT_KEY, to, f));
	if (rename(from, to) != 0)
		return fail(f, "SIGNER_FOLDER_FAILED", "path", from, "why", strerror(errno), NULL);
	return ERR_OK;
}

static struct hash raw_key(const struct private_key *key)
{
	struct hash out = {{0}};

	if (!public_key_ed25519(private_key_public(key), out.b))
		out = (struct hash){{0}};
	return out;
}

/* ---- opening ---- */

/* A crash after the journal and before the keys: the journal names the next key already. */
static err open_vault(struct succeeding *s, struct fault *f)
{
	struct fault why = {0};
	err opened = vault_open(s->folder, s->passphrase, &s->vault, &why);

	if (opened.code != OK && strcmp(why.message, "SIGNER_KEYS_DIFFER") == 0 &&
	    s->next != NULL) {
		vault_close(&s->vault);
		s->vault = (struct vault){.journal.fd = -1, .slots.fd = -1};
		TRY(swap_keys(s, f));
		private_key_close(s->next);
		s->next = NULL;
		return vault_open(s->folder, s->passphrase, &s->vault, f);
	}
	if (opened.code != OK && f != NULL)
		*f = why;
	return opened;
}

err signer_succession_facts(const char *folder, struct bytes passphrase,
			    struct succession_facts *out, struct fault *f)
{
	struct succeeding *s = succeeding_new(folder, passphrase);

	if (s == NULL)
		return no_memory(f);
	*out = (struct succession_facts){.restored = is_marked(folder)};
	err e = load_next(s, f);
	if (e.code == OK)
		e = open_vault(s, f);
	if (e.code == OK)
		e = make_next(s, f);
	if (e.code == OK) {
		memcpy(out->origin, s->vault.public.checkpoint.name, sizeof(out->origin));
		out->last = s->vault.last.head;
		out->next_key = raw_key(s->next);
		out->charter = s->vault.state.charter->charter.revision;
	}
	succeeding_close(s);
	return e;
}

/* ---- judging ---- */

static err other_statement(const char *why, struct fault *f)
{
	return fail(f, "SUCCESSION_WRONG", "why", why, NULL);
}

static err read_statement(struct succeeding *s, struct bytes statement, struct fault *f)
{
	struct entry *entry = &s->target.entry;
	const char *why;

	if (statement.n > STATEMENT_MAX || !claim_parse(statement, &entry->claim, &why) ||
	    !succession_read(&entry->claim, &s->succession, &why))
		return other_statement(statement.n > STATEMENT_MAX ? "it is too large" : why, f);
	entry->claim_bytes = statement;
	s->target.digest = claim_digest(statement);
	return ERR_OK;
}

static err judge_statement(const struct succeeding *s, struct fault *f)
{
	const struct succession *said = &s->succession;
	struct merkle_head last = s->vault.last.head;

	if (!bytes_equal(said->old_origin, bytes_text(s->vault.public.checkpoint.name)))
		return other_statement("it is of another log", f);
	if (s->next == NULL || !hash_equal(said->checkpoint_key, raw_key(s->next)))
		return other_statement("it names another key than the next one of this signer", f);
	if (is_marked(s->folder) && !said->used_up)
		return other_statement("the signer's journal came out of a backup, so that every "
				       "build authorization must count as used up",
				       f);
	/* Who knows of later heads, like a witness, may name them when nothing is counted on. */
	if (said->last.size < last.size || (said->last.size > last.size && !said->used_up) ||
	    (said->last.size == last.size && !hash_equal(said->last.root, last.root)))
		return other_statement("it names another head than this signer signed last", f);
	if (said->recovered.size == last.size && !hash_equal(said->recovered.root, last.root))
		return other_statement("what it says was recovered is not what was signed", f);
	return ERR_OK;
}

/* [claim, proof]. */
static err read_approval(struct succeeding *s, struct bytes file, struct shown *out,
			 struct fault *f)
{
	struct reader r = reader_of(file);
	size_t parts = cbor_array(&r);
	struct bytes claim = cbor_bytes(&r), proof = cbor_item(&r);
	const char *why = "it is not [claim, proof]";

	if (parts != 2 || !reader_end(&r) || !claim_parse(claim, &out->entry.claim, &why) ||
	    !proof_parse(proof, &out->entry.proof, &why))
		return fail(f, "SIGNER_APPROVAL_WRONG", "why", why, NULL);
	if (!bytes_equal(out->entry.claim.origin, s->succession.origin))
		return fail(f, "SIGNER_APPROVAL_WRONG", "why", "it was given for another log",
			    NULL);
	out->entry.claim_bytes = claim;
	out->digest = claim_digest(claim);
	return ERR_OK;
}

static err judge_approvals(struct succeeding *s, const struct bytes *approvals, size_t n,
			   struct arena *a, struct fault *f)
{
	struct shown *shown =
		n == 0 || n > CHARTER_VOTES_MAX ? NULL : arena_array(a, n, sizeof(*shown));
	struct deciding *d = arena_alloc(a, sizeof(*d));

	if (shown == NULL || d == NULL)
		return n == 0 ? fail(f, "SIGNER_APPROVALS_MISSING", "need", "1", "counted", "0",
				     "why", "there are none", NULL)
			      : no_memory(f);
	for (size_t i = 0; i < n; i++)
		TRY(read_approval(s, approvals[i], &shown[i], f));
	*d = (struct deciding){.vault = &s->vault,
			       .arena = a,
			       .target = s->target,
			       .approval_class = "succession"};
	TRY(vault_now(&s->vault, &d->now, f));
	return weigh_files(d, shown, n, f);
}

/* ---- doing ---- */

static err journal_it(struct succeeding *s, struct fault *f)
{
	const struct succession *said = &s->succession;
	struct hash id = public_key_id(private_key_public(s->next));
	uint64_t at = vault_time(&s->vault);
	uint8_t record[RECORD_TEXT_MAX];
	struct writer w = writer_of(record, sizeof(record));
	struct journal_span span;

	cbor_put_array(&w, 5);
	cbor_put_uint(&w, RECORD_SUCCESSION);
	cbor_put_uint(&w, at);
	cbor_put_text(&w, said->origin);
	hash_put(&w, id);
	cbor_put_bool(&w, said->used_up);
	return vault_append(&s->vault, &w, at, &span, f);
}

static err sign_head(const struct vault *v, const struct private_key *key,
		     const struct note_key *name, struct checkpoint_state *state, struct fault *f)
{
	struct writer w = writer_of(state->note, sizeof(state->note));
	uint8_t signature[64];
	struct bytes text;

	(void)v;
	checkpoint_put(&w, bytes_text(name->name), state->head);
	if (!writer_done(&w, &text))
		return no_memory(f);
	TRY(key_sign(key, text, signature, f));
	put_text(&w, "\n");
	note_put_signature(&w, name->name, name->id, bytes_of(signature, sizeof(signature)));
	if (!writer_done(&w, &text))
		return no_memory(f);
	state->note_n = text.n;
	return ERR_OK;
}

static err name_key(const struct succeeding *s, const struct private_key *key, struct note_key *out,
		    struct fault *f)
{
	char origin[NOTE_NAME_MAX + 1] = "";
	struct hash raw = raw_key(key);

	memcpy(origin, s->succession.origin.p, s->succession.origin.n);
	return note_key_make(origin, NOTE_ED25519, raw.b, out)
		       ? ERR_OK
		       : fail(f, "SIGNER_ORIGIN_INVALID", "origin", origin, NULL);
}

/* Whether the last note already carries the new name. */
static bool is_signed(const struct succeeding *s)
{
	const struct checkpoint_state *last = &s->vault.last;

	return last->note_n > s->succession.origin.n &&
	       memcmp(last->note, s->succession.origin.p, s->succession.origin.n) == 0 &&
	       last->note[s->succession.origin.n] == '\n';
}

/* The recovered head is the new log's first, and from here on only what extends it is signed. */
static err move_slots(struct succeeding *s, const struct private_key *key, struct note_key *name,
		      struct fault *f)
{
	struct checkpoint_state state = {.counter = s->vault.last.counter + 1,
					 .head = s->succession.recovered,
					 .journal = s->vault.journal.end};

	TRY(name_key(s, key, name, f));
	if (is_signed(s))
		return ERR_OK;
	TRY(sign_head(&s->vault, key, name, &state, f));
	TRY(slots_write(&s->vault.slots, &state, f));
	s->vault.last = state;
	return ERR_OK;
}

static err unmark(const struct succeeding *s, struct fault *f)
{
	char path[PATH_SIZE];

	TRY(vault_path(s->folder, FILE_RESTORED, path, f));
	if (unlink(path) == 0 || errno == ENOENT)
		return ERR_OK;
	return fail(f, "SIGNER_FOLDER_FAILED", "path", path, "why", strerror(errno), NULL);
}

/* Nothing came after the succession: what was interrupted may end without asking anybody again. */
static bool goes_on_from_here(const struct succeeding *s)
{
	const struct checkpoint_state *last = &s->vault.last;

	return !is_signed(s) || (last->head.size == s->succession.recovered.size &&
				 last->journal.size == s->vault.journal.end.size);
}

static err perform(struct succeeding *s, const struct bytes *approvals, size_t n, struct arena *a,
		   struct note_key *key, struct fault *f)
{
	const struct private_key *signs = s->vault.keys[SIGNER_KEY_CHECKPOINT];
	bool journaled =
		bytes_equal(s->succession.origin, bytes_text(s->vault.public.checkpoint.name));

	if (!journaled) {
		TRY(judge_statement(s, f));
		TRY(judge_approvals(s, approvals, n, a, f));
		TRY(journal_it(s, f));
		TRY(swap_keys(s, f));
		signs = s->next;
	} else if (!hash_equal(s->succession.checkpoint_key, raw_key(signs))) {
		return other_statement("the log goes on under that name with another key", f);
	} else if (is_signed(s) && s->vault.last.head.size < s->succession.recovered.size) {
		return other_statement("the log goes on under that name from fewer entries", f);
	} else if (is_marked(s->folder) && !goes_on_from_here(s)) {
		return other_statement("the folder came out of a backup since then: that takes a "
				       "succession of its own",
				       f);
	}
	TRY(move_slots(s, signs, key, f));
	return unmark(s, f);
}

err signer_succeed(const char *folder, struct bytes passphrase, struct bytes statement,
		   const struct bytes *approvals, size_t n, struct arena *a, struct note_key *key,
		   struct bytes *note, struct fault *f)
{
	struct succeeding *s = succeeding_new(folder, passphrase);

	if (s == NULL)
		return no_memory(f);
	err e = read_statement(s, statement, f);
	if (e.code == OK)
		e = load_next(s, f);
	if (e.code == OK)
		e = open_vault(s, f);
	if (e.code == OK)
		e = perform(s, approvals, n, a, key, f);
	if (e.code == OK) {
		*note = arena_copy(a, bytes_of(s->vault.last.note, s->vault.last.note_n));
		e = note->p == NULL ? no_memory(f) : ERR_OK;
	}
	succeeding_close(s);
	return e;
}
