/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The descriptors of KVM_GET_STATS_FD: their form, how they are read, how long they live; and that
 * what they say is what the files in debugfs say, and what the guest did.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "snap.h"

static void outputs(struct vcpu *v, unsigned int n)
{
	while (n--)
		vcpu_run_pio(v, KVM_EXIT_IO_OUT, 0x10, 4, 1);
}

/* ---- the descriptor's form ---- */

static bool legal_name(const char *name, unsigned int room)
{
	size_t len = strnlen(name, room);

	return len && len < room && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

static void check_desc(const struct statfd *s, unsigned int i, uint32_t *offset)
{
	const struct kvm_stats_desc *d = statfd_desc(s, i);
	uint32_t type = d->flags & KVM_STATS_TYPE_MASK;

	CHECK(legal_name(d->name, s->head.name_size), "descriptor %u: its name", i);
	CHECK(type <= KVM_STATS_TYPE_MAX, "%s: type %u", d->name, type);
	CHECK((d->flags & KVM_STATS_UNIT_MASK) <= KVM_STATS_UNIT_MAX, "%s: flags %#x", d->name,
	      d->flags);
	CHECK((d->flags & KVM_STATS_BASE_MASK) <= KVM_STATS_BASE_MAX, "%s: flags %#x", d->name,
	      d->flags);
	CHECK(d->flags < 1u << 12, "%s: flags %#x", d->name, d->flags);
	if (type < KVM_STATS_TYPE_LINEAR_HIST)
		CHECK_EQ(d->size, 1);
	else
		CHECK(d->size > 1, "%s: %u values", d->name, d->size);
	if (type != KVM_STATS_TYPE_LINEAR_HIST)
		CHECK_EQ(d->bucket_size, 0);
	/* In order and without holes: QEMU takes the sum of the sizes for the size of the data. */
	CHECK(d->offset == *offset || (host_is_stock() && d->offset > *offset),
	      "%s: offset %u, wanted %u", d->name, d->offset, *offset);
	*offset = d->offset + 8 * d->size;
	for (unsigned int j = 0; j < i; j++)
		CHECK(strcmp(statfd_desc(s, j)->name, d->name), "%s twice", d->name);
}

static void check_shape(int of, const char *id_wanted)
{
	struct statfd s;
	uint32_t offset = 0, end;
	char id[1000];

	statfd_open(of, &s);
	CHECK_EQ(s.head.flags, 0);
	CHECK_EQ(s.head.name_size, 48);
	CHECK(!(s.head.id_offset % 8 | s.head.desc_offset % 8 | s.head.data_offset % 8),
	      "offsets %u %u %u", s.head.id_offset, s.head.desc_offset, s.head.data_offset);
	CHECK(s.head.id_offset >= sizeof(s.head), "id at %u", s.head.id_offset);
	CHECK(s.head.desc_offset >= s.head.id_offset + s.head.name_size, "descriptors at %u",
	      s.head.desc_offset);
	end = s.head.desc_offset + s.head.num_desc * statfd_stride(&s);
	CHECK(s.head.data_offset >= end, "data at %u", s.head.data_offset);
	CHECK_EQ(pread(s.fd, id, s.head.name_size, s.head.id_offset), s.head.name_size);
	CHECK(strnlen(id, s.head.name_size) < s.head.name_size && !strcmp(id, id_wanted),
	      "id '%.*s', wanted '%s'", (int)s.head.name_size, id, id_wanted);
	for (unsigned int i = 0; i < s.head.num_desc; i++)
		check_desc(&s, i, &offset);
	statfd_close(&s);
}

static void fd_shape(void)
{
	struct vm vm;
	struct vcpu v[2];
	char id[48];

	CHECK_EQ(sys_cap(KVM_CAP_BINARY_STATS_FD), 1);
	vm_start(&vm, &v[0], MODE_LONG, GUEST(pio_loop));
	CHECK_EQ(vm_cap(&vm, KVM_CAP_BINARY_STATS_FD), 1);
	vcpu_create(&vm, &v[1], 7);
	snprintf(id, sizeof(id), "kvm-%d", getpid());
	check_shape(vm.fd, id);
	snprintf(id, sizeof(id), "kvm-%d/vcpu-0", getpid());
	check_shape(v[0].fd, id);
	snprintf(id, sizeof(id), "kvm-%d/vcpu-7", getpid());
	check_shape(v[1].fd, id);
}

static void check_link(int fd, const char *want)
{
	char path[64], link[128];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, link, sizeof(link) - 1);
	CHECK(n > 0, "%s: errno %d", path, errno);
	link[n] = '\0';
	CHECK(!strcmp(link, want), "%s, wanted %s", link, want);
	CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC, "%s is not close-on-exec", want);
	CHECK_EQ(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
}

