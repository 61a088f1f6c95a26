/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Register state that no processor can have: refused by KVM_SET_SREGS or, where it can only be seen
 * at entry, ended by an exit; never by a hang or worse. And registers by the kvm_run page
 * (KVM_CAP_SYNC_REGS), and KVM_TRANSLATE.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include "vmm.h"

/* ---- refused ---- */

static struct vcpu *cpu;

static void refuse(const char *what, const struct kvm_sregs *s)
{
	struct kvm_sregs before = vcpu_sregs(cpu), after;
	int ret = ioctl(cpu->fd, KVM_SET_SREGS, s);

	CHECK(ret == -1 && errno == EINVAL, "%s: %d, errno %d", what, ret, errno);
	after = vcpu_sregs(cpu);
	CHECK(!memcmp(&before, &after, sizeof(before)), "%s: the state changed all the same", what);
}

#define REFUSE(what, change)                                                                       \
	do {                                                                                       \
		struct kvm_sregs s = good;                                                         \
		change;                                                                            \
		refuse(what, &s);                                                                  \
	} while (0)

static void sregs_refused(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	cpu = &v;
	struct kvm_sregs good = vcpu_sregs(&v);

	REFUSE("CR4 bit 15", s.cr4 |= 1 << 15);
	REFUSE("CR4 upper half", s.cr4 |= 1ull << 40);
	REFUSE("long mode without PAE", s.cr4 &= ~CR4_PAE);
	REFUSE("LME and PG without LMA", s.efer &= ~EFER_LMA);
	REFUSE("LMA without LME", s.efer = EFER_LMA);
	REFUSE("LMA without PG", s.cr0 &= ~CR0_PG);
	REFUSE("CR3 beyond the physical address width", s.cr3 |= 1ull << 60);
	REFUSE("APIC base with reserved bits", s.apic_base |= 1ull << 62);
	vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 4, 1);
}

/* Interrupts in the bitmap: one is taken, a second vector is not possible. */
static void sregs_interrupt(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(irq_reports));
	vcpu_run_report(&v);
	vcpu_run_report(&v); /* interrupts are on */
	struct kvm_sregs s = vcpu_sregs(&v);

	for (int i = 0; i < 4; i++)
		CHECK_EQ(s.interrupt_bitmap[i], 0);
	s.interrupt_bitmap[0x45 / 64] = 1ull << 0x45 % 64;
	vcpu_set_sregs(&v, &s);
	s = vcpu_sregs(&v);
	CHECK_EQ(s.interrupt_bitmap[0x45 / 64], 1ull << 0x45 % 64);
	CHECK_EQ(vcpu_run_report(&v), 1);
	CHECK_EQ(guest_u32(&vm, I_LAST_IRQ), 0x45);
	s = vcpu_sregs(&v);
	CHECK_EQ(s.interrupt_bitmap[0x45 / 64], 0);
}

/* ---- accepted, and then impossible to run ---- */

static void on_alarm(int sig)
{
	(void)sig;
}

/* Run for at most a moment; anything but a hang is fine. */
static void run_a_moment(struct vcpu *v)
{
	struct itimerval it = {.it_value = {0, 30000}, .it_interval = {0, 30000}};
	struct sigaction sa = {.sa_handler = on_alarm};

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &it, NULL);
	for (int i = 0; i < 3; i++)
		if (vcpu_run_try(v) == EINTR)
			break;
	memset(&it, 0, sizeof(it));
	setitimer(ITIMER_REAL, &it, NULL);
}

static void check_alive(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 4, 1);
}

/* A vCPU as it was created, in a VM without any memory. */
static void nothing_there(void)
{
	struct vm vm;
	struct vcpu v;

	vm_create(&vm);
	vcpu_create(&vm, &v, 0);
	int err = vcpu_run_try(&v);

	/* Stock KVM: ENOSPC, as a VM without memory may have no page tables. */
	if (!err && v.run->exit_reason != KVM_EXIT_INTERNAL_ERROR &&
	    v.run->exit_reason != KVM_EXIT_MMIO && v.run->exit_reason != KVM_EXIT_SHUTDOWN)
		vcpu_unexpected(&v, "an error");
	check_alive();
}

/* Page tables where there is no memory, and where memory is read-only. */
static void tables_nowhere(void)
{
	struct vm vm;
	struct vcpu v;
	static const uint64_t at[] = {0x40000000, 0xfffff000, RAM_SIZE, 0xfffffff000};

	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
		struct kvm_sregs s = vcpu_sregs(&v);

		s.cr3 = at[i];
		vcpu_set_sregs(&v, &s);
		run_a_moment(&v);
		vcpu_destroy(&v);
		vm_destroy(&vm);
	}
	check_alive();
}

