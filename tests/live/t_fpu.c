/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * x87, SSE and AVX state: round trips by KVM_SET_FPU, KVM_SET_XSAVE and KVM_SET_XCRS, the guest's
 * registers over exits, and the host's registers over KVM_RUN.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "vmm.h"

#define XSTATE_BV 512 /* offset of the header in an XSAVE area */

static void fill(uint8_t *p, size_t n, unsigned int salt)
{
	for (size_t i = 0; i < n; i++)
		p[i] = i * 29 + salt + (i >> 3);
}

static void make_fpu(struct kvm_fpu *f, unsigned int salt)
{
	memset(f, 0, sizeof(*f));
	for (int i = 0; i < 8; i++)
		fill(f->fpr[i], 10, salt + i);
	fill((uint8_t *)f->xmm, sizeof(f->xmm), salt);
	f->fcw = 0x37f;
	f->fsw = 0x1000;
	f->ftwx = 0xff;
	f->last_opcode = 0x123;
	f->last_ip = 0x123456;
	f->last_dp = 0x654321;
	f->mxcsr = 0x1fa0;
}

static void fpu(void)
{
	struct vm vm;
	struct vcpu v;
	struct kvm_fpu f, back;

	vm_start(&vm, &v, MODE_LONG, GUEST(regs_fpu));
	make_fpu(&f, 1);
	CHECK_OK(ioctl(v.fd, KVM_SET_FPU, &f));
	memset(&back, 0, sizeof(back));
	CHECK_OK(ioctl(v.fd, KVM_GET_FPU, &back));
	for (int i = 0; i < 8; i++)
		CHECK(!memcmp(f.fpr[i], back.fpr[i], 10), "st%d", i);
	CHECK(!memcmp(f.xmm, back.xmm, sizeof(f.xmm)), "xmm");
	CHECK_EQ(back.fcw, f.fcw);
	CHECK_EQ(back.fsw, f.fsw);
	CHECK_EQ(back.ftwx, f.ftwx);
	/* Stock KVM leaves MXCSR out of KVM_GET_FPU and KVM_SET_FPU. */
	CHECK(!back.mxcsr || back.mxcsr == f.mxcsr, "mxcsr %#x", back.mxcsr);
	uint32_t mxcsr = back.mxcsr ? f.mxcsr : 0x1f80;

	/* Values for the guest to load. */
	uint8_t *load = vm.ram + G_DATA + 0x200;

	fill(load + 160, 256, 77);
	*(uint16_t *)load = 0x27f;
	*(uint32_t *)(load + 24) = 0x1f80;
	CHECK_EQ(vcpu_run_report(&v), 1);
	uint8_t *seen = vm.ram + G_DATA;

	if (*(uint16_t *)(seen + 2) != f.fsw)
		STOCK_GAP("KVM_SET_FPU is lost while XSTATE_BV says that nothing is in use");
	CHECK_EQ(*(uint16_t *)seen, f.fcw);
	CHECK_EQ(*(uint16_t *)(seen + 2), f.fsw);
	CHECK_EQ(*(uint32_t *)(seen + 24), mxcsr);
	for (int i = 0; i < 8; i++)
		CHECK(!memcmp(seen + 32 + 16 * i, f.fpr[i], 10), "the guest's st%d", i);
	CHECK(!memcmp(seen + 160, f.xmm, 256), "the guest's xmm");
	CHECK_OK(ioctl(v.fd, KVM_GET_FPU, &back));
	CHECK_EQ(back.fcw, 0x27f);
	CHECK(!back.mxcsr || back.mxcsr == 0x1f80, "mxcsr %#x", back.mxcsr);
	CHECK(!memcmp(back.xmm, load + 160, 256), "what the guest loaded");
	CHECK_EQ(vcpu_run_report(&v), 2);
	CHECK(!memcmp(vm.ram + G_DATA + 0x400 + 160, load + 160, 256), "after an exit");
	vcpu_run_done(&v);
}

