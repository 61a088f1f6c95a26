/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Freezing a vCPU's flight recorder (stat/recorder.h) where the guest's
 * registers and the code around its RIP can be had: on the vCPU's own thread,
 * or by whoever finds the vCPU outside of all ioctls.
 *
 * The guest does not notice: its memory is read by translations that set no
 * accessed bit and raise no fault. Nor does the host have to bring a page in:
 * what is not there at once is left out, for the thread may be on its way to
 * answer for that very page.
 *
 * A vCPU freezes for its own causes a few times a second at most, so that one
 * that crashes in a loop does not spend its time here. What people ask for is
 * not limited.
 *
 * Locks: vcpu->mutex; SRCU is entered here. Somebody outside who asks waits
 * for the vCPU's thread a moment, and then goes without the registers.
 */
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "../mem/kick.h"
#include "../mem/mem.h"
#include "../mmu/mmu.h"
#include "../stat/account.h"
#include "core.h"
#include "state.h"

#define CODE_BEFORE 16

/* Own freezes of a vCPU in FREEZE_NS. */
#define FREEZE_BURST 4
#define FREEZE_NS    NSEC_PER_SEC

/* How long somebody outside waits for the vCPU's thread, and after what time he looks again. */
#define ASK_WAIT  (HZ / 10)
#define ASK_AGAIN max(HZ / 100, 1)

static DECLARE_WAIT_QUEUE_HEAD(asked_done);

/* ---- registers and code --------------------------------------------------- */

/* Within one page. SRCU held, page faults off. */
static bool read_guest(struct vcpu *vcpu, u64 linear, u8 *buf, u32 len)
{
	u64 error_code;
	gpa_t gpa;

	return mmu_gva_to_gpa(vcpu, linear, GWALK_NO_CHECK, &gpa, &error_code) == GWALK_OK &&
	       !mem_read(vcpu, gpa, buf, len);
}

/* Bytes from @linear on that can be read. */
static u32 read_code(struct vcpu *vcpu, u64 linear, u8 *buf, u32 len)
{
	u32 first = min_t(u64, len, GV_PAGE_SIZE - (linear & ~GV_PAGE_MASK));

	if (!read_guest(vcpu, linear, buf, first))
		return 0;
	if (first == len || !read_guest(vcpu, linear + first, buf + first, len - first))
		return first;
	return len;
}

static void fill_code(struct vcpu *vcpu, struct record_head *h)
{
	u64 mask = h->code_size == 64 ? U64_MAX : U32_MAX;
	u64 linear = (h->cs_base + h->rip) & mask;
	u32 before = min3((u64)CODE_BEFORE, h->rip, linear);
	u32 n;
	int idx;

	if (current->mm != vcpu->vm->mm)
		return;
	idx = mem_enter(vcpu->vm);
	pagefault_disable();
	n = read_code(vcpu, linear - before, h->code, RECORD_CODE_MAX);
	if (n <= before) { /* they begin in another page, which is not there */
		before = min_t(u32, before, linear & ~GV_PAGE_MASK);
		n = read_code(vcpu, linear - before, h->code, RECORD_CODE_MAX);
	}
	if (n <= before)
		n = before = 0;
	pagefault_enable();
	mem_leave(vcpu->vm, idx);
	h->code_bytes = n;
	h->code_before = before;
}

static u32 code_size(struct vcpu *vcpu, const struct vcpu_state *st)
{
	if (vcpu_64bit_code(vcpu))
		return 64;
	return st->seg[SEG_CS].db ? 32 : 16;
}

static void fill_regs(struct vcpu *vcpu, struct record_head *h)
{
	const struct vcpu_state *st = vcpu_state(vcpu, STATE_SEGS | STATE_CR);

	static_assert(sizeof(h->gpr) == sizeof(vcpu->gpr));
	memcpy(h->gpr, vcpu->gpr, sizeof(h->gpr));
	h->rip = vcpu->rip;
	h->rflags = vcpu->rflags;
	h->cr0 = st->cr0;
	h->cr2 = st->cr2;
	h->cr3 = st->cr3;
	h->cr4 = st->cr4;
	h->efer = st->efer;
	h->cs_selector = st->seg[SEG_CS].selector;
	h->code_size = code_size(vcpu, st);
	h->cs_base = h->code_size == 64 ? 0 : st->seg[SEG_CS].base;
}

static int freeze(struct vcpu *vcpu, u32 cause)
{
	struct record_head regs = {};

	lockdep_assert_held(&vcpu->mutex);
	if (!recorder_on(vcpu))
		return -EOPNOTSUPP;
	fill_regs(vcpu, &regs);
	fill_code(vcpu, &regs);
	return recorder_freeze(vcpu, cause, &regs);
}

/* ---- who wants it ----------------------------------------------------------- */

static bool too_often(struct vcpu_account *a)
{
	u64 now = account_tsc();

	if (account_ns(tsc_since(now, a->freeze_tsc)) > FREEZE_NS) {
		a->freeze_tsc = now;
		a->freezes = 0;
	}
	if (a->freezes >= FREEZE_BURST)
		return true;
	a->freezes++;
	return false;
}

/* To all who asked. */
static void answer(struct vcpu *vcpu, int err)
{
	WRITE_ONCE(vcpu->account.asked_err, err);
	smp_mb__before_atomic();
	clear_bit(REQ_FREEZE_ASKED, &vcpu->requests);
	wake_up_all(&asked_done);
}

void freeze_recorder(struct vcpu *vcpu)
{
	bool own = test_and_clear_bit(REQ_FREEZE, &vcpu->requests);
	bool asked = test_bit(REQ_FREEZE_ASKED, &vcpu->requests);
	int err;

	if (!asked && too_often(&vcpu->account))
		return;
	err = freeze(vcpu, own ? vcpu->account.freeze_cause : FREEZE_REQUEST);
	if (asked)
		answer(vcpu, err);
}

static bool ask_answered(struct vcpu *vcpu)
{
	return !test_bit(REQ_FREEZE_ASKED, &vcpu->requests);
}

/* If nobody uses the vCPU: freeze it here, and answer. */
static bool ask_idle(struct vcpu *vcpu)
{
	if (!mutex_trylock(&vcpu->mutex))
		return false;
	answer(vcpu, freeze(vcpu, FREEZE_REQUEST));
	mutex_unlock(&vcpu->mutex);
	return true;
}

int freeze_asked(struct vcpu *vcpu)
{
	unsigned long end = jiffies + ASK_WAIT;
	int err = 0;

	if (ask_idle(vcpu))
		return READ_ONCE(vcpu->account.asked_err);
	vcpu_request(vcpu, REQ_FREEZE_ASKED);
	vcpu_kick(vcpu);
	while (err >= 0 && time_before(jiffies, end)) {
		err = wait_event_killable_timeout(asked_done, ask_answered(vcpu), ASK_AGAIN);
		/* It may have been leaving KVM_RUN, past the place that looks at requests. */
		if (ask_answered(vcpu) || ask_idle(vcpu)) {
			smp_rmb(); /* the bit, then the answer */
			return READ_ONCE(vcpu->account.asked_err);
		}
	}
	err = recorder_freeze(vcpu, FREEZE_REQUEST, NULL);
	answer(vcpu, err);
	return err;
}
