/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine: is there SVM, may we use it, what has it; and switching it on
 * and off on each CPU (APM vol. 2, "Enabling SVM", "Virtual machine control
 * registers", VM_CR, VM_HSAVE_PA).
 *
 * A CPU needs two pages while SVM is on: the host save area belongs to the
 * hardware alone, the other one takes what VMSAVE stores of the host. They are
 * allocated for all possible CPUs at probe, so that a CPU can come online
 * without allocating.
 *
 * When the kernel crashes or reboots in an emergency, emergency_off() leaves
 * each CPU as firmware and a crash kernel expect it: EFER.SVME off (it keeps
 * INIT from being redirected), global interrupts on.
 *
 * Locks: none. probe and remove run at module load and unload; enable and
 * disable with interrupts off on the CPU concerned.
 */
#include <linux/gfp.h>
#include <linux/mem_encrypt.h>
#include <linux/mm.h>
#include <linux/topology.h>
#include <asm/asm.h>
#include <asm/cpufeature.h>
#include <asm/io.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/reboot.h>
#include <asm/special_insns.h>

#include "../mmu/spte.h"
#include "svm.h"

#define SVM_VM_CR_SVMDIS BIT(4)
#define SVM_IOPM_ORDER	 2 /* 12 KiB, contiguous */

struct svm_hw svm_hw __ro_after_init;
DEFINE_PER_CPU(struct svm_cpu, svm_cpus);

static struct page *iopm;
static struct spte_fmt fmt __ro_after_init;

const struct spte_fmt *svm_spte_fmt(void)
{
	return &fmt;
}

/* Runs with interrupts off or in an NMI; other CPUs may be in any state. */
static void emergency_off(void)
{
	u64 efer;

	rdmsrl(MSR_EFER, efer);
	if (!(efer & EFER_SVME))
		return;
	/*
	 * The crash may have come between CLGI and STGI. STGI is undefined
	 * without SVME, which an interrupted svm_cpu_disable() may have
	 * cleared after the read above; then global interrupts are on.
	 */
	/* clang-format off */
	asm goto("1: stgi\n\t" _ASM_EXTABLE(1b, %l[off]) : : : "memory" : off);
	/* clang-format on */
off:
	wrmsrl(MSR_EFER, efer & ~EFER_SVME);
	wrmsrl(MSR_VM_HSAVE_PA, 0);
}

/* 0, or -EIO where there is no such register. */
static int tsc_ratio_set(struct svm_cpu *cpu, u64 ratio)
{
	cpu->tsc_ratio = ratio;
	return wrmsrl_safe(MSR_AMD64_TSC_RATIO, ratio);
}

int svm_cpu_enable(void)
{
	struct svm_cpu *cpu = this_cpu_ptr(&svm_cpus);
	u64 efer, aux;

	if (rdmsrl_safe(MSR_EFER, &efer))
		return -EOPNOTSUPP;
	if (efer & EFER_SVME)
		return -EBUSY;
	/* #GP where the firmware of this CPU alone has set VM_CR.SVMDIS. */
	if (wrmsrl_safe(MSR_EFER, efer | EFER_SVME))
		return -EACCES;
	wrmsrl(MSR_VM_HSAVE_PA, page_to_phys(cpu->hsave) | svm_hw.enc_mask);

	cpu->host_pa = page_to_phys(cpu->host) | svm_hw.enc_mask;
	if (svm_hw.tsc_aux) {
		rdmsrl(MSR_TSC_AUX, aux);
		cpu->tsc_aux = cpu->tsc_aux_host = aux;
	}
	cpu->tsc_ratio = SVM_TSC_RATIO_1; /* as it is where there is no such register */
	/* Whoever was here before may have left another. */
	if (svm_hw.tsc_rate)
		tsc_ratio_set(cpu, SVM_TSC_RATIO_1);
	svm_tlb_cpu_init(cpu);
	return 0;
}

void svm_cpu_disable(void)
{
	u64 efer;

	if (svm_hw.tsc_rate)
		tsc_ratio_set(this_cpu_ptr(&svm_cpus), SVM_TSC_RATIO_1);
	rdmsrl(MSR_EFER, efer);
	wrmsrl(MSR_EFER, efer & ~EFER_SVME);
	wrmsrl(MSR_VM_HSAVE_PA, 0);
	/* The next guest that runs here is a stranger to the branch predictors. */
	__this_cpu_write(svm_cpus.last, NULL);
}

/* May SVM be used here? 0, or what probe() returns and says. */
static int check_usable(const char **ret_why)
{
	u64 value;

	if (boot_cpu_data.x86_vendor != X86_VENDOR_AMD &&
	    boot_cpu_data.x86_vendor != X86_VENDOR_HYGON)
		return -ENODEV;
	/* CPUID itself: kernels clear their feature flag when the firmware disabled SVM. */
	if (cpuid_eax(0x80000000) < 0x8000000a || !(cpuid_ecx(0x80000001) & BIT(2))) {
		*ret_why = "this CPU has no SVM";
		return -EOPNOTSUPP;
	}
	if (!rdmsrl_safe(MSR_VM_CR, &value) && (value & SVM_VM_CR_SVMDIS)) {
		*ret_why = "the firmware has disabled SVM: enable it in the BIOS or UEFI setup";
		return -EACCES;
	}
	if (!rdmsrl_safe(MSR_EFER, &value) && (value & EFER_SVME)) {
		*ret_why = "another hypervisor uses SVM";
		return -EBUSY;
	}
	if (cpuid_ebx(0x8000000a) < 2) {
		*ret_why = "this CPU's SVM has no address space identifier for guests";
		return -EOPNOTSUPP;
	}
	if (!(cpuid_edx(0x8000000a) & BIT(0))) {
		*ret_why = "this CPU has no nested paging, which is needed until the shadow MMU "
			   "exists";
		return -EOPNOTSUPP;
	}
	return 0;
}

static void learn_hw(void)
{
	u32 features = cpuid_edx(0x8000000a);

	svm_hw.asids = cpuid_ebx(0x8000000a);
	svm_hw.next_rip = features & BIT(3);
	/* A hypervisor may show the flag and not have the register. */
	svm_hw.tsc_rate = features & BIT(4) &&
			  !tsc_ratio_set(raw_cpu_ptr(&svm_cpus), SVM_TSC_RATIO_1);
	svm_hw.clean_bits = features & BIT(5);
	svm_hw.flush_by_asid = features & BIT(6);
	svm_hw.decode_assist = features & BIT(7);
	svm_hw.v_spec_ctrl = features & BIT(20);
	svm_hw.tsc_aux = boot_cpu_has(X86_FEATURE_RDTSCP) || boot_cpu_has(X86_FEATURE_RDPID);
	svm_hw.invpcid = boot_cpu_has(X86_FEATURE_INVPCID);
	svm_hw.clean_all = svm_hw.clean_bits ? VMCB_CLEAN_ALL : 0;
	svm_hw.enc_mask = __sme_set(0ULL);
	svm_hw.cr4_host = __read_cr4() & X86_CR4_MCE;
}

static void free_pages_all(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
	{
		struct svm_cpu *c = per_cpu_ptr(&svm_cpus, cpu);

		if (c->hsave)
			__free_page(c->hsave);
		if (c->host)
			__free_page(c->host);
		memset(c, 0, sizeof(*c));
	}
	if (iopm)
		__free_pages(iopm, SVM_IOPM_ORDER);
	iopm = NULL;
}

static int alloc_pages_all(void)
{
	int cpu;

	iopm = alloc_pages(GFP_KERNEL, SVM_IOPM_ORDER);
	if (!iopm)
		return -ENOMEM;
	memset(page_address(iopm), 0xff, PAGE_SIZE << SVM_IOPM_ORDER);
	svm_hw.iopm_pa = page_to_phys(iopm) | svm_hw.enc_mask;

	for_each_possible_cpu(cpu)
	{
		struct svm_cpu *c = per_cpu_ptr(&svm_cpus, cpu);
		int node = cpu_to_node(cpu);

		c->hsave = alloc_pages_node(node, GFP_KERNEL | __GFP_ZERO, 0);
		c->host = alloc_pages_node(node, GFP_KERNEL | __GFP_ZERO, 0);
		if (!c->hsave || !c->host)
			return -ENOMEM;
	}
	return 0;
}

int svm_probe(struct arch_caps *ret_caps, const char **ret_why)
{
	int err = check_usable(ret_why);

	if (err)
		return err;
	learn_hw();
	err = alloc_pages_all();
	if (err) {
		*ret_why = "out of memory";
		free_pages_all();
		return err;
	}

	fmt = spte_fmt_npt;
	fmt.encrypt = svm_hw.enc_mask;
	fmt.addr_mask &= ~svm_hw.enc_mask;

	ret_caps->next_rip = svm_hw.next_rip;
	ret_caps->decode_assist = svm_hw.decode_assist;
	ret_caps->tsc_scaling = svm_hw.tsc_rate;
	ret_caps->tsc_frac_bits = SVM_TSC_FRAC_BITS;
	ret_caps->tsc_ratio_max = SVM_TSC_RATIO_MAX;
	ret_caps->nested_1g = boot_cpu_has(X86_FEATURE_GBPAGES);
	/* Nested tables have as many levels as the host's own. */
	ret_caps->nested_levels = __read_cr4() & X86_CR4_LA57 ? 5 : 4;

	cpu_emergency_register_virt_callback(emergency_off);
	return 0;
}

void svm_remove(void)
{
	cpu_emergency_unregister_virt_callback(emergency_off);
	free_pages_all();
}
