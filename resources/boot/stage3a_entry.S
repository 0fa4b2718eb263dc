/* SPDX-License-Identifier: MIT */
/*
 * Where stage3a begins. There are two doors, see resources/help/boot.md:
 *
 *   0x10000  zipl jumps here, possibly still in ESA/390 mode with 31-bit
 *            addresses. Behind it, zipl writes its parameters to 0x10400 and
 *            following; so there is nothing but this jump below 0x11000.
 *   0x11000  the short PSW at address 0 of the image points here.
 */
#include "layout.h"

	.macro	enter_64bit_mode
	/*
	 * Parameter 1 asks for z/Architecture. A CPU that is there already
	 * just says so, and that answer needs no attention. The upper halves
	 * of the registers may hold anything after the switch.
	 */
	lhi	%r1,1
	sigp	%r1,%r0,SIGP_SET_ARCHITECTURE
	sam64
	.endm

	.section .start,"ax"
	.globl	stage3a_start
stage3a_start:
	enter_64bit_mode
	j	stage3a_entry

	.section .entry,"ax"
	.globl	stage3a_entry
stage3a_entry:
	enter_64bit_mode
	llill	%r15,STACK_POINTER
	brasl	%r14,catch_program_checks
	brasl	%r14,stage3a_main

	.section .note.GNU-stack,"",@progbits
