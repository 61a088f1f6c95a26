/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names of numbers: exit reasons from debugfs-schema/, MSRs and CPUID leaves
 * as the AMD and Intel manuals call them, ports and pages of a PC as QEMU's
 * machine types lay them out.
 */
#include <stdio.h>
#include <string.h>

#include "../../debugfs-schema/reasons.h"
#include "model.h"
#include "names.h"

struct name {
	uint64_t first;
	const char *name;
};

struct range {
	uint64_t first, last;
	const char *name;
};

#define COUNT(a)	  (sizeof(a) / sizeof((a)[0]))
#define FIND(a, value)	  find(a, COUNT(a), value)
#define FIND_IN(a, value) find_range(a, COUNT(a), value)

static const char *find(const struct name *names, size_t n, uint64_t value)
{
	for (size_t i = 0; i < n; i++)
		if (names[i].first == value)
			return names[i].name;
	return NULL;
}

static const char *find_range(const struct range *ranges, size_t n, uint64_t value)
{
	for (size_t i = 0; i < n; i++)
		if (value >= ranges[i].first && value <= ranges[i].last)
			return ranges[i].name;
	return NULL;
}

#define REASON(number, ID, name, text) {number, name},

static const struct name svm_reasons[] = {SVM_REASONS(REASON)};
static const struct name vmx_reasons[] = {VMX_REASONS(REASON)};
static const struct name user_reasons[] = {USER_REASONS(REASON)};

static const struct range ports[] = {
	{0x00, 0x0f, "DMA 1"},
	{0x20, 0x21, "PIC 1"},
	{0x40, 0x43, "PIT"},
	{0x60, 0x60, "keyboard data"},
	{0x61, 0x61, "speaker, NMI status"},
	{0x64, 0x64, "keyboard control"},
	{0x70, 0x70, "CMOS index"},
	{0x71, 0x71, "CMOS data"},
	{0x80, 0x80, "POST, I/O delay"},
	{0x81, 0x8f, "DMA pages"},
	{0x92, 0x92, "A20, fast reset"},
	{0xa0, 0xa1, "PIC 2"},
	{0xb2, 0xb3, "APM, SMI"},
	{0xc0, 0xdf, "DMA 2"},
	{0x170, 0x177, "IDE 2"},
	{0x1f0, 0x1f7, "IDE 1"},
	{0x2e8, 0x2ef, "COM4"},
	{0x2f8, 0x2ff, "COM2"},
	{0x376, 0x376, "IDE 2 control"},
	{0x378, 0x37f, "LPT1"},
	{0x3b0, 0x3df, "VGA"},
	{0x3e8, 0x3ef, "COM3"},
	{0x3f0, 0x3f5, "floppy"},
	{0x3f6, 0x3f6, "IDE 1 control"},
	{0x3f7, 0x3f7, "floppy"},
	{0x3f8, 0x3ff, "COM1"},
	{0x402, 0x402, "firmware debug console"},
	{0x4d0, 0x4d1, "PIC trigger modes"},
	{0x510, 0x510, "fw_cfg select"},
	{0x511, 0x511, "fw_cfg data"},
	{0x514, 0x51b, "fw_cfg DMA"},
	{0x600, 0x605, "ACPI PM"},
	{0x608, 0x60b, "ACPI PM timer"},
	{0x620, 0x62f, "ACPI GPE"},
	{0x630, 0x637, "ACPI SMI"},
	{0xae00, 0xae13, "ACPI PCI hot-plug"},
	{0xaf00, 0xaf1f, "ACPI CPU hot-plug"},
	{0xb000, 0xb03f, "ACPI PM"},
	{0xcc0, 0xcd7, "ACPI PCI hot-plug"},
	{0xcd8, 0xce3, "ACPI CPU hot-plug"},
	{0xcf8, 0xcf8, "PCI config address"},
	{0xcf9, 0xcf9, "reset control"},
	{0xcfc, 0xcff, "PCI config data"},
};

