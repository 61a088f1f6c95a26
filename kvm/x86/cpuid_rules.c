// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPUID: the policy of what guests may be shown, as a table of bits per leaf
 * and register, and the table a vCPU answers from.
 *
 * The rule of the policy: a bit is let through if its feature works in a guest
 * of this driver as the code stands, which for instructions without any
 * privileged part is so by itself; what needs a driver's help waits for that
 * help, and appears with its flag in struct cpuid_host_caps. Unknown bits are
 * 0. Numbers (sizes, families, names) are the host's; topology is userspace's.
 *
 * Pure: CPUID is executed by the caller's function. A struct cpuid_table
 * belongs to its vCPU; order[] and direct[] describe entry[0 .. n-1] always.
 *
 * Sources: APM vol. 3, appendix E; SDM vol. 2, CPUID; asm/kvm_para.h and
 * Documentation/virt/kvm/x86/cpuid.rst for leaves 0x4000000x; api.rst.
 *
 * Left out (bits stay 0): nested SVM and VMX, SEV, PMU, LBR, IBS, MWAIT,
 * XSAVES and supervisor states, CET, MPX, AMX (its XFD MSRs), SGX, PT, WAITPKG.
 */
#include "cpuid_rules.h"

#define ALL 0xffffffffU
#define ANY 0xffffffffU /* sub-leaf: each */

#define MAX_BASIC 0x0000000dU
#define MAX_HV	  0x40000001U
#define MAX_EXT	  0x80000021U

#define SIZE_LEGACY_XSAVE 576U /* FXSAVE area and header */

/* clang-format off */
#define B(n) BIT(n)

/* Leaf 1 */
#define F_1_ECX									\
	(B(0) | B(1) |		/* SSE3 PCLMULQDQ */				\
	 B(9) | B(12) | B(13) |	/* SSSE3 FMA CX16 */				\
	 B(17) |		/* PCID, if caps */				\
	 B(19) | B(20) |	/* SSE4.1 SSE4.2 */				\
	 B(21) |		/* x2APIC, if caps */				\
	 B(22) | B(23) |	/* MOVBE POPCNT */				\
	 B(24) |		/* TSC deadline, if caps */			\
	 B(25) | B(26) |	/* AES XSAVE */					\
	 B(28) | B(29) | B(30))	/* AVX F16C RDRAND */

#define F_1_EDX									\
	(B(0) | B(1) | B(2) | B(3) | B(4) | B(5) | B(6) | B(7) | B(8) | B(9) |	\
				/* FPU VME DE PSE TSC MSR PAE MCE CX8 APIC */	\
	 B(11) | B(12) | B(13) | B(14) | B(15) | B(16) | B(17) |		\
				/* SEP MTRR PGE MCA CMOV PAT PSE36 */		\
	 B(19) | B(23) | B(24) | B(25) | B(26) | B(27))
				/* CLFLUSH MMX FXSR SSE SSE2 self-snoop */

/* Leaf 7 */
#define F_70_EBX								\
	(B(0) | B(3) | B(4) |	/* FSGSBASE BMI1 HLE */				\
	 B(5) | B(6) | B(7) |	/* AVX2, FDP on exceptions only, SMEP */	\
	 B(8) | B(9) | B(10) |	/* BMI2 ERMS INVPCID (if caps) */		\
	 B(11) | B(13) |	/* RTM, no FCS/FDS */				\
	 B(16) | B(17) |	/* AVX512F DQ */				\
	 B(18) | B(19) | B(20) | /* RDSEED ADX SMAP */				\
	 B(21) | B(23) | B(24) | /* AVX512-IFMA CLFLUSHOPT CLWB */		\
	 B(26) | B(27) | B(28) | /* AVX512 PF ER CD */				\
	 B(29) | B(30) | B(31))	/* SHA AVX512 BW VL */

#define F_70_ECX								\
	(B(0) | B(1) |		/* PREFETCHWT1 AVX512-VBMI */			\
	 B(2) | B(3) |		/* UMIP PKU, if caps */				\
	 B(6) | B(8) | B(9) |	/* AVX512-VBMI2 GFNI VAES */			\
	 B(10) | B(11) | B(12) | B(14) | /* VPCLMULQDQ, AVX512 VNNI BITALG VPOPCNTDQ */ \
	 B(16) | B(22) |	/* LA57 RDPID, if caps */			\
	 B(25) | B(27) | B(28))	/* CLDEMOTE MOVDIRI MOVDIR64B */

#define F_70_EDX								\
	(B(2) | B(3) | B(4) |	/* AVX512 4VNNIW 4FMAPS, FSRM */		\
	 B(8) | B(10) | B(14) |	/* AVX512-VP2INTERSECT MD_CLEAR SERIALIZE */	\
	 B(16) | B(23) |	/* TSXLDTRK AVX512-FP16 */			\
	 B(26) | B(27) | B(31))	/* SPEC_CTRL STIBP SSBD, if caps */

#define F_71_EAX								\
	(B(4) | B(5) | B(7) |	/* AVX-VNNI AVX512-BF16 CMPCCXADD */		\
	 B(10) | B(11) | B(12) | /* FZRM FSRS FSRC */				\
	 B(23))			/* AVX-IFMA */
#define F_71_EDX (B(4) | B(5) | B(14)) /* AVX-VNNI-INT8 AVX-NE-CONVERT PREFETCHITI */

