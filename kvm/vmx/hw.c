/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine: is there VMX, may we use it, what has it; and switching it on
 * and off on each CPU (SDM vol. 3, "Enabling and entering VMX operation",
 * "Discovering support for VMX", appendix "VMX capability reporting facility").
 *
 * A CPU needs a page while VMX is on, the VMXON region, which belongs to the
 * hardware alone. They are allocated for all possible CPUs at probe, so that a
 * CPU can come online without allocating. Each CPU must have what the first one
 * has, or VMX stays off there.
 *
 * When the kernel crashes or reboots in an emergency, emergency_off() leaves
 * each CPU as firmware and a crash kernel expect it: out of VMX operation (which
 * keeps INIT from being taken) and CR4.VMXE clear. It clears the VMCSs there, so
 * that nothing of them reaches memory that the next kernel uses.
 *
 * Locks: none. probe and remove run at module load and unload; enable and
 * disable with interrupts off on the CPU concerned.
 */
#define pr_fmt(fmt) "glassvisor: " fmt

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/topology.h>
#include <asm/cpufeature.h>
#include <asm/io.h>
#include <asm/msr.h>
#include <asm/perf_event.h>
#include <asm/processor.h>
#include <asm/reboot.h>
#include <asm/special_insns.h>
#include <asm/tlbflush.h>

#include "../compat.h"
#include "../mmu/spte.h"
#include "vmx.h"

static bool preemption_timer = true;
module_param(preemption_timer, bool, 0444);
MODULE_PARM_DESC(preemption_timer,
		 "VMX: have the hardware end a guest's run for its TSC deadline (default: 1)");

static bool apicv;
module_param(apicv, bool, 0444);
MODULE_PARM_DESC(
	apicv,
	"VMX: let the hardware deliver interrupts to guests with an x2APIC, of which little is seen then (default: 0)");

static bool tpr_shadow = true;
module_param(tpr_shadow, bool, 0444);
MODULE_PARM_DESC(tpr_shadow, "VMX: let guests read and write CR8 without exits (default: 1)");

static bool apic_access = true;
module_param(apic_access, bool, 0444);
MODULE_PARM_DESC(
	apic_access,
	"VMX: tell accesses to the xAPIC's page apart, and let guests have its TPR without exits (default: 1)");

struct vmx_hw vmx_hw __ro_after_init;
DEFINE_PER_CPU(struct vmx_cpu, vmx_cpus);

const struct spte_fmt *vmx_spte_fmt(void)
{
	return &spte_fmt_ept;
}

/* ---- a CPU ---------------------------------------------------------------- */

/*
 * Runs with interrupts off or in an NMI, maybe in the middle of a change of this
 * CPU's list, which can be followed forwards at any time.
 */
static void emergency_off(void)
{
	const struct vmx_vcpu *vmx;

	if (!(native_read_cr4() & X86_CR4_VMXE))
		return;
	list_for_each_entry(vmx, &this_cpu_ptr(&vmx_cpus)->active, active) vmclear(vmx->vmcs_pa);
	vmxoff();
	cr4_clear_bits(X86_CR4_VMXE);
}

static void caps_read(struct vmx_caps *ret)
{
	bool true_controls;

	memset(ret, 0, sizeof(*ret));
	rdmsrl(VMX_MSR_BASIC, ret->basic);
	true_controls = ret->basic & VMX_BASIC_TRUE_CONTROLS;
	rdmsrl(VMX_MSR_MISC, ret->misc);
	rdmsrl(VMX_MSR_CR0_FIXED0, ret->cr0_fixed0);
	rdmsrl(VMX_MSR_CR0_FIXED1, ret->cr0_fixed1);
	rdmsrl(VMX_MSR_CR4_FIXED0, ret->cr4_fixed0);
	rdmsrl(VMX_MSR_CR4_FIXED1, ret->cr4_fixed1);
	rdmsrl(true_controls ? VMX_MSR_TRUE_PIN : VMX_MSR_PIN, ret->pin);
	rdmsrl(true_controls ? VMX_MSR_TRUE_PRIMARY : VMX_MSR_PRIMARY, ret->primary);
	rdmsrl(true_controls ? VMX_MSR_TRUE_EXIT : VMX_MSR_EXIT, ret->exit);
	rdmsrl(true_controls ? VMX_MSR_TRUE_ENTRY : VMX_MSR_ENTRY, ret->entry);
	if (ret->primary >> 32 & VMX_1_SECONDARY)
		rdmsrl(VMX_MSR_SECONDARY, ret->secondary);
	if (ret->secondary >> 32 & (VMX_2_EPT | VMX_2_VPID))
		rdmsrl(VMX_MSR_EPT_VPID, ret->ept_vpid);
}

