/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of core/ offer one another and abi/: one block a file.
 * Everything with a vCPU argument needs vcpu->mutex unless said otherwise.
 */
#ifndef GLASSVISOR_CORE_H
#define GLASSVISOR_CORE_H

#include <asm/fpu/api.h>

#include "../vcpu.h"
#include "../x86/exception.h"

/* What an exit handler wants next. */
enum run_result {
	RUN_AGAIN, /* enter the guest again */
	RUN_RETRY, /* the same, but the instruction could not be completed: it comes again */
	RUN_USER,  /* KVM_RUN returns 0; vcpu->run is filled */
	RUN_FAIL,  /* KVM_RUN returns vcpu->run_errno */
};

/* vm.c ------------------------------------------------------------------ */
/* New VM for current->mm with one reference. ERR_PTR on failure. */
struct vm *vm_create(void);
void vm_get(struct vm *vm);
void vm_put(struct vm *vm);

/* vcpu.c ---------------------------------------------------------------- */
/* At load and unload. -ENOMEM. */
int vcpu_cache_init(void);
void vcpu_cache_exit(void);
/*
 * New vCPU, its id and place reserved, but not in the VM yet: nobody else sees
 * it before vcpu_publish(), which can't fail. -EEXIST (id taken), -EINVAL (id or
 * number out of range), -ENOMEM. Both take vm->lock.
 */
int vcpu_create(struct vm *vm, u32 id, struct vcpu **ret_vcpu);
void vcpu_publish(struct vcpu *vcpu);
/* An unpublished one whose file could not be made; or any, when its VM goes. */
void vcpu_destroy(struct vcpu *vcpu);
/* Architectural state of RESET (APM vol. 2, processor state after RESET). */
void vcpu_reset(struct vcpu *vcpu);
/* INIT: as RESET, but for what survives it. */
void vcpu_init_reset(struct vcpu *vcpu);
/* Bind to this CPU and thread / unbind. Sleeping context. */
void vcpu_load(struct vcpu *vcpu);
void vcpu_put(struct vcpu *vcpu);

/* run.c ----------------------------------------------------------------- */
/* KVM_RUN. 0, -EINTR, -EAGAIN, -EFAULT, -EIO, ... as the ABI documents. */
int run_vcpu(struct vcpu *vcpu);

/* exits.c --------------------------------------------------------------- */
enum run_result exit_dispatch(struct vcpu *vcpu, struct exit *exit);
/* Finish vcpu->user_pending with what userspace left in vcpu->run. */
enum run_result exit_complete_user(struct vcpu *vcpu);

/* event.c --------------------------------------------------------------- */
/* Queue an exception; combines with one under way into #DF or triple fault. */
void event_queue_exception(struct vcpu *vcpu, u8 vector, bool has_error_code, u32 error_code);
void event_queue_payload(struct vcpu *vcpu, u8 vector, bool has_error_code, u32 error_code,
			 u64 payload);