/* Leaf 0xd, sub-leaf 1: XSAVEOPT XSAVEC XGETBV(1) */
#define F_D1_EAX (B(0) | B(1) | B(2))
#define F_D1_COMPACTS (B(1) | B(3))

/* Leaf 0x80000001; AMD repeats part of leaf 1 in EDX */
#define F_81_ECX								\
	(B(0) | B(1) | B(4) |	/* LAHF CMP_LEGACY CR8_LEGACY */		\
	 B(5) | B(6) | B(7) |	/* ABM SSE4A MISALIGNSSE */			\
	 B(8) | B(9) | B(11) |	/* PREFETCHW OSVW XOP */			\
	 B(16) | B(21) | B(22))	/* FMA4 TBM TOPOEXT */
#define F_81_EDX_COMMON 0x0183f3ffU
#define F_81_EDX								\
	((F_1_EDX & F_81_EDX_COMMON) |						\
	 B(11) | B(20) | B(22) | /* SYSCALL NX MMXEXT */			\
	 B(25) | B(26) | B(27) | /* FXSR_OPT 1G pages, RDTSCP if caps */	\
	 B(29) | B(30) | B(31))	/* LM 3DNOWEXT 3DNOW */

/* Leaf 0x80000008 */
#define F_88_EBX								\
	(B(0) | B(2) | B(9) |	/* CLZERO XSAVEERPTR WBNOINVD */		\
	 B(12) | B(14) | B(15) | B(17) | /* IBPB IBRS STIBP, STIBP always on, if caps */ \
	 B(19) | B(24) | B(26) | /* IBRS same mode, SSBD, SSB_NO */		\
	 B(28) | B(29))		/* PSFD BTC_NO */

/* Leaf 0x80000021: no nested data breakpoint, LFENCE serialises, null selector clears base */
#define F_821_EAX (B(0) | B(2) | B(6))
#define F_821_NO_SMM_CTL B(9)

enum leaf_kind {
	LEAF_ONE,	 /* one entry, no sub-leaves */
	LEAF_INDEXED,	 /* has a sub-leaf number; this one */
	LEAF_CACHES,	 /* sub-leaves until one with cache type 0 */
	LEAF_XSTATE,	 /* sub-leaves 2 to 63 of leaf 0xd */
};

/* What may pass of a leaf's registers, and what is set besides. Ascending. */
static const struct cpuid_policy {
	u32 leaf;
	u32 subleaf;
	u8 kind;
	u32 pass[4]; /* EAX, EBX, ECX, EDX */
	u32 set[4];
} cpuid_policy[] = {
	{0x0, 0, LEAF_ONE, {ALL, ALL, ALL, ALL}, {}},
	{0x1, 0, LEAF_ONE, {ALL, 0x0000ffff, F_1_ECX, F_1_EDX}, {0, 0, GCPUID_1_ECX_HYPERVISOR, 0}},
	{0x2, 0, LEAF_ONE, {ALL, ALL, ALL, ALL}, {}},
	{0x4, ANY, LEAF_CACHES, {0x3ff, ALL, ALL, ALL}, {}},
	{0x6, 0, LEAF_ONE, {0, 0, 0, 0}, {B(2), 0, 0, 0}}, /* the APIC timer never stops */
	{0x7, 0, LEAF_INDEXED, {ALL, F_70_EBX, F_70_ECX, F_70_EDX}, {0, GCPUID_7_EBX_TSC_ADJUST, 0, 0}},
	{0x7, 1, LEAF_INDEXED, {F_71_EAX, 0, 0, F_71_EDX}, {}},
	{0xb, 0, LEAF_INDEXED, {0, 0, 0, 0}, {}},
	{0xd, 0, LEAF_INDEXED, {ALL, 0, 0, ALL}, {}},
	{0xd, 1, LEAF_INDEXED, {F_D1_EAX, 0, 0, 0}, {}},
	{0xd, ANY, LEAF_XSTATE, {ALL, ALL, B(1), 0}, {}},
	{0x40000000, 0, LEAF_ONE, {0, 0, 0, 0}, {MAX_HV, 0x4b4d564b, 0x564b4d56, 0x4d}},
	{0x40000001, 0, LEAF_ONE, {0, 0, 0, 0}, {}},
	{0x80000000, 0, LEAF_ONE, {ALL, ALL, ALL, ALL}, {}},
	{0x80000001, 0, LEAF_ONE, {ALL, ALL, F_81_ECX, F_81_EDX}, {}},
	{0x80000002, 0, LEAF_ONE, {ALL, ALL, ALL, ALL}, {}},
	{0x80000003, 0, LEAF_ONE, {ALL, ALL, ALL, ALL}, {}},
	{0x80000004, 0, LEAF_ONE, {ALL, ALL, ALL, ALL}, {}},
	{0x80000005, 0, LEAF_ONE, {ALL, ALL, ALL, ALL}, {}},
	{0x80000006, 0, LEAF_ONE, {ALL, ALL, ALL, ALL}, {}},
	{0x80000007, 0, LEAF_ONE, {0, 0, 0, B(8)}, {}}, /* invariant TSC */
	{0x80000008, 0, LEAF_ONE, {0xffff, F_88_EBX, 0xf0ff, 0}, {}},
	{0x80000019, 0, LEAF_ONE, {ALL, ALL, 0, 0}, {}},
	{0x8000001a, 0, LEAF_ONE, {B(0) | B(1) | B(2), 0, 0, 0}, {}},
	{0x8000001d, ANY, LEAF_CACHES, {0x3ff, ALL, ALL, ALL}, {}},
	{0x8000001e, 0, LEAF_ONE, {0, 0, 0, 0}, {}},
	{0x80000021, 0, LEAF_ONE, {F_821_EAX, 0, 0, 0}, {F_821_NO_SMM_CTL, 0, 0, 0}},
};
/* clang-format on */

