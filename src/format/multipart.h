/* SPDX-License-Identifier: Apache-2.0 */
/* multipart.h — the body of a form with a file (multipart/form-data, RFC 7578), whole in memory. Strict:
 * nothing before the first boundary or behind the last, no field twice, no transfer encoding. What
 * comes out lies in the body. */
#ifndef FORMAT_MULTIPART_H
#define FORMAT_MULTIPART_H

#include "base/error.h"

enum {
	MULTIPART_PARTS_MAX = 8,
	MULTIPART_BOUNDARY_MAX = 70, /* RFC 2046 section 5.1.1 */
	MULTIPART_HEADERS_MAX = 8,   /* of one part */
	MULTIPART_LINE_MAX = 1024,
};

struct multipart_part {
	struct bytes name; /* of the form's field; not empty */
	bool is_file;      /* it has a file name, which may be empty */
	struct bytes
		file_name; /* as it came: any bytes but control characters and quotation marks */
	struct bytes content;
};
struct multipart {
	size_t n; /* at least 1 */
	struct multipart_part parts[MULTIPART_PARTS_MAX];
};

/* The boundary in the header Content-Type. MULTIPART_TYPE. */
MUST_CHECK err multipart_boundary(const char *content_type, struct bytes *out, struct fault *f);
/* MULTIPART_WRONG, whose values `byte` and `why` say where and what. */
MUST_CHECK err multipart_read(struct bytes body, struct bytes boundary, struct multipart *out,
			      struct fault *f);
/* NULL: none of this name. */
const struct multipart_part *multipart_find(const struct multipart *m, const char *name);

#endif