static inline void event_queue_gp(struct vcpu *vcpu)
{
	event_queue_exception(vcpu, 13, true, 0);
}
static inline void event_queue_ud(struct vcpu *vcpu)
{
	event_queue_exception(vcpu, 6, false, 0);
}
/* After event_prepare_entry(), when the entry did not come about. */
void event_cancel_entry(struct vcpu *vcpu);
/* After an exit: what the entry carried is gone, unless exit->vectoring gives it back. */
void event_after_exit(struct vcpu *vcpu, const struct exit *exit);
/* Forget an exception that was not begun; all that is on its way, after a shutdown. */
void event_drop_pending_exception(struct vcpu *vcpu);
void event_drop_all(struct vcpu *vcpu);
/* Shutdown, as if delivered; cleared when userspace has been told. */
void event_triple_fault(struct vcpu *vcpu);
void event_triple_fault_clear(struct vcpu *vcpu);
/* Choose and inject the next event; opens windows. False: leave for userspace (SHUTDOWN). */
bool event_prepare_slow(struct vcpu *vcpu);
static __always_inline bool event_prepare_entry(struct vcpu *vcpu)
{
	/* Nothing to deliver, nobody waits for a window, and none is open. */
	if (likely(!(vcpu->events.due | vcpu->irq_window | vcpu->nmi_window |
		     vcpu->run->request_interrupt_window)))
		return true;
	return event_prepare_slow(vcpu);
}
/* An interrupt could be taken at the next entry: IF, no shadow, nothing injected. */
bool event_irq_allowed(struct vcpu *vcpu);
/* Would a halted vCPU go on: an exception, an NMI or an interrupt that it can take? */
bool event_wakes(struct vcpu *vcpu);
/* The local APIC in the kernel was changed or got something. */
void event_lapic_changed(struct vcpu *vcpu);
bool event_nmi_allowed(struct vcpu *vcpu);
/* The interrupt shadow after an instruction was skipped (0) or emulated: SHADOW_*. */
void event_set_shadow(struct vcpu *vcpu, u8 shadow);
/* KVM_GET/SET_VCPU_EVENTS, KVM_INTERRUPT, KVM_NMI. -EINVAL, -EEXIST, -ENXIO. */
void event_get(struct vcpu *vcpu, struct kvm_vcpu_events *ret);
int event_set(struct vcpu *vcpu, const struct kvm_vcpu_events *in);
int event_user_interrupt(struct vcpu *vcpu, u32 irq);
int event_user_nmi(struct vcpu *vcpu);

/* regs.c, sregs.c ------------------------------------------------------- */
void regs_get(struct vcpu *vcpu, struct kvm_regs *ret);
void regs_set(struct vcpu *vcpu, const struct kvm_regs *in);
void sregs_get(struct vcpu *vcpu, struct kvm_sregs *ret);
int sregs_set(struct vcpu *vcpu, const struct kvm_sregs *in);
void sregs2_get(struct vcpu *vcpu, struct kvm_sregs2 *ret);
int sregs2_set(struct vcpu *vcpu, const struct kvm_sregs2 *in);
/*
 * A guest instruction writes a control register: checks, effects (mask, TLB,
 * dynamic CPUID). False: #GP is due, nothing changed.
 */
bool cr_write(struct vcpu *vcpu, u8 nr, u64 value);
u64 cr_read(struct vcpu *vcpu, u8 nr);
/* The same for EFER and XCR0; @host: by KVM_SET_MSRS, KVM_SET_XCRS. */
bool efer_write(struct vcpu *vcpu, u64 value, bool host);
bool xcr0_write(struct vcpu *vcpu, u64 value, bool host);

/*
 * KVM_CAP_SYNC_REGS (sync.c): registers in and out through vcpu->run->s.regs, as
 * kvm_dirty_regs and kvm_valid_regs ask. 0 or -EINVAL.
 */
int sync_regs_take(struct vcpu *vcpu);
void sync_regs_give(struct vcpu *vcpu);

/* debug.c --------------------------------------------------------------- */
enum dr_result {
	DR_OK,
	DR_GP,
	DR_UD,
	DR_DB, /* general detect: its #DB is queued already */
};
enum dr_result dr_write(struct vcpu *vcpu, u8 nr, u64 value);
enum dr_result dr_read(struct vcpu *vcpu, u8 nr, u64 *ret);
void debugregs_get(struct vcpu *vcpu, struct kvm_debugregs *ret);
int debugregs_set(struct vcpu *vcpu, const struct kvm_debugregs *in);

/* fpu.c ----------------------------------------------------------------- */
/* At load, before cpuid_init(): what the host saves and switches. */
void fpu_init(void);
/* XCR0 bits that guests may have; 0 without XSAVE. */
u64 fpu_xcr0_supported(void);
int fpu_create(struct vcpu *vcpu);
void fpu_destroy(struct vcpu *vcpu);
void fpu_reset(struct vcpu *vcpu);
/* Make the guest's FPU state the thread's, around KVM_RUN's loop, and back. May sleep. */
void fpu_enter(struct vcpu *vcpu);
void fpu_leave(struct vcpu *vcpu);
/* Recompute vcpu->fpu_switch: CR4 or XCR0 changed. */
void fpu_switch_update(struct vcpu *vcpu);
void fpu_switch_enter(struct vcpu *vcpu);
void fpu_switch_leave(struct vcpu *vcpu);
/*
 * Entry context, before anything is made ready for the guest: its FPU state is
 * in the registers, not in memory after this thread was scheduled out.
 */
