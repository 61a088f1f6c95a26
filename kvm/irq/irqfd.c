/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KVM_IRQFD: an eventfd whose signal is an interrupt on a GSI.
 *
 * The signal comes to wakeup() in whatever context the signaller is in, with the
 * eventfd's wait queue locked; the GSI is driven from there. A plain irqfd makes
 * a pulse. One with a resample eventfd raises the line; when the guest ends the
 * interrupt the line falls and all the resample eventfds of that GSI are
 * signalled, and whose device still wants attention signals its irqfd again.
 *
 * An irqfd ends in one way only, by its work: deassigned, its eventfd closed
 * (EPOLLHUP, in atomic context), or the VM gone. dying is set by the first that
 * asks, so the work runs once; when it has taken the irqfd off the wait queue
 * nobody has a pointer to it.
 *
 * Locks: chip->irqfds_lock for the lists; taken outside routes_lock. The lists of
 * resamplers are read under RCU, from ack notifiers.
 */
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/poll.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "../compat.h"
#include "irqchip.h"

/* Those with resample eventfds on one GSI share a line. */
struct resampler {
	struct irq_ack_notifier ack;
	struct vm *vm;
	struct list_head irqfds; /* irqfds_lock, read under RCU */
	struct list_head node;	 /* chip->resamplers */
};

struct irqfd {
	struct vm *vm;		 /* (c) */
	u32 gsi;		 /* (c) */
	struct eventfd_ctx *ctx; /* (c) a reference */
	struct list_head node;	 /* chip->irqfds */

	wait_queue_entry_t wait;
	wait_queue_head_t *queue; /* (c) ctx's own */
	poll_table poll;

	struct resampler *resampler; /* (c) NULL: a pulse */
	struct eventfd_ctx *resample_ctx;
	struct irq_shortcut shortcut; /* the wait queue's lock */
	struct list_head same_gsi;    /* resampler->irqfds */

	unsigned long dying; /* (a) bit 0 */
	struct work_struct end;
};

static struct workqueue_struct *irqfd_wq;

/* ---- resampling ----------------------------------------------------------------- */

static void acked(struct irq_ack_notifier *n)
{
	struct resampler *r = container_of(n, struct resampler, ack);
	struct irqfd *f;

	irqchip_set_gsi(r->vm, n->gsi, IRQ_SOURCE_RESAMPLE, false);
	list_for_each_entry_rcu(f, &r->irqfds, same_gsi)
	{
		compat_eventfd_signal(f->resample_ctx);
	}
}

static struct resampler *find_resampler(struct irqchip *chip, u32 gsi)
{
	struct resampler *r;

	list_for_each_entry(r, &chip->resamplers, node)
	{
		if (r->ack.gsi == gsi)
			return r;
	}
	return NULL;
}

static int join_resampler(struct irqchip *chip, struct irqfd *f)
{
	struct resampler *r = find_resampler(chip, f->gsi);

	lockdep_assert_held(&chip->irqfds_lock);
	if (!r) {
		r = kzalloc(sizeof(*r), GFP_KERNEL_ACCOUNT);
		if (!r)
			return -ENOMEM;
		r->vm = f->vm;
		r->ack.gsi = f->gsi;
		r->ack.acked = acked;
		INIT_LIST_HEAD(&r->irqfds);
		list_add(&r->node, &chip->resamplers);
		irqchip_add_notifier(f->vm, &r->ack);
	}
	list_add_rcu(&f->same_gsi, &r->irqfds);
	f->resampler = r;
	return 0;
}

/* The last one takes the line down with it. */
static void leave_resampler(struct irqfd *f)
{
	struct resampler *r = f->resampler;

	lockdep_assert_held(&f->vm->irqchip->irqfds_lock);
	list_del_rcu(&f->same_gsi);
	if (!list_empty(&r->irqfds)) {
		synchronize_rcu();
		return;
	}
	irqchip_del_notifier(f->vm, &r->ack);
	irqchip_set_gsi(f->vm, f->gsi, IRQ_SOURCE_RESAMPLE, false);
	list_del(&r->node);
	kfree(r);
}

/* ---- signals -------------------------------------------------------------------- */

static void inject(struct irqfd *f)
{
	lockdep_assert_held(&f->queue->lock);
	if (f->resampler)
		irqchip_set_gsi(f->vm, f->gsi, IRQ_SOURCE_RESAMPLE, true);
	else
		irqchip_pulse_again(f->vm, f->gsi, IRQ_SOURCE_IRQFD, &f->shortcut);
}

/* The wait queue is locked: whoever finds it dying can rely on its end being queued. */
static void end_later(struct irqfd *f)
{
	lockdep_assert_held(&f->queue->lock);
	if (!test_and_set_bit(0, &f->dying))
		queue_work(irqfd_wq, &f->end);
}

static void end_from_outside(struct irqfd *f)
{
	spin_lock_irq(&f->queue->lock);
	end_later(f);
	spin_unlock_irq(&f->queue->lock);
}

/* The wait queue is locked, interrupts are off. */
static int wakeup(wait_queue_entry_t *wait, unsigned int mode, int sync, void *key)
{
	struct irqfd *f = container_of(wait, struct irqfd, wait);
	__poll_t flags = key_to_poll(key);
	u64 count;

	if (flags & EPOLLIN) {
		eventfd_ctx_do_read(f->ctx, &count);
		inject(f);
	}
	if (flags & EPOLLHUP)
		end_later(f);
	return 0;
}

