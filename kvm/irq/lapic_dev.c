/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A vCPU's local APIC in the kernel: glue around the model in lapic.c.
 *
 * The model belongs to the vCPU's thread. What others have for it they leave in
 * atomic words (lapic_post()), set REQ_IRQ and kick; lapic_dev_sync() takes it
 * over before the next entry. The order is: level bit, vector, request; the
 * thread clears the request first and looks then, so nothing is overlooked.
 *
 * What a write to the registers brings about comes back from the model as
 * effects, which carry_out() sees to. Whatever may have made an interrupt
 * deliverable ends in REQ_IRQ, so that core/event.c looks again.
 *
 * The timer is one hrtimer, always one-shot: it only says that time is up, and
 * the vCPU's thread asks the model what that means and when the next is due.
 * Its callback runs on whatever CPU it was started on; where the vCPU is does
 * not matter. A TSC deadline is left to the back end where that can end the
 * guest's run in time (by_entries), until the vCPU halts: a vCPU that is just
 * not in the guest looks before it enters again.
 *
 * Locks: irqchip->map_lock for the entry in the map of destinations.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <asm/msr.h>
#include <asm/tsc.h>

#include "../arch/ops.h"
#include "../mem/kick.h"
#include "../mem/mem.h"
#include "../stat/stat.h"
#include "../trace/irqchip.h"
#include "../x86/tsc.h"
#include "irqchip.h"

/* A guest can't have the host's timer fire more often than this. */
#define MIN_PERIOD_NS 200000

static uint timer_advance_ns = 1000;
module_param(timer_advance_ns, uint, 0644);
MODULE_PARM_DESC(
	timer_advance_ns,
	"Have the host's timer fire so much before a guest's TSC deadline, and wait out the rest; at most 10000 (default: 1000)");

#define TIMER_ADVANCE_MAX_NS 10000U

static u64 guest_tsc(const struct vcpu *vcpu)
{
	return vcpu_tsc_at(vcpu, rdtsc());
}

/* ---- from outside ---------------------------------------------------------- */

/*
 * A vector that waits in IRR already is not posted again: what the sender did
 * before is seen by the handler, since IRR is cleared before that runs.
 */
static bool post_vector(struct lapic_dev *d, const struct irq_msg *msg)
{
	smp_mb(); /* what the sender did, then the look at IRR */
	if (lapic_waits_as(&d->lapic, msg->vector, msg->level))
		return false;
	if (msg->level)
		set_bit(msg->vector, d->level);
	else
		clear_bit(msg->vector, d->level);
	smp_mb__after_atomic(); /* the level, then the vector */
	if (!test_bit(msg->vector, d->posted))
		irq_life_asked(d, msg->vector);
	return !test_and_set_bit(msg->vector, d->posted);
}

static bool post_event(struct lapic_dev *d, enum lapic_event event)
{
	return !test_and_set_bit(event, &d->events);
}

bool lapic_post(struct vcpu *vcpu, const struct irq_msg *msg, enum irq_from from)
{
	struct lapic_dev *d = vcpu->lapic;
	bool new = true;

	switch (msg->delivery) {
	case IRQ_FIXED:
	case IRQ_LOWEST:
		new = post_vector(d, msg);
		break;
	case IRQ_NMI:
		new = post_event(d, LAPIC_EVENT_NMI);
		break;
	case IRQ_INIT:
		new = post_event(d, LAPIC_EVENT_INIT);
		break;
	case IRQ_STARTUP:
		WRITE_ONCE(d->sipi_vector, msg->vector);
		smp_mb__before_atomic(); /* the vector, then that it is there */
		new = post_event(d, LAPIC_EVENT_SIPI);
		break;
	default:
		/* SMM is not there yet; an ExtINT message makes the vCPU look at the PIC. */
		break;
	}
	if (irq_life_traced())
		irq_life_request(vcpu, msg, from, new);
	if (new) {
		trace_kvm_apic_accept_irq(vcpu, msg->delivery, msg->level, msg->vector);
		vcpu_request(vcpu, REQ_IRQ);
		vcpu_kick(vcpu);
	}
	return new;
}

void lapic_post_kick(struct vcpu *vcpu)
{
	if (!post_event(vcpu->lapic, LAPIC_EVENT_KICK))
		return;
	vcpu_request(vcpu, REQ_IRQ);
	vcpu_kick(vcpu);
}