static __always_inline void fpu_guest_regs_load(void)
{
	if (unlikely(test_thread_flag(TIF_NEED_FPU_LOAD)))
		switch_fpu_return();
}
/* XCR0, XSS and PKRU around each entry, where the guest's differ; entry context. */
static __always_inline void fpu_guest_xcr0_load(struct vcpu *vcpu)
{
	fpu_guest_regs_load();
	if (unlikely(vcpu->fpu_switch))
		fpu_switch_enter(vcpu);
}
static __always_inline void fpu_host_xcr0_load(struct vcpu *vcpu)
{
	if (unlikely(vcpu->fpu_switch))
		fpu_switch_leave(vcpu);
}
/* KVM_GET/SET_FPU. -ENOMEM, -EINVAL (MXCSR). */
int fpu_get(struct vcpu *vcpu, struct kvm_fpu *ret);
int fpu_set(struct vcpu *vcpu, const struct kvm_fpu *in);
/*
 * KVM_GET/SET_XSAVE(2). Both buffers: fpu_xsave2_size() bytes, at least those
 * 4096 of struct kvm_xsave. -EINVAL: header or MXCSR.
 */
void fpu_xsave_get(struct vcpu *vcpu, void *buf, u32 size);
int fpu_xsave_set(struct vcpu *vcpu, const void *buf);
/* Answers of KVM_CAP_XSAVE2 (bytes) and KVM_CAP_XCRS. */
u32 fpu_xsave2_size(struct vm *vm);
int fpu_cap_xcrs(struct vm *vm);
void fpu_xcrs_get(struct vcpu *vcpu, struct kvm_xcrs *ret);
int fpu_xcrs_set(struct vcpu *vcpu, const struct kvm_xcrs *in);
/* Emulator: vector register @nr, @len 8, 16 or 32 bytes. Guest FPU loaded. */
void fpu_vec_read(struct vcpu *vcpu, u8 nr, void *buf, u8 len);
void fpu_vec_write(struct vcpu *vcpu, u8 nr, const void *buf, u8 len, bool zero_upper);
/* MMX register @nr, 8 bytes. */
void fpu_mmx_read(struct vcpu *vcpu, u8 nr, void *buf);
void fpu_mmx_write(struct vcpu *vcpu, u8 nr, const void *buf);

/* msr.c ----------------------------------------------------------------- */
enum msr_result { MSR_OK, MSR_GP, MSR_USER };
int msr_init(void); /* at load: which of the known MSRs this machine has */
/* RDMSR and WRMSR of the guest: filter, then value. MSR_USER: vcpu->run is filled. */
enum msr_result msr_guest_read(struct vcpu *vcpu, u32 index, u64 *ret);
enum msr_result msr_guest_write(struct vcpu *vcpu, u32 index, u64 value);
/* Userspace's own access (KVM_GET/SET_MSRS, sync regs). 0 or -EINVAL. */
int msr_host_read(struct vcpu *vcpu, u32 index, u64 *ret);
int msr_host_write(struct vcpu *vcpu, u32 index, u64 value);
int msr_feature_read(u32 index, u64 *ret);
u32 msr_index_list(const u32 **ret_list);
u32 msr_feature_list(const u32 **ret_list);
/* MSRs after RESET, and what INIT resets of them; those in vcpu->st come with the state. */
void msr_reset(struct vcpu *vcpu);
void msr_init_reset(struct vcpu *vcpu);

/* msr_filter.c ----------------------------------------------------------- */
/* KVM_X86_SET_MSR_FILTER; bitmaps are in user memory. Takes vm->lock, waits for readers. */
int msr_filter_set(struct vm *vm, const struct kvm_msr_filter *filter);
void msr_filter_destroy(struct vm *vm);
/* REQ_MSR_FILTER: passed-through MSRs exit where the filter refuses them. */
void msr_filter_refresh(struct vcpu *vcpu);
bool msr_filter_asks(struct vcpu *vcpu, u32 index, bool write);
/* May the guest make this access? Enters SRCU, and only if there is a filter. */
static __always_inline bool msr_filter_passes(struct vcpu *vcpu, u32 index, bool write)
{
	return !rcu_access_pointer(vcpu->vm->msr_filter) || msr_filter_asks(vcpu, index, write);
}

