/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small made-up machine under the emulator, for its unit tests.
 *
 * Linear addresses: RAM at 0..0x5fff, and the same RAM again at
 * 0x100000..0x105fff; a device page at 0x8000 and two at 0x200000; everything
 * else is not mapped. One page can be made absent, one read-only.
 */
#ifndef GLASSVISOR_TESTS_EMUL_MACHINE_H
#define GLASSVISOR_TESTS_EMUL_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "emul/exec.h"

#define RAM_SIZE 0x6000
#define HIGH_RAM 0x100000
#define DEV_LOW	 0x8000
#define DEV_HIGH 0x200000
#define DEV_GPA	 0xfee00000

struct machine {
	u8 ram[RAM_SIZE];
	u64 gpr[16];
	struct emul_ctx ctx;
	struct kvm_segment seg[EMUL_NR_SEGS];
	struct emul_dtr gdt, idt;
	u64 cr[16];
	u64 absent_page;    /* page number, ~0: none */
	u64 read_only_page; /* page number, ~0: none */
	bool lose_race;	    /* the next compare-exchange fails */
	bool ports_inside;  /* ports answered by the kernel */
	unsigned int reads, writes, exchanges, sysops;
	u32 operand_acc; /* flags of the last access marked EMUL_ACC_OPERAND */
	enum emul_sysop last_sysop;
	u64 last_sysop_arg;
	u8 vec[16][32];
	u8 pio[EMUL_PIO_BUF_MAX];
};

static struct machine *new_machine(enum emul_mode mode)
{
	static struct machine m;

	memset(&m, 0, sizeof(m));
	m.absent_page = m.read_only_page = ~0ULL;
	for (int i = 0; i < EMUL_NR_SEGS; i++)
		m.seg[i] = (struct kvm_segment){.limit = mode == EMUL_MODE_16 ? 0xffff : 0xffffffff,
						.type = i == EMUL_SEG_CS ? 11 : 3,
						.present = 1,
						.s = 1,
						.db = mode == EMUL_MODE_32};
	m.cr[0] = mode == EMUL_MODE_16 ? 0 : X86_CR0_PE;
	m.cr[4] = X86_CR4_OSFXSR | X86_CR4_OSXSAVE;
	m.idt.limit = 0x3ff;
	emul_begin(&m.ctx);
	m.ctx.gpr = m.gpr;
	m.ctx.mode = mode;
	m.ctx.pe = mode != EMUL_MODE_16;
	m.ctx.lma = mode == EMUL_MODE_64;
	m.ctx.va_bits = 48;
	m.ctx.rflags = X86_EFLAGS_FIXED;
	m.ctx.rip = 0x1000;
	m.ctx.pio_buf = m.pio;
	return &m;
}

static u8 *ram(struct machine *m, u64 linear)
{
	if (linear >= HIGH_RAM)
		linear -= HIGH_RAM;
	return linear < RAM_SIZE ? m->ram + linear : NULL;
}

static bool is_device(u64 linear)
{
	return (linear & ~0xfffULL) == DEV_LOW || (linear & ~0x1fffULL) == DEV_HIGH;
}

static enum emul_mem access_page(struct machine *m, u64 linear, unsigned int len, u32 acc,
				 gpa_t *ret_gpa)
{
	u64 page = linear >> 12;

	assert_in_range(len, 1, 4096);
	assert_true((linear & 0xfff) + len <= 0x1000);
	if (page == m->absent_page || (!is_device(linear) && !ram(m, linear)) ||
	    (page == m->read_only_page && (acc & EMUL_ACC_WRITE))) {
		m->ctx.exception =
			(struct emul_exception){.vector = 14,
						.has_error = true,
						.error_code = acc & EMUL_ACC_WRITE ? 2 : 0,
						.cr2 = linear};
		return EMUL_MEM_FAULT;
	}
	if (acc & EMUL_ACC_OPERAND)
		m->operand_acc = acc;
	if (is_device(linear)) {
		*ret_gpa = DEV_GPA + (linear & 0xfff);
		return EMUL_MEM_MMIO;
	}
	return EMUL_MEM_OK;
}

static enum emul_mem op_read(void *vcpu, u64 linear, void *buf, unsigned int len, u32 acc,
			     gpa_t *ret_gpa)
{
	struct machine *m = vcpu;
	enum emul_mem res = access_page(m, linear, len, acc, ret_gpa);

	if (!(acc & EMUL_ACC_FETCH))
		m->reads++;
	if (res == EMUL_MEM_OK)
		memcpy(buf, ram(m, linear), len);
	return res;
}

static enum emul_mem op_write(void *vcpu, u64 linear, const void *buf, unsigned int len, u32 acc,
			      gpa_t *ret_gpa)
{
	struct machine *m = vcpu;
	enum emul_mem res = access_page(m, linear, len, acc | EMUL_ACC_WRITE, ret_gpa);

	m->writes++;
	if (res == EMUL_MEM_OK)
		memcpy(ram(m, linear), buf, len);
	return res;
}

static enum emul_mem op_cmpxchg(void *vcpu, u64 linear, const void *old, const void *new,
				unsigned int len, u32 acc, gpa_t *ret_gpa)
{
	struct machine *m = vcpu;
	enum emul_mem res = access_page(m, linear, len, acc, ret_gpa);

	m->exchanges++;
	assert_int_equal(linear & (len - 1), 0);
	if (res != EMUL_MEM_OK)
		return res;
	if (m->lose_race || memcmp(ram(m, linear), old, len)) {
		m->lose_race = false;
		return EMUL_MEM_RETRY;
	}
	memcpy(ram(m, linear), new, len);
	return EMUL_MEM_OK;
}

