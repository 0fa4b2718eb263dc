/* SPDX-License-Identifier: MIT */
/*
 * How a loader says why it stopped. Both loaders are silent as long as all
 * goes well: the console is touched only for a message before a stop, so a
 * broken console cannot keep a good image from booting.
 */
#ifndef REPORT_H
#define REPORT_H

#include <stdint.h>

#include "text.h"

/* The first line of every message; stage3a.c and stage3b.c each have one. */
const char *report_headline(void);

/* Begins the message with the headline; there is only one at a time. */
struct text *report_begin(void);

/* Adds where to read more, prints the message and stops. */
_Noreturn void report_and_stop(struct text *message, uint64_t wait_code);

/* Called by the program-check handler in instructions.S. */
_Noreturn void report_program_check(uint64_t code, uint64_t psw_address);

#endif
