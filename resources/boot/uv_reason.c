/* SPDX-License-Identifier: MIT */
/*
 * The codes and their meanings are those of the table in
 * resources/help/boot.md. The Ultravisor may give others: those get a general
 * explanation by the step that failed, and always all numbers.
 */
#include "uv_reason.h"

struct reason {
	uint16_t rc;
	uint16_t rrc;
	const char *what;	/* what was found wrong */
	const char *remedy;
};

/* Remedies that several reasons share. */
static const char file_changed[] =
	"Compare the checksum of the image file with the one noted when it was"
	" built. If they differ, copy the file again. If it still fails,"
	" suspect tampering and build it again.";
static const char wrong_machine[] =
	"Build the image again with the host key document of this machine, or"
	" start it on a machine it was built for. A host can show the hashes of"
	" its keys: /sys/firmware/uv/keys/all.";
static const char build_again[] =
	"Copy the image file again. If it still fails, build it again.";

static const struct reason reasons[] = {
	{ 0x0102, 0x001a,
	  "The parts of the image are not at the addresses they were built for"
	  " (address list digest, ALD).",
	  file_changed },
	{ 0x0102, 0x001b,
	  "Kernel, ramdisk, command line or stage3b are not what was built"
	  " (page list digest, PLD).",
	  file_changed },
	{ 0x0102, 0x001c,
	  "The tweaks, which tie every page to its place, are not what was"
	  " built (tweak list digest, TLD).",
	  file_changed },
	{ 0x0102, 0x001d,
	  "The image has more or fewer encrypted pages than were built.",
	  file_changed },
	{ 0x0104, 0x0001,
	  "This machine does not support the version of the Secure Execution"
	  " header.",
	  "Build the image again with header version 1.0, or have the firmware"
	  " of the machine updated." },
	{ 0x0106, 0x0030,
	  "This machine does not support a plaintext control flag (PCF) of the"
	  " image.",
	  "Build the image again with supported flags only (host:"
	  " /sys/firmware/uv/query/supp_se_hdr_pcf), or use a newer machine." },
	{ 0x0108, 0x0005,
	  "The image was not built for this machine: none of its key slots"
	  " matches the host key.",
	  wrong_machine },
	{ 0x0108, 0x000b,
	  "The customer public key in the Secure Execution header is invalid.",
	  build_again },
	{ 0x0108, 0x0034,
	  "The image was not built for this machine: none of its key slots"
	  " matches the backup host key.",
	  wrong_machine },
	{ 0x0109, 0x0000,
	  "This machine does not support a secret control flag (SCF) of the"
	  " image.",
	  "Build the image again without the CCK flags (extension secret,"
	  " update), or use a newer machine." },
	{ 0x010a, 0x0031,
	  "The length of the Secure Execution header does not fit its content.",
	  build_again },
	{ 0x010a, 0x0039,
	  "The encrypted area of the Secure Execution header has a wrong size.",
	  build_again },
	{ 0x010a, 0x0040,
	  "The image has no key slots: it was built for no machine at all.",
	  wrong_machine },
};

/* RC 0x0108 with any other reason still says: not for this machine. */
#define RC_WRONG_MACHINE	0x0108
static const struct reason other_wrong_machine = {
	RC_WRONG_MACHINE, 0,
	"The image was not built for this machine: the machine cannot use any"
	" of its key slots.",
	wrong_machine,
};

static const struct reason unknown_reason = {
	0, 0,
	"The Ultravisor gave a reason this loader has no words for.",
	"Check: is the image built for this machine? Is the file unchanged"
	" (checksum)? Has the host enough free memory? If so, report the"
	" numbers below.",
};

/* Older hypervisors fail without any details. */
static const struct reason no_details = {
	0, 0,
	"The hypervisor could not enter Secure Execution and gave no details.",
	"Check: is the image built for this machine? On the host: is the memory"
	" of the guest backed by huge pages (it must not be)? Is enough memory"
	" free? What does the QEMU log say? A newer QEMU gives the exact"
	" reason.",
};

