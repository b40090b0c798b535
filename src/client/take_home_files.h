/* SPDX-License-Identifier: Apache-2.0 */
/* take_home_files.h — what every take-home file holds: README.txt and the verifier's source. The table
 * is made of the files themselves when the program is built (tools/embed_files.py). */
#ifndef CLIENT_TAKE_HOME_FILES_H
#define CLIENT_TAKE_HOME_FILES_H

struct take_home_file {
	const char *name, *text;
};
extern const struct take_home_file TAKE_HOME_FILES[]; /* ended by a row without a name */

#endif
