/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A VM's interrupt chips: PIC pair, I/O APIC, the routes of its GSIs, and the
 * delivery of messages to local APICs.
 *
 * Lines of several sources are or-ed here; the models see one level a pin.
 * Messages that a model wants sent are sent after irqchip->lock was given up:
 * delivery is posting, which needs no lock.
 *
 * The map of destinations is made anew whenever a local APIC's id, logical id,
 * mode or enable bit changes, and published by RCU; so are the routes.
 *
 * Locks: irqchip->lock (irqsave) for the models; routes_lock and map_lock for
 * who replaces tables; RCU for who reads them.
 */
#include <linux/mm.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "../mem/kick.h"
#include "../trace/irqchip.h"
#include "irqchip.h"

/* A table that readers hold by RCU, with room for its freeing in front. */
struct rcu_table {
	struct rcu_head rcu;
	u64 table[];
};

static void *table_alloc(size_t bytes)
{
	struct rcu_table *t =
		kvzalloc(struct_size(t, table, DIV_ROUND_UP(bytes, 8)), GFP_KERNEL_ACCOUNT);

	return t ? t->table : NULL;
}

static void table_free_rcu(void *table)
{
	struct rcu_table *t;

	if (!table)
		return;
	t = container_of(table, struct rcu_table, table[0]);
	kvfree_rcu(t, rcu);
}

static void table_free(void *table)
{
	if (table)
		kvfree(container_of(table, struct rcu_table, table[0]));
}

/* ---- destinations ------------------------------------------------------------- */

static void retry_refused(struct irqchip *chip);

/* The own entry is renewed, the others' are as they said last. */
void lapic_dev_publish(struct vcpu *vcpu)
{
	struct irqchip *chip = vcpu->vm->irqchip;
	struct vm *vm = vcpu->vm;
	struct dest_entry now, *entries;
	struct dest_map *old;
	struct vcpu *other;
	bool renewed = false;
	u32 i, n = 0;
	void *mem;

	lapic_dest_entry(&vcpu->lapic->lapic, &now);
	mutex_lock(&chip->map_lock);
	old = rcu_dereference_protected(chip->map, lockdep_is_held(&chip->map_lock));
	if (old && !chip->map_stale && vcpu->index < old->n && vm_vcpu(vm, vcpu->index) == vcpu &&
	    !memcmp(&now, &vcpu->lapic->entry, sizeof(now)))
		goto out;
	vcpu->lapic->entry = now;
	chip->map_stale = true;
	while (vm_vcpu(vm, n))
		n++;
	entries = kvcalloc(n ?: 1, sizeof(*entries), GFP_KERNEL_ACCOUNT);
	mem = table_alloc(dest_map_bytes(n, vm->max_vcpu_id));
	if (!entries || !mem) {
		/* The old map stays: interrupts go where they went. Tried again with the next change. */
		table_free(mem);
		goto free;
	}
	for (i = 0; i < n; i++) {
		other = vm_vcpu(vm, i);
		entries[i] = other->lapic->entry;
	}
	rcu_assign_pointer(chip->map, dest_map_build(mem, entries, n, vm->max_vcpu_id,
						     !vm->x2apic_no_broadcast_quirk));
	irqchip_tables_changed(chip);
	table_free_rcu(old);
	chip->map_stale = false;
free:
	kvfree(entries);
	renewed = !chip->map_stale;
out:
	mutex_unlock(&chip->map_lock);
	if (renewed)
		retry_refused(chip);
}

/* The one of @set whose processor has the least to do; between equals they take turns. */
static int lowest(struct irqchip *chip, const u64 *set, u32 n)
{
	u32 start = (u32)atomic_inc_return(&chip->lowest_next) % n, i;
	int best = -1, best_priority = 256;

	for (i = 0; i < n; i++) {
		u32 at = (start + i) % n;
		int priority;

		if (!(set[at / 64] >> (at % 64) & 1))
			continue;
		priority = READ_ONCE(vm_vcpu(chip->vm, at)->lapic->priority);
		if (priority < best_priority) {
			best = at;
			best_priority = priority;
		}
	}
	return best;
}

