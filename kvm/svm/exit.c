/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * #VMEXIT into struct exit (APM vol. 2, appendix C "SVM intercept exit codes"
 * and the sections of each intercept for EXITINFO).
 *
 * A table gives kind and whether an instruction exited; the few exits that
 * carry more are decoded by hand. Nothing here handles an exit, with three
 * exceptions that are the back end's own doing and end as EXIT_NONE or
 * EXIT_NMI_WINDOW: IRET of an NMI handler, its single step, and the first use
 * of debug registers.
 *
 * What the hardware does not tell without next-RIP or decode assists is left
 * 0 or not decoded; core/ asks the emulator then.
 *
 * Runs in entry context, right after the exit: nothing here may sleep.
 */
#include "svm.h"

/* How much more than its kind an exit says. */
enum detail {
	DETAIL_NONE,
	DETAIL_IO,
	DETAIL_MSR,
	DETAIL_CR,
	DETAIL_CR0_SEL,
	DETAIL_DR,
	DETAIL_EXCEPTION,
	DETAIL_DB,
	DETAIL_IRET,
	DETAIL_INVLPG,
	DETAIL_TASK,
	DETAIL_SHUTDOWN,
};

struct exit_desc {
	u8 kind;
	u8 detail;
	bool insn; /* an instruction exited: next_rip is its end */
};

/* clang-format off */
#define HOST(code)		[code] = { EXIT_HOST_INTR, DETAIL_NONE, false }
#define INSN(code, kind)	[code] = { kind, DETAIL_NONE, true }
#define INSN_MORE(code, kind, detail) [code] = { kind, detail, true }
#define EXC(vector, kind, detail) [SVM_EXIT_EXCP_BASE + (vector)] = { kind, detail, false }

/* What is not named here is not intercepted, and so EXIT_UNKNOWN. */
static const struct exit_desc exits[0x90] = {
	[SVM_EXIT_READ_CR0 ... SVM_EXIT_WRITE_CR0 + 0xf] = { EXIT_CR, DETAIL_CR, true },
	[SVM_EXIT_READ_DR0 ... SVM_EXIT_WRITE_DR0 + 0xf] = { EXIT_DR, DETAIL_DR, true },

	EXC(EXC_DB, EXIT_EXCEPTION, DETAIL_DB),
	EXC(EXC_BP, EXIT_EXCEPTION, DETAIL_EXCEPTION),
	EXC(EXC_UD, EXIT_EXCEPTION, DETAIL_EXCEPTION),
	EXC(EXC_AC, EXIT_EXCEPTION, DETAIL_EXCEPTION),
	EXC(EXC_MC, EXIT_HOST_INTR, DETAIL_NONE),

	HOST(SVM_EXIT_INTR),
	HOST(SVM_EXIT_NMI),
	HOST(SVM_EXIT_SMI),
	HOST(SVM_EXIT_INIT),
	[SVM_EXIT_VINTR] = { EXIT_IRQ_WINDOW, DETAIL_NONE, false },
	INSN_MORE(SVM_EXIT_CR0_SEL_WRITE, EXIT_CR, DETAIL_CR0_SEL),
	INSN(SVM_EXIT_RDPMC, EXIT_RDPMC),
	INSN(SVM_EXIT_CPUID, EXIT_CPUID),
	[SVM_EXIT_IRET] = { EXIT_NONE, DETAIL_IRET, false },
	INSN(SVM_EXIT_INVD, EXIT_WBINVD),
	INSN(SVM_EXIT_WBINVD, EXIT_WBINVD),
	INSN(SVM_EXIT_HLT, EXIT_HLT),
	INSN(SVM_EXIT_PAUSE, EXIT_NOP),
	INSN_MORE(SVM_EXIT_INVLPG, EXIT_INVLPG, DETAIL_INVLPG),
	INSN_MORE(SVM_EXIT_IOIO, EXIT_IO, DETAIL_IO),
	INSN_MORE(SVM_EXIT_MSR, EXIT_MSR, DETAIL_MSR),
	[SVM_EXIT_TASK_SWITCH] = { EXIT_TASK_SWITCH, DETAIL_TASK, false },
	[SVM_EXIT_SHUTDOWN] = { EXIT_TRIPLE_FAULT, DETAIL_SHUTDOWN, false },
	INSN(SVM_EXIT_VMMCALL, EXIT_HYPERCALL),
	INSN(SVM_EXIT_XSETBV, EXIT_XSETBV),

	/* Not in the CPUID of any guest of ours. */
	INSN(SVM_EXIT_INVLPGA, EXIT_UD),
	INSN(SVM_EXIT_VMRUN, EXIT_UD),
	INSN(SVM_EXIT_VMLOAD, EXIT_UD),
	INSN(SVM_EXIT_VMSAVE, EXIT_UD),
	INSN(SVM_EXIT_STGI, EXIT_UD),
	INSN(SVM_EXIT_CLGI, EXIT_UD),
	INSN(SVM_EXIT_SKINIT, EXIT_UD),
	INSN(SVM_EXIT_MONITOR, EXIT_UD),
	INSN(SVM_EXIT_MWAIT, EXIT_UD),
	INSN(SVM_EXIT_MWAIT_COND, EXIT_UD),
	INSN(SVM_EXIT_RDPRU, EXIT_UD),
	/* Intercepted for guests without them only: svm_cpuid_update(). */
	INSN(SVM_EXIT_RDTSCP, EXIT_UD),
};
/* clang-format on */

