// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exceptions: the tables of the manuals, combination of two, payloads, and
 * the shape they have in struct kvm_vcpu_events.
 *
 * Invariant of a struct exc_queue: at most one of pending and injected is set;
 * with neither set the other fields mean nothing. has_payload implies pending
 * (an injected exception's CR2 or DR6 was written when its delivery began).
 *
 * Sources: APM vol. 2, "Exceptions and interrupts" (vector table, error codes,
 * simultaneous exceptions, #DF); SDM vol. 3, "Interrupt and exception
 * handling"; Documentation/virt/kvm/api.rst, KVM_GET_VCPU_EVENTS and
 * KVM_CAP_EXCEPTION_PAYLOAD.
 *
 * Left out: interrupts and NMIs (core/event.c), choosing what to inject.
 */
#include "exception.h"

#define EXC_BIT(v) (1U << (v))

#define EXC_CONTRIBUTORY                                                                           \
	(EXC_BIT(EXC_DE) | EXC_BIT(EXC_TS) | EXC_BIT(EXC_NP) | EXC_BIT(EXC_SS) | EXC_BIT(EXC_GP) | \
	 EXC_BIT(EXC_CP) | EXC_BIT(EXC_VC) | EXC_BIT(EXC_SX))

#define EXC_ERROR_CODE                                                                             \
	(EXC_BIT(EXC_DF) | EXC_BIT(EXC_TS) | EXC_BIT(EXC_NP) | EXC_BIT(EXC_SS) | EXC_BIT(EXC_GP) | \
	 EXC_BIT(EXC_PF) | EXC_BIT(EXC_AC) | EXC_BIT(EXC_CP) | EXC_BIT(EXC_VC) | EXC_BIT(EXC_SX))

/* Bits of a #DB payload that DR6 doesn't have or has inverted */
#define DB_ENABLED_BREAKPOINT BIT_ULL(12)
#define DB_ACTIVE_LOW	      (GDR6_RTM | GDR6_BUS_LOCK)

#define EVENTS_FLAGS                                                                               \
	(KVM_VCPUEVENT_VALID_NMI_PENDING | KVM_VCPUEVENT_VALID_SIPI_VECTOR |                       \
	 KVM_VCPUEVENT_VALID_SHADOW | KVM_VCPUEVENT_VALID_SMM)

enum exc_class exc_class(u8 vector)
{
	if (vector == EXC_PF || vector == EXC_VE)
		return EXC_CLASS_PAGE_FAULT;
	if (vector == EXC_DF)
		return EXC_CLASS_DOUBLE_FAULT;
	if (vector < EXC_VECTORS && (EXC_CONTRIBUTORY & EXC_BIT(vector)))
		return EXC_CLASS_CONTRIBUTORY;
	return EXC_CLASS_BENIGN;
}

enum exc_kind exc_kind(u8 vector)
{
	switch (vector) {
	case EXC_DB:
		return EXC_EITHER;
	case EXC_NMI:
		return EXC_INTERRUPT;
	case EXC_BP:
	case EXC_OF:
		return EXC_TRAP;
	case EXC_DF:
	case EXC_MC:
		return EXC_ABORT;
	default:
		return EXC_FAULT;
	}
}

enum exc_combined exc_combine(u8 first, u8 second)
{
	enum exc_class a = exc_class(first);
	enum exc_class b = exc_class(second);

	if (a == EXC_CLASS_BENIGN || b == EXC_CLASS_BENIGN)
		return EXC_SERIAL;
	if (a == EXC_CLASS_DOUBLE_FAULT)
		return EXC_TRIPLE;
	if (a == EXC_CLASS_CONTRIBUTORY && b == EXC_CLASS_PAGE_FAULT)
		return EXC_SERIAL;
	return EXC_DOUBLE;
}

bool exc_raise(struct exc_queue *q, u8 vector, bool has_error_code, u32 error_code,
	       bool has_payload, u64 payload)
{
	struct exc_queue next = {
		.pending = true,
		.vector = vector,
		.has_error_code = has_error_code,
		.has_payload = has_payload,
		.error_code = has_error_code ? error_code : 0,
		.payload = has_payload ? payload : 0,
	};

	if (q->pending || q->injected) {
		switch (exc_combine(q->vector, vector)) {
		case EXC_SERIAL:
			break;
		case EXC_DOUBLE:
			next.vector = EXC_DF;
			next.has_error_code = true;
			next.error_code = 0;
			next.has_payload = false;
			next.payload = 0;
			break;
		case EXC_TRIPLE:
			memset(q, 0, sizeof(*q));
			return false;
		}
	}
	*q = next;
	return true;
}

bool exc_has_error_code(u8 vector, bool protected_mode)
{
	return protected_mode && vector < EXC_VECTORS && (EXC_ERROR_CODE & EXC_BIT(vector));
}

void exc_db_payload(u64 payload, u64 *dr6, u64 *dr7)
{
	u64 v = *dr6;

	/* The breakpoint bits are the new event's alone; the others stick until software clears. */
	v &= ~GDR6_TRAP_BITS;
	v |= GDR6_FIXED_1;
	v |= payload & GDR6_VOLATILE;
	v &= ~(payload & DB_ACTIVE_LOW);
	*dr6 = v & ~DB_ENABLED_BREAKPOINT;
	*dr7 &= ~GDR7_GD;
}

static u32 events_flags_allowed(const struct exc_events_caps *caps)
{
	u32 flags = EVENTS_FLAGS;

	if (caps->payload)
		flags |= KVM_VCPUEVENT_VALID_PAYLOAD;
	if (caps->triple_fault)
		flags |= KVM_VCPUEVENT_VALID_TRIPLE_FAULT;
	return flags;
}

int exc_events_check(const struct kvm_vcpu_events *ev, const struct exc_events_caps *caps,
		     struct exc_queue *ret_exc)
{
	bool detailed = ev->flags & KVM_VCPUEVENT_VALID_PAYLOAD;
	struct exc_queue q = {};

	if (ev->flags & ~events_flags_allowed(caps))
		return -EINVAL;
	if ((ev->flags & KVM_VCPUEVENT_VALID_SMM) && !caps->smm && (ev->smi.smm || ev->smi.pending))
		return -EINVAL;

	/* Without the payload flag there is one kind of exception, in "injected". */
	q.pending = detailed && ev->exception.pending;
	q.injected = ev->exception.injected && !q.pending;
	if (q.pending || q.injected) {
		if (ev->exception.nr >= EXC_VECTORS || ev->exception.nr == EXC_NMI)
			return -EINVAL;
		q.vector = ev->exception.nr;
		q.has_error_code = ev->exception.has_error_code;
		q.error_code = q.has_error_code ? ev->exception.error_code : 0;
		q.has_payload = q.pending && ev->exception_has_payload;
		q.payload = q.has_payload ? ev->exception_payload : 0;
	}
	*ret_exc = q;
	return 0;
}

void exc_events_fill(const struct exc_queue *q, const struct exc_events_caps *caps,
		     struct kvm_vcpu_events *ev)
{
	bool any = q->pending || q->injected;

	ev->exception.pending = caps->payload && q->pending;
	ev->exception.injected = q->injected || (q->pending && !caps->payload);
	ev->exception.nr = any ? q->vector : 0;
	ev->exception.has_error_code = any && q->has_error_code;
	ev->exception.error_code = any && q->has_error_code ? q->error_code : 0;
	ev->exception_has_payload = caps->payload && q->pending && q->has_payload;
	ev->exception_payload = ev->exception_has_payload ? q->payload : 0;
	if (caps->payload)
		ev->flags |= KVM_VCPUEVENT_VALID_PAYLOAD;
	if (caps->triple_fault)
		ev->flags |= KVM_VCPUEVENT_VALID_TRIPLE_FAULT;
}
