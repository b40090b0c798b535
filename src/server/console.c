/* SPDX-License-Identifier: Apache-2.0 */
/* console.c — the web console's shell, the same for every page, and its files. Nothing of the request stands in it
 * but the choice among the languages that there are. */
#include "server/console_files.h"
#include "server/server_internal.h"

#include <stdio.h>
#include <string.h>

/* ---- language ---- */

/* The pseudo-language of the tests is had by the cookie only. */
static const char *const LANGUAGES[] = {"en", "zh", "xx"};
enum { ENGLISH, ASKED_N = 2, CHOSEN_N = 3 };

static const char *language_called(const char *name, size_t n, size_t choices)
{
	for (size_t i = 0; i < choices; i++)
		if (n >= 2 && strncmp(name, LANGUAGES[i], 2) == 0 && (n == 2 || name[2] == '-'))
			return LANGUAGES[i];
	return NULL;
}

/* The cookie that the console's menu sets. */
static const char *language_chosen(const char *cookies)
{
	static const char NAME[] = "language=";

	for (const char *at = cookies; at != NULL && *at != '\0';) {
		size_t n = strcspn(at, ";");
		if (n == sizeof NAME + 1 && strncmp(at, NAME, sizeof NAME - 1) == 0)
			return language_called(at + sizeof NAME - 1, 2, CHOSEN_N);
		at += n;
		at += strspn(at, "; ");
	}
	return NULL;
}

/* The first of Accept-Language that there is: browsers list them by preference (RFC 9110 section 12.5.4). */
static const char *language_asked(const char *accepted)
{
	for (const char *at = accepted; at != NULL && *at != '\0';) {
		size_t n = strcspn(at, ",");
		const char *found = language_called(at, strcspn(at, ",; "), ASKED_N);
		if (found != NULL)
			return found;
		at += n;
		at += strspn(at, ", ");
	}
	return NULL;
}

static const char *language_of(const struct http_request *r)
{
	const char *language = language_chosen(http_header(r, "Cookie"));

	if (language == NULL)
		language = language_asked(http_header(r, "Accept-Language"));
	return language == NULL ? LANGUAGES[ENGLISH] : language;
}

/* ---- the shell ---- */

/* As the value of an attribute in double quotes; NULL without memory. */
static const char *attribute(struct arena *a, const char *text)
{
	static const char SPECIAL[] = "&<>\"";
	static const char *const AS[] = {"&amp;", "&lt;", "&gt;", "&quot;"};
	const char *out = "";

	while (out != NULL && *text != '\0') {
		size_t n = strcspn(text, SPECIAL);
		const char *special = text[n] == '\0' ? "" : AS[strchr(SPECIAL, text[n]) - SPECIAL];
		out = arena_printf(a, "%s%.*s%s", out, (int)n, text, special);
		text += n + (text[n] != '\0');
	}
	return out;
}

static const char *file_of(const char *role, const char *language)
{
	char name[32];

	snprintf(name, sizeof name, "%s%s%s", role, language == NULL ? "" : ".",
		 language == NULL ? "" : language);
	for (size_t i = 0; i < CONSOLE_FILES_N; i++)
		if (strcmp(CONSOLE_FILES[i].role, name) == 0)
			return CONSOLE_FILES[i].name;
	return "";
}

static const char POLICY[] =
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
	"connect-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; "
	"frame-ancestors 'none'";

err handle_console_page(struct call *c, struct fault *f)
{
	const char *language = language_of(c->request);
	const struct server_config *config = &c->server->config;
	struct arena *a = c->request->arena;
	const char *log = attribute(a, config->origin), *origin = attribute(a, config->web_origin),
		   *party = attribute(a, config->relying_party);
	char *page = arena_printf(
		a,
		"<!DOCTYPE html>\n<html lang=\"%s\" data-pages=\"/console/%s\" "
		"data-more=\"/console/%s\" "
		"data-worker=\"/console/%s\" data-log=\"%s\" "
		"data-origin=\"%s\" data-party=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"color-scheme\" content=\"light dark\">\n<title>Sealwright</title>\n"
		"<link rel=\"icon\" href=\"/console/icon.svg\">\n"
		"<link rel=\"stylesheet\" href=\"/console/%s\">\n"
		"<script type=\"module\" src=\"/console/%s\"></script>\n"
		"<script type=\"module\" src=\"/console/%s\"></script>\n</head>\n"
		"<body><div id=\"console\"></div></body>\n</html>\n",
		language, file_of("pages", language), file_of("more", language),
		file_of("worker", NULL), log == NULL ? "" : log, origin == NULL ? "" : origin,
		party == NULL ? "" : party, file_of("style", NULL), file_of("text", language),
		file_of("main", NULL));

	if (page == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	http_header_set(c->request, "Content-Security-Policy", POLICY);
	http_header_set(c->request, "Cross-Origin-Opener-Policy", "same-origin");
	http_header_set(c->request, "Cache-Control", "no-cache");
	http_header_set(c->request, "Vary", "Accept-Language, Cookie");
	reply_bytes(c, 200, "text/html; charset=utf-8", bytes_text(page));
	return ERR_OK;
}

/* ---- its files ---- */

/* RFC 9110 section 12.5.3: named, and not with the weight 0. */
static bool takes_gzip(const char *accepted)
{
	for (const char *at = accepted; at != NULL && *at != '\0';) {
		size_t n = strcspn(at, ",");
		if (strncmp(at, "gzip", 4) == 0 && strchr(",; ", at[4]) != NULL) {
			const char *weight = strstr(at, "q=0");
			bool none = weight != NULL && weight < at + n &&
				    strspn(weight + 2, "0.") == strcspn(weight + 2, ",; ");
			return !none;
		}
		at += n;
		at += strspn(at, ", ");
	}
	return false;
}

/* The one file whose name does not change with its content. */
static const char ICON[] =
	"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 32 32\"><circle cx=\"16\" "
	"cy=\"16\" "
	"r=\"14\" fill=\"#0b6b5d\"/><path d=\"M9 16.5l5 5 9.5-11\" fill=\"none\" stroke=\"#fff\" "
	"stroke-width=\"3.5\"/></svg>\n";

err handle_console_file(struct call *c, struct fault *f)
{
	const char *name = c->arguments[0];

	http_header_set(c->request, "Cross-Origin-Resource-Policy", "same-origin");
	if (strcmp(name, "icon.svg") == 0) {
		http_header_set(c->request, "Cache-Control", "public, max-age=86400");
		reply_bytes(c, 200, "image/svg+xml", bytes_text(ICON));
		return ERR_OK;
	}
	for (size_t i = 0; i < CONSOLE_FILES_N; i++) {
		const struct console_file *file = &CONSOLE_FILES[i];
		if (strcmp(file->name, name) != 0)
			continue;
		bool packed = takes_gzip(http_header(c->request, "Accept-Encoding"));
		if (packed)
			http_header_set(c->request, "Content-Encoding", "gzip");
		http_header_set(c->request, "Vary", "Accept-Encoding");
		http_header_set(c->request, "Cache-Control", "public, max-age=31536000, immutable");
		reply_bytes(c, 200, file->type, packed ? file->packed : file->plain);
		return ERR_OK;
	}
	return fail(f, "API_NO_ROUTE", NULL);
}
