/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The emulator over trips to userspace, and its string and port instructions:
 * accesses happen once, faults leave no trace.
 */
#include "emul_machine.h"

/* ---- trips to userspace ---- */

static void mmio_write_is_posted_and_over(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_64);

	(void)state;
	CODE(m, 0x89, 0x43, 0x10); /* mov [rbx + 0x10], eax */
	m->gpr[EMUL_RBX] = DEV_HIGH;
	m->gpr[EMUL_RAX] = 0x1122334455667788;
	assert_int_equal(step(m), EMUL_POSTED);
	assert_int_equal(m->ctx.rip, 0x1003);
	assert_false(m->ctx.active);
	assert_int_equal(m->ctx.pending.kind, EMUL_PEND_MMIO_WRITE);
	assert_int_equal(m->ctx.pending.gpa, DEV_GPA + 0x10);
	assert_int_equal(m->ctx.pending.size, 4);
	assert_memory_equal(m->ctx.pending.data, "\x88\x77\x66\x55\0\0\0\0", 8);
	assert_int_equal(m->operand_acc, EMUL_ACC_WRITE | EMUL_ACC_OPERAND);
}

static void mmio_read_waits_for_its_answer(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_64);

	(void)state;
	CODE(m, 0x0f, 0xb7, 0x03); /* movzx eax, word [rbx] */
	m->gpr[EMUL_RBX] = DEV_HIGH + 6;
	m->gpr[EMUL_RAX] = ~0ULL;
	assert_int_equal(step(m), EMUL_PENDING);
	assert_true(m->ctx.active);
	assert_int_equal(m->ctx.rip, 0x1000);
	assert_int_equal(m->gpr[EMUL_RAX], ~0ULL);
	assert_int_equal(m->ctx.pending.kind, EMUL_PEND_MMIO_READ);
	assert_int_equal(m->ctx.pending.size, 2);
	/* Rubbish above the size must not get through. */
	memcpy(emul_pending_data(&m->ctx), "\x34\x12\xff\xff\xff\xff\xff\xff", 8);
	assert_int_equal(step(m), EMUL_DONE);
	assert_int_equal(m->gpr[EMUL_RAX], 0x1234);
	assert_int_equal(m->ctx.rip, 0x1003);
	assert_int_equal(m->reads, 1);
}

static void read_modify_write_reads_once(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_64);

	(void)state;
	CODE(m, 0x83, 0x0b, 0x81); /* or dword [rbx], -127 */
	m->gpr[EMUL_RBX] = DEV_HIGH;
	assert_int_equal(step(m), EMUL_PENDING);
	assert_int_equal(m->ctx.pending.kind, EMUL_PEND_MMIO_READ);
	memcpy(m->ctx.pending.data, "\x02\0\0\0", 4);
	assert_int_equal(step(m), EMUL_POSTED);
	assert_int_equal(m->ctx.pending.kind, EMUL_PEND_MMIO_WRITE);
	assert_memory_equal(m->ctx.pending.data, "\x83\xff\xff\xff\0\0\0\0", 8);
	assert_int_equal(m->reads, 1);
	assert_int_equal(m->writes, 1);
	assert_true(m->ctx.rflags & X86_EFLAGS_SF);
}

static void locked_mmio_is_read_and_written(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_64);

	(void)state;
	CODE(m, 0xf0, 0x0f, 0xc1, 0x0b); /* lock xadd [rbx], ecx */
	m->gpr[EMUL_RBX] = DEV_HIGH + 8;
	m->gpr[EMUL_RCX] = 5;
	assert_int_equal(step(m), EMUL_PENDING);
	memcpy(m->ctx.pending.data, "\x10\0\0\0", 4);
	assert_int_equal(step(m), EMUL_POSTED);
	assert_memory_equal(m->ctx.pending.data, "\x15\0\0\0", 4);
	assert_int_equal(m->gpr[EMUL_RCX], 0x10);
}

