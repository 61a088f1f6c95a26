/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's FPU, vector and XSAVE state.
 *
 * The kernel keeps it: struct fpu_guest is one more FPU state that a thread can
 * have instead of its own. During KVM_RUN (fpu_enter to fpu_leave) it *is* the
 * thread's state: the scheduler saves it with the thread, and it may be in the
 * registers or, after the thread was scheduled out, in memory with
 * TIF_NEED_FPU_LOAD set. Outside it is in memory, and the ioctls work on that.
 *
 * XCR0, XSS and PKRU are not part of it. They are switched around an entry, and
 * only when the guest's differ and the guest can reach them: CR4.OSXSAVE clear
 * makes XSAVE, XGETBV and all VEX instructions #UD, CR4.PKE clear makes RDPKRU
 * and WRPKRU so and takes PKRU out of page walks. fpu_switch, kept by
 * fpu_switch_update(), says what differs.
 *
 * Guests are offered what needs no permission from arch_prctl(): x87 to AVX-512
 * and PKRU. AMX is left out, and XSS stays 0.
 *
 * Locks: vcpu->mutex.
 */
#include <linux/slab.h>
#include <asm/cpufeature.h>
#include <asm/fpu/api.h>
#include <asm/fpu/types.h>
#include <asm/fpu/xcr.h>
#include <asm/msr.h>
#include <asm/pkru.h>
#include <asm/processor.h>
#include <asm/thread_info.h>

#include "../compat.h"
#include "../stat/stat.h"
#include "../trace/vcpu.h"
#include "../x86/cr.h"
#include "core.h"
#include "state.h"

#define XCR0_OFFERED (GXCR0_X87 | GXCR0_SSE | GXCR0_AVX | GXCR0_AVX512 | GXCR0_PKRU)

static u64 host_xcr0 __ro_after_init;
static u64 host_xss __ro_after_init;
static u64 xcr0_supported __ro_after_init;
static u32 xsave_bytes __ro_after_init = sizeof(struct kvm_xsave);

/* ---- what the machine has ------------------------------------------------ */

/* Size of a standard-format XSAVE area for @xcr0 (APM vol. 4, CPUID Fn0000_000D). */
static u32 __init xsave_size(u64 xcr0)
{
	u32 eax, ebx, ecx, edx, size = 512 + 64;
	unsigned int i;

	for (i = 2; i < 63; i++) {
		if (!(xcr0 & BIT_ULL(i)))
			continue;
		cpuid_count(0xd, i, &eax, &ebx, &ecx, &edx);
		size = max(size, ebx + eax);
	}
	return size;
}

void __init fpu_init(void)
{
	if (!boot_cpu_has(X86_FEATURE_OSXSAVE))
		return;
	host_xcr0 = xgetbv(XCR_XFEATURE_ENABLED_MASK);
	xcr0_supported = host_xcr0 & XCR0_OFFERED;
	if ((xcr0_supported & GXCR0_AVX512) != GXCR0_AVX512)
		xcr0_supported &= ~GXCR0_AVX512;
	if (!boot_cpu_has(X86_FEATURE_OSPKE))
		xcr0_supported &= ~GXCR0_PKRU;
	if (boot_cpu_has(X86_FEATURE_XSAVES))
		rdmsrl(MSR_IA32_XSS, host_xss);
	xsave_bytes = max_t(u32, xsave_bytes, xsave_size(xcr0_supported));
}

u64 fpu_xcr0_supported(void)
{
	return xcr0_supported;
}

u32 fpu_xsave2_size(struct vm *vm)
{
	return xsave_bytes;
}

int fpu_cap_xcrs(struct vm *vm)
{
	return xcr0_supported != 0;
}

/* ---- life ---------------------------------------------------------------- */

int fpu_create(struct vcpu *vcpu)
{
	return fpu_alloc_guest_fpstate(&vcpu->fpu) ? 0 : -ENOMEM;
}

void fpu_destroy(struct vcpu *vcpu)
{
	fpu_free_guest_fpstate(&vcpu->fpu);
}

