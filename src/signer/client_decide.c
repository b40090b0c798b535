/* SPDX-License-Identifier: Apache-2.0 */
/* client_decide.c — the client's side of decisions: evidence goes out, signed documents come back. */
#include <string.h>

#include "core/cbor.h"
#include "signer/client.h"

enum { PROVED_ROOM = SPKI_SIZE_MAX + MERKLE_DEPTH_MAX * PATH_ITEM + 64 };

/* ---- what is final ---- */

/* Refusals that no later request for the same can change. Whatever may become right with more
 * approvals, another head, another clock or another charter is not here. */
bool signer_final(const struct fault *f)
{
	static const char *const FINAL[] = {
		"SIGNER_ALREADY_ISSUED",
		"SIGNER_APPROVAL_SPENT",
		"SIGNER_AUTHORIZATION_FOR_OTHER",
		"SIGNER_AUTHORIZATION_OVER",
		"SIGNER_BODY_WRONG",
		"SIGNER_CHARTER_IN_FORCE",
		"SIGNER_CHARTER_NOT_NEXT",
		"SIGNER_DENIED",
		"SIGNER_ENDED",
		"SIGNER_ENTRY_MALFORMED",
		"SIGNER_ID_TAKEN",
		"SIGNER_NOT_FRESH",
		"SIGNER_OTHER_ENVIRONMENT",
		"SIGNER_OTHER_LOG",
		"SIGNER_QUOTA_SPENT",
		"SIGNER_RELEASE_OF_OTHER",
		"SIGNER_RELEASE_OLDER",
		"SIGNER_REQUEST_OVER",
		"SIGNER_SERIAL_DIFFERS",
		"SIGNER_STATIONS_MISSING",
		"SIGNER_STATION_UNKNOWN",
		"SIGNER_TYPE_UNKNOWN",
		"SIGNER_UNIT_UNKNOWN",
		"CHARTER_WRONG",
		"CERTIFICATE_HOST_INVALID",
		"CERTIFICATE_LIFE_TOO_LONG",
		"CERTIFICATE_NAME_INVALID",
		"CERTIFICATE_OID_INVALID",
		"CSR_MALFORMED",
		"CSR_NOT_POSSESSED",
		"CSR_SERIAL_INVALID",
	};

	for (size_t i = 0; f->message != NULL && i < sizeof(FINAL) / sizeof(FINAL[0]); i++)
		if (strcmp(f->message, FINAL[i]) == 0)
			return true;
	return false;
}

/* ---- evidence ---- */

static err no_memory(struct fault *f)
{
	return fail(f, "MEMORY_EXHAUSTED", "what", "a request to the signer", NULL);
}

/* The path as it travels: one byte string after the other. */
static err put_proved(const struct proved_entry *entry, struct arena *a, struct proved *out,
		      struct fault *f)
{
	size_t room = entry->path_n * PATH_ITEM;
	uint8_t *p = arena_alloc(a, room + 1);
	struct writer w = writer_of(p, room);

	if (p == NULL)
		return no_memory(f);
	if (entry->path_n > MERKLE_DEPTH_MAX)
		return fail(f, "SIGNER_REQUEST_MALFORMED", "why", "a path is too long", NULL);
	*out = (struct proved){.sequence = entry->sequence,
			       .entry = entry->entry,
			       .path_n = entry->path_n,
			       .author_key = entry->author_key};
	for (size_t i = 0; i < entry->path_n; i++)
		hash_put(&w, entry->path[i]);
	return writer_done(&w, &out->path) ? ERR_OK : no_memory(f);
}

static size_t room_of(const struct proved_entry *entry)
{
	return entry->entry.n + PROVED_ROOM;
}

/* As many entries from `first` on as fit in one frame, at most `most`. */
static err put_entries(const struct evidence *evidence, size_t first, size_t most, struct arena *a,
		       struct signer_request *out, size_t *room, struct fault *f)
{
	*room = SMALL_ROOM;
	out->size = evidence->size;
	for (; out->n < most && first + out->n < evidence->n; out->n++) {
		const struct proved_entry *entry = &evidence->entries[first + out->n];

		if (out->n > 0 && *room + room_of(entry) > FRAME_MAX)
			break;
		*room += room_of(entry);
		TRY(put_proved(entry, a, &out->proved[out->n], f));
	}
	return ERR_OK;
}

static err new_request(struct arena *a, enum operation operation, struct signer_request **out,
		       struct fault *f)
{
	*out = arena_alloc(a, sizeof(**out));
	if (*out == NULL)
		return no_memory(f);
	(*out)->operation = operation;
	return ERR_OK;
}

/* ---- decisions ---- */

