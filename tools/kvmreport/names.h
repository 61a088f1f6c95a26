/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names of numbers that a guest uses on a PC. NULL for what is not known.
 */
#ifndef KVMREPORT_NAMES_H
#define KVMREPORT_NAMES_H

#include <stddef.h>
#include <stdint.h>

const char *name_exit_reason(uint64_t isa, uint64_t reason);
const char *name_user_reason(uint64_t reason); /* KVM_EXIT_* */
const char *name_port(uint64_t port);
const char *name_mmio_page(uint64_t gfn);
const char *name_msr(uint64_t index);
const char *name_leaf(uint64_t function);
const char *name_exception(uint64_t vector);
const char *name_opcode(uint64_t key); /* opcode_key() of model.h */

/* An errno's name, also of those that mean inside the kernel: do the system call again. */
void name_errno(char *buf, size_t room, int err);

#endif /* KVMREPORT_NAMES_H */
