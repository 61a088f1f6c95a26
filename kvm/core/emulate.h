/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between emulate.c (results) and emulate_ops.c (operations) only.
 */
#ifndef GLASSVISOR_CORE_EMULATE_H
#define GLASSVISOR_CORE_EMULATE_H

#include "../emul/emul.h"

/* The operations table for emul_step(); its vcpu argument is a struct vcpu. */
extern const struct emul_ops emulate_ops;

#endif /* GLASSVISOR_CORE_EMULATE_H */
