/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Numbers as short text with three significant digits or so.
 */
#include "report.h"

#define ROOM 16

static char *scaled(char *buf, double v, const char *unit)
{
	snprintf(buf, ROOM, "%.*f%s", v < 9.995 ? 2 : v < 99.95 ? 1 : 0, v, unit);
	return buf;
}

char *format_ns(char *buf, uint64_t ns)
{
	if (ns < 1000)
		snprintf(buf, ROOM, "%uns", (unsigned int)ns);
	else if (ns < 999500)
		scaled(buf, ns / 1e3, "us");
	else if (ns < 999500000)
		scaled(buf, ns / 1e6, "ms");
	else
		scaled(buf, ns / 1e9, "s");
	return buf;
}

char *format_bytes(char *buf, uint64_t n)
{
	if (n < 10000)
		snprintf(buf, ROOM, "%uB", (unsigned int)n);
	else if (n < 1024 * 1024)
		scaled(buf, n / 1024.0, "K");
	else if (n < 1024ull * 1024 * 1024)
		scaled(buf, n / (1024.0 * 1024), "M");
	else
		scaled(buf, n / (1024.0 * 1024 * 1024), "G");
	return buf;
}

char *format_count(char *buf, uint64_t n)
{
	if (n < 1000)
		snprintf(buf, ROOM, "%u", (unsigned int)n);
	else if (n < 1000000)
		snprintf(buf, ROOM, "%u,%03u", (unsigned int)(n / 1000), (unsigned int)(n % 1000));
	else if (n < 1000000000)
		snprintf(buf, ROOM, "%u,%03u,%03u", (unsigned int)(n / 1000000),
			 (unsigned int)(n / 1000 % 1000), (unsigned int)(n % 1000));
	else
		snprintf(buf, ROOM, "%.3e", (double)n);
	return buf;
}

char *format_share(char *buf, uint64_t part, uint64_t whole)
{
	snprintf(buf, ROOM, "%.1f%%", whole ? 100.0 * part / whole : 0.0);
	return buf;
}
