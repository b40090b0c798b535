/* SPDX-License-Identifier: Apache-2.0 */
/* option_rows.h — what each command takes beside its words. For table.c alone. */
#ifndef CLI_OPTION_ROWS_H
#define CLI_OPTION_ROWS_H

#include "cli/cli.h"

static const struct option_row INIT_OPTIONS[] = {
	{"origin", "NAME", "name of the evidence log, for ever; like acme.example/log"},
	{"founder", "ID=FILE",
	 "a founder and the file of the public key; say it two times or more"},
	{"author", "ID=FILE",
	 "somebody who may ask but does not agree, and the file of the public key"},
	{"recovery", "ID=FILE", "who keeps a key of the recovery set, offline; say it for each"},
	{"recovery-need", "K", "how many of them together (default: more than half)"},
	{"need", "N", "how many must agree to a decision beside who asks (default: 1)"},
	{"relying-party", "DOMAIN", "that passkeys are bound to"},
	{"web-origin", "URL", "of the console, for passkeys"},
	{"signer-key", "NAME=URI",
	 "makes this key in an HSM: checkpoint, ca, firmware.production, …, permit; a PKCS #11 "
	 "URI"},
	{"dry-run", NULL, "shows who would decide, and makes nothing"},
	{"mode", "MODE", "founded, bootstrap or trial"},
	{"port", "N", "of the people port; machines get the next one"},
	{"store", "ADDRESS", "another database: sqlite:PATH or postgresql://…"},
	{0},
};
static const struct option_row SIGNER_OPTIONS[] = {
	{"peer", "USER", "account of the server, if it is another than the signer's own"},
	{"ready-fd", "N", "descriptor to write to when it serves; it then ends with its parent"},
	{0},
};
static const struct option_row ANCHOR_OPTIONS[] = {
	{"tcti", "ADDRESS", "how the TPM is reached (default: device:/dev/tpmrm0)"},
	{"index", "0xNUMBER", "where in its memory (default: 0x01800100)"},
	{"owner-auth-file", "FILE", "the password of the TPM's owner, if there is one"},
	{0},
};
static const struct option_row ROTATE_OPTIONS[] = {
	{"to", "URI", "makes the new key in an HSM: a PKCS #11 URI (default: in a file)"},
	{"destroy-old", NULL, "overwrites and removes the old key's file"},
	{"yes", NULL, "does not ask"},
	{0},
};
static const struct option_row CEREMONY_OPTIONS[] = {
	{"print", NULL, "prints the room script, and does nothing"},
	{"rehearse", NULL, "plays it, with keys that are thrown away"},
	{"dir", "DIR", "a new folder to play it in, which stays"},
	{"check", "FILE", "checks the transcript of a rehearsal, with the files beside it"},
	{0},
};
static const struct option_row SERVE_OPTIONS[] = {
	{"no-signer", NULL, "the signer is started by somebody else"},
	{"port", "N", "another people port; 0: any free ones"},
	{"set", "NAME=VALUE", "a setting, in place of the file's; may be given again"},
	{"ready-fd", "N", "descriptor to write the ports to; it then ends with its parent"},
	{0},
};
static const struct option_row DEMO_OPTIONS[] = {
	{"state", "DIR", "where the demo keeps its state"},
	{"once", NULL, "tell the story, verify it, and end"},
	{"fresh", NULL, "forget the state of an earlier run"},
	{"bom", "FILE", "bill of material as CSV (default: examples/bom.csv)"},
	{"image", "FILE", "firmware (default: this very program)"},
	{"units", "N", "how many units to build (default: 25; 100,000 at most)"},
	{"seed", "N",
	 "what chance decides: serials, changes of part lots, who is attacked (default: 1)"},
	{"sbom", "FILE",
	 "software bill of the firmware, CycloneDX (default: what ./sbom made of this program)"},
	{"take-home", "FILE", "packs passports, log and verifier into this ZIP file"},
	{"report", "FILE", "writes what came of it as JSON, for programs"},
	{"port", "N", "of the people port; 0: a free one"},
	{"http", NULL,
	 "the people port without TLS, on http://localhost: nothing is to be trusted"},
	{"pace", "MS", "pause after each step of what is done on request (default: 300)"},
	{"quiet", NULL, "only the summary"},
	{0},
};
static const struct option_row KEYS_MAKE_OPTIONS[] = {
	{"algorithm", "NAME", "p256 (default) or ed25519"},
	{"no-passphrase", NULL, "for machines: the file's permissions alone protect it"},
	{0},
};
static const struct option_row POSSESSION_OPTIONS[] = {
	{"ssh", "FILE", "proves it with a key of OpenSSH, also in an agent or a token"},
	{"origin", "NAME", "of the log, if there is no verifier key at hand"},
	{0},
};
static const struct option_row ENROLL_OPTIONS[] = {
	{"principal", "ID", "whose key it is"},
	{"public", "FILE", "the public key, as `keys make` or ssh-keygen wrote it"},
	{"possession", "TEXT", "what `keys possession` printed"},
	{0},
};
static const struct option_row YES_OPTIONS[] = {
	{"yes", NULL, "does not ask"},
	{0},
};
static const struct option_row RECOVERY_OPTIONS[] = {
	{"offer", "KEY", "the passkey that the person registered, by `passkey list`"},
	{"public", "FILE", "or the public key of a file, as `keys make` or ssh-keygen wrote it"},
	{"possession", "TEXT", "… and what `keys possession` printed"},
	{"reason", "TEXT", "what was lost, and how it was made sure who asks"},
	{"hours", "N", "from when on the key speaks, 24 to 720 from now (default: 25)"},
	{"recovery", "ID", "its id (default: a fresh one)"},
	{"yes", NULL, "does not ask before it signs"},
	{0},
};
static const struct option_row RECOVERY_STOP_OPTIONS[] = {
	{"reason", "TEXT", "why"},
	{"yes", NULL, "does not ask before it signs"},
	{0},
};
static const struct option_row PRINCIPAL_OPTIONS[] = {
	{"kind", "KIND", "person (default), station, supplier or service"},
	{"public", "FILE", "the public key, as `keys make` or ssh-keygen wrote it"},
	{"possession", "TEXT", "what `keys possession` printed"},
	{"natural-person", "ID",
	 "of the human being, where two accounts are of one (default: P-ID)"},
	{"name", "TEXT", "name, erased on request"},
	{"may", "PERMISSIONS", "what the role may do, with spaces between: part.read line.read"},
	{"role", "NAME", "the role (default: named like the principal)"},
	{"site", "SITE", "the role holds only at this site"},
	{"line", "LINE", "only on this line"},
	{"station", "STATION", "only at this station"},
	{"product", "PRODUCT", "only for this product"},
	{"environment", "NAME", "only in this environment"},
	{"supplier", "SUPPLIER", "only for this supplier, to whom the principal belongs"},
	{"until", "TIME", "the role ends then"},
	{0},
};
static const struct option_row PROVE_OPTIONS[] = {
	{"image", "FILE", "the firmware that was started, as it was read back"},
	{"boot-count", "N", "how often the device has started; never the same twice (default: 1)"},
	{0},
};
static const struct option_row RECORD_OPTIONS[] = {
	{"list", NULL, "every record type"},
	{"body", "FILE", "fields as a JSON object; - for standard input"},
	{"at", "TIME", "when it happened, if earlier"},
	{"report", NULL, "over the channel, without a signature, where the type allows it"},
	{"yes", NULL, "does not ask before it signs"},
	{0},
};
static const struct option_row CONTROLS_OPTIONS[] = {
	{"all", NULL, "every column: stage, evidence, numbers, and where the standards ask for it"},
	{"csv", NULL, "for spreadsheets"},
	{0},
};
static const struct option_row REPLAY_OPTIONS[] = {
	{"since", "TIME", "passages from then on: a time, or 30d or 12h ago (default: 90d)"},
	{"draft", "FILE", "a JSON array of records of the policy, in force from then on"},
	{0},
};
static const struct option_row SBOM_CHECK_OPTIONS[] = {
	{"osv", "FILE", "advisories in OSV JSON: one, a list, {\"vulns\": […]}, or one a line"},
	{"product", "P", "the product that the software is for"},
	{"feed-at", "TIME",
	 "when the advisories were fetched (default: the newest change in them)"},
	{"accept", "ADVISORY=REASON", "lives with it, and says why; say it for each"},
	{"not-affected", "ADVISORY=REASON",
	 "it does not concern the product, and why; say it for each"},
	{"dry-run", NULL, "shows what is found, and records nothing"},
	{"yes", NULL, "does not ask before it signs"},
	{0},
};
static const struct option_row VIEW_OPTIONS[] = {
	{"list", NULL, "every view"},
	{"limit", "N", "rows at most"},
	{"all", NULL, "every page"},
	{"csv", NULL, "for spreadsheets"},
	{0},
};
static const struct option_row APPROVE_OPTIONS[] = {
	{"list", NULL, "what waits"},
	{"deny", NULL, "refuses it, for good"},
	{"withdraw", NULL, "takes back what you asked for yourself"},
	{"reason", "TEXT", "why, or what was looked at"},
	{"not-after", "TIME", "the approval counts until then"},
	{"ssh", "FILE",
	 "signs with this key of OpenSSH: ssh-keygen does it, also with an agent or token"},
	{"voter", "ID", "whose key that is, if another than --as: who then only brings it"},
	{"export", "FILE",
	 "writes what is to be signed on another machine, and the record beside it"},
	{"import", "FILE", "brings what was signed there: FILE and FILE.sig"},
	{"yes", NULL, "does not ask before it signs"},
	{0},
};
static const struct option_row DENY_OPTIONS[] = {
	{"reason", "TEXT", "why"},
	{"signer", "SOCKET",
	 "straight to the signer, as its own account or root: DIR/run/signer.sock; the server need "
	 "not know"},
	{"ssh", "FILE",
	 "signs with this key of OpenSSH: ssh-keygen does it, also with an agent or token"},
	{"voter", "ID", "whose key that is, if another than --as: who then only brings it"},
	{"yes", NULL, "does not ask before it signs"},
	{0},
};
static const struct option_row PUT_OPTIONS[] = {
	{"personal", NULL, "about a person: erased on request"},
	{0},
};
static const struct option_row GET_OPTIONS[] = {
	{"to", "FILE", "instead of standard output"},
	{0},
};
static const struct option_row AUDIT_OPTIONS[] = {
	{"since", "FILE", "an older checkpoint that the log must extend"},
	{"witness", "FILE", "verifier key of a witness that must have cosigned"},
	{0},
};
static const struct option_row REBUILD_OPTIONS[] = {
	{"check", NULL, "only says whether the tables are what the log says"},
	{0},
};

