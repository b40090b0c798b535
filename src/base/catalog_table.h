/* SPDX-License-Identifier: Apache-2.0 */
/* catalog_table.h — what tools/messages.py makes from messages/: sorted by id, no id twice. */
#ifndef BASE_CATALOG_TABLE_H
#define BASE_CATALOG_TABLE_H

#include "base/catalog.h"

extern const struct message CATALOG[];
extern const size_t CATALOG_N;

#endif
