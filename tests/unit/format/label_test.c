/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/catalog.h"
#include "format/label.h"

#include <stdio.h>
#include <string.h>

enum { SHOWN_SIZE = 1024 };

/* "part lot=L1 quantity=5 …", or "!" and the code of the refusal. */
static const char *shows_bytes(struct bytes scanned)
{
	static char out[SHOWN_SIZE];
	struct arena arena = {0};
	struct fault f = {0};
	struct label label;
	size_t n = 0;

	out[0] = '\0';
	if (label_read(&arena, scanned, &label, &f).code != OK) {
		char text[1024];
		fault_text(&f, text, sizeof text);
		assert_null(strchr(text, '{'));
		snprintf(out, sizeof out, "!%s", f.message);
	} else {
		for (size_t i = 0; i < LABEL_FIELDS; i++)
			if (label.field[i].n > 0)
				n += (size_t)snprintf(
					out + n, SHOWN_SIZE - n, "%s%s=%.*s", n > 0 ? " " : "",
					label_field_name((enum label_field)i),
					(int)label.field[i].n, (const char *)label.field[i].p);
	}
	arena_done(&arena);
	return out;
}

static const char *shows(const char *scanned)
{
	return shows_bytes(bytes_text(scanned));
}

#define RS  "\x1e"
#define GS  "\x1d"
#define EOT "\x04"
#define REEL                                                                                    \
	"our part number=MCU1 maker's part number=STM32H5 part lot=L77 quantity=1000 purchase " \
	"order=PO9"

static void label_reads_alike_however_its_separators_come(void **state)
{
	static const char *const labels[] = {
		"[)>" RS "06" GS "PMCU1" GS "1PSTM32H5" GS "KPO9" GS "1TL77" GS "Q1000" RS EOT,
		"[)>" RS "06" GS "Q1000" GS "1TL77" GS "KPO9" GS "1PSTM32H5" GS "PMCU1" RS EOT
		"\r\n",
		"[)>" RS "06" GS "PMCU1" GS "1PSTM32H5" GS "KPO9" GS "1TL77" GS "Q1000",
		"[)>" RS "06" GS "PMCU1" GS "1PSTM32H5" GS "KPO9" GS "1TL77" GS "Q1000" RS,
		"[)>06" GS "PMCU1" GS "1PSTM32H5" GS "KPO9" GS "1TL77" GS "Q1000" EOT,
		">[)>06" GS "PMCU1" GS "1PSTM32H5" GS "KPO9" GS "1TL77" GS "Q1000",
		"]d1[)>" RS "06" GS "PMCU1" GS "1PSTM32H5" GS "KPO9" GS "1TL77" GS "Q1000" RS EOT,
		"[)>{RS}06{GS}PMCU1{GS}1PSTM32H5{GS}KPO9{GS}1TL77{GS}Q1000{RS}{EOT}",
		"[)><RS>06<GS>PMCU1<GS>1PSTM32H5<GS>KPO9<GS>1TL77<GS>Q1000<RS><EOT>",
		"[)>^^06^]PMCU1^]1PSTM32H5^]KPO9^]1TL77^]Q1000^^^D",
		"[)>␞06␝PMCU1␝1PSTM32H5␝KPO9␝1TL77␝Q1000␞␄",
		"  [)>^^06^]P MCU1 ^]1PSTM32H5^]KPO9^]1TL77^]Q1000^]1K^]20Z000^^^D \n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
		assert_string_equal(shows(labels[i]), REEL);
}

/* As a distributor prints it, with what only the distributor knows. */
static void distributors_label_is_read_and_what_is_its_own_passed_over(void **state)
{
	(void)state;
	assert_string_equal(shows("[)>" RS "06" GS "PC1,C3" GS "1P8600106720" GS
				  "30P732-8660-1-ND" GS "K" GS "1K86761783" GS "10K104669300" GS
				  "9D1437" GS "1T3175100114366" GS "95"
				  "11K1" GS "4LCN" GS "Q1" GS "11ZPICK" GS "12Z5728615" GS
				  "13Z999999" GS "20Z0000000000" RS EOT),
			    "!LABEL_FIELD_WRONG");
	assert_string_equal(
		shows("[)>" RS "06" GS "PC1,C3" GS "1P8600106720" GS "30P732-8660-1-ND" GS "K" GS
		      "1K86761783" GS "10K104669300" GS "9D1437" GS "1T3175100114366" GS "11K1" GS
		      "4LCN" GS "Q1" GS "11ZPICK" GS "12Z5728615" GS "13Z999999" GS
		      "20Z00000" RS EOT),
		"our part number=C1,C3 maker's part number=8600106720 supplier's part "
		"number=732-8660-1-ND part lot=3175100114366 date code=1437 quantity=1 sales "
		"order=86761783 invoice=104669300 packing list=1 country of origin=CN");
}

static void date_code_stands_under_either_identifier(void **state)
{
	static const struct {
		const char *label, *code;
	} rows[] = {{"[)>^^06^]9D2431^]Q1", "2431"},
		    {"[)>^^06^]10D2431^]Q1", "2431"},
		    {"[)>^^06^]10D2431^]9D24W31^]Q1", "2431"},
		    {"[)>^^06^]Q1", ""}};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct label label;
		assert_int_equal(label_read(&arena, bytes_text(rows[i].label), &label, NULL).code,
				 OK);
		assert_true(bytes_equal(label_date_code(&label), bytes_text(rows[i].code)));
	}
	arena_done(&arena);
}