static void fd_names(void)
{
	struct vm vm;
	struct vcpu v;
	struct statfd s;

	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	statfd_open(vm.fd, &s);
	check_link(s.fd, "anon_inode:kvm-vm-stats");
	statfd_close(&s);
	statfd_open(v.fd, &s);
	check_link(s.fd, "anon_inode:kvm-vcpu-stats:0");
	statfd_close(&s);
}

/* The descriptors of all vCPUs and all VMs are the same: QEMU reads them once. */
static void fd_one_layout(void)
{
	struct vm vm[2];
	struct vcpu v[2];
	struct statfd s[4];

	for (int i = 0; i < 2; i++) {
		vm_start(&vm[i], &v[i], MODE_LONG, GUEST(pio_loop));
		outputs(&v[i], 10 * i); /* histograms come into being: nothing else moves */
		statfd_open(vm[i].fd, &s[i]);
		statfd_open(v[i].fd, &s[2 + i]);
	}
	for (int i = 0; i < 4; i += 2) {
		CHECK(!memcmp(&s[i].head, &s[i + 1].head, sizeof(s[i].head)), "headers differ");
		CHECK(!memcmp(s[i].descs, s[i + 1].descs,
			      s[i].head.num_desc * statfd_stride(&s[i])),
		      "descriptors differ");
	}
}

/* ---- reading it ---- */

/* The word of a time that goes on while nobody runs the vCPU, or ~0. */
static size_t moving_word(const struct statfd *s)
{
	for (unsigned int i = 0; i < s->head.num_desc; i++)
		if (!strcmp(statfd_desc(s, i)->name, "userspace_time"))
			return s->head.data_offset + statfd_desc(s, i)->offset;
	return ~0ul;
}

static void check_same(const struct statfd *s, const uint8_t *a, const uint8_t *b, size_t size)
{
	size_t moving = moving_word(s);

	for (size_t i = 0; i < size; i++)
		CHECK(a[i] == b[i] || (i >= moving && i < moving + 8), "byte %zu differs", i);
}