static enum hrtimer_restart timer_fires(struct hrtimer *timer)
{
	struct lapic_dev *d = container_of(timer, struct lapic_dev, timer);

	WRITE_ONCE(d->timer_fired, true);
	vcpu_request(d->vcpu, REQ_IRQ);
	vcpu_kick(d->vcpu);
	return HRTIMER_NORESTART;
}

/* ---- effects ----------------------------------------------------------------- */

/* Time is up: the vCPU's thread looks at its timer before the next entry. */
static void timer_due(struct lapic_dev *d)
{
	WRITE_ONCE(d->timer_fired, true);
	vcpu_request(d->vcpu, REQ_IRQ);
}

static u64 advance_ns(void)
{
	return min(READ_ONCE(timer_advance_ns), TIMER_ADVANCE_MAX_NS);
}

static u64 ticks_to_ns(const struct lapic_dev *d, u64 ticks)
{
	return min_t(u64, tsc_to_ns(&d->vcpu->tsc_rate.scale, ticks), KTIME_MAX / 2);
}

/*
 * Where the hardware can end the guest's run at a time, no timer of the host's
 * has to. The guest's clock must be the host's then, on every CPU.
 */
static bool entries_can(const struct lapic_dev *d)
{
	return arch_caps.deadline && !d->vcpu->tsc_rate.ratio && !check_tsc_unstable();
}

static void forget_entries(struct lapic_dev *d)
{
	if (!d->by_entries)
		return;
	d->by_entries = false;
	arch_deadline_set(d->vcpu, 0);
}

/*
 * Have the host's timer fire when the guest's TSC is @deadline, or the guest's run
 * end by then, and a little earlier: it takes that long until the guest is entered.
 * At once if it is over by then; wait_for_deadline() waits out the rest.
 */
static void arm_by_tsc(struct lapic_dev *d, u64 deadline, bool by_entries)
{
	struct vcpu *vcpu = d->vcpu;
	u64 host = rdtsc(), now = vcpu_tsc_at(vcpu, host), advance = advance_ns();
	u64 ticks = deadline > now ? min(deadline - now, (u64)S64_MAX) : 0;
	u64 ns = ticks_to_ns(d, ticks);

	if (ns <= advance) {
		forget_entries(d);
		hrtimer_try_to_cancel(&d->timer);
		timer_due(d);
	} else if (by_entries) {
		hrtimer_try_to_cancel(&d->timer);
		d->by_entries = true;
		arch_deadline_set(vcpu, host + ticks - tsc_from_ns(vcpu->tsc_rate.khz, advance));
	} else {
		hrtimer_start(&d->timer, ns_to_ktime(ktime_get_ns() + ns - advance),
			      HRTIMER_MODE_ABS_HARD);
	}
}

/*
 * The callback may be running meanwhile, for what was due before: then the
 * vCPU's thread looks once too often, and finds nothing due.
 */
static void timer_arm(struct lapic_dev *d)
{
	const struct lapic_timer *t = &d->lapic.timer;

	if (t->armed && lapic_timer_by_tsc(t)) {
		arm_by_tsc(d, t->expiry, entries_can(d));
		return;
	}
	forget_entries(d);
	if (!t->armed)
		hrtimer_try_to_cancel(&d->timer);
	else
		hrtimer_start(&d->timer, ns_to_ktime(t->expiry), HRTIMER_MODE_ABS_HARD);
}

/* What others look at. @what: effects of what was done. */
static void update_shown(struct lapic_dev *d, u32 what)
{
	WRITE_ONCE(d->priority, lapic_reg(&d->lapic, LAPIC_PPR));
	if (what & (LAPIC_FX_LINT0 | LAPIC_FX_MODE))
		WRITE_ONCE(d->passes_pic, lapic_passes_pic(&d->lapic));
}

static void local_event(struct lapic_dev *d, enum lapic_event event)
{
	post_event(d, event);
	vcpu_request(d->vcpu, REQ_IRQ);
}

/* The message as the low half of ICR encodes it. */
static u32 icr_of(const struct irq_msg *msg)
{
	return msg->vector | msg->delivery << 8 | (msg->dest_logical ? LAPIC_ICR_LOGICAL : 0) |
	       (msg->assert ? LAPIC_ICR_ASSERT : 0) | (msg->level ? LAPIC_ICR_LEVEL : 0) |
	       msg->shorthand << 18;
}

