/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trace records, raw. The page layout is that of the kernel's ring buffer as its header_page and
 * header_event files describe it: a time stamp and a commit count of 8 bytes each, then events with
 * 32-bit heads (5 bits type and length, 27 bits time). What is left out: time.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ring.h"
#include "vmm.h"

#define TRACEFS	 "/sys/kernel/tracing"
#define INSTANCE TRACEFS "/instances/live"

bool ev_format_read(const char *system, const char *name, struct ev_format *f)
{
	char path[200], line[512];
	FILE *in;

	snprintf(path, sizeof(path), TRACEFS "/events/%s/%s/format", system, name);
	in = fopen(path, "re");
	if (!in)
		return false;
	memset(f, 0, sizeof(*f));
	snprintf(f->name, sizeof(f->name), "%s", name);
	while (fgets(line, sizeof(line), in)) {
		struct ev_field *fl = &f->field[f->count];
		char decl[200];
		int is_signed;

		if (sscanf(line, "ID: %u", &f->id) == 1)
			continue;
		if (f->count == ARRAY_SIZE(f->field) ||
		    sscanf(line, " field:%199[^;]; offset:%u; size:%u; signed:%d;", decl,
			   &fl->offset, &fl->size, &is_signed) != 4)
			continue;
		char *bracket = strchr(decl, '[');

		if (bracket)
			*bracket = '\0';
		char *word = strrchr(decl, ' ');

		word = word ? word + 1 : decl;
		if (!strncmp(word, "common_", 7))
			continue;
		snprintf(fl->name, sizeof(fl->name), "%.39s", word);
		fl->is_signed = is_signed;
		f->count++;
	}
	fclose(in);
	return f->id != 0;
}

const struct ev_field *ev_field(const struct ev_format *f, const char *name)
{
	for (unsigned int i = 0; i < f->count; i++)
		if (!strcmp(f->field[i].name, name))
			return &f->field[i];
	return NULL;
}

int64_t ev_get(const struct ev_format *f, const struct ev_record *r, const char *name)
{
	const struct ev_field *fl = ev_field(f, name);
	uint64_t v = 0;

	CHECK(fl, "%s has no field %s", f->name, name);
	CHECK(fl->size <= 8 && fl->offset + fl->size <= r->size, "%s.%s is outside of the record",
	      f->name, name);
	memcpy(&v, r->data + fl->offset, fl->size);
	if (fl->is_signed && fl->size < 8)
		return (int64_t)(v << (64 - 8 * fl->size)) >> (64 - 8 * fl->size);
	return v;
}

void ring_open(void)
{
	CHECK(!mkdir(INSTANCE, 0755) || errno == EEXIST, "no trace instance: errno %d", errno);
	CHECK(file_write(INSTANCE "/buffer_size_kb", "2048"), "buffer_size_kb");
	file_write(INSTANCE "/events/enable", "0");
	file_write(INSTANCE "/trace", "");
	CHECK(file_write(INSTANCE "/tracing_on", "1"), "tracing_on");
}

void ring_close(void)
{
	file_write(INSTANCE "/events/enable", "0");
	rmdir(INSTANCE);
}

void ring_enable(const char *system, const char *event, bool on)
{
	char path[200];

	snprintf(path, sizeof(path), INSTANCE "/events/%s/%s%senable", system, event ? event : "",
		 event ? "/" : "");
	CHECK(file_write(path, on ? "1" : "0"), "%s: errno %d", path, errno);
}

static uint8_t store[8u << 20];
static size_t stored;

/* One page of the ring: append what its events are to @out. */
static unsigned int parse_page(const uint8_t *page, struct ev_record *out, unsigned int max)
{
	uint64_t commit;
	unsigned int n = 0;

	memcpy(&commit, page + 8, 8);
	const uint8_t *p = page + 16, *end = p + (commit & 0xfffff);

	while (p + 4 <= end && n < max) {
		uint32_t head, len;

		memcpy(&head, p, 4);
		uint32_t type = head & 31;

		p += 4;
		if (type == 29) { /* padding: the rest, or a discarded event */
			if (!(head >> 5))
				break;
			memcpy(&len, p, 4);
			p += len;
			continue;
		}
		if (type >= 30) {
			p += 4;
			continue;
		}
		if (type == 0) {
			memcpy(&len, p, 4);
			out[n].data = p + 4;
			out[n].size = len - 4;
		} else {
			len = type * 4;
			out[n].data = p;
			out[n].size = len;
		}
		p += len;
		if (out[n].size < 8)
			continue;
		out[n].id = out[n].data[0] | out[n].data[1] << 8;
		memcpy(&out[n].pid, out[n].data + 4, 4);
		n++;
	}
	return n;
}

unsigned int ring_read(struct ev_record *out, unsigned int max)
{
	unsigned int n = 0;

	stored = 0;
	for (int cpu = 0; cpu < 64; cpu++) {
		char path[200];
		ssize_t got;

		snprintf(path, sizeof(path), INSTANCE "/per_cpu/cpu%d/trace_pipe_raw", cpu);
		int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

		if (fd < 0)
			break;
		while (stored + PAGE <= sizeof(store) &&
		       (got = read(fd, store + stored, PAGE)) > 0) {
			memset(store + stored + got, 0, PAGE - got);
			n += parse_page(store + stored, out + n, max - n);
			stored += PAGE;
		}
		close(fd);
	}
	return n;
}
