/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The emulator's fetching, segments, control transfers and system
 * instructions in real, protected and long mode.
 */
#include "emul_machine.h"

/* ---- fetch ---- */

static void instruction_over_two_pages_is_fetched(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_64);

	(void)state;
	m->ctx.rip = 0x1ffd;
	CODE(m, 0x48, 0xc7, 0xc0, 0x44, 0x33, 0x22, 0x11); /* mov rax, 0x11223344 */
	assert_int_equal(step(m), EMUL_DONE);
	assert_int_equal(m->gpr[EMUL_RAX], 0x11223344);
	assert_int_equal(m->ctx.rip, 0x2004);
	/* A short one at the end does not touch an absent next page. */
	m->ctx.rip = 0x1fff;
	CODE(m, 0xf8);
	m->absent_page = 2;
	assert_int_equal(fresh(m), EMUL_DONE);
	m->ctx.rip = 0x1ffd;
	CODE(m, 0x48, 0xc7, 0xc0);
	assert_fault(m, fresh(m), 14, 0);
	assert_int_equal(m->ctx.exception.cr2, 0x2000);
}

static void bad_instructions_are_exceptions(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_64);

	(void)state;
	CODE(m, 0x06); /* push es */
	assert_int_equal(fresh(m), EMUL_FAULT);
	assert_int_equal(m->ctx.exception.vector, EMUL_UD_VECTOR);
	CODE(m, 0x0f, 0x0b); /* ud2 */
	assert_int_equal(fresh(m), EMUL_FAULT);
	assert_int_equal(m->ctx.exception.vector, EMUL_UD_VECTOR);
	CODE(m, 0xf0, 0x89, 0x03); /* lock mov */
	assert_int_equal(fresh(m), EMUL_FAULT);
	assert_int_equal(m->ctx.exception.vector, EMUL_UD_VECTOR);
	CODE(m, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
	     0x66, 0x90);
	assert_fault(m, fresh(m), 13, 0);
	CODE(m, 0xd9, 0xe8); /* fld1: known, not emulated */
	assert_int_equal(fresh(m), EMUL_UNHANDLED);
	assert_int_equal(m->ctx.nbytes, 15);
	assert_int_equal(m->ctx.rip, 0x1000);
}

static void same_bytes_in_another_mode_are_decoded_anew(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_64);

	(void)state;
	CODE(m, 0x40, 0x90); /* 64-bit: rex nop; 32-bit: inc eax */
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->ctx.rip, 0x1002);
	m->ctx.mode = EMUL_MODE_32;
	m->ctx.rip = 0x1000;
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->ctx.rip, 0x1001);
	assert_int_equal(m->gpr[EMUL_RAX], 1);
}

/* ---- segments ---- */

static void limits_and_types_are_checked(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_32);

	(void)state;
	CODE(m, 0x8b, 0x03); /* mov eax, [ebx] */
	m->seg[EMUL_SEG_DS].limit = 0x2003;
	m->gpr[EMUL_RBX] = 0x2000;
	assert_int_equal(fresh(m), EMUL_DONE);
	m->ctx.rip = 0x1000;
	m->gpr[EMUL_RBX] = 0x2001;
	assert_fault(m, fresh(m), 13, 0);
	/* Expand down: valid above the limit. */
	m->seg[EMUL_SEG_DS].type = 7;
	assert_fault(m, fresh(m), 13, 0);
	m->seg[EMUL_SEG_DS].limit = 0x2003;
	m->gpr[EMUL_RBX] = 0x2003;
	assert_fault(m, fresh(m), 13, 0);
	m->gpr[EMUL_RBX] = 0x2004;
	assert_int_equal(fresh(m), EMUL_DONE);
	/* Read-only data. */
	CODE(m, 0x89, 0x03); /* mov [ebx], eax */
	m->seg[EMUL_SEG_DS] = (struct kvm_segment){.limit = ~0u, .type = 1, .present = 1, .s = 1};
	assert_fault(m, fresh(m), 13, 0);
	m->seg[EMUL_SEG_DS].unusable = 1;
	m->ctx.rip = 0x1000;
	assert_fault(m, fresh(m), 13, 0);
	/* The stack has its own vector. */
	CODE(m, 0x8b, 0x45, 0x00); /* mov eax, [ebp] */
	m->seg[EMUL_SEG_SS].limit = 0xfff;
	m->gpr[EMUL_RBP] = 0x1000;
	assert_fault(m, fresh(m), 12, 0);
}

