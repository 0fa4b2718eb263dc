/* SPDX-License-Identifier: MIT */
/*
 * stage3b: the first program that runs inside the protected guest. It is part
 * of the encrypted and measured image. It puts kernel, command line and
 * ramdisk where Linux expects them and starts Linux. See
 * resources/help/boot.md.
 *
 * It runs where the Ultravisor unpacked it and does not move itself. That is
 * safe because of the order in the image: stage3b lies above the end of the
 * packed kernel, and the kernel only moves down, to an end that is lower
 * still. check_room() proves it again for every image before a byte is moved.
 * Stack and message pages are below 0x10000, where no part of Linux goes.
 *
 * Messages leave the protected guest through the hypervisor. They therefore
 * name sizes and limits, and never any content of the image.
 */
#include <stddef.h>
#include <stdint.h>

#include "instructions.h"
#include "layout.h"
#include "report.h"

/*
 * Linux for s390x, resources/help/boot.md: the first 64 KiB of the kernel
 * file are for booting from other media and are left out; the rest keeps its
 * offset as its address.
 */
#define KERNEL_ADDRESS		0x10000
#define INITRD_START_FIELD	((uint64_t *)0x10408)
#define INITRD_SIZE_FIELD	((uint64_t *)0x10410)
#define MAX_COMMAND_LINE_FIELD	((uint64_t *)0x10430)
#define COMMAND_LINE_ADDRESS	0x10480
/* What kernels mean that are too old to state a limit. */
#define OLD_MAX_COMMAND_LINE	896

struct part {
	uint64_t source;
	uint64_t size;
};

/*
 * Filled in by the image builder; the linker script makes it the last 64
 * bytes of the binary. A part that the image does not have is all zero. The
 * compiler must not assume that the values stay zero, hence volatile.
 */
struct stage3b_args {
	struct part kernel;
	struct part command_line;
	struct part initrd;
	struct psw psw;
};
_Static_assert(sizeof(struct stage3b_args) == 64, "format of the image");

static const volatile struct stage3b_args stage3b_args
	__attribute__((section(".args"), used, aligned(8))) = {
		.kernel = { 0, 0 },
	};

const char *report_headline(void)
{
	return "\nseworkbench stage3b: the protected guest did NOT start"
	       " Linux.\n";
}

/* The first byte of this program, from stage3b_entry.S. */
void stage3b_start(void);

void stage3b_main(void);

static _Noreturn void stop_bad_image(struct text *message, const char *remedy)
{
	text_add_what_it_means(
		message,
		"The machine unpacked the image and found it just as it was"
		" built. But it was built from parts that do not fit"
		" together.");
	text_add_what_to_do(message, remedy);
	report_and_stop(message, WAIT_INTERNAL);
}

static _Noreturn void stop_no_kernel(uint64_t size)
{
	struct text *message = report_begin();

	text_add_what_happened(message, "The kernel in this image has ");
	text_add_decimal(message, size);
	text_add(message,
		 " bytes. A Linux kernel for s390x has more than ");
	text_add_decimal(message, KERNEL_ADDRESS);
	text_add(message, ".");
	stop_bad_image(message,
		       "Build the image again with the raw kernel file of an"
		       " s390x distribution (often /boot/vmlinuz-VERSION or"
		       " /boot/image-VERSION).");
}

static _Noreturn void stop_command_line_too_long(uint64_t size, uint64_t limit)
{
	struct text *message = report_begin();

	text_add_what_happened(message, "The kernel command line has ");
	text_add_decimal(message, size);
	text_add(message,
		 " bytes, its final zero byte included. This kernel takes at"
		 " most ");
	text_add_decimal(message, limit);
	text_add(message, ".");
	stop_bad_image(message,
		       "Build the image again with a shorter command line, or"
		       " with a kernel that takes a longer one.");
}

static _Noreturn void stop_command_line_open_end(void)
{
	struct text *message = report_begin();

	text_add_what_happened(
		message,
		"The kernel command line does not end with a zero byte.");
	stop_bad_image(message,
		       "Build the image again with seworkbench or pvimg; both"
		       " add that byte.");
}

static _Noreturn void stop_no_room(const char *what, uint64_t end)
{
	struct text *message = report_begin();

	text_add_what_happened(message,
			       "The kernel and its command line need the"
			       " memory up to address ");
	text_add_hex(message, end, 16);
	text_add(message, ", but there lies the ");
	text_add(message, what);
	text_add(message, " of the image.");
	stop_bad_image(message,
		       "Build the image again with seworkbench or pvimg; both"
		       " keep the parts apart.");
}

/* Nothing that is still needed may lie below this end address. */
static void check_room(uint64_t end)
{
	const volatile struct stage3b_args *args = &stage3b_args;

	if (end > (uint64_t)&stage3b_start)
		stop_no_room("boot loader", end);
	if (args->initrd.size && end > args->initrd.source)
		stop_no_room("ramdisk", end);
	if (args->command_line.size && end > args->command_line.source)
		stop_no_room("command line", end);
}

/*
 * Copies upward from the first byte. Right also for overlapping areas,
 * because everything here is moved down: to < from. The parts are page
 * aligned, so the bulk can go in double words.
 */
static void move_down(uint64_t to, uint64_t from, uint64_t size)
{
	uint64_t *to_word = (uint64_t *)to;
	const uint64_t *from_word = (const uint64_t *)from;
	uint64_t words = size / sizeof(uint64_t);
	unsigned char *to_byte = (unsigned char *)(to_word + words);
	const unsigned char *from_byte =
		(const unsigned char *)(from_word + words);

	for (uint64_t i = 0; i < words; i++)
		to_word[i] = from_word[i];
	for (uint64_t i = 0; i < size % sizeof(uint64_t); i++)
		to_byte[i] = from_byte[i];
}

static void place_kernel(const struct part *kernel)
{
	if (kernel->size < KERNEL_ADDRESS)
		stop_no_kernel(kernel->size);
	check_room(kernel->size);
	move_down(KERNEL_ADDRESS, kernel->source + KERNEL_ADDRESS,
		  kernel->size - KERNEL_ADDRESS);
}

static void place_command_line(const struct part *line)
{
	/* The limit is a field of the kernel, so the kernel comes first. */
	uint64_t limit = *MAX_COMMAND_LINE_FIELD;
	const char *chars = (const char *)line->source;

	if (!limit)
		limit = OLD_MAX_COMMAND_LINE;
	if (line->size > limit)
		stop_command_line_too_long(line->size, limit);
	if (!line->size)
		return;
	if (chars[line->size - 1])
		stop_command_line_open_end();
	check_room(COMMAND_LINE_ADDRESS + line->size);
	move_down(COMMAND_LINE_ADDRESS, line->source, line->size);
}

/* The ramdisk stays where it is; Linux is told where. */
static void announce_initrd(const struct part *initrd)
{
	if (!initrd->size)
		return;
	*INITRD_START_FIELD = initrd->source;
	*INITRD_SIZE_FIELD = initrd->size;
}

void stage3b_main(void)
{
	struct stage3b_args args = stage3b_args;

	place_kernel(&args.kernel);
	place_command_line(&args.command_line);
	announce_initrd(&args.initrd);
	start(&args.psw);
}
