/* SPDX-License-Identifier: Apache-2.0 */
/* signer_attack.h — a taken-over server: it speaks to the signer directly, with a log that it fills
 * as it likes, and shows of it what it likes. */
#ifndef TESTS_SIGNER_ATTACK_H
#define TESTS_SIGNER_ATTACK_H

#include "attack.h"
#include "log_testing.h"

enum { MINUTE_MS = 60 * 1000, HOUR_MS = 60 * MINUTE_MS, DAY_MS = 24 * HOUR_MS };

/* A signer that serves, and an empty log; the company builds `quantity` units if that is not 0. */
struct test_log *taken_over(uint64_t quantity);
/* Ends it; the outcome of the attack comes back as it is. */
const char *ended(struct test_log *l, const char *outcome);
/* Asks for a decision: NULL if the signed document is in hand. */
const char *wins_decision(struct test_log *l, enum signer_decision decision,
			  const uint64_t *sequences, size_t n);
/* … for a certificate: NULL if one for this serial is in hand, made by the company's own CA. */
const char *wins_certificate(struct test_log *l, uint64_t request, size_t serial);
/* … for a permit: NULL if one for this release's image is in hand. */
const char *wins_permit(struct test_log *l, uint64_t request, const char *release);
/* A release that one of the founders wants, and another agrees to. */
void is_released(struct test_log *l, const char *id, const char *environment,
		 uint64_t security_version);
/* signer_witness.c: everything is put back, and a witness has seen more. */
const char *put_back_under_a_witness(void);
/* Both clocks of the signer, or its wall clock alone. */
void time_passes(struct test_log *l, int64_t ms);
void clock_is_put(struct test_log *l, int64_t ms);
/* Stops and starts it. */
void starts_again(struct test_log *l);

/* Somebody approves or releases as the record says, with whatever key and time. */
uint64_t says_yes(struct test_log *l, const struct made *how, uint64_t of);
uint64_t asks_release(struct test_log *l, const struct made *how, const char *id);

/* The charter in force, to be changed; and as a record, agreed to by ada and ben. */
struct charter *charter_in_force(struct test_log *l);
void key_of(struct charter *c, uint8_t person, const struct private_key *key,
	    enum charter_key_kind kind);
uint64_t charter_asked(struct test_log *l, enum person author, const struct charter *c);
void charter_is_revised(struct test_log *l, const struct charter *c);

#endif
