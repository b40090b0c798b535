/* SPDX-License-Identifier: Apache-2.0 */
/* New keys in the place of old ones: in files and in a token, cut off at every step, and with everything
 * that the old ones signed still known. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/sha256.h"
#include "hsm.h"
#include "log_testing.h"
#include "signer/rotate.h"

enum { CUT = 77, STEPS_MAX = 200, QUOTA = 8 };

/* ---- the step at which a child ends ---- */

static long countdown;

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __real_link(const char *from, const char *to);
int __wrap_link(const char *from, const char *to);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);

/* Every call is two steps: before it, and after it. */
static void step(void)
{
	if (countdown > 0 && --countdown == 0)
		_exit(CUT);
}

int __wrap_rename(const char *from, const char *to)
{
	step();
	int done = __real_rename(from, to);
	step();
	return done;
}

int __wrap_link(const char *from, const char *to)
{
	step();
	int done = __real_link(from, to);
	step();
	return done;
}

int __wrap_fsync(int fd)
{
	step();
	int done = __real_fsync(fd);
	step();
	return done;
}

int __wrap_fdatasync(int fd)
{
	step();
	int done = __real_fdatasync(fd);
	step();
	return done;
}

/* ---- a house ---- */

struct place {
	struct signer_test *t;
	struct test_log *l;
	uint64_t unit, permit;
	struct issued_unit issued;
	struct bytes permitted;
};

static struct place place_new(void)
{
	struct place p = {.t = signer_test_new()};
	struct fault f = {0};

	p.l = log_new(p.t);
	signer_start(p.t);
	house_builds(p.l, QUOTA);
	p.unit = put_unit(p.l, 0, "A1", 0);
	p.issued = issue_one(p.l, p.unit);
	assert_int_equal(p.issued.why_not.code, OK);
	p.permit = put_permit(p.l, 0, 0, "R1", 1);
	p.permitted = permit_one(p.l, p.permit, &f);
	assert_int_equal(f.code, OK);
	assert_int_equal(signer_stop(p.t), 0);
	return p;
}

static struct rotation rotation_of(const struct place *p, enum signer_key which)
{
	return (struct rotation){.folder = p->t->vault, .which = which, .now_ms = test_now(p->t)};
}

static struct rotated rotated(const struct place *p, const struct rotation *rotation)
{
	struct rotated out;
	struct key_change change;
	struct fault f = {0};

	if (signer_rotate(rotation, &p->t->arena, &out, &f).code != OK)
		stop_test("%s %s\n", f.message, fault_value(&f, "why"));
	assert_int_equal(
		key_change_check(out.statement, &p->t->public.checkpoint, &change, &f).code, OK);
	assert_int_equal(change.which, rotation->which);
	assert_true(hash_equal(change.ca_certificate, sha256(out.ca_certificate)));
	return out;
}

/* What it answered before it answers again, and it goes on. */
static void assert_lives_on(struct place *p, size_t next_unit, struct bytes ca)
{
	struct fault f = {0};
	struct device_certificate read;

	signer_start(p->t);
	struct issued_unit again = issue_one(p->l, p->unit);
	if (again.why_not.code != OK)
		stop_test("%s %s\n", again.why_not.message, fault_value(&again.why_not, "detail"));
	assert_true(bytes_equal(again.certificate, p->issued.certificate));
	assert_true(bytes_equal(again.receipt, p->issued.receipt));
	assert_true(bytes_equal(permit_one(p->l, p->permit, &f), p->permitted));
	struct issued_unit fresh = issue_one(p->l, put_unit(p->l, 0, "A1", next_unit));
	assert_int_equal(fresh.why_not.code, OK);
	assert_int_equal(
		certificate_check_device(&p->t->arena, fresh.certificate, ca, &read, &f).code, OK);
	assert_int_equal(signer_stop(p->t), 0);
}

/* ---- tests ---- */

static void new_ca_takes_over_and_old_certificates_are_known(void **state)
{
	struct place p = place_new();
	struct rotation rotation = rotation_of(&p, SIGNER_KEY_CA);
	struct device_certificate read;
	struct fault f = {0};

	(void)state;
	for (size_t i = 1; i <= 3; i++) {
		struct rotated out = rotated(&p, &rotation);

		assert_false(out.finished);
		assert_true(file_exists(out.kept));
		assert_int_not_equal(certificate_check_device(&p.t->arena, p.issued.certificate,
							      out.ca_certificate, &read, &f)
					     .code,
				     OK);
		assert_lives_on(&p, i, out.ca_certificate);
	}
	signer_test_done(p.t);
}

