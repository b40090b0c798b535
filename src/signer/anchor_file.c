/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/anchor_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { DIGITS_MAX = 18 };

/* The rest of a line that begins with `name`. */
static bool take_line(struct bytes *text, const char *name, struct bytes *value)
{
	const uint8_t *end = text->n > 0 ? memchr(text->p, '\n', text->n) : NULL;
	size_t prefix = strlen(name);

	if (end == NULL)
		return false;
	struct bytes line = bytes_of(text->p, (size_t)(end - text->p));
	*text = bytes_of(end + 1, text->n - line.n - 1);
	if (line.n <= prefix || memcmp(line.p, name, prefix) != 0)
		return false;
	*value = bytes_of(line.p + prefix, line.n - prefix);
	return true;
}

static bool take_number(struct bytes digits, uint64_t *out)
{
	if (digits.n > DIGITS_MAX || (digits.n > 1 && digits.p[0] == '0'))
		return false;
	*out = 0;
	for (size_t i = 0; i < digits.n; i++) {
		if (digits.p[i] < '0' || digits.p[i] > '9')
			return false;
		*out = *out * 10 + (uint64_t)(digits.p[i] - '0');
	}
	return digits.n > 0;
}

/* Lower case only, as it is written. */
static bool take_hex(struct bytes text, uint8_t *out, size_t n)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] >= 'A' && text.p[i] <= 'F')
			return false;
	return hex_decode(text, out, n);
}

bool anchor_file_parse(struct bytes text, struct anchor_file *out)
{
	struct bytes tcti, index, tpm, value;
	struct anchor_file file = {.index = 0};
	uint8_t number[4];

	if (!take_line(&text, "tcti = ", &tcti) || !take_line(&text, "index = 0x", &index) ||
	    !take_line(&text, "tpm = ", &tpm) || !take_line(&text, "value = ", &value) ||
	    text.n != 0)
		return false;
	if (tcti.n > ANCHOR_TCTI_MAX || memchr(tcti.p, 0, tcti.n) != NULL ||
	    !take_hex(index, number, sizeof(number)) ||
	    !take_hex(tpm, file.tpm.b, sizeof(file.tpm.b)) || !take_number(value, &file.value))
		return false;
	memcpy(file.tcti, tcti.p, tcti.n);
	struct reader r = reader_of(bytes_of(number, sizeof(number)));
	file.index = get_u32(&r);
	*out = file;
	return true;
}

void anchor_file_put(struct writer *w, const struct anchor_file *file)
{
	char tpm[2 * sizeof(struct hash) + 1], line[64];

	put_text(w, "tcti = ");
	put_text(w, file->tcti);
	(void)snprintf(line, sizeof(line), "\nindex = 0x%08" PRIx32 "\ntpm = ", file->index);
	put_text(w, line);
	hex_encode(hash_bytes(&file->tpm), tpm);
	put_text(w, tpm);
	(void)snprintf(line, sizeof(line), "\nvalue = %" PRIu64 "\n", file->value);
	put_text(w, line);
}