static int deliver_many(struct irqchip *chip, const struct dest_map *map, const struct irq_msg *msg,
			u32 sender, enum irq_from from)
{
	u64 set[DIV_ROUND_UP(GV_MAX_VCPUS, 64)];
	int delivered = 0;
	u32 w;

	if (!dest_match(map, msg, sender, set))
		return IRQ_NOBODY;
	if (irq_msg_to_one(msg)) {
		int to = lowest(chip, set, map->n);

		return lapic_post(vm_vcpu(chip->vm, to), msg, from);
	}
	for (w = 0; w < dest_set_words(map); w++)
		for (; set[w]; set[w] &= set[w] - 1)
			delivered +=
				lapic_post(vm_vcpu(chip->vm, w * 64 + __ffs(set[w])), msg, from);
	return delivered;
}

int irqchip_deliver(struct vm *vm, const struct irq_msg *msg, u32 sender, enum irq_from from)
{
	struct irqchip *chip = vm->irqchip;
	const struct dest_map *map;
	int to, delivered = IRQ_NOBODY;

	rcu_read_lock();
	map = rcu_dereference(chip->map);
	if (likely(map)) {
		to = dest_single(map, msg, sender);
		if (likely(to >= 0))
			delivered = lapic_post(vm_vcpu(vm, to), msg, from);
		else if (to == DEST_MANY)
			delivered = deliver_many(chip, map, msg, sender, from);
	}
	rcu_read_unlock();
	return delivered;
}

/* Where the tables can't tell who has the id. */
static void kick_many(struct vm *vm, const struct dest_map *map, const struct irq_msg *msg)
{
	u64 set[DIV_ROUND_UP(GV_MAX_VCPUS, 64)];
	u32 w;

	if (!dest_match(map, msg, 0, set))
		return;
	for (w = 0; w < dest_set_words(map); w++)
		for (; set[w]; set[w] &= set[w] - 1)
			lapic_post_kick(vm_vcpu(vm, w * 64 + __ffs(set[w])));
}

void irqchip_pv_kick(struct vm *vm, u32 apic_id)
{
	/* Who would get an NMI with that destination. */
	const struct irq_msg msg = {
		.dest = apic_id, .delivery = IRQ_NMI, .assert = true, .x2apic = true};
	const struct dest_map *map;
	int to;

	rcu_read_lock();
	map = rcu_dereference(vm->irqchip->map);
	to = map ? dest_single(map, &msg, 0) : DEST_NONE;
	if (to >= 0)
		lapic_post_kick(vm_vcpu(vm, to));
	else if (to == DEST_MANY)
		kick_many(vm, map, &msg);
	rcu_read_unlock();
}

int irqchip_send_msi(struct vm *vm, u32 addr_lo, u32 addr_hi, u32 data)
{
	struct irq_msg msg;
	int err = irq_msg_from_msi(addr_lo, addr_hi, data, vm->x2apic_ids, &msg);

	trace_kvm_msi_set_irq(vm, (u64)addr_hi << 32 | addr_lo, data);
	return err ? err : max(irqchip_deliver(vm, &msg, 0, IRQ_FROM_MSI), 0);
}

/* ---- lines ----------------------------------------------------------------------- */

/*
 * Nobody took these pins' messages, which are level triggered: they wait for no EOI. True: @map, by
 * which they went, is not the one of now, and @ret_fx has them again.
 */
static bool take_back(struct irqchip *chip, unsigned long pins, const struct dest_map *map,
		      struct ioapic_fx *ret_fx)
{
	unsigned long flags;
	unsigned int pin;
	bool again;

	spin_lock_irqsave(&chip->lock, flags);
	for_each_set_bit(pin, &pins, IOAPIC_PINS) ioapic_refused(&chip->ioapic, pin);
	/* Whoever makes a map after this sees them in retry_refused(). */
	again = rcu_access_pointer(chip->map) != map;
	if (again)
		ioapic_service(&chip->ioapic, pins, ret_fx);
	spin_unlock_irqrestore(&chip->lock, flags);
	return again;
}