static void check_reads(int of)
{
	static const size_t steps[] = {1, 7, 8, 24, 63, 64, 1000, 4096};
	struct statfd s;
	size_t size;
	uint8_t *whole, *parts;
	void *nowhere = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char byte;

	statfd_open(of, &s);
	size = s.head.data_offset + 8 * s.words;
	whole = malloc(size + 100);
	parts = malloc(size);
	CHECK_EQ(pread(s.fd, whole, size + 100, 0), size);
	for (size_t k = 0; k < ARRAY_SIZE(steps); k++) {
		/* small steps around the begin of the data only: there would be many */
		size_t at, from = 0, to = s.head.data_offset + 100 * steps[k];

		if (s.head.data_offset > 100 * steps[k])
			from = s.head.data_offset - 100 * steps[k];
		if (to > size)
			to = size;
		memcpy(parts, whole, size);
		for (at = from; at < to; at += steps[k]) {
			size_t n = to - at < steps[k] ? to - at : steps[k];

			CHECK_EQ(pread(s.fd, parts + at, n, at), n);
		}
		check_same(&s, whole, parts, size);
	}
	/* read() and lseek() go through it as well */
	CHECK_EQ(lseek(s.fd, 0, SEEK_SET), 0);
	CHECK_EQ(read(s.fd, parts, 100), 100);
	CHECK_EQ(read(s.fd, parts + 100, size), size - 100);
	check_same(&s, whole, parts, size);
	CHECK_EQ(read(s.fd, &byte, 1), 0);
	CHECK_EQ(pread(s.fd, &byte, 1, size), 0);
	CHECK_EQ(pread(s.fd, &byte, 1, 1ull << 40), 0);
	CHECK_ERRNO(pread(s.fd, &byte, 1, -1), EINVAL);
	CHECK_ERRNO(pread(s.fd, nowhere, 8, 0), EFAULT);
	CHECK_ERRNO(pread(s.fd, nowhere, 8, s.head.data_offset), EFAULT);
	CHECK_ERRNO(write(s.fd, &byte, 1), EBADF);
	CHECK_ERRNO(ioctl(s.fd, KVM_GET_STATS_FD, 0), ENOTTY);
	statfd_close(&s);
	free(whole);
	free(parts);
}

static void fd_reads(void)
{
	struct vm vm;
	struct vcpu v;

	STOCK_GAP("no lseek");
	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	outputs(&v, 100);
	check_reads(vm.fd);
	check_reads(v.fd);
}

/* It holds the VM: readable when all else is closed, and the VM goes with it. */
static void fd_outlives(void)
{
	struct vm vm;
	struct vcpu v;
	struct statfd s, t;
	uint64_t exits;
	char dir[100];

	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	snprintf(dir, sizeof(dir), KVM_DEBUGFS "/%d-%d", getpid(), vm.fd);
	outputs(&v, 50);
	statfd_open(vm.fd, &s);
	statfd_open(v.fd, &t);
	exits = statfd_value(&t, "exits");
	CHECK(exits >= 50, "%" PRIu64 " exits", exits);
	vcpu_destroy(&v);
	vm_destroy(&vm);
	CHECK_EQ(statfd_value(&t, "exits"), exits);
	statfd_value(&s, "remote_tlb_flush");
	CHECK(!access(dir, F_OK), "%s has gone", dir);
	statfd_close(&t);
	CHECK(!access(dir, F_OK), "%s has gone", dir);
	statfd_close(&s);
	for (int i = 0; i < 100 && !access(dir, F_OK); i++)
		usleep(20000);
	CHECK(access(dir, F_OK), "%s is still there", dir);
}

/* ---- the same numbers everywhere ---- */

/* A counter in kvm/<tgid>-<fd>/, -1 where there is no such file. */
static int64_t kvm_counter(struct vm *vm, const char *name)
{
	char path[200], buf[64];

	snprintf(path, sizeof(path), KVM_DEBUGFS "/%d-%d/%s", getpid(), vm->fd, name);
	return file_read(path, buf, sizeof(buf)) ? strtoll(buf, NULL, 10) : -1;
}

static void check_faces(struct vm *vm, const struct statfd *s, const struct snap_value *values,
			unsigned int n)
{
	unsigned int counters = 0;

	for (unsigned int i = 0; i < n; i++) {
		CHECK(kvm_counter(vm, values[i].name) == (int64_t)values[i].value,
		      "%s: %" PRId64 " in kvm/, %" PRIu64 " in the snapshot", values[i].name,
		      kvm_counter(vm, values[i].name), values[i].value);
		CHECK(statfd_value(s, values[i].name) == values[i].value,
		      "%s: %" PRIu64 " in the stats fd, %" PRIu64 " in the snapshot",
		      values[i].name, statfd_value(s, values[i].name), values[i].value);
	}
	for (unsigned int i = 0; i < s->head.num_desc; i++) {
		const struct kvm_stats_desc *d = statfd_desc(s, i);

		counters += d->size == 1 && !strstr(d->name, "_time");
	}
	CHECK(counters == n, "%u counters in the stats fd, %u in the snapshot", counters, n);
}