/* A fresh fpstate is in its initial configuration; only what is outside is set here. */
void fpu_reset(struct vcpu *vcpu)
{
	vcpu->xcr0 = GXCR0_X87;
	vcpu->pkru = 0;
	fpu_switch_update(vcpu);
}

/* ---- around KVM_RUN and around an entry ----------------------------------- */

void fpu_enter(struct vcpu *vcpu)
{
	fpu_swap_kvm_fpstate(&vcpu->fpu, true);
	vcpu->fpu_loaded = true;
	stat_inc(vcpu, fpu_reload);
	trace_kvm_fpu(vcpu, true);
}

void fpu_leave(struct vcpu *vcpu)
{
	fpu_swap_kvm_fpstate(&vcpu->fpu, false);
	vcpu->fpu_loaded = false;
	trace_kvm_fpu(vcpu, false);
}

void fpu_switch_update(struct vcpu *vcpu)
{
	u64 cr4 = vcpu_state(vcpu, STATE_CR)->cr4;
	bool pkru = false;
	u8 what = 0;

	if (cr4 & X86_CR4_OSXSAVE) {
		if (vcpu->xcr0 != host_xcr0)
			what |= FPU_SWITCH_XCR0;
		if (host_xss)
			what |= FPU_SWITCH_XSS;
		pkru = vcpu->xcr0 & GXCR0_PKRU;
	}
	if (boot_cpu_has(X86_FEATURE_OSPKE) && (pkru || (cr4 & X86_CR4_PKE)))
		what |= FPU_SWITCH_PKRU;
	vcpu->fpu_switch = what;
}

void fpu_switch_enter(struct vcpu *vcpu)
{
	u8 what = vcpu->fpu_switch;

	if (what & FPU_SWITCH_XCR0)
		xsetbv(XCR_XFEATURE_ENABLED_MASK, vcpu->xcr0);
	if (what & FPU_SWITCH_XSS)
		wrmsrl(MSR_IA32_XSS, 0);
	if (what & FPU_SWITCH_PKRU) {
		vcpu->host_pkru = rdpkru();
		if (vcpu->host_pkru != vcpu->pkru)
			wrpkru(vcpu->pkru);
	}
}

/*
 * XSETBV exits, on hardware. Under QEMU's TCG it does not, and the guest's new
 * value would be undone by the next entry; so it is taken over where it shows.
 */
static noinline void xcr0_changed_unseen(struct vcpu *vcpu, u64 xcr0)
{
	vcpu->xcr0 = xcr0;
	cpuid_dynamic(vcpu);
}

void fpu_switch_leave(struct vcpu *vcpu)
{
	u8 what = vcpu->fpu_switch;

	if (what & FPU_SWITCH_PKRU) {
		vcpu->pkru = rdpkru();
		if (vcpu->pkru != vcpu->host_pkru)
			wrpkru(vcpu->host_pkru);
	}
	if (what & FPU_SWITCH_XCR0) {
		u64 xcr0 = xgetbv(XCR_XFEATURE_ENABLED_MASK);

		xsetbv(XCR_XFEATURE_ENABLED_MASK, host_xcr0);
		if (unlikely(xcr0 != vcpu->xcr0))
			xcr0_changed_unseen(vcpu, xcr0);
	}
	if (what & FPU_SWITCH_XSS)
		wrmsrl(MSR_IA32_XSS, host_xss);
}

/* ---- userspace's view ----------------------------------------------------- */

void fpu_xsave_get(struct vcpu *vcpu, void *buf, u32 size)
{
	u64 features = vcpu->caps.xcr0_allowed | GXCR0_X87 | GXCR0_SSE;

	fpu_copy_guest_fpstate_to_uabi(&vcpu->fpu, buf, size, features, vcpu->pkru);
}

int fpu_xsave_set(struct vcpu *vcpu, const void *buf)
{
	u64 features = xcr0_supported | GXCR0_X87 | GXCR0_SSE;

	lockdep_assert_held(&vcpu->mutex);
	return fpu_copy_uabi_to_guest_fpstate(&vcpu->fpu, buf, features, &vcpu->pkru);
}