static void failed_cmpxchg_writes_the_old_value_back(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_64);

	(void)state;
	CODE(m, 0x0f, 0xb1, 0x0b); /* cmpxchg [rbx], ecx */
	m->gpr[EMUL_RBX] = DEV_HIGH;
	m->gpr[EMUL_RAX] = 1;
	m->gpr[EMUL_RCX] = 2;
	assert_int_equal(step(m), EMUL_PENDING);
	m->ctx.pending.data[0] = 3;
	assert_int_equal(step(m), EMUL_POSTED);
	assert_int_equal(m->ctx.pending.kind, EMUL_PEND_MMIO_WRITE);
	assert_int_equal(m->ctx.pending.data[0], 3);
	assert_int_equal(m->gpr[EMUL_RAX], 3);
	assert_false(m->ctx.rflags & X86_EFLAGS_ZF);
}

static void call_on_a_device_stack_is_restarted_right(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_64);

	(void)state;
	CODE(m, 0xe8, 0xf0, 0, 0, 0); /* call +0xf0 */
	m->gpr[EMUL_RSP] = DEV_HIGH + 0x1004;
	assert_int_equal(step(m), EMUL_PENDING);
	assert_int_equal(m->ctx.pending.size, 4);
	assert_memory_equal(m->ctx.pending.data, "\x05\x10\0\0", 4);
	assert_int_equal(m->gpr[EMUL_RSP], DEV_HIGH + 0x1004);
	assert_int_equal(step(m), EMUL_POSTED);
	assert_int_equal(m->ctx.pending.data[0], 0);
	assert_int_equal(m->ctx.rip, 0x10f5);
	assert_int_equal(m->gpr[EMUL_RSP], DEV_HIGH + 0xffc);
}

static void locked_pair_on_mmio_goes_in_halves(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_64);

	(void)state;
	CODE(m, 0xf0, 0x48, 0x0f, 0xc7, 0x0e); /* lock cmpxchg16b [rsi] */
	m->gpr[EMUL_RSI] = DEV_HIGH + 0x20;
	m->gpr[EMUL_RAX] = 1;
	m->gpr[EMUL_RDX] = 2;
	m->gpr[EMUL_RBX] = 3;
	m->gpr[EMUL_RCX] = 4;
	for (u64 half = 1; half <= 2; half++) {
		assert_int_equal(step(m), EMUL_PENDING);
		assert_int_equal(m->ctx.pending.kind, EMUL_PEND_MMIO_READ);
		memcpy(m->ctx.pending.data, &half, 8);
	}
	assert_int_equal(step(m), EMUL_PENDING);
	assert_int_equal(m->ctx.pending.kind, EMUL_PEND_MMIO_WRITE);
	assert_int_equal(m->ctx.pending.gpa, DEV_GPA + 0x20);
	assert_int_equal(m->ctx.pending.data[0], 3);
	assert_int_equal(step(m), EMUL_POSTED);
	assert_int_equal(m->ctx.pending.gpa, DEV_GPA + 0x28);
	assert_int_equal(m->ctx.pending.data[0], 4);
	assert_true(m->ctx.rflags & X86_EFLAGS_ZF);
	assert_int_equal(m->ctx.rip, 0x1005);
}

static void access_over_two_pages_is_two_accesses(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_64);

	(void)state;
	/* RAM ends at 0x5fff; let the device be behind it by way of the high window. */
	CODE(m, 0x48, 0x89, 0x03); /* mov [rbx], rax */
	m->gpr[EMUL_RAX] = 0x8877665544332211;
	m->gpr[EMUL_RBX] = DEV_LOW + 0xffd;
	/* Second page absent: nothing of the first may be written. */
	assert_fault(m, step(m), 14, 2);
	assert_int_equal(m->ctx.exception.cr2, DEV_LOW + 0x1000);
	assert_int_equal(m->writes, 0);

	m->gpr[EMUL_RBX] = 0x2ffd;
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->writes, 2);
	assert_int_equal(ram64(m, 0x2ffd), 0x8877665544332211);
	assert_int_equal(m->operand_acc, 0);

	CODE(m, 0, 0, 0);
	m->ctx.rip = 0x1100;
	CODE(m, 0x48, 0x8b, 0x0b); /* mov rcx, [rbx] */
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->gpr[EMUL_RCX], 0x8877665544332211);
}