static void io_detail(const struct vmcb_control *c, struct exit *exit)
{
	u32 info = c->exit_info_1;

	exit->io.port = info >> VMCB_IOIO_PORT_SHIFT;
	exit->io.size = (info >> VMCB_IOIO_SIZE_SHIFT) & 7;
	exit->io.in = info & VMCB_IOIO_IN;
	exit->flags |= exit->io.in ? 0 : RECORD_WRITE;
	exit->io.string = info & VMCB_IOIO_STR;
	exit->io.rep = info & VMCB_IOIO_REP;
	exit->io.next_rip = c->exit_info_2;
}

static void cr_detail(const struct vmcb_control *c, struct exit *exit)
{
	exit->cr.nr = c->exit_code & 0xf;
	exit->flags |= c->exit_code & 0x10 ? RECORD_WRITE : 0;
	exit->cr.decoded = svm_hw.decode_assist && (c->exit_info_1 & VMCB_CR_MOV);
	exit->cr.gpr = c->exit_info_1 & 0xf;
}

/*
 * The guest uses debug registers: let it have the real ones, and execute the
 * access again. They go back at vcpu_put (see ops.c).
 */
static void dr_detail(struct svm_vcpu *svm, struct exit *exit)
{
	const struct vmcb_control *c = &svm->vmcb->control;

	if (!svm->dr_owned) {
		svm->special |= SVM_SPECIAL_DR;
		svm_intercept_dr(svm);
		exit->kind = EXIT_NONE;
		return;
	}
	exit->cr.nr = c->exit_code & 0xf;
	exit->flags |= c->exit_code & 0x10 ? RECORD_WRITE : 0;
	exit->cr.decoded = svm_hw.decode_assist;
	exit->cr.gpr = c->exit_info_1 & 0xf;
}

static void db_detail(struct vcpu *vcpu, struct exit *exit)
{
	struct svm_vcpu *svm = to_svm(vcpu);

	if (svm_event_step_done(vcpu, exit))
		return;
	exit->exception.vector = EXC_DB;
	exit->exception.has_error_code = false;
	exit->exception.error_code = 0;
	/* Bits that are active low in DR6 are 1 here when they happened. */
	exit->exception.payload = svm->vmcb->save.dr6 ^ GDR6_FIXED_1;
	if (svm->dr_owned) {
		svm->vmcb->save.dr6 = GDR6_RESET;
		vmcb_dirty(svm->vmcb, VMCB_CLEAN_DR);
	}
}

