/* SPDX-License-Identifier: Apache-2.0 */
/* log_key.h — the log that signed the corpora of passport and receipt. Its key is gone. */
#ifndef FUZZ_LOG_KEY_H
#define FUZZ_LOG_KEY_H

#define FUZZ_LOG_KEY                                                   \
	"demo.sealwright.example/trial+3ec8a156+Aa9cZB7iVCt/ctQo6cAFy" \
	"Lp4EBdLFYsPdyzQLQtiZAo6"

#endif
