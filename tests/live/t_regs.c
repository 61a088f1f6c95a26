/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Register state: what is set comes back, what is set is what the guest finds, what the guest
 * changes is what the host finds.
 */
#include <string.h>
#include "vmm.h"

static uint64_t seed = 0x9e3779b97f4a7c15;

static uint64_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static void general(void)
{
	struct vm vm;
	struct vcpu v;
	struct kvm_regs r, back;

	vm_start(&vm, &v, MODE_LONG, GUEST(regs_all));
	uint64_t *w = (uint64_t *)&r;

	for (int i = 0; i < 16; i++)
		w[i] = rnd();
	r.rip = G_CODE;
	r.rflags = 0x8d7; /* all arithmetic flags */
	vcpu_set_regs(&v, &r);
	back = vcpu_regs(&v);
	CHECK(!memcmp(&r, &back, sizeof(r)), "set and get differ");
	CHECK_EQ(vcpu_run_report(&v), 0x100);
	CHECK(!memcmp(vm.ram + G_DATA, &r, 16 * 8), "the guest found other values");
	CHECK_EQ(guest_u64(&vm, G_DATA + 128), 0x8d7);
	back = vcpu_regs(&v);
	uint64_t *b = (uint64_t *)&back;

	for (int i = 1; i < 16; i++)
		if (i != 6)
			CHECK(b[i] == ~w[i], "register %d: %#llx, wanted %#llx", i,
			      (unsigned long long)b[i], (unsigned long long)~w[i]);
	CHECK_EQ(back.rax, 0x100);
	vcpu_run_done(&v);
}

/* Bit 1 of RFLAGS is always one. */
static void rflags_fixed(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(regs_pass));
	struct kvm_regs r = vcpu_regs(&v);

	r.rflags = 0;
	vcpu_set_regs(&v, &r);
	CHECK_EQ(vcpu_regs(&v).rflags, 2);
	vcpu_run_report(&v);
}

static void check_sregs(struct vm *vm, const struct kvm_sregs *s)
{
	uint8_t *d = vm->ram + G_DATA;

	CHECK_EQ(guest_u64(vm, G_DATA), s->cr0);
	CHECK_EQ(guest_u64(vm, G_DATA + 8), s->cr2);
	CHECK_EQ(guest_u64(vm, G_DATA + 16), s->cr3);
	CHECK_EQ(guest_u64(vm, G_DATA + 24), s->cr4);
	CHECK_EQ(guest_u64(vm, G_DATA + 32), s->cr8);
	CHECK_EQ(*(uint16_t *)(d + 40), s->gdt.limit);
	CHECK_EQ(*(uint64_t *)(d + 42), s->gdt.base);
	CHECK_EQ(*(uint16_t *)(d + 56), s->idt.limit);
	CHECK_EQ(*(uint64_t *)(d + 58), s->idt.base);
	CHECK_EQ(*(uint16_t *)(d + 72), s->cs.selector);
	CHECK_EQ(*(uint16_t *)(d + 74), s->ds.selector);
	CHECK_EQ(*(uint16_t *)(d + 76), s->es.selector);
	CHECK_EQ(*(uint16_t *)(d + 78), s->fs.selector);
	CHECK_EQ(*(uint16_t *)(d + 80), s->gs.selector);
	CHECK_EQ(*(uint16_t *)(d + 82), s->ss.selector);
	CHECK_EQ(*(uint16_t *)(d + 84), s->tr.selector);
	CHECK_EQ(*(uint16_t *)(d + 86), s->ldt.selector);
	CHECK_EQ(guest_u64(vm, G_DATA + 88), 0x1111);
	CHECK_EQ(guest_u64(vm, G_DATA + 96), 0x2222);
}

/* sregs of an odd but legal shape. */
static struct kvm_sregs odd_sregs(struct vm *vm, struct vcpu *v)
{
	struct kvm_sregs s = vcpu_sregs(v);

	s.fs.base = G_DATA + 0x800;
	s.fs.selector = S_DATA;
	s.gs.base = G_DATA + 0x900;
	s.gs.selector = 0;
	s.es.selector = S_UDATA | 3;
	s.gdt.limit = S_ABSENT + 7;
	s.idt.base = 0xffff888012345000;
	s.idt.limit = 0x123;
	s.cr2 = 0xffffc90000001234;
	s.cr8 = 7;
	s.cr4 |= CR4_PGE | CR4_PSE;
	s.ldt.selector = 0;
	guest_u64(vm, G_DATA + 0x800) = 0x1111;
	guest_u64(vm, G_DATA + 0x908) = 0x2222;
	return s;
}

static void sregs(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(regs_system));
	struct kvm_sregs s = odd_sregs(&vm, &v), back;

	vcpu_set_sregs(&v, &s);
	back = vcpu_sregs(&v);
	CHECK_EQ(back.cr8, 7);
	v.run->cr8 = 7;
	CHECK(!memcmp(&s, &back, sizeof(s)), "set and get differ");
	CHECK_EQ(vcpu_run_report(&v), 1);
	check_sregs(&vm, &s);
	back = vcpu_sregs(&v);
	back.cr8 = s.cr8;
	CHECK(!memcmp(&s, &back, sizeof(s)), "different after a run");
}

