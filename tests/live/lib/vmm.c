/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VM, memory, vCPU and run helpers of the live tests. What each does is in vmm.h.
 *
 * Every wrapper checks: a test that gets past a call knows that it worked. Threads may use different
 * vCPUs, and vm_slot() from anywhere; nothing here is shared but the file descriptors.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "vmm.h"

int sys_open(void)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	CHECK(fd >= 0, "/dev/kvm: %s", strerror(errno));
	return fd;
}

int sys_cap(int cap)
{
	int fd = sys_open();
	int ret = ioctl(fd, KVM_CHECK_EXTENSION, cap);

	close(fd);
	CHECK(ret >= 0, "KVM_CHECK_EXTENSION(%d): errno %d", cap, errno);
	return ret;
}

int vm_cap(struct vm *vm, int cap)
{
	int ret = ioctl(vm->fd, KVM_CHECK_EXTENSION, cap);

	CHECK(ret >= 0, "KVM_CHECK_EXTENSION(%d) on the VM: errno %d", cap, errno);
	return ret;
}

void *mem_alloc(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	CHECK(p != MAP_FAILED, "mmap of %zu bytes: %s", size, strerror(errno));
	return p;
}

void *mem_alloc_aligned(size_t size, size_t align)
{
	uintptr_t p = (uintptr_t)mem_alloc(size + align);

	return (void *)((p + align - 1) / align * align);
}

int vm_slot_try(struct vm *vm, uint32_t slot, uint32_t flags, uint64_t gpa, uint64_t size,
		const void *hva)
{
	struct kvm_userspace_memory_region r = {
		.slot = slot,
		.flags = flags,
		.guest_phys_addr = gpa,
		.memory_size = size,
		.userspace_addr = (uintptr_t)hva,
	};

	return ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &r) ? errno : 0;
}

void vm_slot(struct vm *vm, uint32_t slot, uint32_t flags, uint64_t gpa, uint64_t size,
	     const void *hva)
{
	int err = vm_slot_try(vm, slot, flags, gpa, size, hva);

	CHECK(!err, "slot %u flags %u gpa %#llx size %#llx: errno %d", slot, flags,
	      (unsigned long long)gpa, (unsigned long long)size, err);
}

void vm_dirty_log(struct vm *vm, uint32_t slot, void *bitmap)
{
	struct kvm_dirty_log log = {.slot = slot, .dirty_bitmap = bitmap};

	CHECK_OK(ioctl(vm->fd, KVM_GET_DIRTY_LOG, &log));
}

void vm_create(struct vm *vm)
{
	memset(vm, 0, sizeof(*vm));
	vm->sys = sys_open();
	vm->fd = ioctl(vm->sys, KVM_CREATE_VM, 0);
	CHECK(vm->fd >= 0, "KVM_CREATE_VM: errno %d", errno);
	vm->run_size = ioctl(vm->sys, KVM_GET_VCPU_MMAP_SIZE, 0);
	CHECK(vm->run_size >= (int)sizeof(struct kvm_run), "KVM_GET_VCPU_MMAP_SIZE: %d",
	      vm->run_size);
}

static uint64_t descriptor(uint8_t type, uint8_t flags)
{
	/* Base 0, limit 4 GiB; type is the access byte, flags G, D/B, L, AVL. */
	return 0x000f00000000ffffull | (uint64_t)type << 40 | (uint64_t)flags << 52;
}

