/* SPDX-License-Identifier: Apache-2.0 */
/* log_key.h — the logs that signed the corpora of passport and receipt. Their keys are gone. */
#ifndef FUZZ_LOG_KEY_H
#define FUZZ_LOG_KEY_H

#define FUZZ_LOG_KEY                                                   \
	"demo.sealwright.example/trial+3ec8a156+Aa9cZB7iVCt/ctQo6cAFy" \
	"Lp4EBdLFYsPdyzQLQtiZAo6"
/* Of passport/built: a unit with everything that the demo does. */
#define FUZZ_LOG_KEY_BUILT                         \
	"demo.sealwright.example/trial+fe13846c+A" \
	"bFWO4S3eXDi1HBZuhO6ns0CIQDNTSXM7HofYiBlS8X8"
/* Of passport/shown: a declared unit with a value shown, and two kinds withheld. */
#define FUZZ_LOG_KEY_SHOWN               \
	"test.example/log+a88ea54c+AQtg" \
	"jitIrdDlP/RDQRQUbJVGJuFjACkoQ+2gWhrt6VmW"

#endif
