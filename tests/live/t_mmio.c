/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MMIO: the emulator seen from outside. The payloads do the same instructions on RAM, where the
 * processor runs them, and on a device that remembers bytes, where they are emulated, and compare;
 * the tests here play the device and check what arrived.
 */
#include <string.h>
#include "vmm.h"

#define M     0x10000000ull
#define STORE 0x4000u

struct access {
	uint64_t gpa;
	uint32_t len;
	bool is_write;
	uint64_t value;
};

struct device {
	uint64_t base;
	uint8_t bytes[STORE];
	struct access log[512];
	unsigned int accesses;
};

static struct device dev;

/* Play the device until the guest is done. */
static void run_device(struct vcpu *v, uint64_t base)
{
	struct kvm_run *run = v->run;

	dev.base = base;
	for (;;) {
		int err = vcpu_run_try(v);

		if (err == EINTR)
			continue;
		CHECK(!err, "KVM_RUN: errno %d", err);
		if (run->exit_reason == KVM_EXIT_IO && run->io.port == P_RESULT) {
			if (*(uint32_t *)((uint8_t *)run + run->io.data_offset))
				vcpu_unexpected(v, "success (rax is the line of the guest check)");
			return;
		}
		if (run->exit_reason != KVM_EXIT_MMIO || run->mmio.phys_addr < base ||
		    run->mmio.len > 8 || run->mmio.phys_addr + run->mmio.len > base + STORE)
			vcpu_unexpected(v, "an access to the device, or the end");
		uint8_t *p = dev.bytes + (run->mmio.phys_addr - base);

		if (run->mmio.is_write)
			memcpy(p, run->mmio.data, run->mmio.len);
		else
			memcpy(run->mmio.data, p, run->mmio.len);
		struct access *a = &dev.log[dev.accesses++ % ARRAY_SIZE(dev.log)];

		*a = (struct access){run->mmio.phys_addr, run->mmio.len, run->mmio.is_write, 0};
		memcpy(&a->value, p, run->mmio.len);
	}
}

static void run_payload(enum mode mode, struct payload p, uint64_t base)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, mode, p);
	run_device(&v, base);
}

static void check_log(unsigned int n, uint64_t gpa, uint32_t len, bool is_write, uint64_t value)
{
	struct access *a = &dev.log[n];

	CHECK(n < dev.accesses && a->gpa == gpa && a->len == len && a->is_write == is_write &&
		      a->value == value,
	      "access %u of %u: %s gpa %#llx len %u value %#llx, wanted %s gpa %#llx len %u value "
	      "%#llx",
	      n, dev.accesses, a->is_write ? "write" : "read", (unsigned long long)a->gpa, a->len,
	      (unsigned long long)a->value, is_write ? "write" : "read", (unsigned long long)gpa,
	      len, (unsigned long long)value);
}

static void widths(void)
{
	run_payload(MODE_LONG, GUEST(mmio_widths), M);
	check_log(0, M, 1, true, 0x88);
	check_log(1, M + 2, 2, true, 0x7788);
	check_log(2, M + 4, 4, true, 0x55667788);
	check_log(3, M + 8, 8, true, 0x1122334455667788);
	check_log(4, M + 0x10, 1, true, 0x77);
	check_log(5, M + 0x11, 1, true, 0x5a);
	check_log(6, M + 0x12, 2, true, 0x1234);
	check_log(7, M + 0x14, 4, true, 0x89abcdef);
	check_log(8, M + 0x18, 8, true, -2ull);
	check_log(9, M + 0x20, 1, true, 0x88);
	check_log(11, M, 1, false, 0x88);
	check_log(12, M + 2, 2, false, 0x7788);
}

static void addressing(void)
{
	static const uint32_t at[] = {0x00, 0x10, 0x1020, 0x30, 0x40, 0x50, 0x60,  0x70, 0,
				      0x90, 0xa0, 0xc0,	  0xd0, 0xe0, 0xf0, 0x100, 0x110};
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(mmio_addressing));
	for (unsigned int i = 0; i < ARRAY_SIZE(at); i++) {
		vcpu_run_to(&v, KVM_EXIT_MMIO);
		uint64_t want = M + at[i];

		if (i == 8)
			want = M + vcpu_regs(&v).rsi; /* rip-relative */
		CHECK(v.run->mmio.is_write && v.run->mmio.len == 4 &&
			      v.run->mmio.phys_addr == want && v.run->mmio.data[0] == i + 1,
		      "form %u: gpa %#llx len %u value %u, wanted gpa %#llx", i + 1,
		      v.run->mmio.phys_addr, v.run->mmio.len, v.run->mmio.data[0],
		      (unsigned long long)want);
	}
	vcpu_run_done(&v);
}

