/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ioctls and the mapping of a vCPU's descriptor.
 *
 * KVM_RUN is tried first and goes its own short way. Everything else comes
 * through the table, and all of it but KVM_GET_STATS_FD holds vcpu->mutex: it may
 * wait for a running guest, so it waits killably.
 *
 * The mapping's two pages live as long as the vCPU, and a mapping holds the
 * file, which holds the VM and with it the vCPU.
 */
#include <linux/compat.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "../core/core.h"
#include "../irq/irqchip.h"
#include "../mem/mem.h"
#include "../mmu/mmu.h"
#include "abi.h"
#include "table.h"
#include "user.h"

/* ---- KVM_RUN ----------------------------------------------------------- */

static long run(struct vcpu *vcpu, unsigned long arg)
{
	long ret;

	if (unlikely(arg))
		return -EINVAL;
	if (mutex_lock_killable(&vcpu->mutex))
		return -EINTR;
	ret = run_vcpu(vcpu);
	mutex_unlock(&vcpu->mutex);
	return ret;
}

/* ---- registers --------------------------------------------------------- */

static long get_regs(struct abi_call *call)
{
	regs_get(call->vcpu, call->buf);
	return 0;
}

static long set_regs(struct abi_call *call)
{
	regs_set(call->vcpu, call->buf);
	return 0;
}

static long get_sregs(struct abi_call *call)
{
	sregs_get(call->vcpu, call->buf);
	return 0;
}

static long set_sregs(struct abi_call *call)
{
	return sregs_set(call->vcpu, call->buf);
}

static long get_sregs2(struct abi_call *call)
{
	sregs2_get(call->vcpu, call->buf);
	return 0;
}

static long set_sregs2(struct abi_call *call)
{
	return sregs2_set(call->vcpu, call->buf);
}

static long get_debugregs(struct abi_call *call)
{
	debugregs_get(call->vcpu, call->buf);
	return 0;
}

static long set_debugregs(struct abi_call *call)
{
	return debugregs_set(call->vcpu, call->buf);
}

static long get_fpu(struct abi_call *call)
{
	return fpu_get(call->vcpu, call->buf);
}

static long set_fpu(struct abi_call *call)
{
	return fpu_set(call->vcpu, call->buf);
}

static long get_xcrs(struct abi_call *call)
{
	fpu_xcrs_get(call->vcpu, call->buf);
	return 0;
}

static long set_xcrs(struct abi_call *call)
{
	return fpu_xcrs_set(call->vcpu, call->buf);
}

static long get_xsave(struct abi_call *call)
{
	/* The old form has no room for what KVM_CAP_XSAVE2 is about. */
	if (fpu_xsave2_size(call->vm) > sizeof(struct kvm_xsave))
		return -EINVAL;
	fpu_xsave_get(call->vcpu, call->buf, sizeof(struct kvm_xsave));
	return 0;
}

/* The size is KVM_CAP_XSAVE2's answer, which the ioctl's number does not carry. */
static long get_xsave2(struct abi_call *call)
{
	u32 size = fpu_xsave2_size(call->vm);
	void *buf = kzalloc(size, GFP_KERNEL_ACCOUNT);
	long ret;

	if (!buf)
		return -ENOMEM;
	fpu_xsave_get(call->vcpu, buf, size);
	ret = copy_to_user(call->user, buf, size) ? -EFAULT : 0;
	kfree(buf);
	return ret;
}

static long set_xsave(struct abi_call *call)
{
	void *buf = memdup_user(call->user, fpu_xsave2_size(call->vm));
	long ret;

	if (IS_ERR(buf))
		return PTR_ERR(buf);
	ret = fpu_xsave_set(call->vcpu, buf);
	kfree(buf);
	return ret;
}

/* ---- MSRs and CPUID ---------------------------------------------------- */

static int get_msr(struct vcpu *vcpu, struct kvm_msr_entry *entry)
{
	return msr_host_read(vcpu, entry->index, &entry->data);
}

static int set_msr(struct vcpu *vcpu, struct kvm_msr_entry *entry)
{
	return msr_host_write(vcpu, entry->index, entry->data);
}

static long get_msrs(struct abi_call *call)
{
	return abi_msrs(call, get_msr, true);
}

static long set_msrs(struct abi_call *call)
{
	return abi_msrs(call, set_msr, false);
}

