/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading what glassvisor says about a VM: the snapshot in debugfs, parsed strictly, and the
 * statistics descriptors of KVM_GET_STATS_FD. Everything here fails the test that it runs in when
 * the kernel's answer has not the promised form.
 */
#ifndef LIVE_SNAP_H
#define LIVE_SNAP_H

#include "vmm.h"

#define GV_DEBUGFS  "/sys/kernel/debug/glassvisor"
#define KVM_DEBUGFS "/sys/kernel/debug/kvm"

#define SNAP_BUCKETS 32

struct snap_value {
	char name[48];
	uint64_t value;
};

struct snap_hist {
	char name[32], label[32];
	int64_t reason; /* -1: none */
	uint64_t sum, min, max, count;
	uint64_t bucket[SNAP_BUCKETS];
};

struct snap_slot {
	unsigned int id, flags;
	uint64_t gfn, npages, hva;
	unsigned int n_stats;
	struct snap_value stat[8]; /* those that are not 0 */
};

struct snap_vcpu {
	unsigned int id, torn;
	int tid;
	char state[16];
	uint64_t tsc;
	unsigned int n_times, n_stats, n_hists;
	struct snap_value time[8], stat[64];
	struct snap_hist hist[64];
};

struct snap {
	unsigned int schema_id, vm_id, fd, isa;
	char hash[24];
	int tgid;
	uint64_t boottime, tsc, tsc_khz, generation;
	unsigned int n_stats, n_hists, n_slots, n_vcpus;
	struct snap_value stat[64];
	struct snap_hist hist[8];
	struct snap_slot slot[64];
	struct snap_vcpu vcpu[4];
};

/* The whole of a file, NUL-terminated; free() it. NULL with errno where it can't be read. */
char *text_read(const char *path);

/* Skip the test where there are no snapshots: on another module. */
void snap_require(void);
/* The module times states and exits (parameter timing). */
bool snap_timing(void);

/* Parse @text. For VMs of up to 4 vCPUs and 64 slots. */
void snap_parse(const char *text, struct snap *s);
/* That of a VM of this process. */
void snap_read(struct vm *vm, struct snap *s);
/* Of a list of values; a missing one fails the test. */
uint64_t snap_get(const struct snap_value *values, unsigned int n, const char *name);
uint64_t snap_stat(const struct snap *s, const char *name);
uint64_t snap_vcpu_stat(const struct snap *s, unsigned int vcpu, const char *name);
/* Of the slot of that id; 0 where the snapshot has none. */
uint64_t snap_slot_stat(const struct snap *s, unsigned int slot, const char *name);
/* Time in a state, ns; in all of them. */
uint64_t snap_time(const struct snap *s, unsigned int vcpu, const char *state);
uint64_t snap_age(const struct snap *s, unsigned int vcpu);

/* ---- KVM_GET_STATS_FD ---- */

struct statfd {
	int fd;
	struct kvm_stats_header head;
	uint8_t *descs; /* head.num_desc of them, statfd_stride() bytes each */
	uint32_t words; /* of data */
};

void statfd_open(int of, struct statfd *s); /* @of: descriptor of a VM or vCPU */
void statfd_close(struct statfd *s);
size_t statfd_stride(const struct statfd *s);
const struct kvm_stats_desc *statfd_desc(const struct statfd *s, unsigned int i);
/* Read the first value, or all of a histogram's; a name that is not there fails the test. */
uint64_t statfd_value(const struct statfd *s, const char *name);
void statfd_values(const struct statfd *s, const struct kvm_stats_desc *d, uint64_t *values);

#endif