static void real_mode(void)
{
	struct vm vm;
	struct vcpu v;

	vm_create_ram(&vm, MIB(1));
	vm_slot(&vm, 0, 0, 0, 0, NULL);
	vm_slot(&vm, 0, 0, 0, 0xa0000, vm.ram);
	vcpu_create(&vm, &v, 0);
	vcpu_cpuid(&v);
	vcpu_mode(&v, MODE_REAL, G_CODE);
	guest_load(&vm, G_CODE, GUEST(mmio_real));
	run_device(&v, 0xa0000);

	uint64_t b = 0xa0000;

	check_log(0, b + 0x10, 4, true, 1);
	check_log(1, b + 0x30, 4, true, 2);
	check_log(2, b + 0x140, 4, true, 3);
	check_log(3, b + 0x41, 4, true, 4);
	check_log(4, b + 0x80, 4, true, 5);
	check_log(5, b + 0x2000, 4, true, 6);
	check_log(6, b + 0x1030, 1, true, 7);
	CHECK_EQ(*(uint16_t *)(vm.ram + G_CODE + 0xff00), 8);
	check_log(7, b + 0x3020, 4, true, 9);
	check_log(8, b + 0x3020, 4, false, 9);
	check_log(9, b + 2, 2, true, 10);
	CHECK(!memcmp(dev.bytes + 0x1000, "wwwwwwwwww", 10), "rep stosw");
	CHECK(!memcmp(dev.bytes + 0x1100, "wwww", 4), "rep movsb");
}

#define GUEST_CHECKED(name)                                                                        \
	static void name(void)                                                                     \
	{                                                                                          \
		run_payload(MODE_LONG, GUEST(mmio_##name), M);                                     \
	}
GUEST_CHECKED(alu)
GUEST_CHECKED(logic)
GUEST_CHECKED(unary)
GUEST_CHECKED(shift)
GUEST_CHECKED(bits)
GUEST_CHECKED(exchange)
GUEST_CHECKED(cmpxchg8b)
GUEST_CHECKED(muldiv)
GUEST_CHECKED(stack)

static void string(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(mmio_string));
	for (int i = 0; i < 64; i++)
		vm.ram[G_DATA + i] = 0x40 + i;
	run_device(&v, M);
	CHECK(!memcmp(vm.ram + G_DATA + 0x1000, vm.ram + G_DATA, 12), "device to RAM");
	CHECK(!memcmp(dev.bytes + 0x100, vm.ram + G_DATA, 4), "device to device");
	for (int i = 0; i < 40; i++)
		CHECK_EQ(dev.bytes[0x200 + i], 0xa8 - i % 8);
	for (int i = 0; i < 300; i++)
		CHECK_EQ(dev.bytes[0x400 + i], i == 250 ? 0x11 : 0xa8);
	CHECK(!memcmp(dev.bytes + 0x700, vm.ram + G_DATA, 16), "backwards");
}

static void edge(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(mmio_edge));
	/* two devices in one: RAM_SIZE.. and M.. both land in dev.bytes by their low bits */
	struct kvm_run *run = v.run;

	for (;;) {
		vcpu_run_try(&v);
		if (run->exit_reason != KVM_EXIT_MMIO)
			break;
		bool low = run->mmio.phys_addr < M;
		uint64_t off = run->mmio.phys_addr - (low ? RAM_SIZE : M);
		uint32_t len = run->mmio.len;

		CHECK(off < 0x3000 && off + len <= 0x3000, "gpa %#llx", run->mmio.phys_addr);
		CHECK(off / PAGE == (off + len - 1) / PAGE, "%#llx + %u crosses a page",
		      run->mmio.phys_addr, len);
		if (low)
			off += 0x3000;
		if (run->mmio.is_write)
			memcpy(dev.bytes + off, run->mmio.data, len);
		else
			memcpy(run->mmio.data, dev.bytes + off, len);
	}
	if (run->exit_reason != KVM_EXIT_IO || *(uint32_t *)((uint8_t *)run + run->io.data_offset))
		vcpu_unexpected(&v, "the end");
	CHECK(!memcmp(vm.ram + RAM_SIZE - 7, "\xe1\xe1\x11\x22\x33\x44\x55", 7), "RAM side");
	CHECK(!memcmp(dev.bytes + 0x3000, "\x66\x77\x88\xe1\xe1\xe1", 6), "device side");
	CHECK_EQ(dev.bytes[0x3000 + 12], 0xe1);
	CHECK_EQ(dev.bytes[0x3000 + 13], 0);
	CHECK(!memcmp(dev.bytes + 0xffe, "\x0a\x0b\x0c\x0d", 4), "page border");
}

static void sse(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(mmio_sse));
	for (int i = 0; i < 16; i++)
		vm.ram[G_DATA + i] = 0xf0 ^ i * 5;
	run_device(&v, M);
	CHECK(!memcmp(dev.bytes, vm.ram + G_DATA, 16), "movups");
	CHECK(!memcmp(dev.bytes + 0x20, vm.ram + G_DATA, 16), "movaps");
	CHECK(!memcmp(dev.bytes + 0x38, vm.ram + G_DATA, 16), "movdqu");
}

