/* SPDX-License-Identifier: Apache-2.0 */
/* page.h — a page for a browser: no script, one style sheet, nothing from elsewhere. Whatever is not ours goes
 * through page_text() or page_link(). */
#ifndef SERVER_PAGE_H
#define SERVER_PAGE_H

#include "server/server_internal.h"

enum { PAGE_SIZE_MAX = 4 << 20 };

struct page;
/* NULL without memory; then every other function does nothing, and page_reply() says so. */
struct page *page_open(struct call *c, const char *title);
/* Our own words, with their markup. */
void page_raw(struct page *p, const char *markup);
/* Anybody's words: as text, also within a quoted attribute. */
void page_text(struct page *p, const char *text);
void page_number(struct page *p, uint64_t number);
/* <a href="/a/b">text</a>: each part, up to NULL, is one segment of the path, percent-encoded. */
void page_link(struct page *p, const char *text, const char *const *parts);
/* Ends the page and sends it under a strict Content-Security-Policy. */
void page_reply(struct call *c, int status, struct page *p);
/* A page that says what is wrong. */
void page_fault(struct call *c, const struct fault *f);

#endif