/* A histogram of the stats fd is that of the snapshot, over all hardware reasons. */
static void check_hists(const struct statfd *s, const struct snap_hist *list, unsigned int n)
{
	for (unsigned int i = 0; i < s->head.num_desc; i++) {
		const struct kvm_stats_desc *d = statfd_desc(s, i);
		uint64_t got[SNAP_BUCKETS], want[SNAP_BUCKETS] = {};

		if ((d->flags & KVM_STATS_TYPE_MASK) != KVM_STATS_TYPE_LOG_HIST)
			continue;
		CHECK_EQ(d->size, SNAP_BUCKETS);
		CHECK(d->exponent == -9 &&
			      (d->flags & KVM_STATS_UNIT_MASK) == KVM_STATS_UNIT_SECONDS,
		      "%s is not in ns", d->name);
		for (unsigned int k = 0; k < n; k++) {
			char name[80];

			snprintf(name, sizeof(name), "%s_%s", list[k].name, list[k].label);
			if (!strcmp(name, d->name))
				for (int b = 0; b < SNAP_BUCKETS; b++)
					want[b] += list[k].bucket[b];
		}
		statfd_values(s, d, got);
		CHECK(!memcmp(got, want, sizeof(got)), "%s differs from the snapshot's", d->name);
	}
}

static void faces_agree(void)
{
	struct vm vm;
	struct vcpu v;
	struct statfd of_vm, of_vcpu;
	struct snap s;
	uint64_t log[RAM_SIZE / PAGE / 64];
	struct kvm_dirty_log bad = {.slot = 0, .dirty_bitmap = (void *)8};

	snap_require();
	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	outputs(&v, 200);
	vm_slot(&vm, 0, KVM_MEM_LOG_DIRTY_PAGES, 0, vm.ram_size, vm.ram);
	outputs(&v, 200);
	vm_dirty_log(&vm, 0, log);
	CHECK_ERRNO(ioctl(vm.fd, KVM_GET_DIRTY_LOG, &bad), EFAULT); /* hands nothing out */
	statfd_open(vm.fd, &of_vm);
	statfd_open(v.fd, &of_vcpu);
	snap_read(&vm, &s);
	CHECK_EQ(s.n_vcpus, 1);
	check_faces(&vm, &of_vm, s.stat, s.n_stats);
	check_faces(&vm, &of_vcpu, s.vcpu[0].stat, s.vcpu[0].n_stats);
	check_hists(&of_vm, s.hist, s.n_hists);
	check_hists(&of_vcpu, s.vcpu[0].hist, s.vcpu[0].n_hists);
	for (unsigned int i = 0; i < s.vcpu[0].n_times; i++) {
		const struct snap_value *t = &s.vcpu[0].time[i];
		char name[80];

		snprintf(name, sizeof(name), "%s_time", t->name);
		if (!strcmp(t->name, "userspace"))
			CHECK(statfd_value(&of_vcpu, name) >= t->value, "time runs backwards");
		else
			CHECK_EQ(statfd_value(&of_vcpu, name), t->value);
	}
	CHECK(snap_vcpu_stat(&s, 0, "io_exits") >= 400, "too few exits are counted");
	CHECK(snap_stat(&s, "dirty_log_passes") == 1, "the dirty log pass is not counted");
}

