/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * See snap.h. The parser takes the snapshot's grammar at its word: one space between words, the
 * lines of the head in order, every vCPU's lines behind its own, "end" as the last.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "snap.h"

char *text_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;
	size_t len = 0, room = 65536;
	char *text = malloc(room);
	ssize_t n;

	if (fd < 0) {
		free(text);
		return NULL;
	}
	while ((n = read(fd, text + len, room - len - 1)) > 0) {
		len += n;
		if (room - len < 4096)
			text = realloc(text, room *= 2);
	}
	err = errno;
	close(fd);
	text[len] = '\0';
	if (n < 0) {
		free(text);
		errno = err;
		return NULL;
	}
	return text;
}

void snap_require(void)
{
	if (access(GV_DEBUGFS, F_OK))
		SKIP("no " GV_DEBUGFS ": not our module");
}

bool snap_timing(void)
{
	char buf[8];

	return file_read("/sys/module/glassvisor/parameters/timing", buf, sizeof(buf)) &&
	       *buf == 'Y';
}

/* ---- parsing ---- */

/* Fails unless sscanf() took @want conversions and the whole line. */
#define SCAN(line, want, format, ...)                                                              \
	do {                                                                                       \
		int end_ = -1;                                                                     \
		if (sscanf(line, format "%n", __VA_ARGS__, &end_) != (want) || end_ < 0 ||         \
		    (line)[end_])                                                                  \
			FAIL("snapshot: line '%s'", line);                                         \
	} while (0)

static void parse_value(const char *line, struct snap_value *list, unsigned int *n,
			unsigned int max)
{
	struct snap_value *v = &list[*n];

	CHECK(*n < max, "snapshot: too many values at '%s'", line);
	SCAN(line, 2, "%*s %47s %" SCNu64, v->name, &v->value);
	for (unsigned int i = 0; i < *n; i++)
		CHECK(strcmp(list[i].name, v->name), "snapshot: %s twice", v->name);
	++*n;
}

static void parse_hist(const char *line, struct snap_hist *list, unsigned int *n, unsigned int max)
{
	struct snap_hist *h = &list[*n];
	char reason[16], *end;
	int at = -1;

	CHECK(*n < max, "snapshot: too many histograms at '%s'", line);
	memset(h, 0, sizeof(*h));
	if (sscanf(line, "hist %31s %31s %15s %" SCNu64 " %" SCNu64 " %" SCNu64 "%n", h->name,
		   h->label, reason, &h->sum, &h->min, &h->max, &at) != 6 ||
	    at < 0)
		FAIL("snapshot: line '%s'", line);
	h->reason = -1;
	if (strcmp(reason, "-")) {
		CHECK(!strncmp(reason, "0x", 2), "snapshot: line '%s'", line);
		h->reason = strtoull(reason, &end, 16);
		CHECK(!*end, "snapshot: line '%s'", line);
	}
	for (line += at; *line; line += at) {
		unsigned int bucket;
		uint64_t count;

		CHECK(sscanf(line, " %u:%" SCNu64 "%n", &bucket, &count, &at) == 2 &&
			      bucket < SNAP_BUCKETS && count && !h->bucket[bucket],
		      "snapshot: buckets '%s'", line);
		h->bucket[bucket] = count;
		h->count += count;
	}
	CHECK(h->count, "snapshot: an empty histogram: %s %s", h->name, h->label);
	++*n;
}

static void parse_body(const char *line, struct snap *s)
{
	struct snap_vcpu *v = s->n_vcpus ? &s->vcpu[s->n_vcpus - 1] : NULL;

	if (!strncmp(line, "stat ", 5)) {
		if (v)
			parse_value(line, v->stat, &v->n_stats, ARRAY_SIZE(v->stat));
		else
			parse_value(line, s->stat, &s->n_stats, ARRAY_SIZE(s->stat));
	} else if (!strncmp(line, "hist ", 5)) {
		if (v)
			parse_hist(line, v->hist, &v->n_hists, ARRAY_SIZE(v->hist));
		else
			parse_hist(line, s->hist, &s->n_hists, ARRAY_SIZE(s->hist));
	} else if (!strncmp(line, "slot ", 5)) {
		struct snap_slot *slot = &s->slot[s->n_slots++];

		CHECK(!v && s->n_slots <= ARRAY_SIZE(s->slot), "snapshot: line '%s'", line);
		SCAN(line, 5, "slot %u 0x%" SCNx64 " %" SCNu64 " 0x%" SCNx64 " 0x%x", &slot->id,
		     &slot->gfn, &slot->npages, &slot->hva, &slot->flags);
	} else if (!strncmp(line, "slot_stat ", 10)) {
		struct snap_slot *slot = &s->slot[s->n_slots - 1];

		CHECK(!v && s->n_slots, "snapshot: line '%s'", line);
		parse_value(line, slot->stat, &slot->n_stats, ARRAY_SIZE(slot->stat));
		CHECK(slot->stat[slot->n_stats - 1].value, "snapshot: line '%s'", line);
	} else if (!strncmp(line, "vcpu ", 5)) {
		CHECK(s->n_vcpus < ARRAY_SIZE(s->vcpu), "snapshot: too many vCPUs");
		v = &s->vcpu[s->n_vcpus++];
		SCAN(line, 5, "vcpu %u %d %15s %u %" SCNu64, &v->id, &v->tid, v->state, &v->torn,
		     &v->tsc);
	} else if (!strncmp(line, "state ", 6) && v) {
		parse_value(line, v->time, &v->n_times, ARRAY_SIZE(v->time));
	} else {
		FAIL("snapshot: line '%s'", line);
	}
}

