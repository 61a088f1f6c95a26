/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MSRs, their filters and exits to userspace; CPUID; the rules of control register writes.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "vmm.h"

enum { RDMSR = 1, WRMSR, CPUID, RDTSC, RDTSCP, XSETBV };

/* ---- the guest's command interpreter: cpu_commands ---- */

static void start(struct vm *vm, struct vcpu *v)
{
	vm_start(vm, v, MODE_LONG, GUEST(cpu_commands));
	vcpu_run_report(v);
}

static void give(struct vm *vm, uint32_t command, uint64_t a, uint64_t b)
{
	guest_arg(vm, 0) = command;
	guest_arg(vm, 1) = a;
	guest_arg(vm, 2) = b;
}

/* Run one command to its end; returns the vector it raised, or -1. */
static int command(struct vm *vm, struct vcpu *v, uint32_t cmd, uint64_t a, uint64_t b)
{
	give(vm, cmd, a, b);
	vcpu_run_report(v);
	return guest_u32(vm, I_OUT);
}

static uint64_t rdmsr(struct vm *vm, struct vcpu *v, uint32_t index)
{
	int vec = command(vm, v, RDMSR, index, 0);

	CHECK(vec == -1, "RDMSR %#x: exception %d", index, vec);
	return guest_out(vm, 1);
}

/* ---- MSRs ---- */

/* All of the index list in one call, and back again: what QEMU does, and aborts if it fails. */
static void index_list(void)
{
	struct vm vm;
	struct vcpu v;
	struct {
		struct kvm_msr_list head;
		uint32_t index[600];
	} l = {.head.nmsrs = 600};
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry e[600];
	} *m = calloc(1, sizeof(*m));

	start(&vm, &v);
	CHECK_OK(ioctl(vm.sys, KVM_GET_MSR_INDEX_LIST, &l));
	m->head.nmsrs = l.head.nmsrs;
	for (uint32_t i = 0; i < l.head.nmsrs; i++)
		m->e[i].index = l.index[i];
	int got = ioctl(v.fd, KVM_GET_MSRS, m);

	CHECK(got == (int)l.head.nmsrs, "KVM_GET_MSRS stops at MSR %#x: %d of %u",
	      got >= 0 ? l.index[got] : 0, got, l.head.nmsrs);
	int set = ioctl(v.fd, KVM_SET_MSRS, m);

	if (set != (int)l.head.nmsrs && set >= 0 && l.index[set] == 0x4b564d06)
		STOCK_GAP("MSR 4b564d06 is listed but refused without an in-kernel APIC");
	CHECK(set == (int)l.head.nmsrs, "KVM_SET_MSRS stops at MSR %#x (%#llx): %d of %u",
	      set >= 0 ? l.index[set] : 0, set >= 0 ? m->e[set].data : 0, set, l.head.nmsrs);
}

static const struct {
	uint32_t index;
	uint64_t a, b;
} plain[] = {
	{MSR_STAR, 0x0023001000000000, 0x1122334455667788},
	{MSR_LSTAR, 0xffffffff81000000, 0x1234567},
	{MSR_CSTAR, 0xffffffff81001000, 0},
	{MSR_SFMASK, 0x47700, 0x200},
	{MSR_FS_BASE, 0x7f0012345000, 0xffff888000000000},
	{MSR_GS_BASE, 0xffff888000010000, 1},
	{MSR_KERNEL_GS_BASE, 0xffff8880ffff0000, 0},
	{MSR_SYSENTER_CS, 0x10, 0},
	/* 32 bits are all that AMD processors have of these. */
	{MSR_SYSENTER_ESP, 0xc0001000, 0x1000},
	{MSR_SYSENTER_EIP, 0x81002000, 0x2000},
	{MSR_PAT, 0x0007040600070406, 0x0606060606060606},
};

