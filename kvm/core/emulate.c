/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The emulator's glue: what emul/ needs of a vCPU (emulate_ops.c has the table
 * of operations), what becomes of its results, and skipping an instruction on
 * a CPU that doesn't tell the next RIP.
 *
 * An instruction in progress is data in vcpu->emul. While it waits for
 * userspace, vcpu->user_pending is USER_EMUL and RIP is at the instruction.
 *
 * Skipping is on the path of most exits in the lab, so it fetches eight bytes
 * with one page walk and asks the decoder's short cut; only what that can't
 * tell goes the long way.
 */
#include <linux/kvm.h>

#include "../arch/ops.h"
#include "../mem/mem.h"
#include "../mmu/mmu.h"
#include "../stat/account.h"
#include "../stat/stat.h"
#include "../trace/emul.h"
#include "core.h"
#include "emulate.h"
#include "state.h"

#define DR6_BS BIT(14)

/* ---- the end of an instruction --------------------------------------------- */

static void trap_single_step(struct vcpu *vcpu)
{
	event_queue_payload(vcpu, EXC_DB, false, 0, DR6_BS);
}

void emulate_advance(struct vcpu *vcpu, const struct exit *exit, u64 next_rip)
{
	vcpu->rip = exit->cs_mode == EMUL_MODE_64 ? next_rip : (u32)next_rip;
	if (unlikely(vcpu->shadow))
		event_set_shadow(vcpu, 0);
	if (unlikely(vcpu->rflags & (X86_EFLAGS_RF | X86_EFLAGS_TF))) {
		vcpu->rflags &= ~(u64)X86_EFLAGS_RF;
		if (vcpu->rflags & X86_EFLAGS_TF)
			trap_single_step(vcpu);
	}
}

/* ---- fetching ----------------------------------------------------------------- */

static u64 code_linear(const struct vcpu *vcpu, const struct exit *exit)
{
	if (likely(exit->cs_mode == EMUL_MODE_64))
		return vcpu->rip;
	return (u32)(exit->cs_base + vcpu->rip);
}

/* The whole of the instruction, over a page border if it must. Bytes fetched, 0 on a fault. */
static unsigned int fetch_all(struct vcpu *vcpu, u64 linear, u32 access, u8 *buf)
{
	unsigned int n = 0, part;
	u64 error_code;
	gpa_t gpa;

	while (n < EMUL_INSN_MAX) {
		part = min_t(u64, EMUL_INSN_MAX - n, GV_PAGE_SIZE - ((linear + n) & ~GV_PAGE_MASK));
		if (mmu_gva_to_gpa(vcpu, linear + n, access, &gpa, &error_code) != GWALK_OK ||
		    mem_read(vcpu, gpa, buf + n, part))
			break;
		n += part;
	}
	return n;
}

/*
 * The bytes at RIP in 8-byte words, with one walk: the common case, where they
 * lie in one page. False: try fetch_all().
 */
static __always_inline bool fetch_words(struct vcpu *vcpu, u64 linear, u32 access, u64 *buf,
					unsigned int words)
{
	u64 error_code;
	gpa_t gpa;

	if ((linear & ~GV_PAGE_MASK) > GV_PAGE_SIZE - words * sizeof(*buf))
		return false;
	if (mmu_gva_to_gpa(vcpu, linear, access, &gpa, &error_code) != GWALK_OK)
		return false;
	return !mem_read_words(vcpu, gpa, buf, words);
}

static u32 fetch_access(const struct exit *exit)
{
	return GWALK_FETCH | (exit->cpl == 3 ? GWALK_USER : 0);
}

/*
 * Length in bytes of the instruction at RIP; 0 when it can't be fetched or
 * decoded, which the guest can only bring about by changing its code or page
 * tables behind the CPU's back.
 */
static unsigned int fetch_length(struct vcpu *vcpu, const struct exit *exit)
{
	u64 linear = code_linear(vcpu, exit);
	u32 access = fetch_access(exit);
	unsigned int len = 0, n;
	u64 bytes[2];
	int idx;

	idx = mem_enter(vcpu->vm);
	if (likely(fetch_words(vcpu, linear, access, bytes, 1)))
		len = emul_insn_len((u8 *)bytes, sizeof(bytes[0]), exit->cs_mode);
	if (unlikely(!len)) {
		n = fetch_all(vcpu, linear, access, (u8 *)bytes);
		len = n ? emul_insn_len((u8 *)bytes, n, exit->cs_mode) : 0;
	}
	mem_leave(vcpu->vm, idx);
	return len;
}

