/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One small handler per kind of exit, in a table by kind. A handler returns
 * RUN_AGAIN (enter again), RUN_USER (vcpu->run is filled) or RUN_FAIL
 * (vcpu->run_errno is set).
 *
 * Writes that go to userspace are over when KVM_RUN returns (RIP has moved
 * on); reads are finished by exit_complete_user() on the next KVM_RUN, as
 * vcpu->user_pending says. If userspace moved RIP in between, what was pending
 * is dropped: it belongs to an instruction that no longer runs.
 */
#include <linux/kvm.h>
#include <linux/kvm_para.h>
#include <linux/nospec.h>
#include <asm/cpu.h>
#include <asm/cpufeature.h>

#include "../arch/ops.h"
#include "../irq/irqchip.h"
#include "../mem/mem.h"
#include "../mmu/mmu.h"
#include "../stat/account.h"
#include "../stat/stat.h"
#include "../trace/emul.h"
#include "../trace/vcpu.h"
#include "../trace/mmu.h"
#include "core.h"
#include "pv.h"
#include "state.h"

/* ---- helpers ------------------------------------------------------------ */

static u32 gpr32(const struct vcpu *vcpu, enum gpr_index reg)
{
	return (u32)vcpu->gpr[reg];
}

static enum run_result internal_error(struct vcpu *vcpu, u32 suberror, u64 data0, u64 data1)
{
	struct kvm_run *run = vcpu->run;

	run->exit_reason = KVM_EXIT_INTERNAL_ERROR;
	run->internal.suberror = suberror;
	run->internal.ndata = 2;
	run->internal.data[0] = data0;
	run->internal.data[1] = data1;
	account_freeze(vcpu, FREEZE_INTERNAL_ERROR);
	return RUN_USER;
}

static enum run_result fail(struct vcpu *vcpu, int err)
{
	vcpu->run_errno = err;
	return RUN_FAIL;
}

static enum run_result inject_gp(struct vcpu *vcpu)
{
	event_queue_gp(vcpu);
	return RUN_AGAIN;
}

/* ---- instructions -------------------------------------------------------- */

static enum run_result exit_cpuid(struct vcpu *vcpu, struct exit *exit)
{
	enum run_result res = emulate_skip(vcpu, exit);

	stat_inc(vcpu, cpuid_exits);
	if (likely(res == RUN_AGAIN))
		cpuid_guest(vcpu);
	return res;
}

/* HLT was executed. With the local APIC in here the vCPU waits here, otherwise in userspace. */
enum run_result exit_halted(struct vcpu *vcpu)
{
	if (event_wakes(vcpu) || vcpu->pv_unhalted) {
		vcpu->pv_unhalted = false;
		return RUN_AGAIN; /* what is due wakes the CPU before it sleeps */
	}
	if (lapic_in_kernel(vcpu)) {
		vcpu->mp_state = KVM_MP_STATE_HALTED;
		return RUN_AGAIN;
	}
	vcpu->run->exit_reason = KVM_EXIT_HLT;
	return RUN_USER;
}

static enum run_result exit_hlt(struct vcpu *vcpu, struct exit *exit)
{
	enum run_result res = emulate_skip(vcpu, exit);

	stat_inc(vcpu, halt_exits);
	if (res != RUN_AGAIN)
		return res;
	return exit_halted(vcpu);
}

static enum run_result msr_done(struct vcpu *vcpu, bool write, u32 index, u64 value,
				enum msr_result res)
{
	switch (res) {
	case MSR_OK:
		trace_kvm_msr(vcpu, write, index, value, false);
		if (!write)
			vcpu_set_edx_eax(vcpu, value);
		return emulate_skip(vcpu, &vcpu->exit);
	case MSR_USER:
		vcpu->user_pending = write ? USER_WRMSR : USER_RDMSR;
		vcpu->pio_rip = vcpu->rip;
		return RUN_USER;
	case MSR_GP:
		break;
	}
	trace_kvm_msr(vcpu, write, index, value, true);
	return inject_gp(vcpu);
}

static enum run_result exit_msr(struct vcpu *vcpu, struct exit *exit)
{
	u32 index = gpr32(vcpu, GPR_RCX);
	bool write = exit->flags & RECORD_WRITE;
	u64 value = 0;
	enum msr_result res;

	stat_inc(vcpu, msr_exits);
	if (write) {
		value = vcpu_edx_eax(vcpu);
		res = msr_guest_write(vcpu, index, value);
	} else {
		res = msr_guest_read(vcpu, index, &value);
	}
	return msr_done(vcpu, write, index, value, res);
}