/* Set by the host, read by the guest; written by the guest, read by the host. */
static void round_trip(void)
{
	struct vm vm;
	struct vcpu v;

	start(&vm, &v);
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
		uint32_t index = plain[i].index;

		vcpu_set_msr(&v, index, plain[i].a);
		CHECK_EQ(vcpu_get_msr(&v, index), plain[i].a);
		uint64_t got = rdmsr(&vm, &v, index);

		CHECK(got == plain[i].a, "MSR %#x: the guest reads %#llx, wanted %#llx", index,
		      (unsigned long long)got, (unsigned long long)plain[i].a);
		int vec = command(&vm, &v, WRMSR, index, plain[i].b);

		CHECK(vec == -1, "WRMSR %#x: exception %d", index, vec);
		got = vcpu_get_msr(&v, index);
		CHECK(got == plain[i].b, "MSR %#x: the host reads %#llx, wanted %#llx", index,
		      (unsigned long long)got, (unsigned long long)plain[i].b);
	}
	if (guest_has(0x80000001, 0, 3, 27)) {
		vcpu_set_msr(&v, MSR_TSC_AUX, 0x12345);
		CHECK_EQ(command(&vm, &v, RDTSCP, 0, 0), -1);
		CHECK_EQ(guest_u32(&vm, I_OUT + 16), 0x12345);
	}
	CHECK_EQ(vcpu_sregs(&v).fs.base, plain[4].b);
	CHECK_EQ(vcpu_sregs(&v).gs.base, plain[5].b);
}

static void bad_values(void)
{
	struct vm vm;
	struct vcpu v;
	static const struct {
		uint32_t index;
		uint64_t value;
	} bad[] = {
		{MSR_LSTAR, 0x8000000000000000},
		{MSR_CSTAR, 0x0100000000000000},
		{MSR_KERNEL_GS_BASE, 0x8000000000000000},
		{MSR_PAT, 0x0202020202020202},
		{MSR_PAT, 0x0800000000000000},
		{MSR_EFER, 1ull << 40},
		{0x2ff, 0x3},
		{0x200, 0x2},
	};

	start(&vm, &v);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		int ret = vcpu_set_msr_try(&v, bad[i].index, bad[i].value);

		CHECK(ret == 0, "writing %#llx to MSR %#x: %d", (unsigned long long)bad[i].value,
		      bad[i].index, ret);
	}
	uint64_t value;

	CHECK_EQ(vcpu_get_msr_try(&v, 0xdead0000, &value), 0);
	CHECK_EQ(vcpu_set_msr_try(&v, 0xdead0000, 0), 0);
	/* The guest gets #GP for the same. */
	CHECK_EQ(command(&vm, &v, RDMSR, 0xdead0000, 0), 13);
	CHECK_EQ(command(&vm, &v, WRMSR, 0xdead0000, 0), 13);
	CHECK_EQ(command(&vm, &v, WRMSR, MSR_PAT, 0x0202020202020202), 13);
	CHECK_EQ(command(&vm, &v, WRMSR, MSR_EFER, 1ull << 40 | 0x500), 13);
	CHECK_EQ(rdmsr(&vm, &v, MSR_EFER) & ~(EFER_NXE | EFER_SCE), EFER_LME | EFER_LMA);
	CHECK_EQ(command(&vm, &v, WRMSR, MSR_SYSENTER_CS, 5), -1); /* still goes on */
}

static void apic_base(void)
{
	struct vm vm;
	struct vcpu v;

	start(&vm, &v);
	uint64_t base = vcpu_get_msr(&v, MSR_APIC_BASE);

	CHECK_EQ(base & 0xfffff000, 0xfee00000);
	CHECK_EQ(base & 0x100, 0x100); /* the boot processor */
	CHECK_EQ(vcpu_sregs(&v).apic_base, base);
	CHECK_EQ(rdmsr(&vm, &v, MSR_APIC_BASE), base);
	CHECK_EQ(v.run->apic_base, base);
}

static void user_exits_on(struct vm *vm, uint64_t reasons)
{
	struct kvm_enable_cap cap = {.cap = KVM_CAP_X86_USER_SPACE_MSR, .args = {reasons}};

	CHECK(vm_cap(vm, KVM_CAP_X86_USER_SPACE_MSR), "no KVM_CAP_X86_USER_SPACE_MSR");
	CHECK_OK(ioctl(vm->fd, KVM_ENABLE_CAP, &cap));
}

