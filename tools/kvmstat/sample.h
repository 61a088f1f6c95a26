/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A sample: what one look at all VMs gave, as numbers. Cumulative values
 * throughout; what happened between two samples is the model's business.
 *
 * Two steps: a source gives a struct raw (texts as the kernel wrote them, which
 * is also what a recording holds), sample_parse() makes the struct sample.
 */
#ifndef KVMSTAT_SAMPLE_H
#define KVMSTAT_SAMPLE_H

#include "../../kvm/stat/hist.h"
#include "names.h"

#define NAME_LEN 64

/* ---- raw ---------------------------------------------------------------- */

struct raw_vm {
	char name[NAME_LEN]; /* for people; printable */
	bool stock;	     /* text was made from stock KVM's counter files */
	char *text;	     /* snapshot text; owned */
};

/* A frozen flight recorder. */
struct raw_record {
	u32 id;
	char *text; /* owned */
};

struct raw {
	u64 time_ns; /* CLOCK_BOOTTIME at the beginning of the look */
	u64 wall_ns; /* CLOCK_REALTIME then */
	u64 read_ns; /* that the look took */
	u32 lost;    /* VMs that could not be read, though they were there */
	struct raw_vm *vms;
	u32 n_vms;
	char *index; /* glassvisor/recorder/index, or NULL; owned */
	struct raw_record *records;
	u32 n_records;
};

/* Adds a VM; @text is taken over. NULL: no memory, and @text is freed. */
struct raw_vm *raw_add_vm(struct raw *raw, const char *name, bool stock, char *text);
bool raw_add_record(struct raw *raw, u32 id, char *text);
void raw_free(struct raw *raw); /* contents */

/* ---- sample ------------------------------------------------------------- */

#define NO_REASON 0xffffffffU

struct hist_key {
	u8 hist;    /* enum hist_index */
	u8 label;   /* of its list, LABEL_OTHER or LABEL_UNKNOWN */
	u32 reason; /* the hardware's, or NO_REASON */
};

static inline bool hist_key_equal(struct hist_key a, struct hist_key b)
{
	return a.hist == b.hist && a.label == b.label && a.reason == b.reason;
}

struct keyed_hist {
	struct hist_key key;
	struct hist hist;
};

/* Everything that is counted for a vCPU, or a VM. */
struct counts {
	u64 stat[ST_COUNT];
	bool have[ST_COUNT];
	bool have_states;
	u64 state[STATE_COUNT]; /* ns */
	struct keyed_hist *hists;
	u32 n_hists, room;
};

/* The histogram of a key, made empty where there is none; NULL: no memory. */
struct hist *counts_hist(struct counts *c, struct hist_key key);
const struct hist *counts_find(const struct counts *c, struct hist_key key);
bool counts_add(struct counts *into, const struct counts *from);
bool counts_copy(struct counts *to, const struct counts *from);
u64 counts_time(const struct counts *c); /* sum of the states */
void counts_free(struct counts *c);

struct vcpu_sample {
	u32 id, tid;
	int state; /* VCPU_TIMES; -1: not known */
	bool torn;
	struct counts counts;
};

struct slot_sample {
	u32 id, flags;
	u64 gfn, n_pages, hva;
	u64 stat[SS_COUNT];
};

struct vm_sample {
	char name[NAME_LEN];
	char schema[32]; /* id and hash of the module's schema; "" : none */
	u64 hash;
	bool stock;
	u32 vm_id, tgid, fd, isa;
	u64 time_ns, tsc, tsc_khz, generation;
	struct vcpu_sample *vcpus;
	u32 n_vcpus;
	struct slot_sample *slots;
	u32 n_slots;
	struct counts total; /* the VM's own and all vCPUs' */
	u32 bad_lines;	     /* that were not understood */
	u32 new_names;	     /* counters and histograms that are not known here */
};

/* One line of the index of frozen recorders. */
struct frozen {
	u32 id, vm_id, vcpu_id, pid, tid, n_records;
	char cause[24];
	u64 wall_ns;
	char *text; /* NULL: not at hand */
};

struct sample {
	u64 time_ns, wall_ns, read_ns;
	u32 lost; /* VMs without a usable snapshot */
	struct vm_sample *vms;
	u32 n_vms;
	struct frozen *frozen;
	u32 n_frozen;
};

/*
 * Makes a snapshot text into numbers. False: it is none, or not whole (no
 * "end"); then @vm is empty. Lines that make no sense are counted and left out.
 */
bool vm_sample_parse(struct vm_sample *vm, const char *text);
void vm_sample_free(struct vm_sample *vm);

/* NULL: no memory. */
struct sample *sample_parse(const struct raw *raw);
void sample_free(struct sample *sample);

#endif /* KVMSTAT_SAMPLE_H */
