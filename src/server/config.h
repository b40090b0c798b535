/* SPDX-License-Identifier: Apache-2.0 */
/* config.h — what `sealwright serve` reads from DIR/sealwright.conf. One table gives the parser
 * and the help; an unknown key, a key given twice and a value out of range are errors with file
 * and line. */
#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include "base/arena.h"
#include "base/clock.h"
#include "core/entry.h"
#include "core/note.h"

enum { CONFIG_PATH_SIZE = 512, CONFIG_NAME_SIZE = 256, CONFIG_WITNESSES_MAX = 4 };

/* `witness = URL VKEY`: where it is asked, and whose cosignatures are taken. */
struct witness_setting {
	char url[CONFIG_NAME_SIZE];
	struct note_key key; /* of type 4 */
};

/* The folder of a server's state (DIR):
 *   sealwright.conf  this file's keys, `name = value`, one a line
 *   store.db         the database, unless `store` names another
 *   tiles/ blobs/    what static hosts may serve
 *   signer/          keys and journal of the signer; the server never opens it
 *   run/signer.sock  where the signer listens
 *   salts.key        32 bytes, 0600: salts of commitments
 *   blob.key         32 bytes, 0600: wraps the keys of personal blobs
 *   tls.crt tls.key  certificate chain and private key, PEM
 *   log.vkey         verifier key of the checkpoints, as a signed note names it */
struct server_config {
	char folder[CONFIG_PATH_SIZE]; /* DIR */
	char origin[ORIGIN_SIZE_MAX + 1];
	char store[CONFIG_PATH_SIZE];
	char address[64];
	uint64_t people_port, machines_port; /* 0: any free port */
	char tls[12];                        /* on; off and machines only on loopback */
	char tls_certificate[CONFIG_PATH_SIZE], tls_key[CONFIG_PATH_SIZE];
	char tiles[CONFIG_PATH_SIZE], blobs[CONFIG_PATH_SIZE];
	char signer_socket[CONFIG_PATH_SIZE];
	char relying_party[CONFIG_NAME_SIZE], web_origin[CONFIG_NAME_SIZE];
	char demo_socket[CONFIG_PATH_SIZE]; /* empty: no demo runs this server */
	struct witness_setting witnesses[CONFIG_WITNESSES_MAX]; /* one line each */
	uint64_t witnesses_n;
	char witness_ca[CONFIG_PATH_SIZE];
	uint64_t readers, threads;
	uint64_t requests_per_second, streams_per_principal, idle_seconds;
	char log_level[16];
	const struct clock *clock; /* not from the file; NULL: the machine's */
};

/* Every default for the folder; `origin` is empty: it has none. CONFIG_PATH_TOO_LONG. */
MUST_CHECK err config_defaults(const char *folder, struct server_config *out, struct fault *f);
/* Sets one key, as a line of the file does. CONFIG_KEY_UNKNOWN, CONFIG_VALUE_WRONG. */
MUST_CHECK err config_set(struct server_config *config, const char *name, const char *value,
			  struct fault *f);
/* Reads the text of a file over what `config` holds. Faults carry `file` and `line`. */
MUST_CHECK err config_parse(struct server_config *config, const char *file, struct bytes text,
			    struct fault *f);
/* Defaults, then FOLDER/sealwright.conf, which must exist and name an origin. */
MUST_CHECK err config_read(const char *folder, struct server_config *out, struct fault *f);
/* One line a key: name, default, help. */
void config_help(struct writer *w);
/* A path of the state folder that has no key: salts.key, blob.key, log.vkey. */
MUST_CHECK err config_path(const struct server_config *config, const char *name,
			   char out[static CONFIG_PATH_SIZE], struct fault *f);

#endif
