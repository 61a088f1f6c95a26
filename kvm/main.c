/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Module life: picks the back end, switches the virtualisation hardware on
 * and off on every CPU, and offers /dev/kvm.
 *
 * The hardware is on from load to unload, on every online CPU: CPUs that come
 * later switch it on before tasks may run on them and switch it off when they
 * go (CPU hotplug, which also covers suspend for all CPUs but the last);
 * suspend of the last CPU comes through the syscore hooks, reboot and kexec
 * through these and the reboot notifier; a crash kernel through the back end's
 * emergency callback. The entry path looks at arch_cpu_on with interrupts off,
 * so a vCPU never enters a guest on a CPU that was switched off.
 *
 * Load fails with one line in the log and -EBUSY (another hypervisor has the
 * hardware or the in-tree KVM is there), -EOPNOTSUPP (no usable hardware),
 * -EACCES (firmware switched it off), -ENOMEM.
 *
 * Locks: none of its own; the hotplug lock serialises hardware on/off.
 */
#define pr_fmt(fmt) "glassvisor: " fmt

#include <linux/cpuhotplug.h>
#include <linux/init.h>
#include <linux/kvm.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/reboot.h>
#include <linux/syscore_ops.h>

#include "abi/abi.h"
#include "arch/ops.h"
#include "compat.h"
#include "core/core.h"
#include "irq/irqchip.h"
#include "mem/kick.h"
#include "stat/account.h"
#include "stat/stat.h"
#include "stat/statfd.h"

extern const struct arch_backend svm_backend, vmx_backend;

static const struct arch_backend *const backends[] = {&svm_backend, &vmx_backend};

static enum cpuhp_state hotplug_state;

static int hardware_enable_cpu(void)
{
	int err;

	lockdep_assert_irqs_disabled();
	if (__this_cpu_read(arch_cpu_on))
		return 0;
	err = arch_cpu_enable();
	if (!err)
		__this_cpu_write(arch_cpu_on, true);
	return err;
}

static void hardware_disable_cpu(void *unused)
{
	lockdep_assert_irqs_disabled();
	if (!__this_cpu_read(arch_cpu_on))
		return;
	__this_cpu_write(arch_cpu_on, false);
	arch_cpu_disable();
}

static int cpu_comes(unsigned int cpu)
{
	int err;

	local_irq_disable();
	err = hardware_enable_cpu();
	local_irq_enable();
	if (err)
		pr_err("CPU %u: virtualisation hardware can't be switched on (error %d)%s\n", cpu,
		       err, err == -EBUSY ? ": another hypervisor uses it" : "");
	return err;
}

static int cpu_goes(unsigned int cpu)
{
	local_irq_disable();
	hardware_disable_cpu(NULL);
	local_irq_enable();
	return 0;
}

static int hardware_suspend(COMPAT_SYSCORE_ARG)
{
	hardware_disable_cpu(NULL);
	return 0;
}

static void hardware_resume(COMPAT_SYSCORE_ARG)
{
	if (hardware_enable_cpu())
		pr_err("virtualisation hardware did not come back after suspend\n");
}

/* Reboot and kexec: the next kernel, or the firmware, finds the hardware off. */
static void hardware_shutdown(COMPAT_SYSCORE_ARG)
{
	on_each_cpu(hardware_disable_cpu, NULL, 1);
}

/*
 * kexec does not come through the syscore hooks on all kernels. vCPU threads
 * may still run: they find the hardware off and end KVM_RUN.
 */
static int reboot_notify(struct notifier_block *nb, unsigned long action, void *data)
{
	on_each_cpu(hardware_disable_cpu, NULL, 1);
	return NOTIFY_OK;
}

static struct notifier_block reboot_notifier = {.notifier_call = reboot_notify};

COMPAT_DEFINE_SYSCORE(syscore, .suspend = hardware_suspend, .resume = hardware_resume,
		      .shutdown = hardware_shutdown);

static struct miscdevice kvm_device = {
	.minor = KVM_MINOR,
	.name = "kvm",
	.fops = &abi_dev_fops,
};

/* The in-tree KVM owns the trace system, debugfs directory and device that we offer. */
static int refuse_in_tree_kvm(void)
{
	if (IS_BUILTIN(CONFIG_KVM)) {
		pr_err("this kernel has KVM built in: boot one that has it as a module\n");
		return -EBUSY;
	}
	if (__symbol_get("kvm_init")) {
		__symbol_put("kvm_init");
		pr_err("in-tree kvm is loaded: modprobe -r kvm_amd kvm_intel kvm\n");
		return -EBUSY;
	}
	return 0;
}

/* Tables of this machine's features, then what vCPUs are made of. */
static int __init parts_init(void)
{
	int err = time_host_init();

	if (err)
		return err;
	account_init();
	err = statfd_init();
	if (err)
		return err;
	err = cpuid_init();
	if (!err)
		err = msr_init();
	if (!err)
		err = kick_init();
	if (err)
		goto stats;
	err = irqfd_init();
	if (err)
		goto kick;
	err = vcpu_cache_init();
	if (err)
		goto irqfd;
	return 0;
irqfd:
	irqfd_exit();
kick:
	kick_exit();
stats:
	statfd_exit();
	return err;
}

static void parts_exit(void)
{
	vcpu_cache_exit();
	irqfd_exit();
	kick_exit();
	statfd_exit();
}

static int __init glassvisor_init(void)
{
	int err = refuse_in_tree_kvm();

	if (err)
		return err;
	err = arch_select(backends, ARRAY_SIZE(backends));
	if (err)
		return err;
	err = parts_init();
	if (err)
		goto deselect;
	err = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "glassvisor:online", cpu_comes, cpu_goes);
	if (err < 0)
		goto parts;
	hotplug_state = err;
	err = stat_debugfs_init();
	if (err)
		goto hotplug;
	perf_init();
	compat_register_syscore(&syscore);
	register_reboot_notifier(&reboot_notifier);
	err = misc_register(&kvm_device);
	if (err) {
		pr_err("/dev/kvm can't be registered (error %d): is another hypervisor loaded?\n",
		       err);
		goto syscore;
	}
	pr_info("/dev/kvm ready on %s\n", arch_backend->name);
	return 0;
syscore:
	unregister_reboot_notifier(&reboot_notifier);
	compat_unregister_syscore(&syscore);
	perf_exit();
	stat_debugfs_exit();
hotplug:
	cpuhp_remove_state(hotplug_state);
parts:
	parts_exit();
deselect:
	arch_deselect();
	return err;
}

static void __exit glassvisor_exit(void)
{
	misc_deregister(&kvm_device);
	unregister_reboot_notifier(&reboot_notifier);
	compat_unregister_syscore(&syscore);
	perf_exit();
	stat_debugfs_exit();
	cpuhp_remove_state(hotplug_state);
	parts_exit();
	arch_deselect();
}

module_init(glassvisor_init);
module_exit(glassvisor_exit);

MODULE_DESCRIPTION("glassvisor: the hypervisor you can see through");
MODULE_AUTHOR("The glassvisor team");
MODULE_LICENSE("GPL v2");
MODULE_ALIAS_MISCDEV(KVM_MINOR);
MODULE_ALIAS("devname:kvm");
