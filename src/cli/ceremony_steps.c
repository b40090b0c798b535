/* SPDX-License-Identifier: Apache-2.0 */
/* ceremony_steps.c — the script, first half: people who come, decide, leave, and are lost. The second half is in
 * ceremony_work.c. docs/guides/ceremony.md tells it at length. */
#include "cli/ceremony_macros.h"

const char *const CEREMONY_SIGNERS[] = {"ada", "emil", NULL};

static const struct {
	const char *title;
	const struct ceremony_step *steps;
} PARTS[] = {
	{"Founding", CEREMONY_FOUNDING},
	{"Who keeps the recovery set", CEREMONY_KEEPERS},
	{"Somebody joins", CEREMONY_JOINING},
	{"Somebody leaves", CEREMONY_LEAVING},
	{"New keys for the signer", CEREMONY_KEYS},
	{"Where it is built", CEREMONY_PLACE},
	{"Firmware is released", CEREMONY_FIRMWARE},
	{"Three units may be built", CEREMONY_BUILD},
	{"A founder is lost", CEREMONY_LOST},
	{"A backup, and a restore that is tested", CEREMONY_BACKUP},
	{"The end", CEREMONY_END},
};

const struct ceremony_step *ceremony_step(size_t n, const char **part)
{
	for (size_t i = 0; i < sizeof PARTS / sizeof PARTS[0]; i++) {
		size_t steps = 0;

		while (PARTS[i].steps[steps].title != NULL && steps <= n)
			steps++;
		if (n < steps) {
			if (part != NULL)
				*part = n == 0 ? PARTS[i].title : NULL;
			return &PARTS[i].steps[n];
		}
		n -= steps;
	}
	return NULL;
}

#define PEOPLE                                                                                \
	"--origin", "rehearsal.example/log", "--mode", "trial", "--founder",                  \
		"ada={D}/ada.key.pub", "--founder", "ben={D}/ben.key.pub", "--founder",       \
		"cleo={D}/cleo.key.pub", "--recovery", "rita={D}/rita.key.pub", "--recovery", \
		"rob={D}/rob.key.pub", "--recovery-need", "2"

const struct ceremony_step CEREMONY_FOUNDING[] = {
	MAKE_KEY("ada"),
	MAKE_KEY("ben"),
	MAKE_KEY("cleo"),
	MAKE_KEY("rita"),
	MAKE_KEY("rob"),
	{.kind = STEP_RUN,
	 .who = "admin",
	 .title = "shows who would decide, and makes nothing",
	 .aloud = "everybody's key: each compares with the note of before",
	 .protects = "a key that was exchanged on its way is noticed before anything is founded",
	 .words = {"init", "{D}/house", "--dry-run", PEOPLE},
	 .expected = "Nothing was made."},
	{.kind = STEP_RUN,
	 .who = "admin",
	 .title = "founds the house, for trial: nobody has to wait as a newcomer",
	 .aloud = "the first line of groups; log.vkey is copied to a second place",
	 .protects = "nobody alone decides from the first entry on",
	 .words = {"init", "{D}/house", "--port", "0", PEOPLE},
	 .expected = "rehearsal.example/log",
	 .files = {"house/log.vkey"}},
	{.kind = STEP_SERVE, .who = "admin", .title = "starts the signer and the server"},
	{0},
};

/* Their keys count at the signer since the founding; enrolled, their votes can enter the log, too. */
const struct ceremony_step CEREMONY_KEEPERS[] = {
	ASK("ada", "asks that votes of newcomers count at once, since this is a trial",
	    "approval.rule_set", "class=charter", "need=1", "newcomer_ms=0",
	    "request_ttl_ms=86400000", "vote_ttl_ms=3600000"),
	AGREE("ben", "agrees"),
	AGREE("cleo", "agrees, too: a rule is changed by one more than it asks for"),
	RECORD("ada", "defines what the keepers may: read, and agree to charters", "role.defined",
	       "role=recovery", KEEPERS_MAY),
	ENROLL("rita", "recovery", "kind=person", "natural_person=P-rita"),
	ENROLL("rob", "recovery", "kind=person", "natural_person=P-rob"),
	{0},
};