static void guest_tables(struct vm *vm)
{
	uint64_t *gdt = (uint64_t *)(vm->ram + G_GDT);
	uint64_t *pml4 = (uint64_t *)(vm->ram + G_PML4);
	uint64_t *pdpt = (uint64_t *)(vm->ram + G_PDPT);
	uint64_t *pdpt32 = (uint64_t *)(vm->ram + G_PDPT32);
	uint64_t *pd = (uint64_t *)(vm->ram + G_PD);
	uint32_t *pd32 = (uint32_t *)(vm->ram + G_PD32);

	gdt[S_CODE64 / 8] = descriptor(0x9b, 0xa);
	gdt[S_DATA / 8] = descriptor(0x93, 0xc);
	gdt[S_CODE32 / 8] = descriptor(0x9b, 0xc);
	gdt[S_CODE16 / 8] = 0x00009b000000ffffull | (uint64_t)(G_CODE >> 16) << 32;
	gdt[S_DATA16 / 8] = 0x000093000000ffffull;
	gdt[S_TSS / 8] = 0x0000890000000067ull | (uint64_t)(G_TSS & 0xffff) << 16;
	gdt[S_UDATA / 8] = descriptor(0xf3, 0xc);
	gdt[S_UCODE64 / 8] = descriptor(0xfb, 0xa);
	gdt[S_UCODE32 / 8] = descriptor(0xfb, 0xc);
	gdt[S_ABSENT / 8] = descriptor(0x13, 0xc);

	pml4[0] = G_PDPT | PTE_P | PTE_W | PTE_U;
	for (unsigned int i = 0; i < 4; i++) {
		pdpt[i] = (G_PD + i * PAGE) | PTE_P | PTE_W | PTE_U;
		pdpt32[i] = (G_PD + i * PAGE) | PTE_P;
	}
	for (uint64_t i = 0; i < 2048; i++)
		pd[i] = i * HPAGE | PTE_P | PTE_W | PTE_U | PTE_PS;
	for (uint32_t i = 0; i < 1024; i++)
		pd32[i] = i << 22 | (uint32_t)(PTE_P | PTE_W | PTE_U | PTE_PS);
}

void vm_create_ram(struct vm *vm, size_t ram)
{
	vm_create(vm);
	vm->ram_size = ram;
	vm->ram = mem_alloc_aligned(ram, HPAGE);
	guest_tables(vm);
	vm_slot(vm, 0, 0, 0, ram, vm->ram);
}

void vm_destroy(struct vm *vm)
{
	close(vm->fd);
	close(vm->sys);
	if (vm->ram)
		munmap(vm->ram, vm->ram_size);
	memset(vm, 0, sizeof(*vm));
}