static bool is_self_ipi(const struct irq_msg *msg)
{
	return msg->shorthand == IRQ_SH_SELF && irq_msg_is_vectored(msg) &&
	       msg->vector >= IRQ_VECTOR_MIN;
}

/* An IPI to itself stays within the local APIC, which has taken it by now. */
static void note_self_ipi(struct vcpu *vcpu, const struct irq_msg *msg)
{
	irq_life_asked(vcpu->lapic, msg->vector);
	trace_kvm_apic_accept_irq(vcpu, msg->delivery, msg->level, msg->vector);
	if (irq_life_traced())
		irq_life_request(vcpu, msg, IRQ_FROM_IPI, true);
}

static void trace_effects(struct vcpu *vcpu, const struct lapic_fx *fx)
{
	if (fx->what & LAPIC_FX_IPI && trace_kvm_apic_ipi_enabled())
		trace_kvm_apic_ipi(vcpu, icr_of(&fx->msg), fx->msg.dest);
	if (fx->what & LAPIC_FX_EOI) {
		trace_kvm_eoi(vcpu, fx->eoi_vector);
		if (irq_life_traced())
			irq_life_eoi(vcpu, fx->eoi_vector, fx->eoi_level);
	}
}

static void carry_out(struct lapic_dev *d, struct lapic_fx *fx)
{
	struct vcpu *vcpu = d->vcpu;
	u32 what = fx->what;

	update_shown(d, what);
	if (what & (LAPIC_FX_IPI | LAPIC_FX_EOI))
		trace_effects(vcpu, fx);
	if ((what & (LAPIC_FX_IPI | LAPIC_FX_SEND)) == LAPIC_FX_IPI && is_self_ipi(&fx->msg))
		note_self_ipi(vcpu, &fx->msg);
	if (what & LAPIC_FX_SEND)
		irqchip_deliver(vcpu->vm, &fx->msg, vcpu->index, IRQ_FROM_IPI);
	if (what & LAPIC_FX_EOI_BROADCAST ||
	    (what & LAPIC_FX_EOI && irqchip_wants_eoi(vcpu->vm->irqchip, fx->eoi_vector)))
		irqchip_eoi(vcpu, fx->eoi_vector, what & LAPIC_FX_EOI_BROADCAST);
	if (what & LAPIC_FX_TIMER)
		timer_arm(d);
	if (what & (LAPIC_FX_DEST | LAPIC_FX_MODE))
		lapic_dev_publish(vcpu);
	if (what & LAPIC_FX_NMI)
		local_event(d, LAPIC_EVENT_NMI);
	if (what & LAPIC_FX_INIT)
		local_event(d, LAPIC_EVENT_INIT);
	if (what &
	    (LAPIC_FX_PENDING | LAPIC_FX_TPR | LAPIC_FX_LINT0 | LAPIC_FX_MODE | LAPIC_FX_EXTINT))
		vcpu_request(vcpu, REQ_IRQ);
}

/* ---- the vCPU's thread ------------------------------------------------------- */

static void trace_timer(struct lapic_dev *d)
{
	const struct irq_msg msg = {
		.vector = lapic_reg(&d->lapic, LAPIC_LVT_TIMER) & LAPIC_LVT_VECTOR,
		.delivery = IRQ_FIXED,
	};

	irq_life_asked(d, msg.vector);
	trace_kvm_apic_accept_irq(d->vcpu, msg.delivery, false, msg.vector);
	if (irq_life_traced())
		irq_life_request(d->vcpu, &msg, IRQ_FROM_TIMER, true);
}

/*
 * Not before its time: what is left of a deadline is spun away, if it is no more than the advance.
 * The guest's TSC then.
 */
static u64 wait_for_deadline(struct lapic_dev *d, u64 deadline)
{
	u64 now = guest_tsc(d->vcpu);

	trace_kvm_wait_lapic_expire(d->vcpu, now - deadline);
	if (deadline <= now || ticks_to_ns(d, deadline - now) > advance_ns())
		return now;
	do {
		cpu_relax();
		now = guest_tsc(d->vcpu);
	} while (now < deadline);
	return now;
}

static noinline void run_down_timer(struct lapic_dev *d, struct lapic_fx *fx)
{
	struct lapic_timer *t = &d->lapic.timer;
	u64 now;

	if (!t->armed)
		return;
	now = lapic_timer_by_tsc(t) ? wait_for_deadline(d, t->expiry) : ktime_get_ns();
	if (lapic_timer_expire(t, now) && lapic_accept_lvt(&d->lapic, LVT_TIMER, fx))
		trace_timer(d);
	/* The next period; or the clocks' rounding had the host's timer fire too early. */
	if (t->armed)
		timer_arm(d);
	else
		forget_entries(d);
}

