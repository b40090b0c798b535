#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A tester in a few lines: asks a gate, posts a result, drops a file.
#   BOX=http://localhost:8447 ./curl.sh gate test GW S1
#   BOX=http://localhost:8447 ./curl.sh post result.json
#   ./curl.sh drop result.json /srv/box/inbox
# For a box on another host: BOX=https://box:8447 BOX_CA=box.crt BOX_TOKEN_FILE=token
set -eu
box=${BOX:-http://localhost:8447}

# The token goes in by a file: an argument would be seen by everybody on this computer.
ask() {
	if [ -n "${BOX_TOKEN_FILE:-}" ]; then
		printf 'header = "Authorization: Bearer %s"\n' "$(cat "$BOX_TOKEN_FILE")" |
			curl --silent --show-error --config - ${BOX_CA:+--cacert "$BOX_CA"} "$@"
	else
		curl --silent --show-error ${BOX_CA:+--cacert "$BOX_CA"} "$@"
	fi
}

case "${1:-}" in
gate) # whoever cannot ask takes it for closed
	line=$(ask --max-time 10 "$box/v1/gates/$2/$3/$4") || line="FAIL OFFLINE the box does not answer"
	echo "$line"
	case "$line" in PASS*) exit 0 ;; *) exit 1 ;; esac
	;;
post)
	status=$(ask --max-time 30 --header 'Content-Type: application/json' --data-binary "@$2" \
		--output /dev/stderr --write-out '%{http_code}' "$box/v1/records/${3:-test.recorded}")
	case "$status" in 201 | 202) exit 0 ;; *) exit 1 ;; esac
	;;
drop) # whole or not at all: written beside, then renamed
	name=$(basename "$2")
	cp "$2" "$3/.$name" && mv "$3/.$name" "$3/$name"
	;;
*)
	echo "usage: curl.sh gate GATE PRODUCT SERIAL | post FILE [TYPE] | drop FILE FOLDER" >&2
	exit 2
	;;
esac
