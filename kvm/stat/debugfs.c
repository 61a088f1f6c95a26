/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The counters as files, where kvm_stat, PCP, libvirt and trace-cmd look for
 * them (shared face with stock KVM; our own things live elsewhere):
 *
 *	/sys/kernel/debug/kvm/<counter>                 sum over the VMs that live now
 *	/sys/kernel/debug/kvm/<tgid>-<fd>/<counter>     one VM; a vCPU's counters summed
 *	/sys/kernel/debug/kvm/<tgid>-<fd>/vcpu<id>/...  pid, tsc-offset
 *
 * Those tools open whatever they find, so nothing else may appear here: no
 * other directory, no file that is not one decimal number. Our own tree stands
 * beside it (native.c); which VMs and vCPUs there are, and their names, is
 * known here for both.
 *
 * Files are read-only. Stock KVM clears a counter when 0 is written to it; that
 * would need a second writer, and each reader can keep its own baseline.
 *
 * Invariants: reading takes no lock that a vCPU holds, nor one of an ioctl's but
 * for stat_lock, which KVM_CREATE_VM and a total hold for a moment; it never makes
 * a guest leave. A vCPU is never freed before its VM is removed here.
 *
 * Lifetime: debugfs counts the readers that are inside an attribute's get
 * function (debugfs_file_get, taken by debugfs_attr_read) and
 * debugfs_remove() waits for them; a file that stays open after that answers
 * -EIO without looking at its data. So a file may point straight at its VM or
 * vCPU. The totals find the VMs through stat_vms, under stat_lock.
 *
 * Locks: stat_lock covers stat_vms and the names in the root directory. It is
 * innermost but for debugfs' own locks; nothing of a VM is taken under it.
 */
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "native.h"
#include "rows.h"
#include "stat.h"

/* What a file in a VM's directory points at. */
struct stat_file {
	struct vm *vm;
	const struct stat_row *row;
};

/* What this file keeps of a VM. */
struct stat_vm {
	struct vm *vm;
	struct dentry *dir; /* NULL: none, see stat_debugfs_vm_add() */
	struct stat_file files[STAT_ROWS];
};

static DEFINE_MUTEX(stat_lock);
static DEFINE_XARRAY(stat_vms); /* vm_id -> struct stat_vm */
static struct dentry *stat_root;

/* A counter of a whole VM. The vCPUs that vm_vcpu() shows are complete and outlive this. */
static u64 stat_vm_value(struct vm *vm, const struct stat_row *row)
{
	struct vcpu *vcpu;
	u64 sum = 0;
	u32 i;

	if (!row->of_vcpu)
		return stat_value(&vm->stat, row);
	for (i = 0; (vcpu = vm_vcpu(vm, i)); i++)
		sum += stat_value(&vcpu->stat, row);
	return sum;
}