static enum run_result exit_xsetbv(struct vcpu *vcpu, struct exit *exit)
{
	if (gpr32(vcpu, GPR_RCX) != 0 || exit->cpl != 0 ||
	    !xcr0_write(vcpu, vcpu_edx_eax(vcpu), false))
		return inject_gp(vcpu);
	return emulate_skip(vcpu, exit);
}

/* No counters are offered: every index is out of range. */
static enum run_result exit_rdpmc(struct vcpu *vcpu, struct exit *exit)
{
	return inject_gp(vcpu);
}

/* Skipped without effect: the guest has no device that snoops badly. */
static enum run_result exit_nop(struct vcpu *vcpu, struct exit *exit)
{
	return emulate_skip(vcpu, exit);
}

static enum run_result exit_ud(struct vcpu *vcpu, struct exit *exit)
{
	event_queue_ud(vcpu);
	return RUN_AGAIN;
}

static enum run_result exit_invlpg(struct vcpu *vcpu, struct exit *exit)
{
	vcpu_tlb_flush(vcpu);
	return emulate_skip(vcpu, exit);
}

/* Hypercalls (Linux, Documentation/virt/kvm/x86/hypercalls.rst): for ring 0 only. */
static enum run_result exit_hypercall(struct vcpu *vcpu, struct exit *exit)
{
	u64 mask = exit->cs_mode == EMUL_MODE_64 ? U64_MAX : U32_MAX;
	u64 nr = vcpu->gpr[GPR_RAX] & mask;
	u64 arg[4] = {vcpu->gpr[GPR_RBX] & mask, vcpu->gpr[GPR_RCX] & mask,
		      vcpu->gpr[GPR_RDX] & mask, vcpu->gpr[GPR_RSI] & mask};
	s64 ret = -KVM_EPERM;
	enum run_result res;

	stat_inc(vcpu, hypercalls);
	trace_kvm_hypercall(vcpu, nr, arg[0], arg[1], arg[2], arg[3]);
	if (!exit->cpl)
		ret = pv_hypercall(vcpu, nr, arg, exit->cs_mode == EMUL_MODE_64);
	res = emulate_skip(vcpu, exit);
	if (res == RUN_AGAIN)
		vcpu->gpr[GPR_RAX] = (u64)ret & mask;
	return res;
}

/* ---- control and debug registers ------------------------------------------ */

static enum run_result lowered_cr8(struct vcpu *vcpu, u8 before)
{
	if (vcpu->tpr >= before || lapic_in_kernel(vcpu))
		return RUN_AGAIN;
	/* Userspace's LAPIC may hold an interrupt that the lower TPR lets through. */
	vcpu->run->exit_reason = KVM_EXIT_SET_TPR;
	return RUN_USER;
}

static enum run_result exit_cr(struct vcpu *vcpu, struct exit *exit)
{
	u8 tpr = vcpu->tpr;
	u8 nr = exit->cr.nr;
	enum run_result res;

	stat_inc(vcpu, cr_exits);
	if (!exit->cr.decoded) {
		res = emulate_insn(vcpu, GPA_INVALID);
		if (!(exit->flags & RECORD_WRITE) && res == RUN_AGAIN && trace_kvm_cr_enabled())
			trace_kvm_cr(vcpu, false, nr, cr_read(vcpu, nr));
	} else if (exit->flags & RECORD_WRITE) {
		u64 value = vcpu->gpr[exit->cr.gpr & 15];

		trace_kvm_cr(vcpu, true, nr, value);
		if (!cr_write(vcpu, nr, value))
			return inject_gp(vcpu);
		res = emulate_skip(vcpu, exit);
	} else {
		vcpu->gpr[exit->cr.gpr & 15] = cr_read(vcpu, nr);
		trace_kvm_cr(vcpu, false, nr, vcpu->gpr[exit->cr.gpr & 15]);
		res = emulate_skip(vcpu, exit);
	}
	if (nr == 8 && res == RUN_AGAIN)
		return lowered_cr8(vcpu, tpr);
	return res;
}

static enum run_result dr_fault(struct vcpu *vcpu, enum dr_result err)
{
	if (err == DR_UD)
		event_queue_ud(vcpu);
	else if (err == DR_GP)
		event_queue_gp(vcpu);
	return RUN_AGAIN;
}

static enum run_result exit_dr(struct vcpu *vcpu, struct exit *exit)
{
	enum dr_result err;
	u64 value;

