#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A throw-away PostgreSQL cluster for tests and benchmarks: a Unix socket in DIR and no TCP,
# C collation, UTF-8, everyone trusted. Nothing outside DIR is touched.
set -euo pipefail

usage() {
	cat <<'HELP'
usage: tools/postgres.sh start DIR [--fsync]   make the cluster if need be, start it, print the
                                               libpq address of its database, as a URI
       tools/postgres.sh stop DIR              stop it and remove it
DIR must be short (the socket's path has at most 107 bytes). Without --fsync a power cut may lose
what was committed, which a throw-away cluster can bear; synchronous_commit is always on.
HELP
}

say() { printf 'postgres.sh: %s\n' "$*" >&2; }
die() {
	say "$*"
	exit 1
}

# PostgreSQL refuses to run as root: its programs then run as postgres, or as nobody.
as_owner() {
	if [ "$(id -u)" -ne 0 ]; then
		"$@"
	else
		setpriv --reuid="$owner" --regid="$(id -g "$owner")" --clear-groups \
			--inh-caps=-all -- env HOME="$dir" "$@"
	fi
}

find_programs() {
	local found
	for found in $(printf '%s\n' /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/bin | sort -rV); do
		if [ -x "$found/initdb" ]; then
			bin=$found
			return
		fi
	done
	die "no initdb here; on Debian: apt-get install postgresql"
}

owner=$(id -un)
if [ "$(id -u)" -eq 0 ]; then
	owner=nobody
	if id postgres >/dev/null 2>&1; then owner=postgres; fi
fi

make_cluster() {
	mkdir -p "$dir"
	if [ "$(id -u)" -eq 0 ]; then chown "$owner" "$dir"; fi
	# initdb would follow a parent folder that its user cannot enter into a dark error.
	as_owner test -w "$dir" -a -x "$dir" ||
		die "user $owner cannot enter $dir: choose a folder below /tmp"
	as_owner "$bin/initdb" -D "$data" -U postgres -A trust --no-locale -E UTF8 -N \
		>"$dir/initdb.log" 2>&1 || {
		cat "$dir/initdb.log" >&2
		die "initdb failed"
	}
	cat >>"$data/postgresql.conf" <<-CONF
		listen_addresses = ''
		unix_socket_directories = '$dir'
		unix_socket_permissions = 0700
		port = 5432
		max_connections = 64
		shared_buffers = 64MB
		synchronous_commit = on
		fsync = $fsync
		full_page_writes = $fsync
		timezone = 'UTC'
		lc_messages = 'C'
	CONF
}

start() {
	[ "$(printf '%s' "$dir/.s.PGSQL.5432" | wc -c)" -le 107 ] ||
		die "the path $dir is too long for a Unix socket"
	if [ ! -s "$data/PG_VERSION" ]; then make_cluster; fi
	if ! as_owner "$bin/pg_ctl" -D "$data" status >/dev/null 2>&1; then
		as_owner "$bin/pg_ctl" -D "$data" -l "$dir/server.log" -w -t 60 start \
			>"$dir/start.log" 2>&1 </dev/null || {
			cat "$dir/start.log" "$dir/server.log" >&2
			die "the cluster did not start"
		}
	fi
	printf 'postgresql://postgres@/postgres?host=%s&port=5432\n' "$dir"
}

stop() {
	if [ ! -d "$dir" ]; then return; fi
	[ -s "$data/PG_VERSION" ] || die "$dir holds no cluster of ours: nothing is removed"
	as_owner "$bin/pg_ctl" -D "$data" -m immediate -w -t 60 stop >/dev/null 2>&1 || true
	rm -rf "$data" "$dir/initdb.log" "$dir/start.log" "$dir/server.log"
	rmdir "$dir" 2>/dev/null || true
}

if [ $# -lt 2 ]; then
	usage >&2
	exit 2
fi
verb=$1
mkdir -p "$(dirname "$2")"
dir=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
data=$dir/data
case $dir in
*[!A-Za-z0-9/_.-]*) die "only plain letters, digits and / _ . - may stand in DIR" ;;
esac
fsync=off
if [ "${3-}" = --fsync ]; then fsync=on; fi
find_programs
case $verb in
start) start ;;
stop) stop ;;
*)
	usage >&2
	exit 2
	;;
esac