/* Firmware may have left the register open; then it is ours to close. */
static int feature_enable(void)
{
	const u64 wanted = VMX_FEATURE_LOCKED | VMX_FEATURE_OUTSIDE_SMX;
	u64 value;

	if (rdmsrl_safe(VMX_MSR_FEATURE, &value))
		return -EOPNOTSUPP;
	if ((value & wanted) == wanted)
		return 0;
	if ((value & VMX_FEATURE_LOCKED) || wrmsrl_safe(VMX_MSR_FEATURE, value | wanted))
		return -EACCES;
	return 0;
}

static int caps_compare(void)
{
	struct vmx_caps here;
	const char *differ;

	caps_read(&here);
	differ = vmx_caps_differ(&vmx_hw.caps, &here);
	if (!differ)
		return 0;
	pr_err("CPU %d: its VMX is not that of the other CPUs (%s)\n", smp_processor_id(), differ);
	return -EIO;
}

int vmx_cpu_enable(void)
{
	struct vmx_cpu *cpu = this_cpu_ptr(&vmx_cpus);
	int err;

	if (native_read_cr4() & X86_CR4_VMXE)
		return -EBUSY;
	err = feature_enable();
	if (!err)
		err = caps_compare();
	if (err)
		return err;
	/* Processor Trace does not run beside VMX on all CPUs. */
	intel_pt_handle_vmx(1);
	cr4_set_bits(X86_CR4_VMXE);
	if (!vmxon(page_to_phys(cpu->vmxon))) {
		cr4_clear_bits(X86_CR4_VMXE);
		intel_pt_handle_vmx(0);
		return -EIO;
	}
	vmx_host_cpu_init(cpu);
	vmx_tlb_cpu_init();
	return 0;
}

void vmx_cpu_disable(void)
{
	struct vmx_cpu *cpu = this_cpu_ptr(&vmx_cpus);

	vmx_vmcs_clear_all(cpu);
	vmx_host_cpu_exit(cpu);
	vmxoff();
	cr4_clear_bits(X86_CR4_VMXE);
	intel_pt_handle_vmx(0);
	/* The next guest that runs here is a stranger to the branch predictors. */
	cpu->last = NULL;
}

/* ---- the machine ------------------------------------------------------------ */

static bool vendor_has_vmx(void)
{
	switch (boot_cpu_data.x86_vendor) {
	case X86_VENDOR_INTEL:
	case X86_VENDOR_CENTAUR:
	case X86_VENDOR_ZHAOXIN:
		return true;
	default:
		return false;
	}
}

/* May VMX be used here? 0, or what probe() returns and says. */
static int check_usable(const char **ret_why)
{
	u64 value;

	if (!vendor_has_vmx())
		return -ENODEV;
	/* CPUID itself: kernels clear their feature flag when the firmware disabled VMX. */
	if (!(cpuid_ecx(1) & BIT(5))) {
		*ret_why = "this CPU has no VMX";
		return -EOPNOTSUPP;
	}
	/* The host's NMIs are handed on by INT (enter.c). */
	if (compat_fred()) {
		*ret_why = "the kernel uses FRED, which is not supported: boot with fred=off";
		return -EOPNOTSUPP;
	}
	if (!rdmsrl_safe(VMX_MSR_FEATURE, &value) && (value & VMX_FEATURE_LOCKED) &&
	    !(value & VMX_FEATURE_OUTSIDE_SMX)) {
		*ret_why = "the firmware has disabled VMX: enable it in the BIOS or UEFI setup";
		return -EACCES;
	}
	if (native_read_cr4() & X86_CR4_VMXE) {
		*ret_why = "another hypervisor uses VMX";
		return -EBUSY;
	}
	return 0;
}

static const char *region_unusable(u64 basic)
{
	if ((basic >> VMX_BASIC_TYPE_SHIFT & VMX_BASIC_TYPE) != MEMTYPE_WB)
		return "VMCSs in cached memory";
	if ((basic >> VMX_BASIC_SIZE_SHIFT & VMX_BASIC_SIZE) > PAGE_SIZE)
		return "VMCSs of one page";
	return NULL;
}

