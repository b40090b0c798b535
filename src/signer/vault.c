/* SPDX-License-Identifier: Apache-2.0 */
/* vault.c — opening the signer's folder: keys, checkpoint slots, journal, index. */
#include "signer/vault.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "core/cbor.h"

enum { PATH_SIZE = 4096, GENESIS_MAX = 512 };

err vault_path(const char *folder, const char *name, char out[static 4096], struct fault *f)
{
	int n = snprintf(out, PATH_SIZE, "%s/%s", folder, name);

	if (n < 0 || n >= PATH_SIZE)
		return fail(f, "SIGNER_FOLDER_FAILED", "path", folder, "why",
			    strerror(ENAMETOOLONG), NULL);
	return ERR_OK;
}

/* ---- records ---- */

bool genesis_make(const struct signer_public *public, uint8_t *buffer, size_t cap,
		  struct bytes *out)
{
	struct writer w = writer_of(buffer, cap);

	cbor_put_array(&w, 5);
	cbor_put_uint(&w, RECORD_GENESIS);
	cbor_put_uint(&w, JOURNAL_VERSION);
	cbor_put_text(&w, bytes_text(public->checkpoint.name));
	cbor_put_bytes(&w, bytes_of(public->checkpoint.public_key, 32));
	hash_put(&w, sha256(public->ca_certificate));
	return writer_done(&w, out);
}

struct hash unit_digest(struct bytes product, struct bytes serial)
{
	uint8_t buffer[2 * PRODUCT_MAX + 16];
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct bytes both = {0};

	cbor_put_array(&w, 2);
	cbor_put_text(&w, product);
	cbor_put_text(&w, serial);
	if (!writer_done(&w, &both))
		both = (struct bytes){0}; /* ids are bounded: never */
	return sha256(both);
}

void intent_put(struct writer *w, const struct intent *intent)
{
	cbor_put_array(w, 7);
	hash_put(w, intent->request);
	cbor_put_text(w, intent->product);
	cbor_put_text(w, intent->serial);
	cbor_put_text(w, intent->hardware_type);
	hash_put(w, intent->key);
	cbor_put_bytes(w, bytes_of(intent->certificate_serial, CERTIFICATE_SERIAL_SIZE));
	cbor_put_uint(w, intent->at_ms);
}

void intent_get(struct reader *r, struct intent *out)
{
	array_get(r, 7);
	out->request = hash_get(r);
	out->product = text_get(r, PRODUCT_MAX);
	out->serial = text_get(r, PRODUCT_MAX);
	out->hardware_type = text_get(r, HARDWARE_TYPE_MAX);
	out->key = hash_get(r);
	struct bytes serial = cbor_bytes(r);
	if (r->why == NULL && serial.n != CERTIFICATE_SERIAL_SIZE)
		reader_fail(r, "a certificate serial has not 16 bytes");
	if (r->why == NULL)
		memcpy(out->certificate_serial, serial.p, CERTIFICATE_SERIAL_SIZE);
	out->at_ms = cbor_uint(r);
}

/* ---- reading the journal again ---- */

/* The journal is read before the vault knows more than its keys. */
struct replay {
	struct vault *vault;
	uint64_t records;
};

static err does_not_hold(const char *why, uint64_t at, struct fault *f)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)at);
	return fail(f, "SIGNER_JOURNAL_CORRUPT", "at", text, "why", why, NULL);
}

static err replay_genesis(struct replay *replay, struct bytes record, uint64_t at, struct fault *f)
{
	uint8_t buffer[GENESIS_MAX];
	struct bytes expected;

	if (!genesis_make(&replay->vault->public, buffer, sizeof(buffer), &expected))
		return does_not_hold("its first record cannot be made", at, f);
	if (!bytes_equal(record, expected))
		return fail(f, "SIGNER_KEYS_DIFFER", NULL);
	return ERR_OK;
}

static err replay_intents(struct replay *replay, struct reader *r, struct bytes record, uint64_t at,
			  struct fault *f)
{
	struct issue_index *index = &replay->vault->index;