/* Guest frame numbers. */
static const struct range pages[] = {
	{0xa0, 0xaf, "VGA window"},
	{0xb0, 0xb7, "VGA text (mono)"},
	{0xb8, 0xbf, "VGA text"},
	{0xb0000, 0xbffff, "PCIe config (q35)"},
	{0xfec00, 0xfec00, "IOAPIC"},
	{0xfed00, 0xfed00, "HPET"},
	{0xfed1c, 0xfed1f, "ICH9 RCBA"},
	{0xfed40, 0xfed44, "TPM"},
	{0xfee00, 0xfee00, "local APIC, MSI"},
	{0xffc00, 0xfffff, "firmware flash"},
};

static const struct range msrs[] = {
	{0x10, 0x10, "TSC"},
	{0x11, 0x11, "KVM wall clock (old)"},
	{0x12, 0x12, "KVM system time (old)"},
	{0x17, 0x17, "PLATFORM_ID"},
	{0x1b, 0x1b, "APIC_BASE"},
	{0x34, 0x34, "SMI_COUNT"},
	{0x35, 0x35, "CORE_THREAD_COUNT"},
	{0x3a, 0x3a, "FEATURE_CONTROL"},
	{0x3b, 0x3b, "TSC_ADJUST"},
	{0x48, 0x48, "SPEC_CTRL"},
	{0x49, 0x49, "PRED_CMD"},
	{0x79, 0x79, "UCODE_WRITE"},
	{0x8b, 0x8b, "PATCH_LEVEL"},
	{0xc1, 0xc8, "PMC"},
	{0xce, 0xce, "PLATFORM_INFO"},
	{0xe7, 0xe7, "MPERF"},
	{0xe8, 0xe8, "APERF"},
	{0xfe, 0xfe, "MTRR_CAP"},
	{0x10a, 0x10a, "ARCH_CAPABILITIES"},
	{0x140, 0x140, "MISC_FEATURES_ENABLES"},
	{0x174, 0x174, "SYSENTER_CS"},
	{0x175, 0x175, "SYSENTER_ESP"},
	{0x176, 0x176, "SYSENTER_EIP"},
	{0x179, 0x179, "MCG_CAP"},
	{0x17a, 0x17a, "MCG_STATUS"},
	{0x17b, 0x17b, "MCG_CTL"},
	{0x186, 0x189, "PERF_EVENT_SEL"},
	{0x198, 0x198, "PERF_STATUS"},
	{0x1a0, 0x1a0, "MISC_ENABLE"},
	{0x1d9, 0x1d9, "DEBUG_CTL"},
	{0x1fc, 0x1fc, "POWER_CTL"},
	{0x200, 0x20f, "MTRR variable"},
	{0x250, 0x250, "MTRR fixed 64K"},
	{0x258, 0x259, "MTRR fixed 16K"},
	{0x268, 0x26f, "MTRR fixed 4K"},
	{0x277, 0x277, "PAT"},
	{0x2ff, 0x2ff, "MTRR_DEF_TYPE"},
	{0x345, 0x345, "PERF_CAPABILITIES"},
	{0x400, 0x47f, "machine check bank"},
	{0x600, 0x600, "DS_AREA"},
	{0x606, 0x606, "RAPL_POWER_UNIT"},
	{0x6e0, 0x6e0, "TSC_DEADLINE"},
	{0x802, 0x802, "x2APIC ID"},
	{0x803, 0x803, "x2APIC version"},
	{0x808, 0x808, "x2APIC TPR"},
	{0x80b, 0x80b, "x2APIC EOI"},
	{0x80d, 0x80d, "x2APIC LDR"},
	{0x80f, 0x80f, "x2APIC SVR"},
	{0x810, 0x817, "x2APIC ISR"},
	{0x818, 0x81f, "x2APIC TMR"},
	{0x820, 0x827, "x2APIC IRR"},
	{0x828, 0x828, "x2APIC ESR"},
	{0x830, 0x830, "x2APIC ICR"},
	{0x832, 0x837, "x2APIC LVT"},
	{0x838, 0x838, "x2APIC timer count"},
	{0x839, 0x839, "x2APIC timer now"},
	{0x83e, 0x83e, "x2APIC timer divide"},
	{0x83f, 0x83f, "x2APIC self IPI"},
	{0xda0, 0xda0, "XSS"},
	{0x40000000, 0x400001ff, "Hyper-V"},
	{0x4b564d00, 0x4b564d00, "KVM wall clock"},
	{0x4b564d01, 0x4b564d01, "KVM system time"},
	{0x4b564d02, 0x4b564d02, "KVM async page fault"},
	{0x4b564d03, 0x4b564d03, "KVM steal time"},
	{0x4b564d04, 0x4b564d04, "KVM PV EOI"},
	{0x4b564d05, 0x4b564d05, "KVM poll control"},
	{0x4b564d06, 0x4b564d07, "KVM async page fault"},
	{0xc0000080, 0xc0000080, "EFER"},
	{0xc0000081, 0xc0000081, "STAR"},
	{0xc0000082, 0xc0000082, "LSTAR"},
	{0xc0000083, 0xc0000083, "CSTAR"},
	{0xc0000084, 0xc0000084, "SFMASK"},
	{0xc0000100, 0xc0000100, "FS_BASE"},
	{0xc0000101, 0xc0000101, "GS_BASE"},
	{0xc0000102, 0xc0000102, "KERNEL_GS_BASE"},
	{0xc0000103, 0xc0000103, "TSC_AUX"},
	{0xc0000104, 0xc0000104, "TSC_RATIO"},
	{0xc0010000, 0xc0010003, "PERF_EVT_SEL (AMD)"},
	{0xc0010004, 0xc0010007, "PERF_CTR (AMD)"},
	{0xc0010010, 0xc0010010, "SYS_CFG"},
	{0xc0010015, 0xc0010015, "HWCR"},
	{0xc001001f, 0xc001001f, "NB_CFG"},
	{0xc0010055, 0xc0010055, "INT_PENDING"},
	{0xc0010058, 0xc0010058, "MMIO_CFG_BASE"},
	{0xc0010064, 0xc001006b, "PSTATE_DEF"},
	{0xc0010112, 0xc0010113, "SMM_ADDR, SMM_MASK"},
	{0xc0010114, 0xc0010114, "VM_CR"},
	{0xc0010117, 0xc0010117, "VM_HSAVE_PA"},
	{0xc001011f, 0xc001011f, "VIRT_SPEC_CTRL"},
	{0xc0010140, 0xc0010141, "OSVW"},
	{0xc0010200, 0xc001020b, "PERF_CTL, PERF_CTR (AMD)"},
	{0xc0011020, 0xc0011020, "LS_CFG"},
	{0xc0011022, 0xc0011022, "DC_CFG"},
	{0xc0011023, 0xc0011023, "BU_CFG"},
	{0xc0011029, 0xc0011029, "DE_CFG"},
};