static void vector_store_to_mmio_goes_in_eights(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_64);

	(void)state;
	CODE(m, 0xc5, 0xfe, 0x7f, 0x13); /* vmovdqu [rbx], ymm2 */
	for (int i = 0; i < 32; i++)
		m->vec[2][i] = i;
	m->gpr[EMUL_RBX] = DEV_HIGH + 0x40;
	for (int piece = 0; piece < 4; piece++) {
		assert_int_equal(step(m), piece < 3 ? EMUL_PENDING : EMUL_POSTED);
		assert_int_equal(m->ctx.pending.gpa, DEV_GPA + 0x40 + 8 * piece);
		assert_int_equal(m->ctx.pending.size, 8);
		assert_int_equal(m->ctx.pending.data[0], 8 * piece);
	}
	assert_int_equal(m->writes, 4);
}

static void vector_loads_and_stores_move_the_right_bytes(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_64);

	(void)state;
	memset(m->vec[1], 0xee, 32);
	m->gpr[EMUL_RBX] = 0x2000;
	set_ram64(m, 0x2000, 0x1111111111111111);
	set_ram64(m, 0x2008, 0x2222222222222222);
	CODE(m, 0x0f, 0x28, 0x0b); /* movaps xmm1, [rbx] */
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_memory_equal(m->vec[1], ram(m, 0x2000), 16);
	assert_int_equal(m->vec[1][16], 0xee);

	m->ctx.rip = 0x1000;
	CODE(m, 0xc5, 0xf8, 0x10, 0x0b); /* vmovups xmm1, [rbx]: upper half cleared */
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->vec[1][16], 0);

	m->ctx.rip = 0x1000;
	CODE(m, 0xf3, 0x0f, 0x7e, 0x0b); /* movq xmm1, [rbx]: high quadword cleared */
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->vec[1][7], 0x11);
	assert_int_equal(m->vec[1][8], 0);

	m->ctx.rip = 0x1000;
	CODE(m, 0x66, 0x0f, 0x7e, 0x4b, 0x08); /* movd [rbx + 8], xmm1 */
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(ram64(m, 0x2008), 0x2222222211111111);

	m->ctx.rip = 0x1000;
	m->gpr[EMUL_RBX] = 0x2004;
	CODE(m, 0x66, 0x0f, 0x6f, 0x0b); /* movdqa wants alignment */
	assert_fault(m, fresh(m), 13, 0);
	m->cr[0] |= X86_CR0_TS;
	assert_int_equal(fresh(m), EMUL_FAULT);
	assert_int_equal(m->ctx.exception.vector, EMUL_NM);
	m->cr[4] = 0;
	assert_int_equal(fresh(m), EMUL_FAULT);
	assert_int_equal(m->ctx.exception.vector, EMUL_UD_VECTOR);
}

/* ---- faults leave no trace ---- */

static void fault_in_second_access_changes_nothing(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_64);
	u64 before[16];

	(void)state;
	CODE(m, 0x8f, 0x03); /* pop [rbx] */
	m->gpr[EMUL_RSP] = 0x2000;
	m->gpr[EMUL_RBX] = 0x40000;
	memcpy(before, m->gpr, sizeof(before));
	assert_fault(m, step(m), 14, 2);
	assert_memory_equal(before, m->gpr, sizeof(before));
	assert_int_equal(m->ctx.rip, 0x1000);

	CODE(m, 0xff, 0x13); /* call [rbx], stack not there */
	m->gpr[EMUL_RBX] = 0x2000;
	m->gpr[EMUL_RSP] = 0x40000;
	set_ram64(m, 0x2000, 0x3000);
	memcpy(before, m->gpr, sizeof(before));
	assert_fault(m, fresh(m), 14, 2);
	assert_memory_equal(before, m->gpr, sizeof(before));
	assert_int_equal(m->ctx.rip, 0x1000);

	CODE(m, 0x48, 0xa5); /* movsq */
	m->gpr[EMUL_RSI] = 0x2000;
	m->gpr[EMUL_RDI] = 0x40000;
	memcpy(before, m->gpr, sizeof(before));
	assert_fault(m, fresh(m), 14, 2);
	assert_memory_equal(before, m->gpr, sizeof(before));

	CODE(m, 0x00,
	     0x0b); /* add [rbx], cl on a read-only page: the read half faults as a write */
	m->gpr[EMUL_RCX] = 1;
	m->read_only_page = 2;
	u64 flags = m->ctx.rflags;

	assert_fault(m, fresh(m), 14, 2);
	assert_int_equal(m->ctx.rflags, flags);
	assert_int_equal(m->writes, 3); /* those above that faulted; none was tried here */
}