static void sregs2(void)
{
	struct vm vm;
	struct vcpu v;
	struct kvm_sregs2 s2, back;

	CHECK_EQ(sys_cap(KVM_CAP_SREGS2), 1);
	vm_start(&vm, &v, MODE_LONG, GUEST(regs_system));
	struct kvm_sregs s = odd_sregs(&vm, &v);

	memset(&s2, 0, sizeof(s2));
	memcpy(&s2, &s, offsetof(struct kvm_sregs, interrupt_bitmap));
	CHECK_OK(ioctl(v.fd, KVM_SET_SREGS2, &s2));
	CHECK_OK(ioctl(v.fd, KVM_GET_SREGS2, &back));
	CHECK(!memcmp(&s2, &back, offsetof(struct kvm_sregs2, flags)), "set and get differ");
	CHECK_EQ(back.flags, 0);
	v.run->cr8 = 7;
	CHECK_EQ(vcpu_run_report(&v), 1);
	check_sregs(&vm, &s);
}

/* In PAE mode the PDPTEs are state of their own. */
static void sregs2_pdptrs(void)
{
	struct vm vm;
	struct vcpu v;
	struct kvm_sregs2 s2;

	vm_start(&vm, &v, MODE_PAE, GUEST(mode_prot));
	CHECK_OK(ioctl(v.fd, KVM_GET_SREGS2, &s2));
	if (!(s2.flags & KVM_SREGS2_FLAGS_PDPTRS_VALID))
		SKIP("PDPTRs not given");
	for (unsigned int i = 0; i < 4; i++)
		CHECK_EQ(s2.pdptrs[i], (G_PD + i * PAGE) | 1);
	CHECK_OK(ioctl(v.fd, KVM_SET_SREGS2, &s2));
	s2.flags = 0x8000;
	CHECK_ERRNO(ioctl(v.fd, KVM_SET_SREGS2, &s2), EINVAL);
}

static void debugregs(void)
{
	struct vm vm;
	struct vcpu v;
	struct kvm_debugregs d = {.db = {0x1000, 0x7fff12345678, 0xffff888000000000, 4},
				  .dr6 = 0xffff0ff0,
				  .dr7 = 0x400};
	struct kvm_debugregs back;

	vm_start(&vm, &v, MODE_LONG, GUEST(regs_debug));
	d.dr6 = 0xffff4ff0;
	CHECK_OK(ioctl(v.fd, KVM_SET_DEBUGREGS, &d));
	CHECK_OK(ioctl(v.fd, KVM_GET_DEBUGREGS, &back));
	CHECK(!memcmp(&d, &back, sizeof(d)), "set and get differ");
	CHECK_EQ(vcpu_run_report(&v), 1);
	CHECK(!memcmp(vm.ram + G_DATA, d.db, 32), "the guest found other values");
	CHECK_EQ(guest_u64(&vm, G_DATA + 32), d.dr6);
	CHECK_EQ(guest_u64(&vm, G_DATA + 40), d.dr7);
	CHECK_EQ(vcpu_run_report(&v), 2);
	CHECK_OK(ioctl(v.fd, KVM_GET_DEBUGREGS, &back));
	CHECK_EQ(back.db[0], 0x1234);
	CHECK_EQ(back.db[1], d.db[1]);
	CHECK_EQ(back.db[3], 0xffff888000001000);
	uint32_t vec = vcpu_run_report(&v);

	if (vec != 13) {
		TCG_GAP("DR7 takes bits above 31");
		FAIL("DR7 with bits above 31: exception %d", vec);
	}
	vcpu_run_done(&v);
}

static void general_detect(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(regs_debug_gd));
	int vec = vcpu_run_report(&v);

	if (vec == -1)
		TCG_GAP("DR7.GD does nothing");
	CHECK_EQ(vec, 1);
	vcpu_run_done(&v);
}

static void debugregs_bad(void)
{
	struct vm vm;
	struct vcpu v;
	struct kvm_debugregs d = {.dr6 = 0xffff0ff0, .dr7 = 0x400};

	vm_start(&vm, &v, MODE_LONG, GUEST(regs_pass));
	d.flags = 1;
	CHECK_ERRNO(ioctl(v.fd, KVM_SET_DEBUGREGS, &d), EINVAL);
	d.flags = 0;
	d.dr7 = 1ull << 40;
	CHECK_ERRNO(ioctl(v.fd, KVM_SET_DEBUGREGS, &d), EINVAL);
	d.dr7 = 0x400;
	d.dr6 = 1ull << 33;
	CHECK_ERRNO(ioctl(v.fd, KVM_SET_DEBUGREGS, &d), EINVAL);
}