const struct ceremony_step CEREMONY_JOINING[] = {
	{.kind = STEP_RUN,
	 .who = "erin",
	 .title = "makes a key: who may ask, but not agree",
	 .words = {"keys", "make", "{D}/erin.key", "--no-passphrase"},
	 .files = {"erin.key.pub"}},
	{.kind = STEP_RUN,
	 .who = "ada",
	 .title = "drafts the next charter, with erin in it",
	 .aloud = "who comes, who goes, and how many must agree",
	 .words = {"charter", "draft", "{D}/second.charter", "--add",
		   "erin={D}/erin.key.pub@authors", "@ada"},
	 .expected = "erin",
	 .files = {"second.charter"}},
	PROPOSE("ada", "second.charter"),
	{.kind = STEP_REFUSED,
	 .who = "ada",
	 .title = "tries to agree to her own proposal, and is refused",
	 .protects = "nobody is a second person to themselves",
	 .words = {"approve", "{N}", "--yes", "@ada"},
	 .expected = "does not count"},
	{.kind = STEP_RUN,
	 .who = "ben",
	 .title = "looks at it and agrees",
	 .aloud = "the digest: ada reads what her screen says",
	 .protects = "what is signed is computed where it is signed, not by the server",
	 .words = {"approve", "{N}", "--yes", "@ben"},
	 .expected = "read aloud"},
	AGREE("cleo", "agrees too: who may decide changes with one vote more than other things"),
	CHARTER_IN_FORCE("2"),
	{0},
};

const struct ceremony_step CEREMONY_LEAVING[] = {
	{.kind = STEP_RUN,
	 .who = "ada",
	 .title = "drafts a charter without cleo, who leaves",
	 .aloud = "that two founders are left: the next who leaves needs a successor first",
	 .words = {"charter", "draft", "{D}/third.charter", "--leave", "cleo", "@ada"},
	 .expected = "cleo",
	 .files = {"third.charter"}},
	PROPOSE("ada", "third.charter"),
	AGREE("ben", "agrees"),
	AGREE("cleo", "agrees to leave"),
	CHARTER_IN_FORCE("3"),
	{.kind = STEP_REFUSED,
	 .who = "cleo",
	 .title = "has no voice any more: her no is refused at the signer itself",
	 .protects = "whoever left can neither agree nor stop anything, whatever the server says",
	 .words = {"deny", "{ANY}", "--reason", "Still here.", "--yes", "--signer",
		   "{D}/house/run/signer.sock", "--log", "{D}/house/log.vkey", "--as", "cleo",
		   "--key", "{D}/cleo.key"},
	 .expected = "Only a person of the charter"},
	{0},
};

const struct ceremony_step CEREMONY_LOST[] = {
	{.kind = STEP_RUN,
	 .who = "emil",
	 .title = "makes a key: ben cannot be reached any more, and emil shall follow him",
	 .aloud = "the key id: ada and both keepers write it down",
	 .words = {"keys", "make", "{D}/emil.key", "--no-passphrase"},
	 .files = {"emil.key.pub"}},
	{.kind = STEP_RUN,
	 .who = "ada",
	 .title = "drafts a charter with emil in ben's place",
	 .aloud = "what it takes: ben's voice, or both keepers of the recovery set",
	 .words = {"charter", "draft", "{D}/fourth.charter", "--leave", "ben", "--add",
		   "emil={D}/emil.key.pub@founders", "@ada"},
	 .expected = "2 of the 2 who keep the recovery set",
	 .files = {"fourth.charter"}},
	PROPOSE("ada", "fourth.charter"),
	{.kind = STEP_RUN,
	 .who = "rita",
	 .title = "fetches her key out of its envelope, looks at the charter and agrees",
	 .aloud = "the digest, and where the envelope lay and that it was whole",
	 .protects = "the loss of a founder does not end the house, and one keeper is nobody",
	 .words = {"approve", "{N}", "--yes", "@rita"},
	 .expected = "takes effect"},
	{.kind = STEP_RUN,
	 .who = "ada",
	 .title = "sees that it is only proposed: the server has enough, the signer has not",
	 .protects = "the server does not decide who decides",
	 .words = {"view", "charter.list", "@ada"},
	 .expected = "proposed"},
	AGREE("rob", "agrees, too: a late vote, which lets the signer weigh it once more"),
	CHARTER_IN_FORCE("4"),
	RECORD("ada", "defines what whoever decides may at the server", "role.defined",
	       "role=deciding", DECIDING_MAY),
	ENROLL("emil", "deciding", "kind=person", "natural_person=P-emil"),
	RECORD("ada", "takes back ben's role", "grant.revoked", "grant_id=founder/ben",
	       "reason=He cannot be reached."),
	{0},
};
