/* SPDX-License-Identifier: Apache-2.0 */
/* version.h — which of two versions is later, by the rules of those who number them. A version
 * that does not follow the rules has no place: it is neither earlier nor later. */
#ifndef FORMAT_VERSION_H
#define FORMAT_VERSION_H

#include "core/bytes.h"

enum { VERSION_SIZE_MAX = 256 };

enum version_family {
	VERSION_OTHER,  /* whose rules we do not know */
	VERSION_SEMVER, /* Semantic Versioning 2.0.0; npm, Cargo, Go modules without their v */
	VERSION_DPKG,   /* Debian policy 5.6.12 */
	VERSION_RPM,    /* epoch:version-release by rpmvercmp, with ~ and ^ */
	VERSION_APK,    /* apk-tools 3 */
	VERSION_PEP440, /* Python */
};

enum version_order {
	VERSION_LESS = -1,
	VERSION_EQUAL = 0,
	VERSION_GREATER = 1,
	VERSION_UNPARSEABLE = 2,
};

/* Of `a` to `b`. A total order on the versions that follow the family's rules. */
enum version_order version_compare(enum version_family family, struct bytes a, struct bytes b);
/* True if it follows the rules of its family. */
bool version_follows(enum version_family family, struct bytes version);

/* One family a file: the same, for that family. */
enum version_order version_semver(struct bytes a, struct bytes b);
enum version_order version_dpkg(struct bytes a, struct bytes b);
enum version_order version_rpm(struct bytes a, struct bytes b);
enum version_order version_apk(struct bytes a, struct bytes b);
enum version_order version_pep440(struct bytes a, struct bytes b);

/* ---- what the families share ---- */

static inline bool version_is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}
static inline bool version_is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
/* Takes the leading digits (or letters) off the front. */
struct bytes version_take_digits(struct bytes *rest);
struct bytes version_take_letters(struct bytes *rest);
/* Digits of any length as numbers; nothing counts as 0. */
int version_numbers(struct bytes a, struct bytes b);
static inline enum version_order version_order(int compared)
{
	return compared < 0 ? VERSION_LESS : compared > 0 ? VERSION_GREATER : VERSION_EQUAL;
}

#endif
