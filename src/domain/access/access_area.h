/* SPDX-License-Identifier: Apache-2.0 */
/* access_area.h — who is who and who may what, as record types. */
#ifndef DOMAIN_ACCESS_ACCESS_AREA_H
#define DOMAIN_ACCESS_ACCESS_AREA_H

#include "record/type.h"

extern const struct area access_area;

/* What `key.enrolled` wants signed by the key itself: three lines. */
MUST_CHECK bool key_possession_message(struct bytes origin, struct bytes principal,
				       struct writer *w, struct bytes *out);

#endif
