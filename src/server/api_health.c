/* SPDX-License-Identifier: Apache-2.0 */
/* api_health.c — whether it lives, whether it takes decisions, what it counts, what it serves. */
#include "server/server_internal.h"

enum { METRICS_SIZE_MAX = 16384 };

err handle_health(struct call *c, struct fault *f)
{
	(void)f;
	reply_bytes(c, 200, "text/plain", bytes_text("ok\n"));
	return ERR_OK;
}

/* What waits for the signer, and why it did not answer last: the message's name alone, since anybody
 * reads this. Which unit or release it was stands in the log of the server. */
static json_t *signer_json(const struct server *s)
{
	struct signer_work_state state;

	signer_work_state_read(s->signer_work, &state);
	json_t *json = json_pack("{s:I, s:b}", "waiting", (json_int_t)state.waiting, "failing",
				 state.failing);
	if ((state.failing || state.waiting > 0) && state.last.message != NULL)
		json_object_set_new(json, "last", json_pack("{s:s}", "code", state.last.message));
	return json;
}

err handle_ready(struct call *c, struct fault *f)
{
	struct engine_state state;

	(void)f;
	engine_state_read(c->server->engine, &state);
	json_t *json =
		json_pack("{s:b, s:I, s:I, s:b, s:o}", "ready", state.ready, "size",
			  (json_int_t)state.size, "certified", (json_int_t)state.certified,
			  "clock_stepped", state.clock_stepped, "signer", signer_json(c->server));
	json_t *witnesses = witnessing_json(c->server->witnessing, state.certified);
	if (witnesses != NULL)
		json_object_set_new(json, "witnesses", witnesses);
	if (!state.ready && state.fault.message != NULL)
		json_object_set_new(json, "problem", problem_json(&state.fault, NULL));
	reply_json(c, state.ready ? 200 : 503, json);
	return ERR_OK;
}

err handle_metrics(struct call *c, struct fault *f)
{
	uint8_t *buffer = arena_alloc(c->request->arena, METRICS_SIZE_MAX);
	struct writer w = writer_of(buffer, METRICS_SIZE_MAX);
	struct engine_state state;
	struct bytes text;

	if (buffer == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	engine_state_read(c->server->engine, &state);
	witnessing_put_metrics(c->server->witnessing, state.certified, &w);
	metrics_put(&c->server->metrics, &state, &w); /* with the end of all */
	if (!writer_done(&w, &text))
		return fail(f, "OUT_OF_MEMORY", NULL);
	reply_bytes(c, 200, c->route->answer, text);
	return ERR_OK;
}

err handle_openapi(struct call *c, struct fault *f)
{
	(void)f;
	http_header_set(c->request, "Cache-Control", "max-age=300");
	reply_bytes(c, 200, "application/json", bytes_of(c->server->openapi, c->server->openapi_n));
	return ERR_OK;
}
