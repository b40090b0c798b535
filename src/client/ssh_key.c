/* SPDX-License-Identifier: Apache-2.0 */
#include "client/ssh_key.h"

#include "base/files.h"

#include <string.h>

enum { LINE_MAX_SIZE = 4096, BLOB_MAX = 512, APPLICATION_MAX = 64 };

/* RFC 8709, RFC 5656 section 3.1, and OpenSSH's PROTOCOL.u2f. */
static const struct form {
	const char *name;
	bool is_p256, is_token;
} FORMS[] = {
	{"ssh-ed25519", false, false},
	{"ecdsa-sha2-nistp256", true, false},
	{"sk-ssh-ed25519@openssh.com", false, true},
	{"sk-ecdsa-sha2-nistp256@openssh.com", true, true},
};

static err wrong(const char *path, const char *why, struct fault *f)
{
	return fail(f, "SSH_KEY_WRONG", "file", path, "why", why, NULL);
}

static struct bytes get_string(struct reader *r)
{
	return get_bytes(r, get_u32(r));
}

static const struct form *form_of(struct bytes name)
{
	for (size_t i = 0; i < sizeof FORMS / sizeof FORMS[0]; i++)
		if (bytes_equal(name, bytes_text(FORMS[i].name)))
			return &FORMS[i];
	return NULL;
}

/* The words of the line: type, base64, comment. */
static struct bytes word(struct bytes *line)
{
	size_t n = 0;

	while (line->n > 0 && line->p[0] == ' ')
		*line = bytes_of(line->p + 1, line->n - 1);
	while (n < line->n && line->p[n] != ' ' && line->p[n] != '\n' && line->p[n] != '\r')
		n++;
	struct bytes found = bytes_of(line->p, n);
	*line = bytes_of(line->p + n, line->n - n);
	return found;
}

static err key_of(const struct form *form, struct reader *r, struct public_key **out,
		  struct fault *f)
{
	if (!form->is_p256) {
		struct bytes raw = get_string(r);
		return raw.n == 32 ? public_key_from_ed25519(raw.p, out, f)
				   : wrong("", "the key does not have 32 bytes", f);
	}
	bool named = bytes_equal(get_string(r), bytes_text("nistp256"));
	struct bytes point = get_string(r);
	if (!named || point.n != 65 || point.p[0] != 0x04)
		return wrong("", "the key is not an uncompressed point of P-256", f);
	return public_key_from_p256(point.p + 1, out, f);
}

static err parse(struct arena *a, const char *path, struct bytes line, struct public_key **out,
		 struct bytes *application, struct fault *f)
{
	uint8_t blob[BLOB_MAX];
	size_t n;
	const struct form *form = form_of(word(&line));

	if (form == NULL)
		return wrong(path, "its first word is no kind of key that can be used here", f);
	if (!base64_decode(word(&line), blob, sizeof blob, &n))
		return wrong(path, "its second word is not base64", f);
	struct reader r = reader_of(bytes_of(blob, n));
	if (!bytes_equal(get_string(&r), bytes_text(form->name)))
		return wrong(path, "the key is of another kind than its first word says", f);
	if (key_of(form, &r, out, f).code != OK)
		return wrong(path, "the key is not sound", f);
	*application = form->is_token ? arena_copy(a, get_string(&r)) : (struct bytes){0};
	if (reader_end(&r) &&
	    (!form->is_token || (application->n > 0 && application->n <= APPLICATION_MAX)))
		return ERR_OK;
	public_key_close(*out);
	*out = NULL;
	return wrong(path, "something is left over or missing at its end", f);
}

err ssh_public_key_read(struct arena *a, const char *path, struct public_key **out,
			struct bytes *application, struct fault *f)
{
	struct bytes text;

	TRY(file_read(a, path, LINE_MAX_SIZE, &text, f));
	return parse(a, path, text, out, application, f);
}

bool ssh_public_key_file(const char *path)
{
	struct arena a = {0};
	struct bytes text;
	bool is = file_read(&a, path, LINE_MAX_SIZE, &text, NULL).code == OK;

	if (is)
		is = form_of(word(&text)) != NULL;
	arena_done(&a);
	return is;
}
