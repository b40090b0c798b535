/* SPDX-License-Identifier: Apache-2.0 */
/* demo_lots.c — part lots on the dock, and from there to the line. */
#include "sim/demo_internal.h"

enum { SPARE_PERCENT = 10 };

size_t demo_lot_units(const struct demo *d, const struct demo_part *p, size_t r)
{
	if (r + 1 < p->reels_n)
		return p->reels[r + 1].from - p->reels[r].from;
	return d->options.units - p->reels[r].from + SPOILT_UNITS;
}

size_t demo_lot_quantity(const struct demo *d, const struct demo_part *p, size_t reel)
{
	size_t units = demo_lot_units(d, p, reel) +
		       (reel + 1 == p->reels_n ? ATTACK_UNITS + LIVE_UNITS : 0);
	size_t need = p->quantity * units;

	return need + need * SPARE_PERCENT / 100;
}

static err receive(struct demo *d, struct demo_batch *b, const struct demo_part *p, size_t reel,
		   struct fault *f)
{
	bool paper = demo_grade(d, p, reel) == GRADE_VOUCHED;
	char hex[65];

	if (paper)
		TRY(demo_keep_certificate(d, "paul", p, p->reels[reel].part_lot, hex, f));
	json_t *body = json_pack("{s:s, s:s, s:s, s:I, s:s, s:s}", "supplier", p->supplier,
				 "part_lot", p->reels[reel].part_lot, "part", p->part, "quantity",
				 (json_int_t)demo_lot_quantity(d, p, reel), "site", FACTORY,
				 "packaging", "intact");
	if (paper)
		json_object_set_new(body, "conformance_certificate", json_string(hex));
	return demo_put(b, "part_lot.received", body, f);
}

err demo_receive_lots(struct demo *d, struct fault *f)
{
	size_t lots = 0, critical = 0;
	struct demo_batch b;
	err e = demo_batch_open(d, "wim", &b, f);

	for (size_t i = 0; i < d->parts_n; i++)
		for (size_t r = 0; r < d->parts[i].reels_n && e.code == OK; r++) {
			e = receive(d, &b, &d->parts[i], r, f);
			critical += d->parts[i].critical;
			lots++;
		}
	TRY(demo_batch_done(&b, e, f));
	demo_step(d, "%zu part lots received, %zu of them critical", lots, critical);
	return ERR_OK;
}

static err issue(struct demo_batch *b, const char *authorization, const struct demo_part *p,
		 size_t r, size_t units, struct fault *f)
{
	return demo_put(b, "part_lot.issued",
			json_pack("{s:s, s:s, s:s, s:s, s:s, s:I}", "supplier", p->supplier,
				  "part_lot", p->reels[r].part_lot, "authorization", authorization,
				  "site", FACTORY, "line", LINE, "quantity",
				  (json_int_t)p->quantity * (json_int_t)units),
			f);
}

static err issue_all(struct demo *d, struct demo_batch *b, size_t *lots, struct fault *f)
{
	for (size_t i = 0; i < d->parts_n; i++) {
		const struct demo_part *p = &d->parts[i];
		for (size_t r = 0; r < p->reels_n; r++, ++*lots)
			TRY(issue(b, d->production, p, r, demo_lot_units(d, p, r), f));
	}
	return ERR_OK;
}

err demo_issue_spare(struct demo *d, size_t units, struct fault *f)
{
	struct demo_batch b;
	err e = demo_batch_open(d, "wim", &b, f);

	for (size_t i = 0; i < d->parts_n && e.code == OK; i++)
		e = issue(&b, d->spare, &d->parts[i], d->parts[i].reels_n - 1, units, f);
	return demo_batch_done(&b, e, f);
}

err demo_issue_lots(struct demo *d, struct fault *f)
{
	size_t lots = 0;
	struct demo_batch b;
	err e = demo_batch_open(d, "wim", &b, f);

	if (e.code == OK)
		e = issue_all(d, &b, &lots, f);
	TRY(demo_batch_done(&b, e, f));
	TRY(demo_issue_spare(d, ATTACK_UNITS, f));
	demo_step(d, "%zu part lots given to line %s", lots, LINE);
	return ERR_OK;
}