static const struct range leaves[] = {
	{0x0, 0x0, "vendor, highest leaf"},
	{0x1, 0x1, "family, features"},
	{0x2, 0x2, "cache descriptors"},
	{0x4, 0x4, "cache topology (Intel)"},
	{0x5, 0x5, "MONITOR, MWAIT"},
	{0x6, 0x6, "thermal and power"},
	{0x7, 0x7, "extended features"},
	{0xa, 0xa, "performance monitoring"},
	{0xb, 0xb, "topology"},
	{0xd, 0xd, "XSAVE"},
	{0x15, 0x15, "TSC ratio"},
	{0x16, 0x16, "frequencies"},
	{0x1f, 0x1f, "topology (v2)"},
	{0x40000000, 0x40000000, "hypervisor signature"},
	{0x40000001, 0x40000001, "KVM features"},
	{0x40000010, 0x40000010, "hypervisor TSC frequency"},
	{0x40000100, 0x4000ffff, "hypervisor probe"},
	{0x80000000, 0x80000000, "highest extended leaf"},
	{0x80000001, 0x80000001, "extended features (AMD)"},
	{0x80000002, 0x80000004, "brand string"},
	{0x80000005, 0x80000006, "caches (AMD)"},
	{0x80000007, 0x80000007, "power management"},
	{0x80000008, 0x80000008, "address sizes"},
	{0x8000000a, 0x8000000a, "SVM"},
	{0x8000001d, 0x8000001d, "cache topology (AMD)"},
	{0x8000001e, 0x8000001e, "topology (AMD)"},
	{0x8000001f, 0x8000001f, "memory encryption"},
	{0x80000021, 0x80000021, "extended features 2 (AMD)"},
};

static const char *const exceptions[] = {
	"#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", NULL,  "#TS",
	"#NP", "#SS", "#GP", "#PF", NULL,  "#MF", "#AC", "#MC", "#XF", "#VE", "#CP",
};

