/* SPDX-License-Identifier: Apache-2.0 */
/* What goes wrong around a file: no room, damage, no right to write. And addresses that mean
 * nothing to either store. */
#include "stores.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct parameter BODY[] = {{"body", VALUE_BLOB}};

static struct statement *insert_body(struct store_test *t)
{
	run(t->db, "CREATE TABLE b (body BLOB)");
	return prepared(t->db, "INSERT INTO b (body) VALUES (:body)", BODY, 1);
}

static int64_t bodies(struct db *db)
{
	return number_of(db, "SELECT count(*) FROM b");
}

/* Writes in one transaction until something fails, or a hundred times 64 KiB are in. */
static err fill(struct store_test *t, struct statement *s, struct fault *f)
{
	static const uint8_t BLOCK[65536] = {1};
	struct value values[] = {value_blob(bytes_of(BLOCK, sizeof(BLOCK)))};

	TRY(db_begin(t->db, f));
	for (int i = 0; i < 100; i++)
		TRY(db_query(t->db, s, values, NULL, NULL, NULL, f));
	return db_commit(t->db, f);
}

static void store_path(const struct store_test *t, char out[static 256])
{
	snprintf(out, 256, "%s/store", t->folder);
}

/* ---- addresses ---- */

static void addresses_that_mean_nothing_are_refused(void **state)
{
	static const char *const BAD[] = {"",       "sqlite:",   "sqlite",       "mysql://x",
					  "/tmp/x", " sqlite:x", "postgresql:x", "SQLITE:x"};
	struct db *db = NULL;
	struct fault f = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(BAD); i++) {
		refused(db_open(BAD[i], &db, &f), &f, "DB_ADDRESS");
		refused(db_open_reader(BAD[i], &db, &f), &f, "DB_ADDRESS");
	}
	assert_null(db);
}

static void a_server_that_is_not_there_is_unavailable(void **state)
{
	struct db *db = NULL;
	struct fault f = {0};

	(void)state;
	refused(db_open("postgresql://me:very-secret@/x?host=/nonexistent", &db, &f), &f,
		"DB_UNAVAILABLE");
	refused(db_open("postgresql://%zz", &db, &f), &f, "DB_UNAVAILABLE");
	refused(db_open("postgresql://me:very-secret@127.0.0.1:1/x", &db, &f), &f,
		"DB_UNAVAILABLE");
	assert_null(strstr(fault_value(&f, "detail"), "very-secret"));
	assert_null(db);
}

/* ---- the file ---- */

static void a_path_in_no_folder_cannot_be_opened(void **state)
{
	struct store_test *t = *state;
	char address[256];
	struct db *db = NULL;
	struct fault f = {0};

	snprintf(address, sizeof(address), "sqlite:%s/no/store", t->folder);
	refused(db_open(address, &db, &f), &f, "DB_CANNOT_OPEN");
	snprintf(address, sizeof(address), "sqlite:%s/none", t->folder);
	refused(db_open_reader(address, &db, &f), &f, "DB_CANNOT_OPEN");
	snprintf(address, sizeof(address), "sqlite:%s", t->folder);
	refused(db_open(address, &db, &f), &f, "DB_CANNOT_OPEN");
	assert_null(db);
}

static void a_reader_needs_no_writer(void **state)
{
	struct store_test *t = *state;
	struct statement *s = insert_body(t);
	struct db *reader = NULL;
	struct fault f = {0};

	ok(fill(t, s, &f), &f);
	db_close(t->db);
	t->db = NULL;
	ok(db_open_reader(t->address, &reader, &f), &f);
	assert_int_equal(bodies(reader), 100);
	db_close(reader);
}

static void names_that_mean_more_to_sqlite_are_plain_files(void **state)
{
	struct store_test *t = *state;
	char back[256];
	struct fault f = {0};
	static const char *const NAMES[] = {"file:x?mode=memory", ":memory:"};

	assert_non_null(getcwd(back, sizeof(back)));
	assert_int_equal(chdir(t->folder), 0);
	for (size_t i = 0; i < COUNT(NAMES); i++) {
		char address[64];
		struct db *db = NULL;
		snprintf(address, sizeof(address), "sqlite:%s", NAMES[i]);
		ok(db_open(address, &db, &f), &f);
		db_close(db);
		assert_int_equal(unlink(NAMES[i]), 0);
	}
	assert_int_equal(chdir(back), 0);
}

