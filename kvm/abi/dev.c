/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /dev/kvm itself: what this driver can do (API version, capabilities, lists of
 * MSRs, supported CPUID), and new VMs.
 *
 * A VM's descriptor holds a reference on the VM; the file operations' owner
 * holds the module. Nothing here needs a lock: the lists are constant after
 * load.
 */
#include <linux/anon_inodes.h>
#include <linux/compat.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "../core/core.h"
#include "../stat/stat.h"
#include "abi.h"
#include "table.h"
#include "user.h"

static long get_api_version(struct abi_call *call)
{
	return KVM_API_VERSION;
}

static long get_mmap_size(struct abi_call *call)
{
	return ABI_VCPU_PAGES * PAGE_SIZE;
}

static long check_extension(struct abi_call *call)
{
	return abi_check_extension(NULL, call->value);
}

/* ---- VMs --------------------------------------------------------------- */

/* The file of a VM. Consumes the caller's reference, also on an error. */
static struct file *vm_file(struct vm *vm, int fd)
{
	struct file *file;
	int err;

	vm->fd = fd;
	err = stat_debugfs_vm_add(vm);
	file = err ? ERR_PTR(err) : anon_inode_getfile("kvm-vm", &abi_vm_fops, vm, O_RDWR);
	if (IS_ERR(file))
		vm_put(vm);
	return file;
}

static long create_vm(struct abi_call *call)
{
	struct file *file;
	struct vm *vm;
	int fd;

	if (call->value) /* machine types: x86 has none but the default here */
		return -EINVAL;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	vm = vm_create();
	file = IS_ERR(vm) ? ERR_CAST(vm) : vm_file(vm, fd);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	fd_install(fd, file);
	return fd;
}

/* ---- MSRs -------------------------------------------------------------- */

static long put_msr_list(struct kvm_msr_list __user *user, const u32 *list, u32 n)
{
	u32 room;

	if (get_user(room, &user->nmsrs))
		return -EFAULT;
	/* The count goes back even when the list does not fit: that is how it is asked for. */
	if (put_user(n, &user->nmsrs))
		return -EFAULT;
	if (room < n)
		return -E2BIG;
	if (copy_to_user(user->indices, list, n * sizeof(*list)))
		return -EFAULT;
	return 0;
}

static long get_msr_index_list(struct abi_call *call)
{
	const u32 *list;
	u32 n = msr_index_list(&list);

	return put_msr_list(call->user, list, n);
}

static long get_msr_feature_index_list(struct abi_call *call)
{
	const u32 *list;
	u32 n = msr_feature_list(&list);

	return put_msr_list(call->user, list, n);
}

static int feature_msr(struct vcpu *unused, struct kvm_msr_entry *entry)
{
	return msr_feature_read(entry->index, &entry->data);
}

static long get_feature_msrs(struct abi_call *call)
{
	return abi_msrs(call, feature_msr, true);
}

/* ---- CPUID ------------------------------------------------------------- */

typedef int (*cpuid_list_fn)(struct kvm_cpuid_entry2 *ret, u32 max, u32 *ret_n);

static long put_cpuid_list(struct kvm_cpuid2 __user *user, cpuid_list_fn list)
{
	struct kvm_cpuid_entry2 *entries;
	u32 room, n = 0;
	long ret;

	if (get_user(room, &user->nent))
		return -EFAULT;
	room = min_t(u32, room, GV_MAX_CPUID);
	entries = kvcalloc(GV_MAX_CPUID, sizeof(*entries), GFP_KERNEL_ACCOUNT);
	if (!entries)
		return -ENOMEM;
	ret = list(entries, room, &n);
	if ((!ret || ret == -E2BIG) && put_user(n, &user->nent))
		ret = -EFAULT;
	if (!ret && copy_to_user(user->entries, entries, n * sizeof(*entries)))
		ret = -EFAULT;
	kvfree(entries);
	return ret;
}

static long get_supported_cpuid(struct abi_call *call)
{
	return put_cpuid_list(call->user, cpuid_supported);
}

static long get_emulated_cpuid(struct abi_call *call)
{
	return put_cpuid_list(call->user, cpuid_emulated);
}

/* ---- the rest ---------------------------------------------------------- */

static long get_mce_cap(struct abi_call *call)
{
	*(u64 *)call->buf = MSR_MCG_CAP_SUPPORTED;
	return 0;
}

/* The one attribute of the system descriptor: XCR0 bits that guests may be given. */
static long has_device_attr(struct abi_call *call)
{
	const struct kvm_device_attr *attr = call->buf;

	return attr->group == 0 && attr->attr == KVM_X86_XCOMP_GUEST_SUPP ? 0 : -ENXIO;
}

static long get_device_attr(struct abi_call *call)
{
	const struct kvm_device_attr *attr = call->buf;
	u64 __user *user = u64_to_user_ptr(attr->addr);
	long ret = has_device_attr(call);

	if (ret)
		return ret;
	if ((u64)(unsigned long)user != attr->addr)
		return -EFAULT;
	return put_user(fpu_xcr0_supported(), user);
}

#define ROW ABI_ROW
static const struct abi_row dev_rows[] = {
	ROW(KVM_GET_API_VERSION, ABI_ZERO, ABI_FREE, ABI_BASIC, get_api_version),
	ROW(KVM_CREATE_VM, ABI_VALUE, ABI_FREE, ABI_BASIC, create_vm),
	ROW(KVM_CHECK_EXTENSION, ABI_VALUE, ABI_FREE, ABI_BASIC, check_extension),
	ROW(KVM_GET_VCPU_MMAP_SIZE, ABI_ZERO, ABI_FREE, ABI_BASIC, get_mmap_size),
	ROW(KVM_GET_MSR_INDEX_LIST, ABI_USER, ABI_FREE, ABI_BASIC, get_msr_index_list),
	ROW(KVM_GET_MSR_FEATURE_INDEX_LIST, ABI_USER, ABI_FREE, KVM_CAP_GET_MSR_FEATURES,
	    get_msr_feature_index_list),
	ROW(KVM_GET_MSRS, ABI_USER, ABI_FREE, KVM_CAP_GET_MSR_FEATURES, get_feature_msrs),
	ROW(KVM_GET_SUPPORTED_CPUID, ABI_USER, ABI_FREE, KVM_CAP_EXT_CPUID, get_supported_cpuid),
	ROW(KVM_GET_EMULATED_CPUID, ABI_USER, ABI_FREE, KVM_CAP_EXT_EMUL_CPUID, get_emulated_cpuid),
	ROW(KVM_X86_GET_MCE_CAP_SUPPORTED, ABI_COPY, ABI_FREE, KVM_CAP_MCE, get_mce_cap),
	ROW(KVM_HAS_DEVICE_ATTR, ABI_COPY, ABI_FREE, KVM_CAP_SYS_ATTRIBUTES, has_device_attr),
	ROW(KVM_GET_DEVICE_ATTR, ABI_COPY, ABI_FREE, KVM_CAP_SYS_ATTRIBUTES, get_device_attr),
};
#undef ROW

static const struct abi_table dev_table = {dev_rows, ARRAY_SIZE(dev_rows)};

static long dev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct abi_call call = {};

	return abi_dispatch(&dev_table, cmd, arg, &call);
}

const struct file_operations abi_dev_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = dev_ioctl,
	.compat_ioctl = compat_ptr_ioctl, /* no structure of these ioctls holds a pointer */
	.llseek = noop_llseek,
};
