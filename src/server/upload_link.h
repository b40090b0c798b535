/* SPDX-License-Identifier: Apache-2.0 */
/* upload_link.h — a supplier without an account uploads conformance certificates through a link: whoever
 * holds its token may, once for each part lot, until it ends. Wrong, ended and used links get the same
 * answer. */
#ifndef SERVER_UPLOAD_LINK_H
#define SERVER_UPLOAD_LINK_H

#include "server/server_internal.h"

enum {
	LINK_FILE_MAX = 16 << 20,
	LINK_UPLOADS_MAX = 100, /* through one link */
	LINK_NAME_MAX = 120,
};

struct upload_link {
	struct hash hash; /* SHA-256 of the token, which is all that we know of it */
	const char *supplier, *supplier_name;
	const char *part_lot; /* NULL: any */
	uint64_t expires;
};

/* The link that the path names. CONFORMANCE_LINK_GONE; who keeps trying is turned away. */
MUST_CHECK err upload_link_find(struct call *c, struct upload_link *out, struct fault *f);
/* Before the body is taken. */
MUST_CHECK err upload_link_begin(struct call *c, struct fault *f);

/* upload_link_page.c: what a browser shows; others get JSON. */
void upload_page_form(struct call *c, const struct upload_link *link);
void upload_page_done(struct call *c, const struct upload_link *link, const char *part_lot,
		      struct hash document);
void upload_page_fault(struct call *c, const struct fault *f);

#endif