void vcpu_create(struct vm *vm, struct vcpu *v, unsigned int id)
{
	v->vm = vm;
	v->id = id;
	v->fd = ioctl(vm->fd, KVM_CREATE_VCPU, id);
	CHECK(v->fd >= 0, "KVM_CREATE_VCPU(%u): errno %d", id, errno);
	v->run = mmap(NULL, vm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
	CHECK(v->run != MAP_FAILED, "mmap of the vCPU: errno %d", errno);
}

void vcpu_destroy(struct vcpu *v)
{
	munmap(v->run, v->vm->run_size);
	close(v->fd);
	v->fd = -1;
	v->run = NULL;
}

struct kvm_cpuid2 *cpuid_supported(void)
{
	static struct kvm_cpuid2 *cached;
	const unsigned int max = 256;

	if (cached)
		return cached;
	struct kvm_cpuid2 *c = calloc(1, sizeof(*c) + max * sizeof(c->entries[0]));
	int sys = sys_open();

	CHECK(c, "out of memory");
	c->nent = max;
	CHECK_OK(ioctl(sys, KVM_GET_SUPPORTED_CPUID, c));
	close(sys);
	cached = c;
	return c;
}

void vcpu_cpuid(struct vcpu *v)
{
	CHECK_OK(ioctl(v->fd, KVM_SET_CPUID2, cpuid_supported()));
}

bool guest_has(uint32_t leaf, uint32_t index, int reg, int bit)
{
	struct kvm_cpuid2 *c = cpuid_supported();

	for (unsigned int i = 0; i < c->nent; i++) {
		struct kvm_cpuid_entry2 *e = &c->entries[i];

		if (e->function == leaf && e->index == index)
			return (&e->eax)[reg] >> bit & 1;
	}
	return false;
}

bool host_is_tcg(void)
{
	unsigned int eax, ebx, ecx, edx;

	__cpuid(0x40000000, eax, ebx, ecx, edx);
	return ebx == 0x54474354 && ecx == 0x43544743 && edx == 0x47435447; /* TCGTCGTCGTCG */
}

bool host_is_vmx(void)
{
	unsigned int eax, ebx, ecx, edx;

	__cpuid(1, eax, ebx, ecx, edx);
	return ecx & 1 << 5;
}

bool host_logs_writes(void)
{
	char on[8], line[4096];
	bool found = false;
	FILE *f;

	if (!file_read("/sys/module/glassvisor/parameters/pml", on, sizeof(on)) || on[0] != 'Y')
		return false;
	f = fopen("/proc/cpuinfo", "r");
	CHECK(f, "no /proc/cpuinfo");
	while (!found && fgets(line, sizeof(line), f))
		found = !strncmp(line, "vmx flags", 9) && strstr(line, " pml");
	fclose(f);
	return found;
}

bool host_is_stock(void)
{
	return access("/sys/module/kvm_amd", F_OK) == 0 ||
	       access("/sys/module/kvm_intel", F_OK) == 0;
}

static struct kvm_segment segment(uint16_t selector, uint8_t type, bool db, bool l, bool g)
{
	return (struct kvm_segment){
		.selector = selector,
		.limit = g ? 0xffffffff : 0xffff,
		.type = type,
		.s = 1,
		.present = 1,
		.db = db,
		.l = l,
		.g = g,
	};
}

static void set_data_segments(struct kvm_sregs *s, struct kvm_segment data)
{
	s->ds = s->es = s->fs = s->gs = s->ss = data;
}

void guest_load(struct vm *vm, uint64_t gpa, struct payload p)
{
	CHECK(gpa + (p.end - p.start) <= vm->ram_size, "payload does not fit");
	memcpy(vm->ram + gpa, p.start, p.end - p.start);
}

void guest_idt(struct vm *vm, enum mode mode)
{
	for (unsigned int vec = 0; vec < 256; vec++) {
		uint32_t at = G_STUBS + 16 * vec;
		uint64_t gate = (at & 0xffff) | 0x8e0000000000ull | (uint64_t)(at >> 16) << 48;

		if (mode == MODE_LONG) {
			guest_u64(vm, G_IDT + 16 * vec) = gate | S_CODE64 << 16;
			guest_u64(vm, G_IDT + 16 * vec + 8) = 0;
		} else {
			guest_u64(vm, G_IDT + 8 * vec) = gate | S_CODE32 << 16;
		}
	}
	if (mode == MODE_LONG)
		guest_load(vm, G_STUBS, GUEST(handlers64));
	else if (mode != MODE_REAL)
		guest_load(vm, G_STUBS, GUEST(handlers32));
}

/* The TSS holds the stacks: RSP0 or SS0:ESP0, and IST1. */
static void guest_tss(struct vm *vm, enum mode mode)
{
	memset(vm->ram + G_TSS, 0, 0x68);
	if (mode == MODE_LONG) {
		guest_u32(vm, G_TSS + 4) = G_STACK - 0x800;
		guest_u32(vm, G_TSS + 0x24) = G_IST;
	} else {
		guest_u32(vm, G_TSS + 4) = G_STACK - 0x800;
		guest_u32(vm, G_TSS + 8) = S_DATA;
	}
	guest_u32(vm, G_TSS + 0x64) = 0x680000; /* no I/O bitmap */
}

static void sregs_protected(struct kvm_sregs *s, enum mode mode)
{
	s->cs = segment(S_CODE32, 0xb, true, false, true);
	set_data_segments(s, segment(S_DATA, 3, true, false, true));
	s->cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP;
	s->cr4 = CR4_OSFXSR;
	s->efer = 0;
	if (mode == MODE_PROT)
		return;
	s->cr0 |= CR0_PG;
	if (mode == MODE_PAGED) {
		s->cr3 = G_PD32;
		s->cr4 |= CR4_PSE;
		return;
	}
	s->cr4 |= CR4_PAE;
	s->cr3 = mode == MODE_PAE ? G_PDPT32 : G_PML4;
	if (mode == MODE_LONG) {
		s->efer = EFER_LME | EFER_LMA;
		s->cs = segment(S_CODE64, 0xb, false, true, true);
	}
}

void vcpu_mode(struct vcpu *v, enum mode mode, uint64_t entry)
{
	struct kvm_sregs s = vcpu_sregs(v);
	struct kvm_regs r = {.rip = entry, .rsp = G_STACK - 16, .rflags = 2};

	if (mode == MODE_REAL) {
		s.cs = segment(0, 0xb, false, false, false);
		s.cs.selector = entry >> 4;
		s.cs.base = entry & ~0xfull;
		set_data_segments(&s, segment(0, 3, false, false, false));
		s.cr0 = CR0_ET;
		r.rip = entry & 0xf;
		r.rsp = 0xfff0;
		s.idt.base = 0;
		s.idt.limit = 0x3ff;
	} else {
		sregs_protected(&s, mode);
		s.gdt.base = G_GDT;
		s.gdt.limit = S_ABSENT + 7;
		s.idt.base = G_IDT;
		s.idt.limit = mode == MODE_LONG ? 0xfff : 0x7ff;
		s.tr = (struct kvm_segment){
			.base = G_TSS, .limit = 0x67, .selector = S_TSS, .type = 0xb, .present = 1};
		guest_tss(v->vm, mode);
		guest_idt(v->vm, mode);
	}
	s.ldt = (struct kvm_segment){.type = 2, .unusable = 1};
	vcpu_set_sregs(v, &s);
	vcpu_set_regs(v, &r);
}

void vcpu_refused_tr(struct vcpu *v)
{
	struct kvm_sregs s = vcpu_sregs(v);

	s.tr.selector |= 4;
	vcpu_set_sregs(v, &s);
}

void vm_start(struct vm *vm, struct vcpu *v, enum mode mode, struct payload p)
{
	vm_create_ram(vm, RAM_SIZE);
	vcpu_create(vm, v, 0);
	vcpu_cpuid(v);
	vcpu_mode(v, mode, G_CODE);
	guest_load(vm, G_CODE, p);
}

/* ---- running ---- */

int vcpu_run_try(struct vcpu *v)
{
	return ioctl(v->fd, KVM_RUN, 0) ? errno : 0;
}

static const char *const exit_names[] = {
	[KVM_EXIT_UNKNOWN] = "UNKNOWN",
	[KVM_EXIT_EXCEPTION] = "EXCEPTION",
	[KVM_EXIT_IO] = "IO",
	[KVM_EXIT_HYPERCALL] = "HYPERCALL",
	[KVM_EXIT_DEBUG] = "DEBUG",
	[KVM_EXIT_HLT] = "HLT",
	[KVM_EXIT_MMIO] = "MMIO",
	[KVM_EXIT_IRQ_WINDOW_OPEN] = "IRQ_WINDOW_OPEN",
	[KVM_EXIT_SHUTDOWN] = "SHUTDOWN",
	[KVM_EXIT_FAIL_ENTRY] = "FAIL_ENTRY",
	[KVM_EXIT_INTR] = "INTR",
	[KVM_EXIT_SET_TPR] = "SET_TPR",
	[KVM_EXIT_TPR_ACCESS] = "TPR_ACCESS",
	[KVM_EXIT_NMI] = "NMI",
	[KVM_EXIT_INTERNAL_ERROR] = "INTERNAL_ERROR",
	[KVM_EXIT_SYSTEM_EVENT] = "SYSTEM_EVENT",
	[KVM_EXIT_X86_RDMSR] = "X86_RDMSR",
	[KVM_EXIT_X86_WRMSR] = "X86_WRMSR",
};

const char *exit_name(uint32_t reason)
{
	if (reason < ARRAY_SIZE(exit_names) && exit_names[reason])
		return exit_names[reason];
	return "?";
}

static void describe_exit(struct vcpu *v, char *buf, size_t size)
{
	struct kvm_run *run = v->run;
	int n = snprintf(buf, size, "exit %s(%u)", exit_name(run->exit_reason), run->exit_reason);

	buf += n;
	size -= n;
	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		snprintf(buf, size, " %s port %#x size %u count %u data %#x",
			 run->io.direction == KVM_EXIT_IO_OUT ? "out" : "in", run->io.port,
			 run->io.size, run->io.count,
			 *(uint32_t *)((uint8_t *)run + run->io.data_offset));
		break;
	case KVM_EXIT_MMIO:
		snprintf(buf, size, " %s gpa %#llx len %u", run->mmio.is_write ? "write" : "read",
			 run->mmio.phys_addr, run->mmio.len);
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		snprintf(buf, size, " suberror %u ndata %u data %#llx %#llx %#llx",
			 run->internal.suberror, run->internal.ndata, run->internal.data[0],
			 run->internal.data[1], run->internal.data[2]);
		break;
	case KVM_EXIT_FAIL_ENTRY:
		snprintf(buf, size, " reason %#llx", run->fail_entry.hardware_entry_failure_reason);
		break;
	case KVM_EXIT_X86_RDMSR:
	case KVM_EXIT_X86_WRMSR:
		snprintf(buf, size, " msr %#x data %#llx", run->msr.index, run->msr.data);
		break;
	}
}