static const struct cpuid_policy *policy_of(u32 leaf, u32 subleaf)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cpuid_policy); i++) {
		const struct cpuid_policy *p = &cpuid_policy[i];

		if (p->leaf == leaf &&
		    (p->kind == LEAF_ONE || p->subleaf == ANY || p->subleaf == subleaf))
			return p;
	}
	return NULL;
}

/* Helps of the driver and states of XCR0 that features hang on, as bits of one word. */
#define HELP_TDP	  B(0)
#define HELP_PKU	  B(1)
#define HELP_LA57	  B(2)
#define HELP_SPEC_CTRL	  B(3)
#define HELP_IBPB	  B(4)
#define HELP_TSC_AUX	  B(5)
#define HELP_PCID	  B(6)
#define HELP_UMIP	  B(7)
#define HELP_X2APIC	  B(8)
#define HELP_TSC_DEADLINE B(9)
#define HELP_XSAVE	  B(10)
#define HELP_AVX	  B(11)
#define HELP_AVX512	  B(12)

/* clang-format off */
static const struct {
	u32 leaf;
	u8 reg; /* enum cpuid_reg */
	u16 need; /* HELP_*, all of them */
	u32 bits;
} cpuid_needs[] = {
	{0x1, CPUID_REG_ECX, HELP_PCID, GCPUID_1_ECX_PCID},
	{0x1, CPUID_REG_ECX, HELP_X2APIC, GCPUID_1_ECX_X2APIC},
	{0x1, CPUID_REG_ECX, HELP_TSC_DEADLINE, GCPUID_1_ECX_TSC_DEADLINE},
	{0x1, CPUID_REG_ECX, HELP_XSAVE, GCPUID_1_ECX_XSAVE},
	{0x1, CPUID_REG_ECX, HELP_AVX, GCPUID_1_ECX_AVX | B(12) | B(29)}, /* FMA F16C */
	{0x7, CPUID_REG_EBX, HELP_PCID, GCPUID_7_EBX_INVPCID},
	{0x7, CPUID_REG_EBX, HELP_AVX, B(5)},
	{0x7, CPUID_REG_EBX, HELP_AVX512, GCPUID_7_EBX_AVX512F | B(17) | B(21) | B(26) | B(27) |
					  B(28) | B(30) | B(31)},
	{0x7, CPUID_REG_ECX, HELP_UMIP, GCPUID_7_ECX_UMIP},
	{0x7, CPUID_REG_ECX, HELP_PKU, GCPUID_7_ECX_PKU},
	{0x7, CPUID_REG_ECX, HELP_LA57, GCPUID_7_ECX_LA57},
	{0x7, CPUID_REG_ECX, HELP_TSC_AUX, GCPUID_7_ECX_RDPID},
	{0x7, CPUID_REG_ECX, HELP_AVX, B(9) | B(10)}, /* VAES VPCLMULQDQ */
	{0x7, CPUID_REG_ECX, HELP_AVX512, B(1) | B(6) | B(11) | B(12) | B(14)},
	{0x7, CPUID_REG_EDX, HELP_AVX512, B(2) | B(3) | B(8) | B(23)},
	{0x7, CPUID_REG_EDX, HELP_SPEC_CTRL, GCPUID_7_EDX_STIBP | GCPUID_7_EDX_SSBD},
	{0x7, CPUID_REG_EDX, HELP_SPEC_CTRL | HELP_IBPB, GCPUID_7_EDX_SPEC_CTRL},
	{0x80000001, CPUID_REG_ECX, HELP_AVX, B(11) | B(16)}, /* XOP FMA4 */
	{0x80000001, CPUID_REG_EDX, HELP_TSC_AUX, GCPUID_81_EDX_RDTSCP},
	{0x80000001, CPUID_REG_EDX, HELP_TDP, GCPUID_81_EDX_PAGE1G},
	{0x80000008, CPUID_REG_EBX, HELP_IBPB, GCPUID_88_EBX_IBPB},
	{0x80000008, CPUID_REG_EBX, HELP_SPEC_CTRL, GCPUID_88_EBX_IBRS | GCPUID_88_EBX_STIBP |
						    GCPUID_88_EBX_SSBD | GCPUID_88_EBX_PSFD |
						    B(17) | B(19)},
};
/* clang-format on */

static u32 helps(const struct cpuid_host_caps *caps)
{
	return (caps->tdp ? HELP_TDP : 0) | (caps->pku ? HELP_PKU : 0) |
	       (caps->la57 ? HELP_LA57 : 0) | (caps->spec_ctrl ? HELP_SPEC_CTRL : 0) |
	       (caps->ibpb ? HELP_IBPB : 0) | (caps->tsc_aux ? HELP_TSC_AUX : 0) |
	       (caps->pcid ? HELP_PCID : 0) | (caps->umip ? HELP_UMIP : 0) |
	       (caps->x2apic ? HELP_X2APIC : 0) | (caps->tsc_deadline ? HELP_TSC_DEADLINE : 0) |
	       (caps->xcr0 ? HELP_XSAVE : 0) | (caps->xcr0 & GXCR0_AVX ? HELP_AVX : 0) |
	       ((caps->xcr0 & GXCR0_AVX512) == GXCR0_AVX512 ? HELP_AVX512 : 0);
}

