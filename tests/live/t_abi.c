/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ABI's shapes: version, capabilities (those owed are there, those not there are refused),
 * E2BIG protocols, and every ioctl of linux/kvm.h with hostile arguments on every kind of file.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#include "vmm.h"

static void version(void)
{
	int sys = sys_open();

	CHECK_EQ(ioctl(sys, KVM_GET_API_VERSION, 0), 12);
	CHECK_ERRNO(ioctl(sys, KVM_GET_API_VERSION, 1), EINVAL);
	CHECK_ERRNO(ioctl(sys, KVM_CREATE_VM, 0xbad), EINVAL);
	CHECK_ERRNO(ioctl(sys, KVM_GET_VCPU_MMAP_SIZE, 1), EINVAL);
	int size = ioctl(sys, KVM_GET_VCPU_MMAP_SIZE, 0);

	CHECK(size >= (int)PAGE && size % PAGE == 0, "KVM_GET_VCPU_MMAP_SIZE: %d", size);
}

struct cap {
	int cap, least;
	const char *name;
};
#define CAP(name, least)                                                                           \
	{                                                                                          \
		KVM_CAP_##name, least, #name                                                       \
	}

/* What QEMU and others can't do without, as far as it is not about in-kernel chips. */
static const struct cap owed[] = {
	CAP(USER_MEMORY, 1),
	CAP(SET_TSS_ADDR, 1),
	CAP(EXT_CPUID, 1),
	CAP(NR_VCPUS, 1),
	CAP(MAX_VCPUS, 1),
	CAP(NR_MEMSLOTS, 509),
	CAP(MP_STATE, 1),
	CAP(SYNC_MMU, 1),
	CAP(DESTROY_MEMORY_REGION_WORKS, 1),
	CAP(JOIN_MEMORY_REGIONS_WORKS, 1),
	CAP(USER_NMI, 1),
	CAP(SET_IDENTITY_MAP_ADDR, 1),
	CAP(VCPU_EVENTS, 1),
	CAP(INTERNAL_ERROR_DATA, 1),
	CAP(DEBUGREGS, 1),
	CAP(XSAVE, 1),
	CAP(XCRS, 1),
	CAP(GET_TSC_KHZ, 1),
	CAP(IMMEDIATE_EXIT, 1),
	CAP(READONLY_MEM, 1),
	CAP(GET_MSR_FEATURES, 1),
	CAP(ADJUST_CLOCK, 1),
	CAP(CLOCKSOURCE, 1),
	CAP(XSAVE2, 4096),
	CAP(SREGS2, 1),
};

static void capabilities(void)
{
	struct vm vm;

	vm_create(&vm);
	for (size_t i = 0; i < ARRAY_SIZE(owed); i++) {
		int sys = sys_cap(owed[i].cap), on_vm = vm_cap(&vm, owed[i].cap);

		CHECK(sys >= owed[i].least, "KVM_CAP_%s is %d", owed[i].name, sys);
		CHECK(on_vm >= owed[i].least, "KVM_CAP_%s is %d on the VM", owed[i].name, on_vm);
	}
	CHECK_EQ(sys_cap(100000), 0);
	CHECK_EQ(sys_cap(0x7fffffff), 0);
}

