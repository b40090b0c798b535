/* SPDX-License-Identifier: Apache-2.0 */
/* cyclonedx_hardware.h — a bill of materials from CycloneDX 1.4 to 1.7 in JSON: its components of
 * type device. Name is the manufacturer's part number; quantity and designators are the properties
 * cdx:device:quantity and cdx:device:location. A device that holds devices is an assembly: it is no
 * line itself, and what it holds counts for each piece of it. Other components are passed over. */
#ifndef FORMAT_CYCLONEDX_HARDWARE_H
#define FORMAT_CYCLONEDX_HARDWARE_H

#include "format/bom.h"

enum {
	CYCLONEDX_HARDWARE_FILE_MAX = 16 << 20,
	CYCLONEDX_HARDWARE_DEPTH_MAX = 64, /* of the JSON */
	CYCLONEDX_HARDWARE_PROPERTIES_MAX = 500,
	CYCLONEDX_HARDWARE_TEXT_MAX = 4096,
};

/* True if the file is JSON and no table. */
bool cyclonedx_hardware_like(struct bytes file);
/* As bom_read; the faults of the report name the JSON path, and count components as lines. */
MUST_CHECK err cyclonedx_hardware_read(struct arena *a, struct bytes file, struct bom *out,
				       struct table_report *report, struct fault *f);

#endif
