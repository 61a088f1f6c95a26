/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names of numbers, from debugfs-schema/, and of VMs, from their processes.
 */
#ifndef GLASSVISOR_TOOLS_BPF_NAMES_H
#define GLASSVISOR_TOOLS_BPF_NAMES_H

#include "../../../kvm/env.h"
#include "stats.h"

/* A number without a name is "?<number>", in a buffer that the next such call but three reuses. */
const char *name_exit_kind(u32 kind);
const char *name_fault_kind(u32 kind);
const char *name_dirty_mode(u32 mode);
const char *name_irq_source(u32 source);
const char *name_irq_delivery(u32 delivery);
const char *name_reason(u32 isa, u32 reason); /* @isa: 1 VMX, 2 SVM */

/*
 * What the process calls its VM (QEMU's -name), or the program's name; if it is
 * gone, its thread's name. Valid until the next call.
 */
const char *name_vm(const struct owner *owner);

/* "4 KiB", "1.5 MiB"; in a buffer of a few turns. */
const char *bytes_text(u64 bytes);

/* The value of -name in a command line of @n bytes, words ended by 0; false: none. Pure. */
bool name_in_cmdline(const char *cmdline, size_t n, char *ret_name, size_t size);

#endif /* GLASSVISOR_TOOLS_BPF_NAMES_H */