static void exception_detail(const struct vmcb_control *c, struct exit *exit)
{
	exit->exception.vector = c->exit_code - SVM_EXIT_EXCP_BASE;
	exit->exception.has_error_code = exit->exception.vector == EXC_AC;
	exit->exception.error_code = exit->exception.has_error_code ? c->exit_info_1 : 0;
	exit->exception.payload = 0;
}

static void iret_detail(struct vcpu *vcpu)
{
	struct svm_vcpu *svm = to_svm(vcpu);

	svm_intercept_a(svm, VMCB_A_IRET, false);
	svm->special |= SVM_SPECIAL_IRET;
	svm->iret_rip = vcpu->rip;
}

static void task_detail(const struct vmcb_control *c, struct exit *exit)
{
	exit->task.selector = c->exit_info_1;
	exit->task.has_error_code = c->exit_info_2 & VMCB_TASK_EC;
	exit->task.error_code = c->exit_info_2;
	if (c->exit_info_2 & VMCB_TASK_IRET)
		exit->task.reason = 1;
	else if (c->exit_info_2 & VMCB_TASK_JMP)
		exit->task.reason = 2;
	else
		exit->task.reason = c->exit_int_info & VMCB_EVENT_V ? 3 : 0;
}

/*
 * After a shutdown the VMCB's contents are undefined (APM vol. 2, "Shutdown
 * intercept"). What it says is taken for userspace to look at, and a new one
 * made around it; if that is nonsense, the next entry is refused.
 */
static void shutdown_detail(struct vcpu *vcpu)
{
	svm_state_get(vcpu, STATE_ALL & ~vcpu->st_valid);
	vcpu->st_valid = STATE_ALL;
	vcpu->st_dirty = STATE_ALL;
	svm_vmcb_init(vcpu);
}

static void detail(struct vcpu *vcpu, struct exit *exit, u8 what)
{
	struct svm_vcpu *svm = to_svm(vcpu);
	const struct vmcb_control *c = &svm->vmcb->control;

	switch (what) {
	case DETAIL_IO:
		io_detail(c, exit);
		break;
	case DETAIL_MSR:
		exit->flags |= c->exit_info_1 & 1 ? RECORD_WRITE : 0;
		break;
	case DETAIL_CR:
		cr_detail(c, exit);
		break;
	case DETAIL_CR0_SEL:
		exit->cr.nr = 0;
		exit->flags |= RECORD_WRITE;
		exit->cr.decoded = svm_hw.decode_assist && (c->exit_info_1 & VMCB_CR_MOV);
		exit->cr.gpr = c->exit_info_1 & 0xf;
		break;
	case DETAIL_DR:
		dr_detail(svm, exit);
		break;
	case DETAIL_DB:
		db_detail(vcpu, exit);
		break;
	case DETAIL_EXCEPTION:
		exception_detail(c, exit);
		break;
	case DETAIL_IRET:
		iret_detail(vcpu);
		break;
	case DETAIL_INVLPG:
		exit->invlpg.decoded = svm_hw.decode_assist;
		exit->invlpg.gva = c->exit_info_1;
		break;
	case DETAIL_TASK:
		task_detail(c, exit);
		break;
	case DETAIL_SHUTDOWN:
		shutdown_detail(vcpu);
		break;
	}
}

static void npf_exit(const struct vmcb_control *c, struct exit *exit)
{
	u64 code = c->exit_info_1;
	u32 access = 0;

	if (code & VMCB_NPF_P)
		access |= MMU_ACCESS_PRESENT;
	if (code & VMCB_NPF_W)
		access |= MMU_ACCESS_WRITE;
	if (code & VMCB_NPF_U)
		access |= MMU_ACCESS_USER;
	if (code & VMCB_NPF_RSVD)
		access |= MMU_ACCESS_RSVD;
	if (code & VMCB_NPF_ID)
		access |= MMU_ACCESS_EXEC;
	if (code & VMCB_NPF_WALK)
		access |= MMU_ACCESS_WALK;

	exit->kind = EXIT_MMU_FAULT;
	exit->flags |= code & VMCB_NPF_W ? RECORD_WRITE : 0;
	exit->mmu.gpa = c->exit_info_2;
	exit->mmu.access = access;
	exit->mmu.gva_known = false;
	if (svm_hw.decode_assist) {
		exit->n_bytes = c->n_bytes & 0xf;
		exit->bytes = c->bytes;
	}
}