static void stack_registers_go_with_the_stack_segment(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_32);

	(void)state;
	m->seg[EMUL_SEG_SS].base = 0x1000;
	m->gpr[EMUL_RSP] = m->gpr[EMUL_RBP] = m->gpr[EMUL_RBX] = 0x2000;
	ram(m, 0x2004)[0] = 1; /* DS */
	ram(m, 0x3004)[0] = 2; /* SS */
	/* mov eax, [esp + 4]; mov ecx, [ebp + 4]; mov edx, [ebx + 4]; mov esi, ds:[ebp + 4] */
	CODE(m, 0x8b, 0x44, 0x24, 0x04, 0x8b, 0x4d, 0x04, 0x8b, 0x53, 0x04, 0x3e, 0x8b, 0x75, 0x04);
	for (int i = 0; i < 4; i++)
		assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->gpr[EMUL_RAX], 2);
	assert_int_equal(m->gpr[EMUL_RCX], 2);
	assert_int_equal(m->gpr[EMUL_RDX], 1);
	assert_int_equal(m->gpr[EMUL_RSI], 1);
}

/* All eight 16-bit forms: base and index registers, default segment. */
static void sixteen_bit_addressing(void **state)
{
	static const struct {
		u8 base, index;
		bool stack;
	} forms[8] = {{EMUL_RBX, EMUL_RSI, false}, {EMUL_RBX, EMUL_RDI, false},
		      {EMUL_RBP, EMUL_RSI, true},  {EMUL_RBP, EMUL_RDI, true},
		      {EMUL_RSI, 0, false},	   {EMUL_RDI, 0, false},
		      {EMUL_RBP, 0, true},	   {EMUL_RBX, 0, false}};

	(void)state;
	for (u8 rm = 0; rm < 8; rm++) {
		struct machine *m = new_machine(EMUL_MODE_16);
		u8 code[] = {0x8a, 0x40 | rm, 0xf0}; /* mov al, [form - 16] */

		m->seg[EMUL_SEG_SS].base = 0x1000;
		m->seg[EMUL_SEG_DS].base = 0x2000;
		m->gpr[forms[rm].base] = 0xabcd0000 | 0xfff8; /* wraps with the index */
		if (forms[rm].index)
			m->gpr[forms[rm].index] = 0x120;
		else
			m->gpr[forms[rm].base] = 0x118;
		memcpy(ram(m, m->ctx.rip), code, sizeof(code));
		ram(m, 0x1108)[0] = 1;
		ram(m, 0x2108)[0] = 2;
		assert_int_equal(step(m), EMUL_DONE);
		assert_int_equal(m->gpr[EMUL_RAX] & 0xff, forms[rm].stack ? 1 : 2);
	}
}

static void non_canonical_addresses_fault(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_64);

	(void)state;
	CODE(m, 0x8b, 0x03);
	m->gpr[EMUL_RBX] = 0x0000800000000000;
	assert_fault(m, fresh(m), 13, 0);
	m->gpr[EMUL_RBX] = 0x00007ffffffffffe;
	assert_fault(m, fresh(m), 13, 0);
	m->ctx.va_bits = 57;
	m->gpr[EMUL_RBX] = 0x0000800000000000;
	assert_fault(m, fresh(m), 14, 0);
	m->ctx.va_bits = 48;
	CODE(m, 0x8b, 0x45, 0x00);
	m->gpr[EMUL_RBP] = 1ULL << 63;
	assert_fault(m, fresh(m), 12, 0);
	CODE(m, 0xff, 0xe0); /* jmp rax */
	m->gpr[EMUL_RAX] = 1ULL << 63;
	assert_fault(m, fresh(m), 13, 0);
}