/* Each exit of a vCPU that has stopped is in one histogram. */
static void exits_are_timed(void)
{
	struct vm vm;
	struct vcpu v;
	struct snap s;

	snap_require();
	if (!snap_timing())
		SKIP("timing is off");
	vm_start(&vm, &v, MODE_LONG, GUEST(exc_each));
	guest_idt(&vm, MODE_LONG);
	vcpu_cpuid(&v);
	for (int round = 0; round < 3; round++) {
		uint64_t timed = 0, user = 0, faults = 0;

		if (round == 1)
			guest_load(&vm, G_CODE, GUEST(mmio_widths));
		if (round == 2)
			guest_load(&vm, G_CODE, GUEST(pio_loop));
		vcpu_mode(&v, MODE_LONG, G_CODE);
		for (int i = 0; i < 60; i++) {
			CHECK_EQ(vcpu_run_try(&v), 0);
			if (v.run->exit_reason == KVM_EXIT_MMIO && !v.run->mmio.is_write)
				mmio_reply(&v, 0x1234);
		}
		snap_read(&vm, &s);
		for (unsigned int i = 0; i < s.vcpu[0].n_hists; i++) {
			const struct snap_hist *h = &s.vcpu[0].hist[i];

			timed += strcmp(h->name, "exit_time") ? 0 : h->count;
			user += strcmp(h->name, "userspace_time") ? 0 : h->count;
			faults += strcmp(h->name, "mmu_fault_time") ? 0 : h->count;
		}
		CHECK_EQ(timed, snap_vcpu_stat(&s, 0, "exits"));
		CHECK_EQ(faults, snap_vcpu_stat(&s, 0, "pf_taken"));
		/* all returns but the last have been followed by a call */
		CHECK_EQ(user + 1, snap_vcpu_stat(&s, 0, "userspace_exits"));
	}
}

static volatile bool scribble_stop;

static void *scribble(void *arg)
{
	struct kvm_run *run = arg;

	for (uint32_t i = 0; !scribble_stop; i++)
		__atomic_store_n(&run->exit_reason, 13 + i % 300, __ATOMIC_RELAXED);
	return NULL;
}

/* What userspace writes over exit_reason makes no histograms of reasons that don't exist. */
static void scribbled_reasons(void)
{
	pthread_t thread;
	struct vm vm;
	struct vcpu v;
	struct snap s;

	snap_require();
	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	scribble_stop = false;
	CHECK(!pthread_create(&thread, NULL, scribble, v.run), "no thread");
	for (int i = 0; i < 3000; i++)
		CHECK_EQ(vcpu_run_try(&v), 0);
	scribble_stop = true;
	pthread_join(thread, NULL);
	snap_read(&vm, &s);
	for (unsigned int i = 0; i < s.vcpu[0].n_hists; i++)
		CHECK(s.vcpu[0].hist[i].label[0] > '9', "%s %s", s.vcpu[0].hist[i].name,
		      s.vcpu[0].hist[i].label);
}

/* A flush is counted wherever it comes from: here, another CR4 from userspace. */
static void flushes_are_counted(void)
{
	struct kvm_sregs sregs;
	struct statfd s;
	struct vm vm;
	struct vcpu v;

	STOCK_GAP("counted elsewhere");
	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	outputs(&v, 3);
	statfd_open(v.fd, &s);
	uint64_t before = statfd_value(&s, "tlb_flush");

	sregs = vcpu_sregs(&v);
	sregs.cr4 ^= CR4_PGE;
	vcpu_set_sregs(&v, &sregs);
	CHECK_EQ(statfd_value(&s, "tlb_flush"), before + 1);
	outputs(&v, 3);
	CHECK_EQ(statfd_value(&s, "tlb_flush"), before + 1);
	statfd_close(&s);
}

static const struct live_test tests[] = {
	{"fd_shape", fd_shape},
	{"fd_names", fd_names},
	{"fd_one_layout", fd_one_layout},
	{"fd_reads", fd_reads},
	{"fd_outlives", fd_outlives},
	{"faces_agree", faces_agree},
	{"exits_are_timed", exits_are_timed},
	{"scribbled_reasons", scribbled_reasons},
	{"flushes_are_counted", flushes_are_counted},
};

LIVE_SUBJECT(stats, tests);
