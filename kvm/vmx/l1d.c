/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * L1TF: on CPUs that have it, a guest can read what is in the L1 data cache, by
 * entries of its page tables that are not present (Linux,
 * Documentation/admin-guide/hw-vuln/l1tf.rst). So the cache is flushed before an
 * entry: always with l1tf=full, and otherwise when something of others' may have
 * come in: the thread was elsewhere, an exit was handled with more than the
 * vCPU's own data, or an interrupt was taken. The kernel's l1tf= decides; its
 * sysfs file says what we do.
 *
 * Other buffers (MDS, MMIO stale data) are cleared in vmlaunch.S and enter.c.
 *
 * Leaves out: keeping siblings apart, which is the scheduler's (nosmt, core
 * scheduling).
 */
#include <linux/gfp.h>
#include <linux/hardirq.h>
#include <linux/mm.h>
#include <asm/cpufeature.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/vmx.h>

#include "l1d.h"

/* More than any L1 data cache that needs this. */
#define FILL_ORDER 4
#define LINE	   64

bool vmx_l1d_needed __ro_after_init;

static struct page *fill;
static bool always __ro_after_init;

/* Exits that are handled with what belongs to the vCPU alone. */
#define OWN_DATA                                                                                   \
	(BIT(EXIT_NONE) | BIT(EXIT_HOST_INTR) | BIT(EXIT_CPUID) | BIT(EXIT_MSR) | BIT(EXIT_CR) |   \
	 BIT(EXIT_DR) | BIT(EXIT_IRQ_WINDOW) | BIT(EXIT_NMI_WINDOW) | BIT(EXIT_XSETBV) |           \
	 BIT(EXIT_RDPMC) | BIT(EXIT_WBINVD) | BIT(EXIT_NOP) | BIT(EXIT_UD))

int vmx_l1d_init(void)
{
	if (!boot_cpu_has_bug(X86_BUG_L1TF)) {
		l1tf_vmx_mitigation = VMENTER_L1D_FLUSH_NOT_REQUIRED;
		return 0;
	}
	if (l1tf_mitigation == L1TF_MITIGATION_OFF) {
		l1tf_vmx_mitigation = VMENTER_L1D_FLUSH_NEVER;
		return 0;
	}
	if (!boot_cpu_has(X86_FEATURE_FLUSH_L1D)) {
		fill = alloc_pages(GFP_KERNEL | __GFP_ZERO, FILL_ORDER);
		if (!fill)
			return -ENOMEM;
	}
	always = l1tf_mitigation >= L1TF_MITIGATION_FULL;
	l1tf_vmx_mitigation = always ? VMENTER_L1D_FLUSH_ALWAYS : VMENTER_L1D_FLUSH_COND;
	vmx_l1d_needed = true;
	return 0;
}

void vmx_l1d_exit(void)
{
	l1tf_vmx_mitigation = VMENTER_L1D_FLUSH_AUTO;
	if (fill)
		__free_pages(fill, FILL_ORDER);
	fill = NULL;
}

/* Without the command: read other lines until all are other lines. */
static __always_inline void fill_cache(void)
{
	const u8 *at = page_address(fill);
	unsigned long i;

	/* First the translations, whose entries take lines, too. */
	for (i = 0; i < PAGE_SIZE << FILL_ORDER; i += PAGE_SIZE)
		READ_ONCE(at[i]);
	for (i = 0; i < PAGE_SIZE << FILL_ORDER; i += LINE)
		READ_ONCE(at[i]);
	asm volatile("lfence" : : : "memory");
}

notrace void vmx_l1d_flush(const struct exit *last, bool *dirty)
{
	bool due = always || *dirty || !(OWN_DATA & BIT(last->kind)) ||
		   kvm_get_cpu_l1tf_flush_l1d();

	if (!due)
		return;
	*dirty = false;
	kvm_clear_cpu_l1tf_flush_l1d();
	if (static_cpu_has(X86_FEATURE_FLUSH_L1D))
		native_wrmsrl(MSR_IA32_FLUSH_CMD, L1D_FLUSH);
	else
		fill_cache();
}