static void rare_exit(struct svm_vcpu *svm, struct exit *exit)
{
	const struct vmcb_control *c = &svm->vmcb->control;

	switch ((u32)c->exit_code) {
	case VMCB_EXIT_INVALID:
		exit->kind = EXIT_ENTRY_FAILED;
		exit->failed.hw_code = c->exit_code;
		exit->failed.rule = 0;
		/* Nothing but EXITCODE was written. */
		exit->intr_info = 0;
		/* Nor may the TLB flush have happened that the entry asked for. */
		svm_tlb_distrust(svm);
		break;
	case SVM_EXIT_INVPCID:
	case VMCB_EXIT_INVLPGB:
	case VMCB_EXIT_INVLPGB_ILLEGAL:
	case VMCB_EXIT_MCOMMIT:
	case VMCB_EXIT_TLBSYNC:
		exit->kind = EXIT_UD;
		break;
	default:
		exit->kind = EXIT_UNKNOWN;
		break;
	}
}

/* Code size, as enum emul_mode, from the attributes of CS. */
static __always_inline u8 code_size(const struct vmcb_save *save)
{
	if ((save->cs.attrib & VMCB_SEG_L) && (save->efer & GEFER_LMA))
		return EMUL_MODE_64;
	return save->cs.attrib & VMCB_SEG_DB ? EMUL_MODE_32 : EMUL_MODE_16;
}

/* Fill *exit from the VMCB; GPRs, RIP and RFLAGS are in the vCPU already. */
notrace void svm_exit_translate(struct vcpu *vcpu, struct exit *exit)
{
	const struct vmcb *vmcb = to_svm(vcpu)->vmcb;
	const struct vmcb_control *c = &vmcb->control;
	u64 code = c->exit_code;

	exit->cs_mode = code_size(&vmcb->save);
	exit->cpl = vmcb->save.cpl;
	exit->cs_base = vmcb->save.cs.base;
	vcpu->shadow = c->int_state & VMCB_INT_SHADOW ? SHADOW_STI | SHADOW_MOV_SS : 0;
	exit->isa = EXIT_ISA_SVM;
	exit->flags = 0;
	exit->insn_len = 0;
	exit->n_bytes = 0;
	exit->hw_reason = code;
	exit->info1 = c->exit_info_1;
	exit->info2 = c->exit_info_2;
	exit->intr_info = c->exit_int_info;
	exit->error_code = c->exit_int_info >> VMCB_EVENT_ERROR_SHIFT;
	exit->bytes = NULL;
	exit->vectoring.type = EVENT_NONE;
	if (unlikely((c->exit_int_info & VMCB_EVENT_V) && (u32)code != VMCB_EXIT_INVALID)) {
		exit->flags |= RECORD_VECTORING;
		svm_event_vectoring(vcpu, c->exit_int_info, &exit->vectoring);
	}

	if (likely(code < ARRAY_SIZE(exits))) {
		const struct exit_desc *d = &exits[code];

		exit->kind = d->kind;
		if (unlikely(!d->kind && !d->detail))
			exit->kind = EXIT_UNKNOWN;
		if (d->insn && svm_hw.next_rip) {
			u64 len = c->next_rip - vcpu->rip;

			exit->insn_len = len <= 15 ? len : 0;
		}
		if (d->detail)
			detail(vcpu, exit, d->detail);
	} else if (code == SVM_EXIT_NPF) {
		npf_exit(c, exit);
	} else {
		rare_exit(to_svm(vcpu), exit);
	}
}