#define GROUP(opcode, reg) (OPCODE_GROUP | (uint64_t)(reg) << 32 | (opcode))

static const struct name opcodes[] = {
	{0x88, "mov r/m8, r8"},
	{0x89, "mov r/m, r"},
	{0x8a, "mov r8, r/m8"},
	{0x8b, "mov r, r/m"},
	{0x86, "xchg r/m8, r8"},
	{0x87, "xchg r/m, r"},
	{0xa0, "mov al, [moffs]"},
	{0xa1, "mov ax, [moffs]"},
	{0xa2, "mov [moffs], al"},
	{0xa3, "mov [moffs], ax"},
	{0xa4, "movsb"},
	{0xa5, "movs"},
	{0xaa, "stosb"},
	{0xab, "stos"},
	{0xac, "lodsb"},
	{0xad, "lods"},
	{GROUP(0xc6, 0), "mov r/m8, imm8"},
	{GROUP(0xc7, 0), "mov r/m, imm"},
	{0x6c, "insb"},
	{0x6d, "ins"},
	{0x6e, "outsb"},
	{0x6f, "outs"},
	{0xe4, "in al, imm8"},
	{0xe5, "in ax, imm8"},
	{0xe6, "out imm8, al"},
	{0xe7, "out imm8, ax"},
	{0xec, "in al, dx"},
	{0xed, "in ax, dx"},
	{0xee, "out dx, al"},
	{0xef, "out dx, ax"},
	{0xcc, "int3"},
	{0xcd, "int imm8"},
	{0xf4, "hlt"},
	{GROUP(0x0f01, 0), "sgdt, vmcall"},
	{GROUP(0x0f01, 1), "sidt"},
	{GROUP(0x0f01, 2), "lgdt, xgetbv, xsetbv"},
	{GROUP(0x0f01, 3), "lidt, vmmcall"},
	{GROUP(0x0f01, 6), "lmsw"},
	{GROUP(0x0f01, 7), "invlpg"},
	{0x0f06, "clts"},
	{0x0f08, "invd"},
	{0x0f09, "wbinvd"},
	{0x0f0b, "ud2"},
	{0x0f20, "mov r, crN"},
	{0x0f21, "mov r, drN"},
	{0x0f22, "mov crN, r"},
	{0x0f23, "mov drN, r"},
	{0x0f30, "wrmsr"},
	{0x0f31, "rdtsc"},
	{0x0f32, "rdmsr"},
	{0x0f33, "rdpmc"},
	{0x0fa2, "cpuid"},
	{0x0faa, "rsm"},
	{0x0fb0, "cmpxchg r/m8, r8"},
	{0x0fb1, "cmpxchg r/m, r"},
	{0x0fb6, "movzx r, r/m8"},
	{0x0fb7, "movzx r, r/m16"},
	{0x0fbe, "movsx r, r/m8"},
	{0x0fbf, "movsx r, r/m16"},
};

const char *name_exit_reason(uint64_t isa, uint64_t reason)
{
	return isa == 1 ? FIND(vmx_reasons, reason) : FIND(svm_reasons, reason);
}

const char *name_user_reason(uint64_t reason)
{
	return FIND(user_reasons, reason);
}

const char *name_port(uint64_t port)
{
	return FIND_IN(ports, port);
}

const char *name_mmio_page(uint64_t gfn)
{
	return FIND_IN(pages, gfn);
}

const char *name_msr(uint64_t index)
{
	return FIND_IN(msrs, index);
}

const char *name_leaf(uint64_t function)
{
	return FIND_IN(leaves, function);
}

const char *name_exception(uint64_t vector)
{
	return vector < COUNT(exceptions) ? exceptions[vector] : NULL;
}

const char *name_opcode(uint64_t key)
{
	return FIND(opcodes, key);
}

void name_errno(char *buf, size_t room, int err)
{
	enum { FIRST_RESTART = 512, LAST_RESTART = 516 }; /* ERESTARTSYS and its like */
	const char *name = strerrorname_np(err);

	if (name)
		snprintf(buf, room, "%s", name);
	else if (err >= FIRST_RESTART && err <= LAST_RESTART)
		snprintf(buf, room, "restart");
	else
		snprintf(buf, room, "errno-%d", err);
}