static void tables_read_only(void)
{
	struct vm vm;
	struct vcpu v;
	uint8_t *rom = mem_alloc(PAGE);

	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	memcpy(rom, vm.ram + G_PML4, PAGE);
	vm_slot(&vm, 1, KVM_MEM_READONLY, MIB(16), PAGE, rom);
	struct kvm_sregs s = vcpu_sregs(&v);

	s.cr3 = MIB(16);
	vcpu_set_sregs(&v, &s);
	run_a_moment(&v); /* the walk wants to set an accessed bit */
	check_alive();
}

/*
 * A guest state that the processor itself refuses at entry: KVM_EXIT_FAIL_ENTRY. VMX checks what
 * userspace can set. With SVM the guest gets there where its write to CR3 is not checked, as on the
 * lab's CPU.
 */
static void entry_refused(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(cpu_cr3_width));
	if (host_is_vmx())
		vcpu_refused_tr(&v);
	CHECK_EQ(vcpu_run_try(&v), 0);
	if (v.run->exit_reason == KVM_EXIT_IO)
		SKIP("this CPU does not let a guest get that far");
	if (v.run->exit_reason != KVM_EXIT_FAIL_ENTRY)
		vcpu_unexpected(&v, "FAIL_ENTRY");
	CHECK_EQ((uint32_t)v.run->fail_entry.hardware_entry_failure_reason,
		 host_is_vmx() ? 0x80000021 : 0xffffffff);
	check_alive();
}

/* RIP and RFLAGS that can't be. */
static void odd_registers(void)
{
	struct vm vm;
	struct vcpu v;
	static const uint64_t rips[] = {0x8000000000000000, 0xffffffffffffffff, 0x800000000000,
					0xfffffffe, 0x40000000};

	for (size_t i = 0; i < ARRAY_SIZE(rips); i++) {
		vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
		struct kvm_regs r = vcpu_regs(&v);

		r.rip = rips[i];
		vcpu_set_regs(&v, &r);
		run_a_moment(&v);
		r.rip = G_CODE;
		r.rflags = ~0ull & ~0x100ull;
		vcpu_set_regs(&v, &r);
		run_a_moment(&v);
		vcpu_destroy(&v);
		vm_destroy(&vm);
	}
	check_alive();
}

static uint64_t seed = 12345;

static uint64_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static void mutate_segment(struct kvm_segment *s)
{
	switch (rnd() % 8) {
	case 0:
		s->base = rnd() & 0xffffff;
		break;
	case 1:
		s->limit = rnd();
		break;
	case 2:
		s->type = rnd() & 15;
		break;
	case 3:
		s->present ^= 1;
		break;
	case 4:
		s->db ^= 1;
		break;
	case 5:
		s->l ^= 1;
		break;
	case 6:
		s->g ^= 1;
		break;
	case 7:
		s->unusable ^= 1;
		break;
	}
}

static void mutate(struct kvm_sregs *s)
{
	struct kvm_segment *segs[] = {&s->cs, &s->ds, &s->es, &s->fs, &s->gs, &s->ss};

	switch (rnd() % 8) {
	case 0:
		s->cr0 ^= 1ull << rnd() % 32;
		break;
	case 1:
		s->cr4 ^= 1ull << rnd() % 24;
		break;
	case 2:
		s->efer ^= 1ull << rnd() % 16;
		break;
	case 3:
		s->cr3 = rnd() & 0xfffff000 & (RAM_SIZE * 2 - 1);
		break;
	case 4:
		s->idt.limit = rnd();
		break;
	default:
		mutate_segment(segs[rnd() % 6]);
		mutate_segment(segs[rnd() % 6]);
	}
}

/*
 * Many states, each a few wrong bits away from a good one. TR, privilege levels and real mode are
 * left alone: QEMU's TCG itself ends or hangs on some of those.
 */
static void mutations(void)
{
	struct vm vm;
	struct vcpu v;
	unsigned int accepted = 0, refused = 0;
	static const enum mode modes[] = {MODE_LONG, MODE_PROT, MODE_PAGED, MODE_PAE, MODE_LONG};

	for (int i = 0; i < 150; i++) {
		vm_start(&vm, &v, modes[i % 5], GUEST(pio_loop));
		struct kvm_sregs s = vcpu_sregs(&v);

		for (unsigned int n = 1 + rnd() % 3; n; n--)
			mutate(&s);
		if (ioctl(v.fd, KVM_SET_SREGS, &s)) {
			CHECK_EQ(errno, EINVAL);
			refused++;
		} else {
			accepted++;
			test_note("%d: mode %u cr0 %#llx cr3 %#llx cr4 %#llx efer %#llx", i,
				  modes[i % 5], s.cr0, s.cr3, s.cr4, s.efer);
			run_a_moment(&v);
		}
		vcpu_destroy(&v);
		vm_destroy(&vm);
	}
	test_note("%u accepted, %u refused", accepted, refused);
	check_alive();
}