static void user_exits(void)
{
	struct vm vm;
	struct vcpu v;

	start(&vm, &v);
	user_exits_on(&vm, KVM_MSR_EXIT_REASON_UNKNOWN | KVM_MSR_EXIT_REASON_INVAL);
	give(&vm, RDMSR, 0xdead0000, 0);
	vcpu_run_to(&v, KVM_EXIT_X86_RDMSR);
	CHECK_EQ(v.run->msr.index, 0xdead0000);
	CHECK_EQ(v.run->msr.reason, KVM_MSR_EXIT_REASON_UNKNOWN);
	v.run->msr.data = 0x1122334455667788;
	v.run->msr.error = 0;
	vcpu_run_report(&v);
	CHECK_EQ((int)guest_u32(&vm, I_OUT), -1);
	CHECK_EQ(guest_out(&vm, 1), 0x1122334455667788);
	/* refused */
	vcpu_run_to(&v, KVM_EXIT_X86_RDMSR);
	v.run->msr.error = 1;
	vcpu_run_report(&v);
	CHECK_EQ((int)guest_u32(&vm, I_OUT), 13);
	/* write */
	give(&vm, WRMSR, 0xdead0001, 0x99aabbccddeeff00);
	vcpu_run_to(&v, KVM_EXIT_X86_WRMSR);
	CHECK_EQ(v.run->msr.index, 0xdead0001);
	CHECK_EQ(v.run->msr.data, 0x99aabbccddeeff00);
	v.run->msr.error = 0;
	vcpu_run_report(&v);
	CHECK_EQ((int)guest_u32(&vm, I_OUT), -1);
	vcpu_run_to(&v, KVM_EXIT_X86_WRMSR);
	v.run->msr.error = 1;
	vcpu_run_report(&v);
	CHECK_EQ((int)guest_u32(&vm, I_OUT), 13);
	/* a value that is refused */
	give(&vm, WRMSR, MSR_PAT, 0x0202020202020202);
	vcpu_run_to(&v, KVM_EXIT_X86_WRMSR);
	CHECK_EQ(v.run->msr.reason, KVM_MSR_EXIT_REASON_INVAL);
	v.run->msr.error = 1;
	vcpu_run_report(&v);
	CHECK_EQ((int)guest_u32(&vm, I_OUT), 13);
}

static uint8_t deny_all[32]; /* a clear bit denies */

static void filter(void)
{
	struct vm vm;
	struct vcpu v;
	struct kvm_msr_filter f = {.flags = KVM_MSR_FILTER_DEFAULT_ALLOW};

	start(&vm, &v);
	f.ranges[0] =
		(struct kvm_msr_filter_range){KVM_MSR_FILTER_READ, 4, MSR_SYSENTER_CS, deny_all};
	f.ranges[1] = (struct kvm_msr_filter_range){KVM_MSR_FILTER_READ | KVM_MSR_FILTER_WRITE, 2,
						    MSR_STAR, deny_all};
	CHECK_OK(ioctl(vm.fd, KVM_X86_SET_MSR_FILTER, &f));
	/* Without the exits a filtered access is #GP. */
	CHECK_EQ(command(&vm, &v, RDMSR, MSR_SYSENTER_CS, 0), 13);
	CHECK_EQ(command(&vm, &v, WRMSR, MSR_SYSENTER_CS, 0x20), -1);
	CHECK_EQ(command(&vm, &v, RDMSR, MSR_LSTAR, 0), 13);
	CHECK_EQ(command(&vm, &v, WRMSR, MSR_LSTAR, 0), 13);
	CHECK_EQ(command(&vm, &v, RDMSR, MSR_CSTAR, 0), -1);
	CHECK_EQ(command(&vm, &v, RDMSR, MSR_PAT, 0), -1);
	/* The VMM itself is not filtered. */
	CHECK_EQ(vcpu_get_msr(&v, MSR_SYSENTER_CS), 0x20);
	vcpu_set_msr(&v, MSR_LSTAR, 0x777);
	/* With them it comes out. */
	user_exits_on(&vm, KVM_MSR_EXIT_REASON_FILTER);
	give(&vm, RDMSR, MSR_LSTAR, 0);
	vcpu_run_to(&v, KVM_EXIT_X86_RDMSR);
	CHECK_EQ(v.run->msr.reason, KVM_MSR_EXIT_REASON_FILTER);
	CHECK_EQ(v.run->msr.index, MSR_LSTAR);
	v.run->msr.data = 0x4242;
	v.run->msr.error = 0;
	vcpu_run_report(&v);
	CHECK_EQ(guest_out(&vm, 1), 0x4242);
	/* An empty filter takes it all back, also for MSRs that are passed through. */
	memset(&f, 0, sizeof(f));
	CHECK_OK(ioctl(vm.fd, KVM_X86_SET_MSR_FILTER, &f));
	CHECK_EQ(rdmsr(&vm, &v, MSR_LSTAR), 0x777);
}

