/* SPDX-License-Identifier: Apache-2.0 */
/* limits_bench [FOLDER]: the limits that the other benchmarks are compared with. */
#include "bench.h"

int main(int argc, char **argv)
{
	const char *folder = argc > 1 ? argv[1] : ".";

	bench_line("limit", "sha256", 200, bench_sha256_rate(200), "bytes/s", 0, NULL);
	bench_line("limit", "sha256", 65536, bench_sha256_rate(65536), "bytes/s", 0, NULL);
	bench_line("limit", "p256-verify", 1, bench_verify_rate(), "1/s", 0, NULL);
	bench_line("limit", "p256-sign", 1, bench_sign_rate(), "1/s", 0, NULL);
	bench_line("limit", "fdatasync", 4096, bench_fsync_rate(folder, 4096), "1/s", 0, NULL);
	bench_line("limit", "memory", 1, (double)bench_memory(0), "bytes", 0, NULL);
	return 0;
}
