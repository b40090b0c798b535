/* SPDX-License-Identifier: Apache-2.0 */
/* The server and its witnesses: real ones, in processes of their own. And what a witness sees when server and
 * signer are both put back to an older copy: with the witness as anchor, and without. */
#include "company.h"
#include "fixture_internal.h"
#include "watcher.h"

#include "base/files.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 20000, STEP_MS = 20 };

static struct api *x;
static struct watcher first, second;

/* ---- a house with witnesses ---- */

static void use(struct watcher *w)
{
	struct fault f = {0};

	snprintf(w->log, sizeof w->log, "%s/log.vkey", x->folder);
	watcher_start(w);
	api_check(config_set(&x->config, "witness", w->setting, &f), &f, "witness");
	api_check(config_set(&x->config, "witness_ca", w->ca, &f), &f, "witness_ca");
}

static void watch_from_the_beginning(struct api *opened, void *context)
{
	x = opened;
	use(context);
}

/* Watched, but not the signer's anchor. */
static int open_watched(void **state)
{
	struct api_wish wish = {.before = watch_from_the_beginning, .context = &first};

	(void)state;
	watcher_make(&first, "w.example/1");
	x = api_open_wishing(&wish);
	return 0;
}

static int open_anchored(void **state)
{
	struct api_wish wish = {.before = watch_from_the_beginning, .context = &first};

	(void)state;
	watcher_make(&first, "w.example/1");
	wish.witness = first.vkey;
	x = api_open_wishing(&wish);
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	api_close(x);
	watcher_done(&first);
	if (second.folder[0] != '\0')
		watcher_done(&second);
	second = (struct watcher){0};
	return 0;
}

/* ---- what can be seen ---- */

static const json_t *seen_of(const struct reply *ready, const char *name)
{
	const json_t *all = json_object_get(ready->json, "witnesses");

	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *one = json_array_get(all, i);
		if (strcmp(json_string_value(json_object_get(one, "witness")), name) == 0)
			return one;
	}
	return NULL;
}

static const char *problem_of(const struct watcher *w)
{
	const json_t *one = seen_of(api_get(x, NULL, "/readyz"), w->name);
	const char *text = json_string_value(json_object_get(one, "problem"));

	return text == NULL ? "" : text;
}

/* The published checkpoint is signed by the log, and cosigned by the witness. */
static bool is_cosigned(const struct watcher *w)
{
	struct reply *r = api_get(x, NULL, "/log/checkpoint");
	struct note_key key;
	struct note note;
	const char *why;

	must_have(r, 200);
	assert_true(note_key_parse(bytes_text(w->vkey), &key));
	assert_true(note_parse(bytes_of(r->body, r->n), &note, &why));
	assert_int_equal(note_verify(&note, &x->public.checkpoint, ed25519_verify, NULL),
			 NOTE_VALID);
	return note_verify(&note, &key, ed25519_verify, NULL) == NOTE_VALID;
}

static bool has_problem(const struct watcher *w)
{
	return problem_of(w)[0] != '\0';
}

static void wait_until(bool (*holds)(const struct watcher *w), const struct watcher *w,
		       const char *what)
{
	for (int waited = 0; waited < WAIT_MS; waited += STEP_MS) {
		if (holds(w))
			return;
		(void)poll(NULL, 0, STEP_MS);
	}
	stop_test("%s never came: %s\n", what, problem_of(w));
}

static struct reply *record_something(void)
{
	static unsigned n;
	char id[16], body[200];

	snprintf(id, sizeof id, "s%u", ++n);
	snprintf(body, sizeof body, "{'principal':'%s','kind':'station','name':'a station'}", id);
	return api_sign(x, &x->ada, "principal.registered", body);
}

static size_t signatures(const struct reply *r)
{
	struct note note;
	const char *why;

	assert_true(note_parse(bytes_of(r->body, r->n), &note, &why));
	return note.n;
}

/* ---- following ---- */

static void each_checkpoint_is_cosigned_and_served_so(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++) {
		must_have(record_something(), 201);
		wait_until(is_cosigned, &first, "a cosignature");
		assert_int_equal(signatures(api_get(x, NULL, "/log/checkpoint")), 2);
	}
	struct reply *ready = api_get(x, NULL, "/readyz");
	must_have(ready, 200);
	assert_int_equal(json_integer_value(json_object_get(seen_of(ready, first.name), "behind")),
			 0);
	assert_string_equal(problem_of(&first), "");
}

static void metrics_say_how_far_a_witness_is_behind(void **state)
{
	char line[128];

	(void)state;
	must_have(record_something(), 201);
	wait_until(is_cosigned, &first, "a cosignature");
	struct reply *r = api_get(x, &x->ada, "/metrics");
	must_have(r, 200);
	snprintf(line, sizeof line, "sealwright_witness_behind{witness=\"%s\"} 0\n", first.name);
	assert_non_null(strstr(r->body, line));
	assert_non_null(strstr(r->body, "sealwright_witness_failures_total"));
	assert_string_equal(r->body + r->n - 6, "# EOF\n");
}