static void fs_and_gs_have_bases_in_64_bit_mode(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_64);

	(void)state;
	m->seg[EMUL_SEG_GS].base = 0x2000;
	m->seg[EMUL_SEG_DS].base = 0x77777000;			    /* ignored */
	CODE(m, 0x65, 0x3e, 0x48, 0x8b, 0x04, 0x25, 0x10, 0, 0, 0); /* mov rax, gs:[0x10] */
	set_ram64(m, 0x2010, 0x1234);
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->gpr[EMUL_RAX], 0x1234);
}

static void real_mode_segments_load_without_descriptors(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_16);

	(void)state;
	CODE(m, 0x8e, 0xc0); /* mov es, ax */
	m->gpr[EMUL_RAX] = 0x1234;
	m->seg[EMUL_SEG_ES].limit = 0xffffffff; /* unreal mode stays */
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->seg[EMUL_SEG_ES].base, 0x12340);
	assert_int_equal(m->seg[EMUL_SEG_ES].selector, 0x1234);
	assert_int_equal(m->seg[EMUL_SEG_ES].limit, 0xffffffff);
	m->ctx.rip = 0x1000;
	CODE(m, 0x8e, 0xd0); /* mov ss, ax: no trap and no interrupt behind it */
	m->ctx.rflags |= X86_EFLAGS_TF;
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->ctx.shadow, EMUL_SHADOW_MOV_SS);
	assert_false(m->ctx.tf_trap);
	m->ctx.rip = 0x1000;
	CODE(m, 0x8e, 0xc8); /* mov cs, ax */
	assert_int_equal(fresh(m), EMUL_FAULT);
	assert_int_equal(m->ctx.exception.vector, EMUL_UD_VECTOR);
}

/* Descriptor: base 0, limit 4 GiB, access byte and flags nibble given. */
static void set_desc(struct machine *m, u16 selector, u8 access, u8 flags)
{
	set_ram64(m, m->gdt.base + (selector & ~7),
		  0xffff | (u64)access << 40 | 0xfULL << 48 | (u64)flags << 52);
}

static void descriptor_rules_of_segment_loads(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_32);

	(void)state;
	m->gdt = (struct emul_dtr){.base = 0x4000, .limit = 0x3f};
	set_desc(m, 0x10, 0x92, 0xc); /* data, not accessed */
	set_desc(m, 0x18, 0x12, 0xc); /* data, not present */
	set_desc(m, 0x20, 0x98, 0xc); /* code, execute only */
	set_desc(m, 0x28, 0xf2, 0xc); /* data, DPL 3 */
	CODE(m, 0x8e, 0xd8);	      /* mov ds, eax */
	m->gpr[EMUL_RAX] = 0x10;
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->seg[EMUL_SEG_DS].limit, 0xffffffff);
	assert_int_equal(m->seg[EMUL_SEG_DS].type, 3);
	assert_int_equal(ram(m, 0x4015)[0], 0x93); /* accessed bit written back */
	m->ctx.rip = 0x1000;
	m->gpr[EMUL_RAX] = 0x18;
	assert_fault(m, fresh(m), EMUL_NP, 0x18);
	m->gpr[EMUL_RAX] = 0x20;
	assert_fault(m, fresh(m), EMUL_GP, 0x20);
	m->gpr[EMUL_RAX] = 0x13; /* RPL 3 on DPL 0 */
	assert_fault(m, fresh(m), EMUL_GP, 0x10);
	m->gpr[EMUL_RAX] = 0x40; /* beyond the table */
	assert_fault(m, fresh(m), EMUL_GP, 0x40);
	m->gpr[EMUL_RAX] = 0x14; /* LDT without an LDT */
	m->seg[EMUL_SEG_LDTR].unusable = 1;
	assert_fault(m, fresh(m), EMUL_GP, 0x14);
	assert_int_equal(m->seg[EMUL_SEG_DS].selector, 0x10);
	m->gpr[EMUL_RAX] = 0x3;
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->seg[EMUL_SEG_DS].unusable, 1);
	m->ctx.rip = 0x1000;
	CODE(m, 0x8e, 0xd0); /* mov ss, eax */
	m->gpr[EMUL_RAX] = 0;
	assert_fault(m, fresh(m), EMUL_GP, 0);
	m->gpr[EMUL_RAX] = 0x28;
	assert_fault(m, fresh(m), EMUL_GP, 0x28);
	m->gpr[EMUL_RAX] = 0x10;
	assert_int_equal(fresh(m), EMUL_DONE);
}