void vcpu_unexpected(struct vcpu *v, const char *wanted)
{
	char what[256], code[64] = "";
	struct kvm_regs r = vcpu_regs(v);
	struct kvm_sregs s = vcpu_sregs(v);
	struct vm *vm = v->vm;
	uint64_t at = s.cs.base + r.rip;

	describe_exit(v, what, sizeof(what));
	if (vm->ram && at + 12 < vm->ram_size)
		for (int i = 0; i < 12; i++)
			sprintf(code + 3 * i, " %02x", vm->ram[at + i]);
	FAIL("%s, wanted %s; rip %#llx code%s rax %#llx rbx %#llx rcx %#llx rdx %#llx rsp %#llx "
	     "rflags %#llx cr0 %#llx cr2 %#llx cr3 %#llx cr4 %#llx efer %#llx cs %#x; last exception "
	     "%d error %#x at %#llx cr2 %#llx",
	     what, wanted, r.rip, code, r.rax, r.rbx, r.rcx, r.rdx, r.rsp, r.rflags, s.cr0, s.cr2,
	     s.cr3, s.cr4, s.efer, s.cs.selector, vm->ram ? (int)guest_u32(vm, I_VEC) : 0,
	     vm->ram ? guest_u32(vm, I_ERR) : 0,
	     vm->ram ? (unsigned long long)guest_u64(vm, I_RIP) : 0,
	     vm->ram ? (unsigned long long)guest_u64(vm, I_CR2) : 0);
}