static void enqueue(struct file *file, wait_queue_head_t *queue, poll_table *poll)
{
	struct irqfd *f = container_of(poll, struct irqfd, poll);

	f->queue = queue;
	add_wait_queue(queue, &f->wait);
}

/* Signals from before it was an irqfd count too. */
static void take_earlier(struct irqfd *f)
{
	u64 count;

	spin_lock_irq(&f->queue->lock);
	eventfd_ctx_do_read(f->ctx, &count);
	if (count)
		inject(f);
	spin_unlock_irq(&f->queue->lock);
}

/* ---- life ----------------------------------------------------------------------- */

static void put_contexts(struct irqfd *f)
{
	if (!IS_ERR_OR_NULL(f->resample_ctx))
		eventfd_ctx_put(f->resample_ctx);
	if (!IS_ERR_OR_NULL(f->ctx))
		eventfd_ctx_put(f->ctx);
}

static void end_work(struct work_struct *work)
{
	struct irqfd *f = container_of(work, struct irqfd, end);
	struct irqchip *chip = f->vm->irqchip;
	u64 count;

	mutex_lock(&chip->irqfds_lock); /* and not before assign() is through */
	list_del(&f->node);
	eventfd_ctx_remove_wait_queue(f->ctx, &f->wait, &count);
	if (f->resampler)
		leave_resampler(f);
	mutex_unlock(&chip->irqfds_lock);
	put_contexts(f);
	kfree(f);
}

static int get_contexts(struct irqfd *f, struct file *file, const struct kvm_irqfd *args)
{
	f->ctx = eventfd_ctx_fileget(file);
	if (IS_ERR(f->ctx))
		return PTR_ERR(f->ctx);
	if (!(args->flags & KVM_IRQFD_FLAG_RESAMPLE))
		return 0;
	f->resample_ctx = eventfd_ctx_fdget(args->resamplefd);
	return PTR_ERR_OR_ZERO(f->resample_ctx);
}

static int publish(struct irqchip *chip, struct irqfd *f, struct file *file)
{
	struct irqfd *other;
	int err;

	lockdep_assert_held(&chip->irqfds_lock);
	list_for_each_entry(other, &chip->irqfds, node)
	{
		if (other->ctx == f->ctx)
			return -EBUSY;
	}
	if (f->resample_ctx) {
		err = join_resampler(chip, f);
		if (err)
			return err;
	}
	list_add(&f->node, &chip->irqfds);
	init_waitqueue_func_entry(&f->wait, wakeup);
	init_poll_funcptr(&f->poll, enqueue);
	if (vfs_poll(file, &f->poll) & EPOLLIN)
		take_earlier(f);
	return 0;
}

/* The caller's reference of the file keeps EPOLLHUP away until all is in place. */
static int assign(struct vm *vm, struct file *file, const struct kvm_irqfd *args)
{
	struct irqchip *chip = vm->irqchip;
	struct irqfd *f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);
	int err;

	if (!f)
		return -ENOMEM;
	f->vm = vm;
	f->gsi = args->gsi;
	INIT_WORK(&f->end, end_work);
	err = get_contexts(f, file, args);
	if (!err) {
		mutex_lock(&chip->irqfds_lock);
		err = publish(chip, f, file);
		mutex_unlock(&chip->irqfds_lock);
	}
	if (err) {
		put_contexts(f);
		kfree(f);
	}
	return err;
}

static int deassign(struct vm *vm, struct file *file, const struct kvm_irqfd *args)
{
	struct eventfd_ctx *ctx = eventfd_ctx_fileget(file);
	struct irqchip *chip = vm->irqchip;
	struct irqfd *f;

	if (IS_ERR(ctx))
		return PTR_ERR(ctx);
	mutex_lock(&chip->irqfds_lock);
	list_for_each_entry(f, &chip->irqfds, node)
	{
		if (f->ctx == ctx && f->gsi == args->gsi)
			end_from_outside(f);
	}
	mutex_unlock(&chip->irqfds_lock);
	eventfd_ctx_put(ctx);
	flush_workqueue(irqfd_wq);
	return 0;
}

int irqfd_set(struct vm *vm, const struct kvm_irqfd *args)
{
	const struct irqchip *chip = smp_load_acquire(&vm->irqchip);
	struct file *file;
	int err;

	if (args->flags & ~(KVM_IRQFD_FLAG_DEASSIGN | KVM_IRQFD_FLAG_RESAMPLE))
		return -EINVAL;
	if (!chip || (chip->split && args->flags & KVM_IRQFD_FLAG_RESAMPLE))
		return -EINVAL; /* with a split chip the ends of interrupts are userspace's */
	file = fget(args->fd);
	if (!file)
		return -EBADF;
	if (args->flags & KVM_IRQFD_FLAG_DEASSIGN)
		err = deassign(vm, file, args);
	else
		err = assign(vm, file, args);
	fput(file);
	return err;
}

void irqfd_quiesce(struct vm *vm)
{
	struct irqchip *chip = vm->irqchip;
	struct irqfd *f;

	mutex_lock(&chip->irqfds_lock);
	list_for_each_entry(f, &chip->irqfds, node)
	{
		end_from_outside(f);
	}
	mutex_unlock(&chip->irqfds_lock);
	flush_workqueue(irqfd_wq);
}

int irqfd_init(void)
{
	irqfd_wq = alloc_workqueue("glassvisor-irqfd", WQ_UNBOUND, 0);
	return irqfd_wq ? 0 : -ENOMEM;
}

void irqfd_exit(void)
{
	destroy_workqueue(irqfd_wq);
}
