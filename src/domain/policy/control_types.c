/* SPDX-License-Identifier: Apache-2.0 */
/* Controls that look at tables of several areas: statements only, no record types. */
#include "record/type.h"

static const struct record_type control_types[] = {{0}};

extern const char control_sql[];
const struct area control_area = {"control", control_types, control_sql};
