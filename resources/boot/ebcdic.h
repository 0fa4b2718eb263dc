/* SPDX-License-Identifier: MIT */
#ifndef EBCDIC_H
#define EBCDIC_H

/*
 * The EBCDIC code of a printable ASCII character; a blank for anything else.
 * Letters, digits and the punctuation our messages use are the same in all
 * code pages an operator's console may have (037, 500, 1047).
 */
unsigned char ebcdic_from_ascii(char c);

#endif
