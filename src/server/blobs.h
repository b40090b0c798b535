/* SPDX-License-Identifier: Apache-2.0 */
/* blobs.h — a few blob stores, each with its own connection, lent to one request at a time. */
#ifndef SERVER_BLOBS_H
#define SERVER_BLOBS_H

#include "blob/blob.h"
#include "server/config.h"

enum { BLOB_STORES_MAX = 16 };

struct blob_pool;
/* Makes the tables if they are absent and reads blob.key. */
MUST_CHECK err blob_pool_open(const struct server_config *config, struct blob_pool **out,
			      struct fault *f);
void blob_pool_close(struct blob_pool *p); /* all are given back; NULL is fine */
/* Of BLOB_KEY_SIZE bytes: seals what is personal. */
const uint8_t *blob_pool_key(const struct blob_pool *p);
/* Does not wait: API_BUSY when all are lent. */
MUST_CHECK err blob_pool_take(struct blob_pool *p, struct blob_store **out, struct fault *f);
void blob_pool_give(struct blob_pool *p, struct blob_store *store);

#endif
