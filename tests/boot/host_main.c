/* SPDX-License-Identifier: MIT */
/*
 * Runs the machine-independent parts of the boot loader on the host, for the
 * tests:
 *
 *   failure HEX   the message for this answer of DIAG 308 subcode 10
 *   ipib HEX      the message for this answer of DIAG 308 subcode 8
 *   cut           a text that does not fit into its buffer
 *   ebcdic        the EBCDIC codes of ASCII 0x20 to 0x7e
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ebcdic.h"
#include "text.h"
#include "uv_reason.h"

int main(int argc, char **argv)
{
	char chars[4096] = { 0 };
	struct text text = { .chars = chars, .size = sizeof(chars) - 1 };
	const char *verb = argc > 1 ? argv[1] : "";

	if (argc == 3 && !strcmp(verb, "failure")) {
		uv_explain_failure(&text, strtoull(argv[2], NULL, 16));
	} else if (argc == 3 && !strcmp(verb, "ipib")) {
		uv_explain_refused_ipib(&text, strtoull(argv[2], NULL, 16));
	} else if (argc == 2 && !strcmp(verb, "cut")) {
		text.size = 10;
		text_add(&text, "abcdef");
		text_add_hex(&text, 0xfedcba9876543210, 16);
		text_add_decimal(&text, UINT64_MAX);
	} else if (argc == 2 && !strcmp(verb, "ebcdic")) {
		for (int c = 0x20; c < 0x7f; c++)
			printf("%02x", ebcdic_from_ascii((char)c));
	} else {
		return 2;
	}
	fputs(chars, stdout);
	return 0;
}
