/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The back-end border as the rooms above see it: typed wrappers over static
 * calls, made from ops.def. arch_x(...) calls the selected back end's x;
 * before a selection it warns once and does nothing (arch/select.c).
 */
#ifndef GLASSVISOR_ARCH_OPS_H
#define GLASSVISOR_ARCH_OPS_H

#include <linux/percpu.h>
#include <linux/static_call.h>

#include "backend.h"

#define ARCH_OP(ret, name, proto, args) ret arch_default_##name proto;
#include "ops.def"
#undef ARCH_OP

#define ARCH_OP(ret, name, proto, args)                                                            \
	DECLARE_STATIC_CALL(arch_##name##_call, arch_default_##name);                              \
	static __always_inline ret arch_##name proto                                               \
	{                                                                                          \
		return static_call(arch_##name##_call) args;                                       \
	}
#include "ops.def"
#undef ARCH_OP

/* Per CPU: its hardware is on. Written by main.c on that CPU with interrupts off. */
DECLARE_PER_CPU(bool, arch_cpu_on);

/* The selected back end's constants; set once by arch_select() before any VM exists. */
extern const struct arch_backend *arch_backend __ro_after_init;

/*
 * arch_select - probe the back ends in order and bind the first that fits.
 * Returns 0, or the errno of the back end that is for this CPU after it logged
 * one line that says why: -EOPNOTSUPP no such hardware, -EACCES firmware
 * switched it off, -EBUSY somebody else uses it.
 */
int arch_select(const struct arch_backend *const *backends, unsigned int n);
/* Undo arch_select(); no VM may exist. */
void arch_deselect(void);

#endif /* GLASSVISOR_ARCH_OPS_H */