bool emulate_at_hypercall(struct vcpu *vcpu, const struct exit *exit)
{
	static const u8 vmcall[] = {0x0f, 0x01, 0xc1}, vmmcall[] = {0x0f, 0x01, 0xd9};
	const u8 *other = exit->isa == EXIT_ISA_SVM ? vmcall : vmmcall;
	u64 bytes[2];
	unsigned int n;
	int idx;

	idx = mem_enter(vcpu->vm);
	n = fetch_all(vcpu, code_linear(vcpu, exit), fetch_access(exit), (u8 *)bytes);
	mem_leave(vcpu->vm, idx);
	return n >= sizeof(vmcall) && !memcmp(bytes, other, sizeof(vmcall));
}

/* ---- going out to userspace ------------------------------------------------------ */

static void give_mmio(struct vcpu *vcpu, const struct emul_pending *p)
{
	struct kvm_run *run = vcpu->run;
	bool write = p->kind == EMUL_PEND_MMIO_WRITE;

	stat_inc(vcpu, mmio_exits);
	run->exit_reason = KVM_EXIT_MMIO;
	run->mmio.phys_addr = p->gpa;
	run->mmio.len = p->size;
	run->mmio.is_write = write;
	if (write)
		memcpy(run->mmio.data, p->data, sizeof(run->mmio.data));
	trace_kvm_mmio(vcpu, write ? 2 : 0, p->size, p->gpa, write ? p->data : NULL);
}

static void give_pio(struct vcpu *vcpu, const struct emul_pending *p)
{
	struct kvm_run *run = vcpu->run;
	bool out = p->kind == EMUL_PEND_PIO_OUT;

	run->exit_reason = KVM_EXIT_IO;
	run->io.direction = out ? KVM_EXIT_IO_OUT : KVM_EXIT_IO_IN;
	run->io.size = p->size;
	run->io.port = p->port;
	run->io.count = p->count;
	run->io.data_offset = PAGE_SIZE;
	if (out && !p->in_pio_buf)
		memcpy(vcpu->pio_data, p->data, sizeof(p->data));
	if (out)
		trace_kvm_pio(vcpu, true, p->port, p->size, p->count, vcpu->pio_data);
}

/* The first @done units of an output were for the kernel: userspace gets the others. */
static void drop_units(struct vcpu *vcpu, u8 *data, u32 done)
{
	struct emul_pending *p = &vcpu->emul.pending;

	if (p->kind != EMUL_PEND_PIO_OUT)
		return;
	p->count -= done;
	memmove(data, data + done * p->size, p->count * p->size);
}

/* Does the kernel answer the pending access itself? Then it is done, with its data in place. */
static bool kernel_access(struct vcpu *vcpu)
{
	struct emul_pending *p = &vcpu->emul.pending;
	u8 *data = p->in_pio_buf ? vcpu->pio_data : p->data;
	bool write = p->kind == EMUL_PEND_MMIO_WRITE || p->kind == EMUL_PEND_PIO_OUT;
	u32 i;

	if (!iobus_used(vcpu))
		return false;
	if (p->kind == EMUL_PEND_MMIO_READ || p->kind == EMUL_PEND_MMIO_WRITE) {
		if (!iobus_mmio(vcpu, p->gpa, p->size, write, p->data))
			return false;
		trace_kvm_mmio(vcpu, write ? 2 : 1, p->size, p->gpa, p->data);
		return true;
	}
	for (i = 0; i < p->count; i++)
		if (!iobus_pio(vcpu, p->port, p->size, write, data + i * p->size)) {
			drop_units(vcpu, data, i);
			return false;
		}
	trace_kvm_pio(vcpu, write, p->port, p->size, p->count, data);
	return true;
}

static enum run_result give_pending(struct vcpu *vcpu)
{
	const struct emul_pending *p = &vcpu->emul.pending;

	if (p->kind == EMUL_PEND_MMIO_READ || p->kind == EMUL_PEND_MMIO_WRITE)
		give_mmio(vcpu, p);
	else
		give_pio(vcpu, p);
	return RUN_USER;
}

/* The answer of userspace, from the shared page into the emulator's record. */
static void take_answer(struct vcpu *vcpu)
{
	struct emul_pending *p = &vcpu->emul.pending;

	switch (p->kind) {
	case EMUL_PEND_MMIO_READ:
		memcpy(p->data, vcpu->run->mmio.data, sizeof(p->data));
		trace_kvm_mmio(vcpu, 1, p->size, p->gpa, p->data);
		break;
	case EMUL_PEND_PIO_IN:
		if (!p->in_pio_buf)
			memcpy(p->data, vcpu->pio_data, sizeof(p->data));
		trace_kvm_pio(vcpu, false, p->port, p->size, p->count, vcpu->pio_data);
		break;
	default:
		break;
	}
}

