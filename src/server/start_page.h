/* SPDX-License-Identifier: Apache-2.0 */
/* start_page.h — what the pages for reading share: views as tables. */
#ifndef SERVER_START_PAGE_H
#define SERVER_START_PAGE_H

#include "server/page.h"

/* What a view shows the caller; `query` is name, value, …, NULL. `*out` stays NULL if the caller may not see it. */
MUST_CHECK err pages_view(struct call *c, const char *view, const char *const *query, json_t **out,
			  struct fault *f);
/* Its rows; a column `serial` beside `product` leads to the unit. */
void page_rows(struct page *p, const json_t *view);
/* "name: value", the value as a person reads it: times as such, absent ones as a dash. */
void page_value(struct page *p, const char *name, const json_t *value);
/* True when the caller is known; else the page that says how to sign in has gone out. */
bool pages_known(struct call *c);

#endif
