/* SPDX-License-Identifier: Apache-2.0 */
#include "format/sbom_package.h"

#include <string.h>

/* How the name of a package URL becomes that of the advisories. */
enum naming {
	PLAIN,
	JOINED,  /* namespace/name */
	GROUPED, /* namespace:name */
	SOURCE,  /* that of the source package */
};

struct ecosystem {
	const char *type, *name_space, *name;
	enum version_family family;
	enum naming naming;
	unsigned release_parts; /* numbers between dots that name a release; 0: has no releases */
	const char *release_prefix;
};
static const struct ecosystem ECOSYSTEMS[] = {
	{"deb", "debian", "Debian", VERSION_DPKG, SOURCE, 1, ""},
	{"deb", "ubuntu", "Ubuntu", VERSION_DPKG, SOURCE, 2, ""},
	{"apk", "alpine", "Alpine", VERSION_APK, SOURCE, 2, "v"},
	{"apk", "wolfi", "Wolfi", VERSION_APK, SOURCE, 0, ""},
	{"apk", "chainguard", "Chainguard", VERSION_APK, SOURCE, 0, ""},
	{"rpm", "almalinux", "AlmaLinux", VERSION_RPM, PLAIN, 1, ""},
	{"rpm", "rocky", "Rocky Linux", VERSION_RPM, PLAIN, 1, ""},
	{"rpm", "rocky-linux", "Rocky Linux", VERSION_RPM, PLAIN, 1, ""},
	{"rpm", "mageia", "Mageia", VERSION_RPM, PLAIN, 1, ""},
	{"npm", NULL, "npm", VERSION_SEMVER, JOINED, 0, ""},
	{"pypi", NULL, "PyPI", VERSION_PEP440, PLAIN, 0, ""},
	{"cargo", NULL, "crates.io", VERSION_SEMVER, PLAIN, 0, ""},
	{"golang", NULL, "Go", VERSION_SEMVER, JOINED, 0, ""},
	{"hex", NULL, "Hex", VERSION_SEMVER, PLAIN, 0, ""},
	{"pub", NULL, "Pub", VERSION_SEMVER, PLAIN, 0, ""},
	{"swift", NULL, "SwiftURL", VERSION_SEMVER, JOINED, 0, ""},
	{"maven", NULL, "Maven", VERSION_OTHER, GROUPED, 0, ""},
	{"nuget", NULL, "NuGet", VERSION_OTHER, PLAIN, 0, ""},
	{"gem", NULL, "RubyGems", VERSION_OTHER, PLAIN, 0, ""},
	{"composer", NULL, "Packagist", VERSION_OTHER, JOINED, 0, ""},
	{"cran", NULL, "CRAN", VERSION_OTHER, PLAIN, 0, ""},
	{"hackage", NULL, "Hackage", VERSION_OTHER, PLAIN, 0, ""},
	{"conan", NULL, "ConanCenter", VERSION_OTHER, PLAIN, 0, ""},
	{"github", NULL, "GIT", VERSION_OTHER, JOINED, 0, ""},
};

/* Debian's releases by the names that people and tools use. */
static const struct {
	const char *name, *number;
} CODENAMES[] = {{"buster", "10"},
		 {"bullseye", "11"},
		 {"bookworm", "12"},
		 {"trixie", "13"},
		 {"forky", "14"}};

static bool is_text(struct bytes t, const char *text)
{
	return bytes_equal(t, bytes_text(text));
}

static const struct ecosystem *ecosystem_of(const struct purl *purl)
{
	for (size_t i = 0; i < sizeof ECOSYSTEMS / sizeof ECOSYSTEMS[0]; i++) {
		const struct ecosystem *e = &ECOSYSTEMS[i];
		if (is_text(purl->type, e->type) &&
		    (e->name_space == NULL || is_text(purl->name_space, e->name_space)))
			return e;
	}
	return NULL;
}

/* ---- the release of a distribution ---- */

/* "debian-12.5" or "12" becomes "12" where one number names a release. Empty: it cannot be read. */
static struct bytes release_number(struct bytes distro, unsigned parts)
{
	size_t from = distro.n, n = 0;

