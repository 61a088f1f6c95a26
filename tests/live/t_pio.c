/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Port I/O to userspace: widths, register halves left alone, string forms and their batches, faults
 * in the middle of a string, permission from user mode.
 */
#include <string.h>
#include "vmm.h"

#define OUT KVM_EXIT_IO_OUT
#define IN  KVM_EXIT_IO_IN

static uint32_t pio_value(struct vcpu *v, int direction, uint16_t port, uint8_t size)
{
	uint32_t value = 0;

	memcpy(&value, vcpu_run_pio(v, direction, port, size, 1), size);
	return value;
}

static void pio_answer(struct vcpu *v, uint16_t port, uint8_t size, uint32_t value)
{
	memcpy(vcpu_run_pio(v, IN, port, size, 1), &value, size);
}

static void widths(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(pio_widths));
	CHECK_EQ(pio_value(&v, OUT, 0x1234, 1), 0x78);
	CHECK_EQ(pio_value(&v, OUT, 0x1234, 2), 0x5678);
	CHECK_EQ(pio_value(&v, OUT, 0x1234, 4), 0x12345678);
	CHECK_EQ(pio_value(&v, OUT, 0x10, 1), 0x78);
	CHECK_EQ(pio_value(&v, OUT, 0x12, 2), 0x5678);
	CHECK_EQ(pio_value(&v, OUT, 0x14, 4), 0x12345678);
	pio_answer(&v, 0x1234, 1, 0x5a);
	pio_answer(&v, 0x1234, 2, 0x1357);
	pio_answer(&v, 0x1234, 4, 0x2468ace0);
	pio_answer(&v, 0x10, 1, 0x77);
	vcpu_run_done(&v);
}

/*
 * Take (or give) @len bytes of a string transfer in whatever batches it comes; returns the number of
 * exits. Each batch must be of @size and not be empty.
 */
static unsigned int transfer(struct vcpu *v, int direction, uint16_t port, uint8_t size,
			     uint8_t *bytes, size_t len)
{
	struct kvm_run *run = v->run;
	unsigned int exits = 0;
	size_t done = 0;

	while (done < len) {
		vcpu_run_to(v, KVM_EXIT_IO);
		size_t n = (size_t)run->io.size * run->io.count;
		uint8_t *data = (uint8_t *)run + run->io.data_offset;

		if (run->io.direction != direction || run->io.port != port ||
		    run->io.size != size || !run->io.count || done + n > len)
			vcpu_unexpected(v, "a part of the string transfer");
		CHECK(run->io.data_offset + n <= (uint64_t)v->vm->run_size,
		      "data ends behind the mapping");
		if (direction == OUT)
			memcpy(bytes + done, data, n);
		else
			memcpy(data, bytes + done, n);
		done += n;
		exits++;
	}
	return exits;
}

static void real_mode(void)
{
	struct vm vm;
	struct vcpu v;
	uint8_t bytes[4] = {0};

	vm_start(&vm, &v, MODE_REAL, GUEST(pio_real));
	memcpy(vm.ram + 0x7c00, "abc", 3);
	CHECK_EQ(pio_value(&v, OUT, 0xfff0, 1), 0xef);
	CHECK_EQ(pio_value(&v, OUT, 0xfff0, 2), 0xcdef);
	CHECK_EQ(pio_value(&v, OUT, 0xfff0, 4), 0x89abcdef);
	transfer(&v, OUT, 0xfff0, 1, bytes, 3);
	CHECK(!memcmp(bytes, "abc", 3), "outsb sent %.3s", bytes);
	memcpy(bytes, "\x11\x22\x33\x44", 4);
	transfer(&v, IN, 0xfff0, 2, bytes, 4);
	vcpu_run_done(&v);
}

#define LONG_COUNT 5003u

static void string_out(void)
{
	static uint8_t got[LONG_COUNT * 4];
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(pio_string));
	guest_arg(&vm, 0) = LONG_COUNT;
	for (unsigned int i = 0; i < LONG_COUNT * 4 + 64; i++)
		vm.ram[G_DATA + i] = i * 7 + (i >> 8);

	transfer(&v, OUT, 0x1000, 1, got, 1);
	transfer(&v, OUT, 0x1000, 2, got + 1, 2);
	transfer(&v, OUT, 0x1000, 4, got + 3, 4);
	CHECK(!memcmp(got, vm.ram + G_DATA, 7), "single transfers");
	transfer(&v, OUT, 0x1000, 1, got, 4);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(got[i], vm.ram[G_DATA + 3 - i]);
	unsigned int exits = transfer(&v, OUT, 0x1000, 1, got, LONG_COUNT);

	CHECK(!memcmp(got, vm.ram + G_DATA + 0xffd, LONG_COUNT), "rep outsb content");
	test_note("rep outsb of %u: %u exits", LONG_COUNT, exits);
	exits = transfer(&v, OUT, 0x1000, 4, got, LONG_COUNT * 4);
	CHECK(!memcmp(got, vm.ram + G_DATA + 0x10, LONG_COUNT * 4), "rep outsl content");
	test_note("rep outsl of %u: %u exits", LONG_COUNT, exits);
	vcpu_run_done(&v);
}

