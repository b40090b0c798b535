# SPDX-License-Identifier: Apache-2.0
# Sourced by run, test and bench: what Debian 12 packages each of them needs, and how they come.
# shellcheck shell=bash disable=SC2034

BUILD_PACKAGES=(gcc libc6-dev meson ninja-build pkg-config python3 libssl-dev libsqlite3-dev
	libpq-dev libjansson-dev libmicrohttpd-dev libgnutls28-dev libcurl4-openssl-dev
	libcmocka-dev libseccomp-dev libp11-kit-dev libinih-dev libfido2-dev libtss2-dev libtss2-tcti-device0)
TEST_PACKAGES=("${BUILD_PACKAGES[@]}" clang libclang-rt-14-dev clang-format-14 clang-tidy cppcheck
	postgresql sqlite3 curl openssl python3-cbor2 python3-cryptography gcc-arm-none-eabi
	libnewlib-arm-none-eabi qemu-system-arm gnutls-bin shellcheck age openssh-client
	swtpm tpm2-tools libtss2-tcti-swtpm0 softhsm2 opensc nodejs chromium libnss3-tools)

missing_packages() {
	local package
	for package in "$@"; do
		if [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
			printf '%s\n' "$package"
		fi
	done
}

# Installs what is missing, says what it does, and is silent when there is nothing to do.
install_packages() {
	local missing as_root=()
	if ! command -v dpkg-query >/dev/null; then
		printf 'This is not Debian: see that these are there in your system'\''s form:\n  %s\n' "$*"
		return
	fi
	mapfile -t missing < <(missing_packages "$@")
	if [ "${#missing[@]}" -eq 0 ]; then return; fi
	printf 'Installing %d packages: %s\n' "${#missing[@]}" "${missing[*]}"
	if [ "$(id -u)" -ne 0 ]; then
		if ! command -v sudo >/dev/null; then
			printf 'Neither root nor sudo: install them yourself and start again.\n' >&2
			return 1
		fi
		as_root=(sudo)
	fi
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
		--no-install-recommends "${missing[@]}" </dev/null >/dev/null
}

# configure FOLDER OPTION…: a meson build folder, made once and brought up to date later. What the console is made
# of comes first.
configure() {
	local folder=$1
	shift
	python3 tools/console_packages.py console || return 1
	if [ -f "$folder/build.ninja" ]; then
		meson configure "$folder" "${@/#--buildtype/-Dbuildtype}" >/dev/null
	else
		rm -rf "$folder"
		meson setup "$folder" . "$@" >"$folder.log" 2>&1 || {
			cat "$folder.log" >&2
			return 1
		}
		rm -f "$folder.log"
	fi
}