static void a_new_file_belongs_to_its_owner_alone(void **state)
{
	struct store_test *t = *state;
	char path[256];
	struct stat at;

	store_path(t, path);
	assert_int_equal(stat(path, &at), 0);
	assert_int_equal(at.st_mode & 0777, 0600);
	run(t->db, "CREATE TABLE b (body BLOB)");
	snprintf(path, sizeof(path), "%s/store-wal", t->folder);
	assert_int_equal(stat(path, &at), 0);
	assert_int_equal(at.st_mode & 0777, 0600);
}

/* Asked by another process, as locks are a process's: does this one hold its lock on the file, which keeps others
 * from taking the log away? (sqlite3: the shared bytes of the file format's locking page.) */
static bool is_locked(const char *path)
{
	struct flock lock = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0x40000002, .l_len = 510};
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		int fd = open(path, O_RDWR);
		bool asked = fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0;
		_exit(asked && lock.l_type == F_RDLCK ? 1 : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status) == 1;
}

static void another_connection_leaves_the_locks_of_the_first(void **state)
{
	struct store_test *t = *state;
	char path[256];
	struct db *second = NULL;
	struct fault f = {0};

	store_path(t, path);
	run(t->db, "CREATE TABLE b (body BLOB)");
	assert_true(is_locked(path));
	ok(db_open(t->address, &second, &f), &f);
	assert_true(is_locked(path));
	db_close(second);
	assert_true(is_locked(path));
	db_close(t->db);
	t->db = NULL;
	assert_false(is_locked(path));
}

static void a_file_that_is_no_database_is_damaged(void **state)
{
	struct store_test *t = *state;
	static const char TEXT[] = "This is a letter to a friend, and a long one at that. ";
	char path[256];
	struct db *db = NULL;
	struct fault f = {0};
	FILE *file;

	db_close(t->db);
	t->db = NULL;
	store_path(t, path);
	file = fopen(path, "w");
	assert_non_null(file);
	for (int i = 0; i < 200; i++)
		fputs(TEXT, file);
	fclose(file);
	refused(db_open(t->address, &db, &f), &f, "DB_CORRUPT");
	refused(db_open_reader(t->address, &db, &f), &f, "DB_CORRUPT");
}

static void a_damaged_page_is_found(void **state)
{
	struct store_test *t = *state;
	struct statement *s = insert_body(t);
	uint8_t noise[4096];
	char path[256];
	struct fault f = {0};
	struct stat at;
	int fd;

	ok(fill(t, s, &f), &f);
	db_close(t->db);
	t->db = NULL;
	store_path(t, path);
	memset(noise, 0xa5, sizeof(noise));
	fd = open(path, O_RDWR);
	assert_true(fd >= 0 && fstat(fd, &at) == 0);
	for (off_t page = 1; page < at.st_size / 4096; page++)
		assert_int_equal(pwrite(fd, noise, sizeof(noise), page * 4096), sizeof(noise));
	close(fd);
	ok(db_open(t->address, &t->db, &f), &f);
	s = prepared(t->db, "SELECT count(*) FROM b", NULL, 0);
	refused(db_query(t->db, s, NULL, NULL, NULL, NULL, &f), &f, "DB_CORRUPT");
}

static void raw(const struct store_test *t, const char *sql)
{
	char path[256];
	sqlite3 *handle;

	store_path(t, path);
	assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(handle);
}

static err ignore_row(void *context, const struct value *columns, size_t n)
{
	(void)columns;
	(void)n;
	++*(int *)context;
	return ERR_OK;
}

static void a_kind_that_we_never_write_is_refused(void **state)
{
	struct store_test *t = *state;
	struct statement *s;
	struct fault f = {0};
	int rows = 0;

	run(t->db, "CREATE TABLE m (a BIGINT, b TEXT)");
	s = prepared(t->db, "SELECT a, b FROM m", NULL, 0);
	raw(t, "INSERT INTO m VALUES (1.5, 'x')");
	refused(db_query(t->db, s, NULL, ignore_row, &rows, NULL, &f), &f, "DB_COLUMN_KIND");
	raw(t, "UPDATE m SET a = 1, b = CAST(x'ff41' AS TEXT)");
	refused(db_query(t->db, s, NULL, ignore_row, &rows, NULL, &f), &f, "DB_COLUMN_KIND");
	assert_int_equal(rows, 0);
	raw(t, "UPDATE m SET b = 'x'");
	ok(db_query(t->db, s, NULL, ignore_row, &rows, NULL, &f), &f);
	assert_int_equal(rows, 1);
}