/* ---- stack, control ---- */

static void stack_width_is_that_of_ss(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_16);

	(void)state;
	CODE(m, 0x66, 0x50); /* push eax with SP: 4 bytes, 16-bit pointer wraps */
	m->seg[EMUL_SEG_SS].base = 0x2000;
	m->gpr[EMUL_RSP] = 0xaaaa0100;
	m->gpr[EMUL_RAX] = 0x11223344;
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->gpr[EMUL_RSP], 0xaaaa00fc);
	assert_int_equal(ram64(m, 0x20fc) & 0xffffffff, 0x11223344);
	m->ctx.rip = 0x1000;
	CODE(m, 0x60); /* pusha: the pushed SP is the old one */
	m->gpr[EMUL_RSP] = 0x100;
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->gpr[EMUL_RSP], 0xf0);
	assert_int_equal(ram(m, 0x20f6)[1], 1);
	m->ctx.rip = 0x1000;
	CODE(m, 0x61); /* popa */
	m->gpr[EMUL_RAX] = 0;
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->gpr[EMUL_RAX], 0x3344);
	assert_int_equal(m->gpr[EMUL_RSP], 0x100);
}

static void near_transfers(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_64);

	(void)state;
	m->gpr[EMUL_RSP] = 0x3000;
	CODE(m, 0xe8, 0xf0, 0, 0, 0); /* call +0xf0 */
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->ctx.rip, 0x10f5);
	assert_int_equal(ram64(m, 0x2ff8), 0x1005);
	CODE(m, 0xc2, 0x10, 0); /* ret 0x10 */
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->ctx.rip, 0x1005);
	assert_int_equal(m->gpr[EMUL_RSP], 0x3010);
	m->ctx.rip = 0x1000;
	CODE(m, 0xe2, 0xfe); /* loop to itself */
	m->gpr[EMUL_RCX] = 2;
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->ctx.rip, 0x1000);
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->ctx.rip, 0x1002);
	CODE(m, 0x74, 0x10); /* jz */
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->ctx.rip, 0x1004);
}

static void ip_wraps_in_16_bit_code(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_16);

	(void)state;
	m->seg[EMUL_SEG_CS].base = HIGH_RAM - 0xfff0;
	m->ctx.rip = 0xffff;
	CODE(m, 0xf8);
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->ctx.rip, 0);
	m->ctx.rip = 0xfffe;
	CODE(m, 0xeb, 0x05); /* jmp +5 */
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->ctx.rip, 5);
}

static void interrupt_flag_and_shadow(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_32);

	(void)state;
	CODE(m, 0xfb, 0xfb, 0xfa, 0x9c); /* sti; sti; cli; pushf */
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->ctx.shadow, EMUL_SHADOW_STI);
	assert_true(m->ctx.rflags & X86_EFLAGS_IF);
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->ctx.shadow, 0);
	m->ctx.cpl = 3;
	assert_fault(m, fresh(m), 13, 0);
	m->ctx.rflags |= X86_EFLAGS_IOPL;
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_false(m->ctx.rflags & X86_EFLAGS_IF);
	/* POPF at CPL 3 with IOPL 0 leaves IF and IOPL alone. */
	m->ctx.rip = 0x1000;
	m->ctx.rflags = X86_EFLAGS_FIXED;
	CODE(m, 0x9d);
	m->gpr[EMUL_RSP] = 0x2000;
	set_ram64(m, 0x2000, 0xffffffff);
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->ctx.rflags & (X86_EFLAGS_IF | X86_EFLAGS_IOPL | X86_EFLAGS_VM), 0);
	assert_true(m->ctx.rflags & X86_EFLAGS_CF);
}

