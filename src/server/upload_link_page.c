/* SPDX-License-Identifier: Apache-2.0 */
/* upload_link_page.c — what whoever follows an upload link sees: pages without a script, a style or a
 * picture, for browsers; JSON for programs. */
#include "server/upload_link.h"

#include "base/catalog.h"

enum { PAGE_SIZE = 16384 };

/* A page being written. Everything that is not ours goes through page_text(). */
struct page {
	uint8_t bytes[PAGE_SIZE];
	struct writer w;
};

static void page_text(struct page *p, const char *text)
{
	static const char *const AS[] = {['&'] = "&amp;",
					 ['<'] = "&lt;",
					 ['>'] = "&gt;",
					 ['"'] = "&quot;",
					 ['\''] = "&#39;"};

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		if (c < sizeof AS / sizeof AS[0] && AS[c] != NULL)
			put_text(&p->w, AS[c]);
		else
			put_u8(&p->w, c);
	}
}

static struct page *page_make(struct call *c, const char *title)
{
	struct page *p = arena_alloc(c->request->arena, sizeof *p);

	if (p == NULL)
		return NULL;
	p->w = writer_of(p->bytes, sizeof p->bytes);
	put_text(&p->w, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
			"<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
	page_text(p, title);
	put_text(&p->w, "</title>\n</head>\n<body>\n<h1>");
	page_text(p, title);
	put_text(&p->w, "</h1>\n");
	return p;
}

/* The page loads nothing, runs nothing, stands in no frame, and sends its form only here. */
static void page_reply(struct call *c, int status, struct page *p)
{
	struct bytes page;

	if (p != NULL)
		put_text(&p->w, "</body>\n</html>\n");
	if (p == NULL || !writer_done(&p->w, &page)) {
		reply_bytes(c, 500, "text/plain", bytes_text("The server is out of memory.\n"));
		return;
	}
	http_header_set(c->request, "Content-Security-Policy",
			"default-src 'none'; form-action 'self'; base-uri 'none'; "
			"frame-ancestors 'none'");
	reply_bytes(c, status, "text/html; charset=utf-8", page);
}

void upload_page_form(struct call *c, const struct upload_link *link)
{
	struct page *p = page_make(c, "Upload a conformance certificate");
	char until[TIME_TEXT_SIZE];

	if (p == NULL) {
		page_reply(c, 500, p);
		return;
	}
	time_text(link->expires, until);
	put_text(&p->w, "<p>For supplier <b>");
	page_text(p, link->supplier_name);
	put_text(&p->w, "</b> (");
	page_text(p, link->supplier);
	put_text(&p->w, "), open until ");
	page_text(p, until);
	put_text(&p->w, ".</p>\n<form method=\"post\" enctype=\"multipart/form-data\">\n"
			"<p><label>Part lot, as on the reel or tray: <input name=\"part_lot\" "
			"maxlength=\"64\" required");
	if (link->part_lot != NULL) {
		put_text(&p->w, " readonly value=\"");
		page_text(p, link->part_lot);
		put_text(&p->w, "\"");
	}
	put_text(&p->w, "></label></p>\n<p><label>File, 16 MiB at most: <input type=\"file\" "
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
	struct page *p = page_make(c, "Thank you");
	if (p != NULL) {
		put_text(&p->w, "<p>The conformance certificate of part lot <b>");
		page_text(p, part_lot);
		put_text(&p->w, "</b> is recorded. Its SHA-256 is <code>");
		page_text(p, hex);
		put_text(&p->w, "</code>: keep it, to compare.</p>\n");
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
	struct page *p = page_make(c, "Not recorded");
	if (p != NULL) {
		fault_text(f, text, sizeof text);
		put_text(&p->w, "<p>");
		page_text(p, text);
		put_text(&p->w, "</p>\n");
	}
	page_reply(c, err_info(f->code)->http_status, p);
}
