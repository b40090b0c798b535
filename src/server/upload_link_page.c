/* SPDX-License-Identifier: Apache-2.0 */
/* upload_link_page.c — what whoever follows an upload link sees: pages for browsers; JSON for programs. */
#include "server/page.h"
#include "server/upload_link.h"

#include "base/catalog.h"

void upload_page_form(struct call *c, const struct upload_link *link)
{
	struct page *p = page_open(c, "Upload a conformance certificate");
	char until[TIME_TEXT_SIZE];

	time_text(link->expires, until);
	page_raw(p, "<p>For supplier <b>");
	page_text(p, link->supplier_name);
	page_raw(p, "</b> (");
	page_text(p, link->supplier);
	page_raw(p, "), open until ");
	page_text(p, until);
	page_raw(p, ".</p>\n<form method=\"post\" enctype=\"multipart/form-data\">\n"
		    "<p><label>Part lot, as on the reel or tray: <input name=\"part_lot\" "
		    "maxlength=\"64\" required");
	if (link->part_lot != NULL) {
		page_raw(p, " readonly value=\"");
		page_text(p, link->part_lot);
		page_raw(p, "\"");
	}
	page_raw(p, "></label></p>\n<p><label>File, 16 MiB at most: <input type=\"file\" "
		    "name=\"file\" required></label></p>\n"
		    "<p><button>Upload</button></p>\n</form>\n"
		    "<p>It counts once for each part lot, and cannot be changed "
		    "afterwards.</p>\n");
	page_reply(c, 200, p);
}

void upload_page_done(struct call *c, const struct upload_link *link, const char *part_lot,
		      struct hash document)
{
	char hex[65];

	hex_encode(hash_bytes(&document), hex);
	if (!call_accepts(c, "text/html")) {
		reply_json(c, 201,
			   json_pack("{s:s, s:s, s:s}", "supplier", link->supplier, "part_lot",
				     part_lot, "document", hex));
		return;
	}
	struct page *p = page_open(c, "Thank you");
	if (p != NULL) {
		page_raw(p, "<p>The conformance certificate of part lot <b>");
		page_text(p, part_lot);
		page_raw(p, "</b> is recorded. Its SHA-256 is <code>");
		page_text(p, hex);
		page_raw(p, "</code>: keep it, to compare.</p>\n");
	}
	page_reply(c, 201, p);
}

void upload_page_fault(struct call *c, const struct fault *f)
{
	char text[1024];

	/* What is wrong with us is said, and logged, as everywhere. */
	if (!call_accepts(c, "text/html") || err_info(f->code)->http_status >= 500) {
		reply_fault(c, f, NULL);
		return;
	}
	struct page *p = page_open(c, "Not recorded");
	if (p != NULL) {
		fault_text(f, text, sizeof text);
		page_raw(p, "<p>");
		page_text(p, text);
		page_raw(p, "</p>\n");
	}
	page_reply(c, err_info(f->code)->http_status, p);
}
