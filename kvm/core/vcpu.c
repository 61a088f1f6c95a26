/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Life of a vCPU: made under vm->lock in two steps (create, publish), freed
 * when its VM goes. Binding to a CPU and thread for KVM_RUN and for the ioctls
 * that need the hardware's copy of its state.
 *
 * While loaded, the preempt notifier keeps the vCPU bound to whatever CPU its
 * thread runs on; vcpu->cpu is that CPU, or -1.
 */
#include <linux/kvm.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/slab.h>

#include "../arch/ops.h"
#include "../irq/irqchip.h"
#include "../mmu/mmu.h"
#include "../stat/account.h"
#include "../stat/stat.h"
#include "../x86/seg.h"
#include "core.h"
#include "pv.h"
#include "state.h"

static struct kmem_cache *vcpu_cache;

int vcpu_cache_init(void)
{
	/* Guest instructions are fetched, by copy_from_user(), into the emulator's context. */
	vcpu_cache = kmem_cache_create_usercopy(
		"glassvisor_vcpu", sizeof(struct vcpu), __alignof__(struct vcpu), SLAB_ACCOUNT,
		offsetof(struct vcpu, emul), sizeof_field(struct vcpu, emul), NULL);
	if (!vcpu_cache)
		return -ENOMEM;
	preempt_notifier_inc();
	return 0;
}

void vcpu_cache_exit(void)
{
	preempt_notifier_dec();
	kmem_cache_destroy(vcpu_cache);
}

/* ---- binding ----------------------------------------------------------- */

static void bind_cpu(struct vcpu *vcpu, int cpu)
{
	vcpu->cpu = cpu;
	time_vcpu_load(vcpu, cpu);
	arch_vcpu_load(vcpu, cpu);
}

static void unbind_cpu(struct vcpu *vcpu)
{
	arch_vcpu_put(vcpu);
	vcpu->cpu = -1;
}

static void sched_in(struct preempt_notifier *pn, int cpu)
{
	struct vcpu *vcpu = container_of(pn, struct vcpu, preempt);

	account_sched_in(vcpu);
	pv_sched_in(vcpu);
	bind_cpu(vcpu, cpu);
}

static void sched_out(struct preempt_notifier *pn, struct task_struct *next)
{
	struct vcpu *vcpu = container_of(pn, struct vcpu, preempt);

	unbind_cpu(vcpu);
	pv_sched_out(vcpu);
	account_sched_out(vcpu);
}

static struct preempt_ops preempt_ops = {
	.sched_in = sched_in,
	.sched_out = sched_out,
};

void vcpu_load(struct vcpu *vcpu)
{
	int cpu = get_cpu();

	lockdep_assert_held(&vcpu->mutex);
	preempt_notifier_register(&vcpu->preempt);
	bind_cpu(vcpu, cpu);
	put_cpu();
}

void vcpu_put(struct vcpu *vcpu)
{
	preempt_disable();
	unbind_cpu(vcpu);
	preempt_notifier_unregister(&vcpu->preempt);
	preempt_enable();
}

/* ---- life -------------------------------------------------------------- */

static int reserve_id(struct vm *vm, u32 id)
{
	int err = 0;

	if (id >= GV_MAX_VCPU_ID)
		return -EINVAL;
	mutex_lock(&vm->lock);
	if (id >= vm->max_vcpu_id || vm->n_created >= GV_MAX_VCPUS)
		err = -EINVAL;
	else if (test_and_set_bit(id, vm->vcpu_ids))
		err = -EEXIST;
	else
		vm->n_created++;
	mutex_unlock(&vm->lock);
	return err;
}

static void release_id(struct vm *vm, u32 id)
{
	mutex_lock(&vm->lock);
	clear_bit(id, vm->vcpu_ids);
	vm->n_created--;
	mutex_unlock(&vm->lock);
}

static void free_parts(struct vcpu *vcpu)
{
	account_vcpu_destroy(vcpu);
	put_pid(rcu_access_pointer(vcpu->pid));
	free_page((unsigned long)vcpu->pio_data);
	free_page((unsigned long)vcpu->run);
	kmem_cache_free(vcpu_cache, vcpu);
}

static struct vcpu *alloc_parts(struct vm *vm, u32 id)
{
	struct vcpu *vcpu = kmem_cache_zalloc(vcpu_cache, GFP_KERNEL_ACCOUNT);

	if (!vcpu)
		return NULL;
	vcpu->vm = vm;
	vcpu->id = id;
	vcpu->cpu = -1;
	vcpu->cr8_exit = CR8_EXIT_ALL;
	mutex_init(&vcpu->mutex);
	rcuwait_init(&vcpu->wait);
	preempt_notifier_init(&vcpu->preempt, &preempt_ops);
	vcpu->run = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	vcpu->pio_data = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!vcpu->run || !vcpu->pio_data || account_vcpu_init(vcpu)) {
		free_parts(vcpu);
		return NULL;
	}
	if (arch_caps.write_log)
		vcpu_request(vcpu, REQ_WRITE_LOG);
	vcpu->emul.gpr = vcpu->gpr;
	vcpu->emul.pio_buf = vcpu->pio_data;
	return vcpu;
}

