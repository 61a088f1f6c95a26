/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between the kernels glassvisor builds on (Debian's 6.1 and
 * 6.12), and nothing else. Every LINUX_VERSION_CODE of the project is here.
 */
#ifndef GLASSVISOR_COMPAT_H
#define GLASSVISOR_COMPAT_H

#include <linux/version.h>

#ifndef __ASSEMBLY__

#include <linux/rcupdate.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define compat_rcu_note_guest() rcu_virt_note_context_switch()
#else
#define compat_rcu_note_guest() rcu_virt_note_context_switch(smp_processor_id())
#endif

/* Add one to an eventfd. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define compat_eventfd_signal(ctx) eventfd_signal(ctx)
#else
#define compat_eventfd_signal(ctx) eventfd_signal(ctx, 1)
#endif

/* struct kvm_run's field, which newer kernels rename so that it is read with care. */
#ifdef HINT_UNSAFE_IN_KVM
#define compat_immediate_exit(run) READ_ONCE((run)->HINT_UNSAFE_IN_KVM(immediate_exit))
#else
#define compat_immediate_exit(run) READ_ONCE((run)->immediate_exit)
#endif

/*
 * Hooks for suspend, resume and shutdown of the last CPU: a stable update of
 * 6.12 gave the callbacks an argument. COMPAT_SYSCORE_DATA comes from Kbuild,
 * which looks into the header, as version numbers do not tell.
 */
#ifdef COMPAT_SYSCORE_DATA
#define COMPAT_SYSCORE_ARG void *data
#define COMPAT_DEFINE_SYSCORE(name, ...)                                                           \
	static const struct syscore_ops name##_ops = {__VA_ARGS__};                                \
	static struct syscore name = {.ops = &name##_ops}
#define compat_register_syscore(s)   register_syscore(s)
#define compat_unregister_syscore(s) unregister_syscore(s)
#else
#define COMPAT_SYSCORE_ARG		 void
#define COMPAT_DEFINE_SYSCORE(name, ...) static struct syscore_ops name = {__VA_ARGS__}
#define compat_register_syscore(s)	 register_syscore_ops(s)
#define compat_unregister_syscore(s)	 unregister_syscore_ops(s)
#endif

#include <asm/cpufeature.h>
#include <asm/nospec-branch.h>

/* The kernel takes events by FRED, which 6.1 does not know. */
#ifdef X86_FEATURE_FRED
#define compat_fred() cpu_feature_enabled(X86_FEATURE_FRED)
#else
#define compat_fred() false
#endif

/* VMSCAPE: the next exit to userspace on a CPU where a guest ran issues an IBPB. */
#ifdef X86_FEATURE_IBPB_EXIT_TO_USER
#define compat_guest_ran()                                                                         \
	do {                                                                                       \
		if (static_cpu_has(X86_FEATURE_IBPB_EXIT_TO_USER))                                 \
			__this_cpu_write(x86_ibpb_exit_to_user, true);                             \
	} while (0)
#else
#define compat_guest_ran()                                                                         \
	do {                                                                                       \
	} while (0)
#endif

#else /* __ASSEMBLY__: svm/vmrun.S */
/* clang-format off */

/*
 * Untraining of branch predictions after #VMEXIT: 6.12 has a macro for it;
 * before, there are the one for kernel entry and a feature bit.
 */
#ifdef UNTRAIN_RET_VM
#define COMPAT_UNTRAIN_RET_VM UNTRAIN_RET_VM
#else
.macro COMPAT_UNTRAIN_RET_VM
	UNTRAIN_RET
#ifdef X86_FEATURE_IBPB_ON_VMEXIT
	ALTERNATIVE "", "call entry_ibpb", X86_FEATURE_IBPB_ON_VMEXIT
#endif
.endm
#endif

/* VERW before entering a guest, on CPUs that need it (TSA). */
#ifdef VM_CLEAR_CPU_BUFFERS
#define COMPAT_VM_CLEAR_CPU_BUFFERS VM_CLEAR_CPU_BUFFERS
#else
#define COMPAT_VM_CLEAR_CPU_BUFFERS
#endif
/* clang-format on */

#endif /* __ASSEMBLY__ */

#endif /* GLASSVISOR_COMPAT_H */
