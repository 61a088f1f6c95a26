/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The 8254 in the kernel: glue around the model in pit.c.
 *
 * The hrtimer fires at the next edge of channel 0 and pulses GSI 0, from hard
 * interrupt context; after every access it is set anew from what the model says.
 * The end of interrupt 0 comes by an ack notifier and may bring the next of the
 * ticks that wait.
 *
 * Locks: pit->lock (irqsave) for the model; the pulse is sent without it.
 */
#include <linux/ktime.h>
#include <linux/slab.h>

#include "irqchip.h"

/* A guest can't have the host's timer fire more often than this. */
#define MIN_PERIOD_NS 200000

struct pit_dev {
	struct vm *vm; /* (c) */
	spinlock_t lock;
	struct pit pit;
	struct hrtimer timer;
	struct irq_ack_notifier ack;
};

static void pulse(struct pit_dev *d)
{
	irqchip_pulse_gsi(d->vm, 0, IRQ_SOURCE_PIT);
}

/* Edges up to now, and when the next is due. True: pulse. Lock held. */
static bool advance(struct pit_dev *d, u64 now, struct pit_timer *ret_timer)
{
	bool fire = pit_tick(&d->pit, now);

	lockdep_assert_held(&d->lock);
	pit_next(&d->pit, now, ret_timer);
	return fire;
}

static enum hrtimer_restart timer_fires(struct hrtimer *timer)
{
	struct pit_dev *d = container_of(timer, struct pit_dev, timer);
	struct pit_timer next;
	unsigned long flags;
	bool fire;

	spin_lock_irqsave(&d->lock, flags);
	fire = advance(d, ktime_get_ns(), &next);
	/* Started, not forwarded: rearm() may have queued it while this ran. */
	if (next.armed)
		hrtimer_start(timer, ns_to_ktime(next.deadline), HRTIMER_MODE_ABS);
	spin_unlock_irqrestore(&d->lock, flags);
	if (fire)
		pulse(d);
	return HRTIMER_NORESTART;
}

/*
 * After a change. Lock held; the timer's callback takes it too, so a callback
 * that is running is not waited for: it starts the timer for what is so then.
 */
static bool rearm(struct pit_dev *d)
{
	struct pit_timer next;
	bool fire = advance(d, ktime_get_ns(), &next);

	if (next.armed)
		hrtimer_start(&d->timer, ns_to_ktime(next.deadline), HRTIMER_MODE_ABS);
	else
		hrtimer_try_to_cancel(&d->timer);
	return fire;
}

static void acked(struct irq_ack_notifier *n)
{
	struct pit_dev *d = container_of(n, struct pit_dev, ack);
	unsigned long flags;
	bool again;

	spin_lock_irqsave(&d->lock, flags);
	again = pit_acked(&d->pit, ktime_get_ns());
	spin_unlock_irqrestore(&d->lock, flags);
	if (again)
		pulse(d);
}

void pit_dev_forget(struct vm *vm)
{
	struct pit_dev *d = READ_ONCE(vm->irqchip->pit);
	unsigned long flags;

	if (!d)
		return;
	spin_lock_irqsave(&d->lock, flags);
	pit_forget(&d->pit);
	spin_unlock_irqrestore(&d->lock, flags);
}

/* Lock held. True: pulse. */
static bool write_port(struct pit_dev *d, u16 port, u8 val)
{
	u64 now = ktime_get_ns();

	if (port == PIT_PORT_SPEAKER) {
		pit_write_speaker(&d->pit, val, now);
		return false;
	}
	pit_write(&d->pit, port, val, now);
	/* Channels 1 and 2 interrupt nobody. */
	return (port == PIT_PORT || port == PIT_PORT_CONTROL) && rearm(d);
}

void pit_dev_write(const struct irqchip *chip, u16 port, u8 val)
{
	struct pit_dev *d = chip->pit;
	bool fire;

	spin_lock_irq(&d->lock);
	fire = write_port(d, port, val);
	spin_unlock_irq(&d->lock);
	if (fire)
		pulse(d);
}

u8 pit_dev_read(const struct irqchip *chip, u16 port)
{
	struct pit_dev *d = chip->pit;
	u64 now;
	u8 val;

	spin_lock_irq(&d->lock);
	now = ktime_get_ns();
	val = port == PIT_PORT_SPEAKER ? pit_read_speaker(&d->pit, now)
				       : pit_read(&d->pit, port, now);
	spin_unlock_irq(&d->lock);
	return val;
}

/* ---- userspace --------------------------------------------------------------- */

int pit_dev_create(struct vm *vm, u32 pit_flags)
{
	struct irqchip *chip = vm->irqchip;
	struct pit_dev *d;

	lockdep_assert_held(&vm->lock);
	if (!chip || chip->split)
		return -ENOENT;
	if (pit_flags & ~KVM_PIT_SPEAKER_DUMMY)
		return -EINVAL;
	if (chip->pit)
		return -EEXIST;
	d = kzalloc(sizeof(*d), GFP_KERNEL_ACCOUNT);
	if (!d)
		return -ENOMEM;
	d->vm = vm;
	chip->pit_speaker = pit_flags & KVM_PIT_SPEAKER_DUMMY;
	spin_lock_init(&d->lock);
	hrtimer_init(&d->timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	d->timer.function = timer_fires;
	pit_reset(&d->pit, ktime_get_ns(), MIN_PERIOD_NS);
	d->ack.gsi = 0;
	d->ack.acked = acked;
	irqchip_add_notifier(vm, &d->ack);
	smp_store_release(&chip->pit, d);
	return 0;
}

/* No vCPU is left, and nobody else knows the VM. */
void pit_dev_destroy(struct vm *vm)
{
	struct pit_dev *d = vm->irqchip->pit;

	if (!d)
		return;
	hrtimer_cancel(&d->timer);
	vm->irqchip->pit = NULL;
	kfree(d);
}

int pit_dev_get_state(struct vm *vm, struct kvm_pit_state2 *ret_state)
{
	struct pit_dev *d = vm->irqchip ? READ_ONCE(vm->irqchip->pit) : NULL;
	unsigned long flags;

	if (!d)
		return -ENXIO;
	spin_lock_irqsave(&d->lock, flags);
	pit_get_state(&d->pit, ktime_get_ns(), ret_state);
	spin_unlock_irqrestore(&d->lock, flags);
	return 0;
}

int pit_dev_set_state(struct vm *vm, const struct kvm_pit_state2 *state)
{
	struct pit_dev *d = vm->irqchip ? READ_ONCE(vm->irqchip->pit) : NULL;
	unsigned long flags;
	bool fire;

	if (!d)
		return -ENXIO;
	spin_lock_irqsave(&d->lock, flags);
	pit_set_state(&d->pit, state, ktime_get_ns());
	fire = rearm(d);
	spin_unlock_irqrestore(&d->lock, flags);
	if (fire)
		pulse(d);
	return 0;
}

int pit_dev_reinject(struct vm *vm, bool reinject)
{
	struct pit_dev *d = vm->irqchip ? READ_ONCE(vm->irqchip->pit) : NULL;
	unsigned long flags;
	bool fire;

	if (!d)
		return -ENXIO;
	spin_lock_irqsave(&d->lock, flags);
	pit_set_reinject(&d->pit, reinject);
	fire = rearm(d);
	spin_unlock_irqrestore(&d->lock, flags);
	if (fire)
		pulse(d);
	return 0;
}
