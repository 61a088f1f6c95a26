/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The processor modes: what a guest started in each of them can do, and the guest's own way from
 * real mode up to long mode and back. The checks themselves are in the payloads (guest/modes.S).
 */
#include "vmm.h"

static void run_in(enum mode mode, struct payload p)
{
	struct vm vm;
	struct vcpu v;

	vm_create_ram(&vm, MIB(16));
	vcpu_create(&vm, &v, 0);
	vcpu_cpuid(&v);
	vcpu_mode(&v, mode, G_CODE);
	guest_load(&vm, G_CODE, p);
	guest_u32(&vm, 0x400000) = 1;
	guest_u32(&vm, 0x800000) = 2;
	vcpu_run_done(&v);
}

static void real(void)
{
	run_in(MODE_REAL, GUEST(mode_real));
}

static void prot32(void)
{
	run_in(MODE_PROT, GUEST(mode_prot));
}

static void limit(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_PROT, GUEST(mode_limit));
	if (vcpu_run_report(&v) != 13) {
		TCG_GAP("no segment limit checks");
		FAIL("an access behind the segment limit: exception %d", guest_u32(&vm, I_VEC));
	}
}

static void paged32(void)
{
	run_in(MODE_PAGED, GUEST(mode_paged));
}

static void pae(void)
{
	run_in(MODE_PAE, GUEST(mode_pae));
}

static void long64(void)
{
	run_in(MODE_LONG, GUEST(mode_long));
}

static void switches(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_REAL, GUEST(mode_switch));
	for (uint32_t stage = 1; stage <= 5; stage++) {
		CHECK_EQ(vcpu_run_report(&v), stage);
		struct kvm_sregs s = vcpu_sregs(&v);

		CHECK_EQ(s.cr0 & CR0_PE, stage < 5);
		CHECK_EQ(!!(s.cr0 & CR0_PG), stage >= 2 && stage <= 4);
		CHECK_EQ(!!(s.efer & EFER_LMA), stage == 3);
		CHECK_EQ(s.cs.l, stage == 3);
		CHECK_EQ(s.cs.db, stage == 1 || stage == 2 || stage == 4);
	}
	vcpu_run_done(&v);
}

static void v86(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_PROT, GUEST(mode_v86));
	vcpu_run_pio(&v, KVM_EXIT_IO_OUT, P_EXC, 4, 1);
	CHECK_EQ(guest_u32(&vm, I_VEC), 13);
	CHECK_EQ(guest_u32(&vm, I_RFLAGS) & 0x20000, 0x20000);
	CHECK_EQ(guest_u32(&vm, I_CS), G_CODE >> 4);
	CHECK_EQ(guest_u32(&vm, 0x30020) & 0xffff, 0x5aa5);
	CHECK_EQ(vcpu_regs(&v).rbx & 0xffff, 0x77);
}

/* A vCPU that nobody touched begins where the manuals say a reset processor does. */
static void reset_state(void)
{
	struct vm vm;
	struct vcpu v;

	vm_create(&vm);
	vcpu_create(&vm, &v, 0);
	struct kvm_regs r = vcpu_regs(&v);
	struct kvm_sregs s = vcpu_sregs(&v);

	CHECK_EQ(r.rip, 0xfff0);
	CHECK_EQ(r.rflags, 2);
	CHECK_EQ(s.cr0, 0x60000010);
	CHECK_EQ(s.cr3, 0);
	CHECK_EQ(s.cr4, 0);
	CHECK_EQ(s.cs.selector, 0xf000);
	CHECK_EQ(s.cs.base, 0xffff0000);
	CHECK_EQ(s.cs.limit, 0xffff);
	CHECK_EQ(s.ds.base, 0);
	CHECK_EQ(s.ds.limit, 0xffff);
	CHECK_EQ(s.idt.limit, 0xffff);
	CHECK_EQ(s.gdt.limit, 0xffff);
	CHECK_EQ(s.efer, 0);
}

/* The reset vector: the last 16 bytes below 4 GiB, in a slot of their own. */
static void reset_vector(void)
{
	struct vm vm;
	struct vcpu v;
	uint8_t *rom = mem_alloc(PAGE);
	/* mov $0x42, %al; out %al, $0x10 */
	static const uint8_t code[] = {0xb0, 0x42, 0xe6, 0x10, 0xf4};

	vm_create(&vm);
	for (size_t i = 0; i < sizeof(code); i++)
		rom[0xff0 + i] = code[i];
	vm_slot(&vm, 0, KVM_MEM_READONLY, 0xfffff000, PAGE, rom);
	vcpu_create(&vm, &v, 0);
	vcpu_cpuid(&v);
	CHECK_EQ(*(uint8_t *)vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 1, 1), 0x42);
}

static const struct live_test tests[] = {
	{"real", real},
	{"prot32", prot32},
	{"segment_limit", limit},
	{"paged32", paged32},
	{"pae", pae},
	{"long64", long64},
	{"switches", switches},
	{"v86", v86},
	{"reset_state", reset_state},
	{"reset_vector", reset_vector},
};

LIVE_SUBJECT(modes, tests);
