/* SPDX-License-Identifier: Apache-2.0 */
/* company.h — a small company on a served log, whose signer judges: erin asks, founders agree, station st1
 * builds product GW on line L1 of site VN. Nothing is feigned: every decision goes through the signer. */
#ifndef TESTS_API_COMPANY_H
#define TESTS_API_COMPANY_H

#include "fixture.h"

struct company {
	struct api *x;
	struct person st1;
};

/* People, places, a product, its part and bill of material, and firmware release FW1, whose manifest the
 * signer has signed. Over a fixture that was just opened. */
void company_open(struct company *c, struct api *x);
void company_done(struct company *c);
/* `erin` asks and `ben` agrees: the digest of the decision, in hexadecimal, which is in effect. */
const char *company_decides(struct company *c, const char *type, const char *body);
/* The body of a build authorization of so many units; `more` are further members, or "". */
const char *company_authorization(struct company *c, const char *id, unsigned quantity,
				  const char *more);
/* Asks, agrees, and waits until the signer has admitted it. */
void company_authorize(struct company *c, const char *id, unsigned quantity, const char *more);
/* Waits for the signer's answer: "admitted", or the code of the refusal. */
const char *company_verdict(struct company *c, const char *digest);
/* st1 asks for a certificate, with this key in the device. */
struct reply *company_request(struct company *c, const char *authorization, const char *serial,
			      struct private_key *key);
/* The body of that record. */
const char *company_request_body(struct company *c, const char *authorization, const char *serial,
				 struct private_key *key);
/* A certified unit gets its parts, and is built. */
void company_build(struct company *c, const char *authorization, const char *serial);
/* First row of a view for ada or erin, or NULL. */
json_t *company_row(struct company *c, const char *path);
/* Waits for the row that this view shows of the unit: unit.certificate, permit.list … */
json_t *company_wait(struct company *c, const char *path);

extern const char COMPANY_IMAGE[65]; /* of FW1 */

#endif
