/* SPDX-License-Identifier: MIT */
/*
 * Explains in plain words why a Secure Execution guest could not be entered.
 * Pure C without any machine access: also compiled for the host by the tests.
 */
#ifndef UV_REASON_H
#define UV_REASON_H

#include <stdint.h>

#include "text.h"

/* Return codes of DIAGNOSE X'308', see resources/help/boot.md. */
#define DIAG_OK			0x0001
#define DIAG_IPIB_INVALID	0x0402
#define DIAG_NO_IPIB		0x0902
#define DIAG_PV_FAILED		0x0a02

/* What the hypervisor was asked to do when the Ultravisor said no. */
#define COMMAND_SET_SECURE_PARAMETERS	2
#define COMMAND_UNPACK			3
#define COMMAND_VERIFY			4

/*
 * For the answer of DIAG 308 subcode 10, which enters Secure Execution: what
 * happened, what it means, what to do, and all numbers in one line.
 */
void uv_explain_failure(struct text *out, uint64_t answer);

/* The same for subcode 8, which hands over the list of encrypted parts. */
void uv_explain_refused_ipib(struct text *out, uint64_t answer);

#endif