int vcpu_create(struct vm *vm, u32 id, struct vcpu **ret_vcpu)
{
	struct vcpu *vcpu;
	int err = reserve_id(vm, id);

	if (err)
		return err;
	err = -ENOMEM;
	vcpu = alloc_parts(vm, id);
	if (!vcpu)
		goto id;
	err = fpu_create(vcpu);
	if (err)
		goto parts;
	err = lapic_dev_create(vcpu);
	if (err)
		goto fpu;
	err = arch_vcpu_create(vcpu);
	if (err)
		goto lapic;
	cpuid_refresh(vcpu);
	mutex_lock(&vcpu->mutex);
	vcpu_reset(vcpu);
	time_vcpu_init(vcpu);
	if (vcpu->lapic && !(vcpu->apic_base & BIT(8)))
		vcpu->mp_state = KVM_MP_STATE_UNINITIALIZED;
	mutex_unlock(&vcpu->mutex);
	*ret_vcpu = vcpu;
	return 0;
lapic:
	lapic_dev_destroy(vcpu);
fpu:
	fpu_destroy(vcpu);
parts:
	free_parts(vcpu);
id:
	release_id(vm, id);
	return err;
}

void vcpu_publish(struct vcpu *vcpu)
{
	struct vm *vm = vcpu->vm;

	mutex_lock(&vm->lock);
	vcpu->index = vm->n_vcpus;
	vm->vcpus[vcpu->index] = vcpu;
	/* Pairs with vm_vcpu(): who sees the count sees the pointer. */
	smp_store_release(&vm->n_vcpus, vcpu->index + 1);
	/* A filter that was set meanwhile did not reach this vCPU. */
	set_bit(REQ_MSR_FILTER, &vcpu->requests);
	mutex_unlock(&vm->lock);
	if (vcpu->lapic)
		lapic_dev_publish(vcpu);
	stat_debugfs_vcpu_add(vcpu);
}

void vcpu_destroy(struct vcpu *vcpu)
{
	struct vm *vm = vcpu->vm;
	u32 id = vcpu->id;

	arch_vcpu_destroy(vcpu);
	lapic_dev_destroy(vcpu);
	fpu_destroy(vcpu);
	free_parts(vcpu);
	release_id(vm, id);
}

/* ---- reset ------------------------------------------------------------- */

/*
 * What RESET and INIT both set; the MSRs that INIT keeps, which stand together in vcpu_state from
 * STAR to PAT, are left alone.
 */
static void reset_common(struct vcpu *vcpu)
{
	struct vcpu_state *st = &vcpu->st;
	unsigned int i;

	memset(st, 0, offsetof(struct vcpu_state, star));
	st->debugctl = 0;
	st->nmi_masked = false;
	memset(vcpu->gpr, 0, sizeof(vcpu->gpr));
	memset(&vcpu->events, 0, sizeof(vcpu->events));
	vcpu->gpr[GPR_RDX] = 0x600; /* family, model, stepping before CPUID tells them */
	vcpu->rip = 0xfff0;
	vcpu->rflags = X86_EFLAGS_FIXED;
	vcpu->shadow = 0;
	vcpu->tpr = 0;
	for (i = SEG_ES; i <= SEG_GS; i++)
		seg_reset_data(&st->seg[i]);
	seg_reset_cs(&st->seg[SEG_CS]);
	seg_reset_ldt(&st->seg[SEG_LDTR]);
	seg_reset_tr(&st->seg[SEG_TR]);
	st->gdt.limit = 0xffff;
	st->idt.limit = 0xffff;
	st->cr0 = X86_CR0_CD | X86_CR0_NW | X86_CR0_ET;
	st->dr6 = 0xffff0ff0;
	st->dr7 = 0x400;
	vcpu->st_valid = STATE_ALL;
	vcpu->st_dirty = STATE_ALL;
	vcpu->mp_state = KVM_MP_STATE_RUNNABLE;
	vcpu->user_pending = USER_NONE;
	msr_init_reset(vcpu);
	arch_vcpu_reset(vcpu);
	arch_root_set(vcpu, mmu_root(vcpu->vm));
}

/* APM vol. 2, "Processor Initialization": state after RESET. */
void vcpu_reset(struct vcpu *vcpu)
{
	lockdep_assert_held(&vcpu->mutex);
	memset(&vcpu->st, 0, sizeof(vcpu->st));
	vcpu->st.pat = 0x0007040600070406ULL;
	msr_reset(vcpu);
	fpu_reset(vcpu);
	reset_common(vcpu);
}

/* APM vol. 2, table "Initial Processor State": what INIT leaves as it was. */
void vcpu_init_reset(struct vcpu *vcpu)
{
	u64 cache = vcpu_state(vcpu, STATE_ALL)->cr0 & (X86_CR0_CD | X86_CR0_NW);

	lockdep_assert_held(&vcpu->mutex);
	reset_common(vcpu);
	vcpu->st.cr0 = cache | X86_CR0_ET;
	cpuid_dynamic(vcpu);
}
