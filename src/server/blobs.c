/* SPDX-License-Identifier: Apache-2.0 */
#include "server/blobs.h"

#include "base/files.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct slot {
	struct db *db; /* NULL: not opened yet */
	struct blob_store *store;
	bool lent;
};

struct blob_pool {
	char store[CONFIG_PATH_SIZE], folder[CONFIG_PATH_SIZE];
	uint8_t key[BLOB_KEY_SIZE];
	pthread_mutex_t lock;
	struct slot slots[BLOB_STORES_MAX];
};

static err slot_open(struct blob_pool *p, struct slot *slot, struct fault *f)
{
	struct blob_config config = {.folder = p->folder, .key = p->key};
	struct blob_store *store;

	if (slot->store != NULL)
		return ERR_OK;
	if (slot->db == NULL)
		TRY(db_open(p->store, &slot->db, f));
	TRY(blob_store_open(&config, slot->db, &store, f));
	/* Whoever gives another store back compares with this one. */
	(void)pthread_mutex_lock(&p->lock);
	slot->store = store;
	(void)pthread_mutex_unlock(&p->lock);
	return ERR_OK;
}

static err read_key(struct blob_pool *p, const struct server_config *config, struct fault *f)
{
	struct arena arena = {0};
	char path[CONFIG_PATH_SIZE];
	struct bytes key;

	TRY(config_path(config, "blob.key", path, f));
	err result = file_read(&arena, path, BLOB_KEY_SIZE, &key, f);
	if (result.code == OK && key.n != BLOB_KEY_SIZE)
		result = fail(f, "API_KEY_FILE_WRONG", "file", path, NULL);
	if (result.code == OK) {
		union {
			const uint8_t *from;
			uint8_t *to;
		} wiped = {.from = key.p};
		memcpy(p->key, key.p, BLOB_KEY_SIZE);
		bytes_wipe(wiped.to, key.n);
	}
	arena_done(&arena);
	return result;
}

err blob_pool_open(const struct server_config *config, struct blob_pool **out, struct fault *f)
{
	struct blob_pool *p = calloc(1, sizeof *p);
	struct db *db = NULL;

	if (p == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	memcpy(p->store, config->store, sizeof p->store);
	memcpy(p->folder, config->blobs, sizeof p->folder);
	(void)pthread_mutex_init(&p->lock, NULL);
	err result = read_key(p, config, f);
	if (result.code == OK)
		result = db_open(p->store, &db, f);
	if (result.code == OK)
		result = blob_tables_make(db, f);
	db_close(db);
	if (result.code == OK)
		result = slot_open(p, &p->slots[0], f);
	if (result.code != OK) {
		blob_pool_close(p);
		return result;
	}
	*out = p;
	return ERR_OK;
}

void blob_pool_close(struct blob_pool *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < BLOB_STORES_MAX; i++) {
		blob_store_close(p->slots[i].store);
		db_close(p->slots[i].db);
	}
	bytes_wipe(p->key, sizeof p->key);
	(void)pthread_mutex_destroy(&p->lock);
	free(p);
}

/* One that is open already, if there is one. */
static struct slot *lend(struct blob_pool *p)
{
	struct slot *free_slot = NULL;

	(void)pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < BLOB_STORES_MAX; i++) {
		struct slot *slot = &p->slots[i];
		if (!slot->lent && (free_slot == NULL || free_slot->store == NULL))
			free_slot = slot;
	}
	if (free_slot != NULL)
		free_slot->lent = true;
	(void)pthread_mutex_unlock(&p->lock);
	return free_slot;
}

static void take_back(struct blob_pool *p, struct slot *slot)
{
	(void)pthread_mutex_lock(&p->lock);
	slot->lent = false;
	(void)pthread_mutex_unlock(&p->lock);
}

const uint8_t *blob_pool_key(const struct blob_pool *p)
{
	return p->key;
}

err blob_pool_take(struct blob_pool *p, struct blob_store **out, struct fault *f)
{
	struct slot *slot = lend(p);

	if (slot == NULL)
		return fail(f, "API_BUSY", NULL);
	err result = slot_open(p, slot, f);
	if (result.code != OK) {
		take_back(p, slot);
		return result;
	}
	*out = slot->store;
	return ERR_OK;
}

void blob_pool_give(struct blob_pool *p, struct blob_store *store)
{
	(void)pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < BLOB_STORES_MAX; i++)
		if (p->slots[i].store == store)
			p->slots[i].lent = false;
	(void)pthread_mutex_unlock(&p->lock);
}