static void real_mode_int_and_iret(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_16);

	(void)state;
	CODE(m, 0xcd, 0x10);
	ram(m, 0x40)[0] = 0x00;
	ram(m, 0x40)[1] = 0x02;
	ram(m, 0x40)[2] = 0x80; /* 0080:0200 */
	m->gpr[EMUL_RSP] = 0x5000;
	m->ctx.rflags |= X86_EFLAGS_IF | X86_EFLAGS_CF;
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->ctx.rip, 0x200);
	assert_int_equal(m->seg[EMUL_SEG_CS].base, 0x800);
	assert_false(m->ctx.rflags & X86_EFLAGS_IF);
	assert_true(m->ctx.far_branch);
	CODE(m, 0xcf); /* iret */
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->ctx.rip, 0x1002);
	assert_int_equal(m->seg[EMUL_SEG_CS].base, 0);
	assert_true(m->ctx.rflags & X86_EFLAGS_IF);
	assert_int_equal(m->gpr[EMUL_RSP], 0x5000);
}

static void far_transfers_between_code_segments(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_32);

	(void)state;
	m->gdt = (struct emul_dtr){.base = 0x4000, .limit = 0x3f};
	set_desc(m, 0x08, 0x9a, 0xc);
	set_desc(m, 0x10, 0x92, 0xc);
	set_desc(m, 0x18, 0xfa, 0xc); /* user code */
	set_desc(m, 0x20, 0xf2, 0xc); /* user data */
	m->gpr[EMUL_RSP] = 0x3000;
	m->seg[EMUL_SEG_CS].selector = 8;
	CODE(m, 0x9a, 0x00, 0x12, 0, 0, 0x08, 0); /* call 8:1200 */
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->ctx.rip, 0x1200);
	assert_int_equal(ram64(m, 0x2ff8), 8ULL << 32 | 0x1007);
	CODE(m, 0xcb); /* retf */
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->ctx.rip, 0x1007);
	assert_int_equal(m->gpr[EMUL_RSP], 0x3000);
	/* IRET to user code: stack switch, and DS of level 0 is dropped. */
	CODE(m, 0xcf);
	u32 frame[] = {0x1300, 0x1b, 0x202, 0x2800, 0x23};

	memcpy(ram(m, 0x3000), frame, sizeof(frame));
	m->seg[EMUL_SEG_DS].dpl = 0;
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->ctx.rip, 0x1300);
	assert_int_equal(m->ctx.cpl, 3);
	assert_int_equal(m->gpr[EMUL_RSP], 0x2800);
	assert_int_equal(m->seg[EMUL_SEG_SS].selector, 0x23);
	assert_int_equal(m->seg[EMUL_SEG_DS].unusable, 1);
	/* And user code can't jump back. */
	CODE(m, 0xea, 0, 0, 0, 0, 8, 0);
	assert_fault(m, fresh(m), 13, 8);
}

