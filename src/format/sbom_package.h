/* SPDX-License-Identifier: Apache-2.0 */
/* sbom_package.h — under which name, in which ecosystem and by which rules of version the advisories
 * speak of a component. */
#ifndef FORMAT_SBOM_PACKAGE_H
#define FORMAT_SBOM_PACKAGE_H

#include "format/sbom_match.h"

struct sbom_package {
	struct bytes ecosystem; /* as OSV calls it, without a release; empty: none has advisories */
	struct bytes release;   /* of the distribution; empty: not said, or there are none */
	bool has_releases;
	struct bytes name, version;
	enum version_family family;
	enum sbom_missing missing; /* SBOM_NOTHING, or what keeps us from a sure "not affected" */
};

/* Texts live in the arena or in the component. OUT_OF_MEMORY. */
MUST_CHECK err sbom_package_of(struct arena *a, const struct cyclonedx_component *component,
			       struct sbom_package *out, struct fault *f);
/* The name of an entry as it is compared; and whether an ecosystem with its suffix ("Debian:12")
 * is the package's: 1 yes, 0 no, -1 its release is not known. */
MUST_CHECK err sbom_entry_name(struct arena *a, struct bytes ecosystem, struct bytes name,
			       struct bytes *out, struct fault *f);
int sbom_same_release(const struct sbom_package *package, struct bytes ecosystem);
/* "github.com/owner/name" of a repository's address. */
MUST_CHECK err sbom_repository(struct arena *a, struct bytes address, struct bytes *out,
			       struct fault *f);

#endif