/* A filter that denies what it does not name. */
static void filter_default_deny(void)
{
	struct vm vm;
	struct vcpu v;
	struct kvm_msr_filter f = {.flags = KVM_MSR_FILTER_DEFAULT_DENY};
	uint8_t allow = 0x05; /* LSTAR - 1 and LSTAR + 1 */

	start(&vm, &v);
	f.ranges[0] = (struct kvm_msr_filter_range){KVM_MSR_FILTER_READ | KVM_MSR_FILTER_WRITE, 3,
						    MSR_STAR, &allow};
	CHECK_OK(ioctl(vm.fd, KVM_X86_SET_MSR_FILTER, &f));
	CHECK_EQ(command(&vm, &v, RDMSR, MSR_STAR, 0), -1);
	CHECK_EQ(command(&vm, &v, RDMSR, MSR_LSTAR, 0), 13);
	CHECK_EQ(command(&vm, &v, RDMSR, MSR_CSTAR, 0), -1);
	CHECK_EQ(command(&vm, &v, RDMSR, MSR_PAT, 0), 13);
	CHECK_EQ(command(&vm, &v, WRMSR, MSR_KERNEL_GS_BASE, 0), 13);
}

static void filter_bad(void)
{
	struct vm vm;
	struct kvm_msr_filter f = {.flags = 0x80};

	vm_create(&vm);
	CHECK_ERRNO(ioctl(vm.fd, KVM_X86_SET_MSR_FILTER, &f), EINVAL);
	CHECK_ERRNO(ioctl(vm.fd, KVM_X86_SET_MSR_FILTER, NULL), EFAULT);
	f.flags = 0;
	f.ranges[0] = (struct kvm_msr_filter_range){0x40, 1, 0, deny_all};
	CHECK_ERRNO(ioctl(vm.fd, KVM_X86_SET_MSR_FILTER, &f), EINVAL);
	f.ranges[0] = (struct kvm_msr_filter_range){1, 0xffffffff, 0, deny_all};
	CHECK_ERRNO(ioctl(vm.fd, KVM_X86_SET_MSR_FILTER, &f), EINVAL);
	f.ranges[0] = (struct kvm_msr_filter_range){1, 64, 0, (uint8_t *)8};
	CHECK_ERRNO(ioctl(vm.fd, KVM_X86_SET_MSR_FILTER, &f), EFAULT);
	struct kvm_enable_cap cap = {.cap = KVM_CAP_X86_USER_SPACE_MSR, .args = {1ull << 20}};

	CHECK_ERRNO(ioctl(vm.fd, KVM_ENABLE_CAP, &cap), EINVAL);
}

/* ---- CPUID ---- */