/* ---- results --------------------------------------------------------------------- */

static void trace_insn(struct vcpu *vcpu, bool failed)
{
	const struct emul_ctx *ctx = &vcpu->emul;
	const struct vcpu_state *st;
	u8 flags = 0;

	if (!trace_kvm_emulate_insn_enabled())
		return;
	st = vcpu_state(vcpu, STATE_SEGS);
	if (ctx->pe)
		flags |= 1;
	if (ctx->vm86)
		flags |= 2;
	if (st->seg[SEG_CS].db)
		flags |= 4;
	if (ctx->mode == EMUL_MODE_64)
		flags |= 8;
	trace_kvm_emulate_insn(vcpu, vcpu->rip, st->seg[SEG_CS].base, ctx->bytes,
			       failed ? ctx->nbytes : ctx->insn.len, flags, failed);
}

/* An instruction the emulator can't do. What user code of the guest does must not stop the VM. */
static enum run_result unhandled(struct vcpu *vcpu)
{
	const struct emul_ctx *ctx = &vcpu->emul;
	u8 size = min_t(u8, ctx->nbytes, EMUL_INSN_MAX);
	struct kvm_run *run = vcpu->run;

	stat_inc(vcpu, insn_emulation_fail);
	trace_insn(vcpu, true);
	if (ctx->cpl == 3) {
		event_queue_ud(vcpu);
		return RUN_AGAIN;
	}
	memset(&run->emulation_failure, 0, sizeof(run->emulation_failure));
	run->exit_reason = KVM_EXIT_INTERNAL_ERROR;
	run->emulation_failure.suberror = KVM_INTERNAL_ERROR_EMULATION;
	/* In u64 units: the flags, then the size and the fifteen bytes. */
	run->emulation_failure.ndata = 3;
	run->emulation_failure.flags = KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES;
	run->emulation_failure.insn_size = size;
	memcpy(run->emulation_failure.insn_bytes, ctx->bytes, size);
	account_freeze(vcpu, FREEZE_EMULATION);
	return RUN_USER;
}

static enum run_result fault(struct vcpu *vcpu)
{
	const struct emul_exception *exc = &vcpu->emul.exception;

	if (exc->vector == EXC_DB)
		return RUN_AGAIN; /* general detect: dr_read() and dr_write() queue it themselves */
	if (exc->vector == EXC_PF)
		event_queue_payload(vcpu, exc->vector, true, exc->error_code, exc->cr2);
	else
		event_queue_exception(vcpu, exc->vector, exc->has_error, exc->error_code);
	return RUN_AGAIN;
}

static void finish(struct vcpu *vcpu)
{
	const struct emul_ctx *ctx = &vcpu->emul;

	vcpu->rip = ctx->rip;
	vcpu->rflags = ctx->rflags;
	if (unlikely(ctx->shadow | vcpu->shadow))
		event_set_shadow(vcpu,
				 (ctx->shadow & EMUL_SHADOW_STI ? SHADOW_STI : 0) |
					 (ctx->shadow & EMUL_SHADOW_MOV_SS ? SHADOW_MOV_SS : 0));
	if (unlikely(ctx->tf_trap))
		trap_single_step(vcpu);
}

static enum run_result guest_halt(struct vcpu *vcpu)
{
	finish(vcpu);
	return exit_halted(vcpu);
}

static enum run_result result(struct vcpu *vcpu, enum emul_result res)
{
	struct emul_ctx *ctx = &vcpu->emul;

	if (unlikely(vcpu->emul_host_fault)) {
		vcpu->run_errno = -EFAULT;
		return RUN_FAIL;
	}
	switch (res) {
	case EMUL_DONE:
		finish(vcpu);
		return RUN_AGAIN;
	case EMUL_POSTED:
		finish(vcpu);
		return kernel_access(vcpu) ? RUN_AGAIN : give_pending(vcpu);
	case EMUL_PENDING:
		vcpu->rip = ctx->rip;
		vcpu->rflags = ctx->rflags;
		vcpu->user_pending = USER_EMUL;
		vcpu->pio_rip = vcpu->rip;
		return give_pending(vcpu);
	case EMUL_FAULT:
		vcpu->rip = ctx->rip;
		vcpu->rflags = ctx->rflags; /* a REP may have finished iterations */
		return fault(vcpu);
	case EMUL_HALT:
		return guest_halt(vcpu);
	case EMUL_RETRY:
		vcpu->rip = ctx->rip;
		vcpu->rflags = ctx->rflags;
		return RUN_AGAIN;
	default:
		return unhandled(vcpu);
	}
}

