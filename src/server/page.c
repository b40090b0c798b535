/* SPDX-License-Identifier: Apache-2.0 */
#include "server/page.h"

#include "base/catalog.h"
#include "core/sha256.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Light or dark as the reader's system is: colors of the system, and gray that suits both. */
static const char STYLE[] =
	":root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}"
	"body{max-width:80rem;margin:1.5rem auto;padding:0 1rem}"
	"h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}"
	"table{border-collapse:collapse;display:block;overflow-x:auto}"
	"th,td{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #8885;"
	"vertical-align:top;max-width:24rem;white-space:nowrap;overflow:hidden;text-overflow:"
	"ellipsis}"
	".one "
	"td{max-width:60rem;white-space:normal;overflow-wrap:anywhere}label{white-space:nowrap}"
	"form{display:inline}input,button{font:inherit}nav{margin:1rem 0}small{color:#888}";

struct page {
	struct arena *arena;
	char *p;
	size_t n, cap;
	bool broken; /* too large, or without memory */
};

static bool make_room(struct page *p, size_t more)
{
	size_t cap = p->cap;

	if (p->broken || more > PAGE_SIZE_MAX - p->n) {
		p->broken = true;
		return false;
	}
	while (cap < p->n + more)
		cap = cap == 0 ? 16384 : 2 * cap;
	if (cap == p->cap)
		return true;
	char *larger = arena_alloc(p->arena, cap);
	if (larger == NULL) {
		p->broken = true;
		return false;
	}
	if (p->n > 0)
		memcpy(larger, p->p, p->n);
	p->p = larger;
	p->cap = cap;
	return true;
}

static void put(struct page *p, const char *text, size_t n)
{
	if (p == NULL || n == 0 || !make_room(p, n))
		return;
	memcpy(p->p + p->n, text, n);
	p->n += n;
}

void page_raw(struct page *p, const char *markup)
{
	put(p, markup, strlen(markup));
}

void page_text(struct page *p, const char *text)
{
	static const char SPECIAL[] = "&<>\"'";
	static const char *const AS[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};

	while (*text != '\0') {
		size_t n = strcspn(text, SPECIAL);
		put(p, text, n);
		text += n;
		if (*text != '\0')
			page_raw(p, AS[strchr(SPECIAL, *text++) - SPECIAL]);
	}
}

void page_number(struct page *p, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRIu64, number);
	page_raw(p, text);
}

/* RFC 3986 section 2.3: what stands for itself in a path; all else as %XX. */
static void put_segment(struct page *p, const char *segment)
{
	static const char PLAIN[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_~";
	char hex[4];

	for (; *segment != '\0'; segment++) {
		if (strchr(PLAIN, *segment) != NULL || (*segment == '.' && segment[1] != '\0')) {
			put(p, segment, 1);
			continue;
		}
		snprintf(hex, sizeof hex, "%%%02X", (unsigned char)*segment);
		put(p, hex, 3);
	}
}

void page_link(struct page *p, const char *text, const char *const *parts)
{
	page_raw(p, "<a href=\"");
	for (; *parts != NULL; parts++) {
		page_raw(p, "/");
		put_segment(p, *parts);
	}
	page_raw(p, "\">");
	page_text(p, text);
	page_raw(p, "</a>");
}

struct page *page_open(struct call *c, const char *title)
{
	struct page *p = arena_alloc(c->request->arena, sizeof *p);

	if (p == NULL)
		return NULL;
	p->arena = c->request->arena;
	page_raw(p, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		    "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
	page_text(p, title);
	page_raw(p, "</title>\n<style>");
	page_raw(p, STYLE);
	page_raw(p, "</style>\n</head>\n<body>\n<h1>");
	page_text(p, title);
	page_raw(p, "</h1>\n");
	return p;
}

/* Only this style, by its digest; a form goes nowhere else, and no other page frames this one. */
static void set_policy(struct call *c)
{
	struct hash digest = sha256(bytes_text(STYLE));
	char base64[48], policy[256];

	base64_encode(hash_bytes(&digest), base64);
	snprintf(policy, sizeof policy,
		 "default-src 'none'; style-src 'sha256-%s'; form-action 'self'; base-uri 'none'; "
		 "frame-ancestors 'none'",
		 base64);
	http_header_set(c->request, "Content-Security-Policy", policy);
}

void page_reply(struct call *c, int status, struct page *p)
{
	page_raw(p, "</body>\n</html>\n");
	if (p == NULL || p->broken) {
		reply_bytes(c, 500, "text/plain; charset=utf-8",
			    bytes_text("This page is too large. Ask for less of it.\n"));
		return;
	}
	set_policy(c);
	reply_bytes(c, status, "text/html; charset=utf-8", bytes_of(p->p, p->n));
}

void page_fault(struct call *c, const struct fault *f)
{
	char text[1024];

	/* What is wrong with us is said, and logged, as everywhere. */
	if (err_info(f->code)->http_status >= 500) {
		reply_fault(c, f, NULL);
		return;
	}
	struct page *p = page_open(c, "That did not work");
	fault_text(f, text, sizeof text);
	page_raw(p, "<p>");
	page_text(p, text);
	page_raw(p, "</p>\n<p><a href=\"/\">To the start</a></p>\n");
	page_reply(c, err_info(f->code)->http_status, p);
}