static enum emul_mem op_probe(void *vcpu, u64 linear, u32 acc)
{
	gpa_t gpa;

	return access_page(vcpu, linear, 1, acc & ~EMUL_ACC_OPERAND, &gpa);
}

/* Port n reads as bytes n, n + 1, ..; what is written to a kernel port is dropped. */
static enum emul_io op_port_in(void *vcpu, u16 port, unsigned int size, void *buf,
			       unsigned int count)
{
	struct machine *m = vcpu;

	for (unsigned int i = 0; m->ports_inside && i < size * count; i++)
		((u8 *)buf)[i] = port + i;
	return m->ports_inside ? EMUL_IO_DONE : EMUL_IO_PENDING;
}

static enum emul_io op_port_out(void *vcpu, u16 port, unsigned int size, const void *buf,
				unsigned int count)
{
	(void)port;
	(void)size;
	(void)buf;
	(void)count;
	return ((struct machine *)vcpu)->ports_inside ? EMUL_IO_DONE : EMUL_IO_PENDING;
}

static void op_seg_get(void *vcpu, enum emul_segment seg, struct kvm_segment *ret_seg)
{
	*ret_seg = ((struct machine *)vcpu)->seg[seg];
}

static void op_seg_set(void *vcpu, enum emul_segment seg, const struct kvm_segment *val)
{
	((struct machine *)vcpu)->seg[seg] = *val;
}

static void op_dtr_get(void *vcpu, bool idt, struct emul_dtr *ret_dtr)
{
	*ret_dtr = idt ? ((struct machine *)vcpu)->idt : ((struct machine *)vcpu)->gdt;
}

static void op_dtr_set(void *vcpu, bool idt, const struct emul_dtr *val)
{
	*(idt ? &((struct machine *)vcpu)->idt : &((struct machine *)vcpu)->gdt) = *val;
}

static u64 op_cr_get(void *vcpu, unsigned int cr)
{
	assert_in_range(cr, 0, 8);
	return ((struct machine *)vcpu)->cr[cr];
}

static enum emul_sys op_cr_set(void *vcpu, unsigned int cr, u64 val)
{
	if (cr == 4 && val >> 32)
		return EMUL_SYS_GP;
	((struct machine *)vcpu)->cr[cr] = val;
	return EMUL_SYS_OK;
}

static u64 op_xcr0_get(void *vcpu)
{
	(void)vcpu;
	return 7;
}

static enum emul_sys op_system(void *vcpu, enum emul_sysop what, u64 arg)
{
	struct machine *m = vcpu;

	m->sysops++;
	m->last_sysop = what;
	m->last_sysop_arg = arg;
	return EMUL_SYS_OK;
}

static void op_simd_get(void *vcpu, enum emul_simd kind, unsigned int reg, void *buf,
			unsigned int len)
{
	(void)kind;
	memcpy(buf, ((struct machine *)vcpu)->vec[reg], len);
}

static void op_simd_set(void *vcpu, enum emul_simd kind, unsigned int reg, const void *buf,
			unsigned int len, bool zero_upper)
{
	u8 *vec = ((struct machine *)vcpu)->vec[reg];

	(void)kind;
	memcpy(vec, buf, len);
	if (zero_upper)
		memset(vec + len, 0, 32 - len);
}

static const struct emul_ops ops = {
	.read = op_read,
	.write = op_write,
	.cmpxchg = op_cmpxchg,
	.probe = op_probe,
	.port_in = op_port_in,
	.port_out = op_port_out,
	.seg_get = op_seg_get,
	.seg_set = op_seg_set,
	.dtr_get = op_dtr_get,
	.dtr_set = op_dtr_set,
	.cr_get = op_cr_get,
	.cr_set = op_cr_set,
	.xcr0_get = op_xcr0_get,
	.system = op_system,
	.simd_get = op_simd_get,
	.simd_set = op_simd_set,
};

/* Puts code at RIP (its linear address is in low RAM). */
#define CODE(m, ...)                                                                               \
	do {                                                                                       \
		static const u8 code_bytes[] = {__VA_ARGS__};                                      \
		memcpy(ram(m, (m)->seg[EMUL_SEG_CS].base + (m)->ctx.rip), code_bytes,              \
		       sizeof(code_bytes));                                                        \
	} while (0)

static enum emul_result step(struct machine *m)
{
	return emul_step(&m->ctx, &ops, m);
}

static inline enum emul_result fresh(struct machine *m)
{
	emul_begin(&m->ctx);
	return step(m);
}

static inline u64 ram64(struct machine *m, u64 linear)
{
	u64 val;

	memcpy(&val, ram(m, linear), 8);
	return val;
}

static inline void set_ram64(struct machine *m, u64 linear, u64 val)
{
	memcpy(ram(m, linear), &val, 8);
}

#define assert_fault(m, res, want_vector, want_error)                                              \
	do {                                                                                       \
		assert_int_equal(res, EMUL_FAULT);                                                 \
		assert_int_equal((m)->ctx.exception.vector, want_vector);                          \
		assert_int_equal((m)->ctx.exception.error_code, want_error);                       \
	} while (0)

#endif /* GLASSVISOR_TESTS_EMUL_MACHINE_H */