/* Take away the bits whose help isn't there. Sub-leaf 1 of leaf 7 is AVX's and AVX-512's alone. */
static void mask_by_caps(struct kvm_cpuid_entry2 *e, const struct cpuid_host_caps *caps)
{
	u32 have = helps(caps), deny[4] = {};
	unsigned int i;

	if (e->function == 0x7 && e->index) {
		if (!(have & HELP_AVX))
			deny[CPUID_REG_EAX] = B(4) | B(23); /* AVX-VNNI AVX-IFMA */
		if (!(have & HELP_AVX512))
			deny[CPUID_REG_EAX] |= B(5);
		if (!(have & HELP_AVX))
			deny[CPUID_REG_EDX] = B(4) | B(5);
	} else {
		for (i = 0; i < ARRAY_SIZE(cpuid_needs); i++)
			if (cpuid_needs[i].leaf == e->function &&
			    (have & cpuid_needs[i].need) != cpuid_needs[i].need)
				deny[cpuid_needs[i].reg] |= cpuid_needs[i].bits;
	}
	if (e->function == 0x1 && caps->x2apic)
		e->ecx |= GCPUID_1_ECX_X2APIC; /* the driver's own LAPIC, whatever the host has */
	e->eax &= ~deny[CPUID_REG_EAX];
	e->ebx &= ~deny[CPUID_REG_EBX];
	e->ecx &= ~deny[CPUID_REG_ECX];
	e->edx &= ~deny[CPUID_REG_EDX];
}

/* Numbers that the driver has an opinion about. */
static void adjust_numbers(struct kvm_cpuid_entry2 *e, const struct cpuid_host_caps *caps)
{
	switch (e->function) {
	case 0x0:
		e->eax = min(e->eax, MAX_BASIC);
		break;
	case 0x7:
		if (!e->index)
			e->eax = min_t(u32, e->eax, 1);
		break;
	case 0xd:
		if (e->index == 0) {
			e->eax &= (u32)caps->xcr0;
			e->edx &= (u32)(caps->xcr0 >> 32);
			e->ebx = caps->xcr0 ? SIZE_LEGACY_XSAVE : 0;
		} else if (!caps->xcr0) {
			e->eax = 0;
		}
		break;
	case 0x40000001:
		e->eax = caps->kvm_features;
		break;
	case 0x80000000:
		e->eax = min(e->eax, MAX_EXT);
		break;
	case 0x80000008:
		e->eax = (e->eax & 0xff00) | caps->maxphyaddr;
		if (!caps->la57 && (e->eax >> 8) > 48)
			e->eax = 48 << 8 | caps->maxphyaddr;
		if (caps->vendor == CPU_VENDOR_AMD)
			e->ebx |= GCPUID_88_EBX_NO_LMSLE;
		break;
	}
}

void cpuid_rule_mask_entry(struct kvm_cpuid_entry2 *e, const struct cpuid_host_caps *caps)
{
	const struct cpuid_policy *p = policy_of(e->function, e->index);

	if (!p) {
		e->eax = e->ebx = e->ecx = e->edx = 0;
		return;
	}
	e->flags = p->kind == LEAF_ONE ? 0 : KVM_CPUID_FLAG_SIGNIFCANT_INDEX;
	e->eax = (e->eax & p->pass[CPUID_REG_EAX]) | p->set[CPUID_REG_EAX];
	e->ebx = (e->ebx & p->pass[CPUID_REG_EBX]) | p->set[CPUID_REG_EBX];
	e->ecx = (e->ecx & p->pass[CPUID_REG_ECX]) | p->set[CPUID_REG_ECX];
	e->edx = (e->edx & p->pass[CPUID_REG_EDX]) | p->set[CPUID_REG_EDX];
	mask_by_caps(e, caps);
	adjust_numbers(e, caps);
}

/* Where cpuid_rule_supported is: counts on when the room is used up. */
struct builder {
	cpuid_read_fn read;
	void *ctx;
	const struct cpuid_host_caps *caps;
	struct kvm_cpuid_entry2 *out;
	u32 max;
	u32 n;
};

static void host_entry(const struct builder *b, u32 leaf, u32 subleaf,
		       struct kvm_cpuid_entry2 *ret_entry)
{
	u32 regs[4];

	memset(ret_entry, 0, sizeof(*ret_entry));
	ret_entry->function = leaf;
	ret_entry->index = subleaf;
	b->read(b->ctx, leaf, subleaf, regs);
	ret_entry->eax = regs[CPUID_REG_EAX];
	ret_entry->ebx = regs[CPUID_REG_EBX];
	ret_entry->ecx = regs[CPUID_REG_ECX];
	ret_entry->edx = regs[CPUID_REG_EDX];
}

static void add(struct builder *b, const struct kvm_cpuid_entry2 *e)
{
	if (b->n < b->max)
		b->out[b->n] = *e;
	b->n++;
}

