/* SPDX-License-Identifier: Apache-2.0 */
#include "server/config.h"

#include "base/files.h"

#include <ini.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* inih cuts lines at 200 bytes, and would read the rest as another line. */
enum { CONFIG_SIZE_MAX = 65536, LINE_SIZE_MAX = 190 };

enum key_kind {
	KEY_TEXT,
	KEY_PATH,  /* relative to the folder unless it begins with a slash */
	KEY_STORE, /* a store's address; the path in sqlite:PATH as above */
	KEY_NUMBER,
	KEY_CHOICE,
	KEY_WITNESS, /* may be given several times */
};

struct key {
	const char *name;
	enum key_kind kind;
	size_t offset, size;
	const char *standard; /* default; NULL: none */
	uint64_t least, most; /* KEY_NUMBER */
	const char *choices;  /* KEY_CHOICE: "on|off" */
	const char *help;
};

#define MEMBER(member)                                                     \
	.name = #member, .offset = offsetof(struct server_config, member), \
	.size = sizeof(((struct server_config *)0)->member)

static const struct key KEYS[] = {
	{MEMBER(origin), .kind = KEY_TEXT,
	 .help = "name of the log, for ever; like acme.example/log"},
	{MEMBER(store), .kind = KEY_STORE, .standard = "sqlite:store.db",
	 .help = "sqlite:PATH, or postgresql://…"},
	{MEMBER(address), .kind = KEY_TEXT, .standard = "127.0.0.1",
	 .help = "numeric address to listen on"},
	{MEMBER(people_port), .kind = KEY_NUMBER, .standard = "8443", .most = 65535,
	 .help = "port that never asks for a client certificate; 0: any free one"},
	{MEMBER(machines_port), .kind = KEY_NUMBER, .standard = "8444", .most = 65535,
	 .help = "port that always asks for one; 0: any free one"},
	{MEMBER(tls), .kind = KEY_CHOICE, .standard = "on", .choices = "on|off|machines",
	 .help = "machines: the people port without it; off: both, which closes the machines port; "
		 "either on loopback only"},
	{MEMBER(tls_certificate), .kind = KEY_PATH, .standard = "tls.crt",
	 .help = "certificate and its issuers, PEM"},
	{MEMBER(tls_key), .kind = KEY_PATH, .standard = "tls.key", .help = "private key, PEM"},
	{MEMBER(tiles), .kind = KEY_PATH, .standard = "tiles", .help = "folder of the log's tiles"},
	{MEMBER(blobs), .kind = KEY_PATH, .standard = "blobs", .help = "folder of blobs"},
	{MEMBER(signer_socket), .kind = KEY_PATH, .standard = "run/signer.sock",
	 .help = "where the signer listens"},
	{MEMBER(relying_party), .kind = KEY_TEXT, .help = "domain that passkeys are bound to"},
	{MEMBER(web_origin), .kind = KEY_TEXT, .help = "origin of the console, for passkeys"},
	{MEMBER(demo_socket), .kind = KEY_PATH,
	 .help = "where `sealwright demo` listens while it stays up; /v1/demo asks it"},
	{.name = "witness",
	 .kind = KEY_WITNESS,
	 .help = "URL and verifier key of a witness, like https://w.example w.example+…; one a "
		 "line, four at most"},
	{MEMBER(witness_ca), .kind = KEY_PATH, .standard = "witness-ca.crt",
	 .help = "certificates that witnesses are trusted by, PEM"},
	{MEMBER(readers), .kind = KEY_NUMBER, .standard = "8", .least = 1, .most = 256,
	 .help = "connections for reading"},
	{MEMBER(threads), .kind = KEY_NUMBER, .standard = "4", .least = 1, .most = 256,
	 .help = "threads that serve requests"},
	{MEMBER(requests_per_second), .kind = KEY_NUMBER, .standard = "500", .least = 1,
	 .most = 1000000, .help = "requests that one principal may make in a second"},
	{MEMBER(streams_per_principal), .kind = KEY_NUMBER, .standard = "8", .least = 1,
	 .most = 10000, .help = "event streams that one principal may hold open"},
	{MEMBER(idle_seconds), .kind = KEY_NUMBER, .standard = "60", .least = 1, .most = 3600,
	 .help = "how long a client may be silent; a slow request takes four times as long at "
		 "most"},
	{MEMBER(log_level), .kind = KEY_CHOICE, .standard = "info",
	 .choices = "error|warning|info|debug", .help = "what is written to the log"},
};
enum { KEYS_N = sizeof KEYS / sizeof KEYS[0] };

static const struct key *key_find(const char *name)
{
	for (size_t i = 0; i < KEYS_N; i++)
		if (strcmp(KEYS[i].name, name) == 0)
			return &KEYS[i];
	return NULL;
}

