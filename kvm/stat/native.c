/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Our own debugfs tree, for people and for our tools:
 *
 *	/sys/kernel/debug/glassvisor/schema             every name, and what it means
 *	/sys/kernel/debug/glassvisor/recorder/...       frozen flight recorders (recorder.c)
 *	/sys/kernel/debug/glassvisor/<tgid>-<fd>/       a VM, named as in kvm/ beside it
 *		snapshot, slots, page_table
 *		vcpu<id>/...                            its running recorder (recorder.c)
 *
 * Reading changes nothing but the snapshots' generation.
 *
 * Invariants and lifetime are those of debugfs.c: reading takes no lock that a
 * vCPU or an ioctl holds for longer than a moment, never makes a guest leave,
 * and never clears. debugfs counts the readers inside an operation of a file,
 * open included, and debugfs_remove() waits for them; a file that stays open
 * after that answers -EIO. So the files point straight at their VM.
 *
 * Each text but page_table is made whole in one go, of what is true now, when a
 * read begins at offset 0. Locks: none here; page_table's are in mmu/dump.c.
 */
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "native.h"
#include "recorder.h"
#include "schema.h"

#define SCHEMA_SIZE 65536 /* more than the text has: saves making it twice */

static struct dentry *native_root;

static void put_text(void *m, const char *text)
{
	seq_puts(m, text);
}

static int schema_show(struct seq_file *m, void *unused)
{
	schema_emit(put_text, m);
	return 0;
}

static int schema_open(struct inode *inode, struct file *file)
{
	return single_open_size(file, schema_show, NULL, SCHEMA_SIZE);
}

static int vm_snapshot_show(struct seq_file *m, void *unused)
{
	return snapshot_show(m, m->private);
}

static int vm_snapshot_open(struct inode *inode, struct file *file)
{
	struct vm *vm = inode->i_private;

	return single_open_size(file, vm_snapshot_show, vm, snapshot_size(vm));
}

static int vm_slots_show(struct seq_file *m, void *unused)
{
	return snapshot_slots_show(m, m->private);
}

static int vm_slots_open(struct inode *inode, struct file *file)
{
	struct vm *vm = inode->i_private;

	return single_open_size(file, vm_slots_show, vm, snapshot_slots_size(vm));
}

#define TEXT_FOPS(name)                                                                            \
	static const struct file_operations name##_fops = {                                        \
		.owner = THIS_MODULE,                                                              \
		.open = name##_open,                                                               \
		.read = seq_read,                                                                  \
		.llseek = seq_lseek,                                                               \
		.release = single_release,                                                         \
	}

TEXT_FOPS(schema);
TEXT_FOPS(vm_snapshot);
TEXT_FOPS(vm_slots);

void __init native_init(void)
{
	snapshot_init();
	native_root = debugfs_create_dir("glassvisor", NULL);
	debugfs_create_file("schema", 0444, native_root, NULL, &schema_fops);
	recorder_init(native_root);
}

void native_exit(void)
{
	recorder_exit();
	debugfs_remove(native_root);
}

void native_vm_add(struct vm *vm, const char *name)
{
	struct dentry *dir = debugfs_create_dir(name, native_root);

	vm->native = dir;
	debugfs_create_file("snapshot", 0444, dir, vm, &vm_snapshot_fops);
	debugfs_create_file("slots", 0444, dir, vm, &vm_slots_fops);
	debugfs_create_file("page_table", 0444, dir, vm, &mmu_page_table_fops);
}

void native_vm_remove(struct vm *vm)
{
	debugfs_remove(vm->native);
	vm->native = NULL;
}

void native_vcpu_add(struct vcpu *vcpu, const char *name)
{
	struct dentry *dir;

	if (IS_ERR_OR_NULL(vcpu->vm->native))
		return;
	dir = debugfs_create_dir(name, vcpu->vm->native);
	if (!IS_ERR(dir))
		recorder_vcpu_files(vcpu, dir);
}