static void add_leaf(struct builder *b, u32 leaf, u32 subleaf)
{
	struct kvm_cpuid_entry2 e;

	host_entry(b, leaf, subleaf, &e);
	cpuid_rule_mask_entry(&e, b->caps);
	add(b, &e);
}

/* Cache leaves: up to and with the first of type 0 (EAX 4:0), sixteen at most. */
static void add_caches(struct builder *b, u32 leaf)
{
	struct kvm_cpuid_entry2 e;
	u32 i;

	for (i = 0; i < 16; i++) {
		host_entry(b, leaf, i, &e);
		cpuid_rule_mask_entry(&e, b->caps);
		add(b, &e);
		if (!(e.eax & 0x1f))
			break;
	}
}

/* Leaf 0xd, sub-leaves 2 and up: the user states in XCR0. */
static void add_xstates(struct builder *b)
{
	struct kvm_cpuid_entry2 e;
	u32 i;

	for (i = 2; i < 63; i++) {
		if (!(b->caps->xcr0 >> i & 1))
			continue;
		host_entry(b, 0xd, i, &e);
		cpuid_rule_mask_entry(&e, b->caps);
		if (e.eax)
			add(b, &e);
	}
}

static u32 xsave_size(const struct kvm_cpuid_entry2 *e, u32 n, u64 features, bool compacted);

/* Leaf 0xd, sub-leaf 0: ECX is the size with all of XCR0 on, now that the states are known. */
static void fix_xsave_max(struct builder *b, u32 at)
{
	u32 n = min(b->n, b->max);

	if (at < n && b->caps->xcr0)
		b->out[at].ecx = xsave_size(b->out, n, b->caps->xcr0, false);
}

static void add_policy(struct builder *b, const struct cpuid_policy *p, u32 *xsave_at)
{
	switch (p->kind) {
	case LEAF_ONE:
		add_leaf(b, p->leaf, 0);
		break;
	case LEAF_INDEXED:
		if (p->leaf == 0xd && p->subleaf == 0)
			*xsave_at = b->n;
		add_leaf(b, p->leaf, p->subleaf);
		break;
	case LEAF_CACHES:
		add_caches(b, p->leaf);
		break;
	case LEAF_XSTATE:
		add_xstates(b);
		break;
	}
}

int cpuid_rule_supported(cpuid_read_fn read, void *ctx, const struct cpuid_host_caps *caps,
			 struct kvm_cpuid_entry2 *out, u32 max, u32 *ret_n)
{
	struct builder b = {read, ctx, caps, out, max, 0};
	u32 limit[3], xsave_at = ALL, i;
	u32 regs[4], max_sub7 = 0;

	read(ctx, 0, 0, regs);
	limit[0] = min(regs[CPUID_REG_EAX], MAX_BASIC);
	limit[1] = MAX_HV;
	read(ctx, 0x80000000, 0, regs);
	limit[2] = min(regs[CPUID_REG_EAX], MAX_EXT);
	if (limit[0] >= 7) {
		read(ctx, 7, 0, regs);
		max_sub7 = regs[CPUID_REG_EAX];
	}

	for (i = 0; i < ARRAY_SIZE(cpuid_policy); i++) {
		const struct cpuid_policy *p = &cpuid_policy[i];

		if (p->leaf > limit[p->leaf >> 30])
			continue;
		if (p->leaf == 0x7 && p->subleaf > max_sub7)
			continue;
		/* Leaves 2 and 4 are Intel's caches, 0x8000001d is AMD's. */
		if ((p->leaf == 0x2 || p->leaf == 0x4) && caps->vendor == CPU_VENDOR_AMD)
			continue;
		add_policy(&b, p, &xsave_at);
	}
	fix_xsave_max(&b, xsave_at);

	*ret_n = b.n;
	return b.n > max ? -E2BIG : 0;
}

int cpuid_rule_emulated(struct kvm_cpuid_entry2 *out, u32 max, u32 *ret_n)
{
	*ret_n = 1;
	if (!max)
		return -E2BIG;
	memset(out, 0, sizeof(*out));
	return 0;
}

/* ---- A vCPU's table ---- */

static u8 vendor_of(const struct kvm_cpuid_entry2 *e)
{
	/* "GenuineIntel", "AuthenticAMD", "HygonGenuine" in EBX, EDX, ECX */
	if (e->ebx == 0x756e6547 && e->edx == 0x49656e69 && e->ecx == 0x6c65746e)
		return CPU_VENDOR_INTEL;
	if (e->ebx == 0x68747541 && e->edx == 0x69746e65 && e->ecx == 0x444d4163)
		return CPU_VENDOR_AMD;
	if (e->ebx == 0x6f677948 && e->edx == 0x6e65476e && e->ecx == 0x656e6975)
		return CPU_VENDOR_AMD;
	return CPU_VENDOR_OTHER;
}

/* Insertion sort by function: stable, nearly free for the sorted tables that VMMs send. */
static void sort_order(struct cpuid_table *t)
{
	u32 i, j;

	for (i = 0; i < t->n; i++) {
		u32 leaf = t->entry[i].function;

		for (j = i; j && t->entry[t->order[j - 1]].function > leaf; j--)
			t->order[j] = t->order[j - 1];
		t->order[j] = i;
	}
}