static const struct reason no_ipib = {
	0, 0,
	"The hypervisor lost the list of the encrypted parts (IPIB) it had just"
	" accepted.",
	"Start the guest again. If it still fails, update QEMU.",
};

static const struct reason unknown_answer = {
	0, 0,
	"The hypervisor answered with a code this loader has no words for.",
	"Update QEMU and the kernel of the host. If it still fails, report the"
	" numbers below.",
};

/* The answer is four numbers of 16 bits; field 0 is the leftmost. */
#define FIELD_COMMAND	0	/* what the hypervisor asked for */
#define FIELD_RRC	1	/* reason, given by the Ultravisor */
#define FIELD_RC	2	/* return code, given by the Ultravisor */
#define FIELD_DIAG	3	/* return code of the DIAGNOSE itself */

static unsigned int field(uint64_t answer, unsigned int number)
{
	return answer >> (48 - 16 * number) & 0xffff;
}

static const struct reason *find_reason(uint64_t answer)
{
	unsigned int diag = field(answer, FIELD_DIAG);
	unsigned int rc = field(answer, FIELD_RC);
	unsigned int rrc = field(answer, FIELD_RRC);

	if (diag == DIAG_NO_IPIB)
		return &no_ipib;
	if (diag != DIAG_PV_FAILED)
		return &unknown_answer;
	if (answer == DIAG_PV_FAILED)
		return &no_details;
	for (unsigned int i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (reasons[i].rc == rc && reasons[i].rrc == rrc)
			return &reasons[i];
	if (rc == RC_WRONG_MACHINE)
		return &other_wrong_machine;
	return &unknown_reason;
}

static const char *step_meaning(unsigned int command)
{
	switch (command) {
	case COMMAND_SET_SECURE_PARAMETERS:
		return "The machine refused the Secure Execution header."
		       " Nothing was decrypted.";
	case COMMAND_UNPACK:
		return "The machine accepted the Secure Execution header, but"
		       " could not decrypt a page of the image.";
	case COMMAND_VERIFY:
		return "The decrypted image is not the one the header"
		       " describes. It was thrown away; nothing of it was"
		       " run.";
	default:
		return "The guest stays unprotected. Nothing of the encrypted"
		       " image was run.";
	}
}

static const char *command_name(unsigned int command)
{
	switch (command) {
	case COMMAND_SET_SECURE_PARAMETERS:
		return " (set parameters)\n";
	case COMMAND_UNPACK:
		return " (unpack)\n";
	case COMMAND_VERIFY:
		return " (verify)\n";
	default:
		return "\n";
	}
}

void uv_explain_failure(struct text *out, uint64_t answer)
{
	const struct reason *reason = find_reason(answer);
	unsigned int command = field(answer, FIELD_COMMAND);

	text_add_what_happened(out, reason->what);
	text_add_what_it_means(out, step_meaning(command));
	text_add_what_to_do(out, reason->remedy);
	text_add(out, "UV rc ");
	text_add_hex(out, field(answer, FIELD_RC), 4);
	text_add(out, " rrc ");
	text_add_hex(out, field(answer, FIELD_RRC), 4);
	text_add(out, ", DIAG 308 rc ");
	text_add_hex(out, field(answer, FIELD_DIAG), 4);
	text_add(out, ", command ");
	text_add_hex(out, command, 4);
	text_add(out, command_name(command));
}

void uv_explain_refused_ipib(struct text *out, uint64_t answer)
{
	if (answer == DIAG_IPIB_INVALID) {
		text_add_what_happened(
			out, "The hypervisor refused the list of the encrypted"
			     " parts (IPIB), the last item of the image file.");
		text_add_what_it_means(
			out, "Most likely the image file is cut short or"
			     " damaged. Nothing was decrypted.");
		text_add_what_to_do(out, build_again);
	} else {
		text_add_what_happened(out, unknown_answer.what);
		text_add_what_it_means(out, step_meaning(0));
		text_add_what_to_do(out, unknown_answer.remedy);
	}
	text_add(out, "DIAG 308 subcode 8 rc ");
	text_add_hex(out, answer, 16);
	text_add(out, "\n");
}
