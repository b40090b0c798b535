/* SPDX-License-Identifier: Apache-2.0 */
/* folder.c — the files of the tiles folder: written aside, renamed, without fsync, since tiles can
 * always be computed again. The file `.durable` says up to which size they reached the disk. */
#include "ledger/room.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/files.h"

enum { MARK_SIZE_MAX = 32, ASIDE_KEPT_S = 3600 };

static const char MARK[] = ".durable";

struct path path_of(const struct ledger *l, const char *name)
{
	struct path out;

	snprintf(out.text, sizeof(out.text), "%s/%s", l->folder, name);
	return out;
}

static err fail_tile(struct fault *f, const char *path, int number)
{
	return fail(f, "TILE_WRITE_FAILED", "path", path, "why", strerror(number), NULL);
}

/* ---- one file ---- */

static err make_parent(const char *path, struct fault *f)
{
	struct path parent;
	size_t n = (size_t)(strrchr(path, '/') - path);

	memcpy(parent.text, path, n);
	parent.text[n] = 0;
	return folder_make(parent.text, f);
}

/* Opens for writing; the folder is made when it is missing. */
static err open_aside(const char *path, int *fd, struct fault *f)
{
	int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;

	*fd = open(path, flags, 0644);
	if (*fd < 0 && errno == ENOENT) {
		TRY(make_parent(path, f));
		*fd = open(path, flags, 0644);
	}
	return *fd < 0 ? fail_tile(f, path, errno) : ERR_OK;
}

static err rename_into(const char *from, const char *to, struct fault *f)
{
	if (rename(from, to) == 0)
		return ERR_OK;
	if (errno == ENOENT) {
		TRY(make_parent(to, f));
		if (rename(from, to) == 0)
			return ERR_OK;
	}
	return fail_tile(f, to, errno);
}

/* Reads on until the buffer is full or the file ends. */
static size_t read_all(int fd, uint8_t *out, size_t cap)
{
	size_t n = 0;

	while (n < cap) {
		ssize_t got = read(fd, out + n, cap - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	return n;
}

static bool file_holds(const char *path, struct bytes content)
{
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t part[16384];
	size_t at = 0, n;

	if (fd < 0)
		return false;
	while ((n = read_all(fd, part, sizeof(part))) > 0) {
		if (n > content.n - at || memcmp(part, content.p + at, n) != 0)
			return false;
		at += n;
	}
	return at == content.n;
}

err tile_file_write(struct ledger *l, const char *name, struct bytes content, struct fault *f)
{
	struct path path = path_of(l, name), aside = path_of(l, l->aside);
	AUTO(fd_close) int fd = -1;

	if (l->checks && file_holds(path.text, content))
		return ERR_OK;
	TRY(open_aside(aside.text, &fd, f));
	TRY(fd_write_all(fd, content, f));
	return rename_into(aside.text, path.text, f);
}

void tile_name_text(enum tile_kind kind, unsigned level, uint64_t index, unsigned width,
		    char out[static TILE_PATH_SIZE])
{
	struct tile_name name = {kind, level, index, width};

	tile_name_put(name, out);
}

/* Removes the partial tiles of a tile that is now full. Best effort: they do no harm. */
void tile_file_drop_partials(const struct ledger *l, const char *name)
{
	struct path folder = path_of(l, name);
	size_t n = strlen(folder.text);
	struct dirent *item;

	if (n + sizeof(".p") > sizeof(folder.text))
		return;
	memcpy(folder.text + n, ".p", sizeof(".p"));
	DIR *d = opendir(folder.text);

	if (!d)
		return;
	while ((item = readdir(d))) {
		if (item->d_name[0] != '.')
			(void)unlinkat(dirfd(d), item->d_name, 0);
	}
	closedir(d);
	(void)rmdir(folder.text);
}

void aside_clean(const struct ledger *l)
{
	struct dirent *item;
	struct stat st;
	DIR *d = opendir(path_of(l, ".aside").text);

	if (!d)
		return;
	while ((item = readdir(d))) {
		if (fstatat(dirfd(d), item->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && st.st_mtime < time(NULL) - ASIDE_KEPT_S)
			(void)unlinkat(dirfd(d), item->d_name, 0);
	}
	closedir(d);
}

/* Reads a tile file that holds at least `width` hashes. */
bool tile_file_read(const struct ledger *l, unsigned level, uint64_t index, unsigned width,
		    unsigned named, struct tile *out)
{
	char name[TILE_PATH_SIZE];
	uint8_t content[TILE_SIZE + 1];
	struct hash h;

	tile_name_text(TILE_HASHES, level, index, named, name);
	AUTO(fd_close) int fd = open(path_of(l, name).text, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read_all(fd, content, sizeof(content)) != named * sizeof(h))
		return false;
	tile_init(out, level, index);
	for (unsigned i = 0; i < width; i++) {
		memcpy(h.b, content + i * sizeof(h), sizeof(h));
		tile_push(out, h);
	}
	return true;
}

/* ---- the durable mark ---- */

uint64_t mark_read(const struct ledger *l)
{
	AUTO(fd_close) int fd = open(path_of(l, MARK).text, O_RDONLY | O_CLOEXEC);
	uint8_t text[MARK_SIZE_MAX];
	size_t n = fd < 0 ? 0 : read_all(fd, text, sizeof(text));
	uint64_t size = 0;

	/* Anything but digits and a line feed counts as no mark: more is checked, that is all. */
	if (n < 2 || n > 19 || text[n - 1] != '\n')
		return 0;
	for (size_t i = 0; i < n - 1; i++) {
		if (text[i] < '0' || text[i] > '9')
			return 0;
		size = size * 10 + (uint64_t)(text[i] - '0');
	}
	return size;
}

err mark_write(struct ledger *l, struct fault *f)
{
	char text[MARK_SIZE_MAX];
	struct path path = path_of(l, MARK);

	AUTO(fd_close) int fd = open(l->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || syncfs(fd) != 0)
		return fail_tile(f, l->folder, errno);
	snprintf(text, sizeof(text), "%s\n", number_text(l->edge.size).text);
	TRY(file_write(path.text, bytes_text(text), 0644, f));
	l->durable = l->edge.size;
	return ERR_OK;
}
