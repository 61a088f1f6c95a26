/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The emulator's operations on a vCPU: memory by linear address, ports,
 * segments, control registers, the system instructions.
 *
 * Called under vcpu->mutex with SRCU held and the guest's FPU loaded. Every
 * memory access given here lies within one page. Where a slot is there but its
 * host address is not accessible, vcpu->emul_host_fault ends KVM_RUN with
 * -EFAULT.
 */
#include <linux/kvm.h>

#include "../arch/ops.h"
#include "../mem/mem.h"
#include "../mmu/mmu.h"
#include "../trace/emul.h"
#include "../trace/vcpu.h"
#include "core.h"
#include "emulate.h"
#include "state.h"

/* ---- memory -------------------------------------------------------------------- */

static u32 walk_access(struct vcpu *vcpu, u32 acc)
{
	u32 access = 0;

	if (acc & EMUL_ACC_WRITE)
		access |= GWALK_WRITE;
	if (acc & EMUL_ACC_FETCH)
		access |= GWALK_FETCH;
	if (acc & EMUL_ACC_IMPLICIT)
		access |= GWALK_IMPLICIT;
	else if (vcpu->emul.cpl == 3)
		access |= GWALK_USER;
	return access;
}

static enum emul_mem page_fault(struct vcpu *vcpu, u64 linear, u64 error_code)
{
	vcpu->emul.exception = (struct emul_exception){
		.vector = EXC_PF,
		.has_error = true,
		.error_code = error_code,
		.cr2 = linear,
	};
	return EMUL_MEM_FAULT;
}

static enum emul_mem general_protection(struct vcpu *vcpu)
{
	vcpu->emul.exception = (struct emul_exception){.vector = EXC_GP, .has_error = true};
	return EMUL_MEM_FAULT;
}

/*
 * A fault that met a mark does not say which way it went. It was this access's, when the
 * instruction reads or writes; when it does both, the CPU may have come no further than the
 * reading, and the guest's rights to write are looked up with that.
 */
static bool either_way(const struct vcpu *vcpu, u32 acc)
{
	const u32 both = EMUL_ACC_READ | EMUL_ACC_WRITE;

	return vcpu->exit.mmu.access & MMU_ACCESS_MARK && (acc & both) != both;
}

/*
 * The guest's page tables were walked by the CPU before the nested fault at
 * emul_gpa. If this access is the instruction's only explicit operand, goes
 * the way the fault went (read or write) and has its page offset, it is the
 * access that faulted.
 */
static bool is_faulting_access(const struct vcpu *vcpu, u64 linear, u32 acc)
{
	return vcpu->emul_gpa != GPA_INVALID && acc & EMUL_ACC_OPERAND &&
	       !((vcpu->emul_gpa ^ linear) & ~GV_PAGE_MASK) &&
	       (vcpu->emul_gpa_write == !!(acc & EMUL_ACC_WRITE) || either_way(vcpu, acc));
}

static enum emul_mem translate(struct vcpu *vcpu, u64 linear, u32 acc, gpa_t *ret_gpa)
{
	u64 error_code;

	if (is_faulting_access(vcpu, linear, acc)) {
		*ret_gpa = vcpu->emul_gpa;
		return EMUL_MEM_OK;
	}
	switch (mmu_gva_to_gpa(vcpu, linear, walk_access(vcpu, acc), ret_gpa, &error_code)) {
	case GWALK_OK:
		return EMUL_MEM_OK;
	case GWALK_FAULT:
		return page_fault(vcpu, linear, error_code);
	case GWALK_NON_CANONICAL:
		return general_protection(vcpu);
	default:
		/* The guest's page table is not in memory: no CPU could go on either. */
		return EMUL_MEM_UNHANDLED;
	}
}

static enum emul_mem host_fault(struct vcpu *vcpu)
{
	vcpu->emul_host_fault = true;
	return EMUL_MEM_RETRY;
}

