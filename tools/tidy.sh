#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clang-tidy (.clang-tidy) and cppcheck over lib/ and src/. Needs a build folder made with clang.
# usage: tools/tidy.sh BUILD [FILE…]
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:?"usage: tools/tidy.sh BUILD [FILE…]"}
shift
jobs=$(nproc)
status=0

if [ $# -gt 0 ]; then
	files=("$@")
else
	# Only what this machine builds: other platforms' ports are not in the list.
	mapfile -t files < <(python3 - "$build" <<-'PYTHON'
		import json, os, sys
		for entry in json.load(open(os.path.join(sys.argv[1], "compile_commands.json"))):
		    path = os.path.normpath(os.path.join(entry["directory"], entry["file"]))
		    name = os.path.relpath(path)
		    if name.startswith(("lib/", "src/")) and name.endswith(".c"):
		        print(name)
	PYTHON
	)
fi
if [ "${#files[@]}" -eq 0 ]; then
	printf 'tidy: nothing to look at\n' >&2
	exit 1
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
printf '%s\0' "${files[@]}" | sort -zu |
	xargs -0 -P "$jobs" -n 4 clang-tidy -p "$build" --quiet >"$log" 2>/dev/null || status=1
# How it came to think so fills pages: run clang-tidy on the one file to read that.
grep -E ': (error|warning): ' "$log" || true
# No build system for cppcheck: it sees every #if by itself. What it cannot find are the system's
# headers, which it does not need.
cppcheck --quiet --error-exitcode=1 -j "$jobs" --std=c11 --enable=warning,performance,portability \
	--inline-suppr --suppress=missingIncludeSystem --suppress=missingInclude \
	--suppressions-list=tools/cppcheck.txt -I lib -I src "${files[@]}" || status=1
printf 'tidy: %d files\n' "${#files[@]}"
exit $status