/* KVM_GET/SET_FPU speak of the first 512 bytes of the XSAVE area, in another order. */
static void fpu_from_fxsave(struct kvm_fpu *ret, const struct fxregs_state *fx)
{
	memcpy(ret->fpr, fx->st_space, sizeof(ret->fpr));
	ret->fcw = fx->cwd;
	ret->fsw = fx->swd;
	ret->ftwx = fx->twd;
	ret->last_opcode = fx->fop;
	ret->last_ip = fx->rip;
	ret->last_dp = fx->rdp;
	memcpy(ret->xmm, fx->xmm_space, sizeof(ret->xmm));
	ret->mxcsr = fx->mxcsr;
}

static void fpu_to_fxsave(const struct kvm_fpu *in, struct fxregs_state *fx)
{
	memcpy(fx->st_space, in->fpr, sizeof(in->fpr));
	fx->cwd = in->fcw;
	fx->swd = in->fsw;
	fx->twd = in->ftwx;
	fx->fop = in->last_opcode;
	fx->rip = in->last_ip;
	fx->rdp = in->last_dp;
	memcpy(fx->xmm_space, in->xmm, sizeof(in->xmm));
	fx->mxcsr = in->mxcsr;
}

static struct xregs_state *xsave_image(struct vcpu *vcpu)
{
	struct xregs_state *image = kzalloc(xsave_bytes, GFP_KERNEL_ACCOUNT);

	if (image)
		fpu_xsave_get(vcpu, image, xsave_bytes);
	return image;
}

int fpu_get(struct vcpu *vcpu, struct kvm_fpu *ret)
{
	struct xregs_state *image = xsave_image(vcpu);

	if (!image)
		return -ENOMEM;
	memset(ret, 0, sizeof(*ret));
	fpu_from_fxsave(ret, &image->i387);
	kfree(image);
	return 0;
}

int fpu_set(struct vcpu *vcpu, const struct kvm_fpu *in)
{
	struct xregs_state *image = xsave_image(vcpu);
	int err;

	if (!image)
		return -ENOMEM;
	fpu_to_fxsave(in, &image->i387);
	image->header.xfeatures |= GXCR0_X87 | GXCR0_SSE;
	err = fpu_xsave_set(vcpu, image);
	kfree(image);
	return err;
}

void fpu_xcrs_get(struct vcpu *vcpu, struct kvm_xcrs *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->nr_xcrs = 1;
	ret->xcrs[0].value = vcpu->xcr0;
}

int fpu_xcrs_set(struct vcpu *vcpu, const struct kvm_xcrs *in)
{
	u32 i;

	if (in->nr_xcrs > KVM_MAX_XCRS || in->flags)
		return -EINVAL;
	for (i = 0; i < in->nr_xcrs; i++) {
		/* There is only XCR0; entries for others are passed over. */
		if (in->xcrs[i].xcr == XCR_XFEATURE_ENABLED_MASK)
			return xcr0_write(vcpu, in->xcrs[i].value, true) ? 0 : -EINVAL;
	}
	return 0;
}

/* ---- the emulator's view --------------------------------------------------- */

/* The guest's registers are in the CPU, and stay there until fpregs_unlock(). */
static void regs_lock(struct vcpu *vcpu)
{
	WARN_ON_ONCE(!vcpu->fpu_loaded);
	fpregs_lock();
	if (test_thread_flag(TIF_NEED_FPU_LOAD))
		switch_fpu_return();
}

struct vec {
	u8 b[32];
};

#define VEC_EACH(op)                                                                               \
	op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10) op(11) op(12) op(13)    \
		op(14) op(15)