static void xsave_round(unsigned long get, size_t size)
{
	struct vm vm;
	struct vcpu v;
	uint8_t *x = calloc(1, size), *back = calloc(1, size);
	struct kvm_fpu f;

	CHECK(x && back, "out of memory");
	vm_start(&vm, &v, MODE_LONG, GUEST(regs_pass));
	CHECK_OK(ioctl(v.fd, get, x));
	fill(x + 160, 256, 5);
	for (int i = 0; i < 8; i++)
		fill(x + 32 + 16 * i, 10, i);
	*(uint16_t *)x = 0x37f;
	*(uint32_t *)(x + 24) = 0x1fc0;
	x[4] = 0xff; /* all of the x87 stack is in use */
	*(uint64_t *)(x + XSTATE_BV) |= 3;
	bool avx = guest_has(0xd, 0, 0, 2);

	if (avx) {
		fill(x + 576, 256, 9);
		*(uint64_t *)(x + XSTATE_BV) |= 4;
	}
	CHECK_OK(ioctl(v.fd, KVM_SET_XSAVE, x));
	CHECK_OK(ioctl(v.fd, get, back));
	CHECK(!memcmp(x + 160, back + 160, 256), "xmm");
	CHECK(!memcmp(x + 32, back + 32, 128), "x87");
	CHECK_EQ(*(uint32_t *)(back + 24), 0x1fc0);
	if (avx) {
		CHECK(!memcmp(x + 576, back + 576, 256), "ymm");
		CHECK_EQ(*(uint64_t *)(back + XSTATE_BV) & 7, 7);
	}
	/* The other view of the same. */
	CHECK_OK(ioctl(v.fd, KVM_GET_FPU, &f));
	CHECK(!memcmp(f.xmm, x + 160, 256), "KVM_GET_FPU");
	vcpu_run_report(&v);
	vcpu_run_report(&v);
	CHECK_OK(ioctl(v.fd, get, back));
	CHECK(!memcmp(x + 160, back + 160, 256), "xmm after a run");
	if (avx)
		CHECK(!memcmp(x + 576, back + 576, 256), "ymm after a run");
	/* A component that is not in use reads as its initial value. */
	*(uint64_t *)(x + XSTATE_BV) = 1;
	CHECK_OK(ioctl(v.fd, KVM_SET_XSAVE, x));
	CHECK_OK(ioctl(v.fd, get, back));
	for (unsigned int i = 0; i < 256; i++)
		CHECK(!back[160 + i], "xmm byte %u is %#x", i, back[160 + i]);
	/* Components that do not exist. */
	*(uint64_t *)(x + XSTATE_BV) = 1ull << 62;
	CHECK_ERRNO(ioctl(v.fd, KVM_SET_XSAVE, x), EINVAL);
	*(uint64_t *)(x + XSTATE_BV) = 3;
	*(uint32_t *)(x + 24) = 0xffff0000; /* reserved MXCSR bits */
	CHECK_ERRNO(ioctl(v.fd, KVM_SET_XSAVE, x), EINVAL);
}

static void xsave(void)
{
	CHECK_EQ(sys_cap(KVM_CAP_XSAVE), 1);
	xsave_round(KVM_GET_XSAVE, sizeof(struct kvm_xsave));
}

static void xsave2(void)
{
	int size = sys_cap(KVM_CAP_XSAVE2);

	CHECK(size >= 4096, "KVM_CAP_XSAVE2 is %d", size);
	xsave_round(KVM_GET_XSAVE2, size);
}

static void xcrs(void)
{
	struct vm vm;
	struct vcpu v;
	struct kvm_xcrs x, back;

	CHECK_EQ(sys_cap(KVM_CAP_XCRS), 1);
	vm_start(&vm, &v, MODE_LONG, GUEST(regs_pass));
	CHECK_OK(ioctl(v.fd, KVM_GET_XCRS, &x));
	CHECK_EQ(x.nr_xcrs, 1);
	CHECK_EQ(x.xcrs[0].xcr, 0);
	CHECK_EQ(x.xcrs[0].value, 1); /* as after reset */
	x.xcrs[0].value = 3;
	CHECK_OK(ioctl(v.fd, KVM_SET_XCRS, &x));
	CHECK_OK(ioctl(v.fd, KVM_GET_XCRS, &back));
	CHECK_EQ(back.xcrs[0].value, 3);
	x.xcrs[0].value = 2; /* x87 can't be off */
	CHECK_ERRNO(ioctl(v.fd, KVM_SET_XCRS, &x), EINVAL);
	x.xcrs[0].value = 5; /* AVX without SSE */
	CHECK_ERRNO(ioctl(v.fd, KVM_SET_XCRS, &x), EINVAL);
	x.xcrs[0].value = 1ull << 50 | 1;
	CHECK_ERRNO(ioctl(v.fd, KVM_SET_XCRS, &x), EINVAL);
	x.nr_xcrs = 1000;
	CHECK_ERRNO(ioctl(v.fd, KVM_SET_XCRS, &x), EINVAL);
	x.nr_xcrs = 1;
	x.flags = 1;
	CHECK_ERRNO(ioctl(v.fd, KVM_SET_XCRS, &x), EINVAL);
}

