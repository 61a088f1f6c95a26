/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is in the files of KVM_GET_STATS_FD (statfd.c); abi/ makes the files.
 */
#ifndef GLASSVISOR_STAT_STATFD_H
#define GLASSVISOR_STAT_STATFD_H

#include <linux/fs.h>

#include "../vcpu.h"

/* At load and unload. -ENOMEM. */
int statfd_init(void);
void statfd_exit(void);

/*
 * Read from the statistics of @vcpu, or of the VM where it is NULL, at *pos,
 * which moves on. Returns bytes; 0 at the end; -EFAULT, -ENOMEM. May sleep, and
 * takes no lock; the caller keeps the VM alive.
 */
ssize_t statfd_read(struct vm *vm, const struct vcpu *vcpu, char __user *buf, size_t size,
		    loff_t *pos);

/* Bytes of such a file. */
loff_t statfd_size(bool of_vcpu);

#endif /* GLASSVISOR_STAT_STATFD_H */