/* perf.c ---------------------------------------------------------------- */
/* At load and unload: attribute perf's samples to guests. */
void perf_init(void);
void perf_exit(void);
/* The vCPU whose run a sample on this CPU may belong to. */
DECLARE_PER_CPU(struct vcpu *, perf_vcpu);

/* iobus.c --------------------------------------------------------------- */
/* The VM has, or had, something that the kernel answers itself. */
static __always_inline bool iobus_used(const struct vcpu *vcpu)
{
	return unlikely(smp_load_acquire(&vcpu->vm->iobus_used));
}
/*
 * An access that the kernel answers itself; false: it is userspace's. @data: @len bytes.
 * vCPU thread; nothing that irqchip->lock or iobus_lock covers may be held.
 */
bool iobus_pio(struct vcpu *vcpu, u16 port, unsigned int len, bool write, void *data);
bool iobus_mmio(struct vcpu *vcpu, gpa_t gpa, unsigned int len, bool write, void *data);

/* ioeventfd.c ------------------------------------------------------------ */
/*
 * KVM_IOEVENTFD, both ways. Takes vm->iobus_lock; deassigning waits for readers. -EINVAL (flags,
 * length, overflow, no eventfd), -EBADF, -EEXIST (a write would signal two), -ENOENT, -ENOSPC,
 * -ENOMEM.
 */
int ioeventfd_set(struct vm *vm, const struct kvm_ioeventfd *args);
/* The guest writes: was there an eventfd to signal? Any context but NMI. */
bool ioeventfd_write(struct vcpu *vcpu, enum iobus bus, u64 addr, unsigned int len,
		     const void *data);
/* No vCPU runs any more. */
void ioeventfd_destroy(struct vm *vm);

/* coalesced.c ------------------------------------------------------------ */
/* With the VM: the ring, without zones. -ENOMEM. */
int coalesced_create(struct vm *vm);
void coalesced_destroy(struct vm *vm);
/* KVM_(UN)REGISTER_COALESCED_MMIO. Takes vm->iobus_lock. -EINVAL, -ENOSPC, -ENOMEM. */
int coalesced_set_zone(struct vm *vm, const struct kvm_coalesced_mmio_zone *args, bool add);
/* The guest writes: is it in the ring now? Process context, no lock needed. */
bool coalesced_write(struct vm *vm, enum iobus bus, u64 addr, unsigned int len, const void *data);
/* The ring's page, for mapping; the VM's for as long as that lives. */
struct page *coalesced_page(struct vm *vm);

/* exits.c: HLT was executed; RIP is behind it. */
enum run_result exit_halted(struct vcpu *vcpu);

/* halt.c ---------------------------------------------------------------- */
/* mp_state is not RUNNABLE: wait until there is something to do. 0, or -EINTR. */
int halt_wait(struct vcpu *vcpu);
/* An NMI that came to the local APIC is pending now. */
void halt_take_nmi(struct vcpu *vcpu);
/* INIT, SIPI and NMI that came to the local APIC. */
void halt_take_events(struct vcpu *vcpu);

/* freeze.c -------------------------------------------------------------- */
#define REQ_FREEZE_ANY (BIT(REQ_FREEZE) | BIT(REQ_FREEZE_ASKED))
/* For these requests, which it clears; account.freeze_cause says why. May sleep. */
void freeze_recorder(struct vcpu *vcpu);

/* mce.c ------------------------------------------------------------------ */
/* KVM_X86_SETUP_MCE, KVM_X86_SET_MCE. 0 or -EINVAL. */
int mce_setup(struct vcpu *vcpu, u64 mcg_cap);
int mce_inject(struct vcpu *vcpu, const struct kvm_x86_mce *mce);

