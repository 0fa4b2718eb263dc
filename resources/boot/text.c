/* SPDX-License-Identifier: MIT */
#include "text.h"

#define COLUMNS 79	/* a full 80 would make some terminals add a line */

/* Turns the last blank of an overlong line into a line end. */
static void wrap(struct text *text)
{
	for (size_t i = text->used; i > text->line; i--) {
		if (text->chars[i - 1] == ' ') {
			text->chars[i - 1] = '\n';
			text->line = i;
			return;
		}
	}
}

static void add_char(struct text *text, char c)
{
	if (text->used == text->size)
		return;
	text->chars[text->used++] = c;
	if (c == '\n')
		text->line = text->used;
	else if (text->used - text->line > COLUMNS)
		wrap(text);
}

void text_add(struct text *text, const char *more)
{
	for (; *more; more++)
		add_char(text, *more);
}

void text_add_hex(struct text *text, uint64_t value, unsigned int digits)
{
	text_add(text, "0x");
	while (digits--)
		add_char(text, "0123456789abcdef"[value >> (4 * digits) & 15]);
}

void text_add_decimal(struct text *text, uint64_t value)
{
	char digits[21];	/* 2^64 has 20 decimal digits */
	char *first = digits + sizeof(digits) - 1;

	*first = '\0';
	do {
		*--first = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	text_add(text, first);
}

void text_add_what_happened(struct text *text, const char *words)
{
	text_add(text, "\nWhat happened:\n");
	text_add(text, words);
}

void text_add_what_it_means(struct text *text, const char *words)
{
	text_add(text, "\n\nWhat it means:\n");
	text_add(text, words);
}

void text_add_what_to_do(struct text *text, const char *words)
{
	text_add(text, "\n\nWhat to do:\n");
	text_add(text, words);
	text_add(text, "\n\n");
}
