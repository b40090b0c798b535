/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sshsig.h"

#include "core/sha256.h"

static const uint8_t MAGIC[] = {'S', 'S', 'H', 'S', 'I', 'G'};

enum { VERSION = 1, NAMESPACE_MAX = 64, LINE_MAX = 76 };

/* What each algorithm is called, in keys and signatures alike (RFC 8709, RFC 5656 section 3.1,
 * PROTOCOL.u2f). */
static const struct form {
	const char *name;
	enum ssh_algorithm algorithm;
	bool is_p256, is_token;
} FORMS[] = {
	{"ssh-ed25519", SSH_ED25519, false, false},
	{"ecdsa-sha2-nistp256", SSH_P256, true, false},
	{"sk-ssh-ed25519@openssh.com", SSH_SK_ED25519, false, true},
	{"sk-ecdsa-sha2-nistp256@openssh.com", SSH_SK_P256, true, true},
};

/* ---- pieces ---- */

static struct bytes get_string(struct reader *r)
{
	return get_bytes(r, get_u32(r));
}

static void put_string(struct writer *w, struct bytes text)
{
	put_u32(w, (uint32_t)text.n);
	put_bytes(w, text);
}

static const struct form *get_form(struct reader *r)
{
	struct bytes name = get_string(r);

	for (size_t i = 0; i < sizeof FORMS / sizeof FORMS[0]; i++) {
		if (bytes_equal(name, bytes_text(FORMS[i].name)))
			return &FORMS[i];
	}
	reader_fail(r, "the key is not Ed25519 or ECDSA on P-256");
	return &FORMS[0];
}

/* The end of a string inside: nothing may be left in it. */
static void end_inside(struct reader *r, const struct reader *inside, const char *why)
{
	if (!reader_end(inside))
		reader_fail(r, inside->why != NULL ? inside->why : why);
}

/* ---- the key ---- */

static void get_point(struct reader *r, struct sshsig *out)
{
	struct bytes point;

	if (!bytes_equal(get_string(r), bytes_text("nistp256")))
		reader_fail(r, "the key is not on P-256");
	point = get_string(r);
	if (point.n != 65 || point.p[0] != 0x04)
		reader_fail(r, "the key is not an uncompressed point");
	else
		out->public_key = bytes_of(point.p + 1, 64);
}

static const struct form *get_key(struct reader *r, struct sshsig *out)
{
	struct reader in = reader_of(get_string(r));
	const struct form *form = get_form(&in);

	out->algorithm = form->algorithm;
	if (form->is_p256) {
		get_point(&in, out);
	} else {
		out->public_key = get_string(&in);
		if (out->public_key.n != 32)
			reader_fail(&in, "the key does not have 32 bytes");
	}
	if (form->is_token) {
		out->application = get_string(&in);
		if (out->application.n == 0 || out->application.n > SSHSIG_APPLICATION_MAX)
			reader_fail(&in, "the application must have 1 to 64 bytes");
	}
	end_inside(r, &in, "bytes follow the key");
	return form;
}

/* ---- the signature ---- */

/* An mpint (RFC 4251 section 5) that is positive and in its one encoding, on 32 bytes. */
static void get_number(struct reader *r, uint8_t out[32])
{
	static const char WHY[] = "a number of the signature is not in its one encoding";
	struct bytes v = get_string(r);

	if (r->why)
		return;
	if (v.n == 0 || v.n > 33 || (v.p[0] & 0x80) != 0) {
		reader_fail(r, WHY);
		return;
	}
	if (v.p[0] == 0) {
		if (v.n == 1 || (v.p[1] & 0x80) == 0) {
			reader_fail(r, WHY);
			return;
		}
		v = bytes_of(v.p + 1, v.n - 1);
	}
	if (v.n > 32) {
		reader_fail(r, WHY);
		return;
	}
	__builtin_memset(out, 0, 32 - v.n);
	__builtin_memcpy(out + (32 - v.n), v.p, v.n);
}

