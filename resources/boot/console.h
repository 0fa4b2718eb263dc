/* SPDX-License-Identifier: MIT */
/* Output to the operator's console through SCLP. */
#ifndef CONSOLE_H
#define CONSOLE_H

#include "text.h"

/*
 * Prints the text on the ASCII console and on the line-mode console,
 * whichever of them the machine has. No console: no output, no error.
 */
void console_print(const struct text *text);

#endif