static void long_mode_iret_always_takes_the_stack(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_64);

	(void)state;
	m->gdt = (struct emul_dtr){.base = 0x4000, .limit = 0x3f};
	set_desc(m, 0x08, 0x9b, 0xa); /* 64-bit code */
	set_desc(m, 0x30, 0xfb, 0xa); /* user code */
	set_desc(m, 0x28, 0xf3, 0xc); /* user data */
	CODE(m, 0x48, 0xcf);
	m->gpr[EMUL_RSP] = 0x3000;
	u64 same[] = {0x1200, 0x08, 0x2, 0x2000, 0x0};

	memcpy(ram(m, 0x3000), same, sizeof(same));
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->ctx.rip, 0x1200);
	assert_int_equal(m->gpr[EMUL_RSP], 0x2000);
	assert_int_equal(m->seg[EMUL_SEG_SS].unusable, 1);

	CODE(m, 0x48, 0xcf);
	m->gpr[EMUL_RSP] = 0x3000;
	u64 user[] = {0x1300, 0x33, 0x202 | X86_EFLAGS_RF, 0x7fffffff0000, 0x2b};

	memcpy(ram(m, 0x3000), user, sizeof(user));
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->gpr[EMUL_RSP], 0x7fffffff0000);
	assert_int_equal(m->ctx.cpl, 3);
	assert_int_equal(m->seg[EMUL_SEG_CS].selector, 0x33);
	assert_true(m->ctx.rflags & X86_EFLAGS_RF);
	assert_true(m->ctx.rflags & X86_EFLAGS_IF);
	/* A null stack at level 3 is refused, and nothing has changed. */
	m = new_machine(EMUL_MODE_64);
	m->gdt = (struct emul_dtr){.base = 0x4000, .limit = 0x3f};
	set_desc(m, 0x30, 0xfb, 0xa);
	CODE(m, 0x48, 0xcf);
	m->gpr[EMUL_RSP] = 0x3000;
	user[4] = 3;
	memcpy(ram(m, 0x3000), user, sizeof(user));
	assert_fault(m, fresh(m), 13, 0);
	assert_int_equal(m->gpr[EMUL_RSP], 0x3000);
	assert_int_equal(m->ctx.rip, 0x1000);
	assert_int_equal(m->ctx.cpl, 0);
}

/* ---- system instructions ---- */

static void task_register_becomes_busy(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_64);

	(void)state;
	m->gdt = (struct emul_dtr){.base = 0x4000, .limit = 0x3f};
	set_ram64(m, 0x4010, 0x67 | 0x3000ULL << 16 | 0x89ULL << 40);
	set_ram64(m, 0x4018, 0xffff8000); /* upper half of the base */
	CODE(m, 0x0f, 0x00, 0xd8);	  /* ltr ax */
	m->gpr[EMUL_RAX] = 0x10;
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->seg[EMUL_SEG_TR].base, 0xffff800000003000);
	assert_int_equal(m->seg[EMUL_SEG_TR].type, 11);
	assert_int_equal(ram(m, 0x4015)[0], 0x8b);
	m->ctx.rip = 0x1000;
	assert_fault(m, fresh(m), 13, 0x10); /* busy already */
	m->gpr[EMUL_RAX] = 0;
	assert_fault(m, fresh(m), 13, 0);
}

static void privileged_instructions_need_cpl_0(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_64);

	(void)state;
	CODE(m, 0x0f, 0x22, 0xe0); /* mov cr4, rax */
	m->ctx.cpl = 3;
	assert_fault(m, fresh(m), 13, 0);
	m->ctx.cpl = 0;
	m->gpr[EMUL_RAX] = 0x20;
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->cr[4], 0x20);
	m->ctx.rip = 0x1000;
	m->gpr[EMUL_RAX] = 1ULL << 32; /* refused by the glue */
	assert_fault(m, fresh(m), 13, 0);
	CODE(m, 0x0f, 0x20, 0xc8); /* mov rax, cr1 */
	assert_int_equal(fresh(m), EMUL_FAULT);
	assert_int_equal(m->ctx.exception.vector, EMUL_UD_VECTOR);
	CODE(m, 0x0f, 0x01, 0x7b, 0x10); /* invlpg [rbx + 0x10] */
	m->gpr[EMUL_RBX] = 1ULL << 62;	 /* not canonical: no fault */
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->last_sysop, EMUL_SYSOP_INVLPG);
	assert_int_equal(m->last_sysop_arg, (1ULL << 62) + 0x10);
	CODE(m, 0xf4);
	assert_int_equal(fresh(m), EMUL_HALT);
	assert_int_equal(m->ctx.rip, 0x1005);
}