static long set_cpuid2(struct abi_call *call)
{
	struct kvm_cpuid2 __user *user = call->user;
	struct kvm_cpuid_entry2 *entries;
	u32 n;
	long ret;

	if (get_user(n, &user->nent))
		return -EFAULT;
	if (n > GV_MAX_CPUID)
		return -E2BIG;
	entries = vmemdup_user(user->entries, array_size(n, sizeof(*entries)));
	if (IS_ERR(entries))
		return PTR_ERR(entries);
	ret = cpuid_set(call->vcpu, entries, n);
	kvfree(entries);
	return ret;
}

/* The form from before leaves had sub-leaves. */
static long set_cpuid(struct abi_call *call)
{
	struct kvm_cpuid __user *user = call->user;
	struct kvm_cpuid_entry2 *entries;
	struct kvm_cpuid_entry old;
	u32 n, i;
	long ret;

	if (get_user(n, &user->nent))
		return -EFAULT;
	if (n > GV_MAX_CPUID)
		return -E2BIG;
	entries = kvcalloc(max(n, 1u), sizeof(*entries), GFP_KERNEL_ACCOUNT);
	if (!entries)
		return -ENOMEM;
	ret = -EFAULT;
	for (i = 0; i < n; i++) {
		if (copy_from_user(&old, &user->entries[i], sizeof(old)))
			goto out;
		cpuid_rule_from_old(&old, &entries[i]);
	}
	ret = cpuid_set(call->vcpu, entries, n);
out:
	kvfree(entries);
	return ret;
}

static long get_cpuid2(struct abi_call *call)
{
	const struct cpuid_table *table = &call->vcpu->cpuid;
	struct kvm_cpuid2 __user *user = call->user;
	size_t size = table->n * sizeof(table->entry[0]);
	u32 room, n = table->n;
	void *copy;
	long ret;

	if (get_user(room, &user->nent) || put_user(n, &user->nent))
		return -EFAULT;
	if (room < n)
		return -E2BIG;
	if (!n)
		return 0;
	/* The vCPU's own memory is none that user copies may touch (hardened usercopy). */
	copy = kvmalloc(size, GFP_KERNEL_ACCOUNT);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, table->entry, size);
	ret = copy_to_user(user->entries, copy, size) ? -EFAULT : 0;
	kvfree(copy);
	return ret;
}

static long setup_mce(struct abi_call *call)
{
	return mce_setup(call->vcpu, *(u64 *)call->buf);
}

static long set_mce(struct abi_call *call)
{
	return mce_inject(call->vcpu, call->buf);
}

/* ---- events and state -------------------------------------------------- */

static long get_events(struct abi_call *call)
{
	event_get(call->vcpu, call->buf);
	return 0;
}

static long set_events(struct abi_call *call)
{
	return event_set(call->vcpu, call->buf);
}

static long interrupt(struct abi_call *call)
{
	const struct kvm_interrupt *irq = call->buf;

	return event_user_interrupt(call->vcpu, irq->irq);
}

static long nmi(struct abi_call *call)
{
	return event_user_nmi(call->vcpu);
}

static long get_mp_state(struct abi_call *call)
{
	struct kvm_mp_state *state = call->buf;
	struct vcpu *vcpu = call->vcpu;

	/* What came and was not looked at yet has no other place to be saved in. */
	if (lapic_in_kernel(vcpu))
		halt_take_events(vcpu);
	if (vcpu->mp_state == KVM_MP_STATE_HALTED && vcpu->pv_unhalted)
		vcpu->mp_state = KVM_MP_STATE_RUNNABLE;
	state->mp_state = vcpu->mp_state;
	return 0;
}

/* Without a local APIC in here INIT, SIPI and HLT are userspace's, and the vCPU always runnable. */
static long set_mp_state(struct abi_call *call)
{
	const struct kvm_mp_state *state = call->buf;
	struct vcpu *vcpu = call->vcpu;

	switch (state->mp_state) {
	case KVM_MP_STATE_RUNNABLE:
		break;
	case KVM_MP_STATE_UNINITIALIZED:
	case KVM_MP_STATE_INIT_RECEIVED:
	case KVM_MP_STATE_HALTED:
		if (lapic_in_kernel(vcpu))
			break;
		fallthrough;
	default:
		return -EINVAL;
	}
	vcpu->mp_state = state->mp_state;
	return 0;
}

static long set_vapic_addr(struct abi_call *call)
{
	const struct kvm_vapic_addr *addr = call->buf;

	return lapic_in_kernel(call->vcpu) ? lapic_dev_set_vapic(call->vcpu, addr->vapic_addr)
					   : -EINVAL;
}

