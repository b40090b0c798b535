/* SPDX-License-Identifier: Apache-2.0 */
/* gate.c — a gate is the server's to judge. One that cannot be asked is closed; only a unit that was started
 * here under an offline allowance goes on to the gates build and test while the allowance is good. */
#include "station/station_internal.h"

#include "base/catalog.h"

#include <string.h>

enum { LINE_MAX_BYTES = 4096 };

/* ---- who asks ---- */

err asker_take(struct station *s, struct client **out, struct fault *f)
{
	(void)pthread_mutex_lock(&s->askers_lock);
	while (s->askers_free == 0)
		(void)pthread_cond_wait(&s->asker_free, &s->askers_lock);
	*out = s->askers[--s->askers_free];
	(void)pthread_mutex_unlock(&s->askers_lock);
	if (*out != NULL)
		return ERR_OK;
	err e = client_open(&s->config.client, out, f);
	if (e.code != OK)
		asker_give(s, NULL);
	return e;
}

void asker_give(struct station *s, struct client *c)
{
	(void)pthread_mutex_lock(&s->askers_lock);
	s->askers[s->askers_free++] = c;
	(void)pthread_cond_signal(&s->asker_free);
	(void)pthread_mutex_unlock(&s->askers_lock);
}

/* ---- asking ---- */

static const char *gate_path(struct client *c, struct arena *a, const char *const *segments,
			     size_t n)
{
	const char *path = "/v1/gates";

	for (size_t i = 0; i < n && path != NULL; i++) {
		const char *segment = client_escape(c, a, segments[i]);
		path = segment == NULL ? NULL : arena_printf(a, "%s/%s", path, segment);
	}
	return path;
}

static bool is_line(struct bytes text)
{
	return text.n >= 4 && (memcmp(text.p, "PASS", 4) == 0 || memcmp(text.p, "FAIL", 4) == 0);
}

/* `*reached` is false when nobody answered, or nobody who can judge. */
static err ask(struct station *s, struct arena *a, const char *const *segments, size_t n,
	       bool *reached, const char **line, struct fault *f)
{
	struct client *c;
	struct bytes text = {0};

	*reached = false;
	TRY(asker_take(s, &c, f));
	const char *path = gate_path(c, a, segments, n);
	err e = path == NULL ? fail(f, "OUT_OF_MEMORY", NULL)
			     : client_get(c, a, path, "text/plain", LINE_MAX_BYTES, &text, f);
	asker_give(s, c);
	if (e.code == ERR_MEMORY)
		return e;
	*reached = e.code != ERR_UNAVAILABLE && e.code != ERR_INTERNAL && e.code != ERR_IO;
	if (e.code == OK && !is_line(text))
		return fail(f, "CLIENT_REPLY_BAD", "path", "/v1/gates", NULL);
	if (e.code == OK)
		*line = arena_text(a, text);
	else if (*reached) {
		char sentence[1024];
		fault_text(f, sentence, sizeof sentence);
		*line = arena_printf(a, "FAIL %s %s\n", f->message, sentence);
	}
	return ERR_OK;
}

/* ---- cut off ---- */

static const char *offline(struct station *s, const char *const *segments, size_t n)
{
	bool counts =
		n == 3 && (strcmp(segments[0], "build") == 0 || strcmp(segments[0], "test") == 0);

	(void)pthread_mutex_lock(&s->lock);
	bool passes =
		counts && allowances_cover(s->allowances, segments[1], segments[2], station_now(s));
	(void)pthread_mutex_unlock(&s->lock);
	return passes ? "PASS\n"
		      : "FAIL OFFLINE the server cannot be asked: the gate stays closed\n";
}

err station_gate(struct station *s, struct arena *a, const char *const *segments, size_t n,
		 const char **line, struct fault *f)
{
	bool reached = false;

	*line = NULL;
	/* Nobody waits at a tester for a line that is known to be cut. */
	if (s->linked)
		TRY(ask(s, a, segments, n, &reached, line, f));
	if (!reached) {
		s->linked = false;
		bell_ring(&s->bell);
		*line = offline(s, segments, n);
	}
	return *line != NULL ? ERR_OK : fail(f, "OUT_OF_MEMORY", NULL);
}