static void descriptor_table_registers(void **state)
{
	struct machine *m = new_machine(EMUL_MODE_32);

	(void)state;
	CODE(m, 0x0f, 0x01, 0x13); /* lgdt [ebx] */
	m->gpr[EMUL_RBX] = 0x2ffd; /* over two pages */
	memcpy(ram(m, 0x2ffd), "\xff\x0f\x78\x56\x34\x12", 6);
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->gdt.limit, 0xfff);
	assert_int_equal(m->gdt.base, 0x12345678);
	m->ctx.rip = 0x1000;
	CODE(m, 0x66, 0x0f, 0x01, 0x1b); /* lidt with 16-bit operands: 24-bit base */
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_int_equal(m->idt.base, 0x345678);
	m->ctx.rip = 0x1000;
	CODE(m, 0x0f, 0x01, 0x03); /* sgdt */
	m->gpr[EMUL_RBX] = 0x3100;
	assert_int_equal(fresh(m), EMUL_DONE);
	assert_memory_equal(ram(m, 0x3100), "\xff\x0f\x78\x56\x34\x12\0", 7);
	m->cr[4] |= X86_CR4_UMIP;
	m->ctx.cpl = 3;
	m->ctx.rip = 0x1000;
	assert_fault(m, fresh(m), 13, 0);
}

/* ---- lengths of what is skipped ---- */

static void short_cut_lengths_equal_the_decoders(void **state)
{
	u64 seed = 88172645463325252;

	(void)state;
	for (int i = 0; i < 400000; i++) {
		u8 bytes[16];

		for (int k = 0; k < 2; k++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			memcpy(bytes + 8 * k, &seed, 8);
		}
		if (i & 1)
			bytes[0] = 0x0f;
		if ((i & 7) == 2)
			bytes[1] = 0x0f;
		if ((i & 7) == 1)
			bytes[1] = 1;
		for (int mode = EMUL_MODE_16; mode <= EMUL_MODE_64; mode++)
			assert_int_equal(emul_insn_len(bytes, 15, mode),
					 emul_insn_len_slow(bytes, 15, mode));
	}
}

static void every_result_has_a_name(void **state)
{
	(void)state;
	for (int i = 0; i <= EMUL_NR_RESULTS; i++)
		assert_non_null(emul_result_name(i));
	assert_string_equal(emul_result_name(EMUL_POSTED), "posted");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(instruction_over_two_pages_is_fetched),
		cmocka_unit_test(bad_instructions_are_exceptions),
		cmocka_unit_test(same_bytes_in_another_mode_are_decoded_anew),
		cmocka_unit_test(limits_and_types_are_checked),
		cmocka_unit_test(stack_registers_go_with_the_stack_segment),
		cmocka_unit_test(sixteen_bit_addressing),
		cmocka_unit_test(non_canonical_addresses_fault),
		cmocka_unit_test(fs_and_gs_have_bases_in_64_bit_mode),
		cmocka_unit_test(real_mode_segments_load_without_descriptors),
		cmocka_unit_test(descriptor_rules_of_segment_loads),
		cmocka_unit_test(stack_width_is_that_of_ss),
		cmocka_unit_test(near_transfers),
		cmocka_unit_test(ip_wraps_in_16_bit_code),
		cmocka_unit_test(interrupt_flag_and_shadow),
		cmocka_unit_test(real_mode_int_and_iret),
		cmocka_unit_test(far_transfers_between_code_segments),
		cmocka_unit_test(long_mode_iret_always_takes_the_stack),
		cmocka_unit_test(task_register_becomes_busy),
		cmocka_unit_test(privileged_instructions_need_cpl_0),
		cmocka_unit_test(descriptor_table_registers),
		cmocka_unit_test(short_cut_lengths_equal_the_decoders),
		cmocka_unit_test(every_result_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
