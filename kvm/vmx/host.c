/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host's state around guests (SDM vol. 3, "Loading host state").
 *
 * An exit loads from the VMCS what the kernel needs to run. It leaves other
 * things behind that only user mode, or another thread, would miss: null
 * selectors in DS, ES, FS and GS, no LDT, limits of GDT and TSS that are too
 * large or too small; DEBUGCTL is cleared (enter.c). And the CPU keeps the guest's
 * KERNEL_GS_BASE, which in the kernel is the thread's own GS base. All this is
 * saved before the first entry after vcpu_load, and put right at vcpu_put:
 * most runs of a vCPU have many entries.
 *
 * STAR, LSTAR and SFMASK matter only to SYSCALL, and so to the host only when
 * this CPU goes to user mode: they stay the guest's even beyond vcpu_put, until
 * the kernel says that it does (user-return notifier).
 *
 * CR3 and CR4 can change while the vCPU is loaded: enter.c looks each time.
 *
 * Locks: preemption off; entry context where said.
 */
#include <linux/mm_types.h>
#include <linux/sched.h>
#include <asm/cpufeature.h>
#include <asm/debugreg.h>
#include <asm/desc.h>
#include <asm/fsgsbase.h>
#include <asm/msr.h>
#include <asm/perf_event.h>
#include <asm/segment.h>
#include <asm/special_insns.h>

#include "vmx.h"

static const u32 syscall_msr[VMX_SYSCALL_MSRS] = {
	[VMX_STAR] = MSR_STAR,
	[VMX_LSTAR] = MSR_LSTAR,
	[VMX_SFMASK] = MSR_SYSCALL_MASK,
};

/* ---- a CPU ---------------------------------------------------------------- */

static u64 tss_base(void)
{
	struct ldttss_desc tss;

	memcpy(&tss, get_current_gdt_ro() + GDT_ENTRY_TSS, sizeof(tss));
	return tss.base0 | (u64)tss.base1 << 16 | (u64)tss.base2 << 24 | (u64)tss.base3 << 32;
}

static void syscall_restore(struct vmx_cpu *cpu)
{
	unsigned int i;

	for (i = 0; i < VMX_SYSCALL_MSRS; i++) {
		if (cpu->syscall[i] == cpu->syscall_host[i])
			continue;
		cpu->syscall[i] = cpu->syscall_host[i];
		wrmsrl(syscall_msr[i], cpu->syscall_host[i]);
	}
	cpu->to_user_on = false;
	user_return_notifier_unregister(&cpu->to_user);
}

/* Interrupts off: a reboot may switch this CPU off by one. */
static void to_user(struct user_return_notifier *notifier)
{
	struct vmx_cpu *cpu = container_of(notifier, struct vmx_cpu, to_user);
	unsigned long flags;

	local_irq_save(flags);
	if (cpu->to_user_on)
		syscall_restore(cpu);
	local_irq_restore(flags);
}

void vmx_host_cpu_init(struct vmx_cpu *cpu)
{
	struct desc_ptr idt;
	unsigned int i;
	u64 value;

	for (i = 0; i < VMX_SYSCALL_MSRS; i++) {
		rdmsrl(syscall_msr[i], cpu->syscall_host[i]);
		cpu->syscall[i] = cpu->syscall_host[i];
	}
	cpu->to_user.on_user_return = to_user;
	cpu->to_user_on = false;
	if (vmx_hw.tsc_aux) {
		rdmsrl(MSR_TSC_AUX, value);
		cpu->tsc_aux = cpu->tsc_aux_host = value;
	}
	store_idt(&idt);
	cpu->idt_base = idt.address;
	cpu->gdt_base = (unsigned long)get_current_gdt_ro();
	cpu->tr_base = tss_base();
	rdmsrl(MSR_GS_BASE, cpu->gs_base);
	rdmsrl(MSR_IA32_SYSENTER_CS, value);
	cpu->sysenter_cs = value;
	rdmsrl(MSR_IA32_SYSENTER_ESP, cpu->sysenter_esp);
	rdmsrl(MSR_IA32_SYSENTER_EIP, cpu->sysenter_eip);
}

void vmx_host_cpu_exit(struct vmx_cpu *cpu)
{
	if (cpu->to_user_on)
		syscall_restore(cpu);
}

/* ---- a vCPU comes, and enters -------------------------------------------------- */

static void write_cpu(const struct vmx_cpu *cpu)
{
	vmwrite(VMCS_HOST_CR0, read_cr0() & ~(u64)X86_CR0_TS);
	vmwrite(VMCS_HOST_GS_BASE, cpu->gs_base);
	vmwrite(VMCS_HOST_TR_BASE, cpu->tr_base);
	vmwrite(VMCS_HOST_GDTR_BASE, cpu->gdt_base);
	vmwrite(VMCS_HOST_IDTR_BASE, cpu->idt_base);
	vmwrite(VMCS_HOST_SYSENTER_CS, cpu->sysenter_cs);
	vmwrite(VMCS_HOST_SYSENTER_ESP, cpu->sysenter_esp);
	vmwrite(VMCS_HOST_SYSENTER_EIP, cpu->sysenter_eip);
}

