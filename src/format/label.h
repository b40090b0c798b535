/* SPDX-License-Identifier: Apache-2.0 */
/* label.h — the 2-D label of a reel or bag as a scanner delivers it: an ISO/IEC 15434 envelope of format
 * 06, whose fields begin with data identifiers (ANSI MH10.8.2) as EIGP 114 and distributors use them. The
 * separators may come as control characters, or written out the ways that scanners and people write
 * them; a label that lost them is recognized and refused, since its fields cannot be told apart. */
#ifndef FORMAT_LABEL_H
#define FORMAT_LABEL_H

#include "base/arena.h"

enum {
	LABEL_SIZE_MAX = 4096, /* of what a scanner sent */
	LABEL_TEXT_MAX = 500,  /* of its plain text */
	LABEL_FIELDS_MAX = 64,
	LABEL_QUANTITY_MAX = 1000000000,
};

enum label_field {
	LABEL_CUSTOMER_PART,     /* our own part number, if we ordered with it */
	LABEL_MANUFACTURER_PART, /* the maker's */
	LABEL_SUPPLIER_PART,     /* the distributor's */
	LABEL_MANUFACTURER,
	LABEL_PART_LOT,
	LABEL_DATE_CODE,
	LABEL_DATE_CODE_TOO, /* under the other identifier */
	LABEL_QUANTITY,
	LABEL_PURCHASE_ORDER,
	LABEL_ORDER_LINE,
	LABEL_SALES_ORDER,
	LABEL_INVOICE,
	LABEL_PACKING_LIST,
	LABEL_COUNTRY,
	LABEL_SERIAL,
	LABEL_PACKAGE,
	LABEL_FIELDS
};

struct label {
	struct bytes field[LABEL_FIELDS]; /* printable ASCII, trimmed; empty: not on the label */
	int64_t quantity;                 /* 0: not on the label */
	struct bytes text; /* the whole label with its separators as ^] ^^ ^D, which label_read
			    * reads again */
};

/* LABEL_TOO_LONG, LABEL_NONE, LABEL_SEPARATORS_LOST, LABEL_FORMAT, LABEL_MORE, LABEL_FIELD_WRONG,
 * LABEL_FIELD_TWICE, LABEL_FIELDS_TOO_MANY, LABEL_QUANTITY_WRONG, LABEL_CHARACTER. Everything lives in the
 * arena. */
MUST_CHECK err label_read(struct arena *a, struct bytes scanned, struct label *out,
			  struct fault *f);
/* "manufacturer's part number", … */
const char *label_field_name(enum label_field field);
/* The date code, under either identifier. */
struct bytes label_date_code(const struct label *label);

#endif