static long tpr_access_reporting(struct abi_call *call)
{
	const struct kvm_tpr_access_ctl *ctl = call->buf;

	if (ctl->flags || !lapic_in_kernel(call->vcpu))
		return -EINVAL;
	call->vcpu->lapic->report_tpr = ctl->enabled;
	return 0;
}

static long get_lapic(struct abi_call *call)
{
	if (!lapic_in_kernel(call->vcpu))
		return -EINVAL;
	lapic_dev_get_state(call->vcpu, call->buf);
	return 0;
}

static long set_lapic(struct abi_call *call)
{
	struct vcpu *vcpu = call->vcpu;
	int err;

	if (!lapic_in_kernel(vcpu))
		return -EINVAL;
	err = lapic_dev_set_state(vcpu, call->buf);
	if (!err)
		event_lapic_changed(vcpu);
	return err;
}

static long kvmclock_ctrl(struct abi_call *call)
{
	return time_kvmclock_ctrl(call->vcpu);
}

/* ---- attributes: the TSC's offset is the only one ------------------------- */

static bool is_tsc_offset(const struct kvm_device_attr *attr)
{
	return !attr->flags && attr->group == KVM_VCPU_TSC_CTRL &&
	       attr->attr == KVM_VCPU_TSC_OFFSET;
}

static long has_attr(struct abi_call *call)
{
	return is_tsc_offset(call->buf) ? 0 : -ENXIO;
}

static long get_attr(struct abi_call *call)
{
	const struct kvm_device_attr *attr = call->buf;

	if (!is_tsc_offset(attr))
		return -ENXIO;
	return put_user(call->vcpu->tsc_offset, (u64 __user *)u64_to_user_ptr(attr->addr));
}

static long set_attr(struct abi_call *call)
{
	const struct kvm_device_attr *attr = call->buf;
	u64 offset;

	if (!is_tsc_offset(attr))
		return -ENXIO;
	if (get_user(offset, (u64 __user *)u64_to_user_ptr(attr->addr)))
		return -EFAULT;
	time_tsc_offset_write(call->vcpu, offset);
	return 0;
}

/* Guests have no paravirtual feature that their CPUID does not name, asked for or not. */
static long enable_cap(struct abi_call *call)
{
	const struct kvm_enable_cap *cap = call->buf;

	if (cap->flags)
		return -EINVAL;
	switch (cap->cap) {
	case KVM_CAP_ENFORCE_PV_FEATURE_CPUID:
		return 0;
	default:
		return -EINVAL;
	}
}

static long get_tsc_khz(struct abi_call *call)
{
	return call->vcpu->tsc_rate.khz;
}

static long set_tsc_khz(struct abi_call *call)
{
	return call->value > U32_MAX ? -EINVAL : time_tsc_khz_set(call->vcpu, call->value);
}

/*
 * The translation alone, whatever its rights: asking for rights would set
 * accessed and dirty bits in the guest. The two flags are what the ABI has
 * always answered.
 */
static long translate(struct abi_call *call)
{
	struct kvm_translation *t = call->buf;
	u64 gva = t->linear_address;
	gpa_t gpa = GPA_INVALID;
	u64 error_code;
	int srcu = mem_enter(call->vm);

	memset(t, 0, sizeof(*t));
	t->linear_address = gva;
	t->valid = mmu_gva_to_gpa(call->vcpu, gva, GWALK_NO_CHECK, &gpa, &error_code) == GWALK_OK;
	t->physical_address = gpa;
	t->writeable = 1;
	mem_leave(call->vm, srcu);
	return 0;
}

static long get_stats_fd(struct abi_call *call)
{
	return abi_stats_fd(call->vm, call->vcpu);
}

/* ---- KVM_SET_SIGNAL_MASK ----------------------------------------------- */

static long read_sigset(struct abi_call *call, u32 len, sigset_t *ret_set)
{
	struct kvm_signal_mask __user *user = call->user;

#ifdef CONFIG_COMPAT
	if (call->compat) {
		if (len != sizeof(compat_sigset_t))
			return -EINVAL;
		return get_compat_sigset(ret_set, (void __user *)user->sigset);
	}
#endif
	if (len != sizeof(*ret_set))
		return -EINVAL;
	return copy_from_user(ret_set, user->sigset, sizeof(*ret_set)) ? -EFAULT : 0;
}

