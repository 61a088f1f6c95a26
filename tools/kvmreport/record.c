/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Recording: a tracefs instance of our own, read while it fills.
 *
 * Every CPU has its ring buffer and its own order of records, but a vCPU's
 * thread moves between CPUs. The trace clock is CLOCK_MONOTONIC, so: take the
 * time, then read every CPU's buffer until it is empty; a record older than
 * that time is then in our hands whichever CPU wrote it, and what is older can
 * be merged and handed over. What is younger waits for the next round. So
 * memory is bounded by one round, and order is exact.
 *
 * Leaves out: guests' clocks, events of other systems.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <dirent.h>

#include <traceevent/event-parse.h>
#include <traceevent/kbuffer.h>
#include <tracefs/tracefs.h>

#include "../common/words.h"
#include "record.h"

#define INSTANCE_PREFIX "kvmreport-"
/* A writer may take its time stamp, be interrupted, and finish the record this much later. */
#define SETTLE_NS 5000000

struct field {
	int offset;
	int size; /* 0: not in this kernel's record */
	bool is_signed;
};

struct format {
	int id; /* -1: no such event */
	struct field values[EVENT_VALUES];
	struct field bytes;
};

struct cpu_buffer {
	int fd;
	struct event *queue; /* in order of time; [head, tail) waits */
	size_t head, tail, room;
};

struct recorder {
	struct tracefs_instance *instance;
	struct tep_handle *tep;
	struct kbuffer *kbuf;
	struct field pid;
	struct format formats[EVENT_KINDS];
	struct cpu_buffer *cpus;
	int n_cpus;
	void *page;
	size_t page_size;
	struct recorder_loss loss;
};

