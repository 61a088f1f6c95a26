/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The model: what happened between two looks. It keeps the newest sample of
 * each VM, the one before, and the one that the user took as zero; everything
 * shown is a difference of two of them, over the time by their own clocks.
 * Knows no screen and reads no files.
 */
#ifndef KVMSTAT_MODEL_H
#define KVMSTAT_MODEL_H

#include "sample.h"

#define HISTORY	      64	     /* samples back that sparklines can go */
#define ENDED_SHOW_NS 10000000000ULL /* how long an ended VM is still shown */
#define ALL_VCPUS     0xffffffffU

/* What a history line is of. */
enum track_kind { TRACK_EXITS, TRACK_FAULTS, TRACK_HIST };

struct track {
	u32 vcpu; /* id or ALL_VCPUS */
	enum track_kind kind;
	struct hist_key key; /* of TRACK_HIST */
	float rate[HISTORY]; /* per second; [tick % HISTORY] */
};

struct model_vm {
	struct vm_sample now, before, zero;
	bool has_before, has_zero;
	bool ended;
	u64 ended_ns; /* when it was missed first */
	u32 ticks;    /* samples so far */
	struct track *tracks;
	u32 n_tracks;
};

struct model {
	struct model_vm *vms; /* in order of appearance */
	u32 n_vms;
	bool since_zero; /* differences from zero (or the VM's start), not from the sample before */
	u64 time_ns, wall_ns; /* of the newest sample */
	u64 interval_ns;      /* to the sample before; 0: there was none */
	u32 n_samples;
	u64 read_ns, read_total_ns; /* time spent reading: last, all */
	u64 first_ns;		    /* time of the first sample */
	u32 lost;		    /* VMs that could not be read last time */
	u64 lost_total;
	struct frozen *frozen; /* newest index; owned */
	u32 n_frozen;
};

/* Takes the sample over. False: no memory; the model is as usable as before. */
bool model_feed(struct model *m, struct sample *sample);
void model_free(struct model *m); /* contents */

/* Forget nothing, but count from now on: VMs' totals begin at zero again. */
void model_zero(struct model *m);

/* What happened in the interval that is looked at, for a VM or a vCPU. */
struct delta {
	struct counts counts;
	u64 ns;	   /* length of the interval; 0: not known yet, no rates */
	u64 wall;  /* ns of vCPU time in it: sum of the states */
	bool back; /* a counter went backwards: those are taken as 0 */
};

/* False: no memory, or no such vCPU. Freed with delta_free(). */
bool model_delta(const struct model *m, const struct model_vm *vm, u32 vcpu, struct delta *ret);
void delta_free(struct delta *d);

/* The same for a memory slot; of one that was made anew, since it was made. */
struct slot_delta {
	u64 stat[SS_COUNT];
	u64 ns;
};

/* @slot: index in the newest sample. */
void model_slot_delta(const struct model *m, const struct model_vm *vm, u32 slot,
		      struct slot_delta *ret);

/* Per second; negative: not known. */
double delta_rate(const struct delta *d, int stat);
/* Percent of vCPU time; negative: not known. The states' shares add up to 100. */
double delta_state(const struct delta *d, int state);

/* @now less @base; false: no memory. *@ret_back: something was less than before. */
bool counts_delta(const struct counts *now, const struct counts *base, struct counts *ret,
		  bool *ret_back);

/*
 * Rates of the last @n intervals into @rates, oldest first; returns how many
 * are known. TRACK_HIST: the sum over all keys that fit: NO_REASON in @key takes
 * every reason, LABEL_UNKNOWN every label.
 */
u32 model_history(const struct model_vm *vm, u32 vcpu, enum track_kind kind, struct hist_key key,
		  float *rates, u32 n);

/* The vCPU of that id in the newest sample, or NULL. */
const struct vcpu_sample *model_vcpu(const struct vm_sample *vm, u32 id);

#endif /* KVMSTAT_MODEL_H */