/* What is not claimed is refused. */
static void not_claimed(void)
{
	struct vm vm;
	struct vcpu v;
	uint8_t page[PAGE] = {0};
	static const struct {
		int cap;
		unsigned long request;
		bool vcpu;
		const char *name;
	} pairs[] = {
		{KVM_CAP_IRQCHIP, KVM_CREATE_IRQCHIP, false, "KVM_CREATE_IRQCHIP"},
		{KVM_CAP_IRQCHIP, KVM_GET_IRQCHIP, false, "KVM_GET_IRQCHIP"},
		{KVM_CAP_IRQCHIP, KVM_GET_LAPIC, true, "KVM_GET_LAPIC"},
		{KVM_CAP_PIT2, KVM_CREATE_PIT2, false, "KVM_CREATE_PIT2"},
		{KVM_CAP_NESTED_STATE, KVM_GET_NESTED_STATE, true, "KVM_GET_NESTED_STATE"},
		{KVM_CAP_X86_SMM, KVM_SMI, true, "KVM_SMI"},
		{KVM_CAP_DIRTY_LOG_RING, KVM_RESET_DIRTY_RINGS, false, "KVM_RESET_DIRTY_RINGS"},
		{KVM_CAP_BINARY_STATS_FD, KVM_GET_STATS_FD, false, "KVM_GET_STATS_FD"},
		{KVM_CAP_MCE, KVM_X86_SETUP_MCE, true, "KVM_X86_SETUP_MCE"},
		{KVM_CAP_SET_GUEST_DEBUG, KVM_SET_GUEST_DEBUG, true, "KVM_SET_GUEST_DEBUG"},
	};

	vm_create(&vm);
	vcpu_create(&vm, &v, 0);
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		if (sys_cap(pairs[i].cap))
			continue;
		errno = 0;
		int ret = ioctl(pairs[i].vcpu ? v.fd : vm.fd, pairs[i].request, page);

		CHECK(ret < 0, "%s works, but its capability is not claimed", pairs[i].name);
	}
	struct kvm_enable_cap cap = {.cap = 0x12345};

	CHECK_ERRNO(ioctl(vm.fd, KVM_ENABLE_CAP, &cap), EINVAL);
	cap.flags = 1;
	cap.cap = KVM_CAP_EXCEPTION_PAYLOAD;
	CHECK_ERRNO(ioctl(vm.fd, KVM_ENABLE_CAP, &cap), EINVAL);
}

static void list_protocol(unsigned long request)
{
	struct {
		struct kvm_msr_list head;
		uint32_t index[600];
	} l = {.head.nmsrs = 0};
	int sys = sys_open();

	CHECK_ERRNO(ioctl(sys, request, &l), E2BIG);
	uint32_t n = l.head.nmsrs;

	CHECK(n > 0 && n < 600, "nmsrs %u", n);
	l.head.nmsrs = n - 1;
	CHECK_ERRNO(ioctl(sys, request, &l), E2BIG);
	CHECK_EQ(l.head.nmsrs, n);
	l.index[n] = 0xdeadbeef;
	CHECK_OK(ioctl(sys, request, &l));
	CHECK_EQ(l.head.nmsrs, n);
	CHECK_EQ(l.index[n], 0xdeadbeef);
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t j = 0; j < i; j++)
			CHECK(l.index[i] != l.index[j], "MSR %#x is listed twice", l.index[i]);
	l.head.nmsrs = 600;
	CHECK_OK(ioctl(sys, request, &l));
	CHECK_EQ(l.head.nmsrs, n);
	CHECK_ERRNO(ioctl(sys, request, NULL), EFAULT);
	CHECK_ERRNO(ioctl(sys, request, 8), EFAULT);
}

static void msr_list(void)
{
	list_protocol(KVM_GET_MSR_INDEX_LIST);
}

static void feature_msr_list(void)
{
	list_protocol(KVM_GET_MSR_FEATURE_INDEX_LIST);
}

/* Feature MSRs are read on /dev/kvm itself, each that is listed. */
static void feature_msrs(void)
{
	struct {
		struct kvm_msr_list head;
		uint32_t index[100];
	} l = {.head.nmsrs = 100};
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry e;
	} m = {.head.nmsrs = 1};
	int sys = sys_open();

	CHECK_OK(ioctl(sys, KVM_GET_MSR_FEATURE_INDEX_LIST, &l));
	for (uint32_t i = 0; i < l.head.nmsrs; i++) {
		m.e.index = l.index[i];
		int ret = ioctl(sys, KVM_GET_MSRS, &m);

		CHECK(ret == 1, "feature MSR %#x: %d", l.index[i], ret);
	}
	m.e.index = 0xdead0000;
	CHECK_EQ(ioctl(sys, KVM_GET_MSRS, &m), 0);
}

