/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A tiny VMM for tests: VM, memory, vCPU, the processor modes, and running until the guest says
 * something. Every function here fails the test when the kernel does not do as asked; those that end
 * in _try hand back the errno instead (0 for success).
 */
#ifndef LIVE_VMM_H
#define LIVE_VMM_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <linux/kvm.h>
#include "test.h"
#include "layout.h"

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)

#define PAGE  4096ul
#define HPAGE 0x200000ul

#define RAM_SIZE MIB(8) /* what vm_start() gives */

#define MSR_EFER	   0xc0000080u
#define MSR_STAR	   0xc0000081u
#define MSR_LSTAR	   0xc0000082u
#define MSR_CSTAR	   0xc0000083u
#define MSR_SFMASK	   0xc0000084u
#define MSR_FS_BASE	   0xc0000100u
#define MSR_GS_BASE	   0xc0000101u
#define MSR_KERNEL_GS_BASE 0xc0000102u
#define MSR_TSC_AUX	   0xc0000103u
#define MSR_TSC		   0x10u
#define MSR_APIC_BASE	   0x1bu
#define MSR_SYSENTER_CS	   0x174u
#define MSR_SYSENTER_ESP   0x175u
#define MSR_SYSENTER_EIP   0x176u
#define MSR_PAT		   0x277u
#define MSR_KVM_WALL_NEW   0x4b564d00u
#define MSR_KVM_TIME_NEW   0x4b564d01u

#define CR0_PE	    0x1ull
#define CR0_MP	    0x2ull
#define CR0_TS	    0x8ull
#define CR0_ET	    0x10ull
#define CR0_NE	    0x20ull
#define CR0_WP	    0x10000ull
#define CR0_AM	    0x40000ull
#define CR0_NW	    0x20000000ull
#define CR0_CD	    0x40000000ull
#define CR0_PG	    0x80000000ull
#define CR4_PSE	    0x10ull
#define CR4_PAE	    0x20ull
#define CR4_PGE	    0x80ull
#define CR4_OSXMM   0x400ull
#define CR4_OSFXSR  0x200ull
#define CR4_OSXSAVE 0x40000ull
#define EFER_SCE    0x1ull
#define EFER_LME    0x100ull
#define EFER_LMA    0x400ull
#define EFER_NXE    0x800ull

#define RFLAGS_IF 0x200ull

#define PTE_P  0x1ull
#define PTE_W  0x2ull
#define PTE_U  0x4ull
#define PTE_PS 0x80ull

enum mode {
	MODE_REAL,  /* 16-bit, paging off, entered at 0:G_CODE's segment */
	MODE_PROT,  /* 32-bit flat, paging off */
	MODE_PAGED, /* 32-bit flat, 4 MiB pages */
	MODE_PAE,   /* 32-bit flat, PAE paging */
	MODE_LONG,  /* 64-bit, four levels */
};

#define SLOTS_MAX 64

struct vm {
	int sys; /* /dev/kvm */
	int fd;
	int run_size;
	uint8_t *ram; /* slot 0, at guest physical 0 */
	size_t ram_size;
};

struct vcpu {
	struct vm *vm;
	int fd;
	unsigned int id;
	struct kvm_run *run;
};

