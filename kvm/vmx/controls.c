// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMX controls from capability MSRs (SDM vol. 3, appendix "VMX capability
 * reporting facility", and "VM-execution control fields" for what each does).
 *
 * Rules, the same as for SVM's intercepts: what only concerns the guest does
 * not exit. With EPT CR3, INVLPG and page faults are its own; CR0 and CR4 exit
 * by their masks (state.c), MSRs by the bitmap (msr.c). All ports exit. Of
 * instructions that no guest of ours has, those exit that would work otherwise;
 * those behind an enabling control (INVPCID, RDTSCP) are enabled by CPUID
 * (vmcs.c), and are undefined without it.
 *
 * Needed, and there on every CPU since Westmere: EPT with write-back tables of
 * four levels and INVEPT, unrestricted guest (real mode without an emulator for
 * all of it), virtual NMIs, and loading of EFER and PAT by entry and exit.
 *
 * Pure: MSR values in, controls out.
 */
#include "controls.h"

#define PIN_NEEDED (VMX_PIN_INTR | VMX_PIN_NMI | VMX_PIN_VIRTUAL_NMI)
#define PRIMARY_NEEDED                                                                             \
	(VMX_1_IRQ_WINDOW | VMX_1_TSC_OFFSET | VMX_1_HLT | VMX_1_MWAIT | VMX_1_RDPMC |             \
	 VMX_1_CR8_LOAD | VMX_1_CR8_STORE | VMX_1_NMI_WINDOW | VMX_1_MOV_DR | VMX_1_IO |           \
	 VMX_1_MSR_BITMAPS | VMX_1_MONITOR | VMX_1_SECONDARY)
#define SECONDARY_NEEDED (VMX_2_EPT | VMX_2_UNRESTRICTED)
#define EXIT_NEEDED                                                                                \
	(VMX_EXIT_SAVE_DEBUG | VMX_EXIT_HOST_64 | VMX_EXIT_LOAD_PAT | VMX_EXIT_LOAD_EFER)
#define ENTRY_NEEDED (VMX_ENTRY_LOAD_DEBUG | VMX_ENTRY_LOAD_PAT | VMX_ENTRY_LOAD_EFER)

/* Windows are opened, and 64-bit mode entered, when they are wanted. */
#define PRIMARY_AT_FIRST                                                                           \
	((PRIMARY_NEEDED & ~(u32)(VMX_1_IRQ_WINDOW | VMX_1_NMI_WINDOW)) | VMX_1_TPR_SHADOW)

#define SECONDARY_WANTED                                                                           \
	(SECONDARY_NEEDED | VMX_2_VPID | VMX_2_WBINVD | VMX_2_ENCLS | VMX_2_PML |                  \
	 VMX_2_TSC_SCALING | VMX_2_ENCLV)

/* ... and those that are switched on when a guest needs them. */
#define SECONDARY_USED                                                                             \
	(SECONDARY_WANTED | VMX_2_RDTSCP | VMX_2_INVPCID | VMX_APICV | VMX_2_APIC_ACCESS)

/*
 * These would take from the guest what is its own. CPUs that report their true
 * controls do not insist on them.
 */
#define PRIMARY_UNWANTED (VMX_1_CR3_LOAD | VMX_1_CR3_STORE | VMX_1_INVLPG)

#define EPT_NEEDED                                                                                 \
	(VMX_EPT_4_LEVELS | VMX_EPT_WRITE_BACK | VMX_EPT_2M | VMX_EPT_INVEPT | VMX_EPT_INVEPT_ALL)

/* What else of the word decides how guests run. */
#define EPT_USED                                                                                   \
	(EPT_NEEDED | VMX_EPT_1G | VMX_EPT_AD | VMX_EPT_5_LEVELS | VMX_EPT_INVEPT_ONE |            \
	 VMX_VPID_INVVPID_ONE)

static u32 may(u64 cap)
{
	return cap >> 32;
}

u32 vmx_control_word(u64 cap, u32 want)
{
	return (want | (u32)cap) & may(cap);
}

static const char *missing_secondary(const struct vmx_caps *caps)
{
	u32 secondary = may(caps->primary) & VMX_1_SECONDARY ? may(caps->secondary) : 0;

	if (!(secondary & VMX_2_EPT))
		return "extended page tables (EPT), which are needed until the shadow MMU exists";
	if (!(secondary & VMX_2_UNRESTRICTED))
		return "unrestricted guest mode, without which real mode would have to be emulated";
	return NULL;
}

static const char *missing(const struct vmx_caps *caps)
{
	const char *what = missing_secondary(caps);

	if (what)
		return what;
	if (PIN_NEEDED & ~may(caps->pin))
		return "virtual NMIs";
	if (PRIMARY_NEEDED & ~may(caps->primary))
		return "exits for MSRs, ports or windows";
	if ((u32)caps->primary & PRIMARY_UNWANTED)
		return "CR3 without exits";
	if ((EXIT_NEEDED & ~may(caps->exit)) || (ENTRY_NEEDED & ~may(caps->entry)))
		return "switching of EFER and PAT";
	if (EPT_NEEDED & ~caps->ept_vpid)
		return "extended page tables of four levels in cached memory";
	return NULL;
}

const char *vmx_controls_choose(const struct vmx_caps *caps, struct vmx_controls *ret)
{
	const char *what = missing(caps);

	if (what)
		return what;
	ret->pin = vmx_control_word(caps->pin, PIN_NEEDED | VMX_PIN_TIMER);
	ret->primary = vmx_control_word(caps->primary, PRIMARY_AT_FIRST);
	ret->secondary = vmx_control_word(caps->secondary, SECONDARY_WANTED);
	/* An entry is refused that logs pages without setting their dirty bits. */
	if (!(caps->ept_vpid & VMX_EPT_AD))
		ret->secondary &= ~(u32)VMX_2_PML;
	/* External interrupts stay pending over the exit: the host takes them with IF set. */
	ret->exit = vmx_control_word(caps->exit, EXIT_NEEDED);
	ret->entry = vmx_control_word(caps->entry, ENTRY_NEEDED);
	return NULL;
}

/*
 * CPUs of one machine may differ in what no guest sees (hybrid ones do): what
 * counts is what comes of it.
 */
const char *vmx_caps_differ(const struct vmx_caps *a, const struct vmx_caps *b)
{
	struct vmx_controls of_a, of_b;
	const char *missing_a = vmx_controls_choose(a, &of_a),
		   *lacks = vmx_controls_choose(b, &of_b);

	if (missing_a || lacks)
		return lacks ?: missing_a;
#define DIFFER(in_a, in_b, field)                                                                  \
	if (in_a field != in_b field)                                                              \
		return #field;
	DIFFER(a->, b->, basic)
	DIFFER(a->, b->, cr0_fixed0)
	DIFFER(a->, b->, cr0_fixed1)
	DIFFER(a->, b->, cr4_fixed0)
	DIFFER(a->, b->, cr4_fixed1)
	DIFFER(of_a., of_b., pin)
	DIFFER(of_a., of_b., primary)
	DIFFER(of_a., of_b., secondary)
	DIFFER(of_a., of_b., exit)
	DIFFER(of_a., of_b., entry)
#undef DIFFER
	if ((of_a.pin & VMX_PIN_TIMER) && ((a->misc ^ b->misc) & VMX_MISC_TIMER_SHIFT))
		return "misc";
	if ((may(a->secondary) ^ may(b->secondary)) & SECONDARY_USED)
		return "secondary";
	if ((a->ept_vpid ^ b->ept_vpid) & EPT_USED)
		return "ept_vpid";
	return NULL;
}