static void run_until_exit(struct vcpu *v)
{
	int err;

	do
		err = vcpu_run_try(v);
	while (err == EINTR || err == EAGAIN);
	CHECK(!err, "KVM_RUN: errno %d", err);
}

void vcpu_run_to(struct vcpu *v, uint32_t reason)
{
	run_until_exit(v);
	if (v->run->exit_reason != reason)
		vcpu_unexpected(v, exit_name(reason));
}

void *vcpu_run_pio(struct vcpu *v, int direction, uint16_t port, uint8_t size, uint32_t count)
{
	struct kvm_run *run = v->run;
	char wanted[80];

	run_until_exit(v);
	if (run->exit_reason != KVM_EXIT_IO || run->io.direction != direction ||
	    run->io.port != port || run->io.size != size || run->io.count != count) {
		snprintf(wanted, sizeof(wanted), "%s port %#x size %u count %u",
			 direction == KVM_EXIT_IO_OUT ? "out" : "in", port, size, count);
		vcpu_unexpected(v, wanted);
	}
	return (uint8_t *)run + run->io.data_offset;
}

uint64_t vcpu_run_mmio(struct vcpu *v, bool is_write, uint64_t gpa, uint32_t len)
{
	struct kvm_run *run = v->run;
	char wanted[80];
	uint64_t value = 0;

	run_until_exit(v);
	if (run->exit_reason != KVM_EXIT_MMIO || run->mmio.is_write != is_write ||
	    run->mmio.phys_addr != gpa || run->mmio.len != len) {
		snprintf(wanted, sizeof(wanted), "mmio %s gpa %#llx len %u",
			 is_write ? "write" : "read", (unsigned long long)gpa, len);
		vcpu_unexpected(v, wanted);
	}
	if (is_write)
		memcpy(&value, run->mmio.data, len);
	return value;
}

void mmio_reply(struct vcpu *v, uint64_t value)
{
	memcpy(v->run->mmio.data, &value, 8);
}

