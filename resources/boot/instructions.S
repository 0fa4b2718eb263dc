/* SPDX-License-Identifier: MIT */
/*
 * The instructions C cannot express, and everything that touches the lowcore.
 * Parameters arrive in %r2 and %r3, results leave in %r2, %r0-%r5 may be
 * changed, and 16-159(%r15) is scratch space of the called function (s390x
 * ELF ABI). Only instructions of the first z/Architecture machine are used
 * by name; newer ones are written with .insn.
 */
#include "layout.h"

	.text

	.globl	store_facility_list
store_facility_list:
	/*
	 * STFLE is itself a facility (bit 7). Ask the older STFL first, so
	 * that even an emulated old machine gets a clear message and not a
	 * program check.
	 */
	.insn	s,0xb2b10000,0			/* STFL */
	tm	LC_FACILITIES,0x01
	jz	1f
	aghi	%r3,-1				/* number of doublewords - 1 */
	lgr	%r0,%r3
	.insn	s,0xb2b00000,0(%r2)		/* STFLE */
1:	br	%r14

	.globl	diag308
diag308:
	/* DIAG 308 wants an even/odd pair: address in, return code out. */
	lgr	%r0,%r3
	lghi	%r1,0
	diag	%r0,%r2,0x308
	lgr	%r2,%r1
	br	%r14

	.globl	service_call
service_call:
	/*
	 * The answer is announced by an external interruption. Let in only
	 * this one kind while waiting, and put CR0 back afterwards.
	 */
	stctg	%c0,%c0,16(%r15)
	larl	%r1,cr0_service_signal
	lctlg	%c0,%c0,0(%r1)
	larl	%r1,psw_run
	mvc	LC_EXT_NEW(8),0(%r1)
	larl	%r1,interrupted
	stg	%r1,LC_EXT_NEW+8
1:	.insn	rre,0xb2200000,%r2,%r3		/* SERVC */
	brc	2,1b				/* busy: try again */
	brc	1,no_sclp			/* not operational */
wait:	larl	%r1,psw_wait
	lpswe	0(%r1)
interrupted:
	/*
	 * An interruption may be left over from an earlier program: go on
	 * only when it is the right kind and the response code, which the
	 * caller had cleared, is there. The SCCB address in the interruption
	 * parameter is not compared, because a protected guest must not rely
	 * on what the hypervisor puts there.
	 */
	llgh	%r1,LC_EXT_CODE
	chi	%r1,EXT_SERVICE_SIGNAL
	jne	wait
	llgh	%r1,SCCB_RESPONSE(%r3)
	chi	%r1,0
	je	wait
	lghi	%r2,0
	j	1f
no_sclp:
	lghi	%r2,3
1:	lctlg	%c0,%c0,16(%r15)
	br	%r14

	.globl	stop
stop:
	larl	%r1,psw_stop
	mvc	16(8,%r15),0(%r1)
	stg	%r2,24(%r15)
	lpswe	16(%r15)

	.globl	start
start:
	/*
	 * From here on the memory of this loader is free for the program. A
	 * program check before it has set up its own handler must not come
	 * back into what was our code.
	 */
	larl	%r1,psw_stop
	mvc	LC_PGM_NEW(16),0(%r1)
	lpswe	0(%r2)

	.globl	catch_program_checks
catch_program_checks:
	larl	%r1,psw_run
	mvc	LC_PGM_NEW(8),0(%r1)
	larl	%r1,program_checked
	stg	%r1,LC_PGM_NEW+8
	br	%r14

program_checked:
	/* Should the report itself fail, stop instead of looping. */
	larl	%r1,psw_stop
	mvc	LC_PGM_NEW(16),0(%r1)
	/* The stack may be the culprit: start with a fresh one. */
	llill	%r15,STACK_POINTER
	llgh	%r2,LC_PGM_CODE
	lg	%r3,LC_PGM_OLD+8
	brasl	%r14,report_program_check

	.section .rodata
	.balign	8
cr0_service_signal:
	.quad	CR0_SERVICE_SIGNAL
psw_run:
	.quad	PSW_RUN_64BIT
psw_wait:
	.quad	PSW_WAIT_EXTERNAL, 0
psw_stop:
	.quad	PSW_STOP, WAIT_INTERNAL

	.section .note.GNU-stack,"",@progbits
