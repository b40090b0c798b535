/* SPDX-License-Identifier: Apache-2.0 */
/* routes.c — everything that is served, in one table: it dispatches and feeds /openapi.json. */
#include "server/server_internal.h"

#include <stdio.h>
#include <string.h>

#define JSON    "application/json"
#define OCTETS  "application/octet-stream"
#define PLAIN   "text/plain"
#define HTML    "text/html"
#define METRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"

/* A page of the console: always the same shell. */
#define PAGE(pattern)                                                                    \
	{                                                                                \
		HTTP_GET, pattern, ANYONE, FREELY, NULL, handle_console_page, BODY_NONE, \
			"A page of the console.", NULL, HTML                             \
	}

/* The first row that fits is taken: literal paths stand before patterns. */
const struct route ROUTES[] = {
	{HTTP_GET, "/healthz", ANYONE, FREELY, NULL, handle_health, BODY_NONE,
	 "The process is alive.", NULL, PLAIN},
	{HTTP_GET, "/readyz", ANYONE, FREELY, NULL, handle_ready, BODY_NONE,
	 "The server takes decisions: the signer answers, the clock holds.", NULL, JSON},
	{HTTP_GET, "/metrics", NEARBY, FREELY, NULL, handle_metrics, BODY_NONE,
	 "OpenMetrics text; for machines, and for peers on the same host.", NULL, METRICS},
	{HTTP_GET, "/v1/doctor", PRINCIPAL, LOOKING, NULL, handle_doctor, BODY_NONE,
	 "What the server can say of itself, as checks with a verdict; for who holds ledger.read "
	 "or "
	 "access.read.",
	 NULL, JSON},
	{HTTP_GET, "/openapi.json", ANYONE, FREELY, NULL, handle_openapi, BODY_NONE,
	 "This document.", NULL, JSON},
	{HTTP_GET, "/log/checkpoint", ANYONE, FREELY, NULL, handle_checkpoint, BODY_NONE,
	 "The last signed checkpoint (C2SP tlog-checkpoint).", NULL, PLAIN},
	{HTTP_GET, "/log/vkey", ANYONE, FREELY, NULL, handle_log_key, BODY_NONE,
	 "The log's verifier key, as this server has it: compare it with one from elsewhere.", NULL,
	 PLAIN},
	{HTTP_GET, "/log/tile/entries/{tile...}", PRINCIPAL, LOOKING, "ledger.read", handle_entries,
	 BODY_NONE, "A bundle of entries (C2SP tlog-tiles).", NULL, OCTETS},
	{HTTP_GET, "/log/tile/{tile...}", ANYONE, FREELY, NULL, handle_tile, BODY_NONE,
	 "A tile of hashes (C2SP tlog-tiles).", NULL, OCTETS},
	{HTTP_POST, "/v1/challenges", ANYONE, FREELY, NULL, handle_challenge, BODY_SMALL,
	 "A nonce, good once and for five minutes: {\"for\": \"session\"}, {\"for\": \"passkey\"}, "
	 "or "
	 "{\"for\": \"unit\", \"product\", \"serial\"}.",
	 NULL, JSON},
	{HTTP_POST, "/v1/sessions", ANYONE, FREELY, NULL, handle_sign_in, BODY_SMALL,
	 "Signs in: {\"principal\", \"nonce\", \"key\", \"signature\"}; the token goes into "
	 "Authorization: Bearer.",
	 NULL, JSON},
	{HTTP_DELETE, "/v1/sessions", PRINCIPAL, FREELY, NULL, handle_sign_out, BODY_NONE,
	 "Signs out: the token of this request ends.", NULL, NULL},
	{HTTP_POST, "/v1/sessions/passkey", ANYONE, FREELY, NULL, handle_passkey_sign_in,
	 BODY_SMALL,
	 "Signs a browser in with a passkey: {\"nonce\", \"credential\", \"client_data\", "
	 "\"authenticator_data\", \"signature\"}; sets the cookie.",
	 NULL, JSON},
	{HTTP_GET, "/v1/sessions", PRINCIPAL, LOOKING, NULL, handle_sessions, BODY_NONE,
	 "Where the caller is signed in; with `principal`, somebody else. Permission "
	 "access.suspend.",
	 "principal", JSON},
	{HTTP_DELETE, "/v1/sessions/{id}", PRINCIPAL, LOOKING, NULL, handle_session_end, BODY_NONE,
	 "Ends one session: one's own; with `principal`, somebody else's. Permission "
	 "access.suspend.",
	 "principal", NULL},
	{HTTP_POST, "/v1/step-up", PRINCIPAL, ACTING, NULL, handle_step_up, BODY_SMALL,
	 "Proves again that it is the person, for ten minutes: with a passkey as for signing in, "
	 "or "
	 "{\"code\"}.",
	 NULL, JSON},
	{HTTP_POST, "/v1/passkeys", PRINCIPAL, REGISTERING, NULL, handle_passkey, BODY_PASSKEY,
	 "Registers a passkey of the caller's, which waits to be confirmed: {\"nonce\", \"label\", "
	 "\"transports\", \"client_data\", \"attestation\", \"possession\": {\"client_data\", "
	 "\"authenticator_data\", \"signature\"}}.",
	 NULL, JSON},
	{HTTP_GET, "/v1/passkeys/offers", PRINCIPAL, REGISTERING, NULL, handle_passkey_offers,
	 BODY_NONE, "Passkeys that wait to be confirmed: one's own; all with access.admin.", NULL,
	 JSON},
	{HTTP_GET, "/v1/passkeys/offers/{key}", PRINCIPAL, REGISTERING, NULL, handle_passkey_offer,
	 BODY_NONE, "One of them, with the body of the key.enrolled that confirms it.", NULL, JSON},
	{HTTP_DELETE, "/v1/passkeys/offers/{key}", PRINCIPAL, REGISTERING, NULL,
	 handle_passkey_offer_drop, BODY_NONE, "Takes one away.", NULL, NULL},
	{HTTP_POST, "/v1/totp", PRINCIPAL, STEPPED_UP, NULL, handle_totp, BODY_SMALL,
	 "A secret for an app for codes, shown once; it takes effect with its first code.", NULL,
	 JSON},
	{HTTP_POST, "/v1/totp/confirm", PRINCIPAL, STEPPED_UP, NULL, handle_totp_confirm,
	 BODY_SMALL, "The first code: {\"code\"}.", NULL, NULL},
	{HTTP_DELETE, "/v1/totp", PRINCIPAL, STEPPED_UP, NULL, handle_totp_end, BODY_NONE,
	 "Takes the app for codes off.", NULL, NULL},
	{HTTP_POST, "/v1/links", PRINCIPAL, STEPPED_UP, NULL, handle_sign_in_link, BODY_SMALL,
	 "Makes a link that signs the caller in once, in a browser, within 15 minutes; with "
	 "{\"principal\"} an invitation to register passkeys. Permission access.admin.",
	 NULL, JSON},
	{HTTP_GET, "/sign-in/{token}", ANYONE, FREELY, NULL, handle_sign_in_page, BODY_NONE,
	 "A page with a button: looking at the link does not use it up.", NULL, HTML},
	{HTTP_POST, "/sign-in/{token}", ANYONE, FREELY, NULL, handle_sign_in_spend, BODY_SMALL,
	 "Uses the link up: sets the cookie of a session that may look, or only register.", NULL,
	 HTML},
	{HTTP_POST, "/sign-out", ANYONE, FREELY, NULL, handle_leave, BODY_SMALL,
	 "Ends the browser's session.", NULL, HTML},
	{HTTP_GET, "/console/{file}", ANYONE, FREELY, NULL, handle_console_file, BODY_NONE,
	 "A file of the console.", NULL, "text/javascript"},
	PAGE("/"),
	PAGE("/start"),
	PAGE("/units"),
	PAGE("/unit/{product}/{serial}"),
	PAGE("/part-lots"),
	PAGE("/part-lot/{supplier}/{part_lot}"),
	PAGE("/affected"),
	PAGE("/suppliers"),
	PAGE("/supplier/{supplier}"),
	PAGE("/authorizations"),
	PAGE("/authorization/{id}"),
	PAGE("/firmware"),
	PAGE("/firmware/{product}/{release}"),
	PAGE("/approvals"),
	PAGE("/approval/{sequence}"),
	PAGE("/shipments"),
	PAGE("/shipment/{id}"),
	PAGE("/nonconformances"),
	PAGE("/policy"),
	PAGE("/evidence"),
	PAGE("/entry/{sequence}"),
	PAGE("/verify"),
	PAGE("/doctor"),
	PAGE("/attacks"),
	PAGE("/people"),
	PAGE("/account"),
	PAGE("/records"),
	PAGE("/record/{type}"),
	PAGE("/view/{view}"),
	PAGE("/station"),
	{HTTP_GET, "/v1/me", PRINCIPAL, REGISTERING, NULL, handle_me, BODY_NONE,
	 "Who asks, and what they may do now.", NULL, JSON},
	{HTTP_GET, "/v1/types", ANYONE, FREELY, NULL, handle_types, BODY_NONE, "Every record type.",
	 NULL, JSON},
	{HTTP_GET, "/v1/types/{type}", ANYONE, FREELY, NULL, handle_type, BODY_NONE,
	 "One record type.", NULL, JSON},
	{HTTP_GET, "/v1/controls", ANYONE, FREELY, NULL, handle_controls, BODY_NONE,
	 "Every control that this version knows: what judges, at which gates, with which numbers.",
	 NULL, JSON},
	{HTTP_POST, "/v1/records", PRINCIPAL, ACTING, NULL, handle_records, BODY_BATCH,
	 "Up to 1,000 records: {\"whole\": bool, \"records\": [{\"type\", …}]}; with `whole`, all "
	 "or none.",
	 NULL, JSON},
	{HTTP_POST, "/v1/records/{type}", PRINCIPAL, ACTING, NULL, handle_record, BODY_RECORD,
	 "One record, reported or signed. 201: certified; 202: recorded, its receipt follows.",
	 NULL, JSON},
	{HTTP_POST, "/v1/records/{type}/prepare", PRINCIPAL, ACTING, NULL, handle_prepare,
	 BODY_RECORD, "The bytes of a claim to sign, its digest, and how it reads.", NULL, JSON},
	{HTTP_GET, "/v1/receipts/{digest}", PRINCIPAL, LOOKING, NULL, handle_receipt, BODY_NONE,
	 "The receipt of a recorded claim.", "sequence", JSON},
	{HTTP_GET, "/v1/entries/{sequence}", PRINCIPAL, LOOKING, "ledger.read", handle_entry,
	 BODY_NONE,
	 "An entry of the log, with the values that still exist; as application/cbor its own "
	 "bytes.",
	 NULL, JSON},
	{HTTP_GET, "/v1/stream", PRINCIPAL, LOOKING, "ledger.read", handle_stream, BODY_NONE,
	 "Server-sent events: every record that a checkpoint covers. Last-Event-ID resumes.",
	 "after", "text/event-stream"},
	{HTTP_GET, "/v1/views", PRINCIPAL, LOOKING, NULL, handle_views, BODY_NONE, "Every view.",
	 NULL, JSON},
	{HTTP_GET, "/v1/views/{view}", PRINCIPAL, LOOKING, NULL, handle_view, BODY_NONE,
	 "The rows of a view that the caller may see; also as text/csv.", NULL, JSON},
	{HTTP_GET, "/v1/affected", PRINCIPAL, LOOKING, NULL, handle_affected, BODY_NONE,
	 "Where a source went: every unit it is in or touched, where each is now, by which way, "
	 "and what is "
	 "still in stock. Permission recall.read.",
	 "kind within id limit cursor", JSON},
	{HTTP_GET, "/v1/affected/unit/{product}/{serial}/origins", PRINCIPAL, LOOKING, NULL,
	 handle_origins, BODY_NONE,
	 "What a unit was made of, back to its suppliers. Permission recall.read.", NULL, JSON},
	{HTTP_GET, "/v1/chains/{kind}/{within}/{id}", PRINCIPAL, LOOKING, NULL, handle_chain,
	 BODY_NONE,
	 "What is recorded about a thing, newest first, without confidential values: for who sees "
	 "the thing in its view, or holds ledger.read. `-` for an empty {within}.",
	 "limit cursor", JSON},
	{HTTP_GET, "/v1/gates/{gate}/{subject...}", PRINCIPAL, LOOKING, NULL, handle_gate,
	 BODY_NONE,
	 "Would this gate let the subject pass? {kind}/{within}/{id}, `-` for an empty half; or "
	 "{product}/{serial}. Permission gate.ask. As text/plain one line, PASS or FAIL.",
	 NULL, JSON},
	{HTTP_GET, "/v1/passport/{product}/{serial}", PRINCIPAL, LOOKING, NULL, handle_passport,
	 BODY_NONE,
	 "A unit's passport: what is recorded of it, with proofs. Permission passport.read; with "
	 "show=confidential also passport.confidential. `without` names kinds to withhold, with "
	 "commas.",
	 "show without", "application/vnd.sealwright.passport+cbor"},
	{HTTP_HEAD, "/v1/blobs/{digest}", PRINCIPAL, LOOKING, NULL, handle_blob_head, BODY_NONE,
	 "Where an upload stands: header Upload-Offset.", "size class", NULL},
	{HTTP_GET, "/v1/blobs/{digest}", PRINCIPAL, LOOKING, NULL, handle_blob, BODY_NONE,
	 "A blob, for who may write a record that names it; or with blob.read or ledger.read.",
	 NULL, OCTETS},
	{HTTP_PUT, "/v1/blobs/{digest}", PRINCIPAL, ACTING, NULL, handle_blob_upload, BODY_NONE,
	 "Uploads a blob, or goes on with Content-Range. Permission blob.write.", "class", JSON},
	{HTTP_GET, "/v1/demo", PRINCIPAL, LOOKING, "ledger.read", handle_demo, BODY_NONE,
	 "The attacks that the demo knows, where `sealwright demo` runs this server.", NULL, JSON},
	{HTTP_POST, "/v1/demo/attacks/{id}", PRINCIPAL, ACTING, "ledger.read", handle_demo_attack,
	 BODY_SMALL, "Begins an attack on the house, which must withstand it.", NULL, JSON},
	{HTTP_POST, "/v1/demo/attacks/{id}/without", PRINCIPAL, ACTING, "ledger.read",
	 handle_demo_without, BODY_SMALL,
	 "Begins the attack in a throw-away copy of the house where its control only observes.",
	 NULL, JSON},
	{HTTP_POST, "/v1/demo/build", PRINCIPAL, ACTING, "ledger.read", handle_demo_build,
	 BODY_SMALL, "Begins to build more units: {\"units\"}, 25 at most.", NULL, JSON},
	{HTTP_GET, "/v1/demo/runs/{run}", PRINCIPAL, LOOKING, "ledger.read", handle_demo_run,
	 BODY_NONE, "How far a run is: its steps, and what came of it.", NULL, JSON},
	{HTTP_GET, "/upload/{token}", ANYONE, FREELY, NULL, handle_link_page, BODY_NONE,
	 "The page of a one-time link: a form for a supplier's conformance certificate.", NULL,
	 "text/html"},
	{HTTP_POST, "/upload/{token}", ANYONE, FREELY, NULL, handle_link_upload, BODY_UPLOAD,
	 "Takes a conformance certificate, 16 MiB at most: a form with part_lot and file, or the "
	 "file alone with ?part_lot=&name=.",
	 "part_lot name", JSON},
	{0},
};