static noinline enum emul_mem read_memory(struct vcpu *vcpu, u64 linear, void *buf,
					  unsigned int len, u32 acc, gpa_t *ret_gpa)
{
	enum emul_mem res;
	gpa_t gpa;

	res = translate(vcpu, linear, acc, &gpa);
	if (res != EMUL_MEM_OK)
		return res;
	if (likely(!mem_read(vcpu, gpa, buf, len)))
		return EMUL_MEM_OK;
	if (mem_slot(vcpu->vm, vcpu, gpa >> GV_PAGE_SHIFT))
		return host_fault(vcpu);
	*ret_gpa = gpa;
	return EMUL_MEM_MMIO;
}

/* A chip's answer, given at once, spares a second pass over the instruction. */
static noinline enum emul_mem read_chip(struct vcpu *vcpu, void *buf, unsigned int len)
{
	if (!iobus_mmio(vcpu, vcpu->emul_gpa, len, false, buf))
		return EMUL_MEM_MMIO;
	trace_kvm_mmio(vcpu, 1, len, vcpu->emul_gpa, buf);
	return EMUL_MEM_OK;
}

static enum emul_mem op_read(void *v, u64 linear, void *buf, unsigned int len, u32 acc,
			     gpa_t *ret_gpa)
{
	struct vcpu *vcpu = v;

	if (acc & EMUL_ACC_WRITE || !is_faulting_access(vcpu, linear, acc))
		return read_memory(vcpu, linear, buf, len, acc, ret_gpa);
	*ret_gpa = vcpu->emul_gpa; /* a read faults where no slot is */
	return iobus_used(vcpu) ? read_chip(vcpu, buf, len) : EMUL_MEM_MMIO;
}

static const struct memslot *writable_slot(struct vcpu *vcpu, gpa_t gpa)
{
	const struct memslot *slot = mem_slot(vcpu->vm, vcpu, gpa >> GV_PAGE_SHIFT);

	return slot && !(slot->flags & KVM_MEM_READONLY) ? slot : NULL;
}

static noinline enum emul_mem write_memory(struct vcpu *vcpu, u64 linear, const void *buf,
					   unsigned int len, u32 acc, gpa_t *ret_gpa)
{
	enum emul_mem res;
	gpa_t gpa;

	res = translate(vcpu, linear, acc, &gpa);
	if (res != EMUL_MEM_OK)
		return res;
	if (!writable_slot(vcpu, gpa)) {
		*ret_gpa = gpa;
		return EMUL_MEM_MMIO;
	}
	return mem_write(vcpu, gpa, buf, len) ? host_fault(vcpu) : EMUL_MEM_OK;
}

static enum emul_mem op_write(void *v, u64 linear, const void *buf, unsigned int len, u32 acc,
			      gpa_t *ret_gpa)
{
	struct vcpu *vcpu = v;

	acc |= EMUL_ACC_WRITE;
	if (!is_faulting_access(vcpu, linear, acc))
		return write_memory(vcpu, linear, buf, len, acc, ret_gpa);
	*ret_gpa = vcpu->emul_gpa; /* no slot, or a read-only one */
	return EMUL_MEM_MMIO;
}

static enum emul_mem op_cmpxchg(void *v, u64 linear, const void *old, const void *new,
				unsigned int len, u32 acc, gpa_t *ret_gpa)
{
	struct vcpu *vcpu = v;
	enum emul_mem res;
	u8 expect[16];
	gpa_t gpa;

	res = translate(vcpu, linear, acc | EMUL_ACC_WRITE, &gpa);
	if (res != EMUL_MEM_OK)
		return res;
	if (!writable_slot(vcpu, gpa)) {
		*ret_gpa = gpa;
		return EMUL_MEM_MMIO;
	}
	memcpy(expect, old, min_t(unsigned int, len, sizeof(expect)));
	switch (mem_cmpxchg(vcpu, gpa, expect, new, len)) {
	case 0:
		return EMUL_MEM_OK;
	case -EAGAIN:
		return EMUL_MEM_RETRY;
	default:
		return host_fault(vcpu);
	}
}