void snap_parse(const char *text, struct snap *s)
{
	char *copy = strdup(text), *line, *save = copy;
	unsigned int n = 0;
	bool ended = false;

	memset(s, 0, sizeof(*s));
	CHECK(*copy && copy[strlen(copy) - 1] == '\n', "snapshot: no end of line at its end");
	copy[strlen(copy) - 1] = '\0';
	while ((line = strsep(&save, "\n"))) {
		CHECK(!ended && *line && !strstr(line, "  "), "snapshot: line '%s'", line);
		switch (n++) {
		case 0:
			CHECK(!strcmp(line, "glassvisor-snapshot 1"), "snapshot: line '%s'", line);
			break;
		case 1:
			SCAN(line, 2, "schema %u %23s", &s->schema_id, s->hash);
			break;
		case 2:
			SCAN(line, 3, "vm %u %d %u", &s->vm_id, &s->tgid, &s->fd);
			break;
		case 3:
			SCAN(line, 3, "time %" SCNu64 " %" SCNu64 " %" SCNu64, &s->boottime,
			     &s->tsc, &s->tsc_khz);
			break;
		case 4:
			SCAN(line, 1, "generation %" SCNu64, &s->generation);
			break;
		case 5:
			SCAN(line, 1, "isa %u", &s->isa);
			break;
		default:
			ended = !strcmp(line, "end");
			if (!ended)
				parse_body(line, s);
		}
	}
	CHECK(ended, "snapshot: no end");
	free(copy);
}

void snap_read(struct vm *vm, struct snap *s)
{
	char path[100], *text;

	snprintf(path, sizeof(path), GV_DEBUGFS "/%d-%d/snapshot", getpid(), vm->fd);
	text = text_read(path);
	CHECK(text, "%s: errno %d", path, errno);
	snap_parse(text, s);
	free(text);
}

uint64_t snap_get(const struct snap_value *values, unsigned int n, const char *name)
{
	for (; n; n--, values++)
		if (!strcmp(values->name, name))
			return values->value;
	FAIL("no %s in the snapshot", name);
}

uint64_t snap_stat(const struct snap *s, const char *name)
{
	return snap_get(s->stat, s->n_stats, name);
}

uint64_t snap_vcpu_stat(const struct snap *s, unsigned int vcpu, const char *name)
{
	CHECK(vcpu < s->n_vcpus, "no vCPU %u in the snapshot", vcpu);
	return snap_get(s->vcpu[vcpu].stat, s->vcpu[vcpu].n_stats, name);
}

uint64_t snap_slot_stat(const struct snap *s, unsigned int slot, const char *name)
{
	for (unsigned int i = 0; i < s->n_slots; i++)
		for (unsigned int j = 0; s->slot[i].id == slot && j < s->slot[i].n_stats; j++)
			if (!strcmp(s->slot[i].stat[j].name, name))
				return s->slot[i].stat[j].value;
	return 0;
}

uint64_t snap_time(const struct snap *s, unsigned int vcpu, const char *state)
{
	CHECK(vcpu < s->n_vcpus, "no vCPU %u in the snapshot", vcpu);
	return snap_get(s->vcpu[vcpu].time, s->vcpu[vcpu].n_times, state);
}

uint64_t snap_age(const struct snap *s, unsigned int vcpu)
{
	uint64_t sum = 0;

	CHECK(vcpu < s->n_vcpus, "no vCPU %u in the snapshot", vcpu);
	for (unsigned int i = 0; i < s->vcpu[vcpu].n_times; i++)
		sum += s->vcpu[vcpu].time[i].value;
	return sum;
}

/* ---- KVM_GET_STATS_FD ---- */

size_t statfd_stride(const struct statfd *s)
{
	return sizeof(struct kvm_stats_desc) + s->head.name_size;
}

const struct kvm_stats_desc *statfd_desc(const struct statfd *s, unsigned int i)
{
	return (const void *)(s->descs + i * statfd_stride(s));
}

void statfd_open(int of, struct statfd *s)
{
	ssize_t size;

	s->fd = ioctl(of, KVM_GET_STATS_FD, 0);
	CHECK(s->fd >= 0, "KVM_GET_STATS_FD: errno %d", errno);
	CHECK_EQ(pread(s->fd, &s->head, sizeof(s->head), 0), sizeof(s->head));
	CHECK(s->head.num_desc && s->head.num_desc < 10000 && s->head.name_size < 1000,
	      "%u descriptors, names of %u", s->head.num_desc, s->head.name_size);
	size = s->head.num_desc * statfd_stride(s);
	s->descs = malloc(size);
	CHECK_EQ(pread(s->fd, s->descs, size, s->head.desc_offset), size);
	s->words = 0;
	for (unsigned int i = 0; i < s->head.num_desc; i++)
		s->words += statfd_desc(s, i)->size;
}

void statfd_close(struct statfd *s)
{
	close(s->fd);
	free(s->descs);
}

void statfd_values(const struct statfd *s, const struct kvm_stats_desc *d, uint64_t *values)
{
	CHECK_EQ(pread(s->fd, values, 8 * d->size, s->head.data_offset + d->offset), 8 * d->size);
}

uint64_t statfd_value(const struct statfd *s, const char *name)
{
	uint64_t value[4096];

	for (unsigned int i = 0; i < s->head.num_desc; i++)
		if (!strcmp(statfd_desc(s, i)->name, name)) {
			statfd_values(s, statfd_desc(s, i), value);
			return value[0];
		}
	FAIL("no %s in the stats fd", name);
}