static void a_store_without_room_says_so_and_goes_on(void **state)
{
	struct store_test *t = *state;
	struct statement *s = insert_body(t);
	struct fault f = {0};

	run(t->db, "PRAGMA max_page_count = 200");
	refused(fill(t, s, &f), &f, "DB_FULL");
	db_rollback(t->db);
	assert_int_equal(bodies(t->db), 0);
	run(t->db, "PRAGMA max_page_count = 100000");
	ok(fill(t, s, &f), &f);
	assert_int_equal(bodies(t->db), 100);
}

/* The kernel refuses to let the log grow, as a full disk or a quota would. */
static void a_full_disk_loses_nothing_that_was_committed(void **state)
{
	struct store_test *t = *state;
	struct statement *s = insert_body(t);
	struct rlimit before, small;
	struct fault f = {0};
	err result;

	ok(fill(t, s, &f), &f);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 8 << 20;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	result = fill(t, s, &f);
	db_rollback(t->db);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	refused(result, &f, "DB_FULL");
	assert_int_equal(bodies(t->db), 100);
	ok(fill(t, s, &f), &f);
	assert_int_equal(bodies(t->db), 200);
}

static void a_file_that_may_only_be_read_is_refused_to_a_writer(void **state)
{
	struct store_test *t = *state;
	const uid_t nobody = 65534;
	char path[256];
	struct db *db = NULL;
	struct fault f = {0};
	err result;

	store_path(t, path);
	run(t->db, "CREATE TABLE b (body BLOB)");
	db_close(t->db);
	t->db = NULL;
	assert_int_equal(chmod(path, 0444), 0);
	assert_int_equal(chmod(t->folder, 0755), 0);
	if (geteuid() == 0)
		assert_int_equal(seteuid(nobody), 0);
	result = db_open(t->address, &db, &f);
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
	refused(result, &f, "DB_READ_ONLY");
}

static void the_log_is_emptied_by_a_checkpoint_of_another_connection(void **state)
{
	struct store_test *t = *state;
	struct statement *s = insert_body(t);
	struct fault f = {0};
	struct db *other;
	struct stat at;
	char path[256];

	ok(fill(t, s, &f), &f);
	store_path(t, path);
	assert_int_equal(stat(path, &at), 0);
	assert_true(at.st_size < 1 << 20); /* nothing moves by itself */
	ok(db_open(t->address, &other, &f), &f);
	ok(db_checkpoint(other, &f), &f);
	assert_int_equal(stat(path, &at), 0);
	assert_true(at.st_size > 6 << 20);
	db_close(other);
	assert_int_equal(bodies(t->db), 100);
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
		cmocka_unit_test(addresses_that_mean_nothing_are_refused),
		cmocka_unit_test(a_server_that_is_not_there_is_unavailable),
		STORE_TEST(a_path_in_no_folder_cannot_be_opened),
		STORE_TEST(a_reader_needs_no_writer),
		STORE_TEST(names_that_mean_more_to_sqlite_are_plain_files),
		STORE_TEST(a_new_file_belongs_to_its_owner_alone),
		STORE_TEST(another_connection_leaves_the_locks_of_the_first),
		STORE_TEST(a_file_that_is_no_database_is_damaged),
		STORE_TEST(a_damaged_page_is_found),
		STORE_TEST(a_kind_that_we_never_write_is_refused),
		STORE_TEST(a_store_without_room_says_so_and_goes_on),
		STORE_TEST(a_full_disk_loses_nothing_that_was_committed),
		STORE_TEST(a_file_that_may_only_be_read_is_refused_to_a_writer),
		STORE_TEST(the_log_is_emptied_by_a_checkpoint_of_another_connection),
	};

	return run_on_sqlite(TESTS, COUNT(TESTS));
}