static void string_in(void)
{
	static uint8_t give[LONG_COUNT * 4];
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(pio_string_in));
	guest_arg(&vm, 0) = LONG_COUNT;
	for (unsigned int i = 0; i < sizeof(give); i++)
		give[i] = i * 11 + (i >> 7);

	transfer(&v, IN, 0x1000, 1, give, 1);
	transfer(&v, IN, 0x1000, 2, give + 1, 2);
	transfer(&v, IN, 0x1000, 4, give + 3, 4);
	unsigned int exits = transfer(&v, IN, 0x1000, 1, give, LONG_COUNT);

	CHECK(exits < LONG_COUNT / 4, "rep insb of %u took %u exits: not batched", LONG_COUNT,
	      exits);
	CHECK(!memcmp(give, vm.ram + G_DATA, 7), "single inputs");
	exits = transfer(&v, IN, 0x1000, 4, give, LONG_COUNT * 4);
	CHECK(exits < LONG_COUNT / 4, "rep insl of %u took %u exits: not batched", LONG_COUNT,
	      exits);
	CHECK(!memcmp(give, vm.ram + G_DATA + 0x1ffd, LONG_COUNT), "rep insb content");
	transfer(&v, IN, 0x1000, 1, (uint8_t *)"xyz", 3);
	CHECK(!memcmp(give, vm.ram + G_DATA + 0x8002, LONG_COUNT * 4), "rep insl content");
	transfer(&v, IN, 0x1000, 1, (uint8_t *)"1234", 4);
	vcpu_run_done(&v);
	CHECK(!memcmp(vm.ram + G_DATA + 0x20, "xyz", 3), "addr32 insb content");
	CHECK(!memcmp(vm.ram + G_DATA + 0x40, "4321", 4), "backward insb content");
}

static void string_fault(void)
{
	struct vm vm;
	struct vcpu v;
	uint8_t give[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	unsigned int reads = 0;

	vm_start(&vm, &v, MODE_LONG, GUEST(pio_string_fault));
	transfer(&v, IN, 0x1000, 1, give, 4);
	/* Stock KVM reads the port before it finds the fault, and then again. */
	for (;;) {
		vcpu_run_to(&v, KVM_EXIT_IO);
		if (v.run->io.direction != IN)
			break;
		CHECK(v.run->io.port == 0x1000 && v.run->io.count == 4 && ++reads < 3,
		      "input of %u, %u times", v.run->io.count, reads);
		memcpy((uint8_t *)v.run + v.run->io.data_offset, give + 4, 4);
	}
	test_note("the faulting part was read %u times", reads);
	if (v.run->io.port != P_RESULT || *(uint32_t *)((uint8_t *)v.run + v.run->io.data_offset))
		vcpu_unexpected(&v, "the end");
}

static void user_mode(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(pio_user));
	CHECK_EQ(pio_value(&v, OUT, 0x20, 1), 0x31);
	CHECK_EQ(vcpu_regs(&v).rsp, G_USTACK);
	CHECK_EQ(pio_value(&v, OUT, 0x20, 1), 0x32);
}

/* On the exit of an OUT, RIP may be before or after it, but GET_REGS then SET_REGS must be neutral. */
static void regs_at_exit(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	for (uint32_t i = 0; i < 50; i++) {
		CHECK_EQ(pio_value(&v, OUT, 0x10, 4), i);
		struct kvm_regs r = vcpu_regs(&v);

		CHECK_EQ(r.rax, i);
		if (i % 2)
			vcpu_set_regs(&v, &r);
	}
}

static const struct live_test tests[] = {
	{"widths", widths},
	{"real_mode", real_mode},
	{"string_out", string_out, 90},
	{"string_in", string_in, 90},
	{"string_fault", string_fault},
	{"user_mode", user_mode},
	{"regs_at_exit", regs_at_exit},
};

LIVE_SUBJECT(pio, tests);
