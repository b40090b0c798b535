/* SPDX-License-Identifier: Apache-2.0 */
/* Where it went and what it was made of: views only. */
#include "record/type.h"

static const struct record_type affected_types[] = {{0}};

extern const char affected_sql[];
const struct area affected_area = {"affected", affected_types, affected_sql};