static void cpuid_list(void)
{
	struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 e[256];
	} c = {.head.nent = 1};
	int sys = sys_open();

	CHECK_ERRNO(ioctl(sys, KVM_GET_SUPPORTED_CPUID, &c), E2BIG);
	c.head.nent = 0;
	CHECK_ERRNO(ioctl(sys, KVM_GET_SUPPORTED_CPUID, &c), E2BIG);
	c.head.nent = 256;
	CHECK_OK(ioctl(sys, KVM_GET_SUPPORTED_CPUID, &c));
	uint32_t n = c.head.nent;

	CHECK(n > 5 && n < 256, "nent %u", n);
	CHECK_EQ(c.e[0].function, 0);
	bool kvm = false, ext = false;

	for (uint32_t i = 0; i < n; i++) {
		if (c.e[i].function == 0x40000000)
			kvm = !memcmp(&c.e[i].ebx, "KVMKVMKVM\0\0\0", 12);
		ext |= c.e[i].function == 0x80000001;
		CHECK(!c.e[i].padding[0] && !c.e[i].padding[1] && !c.e[i].padding[2],
		      "padding of entry %u", i);
	}
	CHECK(kvm, "no KVMKVMKVM leaf");
	CHECK(ext, "no leaf 80000001");
	c.head.nent = n;
	CHECK_OK(ioctl(sys, KVM_GET_SUPPORTED_CPUID, &c));
	c.head.nent = n - 1;
	CHECK_ERRNO(ioctl(sys, KVM_GET_SUPPORTED_CPUID, &c), E2BIG);
	c.head.nent = 0xffffffff;
	int ret = ioctl(sys, KVM_GET_SUPPORTED_CPUID, &c);

	CHECK(ret == 0 || errno == E2BIG || errno == ENOMEM, "huge nent: errno %d", errno);
	CHECK_ERRNO(ioctl(sys, KVM_GET_SUPPORTED_CPUID, 8), EFAULT);
}

static void cpuid_set_bad(void)
{
	struct vm vm;
	struct vcpu v;
	struct kvm_cpuid2 c = {.nent = 0xffffffff};

	vm_create(&vm);
	vcpu_create(&vm, &v, 0);
	CHECK_ERRNO(ioctl(v.fd, KVM_SET_CPUID2, &c), E2BIG);
	CHECK_ERRNO(ioctl(v.fd, KVM_SET_CPUID2, 8), EFAULT);
	c.nent = 257;
	CHECK_ERRNO(ioctl(v.fd, KVM_SET_CPUID2, &c), E2BIG);
	c.nent = 0;
	CHECK_OK(ioctl(v.fd, KVM_SET_CPUID2, &c)); /* none at all is legal */
}

/* Each kind of file refuses the ioctls of the others. */
static void wrong_fd(void)
{
	struct vm vm;
	struct vcpu v;
	uint8_t page[PAGE] = {0};

	vm_create(&vm);
	vcpu_create(&vm, &v, 0);
	static const unsigned long of_sys[] = {KVM_CREATE_VM, KVM_GET_MSR_INDEX_LIST,
					       KVM_GET_SUPPORTED_CPUID};
	static const unsigned long of_vm[] = {KVM_CREATE_VCPU, KVM_GET_DIRTY_LOG,
					      KVM_SET_USER_MEMORY_REGION, KVM_SET_TSS_ADDR};
	static const unsigned long of_vcpu[] = {KVM_RUN,     KVM_GET_REGS,  KVM_SET_SREGS,
						KVM_GET_FPU, KVM_INTERRUPT, KVM_SET_CPUID2};
	const struct {
		const unsigned long *list;
		size_t count;
		int bad[2];
	} sets[] = {
		{of_sys, ARRAY_SIZE(of_sys), {vm.fd, v.fd}},
		{of_vm, ARRAY_SIZE(of_vm), {vm.sys, v.fd}},
		{of_vcpu, ARRAY_SIZE(of_vcpu), {vm.sys, vm.fd}},
	};

	for (size_t s = 0; s < 3; s++)
		for (size_t i = 0; i < sets[s].count; i++)
			for (int k = 0; k < 2; k++) {
				errno = 0;
				int ret = ioctl(sets[s].bad[k], sets[s].list[i], page);

				CHECK(ret == -1 && (errno == ENOTTY || errno == EINVAL),
				      "request %#lx on the wrong file: %d, errno %d",
				      sets[s].list[i], ret, errno);
			}
	/* Requests of nobody. */
	int fds[] = {vm.sys, vm.fd, v.fd};

	for (int i = 0; i < 3; i++) {
		CHECK(ioctl(fds[i], _IO(0xAE, 0xf7), 0) == -1 &&
			      (errno == ENOTTY || errno == EINVAL),
		      "unknown request: errno %d", errno);
		CHECK(ioctl(fds[i], _IO('T', 1), 0) == -1 && (errno == ENOTTY || errno == EINVAL),
		      "another driver's request: errno %d", errno);
	}
	CHECK(read(vm.fd, page, 8) == -1, "read of a VM works");
	CHECK(write(v.fd, page, 8) == -1, "write of a vCPU works");
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, vm.fd, 0) == MAP_FAILED, "mmap of a VM");
}

