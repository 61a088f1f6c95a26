/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The flight recorder's binary form, as a recorder file below
 * /sys/kernel/debug/glassvisor/ is read: one struct record_head, then
 * head.n_records struct record, oldest first. Little endian, naturally aligned.
 *
 * Shared by the kernel and the tools; the includer has u8 to u64.
 * Additive only: a newer kernel has larger structs, which head_size and
 * record_size say; unknown flags are to be ignored.
 */
#ifndef GLASSVISOR_SCHEMA_RECORD_H
#define GLASSVISOR_SCHEMA_RECORD_H

#define RECORD_MAGIC	0x3130434552564c47ULL /* "GLVREC01" */
#define RECORD_CODE_MAX 64

/*
 * One exit: 64 bytes, copied together by the kernel with as little work as can
 * be; the inline functions below say what is in it. Times are host TSC ticks.
 */
struct record {
	u64 exit_tsc;  /* the guest was left */
	u64 enter_tsc; /* it had been entered */
	u64 end;       /* ticks from the exit on to the next entry or KVM_RUN's return, and more */
	u64 rip;       /* at the exit */
	u64 key;       /* as the kind says: see EXIT_KINDS */
	u64 info1;
	u64 info2;  /* EXITINFO1 and 2, or exit qualification and IDT-vectoring information */
	u8 kind;    /* EXIT_KINDS */
	u8 flags;   /* RECORD_FLAGS */
	u8 cpl;	    /* 0..3 */
	u8 cs_mode; /* code size: 0 16, 1 32, 2 64 bits */
	u32 reason; /* the hardware's */
};

#define RECORD_TICKS_MAX 0xffffffffffffULL

/* Bytes behind one another, which takes fewer instructions than to put them together first. */
static inline void record_set_end(struct record *r, u64 ticks, u8 outcome, u8 user_reason)
{
	u8 *bytes = (u8 *)&r->end;

	r->end = ticks;
	bytes[6] = outcome;
	bytes[7] = user_reason;
}

static inline u64 record_handle_ticks(const struct record *r)
{
	return r->end & RECORD_TICKS_MAX;
}

/* OUTCOMES */
static inline u8 record_outcome(const struct record *r)
{
	return r->end >> 48;
}

/* KVM_EXIT_* where the outcome is userspace or interrupted; else 0. */
static inline u8 record_user_reason(const struct record *r)
{
	return r->end >> 56;
}

static inline u64 record_guest_ticks(const struct record *r)
{
	return r->exit_tsc - r->enter_tsc;
}

struct record_head {
	u64 magic;
	u32 head_size;	 /* bytes */
	u32 record_size; /* bytes */
	u32 n_records;
	u32 id;	   /* number of the frozen recorder; 0: a running one */
	u32 cause; /* FREEZE_CAUSES; of a running one: 0 */
	u32 isa;   /* 1 VMX, 2 SVM */
	u32 vm_id;
	u32 vcpu_id;
	u32 pid; /* tgid of the VM's creator */
	u32 tid; /* thread that ran the vCPU last */
	u64 tsc_khz;
	u64 frozen_tsc; /* host TSC when frozen, or read */
	u64 frozen_ns;	/* CLOCK_REALTIME then, ns since 1970 */
	u64 total;	/* exits recorded over the vCPU's life */
	/* The guest's registers then: RAX RCX RDX RBX RSP RBP RSI RDI R8..R15. */
	u64 gpr[16];
	u64 rip, rflags;
	u64 cr0, cr2, cr3, cr4, efer;
	u64 cs_base;
	u32 cs_selector;
	u32 code_size;	 /* bits of the code: 16, 32 or 64 */
	u32 code_bytes;	 /* code[] that could be saved; 0: none */
	u32 code_before; /* of them, bytes that lie before RIP */
	u8 code[RECORD_CODE_MAX];
};

#endif /* GLASSVISOR_SCHEMA_RECORD_H */
