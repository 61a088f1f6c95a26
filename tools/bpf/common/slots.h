/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory slots of a running VM, from glassvisor's debugfs.
 */
#ifndef GLASSVISOR_TOOLS_BPF_SLOTS_H
#define GLASSVISOR_TOOLS_BPF_SLOTS_H

#include <stdbool.h>

#include "../../../kvm/env.h"

struct slot {
	u64 gfn;
	u64 npages;
};

/* Where slot @id of VM @vm, a VM of process @tgid, is. False: not known, or the VM has gone. */
bool slot_find(u32 vm, u32 tgid, u32 id, struct slot *ret_slot);

/* One line of a slots file. Pure. */
bool slot_line(const char *line, u32 id, struct slot *ret_slot);

#endif /* GLASSVISOR_TOOLS_BPF_SLOTS_H */
