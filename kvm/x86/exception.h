/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exceptions: their classes, what becomes of one raised while another is
 * delivered, error codes, payloads, and the state that KVM_GET_VCPU_EVENTS and
 * KVM_SET_VCPU_EVENTS carry. See exception.c.
 */
#ifndef GLASSVISOR_X86_EXCEPTION_H
#define GLASSVISOR_X86_EXCEPTION_H

#include <linux/kvm.h>

#include "../env.h"
#include "defs.h"

enum exc_class {
	EXC_CLASS_BENIGN,
	EXC_CLASS_CONTRIBUTORY,
	EXC_CLASS_PAGE_FAULT,
	EXC_CLASS_DOUBLE_FAULT,
};

enum exc_kind {
	EXC_FAULT,     /* rIP points at the instruction; RF is set in the saved flags */
	EXC_TRAP,      /* rIP points behind it */
	EXC_ABORT,     /* rIP means nothing sure */
	EXC_INTERRUPT, /* NMI */
	EXC_EITHER,    /* #DB: DR6 tells */
};

/* What to deliver when @second comes while @first is being delivered */
enum exc_combined {
	EXC_SERIAL, /* the second alone; the first comes again by itself or is lost */
	EXC_DOUBLE, /* #DF(0) */
	EXC_TRIPLE, /* shutdown */
};

/* An exception of a vCPU on its way to the guest. All zero: none. */
struct exc_queue {
	bool pending;  /* raised; the payload is not yet in CR2 or DR6 */
	bool injected; /* its delivery began: it goes into the guest before anything else */
	u8 vector;
	bool has_error_code;
	bool has_payload;
	u32 error_code;
	u64 payload; /* #PF: the faulting address; #DB: see exc_db_payload */
};

enum exc_class exc_class(u8 vector);
enum exc_kind exc_kind(u8 vector);

/* APM vol. 2, "Simultaneous exceptions": table of #DF conditions. */
enum exc_combined exc_combine(u8 first, u8 second);

/*
 * Raise an exception on top of what is queued: *q becomes the combination.
 * A pending exception that was not begun is combined as well (it is the
 * cause of the new one). Returns false for a triple fault; *q is then empty.
 */
bool exc_raise(struct exc_queue *q, u8 vector, bool has_error_code, u32 error_code,
	       bool has_payload, u64 payload);

/* Does the CPU push an error code? Never in real mode. */
bool exc_has_error_code(u8 vector, bool protected_mode);

/*
 * Deliver a #DB payload. Its bits are those to set in DR6, with RTM and bus
 * lock, which are active low in DR6, as 1 for "happened", and bit 12 meaning
 * "a breakpoint was enabled", which DR6 doesn't have. DR7.GD is cleared.
 */
void exc_db_payload(u64 payload, u64 *dr6, u64 *dr7);

/* What the owner of the VM switched on, and what this driver has. */
struct exc_events_caps {
	bool payload;	   /* KVM_CAP_EXCEPTION_PAYLOAD enabled */
	bool triple_fault; /* KVM_CAP_X86_TRIPLE_FAULT_EVENT enabled */
	bool smm;	   /* this driver has SMM */
};

/*
 * Check the argument of KVM_SET_VCPU_EVENTS. 0 or -EINVAL. On 0, *ret_exc is
 * the exception as it is to be queued; the other fields may be taken as they
 * are, each where its flag (KVM_VCPUEVENT_VALID_*) is set.
 */
int exc_events_check(const struct kvm_vcpu_events *ev, const struct exc_events_caps *caps,
		     struct exc_queue *ret_exc);

/*
 * Fill the exception part and the flags PAYLOAD and TRIPLE_FAULT of @ev for
 * KVM_GET_VCPU_EVENTS. Without the payload capability a pending exception is
 * shown as an injected one; its payload must have been delivered to CR2 or
 * DR6 by the caller before (exc_events_needs_delivery tells).
 */
void exc_events_fill(const struct exc_queue *q, const struct exc_events_caps *caps,
		     struct kvm_vcpu_events *ev);

static inline bool exc_events_needs_delivery(const struct exc_queue *q,
					     const struct exc_events_caps *caps)
{
	return q->pending && q->has_payload && !caps->payload;
}

#endif /* GLASSVISOR_X86_EXCEPTION_H */
