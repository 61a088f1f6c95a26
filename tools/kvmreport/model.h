/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the events add up to. Knows nothing of tracefs or of a screen.
 *
 * A vCPU is a thread. Its time is cut into
 *	guest      kvm_entry to kvm_exit
 *	kernel     kvm_exit to kvm_entry, in the driver
 *	userspace  out of KVM_RUN: kvm_userspace_exit to the next event of the
 *	           thread, which is kvm_fpu load, the first thing KVM_RUN does
 *	halted     all that follows an exit for HLT, up to the entry
 * An exit's kernel time is what the driver spent on it on both sides of a trip
 * to userspace; its userspace time is the length of the trip.
 */
#ifndef KVMREPORT_MODEL_H
#define KVMREPORT_MODEL_H

#include "event.h"
#include "table.h"

enum phase { PHASE_NONE, PHASE_GUEST, PHASE_KERNEL, PHASE_USER };

/* An exit on its way back into the guest, and what was seen of it so far. */
struct open_exit {
	bool valid;
	bool halt;
	uint64_t reason; /* key in exits */
	uint64_t kernel_ns, user_ns, trips;
	bool has_port, has_mmio, has_msr, has_fault;
	uint64_t port, page, msr, fault_gpa;
};

struct vcpu {
	int tid;
	int id; /* -1: not seen yet */
	enum phase phase;
	uint64_t since; /* ns; of the phase */
	uint64_t exits;
	uint64_t guest_ns, kernel_ns, user_ns, halted_ns;
	struct open_exit exit;
};

struct model {
	struct vcpu *vcpus;
	size_t n_vcpus;
	uint64_t first_ns, last_ns;
	uint64_t events, exits;
	uint64_t isa; /* 1 VMX, 2 SVM */

	struct table reasons;	   /* exit_reason */
	struct table user_reasons; /* KVM_EXIT_*, or ~errno for an error */
	struct table ports;	   /* port << 1 | out */
	struct table mmio_pages;   /* gpa >> 12 */
	struct table msrs;	   /* index */
	struct table crs;	   /* number */
	struct table leaves;	   /* CPUID leaf */
	struct table fault_pages;  /* gpa >> 12 of faults that were not MMIO */
	struct table fault_2m;	   /* gpa >> 21 of the same */
	struct table opcodes;	   /* opcode_key() */
	struct table vectors;
	struct table exceptions;
	struct table hypercalls;
	uint64_t faults, faults_mmio, faults_write, faults_exec;
	uint64_t emulated, emulated_failed;
};

void model_init(struct model *model);
/* Events in order of time. */
void model_event(struct model *model, const struct event *event);
/* No more events: sort tables and vCPUs. */
void model_finish(struct model *model);
void model_free(struct model *model);

/*
 * An instruction's opcode as a number: its one to three bytes, big-endian, and
 * for a group opcode (C7 /0) OPCODE_GROUP | reg << 32. 0: none found in @len bytes.
 */
#define OPCODE_GROUP (1ULL << 40)
uint64_t opcode_key(const uint8_t *insn, unsigned int len, bool code64);

/* Exits for HLT, in the reasons of both vendors. */
bool model_reason_is_halt(uint64_t isa, uint64_t reason);

#endif /* KVMREPORT_MODEL_H */