/* ---- one value ---- */

static err value_wrong(const struct key *key, const char *expected, struct fault *f)
{
	return fail_field(f, key->name, "CONFIG_VALUE_WRONG", "key", key->name, "expected",
			  expected, NULL);
}

static err put_value(const struct key *key, char *to, const char *prefix, const char *folder,
		     const char *value, struct fault *f)
{
	bool relative = folder[0] != '\0' && value[0] != '/';
	int n = snprintf(to, key->size, "%s%s%s%s", prefix, relative ? folder : "",
			 relative ? "/" : "", value);

	if (n < 0 || (size_t)n >= key->size)
		return fail_field(f, key->name, "CONFIG_PATH_TOO_LONG", "key", key->name, NULL);
	return ERR_OK;
}

static err set_number(const struct key *key, uint64_t *to, const char *value, struct fault *f)
{
	char expected[80];
	uint64_t number = 0;
	size_t n = strlen(value);
	bool sound = n > 0 && n <= 10;

	for (size_t i = 0; sound && i < n; i++) {
		sound = value[i] >= '0' && value[i] <= '9';
		number = number * 10 + (uint64_t)(value[i] - '0');
	}
	if (sound && number >= key->least && number <= key->most) {
		*to = number;
		return ERR_OK;
	}
	snprintf(expected, sizeof expected, "a whole number from %" PRIu64 " to %" PRIu64,
		 key->least, key->most);
	return value_wrong(key, expected, f);
}

static bool is_choice(const char *choices, const char *value)
{
	size_t n = strlen(value);

	for (const char *at = choices; n > 0 && at != NULL;) {
		const char *end = strchr(at, '|');
		size_t length = end == NULL ? strlen(at) : (size_t)(end - at);
		if (length == n && memcmp(at, value, n) == 0)
			return true;
		at = end == NULL ? NULL : end + 1;
	}
	return false;
}

static err set_store(const struct key *key, char *to, const char *folder, const char *value,
		     struct fault *f)
{
	static const char SQLITE[] = "sqlite:";

	if (strncmp(value, SQLITE, strlen(SQLITE)) == 0 && value[strlen(SQLITE)] != '\0')
		return put_value(key, to, SQLITE, folder, value + strlen(SQLITE), f);
	if (strncmp(value, "postgresql://", 13) == 0 || strncmp(value, "postgres://", 11) == 0)
		return put_value(key, to, "", "", value, f);
	return value_wrong(key, "sqlite:PATH or postgresql://…", f);
}

/* A name that needs no escaping where it is shown. */
static bool plain_name(const char *name)
{
	return strchr(name, '"') == NULL && strchr(name, '\\') == NULL;
}

static bool witness_known(const struct server_config *config, const struct witness_setting *new)
{
	for (size_t i = 0; i < config->witnesses_n; i++)
		if (strcmp(config->witnesses[i].key.name, new->key.name) == 0)
			return true;
	return false;
}

static err add_witness(const struct key *key, struct server_config *config, const char *value,
		       struct fault *f)
{
	static const char EXPECTED[] = "https://HOST and the line of its witness.vkey, each "
				       "witness once, four at most";
	struct witness_setting new = {0};
	const char *space = strchr(value, ' ');
	size_t n = space == NULL ? 0 : (size_t)(space - value);

	if (n == 0 || n >= sizeof new.url || strncmp(value, "https://", 8) != 0 ||
	    value[n - 1] == '/' || config->witnesses_n == CONFIG_WITNESSES_MAX)
		return value_wrong(key, EXPECTED, f);
	memcpy(new.url, value, n);
	while (*space == ' ')
		space++;
	if (!note_key_parse(bytes_text(space), &new.key) || new.key.type != NOTE_COSIGNATURE ||
	    !plain_name(new.key.name) || witness_known(config, &new))
		return value_wrong(key, EXPECTED, f);
	config->witnesses[config->witnesses_n++] = new;
	return ERR_OK;
}

err config_set(struct server_config *config, const char *name, const char *value, struct fault *f)
{
	const struct key *key = key_find(name);

	if (key == NULL)
		return fail_field(f, name, "CONFIG_KEY_UNKNOWN", "key", name, NULL);
	void *to = (char *)config + key->offset;
	if (value[0] == '\0')
		return value_wrong(key, "a value", f);
	switch (key->kind) {
	case KEY_TEXT:
		return put_value(key, to, "", "", value, f);
	case KEY_PATH:
		return put_value(key, to, "", config->folder, value, f);
	case KEY_STORE:
		return set_store(key, to, config->folder, value, f);
	case KEY_NUMBER:
		return set_number(key, to, value, f);
	case KEY_WITNESS:
		return add_witness(key, config, value, f);
	case KEY_CHOICE:
		break;
	}
	if (!is_choice(key->choices, value))
		return value_wrong(key, key->choices, f);
	return put_value(key, to, "", "", value, f);
}

