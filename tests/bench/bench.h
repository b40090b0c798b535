/* SPDX-License-Identifier: Apache-2.0 */
/* bench.h — what every benchmark needs: limits of this very machine, measured in the same run, and
 * one form of output. Rates are per second, on one thread; 0 where it could not be measured. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

double bench_now_s(void); /* seconds of a clock that only goes forward */

/* Bytes per second that OpenSSL hashes with SHA-256, in messages of `n` bytes. */
double bench_sha256_rate(size_t n);
/* P-256 signatures that OpenSSL verifies, and makes, per second on one core. */
double bench_verify_rate(void);
double bench_sign_rate(void);
/* Appends of `n` bytes, each made durable with fdatasync(2), per second, to a file in `folder`. */
double bench_fsync_rate(const char *folder, size_t n);
/* Resident memory of a process in bytes; 0 is this one. */
uint64_t bench_memory(pid_t pid);

/* Sorts the values; `share` of 0.99 is the value that 99 of 100 do not exceed. */
double bench_percentile(double *values, size_t n, double share);

/* Prints `P4 sqlite n=1000 value=… unit=… limit=… ratio=…`: the ratio is value to limit. Without a
 * limit (0, NULL) the line ends after the unit. */
void bench_line(const char *budget, const char *variant, uint64_t n, double value, const char *unit,
		double limit, const char *limit_name);

#endif