const char *method_name(enum http_method method)
{
	static const char *const names[] = {[HTTP_GET] = "GET",
					    [HTTP_HEAD] = "HEAD",
					    [HTTP_POST] = "POST",
					    [HTTP_PUT] = "PUT",
					    [HTTP_DELETE] = "DELETE"};

	return names[method];
}

/* The next segment of a pattern; false at its end, which for "/" is its beginning. */
static bool next_part(const char **pattern, const char **part, size_t *n)
{
	if (**pattern != '/' || (*pattern)[1] == '\0')
		return false;
	*part = *pattern + 1;
	*n = strcspn(*part, "/");
	*pattern = *part + *n;
	return true;
}

static bool is_rest(const char *part, size_t n)
{
	return n > 5 && part[0] == '{' && memcmp(part + n - 4, "...}", 4) == 0;
}

/* Fills the arguments when the path fits. */
static bool fits(const struct route *route, const struct http_request *r, struct call *c)
{
	const char *pattern = route->pattern, *part;
	size_t n, i = 0, count = http_segment_count(r);

	c->arguments_n = 0;
	for (; next_part(&pattern, &part, &n); i++) {
		const char *segment = http_segment(r, i);
		if (segment == NULL)
			return false;
		if (is_rest(part, n)) {
			c->rest = i;
			return true;
		}
		if (part[0] == '{') {
			c->arguments[c->arguments_n++] = segment;
			continue;
		}
		if (strlen(segment) != n || memcmp(segment, part, n) != 0)
			return false;
	}
	return i == count;
}

static void add_method(char allow[static 64], const char *name)
{
	size_t n = strlen(allow);

	if (strstr(allow, name) == NULL)
		snprintf(allow + n, 64 - n, "%s%s", n == 0 ? "" : ", ", name);
}

const struct route *route_find(const struct http_request *r, struct call *c, bool *other,
			       char allow[static 64])
{
	*other = false;
	allow[0] = '\0';
	for (const struct route *route = ROUTES; route->pattern != NULL; route++) {
		if (!fits(route, r, c))
			continue;
		/* What can be read can be asked for its head. */
		if (route->method == r->method ||
		    (r->method == HTTP_HEAD && route->method == HTTP_GET))
			return route;
		*other = true;
		add_method(allow, method_name(route->method));
	}
	c->arguments_n = 0;
	return NULL;
}