/* cpuid.c --------------------------------------------------------------- */
int cpuid_init(void); /* at load: host facts */
/* Fill up to max entries; -E2BIG with *ret_n = needed. */
int cpuid_supported(struct kvm_cpuid_entry2 *ret, u32 max, u32 *ret_n);
int cpuid_emulated(struct kvm_cpuid_entry2 *ret, u32 max, u32 *ret_n);
int cpuid_set(struct vcpu *vcpu, const struct kvm_cpuid_entry2 *entries, u32 n);
/* The guest's CPUID instruction: registers and kvm_cpuid. The caller skips it. */
void cpuid_guest(struct vcpu *vcpu);
/* A new table, or none: caps, dynamic bits, and tell the back end. */
void cpuid_refresh(struct vcpu *vcpu);
/* CR4, XCR0 or APIC_BASE changed: bits that follow them, and fpu_switch. */
void cpuid_dynamic(struct vcpu *vcpu);
/* What a vCPU without a table may use: all that is supported. Constant after load. */
const struct cpuid_guest_caps *cpuid_default_caps(void);

/* time.c ---------------------------------------------------------------- */
/* At load. -ENODEV: the kernel does not know the TSC's rate. */
int time_host_init(void);
void time_vm_init(struct vm *vm);
void time_vcpu_init(struct vcpu *vcpu);
/* The vCPU was loaded on a CPU; inlined test, for it is called on every KVM_RUN. */
void time_vcpu_moved(struct vcpu *vcpu, int cpu);
static __always_inline void time_vcpu_load(struct vcpu *vcpu, int cpu)
{
	if (unlikely(vcpu->kvmclock_cpu != cpu))
		time_vcpu_moved(vcpu, cpu);
}
u64 time_guest_tsc(struct vcpu *vcpu);
/* host: from KVM_SET_MSRS; else by the guest's WRMSR. */
void time_tsc_write(struct vcpu *vcpu, u64 value, bool host);
void time_tsc_adjust_write(struct vcpu *vcpu, u64 value, bool host);
/* KVM_VCPU_TSC_OFFSET: guest TSC - scaled host TSC. */
void time_tsc_offset_write(struct vcpu *vcpu, u64 offset);
/*
 * KVM_SET_TSC_KHZ on a vCPU, and on a VM for vCPUs to come. 0: the host's rate. -EINVAL for others
 * than that where the hardware does not scale, or not so far.
 */
int time_tsc_khz_set(struct vcpu *vcpu, u32 khz);
int time_vm_tsc_khz_set(struct vm *vm, u64 khz);
void time_kvmclock_write(struct vcpu *vcpu, u64 value);
/* By the guest: writes the structure in its memory; by userspace: keeps the number. */
void time_wall_clock_write(struct vcpu *vcpu, u64 value, bool host);
/* REQ_CLOCK_UPDATE: write the pvclock page. SRCU held. */
void time_kvmclock_update(struct vcpu *vcpu);
/* Flags that KVM_GET_CLOCK returns now. */
int time_clock_flags(void);
void time_clock_get(struct vm *vm, struct kvm_clock_data *ret);
int time_clock_set(struct vm *vm, const struct kvm_clock_data *in);
/* KVM_KVMCLOCK_CTRL. -EINVAL: the guest has no kvmclock on. */
int time_kvmclock_ctrl(struct vcpu *vcpu);

/* emulate.c ------------------------------------------------------------- */
/* Advance RIP over the exiting instruction; fetches and decodes if it must. */
enum run_result emulate_skip(struct vcpu *vcpu, struct exit *exit);
/* Is the instruction at RIP the other vendor's hypercall? It is #UD on this one's CPUs. */
bool emulate_at_hypercall(struct vcpu *vcpu, const struct exit *exit);
/*
 * The exiting instruction is over and the next is at @next_rip: wraps it to the
 * code size, ends the interrupt shadow and RF, raises the trap of RFLAGS.TF.
 */
void emulate_advance(struct vcpu *vcpu, const struct exit *exit, u64 next_rip);
/* Emulate the instruction at RIP. gpa: where a fault happened, or GPA_INVALID. */
enum run_result emulate_insn(struct vcpu *vcpu, gpa_t gpa);
/* Userspace has done the pending access: go on with the same instruction. */
enum run_result emulate_resume(struct vcpu *vcpu);

#endif /* GLASSVISOR_CORE_H */
