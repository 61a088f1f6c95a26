/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ports and addresses that the kernel itself answers for: the interrupt chips,
 * ioeventfds and coalesced zones, in this order. Asked before an access goes out
 * to userspace, on the vCPU's thread.
 *
 * Locks: vcpu->mutex; the devices have their own.
 */
#include "../irq/irqchip.h"
#include "../trace/vcpu.h"
#include "core.h"

/* Writes only: reads are of the chips or of userspace. */
static bool bus_write(struct vcpu *vcpu, enum iobus bus, u64 addr, unsigned int len,
		      const void *data)
{
	return ioeventfd_write(vcpu, bus, addr, len, data) ||
	       coalesced_write(vcpu->vm, bus, addr, len, data);
}

/* The chips' own ports, of one byte. False: not theirs. */
static bool chip_pio(struct vcpu *vcpu, const struct irqchip *chip, u16 port, bool write, u8 *data)
{
	if (pic_port(port))
		irqchip_pio(vcpu, port, write, data);
	else if (!pit_dev_has(chip, port))
		return false;
	else if (write)
		pit_dev_write(chip, port, *data);
	else
		*data = pit_dev_read(chip, port);
	return true;
}

bool iobus_pio(struct vcpu *vcpu, u16 port, unsigned int len, bool write, void *data)
{
	const struct irqchip *chip = vcpu->vm->irqchip;

	if (chip && port < IRQCHIP_PORTS_END && len == 1 && !chip->split &&
	    chip_pio(vcpu, chip, port, write, data))
		return true;
	return write && bus_write(vcpu, IOBUS_PIO, port, len, data);
}

bool iobus_mmio(struct vcpu *vcpu, gpa_t gpa, unsigned int len, bool write, void *data)
{
	const struct irqchip *chip = vcpu->vm->irqchip;

	if (chip && lapic_dev_has(vcpu, gpa)) {
		lapic_dev_mmio(vcpu, gpa, len, write, data);
		return true;
	}
	if (chip && !chip->split && ioapic_in_range(&chip->ioapic, gpa, len)) {
		irqchip_mmio(vcpu, gpa, len, write, data);
		return true;
	}
	return write && bus_write(vcpu, IOBUS_MMIO, gpa, len, data);
}
