/* SPDX-License-Identifier: Apache-2.0 */
/* denials.h — the denials that came too late for the signer, as audit and passport name them. */
#ifndef CLI_DENIALS_H
#define CLI_DENIALS_H

#include <jansson.h>

#include "client/charter_check.h"

void denials_print(const struct charter_report *r);
/* Adds "denied_while_answering" and "denied_just_before": lists of {"entry", "decision"}. */
void denials_to_json(const struct charter_report *r, json_t *into);

#endif
