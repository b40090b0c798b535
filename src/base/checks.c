/* SPDX-License-Identifier: Apache-2.0 */
/* checks.c — what is left out, for the tests of attacks. The product does not contain this file. */
#include "base/checks.h"

#include <string.h>

static enum check left_out, left_out_too;
static const char *left_out_code;

bool check_left_out(enum check check)
{
	return check != CHECK_NONE && (check == left_out || check == left_out_too);
}

bool check_rule_left_out(enum check check, const char *code)
{
	return check_left_out(check) && left_out_code != NULL && strcmp(code, left_out_code) == 0;
}

void check_leave_out(enum check check, const char *code)
{
	left_out = check;
	left_out_code = code;
	left_out_too = CHECK_NONE;
}

void check_leave_out_too(enum check check)
{
	left_out_too = check;
}