static int stat_total_get(void *data, u64 *ret_value)
{
	struct stat_vm *entry;
	unsigned long vm_id;
	u64 sum = 0;

	mutex_lock(&stat_lock);
	xa_for_each(&stat_vms, vm_id, entry) sum += stat_vm_value(entry->vm, data);
	mutex_unlock(&stat_lock);
	*ret_value = sum;
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(stat_total_fops, stat_total_get, NULL, "%llu\n");

static int stat_vm_get(void *data, u64 *ret_value)
{
	const struct stat_file *file = data;

	*ret_value = stat_vm_value(file->vm, file->row);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(stat_vm_fops, stat_vm_get, NULL, "%llu\n");

/* The thread that ran the vCPU last, by its number for the whole host, as stock KVM; 0: none yet. */
static int stat_pid_get(void *data, u64 *ret_value)
{
	const struct vcpu *vcpu = data;

	rcu_read_lock();
	*ret_value = pid_nr(rcu_dereference(vcpu->pid));
	rcu_read_unlock();
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(stat_pid_fops, stat_pid_get, NULL, "%llu\n");

/* Guest TSC less host TSC; trace-cmd reads it signed to line up both machines' clocks. */
static int stat_tsc_offset_get(void *data, u64 *ret_value)
{
	const struct vcpu *vcpu = data;

	*ret_value = READ_ONCE(vcpu->tsc_offset);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(stat_tsc_offset_fops, stat_tsc_offset_get, NULL, "%lld\n");

/*
 * The _unsafe variant is right here: the attribute's own read function does
 * what the wrapper of the other one would do a second time.
 */
static void stat_file_create(const char *name, struct dentry *dir, const void *data,
			     const struct file_operations *fops)
{
	debugfs_create_file_unsafe(name, 0444, dir, (void *)data, fops);
}

static bool stat_dir_exists(const char *name, struct dentry *parent)
{
	struct dentry *dentry = debugfs_lookup(name, parent);

	dput(dentry);
	return dentry;
}

int __init stat_debugfs_init(void)
{
	unsigned int i;

	if (stat_dir_exists("kvm", NULL))
		return -EEXIST;
	stat_root = debugfs_create_dir("kvm", NULL);
	for (i = 0; i < STAT_ROWS; i++)
		stat_file_create(stat_rows[i].name, stat_root, &stat_rows[i], &stat_total_fops);
	native_init();
	return 0;
}

void stat_debugfs_exit(void)
{
	native_exit();
	debugfs_remove(stat_root);
	WARN_ON_ONCE(!xa_empty(&stat_vms));
	xa_destroy(&stat_vms);
}

/*
 * A VM outlives its descriptor while a vCPU's is open, so the number may be in
 * use again by the same process: the name is then the older VM's until that is
 * gone, and the younger one is to be seen in the totals only.
 */
static struct dentry *stat_vm_dir(struct vm *vm)
{
	char name[32];

	snprintf(name, sizeof(name), "%d-%d", vm->pid, vm->fd);
	if (IS_ERR_OR_NULL(stat_root) || stat_dir_exists(name, stat_root))
		return NULL;
	native_vm_add(vm, name);
	return debugfs_create_dir(name, stat_root);
}

int stat_debugfs_vm_add(struct vm *vm)
{
	struct stat_vm *entry = kzalloc(sizeof(*entry), GFP_KERNEL_ACCOUNT);
	unsigned int i;
	int err;

	if (!entry)
		return -ENOMEM;
	entry->vm = vm;
	for (i = 0; i < STAT_ROWS; i++)
		entry->files[i] = (struct stat_file){vm, &stat_rows[i]};

	mutex_lock(&stat_lock);
	err = xa_err(xa_store(&stat_vms, vm->vm_id, entry, GFP_KERNEL_ACCOUNT));
	if (!err)
		entry->dir = stat_vm_dir(vm);
	mutex_unlock(&stat_lock);
	if (err) {
		kfree(entry);
		return err;
	}

	vm->debugfs = entry->dir;
	if (!IS_ERR_OR_NULL(entry->dir))
		for (i = 0; i < STAT_ROWS; i++)
			stat_file_create(stat_rows[i].name, entry->dir, &entry->files[i],
					 &stat_vm_fops);
	return 0;
}

void stat_debugfs_vm_remove(struct vm *vm)
{
	struct stat_vm *entry;

	mutex_lock(&stat_lock);
	entry = xa_erase(&stat_vms, vm->vm_id);
	mutex_unlock(&stat_lock);
	if (!entry)
		return;
	native_vm_remove(vm);
	debugfs_remove(entry->dir);
	vm->debugfs = NULL;
	kfree(entry);
}

void stat_debugfs_vcpu_add(struct vcpu *vcpu)
{
	struct dentry *dir;
	char name[16];

	if (IS_ERR_OR_NULL(vcpu->vm->debugfs))
		return;
	snprintf(name, sizeof(name), "vcpu%u", vcpu->id);
	dir = debugfs_create_dir(name, vcpu->vm->debugfs);
	stat_file_create("pid", dir, vcpu, &stat_pid_fops);
	stat_file_create("tsc-offset", dir, vcpu, &stat_tsc_offset_fops);
	native_vcpu_add(vcpu, name);
}