void lapic_dev_sync(struct vcpu *vcpu)
{
	struct lapic_dev *d = vcpu->lapic;
	struct lapic_fx fx = {};
	unsigned int i;

	if (READ_ONCE(d->timer_fired)) {
		WRITE_ONCE(d->timer_fired, false);
		run_down_timer(d, &fx);
	}
	for (i = 0; i < 4; i++) {
		if (READ_ONCE(d->posted[i])) {
			u64 irr = xchg(&d->posted[i], 0);

			lapic_merge(&d->lapic, i, irr, READ_ONCE(d->level[i]));
		}
	}
	fx.what &= ~LAPIC_FX_PENDING; /* whoever called looks now */
	if (fx.what)
		carry_out(d, &fx);
}

int lapic_dev_pending(struct vcpu *vcpu)
{
	const struct irqchip *chip = vcpu->vm->irqchip;
	const struct lapic_dev *d = vcpu->lapic;

	if (unlikely(READ_ONCE(chip->pic_intr)) && d->passes_pic)
		return LAPIC_EXTINT;
	return lapic_highest(&d->lapic);
}

u8 lapic_dev_ack(struct vcpu *vcpu, int pending)
{
	struct lapic_dev *d = vcpu->lapic;

	if (unlikely(pending == LAPIC_EXTINT)) {
		irq_life_taken_of_pic(vcpu);
		return irqchip_pic_ack(vcpu);
	}
	lapic_ack(&d->lapic, pending);
	irq_life_taken(vcpu, pending);
	update_shown(d, 0);
	return pending;
}

enum lapic_result lapic_dev_msr_read(struct vcpu *vcpu, u32 msr, u64 *ret_value)
{
	u64 now = lapic_needs_now((msr - LAPIC_MSR_FIRST) << 4) ? ktime_get_ns() : 0;
	enum lapic_result res;

	res = lapic_msr_read(&vcpu->lapic->lapic, msr, now, ret_value);
	if (res == LAPIC_OK)
		trace_kvm_apic(vcpu, false, (msr - LAPIC_MSR_FIRST) << 4, *ret_value);
	return res;
}

enum lapic_result lapic_dev_msr_write(struct vcpu *vcpu, u32 msr, u64 value)
{
	struct lapic_dev *d = vcpu->lapic;
	u64 now = lapic_needs_now((msr - LAPIC_MSR_FIRST) << 4) ? ktime_get_ns() : 0;
	struct lapic_fx fx;
	enum lapic_result res;

	fx.what = 0;
	res = lapic_msr_write(&d->lapic, msr, value, now, &fx);
	if (res == LAPIC_OK) {
		trace_kvm_apic(vcpu, true, (msr - LAPIC_MSR_FIRST) << 4, value);
		carry_out(d, &fx);
	}
	return res;
}

enum lapic_result lapic_dev_set_base(struct vcpu *vcpu, u64 value, bool host)
{
	struct lapic_dev *d = vcpu->lapic;
	struct lapic_fx fx;
	enum lapic_result res;

	fx.what = 0;
	res = lapic_set_base(&d->lapic, value, host, &fx);
	if (res == LAPIC_OK)
		carry_out(d, &fx);
	return res;
}

u64 lapic_dev_deadline_get(struct vcpu *vcpu)
{
	return lapic_tsc_deadline_get(&vcpu->lapic->lapic);
}

void lapic_dev_deadline_set(struct vcpu *vcpu, u64 deadline)
{
	struct lapic_dev *d = vcpu->lapic;
	struct lapic_fx fx;

	fx.what = 0;
	lapic_tsc_deadline_set(&d->lapic, deadline, &fx);
	if (fx.what & LAPIC_FX_TIMER)
		timer_arm(d);
}

void lapic_dev_deadline_came(struct vcpu *vcpu)
{
	timer_due(vcpu->lapic);
}

void lapic_dev_timer_to_host(struct vcpu *vcpu)
{
	struct lapic_dev *d = vcpu->lapic;

	if (!d->by_entries)
		return;
	forget_entries(d);
	arm_by_tsc(d, d->lapic.timer.expiry, false);
}