/*
 * How many local APICs took one that was not waiting there already. @fx is changed. RCU is held
 * throughout so that no other map comes to lie where @map was.
 */
static int send_all(struct irqchip *chip, struct ioapic_fx *fx)
{
	const struct dest_map *map;
	unsigned long refused;
	int taken = 0, n;
	u32 i;

	if (!fx->n)
		return 0;
	rcu_read_lock();
	do {
		map = rcu_access_pointer(chip->map);
		refused = 0;
		for (i = 0; i < fx->n; i++) {
			n = irqchip_deliver(chip->vm, &fx->msg[i], 0, IRQ_FROM_IOAPIC);
			if (n != IRQ_NOBODY)
				taken += n;
			else if (fx->msg[i].level)
				refused |= BIT(fx->pin[i]);
		}
	} while (unlikely(refused) && take_back(chip, refused, map, fx));
	rcu_read_unlock();
	return taken;
}

/* There is a new map: maybe now somebody takes what nobody took before. */
static void retry_refused(struct irqchip *chip)
{
	struct ioapic_fx fx;
	unsigned long flags;

	spin_lock_irqsave(&chip->lock, flags);
	ioapic_service(&chip->ioapic, ~0U, &fx);
	spin_unlock_irqrestore(&chip->lock, flags);
	send_all(chip, &fx);
}

/* The PIC's output may have changed: those whose LINT0 lets it through look. */
static void pic_output(struct irqchip *chip, const struct pic_fx *fx)
{
	struct vcpu *vcpu;
	u32 i;

	WRITE_ONCE(chip->pic_intr, fx->intr);
	if (!fx->rose)
		return;
	for (i = 0; (vcpu = vm_vcpu(chip->vm, i)); i++) {
		if (!READ_ONCE(vcpu->lapic->passes_pic))
			continue;
		vcpu_request(vcpu, REQ_IRQ);
		vcpu_kick(vcpu);
	}
}

/* The sources of a pin, or-ed; the level that it has then. */
static bool drive(u8 *sources, unsigned int source, bool level)
{
	if (level)
		*sources |= BIT(source);
	else
		*sources &= ~BIT(source);
	return *sources;
}

static int status_of(enum irq_taken taken)
{
	switch (taken) {
	case IRQ_TAKEN_NONE: /* low now, as was asked for */
	case IRQ_TAKEN_NEW:
		return 1;
	case IRQ_TAKEN_COALESCED:
		return 0;
	default:
		return -1;
	}
}

/* What an interrupt of the PIC is, nobody knows before it is taken: no vCPU, no number. */
static void trace_pic(struct irqchip *chip, unsigned int pin, enum irq_taken taken)
{
	const struct pic_chip *c = &chip->pic.chip[pin >> 3];
	bool coalesced = taken == IRQ_TAKEN_COALESCED;

	trace_kvm_pic_set_irq(chip->vm, pin, c->elcr, c->imr, coalesced);
	if (taken == IRQ_TAKEN_NEW || coalesced)
		trace_gv_irq_request(chip->vm->vm_id, NO_VCPU, c->irq_base + (pin & 7),
				     IRQ_FROM_PIC, IRQ_EXTINT, coalesced, 0);
}

static int drive_pic(struct irqchip *chip, unsigned int pin, unsigned int source, bool level)
{
	unsigned long flags;
	struct pic_fx fx;

	spin_lock_irqsave(&chip->lock, flags);
	pic_set_irq(&chip->pic, pin, drive(&chip->pic_sources[pin], source, level), &fx);
	if (trace_kvm_pic_set_irq_enabled() || trace_gv_irq_request_enabled())
		trace_pic(chip, pin, fx.taken);
	pic_output(chip, &fx);
	spin_unlock_irqrestore(&chip->lock, flags);
	return status_of(fx.taken);
}