err config_defaults(const char *folder, struct server_config *out, struct fault *f)
{
	struct server_config config = {0};

	if (folder[0] == '\0' || strlen(folder) >= sizeof config.folder)
		return fail(f, "CONFIG_PATH_TOO_LONG", "key", "folder", NULL);
	memcpy(config.folder, folder, strlen(folder));
	for (size_t i = 0; i < KEYS_N; i++)
		if (KEYS[i].standard != NULL)
			TRY(config_set(&config, KEYS[i].name, KEYS[i].standard, f));
	*out = config;
	return ERR_OK;
}

/* ---- a file ---- */

struct parsing {
	struct server_config *config;
	bool given[KEYS_N];
	struct fault fault; /* the first */
};

static int take_pair(void *context, const char *section, const char *name, const char *value)
{
	struct parsing *p = context;
	const struct key *key = key_find(name);

	if (p->fault.code != OK)
		return 0;
	bool again = key != NULL && key->kind != KEY_WITNESS && p->given[key - KEYS];
	if (key != NULL)
		p->given[key - KEYS] = true;
	if (section[0] != '\0')
		(void)fail(&p->fault, "CONFIG_SECTION", "section", section, NULL);
	else if (again)
		(void)fail_field(&p->fault, name, "CONFIG_KEY_TWICE", "key", name, NULL);
	else
		return config_set(p->config, name, value == NULL ? "" : value, &p->fault).code ==
		       OK;
	return 0;
}

static err at_line(struct fault *f, const char *file, unsigned line)
{
	char number[16];

	snprintf(number, sizeof number, "%u", line);
	fault_add(f, "file", file);
	fault_add(f, "line", number);
	return (err){f->code};
}

/* What inih would misread: zero bytes, lines it would cut. Line, or 0. */
static unsigned unreadable_line(struct bytes text)
{
	unsigned line = 1;
	size_t length = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\n') {
			line++;
			length = 0;
		} else if (text.p[i] == '\0' || ++length > LINE_SIZE_MAX) {
			return line;
		}
	}
	return utf8_valid(text) ? 0 : 1;
}

err config_parse(struct server_config *config, const char *file, struct bytes text, struct fault *f)
{
	struct arena arena = {.limit = CONFIG_SIZE_MAX + 1};
	struct server_config parsed = *config;
	struct parsing p = {.config = &parsed};
	struct fault local;
	unsigned bad = unreadable_line(text);

	f = f == NULL ? &local : f;
	*f = (struct fault){0};
	if (text.n > CONFIG_SIZE_MAX || bad != 0) {
		(void)fail(f, "CONFIG_LINE_WRONG", NULL);
		return at_line(f, file, bad);
	}
	const char *string = arena_text(&arena, text);
	if (string == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	int line = ini_parse_string(string, take_pair, &p);
	arena_done(&arena);
	if (line == 0) {
		*config = parsed;
		return ERR_OK;
	}
	if (p.fault.code == OK)
		(void)fail(&p.fault, "CONFIG_LINE_WRONG", NULL);
	*f = p.fault;
	return at_line(f, file, line < 0 ? 0 : (unsigned)line);
}

err config_read(const char *folder, struct server_config *out, struct fault *f)
{
	struct arena arena = {.limit = 2 * CONFIG_SIZE_MAX};
	char path[CONFIG_PATH_SIZE];
	struct bytes text;

	TRY(config_defaults(folder, out, f));
	TRY(config_path(out, "sealwright.conf", path, f));
	err result = file_read(&arena, path, CONFIG_SIZE_MAX, &text, f);
	if (result.code == OK)
		result = config_parse(out, path, text, f);
	arena_done(&arena);
	TRY(result);
	if (out->origin[0] == '\0')
		return fail_field(f, "origin", "CONFIG_ORIGIN_MISSING", "file", path, NULL);
	return ERR_OK;
}

err config_path(const struct server_config *config, const char *name,
		char out[static CONFIG_PATH_SIZE], struct fault *f)
{
	int n = snprintf(out, CONFIG_PATH_SIZE, "%s/%s", config->folder, name);

	if (n < 0 || n >= CONFIG_PATH_SIZE)
		return fail(f, "CONFIG_PATH_TOO_LONG", "key", name, NULL);
	return ERR_OK;
}

void config_help(struct writer *w)
{
	char line[256];

	for (size_t i = 0; i < KEYS_N; i++) {
		const struct key *key = &KEYS[i];
		snprintf(line, sizeof line, "  %-22s %-18s %s\n", key->name,
			 key->standard == NULL ? "" : key->standard, key->help);
		put_text(w, line);
	}
}
