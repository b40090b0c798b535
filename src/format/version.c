/* SPDX-License-Identifier: Apache-2.0 */
#include "format/version.h"

#include <string.h>

struct bytes version_take_digits(struct bytes *rest)
{
	struct bytes taken = {rest->p, 0};

	while (taken.n < rest->n && version_is_digit(rest->p[taken.n]))
		taken.n++;
	if (taken.n > 0)
		*rest = bytes_of(rest->p + taken.n, rest->n - taken.n);
	return taken;
}

struct bytes version_take_letters(struct bytes *rest)
{
	struct bytes taken = {rest->p, 0};

	while (taken.n < rest->n && version_is_letter(rest->p[taken.n]))
		taken.n++;
	if (taken.n > 0)
		*rest = bytes_of(rest->p + taken.n, rest->n - taken.n);
	return taken;
}

static struct bytes without_zeros(struct bytes digits)
{
	while (digits.n > 0 && digits.p[0] == '0')
		digits = bytes_of(digits.p + 1, digits.n - 1);
	return digits;
}

int version_numbers(struct bytes a, struct bytes b)
{
	a = without_zeros(a);
	b = without_zeros(b);
	if (a.n != b.n)
		return a.n < b.n ? -1 : 1;
	return a.n > 0 ? memcmp(a.p, b.p, a.n) : 0;
}

typedef enum version_order compare(struct bytes a, struct bytes b);
static compare *const FAMILIES[] = {
	[VERSION_SEMVER] = version_semver, [VERSION_DPKG] = version_dpkg,
	[VERSION_RPM] = version_rpm,       [VERSION_APK] = version_apk,
	[VERSION_PEP440] = version_pep440,
};

enum version_order version_compare(enum version_family family, struct bytes a, struct bytes b)
{
	if (family == VERSION_OTHER || a.n == 0 || b.n == 0 || a.n > VERSION_SIZE_MAX ||
	    b.n > VERSION_SIZE_MAX)
		return VERSION_UNPARSEABLE;
	return FAMILIES[family](a, b);
}

bool version_follows(enum version_family family, struct bytes version)
{
	return version_compare(family, version, version) == VERSION_EQUAL;
}