static bool host_avx(void)
{
	return __builtin_cpu_supports("avx");
}

/* Host registers are loaded with a pattern right before KVM_RUN and read right after it. */
static void host_run_with_pattern(int fd, const uint8_t in[32], uint8_t out[32], bool avx)
{
	long ret;

	if (avx)
		asm volatile("vmovdqu (%[in]), %%ymm3\n\tvmovdqu (%[in]), %%ymm14\n\t"
			     "syscall\n\t"
			     "vpxor %%ymm3, %%ymm14, %%ymm14\n\t"
			     "vorps %%ymm14, %%ymm3, %%ymm3\n\t"
			     "vmovdqu %%ymm3, (%[out])"
			     : "=a"(ret)
			     : "0"(16L), "D"((long)fd), "S"((long)KVM_RUN),
			       "d"(0L), [in] "r"(in), [out] "r"(out)
			     : "rcx", "r11", "memory", "xmm3", "xmm14");
	else
		asm volatile("movdqu (%[in]), %%xmm3\n\tsyscall\n\tmovdqu %%xmm3, (%[out])"
			     : "=a"(ret)
			     : "0"(16L), "D"((long)fd), "S"((long)KVM_RUN),
			       "d"(0L), [in] "r"(in), [out] "r"(out)
			     : "rcx", "r11", "memory", "xmm3");
	CHECK(ret == 0 || ret == -EINTR, "KVM_RUN: %ld", ret);
}

static void host_kept(void)
{
	struct vm vm;
	struct vcpu v;
	uint8_t in[32], out[32];
	bool avx = host_avx();

	vm_start(&vm, &v, MODE_LONG, GUEST(regs_sse_loop));
	guest_arg(&vm, 0) = 0xaaaabbbbccccdddd;
	for (unsigned int i = 0; i < 250; i++) {
		fill(in, 32, i);
		host_run_with_pattern(v.fd, in, out, avx);
		CHECK(!memcmp(in, out, avx ? 32 : 16), "host registers changed in run %u", i);
		if (v.run->exit_reason != KVM_EXIT_IO || v.run->io.port != 0x10)
			vcpu_unexpected(&v, "out to port 0x10");
	}
}

static void avx(void)
{
	struct vm vm;
	struct vcpu v;

	if (!guest_has(0xd, 0, 0, 2))
		SKIP("no AVX state in KVM_GET_SUPPORTED_CPUID");
	vm_start(&vm, &v, MODE_LONG, GUEST(regs_avx));
	fill(vm.ram + G_DATA, 96, 33);
	/* Not by the guest's XSETBV: the lab's CPU does not intercept that. */
	struct kvm_xcrs x = {.nr_xcrs = 1, .xcrs = {{.value = 7}}};
	struct kvm_sregs s = vcpu_sregs(&v);

	s.cr4 |= CR4_OSXSAVE;
	vcpu_set_sregs(&v, &s);
	CHECK_OK(ioctl(v.fd, KVM_SET_XCRS, &x));
	for (int i = 0; i < 200; i++) {
		CHECK_EQ(vcpu_run_report(&v), 1);
		vcpu_run_mmio(&v, true, 0x10000000, 4);
	}
	CHECK_EQ(vcpu_run_report(&v), 7); /* XCR0 */
	CHECK(!memcmp(vm.ram + G_DATA, vm.ram + G_DATA + 96, 96), "ymm registers changed");
	CHECK_OK(ioctl(v.fd, KVM_GET_XCRS, &x));
	CHECK_EQ(x.xcrs[0].value, 7);
	vcpu_run_done(&v);
}

static void *one_guest(void *arg)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(regs_sse_loop));
	guest_arg(&vm, 0) = (uintptr_t)arg * 0x1111111111111111;
	for (int i = 0; i < 300; i++)
		vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 1, 1);
	vcpu_run_done(&v);
	return NULL;
}

/* Several VMs on few CPUs: the registers of one are never seen by another. */
static void isolation(void)
{
	pthread_t t[4];

	for (uintptr_t i = 0; i < 4; i++)
		CHECK(!pthread_create(&t[i], NULL, one_guest, (void *)(i + 1)), "thread");
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
}

static const struct live_test tests[] = {
	{"fpu", fpu},
	{"xsave", xsave},
	{"xsave2", xsave2},
	{"xcrs", xcrs},
	{"host_kept", host_kept},
	{"avx", avx},
	{"isolation", isolation, 60},
};

LIVE_SUBJECT(fpu, tests);
