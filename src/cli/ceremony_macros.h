/* SPDX-License-Identifier: Apache-2.0 */
/* ceremony_macros.h — steps that come again and again in the script. */
#ifndef CLI_CEREMONY_MACROS_H
#define CLI_CEREMONY_MACROS_H

#include "cli/ceremony.h"

/* clang-format off */
#define MAKE_KEY(name)                                                                             \
	{.kind = STEP_RUN, .who = name, .title = "makes a key, on a machine of " name "'s own",    \
	 .aloud = "the key id: each writes down those of the others",                              \
	 .words = {"keys", "make", "{D}/" name ".key", "--no-passphrase"},                         \
	 .files = {name ".key.pub"}}

#define RECORD(name, what, ...)                                                                    \
	{.kind = STEP_RUN, .who = name, .title = what,                                             \
	 .words = {"record", __VA_ARGS__, "--yes", "@" name}}

/* What {N} is from then on. */
#define ASK(name, what, ...)                                                                       \
	{.kind = STEP_RUN, .who = name, .title = what,                                             \
	 .words = {"record", __VA_ARGS__, "--yes", "--json", "@" name}}

#define PROPOSE(name, file)                                                                        \
	{.kind = STEP_RUN, .who = name, .title = "proposes it",                                    \
	 .words = {"charter", "propose", "{D}/" file, "--yes", "--json", "@" name}}

#define AGREE(name, what)                                                                          \
	{.kind = STEP_RUN, .who = name, .title = what,                                             \
	 .words = {"approve", "{N}", "--yes", "@" name}}

#define CHARTER_IN_FORCE(number)                                                                   \
	{.kind = STEP_AWAIT, .who = "everybody", .title = "wait until the signer has weighed it",  \
	 .words = {"charter", "show", "@ada"}, .expected = "Charter " number " of"}

#define MAY(permission) "{\"permission\": \"" permission "\"}"

/* What each role may. */
#define KEEPERS_MAY                                                                                \
	"permissions=["                                                                            \
	MAY("charter.approve") ", " MAY("ledger.read")                                             \
	"]"
#define ENGINEERING_MAY                                                                            \
	"permissions=["                                                                            \
	MAY("line.define") ", " MAY("firmware.release")                                            \
	", " MAY("line.authorize") ", " MAY("part.write")                                          \
	", " MAY("part.approve") ", " MAY("supplier.write")                                        \
	", " MAY("supplier.approve") ", " MAY("blob.write")                                        \
	"]"
#define STATION_MAY                                                                                \
	"permissions=["                                                                            \
	MAY("line.build") ", " MAY("identity.request")                                             \
	"]"
#define GUESTS_MAY                                                                                 \
	"permissions=["                                                                            \
	MAY("ledger.read") ", " MAY("approval.read")                                               \
	"]"
#define DECIDING_MAY                                                                               \
	"permissions=["                                                                            \
	MAY("charter.approve") ", " MAY("approval.rule.approve")                                   \
	", " MAY("build.authorize.approve") ", " MAY("firmware.release.approve")                   \
	", " MAY("firmware.emergency.approve") ", " MAY("credential.approve")                      \
	", " MAY("policy.change.approve") ", " MAY("break.glass.approve")                          \
	", " MAY("ledger.read")                                                                    \
	"]"

/* Who has a key becomes known to the log: three records by ada, and a proof by the key itself. */
#define ENROLL(name, role, ...)                                                                    \
	RECORD("ada", "registers " name, "principal.registered", "principal=" name, __VA_ARGS__),  \
	{.kind = STEP_RUN, .who = name, .title = "proves that the key is " name "'s",              \
	 .aloud = "the key id, which ada compares with her note",                                  \
	 .words = {"keys", "possession", "--as", name, "--key", "{D}/" name ".key", "--log",       \
		   "{D}/house/log.vkey"}},                                                         \
	{.kind = STEP_RUN, .who = "ada", .title = "enrolls " name "'s key, with the proof",        \
	 .protects = "nobody is enrolled with a key that is another's",                            \
	 .words = {"keys", "enroll", "--principal", name, "--public", "{D}/" name ".key.pub",      \
		   "--possession", "{SAID}", "@ada"}},                                             \
	RECORD("ada", "gives " name " the role", "role.granted", "grant_id=G-" name,               \
	       "principal=" name, "role=" role)
/* clang-format on */

#endif
