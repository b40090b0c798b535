/* SPDX-License-Identifier: Apache-2.0 */
/* note_parts.h — notes and keys made by others. The first are the example of Go's package
 * sumdb/note, which C2SP's signed-note follows; the second were made by python-cryptography from
 * the seeds SHA-256("golden log") and SHA-256("golden witness"). */
#ifndef TEST_UNIT_CORE_NOTE_PARTS_H
#define TEST_UNIT_CORE_NOTE_PARTS_H

#include "test.h"

#include "core/note.h"

#define DASH   "\xE2\x80\x94 "
#define GO_KEY "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define GO_TEXT                                                      \
	"If you think cryptography is the answer to your problem,\n" \
	"then you don't know what your problem is.\n"
#define GO_BLOB            \
	"x08go/ZJkuBS9UG/" \
	"SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
#define GO_LINE DASH "PeterNeumann " GO_BLOB "\n"

#define LOG_KEY     "ledger.example/trial+2c9eee4f+ASLku1HiZzkaMlYRfZoPxHwLNHVAUWALol2TqSfAk5yl"
#define WITNESS_KEY "witness.example/w1+02174a32+BOrdUmyx8tLHuHDQgfFK+ytLza/RD2h9S80yEKqWjZRt"
#define ROOT        "SBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I="
#define CHECKPOINT  "ledger.example/trial\n70000\n" ROOT "\n"
#define LOG_LINE                                                \
	DASH "ledger.example/trial "                            \
	     "LJ7uT2lofMjdOa6+TatJM+jc3etlt97gF3FcGiEOqFfOVQt+" \
	     "zLFUOuxZwlyPWQJeczB19tIdBeAyDHrWZbGNe6Sekwo=\n"
#define WITNESS_LINE                                                                       \
	DASH "witness.example/w1 "                                                         \
	     "AhdKMgAAAABpVbkAu5o99ebIvAQRYW6L0e+NxUm+jeJj1PhXf9JB5I25fAA8fPCraBYQoJzUEu+" \
	     "XPjV8KSn09YWNAyAa4thcuDM2Bw==\n"

static inline struct note_key key_of(const char *text)
{
	struct note_key key;

	assert_true(note_key_parse(bytes_text(text), &key));
	return key;
}

#endif
