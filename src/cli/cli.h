/* SPDX-License-Identifier: Apache-2.0 */
/* cli.h — the command line: one table of commands, from which come help, usage errors and the
 * words that a shell completes. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "client/client.h"

enum { CLI_OPTIONS_MAX = 256, CLI_WORDS_MAX = 4096 };

struct option_row {
	const char *name;     /* without the two dashes */
	const char *argument; /* NULL: a flag */
	const char *help;
};

struct cli;
typedef err command_run(struct cli *cli, struct fault *f);
struct command {
	const char *name; /* one word or two */
	const char *arguments;
	const char *help;
	const struct option_row *options; /* ended by a row without a name, or NULL */
	size_t least, most;               /* words after the name */
	command_run *run;
	command_run *more_help; /* what only the registry knows; may be NULL */
};
extern const struct command COMMANDS[]; /* ended by a row without a name */

struct option_given {
	const struct option_row *row;
	const char *value;
};

struct cli {
	struct arena arena;
	const struct command *command;
	struct option_given options[CLI_OPTIONS_MAX];
	size_t options_n;
	const char *words[CLI_WORDS_MAX];
	size_t words_n;
	struct registry *registry;
	struct note_key log;
	struct private_key *key;
	struct bytes passphrase;
	const char *key_file;
	struct client *client;
	bool json;     /* for programs */
	bool verified; /* false: the command ran, and what it looked at does not hold */
};

/* help.c */
void cli_print_usage(void);
void cli_print_command(const struct cli *cli);

/* ---- what was said ---- */

const char *cli_option(const struct cli *cli, const char *name); /* the last one; NULL: not said */
bool cli_flag(const struct cli *cli, const char *name);
/* The i-th time that the option was said, or NULL. */
const char *cli_option_at(const struct cli *cli, const char *name, size_t i);
/* An option's number, `standard` when it was not said. */
MUST_CHECK err cli_number(const struct cli *cli, const char *name, uint64_t standard, uint64_t most,
			  uint64_t *out, struct fault *f);

/* ---- who and where: options, then the profile ---- */

/* A setting by the name of its option: `server`, `ca`, `as`, `key`, `log`, …; NULL: not known. */
MUST_CHECK err cli_setting(struct cli *cli, const char *name, const char **out, struct fault *f);
MUST_CHECK err cli_registry(struct cli *cli, const struct registry **out, struct fault *f);
/* The verifier key of the log, from --log, the profile, or `--key` text of an audit. */
MUST_CHECK err cli_log_key(struct cli *cli, const struct note_key **out, struct fault *f);
MUST_CHECK err cli_verifying_key(struct cli *cli, const struct note_key **out, struct fault *f);
MUST_CHECK err log_key_read(struct arena *a, const char *path, struct note_key *out,
			    struct fault *f);
/* The passphrase that --passphrase-file names; asked for at the terminal when `path` holds an
 * encrypted key and none is given. */
MUST_CHECK err cli_passphrase(struct cli *cli, const char *path, bool twice, struct bytes *out,
			      struct fault *f);
/* A public key in PEM or OpenSSH's form, as base64url of its SubjectPublicKeyInfo. */
MUST_CHECK err cli_public_key_text(struct cli *cli, const char *path,
				   char spki[static 2 * SPKI_SIZE_MAX], struct fault *f);
/* What a client needs to know, from the settings; `known`: with the key of whom --as names. */
MUST_CHECK err cli_client_config(struct cli *cli, bool known, struct client_config *out,
				 struct fault *f);
/* A client that signs in when it must; open until the command ends. `known` also loads the key of
 * whom --as names. */
MUST_CHECK err cli_client(struct cli *cli, bool known, struct client **out, struct fault *f);

/* ---- showing ---- */

/* Rows as a table for people, times in the local zone; or CSV; or JSON with --json. */
MUST_CHECK err cli_table(struct cli *cli, const json_t *page, struct fault *f);
void cli_json(const json_t *json);
/* As much of the text as fits, with everything escaped that a terminal would obey; returns how
 * many bytes of the text it took. */
size_t cli_safe_text(const char *text, char *out, size_t cap);
/* Prints text of somebody else's like that: names of logs, addresses, what a file says. */
void cli_others(struct bytes text);
/* One record, field by field. */
void cli_body(const json_t *body, unsigned indent);
/* A time with its offset; `text` is RFC 3339, shown as it is when it is not. */
void cli_time(uint64_t ms, char out[static 48]);
void cli_problem(const struct cli *cli, const struct fault *f);
/* What a receipt says, in a few lines. */
void cli_receipt(struct cli *cli, const json_t *receipt);
MUST_CHECK err cli_confirm(const struct cli *cli, const char *question, struct fault *f);
/* The claim with this body, shown as it will be signed, and asked about. Then client_sign(). */
MUST_CHECK err cli_prepare(struct cli *cli, struct client *client, const char *type,
			   const json_t *body, struct prepared *out, struct fault *f);

/* ---- commands ---- */

command_run command_init, command_signer, command_signer_anchor, command_serve, command_demo,
	command_doctor;
command_run command_keys_make, command_keys_show, command_keys_possession, command_keys_enroll;
command_run command_principal_add, command_prove;
command_run command_passkey_list, command_passkey_confirm, command_passkey_refuse;
command_run command_recovery_open, command_recovery_stop, command_recovery_list;
command_run command_record, command_record_help, command_view, command_approve;
command_run command_blob_put, command_blob_get, command_blob_show;
command_run command_ledger_audit, command_ledger_rebuild, command_ledger_export,
	command_ledger_checkpoint;
command_run command_policy_controls, command_policy_replay;
command_run command_sbom_check, command_sbom_show;
command_run command_receive, command_supplier_link;
command_run command_witness_make, command_witness_serve, command_witness_ask;
command_run command_verify_receipt, command_verify_passport;
command_run command_passport, command_passport_redact, command_take_home;
command_run command_backup, command_signer_backup, command_restore;
command_run command_show, command_charter_show, command_charter_draft, command_charter_propose;
command_run command_ledger_succeed, command_ledger_agree;
command_run command_ceremony, command_deny, command_signer_rotate, command_verify_key;
command_run command_station, command_station_status, command_station_seen;
command_run command_affected, command_trace, command_contain;
command_run command_reference_add, command_reference_end, command_reference_find,
	command_reference_of;
command_run command_sign_in_link;
command_run command_help, command_completion;
command_run command_bom_import, command_bom_compare, command_bom_help;
command_run command_import_units_help, command_import_suppliers_help,
	command_import_certificates_help;
command_run command_import_units, command_import_suppliers, command_import_certificates;

/* FOLDER/tls.key and FOLDER/tls.crt, for localhost. */
MUST_CHECK err tls_files_make(struct arena *a, const char *folder, struct fault *f);
/* Where to say that one serves (--ready-fd), or -1; one then ends with one's parent. */
MUST_CHECK err cli_ready(struct cli *cli, int *fd, struct fault *f);

extern const struct option_row GLOBAL_OPTIONS[];

#endif
