/* SPDX-License-Identifier: Apache-2.0 */
/* reply.c — how every answer leaves: counted, logged, and problems as RFC 9457 says. */
#include "base/catalog.h"
#include "base/log.h"
#include "server/http_check.h"
#include "server/server_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char PROBLEM_TYPE[] = "application/problem+json";

void reply_note(struct call *c, int status)
{
	struct server *s = c->server;
	char code[8], ms[24];

	metrics_request(&s->metrics, status);
	snprintf(code, sizeof code, "%d", status);
	snprintf(ms, sizeof ms, "%" PRIu64, clock_steady_ms(&clock_system) - c->started_ms);
	log_event(LOG_INFO_LEVEL, "request", "method", method_name(c->request->method), "route",
		  c->route == NULL ? "none" : c->route->pattern, "status", code, "ms", ms,
		  "principal", c->known ? c->caller.principal : "-", NULL);
}

void reply_bytes(struct call *c, int status, const char *type, struct bytes body)
{
	http_reply(c->request, status, type, body);
	reply_note(c, status);
}

void reply_nothing(struct call *c)
{
	reply_bytes(c, 204, NULL, (struct bytes){0});
}

static void reply_json_as(struct call *c, int status, const char *type, json_t *json)
{
	char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);

	json_decref(json);
	if (text != NULL) {
		reply_bytes(c, status, type, bytes_text(text));
		free(text);
		return;
	}
	reply_bytes(c, 500, PROBLEM_TYPE,
		    bytes_text("{\"title\":\"The server is out of memory.\",\"status\":500}"));
}

void reply_json(struct call *c, int status, json_t *json)
{
	reply_json_as(c, status, "application/json", json);
}

/* ---- problems ---- */

static json_t *failures_json(const struct control_failure *failure)
{
	json_t *list = json_array();

	for (; failure != NULL; failure = failure->next)
		json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "control",
						      failure->control, "expected",
						      failure->expected, "found", failure->found));
	return list;
}

/* What stands in a fault may come from input: bytes that are no UTF-8 are not repeated. */
static json_t *safe_string(const char *text)
{
	json_t *json = json_string(text);

	return json == NULL ? json_string("?") : json;
}

/* The status that is sent, which the document repeats (RFC 9457 section 3.1.2): more than our own
 * codes know. */
static int status_of(const struct fault *f)
{
	int below = http_fault_status(f);

	if (f->message != NULL && strcmp(f->message, "API_METHOD") == 0)
		return 405;
	return below != 0 ? below : err_info(f->code)->http_status;
}

/* Something is wrong with us, and not with what was asked. */
static bool is_ours(const struct fault *f)
{
	return f->code == ERR_IO || f->code == ERR_CORRUPT || f->code == ERR_INTERNAL ||
	       f->code == ERR_MEMORY || f->code == ERR_UNAVAILABLE;
}

/* Paths, addresses and what a library said are for our log, not for whoever asks. */
static struct fault without_inside(const struct fault *f)
{
	static const char *const INSIDE[] = {"path", "socket", "why", "detail", "file"};
	struct fault shown = *f;

	for (size_t i = 0; is_ours(f) && i < shown.n; i++)
		for (size_t k = 0; k < sizeof INSIDE / sizeof INSIDE[0]; k++)
			if (strcmp(shown.values[i].name, INSIDE[k]) == 0)
				snprintf(shown.values[i].value, sizeof shown.values[i].value, "…");
	return shown;
}

static json_t *shown_json(const struct fault *f, const struct control_failure *failures)
{
	const struct err_info *info = err_info(f->code);
	const char *id = f->message == NULL ? "UNKNOWN" : f->message;
	const struct message *message = catalog_find(id);
	char text[2048], urn[128];
	json_t *json = json_object(), *values = json_object();

	snprintf(urn, sizeof urn, "urn:sealwright:problem:%s", id);
	json_object_set_new(json, "type", json_string(urn));
	json_object_set_new(json, "title", json_string(info->sentence));
	json_object_set_new(json, "status", json_integer(status_of(f)));
	json_object_set_new(json, "code", json_string(id));
	catalog_render(message == NULL ? info->sentence : message->text, f, text, sizeof text);
	json_object_set_new(json, "detail", safe_string(text));
	if (message != NULL && message->fix[0] != '\0') {
		catalog_render(message->fix, f, text, sizeof text);
		json_object_set_new(json, "fix", safe_string(text));
	}
	if (f->field[0] != '\0')
		json_object_set_new(json, "field", safe_string(f->field));
	for (size_t i = 0; i < f->n; i++)
		if (json_object_set_new(values, f->values[i].name,
					safe_string(f->values[i].value)) != 0)
			continue; /* a name that is no UTF-8 is left out */
	json_object_set_new(json, "values", values);
	if (failures != NULL)
		json_object_set_new(json, "failures", failures_json(failures));
	return json;
}

json_t *problem_json(const struct fault *f, const struct control_failure *failures)
{
	struct fault shown = without_inside(f);

	return shown_json(&shown, failures);
}

json_t *problem_of_submission(const struct submission *s)
{
	const struct result *result = submission_result(s);

	return problem_json(&result->fault, result->failures);
}

/* A client that is told "later" is told when. */
static void set_retry(struct call *c, const struct fault *f)
{
	const char *seconds = fault_value(f, "seconds");

	if (f->code == ERR_LIMIT || f->code == ERR_UNAVAILABLE)
		http_header_set(c->request, "Retry-After", seconds == NULL ? "1" : seconds);
	if (f->code == ERR_UNAUTHENTICATED && c->request->port == HTTP_PEOPLE)
		http_header_set(c->request, "WWW-Authenticate", "Bearer");
}

void reply_fault(struct call *c, const struct fault *f, const struct control_failure *failures)
{
	set_retry(c, f);
	if (is_ours(f))
		log_fault(LOG_ERROR_LEVEL, "request_failed", f);
	reply_json_as(c, status_of(f), PROBLEM_TYPE, problem_json(f, failures));
}