static void mp_state(void)
{
	struct vm vm;
	struct vcpu v;
	struct kvm_mp_state mp;

	vm_start(&vm, &v, MODE_LONG, GUEST(regs_pass));
	CHECK_OK(ioctl(v.fd, KVM_GET_MP_STATE, &mp));
	CHECK_EQ(mp.mp_state, KVM_MP_STATE_RUNNABLE);
	CHECK_OK(ioctl(v.fd, KVM_SET_MP_STATE, &mp));
	mp.mp_state = 0x12345;
	CHECK_ERRNO(ioctl(v.fd, KVM_SET_MP_STATE, &mp), EINVAL);
	vcpu_run_report(&v);
}

/* What was set as CPUID is given back, and is what the guest sees. Checked in t_cpu.c too. */
static void cpuid2(void)
{
	struct vm vm;
	struct vcpu v;
	struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 e[256];
	} got = {.head.nent = 256};
	struct kvm_cpuid2 *want = cpuid_supported();

	vm_start(&vm, &v, MODE_LONG, GUEST(regs_pass));
	CHECK_OK(ioctl(v.fd, KVM_GET_CPUID2, &got));
	/* Stock KVM leaves the count that it was called with. */
	CHECK(got.head.nent == want->nent || got.head.nent == 256, "nent %u", got.head.nent);
	for (unsigned int i = 0; i < want->nent; i++) {
		struct kvm_cpuid_entry2 *a = &got.e[i], *b = &want->entries[i];

		CHECK(a->function == b->function && a->index == b->index && a->eax == b->eax,
		      "entry %u: %#x.%u eax %#x, wanted %#x.%u eax %#x", i, a->function, a->index,
		      a->eax, b->function, b->index, b->eax);
	}
	got.head.nent = 1;
	CHECK_ERRNO(ioctl(v.fd, KVM_GET_CPUID2, &got), E2BIG);
}

static void tsc_khz(void)
{
	struct vm vm;
	struct vcpu v;

	CHECK_EQ(sys_cap(KVM_CAP_GET_TSC_KHZ), 1);
	vm_start(&vm, &v, MODE_LONG, GUEST(regs_pass));
	int khz = ioctl(v.fd, KVM_GET_TSC_KHZ, 0);

	CHECK(khz > 1000, "KVM_GET_TSC_KHZ: %d", khz);
	CHECK_OK(ioctl(v.fd, KVM_SET_TSC_KHZ, khz));
	CHECK_EQ(ioctl(v.fd, KVM_GET_TSC_KHZ, 0), khz);
}

/* Events as a whole: get and set of the same is no change. */
static void events(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(regs_pass));
	vcpu_run_report(&v);
	struct kvm_vcpu_events e = vcpu_events(&v), back;

	vcpu_set_events(&v, &e);
	back = vcpu_events(&v);
	CHECK(!memcmp(&e, &back, sizeof(e)), "set and get differ");
	CHECK_EQ(e.exception.injected | e.interrupt.injected | e.nmi.pending, 0);
	vcpu_run_report(&v);
	vcpu_run_done(&v);
}

/* Two vCPUs, each with its own registers: nothing goes over. */
static void two_vcpus(void)
{
	struct vm vm;
	struct vcpu v[2];
	struct kvm_regs r[2], back;

	if (sys_cap(KVM_CAP_MAX_VCPUS) < 2)
		SKIP("one vCPU only");
	vm_start(&vm, &v[0], MODE_LONG, GUEST(regs_pass));
	vcpu_create(&vm, &v[1], 1);
	vcpu_cpuid(&v[1]);
	vcpu_mode(&v[1], MODE_LONG, G_CODE);
	for (int i = 0; i < 2; i++) {
		r[i] = vcpu_regs(&v[i]);
		for (__u64 *w = &r[i].rsi; w < &r[i].rip; w++)
			*w = rnd();
		r[i].rsp = G_STACK - 0x100 * i - 16;
		vcpu_set_regs(&v[i], &r[i]);
	}
	struct kvm_mp_state mp = {.mp_state = KVM_MP_STATE_RUNNABLE};

	CHECK_OK(ioctl(v[1].fd, KVM_SET_MP_STATE, &mp));
	for (int n = 0; n < 2; n++)
		for (int i = 0; i < 2; i++) {
			vcpu_run_report(&v[i]);
			back = vcpu_regs(&v[i]);
			CHECK(!memcmp(&back.r8, &r[i].r8, 8 * 8) && back.rsi == r[i].rsi,
			      "vCPU %d, step %d", i, n);
		}
}

static const struct live_test tests[] = {
	{"general", general},
	{"rflags_fixed", rflags_fixed},
	{"sregs", sregs},
	{"sregs2", sregs2},
	{"sregs2_pdptrs", sregs2_pdptrs},
	{"debugregs", debugregs},
	{"general_detect", general_detect},
	{"debugregs_bad", debugregs_bad},
	{"mp_state", mp_state},
	{"cpuid2", cpuid2},
	{"tsc_khz", tsc_khz},
	{"events", events},
	{"two_vcpus", two_vcpus},
};

LIVE_SUBJECT(regs, tests);