void lapic_dev_tpr_set(struct vcpu *vcpu, u8 tpr)
{
	struct lapic_dev *d = vcpu->lapic;
	struct lapic_fx fx;

	fx.what = 0;
	lapic_set_tpr(&d->lapic, tpr, &fx);
	carry_out(d, &fx);
}

/* Nearly all accesses are of 4 bytes: a constant that spares the copying loop. */
static __always_inline void data_get(u32 *ret, const void *data, unsigned int len)
{
	if (likely(len == sizeof(*ret)))
		memcpy(ret, data, sizeof(*ret));
	else
		memcpy(ret, data, min_t(unsigned int, len, sizeof(*ret)));
}

static __always_inline void data_put(void *data, u64 val, unsigned int len)
{
	if (likely(len == sizeof(u32)))
		memcpy(data, &val, sizeof(u32));
	else
		memcpy(data, &val, min_t(unsigned int, len, sizeof(val)));
}

/* The access is done; then userspace hears of it, which may patch the instruction. */
static noinline void report_tpr_access(struct lapic_dev *d, bool write)
{
	d->tpr_rip = d->vcpu->rip;
	d->tpr_write = write;
	vcpu_request(d->vcpu, REQ_TPR_ACCESS);
}

void lapic_dev_mmio(struct vcpu *vcpu, gpa_t gpa, unsigned int len, bool write, void *data)
{
	struct lapic_dev *d = vcpu->lapic;
	u32 offset = gpa & ~GV_PAGE_MASK, val = 0;
	struct lapic_fx fx;
	u64 now, read;

	if (unlikely(d->report_tpr) && offset == LAPIC_TPR)
		report_tpr_access(d, write);
	now = lapic_needs_now(offset) ? ktime_get_ns() : 0;
	fx.what = 0;
	if (write) {
		data_get(&val, data, len);
		trace_kvm_apic(vcpu, true, offset, val);
		lapic_mmio_write(&d->lapic, offset, len, val, now, &fx);
	} else {
		read = lapic_mmio_read(&d->lapic, offset, len, now, &fx);
		data_put(data, read, len);
		trace_kvm_apic(vcpu, false, offset, read);
	}
	if (fx.what)
		carry_out(d, &fx);
}

/* ---- life, and userspace's view ------------------------------------------------ */

static void fill_cfg(const struct vcpu *vcpu, struct lapic_cfg *cfg)
{
	const struct cpuid_guest_caps *caps = &vcpu->caps;

	*cfg = (struct lapic_cfg){
		.base_reserved = caps->maxphyaddr ? ~GENMASK_ULL(caps->maxphyaddr - 1, 0) : 0,
		.min_period_ns = MIN_PERIOD_NS,
		.x2apic = caps->x2apic,
		.tsc_deadline = true,
		/* The I/O APIC in here has no EOI register that could be written instead. */
		.eoi_suppress = vcpu->vm->irqchip->split && caps->x2apic,
		.lint0_extint = vcpu->id == vcpu->vm->bsp_id,
	};
}

int lapic_dev_create(struct vcpu *vcpu)
{
	struct lapic_dev *d;
	struct lapic_cfg cfg;

	if (!vcpu->vm->irqchip)
		return 0;
	d = alloc_pages_exact(sizeof(*d), GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!d)
		return -ENOMEM;
	d->life = kvzalloc(sizeof(*d->life), GFP_KERNEL_ACCOUNT);
	if (!d->life) {
		free_pages_exact(d, sizeof(*d));
		return -ENOMEM;
	}
	d->vcpu = vcpu;
	hrtimer_init(&d->timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_HARD);
	d->timer.function = timer_fires;
	fill_cfg(vcpu, &cfg);
	lapic_init(&d->lapic, &cfg, vcpu->id, vcpu->id == vcpu->vm->bsp_id);
	vcpu->lapic = d;
	update_shown(d, LAPIC_FX_MODE);
	return 0;
}

void lapic_dev_destroy(struct vcpu *vcpu)
{
	if (!vcpu->lapic)
		return;
	hrtimer_cancel(&vcpu->lapic->timer);
	kvfree(vcpu->lapic->life);
	free_pages_exact(vcpu->lapic, sizeof(*vcpu->lapic));
	vcpu->lapic = NULL;
}

void lapic_dev_cpuid(struct vcpu *vcpu)
{
	struct lapic_cfg cfg;

	fill_cfg(vcpu, &cfg);
	lapic_configure(&vcpu->lapic->lapic, &cfg);
}