/* The vCPU mapping: what is behind its end, what private or executable mappings give. */
static void vcpu_mmap(void)
{
	struct vm vm;
	struct vcpu v;

	vm_create(&vm);
	vcpu_create(&vm, &v, 0);
	volatile uint8_t *two =
		mmap(NULL, vm.run_size, PROT_READ | PROT_WRITE, MAP_SHARED, v.fd, 0);

	CHECK(two != MAP_FAILED, "second mapping");
	v.run->request_interrupt_window = 1;
	CHECK_EQ(two[0], 1);
	/* A page far behind: either no mapping or SIGBUS, tried in a child. */
	void *far = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, v.fd, MIB(64));

	if (far != MAP_FAILED)
		test_note("a page far behind the end can be mapped");
	/* madvise and mremap of it must not hurt. */
	madvise((void *)two, PAGE, MADV_DONTNEED);
	CHECK_EQ(two[0], 1);
}

/* ---- hostile arguments ---- */

#define R(request)                                                                                 \
	{                                                                                          \
		request, #request                                                                  \
	}
static const struct {
	unsigned long request;
	const char *name;
} requests[] = {
	R(KVM_GET_API_VERSION),
	R(KVM_CREATE_VM),
	R(KVM_GET_MSR_INDEX_LIST),
	R(KVM_CHECK_EXTENSION),
	R(KVM_GET_VCPU_MMAP_SIZE),
	R(KVM_GET_SUPPORTED_CPUID),
	R(KVM_GET_EMULATED_CPUID),
	R(KVM_GET_MSR_FEATURE_INDEX_LIST),
	R(KVM_SET_MEMORY_REGION),
	R(KVM_CREATE_VCPU),
	R(KVM_GET_DIRTY_LOG),
	R(KVM_SET_NR_MMU_PAGES),
	R(KVM_GET_NR_MMU_PAGES),
	R(KVM_SET_USER_MEMORY_REGION),
	R(KVM_SET_TSS_ADDR),
	R(KVM_SET_IDENTITY_MAP_ADDR),
	R(KVM_CREATE_IRQCHIP),
	R(KVM_IRQ_LINE),
	R(KVM_GET_IRQCHIP),
	R(KVM_SET_IRQCHIP),
	R(KVM_CREATE_PIT),
	R(KVM_GET_PIT),
	R(KVM_SET_PIT),
	R(KVM_IRQ_LINE_STATUS),
	R(KVM_REGISTER_COALESCED_MMIO),
	R(KVM_UNREGISTER_COALESCED_MMIO),
	R(KVM_SET_GSI_ROUTING),
	R(KVM_REINJECT_CONTROL),
	R(KVM_IRQFD),
	R(KVM_CREATE_PIT2),
	R(KVM_SET_BOOT_CPU_ID),
	R(KVM_IOEVENTFD),
	R(KVM_XEN_HVM_CONFIG),
	R(KVM_SET_CLOCK),
	R(KVM_GET_CLOCK),
	R(KVM_GET_PIT2),
	R(KVM_SET_PIT2),
	R(KVM_SET_TSC_KHZ),
	R(KVM_GET_TSC_KHZ),
	R(KVM_SIGNAL_MSI),
	R(KVM_CREATE_DEVICE),
	R(KVM_SET_DEVICE_ATTR),
	R(KVM_GET_DEVICE_ATTR),
	R(KVM_HAS_DEVICE_ATTR),
	R(KVM_RUN),
	R(KVM_GET_REGS),
	R(KVM_SET_REGS),
	R(KVM_GET_SREGS),
	R(KVM_SET_SREGS),
	R(KVM_TRANSLATE),
	R(KVM_INTERRUPT),
	R(KVM_GET_MSRS),
	R(KVM_SET_MSRS),
	R(KVM_SET_CPUID),
	R(KVM_SET_SIGNAL_MASK),
	R(KVM_GET_FPU),
	R(KVM_SET_FPU),
	R(KVM_GET_LAPIC),
	R(KVM_SET_LAPIC),
	R(KVM_SET_CPUID2),
	R(KVM_GET_CPUID2),
	R(KVM_TPR_ACCESS_REPORTING),
	R(KVM_SET_VAPIC_ADDR),
	R(KVM_GET_MP_STATE),
	R(KVM_SET_MP_STATE),
	R(KVM_NMI),
	R(KVM_SET_GUEST_DEBUG),
	R(KVM_X86_SETUP_MCE),
	R(KVM_X86_GET_MCE_CAP_SUPPORTED),
	R(KVM_X86_SET_MCE),
	R(KVM_GET_VCPU_EVENTS),
	R(KVM_SET_VCPU_EVENTS),
	R(KVM_GET_DEBUGREGS),
	R(KVM_SET_DEBUGREGS),
	R(KVM_ENABLE_CAP),
	R(KVM_GET_XSAVE),
	R(KVM_SET_XSAVE),
	R(KVM_GET_XCRS),
	R(KVM_SET_XCRS),
	R(KVM_GET_ONE_REG),
	R(KVM_SET_ONE_REG),
	R(KVM_KVMCLOCK_CTRL),
	R(KVM_GET_REG_LIST),
	R(KVM_SMI),
	R(KVM_MEMORY_ENCRYPT_OP),
	R(KVM_HYPERV_EVENTFD),
	R(KVM_GET_NESTED_STATE),
	R(KVM_SET_NESTED_STATE),
	R(KVM_CLEAR_DIRTY_LOG),
	R(KVM_GET_SUPPORTED_HV_CPUID),
	R(KVM_X86_SET_MSR_FILTER),
	R(KVM_RESET_DIRTY_RINGS),
	R(KVM_GET_XSAVE2),
	R(KVM_GET_SREGS2),
	R(KVM_SET_SREGS2),
	R(KVM_GET_STATS_FD),
	R(KVM_SET_PMU_EVENT_FILTER),
};