static void rep_fault_keeps_finished_iterations(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_64);

	(void)state;
	CODE(m, 0xf3, 0x48, 0xab); /* rep stosq, running off the end of RAM */
	m->gpr[EMUL_RDI] = RAM_SIZE - 16;
	m->gpr[EMUL_RCX] = 5;
	m->gpr[EMUL_RAX] = 0xabab;
	assert_fault(m, step(m), 14, 2);
	assert_int_equal(m->gpr[EMUL_RCX], 3);
	assert_int_equal(m->gpr[EMUL_RDI], RAM_SIZE);
	assert_int_equal(m->ctx.rip, 0x1000);
	assert_int_equal(ram64(m, RAM_SIZE - 8), 0xabab);
}

static void lost_race_is_tried_again(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_64);

	(void)state;
	CODE(m, 0xf0, 0x48, 0xff, 0x03); /* lock inc qword [rbx] */
	m->gpr[EMUL_RBX] = 0x2000;
	m->lose_race = true;
	assert_int_equal(step(m), EMUL_RETRY);
	assert_int_equal(m->ctx.rip, 0x1000);
	assert_false(m->ctx.active);
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(ram64(m, 0x2000), 1);
	assert_int_equal(m->exchanges, 2);
	/* XCHG is locked without a prefix. */
	m->ctx.rip = 0x1000;
	CODE(m, 0x48, 0x87, 0x0b);
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->exchanges, 3);
}

/* ---- string instructions ---- */

static void rep_movs_to_mmio_is_one_access_each(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_64);

	(void)state;
	CODE(m, 0xf3, 0xa5); /* rep movsd */
	m->gpr[EMUL_RSI] = 0x2000;
	m->gpr[EMUL_RDI] = DEV_HIGH;
	m->gpr[EMUL_RCX] = 3;
	for (int i = 0; i < 3; i++) {
		ram(m, 0x2000)[4 * i] = i + 1;
		assert_int_equal(step(m), i < 2 ? EMUL_PENDING : EMUL_POSTED);
		assert_int_equal(m->ctx.pending.gpa, DEV_GPA + 4 * i);
		assert_int_equal(m->ctx.pending.data[0], i + 1);
		/* Registers stand behind the unit that is out. */
		assert_int_equal(m->gpr[EMUL_RCX], 2 - i);
		assert_int_equal(m->gpr[EMUL_RSI], 0x2004 + 4 * i);
	}
	assert_int_equal(m->ctx.rip, 0x1002);
	assert_int_equal(m->reads, 3);
}

static void movs_between_devices_repeats_nothing(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_64);

	(void)state;
	CODE(m, 0xf3, 0xa4); /* rep movsb */
	m->gpr[EMUL_RSI] = DEV_HIGH;
	m->gpr[EMUL_RDI] = DEV_HIGH + 0x80;
	m->gpr[EMUL_RCX] = 2;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(step(m), EMUL_PENDING);
		assert_int_equal(m->ctx.pending.kind, EMUL_PEND_MMIO_READ);
		assert_int_equal(m->ctx.pending.gpa, DEV_GPA + i);
		m->ctx.pending.data[0] = 0x40 + i;
		assert_int_equal(step(m), i ? EMUL_POSTED : EMUL_PENDING);
		assert_int_equal(m->ctx.pending.kind, EMUL_PEND_MMIO_WRITE);
		assert_int_equal(m->ctx.pending.gpa, DEV_GPA + 0x80 + i);
		assert_int_equal(m->ctx.pending.data[0], 0x40 + i);
	}
	assert_int_equal(m->reads, 2);
	assert_int_equal(m->writes, 2);
}