static int drive_ioapic(struct irqchip *chip, unsigned int pin, unsigned int source, bool level)
{
	struct ioapic_fx fx;
	enum irq_taken taken;
	unsigned long flags;

	spin_lock_irqsave(&chip->lock, flags);
	ioapic_set_irq(&chip->ioapic, pin, drive(&chip->ioapic_sources[pin], source, level), &fx);
	trace_kvm_ioapic_set_irq(chip->vm, chip->ioapic.rte[pin], pin,
				 fx.taken == IRQ_TAKEN_COALESCED);
	spin_unlock_irqrestore(&chip->lock, flags);
	taken = fx.taken;
	if (fx.n && !send_all(chip, &fx))
		taken = IRQ_TAKEN_COALESCED; /* merged in the local APIC, or nobody took it */
	return status_of(taken);
}

static int drive_route(struct irqchip *chip, const struct route *r, unsigned int source, bool level)
{
	if (r->type == KVM_IRQ_ROUTING_MSI)
		return level ? irqchip_send_msi(chip->vm, r->address_lo, r->address_hi, r->data)
			     : -1;
	if (r->chip == KVM_IRQCHIP_IOAPIC)
		return drive_ioapic(chip, r->pin, source, level);
	return drive_pic(chip, r->pin + (r->chip == KVM_IRQCHIP_PIC_SLAVE ? 8 : 0), source, level);
}

int irqchip_set_gsi(struct vm *vm, u32 gsi, unsigned int source, bool level)
{
	struct irqchip *chip = vm->irqchip;
	const struct route *r;
	int best = -1;
	u32 n;

	trace_kvm_set_irq(vm, gsi, level, source);
	rcu_read_lock();
	for (r = route_find(rcu_dereference(chip->routes), gsi, &n); n; n--, r++)
		best = max(best, drive_route(chip, r, source, level));
	rcu_read_unlock();
	return best;
}

void irqchip_pulse_gsi(struct vm *vm, u32 gsi, unsigned int source)
{
	struct irqchip *chip = vm->irqchip;
	const struct route *first;
	u32 n, i;

	trace_kvm_set_irq(vm, gsi, true, source);
	rcu_read_lock();
	first = route_find(rcu_dereference(chip->routes), gsi, &n);
	for (i = 0; i < n; i++)
		drive_route(chip, &first[i], source, true);
	trace_kvm_set_irq(vm, gsi, false, source);
	for (i = 0; i < n; i++)
		if (first[i].type != KVM_IRQ_ROUTING_MSI) /* a message has no level to fall */
			drive_route(chip, &first[i], source, false);
	rcu_read_unlock();
}

/* What the GSI leads to by the tables of now. */
static void look_up(struct irqchip *chip, u32 gsi, struct irq_shortcut *s)
{
	const struct dest_map *map;
	const struct route *r;
	int to = DEST_NONE;
	u32 n;

	s->to = NULL;
	s->gen = atomic_read_acquire(&chip->gen); /* tables that are newer do no harm */
	rcu_read_lock();
	r = route_find(rcu_dereference(chip->routes), gsi, &n);
	map = rcu_dereference(chip->map);
	if (n == 1 && r->type == KVM_IRQ_ROUTING_MSI && map &&
	    !route_msg(r, chip->vm->x2apic_ids, &s->msg))
		to = dest_single(map, &s->msg, 0);
	if (to >= 0)
		s->to = vm_vcpu(chip->vm, to);
	rcu_read_unlock();
}

void irqchip_pulse_again(struct vm *vm, u32 gsi, unsigned int source, struct irq_shortcut *s)
{
	struct irqchip *chip = vm->irqchip;
	bool traced = trace_kvm_set_irq_enabled() || trace_kvm_msi_set_irq_enabled();

	if (likely(s->to && s->gen == atomic_read(&chip->gen) && !traced)) {
		lapic_post(s->to, &s->msg, IRQ_FROM_MSI);
		return;
	}
	irqchip_pulse_gsi(vm, gsi, source);
	look_up(chip, gsi, s);
}

/* ---- who wants to know of ends ------------------------------------------------------ */

