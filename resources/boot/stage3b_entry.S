/* SPDX-License-Identifier: MIT */
/*
 * Where stage3b begins: its first byte. The PSW in the Secure Execution
 * header points here. A protected guest always starts in z/Architecture mode,
 * so unlike in stage3a there is no SIGP; sam64 costs nothing and helps
 * whoever starts this code from a 31-bit PSW in a test.
 */
#include "layout.h"

	.section .start,"ax"
	.globl	stage3b_start
stage3b_start:
	sam64
	llill	%r15,STACK_POINTER
	brasl	%r14,catch_program_checks
	brasl	%r14,stage3b_main

	.section .note.GNU-stack,"",@progbits