/* Spare the emulator a fetch where the bytes are easily had; it fetches itself otherwise. */
static void fetch_ahead(struct vcpu *vcpu, const struct exit *exit)
{
	struct emul_ctx *ctx = &vcpu->emul;

	if (exit->n_bytes) {
		ctx->nbytes = min_t(u8, exit->n_bytes, EMUL_INSN_MAX);
		memcpy(ctx->bytes, exit->bytes, ctx->nbytes);
	} else if (fetch_words(vcpu, code_linear(vcpu, exit), fetch_access(exit), (u64 *)ctx->bytes,
			       sizeof(ctx->bytes) / sizeof(u64))) {
		ctx->nbytes = EMUL_INSN_MAX;
	}
}

static enum emul_result step(struct vcpu *vcpu, bool first)
{
	enum emul_result res;
	int idx = mem_enter(vcpu->vm);

	vcpu->emul_host_fault = false;
	if (first)
		fetch_ahead(vcpu, &vcpu->exit);
	res = emul_step(&vcpu->emul, &emulate_ops, vcpu);
	mem_leave(vcpu->vm, idx);
	return res;
}

static void fill_ctx(struct vcpu *vcpu, const struct exit *exit)
{
	struct emul_ctx *ctx = &vcpu->emul;
	const struct vcpu_state *st = vcpu_state(vcpu, STATE_CR);

	emul_begin(ctx);
	ctx->rip = vcpu->rip;
	ctx->rflags = vcpu->rflags;
	ctx->mode = exit->cs_mode;
	ctx->cpl = exit->cpl;
	ctx->va_bits = st->cr4 & X86_CR4_LA57 ? 57 : 48;
	ctx->pe = st->cr0 & X86_CR0_PE;
	ctx->vm86 = vcpu->rflags & X86_EFLAGS_VM;
	ctx->lma = st->efer & GEFER_LMA;
	ctx->io_checked = exit->kind == EXIT_IO;
}

/*
 * The CPU executed an instruction that we can't read or decode: the guest has
 * changed its code or its tables since. Drop what the CPU has cached and let it
 * look again; if that ends in the same exit, nobody can go on.
 */
static enum run_result cannot_skip(struct vcpu *vcpu, struct exit *exit)
{
	bool again = vcpu->unskipped_rip == vcpu->rip && vcpu->stat.exits - vcpu->unskipped_at < 16;

	vcpu->unskipped_rip = vcpu->rip;
	vcpu->unskipped_at = vcpu->stat.exits;
	if (again) {
		fill_ctx(vcpu, exit);
		return unhandled(vcpu) == RUN_USER ? RUN_USER : RUN_RETRY;
	}
	vcpu_tlb_flush(vcpu);
	return RUN_RETRY;
}

/* Accesses of one instruction that the kernel answers before the vCPU's loop gets a turn. */
#define KERNEL_ACCESSES 64

/*
 * Go on as long as the kernel answers. A string instruction that goes on for
 * long is given up between two items, and begins again with the rest.
 */
static enum run_result carry_on(struct vcpu *vcpu, enum emul_result res)
{
	unsigned int n;

	for (n = 0; res == EMUL_PENDING && kernel_access(vcpu); n++) {
		res = step(vcpu, false);
		if (n >= KERNEL_ACCESSES && res == EMUL_PENDING)
			res = EMUL_RETRY;
	}
	return result(vcpu, res);
}

enum run_result emulate_skip(struct vcpu *vcpu, struct exit *exit)
{
	unsigned int len = exit->insn_len;

	if (!len && exit->n_bytes)
		len = emul_insn_len(exit->bytes, exit->n_bytes, exit->cs_mode);
	if (!len) {
		stat_inc(vcpu, insn_skip_decode);
		len = fetch_length(vcpu, exit);
	}
	if (unlikely(!len))
		return cannot_skip(vcpu, exit);
	emulate_advance(vcpu, exit, vcpu->rip + len);
	return RUN_AGAIN;
}

enum run_result emulate_insn(struct vcpu *vcpu, gpa_t gpa)
{
	struct exit *exit = &vcpu->exit;
	enum emul_result res;

	stat_inc(vcpu, insn_emulation);
	fill_ctx(vcpu, exit);
	vcpu->emul_gpa = gpa;
	vcpu->emul_gpa_write = exit->kind == EXIT_MMU_FAULT && exit->mmu.access & MMU_ACCESS_WRITE;
	res = step(vcpu, true);
	if (res != EMUL_UNHANDLED)
		trace_insn(vcpu, false);
	return carry_on(vcpu, res);
}

enum run_result emulate_resume(struct vcpu *vcpu)
{
	take_answer(vcpu);
	vcpu->emul_gpa = GPA_INVALID; /* slots may have changed meanwhile */
	return carry_on(vcpu, step(vcpu, false));
}
