#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: tools/fuzz.sh NAME [SECONDS]
# Builds tests/fuzz/NAME_fuzz.c with libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer in
# build-fuzz/ and runs it on its corpus. What it finds on the way is kept in build-fuzz/found-NAME;
# an input that fails stays in build-fuzz/ as NAME-crash-….
set -euo pipefail
cd "$(dirname "$0")/.."
name=${1:?"which fuzzer? see tests/fuzz/meson.build"}
seconds=${2:-180}
build=${SEALWRIGHT_FUZZ_BUILD:-build-fuzz}
if [ ! -e "$build/build.ninja" ]; then
	CC=clang meson setup "$build" -Db_sanitize=address,undefined -Db_lundef=false \
		-Doptimization=1 -Dc_args=-fsanitize=fuzzer-no-link >/dev/null
fi
ninja -C "$build" "tests/fuzz/${name}_fuzz" >/dev/null
mkdir -p "$build/found-$name"
exec env UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 "$build/tests/fuzz/${name}_fuzz" \
	-max_total_time="$seconds" -max_len=40000 -artifact_prefix="$build/$name-" \
	"$build/found-$name" "tests/fuzz/corpus/$name"
