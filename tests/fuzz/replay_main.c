/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzzer's function over files, or over every file of a folder, without libFuzzer: so that
 * each corpus is a regression test on every compiler. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { INPUT_MAX = 1 << 20 };

static size_t replayed;

static int replay_file(const char *path)
{
	/* An allocation of its own size, so that sanitizers see a read past its end. */
	uint8_t *input = malloc(INPUT_MAX), *exact;
	FILE *file = input ? fopen(path, "rb") : NULL;
	size_t n;

	if (!file) {
		fprintf(stderr, "%s cannot be read\n", path);
		free(input);
		return 1;
	}
	n = fread(input, 1, INPUT_MAX, file);
	fclose(file);
	exact = realloc(input, n > 0 ? n : 1);
	LLVMFuzzerTestOneInput(exact ? exact : input, n);
	free(exact ? exact : input);
	replayed++;
	return 0;
}

static int replay_folder(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *item;
	int failed = folder ? 0 : 1;

	while (folder && (item = readdir(folder))) {
		char name[4096];
		int n = snprintf(name, sizeof name, "%s/%s", path, item->d_name);

		if (item->d_name[0] != '.' && n > 0 && (size_t)n < sizeof name)
			failed |= replay_file(name);
	}
	if (folder)
		closedir(folder);
	return failed;
}

int main(int argc, char **argv)
{
	struct stat st;
	int failed = 0;

	for (int i = 1; i < argc; i++) {
		if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode))
			failed |= replay_folder(argv[i]);
		else
			failed |= replay_file(argv[i]);
	}
	printf("%zu inputs replayed\n", replayed);
	return failed || replayed == 0;
}
