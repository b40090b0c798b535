/* SPDX-License-Identifier: Apache-2.0 */
/* csv_text.h — a page of a view as comma-separated values (RFC 4180). A text that a spreadsheet
 * would take for a formula gets an apostrophe before it. */
#ifndef SERVER_CSV_TEXT_H
#define SERVER_CSV_TEXT_H

#include "base/error.h"

#include <jansson.h>

/* `page` is {"columns": […], "rows": [{…}]}. The text is freed by free(). */
MUST_CHECK err csv_from_page(const json_t *page, char **out, size_t *n, struct fault *f);

#endif