err signer_decide(struct signer_client *c, enum signer_decision decision,
		  const struct evidence *evidence, struct arena *a, struct bytes *document,
		  struct fault *f)
{
	static const enum operation OPERATION[] = {
		[DECISION_POLICY] = OPERATION_POLICY,
		[DECISION_AUTHORIZE] = OPERATION_AUTHORIZE,
		[DECISION_FIRMWARE] = OPERATION_FIRMWARE,
		[DECISION_CREDENTIAL] = OPERATION_CREDENTIAL,
	};
	struct signer_request *request;
	struct reader value;
	size_t room;

	TRY(new_request(a, OPERATION[decision], &request, f));
	TRY(put_entries(evidence, 0, PROVED_MAX, a, request, &room, f));
	if (request->n < evidence->n)
		return fail(f, "SIGNER_REQUEST_MALFORMED", "why", "there are too many approvals",
			    NULL);
	TRY(signer_call(c, request, room, a, &value, f));
	struct bytes signed_document = blob_get(&value, CERTIFICATE_SIZE_MAX);
	TRY(reply_end(&value, f));
	*document = signed_document;
	return ERR_OK;
}

err signer_issue_units(struct signer_client *c, const struct evidence *requests, struct arena *a,
		       struct issued_unit *out, struct fault *f)
{
	for (size_t at = 0; at < requests->n;) {
		struct signer_request *request;
		struct reader value;
		size_t room;

		TRY(new_request(a, OPERATION_ISSUE, &request, f));
		TRY(put_entries(requests, at, BATCH_MAX, a, request, &room, f));
		TRY(signer_call(c, request, room, a, &value, f));
		array_get(&value, request->n);
		for (size_t i = 0; i < request->n; i++) {
			struct issued_unit *unit = &out[at + i];

			*unit = (struct issued_unit){0};
			unit->certificate =
				reply_get_issued(&value, &unit->receipt, &unit->why_not);
		}
		TRY(reply_end(&value, f));
		at += request->n;
	}
	return ERR_OK;
}

err signer_permit(struct signer_client *c, const struct evidence *requests, struct arena *a,
		  struct bytes *permits, struct fault *faults, struct fault *f)
{
	for (size_t at = 0; at < requests->n;) {
		struct signer_request *request;
		struct reader value;
		size_t room;

		TRY(new_request(a, OPERATION_PERMIT, &request, f));
		TRY(put_entries(requests, at, BATCH_MAX, a, request, &room, f));
		TRY(signer_call(c, request, room, a, &value, f));
		array_get(&value, request->n);
		for (size_t i = 0; i < request->n; i++)
			permits[at + i] = reply_get_issued(&value, NULL, &faults[at + i]);
		TRY(reply_end(&value, f));
		at += request->n;
	}
	return ERR_OK;
}

/* ---- one record ---- */

static err send_record(struct signer_client *c, enum operation operation, struct bytes record,
		       struct arena *a, struct reader *value, struct fault *f)
{
	struct signer_request *request;

	TRY(new_request(a, operation, &request, f));
	request->record = record;
	return signer_call(c, request, record.n + SMALL_ROOM, a, value, f);
}

err signer_deny(struct signer_client *c, struct bytes record, struct hash *digest, uint64_t *issued,
		struct fault *f)
{
	struct arena scratch = {0};
	struct reader value;
	struct hash target = {{0}};
	uint64_t count = 0;

	err done = send_record(c, OPERATION_DENY, record, &scratch, &value, f);
	if (done.code == OK) {
		array_get(&value, 2);
		target = hash_get(&value);
		count = cbor_uint(&value);
		done = reply_end(&value, f);
	}
	arena_done(&scratch);
	TRY(done);
	*digest = target;
	*issued = count;
	return ERR_OK;
}

err signer_witnessed(struct signer_client *c, struct bytes note, struct fault *f)
{
	struct arena scratch = {0};
	struct reader value;

	err done = send_record(c, OPERATION_WITNESSED, note, &scratch, &value, f);
	if (done.code == OK) {
		(void)head_get(&value);
		done = reply_end(&value, f);
	}
	arena_done(&scratch);
	return done;
}

err signer_nonce(struct signer_client *c, struct arena *a, struct bytes *note, struct fault *f)
{
	struct signer_request *request;
	struct reader value;

	TRY(new_request(a, OPERATION_NONCE, &request, f));
	TRY(signer_call(c, request, SMALL_ROOM, a, &value, f));
	struct bytes told = blob_get(&value, NOTE_SIZE_MAX);
	TRY(reply_end(&value, f));
	*note = told;
	return ERR_OK;
}

err signer_status_read(struct signer_client *c, struct arena *a, struct signer_status *out,
		       struct fault *f)
{
	struct signer_request *request;
	struct signer_status status = {0};
	struct reader value;

	TRY(new_request(a, OPERATION_STATUS, &request, f));
	TRY(signer_call(c, request, SMALL_ROOM, a, &value, f));
	reply_get_status(&value, &status);
	TRY(reply_end(&value, f));
	*out = status;
	return ERR_OK;
}