static const struct {
	const char *name;
	bool required;
	const char *fields[EVENT_VALUES];
} event_list[] = {
#define EVENT(id, name, required, ...) [EVENT_##id] = {name, required, {__VA_ARGS__}},
	EVENT_LIST(EVENT)
#undef EVENT
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* Instances of runs that were killed: their process is gone. */
static void remove_stale_instances(void)
{
	char *path = tracefs_get_tracing_file("instances");
	DIR *dir = path ? opendir(path) : NULL;
	struct dirent *entry;
	char name[512];
	pid_t pid;

	while (dir && (entry = readdir(dir))) {
		if (sscanf(entry->d_name, INSTANCE_PREFIX "%d", &pid) != 1)
			continue;
		if (!kill(pid, 0) || errno != ESRCH)
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		rmdir(name);
	}
	if (dir)
		closedir(dir);
	tracefs_put_tracing_file(path);
}

static struct field find_field(struct tep_event *event, const char *name)
{
	struct tep_format_field *f = tep_find_any_field(event, name);

	if (!f)
		return (struct field){0};
	return (struct field){f->offset, f->size, f->flags & TEP_FIELD_IS_SIGNED};
}

static bool find_event(struct recorder *rec, enum event_kind kind)
{
	struct tep_event *event = tep_find_event_by_name(rec->tep, "kvm", event_list[kind].name);
	struct format *format = &rec->formats[kind];
	int i;

	format->id = event ? event->id : -1;
	if (!event)
		return false;
	for (i = 0; i < EVENT_VALUES && event_list[kind].fields[i]; i++)
		format->values[i] = find_field(event, event_list[kind].fields[i]);
	format->bytes = find_field(event, "insn");
	if (!rec->pid.size)
		rec->pid = find_field(event, "common_pid");
	return true;
}

static bool find_events(struct recorder *rec)
{
	static const char *const systems[] = {"kvm", NULL};
	int kind;

	rec->tep = tracefs_local_events_system(NULL, systems);
	for (kind = 0; kind < EVENT_KINDS; kind++) {
		if ((rec->tep && find_event(rec, kind)) || !event_list[kind].required)
			continue;
		fputs("kvmreport: " NO_KVM "\n", stderr);
		return false;
	}
	return true;
}

static bool open_cpus(struct recorder *rec)
{
	char file[64];
	int i;

	rec->n_cpus = sysconf(_SC_NPROCESSORS_CONF);
	rec->cpus = calloc(rec->n_cpus, sizeof(*rec->cpus));
	if (!rec->cpus)
		return false;
	for (i = 0; i < rec->n_cpus; i++) {
		snprintf(file, sizeof(file), "per_cpu/cpu%d/trace_pipe_raw", i);
		/* A CPU that was never there has no file; the others do. */
		rec->cpus[i].fd = tracefs_instance_file_open(rec->instance, file,
							     O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	}
	return true;
}

static bool tracefs_usable(void)
{
	const char *dir = tracefs_tracing_dir();

	if (geteuid()) {
		fprintf(stderr, "kvmreport: " NEEDS_ROOT "\n", "kvmreport");
		return false;
	}
	if (!dir) {
		fputs("kvmreport: " NO_TRACEFS "\n", stderr);
		return false;
	}
	if (access(dir, W_OK)) {
		fprintf(stderr, "kvmreport: cannot write to %s: %s\n", dir, strerror(errno));
		return false;
	}
	return true;
}

struct recorder *recorder_open(unsigned int buffer_kb)
{
	struct recorder *rec = calloc(1, sizeof(*rec));
	char name[64];

	if (!rec || !tracefs_usable() || !find_events(rec))
		goto fail;

	remove_stale_instances();
	snprintf(name, sizeof(name), INSTANCE_PREFIX "%d", getpid());
	rec->instance = tracefs_instance_create(name);
	if (!rec->instance) {
		fprintf(stderr, "kvmreport: cannot make a tracing instance: %s\n", strerror(errno));
		goto fail;
	}
	if (tracefs_instance_file_write(rec->instance, "trace_clock", "mono") < 0 ||
	    tracefs_instance_set_buffer_size(rec->instance, buffer_kb, -1)) {
		fprintf(stderr,
			"kvmreport: cannot set up the tracing instance: %s.\n"
			"With little memory try a smaller --buffer.\n",
			strerror(errno));
		goto fail;
	}

	rec->page_size = getpagesize();
	rec->page = malloc(rec->page_size);
	rec->kbuf = kbuffer_alloc(KBUFFER_LSIZE_SAME_AS_HOST, KBUFFER_ENDIAN_SAME_AS_HOST);
	if (!rec->page || !rec->kbuf || !open_cpus(rec)) {
		fprintf(stderr, "kvmreport: no memory\n");
		goto fail;
	}
	return rec;
fail:
	recorder_close(rec);
	return NULL;
}

bool recorder_start(struct recorder *rec, pid_t pid)
{
	char number[16];
	int kind;

	if (pid) {
		snprintf(number, sizeof(number), "%d", pid);
		/* Threads and children of the process are followed. */
		if (tracefs_option_enable(rec->instance, TRACEFS_OPTION_EVENT_FORK) ||
		    tracefs_instance_file_write(rec->instance, "set_event_pid", number) < 0) {
			fprintf(stderr, "kvmreport: cannot follow the command only: %s\n",
				strerror(errno));
			return false;
		}
	}
	for (kind = 0; kind < EVENT_KINDS; kind++) {
		if (rec->formats[kind].id < 0)
			continue;
		if (tracefs_event_enable(rec->instance, "kvm", event_list[kind].name)) {
			fprintf(stderr, "kvmreport: cannot switch on kvm:%s: %s\n",
				event_list[kind].name, strerror(errno));
			return false;
		}
	}
	return true;
}

static uint64_t read_field(const void *data, const struct field *f)
{
	const void *at = (const char *)data + f->offset;
	uint64_t v = 0;

	if (!f->size || f->size > 8)
		return 0;
	memcpy(&v, at, f->size); /* little endian, as the kernel this runs on is */
	if (f->is_signed && f->size < 8 && v >> (8 * f->size - 1))
		v |= ~0ULL << (8 * f->size);
	return v;
}

static void decode(const struct recorder *rec, int kind, const void *data, struct event *event)
{
	const struct format *format = &rec->formats[kind];
	int i;

	event->kind = kind;
	event->tid = read_field(data, &rec->pid);
	for (i = 0; i < EVENT_VALUES; i++)
		event->values[i] = read_field(data, &format->values[i]);
	if (format->bytes.size == EVENT_BYTES)
		memcpy(event->bytes, (const char *)data + format->bytes.offset, EVENT_BYTES);
}

static struct event *queue_push(struct cpu_buffer *cpu)
{
	if (cpu->tail == cpu->room) {
		size_t room = cpu->room ? 2 * cpu->room : 1024;
		struct event *queue = reallocarray(cpu->queue, room, sizeof(*queue));

		if (!queue) {
			fprintf(stderr, "kvmreport: no memory for the recorded events\n");
			exit(1);
		}
		cpu->queue = queue;
		cpu->room = room;
	}
	return &cpu->queue[cpu->tail++];
}

static int event_kind_of(const struct recorder *rec, const void *data)
{
	uint16_t id; /* common_type, the first field of every record */
	int kind;

	memcpy(&id, data, sizeof(id));
	for (kind = 0; kind < EVENT_KINDS; kind++)
		if (rec->formats[kind].id == id)
			return kind;
	return -1;
}

static void take_page(struct recorder *rec, struct cpu_buffer *cpu)
{
	unsigned long long ns;
	bool lost = false;
	void *data;
	int missed, kind;

	if (kbuffer_load_subbuffer(rec->kbuf, rec->page))
		return;
	missed = kbuffer_missed_events(rec->kbuf);
	if (missed) {
		lost = true;
		if (missed > 0)
			rec->loss.records += missed;
		else
			rec->loss.more = true;
	}
	for (data = kbuffer_read_event(rec->kbuf, &ns); data;
	     data = kbuffer_next_event(rec->kbuf, &ns)) {
		struct event *event;

		kind = event_kind_of(rec, data);
		if (kind < 0)
			continue;
		event = queue_push(cpu);
		event->ns = ns;
		event->lost = lost;
		lost = false;
		decode(rec, kind, data, event);
	}
}

static void drain(struct recorder *rec, struct cpu_buffer *cpu)
{
	ssize_t n;

	if (cpu->fd < 0)
		return;
	while ((n = read(cpu->fd, rec->page, rec->page_size)) > 0)
		take_page(rec, cpu);
}

static struct cpu_buffer *oldest(struct recorder *rec)
{
	struct cpu_buffer *best = NULL;
	int i;

	for (i = 0; i < rec->n_cpus; i++) {
		struct cpu_buffer *cpu = &rec->cpus[i];

		if (cpu->head == cpu->tail)
			continue;
		if (!best || cpu->queue[cpu->head].ns < best->queue[best->head].ns)
			best = cpu;
	}
	return best;
}

void recorder_poll(struct recorder *rec, bool last, record_fn fn, void *data)
{
	uint64_t complete = last ? UINT64_MAX : now_ns() - SETTLE_NS;
	struct cpu_buffer *cpu;
	int i;

	for (i = 0; i < rec->n_cpus; i++)
		drain(rec, &rec->cpus[i]);
	while ((cpu = oldest(rec)) && cpu->queue[cpu->head].ns <= complete)
		fn(data, &cpu->queue[cpu->head++]);
	for (i = 0; i < rec->n_cpus; i++) {
		cpu = &rec->cpus[i];
		memmove(cpu->queue, cpu->queue + cpu->head,
			(cpu->tail - cpu->head) * sizeof(*cpu->queue));
		cpu->tail -= cpu->head;
		cpu->head = 0;
	}
}

struct recorder_loss recorder_loss(const struct recorder *rec)
{
	return rec->loss;
}

void recorder_close(struct recorder *rec)
{
	int i;

	if (!rec)
		return;
	for (i = 0; rec->cpus && i < rec->n_cpus; i++) {
		if (rec->cpus[i].fd >= 0)
			close(rec->cpus[i].fd);
		free(rec->cpus[i].queue);
	}
	free(rec->cpus);
	free(rec->page);
	kbuffer_free(rec->kbuf);
	tep_free(rec->tep);
	if (rec->instance) {
		tracefs_event_disable(rec->instance, "kvm", NULL);
		tracefs_instance_destroy(rec->instance);
		tracefs_instance_free(rec->instance);
	}
	free(rec);
}