void vmx_host_load(struct vmx_vcpu *vmx, struct vmx_cpu *cpu)
{
	if (vmx->last_cpu != smp_processor_id())
		write_cpu(cpu);
	vmx->special |= VMX_SPECIAL_SYSCALL;
	vmx->l1d_dirty = true;
}

static __always_inline u64 thread_fs_base(void)
{
	u64 base;

	if (static_cpu_has(X86_FEATURE_FSGSBASE))
		return rdfsbase();
	base = __rdmsr(MSR_FS_BASE);
	return base;
}

notrace void vmx_host_leave(struct vmx_vcpu *vmx)
{
	struct vmx_host *host = &vmx->host;
	u64 fs_base = thread_fs_base();

	host->away = true;
	savesegment(ds, host->ds);
	savesegment(es, host->es);
	savesegment(fs, host->fs);
	savesegment(gs, host->gs);
	if (vmx->dirty & VMX_DIRTY_INIT || host->fs_base != fs_base) {
		host->fs_base = fs_base;
		vmwrite(VMCS_HOST_FS_BASE, fs_base);
	}
	host->kernel_gs_base = __rdmsr(MSR_KERNEL_GS_BASE);
	if (host->kernel_gs_base != vmx->kernel_gs_base)
		native_wrmsrl(MSR_KERNEL_GS_BASE, vmx->kernel_gs_base);
}

/* A guest that has no SYSCALL does not care what they are. */
notrace void vmx_syscall_load(struct vcpu *vcpu)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);
	struct vmx_cpu *cpu = vmx->cpu;
	const u64 want[VMX_SYSCALL_MSRS] = {
		[VMX_STAR] = vcpu->st.star,
		[VMX_LSTAR] = vcpu->st.lstar,
		[VMX_SFMASK] = (u32)vcpu->st.sfmask, /* the upper half is reserved */
	};
	unsigned int i;

	vmx->special &= ~VMX_SPECIAL_SYSCALL;
	if (!(vmx->guest_efer & GEFER_SCE))
		return;
	for (i = 0; i < VMX_SYSCALL_MSRS; i++) {
		if (cpu->syscall[i] == want[i])
			continue;
		cpu->syscall[i] = want[i];
		native_wrmsrl(syscall_msr[i], want[i]);
		if (cpu->to_user_on)
			continue;
		cpu->to_user_on = true;
		user_return_notifier_register(&cpu->to_user);
	}
}

/*
 * What perf counts of the host stops before the guest runs, and what it counts of guests begins.
 * Not least, PEBS would write its records with the host's addresses into the guest.
 */
notrace void vmx_perf_load(struct vmx_vcpu *vmx)
{
#if IS_ENABLED(CONFIG_PERF_EVENTS)
	const struct perf_guest_switch_msr *msr;
	int i, n = 0;

	msr = perf_guest_get_msrs(&n, NULL);
	if (!msr)
		return;
	for (i = 0; i < n; i++) {
		if (msr[i].host == msr[i].guest)
			continue;
		native_wrmsrl(msr[i].msr, msr[i].guest);
		vmx->special |= VMX_SPECIAL_PERF;
	}
	vmx->perf_msr = msr;
	vmx->perf_msrs = n;
#endif
}

notrace void vmx_perf_put(struct vmx_vcpu *vmx)
{
	int i;

	vmx->special &= ~VMX_SPECIAL_PERF;
	for (i = 0; i < vmx->perf_msrs; i++) {
		if (vmx->perf_msr[i].host != vmx->perf_msr[i].guest)
			native_wrmsrl(vmx->perf_msr[i].msr, vmx->perf_msr[i].host);
	}
}

/* ---- a vCPU goes ------------------------------------------------------------- */

/*
 * Another thread of the process may have given it an LDT meanwhile, or replaced
 * it. Where the descriptor is not there yet, the interrupt that brings it is on
 * its way.
 */
static void restore_ldt(void)
{
#ifdef CONFIG_MODIFY_LDT_SYSCALL
	if (current->mm && READ_ONCE(current->mm->context.ldt))
		asm volatile("1:	lldt %w0\n"
			     "2:\n" _ASM_EXTABLE(1b, 2b)
			     :
			     : "r"(GDT_ENTRY_LDT * 8));
#endif
}

static void restore_selectors(const struct vmx_host *host)
{
	unsigned long flags;

	if (unlikely(host->ds | host->es)) {
		loadsegment(ds, host->ds);
		loadsegment(es, host->es);
	}
	if (unlikely(host->fs)) {
		loadsegment(fs, host->fs);
		wrmsrl(MSR_FS_BASE, host->fs_base);
	}
	if (unlikely(host->gs)) {
		local_irq_save(flags);
		load_gs_index(host->gs);
		local_irq_restore(flags);
	}
}

void vmx_host_put(struct vmx_vcpu *vmx)
{
	struct vmx_host *host = &vmx->host;

	if (!host->away)
		return;
	host->away = false;
	rdmsrl(MSR_KERNEL_GS_BASE, vmx->kernel_gs_base);
	restore_ldt();
	restore_selectors(host);
	if (unlikely(host->gs) || host->kernel_gs_base != vmx->kernel_gs_base)
		wrmsrl(MSR_KERNEL_GS_BASE, host->kernel_gs_base);
	invalidate_tss_limit();
	load_fixmap_gdt(smp_processor_id());
}
