#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Compiles the device library's core for a Cortex-M4, prints and bounds its size and stack frames,
# checks that it needs nothing but string.h, and runs a self test on an emulated board. What judges
# people's decisions, and what reads passports, is portable too, but no device needs it: it has a bound of
# its own.
set -euo pipefail
cd "$(dirname "$0")/.."
# Bytes of code and constants in all, and of the largest frame: the note checker's copy of what a
# cosigner signed. Passports are for whoever holds a unit's file, not for the unit: a parsed note or a whole
# line of the story stands in a frame, which has a bound of its own.
SIZE_MAX=20480
JUDGES_SIZE_MAX=36864
JUDGES='charter|charter_put|charter_weigh|passport.*|signed_documents|sshsig|succession'
FRAME_MAX=4608
PASSPORT_FRAME_MAX=13312
# All that the library may ask of its platform; __aeabi_ and __popcount come with the compiler.
ALLOWED='^(memcpy|memset|memcmp|memmove|strlen|__aeabi_[a-z0-9_]+|__popcount[sd]i2|__clzdi2|__ctzdi2)$'

scratch=$(mktemp -d /tmp/sealwright-cortexm-XXXXXX)
trap 'rm -rf "$scratch"' EXIT
flags=(-mcpu=cortex-m4 -mthumb -Os -std=c17 -ffreestanding -ffunction-sections -fdata-sections
	-Wall -Wextra -Wconversion -Werror -Ilib)

compile() {
	arm-none-eabi-gcc "${flags[@]}" "${@:3}" -c "$1" -o "$2"
}

objects=()
device=()
judges=()
for source in lib/core/*.c lib/port/generic/*.c; do
	object=$scratch/$(basename "$source" .c).o
	compile "$source" "$object" -fstack-usage
	objects+=("$object")
	if [[ $(basename "$source" .c) =~ ^($JUDGES)$ ]]; then
		judges+=("$object")
	else
		device+=("$object")
	fi
done

size_of() {
	arm-none-eabi-size -t "$@" | awk 'END { print $1 }'
}

arm-none-eabi-size -t "${judges[@]}" | sed "s|$scratch/||"
arm-none-eabi-size -t "${device[@]}" | sed "s|$scratch/||"
size=$(size_of "${device[@]}")
judges_size=$(size_of "${judges[@]}")
variables=$(arm-none-eabi-size -t "${objects[@]}" | awk 'END { print $2 + $3 }')
largest_frame() {
	sort -t "$(printf '\t')" -k2 -n | tail -n 1
}
frame=$(cat "$scratch"/*.su | grep -v passport | largest_frame)
frame_size=$(printf '%s' "$frame" | cut -f 2)
passport_frame=$(cat "$scratch"/*.su | grep passport | largest_frame | cut -f 2)
printf 'largest frame: %s\n' "$frame"
if [ "$size" -gt $SIZE_MAX ] || [ "$judges_size" -gt $JUDGES_SIZE_MAX ] ||
	[ "$variables" -ne 0 ] || [ "$frame_size" -gt $FRAME_MAX ] ||
	[ "${passport_frame:-0}" -gt $PASSPORT_FRAME_MAX ]; then
	printf 'too large: %s bytes of at most %s, what judges %s of at most %s, ' \
		"$size" $SIZE_MAX "$judges_size" $JUDGES_SIZE_MAX
	printf '%s of variables, frame %s of at most %s, ' "$variables" "$frame_size" $FRAME_MAX
	printf "of passports %s of at most %s\n" "$passport_frame" $PASSPORT_FRAME_MAX
	exit 1
fi
if grep -h dynamic "$scratch"/*.su; then
	printf 'a frame above has no fixed size\n'
	exit 1
fi

arm-none-eabi-ld -r "${objects[@]}" -o "$scratch/all.o"
if arm-none-eabi-nm -u "$scratch/all.o" | awk '{ print $2 }' | grep -Ev "$ALLOWED"; then
	printf 'the library needs the symbols above from its platform\n'
	exit 1
fi

{
	printf 'static const uint8_t GOLDEN[] = {\n'
	tr -d '\n' <tests/golden/entry/signed_ed25519.hex | sed 's/\(..\)/0x\1,/g'
	printf '};\n'
} >"$scratch/golden.h"
compile tests/interop/cortexm_start.c "$scratch/start.o" -fno-tree-loop-distribute-patterns
compile tests/interop/cortexm_selftest.c "$scratch/selftest.o" -I"$scratch"
arm-none-eabi-gcc "${flags[@]}" -nostdlib -Wl,--gc-sections -Wl,-T,tests/interop/cortexm.ld \
	"$scratch/start.o" "$scratch/selftest.o" "${objects[@]}" -lgcc -o "$scratch/image.elf"
timeout 60 qemu-system-arm -M mps2-an386 -nographic -monitor none -serial none \
	-semihosting-config enable=on,target=native -kernel "$scratch/image.elf" 2>&1 </dev/null