static const int polite[] = {EFAULT,	 EINVAL, E2BIG,	 ENOTTY, ENXIO,	 ENOENT, EEXIST,
			     EPERM,	 EBADF,	 ENOMEM, EIO,	 EAGAIN, EINTR,	 ENODEV,
			     EOPNOTSUPP, EBUSY,	 EACCES, ENOSPC, ENOSYS, EMFILE, ERANGE};

static void try_one(int fd, size_t i, const void *arg)
{
	errno = 0;
	if (ioctl(fd, requests[i].request, arg) >= 0)
		return;
	if (requests[i].request == KVM_GET_NR_MMU_PAGES || requests[i].request == KVM_GET_TSC_KHZ)
		return; /* a number that was set before, and is negative as an int */
	for (size_t k = 0; k < ARRAY_SIZE(polite); k++)
		if (errno == polite[k])
			return;
	FAIL("%s with %p: errno %d", requests[i].name, arg, errno);
}

struct hostile {
	struct vm vm;
	struct vcpu v;
	uint8_t *page; /* the page behind it is not mapped */
};

static void hostile_setup(struct hostile *h)
{
	struct rlimit limit = {4096, 4096};

	setrlimit(RLIMIT_NOFILE, &limit);
	signal(SIGUSR1, SIG_IGN);
	vm_start(&h->vm, &h->v, MODE_LONG, GUEST(pio_loop));
	h->v.run->immediate_exit = 1; /* KVM_RUN may be called with the rest */
	h->page = mem_alloc(2 * PAGE);
	CHECK_OK(mprotect(h->page + PAGE, PAGE, PROT_NONE));
}

static void hostile_all(struct hostile *h, const void *arg)
{
	int fds[] = {h->vm.sys, h->vm.fd, h->v.fd};

	for (int f = 0; f < 3; f++)
		for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
			try_one(fds[f], i, arg);
}

/* The host must be as good as before: a new VM works. */
static void still_alive(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 4, 1);
}

static void bad_pointers(void)
{
	struct hostile h;
	static const uint64_t at[] = {0,
				      1,
				      8,
				      0x1000,
				      0x7ffffffff000,
				      0x800000000000,
				      0xffff888000000000,
				      0xffffffff81000000,
				      ~0ull,
				      ~7ull};

	hostile_setup(&h);
	for (size_t i = 0; i < ARRAY_SIZE(at); i++)
		hostile_all(&h, (void *)at[i]);
	/* Structs that run out of the mapping after a few bytes. */
	for (unsigned int left = 1; left <= 64; left *= 2) {
		memset(h.page, 0, PAGE);
		hostile_all(&h, h.page + PAGE - left);
	}
	still_alive();
}