/* Pins of the I/O APIC with somebody who waits for their ends. RCU. */
static u32 notified_pins(struct irqchip *chip)
{
	const struct irq_ack_notifier *n;
	const struct route *r;
	u32 pins = 0, k;

	hlist_for_each_entry_rcu(n, &chip->notifiers, node)
	{
		for (r = route_find(rcu_dereference(chip->routes), n->gsi, &k); k; k--, r++)
			if (r->type == KVM_IRQ_ROUTING_IRQCHIP && r->chip == KVM_IRQCHIP_IOAPIC)
				pins |= BIT(r->pin);
	}
	return pins;
}

/* The redirection entries, the routes or the notifiers changed. */
static void refresh_wants_eoi(struct irqchip *chip)
{
	u64 vectors[4] = {};
	unsigned long flags;
	unsigned int i;

	rcu_read_lock();
	spin_lock_irqsave(&chip->lock, flags);
	if (chip->split)
		route_eoi_vectors(rcu_dereference(chip->routes), chip->split_pins, vectors);
	else
		ioapic_eoi_vectors(&chip->ioapic, notified_pins(chip), vectors);
	for (i = 0; i < 4; i++)
		WRITE_ONCE(chip->wants_eoi[i], vectors[i]);
	spin_unlock_irqrestore(&chip->lock, flags);
	rcu_read_unlock();
}

/* ---- end of interrupt -------------------------------------------------------------- */

static void notify(struct irqchip *chip, unsigned int kind, unsigned int pin)
{
	struct irq_ack_notifier *n;
	int gsi;

	trace_kvm_ack_irq(chip->vm, kind, pin);
	rcu_read_lock();
	gsi = route_gsi_of(rcu_dereference(chip->routes), kind, pin);
	if (gsi >= 0)
		hlist_for_each_entry_rcu(n, &chip->notifiers, node) if (n->gsi == gsi) n->acked(n);
	rcu_read_unlock();
}

static void split_eoi(struct vcpu *vcpu, u8 vector)
{
	vcpu->lapic->eoi_vector = vector;
	vcpu_request(vcpu, REQ_IOAPIC_EOI);
}

void irqchip_eoi(struct vcpu *vcpu, u8 vector, bool broadcast)
{
	struct irqchip *chip = vcpu->vm->irqchip;
	struct ioapic_fx fx;
	unsigned long flags, ended;
	unsigned int pin;

	if (chip->split) {
		if (broadcast && irqchip_wants_eoi(chip, vector))
			split_eoi(vcpu, vector);
		return;
	}
	spin_lock_irqsave(&chip->lock, flags);
	ioapic_eoi(&chip->ioapic, vector, &fx);
	spin_unlock_irqrestore(&chip->lock, flags);
	ended = fx.ended;
	if (!ended)
		return;
	for_each_set_bit(pin, &ended, IOAPIC_PINS) notify(chip, KVM_IRQCHIP_IOAPIC, pin);
	spin_lock_irqsave(&chip->lock, flags);
	ioapic_service(&chip->ioapic, ended, &fx);
	spin_unlock_irqrestore(&chip->lock, flags);
	send_all(chip, &fx);
}

static void pic_ended(struct vcpu *vcpu, unsigned long irqs)
{
	struct irqchip *chip = vcpu->vm->irqchip;
	unsigned int irq;

	for_each_set_bit(irq, &irqs, PIC_PINS)
	{
		if (trace_gv_irq_eoi_enabled())
			trace_gv_irq_eoi(vcpu->vm->vm_id, vcpu->id,
					 READ_ONCE(chip->pic.chip[irq >> 3].irq_base) + (irq & 7),
					 IRQ_FROM_PIC, 0, 0, 0);
		notify(chip, irq < 8 ? KVM_IRQCHIP_PIC_MASTER : KVM_IRQCHIP_PIC_SLAVE, irq & 7);
	}
}

u8 irqchip_pic_ack(struct vcpu *vcpu)
{
	struct irqchip *chip = vcpu->vm->irqchip;
	unsigned long flags;
	struct pic_fx fx;
	u8 vector;

	spin_lock_irqsave(&chip->lock, flags);
	vector = pic_ack(&chip->pic, &fx);
	pic_output(chip, &fx);
	spin_unlock_irqrestore(&chip->lock, flags);
	pic_ended(vcpu, fx.eoi);
	return vector;
}

