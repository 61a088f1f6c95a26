/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ioctls of a VM's interrupt chips: handlers for vm.c's table.
 */
#include <linux/kvm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "../irq/irqchip.h"
#include "abi.h"
#include "table.h"

static bool has_chips(const struct vm *vm)
{
	const struct irqchip *chip = smp_load_acquire(&vm->irqchip);

	return chip && !chip->split;
}

long abi_create_irqchip(struct abi_call *call)
{
	return irqchip_create(call->vm);
}

long abi_irq_line(struct abi_call *call)
{
	struct kvm_irq_level *line = call->buf;

	if (!smp_load_acquire(&call->vm->irqchip))
		return -ENXIO; /* with userspace's I/O APIC lines still lead to messages */
	line->status = irqchip_set_gsi(call->vm, line->irq, IRQ_SOURCE_USER, line->level);
	return 0;
}

long abi_get_irqchip(struct abi_call *call)
{
	return has_chips(call->vm) ? irqchip_get_state(call->vm, call->buf) : -ENXIO;
}

/* Its number says that it reads, and it writes: so the copying is done here. */
long abi_set_irqchip(struct abi_call *call)
{
	struct kvm_irqchip *chip;
	long err;

	if (!has_chips(call->vm))
		return -ENXIO;
	chip = memdup_user(call->user, sizeof(*chip));
	if (IS_ERR(chip))
		return PTR_ERR(chip);
	err = irqchip_set_state(call->vm, chip);
	kfree(chip);
	return err;
}

long abi_signal_msi(struct abi_call *call)
{
	const struct kvm_msi *msi = call->buf;

	if (!smp_load_acquire(&call->vm->irqchip) || msi->flags)
		return -EINVAL;
	return irqchip_send_msi(call->vm, msi->address_lo, msi->address_hi, msi->data);
}

long abi_set_gsi_routing(struct abi_call *call)
{
	struct kvm_irq_routing __user *user = call->user;
	struct kvm_irq_routing_entry *entries;
	struct kvm_irq_routing head;
	long err;

	if (!smp_load_acquire(&call->vm->irqchip))
		return -EINVAL;
	if (copy_from_user(&head, user, sizeof(head)))
		return -EFAULT;
	if (head.nr > ROUTE_MAX_ENTRIES || head.flags)
		return -EINVAL;
	entries = vmemdup_user(user->entries, array_size(sizeof(*entries), head.nr));
	if (IS_ERR(entries))
		return PTR_ERR(entries);
	err = irqchip_set_routes(call->vm, entries, head.nr);
	kvfree(entries);
	return err;
}

long abi_irqfd(struct abi_call *call)
{
	return irqfd_set(call->vm, call->buf);
}

/* ---- PIT ------------------------------------------------------------------ */

long abi_create_pit(struct abi_call *call)
{
	return pit_dev_create(call->vm, KVM_PIT_SPEAKER_DUMMY);
}

long abi_create_pit2(struct abi_call *call)
{
	const struct kvm_pit_config *config = call->buf;

	return pit_dev_create(call->vm, config->flags);
}

long abi_get_pit2(struct abi_call *call)
{
	return pit_dev_get_state(call->vm, call->buf);
}

long abi_set_pit2(struct abi_call *call)
{
	return pit_dev_set_state(call->vm, call->buf);
}

/* The older form: the channels without the flags. */
long abi_get_pit(struct abi_call *call)
{
	struct kvm_pit_state2 state;
	int err = pit_dev_get_state(call->vm, &state);

	if (!err)
		memcpy(call->buf, state.channels, sizeof(state.channels));
	return err;
}

long abi_set_pit(struct abi_call *call)
{
	struct kvm_pit_state2 state = {};

	static_assert(sizeof(struct kvm_pit_state) == sizeof(state.channels));
	memcpy(state.channels, call->buf, sizeof(state.channels));
	return pit_dev_set_state(call->vm, &state);
}

long abi_reinject_control(struct abi_call *call)
{
	const struct kvm_reinject_control *control = call->buf;

	return pit_dev_reinject(call->vm, control->pit_reinject);
}