static void other_keys_take_over_and_their_documents_are_known(void **state)
{
	struct place p = place_new();

	(void)state;
	for (enum signer_key which = SIGNER_KEY_FIRMWARE; which < SIGNER_KEYS; which++) {
		struct rotation rotation = rotation_of(&p, which);
		struct rotated out = rotated(&p, &rotation);

		assert_true(bytes_equal(out.ca_certificate, p.t->public.ca_certificate));
		assert_lives_on(&p, (size_t)which, out.ca_certificate);
	}
	signer_test_done(p.t);
}

static void logs_own_key_is_not_replaced(void **state)
{
	struct signer_test *t = signer_test_new();
	struct rotation rotation = {.folder = t->vault, .which = SIGNER_KEY_CHECKPOINT};
	struct rotated out;
	struct fault f = {0};

	(void)state;
	assert_int_equal(signer_rotate(&rotation, &t->arena, &out, &f).code, ERR_REFUSED);
	assert_string_equal(f.message, "SIGNER_KEY_IS_THE_LOG");
	signer_test_done(t);
}

static void nothing_is_replaced_under_a_signer_that_runs(void **state)
{
	struct signer_test *t = signer_test_new();
	struct rotation rotation = {.folder = t->vault, .which = SIGNER_KEY_PERMIT};
	struct rotated out;
	struct fault f = {0};

	(void)state;
	signer_start(t);
	assert_int_not_equal(signer_rotate(&rotation, &t->arena, &out, &f).code, OK);
	assert_string_equal(f.message, "SIGNER_RUNS_ALREADY");
	assert_int_equal(signer_stop(t), 0);
	signer_test_done(t);
}