static void a_witness_that_was_away_is_named_and_then_caught_up_with(void **state)
{
	(void)state;
	wait_until(is_cosigned, &first, "a cosignature");
	watcher_stop(&first);
	must_have(record_something(), 201); /* nobody waits for a witness that is no anchor */
	wait_until(has_problem, &first, "a problem");
	must_have(api_get(x, NULL, "/readyz"), 200);
	must_have(record_something(), 201);
	assert_false(is_cosigned(&first));
	watcher_start(&first);
	wait_until(is_cosigned, &first, "a cosignature");
	assert_string_equal(problem_of(&first), "");
}

static void what_a_witness_cosigned_stays_when_the_server_starts_again(void **state)
{
	(void)state;
	wait_until(is_cosigned, &first, "a cosignature");
	api_stop(x);
	watcher_stop(&first);
	api_start(x);
	assert_true(is_cosigned(&first));
	watcher_start(&first);
	must_have(record_something(), 201);
	wait_until(is_cosigned, &first, "a cosignature");
}

static void two_witnesses_cosign_one_checkpoint(void **state)
{
	(void)state;
	watcher_make(&second, "w.example/2");
	api_stop(x);
	/* Both show certificates of their own; one file trusts them. */
	struct fault f = {0};
	char both[128];
	snprintf(both, sizeof both, "%s/both.crt", second.folder);
	snprintf(second.log, sizeof second.log, "%s/log.vkey", x->folder);
	watcher_start(&second);
	const char *script = arena_printf(&x->arena, "cat %s %s > %s", first.ca, second.ca, both);
	const char *words[] = {"sh", "-c", script, NULL};
	watcher_run(words);
	api_check(config_set(&x->config, "witness", second.setting, &f), &f, "witness");
	api_check(config_set(&x->config, "witness_ca", both, &f), &f, "witness_ca");
	api_start(x);
	must_have(record_something(), 201);
	wait_until(is_cosigned, &first, "the first cosignature");
	wait_until(is_cosigned, &second, "the second cosignature");
	assert_int_equal(signatures(api_get(x, NULL, "/log/checkpoint")), 3);
}

static void a_witness_of_another_log_is_named(void **state)
{
	(void)state;
	api_stop(x);
	watcher_stop(&first);
	/* It watches a log of the same name, whose key is another. */
	struct private_key *key = NULL;
	struct note_key other;
	uint8_t raw[32];
	char line[512];
	struct writer w = writer_of(line, sizeof line);
	struct bytes text;
	struct fault f = {0};
	api_check(private_key_generate(KEY_ED25519, &key, &f), &f, "key");
	assert_true(public_key_ed25519(private_key_public(key), raw));
	private_key_close(key);
	assert_true(note_key_make(API_ORIGIN, NOTE_ED25519, raw, &other));
	note_key_put(&w, &other);
	put_text(&w, "\n");
	assert_true(writer_done(&w, &text));
	snprintf(first.log, sizeof first.log, "%s/other.vkey", first.folder);
	api_check(file_write(first.log, text, 0600, &f), &f, "other.vkey");
	watcher_start(&first);
	api_start(x);
	must_have(record_something(), 201);
	wait_until(has_problem, &first, "a problem");
	assert_non_null(strstr(problem_of(&first), "403"));
	assert_false(is_cosigned(&first));
}

static void a_witness_that_signs_with_another_key_is_not_believed(void **state)
{
	char setting[700];
	struct fault f = {0};

	(void)state;
	watcher_make(&second, "w.example/2");
	api_stop(x);
	x->config.witnesses_n = 0;
	snprintf(setting, sizeof setting, "https://localhost:%u %s", first.port, second.vkey);
	api_check(config_set(&x->config, "witness", setting, &f), &f, "witness");
	api_start(x);
	must_have(record_something(), 201);
	wait_until(has_problem, &second, "a problem");
	assert_int_equal(signatures(api_get(x, NULL, "/log/checkpoint")), 1);
}

/* ---- turned back ---- */

static char copy[96];

/* Server and signer stop; everything on their disk is copied, or put back. */
static void stop_both(void)
{
	api_stop(x);
	api_signer_away(x);
}

static void start_both(void)
{
	api_signer_back(x);
	api_start(x);
}

static void keep_a_copy(void)
{
	snprintf(copy, sizeof copy, "%s-copy", x->folder);
	stop_both();
	folder_copy(x->folder, copy);
	start_both();
}

static void put_the_copy_back(void)
{
	stop_both();
	folder_put_back(copy, x->folder);
	start_both();
}

static bool is_ahead(const struct watcher *w)
{
	return strstr(problem_of(w), "turned back") != NULL;
}

/* Nobody stops it; whoever looks, sees it. */
static void
without_an_anchor_a_log_that_was_turned_back_goes_on_under_the_witness_s_eyes(void **state)
{
	(void)state;
	must_have(record_something(), 201);
	keep_a_copy();
	must_have(record_something(), 201);
	must_have(record_something(), 201);
	wait_until(is_cosigned, &first, "a cosignature");
	put_the_copy_back();
	wait_until(is_ahead, &first, "the witness's word");
	must_have(record_something(), 201);
	assert_false(is_cosigned(&first));
}