void irqchip_add_notifier(struct vm *vm, struct irq_ack_notifier *n)
{
	struct irqchip *chip = vm->irqchip;

	mutex_lock(&chip->routes_lock);
	hlist_add_head_rcu(&n->node, &chip->notifiers);
	mutex_unlock(&chip->routes_lock);
	refresh_wants_eoi(chip);
}

void irqchip_del_notifier(struct vm *vm, struct irq_ack_notifier *n)
{
	struct irqchip *chip = vm->irqchip;

	mutex_lock(&chip->routes_lock);
	hlist_del_init_rcu(&n->node);
	mutex_unlock(&chip->routes_lock);
	refresh_wants_eoi(chip);
	synchronize_rcu();
}

/* What the PIT ticked into a masked pin is not made up for. */
static void unmasked(struct irqchip *chip, unsigned int kind, unsigned long pins)
{
	unsigned int pin;
	bool pit = false;

	rcu_read_lock();
	for_each_set_bit(pin, &pins, IOAPIC_PINS)
		pit |= route_gsi_of(rcu_dereference(chip->routes), kind, pin) == 0;
	rcu_read_unlock();
	if (pit)
		pit_dev_forget(chip->vm);
}

/* ---- the guest's accesses ------------------------------------------------------------ */

void irqchip_pio(struct vcpu *vcpu, u16 port, bool write, u8 *data)
{
	struct irqchip *chip = vcpu->vm->irqchip;
	unsigned long flags;
	struct pic_fx fx;
	u8 was, is;

	spin_lock_irqsave(&chip->lock, flags);
	was = chip->pic.chip[0].imr;
	if (write)
		pic_write(&chip->pic, port, *data, &fx);
	else
		*data = pic_read(&chip->pic, port, &fx);
	is = chip->pic.chip[0].imr;
	pic_output(chip, &fx);
	spin_unlock_irqrestore(&chip->lock, flags);
	if (was & ~is)
		unmasked(chip, KVM_IRQCHIP_PIC_MASTER, was & ~is);
	pic_ended(vcpu, fx.eoi);
}

void irqchip_mmio(struct vcpu *vcpu, gpa_t gpa, unsigned int len, bool write, void *data)
{
	struct irqchip *chip = vcpu->vm->irqchip;
	struct ioapic_fx fx;
	unsigned long flags;
	u32 val = 0;

	fx.n = fx.changed = fx.unmasked = 0;
	if (write)
		memcpy(&val, data, min_t(unsigned int, len, sizeof(val)));
	spin_lock_irqsave(&chip->lock, flags);
	if (write)
		ioapic_write(&chip->ioapic, gpa - chip->ioapic.base, val, &fx);
	else
		val = ioapic_read(&chip->ioapic, gpa - chip->ioapic.base);
	spin_unlock_irqrestore(&chip->lock, flags);
	if (write) {
		if (fx.changed)
			refresh_wants_eoi(chip);
		if (fx.unmasked)
			unmasked(chip, KVM_IRQCHIP_IOAPIC, fx.unmasked);
		send_all(chip, &fx);
	} else {
		memset(data, 0, len);
		memcpy(data, &val, min_t(unsigned int, len, sizeof(val)));
	}
}

/* ---- userspace ---------------------------------------------------------------------- */

static int set_routes(struct irqchip *chip, const struct kvm_irq_routing_entry *entries, u32 n)
{
	const struct vm *vm = chip->vm;
	u32 flags = (chip->split ? 0 : ROUTE_HAS_CHIPS) | (vm->x2apic_ids ? ROUTE_X2APIC_IDS : 0);
	void *mem = table_alloc(route_bytes(entries, n)), *old;
	int err;

	if (!mem)
		return -ENOMEM;
	err = route_build(mem, entries, n, flags);
	if (err) {
		table_free(mem);
		return err;
	}
	mutex_lock(&chip->routes_lock);
	old = rcu_dereference_protected(chip->routes, lockdep_is_held(&chip->routes_lock));
	rcu_assign_pointer(chip->routes, mem);
	irqchip_tables_changed(chip);
	mutex_unlock(&chip->routes_lock);
	refresh_wants_eoi(chip);
	table_free_rcu(old);
	return 0;
}

