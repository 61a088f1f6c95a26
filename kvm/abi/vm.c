/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ioctls of a VM's descriptor.
 *
 * Only threads of the address space that made the VM may use it: its memory is
 * that address space's. -EIO for others.
 */
#include <linux/anon_inodes.h>
#include <linux/compat.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "../core/core.h"
#include "../mem/mem.h"
#include "abi.h"
#include "table.h"

static long check_extension(struct abi_call *call)
{
	return abi_check_extension(call->vm, call->value);
}

static long enable_cap(struct abi_call *call)
{
	return abi_vm_enable_cap(call->vm, call->buf);
}

/* ---- vCPUs ------------------------------------------------------------- */

/*
 * The file is made before the vCPU, so that nothing can fail once the vCPU is
 * in the VM; until then its private data is NULL and its release does nothing.
 */
static long create_vcpu(struct abi_call *call)
{
	struct vcpu *vcpu;
	struct file *file;
	char name[32];
	long ret;
	int fd;

	if (call->value > U32_MAX)
		return -EINVAL;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	snprintf(name, sizeof(name), "kvm-vcpu:%lu", call->value);
	file = anon_inode_getfile(name, &abi_vcpu_fops, NULL, O_RDWR);
	if (IS_ERR(file)) {
		ret = PTR_ERR(file);
		goto fd;
	}
	ret = vcpu_create(call->vm, call->value, &vcpu);
	if (ret)
		goto file;
	vm_get(call->vm);
	file->private_data = vcpu;
	vcpu_publish(vcpu);
	fd_install(fd, file);
	return fd;
file:
	fput(file);
fd:
	put_unused_fd(fd);
	return ret;
}

static long set_boot_cpu_id(struct abi_call *call)
{
	if (call->vm->n_created)
		return -EBUSY;
	if (call->value >= GV_MAX_VCPU_ID)
		return -EINVAL;
	call->vm->bsp_id = call->value;
	return 0;
}

/* ---- memory ------------------------------------------------------------ */

static long set_user_memory_region(struct abi_call *call)
{
	return mem_set_region(call->vm, call->buf);
}

/* Same layout for 32-bit callers; only the pointer's upper half is garbage there. */
static long get_dirty_log(struct abi_call *call)
{
	struct kvm_dirty_log *log = call->buf;

	if (call->compat)
		log->dirty_bitmap = compat_ptr(log->padding2);
	return mem_get_dirty_log(call->vm, log);
}

/*
 * Pages that Intel's hardware without unrestricted guests needs for itself.
 * AMD's does not; the addresses are checked and kept for the back end that does.
 */
static long set_tss_addr(struct abi_call *call)
{
	if (call->value > U32_MAX - 3 * PAGE_SIZE + 1)
		return -EINVAL;
	call->vm->tss_addr = call->value;
	return 0;
}

static long set_identity_map_addr(struct abi_call *call)
{
	u64 addr = *(u64 *)call->buf;

	if (call->vm->n_created || addr > U32_MAX - PAGE_SIZE + 1)
		return -EINVAL;
	call->vm->identity_map_addr = addr ?: 0xfffbc000;
	return 0;
}

/* ---- MSRs, time, interrupts -------------------------------------------- */

static long set_msr_filter(struct abi_call *call)
{
	return msr_filter_set(call->vm, call->buf);
}

static long get_clock(struct abi_call *call)
{
	time_clock_get(call->vm, call->buf);
	return 0;
}

static long set_clock(struct abi_call *call)
{
	return time_clock_set(call->vm, call->buf);
}

static long get_tsc_khz(struct abi_call *call)
{
	return call->vm->tsc_khz;
}

static long set_tsc_khz(struct abi_call *call)
{
	return time_vm_tsc_khz_set(call->vm, call->value);
}

/* ---- the guest's accesses ------------------------------------------------ */

static long ioeventfd(struct abi_call *call)
{
	return ioeventfd_set(call->vm, call->buf);
}

static long register_coalesced(struct abi_call *call)
{
	return coalesced_set_zone(call->vm, call->buf, true);
}