static void kept_text_reads_again_to_the_same(void **state)
{
	struct arena arena = {0};
	struct label label, again;

	(void)state;
	assert_int_equal(label_read(&arena,
				    bytes_text("[)>" RS "06" GS "1PA<GS>B" GS "Q7" GS "20Z0"),
				    &label, NULL)
				 .code,
			 OK);
	assert_true(bytes_equal(label.text, bytes_text("[)>^^06^]1PA<GS>B^]Q7^]20Z0^^^D")));
	assert_int_equal(label_read(&arena, label.text, &again, NULL).code, OK);
	assert_true(bytes_equal(label.text, again.text));
	assert_true(bytes_equal(again.field[LABEL_MANUFACTURER_PART], bytes_text("A<GS>B")));
	assert_int_equal(again.quantity, 7);
	arena_done(&arena);
}

#define TEN(x)     x x x x x x x x x x
#define HUNDRED(x) TEN(TEN(x))

static const struct {
	const char *label, *code;
} NO_LABELS[] = {
	{"", "LABEL_NONE"},
	{"   \r\n", "LABEL_NONE"},
	{"1PSTM32H5", "LABEL_NONE"},
	{"[)", "LABEL_NONE"},
	{"(01)09501101020917", "LABEL_NONE"},
	{"[)>]", "LABEL_SEPARATORS_LOST"},
	{"[)>", "LABEL_SEPARATORS_LOST"},
	{"[)>06", "LABEL_SEPARATORS_LOST"},
	{"[)>06PMCU11PSTM32H5KPO91TL77Q1000", "LABEL_SEPARATORS_LOST"},
	{"[)>06 PMCU1 1PSTM32H5 KPO9 1TL77 Q1000", "LABEL_SEPARATORS_LOST"},
	{"[)>" RS "06PMCU1" RS EOT, "LABEL_SEPARATORS_LOST"},
	{"[)>" RS "6" GS "PMCU1" RS EOT, "LABEL_SEPARATORS_LOST"},
	{"[)>" RS RS "06" GS "PMCU1", "LABEL_SEPARATORS_LOST"},
	{"[)>" RS "06^]PMCU1", "LABEL_SEPARATORS_LOST"},
	{"[)>" RS "05" GS "0109501101020917" RS EOT, "LABEL_FORMAT"},
	{"[)>^^12^]PNR X^^^D", "LABEL_FORMAT"},
	{"[)>^^06^]PMCU1^^05^]01095^^^D", "LABEL_MORE"},
	{"[)>^^06^]PMCU1^^^D[)>^^06^]PMCU2^^^D", "LABEL_MORE"},
	{"[)>^^06^]PMCU1^^^D!", "LABEL_MORE"},
	{"[)>" RS "06" GS "PMCU1" EOT "Q1", "LABEL_MORE"},
	{"[)>^^06^]", "LABEL_FIELD_WRONG"},
	{"[)>^^06^]PMCU1^]", "LABEL_FIELD_WRONG"},
	{"[)>^^06^]^]PMCU1", "LABEL_FIELD_WRONG"},
	{"[)>^^06^]pmcu1", "LABEL_FIELD_WRONG"},
	{"[)>^^06^]1234PMCU1", "LABEL_FIELD_WRONG"},
	{"[)>^^06^]77", "LABEL_FIELD_WRONG"},
	{"[)>^^06^]9511K1", "LABEL_FIELD_WRONG"},
	{"[)>^^06^] PMCU1", "LABEL_FIELD_WRONG"},
	{"[)>^^06^]PMCU1^]PMCU2", "LABEL_FIELD_TWICE"},
	{"[)>^^06^]Q10^]Q100", "LABEL_FIELD_TWICE"},
	{"[)>^^06^]4K1^]14K2", "LABEL_FIELD_TWICE"},
	{"[)>^^06^]Q0", "LABEL_QUANTITY_WRONG"},
	{"[)>^^06^]Q-5", "LABEL_QUANTITY_WRONG"},
	{"[)>^^06^]Q1e3", "LABEL_QUANTITY_WRONG"},
	{"[)>^^06^]Q1,000", "LABEL_QUANTITY_WRONG"},
	{"[)>^^06^]Q1000000001", "LABEL_QUANTITY_WRONG"},
	{"[)>^^06^]Q99999999999999999999", "LABEL_QUANTITY_WRONG"},
	{"[)>^^06^]PMCU\t1", "LABEL_CHARACTER"},
	{"[)>^^06^]PMCU\x7f", "LABEL_CHARACTER"},
	{"[)>^^06^]PM\xc3\xbc", "LABEL_CHARACTER"},
	{"[)>^^06^]PMCU1" GS "Q1", "LABEL_CHARACTER"},
	{"[)>" RS "06" GS "PA^]Q1", "LABEL_CHARACTER"},
	{"[)>" RS "06" GS "PA^^05", "LABEL_CHARACTER"},
	{"[)>" RS "06" GS "PA^" GS "Q1", "LABEL_CHARACTER"},
	{"[)>^^06" TEN(TEN("^]1Z")), "LABEL_FIELDS_TOO_MANY"},
	{"[)>^^06^]P" HUNDRED("12345"), "LABEL_TOO_LONG"},
};

