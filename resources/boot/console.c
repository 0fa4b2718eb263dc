/* SPDX-License-Identifier: MIT */
/*
 * The operator may sit at one of two consoles: the ASCII ("VT220") console,
 * which most virtual machines have, or the line-mode ("operating system
 * messages") console, which speaks EBCDIC. A message goes to both.
 *
 * The numbers are those of the public SCLP event interface as used by Linux
 * (drivers/s390/char) and QEMU (hw/s390x, hw/char); resources/help/boot.md
 * lists them.
 */
#include "console.h"

#include <stdint.h>

#include "ebcdic.h"
#include "instructions.h"
#include "layout.h"

#define COMMAND_WRITE_EVENT_MASK	0x00780005
#define COMMAND_WRITE_EVENT_DATA	0x00760005

#define EVENT_LINE_MODE		0x02
#define EVENT_ASCII		0x1a
/* Bit n of a mask, counted from 1 at the left, stands for event type n. */
#define EVENT_MASK(type)	(0x80000000u >> ((type) - 1))

#define PACKED __attribute__((packed))

struct sccb_header {
	uint16_t length;
	uint8_t function;
	uint8_t control[3];
	uint16_t response;
} PACKED;

struct mask_sccb {
	struct sccb_header header;
	uint16_t reserved;
	uint16_t mask_length;
	uint32_t program_receives;
	uint32_t program_sends;
	uint32_t sclp_receives;		/* filled in by SCLP */
	uint32_t sclp_sends;		/* filled in by SCLP */
} PACKED;

struct event_header {
	uint16_t length;
	uint8_t type;
	uint8_t flags;
	uint16_t reserved;
} PACKED;

struct ascii_sccb {
	struct sccb_header header;
	struct event_header event;
	char chars[];
} PACKED;

/* One line of text in a line-mode message. */
struct line_object {
	uint16_t length;
	uint16_t type;
	uint16_t flags;
	uint8_t alarm;
	uint8_t reserved[3];
	unsigned char chars[];
} PACKED;

/* Says where a line-mode message comes from; we leave that empty. */
struct general_object {
	uint16_t length;
	uint16_t type;
	uint8_t unused[52];
} PACKED;

struct line_mode_sccb {
	struct sccb_header header;
	struct event_header event;
	/* A message data block: its header, general object, lines. */
	uint16_t block_length;
	uint16_t block_type;
	uint32_t block_tag;
	uint32_t block_revision;
	struct general_object general;
	unsigned char lines[];
} PACKED;

#define BLOCK_TYPE		1
#define BLOCK_TAG		0xd4c4c240	/* "MDB " in EBCDIC */
#define BLOCK_REVISION		1
#define GENERAL_OBJECT_TYPE	1
#define LINE_OBJECT_TYPE	4
#define LINE_FLAG_END_OF_TEXT	0x1000

_Static_assert(sizeof(struct sccb_header) == 8, "SCCB header");
_Static_assert(sizeof(struct mask_sccb) == 28, "event mask SCCB");
_Static_assert(sizeof(struct event_header) == 6, "event header");
_Static_assert(sizeof(struct line_object) == 10, "line object");
_Static_assert(sizeof(struct general_object) == 56, "general object");

static void *clear_sccb(void)
{
	uint64_t *word = (uint64_t *)SCCB_ADDRESS;

	for (unsigned int i = 0; i < SCCB_SIZE / sizeof(*word); i++)
		word[i] = 0;
	return word;
}

/*
 * Tells SCLP which events we are going to send and returns those it accepts.
 * Repeated for every message, because a reset (a failed DIAG 308 subcode 10
 * includes one) takes all events away.
 */
static uint32_t open_console(void)
{
	struct mask_sccb *sccb = clear_sccb();

	sccb->header.length = sizeof(*sccb);
	sccb->mask_length = sizeof(uint32_t);
	sccb->program_sends =
		EVENT_MASK(EVENT_ASCII) | EVENT_MASK(EVENT_LINE_MODE);
	if (service_call(COMMAND_WRITE_EVENT_MASK, sccb))
		return 0;
	return sccb->sclp_receives;
}

static void print_ascii(const struct text *text)
{
	struct ascii_sccb *sccb = clear_sccb();
	char *end = (char *)sccb + SCCB_SIZE;
	char *to = sccb->chars;

	/* A terminal needs a carriage return; keep room for the pair. */
	for (size_t i = 0; i < text->used && to + 2 <= end; i++) {
		if (text->chars[i] == '\n')
			*to++ = '\r';
		*to++ = text->chars[i];
	}
	sccb->header.length = (uint16_t)(to - (char *)sccb);
	sccb->event.length = (uint16_t)(to - (char *)&sccb->event);
	sccb->event.type = EVENT_ASCII;
	service_call(COMMAND_WRITE_EVENT_DATA, sccb);
}

/* Adds one line and returns the place for the next one. */
static unsigned char *add_line(unsigned char *place, const char *chars,
			       size_t count)
{
	struct line_object *line = (struct line_object *)place;
	unsigned char *to = line->chars;

	for (size_t i = 0; i < count; i++)
		*to++ = ebcdic_from_ascii(chars[i]);
	if (!count)		/* some consoles drop lines without text */
		*to++ = ebcdic_from_ascii(' ');
	line->length = (uint16_t)(to - place);
	line->type = LINE_OBJECT_TYPE;
	line->flags = LINE_FLAG_END_OF_TEXT;
	return to;
}

static void print_lines(const struct text *text)
{
	struct line_mode_sccb *sccb = clear_sccb();
	unsigned char *end = (unsigned char *)sccb + SCCB_SIZE;
	unsigned char *to = sccb->lines;
	size_t begin = 0;

	for (size_t i = 0; i < text->used; i++) {
		size_t count = i - begin;

		if (text->chars[i] != '\n')
			continue;
		if (to + sizeof(struct line_object) + count + 1 > end)
			break;
		to = add_line(to, text->chars + begin, count);
		begin = i + 1;
	}
	sccb->header.length = (uint16_t)(to - (unsigned char *)sccb);
	sccb->event.length = (uint16_t)(to - (unsigned char *)&sccb->event);
	sccb->event.type = EVENT_LINE_MODE;
	sccb->block_length =
		(uint16_t)(to - (unsigned char *)&sccb->block_length);
	sccb->block_type = BLOCK_TYPE;
	sccb->block_tag = BLOCK_TAG;
	sccb->block_revision = BLOCK_REVISION;
	sccb->general.length = sizeof(sccb->general);
	sccb->general.type = GENERAL_OBJECT_TYPE;
	service_call(COMMAND_WRITE_EVENT_DATA, sccb);
}

void console_print(const struct text *text)
{
	uint32_t accepted = open_console();

	if (accepted & EVENT_MASK(EVENT_ASCII))
		print_ascii(text);
	if (accepted & EVENT_MASK(EVENT_LINE_MODE))
		print_lines(text);
}