static long unregister_coalesced(struct abi_call *call)
{
	return coalesced_set_zone(call->vm, call->buf, false);
}

static long get_stats_fd(struct abi_call *call)
{
	return abi_stats_fd(call->vm, NULL);
}

#define ROW ABI_ROW
static const struct abi_row vm_rows[] = {
	ROW(KVM_CHECK_EXTENSION, ABI_VALUE, ABI_FREE, KVM_CAP_CHECK_EXTENSION_VM, check_extension),
	ROW(KVM_ENABLE_CAP, ABI_COPY, ABI_FREE, KVM_CAP_ENABLE_CAP_VM, enable_cap),
	ROW(KVM_CREATE_VCPU, ABI_VALUE, ABI_FREE, ABI_BASIC, create_vcpu),
	ROW(KVM_SET_BOOT_CPU_ID, ABI_VALUE, ABI_VM, KVM_CAP_SET_BOOT_CPU_ID, set_boot_cpu_id),
	ROW(KVM_SET_USER_MEMORY_REGION, ABI_COPY, ABI_FREE, KVM_CAP_USER_MEMORY,
	    set_user_memory_region),
	ROW(KVM_GET_DIRTY_LOG, ABI_COPY, ABI_FREE, ABI_BASIC, get_dirty_log),
	ROW(KVM_SET_TSS_ADDR, ABI_VALUE, ABI_VM, KVM_CAP_SET_TSS_ADDR, set_tss_addr),
	ROW(KVM_SET_IDENTITY_MAP_ADDR, ABI_COPY, ABI_VM, KVM_CAP_SET_IDENTITY_MAP_ADDR,
	    set_identity_map_addr),
	ROW(KVM_X86_SET_MSR_FILTER, ABI_COPY, ABI_FREE, KVM_CAP_X86_MSR_FILTER, set_msr_filter),
	ROW(KVM_GET_CLOCK, ABI_COPY, ABI_FREE, KVM_CAP_ADJUST_CLOCK, get_clock),
	ROW(KVM_SET_CLOCK, ABI_COPY, ABI_FREE, KVM_CAP_ADJUST_CLOCK, set_clock),
	ROW(KVM_GET_TSC_KHZ, ABI_NONE, ABI_VM, KVM_CAP_GET_TSC_KHZ, get_tsc_khz),
	ROW(KVM_SET_TSC_KHZ, ABI_VALUE, ABI_VM, KVM_CAP_GET_TSC_KHZ, set_tsc_khz),
	ROW(KVM_GET_STATS_FD, ABI_NONE, ABI_FREE, KVM_CAP_BINARY_STATS_FD, get_stats_fd),
	ROW(KVM_CREATE_IRQCHIP, ABI_NONE, ABI_VM, KVM_CAP_IRQCHIP, abi_create_irqchip),
	ROW(KVM_IRQ_LINE, ABI_COPY, ABI_FREE, KVM_CAP_IRQCHIP, abi_irq_line),
	ROW(KVM_IRQ_LINE_STATUS, ABI_COPY, ABI_FREE, KVM_CAP_IRQ_INJECT_STATUS, abi_irq_line),
	ROW(KVM_GET_IRQCHIP, ABI_COPY, ABI_FREE, KVM_CAP_IRQCHIP, abi_get_irqchip),
	ROW(KVM_SET_IRQCHIP, ABI_USER, ABI_FREE, KVM_CAP_IRQCHIP, abi_set_irqchip),
	ROW(KVM_SIGNAL_MSI, ABI_COPY, ABI_FREE, KVM_CAP_SIGNAL_MSI, abi_signal_msi),
	ROW(KVM_SET_GSI_ROUTING, ABI_USER, ABI_FREE, KVM_CAP_IRQ_ROUTING, abi_set_gsi_routing),
	ROW(KVM_CREATE_PIT, ABI_NONE, ABI_VM, KVM_CAP_PIT, abi_create_pit),
	ROW(KVM_CREATE_PIT2, ABI_COPY, ABI_VM, KVM_CAP_PIT2, abi_create_pit2),
	ROW(KVM_GET_PIT, ABI_COPY, ABI_FREE, KVM_CAP_PIT, abi_get_pit),
	ROW(KVM_SET_PIT, ABI_COPY, ABI_FREE, KVM_CAP_PIT, abi_set_pit),
	ROW(KVM_GET_PIT2, ABI_COPY, ABI_FREE, KVM_CAP_PIT_STATE2, abi_get_pit2),
	ROW(KVM_SET_PIT2, ABI_COPY, ABI_FREE, KVM_CAP_PIT_STATE2, abi_set_pit2),
	ROW(KVM_REINJECT_CONTROL, ABI_COPY, ABI_FREE, KVM_CAP_REINJECT_CONTROL,
	    abi_reinject_control),
	ROW(KVM_IRQFD, ABI_COPY, ABI_FREE, KVM_CAP_IRQFD, abi_irqfd),
	ROW(KVM_IOEVENTFD, ABI_COPY, ABI_FREE, KVM_CAP_IOEVENTFD, ioeventfd),
	ROW(KVM_REGISTER_COALESCED_MMIO, ABI_COPY, ABI_FREE, KVM_CAP_COALESCED_MMIO,
	    register_coalesced),
	ROW(KVM_UNREGISTER_COALESCED_MMIO, ABI_COPY, ABI_FREE, KVM_CAP_COALESCED_MMIO,
	    unregister_coalesced),
};
#undef ROW