void lapic_dev_get_state(struct vcpu *vcpu, struct kvm_lapic_state *ret_state)
{
	lapic_dev_sync(vcpu);
	lapic_save(&vcpu->lapic->lapic, ret_state, vcpu->vm->x2apic_ids, ktime_get_ns());
}

int lapic_dev_set_state(struct vcpu *vcpu, const struct kvm_lapic_state *state)
{
	struct lapic_dev *d = vcpu->lapic;
	struct lapic_fx fx = {};
	unsigned int i;
	int err;

	err = lapic_load(&d->lapic, state, vcpu->vm->x2apic_ids, ktime_get_ns(), &fx);
	if (err)
		return err;
	for (i = 0; i < 4; i++)
		xchg(&d->posted[i], 0);
	fx.what |= LAPIC_FX_PENDING;
	carry_out(d, &fx);
	return 0;
}

void lapic_dev_tsc_changed(struct vcpu *vcpu)
{
	if (lapic_timer_by_tsc(&vcpu->lapic->lapic.timer))
		timer_arm(vcpu->lapic);
}

void lapic_dev_init(struct vcpu *vcpu)
{
	struct lapic_dev *d = vcpu->lapic;
	struct lapic_fx fx = {.what = LAPIC_FX_DEST | LAPIC_FX_LINT0 | LAPIC_FX_TIMER |
				      LAPIC_FX_PENDING};

	lapic_init_reset(&d->lapic);
	carry_out(d, &fx);
}

/* ---- the word that guests with a patched TPR use ----------------------------------- */

static void set_vapic(struct vcpu *vcpu, gpa_t gpa)
{
	vcpu->lapic->vapic = gpa;
	if (gpa)
		vcpu->lapic_words |= LAPIC_WORD_VAPIC;
	else
		vcpu->lapic_words &= ~LAPIC_WORD_VAPIC;
}

int lapic_dev_set_vapic(struct vcpu *vcpu, gpa_t gpa)
{
	u32 word;
	int idx, err = 0;

	if (gpa & 3)
		return -EINVAL;
	if (gpa) {
		idx = mem_enter(vcpu->vm);
		err = mem_read(vcpu, gpa, &word, sizeof(word)) ? -EINVAL : 0;
		mem_leave(vcpu->vm, idx);
	}
	if (!err)
		set_vapic(vcpu, gpa);
	return err;
}

void lapic_dev_vapic_in(struct vcpu *vcpu)
{
	struct lapic_dev *d = vcpu->lapic;
	struct lapic_fx fx = {};
	u32 word;
	int idx = mem_enter(vcpu->vm);
	bool ok = !mem_read(vcpu, d->vapic, &word, sizeof(word));

	mem_leave(vcpu->vm, idx);
	if (!ok || (u8)word == lapic_reg(&d->lapic, LAPIC_TPR))
		return;
	lapic_set_tpr(&d->lapic, word, &fx);
	carry_out(d, &fx);
}

void lapic_dev_vapic_out(struct vcpu *vcpu)
{
	struct lapic_dev *d = vcpu->lapic;
	int irr = max(lapic_irr_max(&d->lapic), 0), isr = max(lapic_isr_max(&d->lapic), 0);
	u32 word = (u8)lapic_reg(&d->lapic, LAPIC_TPR) | (isr & 0xf0) << 8 | (u32)irr << 24;
	int idx = mem_enter(vcpu->vm);

	mem_write(vcpu, d->vapic, &word, sizeof(word));
	mem_leave(vcpu->vm, idx);
}

/* ---- by the hardware --------------------------------------------------------------- */

/* Not with a guest that patches its accesses to the TPR. */
void lapic_dev_apicv_choose(struct vcpu *vcpu)
{
	const struct lapic_dev *d = vcpu->lapic;
	bool can = arch_caps.apicv && lapic_enabled(&d->lapic) && lapic_sw_enabled(&d->lapic) &&
		   (lapic_x2apic(&d->lapic) || READ_ONCE(vcpu->vm->apic_page_on)) && !d->vapic &&
		   !d->report_tpr;

	if (can == !!(vcpu->lapic_words & LAPIC_WORD_APICV))
		return;
	vcpu->lapic_words ^= LAPIC_WORD_APICV;
	if (!can)
		arch_apicv_update(vcpu, NULL);
}

