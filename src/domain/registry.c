/* SPDX-License-Identifier: Apache-2.0 */
/* Every area of the product, in the sequence in which their tables are made. */
#include "record/evidence.h"

extern const struct area access_area, supplier_area, part_area, line_area, build_area,
	identity_area, authority_area, firmware_area, permit_area, seal_area, shipment_area,
	attestation_area, arrival_area, conformance_area, sbom_area, recall_area, policy_area,
	control_area, declared_area, allowance_area, affected_area, containment_area,
	reference_area, traveler_area, testing_area, recovery_area, shift_area, concern_area;

const struct area *const AREAS[] = {
	&evidence_area,  &access_area,   &supplier_area,    &part_area,      &line_area,
	&build_area,     &identity_area, &authority_area,   &firmware_area,  &permit_area,
	&seal_area,      &shipment_area, &attestation_area, &arrival_area,   &conformance_area,
	&sbom_area,      &recall_area,   &policy_area,      &control_area,   &declared_area,
	&allowance_area, &affected_area, &containment_area, &reference_area, &traveler_area,
	&testing_area,   &recovery_area, &shift_area,       &concern_area,   NULL,
};
