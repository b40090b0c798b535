/* SPDX-License-Identifier: Apache-2.0 */
#include "server/metrics.h"

#include <inttypes.h>
#include <stdio.h>

/* Upper ends in ms; the last bucket has none. */
static const uint64_t ENDS[LATENCY_BUCKETS - 1] = {1,   2,   5,    10,   20,   50,   100,
						   200, 500, 1000, 2000, 5000, 10000};

void metrics_request(struct metrics *m, int status)
{
	int class = status / 100;

	if (class > 0 && class < STATUS_CLASSES)
		atomic_fetch_add(&m->requests[class], 1);
	if (status == 429)
		atomic_fetch_add(&m->limited, 1);
}

void metrics_record(struct metrics *m, uint64_t ms)
{
	size_t i = 0;

	while (i < LATENCY_BUCKETS - 1 && ms > ENDS[i])
		i++;
	atomic_fetch_add(&m->latency[i], 1);
	atomic_fetch_add(&m->latency_n, 1);
	atomic_fetch_add(&m->latency_sum_ms, ms);
}

static void put_line(struct writer *w, const char *name, const char *label, uint64_t value)
{
	char line[192];

	snprintf(line, sizeof line, "%s%s %" PRIu64 "\n", name, label, value);
	put_text(w, line);
}

static void put_head(struct writer *w, const char *name, const char *kind, const char *help)
{
	char line[256];

	snprintf(line, sizeof line, "# TYPE %s %s\n# HELP %s %s\n", name, kind, name, help);
	put_text(w, line);
}

static void put_gauge(struct writer *w, const char *name, const char *help, uint64_t value)
{
	put_head(w, name, "gauge", help);
	put_line(w, name, "", value);
}

static void put_counter(struct writer *w, const char *name, const char *help, uint64_t value)
{
	char total[96];

	put_head(w, name, "counter", help);
	snprintf(total, sizeof total, "%s_total", name);
	put_line(w, total, "", value);
}

static void put_latency(struct writer *w, const struct metrics *m)
{
	static const char name[] = "sealwright_record_seconds";
	char label[64], line[128];
	uint64_t sum = 0, ms = atomic_load(&m->latency_sum_ms);

	put_head(w, name, "histogram", "Time from a record's request to its receipt.");
	for (size_t i = 0; i < LATENCY_BUCKETS; i++) {
		sum += atomic_load(&m->latency[i]);
		if (i < LATENCY_BUCKETS - 1)
			snprintf(label, sizeof label, "_bucket{le=\"%" PRIu64 ".%03" PRIu64 "\"}",
				 ENDS[i] / 1000, ENDS[i] % 1000);
		else
			snprintf(label, sizeof label, "_bucket{le=\"+Inf\"}");
		put_line(w, name, label, sum);
	}
	put_line(w, name, "_count", sum);
	snprintf(line, sizeof line, "%s_sum %" PRIu64 ".%03" PRIu64 "\n", name, ms / 1000,
		 ms % 1000);
	put_text(w, line);
}

void metrics_put(const struct metrics *m, const struct engine_state *state, struct writer *w)
{
	char label[32];

	put_counter(w, "sealwright_records_submitted", "Records that reached the writer.",
		    state->submitted);
	put_counter(w, "sealwright_records_refused", "Records that were refused.", state->refused);
	put_gauge(w, "sealwright_log_size", "Entries in the log.", state->size);
	put_gauge(w, "sealwright_log_certified", "Entries that a signed checkpoint covers.",
		  state->certified);
	put_gauge(w, "sealwright_queue", "Records waiting for the writer.", state->queued);
	put_gauge(w, "sealwright_ready", "1 if the server takes decisions.", state->ready);
	put_gauge(w, "sealwright_clock_stepped", "1 if the machine's clock was moved.",
		  state->clock_stepped);
	put_gauge(w, "sealwright_streams", "Event streams open.", atomic_load(&m->streams));
	put_counter(w, "sealwright_certificates_issued", "Device certificates recorded.",
		    atomic_load(&m->certificates));
	put_counter(w, "sealwright_certificate_failures",
		    "Device certificates and permits that the signer refused for good.",
		    atomic_load(&m->issue_failures));
	put_counter(w, "sealwright_permits_issued", "Programming permits recorded.",
		    atomic_load(&m->permits));
	put_gauge(w, "sealwright_signer_waiting",
		  "Decisions and requests that the signer has not answered for good.",
		  atomic_load(&m->signer_waiting));
	put_counter(w, "sealwright_signer_refusals",
		    "Answers of the signer that are asked for again later.",
		    atomic_load(&m->signer_refusals));
	put_counter(w, "sealwright_requests_limited", "Requests answered 429.",
		    atomic_load(&m->limited));
	put_head(w, "sealwright_requests", "counter", "Requests by class of their status.");
	for (size_t i = 1; i < STATUS_CLASSES; i++) {
		snprintf(label, sizeof label, "{class=\"%zuxx\"}", i);
		put_line(w, "sealwright_requests_total", label, atomic_load(&m->requests[i]));
	}
	put_latency(w, m);
	put_text(w, "# EOF\n");
}
