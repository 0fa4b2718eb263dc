/* SPDX-License-Identifier: MIT */
/* What C cannot say: one function for each special instruction. */
#ifndef INSTRUCTIONS_H
#define INSTRUCTIONS_H

#include <stdint.h>

struct psw {
	uint64_t mask;
	uint64_t address;
};

/*
 * Stores the facility list; list entries the machine does not know keep their
 * value, so clear the list first.
 */
void store_facility_list(uint64_t *list, unsigned long doublewords);

/* DIAGNOSE X'308'; returns what the hypervisor left in register R1 + 1. */
uint64_t diag308(uint64_t subcode, void *block);

/*
 * Starts an SCLP command and waits until its answer is in the SCCB.
 * Returns 0, or 3 if this machine has no SCLP.
 */
unsigned long service_call(uint32_t command, void *sccb);

/* Stops this CPU for good; the code is what the operator sees. */
_Noreturn void stop(uint64_t wait_code);

/* Hands the CPU over to the program this PSW points to. */
_Noreturn void start(const struct psw *psw);

#endif