	stat_inc(vcpu, dr_exits);
	if (!exit->cr.decoded)
		return emulate_insn(vcpu, GPA_INVALID);
	if (exit->flags & RECORD_WRITE) {
		err = dr_write(vcpu, exit->cr.nr, vcpu->gpr[exit->cr.gpr & 15]);
	} else {
		err = dr_read(vcpu, exit->cr.nr, &value);
		if (err == DR_OK)
			vcpu->gpr[exit->cr.gpr & 15] = value;
	}
	return err == DR_OK ? emulate_skip(vcpu, exit) : dr_fault(vcpu, err);
}

/* ---- ports ------------------------------------------------------------------ */

static void fill_io(struct vcpu *vcpu, u8 direction, u16 port, u8 size)
{
	struct kvm_run *run = vcpu->run;

	run->exit_reason = KVM_EXIT_IO;
	run->io.direction = direction;
	run->io.size = size;
	run->io.port = port;
	run->io.count = 1;
	run->io.data_offset = PAGE_SIZE;
}

static enum run_result complete_pio_in(struct vcpu *vcpu)
{
	u64 *rax = &vcpu->gpr[GPR_RAX];

	trace_kvm_pio(vcpu, false, vcpu->exit.io.port, vcpu->pio_size, 1, vcpu->pio_data);
	switch (vcpu->pio_size) {
	case 1:
		*rax = (*rax & ~0xffULL) | READ_ONCE(vcpu->pio_data[0]);
		break;
	case 2:
		*rax = (*rax & ~0xffffULL) | READ_ONCE(*(u16 *)vcpu->pio_data);
		break;
	default:
		*rax = READ_ONCE(*(u32 *)vcpu->pio_data); /* clears the upper half */
		break;
	}
	emulate_advance(vcpu, &vcpu->exit, vcpu->pio_next_rip);
	return RUN_AGAIN;
}

static enum run_result exit_io(struct vcpu *vcpu, struct exit *exit)
{
	u8 size = exit->io.size;

	stat_inc(vcpu, io_exits);
	if (exit->io.string || unlikely(!exit->io.next_rip))
		return emulate_insn(vcpu, GPA_INVALID);
	if (exit->io.in) {
		vcpu->pio_size = size;
		vcpu->pio_next_rip = exit->io.next_rip;
		if (iobus_used(vcpu) && iobus_pio(vcpu, exit->io.port, size, false, vcpu->pio_data))
			return complete_pio_in(vcpu);
		fill_io(vcpu, KVM_EXIT_IO_IN, exit->io.port, size);
		vcpu->user_pending = USER_PIO_IN;
		vcpu->pio_rip = vcpu->rip;
		return RUN_USER;
	}
	memcpy(vcpu->pio_data, &vcpu->gpr[GPR_RAX], sizeof(u32));
	if (iobus_used(vcpu) && iobus_pio(vcpu, exit->io.port, size, true, vcpu->pio_data)) {
		trace_kvm_pio(vcpu, true, exit->io.port, size, 1, vcpu->pio_data);
		emulate_advance(vcpu, exit, exit->io.next_rip);
		return RUN_AGAIN;
	}
	trace_kvm_pio(vcpu, true, exit->io.port, size, 1, vcpu->pio_data);
	fill_io(vcpu, KVM_EXIT_IO_OUT, exit->io.port, size);
	emulate_advance(vcpu, exit, exit->io.next_rip);
	return RUN_USER;
}

/* ---- memory ----------------------------------------------------------------- */

static enum run_result emulate_mmio(struct vcpu *vcpu, struct exit *exit)
{
	/*
	 * An event whose delivery faulted on what is no memory can't be emulated:
	 * the access belongs to no instruction.
	 */
	if (exit->vectoring.type != EVENT_NONE)
		return internal_error(vcpu, KVM_INTERNAL_ERROR_DELIVERY_EV, exit->vectoring.vector,
				      exit->hw_reason);
	return emulate_insn(vcpu, exit->mmu.access & MMU_ACCESS_WALK ? GPA_INVALID : exit->mmu.gpa);
}

/* No kvm_page_fault, as with stock KVM: nothing is to be mapped, and there is no error code. */
static noinline enum run_result exit_marked(struct vcpu *vcpu, struct exit *exit)
{
	mmu_fault_marked(vcpu, exit->mmu.gpa, exit->mmu.access);
	return emulate_mmio(vcpu, exit);
}

static enum run_result exit_mmu_fault(struct vcpu *vcpu, struct exit *exit)
{
	enum mmu_fault_result res;
	int idx;