static void protected_mode(void)
{
	run_payload(MODE_PROT, GUEST(mmio_prot), M);
	memset(&dev, 0, sizeof(dev));
	run_payload(MODE_PAGED, GUEST(mmio_prot), M);
	memset(&dev, 0, sizeof(dev));
	run_payload(MODE_PAE, GUEST(mmio_prot), M);
}

static void guest_fault(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(mmio_fault));
	vcpu_run_mmio(&v, false, M, 4);
	/* Add to a page that the guest maps read-only. The vector is reported. */
	CHECK_EQ(vcpu_run_try(&v), 0);
	while (v.run->exit_reason == KVM_EXIT_MMIO && !v.run->mmio.is_write)
		CHECK_EQ(vcpu_run_try(&v), 0);
	if (v.run->exit_reason == KVM_EXIT_MMIO) {
		STOCK_GAP("a read-modify-write of MMIO ignores that the page is read-only");
		FAIL("a write to a page that the guest maps read-only came out");
	}
	if (v.run->exit_reason != KVM_EXIT_IO || v.run->io.port != P_REPORT)
		vcpu_unexpected(&v, "the report");
	CHECK_EQ(*(uint32_t *)((uint8_t *)v.run + v.run->io.data_offset), 14);
	vcpu_run_done(&v);
}

/*
 * An access that userspace has not answered yet can't be half done: with immediate_exit set, KVM_RUN
 * completes the read, then stops.
 */
static void completed_by_immediate_exit(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(mmio_one));
	vcpu_run_mmio(&v, false, M, 8);
	uint64_t rip = vcpu_regs(&v).rip;

	mmio_reply(&v, 0x1122334455667788);
	v.run->immediate_exit = 1;
	CHECK_EQ(vcpu_run_try(&v), EINTR);
	v.run->immediate_exit = 0;
	CHECK_EQ(vcpu_regs(&v).rax, 0x1122334455667788);
	CHECK_EQ(vcpu_regs(&v).rip, rip + 3);
	CHECK_EQ(vcpu_run_mmio(&v, true, M + 8, 8), 0x1122334455667788);
	vcpu_run_done(&v);
}

/* An instruction that can't be emulated comes out with its bytes. */
static void not_emulated(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(mmio_odd));
	uint64_t rip = G_CODE + 5;

	vcpu_run_to(&v, KVM_EXIT_INTERNAL_ERROR);
	CHECK_EQ(v.run->internal.suberror, KVM_INTERNAL_ERROR_EMULATION);
	CHECK_EQ(vcpu_regs(&v).rip, rip);
	CHECK(v.run->internal.ndata >= 1, "no data");
	if (v.run->emulation_failure.flags & KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES) {
		unsigned int n = v.run->emulation_failure.insn_size;

		CHECK(n >= 3 && n <= 15, "insn_size %u", n);
		CHECK(!memcmp(v.run->emulation_failure.insn_bytes, vm.ram + rip, 3),
		      "bytes %02x %02x %02x", v.run->emulation_failure.insn_bytes[0],
		      v.run->emulation_failure.insn_bytes[1],
		      v.run->emulation_failure.insn_bytes[2]);
	} else {
		FAIL("the bytes are not given: flags %#llx ndata %u",
		     v.run->emulation_failure.flags, v.run->emulation_failure.ndata);
	}
	/* userspace may step over it */
	struct kvm_regs r = vcpu_regs(&v);

	r.rip += 3;
	vcpu_set_regs(&v, &r);
	vcpu_run_done(&v);
}

static void code_fetch(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(mmio_exec));
	vcpu_run_to(&v, KVM_EXIT_INTERNAL_ERROR);
	CHECK_EQ(v.run->internal.suberror, KVM_INTERNAL_ERROR_EMULATION);
	CHECK_EQ(vcpu_regs(&v).rip, M);
}

static const struct live_test tests[] = {
	{"widths", widths},
	{"addressing", addressing},
	{"real_mode", real_mode},
	{"alu", alu, 120},
	{"logic", logic, 120},
	{"unary", unary},
	{"shift", shift},
	{"bits", bits},
	{"exchange", exchange},
	{"cmpxchg8b", cmpxchg8b},
	{"muldiv", muldiv},
	{"stack", stack},
	{"string", string, 90},
	{"edge", edge},
	{"sse", sse},
	{"protected_mode", protected_mode},
	{"guest_fault", guest_fault},
	{"completed_by_immediate_exit", completed_by_immediate_exit},
	{"not_emulated", not_emulated},
	{"code_fetch", code_fetch},
};

LIVE_SUBJECT(mmio, tests);