/* Run to an `out` on one of our own ports; anything else fails. Returns the port. */
static uint16_t run_to_own_port(struct vcpu *v, uint32_t *value)
{
	struct kvm_run *run = v->run;

	run_until_exit(v);
	if (run->exit_reason != KVM_EXIT_IO || run->io.direction != KVM_EXIT_IO_OUT ||
	    run->io.size != 4 || run->io.count != 1)
		vcpu_unexpected(v, "a result or report");
	memcpy(value, (uint8_t *)run + run->io.data_offset, 4);
	switch (run->io.port) {
	case P_RESULT:
		if (*value)
			vcpu_unexpected(v, "success (rax is the line of the failed guest check)");
		break;
	case P_REPORT:
		break;
	case P_MSG:
		CHECK(*value < v->vm->ram_size, "guest message at %#x", *value);
		FAIL("guest: %s", (char *)v->vm->ram + *value);
	case P_EXC:
		vcpu_unexpected(v, "no exception");
	default:
		vcpu_unexpected(v, "a result or report");
	}
	return run->io.port;
}

uint32_t vcpu_run_report(struct vcpu *v)
{
	uint32_t value;

	CHECK(run_to_own_port(v, &value) == P_REPORT, "guest ended, wanted a report");
	return value;
}

void vcpu_run_done(struct vcpu *v)
{
	uint32_t value;
	uint16_t port = run_to_own_port(v, &value);

	CHECK(port == P_RESULT, "guest reports %#x, wanted its end", value);
}

/* ---- registers ---- */

struct kvm_regs vcpu_regs(struct vcpu *v)
{
	struct kvm_regs r;

	CHECK_OK(ioctl(v->fd, KVM_GET_REGS, &r));
	return r;
}

void vcpu_set_regs(struct vcpu *v, const struct kvm_regs *regs)
{
	CHECK_OK(ioctl(v->fd, KVM_SET_REGS, regs));
}

struct kvm_sregs vcpu_sregs(struct vcpu *v)
{
	struct kvm_sregs s;

	CHECK_OK(ioctl(v->fd, KVM_GET_SREGS, &s));
	return s;
}

void vcpu_set_sregs(struct vcpu *v, const struct kvm_sregs *sregs)
{
	CHECK_OK(ioctl(v->fd, KVM_SET_SREGS, sregs));
}

struct kvm_vcpu_events vcpu_events(struct vcpu *v)
{
	struct kvm_vcpu_events e;

	memset(&e, 0, sizeof(e));
	CHECK_OK(ioctl(v->fd, KVM_GET_VCPU_EVENTS, &e));
	return e;
}

void vcpu_set_events(struct vcpu *v, const struct kvm_vcpu_events *e)
{
	CHECK_OK(ioctl(v->fd, KVM_SET_VCPU_EVENTS, e));
}

struct one_msr {
	struct kvm_msrs head;
	struct kvm_msr_entry entry;
};

int vcpu_get_msr_try(struct vcpu *v, uint32_t index, uint64_t *value)
{
	struct one_msr m = {.head.nmsrs = 1, .entry.index = index};
	int ret = ioctl(v->fd, KVM_GET_MSRS, &m);

	*value = m.entry.data;
	return ret;
}

int vcpu_set_msr_try(struct vcpu *v, uint32_t index, uint64_t value)
{
	struct one_msr m = {.head.nmsrs = 1, .entry = {.index = index, .data = value}};

	return ioctl(v->fd, KVM_SET_MSRS, &m);
}

uint64_t vcpu_get_msr(struct vcpu *v, uint32_t index)
{
	uint64_t value;
	int ret = vcpu_get_msr_try(v, index, &value);

	CHECK(ret == 1, "reading MSR %#x: %d", index, ret);
	return value;
}

void vcpu_set_msr(struct vcpu *v, uint32_t index, uint64_t value)
{
	int ret = vcpu_set_msr_try(v, index, value);

	CHECK(ret == 1, "writing %#llx to MSR %#x: %d", (unsigned long long)value, index, ret);
}

void vcpu_interrupt(struct vcpu *v, uint32_t vector)
{
	struct kvm_interrupt irq = {.irq = vector};

	CHECK_OK(ioctl(v->fd, KVM_INTERRUPT, &irq));
}

/* ---- files ---- */

bool file_read(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, buf, size - 1);
	close(fd);
	if (n < 0)
		return false;
	while (n > 0 && (buf[n - 1] == '\n' || buf[n - 1] == ' '))
		n--;
	buf[n] = '\0';
	return true;
}

bool file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return false;
	ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return ok;
}
