/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading flight recorders; see flight.h. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "flight.h"
#include "vmm.h"

#define PARAMS "/sys/module/glassvisor/parameters/"

void need_recorder(void)
{
	if (access(RECORDER "/index", R_OK))
		SKIP("no flight recorder in this hypervisor");
}

ssize_t read_all(int fd, void *buf, size_t size)
{
	size_t n = 0;
	ssize_t got;

	while (n < size && (got = read(fd, (char *)buf + n, size - n)) > 0)
		n += got;
	return n;
}

ssize_t slurp(const char *path, void *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read_all(fd, buf, size - 1);
	close(fd);
	((char *)buf)[n] = '\0';
	return n;
}

u64 param(const char *name)
{
	char path[100], buf[40];

	snprintf(path, sizeof(path), PARAMS "%s", name);
	CHECK(file_read(path, buf, sizeof(buf)), "%s", path);
	return *buf == 'Y' ? 1 : strtoull(buf, NULL, 0);
}

void param_set(const char *name, u64 value)
{
	char path[100], buf[40];

	snprintf(path, sizeof(path), PARAMS "%s", name);
	snprintf(buf, sizeof(buf), "%llu", (unsigned long long)value);
	CHECK(file_write(path, buf), "%s: errno %d", path, errno);
}

struct row rows[1000];

unsigned int index_read(void)
{
	static char text[200000];
	unsigned int n = 0;
	char *save = NULL, *line;

	CHECK(slurp(RECORDER "/index", text, sizeof(text)) > 0, "no index");
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct row *r = &rows[n];

		if (line[0] == '#')
			continue;
		CHECK(n < ARRAY_SIZE(rows), "a long index");
		CHECK(sscanf(line, "%u %31s %u %u %u %u %llu %u", &r->id, r->cause, &r->vm,
			     &r->vcpu, &r->pid, &r->tid, &r->ns, &r->records) == 8,
		      "index: %s", line);
		CHECK(!n || r->id > rows[n - 1].id, "ids %u and %u", rows[n - 1].id, r->id);
		n++;
	}
	return n;
}

unsigned int count_mine(const char *cause)
{
	unsigned int n = index_read(), mine = 0;

	for (unsigned int i = 0; i < n; i++)
		mine += rows[i].pid == (unsigned int)getpid() && !strcmp(rows[i].cause, cause);
	return mine;
}

const struct row *newest(const char *cause)
{
	for (unsigned int n = index_read(); n--;)
		if (rows[n].pid == (unsigned int)getpid() && !strcmp(rows[n].cause, cause))
			return &rows[n];
	FAIL("no recorder was frozen for %s", cause);
}

void check_copy(const struct copy *c, size_t size)
{
	const struct record_head *h = &c->head;

	CHECK(size >= sizeof(*h), "%zu bytes", size);
	CHECK_EQ(h->magic, RECORD_MAGIC);
	CHECK_EQ(h->head_size, sizeof(*h));
	CHECK_EQ(h->record_size, 64);
	CHECK_EQ(size, sizeof(*h) + h->n_records * 64ull);
	CHECK_EQ(h->isa, host_is_vmx() ? 1 : 2);
	CHECK(h->total >= h->n_records, "%llu of %u", (unsigned long long)h->total, h->n_records);
	CHECK(h->tsc_khz > 1000, "%llu kHz", (unsigned long long)h->tsc_khz);
	for (u32 i = 0; i < h->n_records; i++) {
		const struct record *r = &c->rec[i];
		u64 next = i + 1 < h->n_records ? r[1].enter_tsc : h->frozen_tsc;

		CHECK(r->enter_tsc < r->exit_tsc && r->exit_tsc + record_handle_ticks(r) <= next,
		      "record %u of %u: %#llx %#llx %#llx, then %#llx", i, h->n_records,
		      (unsigned long long)r->enter_tsc, (unsigned long long)r->exit_tsc,
		      (unsigned long long)r->end, (unsigned long long)next);
	}
}

struct copy *read_raw(const char *path)
{
	static struct copy c;
	ssize_t n = slurp(path, &c, sizeof(c));

	CHECK(n >= 0, "%s: errno %d", path, errno);
	check_copy(&c, n);
	return &c;
}

struct copy *frozen(const char *cause)
{
	const struct row *row = newest(cause);
	struct copy *c;
	char path[100];

	snprintf(path, sizeof(path), RECORDER "/%u.raw", row->id);
	c = read_raw(path);
	CHECK_EQ(c->head.id, row->id);
	CHECK_EQ(c->head.vm_id, row->vm);
	CHECK_EQ(c->head.vcpu_id, row->vcpu);
	CHECK_EQ(c->head.pid, row->pid);
	CHECK_EQ(c->head.tid, row->tid);
	CHECK_EQ(c->head.frozen_ns, row->ns);
	CHECK_EQ(c->head.n_records, row->records);
	return c;
}

void forget_all(void)
{
	CHECK(file_write(RECORDER "/clear", "1"), "clear: errno %d", errno);
}
