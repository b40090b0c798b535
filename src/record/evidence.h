/* SPDX-License-Identifier: Apache-2.0 */
/* evidence.h — the mechanism's own area: the log's start, refusals, the clock, erasure. */
#ifndef RECORD_EVIDENCE_H
#define RECORD_EVIDENCE_H

#include "record/type.h"

extern const struct area evidence_area;

#endif
