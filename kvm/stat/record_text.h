/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A flight recorder as text: the same from the kernel's files and from a tool
 * that has read the binary form (debugfs-schema/record.h). See record_text.c.
 *
 * Each function writes at most @size bytes with the NUL that ends them and
 * returns how long the text is without that NUL, as snprintf() does: a value of
 * @size or more means that it did not fit.
 */
#ifndef GLASSVISOR_STAT_RECORD_TEXT_H
#define GLASSVISOR_STAT_RECORD_TEXT_H

#include "../env.h"

#include "../../debugfs-schema/record.h"

/* Both texts are shorter than this, NUL included. */
#define RECORD_TEXT_HEAD_MAX 3072
#define RECORD_TEXT_LINE_MAX 320

/*
 * The lines before the first record, each begins with '#': whose recorder, why
 * and when frozen; the guest's registers and code where they were saved; and the
 * names of the columns.
 */
size_t record_text_head(const struct record_head *head, char *buf, size_t size);

/* One record: one line, newline included. */
size_t record_text_line(const struct record_head *head, const struct record *r, char *buf,
			size_t size);

/* Ticks of the recorder's host TSC in ns. */
u64 record_ns(const struct record_head *head, u64 ticks);

/* The registers and the code behind head->total were saved. */
static inline bool record_has_regs(const struct record_head *head)
{
	return head->code_size;
}

#endif /* GLASSVISOR_STAT_RECORD_TEXT_H */