	if (exit->mmu.access & MMU_ACCESS_MARK)
		return exit_marked(vcpu, exit);
	if (trace_kvm_page_fault_enabled())
		trace_kvm_page_fault(vcpu, exit->mmu.gpa, exit->info1);
	idx = mem_enter(vcpu->vm);
	res = mmu_fault(vcpu, exit->mmu.gpa, exit->mmu.access);
	mem_leave(vcpu->vm, idx);
	switch (res) {
	case MMU_FIXED:
	case MMU_RETRY:
		return RUN_AGAIN;
	case MMU_BAD_HOST:
		return fail(vcpu, -EFAULT);
	case MMU_MMIO:
		break;
	}
	return emulate_mmio(vcpu, exit);
}

/* ---- events ------------------------------------------------------------------ */

/*
 * A host that detects split locks makes #AC of those of its guests, too, which know nothing of
 * that: what becomes of them is the host's policy.
 */
static bool is_split_lock(struct vcpu *vcpu, const struct exit *exit)
{
	bool checks = exit->cpl == 3 && (vcpu->rflags & X86_EFLAGS_AC) &&
		      (vcpu_state(vcpu, STATE_CR)->cr0 & X86_CR0_AM);

	return !checks && boot_cpu_has(X86_FEATURE_SPLIT_LOCK_DETECT);
}

static enum run_result exit_split_lock(struct vcpu *vcpu, const struct exit *exit)
{
	struct kvm_run *run = vcpu->run;

	/* True: warned, or made slow, and now allowed for this thread. */
	if (handle_guest_split_lock(vcpu->rip))
		return RUN_AGAIN;
	run->exit_reason = KVM_EXIT_EXCEPTION;
	run->ex.exception = EXC_AC;
	run->ex.error_code = exit->exception.error_code;
	return RUN_USER;
}

static enum run_result exit_exception(struct vcpu *vcpu, struct exit *exit)
{
	u8 vector = exit->exception.vector;

	stat_inc(vcpu, exception_exits);
	if (vector == EXC_AC && is_split_lock(vcpu, exit))
		return exit_split_lock(vcpu, exit);
	/* INT1: a trap, and so RIP is behind it. */
	if (vector == EXC_DB && exit->insn_len) {
		vcpu->rip += exit->insn_len;
		if (exit->cs_mode != EMUL_MODE_64)
			vcpu->rip = (u32)vcpu->rip;
	}
	/* A guest that was made for the other vendor's CPUs, or comes from one, has its hypercall. */
	if (vector == EXC_UD && emulate_at_hypercall(vcpu, exit))
		return exit_hypercall(vcpu, exit);
	if (vector == EXC_DB || vector == EXC_PF)
		event_queue_payload(vcpu, vector, exit->exception.has_error_code,
				    exit->exception.error_code, exit->exception.payload);
	else
		event_queue_exception(vcpu, vector, exit->exception.has_error_code,
				      exit->exception.error_code);
	return RUN_AGAIN;
}

/* The entry path closes the window itself when it finds nothing left to wait for. */
static enum run_result exit_irq_window(struct vcpu *vcpu, struct exit *exit)
{
	stat_inc(vcpu, irq_window_exits);
	return RUN_AGAIN;
}

static enum run_result exit_nmi_window(struct vcpu *vcpu, struct exit *exit)
{
	stat_inc(vcpu, nmi_window_exits);
	return RUN_AGAIN;
}

/* The local APIC's timer, where the hardware ends the guest's run for it. */
static enum run_result exit_timer(struct vcpu *vcpu, struct exit *exit)
{
	if (vcpu->lapic)
		lapic_dev_deadline_came(vcpu);
	return RUN_AGAIN;
}

static enum run_result exit_eoi(struct vcpu *vcpu, struct exit *exit)
{
	if (vcpu->lapic)
		lapic_dev_ended(vcpu, exit->eoi.vector);
	return RUN_AGAIN;
}

static enum run_result exit_apic_write(struct vcpu *vcpu, struct exit *exit)
{
	if (vcpu->lapic)
		lapic_dev_icr_written(vcpu);
	return RUN_AGAIN;
}

/* What was being delivered when the CPU shut down is lost with it. */
static enum run_result exit_triple_fault(struct vcpu *vcpu, struct exit *exit)
{
	event_drop_all(vcpu);
	vcpu->run->exit_reason = KVM_EXIT_SHUTDOWN;
	account_freeze(vcpu, FREEZE_TRIPLE_FAULT);
	return RUN_USER;
}

/* Hardware task switches need the emulator's task-switch family, which is not there yet. */
static enum run_result exit_task_switch(struct vcpu *vcpu, struct exit *exit)
{
	stat_inc(vcpu, insn_emulation_fail);
	return internal_error(vcpu, KVM_INTERNAL_ERROR_EMULATION, exit->hw_reason,
			      exit->task.selector);
}