/* A null pointer takes the mask away again. */
static long set_signal_mask(struct abi_call *call)
{
	struct kvm_signal_mask __user *user = call->user;
	struct vcpu *vcpu = call->vcpu;
	sigset_t set;
	long ret;
	u32 len;

	if (!user) {
		vcpu->sigset_active = false;
		return 0;
	}
	if (get_user(len, &user->len))
		return -EFAULT;
	ret = read_sigset(call, len, &set);
	if (ret)
		return ret;
	sigdelsetmask(&set, sigmask(SIGKILL) | sigmask(SIGSTOP));
	vcpu->sigset = set;
	vcpu->sigset_active = true;
	return 0;
}

#define ROW(cmd, arg, cap, fn) ABI_ROW(cmd, arg, ABI_VCPU, cap, fn)
static const struct abi_row vcpu_rows[] = {
	ROW(KVM_GET_REGS, ABI_COPY, ABI_BASIC, get_regs),
	ROW(KVM_SET_REGS, ABI_COPY, ABI_BASIC, set_regs),
	ROW(KVM_GET_SREGS, ABI_COPY, ABI_BASIC, get_sregs),
	ROW(KVM_SET_SREGS, ABI_COPY, ABI_BASIC, set_sregs),
	ROW(KVM_GET_SREGS2, ABI_COPY, KVM_CAP_SREGS2, get_sregs2),
	ROW(KVM_SET_SREGS2, ABI_COPY, KVM_CAP_SREGS2, set_sregs2),
	ROW(KVM_GET_FPU, ABI_COPY, ABI_BASIC, get_fpu),
	ROW(KVM_SET_FPU, ABI_COPY, ABI_BASIC, set_fpu),
	ROW(KVM_GET_XSAVE, ABI_COPY, KVM_CAP_XSAVE, get_xsave),
	ROW(KVM_SET_XSAVE, ABI_USER, KVM_CAP_XSAVE, set_xsave),
	ROW(KVM_GET_XSAVE2, ABI_USER, KVM_CAP_XSAVE2, get_xsave2),
	ROW(KVM_GET_XCRS, ABI_COPY, KVM_CAP_XCRS, get_xcrs),
	ROW(KVM_SET_XCRS, ABI_COPY, KVM_CAP_XCRS, set_xcrs),
	ROW(KVM_GET_DEBUGREGS, ABI_COPY, KVM_CAP_DEBUGREGS, get_debugregs),
	ROW(KVM_SET_DEBUGREGS, ABI_COPY, KVM_CAP_DEBUGREGS, set_debugregs),
	ROW(KVM_GET_MSRS, ABI_USER, ABI_BASIC, get_msrs),
	ROW(KVM_SET_MSRS, ABI_USER, ABI_BASIC, set_msrs),
	ROW(KVM_SET_CPUID, ABI_USER, ABI_BASIC, set_cpuid),
	ROW(KVM_SET_CPUID2, ABI_USER, KVM_CAP_EXT_CPUID, set_cpuid2),
	ROW(KVM_GET_CPUID2, ABI_USER, KVM_CAP_EXT_CPUID, get_cpuid2),
	ROW(KVM_X86_SETUP_MCE, ABI_COPY, KVM_CAP_MCE, setup_mce),
	ROW(KVM_X86_SET_MCE, ABI_COPY, KVM_CAP_MCE, set_mce),
	ROW(KVM_GET_VCPU_EVENTS, ABI_COPY, KVM_CAP_VCPU_EVENTS, get_events),
	ROW(KVM_SET_VCPU_EVENTS, ABI_COPY, KVM_CAP_VCPU_EVENTS, set_events),
	ROW(KVM_INTERRUPT, ABI_COPY, ABI_BASIC, interrupt),
	ROW(KVM_NMI, ABI_NONE, KVM_CAP_USER_NMI, nmi),
	ROW(KVM_GET_MP_STATE, ABI_COPY, KVM_CAP_MP_STATE, get_mp_state),
	ROW(KVM_SET_MP_STATE, ABI_COPY, KVM_CAP_MP_STATE, set_mp_state),
	ROW(KVM_KVMCLOCK_CTRL, ABI_NONE, KVM_CAP_KVMCLOCK_CTRL, kvmclock_ctrl),
	ROW(KVM_GET_TSC_KHZ, ABI_NONE, KVM_CAP_GET_TSC_KHZ, get_tsc_khz),
	ROW(KVM_SET_TSC_KHZ, ABI_VALUE, KVM_CAP_GET_TSC_KHZ, set_tsc_khz),
	ROW(KVM_HAS_DEVICE_ATTR, ABI_COPY, KVM_CAP_VCPU_ATTRIBUTES, has_attr),
	ROW(KVM_GET_DEVICE_ATTR, ABI_COPY, KVM_CAP_VCPU_ATTRIBUTES, get_attr),
	ROW(KVM_SET_DEVICE_ATTR, ABI_COPY, KVM_CAP_VCPU_ATTRIBUTES, set_attr),
	ROW(KVM_ENABLE_CAP, ABI_COPY, KVM_CAP_ENABLE_CAP, enable_cap),
	ROW(KVM_TPR_ACCESS_REPORTING, ABI_COPY, KVM_CAP_VAPIC, tpr_access_reporting),
	ROW(KVM_SET_VAPIC_ADDR, ABI_COPY, KVM_CAP_VAPIC, set_vapic_addr),
	ROW(KVM_GET_LAPIC, ABI_COPY, KVM_CAP_IRQCHIP, get_lapic),
	ROW(KVM_SET_LAPIC, ABI_COPY, KVM_CAP_IRQCHIP, set_lapic),
	ROW(KVM_TRANSLATE, ABI_COPY, ABI_BASIC, translate),
	ROW(KVM_SET_SIGNAL_MASK, ABI_USER, ABI_BASIC, set_signal_mask),
	/* Not after the vCPU's thread comes out of its guest. */
	ABI_ROW(KVM_GET_STATS_FD, ABI_NONE, ABI_FREE, KVM_CAP_BINARY_STATS_FD, get_stats_fd),
};
#undef ROW