#define XMM_GET(n)                                                                                 \
	case n:                                                                                    \
		asm volatile("movdqu %%xmm" #n ", %0" : "=m"(*v));                                 \
		break;
#define YMM_GET(n)                                                                                 \
	case n:                                                                                    \
		asm volatile("vmovdqu %%ymm" #n ", %0" : "=m"(*v));                                \
		break;
#define XMM_SET(n)                                                                                 \
	case n:                                                                                    \
		asm volatile("movdqu %0, %%xmm" #n : : "m"(*v));                                   \
		break;
/* The VEX form clears what is above the written part. */
#define XMM_SET_ZERO(n)                                                                            \
	case n:                                                                                    \
		asm volatile("vmovdqu %0, %%xmm" #n : : "m"(*v));                                  \
		break;
#define YMM_SET(n)                                                                                 \
	case n:                                                                                    \
		asm volatile("vmovdqu %0, %%ymm" #n : : "m"(*v));                                  \
		break;

static void vec_get(u8 nr, struct vec *v, bool ymm)
{
	if (ymm) {
		switch (nr & 15) {
			VEC_EACH(YMM_GET)
		}
	} else {
		switch (nr & 15) {
			VEC_EACH(XMM_GET)
		}
	}
}

static void vec_set(u8 nr, const struct vec *v, bool ymm, bool zero_upper)
{
	if (ymm) {
		switch (nr & 15) {
			VEC_EACH(YMM_SET)
		}
	} else if (zero_upper) {
		switch (nr & 15) {
			VEC_EACH(XMM_SET_ZERO)
		}
	} else {
		switch (nr & 15) {
			VEC_EACH(XMM_SET)
		}
	}
}

void fpu_vec_read(struct vcpu *vcpu, u8 nr, void *buf, u8 len)
{
	struct vec v = {};

	if (WARN_ON_ONCE(len > sizeof(v) || (len > 16 && !boot_cpu_has(X86_FEATURE_AVX))))
		return;
	regs_lock(vcpu);
	vec_get(nr, &v, len > 16);
	fpregs_unlock();
	memcpy(buf, v.b, len);
}

void fpu_vec_write(struct vcpu *vcpu, u8 nr, const void *buf, u8 len, bool zero_upper)
{
	bool vex = len > 16 || zero_upper;
	struct vec v = {};

	if (WARN_ON_ONCE(len > sizeof(v) || (vex && !boot_cpu_has(X86_FEATURE_AVX))))
		return;
	regs_lock(vcpu);
	if (len < 16)
		vec_get(nr, &v, false);
	memcpy(v.b, buf, len);
	vec_set(nr, &v, len > 16, zero_upper);
	fpregs_unlock();
}

/*
 * MMX registers lie over the x87 stack. They are reached through an FXSAVE
 * image: an MMX instruction of ours would take the guest's pending x87
 * exception, in the host. As every MMX instruction does, the access makes
 * register 0 the top of stack and all tags valid (APM vol. 5, "MMX state").
 */
static void mmx_access(struct vcpu *vcpu, u8 nr, void *buf, bool write)
{
	struct fxregs_state fx __aligned(16);
	u8 st[8][16];
	u8 top, i;

	regs_lock(vcpu);
	asm volatile("fxsaveq %0" : "=m"(fx));
	top = fx.swd >> 11 & 7;
	memcpy(st, fx.st_space, sizeof(st));
	if (write) {
		memcpy(st[(nr - top) & 7], buf, 8);
		memset(st[(nr - top) & 7] + 8, 0xff, 2);
	} else {
		memcpy(buf, st[(nr - top) & 7], 8);
	}
	for (i = 0; i < 8; i++)
		memcpy((u8 *)fx.st_space + i * 16, st[(i - top) & 7], 16);
	fx.swd &= ~(7 << 11);
	fx.twd = 0xff;
	asm volatile("fxrstorq %0" : : "m"(fx));
	fpregs_unlock();
}

void fpu_mmx_read(struct vcpu *vcpu, u8 nr, void *buf)
{
	mmx_access(vcpu, nr, buf, false);
}

void fpu_mmx_write(struct vcpu *vcpu, u8 nr, const void *buf)
{
	mmx_access(vcpu, nr, (void *)buf, true);
}