static void index_table(struct cpuid_table *t)
{
	u32 i;

	memset(t->direct, 0xff, sizeof(t->direct));
	for (i = t->n; i--;) {
		u32 leaf = t->entry[t->order[i]].function;
		u32 class = leaf >> 30, low = leaf & 0x3fffffff;

		if (class < 3 && low < CPUID_DIRECT)
			t->direct[class][low] = i;
	}
	for (i = 0; i < 3; i++) {
		const struct kvm_cpuid_entry2 *e = cpuid_rule_find(t, i << 30, 0);

		t->has_class[i] = e;
		t->max_leaf[i] = e ? e->eax : 0;
		if (!i)
			t->vendor = e ? vendor_of(e) : CPU_VENDOR_OTHER;
	}
	/* Old hosts left the maximum of the KVM leaves 0 and meant 0x40000001 (cpuid.rst). */
	if (t->has_class[1] && !t->max_leaf[1])
		t->max_leaf[1] = MAX_HV;
}

int cpuid_rule_set(struct cpuid_table *t, const struct kvm_cpuid_entry2 *entries, u32 n)
{
	u32 i;

	if (n > CPUID_MAX_ENTRIES)
		return -E2BIG;
	for (i = 0; i < n; i++) {
		u32 va_bits = entries[i].eax >> 8 & 0xff;

		if (entries[i].function != 0x80000008)
			continue;
		if (va_bits && va_bits != 48 && va_bits != 57)
			return -EINVAL;
		break;
	}
	memcpy(t->entry, entries, n * sizeof(*entries));
	t->n = n;
	sort_order(t);
	index_table(t);
	return 0;
}

void cpuid_rule_from_old(const struct kvm_cpuid_entry *old, struct kvm_cpuid_entry2 *ret_entry)
{
	memset(ret_entry, 0, sizeof(*ret_entry));
	ret_entry->function = old->function;
	ret_entry->eax = old->eax;
	ret_entry->ebx = old->ebx;
	ret_entry->ecx = old->ecx;
	ret_entry->edx = old->edx;
}

