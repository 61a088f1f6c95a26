/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exceptions: those the guest raises, those that userspace injects by KVM_SET_VCPU_EVENTS, faults
 * during delivery (the guest's, and the host's own when IDT or stack are not mapped yet), double
 * and triple faults.
 */
#include <string.h>
#include <sys/mman.h>
#include "vmm.h"

static void each(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(exc_each));
	vcpu_run_done(&v);
}

static void simd(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(exc_xm));
	if (vcpu_run_report(&v) != 19) {
		TCG_GAP("SSE exceptions are not raised");
		FAIL("vector %d, wanted 19", guest_u32(&vm, I_VEC));
	}
	vcpu_run_done(&v);
}

static void breakpoint(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(exc_bp));
	vcpu_run_done(&v);
}

static void int1(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(exc_int1));
	if (vcpu_run_report(&v) == 6) {
		TCG_GAP("there is no INT1");
		FAIL("INT1 is undefined");
	}
	vcpu_run_done(&v);
}

static void trap_flag(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(exc_db));
	vcpu_run_done(&v);
}

static void trap_flag_over_exits(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(exc_db_skip));
	vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 4, 1);
	vcpu_run_mmio(&v, true, 0x10000000, 4);
	uint32_t late = vcpu_run_report(&v);

	if (late) {
		STOCK_GAP("the trap after an MMIO write comes an instruction late");
		FAIL("the trap after an MMIO write comes %u bytes late", late);
	}
	vcpu_run_done(&v);
}

static void double_fault(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(exc_double));
	vcpu_run_done(&v);
}

static void serial_faults(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(exc_serial));
	vcpu_run_done(&v);
}

static void triple_fault(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(exc_triple));
	vcpu_run_to(&v, KVM_EXIT_SHUTDOWN);
	/* The VMM may put it right again, as for a reset. */
	vcpu_mode(&v, MODE_LONG, G_CODE);
	guest_load(&vm, G_CODE, GUEST(exc_double));
	vcpu_run_done(&v);
}

static void bound_into(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_PROT, GUEST(exc_32));
	vcpu_run_done(&v);
}

/* Stop the guest at its report, inject, and return what it saw. */
static void inject(unsigned int vector, bool has_error, uint32_t error)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(exc_wait));
	vcpu_run_report(&v);
	struct kvm_vcpu_events e = vcpu_events(&v);

	CHECK_EQ(e.exception.injected, 0);
	/* A state that is set can be read back. */
	e.exception.injected = 1;
	e.exception.nr = vector;
	e.exception.has_error_code = has_error;
	e.exception.error_code = error;
	vcpu_set_events(&v, &e);
	e = vcpu_events(&v);
	CHECK_EQ(e.exception.injected, 1);
	CHECK_EQ(e.exception.nr, vector);
	CHECK_EQ(e.exception.has_error_code, has_error);
	CHECK_EQ(e.exception.error_code, error);
	CHECK_EQ(vcpu_run_report(&v), vector);
	CHECK_EQ(vcpu_run_report(&v), has_error ? error : 0);
	CHECK_EQ(vcpu_events(&v).exception.injected, 0);
	vcpu_run_done(&v);
}

static void inject_ud(void)
{
	inject(6, false, 0);
}

static void inject_gp(void)
{
	inject(13, true, 0x1230);
}

static void inject_pf(void)
{
	inject(14, true, 6);
}

static void inject_db(void)
{
	inject(1, false, 0);
}

/* Without VALID_SHADOW and friends the other fields are left alone; bad vectors are refused. */
static void inject_bad(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(exc_wait));
	struct kvm_vcpu_events e = vcpu_events(&v);

	e.exception.injected = 1;
	e.exception.nr = 32;
	CHECK_ERRNO(ioctl(v.fd, KVM_SET_VCPU_EVENTS, &e), EINVAL);
	e.exception.nr = 2; /* an NMI is not an exception */
	CHECK_ERRNO(ioctl(v.fd, KVM_SET_VCPU_EVENTS, &e), EINVAL);
	e = vcpu_events(&v);
	e.flags = 0x80000000;
	CHECK_ERRNO(ioctl(v.fd, KVM_SET_VCPU_EVENTS, &e), EINVAL);
}

/* With KVM_CAP_EXCEPTION_PAYLOAD an exception can be pending, with its CR2 still to be written. */
static void payload(void)
{
	struct vm vm;
	struct vcpu v;
	struct kvm_enable_cap cap = {.cap = KVM_CAP_EXCEPTION_PAYLOAD, .args = {1}};

	CHECK_EQ(sys_cap(KVM_CAP_EXCEPTION_PAYLOAD), 1);
	vm_start(&vm, &v, MODE_LONG, GUEST(exc_wait));
	CHECK_OK(ioctl(vm.fd, KVM_ENABLE_CAP, &cap));
	vcpu_run_report(&v);
	struct kvm_vcpu_events e = vcpu_events(&v);

	CHECK(e.flags & KVM_VCPUEVENT_VALID_PAYLOAD, "flags %#x", e.flags);
	e.exception.pending = 1;
	e.exception.nr = 14;
	e.exception.has_error_code = 1;
	e.exception.error_code = 2;
	e.exception_has_payload = 1;
	e.exception_payload = 0x123456789000;
	vcpu_set_events(&v, &e);
	struct kvm_vcpu_events back = vcpu_events(&v);

	CHECK_EQ(back.exception.pending, 1);
	CHECK_EQ(back.exception_payload, 0x123456789000);
	CHECK_EQ(vcpu_run_report(&v), 14);
	CHECK_EQ(vcpu_run_report(&v), 2);
	CHECK_EQ(guest_u64(&vm, I_CR2), 0x123456789000);
	vcpu_run_done(&v);
}