static void label_that_cannot_be_trusted_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof NO_LABELS / sizeof NO_LABELS[0]; i++) {
		const char *said = shows(NO_LABELS[i].label);
		if (said[0] != '!' || strcmp(said + 1, NO_LABELS[i].code) != 0)
			print_error("row %zu: %s, not %s\n", i, said, NO_LABELS[i].code);
		assert_string_equal(said[0] == '!' ? said + 1 : said, NO_LABELS[i].code);
	}
	assert_string_equal(shows_bytes(bytes_of("[)>^^06^]P\0X", 11)), "!LABEL_CHARACTER");
	char large[LABEL_SIZE_MAX + 1];
	memset(large, ' ', sizeof large);
	assert_string_equal(shows_bytes(bytes_of(large, sizeof large)), "!LABEL_TOO_LONG");
}

static void label_cut_anywhere_is_refused_or_shorter_but_never_longer(void **state)
{
	static const char whole[] = "[)>^^06^]PMCU1^]1PSTM32H5^]KPO9^]1TL77^]Q1000^^^D";
	struct arena arena = {0};

	(void)state;
	for (size_t n = 0; n < sizeof whole; n++) {
		struct label label;
		if (label_read(&arena, bytes_of(whole, n), &label, NULL).code == OK) {
			assert_true(label.text.n <= n + 4);
			assert_true(label.quantity <= 1000);
		}
	}
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(label_reads_alike_however_its_separators_come),
		cmocka_unit_test(distributors_label_is_read_and_what_is_its_own_passed_over),
		cmocka_unit_test(date_code_stands_under_either_identifier),
		cmocka_unit_test(kept_text_reads_again_to_the_same),
		cmocka_unit_test(label_that_cannot_be_trusted_is_refused),
		cmocka_unit_test(label_cut_anywhere_is_refused_or_shorter_but_never_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
