/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Translation: the nested page tables of a VM and the walk of the guest's own.
 * Format-blind over mmu/spte.h.
 */
#ifndef GLASSVISOR_MMU_H
#define GLASSVISOR_MMU_H

#include "../mem/up.h" /* zapping, dirty log, flush: declared on the lower side */
#include "../vcpu.h"
#include "gwalk.h"

struct memslot;

/* Root page, MMU notifier. -ENOMEM or what mmu_notifier_register() says. */
int mmu_vm_init(struct vm *vm);
/* First half, while current->mm may still be the owner's: unregister the notifier. */
void mmu_vm_quiesce(struct vm *vm);
/* Second half: free all tables. No vCPU runs any more. */
void mmu_vm_destroy(struct vm *vm);
hpa_t mmu_root(struct vm *vm);

/* What is to be done after a fault; the schema's list says it in words. */
#define X(number, ID, name, text) MMU_##ID = number,
enum mmu_fault_result { FAULT_RESULTS(X) };
#undef X

/*
 * Handle a nested fault at @gpa (bytes) with @access (MMU_ACCESS_*). vCPU
 * thread, may sleep, SRCU held, takes mmu_lock for reading.
 */
enum mmu_fault_result mmu_fault(struct vcpu *vcpu, gpa_t gpa, u32 access);

/* Faults without a slot leave a mark, and the next ones come with MMU_ACCESS_MARK. See mmio.c. */
extern bool mmu_marks;

/*
 * From now on, and for good, vm->apic_page is mapped nowhere: a vCPU of the VM has its local APIC
 * elsewhere than at 0xfee00000, or not in memory. That vCPU's thread; takes mmu_lock, may sleep.
 */
void mmu_apic_page_off(struct vm *vm);

/* Handle a fault that met such a mark, and account for it. vCPU thread, no SRCU needed. */
void mmu_fault_marked(struct vcpu *vcpu, gpa_t gpa, u32 access);

/*
 * Guest virtual to guest physical with the vCPU's present mode. SRCU held; may
 * sleep. @access: enum gwalk_access. Sets the A and D bits in the guest's
 * tables. GWALK_OK: *ret_gpa. GWALK_FAULT: *ret_error_code is the #PF's.
 * GWALK_NON_CANONICAL, GWALK_BUS (a table is not in memory): nothing is written.
 */
enum gwalk_result mmu_gva_to_gpa(struct vcpu *vcpu, gva_t gva, u32 access, gpa_t *ret_gpa,
				 u64 *ret_error_code);

#endif /* GLASSVISOR_MMU_H */