/* Place in order[] of the first entry of a leaf, or CPUID_NONE. */
static u32 first_of_leaf(const struct cpuid_table *t, u32 leaf)
{
	u32 class = leaf >> 30, low = leaf & 0x3fffffff;
	u32 lo = 0, n = t->n;

	if (likely(class < 3 && low < CPUID_DIRECT))
		return t->direct[array_index_nospec(class, 3)]
				[array_index_nospec(low, CPUID_DIRECT)];
	while (n) {
		u32 half = n >> 1;

		if (t->entry[t->order[lo + half]].function < leaf) {
			lo += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return lo < t->n && t->entry[t->order[lo]].function == leaf ? lo : CPUID_NONE;
}

/* Position in entry[], or -1. */
static int find_pos(const struct cpuid_table *t, u32 leaf, u32 subleaf)
{
	u32 i;

	for (i = first_of_leaf(t, leaf); i < t->n; i++) {
		const struct kvm_cpuid_entry2 *e = &t->entry[t->order[i]];

		if (e->function != leaf)
			break;
		if (!(e->flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX) || e->index == subleaf)
			return t->order[i];
	}
	return -1;
}

const struct kvm_cpuid_entry2 *cpuid_rule_find(const struct cpuid_table *t, u32 leaf, u32 subleaf)
{
	int i = find_pos(t, leaf, subleaf);

	return i >= 0 ? &t->entry[i] : NULL;
}

static bool out_of_range(const struct cpuid_table *t, u32 leaf)
{
	u32 class = leaf >> 30;

	return class > 2 || !t->has_class[class] || leaf > t->max_leaf[class];
}

bool cpuid_rule_query(const struct cpuid_table *t, u32 leaf, u32 subleaf, u32 regs[4])
{
	const struct kvm_cpuid_entry2 *e = cpuid_rule_find(t, leaf, subleaf);
	bool found = e;

	if (unlikely(!e) && t->vendor == CPU_VENDOR_INTEL && out_of_range(t, leaf))
		e = cpuid_rule_find(t, t->max_leaf[0], subleaf);
	if (likely(e)) {
		regs[CPUID_REG_EAX] = e->eax;
		regs[CPUID_REG_EBX] = e->ebx;
		regs[CPUID_REG_ECX] = e->ecx;
		regs[CPUID_REG_EDX] = e->edx;
		return found;
	}

	regs[CPUID_REG_EAX] = regs[CPUID_REG_EBX] = regs[CPUID_REG_ECX] = regs[CPUID_REG_EDX] = 0;
	if (leaf == 0xb || leaf == 0x1f) {
		/* A topology level that isn't there still tells its number and the x2APIC id. */
		e = cpuid_rule_find(t, leaf, 0);
		if (e) {
			regs[CPUID_REG_ECX] = subleaf & 0xff;
			regs[CPUID_REG_EDX] = e->edx;
		}
	}
	return false;
}

/* The bits of an entry that cpuid_rule_dynamic keeps. */
static void dynamic_bits(const struct kvm_cpuid_entry2 *e, u32 mask[4])
{
	memset(mask, 0, 4 * sizeof(mask[0]));
	if (e->function == 0x1) {
		mask[CPUID_REG_ECX] = GCPUID_1_ECX_OSXSAVE;
		mask[CPUID_REG_EDX] = GCPUID_1_EDX_APIC;
	} else if (e->function == 0x7 && e->index == 0) {
		mask[CPUID_REG_ECX] = GCPUID_7_ECX_OSPKE;
	} else if (e->function == 0xd && e->index <= 1) {
		mask[CPUID_REG_EBX] = ALL;
	}
}

bool cpuid_rule_same(const struct cpuid_table *t, const struct kvm_cpuid_entry2 *entries, u32 n)
{
	u32 i, m[4];

	if (n != t->n)
		return false;
	for (i = 0; i < n; i++) {
		const struct kvm_cpuid_entry2 *a = &t->entry[i], *b = &entries[i];

		dynamic_bits(a, m);
		if (a->function != b->function || a->index != b->index || a->flags != b->flags ||
		    ((a->eax ^ b->eax) & ~m[CPUID_REG_EAX]) ||
		    ((a->ebx ^ b->ebx) & ~m[CPUID_REG_EBX]) ||
		    ((a->ecx ^ b->ecx) & ~m[CPUID_REG_ECX]) ||
		    ((a->edx ^ b->edx) & ~m[CPUID_REG_EDX]))
			return false;
	}
	return true;
}

/*
 * Size of the XSAVE area for a set of features, from the sub-leaves of 0xd
 * among the entries: EAX size, EBX offset in the standard format, ECX bit 1
 * alignment to 64 in the compacted one.
 */
static u32 xsave_size(const struct kvm_cpuid_entry2 *e, u32 n, u64 features, bool compacted)
{
	u32 size = SIZE_LEGACY_XSAVE, i;

	for (i = 0; i < n; i++) {
		if (e[i].function != 0xd || e[i].index < 2 || e[i].index > 62 ||
		    !(features >> e[i].index & 1))
			continue;
		if (!compacted) {
			size = max(size, e[i].ebx + e[i].eax);
			continue;
		}
		if (e[i].ecx & B(1))
			size = (size + 63) & ~63U;
		size += e[i].eax;
	}
	return size;
}

static void put_bit(u32 *reg, u32 bit, bool on)
{
	*reg = on ? *reg | bit : *reg & ~bit;
}

void cpuid_rule_dynamic(struct cpuid_table *t, u64 cr4, u64 xcr0, u64 xss, u64 apic_base)
{
	int pos = find_pos(t, 0x1, 0);
	struct kvm_cpuid_entry2 *e;

	if (pos >= 0) {
		e = &t->entry[pos];
		if (e->ecx & GCPUID_1_ECX_XSAVE)
			put_bit(&e->ecx, GCPUID_1_ECX_OSXSAVE, cr4 & X86_CR4_OSXSAVE);
		put_bit(&e->edx, GCPUID_1_EDX_APIC, apic_base & GAPIC_BASE_EN);
	}
	pos = find_pos(t, 0x7, 0);
	if (pos >= 0) {
		e = &t->entry[pos];
		if (e->ecx & GCPUID_7_ECX_PKU)
			put_bit(&e->ecx, GCPUID_7_ECX_OSPKE, cr4 & X86_CR4_PKE);
	}
	pos = find_pos(t, 0xd, 0);
	if (pos >= 0)
		t->entry[pos].ebx = xsave_size(t->entry, t->n, xcr0, false);
	pos = find_pos(t, 0xd, 1);
	if (pos >= 0 && (t->entry[pos].eax & F_D1_COMPACTS))
		t->entry[pos].ebx = xsave_size(t->entry, t->n, xcr0 | xss, true);
}

static const struct kvm_cpuid_entry2 no_entry;

static const struct kvm_cpuid_entry2 *leaf_or_zero(const struct cpuid_table *t, u32 leaf)
{
	const struct kvm_cpuid_entry2 *e = cpuid_rule_find(t, leaf, 0);

	return e ? e : &no_entry;
}

static u64 allowed_cr4(const struct kvm_cpuid_entry2 *l1, const struct kvm_cpuid_entry2 *l7)
{
	/* Bits older than their CPUID flags, which every CPU with long mode has. */
	u64 cr4 = X86_CR4_VME | X86_CR4_PVI | X86_CR4_TSD | X86_CR4_DE | X86_CR4_PSE | X86_CR4_PAE |
		  X86_CR4_MCE | X86_CR4_PGE | X86_CR4_PCE | X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT;

	if (l1->ecx & GCPUID_1_ECX_PCID)
		cr4 |= X86_CR4_PCIDE;
	if (l1->ecx & GCPUID_1_ECX_XSAVE)
		cr4 |= X86_CR4_OSXSAVE;
	if (l7->ebx & GCPUID_7_EBX_FSGSBASE)
		cr4 |= X86_CR4_FSGSBASE;
	if (l7->ebx & GCPUID_7_EBX_SMEP)
		cr4 |= X86_CR4_SMEP;
	if (l7->ebx & GCPUID_7_EBX_SMAP)
		cr4 |= X86_CR4_SMAP;
	if (l7->ecx & GCPUID_7_ECX_UMIP)
		cr4 |= X86_CR4_UMIP;
	if (l7->ecx & GCPUID_7_ECX_PKU)
		cr4 |= X86_CR4_PKE;
	if (l7->ecx & GCPUID_7_ECX_LA57)
		cr4 |= X86_CR4_LA57;
	return cr4;
}

static u64 allowed_efer(const struct kvm_cpuid_entry2 *l81)
{
	u64 efer = 0;

	if (l81->edx & GCPUID_81_EDX_SYSCALL)
		efer |= GEFER_SCE;
	if (l81->edx & GCPUID_81_EDX_LM)
		efer |= GEFER_LME | GEFER_LMA;
	if (l81->edx & GCPUID_81_EDX_NX)
		efer |= GEFER_NXE;
	if (l81->edx & GCPUID_81_EDX_FFXSR)
		efer |= GEFER_FFXSR;
	return efer;
}

/* SPEC_CTRL has its bits from Intel's flags or from AMD's. */
static u64 allowed_spec_ctrl(const struct kvm_cpuid_entry2 *l7, const struct kvm_cpuid_entry2 *l88)
{
	u64 bits = 0;

	if ((l7->edx & GCPUID_7_EDX_SPEC_CTRL) || (l88->ebx & GCPUID_88_EBX_IBRS))
		bits |= BIT_ULL(0);
	if ((l7->edx & GCPUID_7_EDX_STIBP) || (l88->ebx & GCPUID_88_EBX_STIBP))
		bits |= BIT_ULL(1);
	if ((l7->edx & GCPUID_7_EDX_SSBD) || (l88->ebx & GCPUID_88_EBX_SSBD))
		bits |= BIT_ULL(2);
	if (l88->ebx & GCPUID_88_EBX_PSFD)
		bits |= BIT_ULL(7);
	return bits;
}

/* Features that the host has to help with: those of the guest that are in the limit too. */
static void apply_limit(struct cpuid_guest_caps *c, const struct cpuid_guest_caps *limit)
{
	c->cr4_allowed &= limit->cr4_allowed;
	c->efer_allowed &= limit->efer_allowed;
	c->xcr0_allowed &= limit->xcr0_allowed;
	c->spec_ctrl_allowed &= limit->spec_ctrl_allowed;
	c->kvm_features &= limit->kvm_features;
	c->rdtscp &= limit->rdtscp;
	c->rdpid &= limit->rdpid;
	c->ibpb &= limit->ibpb;
	c->x2apic &= limit->x2apic;
	c->arch_caps &= limit->arch_caps;
	c->xsave &= limit->xsave;
	c->pcid &= limit->pcid;
	c->la57 &= limit->la57;
}

void cpuid_rule_guest_caps(const struct cpuid_table *t, const struct cpuid_guest_caps *limit,
			   struct cpuid_guest_caps *ret_caps)
{
	const struct kvm_cpuid_entry2 *l1 = leaf_or_zero(t, 0x1);
	const struct kvm_cpuid_entry2 *l7 = leaf_or_zero(t, 0x7);
	const struct kvm_cpuid_entry2 *ld = leaf_or_zero(t, 0xd);
	const struct kvm_cpuid_entry2 *l81 = leaf_or_zero(t, 0x80000001);
	const struct kvm_cpuid_entry2 *l88 = leaf_or_zero(t, 0x80000008);
	struct cpuid_guest_caps c = {};

	c.vendor = t->vendor;
	/* Without leaf 0x80000008 there are 36 bits (SDM vol. 1, PSE-36 and PAE). */
	c.maxphyaddr = l88->eax & 0xff ? l88->eax & 0xff : 36;
	c.maxphyaddr = min_t(u8, max_t(u8, c.maxphyaddr, 32), 52);
	c.gpa_reserved = ~0ULL << c.maxphyaddr;
	c.cr4_allowed = allowed_cr4(l1, l7);
	c.efer_allowed = allowed_efer(l81);
	c.spec_ctrl_allowed = allowed_spec_ctrl(l7, l88);
	c.kvm_features = leaf_or_zero(t, 0x40000001)->eax;
	c.xsave = l1->ecx & GCPUID_1_ECX_XSAVE;
	if (c.xsave)
		c.xcr0_allowed = ld->eax | (u64)ld->edx << 32;

	c.lm = l81->edx & GCPUID_81_EDX_LM;
	c.nx = l81->edx & GCPUID_81_EDX_NX;
	c.page1g = l81->edx & GCPUID_81_EDX_PAGE1G;
	c.rdtscp = l81->edx & GCPUID_81_EDX_RDTSCP;
	c.fxsr_opt = l81->edx & GCPUID_81_EDX_FFXSR;
	c.osvw = l81->ecx & GCPUID_81_ECX_OSVW;
	c.pcid = l1->ecx & GCPUID_1_ECX_PCID;
	c.x2apic = l1->ecx & GCPUID_1_ECX_X2APIC;
	c.pse36 = l1->edx & GCPUID_1_EDX_PSE36;
	c.pat = l1->edx & GCPUID_1_EDX_PAT;
	c.mtrr = l1->edx & GCPUID_1_EDX_MTRR;
	c.mce = l1->edx & GCPUID_1_EDX_MCE;
	c.tsc_adjust = l7->ebx & GCPUID_7_EBX_TSC_ADJUST;
	c.rdpid = l7->ecx & GCPUID_7_ECX_RDPID;
	c.la57 = l7->ecx & GCPUID_7_ECX_LA57;
	c.arch_caps = l7->edx & GCPUID_7_EDX_ARCH_CAPS;
	c.ibpb = (l7->edx & GCPUID_7_EDX_SPEC_CTRL) || (l88->ebx & GCPUID_88_EBX_IBPB);

	if (limit)
		apply_limit(&c, limit);
	*ret_caps = c;
}