	if (cbor_uint(r) > replay->vault->last.counter)
		return does_not_hold("the checkpoint file was turned back", at, f);
	for (size_t n = cbor_array(r); r->why == NULL && n > 0; n--) {
		struct intent intent = {0};
		const uint8_t *start = r->p;

		intent_get(r, &intent);
		struct issued issued = {
			.request = intent.request,
			.unit = unit_digest(intent.product, intent.serial),
			.key = intent.key,
			.intent = {at + (uint64_t)(start - record.p), (uint32_t)(r->p - start)},
		};
		if (r->why != NULL)
			break;
		if (index_find(index, INDEX_REQUEST, &issued.request) != NULL ||
		    index_find(index, INDEX_UNIT, &issued.unit) != NULL ||
		    index_find(index, INDEX_KEY, &issued.key) != NULL)
			return does_not_hold("a unit stands in it twice", at, f);
		if (!index_add(index, &issued))
			return fail(f, "MEMORY_EXHAUSTED", "what", "the signer's index", NULL);
	}
	return ERR_OK;
}

static err replay_certificates(struct replay *replay, struct reader *r, struct bytes record,
			       uint64_t at, struct fault *f)
{
	for (size_t n = cbor_array(r); r->why == NULL && n > 0; n--) {
		array_get(r, 2);
		struct hash request = hash_get(r);
		struct bytes der = blob_get(r, CERTIFICATE_SIZE_MAX);

		if (r->why != NULL)
			break;
		struct issued *issued = index_find(&replay->vault->index, INDEX_REQUEST, &request);
		if (issued == NULL || issued->certificate.n != 0 || der.n == 0)
			return does_not_hold("a certificate has no intent, or two", at, f);
		issued->certificate =
			(struct journal_span){at + (uint64_t)(der.p - record.p), (uint32_t)der.n};
	}
	return ERR_OK;
}

static err replay_record(void *context, struct bytes record, uint64_t at, struct fault *f)
{
	struct replay *replay = context;
	struct reader r = reader_of(record);

	if (replay->records++ == 0)
		return replay_genesis(replay, record, at, f);
	size_t parts = cbor_array(&r);
	uint64_t kind = cbor_uint(&r);
	if (parts == 3 && kind == RECORD_INTENTS)
		TRY(replay_intents(replay, &r, record, at, f));
	else if (parts == 2 && kind == RECORD_CERTIFICATES)
		TRY(replay_certificates(replay, &r, record, at, f));
	else
		return does_not_hold("it has an unknown kind of record", at, f);
	if (!reader_end(&r))
		return does_not_hold("a record is not well-formed", at, f);
	return ERR_OK;
}

/* ---- opening ---- */

static err judge_folder(const char *folder, struct fault *f)
{
	struct stat status;

	if (stat(folder, &status) != 0)
		return fail(f, "SIGNER_FOLDER_FAILED", "path", folder, "why", strerror(errno),
			    NULL);
	if (!S_ISDIR(status.st_mode) || (status.st_mode & 077) != 0 ||
	    (status.st_uid != geteuid() && status.st_uid != 0))
		return fail(f, "SIGNER_FOLDER_OPEN_TO_OTHERS", "path", folder, NULL);
	return ERR_OK;
}

static err load_keys(const char *folder, struct bytes passphrase, struct vault *v, struct fault *f)
{
	char path[PATH_SIZE];

	TRY(vault_path(folder, FILE_CHECKPOINT_KEY, path, f));
	TRY(private_key_load(path, passphrase, &v->checkpoint_key, f));
	TRY(vault_path(folder, FILE_CA_KEY, path, f));
	TRY(private_key_load(path, passphrase, &v->ca_key, f));
	TRY(vault_path(folder, FILE_CA, path, f));
	return file_read(&v->arena, path, CERTIFICATE_SIZE_MAX, &v->public.ca_certificate, f);
}

/* The origin stands in the journal's first record; the rest of that record must be what the keys
 * say, which replay_genesis checks when the whole journal is read. */
