/* SPDX-License-Identifier: MIT */
/*
 * A bounded piece of text under construction. Lines are wrapped between words
 * to fit a terminal of 80 columns. Text that is too long is cut, never written
 * past the end. Compiles for the boot loader and for the host.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>
#include <stdint.h>

struct text {
	char *chars;
	size_t size;
	size_t used;
	size_t line;	/* where the last line begins */
};

void text_add(struct text *text, const char *more);

/* Adds 0x and exactly this many hexadecimal digits. */
void text_add_hex(struct text *text, uint64_t value, unsigned int digits);

void text_add_decimal(struct text *text, uint64_t value);

/* The three sections of every message; each begins a paragraph. */
void text_add_what_happened(struct text *text, const char *words);
void text_add_what_it_means(struct text *text, const char *words);
void text_add_what_to_do(struct text *text, const char *words);

#endif
