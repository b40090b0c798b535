/* SPDX-License-Identifier: Apache-2.0 */
/* log.h — one `key=value` line per event on standard error, with the priority prefix that
 * journald reads. Only the roofs (server, signer, station, cli) log. Never a secret. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/error.h"

enum log_level {
	LOG_ERROR_LEVEL = 3,
	LOG_WARNING_LEVEL = 4,
	LOG_INFO_LEVEL = 6,
	LOG_DEBUG_LEVEL = 7
};

void log_set_level(enum log_level most);
/* log_event(LOG_INFO_LEVEL, "listening", "port", "8443", NULL): name, value pairs of C strings. */
void log_event(enum log_level level, const char *event, ...) __attribute__((sentinel));
/* Also writes the fault's id and values. */
void log_fault(enum log_level level, const char *event, const struct fault *f);

#endif