static const struct option_row WITNESS_OPTIONS[] = {
	{"name", "NAME", "the witness's own name, for ever; like witness.example/w1"},
	{"port", "N", "0: any free one"},
	{"ready-fd", "N", "descriptor to write the port to; it then ends with its parent"},
	{0},
};
static const struct option_row WITNESS_MAKE_OPTIONS[] = {
	{"name", "NAME", "the witness's own name, for ever; like witness.example/w1"},
	{0},
};
static const struct option_row BACKUP_OPTIONS[] = {
	{"to", "NAME=KEY", "who may open it: a public key of age or SSH, or a file that holds one"},
	{"custodian", "NAME=KEY", "who keeps a share of the secrets; say it for each"},
	{"need", "K", "how many custodians open the secrets together (default: 2)"},
	{0},
};
static const struct option_row RESTORE_OPTIONS[] = {
	{"identity", "FILE", "the private key that opens the backup"},
	{"share", "FILE", "a custodian's share, opened by him; say it for each"},
	{"store", "ADDRESS", "another database, empty: postgresql://…"},
	{"test", NULL, "restores beside the house DIR, verifies everything, removes it again"},
	{"shares-only", NULL, "only takes the sealed shares out, into DIR"},
	{0},
};
static const struct option_row SUCCEED_OPTIONS[] = {
	{"plan", NULL, "says what is lost, and writes what there is to agree to"},
	{"origin", "NAME", "the log's new name"},
	{"used-up", NULL, "every open build authorization counts as used up"},
	{"to", "FILE", "where the statement goes"},
	{"statement", "FILE", "goes on: what was agreed to"},
	{"approval", "FILE", "who agreed; say it for each"},
	{"yes", NULL, "does not ask"},
	{0},
};
static const struct option_row AGREE_OPTIONS[] = {
	{"to", "FILE", "where the approval goes"},
	{"ssh", "FILE", "signs with this key of OpenSSH, instead of --key"},
	{"yes", NULL, "does not ask before it signs"},
	{0},
};
static const struct option_row DRAFT_OPTIONS[] = {
	{"from", "FILE", "the charter in force, as a file (default: the server is asked)"},
	{"add", "ID=FILE@GROUP", "somebody comes, or somebody who is there gets one more key"},
	{"leave", "ID", "somebody goes"},
	{"drop-key", "KEY", "a key counts no more: its id, 64 hexadecimal digits"},
	{"need", "CLASS=N", "how many must agree to decisions of this class; * for every other"},
	{"anchor", "KIND", "tpm, witness or none"},
	{"witness", "KEY", "verifier key of a witness, with --anchor witness"},
	{0},
};
static const struct option_row PROPOSE_OPTIONS[] = {
	{"yes", NULL, "does not ask before it signs"},
	{0},
};
#define BOM_FILE_ROWS                                                                         \
	{"map", "COLUMN=HEADER", "where a column stands in the file; say it for each"},       \
		{"critical", "PATTERNS", "lines with such designators are critical: U*,IC*"}, \
		{"critical-from", "HEADER", "the column that says which lines are critical"}, \
	{                                                                                     \
		"conformance", "LINE=GRADE",                                                  \
			"grade of the conformance certificate that a line needs: signed, "    \
			"uploaded, vouched or none; say it for each"                          \
	}
