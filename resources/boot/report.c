/* SPDX-License-Identifier: MIT */
#include "report.h"

#include "console.h"
#include "instructions.h"
#include "layout.h"

struct text *report_begin(void)
{
	/* At a fixed place, because stage3b must not have variables. */
	struct text *message = (struct text *)MESSAGE_ADDRESS;

	message->chars = (char *)(message + 1);
	message->size = MESSAGE_SIZE - sizeof(*message);
	message->used = 0;
	message->line = 0;
	text_add(message, report_headline());
	return message;
}

_Noreturn void report_and_stop(struct text *message, uint64_t wait_code)
{
	text_add(message, "Stopped with wait code ");
	text_add_hex(message, wait_code, 4);
	text_add(message, ". More: seworkbench help, page \"boot\".\n");
	console_print(message);
	stop(wait_code);
}

/* Principles of Operation, "Program-Interruption Conditions". */
static const char *program_check_name(uint64_t code)
{
	switch (code) {
	case 0x01:
		return " (operation)";
	case 0x02:
		return " (privileged operation)";
	case 0x04:
		return " (protection)";
	case 0x05:
		return " (addressing)";
	case 0x06:
		return " (specification)";
	default:
		return "";
	}
}

_Noreturn void report_program_check(uint64_t code, uint64_t psw_address)
{
	struct text *message = report_begin();

	text_add_what_happened(message,
			       "The boot loader itself hit an error: program"
			       " interruption code ");
	text_add_hex(message, code, 4);
	text_add(message, program_check_name(code));
	text_add(message, " at PSW address ");
	text_add_hex(message, psw_address, 16);
	text_add(message, ".");
	text_add_what_it_means(message,
			       "The image file is damaged, the hypervisor is"
			       " too old, or the boot loader has a defect.");
	text_add_what_to_do(message,
			    "Copy the image file again, and update QEMU. If it"
			    " still fails, report the numbers above.");
	report_and_stop(message, WAIT_INTERNAL);
}
