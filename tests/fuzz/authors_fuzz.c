/* SPDX-License-Identifier: Apache-2.0 */
/* Whose key is whose, by a writer that lies as it likes: the entries of a passport, about which nobody asked
 * whether they stand in a log. Whatever they give or take, the audit ends with a verdict. */
#include <stdlib.h>
#include <string.h>

#include "client/log.h"
#include "core/passport.h"
#include "record/registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

extern const struct area *const AREAS[];

static const struct registry *registry_of(void)
{
	static struct registry *registry;
	struct fault f = {0};

	if (registry == NULL && registry_make(AREAS, &registry, &f).code != OK)
		abort();
	return registry;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct passport p;
	static struct passport_entry e;
	static struct entry entry;
	struct audit_keys keys = {.registry = registry_of(), .arena = {.limit = 16u << 20}};
	struct fault f = {0};
	const char *why;
	size_t entries;
	err result = ERR_OK;

	if (!passport_parse(bytes_of(data, n), &p, &why))
		return 0;
	struct reader at = passport_entries(&p, &entries);
	for (size_t i = 0; i < entries && result.code == OK && passport_next_entry(&at, &e); i++) {
		if (!entry_parse(e.bytes, &entry, &why))
			break;
		result = audit_keys_entry(&keys, e.sequence, e.bytes, &entry, &f);
		if (result.code != OK && f.message == NULL)
			abort();
	}
	if (keys.verified < keys.by_shifts && keys.passkeys == 0)
		abort();
	audit_keys_done(&keys);
	return 0;
}
