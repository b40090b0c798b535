/* SPDX-License-Identifier: Apache-2.0 */
#include "engine_attack.h"

#include <stdio.h>

struct trial *trial_new(void)
{
	void *state = NULL;

	assert_int_equal(trial_setup(&state), 0);
	return state;
}

const char *trial_over(struct trial *t, const char *answer, const char *success)
{
	static char message[64];
	void *state = t;
	bool won = strcmp(answer, success) == 0;

	if (!won && answer[0] != '!')
		fail_msg("answered \"%s\"", answer);
	(void)snprintf(message, sizeof message, "%s", won ? "" : answer + 1);
	/* Whatever was let pass: the log says it, and its tables follow from it. */
	assert_int_equal(trial_teardown(&state), 0);
	return won ? NULL : message;
}

struct hash trial_waits(struct trial *t, unsigned need)
{
	if (need > 1)
		trial_rule(t, need, 7ull * DAY_MS, HOUR_MS);
	trial_item(t, "a", "VN");
	assert_string_equal(asks(t, &t->maya, "trial.released", "{'item':'a'}"), "pending");
	return t->digest;
}

const char *trial_time(struct trial *t, int64_t ms)
{
	char text[TIME_TEXT_SIZE];

	time_text((uint64_t)((int64_t)clock_wall_ms(&t->house.clock) + ms), text);
	return arena_text(&t->house.arena, bytes_text(text));
}

void trial_grants(struct trial *t, const char *id, const char *who, const char *role,
		  const char *more)
{
	assert_string_equal(asks(t, &t->house.ada, "role.granted",
				 "{'grant_id':'%s','principal':'%s','role':'%s'%s}", id, who, role,
				 more),
			    "");
}
