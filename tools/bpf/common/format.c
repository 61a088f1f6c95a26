// SPDX-License-Identifier: GPL-2.0-only
/*
 * Format files. A field is a line of its own:
 *
 *	field:unsigned int vcpu_id;	offset:8;	size:4;	signed:0;
 *
 * The name is the last word of the declaration; arrays have "[n]" behind it.
 */
#include <stdio.h>
#include <string.h>

#include "format.h"

static int is_word(char c)
{
	return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

/* Does the declaration [at, end) end with @name, or @name[...]? */
static int declares(const char *at, const char *end, const char *name)
{
	const char *bracket = memchr(at, '[', end - at);
	size_t n = strlen(name);

	end = bracket ?: end;
	return n && (size_t)(end - at) > n && !strncmp(end - n, name, n) &&
	       !is_word(end[-(long)n - 1]);
}

int format_field(const char *text, const char *name, unsigned int *ret_offset,
		 unsigned int *ret_size)
{
	static const char begin[] = "field:";
	const char *at, *end;

	for (at = text; (at = strstr(at, begin)); at = end) {
		unsigned int offset, size;

		at += sizeof(begin) - 1;
		end = strpbrk(at, ";\n");
		if (!end)
			return -1;
		if (*end != ';' || !declares(at, end, name))
			continue;
		if (sscanf(end, "; offset:%u; size:%u;", &offset, &size) != 2)
			return -1;
		*ret_offset = offset;
		*ret_size = size;
		return 0;
	}
	return -1;
}