static const struct abi_table vcpu_table = {vcpu_rows, ARRAY_SIZE(vcpu_rows)};

static noinline long dispatch(struct vcpu *vcpu, unsigned int cmd, unsigned long arg, bool compat)
{
	struct abi_call call = {.vm = vcpu->vm, .vcpu = vcpu, .compat = compat};

	return abi_dispatch(&vcpu_table, cmd, arg, &call);
}

static bool usable(const struct vm *vm)
{
	return vm->mm == current->mm;
}

static long vcpu_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct vcpu *vcpu = file->private_data;

	if (unlikely(!usable(vcpu->vm)))
		return -EIO;
	if (likely(cmd == KVM_RUN))
		return run(vcpu, arg);
	return dispatch(vcpu, cmd, arg, false);
}

#ifdef CONFIG_COMPAT
static long vcpu_compat_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct vcpu *vcpu = file->private_data;

	if (!usable(vcpu->vm))
		return -EIO;
	if (cmd == KVM_RUN)
		return run(vcpu, arg);
	return dispatch(vcpu, cmd, (unsigned long)compat_ptr(arg), true);
}
#endif

/* ---- mapping ----------------------------------------------------------- */

static vm_fault_t vcpu_fault(struct vm_fault *vmf)
{
	struct vcpu *vcpu = vmf->vma->vm_file->private_data;
	struct page *page;

	switch (vmf->pgoff) {
	case 0:
		page = virt_to_page(vcpu->run);
		break;
	case KVM_PIO_PAGE_OFFSET:
		page = virt_to_page(vcpu->pio_data);
		break;
	case KVM_COALESCED_MMIO_PAGE_OFFSET:
		page = coalesced_page(vcpu->vm);
		break;
	default:
		return VM_FAULT_SIGBUS;
	}
	get_page(page);
	vmf->page = page;
	return 0;
}

static const struct vm_operations_struct vcpu_vm_ops = {
	.fault = vcpu_fault,
};

static int vcpu_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &vcpu_vm_ops;
	return 0;
}

/* Private data is NULL when the vCPU could not be made (abi/vm.c). */
static int vcpu_release(struct inode *inode, struct file *file)
{
	struct vcpu *vcpu = file->private_data;

	if (vcpu)
		vm_put(vcpu->vm);
	return 0;
}

const struct file_operations abi_vcpu_fops = {
	.owner = THIS_MODULE,
	.release = vcpu_release,
	.unlocked_ioctl = vcpu_ioctl,
#ifdef CONFIG_COMPAT
	.compat_ioctl = vcpu_compat_ioctl,
#endif
	.mmap = vcpu_mmap,
	.llseek = noop_llseek,
};