static void get_signature(struct reader *r, const struct form *form, struct sshsig *out)
{
	struct reader in = reader_of(get_string(r));
	struct bytes value;

	if (get_form(&in) != form)
		reader_fail(&in, "the signature is of another algorithm than its key");
	value = get_string(&in);
	if (form->is_p256) {
		struct reader numbers = reader_of(value);

		get_number(&numbers, out->signature);
		get_number(&numbers, out->signature + 32);
		end_inside(&in, &numbers, "bytes follow the signature's numbers");
	} else if (value.n != 64) {
		reader_fail(&in, "the signature does not have 64 bytes");
	} else {
		__builtin_memcpy(out->signature, value.p, 64);
	}
	if (form->is_token) {
		out->flags = get_u8(&in);
		out->counter = get_u32(&in);
	}
	end_inside(r, &in, "bytes follow the signature");
}

/* ---- the whole ---- */

static enum ssh_hash get_hash(struct reader *r)
{
	struct bytes name = get_string(r);

	if (bytes_equal(name, bytes_text("sha256")))
		return SSH_SHA256;
	if (!bytes_equal(name, bytes_text("sha512")))
		reader_fail(r, "the message is not hashed with SHA-256 or SHA-512");
	return SSH_SHA512;
}

bool sshsig_parse(struct bytes in, struct sshsig *out, const char **why)
{
	struct reader r = reader_of(in);
	struct sshsig sig = {.flags = 0};
	const struct form *form;

	if (in.n > SSHSIG_SIZE_MAX)
		reader_fail(&r, "the signature is larger than 1024 bytes");
	if (!bytes_equal(get_bytes(&r, sizeof MAGIC), bytes_of(MAGIC, sizeof MAGIC)))
		reader_fail(&r, "it is not an SSH signature");
	if (get_u32(&r) != VERSION)
		reader_fail(&r, "the SSH signature is of another version than 1");
	form = get_key(&r, &sig);
	sig.name_space = get_string(&r);
	if (sig.name_space.n == 0 || sig.name_space.n > NAMESPACE_MAX)
		reader_fail(&r, "the namespace must have 1 to 64 bytes");
	if (get_string(&r).n != 0)
		reader_fail(&r, "the reserved field is not empty");
	sig.hash = get_hash(&r);
	get_signature(&r, form, &sig);
	if (!r.why && r.n > 0)
		reader_fail(&r, "bytes follow its end");
	*why = r.why;
	if (r.why)
		return false;
	*out = sig;
	return true;
}

void sshsig_put_signed(struct writer *w, const struct sshsig *sig, struct bytes message_digest)
{
	put_bytes(w, bytes_of(MAGIC, sizeof MAGIC));
	put_string(w, sig->name_space);
	put_string(w, (struct bytes){0});
	put_string(w, bytes_text(sig->hash == SSH_SHA256 ? "sha256" : "sha512"));
	put_string(w, message_digest);
}

void sshsig_put_token(struct writer *w, const struct sshsig *sig, struct hash structure)
{
	struct hash application = sha256(sig->application);

	put_bytes(w, hash_bytes(&application));
	put_u8(w, sig->flags);
	put_u32(w, sig->counter);
	put_bytes(w, hash_bytes(&structure));
}

/* ---- armor ---- */

/* Takes one line without its end, which is a line feed, or that after a carriage return. The last
 * may have none. */
static struct bytes get_line(struct reader *r)
{
	size_t n = 0;
	struct bytes line;

	while (n < r->n && r->p[n] != '\n')
		n++;
	line = get_bytes(r, n);
	if (r->n > 0)
		(void)get_u8(r);
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

bool sshsig_unarmor(struct bytes text, uint8_t *out, size_t cap, size_t *n)
{
	uint8_t joined[(SSHSIG_SIZE_MAX + 2) / 3 * 4];
	struct writer w = writer_of(joined, sizeof joined);
	struct reader r = reader_of(text);
	struct bytes line, whole;

	if (!bytes_equal(get_line(&r), bytes_text("-----BEGIN SSH SIGNATURE-----")))
		return false;
	for (line = get_line(&r); line.n > 0 && line.p[0] != '-'; line = get_line(&r)) {
		if (line.n > LINE_MAX)
			return false;
		put_bytes(&w, line);
	}
	return bytes_equal(line, bytes_text("-----END SSH SIGNATURE-----")) && r.n == 0 &&
	       writer_done(&w, &whole) && whole.n > 0 && base64_decode(whole, out, cap, n);
}