static err origin_read(const char *path, char origin[static NOTE_NAME_MAX + 1], struct fault *f)
{
	uint8_t start[GENESIS_MAX + 16];
	FILE *file = fopen(path, "rbe");

	if (file == NULL)
		return fail(f, "SIGNER_JOURNAL_FAILED", "what", "open", "why", strerror(errno),
			    NULL);
	size_t n = fread(start, 1, sizeof(start), file);
	(void)fclose(file);
	struct reader r = reader_of(bytes_of(start, n));
	uint32_t length = get_u32(&r);
	(void)get_u32(&r);
	r = reader_of(get_bytes(&r, length));
	array_get(&r, 5);
	(void)cbor_uint(&r);
	(void)cbor_uint(&r);
	struct bytes text = text_get(&r, NOTE_NAME_MAX);
	if (r.why != NULL || text.n == 0 || memchr(text.p, 0, text.n) != NULL)
		return does_not_hold("its first record does not hold", 0, f);
	memcpy(origin, text.p, text.n);
	origin[text.n] = 0;
	return ERR_OK;
}

static err make_public(struct vault *v, const char *origin, struct fault *f)
{
	uint8_t raw[32];

	if (!public_key_ed25519(private_key_public(v->checkpoint_key), raw) ||
	    !note_key_make(origin, NOTE_ED25519, raw, &v->public.checkpoint))
		return fail(f, "SIGNER_KEYS_DIFFER", NULL);
	v->public.ca_key = public_key_id(private_key_public(v->ca_key));
	return ERR_OK;
}

/* A request, a certificate and a note, all thrown away. It proves that keys and CA certificate fit
 * together, and makes OpenSSL load everything before the process locks itself in. */
static err rehearse(struct vault *v, struct fault *f)
{
	static const char text[] = "rehearsal, signs nothing\n";
	struct device_profile profile = {.product = "REHEARSAL",
					 .serial = "REHEARSAL",
					 .hardware_type = "2.25.1",
					 .certificate_serial = {1}};
	struct arena scratch = {0};
	struct private_key *key = NULL;
	struct public_key *asked = NULL;
	struct bytes csr, der, serial;
	uint8_t signature[64];

	err done = private_key_generate(KEY_P256, &key, f);
	if (done.code == OK)
		done = csr_make(&scratch, key, "REHEARSAL", &csr, f);
	if (done.code == OK)
		done = csr_check(&scratch, csr, &asked, &serial, f);
	if (done.code == OK)
		done = certificate_issue_device(&scratch, v->ca_key, v->public.ca_certificate,
						asked, &profile, &der, f);
	if (done.code == OK)
		done = key_sign(v->checkpoint_key, bytes_text(text), signature, f);
	if (done.code == OK &&
	    !ed25519_verify(v->public.checkpoint.public_key, bytes_text(text), signature))
		done = fail(f, "SIGNER_KEYS_DIFFER", NULL);
	private_key_close(key);
	public_key_close(asked);
	arena_done(&scratch);
	return done;
}

err vault_open(const char *folder, struct bytes passphrase, struct vault *out, struct fault *f)
{
	char path[PATH_SIZE], origin[NOTE_NAME_MAX + 1];
	struct replay replay = {.vault = out};

	out->journal.fd = -1;
	out->slots.fd = -1;
	TRY(judge_folder(folder, f));
	TRY(load_keys(folder, passphrase, out, f));
	TRY(vault_path(folder, FILE_JOURNAL, path, f));
	TRY(origin_read(path, origin, f));
	TRY(make_public(out, origin, f));
	TRY(rehearse(out, f));
	TRY(random_bytes(out->index.seed.b, sizeof(out->index.seed.b), f));
	TRY(vault_path(folder, FILE_SLOTS, path, f));
	TRY(slots_open(path, &out->slots, &out->last, f));
	TRY(vault_path(folder, FILE_JOURNAL, path, f));
	return journal_open(path, out->last.journal, replay_record, &replay, &out->journal,
			    &out->cut, f);
}

void vault_close(struct vault *vault)
{
	journal_close(&vault->journal);
	slots_close(&vault->slots);
	index_done(&vault->index);
	private_key_close(vault->checkpoint_key);
	private_key_close(vault->ca_key);
	arena_done(&vault->arena);
	*vault = (struct vault){.journal.fd = -1, .slots.fd = -1};
}