/* Ends exit where others have to hear of them: of what is level triggered, and of what is asked for. */
void lapic_dev_apicv_out(struct vcpu *vcpu)
{
	const struct irqchip *chip = vcpu->vm->irqchip;
	struct lapic *l = &vcpu->lapic->lapic;
	struct apicv apicv = {
		.x2apic = lapic_x2apic(l),
		.regs = l->regs,
		.rvi = max(lapic_irr_max(l), 0),
		.svi = max(lapic_isr_max(l), 0),
	};
	unsigned int w;

	for (w = 0; w < ARRAY_SIZE(apicv.eoi_exit); w++)
		apicv.eoi_exit[w] = READ_ONCE(chip->wants_eoi[w]) |
				    lapic_reg(l, LAPIC_TMR + w * 0x20) |
				    (u64)lapic_reg(l, LAPIC_TMR + w * 0x20 + 0x10) << 32;
	arch_apicv_update(vcpu, &apicv);
}

void lapic_dev_apicv_in(struct vcpu *vcpu)
{
	lapic_recount(&vcpu->lapic->lapic);
	update_shown(vcpu->lapic, 0);
}

void lapic_dev_ended(struct vcpu *vcpu, u8 vector)
{
	struct lapic_fx fx = {};

	lapic_ended(&vcpu->lapic->lapic, vector, &fx);
	carry_out(vcpu->lapic, &fx);
}

void lapic_dev_icr_written(struct vcpu *vcpu)
{
	struct lapic *l = &vcpu->lapic->lapic;
	struct lapic_fx fx = {};

	trace_kvm_apic(vcpu, true, LAPIC_ICR, lapic_reg(l, LAPIC_ICR));
	lapic_icr_write(l, lapic_reg(l, LAPIC_ICR), lapic_reg(l, LAPIC_ICR2), &fx);
	carry_out(vcpu->lapic, &fx);
}

bool lapic_dev_at_default(const struct vcpu *vcpu)
{
	const struct lapic *l = &vcpu->lapic->lapic;

	return lapic_mmio_enabled(l) && lapic_base_gpa(l) == LAPIC_BASE_DEFAULT;
}

/* ---- PV EOI ------------------------------------------------------------------------ */

#define PV_EOI_ENABLED BIT_ULL(0)
#define PV_EOI_GPA     (~3ULL)
#define PV_EOI_PENDING 1 /* the guest clears it */

void lapic_dev_pv_eoi_write(struct vcpu *vcpu, u64 value)
{
	vcpu->lapic->pv_eoi_msr = value;
}

void lapic_dev_pv_eoi_offer(struct vcpu *vcpu)
{
	struct lapic_dev *d = vcpu->lapic;
	const u8 pending = PV_EOI_PENDING;
	int idx;

	if (!(d->pv_eoi_msr & PV_EOI_ENABLED) || !lapic_pv_eoi_ok(&d->lapic) ||
	    irqchip_wants_eoi(vcpu->vm->irqchip, lapic_isr_max(&d->lapic)))
		return;
	idx = mem_enter(vcpu->vm);
	if (!mem_write(vcpu, d->pv_eoi_msr & PV_EOI_GPA, &pending, sizeof(pending)))
		vcpu->lapic_words |= LAPIC_WORD_EOI;
	mem_leave(vcpu->vm, idx);
}

/* True if the guest has ended it; the offer is over in any case. */
static bool pv_eoi_done(struct vcpu *vcpu)
{
	gpa_t gpa = vcpu->lapic->pv_eoi_msr & PV_EOI_GPA;
	bool done = false;
	u8 word;
	int idx = mem_enter(vcpu->vm);

	if (!mem_read(vcpu, gpa, &word, sizeof(word))) {
		done = !(word & PV_EOI_PENDING);
		word = 0;
		if (!done)
			mem_write(vcpu, gpa, &word, sizeof(word));
	}
	mem_leave(vcpu->vm, idx);
	return done;
}

void lapic_dev_pv_eoi_collect(struct vcpu *vcpu)
{
	struct lapic_dev *d = vcpu->lapic;
	struct lapic_fx fx = {};

	vcpu->lapic_words &= ~LAPIC_WORD_EOI;
	if (!pv_eoi_done(vcpu))
		return;
	trace_kvm_pv_eoi(vcpu, lapic_isr_max(&d->lapic));
	stat_inc(vcpu, pv_eoi);
	lapic_eoi(&d->lapic, &fx);
	carry_out(d, &fx);
}