static void triple_fault_event(void)
{
	struct vm vm;
	struct vcpu v;
	struct kvm_enable_cap cap = {.cap = KVM_CAP_X86_TRIPLE_FAULT_EVENT, .args = {1}};

	CHECK_EQ(sys_cap(KVM_CAP_X86_TRIPLE_FAULT_EVENT), 1);
	vm_start(&vm, &v, MODE_LONG, GUEST(exc_wait));
	CHECK_OK(ioctl(vm.fd, KVM_ENABLE_CAP, &cap));
	vcpu_run_report(&v);
	struct kvm_vcpu_events e = vcpu_events(&v);

	CHECK(e.flags & KVM_VCPUEVENT_VALID_TRIPLE_FAULT, "flags %#x", e.flags);
	CHECK_EQ(e.triple_fault.pending, 0);
	e.triple_fault.pending = 1;
	vcpu_set_events(&v, &e);
	CHECK_EQ(vcpu_events(&v).triple_fault.pending, 1);
	vcpu_run_to(&v, KVM_EXIT_SHUTDOWN);
}

/*
 * IDT and stack on pages of which neither the host nor the nested tables know anything: delivery
 * itself meets a nested fault and has to be repeated. Each vector is seen exactly once.
 */
static void cold_delivery(void)
{
	struct vm vm;
	struct vcpu v;
	const uint64_t idt = 0x601000, stack = 0x610000;

	vm_start(&vm, &v, MODE_LONG, GUEST(exc_cold));
	memcpy(vm.ram + idt, vm.ram + G_IDT, PAGE);
	/* Small pages, so that touching one does not bring in the other. */
	CHECK_OK(madvise(vm.ram, RAM_SIZE, MADV_NOHUGEPAGE));
	guest_arg(&vm, 0) = idt;
	guest_arg(&vm, 1) = stack;
	CHECK_EQ(vcpu_run_report(&v), 1);
	CHECK_EQ(guest_u32(&vm, I_EXC_COUNT), 1);
	CHECK_EQ(guest_u32(&vm, I_IRQ_COUNT), 1);

	/* An external interrupt, with all of it thrown out of the tables again. */
	uint8_t save[PAGE];

	memcpy(save, vm.ram + idt, PAGE);
	CHECK_OK(madvise(vm.ram + idt, PAGE, MADV_DONTNEED));
	CHECK_OK(madvise(vm.ram + stack - PAGE, PAGE, MADV_DONTNEED));
	memcpy(vm.ram + idt, save, PAGE);
	vcpu_run_to(&v, KVM_EXIT_IO); /* report 2: interrupts are on */
	CHECK_OK(madvise(vm.ram + stack - PAGE, PAGE, MADV_DONTNEED));
	vcpu_interrupt(&v, 0x55);
	vcpu_run_done(&v);
	CHECK_EQ(guest_u32(&vm, I_LAST_IRQ), 0x55);
	CHECK_EQ(guest_u32(&vm, I_IRQ_COUNT), 2);
}

/* The stack in a hole between slots: the delivery can't be done, and userspace hears of it. */
static void delivery_into_hole(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(exc_cold));
	guest_arg(&vm, 0) = G_IDT;
	guest_arg(&vm, 1) = 0x20000000; /* mapped by the guest, no slot */
	int err = vcpu_run_try(&v);

	CHECK(!err || err == EFAULT, "errno %d", err);
	if (err)
		return;
	uint32_t reason = v.run->exit_reason;

	if (reason != KVM_EXIT_INTERNAL_ERROR && reason != KVM_EXIT_SHUTDOWN)
		vcpu_unexpected(&v, "INTERNAL_ERROR or SHUTDOWN");
	if (reason == KVM_EXIT_INTERNAL_ERROR)
		CHECK(v.run->internal.suberror == KVM_INTERNAL_ERROR_DELIVERY_EV ||
			      v.run->internal.suberror == KVM_INTERNAL_ERROR_EMULATION,
		      "suberror %u", v.run->internal.suberror);
}

/* Page tables in a hole between slots: no CPU could go on, and userspace hears of it. */
static void tables_in_hole(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(exc_cold));
	struct kvm_sregs s = vcpu_sregs(&v);

	s.cr3 = 0x20000000;
	vcpu_set_sregs(&v, &s);
	vcpu_run_to(&v, KVM_EXIT_INTERNAL_ERROR);
	CHECK_EQ(v.run->internal.suberror, KVM_INTERNAL_ERROR_EMULATION);
}

static const struct live_test tests[] = {
	{"each", each},
	{"simd", simd},
	{"breakpoint", breakpoint},
	{"int1", int1},
	{"trap_flag", trap_flag},
	{"trap_flag_over_exits", trap_flag_over_exits},
	{"double_fault", double_fault},
	{"serial_faults", serial_faults},
	{"triple_fault", triple_fault},
	{"bound_into", bound_into},
	{"inject_ud", inject_ud},
	{"inject_gp", inject_gp},
	{"inject_pf", inject_pf},
	{"inject_db", inject_db},
	{"inject_bad", inject_bad},
	{"payload", payload},
	{"triple_fault_event", triple_fault_event},
	{"cold_delivery", cold_delivery},
	{"delivery_into_hole", delivery_into_hole},
	{"tables_in_hole", tables_in_hole},
};

LIVE_SUBJECT(exc, tests);
