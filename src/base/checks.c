/* SPDX-License-Identifier: Apache-2.0 */
/* checks.c — what is left out, for the tests of attacks. The product does not contain this file. */
#include "base/checks.h"

#include <string.h>

static enum check left_out;
static const char *left_out_code;

bool check_left_out(enum check check)
{
	return check == left_out && check != CHECK_NONE;
}

bool check_rule_left_out(enum check check, const char *code)
{
	return check_left_out(check) && left_out_code != NULL && strcmp(code, left_out_code) == 0;
}

void check_leave_out(enum check check, const char *code)
{
	left_out = check;
	left_out_code = code;
}