static enum emul_mem op_probe(void *v, u64 linear, u32 acc)
{
	gpa_t gpa;

	return translate(v, linear, acc, &gpa);
}

/* ---- ports: all devices are userspace's ------------------------------------------- */

static enum emul_io op_port_in(void *v, u16 port, unsigned int size, void *buf, unsigned int count)
{
	return EMUL_IO_PENDING;
}

static enum emul_io op_port_out(void *v, u16 port, unsigned int size, const void *buf,
				unsigned int count)
{
	return EMUL_IO_PENDING;
}

/* ---- segments and descriptor tables ------------------------------------------------ */

static void op_seg_get(void *v, enum emul_segment seg, struct kvm_segment *ret_seg)
{
	*ret_seg = vcpu_state(v, STATE_SEGS)->seg[seg];
}

static void op_seg_set(void *v, enum emul_segment seg, const struct kvm_segment *val)
{
	struct vcpu *vcpu = v;
	struct vcpu_state *st = vcpu_state(vcpu, STATE_SEGS);

	st->seg[seg] = *val;
	if (seg == EMUL_SEG_SS && vcpu->emul.pe)
		st->cpl = vcpu->emul.vm86 ? 3 : val->dpl;
	vcpu_state_dirty(vcpu, STATE_SEGS);
}

static void op_dtr_get(void *v, bool idt, struct emul_dtr *ret_dtr)
{
	const struct vcpu_state *st = vcpu_state(v, STATE_DT);
	const struct kvm_dtable *dt = idt ? &st->idt : &st->gdt;

	ret_dtr->base = dt->base;
	ret_dtr->limit = dt->limit;
}

static void op_dtr_set(void *v, bool idt, const struct emul_dtr *val)
{
	struct vcpu_state *st = vcpu_state(v, STATE_DT);
	struct kvm_dtable *dt = idt ? &st->idt : &st->gdt;

	dt->base = val->base;
	dt->limit = val->limit;
	vcpu_state_dirty(v, STATE_DT);
}

/* ---- control and debug registers ------------------------------------------------------ */

static u64 op_cr_get(void *v, unsigned int cr)
{
	return cr_read(v, cr); /* also for checks of the emulator's own: exit_cr() traces */
}

static enum emul_sys op_cr_set(void *v, unsigned int cr, u64 val)
{
	trace_kvm_cr(v, true, cr, val);
	return cr_write(v, cr, val) ? EMUL_SYS_OK : EMUL_SYS_GP;
}

static enum emul_sys sys_of_dr(struct vcpu *vcpu, enum dr_result res)
{
	switch (res) {
	case DR_OK:
		return EMUL_SYS_OK;
	case DR_UD:
		return EMUL_SYS_UD;
	case DR_DB:
		/* Queued already, with its DR6 bits: emulate.c adds nothing. */
		vcpu->emul.exception = (struct emul_exception){.vector = EXC_DB};
		return EMUL_SYS_FAULT;
	default:
		return EMUL_SYS_GP;
	}
}

static enum emul_sys op_dr_get(void *v, unsigned int dr, u64 *ret_val)
{
	return sys_of_dr(v, dr_read(v, dr, ret_val));
}

static enum emul_sys op_dr_set(void *v, unsigned int dr, u64 val)
{
	return sys_of_dr(v, dr_write(v, dr, val));
}

static u64 op_xcr0_get(void *v)
{
	return ((struct vcpu *)v)->xcr0;
}

/* ---- system instructions ---------------------------------------------------------------- */

static enum emul_sys sys_of_msr(enum msr_result res)
{
	switch (res) {
	case MSR_OK:
		return EMUL_SYS_OK;
	case MSR_GP:
		return EMUL_SYS_GP;
	default:
		return EMUL_SYS_UNHANDLED;
	}
}

static enum emul_sys sys_rdmsr(struct vcpu *vcpu)
{
	u64 value;
	enum msr_result res = msr_guest_read(vcpu, vcpu->gpr[GPR_RCX], &value);