static void cpuid_guest(void)
{
	struct vm vm;
	struct vcpu v;
	struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 e[256];
	} c;
	struct kvm_cpuid2 *s = cpuid_supported();

	vm_create_ram(&vm, RAM_SIZE);
	vcpu_create(&vm, &v, 0);
	memcpy(&c, s, sizeof(*s) + s->nent * sizeof(s->entries[0]));
	for (uint32_t i = 0; i < c.head.nent; i++)
		if (c.e[i].function >= 0x80000002 && c.e[i].function <= 0x80000004)
			memcpy(&c.e[i].eax, "a brand string..", 16);
	CHECK_OK(ioctl(v.fd, KVM_SET_CPUID2, &c));
	vcpu_mode(&v, MODE_LONG, G_CODE);
	guest_load(&vm, G_CODE, GUEST(cpu_commands));
	vcpu_run_report(&v);
	for (uint32_t i = 0; i < c.head.nent; i++) {
		struct kvm_cpuid_entry2 *e = &c.e[i];
		uint32_t got[4];

		CHECK_EQ(command(&vm, &v, CPUID, e->function, e->index), -1);
		memcpy(got, vm.ram + I_OUT + 8, 16);
		/* Some bits follow the state: OSXSAVE, OSPKE, APIC on; sizes for XCR0. */
		uint32_t eax = ~0u, ebx = ~0u, ecx = ~0u, edx = ~0u;

		/* PV EOI, PV unhalt and PV IPI need a local APIC in the kernel, which is not there. */
		if (e->function == 0x40000001)
			eax = ~(1u << 6 | 1u << 7 | 1u << 11);
		if (e->function == 1)
			ecx = ~(1u << 27), edx = ~(1u << 9);
		if (e->function == 7)
			ecx = ~(1u << 4);
		if (e->function == 0xd)
			ebx = 0;
		if (e->function == 0x80000001)
			edx = ~(1u << 9);
		CHECK(!((got[0] ^ e->eax) & eax) && !((got[1] ^ e->ebx) & ebx) &&
			      !((got[2] ^ e->ecx) & ecx) && !((got[3] ^ e->edx) & edx),
		      "leaf %#x.%u: %08x %08x %08x %08x, wanted %08x %08x %08x %08x", e->function,
		      e->index, got[0], got[1], got[2], got[3], e->eax, e->ebx, e->ecx, e->edx);
	}
	/* A leaf of a range that does not exist. */
	CHECK_EQ(command(&vm, &v, CPUID, 0x90000000, 0), -1);
}

/* OSXSAVE in CPUID follows CR4. */
static void cpuid_osxsave(void)
{
	struct vm vm;
	struct vcpu v;

	if (!guest_has(1, 0, 2, 26))
		SKIP("no XSAVE in KVM_GET_SUPPORTED_CPUID");
	start(&vm, &v);
	command(&vm, &v, CPUID, 1, 0);
	CHECK_EQ(guest_u32(&vm, I_OUT + 16) >> 27 & 1, 0);
	struct kvm_sregs s = vcpu_sregs(&v);

	s.cr4 |= CR4_OSXSAVE;
	vcpu_set_sregs(&v, &s);
	command(&vm, &v, CPUID, 1, 0);
	CHECK_EQ(guest_u32(&vm, I_OUT + 16) >> 27 & 1, 1);
}

/* CPUID as set after the guest ran in userspace's eyes: a vCPU without any has only zeroes. */
static void cpuid_none(void)
{
	struct vm vm;
	struct vcpu v;

	vm_create_ram(&vm, RAM_SIZE);
	vcpu_create(&vm, &v, 0);
	vcpu_mode(&v, MODE_PROT, G_CODE);
	guest_load(&vm, G_CODE, GUEST(regs_pass32));
	vcpu_run_report(&v);
	vcpu_run_report(&v);
	struct kvm_regs r = vcpu_regs(&v);

	CHECK_EQ(r.rbx, 0);
	CHECK_EQ(r.rcx, 0);
	CHECK_EQ(r.rdx, 0);
}

/* ---- control registers ---- */

