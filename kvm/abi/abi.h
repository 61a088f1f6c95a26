/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The file descriptors of /dev/kvm. Nothing below calls into abi/; main.c
 * registers the device with abi_dev_fops.
 */
#ifndef GLASSVISOR_ABI_H
#define GLASSVISOR_ABI_H

#include <linux/fs.h>

#include "../vcpu.h"

extern const struct file_operations abi_dev_fops; /* /dev/kvm */
extern const struct file_operations abi_vm_fops;  /* KVM_CREATE_VM's; private_data: struct vm */
extern const struct file_operations
	abi_vcpu_fops; /* KVM_CREATE_VCPU's; private_data: struct vcpu */

/* Answer of KVM_CHECK_EXTENSION; vm NULL on the system fd. */
int abi_check_extension(struct vm *vm, unsigned long cap);
/* KVM_GET_STATS_FD: a new descriptor for the statistics of @vcpu; of the VM where it is NULL. */
long abi_stats_fd(struct vm *vm, struct vcpu *vcpu);
/* irqchip.c: rows of the VM's table. */
struct abi_call;
long abi_create_irqchip(struct abi_call *call);
long abi_irq_line(struct abi_call *call);
long abi_get_irqchip(struct abi_call *call);
long abi_set_irqchip(struct abi_call *call);
long abi_signal_msi(struct abi_call *call);
long abi_set_gsi_routing(struct abi_call *call);
long abi_irqfd(struct abi_call *call);
long abi_create_pit(struct abi_call *call);
long abi_create_pit2(struct abi_call *call);
long abi_get_pit(struct abi_call *call);
long abi_set_pit(struct abi_call *call);
long abi_get_pit2(struct abi_call *call);
long abi_set_pit2(struct abi_call *call);
long abi_reinject_control(struct abi_call *call);
/* KVM_ENABLE_CAP on a VM. Takes vm->lock. */
int abi_vm_enable_cap(struct vm *vm, const struct kvm_enable_cap *cap);

#endif /* GLASSVISOR_ABI_H */
