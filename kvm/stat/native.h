/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tree below /sys/kernel/debug/glassvisor/: directories and files
 * (native.c), and what is in them (snapshot.c; recorder.c; mmu/ for the page
 * tables). debugfs.c, which knows which VMs there are, calls this.
 */
#ifndef GLASSVISOR_STAT_NATIVE_H
#define GLASSVISOR_STAT_NATIVE_H

#include <linux/fs.h>

#include "../vcpu.h"

struct seq_file;

/* At load and unload; may sleep. At unload no VM is left. */
void native_init(void);
void native_exit(void);

/*
 * A VM's directory, and those of its vCPUs below it. As stat_debugfs_vm_add() and
 * its companions: when the removal returns, no reader uses the VM any more.
 */
void native_vm_add(struct vm *vm, const char *name);
void native_vm_remove(struct vm *vm);
void native_vcpu_add(struct vcpu *vcpu, const char *name);

/* snapshot.c: the text of the files snapshot and slots. 0 or -ENOMEM. ------- */
void snapshot_init(void);
int snapshot_show(struct seq_file *m, struct vm *vm);
int snapshot_slots_show(struct seq_file *m, struct vm *vm);
/* How large that text will be, about, in bytes. */
size_t snapshot_size(struct vm *vm);
size_t snapshot_slots_size(struct vm *vm);

/*
 * The nested page tables as text; the inode's i_private is the VM. Declared on
 * the lower side, as in mem/up.h; mmu/dump.c has it.
 */
extern const struct file_operations mmu_page_table_fops;

#endif /* GLASSVISOR_STAT_NATIVE_H */