	for (size_t i = 0; i < sizeof CODENAMES / sizeof CODENAMES[0]; i++)
		if (distro.n >= strlen(CODENAMES[i].name) &&
		    is_text(bytes_of(distro.p + distro.n - strlen(CODENAMES[i].name),
				     strlen(CODENAMES[i].name)),
			    CODENAMES[i].name))
			return bytes_text(CODENAMES[i].number);
	while (from > 0 && (version_is_digit(distro.p[from - 1]) || distro.p[from - 1] == '.'))
		from--;
	struct bytes rest = bytes_of(distro.p + from, distro.n - from);
	if (rest.n == 0 || !version_is_digit(rest.p[0]))
		return (struct bytes){0};
	for (unsigned i = 0; i < parts; i++) {
		if (i > 0 && (n == rest.n || n + 1 == rest.n))
			return (struct bytes){0};
		n += i > 0;
		while (n < rest.n && rest.p[n] != '.')
			n++;
	}
	return bytes_of(rest.p, n);
}

int sbom_same_release(const struct sbom_package *package, struct bytes ecosystem)
{
	struct bytes base = ecosystem, suffix = {0};
	const uint8_t *colon = memchr(ecosystem.p, ':', ecosystem.n);

	if (colon != NULL) {
		base.n = (size_t)(colon - ecosystem.p);
		suffix = bytes_of(colon + 1, ecosystem.n - base.n - 1);
	}
	if (!bytes_equal(base, package->ecosystem))
		return 0;
	if (suffix.n == 0 || !package->has_releases)
		return 1;
	if (package->release.n == 0)
		return -1;
	colon = memchr(suffix.p, ':', suffix.n); /* "22.04:LTS" */
	if (colon != NULL)
		suffix.n = (size_t)(colon - suffix.p);
	return bytes_equal(suffix, package->release);
}

/* ---- names ---- */

static err joined(struct arena *a, const struct purl *purl, const char *between, struct bytes *out,
		  struct fault *f)
{
	*out = purl->name;
	if (purl->name_space.n == 0)
		return ERR_OK;
	const char *text = arena_printf(a, "%.*s%s%.*s", (int)purl->name_space.n,
					(const char *)purl->name_space.p, between,
					(int)purl->name.n, (const char *)purl->name.p);
	if (text == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	*out = bytes_text(text);
	return ERR_OK;
}

/* upstream=NAME or NAME@VERSION, a property, or the package is a source package itself. */
static void take_source(const struct cyclonedx_component *c, struct sbom_package *out)
{
	struct bytes upstream = purl_qualifier(&c->purl, "upstream");
	const uint8_t *at = upstream.n > 0 ? memchr(upstream.p, '@', upstream.n) : NULL;

	if (upstream.n > 0) {
		out->name =
			bytes_of(upstream.p, at != NULL ? (size_t)(at - upstream.p) : upstream.n);
		if (at != NULL)
			out->version = bytes_of(at + 1, upstream.n - out->name.n - 1);
	} else if (c->source.n > 0) {
		out->name = c->source;
		if (c->source_version.n > 0)
			out->version = c->source_version;
	} else if (!is_text(purl_qualifier(&c->purl, "arch"), "source")) {
		out->missing = SBOM_SOURCE_PACKAGE;
	}
}

err sbom_entry_name(struct arena *a, struct bytes ecosystem, struct bytes name, struct bytes *out,
		    struct fault *f)
{
	bool python = is_text(ecosystem, "PyPI"), go = is_text(ecosystem, "Go");
	size_t n = 0;