	if (res == MSR_OK)
		vcpu_set_edx_eax(vcpu, value);
	return sys_of_msr(res);
}

static void sys_swapgs(struct vcpu *vcpu)
{
	struct vcpu_state *st = vcpu_state(vcpu, STATE_SEGS | STATE_MSR);
	u64 base = st->seg[SEG_GS].base;

	st->seg[SEG_GS].base = st->kernel_gs_base;
	st->kernel_gs_base = base;
	vcpu_state_dirty(vcpu, STATE_SEGS | STATE_MSR);
}

static enum emul_sys sys_xsetbv(struct vcpu *vcpu)
{
	if ((u32)vcpu->gpr[GPR_RCX] || !xcr0_write(vcpu, vcpu_edx_eax(vcpu), false))
		return EMUL_SYS_GP;
	return EMUL_SYS_OK;
}

static enum emul_sys op_system(void *v, enum emul_sysop what, u64 arg)
{
	struct vcpu *vcpu = v;

	switch (what) {
	case EMUL_SYSOP_CPUID:
		cpuid_guest(vcpu);
		return EMUL_SYS_OK;
	case EMUL_SYSOP_RDTSCP:
		vcpu->gpr[GPR_RCX] = (u32)vcpu->tsc_aux;
		fallthrough;
	case EMUL_SYSOP_RDTSC:
		vcpu_set_edx_eax(vcpu, time_guest_tsc(vcpu));
		return EMUL_SYS_OK;
	case EMUL_SYSOP_RDPMC:
		return EMUL_SYS_GP;
	case EMUL_SYSOP_INVD:
	case EMUL_SYSOP_WBINVD:
		return EMUL_SYS_OK;
	case EMUL_SYSOP_INVLPG:
		vcpu_tlb_flush(vcpu);
		return EMUL_SYS_OK;
	case EMUL_SYSOP_CLTS:
		return op_cr_set(vcpu, 0, cr_read(vcpu, 0) & ~(u64)X86_CR0_TS);
	case EMUL_SYSOP_RDMSR:
		return sys_rdmsr(vcpu);
	case EMUL_SYSOP_WRMSR:
		return sys_of_msr(msr_guest_write(vcpu, vcpu->gpr[GPR_RCX], vcpu_edx_eax(vcpu)));
	case EMUL_SYSOP_XSETBV:
		return sys_xsetbv(vcpu);
	case EMUL_SYSOP_SWAPGS:
		sys_swapgs(vcpu);
		return EMUL_SYS_OK;
	case EMUL_SYSOP_VMMCALL:
	case EMUL_SYSOP_RSM:
		break;
	}
	return EMUL_SYS_UD;
}

/* ---- vector registers ------------------------------------------------------------------- */

static void op_simd_get(void *v, enum emul_simd kind, unsigned int reg, void *buf, unsigned int len)
{
	if (kind == EMUL_SIMD_MMX)
		fpu_mmx_read(v, reg, buf);
	else
		fpu_vec_read(v, reg, buf, len);
}

static void op_simd_set(void *v, enum emul_simd kind, unsigned int reg, const void *buf,
			unsigned int len, bool zero_upper)
{
	if (kind == EMUL_SIMD_MMX)
		fpu_mmx_write(v, reg, buf);
	else
		fpu_vec_write(v, reg, buf, len, zero_upper);
}

const struct emul_ops emulate_ops = {
	.read = op_read,
	.write = op_write,
	.cmpxchg = op_cmpxchg,
	.probe = op_probe,
	.port_in = op_port_in,
	.port_out = op_port_out,
	.seg_get = op_seg_get,
	.seg_set = op_seg_set,
	.dtr_get = op_dtr_get,
	.dtr_set = op_dtr_set,
	.cr_get = op_cr_get,
	.cr_set = op_cr_set,
	.dr_get = op_dr_get,
	.dr_set = op_dr_set,
	.xcr0_get = op_xcr0_get,
	.system = op_system,
	.simd_get = op_simd_get,
	.simd_set = op_simd_set,
};
