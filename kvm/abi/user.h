/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of abi/ share: arguments of variable size that more than one
 * kind of descriptor takes, and the layout of the vCPU's mapping.
 */
#ifndef GLASSVISOR_ABI_USER_H
#define GLASSVISOR_ABI_USER_H

#include "table.h"

/* Pages of a vCPU's mapping: struct kvm_run, the data of port I/O, the VM's coalesced ring. */
#define ABI_VCPU_PAGES 3

/* One entry: 0, or negative to stop there. */
typedef int (*abi_msr_fn)(struct vcpu *vcpu, struct kvm_msr_entry *entry);

/*
 * KVM_GET_MSRS and KVM_SET_MSRS: calls @fn for each entry of the caller's list
 * until one fails, copies the entries back if @copy_back. Returns how many were
 * done. -E2BIG: too many entries.
 */
long abi_msrs(struct abi_call *call, abi_msr_fn fn, bool copy_back);

#endif /* GLASSVISOR_ABI_USER_H */