static void cr_rules(void)
{
	static const struct {
		const char *name;
		bool tcg; /* seen to be allowed by the lab's CPU, under stock KVM */
	} rules[] = {
		{"CR0: PG without PE", false},
		{"CR0: NW without CD", false},
		{"CR0: upper half", true},
		{"CR4: PAE off in long mode", false},
		{"CR4: reserved bit", false},
		{"CR4: upper half", true},
		{"EFER: LME off while paging", false},
		{"EFER: reserved bit", false},
		{"EFER: upper half", false},
	};
	struct vm vm;
	struct vcpu v;
	char gaps[400] = "";

	vm_start(&vm, &v, MODE_LONG, GUEST(cpu_cr_rules));
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		int vec = vcpu_run_report(&v);

		if (vec == 13)
			continue;
		CHECK(rules[i].tcg && host_is_tcg(), "%s: exception %d, wanted 13", rules[i].name,
		      vec);
		strcat(gaps, "; ");
		strcat(gaps, rules[i].name);
	}
	vcpu_run_done(&v);
	if (gaps[0])
		SKIP("QEMU TCG does not refuse%s", gaps + 1);
}

static void cr3_width(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(cpu_cr3_width));
	vcpu_run_try(&v);
	if (v.run->exit_reason == KVM_EXIT_FAIL_ENTRY ||
	    v.run->exit_reason == KVM_EXIT_INTERNAL_ERROR)
		TCG_GAP("a guest can load any CR3, and no VMRUN works with it");
	if (v.run->exit_reason != KVM_EXIT_IO || v.run->io.port != P_RESULT ||
	    *(uint32_t *)((uint8_t *)v.run + v.run->io.data_offset))
		vcpu_unexpected(&v, "the end");
}

static void cr_legal(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(cpu_cr_legal));
	vcpu_run_done(&v);
}

static void write_protect(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(cpu_wp));
	vcpu_run_done(&v);
}

static void syscall_insn(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(cpu_syscall));
	vcpu_run_done(&v);
}

static void xsetbv(void)
{
	struct vm vm;
	struct vcpu v;
	struct kvm_xcrs x;

	TCG_GAP("XSETBV is not intercepted, and changes the host's XCR0");
	start(&vm, &v);
	CHECK_EQ(command(&vm, &v, XSETBV, 0, 3), 6); /* CR4.OSXSAVE is off */
	struct kvm_sregs s = vcpu_sregs(&v);

	s.cr4 |= CR4_OSXSAVE;
	vcpu_set_sregs(&v, &s);
	CHECK_EQ(command(&vm, &v, XSETBV, 0, 3), -1);
	CHECK_OK(ioctl(v.fd, KVM_GET_XCRS, &x));
	CHECK_EQ(x.xcrs[0].value, 3);
	CHECK_EQ(command(&vm, &v, XSETBV, 0, 2), 13);
	CHECK_EQ(command(&vm, &v, XSETBV, 0, 5), 13);
	CHECK_EQ(command(&vm, &v, XSETBV, 0, 1ull << 50 | 1), 13);
	CHECK_EQ(command(&vm, &v, XSETBV, 1, 1), 13);
	CHECK_OK(ioctl(v.fd, KVM_GET_XCRS, &x));
	CHECK_EQ(x.xcrs[0].value, 3);
}

static const struct live_test tests[] = {
	{"msr_index_list", index_list},
	{"msr_round_trip", round_trip},
	{"msr_bad_values", bad_values},
	{"apic_base", apic_base},
	{"msr_user_exits", user_exits},
	{"msr_filter", filter},
	{"msr_filter_default_deny", filter_default_deny},
	{"msr_filter_bad", filter_bad},
	{"cpuid_guest", cpuid_guest},
	{"cpuid_osxsave", cpuid_osxsave},
	{"cpuid_none", cpuid_none},
	{"cr_rules", cr_rules},
	{"cr3_width", cr3_width},
	{"cr_legal", cr_legal},
	{"write_protect", write_protect},
	{"syscall", syscall_insn},
	{"xsetbv", xsetbv},
};

LIVE_SUBJECT(cpu, tests);
