/* SPDX-License-Identifier: Apache-2.0 */
/* api_controls.c — the controls that this version knows: what a policy can adopt, and what judges without one. */
#include "domain/policy/controls.h"
#include "server/server_internal.h"

#include <string.h>

static const char *judges(const struct known_control *c)
{
	if (c->gates[0] == '\0')
		return "nothing";
	return c->always ? "always" : c->built_in ? "built_in" : "adopted";
}

static json_t *gates_json(const char *gates)
{
	json_t *list = json_array();

	for (const char *p = gates + strspn(gates, " "); *p != '\0'; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");
		json_array_append_new(list, json_stringn(p, n));
		p += n;
	}
	return list;
}

static json_t *control_json(const struct known_control *c)
{
	const struct known_parameter *number = &c->parameter;
	json_t *json =
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:o}", "control", c->id, "title",
			  c->title, "stage", c->stage, "judges", judges(c), "rests_on",
			  evidence_name(c->evidence), "takes_evidence", c->by_evidence, "effect",
			  c->effect, "gates", gates_json(c->gates));

	if (number->name != NULL)
		json_object_set_new(json, "number",
				    json_pack("{s:s, s:I, s:I, s:I, s:s}", "name", number->name,
					      "standard", (json_int_t)number->standard, "least",
					      (json_int_t)number->least, "most",
					      (json_int_t)number->most, "help", number->help));
	json_object_set_new(json, "standards",
			    json_pack("{s:s, s:s, s:s, s:s}", "nist", c->nist, "iec62443",
				      c->iec62443, "cra", c->cra, "iso20243", c->ottps));
	return json;
}

err handle_controls(struct call *c, struct fault *f)
{
	json_t *list = json_array();

	(void)f;
	for (const struct known_control *control = CONTROLS; control->id != NULL; control++)
		json_array_append_new(list, control_json(control));
	reply_json(c, 200, json_pack("{s:o}", "controls", list));
	return ERR_OK;
}