static void long_rep_comes_up_for_air(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_64);
	unsigned int retries = 0;
	enum emul_result res;

	(void)state;
	CODE(m, 0xf3, 0xaa); /* rep stosb */
	m->gpr[EMUL_RDI] = 0x2000;
	m->gpr[EMUL_RCX] = 0x3000;
	while ((res = fresh(m)) == EMUL_RETRY) {
		assert_int_equal(m->ctx.rip, 0x1000);
		retries++;
	}
	assert_int_equal(res, EMUL_DONE);
	assert_int_equal(retries, (0x3000 - 1) / EMUL_REP_MAX);
	assert_int_equal(m->gpr[EMUL_RDI], 0x5000);
}

static void string_addresses_wrap_at_their_size(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_16);

	(void)state;
	m->seg[EMUL_SEG_ES].base = HIGH_RAM - 0xfffe; /* so that ES:FFFE is there */
	CODE(m, 0xf3, 0xab);			      /* rep stosw */
	m->gpr[EMUL_RDI] = 0xdead0000 | 0xfffe;
	m->gpr[EMUL_RCX] = 0xbeef0001;
	assert_int_equal(step(m), EMUL_DONE);
	assert_int_equal(m->gpr[EMUL_RDI], 0xdead0000);
	assert_int_equal(m->gpr[EMUL_RCX], 0xbeef0000);
	/* A word at FFFF does not wrap: it is beyond the limit. */
	m->ctx.rip = 0x1000;
	m->gpr[EMUL_RDI] = 0xffff;
	m->gpr[EMUL_RCX] = 1;
	assert_fault(m, fresh(m), 13, 0);
}

static void rep_with_trap_flag_stops_each_time(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_64);

	(void)state;
	CODE(m, 0xf3, 0xaa);
	m->gpr[EMUL_RDI] = 0x2000;
	m->gpr[EMUL_RCX] = 2;
	m->ctx.rflags |= X86_EFLAGS_TF;
	assert_int_equal(step(m), EMUL_DONE);
	assert_true(m->ctx.tf_trap);
	assert_int_equal(m->ctx.rip, 0x1000);
	assert_int_equal(m->gpr[EMUL_RCX], 1);
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_true(m->ctx.tf_trap);
	assert_int_equal(m->ctx.rip, 0x1002);
}

/* ---- ports ---- */

static void port_in_and_out(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_64);

	(void)state;
	CODE(m, 0xed); /* in eax, dx */
	m->gpr[EMUL_RDX] = 0x510;
	m->gpr[EMUL_RAX] = ~0ULL;
	assert_int_equal(step(m), EMUL_PENDING);
	assert_int_equal(m->ctx.pending.kind, EMUL_PEND_PIO_IN);
	assert_int_equal(m->ctx.pending.port, 0x510);
	assert_int_equal(m->ctx.pending.size, 4);
	memcpy(emul_pending_data(&m->ctx), "\x01\x02\x03\x04", 4);
	assert_int_equal(step(m), EMUL_DONE);
	assert_int_equal(m->gpr[EMUL_RAX], 0x04030201);

	CODE(m, 0xe6, 0x80); /* out 0x80, al */
	assert_int_equal(fresh(m), EMUL_POSTED);
	assert_int_equal(m->ctx.pending.port, 0x80);
	assert_int_equal(m->ctx.pending.size, 1);
	assert_int_equal(m->ctx.pending.data[0], 1);
	assert_int_equal(m->ctx.rip, 0x1003);
}

