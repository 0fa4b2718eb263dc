/* SPDX-License-Identifier: MIT */
/*
 * Addresses and numbers shared by the C and the assembly files. The reasons
 * for every value are in the project's help page resources/help/boot.md.
 */
#ifndef LAYOUT_H
#define LAYOUT_H

/*
 * Memory below 0x10000, as both loaders use it. Nothing there survives from
 * the image file when the image was installed with zipl, so both loaders only
 * write to it before they read from it. See resources/help/boot.md.
 *
 *   0x0000-0x1fff  lowcore of the CPU (interruption codes and PSWs)
 *   0x2000-0x2fff  SCCB: the page through which the console is addressed
 *   0x3000-0x3fff  the text of a message before it is printed
 *   0xc000-0xcfff  .bss of stage3a; in the file: the image metadata
 *   0xf000-0xffff  stack, growing down
 */
#define SCCB_ADDRESS		0x2000
#define SCCB_SIZE		0x1000
#define MESSAGE_ADDRESS		0x3000
#define MESSAGE_SIZE		0x1000
#define BSS_ADDRESS		0xc000
#define BSS_SIZE		0x1000
/* The s390x ABI wants 160 bytes of room above the first stack pointer. */
#define STACK_POINTER		(0x10000 - 160)

/* Lowcore, z/Architecture Principles of Operation, "Assigned Storage". */
#define LC_EXT_CODE		0x086	/* external interruption code */
#define LC_PGM_CODE		0x08e	/* program interruption code */
#define LC_FACILITIES		0x0c8	/* where STFL stores its word */
#define LC_PGM_OLD		0x150	/* program-check old PSW */
#define LC_EXT_NEW		0x1b0	/* external new PSW */
#define LC_PGM_NEW		0x1d0	/* program-check new PSW */

/* PSW masks, Principles of Operation, "Program-Status Word". */
#define PSW_RUN_64BIT		0x0000000180000000
#define PSW_WAIT_EXTERNAL	0x0102000180000000
#define PSW_STOP		0x0002000080000000

/* SIGP order that leaves ESA/390 mode for z/Architecture mode. */
#define SIGP_SET_ARCHITECTURE	0x12

#define EXT_SERVICE_SIGNAL	0x2401
#define CR0_SERVICE_SIGNAL	0x200
#define SCCB_RESPONSE		6	/* offset of the response code */

/*
 * A stopped loader leaves one of these as the address of a disabled-wait PSW.
 * They are the codes the reference loaders use, so that existing runbooks
 * stay right. See resources/help/boot.md.
 */
#define WAIT_INTERNAL		0x4511	/* image content or loader error */
#define WAIT_NO_PV		0x4607	/* no Secure Execution here */
#define WAIT_PV_ERROR		0x4608	/* Secure Execution refused the image */

#endif