static const struct abi_table vm_table = {vm_rows, ARRAY_SIZE(vm_rows)};

static long dispatch(struct vm *vm, unsigned int cmd, unsigned long arg, bool compat)
{
	struct abi_call call = {.vm = vm, .compat = compat};

	if (vm->mm != current->mm)
		return -EIO;
	return abi_dispatch(&vm_table, cmd, arg, &call);
}

static long vm_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return dispatch(file->private_data, cmd, arg, false);
}

#ifdef CONFIG_COMPAT
struct compat_msr_filter_range {
	u32 flags;
	u32 nmsrs;
	u32 base;
	compat_uptr_t bitmap;
};

struct compat_msr_filter {
	u32 flags;
	struct compat_msr_filter_range ranges[KVM_MSR_FILTER_MAX_RANGES];
};

#define KVM_X86_SET_MSR_FILTER_COMPAT _IOW(KVMIO, 0xc6, struct compat_msr_filter)

static long compat_set_msr_filter(struct vm *vm, const void __user *user)
{
	struct kvm_msr_filter filter = {};
	struct compat_msr_filter in;
	unsigned int i;

	if (vm->mm != current->mm)
		return -EIO;
	if (copy_from_user(&in, user, sizeof(in)))
		return -EFAULT;
	filter.flags = in.flags;
	for (i = 0; i < ARRAY_SIZE(in.ranges); i++) {
		filter.ranges[i] = (struct kvm_msr_filter_range){
			.flags = in.ranges[i].flags,
			.nmsrs = in.ranges[i].nmsrs,
			.base = in.ranges[i].base,
			.bitmap = (__force __u8 *)compat_ptr(in.ranges[i].bitmap),
		};
	}
	return msr_filter_set(vm, &filter);
}

static long vm_compat_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	if (cmd == KVM_X86_SET_MSR_FILTER_COMPAT)
		return compat_set_msr_filter(file->private_data, compat_ptr(arg));
	return dispatch(file->private_data, cmd, (unsigned long)compat_ptr(arg), true);
}
#endif

static int vm_release(struct inode *inode, struct file *file)
{
	vm_put(file->private_data);
	return 0;
}

const struct file_operations abi_vm_fops = {
	.owner = THIS_MODULE,
	.release = vm_release,
	.unlocked_ioctl = vm_ioctl,
#ifdef CONFIG_COMPAT
	.compat_ioctl = vm_compat_ioctl,
#endif
	.llseek = noop_llseek,
};