static struct company c;

static const char *certificate_of(const char *serial)
{
	return arena_printf(&x->arena, "/v1/views/unit.certificate?product=GW&serial=%s", serial);
}

static struct private_key *device_key(void)
{
	struct private_key *key = NULL;
	struct fault f = {0};

	api_check(private_key_generate(KEY_P256, &key, &f), &f, "key");
	return key;
}

static void with_a_witness_as_anchor_units_get_their_certificates(void **state)
{
	struct private_key *key = device_key();

	(void)state;
	company_open(&c, x);
	company_authorize(&c, "BA1", 2, "");
	must_have(company_request(&c, "BA1", "SN1", key), 201);
	assert_non_null(company_wait(&c, certificate_of("SN1")));
	/* A signer that starts again asks its witness, and goes on. */
	api_signer_away(x);
	api_signer_back(x);
	must_have(record_something(), 201);
	private_key_close(key);
	key = device_key();
	must_have(company_request(&c, "BA1", "SN2", key), 201);
	assert_non_null(company_wait(&c, certificate_of("SN2")));
	private_key_close(key);
	company_done(&c);
}

/* Requests keep coming while the witness is always a little behind. */
static void with_a_witness_as_anchor_a_line_gets_all_its_certificates(void **state)
{
	enum { UNITS = 60 };
	char serial[16];

	(void)state;
	company_open(&c, x);
	company_authorize(&c, "BA1", UNITS, "");
	for (int i = 0; i < UNITS; i++) {
		struct private_key *key = device_key();

		snprintf(serial, sizeof serial, "SN%d", i);
		must_have(company_request(&c, "BA1", serial, key), 201);
		private_key_close(key);
	}
	for (int i = 0; i < UNITS; i++) {
		snprintf(serial, sizeof serial, "SN%d", i);
		assert_non_null(company_wait(&c, certificate_of(serial)));
	}
	company_done(&c);
}

static bool waits_for_witness(const struct watcher *w)
{
	struct reply *r = api_get(x, NULL, "/readyz");

	(void)w;
	return r->status == 503 && strstr(r->body, "SIGNER_NOT_WITNESSED") != NULL;
}

static void with_a_witness_as_anchor_a_signer_that_was_turned_back_signs_nothing(void **state)
{
	(void)state;
	must_have(record_something(), 201);
	keep_a_copy();
	must_have(record_something(), 201);
	wait_until(is_cosigned, &first, "a cosignature");
	put_the_copy_back();
	wait_until(is_ahead, &first, "the witness's word");
	must_have(record_something(), 202); /* kept, but not signed */
	wait_until(waits_for_witness, &first, "the signer's word");
	/* Nor does it when all is started once more: what waits for its signature keeps the server from
	 * starting. */
	stop_both();
	api_signer_back(x);
	struct fault f = {0};
	assert_int_equal(server_open(&x->config, &x->server, &f).code, ERR_UNAVAILABLE);
	assert_string_equal(f.message, "SIGNER_NOT_WITNESSED");
	x->server = NULL;
}

static void with_a_witness_as_anchor_nothing_is_signed_before_it_answers(void **state)
{
	(void)state;
	must_have(record_something(), 201);
	wait_until(is_cosigned, &first, "a cosignature");
	watcher_stop(&first);
	api_signer_away(x);
	api_signer_back(x);
	must_have(record_something(), 202);
	wait_until(waits_for_witness, &first, "the signer's word");
	watcher_start(&first);
	wait_until(is_cosigned, &first, "a cosignature");
	must_have(record_something(), 201);
}

#define WATCHED(test)  cmocka_unit_test_setup_teardown(test, open_watched, close_all)
#define ANCHORED(test) cmocka_unit_test_setup_teardown(test, open_anchored, close_all)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WATCHED(each_checkpoint_is_cosigned_and_served_so),
		WATCHED(metrics_say_how_far_a_witness_is_behind),
		WATCHED(a_witness_that_was_away_is_named_and_then_caught_up_with),
		WATCHED(what_a_witness_cosigned_stays_when_the_server_starts_again),
		WATCHED(two_witnesses_cosign_one_checkpoint),
		WATCHED(a_witness_of_another_log_is_named),
		WATCHED(a_witness_that_signs_with_another_key_is_not_believed),
		WATCHED(without_an_anchor_a_log_that_was_turned_back_goes_on_under_the_witness_s_eyes),
		ANCHORED(with_a_witness_as_anchor_units_get_their_certificates),
		ANCHORED(with_a_witness_as_anchor_a_line_gets_all_its_certificates),
		ANCHORED(with_a_witness_as_anchor_a_signer_that_was_turned_back_signs_nothing),
		ANCHORED(with_a_witness_as_anchor_nothing_is_signed_before_it_answers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