int irqchip_set_routes(struct vm *vm, const struct kvm_irq_routing_entry *entries, u32 n)
{
	return set_routes(vm->irqchip, entries, n);
}

int irqchip_get_state(struct vm *vm, struct kvm_irqchip *state)
{
	struct irqchip *chip = vm->irqchip;
	unsigned long flags;
	int err = 0;

	spin_lock_irqsave(&chip->lock, flags);
	switch (state->chip_id) {
	case KVM_IRQCHIP_PIC_MASTER:
	case KVM_IRQCHIP_PIC_SLAVE:
		err = pic_get_state(&chip->pic, state->chip_id, &state->chip.pic);
		break;
	case KVM_IRQCHIP_IOAPIC:
		ioapic_get_state(&chip->ioapic, &state->chip.ioapic);
		break;
	default:
		err = -EINVAL;
	}
	spin_unlock_irqrestore(&chip->lock, flags);
	return err;
}

int irqchip_set_state(struct vm *vm, const struct kvm_irqchip *state)
{
	struct irqchip *chip = vm->irqchip;
	struct ioapic_fx io = {};
	unsigned long flags;
	struct pic_fx pic;
	int err = 0;

	spin_lock_irqsave(&chip->lock, flags);
	switch (state->chip_id) {
	case KVM_IRQCHIP_PIC_MASTER:
	case KVM_IRQCHIP_PIC_SLAVE:
		err = pic_set_state(&chip->pic, state->chip_id, &state->chip.pic, &pic);
		if (!err)
			pic_output(chip, &pic);
		break;
	case KVM_IRQCHIP_IOAPIC:
		ioapic_set_state(&chip->ioapic, &state->chip.ioapic, &io);
		break;
	default:
		err = -EINVAL;
	}
	spin_unlock_irqrestore(&chip->lock, flags);
	refresh_wants_eoi(chip);
	send_all(chip, &io);
	return err;
}

/* ---- life ------------------------------------------------------------------------------ */

static int create(struct vm *vm, bool split, u32 pins)
{
	struct irqchip *chip;
	int err;

	lockdep_assert_held(&vm->lock);
	if (vm->irqchip)
		return -EEXIST;
	if (vm->n_created)
		return -EINVAL;
	chip = kzalloc(sizeof(*chip), GFP_KERNEL_ACCOUNT);
	if (!chip)
		return -ENOMEM;
	chip->vm = vm;
	chip->split = split;
	chip->split_pins = pins;
	spin_lock_init(&chip->lock);
	mutex_init(&chip->routes_lock);
	mutex_init(&chip->map_lock);
	mutex_init(&chip->irqfds_lock);
	INIT_LIST_HEAD(&chip->irqfds);
	INIT_LIST_HEAD(&chip->resamplers);
	pic_reset(&chip->pic);
	ioapic_reset(&chip->ioapic, IOAPIC_VER_82093);
	err = set_routes(chip, route_default, split ? 0 : ROUTE_DEFAULT_N);
	if (err) {
		kfree(chip);
		return err;
	}
	/* Who sees it without vm->lock sees it whole. */
	smp_store_release(&vm->irqchip, chip);
	smp_store_release(&vm->iobus_used, true);
	return 0;
}

int irqchip_create(struct vm *vm)
{
	return create(vm, false, 0);
}

int irqchip_create_split(struct vm *vm, u32 pins)
{
	return create(vm, true, pins);
}

void irqchip_quiesce(struct vm *vm)
{
	if (!vm->irqchip)
		return;
	irqfd_quiesce(vm);
	pit_dev_destroy(vm);
}

void irqchip_destroy(struct vm *vm)
{
	struct irqchip *chip = vm->irqchip;

	if (!chip)
		return;
	table_free(rcu_dereference_protected(chip->routes, true));
	table_free(rcu_dereference_protected(chip->map, true));
	kfree(chip);
	vm->irqchip = NULL;
}