/* Runs it in a child that ends at that step; true if it came to its end before. */
static bool rotated_until(const struct place *p, const struct rotation *rotation, long at)
{
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct rotated out;

		countdown = at;
		_exit(signer_rotate(rotation, &p->t->arena, &out, NULL).code == OK ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_not_equal(WEXITSTATUS(status), 1);
	return WEXITSTATUS(status) == 0;
}

/* Either nothing happened, or asking again ends it; and there is one key, which signs. */
static void cut_off_everywhere(enum signer_key which)
{
	struct place p = place_new();
	struct rotation rotation = rotation_of(&p, which);
	struct fault f = {0};
	struct rotated out;
	bool ended = false;
	long at = 1, finished = 0;
	size_t keys = 0;

	for (; !ended && at < STEPS_MAX && keys < 20; at++) {
		ended = rotated_until(&p, &rotation, at);
		struct vault vault = {0};
		err opened = vault_try(p.t, &vault, &f);
		vault_close(&vault);
		if (opened.code == OK)
			continue;
		assert_string_equal(f.message, "SIGNER_KEYS_DIFFER");
		out = rotated(&p, &rotation);
		assert_true(out.finished);
		assert_true(file_exists(out.kept));
		keys++;
		finished++;
	}
	assert_true(ended);
	assert_true(finished > 0);
	out = rotated(&p, &rotation);
	assert_lives_on(&p, 1, out.ca_certificate);
	signer_test_done(p.t);
}

static void cut_off_anywhere_the_ca_is_one_key(void **state)
{
	(void)state;
	cut_off_everywhere(SIGNER_KEY_CA);
}

static void cut_off_anywhere_the_permit_key_is_one_key(void **state)
{
	(void)state;
	cut_off_everywhere(SIGNER_KEY_PERMIT);
}

static void key_of_before_that_was_exchanged_lets_nothing_start(void **state)
{
	struct place p = place_new();
	struct rotation rotation = rotation_of(&p, SIGNER_KEY_PERMIT);
	struct hash id;
	struct vault vault = {0};
	char path[4096];
	struct fault f = {0};

	(void)state;
	assert_int_equal(vault_try(p.t, &vault, &f).code, OK);
	id = public_key_id(private_key_public(vault.keys[SIGNER_KEY_PERMIT]));
	vault_close(&vault);
	(void)rotated(&p, &rotation);
	assert_int_equal(former_path(p.t->vault, id, path, NULL).code, OK);
	assert_int_equal(
		file_write(path, public_key_spki(private_key_public(station_key(0))), 0600, NULL)
			.code,
		OK);
	vault = (struct vault){0};
	assert_int_equal(vault_try(p.t, &vault, &f).code, ERR_CORRUPT);
	assert_string_equal(f.message, "SIGNER_FORMER_MISSING");
	vault_close(&vault);
	assert_int_equal(unlink(path), 0);
	vault = (struct vault){0};
	assert_int_equal(vault_try(p.t, &vault, &f).code, ERR_CORRUPT);
	vault_close(&vault);
	signer_test_done(p.t);
}

static void statement_with_any_byte_changed_does_not_hold(void **state)
{
	struct place p = place_new();
	struct rotation rotation = rotation_of(&p, SIGNER_KEY_CA);
	struct rotated out = rotated(&p, &rotation);
	struct note_key other = p.t->public.checkpoint;
	struct key_change change;
	uint8_t *copy = arena_alloc(&p.t->arena, out.statement.n);

	(void)state;
	for (size_t i = 0; i < out.statement.n; i++) {
		memcpy(copy, out.statement.p, out.statement.n);
		copy[i] ^= 1;
		assert_int_not_equal(key_change_check(bytes_of(copy, out.statement.n),
						      &p.t->public.checkpoint, &change, NULL)
					     .code,
				     OK);
		assert_int_not_equal(key_change_check(bytes_of(out.statement.p, i),
						      &p.t->public.checkpoint, &change, NULL)
					     .code,
				     OK);
	}
	other.public_key[0] ^= 1;
	assert_int_not_equal(key_change_check(out.statement, &other, &change, NULL).code, OK);
	signer_test_done(p.t);
}

static void old_key_is_destroyed_when_asked(void **state)
{
	struct place p = place_new();
	struct rotation rotation = rotation_of(&p, SIGNER_KEY_CA);
	struct rotated out = rotated(&p, &rotation);
	struct fault f = {0};
	struct stat st;

	(void)state;
	assert_int_equal(stat(out.kept, &st), 0);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(signer_destroy_old(out.kept, &f).code, OK);
	assert_false(file_exists(out.kept));
	assert_int_not_equal(signer_destroy_old(out.kept, &f).code, OK);
	assert_int_not_equal(signer_destroy_old(p.t->vault, &f).code, OK);
	assert_lives_on(&p, 1, out.ca_certificate);
	signer_test_done(p.t);
}

static void keys_move_into_a_token_and_out_again(void **state)
{
	struct hsm hsm;
	char address[HSM_URI];

	(void)state;
	if (!hsm_open(&hsm, NULL))
		skip();
	struct place p = place_new();
	struct rotation rotation = rotation_of(&p, SIGNER_KEY_CA);
	struct rotated out;
	struct fault f = {0};

	rotation.address = hsm_uri(&hsm, "ca-2", "", address);
	out = rotated(&p, &rotation);
	assert_true(file_exists(out.kept));
	assert_lives_on(&p, 1, out.ca_certificate);
	/* The same name again would be the same key. */
	assert_int_equal(signer_rotate(&rotation, &p.t->arena, &out, &f).code, ERR_CONFLICT);
	assert_string_equal(f.message, "KEY_HSM_EXISTS");
	rotation.address = hsm_uri(&hsm, "ca-3", "", address);
	out = rotated(&p, &rotation);
	assert_int_equal(out.kept[0], 0); /* an address was there: the key stays in the token */
	assert_lives_on(&p, 2, out.ca_certificate);
	rotation.address =
		"pkcs11:object=x?module-path=/nonexistent.so&pin-source=file:/nonexistent";
	assert_int_not_equal(signer_rotate(&rotation, &p.t->arena, &out, &f).code, OK);
	assert_lives_on(&p, 3, vault_file(p.t, FILE_CA));
	rotation.address = NULL;
	out = rotated(&p, &rotation);
	assert_lives_on(&p, 4, out.ca_certificate);
	signer_test_done(p.t);
	hsm_close(&hsm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_ca_takes_over_and_old_certificates_are_known),
		cmocka_unit_test(other_keys_take_over_and_their_documents_are_known),
		cmocka_unit_test(logs_own_key_is_not_replaced),
		cmocka_unit_test(nothing_is_replaced_under_a_signer_that_runs),
		cmocka_unit_test(cut_off_anywhere_the_ca_is_one_key),
		cmocka_unit_test(cut_off_anywhere_the_permit_key_is_one_key),
		cmocka_unit_test(key_of_before_that_was_exchanged_lets_nothing_start),
		cmocka_unit_test(statement_with_any_byte_changed_does_not_hold),
		cmocka_unit_test(old_key_is_destroyed_when_asked),
		cmocka_unit_test(keys_move_into_a_token_and_out_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