static void rep_ins_comes_in_batches(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_64);
	u8 *buf;

	(void)state;
	CODE(m, 0xf3, 0x66, 0x6d); /* rep insw */
	m->gpr[EMUL_RDX] = 0x1f0;
	m->gpr[EMUL_RDI] = 0x2ff0;
	m->gpr[EMUL_RCX] = 20;
	assert_int_equal(step(m), EMUL_PENDING);
	assert_true(m->ctx.pending.in_pio_buf);
	assert_int_equal(m->ctx.pending.count, 8); /* up to the end of the page */
	assert_int_equal(m->ctx.pending.size, 2);
	assert_int_equal(m->gpr[EMUL_RCX], 20);
	buf = emul_pending_data(&m->ctx);
	for (int i = 0; i < 16; i++)
		buf[i] = i;
	assert_int_equal(step(m), EMUL_PENDING);
	assert_int_equal(m->ctx.pending.count, 12);
	assert_int_equal(m->gpr[EMUL_RCX], 12);
	assert_int_equal(m->gpr[EMUL_RDI], 0x3000);
	assert_int_equal(ram(m, 0x2fff)[0], 15);
	for (int i = 0; i < 24; i++)
		buf[i] = 0x80 + i;
	assert_int_equal(step(m), EMUL_DONE);
	assert_int_equal(ram(m, 0x3000)[23], 0x97);
	assert_int_equal(m->gpr[EMUL_RCX], 0);
	assert_int_equal(m->ctx.rip, 0x1003);
	assert_int_equal(m->writes, 2);
}

static void rep_ins_backwards_and_to_a_device(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_64);

	(void)state;
	CODE(m, 0xf3, 0x6c); /* rep insb */
	m->gpr[EMUL_RDX] = 0x10;
	m->gpr[EMUL_RDI] = 0x2003;
	m->gpr[EMUL_RCX] = 4;
	m->ctx.rflags |= X86_EFLAGS_DF;
	m->ports_inside = true;
	assert_int_equal(step(m), EMUL_DONE);
	assert_memory_equal(ram(m, 0x2000), "\x13\x12\x11\x10", 4);
	assert_int_equal(m->gpr[EMUL_RDI], 0x1fff);

	m->ctx.rip = 0x1000;
	m->ctx.rflags = X86_EFLAGS_FIXED;
	m->gpr[EMUL_RDI] = DEV_HIGH;
	m->gpr[EMUL_RCX] = 2;
	assert_int_equal(fresh(m), EMUL_PENDING);
	assert_int_equal(m->ctx.pending.kind, EMUL_PEND_MMIO_WRITE);
	assert_int_equal(m->ctx.pending.data[0], 0x10);
	assert_int_equal(step(m), EMUL_POSTED);
	assert_int_equal(m->ctx.pending.gpa, DEV_GPA + 1);
}

static void ins_checks_its_destination_first(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_64);

	(void)state;
	CODE(m, 0x6c); /* insb */
	m->gpr[EMUL_RDI] = 0x40000;
	assert_fault(m, step(m), 14, 2); /* and not PENDING */
	m->gpr[EMUL_RDI] = 0x2000;
	m->read_only_page = 2;
	assert_fault(m, fresh(m), 14, 2);
}

static void rep_outs_goes_out_in_batches(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_64);

	(void)state;
	CODE(m, 0xf3, 0x6f); /* rep outsd */
	m->gpr[EMUL_RDX] = 0x1f0;
	m->gpr[EMUL_RSI] = 0x2ff8;
	m->gpr[EMUL_RCX] = 4;
	for (int i = 0; i < 16; i++)
		ram(m, 0x2ff8)[i] = i;
	assert_int_equal(step(m), EMUL_PENDING);
	assert_int_equal(m->ctx.pending.kind, EMUL_PEND_PIO_OUT);
	assert_int_equal(m->ctx.pending.count, 2);
	assert_memory_equal(emul_pending_data(&m->ctx), "\0\1\2\3\4\5\6\7", 8);
	assert_int_equal(m->gpr[EMUL_RCX], 2);
	assert_int_equal(step(m), EMUL_POSTED);
	assert_int_equal(m->ctx.pending.count, 2);
	assert_memory_equal(emul_pending_data(&m->ctx), "\10\11\12\13\14\15\16\17", 8);
	assert_int_equal(m->ctx.rip, 0x1002);
	/* From a device: unit by unit, each read and then sent. */
	m->ctx.rip = 0x1000;
	m->gpr[EMUL_RSI] = DEV_HIGH;
	m->gpr[EMUL_RCX] = 1;
	assert_int_equal(fresh(m), EMUL_PENDING);
	assert_int_equal(m->ctx.pending.kind, EMUL_PEND_MMIO_READ);
	m->ctx.pending.data[0] = 0x77;
	assert_int_equal(step(m), EMUL_POSTED);
	assert_int_equal(m->ctx.pending.kind, EMUL_PEND_PIO_OUT);
	assert_int_equal(m->ctx.pending.data[0], 0x77);
}

