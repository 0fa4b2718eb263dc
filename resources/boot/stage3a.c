/* SPDX-License-Identifier: MIT */
/*
 * stage3a: the part of a Secure Execution image that is not encrypted. It
 * asks the hypervisor to turn this guest into a protected one. If all goes
 * well this program never gets an answer: the guest continues in stage3b. If
 * not, it tells the operator why. See resources/help/boot.md.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "instructions.h"
#include "layout.h"
#include "report.h"
#include "uv_reason.h"

#define SUBCODE_SET_IPIB	8
#define SUBCODE_ENTER_PV	10

#define FACILITY_UNPACK		161

/*
 * Filled in by the image builder; the linker script makes it the last 24
 * bytes of the binary. Offsets count from this block itself. The compiler
 * must not assume that the values stay zero, hence volatile.
 */
struct stage3a_args {
	uint64_t header_offset;
	uint64_t header_size;
	uint64_t ipib_offset;
};
_Static_assert(sizeof(struct stage3a_args) == 24, "format of the image");

static const volatile struct stage3a_args stage3a_args
	__attribute__((section(".args"), used, aligned(8))) = { 0, 0, 0 };

/* The IPIB as the builder left it, except for where the header is. */
struct ipib {
	unsigned char unchanged[0x78];
	uint64_t header_address;
	uint64_t header_size;
};
_Static_assert(offsetof(struct ipib, header_address) == 0x78, "IPIB");
_Static_assert(offsetof(struct ipib, header_size) == 0x80, "IPIB");

const char *report_headline(void)
{
	return "\nseworkbench stage3a: this Secure Execution image was NOT"
	       " started.\n";
}

/* From the linker script. */
extern uint64_t stage3a_bss_page[BSS_SIZE / sizeof(uint64_t)];

void stage3a_main(void);

/*
 * In the image file this page holds the metadata by which tools find the
 * header. The metadata is not meant for a running guest.
 */
static void clear_bss_page(void)
{
	for (unsigned int i = 0; i < BSS_SIZE / sizeof(uint64_t); i++)
		stage3a_bss_page[i] = 0;
}

static bool has_facility(unsigned int number)
{
	uint64_t list[4] = { 0, 0, 0, 0 };

	store_facility_list(list, sizeof(list) / sizeof(*list));
	/* Bits are numbered from the left. */
	return list[number / 64] >> (63 - number % 64) & 1;
}

static _Noreturn void stop_without_secure_execution(void)
{
	struct text *message = report_begin();

	text_add_what_happened(
		message,
		"This machine or emulator offers no Secure Execution to its"
		" guest (unpack facility, STFLE bit 161).");
	text_add_what_it_means(
		message,
		"The image is encrypted. Without Secure Execution nothing can"
		" decrypt it. The image itself may be perfectly fine.");
	text_add_what_to_do(
		message,
		"Start it as a KVM guest, with all of this in place:\n"
		"- Machine: IBM z15, LinuxONE III or later, with the Secure"
		" Execution feature.\n"
		"- KVM host: booted with prot_virt=1 on its kernel command"
		" line. To check:\n"
		"  /sys/firmware/uv/prot_virt_host must show 1.\n"
		"- Guest: launch security s390-pv, and a CPU model with"
		" unpack.\n"
		"  libvirt: <launchSecurity type='s390-pv'/>\n"
		"  QEMU: -object s390-pv-guest,id=pv0\n"
		"        -machine confidential-guest-support=pv0");
	report_and_stop(message, WAIT_NO_PV);
}

static _Noreturn void stop_without_image(void)
{
	struct text *message = report_begin();

	text_add_what_happened(
		message, "The boot loader was started without an image.");
	text_add_what_it_means(
		message, "This is the bare loader, or an unfinished image.");
	text_add_what_to_do(message, "Build the image again.");
	report_and_stop(message, WAIT_INTERNAL);
}

void stage3a_main(void)
{
	uint64_t here = (uint64_t)&stage3a_args;
	struct text *message;
	struct ipib *ipib;
	uint64_t answer;

	clear_bss_page();

	if (!has_facility(FACILITY_UNPACK))
		stop_without_secure_execution();
	if (!stage3a_args.header_size)
		stop_without_image();

	ipib = (struct ipib *)(here + stage3a_args.ipib_offset);
	ipib->header_address = here + stage3a_args.header_offset;
	ipib->header_size = stage3a_args.header_size;

	answer = diag308(SUBCODE_SET_IPIB, ipib);
	if (answer != DIAG_OK) {
		message = report_begin();
		uv_explain_refused_ipib(message, answer);
		report_and_stop(message, WAIT_PV_ERROR);
	}

	answer = diag308(SUBCODE_ENTER_PV, NULL);

	/* Still here: the guest was not turned into a protected one. */
	message = report_begin();
	uv_explain_failure(message, answer);
	report_and_stop(message, WAIT_PV_ERROR);
}
