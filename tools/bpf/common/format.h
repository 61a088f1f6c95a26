/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A trace event's format file, as far as needed: where a field is. Pure.
 */
#ifndef GLASSVISOR_TOOLS_BPF_FORMAT_H
#define GLASSVISOR_TOOLS_BPF_FORMAT_H

/*
 * Finds field @name in @text, the contents of a format file. 0, or -1 if there
 * is no such field; sets both results only with 0.
 */
int format_field(const char *text, const char *name, unsigned int *ret_offset,
		 unsigned int *ret_size);

#endif /* GLASSVISOR_TOOLS_BPF_FORMAT_H */
