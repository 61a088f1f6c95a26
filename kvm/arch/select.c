/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The static calls behind arch/ops.h, and the choice of the back end that
 * they lead to. Before a choice, and after it is undone, each leads to a
 * default that warns once and returns 0.
 *
 * Runs at module load and unload only, single-threaded; no VM exists then.
 */
#define pr_fmt(fmt) "glassvisor: " fmt

#include <linux/bug.h>
#include <linux/cache.h>
#include <linux/printk.h>

#include "ops.h"

const struct arch_backend *arch_backend __ro_after_init;
struct arch_caps arch_caps;

#define ARCH_OP(ret, name, proto, args)                                                            \
	ret arch_default_##name proto                                                              \
	{                                                                                          \
		WARN_ONCE(1, "arch_%s() without a back end\n", #name);                             \
		return (ret)0;                                                                     \
	}                                                                                          \
	DEFINE_STATIC_CALL(arch_##name##_call, arch_default_##name);
#include "ops.def"
#undef ARCH_OP

/* Name of an operation that @b lacks, or NULL. */
static const char *missing_op(const struct arch_backend *b)
{
	if (!b->probe || !b->remove || !b->spte_fmt)
		return "probe, remove or spte_fmt";
#define ARCH_OP(ret, name, proto, args)                                                            \
	if (!b->name)                                                                              \
		return #name;
#include "ops.def"
#undef ARCH_OP
	return NULL;
}

static void bind(const struct arch_backend *b)
{
#define ARCH_OP(ret, name, proto, args) static_call_update(arch_##name##_call, b->name);
#include "ops.def"
#undef ARCH_OP
	arch_backend = b;
}

static void unbind(void)
{
#define ARCH_OP(ret, name, proto, args) static_call_update(arch_##name##_call, arch_default_##name);
#include "ops.def"
#undef ARCH_OP
}

DEFINE_PER_CPU(bool, arch_cpu_on);

int arch_select(const struct arch_backend *const *backends, unsigned int n)
{
	const char *told = "this CPU is of a kind that has neither SVM nor VMX";
	int told_err = -EOPNOTSUPP;
	unsigned int i;

	for (i = 0; i < n; i++) {
		const struct arch_backend *b = backends[i];
		const char *why = "for an unknown reason";
		const char *missing = missing_op(b);
		int err;

		if (WARN(missing, "back end %s lacks %s\n", b->name, missing))
			return -EINVAL;

		memset(&arch_caps, 0, sizeof(arch_caps));
		err = b->probe(&arch_caps, &why);
		if (!err) {
			bind(b);
			return 0;
		}
		if (err != -ENODEV) {
			told_err = err;
			told = why;
			break;
		}
	}

	pr_err("can't run here: %s\n", told);
	return told_err;
}

void arch_deselect(void)
{
	unbind();
	arch_backend->remove();
}