static int learn_hw(const char **ret_why)
{
	static char why[160];
	const char *missing;

	caps_read(&vmx_hw.caps);
	missing = vmx_controls_choose(&vmx_hw.caps, &vmx_hw.controls);
	if (!missing)
		missing = region_unusable(vmx_hw.caps.basic);
	if (missing) {
		snprintf(why, sizeof(why), "this CPU's VMX lacks %s", missing);
		*ret_why = why;
		return -EOPNOTSUPP;
	}
	if (!preemption_timer)
		vmx_hw.controls.pin &= ~(u32)VMX_PIN_TIMER;
	if (!tpr_shadow)
		vmx_hw.controls.primary &= ~(u32)VMX_1_TPR_SHADOW;
	vmx_hw.apicv = apicv && (vmx_hw.controls.primary & VMX_1_TPR_SHADOW) &&
		       !(VMX_APICV & ~vmx_control_word(vmx_hw.caps.secondary, VMX_APICV));
	vmx_hw.apic_access = apic_access && (vmx_hw.controls.primary & VMX_1_TPR_SHADOW) &&
			     vmx_control_word(vmx_hw.caps.secondary, VMX_2_APIC_ACCESS);
	vmx_hw.timer_shift = vmx_hw.caps.misc & VMX_MISC_TIMER_SHIFT;
	vmx_pml_choose(&vmx_hw.controls);
	vmx_hw.eptp_bits = VMX_EPTP_WRITE_BACK;
	if (vmx_hw.caps.ept_vpid & VMX_EPT_AD)
		vmx_hw.eptp_bits |= VMX_EPTP_AD;
	vmx_hw.tsc_aux = boot_cpu_has(X86_FEATURE_RDTSCP) || boot_cpu_has(X86_FEATURE_RDPID);
	vmx_hw.cr4_host = native_read_cr4() & X86_CR4_MCE;
	rdmsrl(MSR_EFER, vmx_hw.host_efer);
	rdmsrl(MSR_IA32_CR_PAT, vmx_hw.host_pat);
	return 0;
}

static void free_pages_all(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
	{
		struct vmx_cpu *c = per_cpu_ptr(&vmx_cpus, cpu);

		if (c->vmxon)
			__free_page(c->vmxon);
		memset(c, 0, sizeof(*c));
	}
}

static int alloc_pages_all(void)
{
	u32 revision = vmx_hw.caps.basic & VMX_BASIC_REVISION;
	int cpu;

	for_each_possible_cpu(cpu)
	{
		struct vmx_cpu *c = per_cpu_ptr(&vmx_cpus, cpu);

		INIT_LIST_HEAD(&c->active);
		c->vmxon = alloc_pages_node(cpu_to_node(cpu), GFP_KERNEL | __GFP_ZERO, 0);
		if (!c->vmxon)
			return -ENOMEM;
		memcpy(page_address(c->vmxon), &revision, sizeof(revision));
	}
	return 0;
}

/* Tables of four levels reach 48 bits of physical address, which is more than most CPUs have. */
static u8 ept_levels(void)
{
	bool more = boot_cpu_data.x86_phys_bits > 48;

	return more && (vmx_hw.caps.ept_vpid & VMX_EPT_5_LEVELS) ? 5 : 4;
}

int vmx_probe(struct arch_caps *ret_caps, const char **ret_why)
{
	int err = check_usable(ret_why);

	if (!err)
		err = learn_hw(ret_why);
	if (err)
		return err;
	err = alloc_pages_all();
	if (!err)
		err = vmx_l1d_init();
	if (err) {
		*ret_why = "out of memory";
		free_pages_all();
		return err;
	}

	ret_caps->next_rip = true;
	ret_caps->decode_assist = false;
	ret_caps->tsc_scaling = vmx_hw.controls.secondary & VMX_2_TSC_SCALING;
	ret_caps->tsc_frac_bits = VMX_TSC_FRAC_BITS;
	ret_caps->tsc_ratio_max = U64_MAX;
	ret_caps->nested_1g = vmx_hw.caps.ept_vpid & VMX_EPT_1G;
	ret_caps->nested_levels = ept_levels();
	ret_caps->write_log = vmx_hw.controls.secondary & VMX_2_PML;
	ret_caps->pdptes = true;
	ret_caps->apicv = vmx_hw.apicv;
	ret_caps->apic_access = vmx_hw.apic_access;
	ret_caps->deadline = vmx_hw.controls.pin & VMX_PIN_TIMER;
	vmx_hw.eptp_bits |= (u64)(ret_caps->nested_levels - 1) << VMX_EPTP_LEVELS_SHIFT;

	cpu_emergency_register_virt_callback(emergency_off);
	return 0;
}

void vmx_remove(void)
{
	cpu_emergency_unregister_virt_callback(emergency_off);
	vmx_l1d_exit();
	free_pages_all();
}