/* ---- KVM_CAP_SYNC_REGS ---- */

static void sync_get(void)
{
	struct vm vm;
	struct vcpu v;
	int fields = sys_cap(KVM_CAP_SYNC_REGS);

	CHECK_EQ(fields & 7, 7);
	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	v.run->kvm_valid_regs = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS | KVM_SYNC_X86_EVENTS;
	vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 4, 1);
	vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 4, 1);
	struct kvm_regs r = vcpu_regs(&v);
	struct kvm_sregs s = vcpu_sregs(&v);
	struct kvm_vcpu_events e = vcpu_events(&v);

	CHECK(!memcmp(&r, &v.run->s.regs.regs, sizeof(r)), "regs");
	CHECK(!memcmp(&s, &v.run->s.regs.sregs, sizeof(s)), "sregs");
	CHECK(!memcmp(&e, &v.run->s.regs.events, sizeof(e)), "events");
	/* Not asked for, not written. */
	v.run->kvm_valid_regs = 0;
	memset(&v.run->s.regs.regs, 0xaa, sizeof(r));
	vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 4, 1);
	CHECK_EQ(v.run->s.regs.regs.rax, 0xaaaaaaaaaaaaaaaa);
}

static void sync_set(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	v.run->kvm_valid_regs = KVM_SYNC_X86_REGS;
	vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 4, 1);
	v.run->s.regs.regs.rax = 0x5000;
	v.run->s.regs.regs.r12 = 0x1122334455667788;
	v.run->kvm_dirty_regs = KVM_SYNC_X86_REGS;
	CHECK_EQ(*(uint32_t *)vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 4, 1), 0x5001);
	CHECK_EQ(vcpu_regs(&v).r12, 0x1122334455667788);
	/* Without the dirty bit nothing is taken. */
	v.run->kvm_dirty_regs = 0;
	v.run->s.regs.regs.rax = 0x9000;
	CHECK_EQ(*(uint32_t *)vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 4, 1), 0x5002);
}

static void sync_bad(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	v.run->kvm_valid_regs = 1u << 20;
	CHECK_EQ(vcpu_run_try(&v), EINVAL);
	v.run->kvm_valid_regs = 0;
	v.run->kvm_dirty_regs = 1u << 20;
	CHECK_EQ(vcpu_run_try(&v), EINVAL);
	v.run->kvm_dirty_regs = 0;
	vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 4, 1);
	/* Dirty sregs that are not legal. */
	v.run->kvm_valid_regs = KVM_SYNC_X86_SREGS;
	vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 4, 1);
	v.run->s.regs.sregs.cr4 |= 1ull << 40;
	v.run->kvm_dirty_regs = KVM_SYNC_X86_SREGS;
	CHECK_EQ(vcpu_run_try(&v), EINVAL);
}

/* ---- KVM_TRANSLATE ---- */

static void translate(void)
{
	struct vm vm;
	struct vcpu v;
	static const struct {
		enum mode mode;
		uint64_t linear, physical;
		bool valid;
	} want[] = {
		{MODE_REAL, 0x12345, 0x12345, true},
		{MODE_PROT, 0x7fff0123, 0x7fff0123, true},
		{MODE_PAGED, 0x1234567, 0x1234567, true},
		{MODE_PAE, 0x40123456, 0x40123456, true},
		{MODE_LONG, 0x3456789, 0x3456789, true},
		{MODE_LONG, 0x8000000000, 0, false},
		{MODE_LONG, 0xffff800000000000, 0, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		struct kvm_translation t = {.linear_address = want[i].linear};

		vm_start(&vm, &v, want[i].mode, GUEST(pio_loop));
		CHECK_OK(ioctl(v.fd, KVM_TRANSLATE, &t));
		CHECK_EQ(t.valid, want[i].valid);
		if (t.valid)
			CHECK_EQ(t.physical_address, want[i].physical);
		vcpu_destroy(&v);
		vm_destroy(&vm);
	}
}

static const struct live_test tests[] = {
	{"sregs_refused", sregs_refused},
	{"sregs_interrupt", sregs_interrupt},
	{"nothing_there", nothing_there},
	{"tables_nowhere", tables_nowhere},
	{"tables_read_only", tables_read_only},
	{"entry_refused", entry_refused},
	{"odd_registers", odd_registers},
	{"mutations", mutations, 120},
	{"sync_get", sync_get},
	{"sync_set", sync_set},
	{"sync_bad", sync_bad},
	{"translate", translate},
};

LIVE_SUBJECT(state, tests);
