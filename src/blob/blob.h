/* SPDX-License-Identifier: Apache-2.0 */
/* blob.h — content-addressed store: files in a folder, named by SHA-256, and their rows in the
 * operational tables. A blob is whole, verified and durable, or it is absent: nothing is ever
 * half visible, whatever step the power fails at; blob_sweep() clears what a crash left behind.
 *
 * Two classes. Evidence is kept as it is while any record names it. Personal blobs are encrypted,
 * each with its own key, from the first byte that reaches the disk; erasing destroys that key.
 *
 * A store, its uploads and readers belong to one thread at a time, like the connection they use.
 * That connection must not be inside a transaction, except for blob_reference(). Any number of
 * stores, threads and processes may share one folder and its tables. */
#ifndef BLOB_BLOB_H
#define BLOB_BLOB_H

#include "db/db.h"

enum { BLOB_KEY_SIZE = 32, BLOB_CHUNK_SIZE = 65536, BLOB_UPLOADER_MAX = 255 };
enum { BLOB_KEEP_MS = 24 * 60 * 60 * 1000 }; /* half uploads and unreferenced blobs live a day */

enum blob_class { BLOB_EVIDENCE = 1, BLOB_PERSONAL = 2 };

struct blob_config {
	const char *folder;
	uint64_t size_max; /* of one blob; 0: 1 GiB */
	uint64_t reserve;  /* bytes of the disk an upload must leave free; 0: 64 MiB */
	const uint8_t
		*key; /* BLOB_KEY_SIZE bytes that wrap the data keys; NULL: no personal blobs */
};

struct blob_info {
	enum blob_class class;
	uint64_t size;
	uint64_t created; /* unix milliseconds */
	bool erased;
	bool is_referenced;
	uint64_t referenced; /* sequence of the first record that names it */
};

struct blob_store;
struct blob_upload;
struct blob_reader;

/* Creates the tables if they are absent: stored_blob and blob_key. */
MUST_CHECK err blob_tables_make(struct db *db, struct fault *f);
/* Opens the folder, creating it 0700. Copies the key; the copy is wiped on close. */
MUST_CHECK err blob_store_open(const struct blob_config *config, struct db *db,
			       struct blob_store **out, struct fault *f);
void blob_store_close(struct blob_store *store); /* NULL is fine */

/* ---- writing ---- */

struct blob_request {
	struct hash digest;
	enum blob_class class;
	uint64_t size;         /* of the whole blob */
	struct bytes uploader; /* who: half uploads are resumed only by whom they belong to */
};

/* Starts an upload, or resumes the half one of the same request. If the blob is already stored,
 * blob_upload_offset() equals its size and nothing needs to be written.
 * BLOB_TOO_LARGE, BLOB_NO_SPACE, BLOB_CLASS, BLOB_ERASED, BLOB_BUSY, BLOB_KEY_MISSING. */
MUST_CHECK err blob_begin(struct blob_store *store, const struct blob_request *request,
			  uint64_t now_ms, struct blob_upload **out, struct fault *f);
/* Where the next byte goes. */
uint64_t blob_upload_offset(const struct blob_upload *upload);
/* Appends. BLOB_OFFSET if `offset` is not where the upload stands, BLOB_TOO_LONG past the size. */
MUST_CHECK err blob_write(struct blob_upload *upload, uint64_t offset, struct bytes data,
			  struct fault *f);
/* Verifies size and digest, makes the blob durable and visible. Closes the upload in every case
 * and sets it to NULL: an incomplete one (BLOB_INCOMPLETE) and one the disk failed can be resumed,
 * one whose digest is wrong (BLOB_DIGEST_WRONG) is gone. */
MUST_CHECK err blob_finish(struct blob_upload **upload, uint64_t now_ms, struct fault *f);
void blob_leave(struct blob_upload **upload); /* closes it, to be resumed later */
void blob_abort(struct blob_upload **upload); /* closes and forgets it */

/* ---- reading ---- */

/* BLOB_MISSING if there is none. An erased blob that a record names is found, as erased. */
MUST_CHECK err blob_find(struct blob_store *store, struct hash digest, struct blob_info *out,
			 struct fault *f);
/* BLOB_MISSING, BLOB_ERASED, BLOB_CORRUPT, BLOB_KEY_MISSING, BLOB_KEY_WRONG. */
MUST_CHECK err blob_open(struct blob_store *store, struct hash digest, struct blob_reader **out,
			 struct fault *f);
uint64_t blob_reader_size(const struct blob_reader *reader);
enum blob_class blob_reader_class(const struct blob_reader *reader);
/* The next bytes, at most `cap`; `*n` is 0 only at the end. Every chunk of a personal blob is
 * authenticated before it is given out; the last bytes of any blob are given out only if the whole
 * matches its digest (else BLOB_CORRUPT). */
MUST_CHECK err blob_read(struct blob_reader *reader, void *out, size_t cap, size_t *n,
			 struct fault *f);
/* The file of an evidence blob, for sendfile(2), unchecked; -1 for a personal one. Owned by the
 * reader. */
int blob_reader_fd(const struct blob_reader *reader);
void blob_reader_close(struct blob_reader *reader); /* NULL is fine */
/* The whole blob into the arena, checked; BLOB_TOO_LARGE past `max`. */
MUST_CHECK err blob_load(struct blob_store *store, struct arena *a, struct hash digest, size_t max,
			 struct bytes *out, struct fault *f);
/* Reads it all and compares: for audits. */
MUST_CHECK err blob_check(struct blob_store *store, struct hash digest, struct fault *f);

/* ---- keeping and erasing ---- */

/* Notes that record `sequence` names the blob, inside the caller's transaction if there is one.
 * The first sequence stays. BLOB_MISSING, BLOB_ERASED. */
MUST_CHECK err blob_reference(struct blob_store *store, struct hash digest, uint64_t sequence,
			      struct fault *f);
/* Destroys the data key of a personal blob (overwritten, then deleted, then committed) and its
 * file; again is fine. Deletes evidence that no record names; else BLOB_REFERENCED. What the
 * database engine or the disk still holds of old pages can be read only with the store key. */
MUST_CHECK err blob_erase(struct blob_store *store, struct hash digest, struct fault *f);

struct blob_swept {
	uint64_t uploads; /* half uploads that expired */
	uint64_t blobs;   /* blobs that no record came to name */
	uint64_t files;   /* files without a row: a crash left them */
	uint64_t keys;    /* keys without a blob */
};
/* Clears what is older than a day: run it a few times a day. Files are aged by the disk's time. */
MUST_CHECK err blob_sweep(struct blob_store *store, uint64_t now_ms, struct blob_swept *out,
			  struct fault *f);

#endif
