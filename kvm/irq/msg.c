// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSI decode: SDM vol. 3, "Message Signalled Interrupts" (message address and
 * message data register formats); api.rst for the upper half of the address.
 *
 * The level bit of a level triggered message is not looked at: it always asserts. Userspace's I/O
 * APICs send it clear (QEMU's), and in-tree KVM takes it so.
 *
 * Pure. Left out: the remappable format, there is no remapping unit.
 */
#include "msg.h"

#define MSI_ADDR_LOGICAL BIT(2)
#define MSI_ADDR_REDIR	 BIT(3)
#define MSI_DATA_LEVEL	 BIT(15)

int irq_msg_from_msi(u32 addr_lo, u32 addr_hi, u32 data, bool ids32, struct irq_msg *ret_msg)
{
	if (ids32 && (addr_hi & 0xff))
		return -EINVAL;
	*ret_msg = (struct irq_msg){
		.dest = ((addr_lo >> 12) & 0xff) | (ids32 ? addr_hi : 0),
		.vector = data,
		.delivery = (data >> 8) & 7,
		.shorthand = IRQ_SH_NONE,
		.dest_logical = addr_lo & MSI_ADDR_LOGICAL,
		.level = data & MSI_DATA_LEVEL,
		.assert = true,
		.redir_hint = addr_lo & MSI_ADDR_REDIR,
	};
	return 0;
}