static enum run_result exit_emulate(struct vcpu *vcpu, struct exit *exit)
{
	return emulate_insn(vcpu, GPA_INVALID);
}

static enum run_result exit_entry_failed(struct vcpu *vcpu, struct exit *exit)
{
	struct kvm_run *run = vcpu->run;

	run->exit_reason = KVM_EXIT_FAIL_ENTRY;
	run->fail_entry.hardware_entry_failure_reason = exit->failed.hw_code;
	run->fail_entry.cpu = raw_smp_processor_id();
	account_freeze(vcpu, FREEZE_ENTRY_FAILED);
	return RUN_USER;
}

static enum run_result exit_unknown(struct vcpu *vcpu, struct exit *exit)
{
	return internal_error(vcpu, KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON, exit->hw_reason,
			      raw_smp_processor_id());
}

static enum run_result exit_none(struct vcpu *vcpu, struct exit *exit)
{
	return RUN_AGAIN;
}

/* ---- dispatch ----------------------------------------------------------------- */

static enum run_result (*const handlers[EXIT_KIND_COUNT])(struct vcpu *, struct exit *) = {
	[EXIT_NONE] = exit_none,
	[EXIT_HOST_INTR] = exit_none,
	[EXIT_CPUID] = exit_cpuid,
	[EXIT_HLT] = exit_hlt,
	[EXIT_IO] = exit_io,
	[EXIT_MSR] = exit_msr,
	[EXIT_CR] = exit_cr,
	[EXIT_DR] = exit_dr,
	[EXIT_MMU_FAULT] = exit_mmu_fault,
	[EXIT_EXCEPTION] = exit_exception,
	[EXIT_IRQ_WINDOW] = exit_irq_window,
	[EXIT_NMI_WINDOW] = exit_nmi_window,
	[EXIT_HYPERCALL] = exit_hypercall,
	[EXIT_XSETBV] = exit_xsetbv,
	[EXIT_RDPMC] = exit_rdpmc,
	[EXIT_INVLPG] = exit_invlpg,
	[EXIT_WBINVD] = exit_nop,
	[EXIT_NOP] = exit_nop,
	[EXIT_UD] = exit_ud,
	[EXIT_TASK_SWITCH] = exit_task_switch,
	[EXIT_TRIPLE_FAULT] = exit_triple_fault,
	[EXIT_EMULATE] = exit_emulate,
	[EXIT_ENTRY_FAILED] = exit_entry_failed,
	[EXIT_UNKNOWN] = exit_unknown,
	[EXIT_TIMER] = exit_timer,
	[EXIT_EOI] = exit_eoi,
	[EXIT_APIC_WRITE] = exit_apic_write,
	[EXIT_LOG_FULL] = exit_none, /* the log was taken right after the exit */
};

enum run_result exit_dispatch(struct vcpu *vcpu, struct exit *exit)
{
	u32 kind = exit->kind;

	if (WARN_ON_ONCE(kind >= EXIT_KIND_COUNT))
		return exit_unknown(vcpu, exit);
	/* Direct calls for the commonest: cheaper than a table behind a retpoline. */
	if (kind == EXIT_IO)
		return exit_io(vcpu, exit);
	if (kind == EXIT_MSR)
		return exit_msr(vcpu, exit);
	if (kind == EXIT_MMU_FAULT)
		return exit_mmu_fault(vcpu, exit);
	return handlers[kind](vcpu, exit);
}

/* ---- the second half, on the next KVM_RUN ---------------------------------------- */

static enum run_result complete_msr(struct vcpu *vcpu, bool write)
{
	struct kvm_run *run = vcpu->run;

	if (READ_ONCE(run->msr.error))
		return inject_gp(vcpu);
	return msr_done(vcpu, write, gpr32(vcpu, GPR_RCX),
			write ? vcpu_edx_eax(vcpu) : READ_ONCE(run->msr.data), MSR_OK);
}

enum run_result exit_complete_user(struct vcpu *vcpu)
{
	u8 pending = vcpu->user_pending;

	vcpu->user_pending = USER_NONE;
	if (vcpu->rip != vcpu->pio_rip)
		return RUN_AGAIN;
	switch (pending) {
	case USER_PIO_IN:
		return complete_pio_in(vcpu);
	case USER_EMUL:
		return emulate_resume(vcpu);
	case USER_RDMSR:
		return complete_msr(vcpu, false);
	case USER_WRMSR:
		return complete_msr(vcpu, true);
	default:
		return RUN_AGAIN;
	}
}