	*out = name;
	if (!python && !go && !is_text(ecosystem, "Packagist") && !is_text(ecosystem, "GIT"))
		return ERR_OK;
	uint8_t *p = arena_alloc(a, name.n);
	if (p == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	for (size_t i = 0; i < name.n; i++) {
		uint8_t c = name.p[i];
		c = c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
		if (python && (c == '_' || c == '.'))
			c = '-';
		if (!python || c != '-' || n == 0 || p[n - 1] != '-') /* runs count once */
			p[n++] = c;
	}
	*out = bytes_of(p, n);
	return ERR_OK;
}

err sbom_repository(struct arena *a, struct bytes address, struct bytes *out, struct fault *f)
{
	for (size_t i = 0; i + 2 < address.n; i++) {
		if (memcmp(address.p + i, "://", 3) == 0) {
			address = bytes_of(address.p + i + 3, address.n - i - 3);
			break;
		}
	}
	while (address.n > 0 && address.p[address.n - 1] == '/')
		address.n--;
	if (address.n > 4 && memcmp(address.p + address.n - 4, ".git", 4) == 0)
		address.n -= 4;
	return sbom_entry_name(a, bytes_text("GIT"), address, out, f);
}

/* ---- versions ---- */

/* "1:2.3" and "2.3", "v1.2" and "1.2" are told apart by nobody but tools. */
static struct bytes bare(struct bytes version)
{
	const uint8_t *colon = version.n > 0 ? memchr(version.p, ':', version.n) : NULL;

	if (colon != NULL)
		version = bytes_of(colon + 1, version.n - (size_t)(colon - version.p) - 1);
	if (version.n > 1 && version.p[0] == 'v')
		version = bytes_of(version.p + 1, version.n - 1);
	return version;
}

static bool has_colon(struct bytes t)
{
	return t.n > 0 && memchr(t.p, ':', t.n) != NULL;
}

static err take_version(struct arena *a, const struct cyclonedx_component *c,
			struct sbom_package *out, struct fault *f)
{
	struct bytes said = c->purl.version, epoch = purl_qualifier(&c->purl, "epoch");

	out->version = c->version;
	if (said.n > 0 && !bytes_equal(bare(said), bare(c->version)))
		out->missing = SBOM_ONE_VERSION;
	else if (has_colon(said))
		out->version = said;
	if (out->family == VERSION_RPM && epoch.n > 0 && !has_colon(out->version)) {
		const char *text = arena_printf(a, "%.*s:%.*s", (int)epoch.n, (const char *)epoch.p,
						(int)out->version.n, (const char *)out->version.p);
		if (text == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
		out->version = bytes_text(text);
	}
	if (is_text(c->purl.type, "golang"))
		out->version = bare(out->version);
	return ERR_OK;
}

static err take_release(struct arena *a, const struct cyclonedx_component *c,
			const struct ecosystem *e, struct sbom_package *out, struct fault *f)
{
	struct bytes number = {0}, distro = purl_qualifier(&c->purl, "distro");

	out->has_releases = e->release_parts > 0;
	if (out->has_releases && distro.n > 0)
		number = release_number(distro, e->release_parts);
	if (number.n == 0)
		return ERR_OK;
	const char *text =
		arena_printf(a, "%s%.*s", e->release_prefix, (int)number.n, (const char *)number.p);
	if (text == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	out->release = bytes_text(text);
	return ERR_OK;
}

err sbom_package_of(struct arena *a, const struct cyclonedx_component *c, struct sbom_package *out,
		    struct fault *f)
{
	const struct ecosystem *e = c->has_purl ? ecosystem_of(&c->purl) : NULL;

	*out = (struct sbom_package){.missing = c->has_purl ? SBOM_ECOSYSTEM : SBOM_PACKAGE_URL};
	if (e == NULL)
		return ERR_OK;
	*out = (struct sbom_package){.ecosystem = bytes_text(e->name), .family = e->family};
	TRY(joined(a, &c->purl, e->naming == GROUPED ? ":" : "/", &out->name, f));
	if (e->naming == PLAIN || e->naming == SOURCE)
		out->name = c->purl.name;
	TRY(take_release(a, c, e, out, f));
	TRY(take_version(a, c, out, f));
	if (e->naming == SOURCE)
		take_source(c, out);
	if (is_text(out->ecosystem, "GIT")) {
		const char *address = arena_printf(a, "github.com/%.*s", (int)out->name.n,
						   (const char *)out->name.p);
		if (address == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
		out->name = bytes_text(address);
	}
	if (out->version.n == 0)
		out->missing = SBOM_VERSION;
	return sbom_entry_name(a, out->ecosystem, out->name, &out->name, f);
}