/* Payloads: bytes linked in from tests/guest. */
struct payload {
	const uint8_t *start, *end;
};
#define GUEST(name)                                                                                \
	({                                                                                         \
		extern const uint8_t guest_##name[], guest_##name##_end[];                         \
		(struct payload){guest_##name, guest_##name##_end};                                \
	})

int sys_open(void);
int sys_cap(int cap);
int vm_cap(struct vm *vm, int cap);

/* An anonymous mapping; *_aligned begins at a multiple of @align. */
void *mem_alloc(size_t size);
void *mem_alloc_aligned(size_t size, size_t align);

/* Slots. @hva is the first byte of memory; size 0 deletes. */
int vm_slot_try(struct vm *vm, uint32_t slot, uint32_t flags, uint64_t gpa, uint64_t size,
		const void *hva);
void vm_slot(struct vm *vm, uint32_t slot, uint32_t flags, uint64_t gpa, uint64_t size,
	     const void *hva);
void vm_dirty_log(struct vm *vm, uint32_t slot, void *bitmap);

/* A VM without memory and vCPU. */
void vm_create(struct vm *vm);
/* A VM with @ram bytes as slot 0, guest tables and handlers in place. */
void vm_create_ram(struct vm *vm, size_t ram);
void vm_destroy(struct vm *vm);

void vcpu_create(struct vm *vm, struct vcpu *v, unsigned int id);
void vcpu_destroy(struct vcpu *v);
/* Give the vCPU the CPUID that the kernel says it supports. */
void vcpu_cpuid(struct vcpu *v);
struct kvm_cpuid2 *cpuid_supported(void);
/* The host's answer is no more than what the guest may have: look in the supported list. */
bool guest_has(uint32_t leaf, uint32_t index, int reg, int bit);

/*
 * The lab's emulated CPU has gaps of its own. A test that sees exactly the wrong result that such a
 * gap gives, calls this: a skip with the reason on that CPU, nothing on any other.
 */
bool host_is_tcg(void);
#define TCG_GAP(...)                                                                               \
	do {                                                                                       \
		if (host_is_tcg())                                                                 \
			test_skip("QEMU TCG: " __VA_ARGS__);                                       \
	} while (0)

/* The same for faults of the in-tree KVM, when it is the one that is loaded. */
bool host_is_stock(void);
/* The CPU has VMX, not SVM. */
bool host_is_vmx(void);
/* The module has the CPU log what guests write: page-modification logging. */
bool host_logs_writes(void);
#define STOCK_GAP(...)                                                                             \
	do {                                                                                       \
		if (host_is_stock())                                                               \
			test_skip("in-tree KVM: " __VA_ARGS__);                                    \
	} while (0)

/* Put the vCPU in @mode with @entry as the first instruction (linear address). */
void vcpu_mode(struct vcpu *v, enum mode mode, uint64_t entry);
void guest_load(struct vm *vm, uint64_t gpa, struct payload p);
/* Fill the IDT of the mode with the entries of handlers.S. */
void guest_idt(struct vm *vm, enum mode mode);

/* All of it: VM with RAM_SIZE, vCPU 0 in @mode about to run the payload at G_CODE. */
/* Give TR a selector into the LDT, which VMX refuses at entry. */
void vcpu_refused_tr(struct vcpu *v);
void vm_start(struct vm *vm, struct vcpu *v, enum mode mode, struct payload p);

/* Words shared with the guest. */
#define guest_u64(vm, gpa) (*(volatile uint64_t *)((vm)->ram + (gpa)))
#define guest_u32(vm, gpa) (*(volatile uint32_t *)((vm)->ram + (gpa)))
#define guest_u8(vm, gpa)  (*(volatile uint8_t *)((vm)->ram + (gpa)))
#define guest_arg(vm, n)   guest_u64(vm, I_ARG + 8 * (n))
#define guest_out(vm, n)   guest_u64(vm, I_OUT + 8 * (n))

/* KVM_RUN once. Returns 0 or the errno. */
int vcpu_run_try(struct vcpu *v);
/* KVM_RUN until an exit, EINTR and EAGAIN aside; that exit must be @reason. */
void vcpu_run_to(struct vcpu *v, uint32_t reason);
/* The next exit must be this port access; returns the data area. */
void *vcpu_run_pio(struct vcpu *v, int direction, uint16_t port, uint8_t size, uint32_t count);
/* The next exit must be this MMIO access; for a write, returns the value. */
uint64_t vcpu_run_mmio(struct vcpu *v, bool is_write, uint64_t gpa, uint32_t len);
void mmio_reply(struct vcpu *v, uint64_t value);
/* Run to the guest's REPORT, and return the value. */
uint32_t vcpu_run_report(struct vcpu *v);
/* Run to the guest's DONE. */
void vcpu_run_done(struct vcpu *v);
/* Fail with the exit, registers and code bytes spelled out. */
void vcpu_unexpected(struct vcpu *v, const char *wanted) __attribute__((noreturn));
const char *exit_name(uint32_t reason);

/* Registers. */
struct kvm_regs vcpu_regs(struct vcpu *v);
void vcpu_set_regs(struct vcpu *v, const struct kvm_regs *regs);
struct kvm_sregs vcpu_sregs(struct vcpu *v);
void vcpu_set_sregs(struct vcpu *v, const struct kvm_sregs *sregs);
struct kvm_vcpu_events vcpu_events(struct vcpu *v);
void vcpu_set_events(struct vcpu *v, const struct kvm_vcpu_events *e);
/* One MSR. The _try forms return what the ioctl did: 1, 0 or -1. */
int vcpu_get_msr_try(struct vcpu *v, uint32_t index, uint64_t *value);
int vcpu_set_msr_try(struct vcpu *v, uint32_t index, uint64_t value);
uint64_t vcpu_get_msr(struct vcpu *v, uint32_t index);
void vcpu_set_msr(struct vcpu *v, uint32_t index, uint64_t value);
void vcpu_interrupt(struct vcpu *v, uint32_t vector);

/* Text of a small file, trimmed; returns false if it can't be read. */
bool file_read(const char *path, char *buf, size_t size);
bool file_write(const char *path, const char *text);

#endif