static void io_permission_bitmap_is_obeyed(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_32);

	(void)state;
	CODE(m, 0xec); /* in al, dx */
	m->ports_inside = true;
	m->ctx.cpl = 3;
	m->seg[EMUL_SEG_TR] = (struct kvm_segment){
		.base = 0x3000, .limit = 0x68 + 0x20, .type = 11, .present = 1};
	ram(m, 0x3066)[0] = 0x68;
	m->gpr[EMUL_RDX] = 0x61;
	assert_int_equal(step(m), EMUL_DONE);
	ram(m, 0x3068)[0x61 / 8] = 1 << (0x61 & 7);
	m->ctx.rip = 0x1000;
	assert_fault(m, fresh(m), 13, 0);
	m->gpr[EMUL_RDX] = 0x100; /* beyond the TSS limit */
	assert_fault(m, fresh(m), 13, 0);
	/* The check's own reads must not confuse the accesses of the instruction. */
	m->ports_inside = false;
	m->gpr[EMUL_RDX] = 0x62;
	assert_int_equal(fresh(m), EMUL_PENDING);
	m->ctx.pending.data[0] = 0x99;
	assert_int_equal(step(m), EMUL_DONE);
	assert_int_equal(m->gpr[EMUL_RAX] & 0xff, 0x99);
	m->ctx.rip = 0x1000;
	m->ctx.io_checked = true;
	m->gpr[EMUL_RDX] = 0x61;
	assert_int_equal(step(m), EMUL_PENDING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mmio_write_is_posted_and_over),
		cmocka_unit_test(mmio_read_waits_for_its_answer),
		cmocka_unit_test(read_modify_write_reads_once),
		cmocka_unit_test(locked_mmio_is_read_and_written),
		cmocka_unit_test(failed_cmpxchg_writes_the_old_value_back),
		cmocka_unit_test(call_on_a_device_stack_is_restarted_right),
		cmocka_unit_test(locked_pair_on_mmio_goes_in_halves),
		cmocka_unit_test(access_over_two_pages_is_two_accesses),
		cmocka_unit_test(vector_store_to_mmio_goes_in_eights),
		cmocka_unit_test(vector_loads_and_stores_move_the_right_bytes),
		cmocka_unit_test(fault_in_second_access_changes_nothing),
		cmocka_unit_test(rep_fault_keeps_finished_iterations),
		cmocka_unit_test(lost_race_is_tried_again),
		cmocka_unit_test(rep_movs_to_mmio_is_one_access_each),
		cmocka_unit_test(movs_between_devices_repeats_nothing),
		cmocka_unit_test(long_rep_comes_up_for_air),
		cmocka_unit_test(string_addresses_wrap_at_their_size),
		cmocka_unit_test(rep_with_trap_flag_stops_each_time),
		cmocka_unit_test(port_in_and_out),
		cmocka_unit_test(rep_ins_comes_in_batches),
		cmocka_unit_test(rep_ins_backwards_and_to_a_device),
		cmocka_unit_test(ins_checks_its_destination_first),
		cmocka_unit_test(rep_outs_goes_out_in_batches),
		cmocka_unit_test(io_permission_bitmap_is_obeyed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