static void ones(void)
{
	struct hostile h;

	hostile_setup(&h);
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		int fds[] = {h.vm.sys, h.vm.fd, h.v.fd};

		for (int f = 0; f < 3; f++) {
			memset(h.page, 0xff, PAGE);
			try_one(fds[f], i, h.page);
			memset(h.page, 0x7f, PAGE);
			try_one(fds[f], i, h.page);
		}
	}
	still_alive();
}

static void zeroes(void)
{
	struct hostile h;

	hostile_setup(&h);
	memset(h.page, 0, PAGE);
	hostile_all(&h, h.page);
	still_alive();
}

static uint64_t seed = 1;

static uint64_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* Arguments of small and interesting numbers, which get further than noise. */
static void random_arguments(void)
{
	struct hostile h;
	static const uint64_t liked[] = {0,
					 1,
					 2,
					 3,
					 4,
					 7,
					 8,
					 0xff,
					 0x100,
					 0x1000,
					 0x10000,
					 0x7fffffff,
					 0x80000000,
					 0xffffffff,
					 0x100000000,
					 0xfffffffffffff000,
					 0x8000000000000000,
					 ~0ull};

	hostile_setup(&h);
	for (int round = 0; round < 12; round++)
		for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
			for (int f = 0; f < 3; f++) {
				int fds[] = {h.vm.sys, h.vm.fd, h.v.fd};
				uint64_t *q = (uint64_t *)h.page;
				uint32_t *d = (uint32_t *)h.page;

				for (int k = 0; k < 512; k++)
					q[k] = round % 3 ? 0 : rnd();
				for (int k = 0; k < 12; k++) {
					uint64_t x = liked[rnd() % ARRAY_SIZE(liked)];

					if (round & 1)
						q[k] = rnd() % 5 ? x : (uintptr_t)h.page;
					else
						d[k] = x;
				}
				h.v.run->immediate_exit = 1;
				try_one(fds[f], i, h.page);
			}
	still_alive();
}

/* Numbers nobody has given out, with sizes that do not fit. */
static void unknown_numbers(void)
{
	struct hostile h;

	hostile_setup(&h);
	int fds[] = {h.vm.sys, h.vm.fd, h.v.fd};

	for (unsigned int nr = 0; nr < 256; nr++)
		for (unsigned int dir = 0; dir < 4; dir++)
			for (unsigned int size = 0; size < 0x4000; size = size ? size * 8 : 1)
				for (int f = 0; f < 3; f++) {
					memset(h.page, 0, PAGE);
					h.v.run->immediate_exit = 1;
					ioctl(fds[f], _IOC(dir, 0xAE, nr, size), h.page);
				}
	still_alive();
}

static void msrs_bad(void)
{
	struct vm vm;
	struct vcpu v;
	struct kvm_msrs *m = mem_alloc(2 * PAGE);

	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	m->nmsrs = 0;
	CHECK_EQ(ioctl(v.fd, KVM_GET_MSRS, m), 0);
	m->nmsrs = 0xffffffff;
	CHECK_ERRNO(ioctl(v.fd, KVM_GET_MSRS, m), E2BIG);
	CHECK_ERRNO(ioctl(v.fd, KVM_SET_MSRS, m), E2BIG);
	CHECK_ERRNO(ioctl(v.fd, KVM_GET_MSRS, 8), EFAULT);
	/* It stops at the first that fails and says how many were done. */
	m->nmsrs = 4;
	m->entries[0].index = MSR_STAR;
	m->entries[1].index = MSR_LSTAR;
	m->entries[2].index = 0xdead0000;
	m->entries[3].index = MSR_CSTAR;
	CHECK_EQ(ioctl(v.fd, KVM_GET_MSRS, m), 2);
	CHECK_EQ(ioctl(v.fd, KVM_SET_MSRS, m), 2);
}

static const struct live_test tests[] = {
	{"version", version},
	{"capabilities", capabilities},
	{"not_claimed", not_claimed},
	{"msr_list", msr_list},
	{"feature_msr_list", feature_msr_list},
	{"feature_msrs", feature_msrs},
	{"cpuid_list", cpuid_list},
	{"cpuid_set_bad", cpuid_set_bad},
	{"wrong_fd", wrong_fd},
	{"vcpu_mmap", vcpu_mmap},
	{"msrs_bad", msrs_bad},
	{"bad_pointers", bad_pointers, 90},
	{"ones", ones, 90},
	{"zeroes", zeroes, 90},
	{"random_arguments", random_arguments, 120},
	{"unknown_numbers", unknown_numbers, 120},
};

LIVE_SUBJECT(abi, tests);