static const struct option_row BOM_IMPORT_OPTIONS[] = {
	{"product", "PRODUCT", "whose bill of material it is"},
	{"revision", "REVISION", "which revision"},
	BOM_FILE_ROWS,
	{"source", "SUPPLIER", "who delivers every part, whatever the file says"},
	{"approve-sources", NULL, "approves each supplier as a source of its part"},
	{"release", NULL, "makes the revision the valid one"},
	{"dry-run", NULL, "shows what would be written, and writes nothing"},
	{"yes", NULL, "does not ask"},
	{0},
};
static const struct option_row BOM_COMPARE_OPTIONS[] = {
	BOM_FILE_ROWS,
	{"csv", NULL, "for spreadsheets"},
	{0},
};
#define IMPORT_OPTION_ROWS                                                              \
	{"map", "COLUMN=HEADER", "where a column stands in the file; say it for each"}, \
		{"dry-run", NULL, "shows what would be written, and writes nothing"},   \
	{                                                                               \
		"yes", NULL, "does not ask"                                             \
	}
static const struct option_row IMPORT_UNITS_OPTIONS[] = {
	{"product", "PRODUCT", "of every line that names none"},
	{"site", "SITE", "of every line that names none"},
	IMPORT_OPTION_ROWS,
	{0},
};
static const struct option_row IMPORT_SUPPLIERS_OPTIONS[] = {
	{"class", "WORD", "manufacturer, distributor or broker, of every line that says nothing"},
	{"country", "CODE", "of every line that names none"},
	IMPORT_OPTION_ROWS,
	{0},
};
static const struct option_row IMPORT_CERTIFICATES_OPTIONS[] = {
	{"product", "PRODUCT", "of every line or device certificate that names none"},
	{"any-name", NULL, "the device certificates may name another serial than their line"},
	IMPORT_OPTION_ROWS,
	{0},
};
static const struct option_row STATION_OPTIONS[] = {
	{"address", "ADDRESS", "where testers reach it (default: 127.0.0.1, for this host alone)"},
	{"port", "N", "0: any free one (default: 8447)"},
	{"token-file", "FILE", "what other hosts must show (default: DIR/token, if it is there)"},
	{"no-folders", NULL, "takes no result files out of DIR/inbox"},
	{"ready-fd", "N", "descriptor to write the port to; it then ends with its parent"},
	{0},
};
static const struct option_row AFFECTED_OPTIONS[] = {
	{"limit", "N", "units at most"},
	{"all", NULL, "every unit"},
	{"csv", NULL, "for spreadsheets"},
	{0},
};
static const struct option_row CONTAIN_OPTIONS[] = {
	{"reason", "TEXT", "why; needed"},
	{"name", "NAME", "of the containment (default: the day, and chance)"},
	{"since", "TIME", "of a station or operator: only what it touched from then on"},
	{"until", "TIME", "of a station or operator: only what it touched before then"},
	{"end", "NAME", "takes this containment back: not the person who started it"},
	{"yes", NULL, "does not ask"},
	{0},
};
static const struct option_row REFERENCE_END_OPTIONS[] = {
	{"reason", "TEXT", "why it holds no more; needed"},
	{0},
};
static const struct option_row HELP_OPTIONS[] = {
	{"man", NULL, "as a manual page"},
	{"man-pages", "DIR", "writes a manual page for each command into this folder"},
	{0},
};
static const struct option_row ASK_OPTIONS[] = {
	{"witness-key", "FILE", "the witness's verifier key"},
	{"witness-ca", "FILE", "TLS certificate that the witness may show (PEM)"},
	{"to", "FILE", "where the cosigned checkpoint goes, instead of standard output"},
	{0},
};
static const struct option_row PASSPORT_OPTIONS[] = {
	{"to", "FILE", "where it goes"},
	{"show", "confidential", "with the confidential values that you may see"},
	{"without", "KINDS", "withholds chains of these kinds, and says so: supplier,part_lot,…"},
	{0},
};
static const struct option_row REDACT_OPTIONS[] = {
	{"to", "FILE", "where the shorter one goes"},
	{"hide", "FIELD", "a value to hide, like customer; say it for each (default: all of them)"},
	{0},
};
static const struct option_row VERIFY_PASSPORT_OPTIONS[] = {
	{"records", NULL, "lists every record as well"},
	{0},
};
static const struct option_row TAKE_HOME_OPTIONS[] = {
	{"units", "PRODUCT/SERIAL", "a unit; say it for each"},
	{"all", NULL, "every unit that you may see"},
	{"show", "confidential", "with the confidential values that you may see"},
	{"without", "KINDS", "withholds chains of these kinds, and says so: supplier,part_lot,…"},
	{0},
};
static const struct option_row RECEIVE_OPTIONS[] = {
	{"label", "TEXT", "the 2-D label as it was scanned; - for a line of standard input"},
	{"site", "S", "site that receives it"},
	{"supplier", "ID", "who delivered it (default: the part's only approved source)"},
	{"part", "ID", "our part number (default: by the maker's on the label)"},
	{"part-lot", "ID", "number on the reel or tray (default: from the label)"},
	{"quantity", "N", "pieces (default: from the label)"},
	{"certificate", "FILE", "the conformance certificate that came with it"},
	{"seal", "NUMBER", "number of the seal, as it was read"},
	{"packaging", "STATE", "of the tamper-evident packaging: intact, opened or none"},
	{"yes", NULL, "does not ask before it signs"},
	{0},
};
static const struct option_row LINK_FOR_OPTIONS[] = {
	{"for", "PRINCIPAL", "an invitation for this person to register passkeys"},
	{0},
};

static const struct option_row LINK_OPTIONS[] = {
	{"part-lot", "ID", "for this one only (default: any, once each)"},
	{"days", "N", "how long it is open, 92 at most (default: 14)"},
	{"yes", NULL, "does not ask before it signs"},
	{0},
};

#endif
