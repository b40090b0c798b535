/* SPDX-License-Identifier: Apache-2.0 */
#include "base/checks.h"
#include "record/writer.h"

#include <string.h>

#define DEVICE_PERMISSION "device.report"

/* A device speaks for itself and for nothing else: its id is `product/serial`. */
static err device_may(struct attempt *x, bool *yes, struct fault *f)
{
	struct principal author;
	struct bytes id = x->record->claim.author;

	*yes = false;
	TRY(authority_principal(x->batch->engine->authority, id, &author, f));
	if (author.state != PRINCIPAL_ACTIVE || strcmp(author.kind, "device") != 0 ||
	    !x->has_subject || !bytes_equal(x->subject.kind, bytes_text("unit")))
		return ERR_OK;
	const char *own = arena_printf(&x->batch->arena, "%.*s/%.*s", (int)x->subject.within.n,
				       (const char *)x->subject.within.p, (int)x->subject.id.n,
				       (const char *)x->subject.id.p);
	*yes = own != NULL && bytes_equal(bytes_text(own), id);
	return ERR_OK;
}

/* The type's scope says that the record is about something of the author's own: then it needs no
 * permission, but an account that may act at all. */
static err is_own(struct attempt *x, const char *permission, bool *yes, struct fault *f)
{
	struct principal author;

	*yes = false;
	if (x->own[0] == '\0' || strcmp(permission, x->record->type->type->permission) != 0 ||
	    !bytes_equal(bytes_text(x->own), x->record->claim.author))
		return ERR_OK;
	TRY(authority_principal(x->batch->engine->authority, x->record->claim.author, &author, f));
	*yes = author.state == PRINCIPAL_ACTIVE;
	return ERR_OK;
}

err may(struct attempt *x, const char *permission, bool *yes, struct fault *f)
{
	const struct compiled_type *t = x->record->type;
	const struct grant *grants;

	*yes = x->s->internal || check_left_out(CHECK_ENGINE_RIGHT);
	if (*yes)
		return ERR_OK;
	if (permission == NULL)
		return ERR_OK;
	if (strcmp(permission, DEVICE_PERMISSION) == 0)
		return device_may(x, yes, f);
	if (t->scope != NULL && !x->has_scope)
		return ERR_OK; /* the scope cannot be determined: no */
	TRY(is_own(x, permission, yes, f));
	if (*yes)
		return ERR_OK;
	TRY(authority_grants(x->batch->engine->authority, x->record->claim.author, permission,
			     &grants, f));
	*yes = grants_cover(grants, &x->scope, &x->batch->clocks) != NULL;
	return ERR_OK;
}
