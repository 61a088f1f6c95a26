/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The local APIC's registers as software reaches them: errors, the xAPIC page,
 * ICR, x2APIC's MSRs and their reserved bits, the timer's registers.
 */
#include "lapic_machine.h"

/* --- errors --- */

static void esr_shows_errors_after_a_write_only(void **state)
{
	struct lapic l;

	(void)state;
	xapic(&l, 0);
	write32(&l, LAPIC_LVT_ERROR, 0xfe);
	assert_int_equal(read32(&l, 0x040), 0);
	assert_true(fx.what & LAPIC_FX_PENDING);
	assert_int_equal(read32(&l, LAPIC_ESR), 0);
	assert_int_equal(take(&l), 0xfe);
	eoi(&l);
	write32(&l, 0x400, 1); /* second error: not armed, no interrupt */
	assert_int_equal(take(&l), -1);
	write32(&l, LAPIC_ESR, 0);
	assert_int_equal(read32(&l, LAPIC_ESR), LAPIC_ESR_REGISTER);
	write32(&l, LAPIC_ESR, 0);
	assert_int_equal(read32(&l, LAPIC_ESR), 0);
	read32(&l, 0x3f0); /* armed again; self IPI is not there in xAPIC mode */
	assert_int_equal(take(&l), 0xfe);
}

static void error_with_an_illegal_vector_does_not_recurse(void **state)
{
	struct lapic l;

	(void)state;
	xapic(&l, 0);
	write32(&l, LAPIC_LVT_ERROR, 0x05);
	read32(&l, 0x000);
	assert_int_equal(take(&l), -1);
	write32(&l, LAPIC_ESR, 0);
	assert_int_equal(read32(&l, LAPIC_ESR), LAPIC_ESR_REGISTER | LAPIC_ESR_RECV_VECTOR);
}

static void xapic_registers_that_are_not_there(void **state)
{
	struct lapic l;
	u32 reg, n = 0;

	(void)state;
	for (reg = 0; reg < 0x1000; reg += 0x10) {
		bool there;

		xapic(&l, 0);
		read32(&l, reg);
		there = !l.esr_pending;
		n += there;
		write32(&l, reg, 0);
		assert_int_equal(!(l.esr_pending & LAPIC_ESR_REGISTER), there);
		assert_true(there || reg < 0x20 || (reg >= 0x40 && reg < 0x80) ||
			    (reg >= 0x290 && reg < 0x300) || (reg >= 0x3a0 && reg != LAPIC_TDCR));
	}
	assert_int_equal(n, 2 + 8 + 24 + 1 + 2 + 6 + 2 + 1);
}

static void read_only_registers_ignore_writes_in_xapic(void **state)
{
	static const u32 regs[] = {LAPIC_VERSION, LAPIC_APR, LAPIC_PPR,	  LAPIC_RRD, LAPIC_ISR,
				   LAPIC_TMR,	  LAPIC_IRR, LAPIC_TMCCT, 0x270};
	struct lapic l;
	u32 i;

	(void)state;
	xapic(&l, 0);
	for (i = 0; i < ARRAY_SIZE(regs); i++) {
		u32 before = read32(&l, regs[i]);

		write32(&l, regs[i], 0xa5a5a5a5);
		assert_int_equal(fx.what, 0);
		assert_int_equal(read32(&l, regs[i]), before);
	}
}

static void narrow_and_unaligned_accesses(void **state)
{
	struct lapic l;

	(void)state;
	xapic(&l, 0);
	write32(&l, LAPIC_LVT_LINT0, 0x18731);
	assert_int_equal(lapic_mmio_read(&l, LAPIC_LVT_LINT0, 1, 0, &fx), 0x31);
	assert_int_equal(lapic_mmio_read(&l, LAPIC_LVT_LINT0 + 1, 1, 0, &fx), 0x87);
	assert_int_equal(lapic_mmio_read(&l, LAPIC_LVT_LINT0 + 1, 2, 0, &fx), 0x187);
	assert_int_equal(lapic_mmio_read(&l, LAPIC_LVT_LINT0, 8, 0, &fx), 0x18731);
	assert_int_equal(lapic_mmio_read(&l, LAPIC_LVT_LINT0 + 4, 4, 0, &fx), 0);
	fx.what = 0;
	lapic_mmio_write(&l, LAPIC_LVT_LINT0, 1, 0x55, 0, &fx);
	lapic_mmio_write(&l, LAPIC_LVT_LINT0 + 2, 4, 0x55, 0, &fx);
	lapic_mmio_write(&l, LAPIC_LVT_LINT0, 8, 0x55, 0, &fx);
	assert_int_equal(fx.what, 0);
	assert_int_equal(read32(&l, LAPIC_LVT_LINT0), 0x18731);
}

static void identity_registers_ask_for_a_new_map(void **state)
{
	struct lapic l;

	(void)state;
	xapic(&l, 0);
	write32(&l, LAPIC_LDR, 0x02345678);
	assert_int_equal(fx.what, LAPIC_FX_DEST);
	assert_int_equal(read32(&l, LAPIC_LDR), 0x02000000);
	write32(&l, LAPIC_LDR, 0x02000000);
	assert_int_equal(fx.what, 0);
	write32(&l, LAPIC_DFR, 0);
	assert_int_equal(fx.what, LAPIC_FX_DEST);
	assert_int_equal(read32(&l, LAPIC_DFR), 0x0fffffff);
	write32(&l, LAPIC_ID, 0x07123456);
	assert_int_equal(fx.what, LAPIC_FX_DEST);
	assert_int_equal(lapic_apic_id(&l), 7);
}

/* --- IPIs --- */

static void xapic_icr_makes_a_message(void **state)
{
	struct lapic l;

	(void)state;
	xapic(&l, 0);
	write32(&l, LAPIC_ICR2, 0x03ffffff);
	assert_int_equal(fx.what, 0);
	write32(&l, LAPIC_ICR, 0x000048fd | LAPIC_ICR_BUSY);
	assert_int_equal(fx.what, LAPIC_FX_IPI | LAPIC_FX_SEND);
	assert_int_equal(fx.msg.dest, 3);
	assert_int_equal(fx.msg.vector, 0xfd);
	assert_int_equal(fx.msg.delivery, IRQ_FIXED);
	assert_int_equal(fx.msg.shorthand, IRQ_SH_NONE);
	assert_true(fx.msg.dest_logical && fx.msg.assert && !fx.msg.level && !fx.msg.x2apic);
	assert_int_equal(read32(&l, LAPIC_ICR), 0x48fd);
	assert_int_equal(read32(&l, LAPIC_ICR2), 0x03000000);
}

static void icr_delivery_modes(void **state)
{
	static const struct {
		u32 icr;
		bool send;
		u32 esr;
	} rows[] = {
		{0x04031, true, 0},
		{0x04131, true, 0},  /* lowest priority */
		{0x04200, true, 0},  /* SMI */
		{0x04300, false, 0}, /* reserved */
		{0x04400, true, 0},  /* NMI, whatever its vector */
		{0x04500, true, 0},  /* INIT */
		{0x00500, true, 0},  /* INIT, an edge */
		{0x0c500, true, 0},  /* INIT, level assert */
		{0x08500, false, 0}, /* INIT level de-assert */
		{0x0469f, true, 0},  /* SIPI */
		{0x04600, true, 0},
		{0x04700, false, 0}, /* reserved here */
		{0x00031, true, 0},  /* level is for INIT only */
		{0x08031, true, 0},
		{0x0400f, false, LAPIC_ESR_SEND_VECTOR},
		{0x04100, false, LAPIC_ESR_SEND_VECTOR},
		{0xc4400, true, 0}, /* NMI to the others */
		{0x84031, true, 0}, /* all */
	};
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct lapic l;

		xapic(&l, 0);
		write32(&l, LAPIC_ICR, rows[i].icr);
		assert_true(fx.what & LAPIC_FX_IPI);
		assert_int_equal(!!(fx.what & LAPIC_FX_SEND), rows[i].send);
		assert_int_equal(l.esr_pending, rows[i].esr);
		assert_int_equal(fx.msg.shorthand, rows[i].icr >> 18);
		assert_false(fx.msg.level);
	}
}

static void self_ipi_needs_no_message(void **state)
{
	struct lapic l;

	(void)state;
	xapic(&l, 0);
	post(&l, 0x31, true);
	write32(&l, LAPIC_ICR, 0x44031);
	assert_int_equal(fx.what, LAPIC_FX_IPI | LAPIC_FX_PENDING);
	assert_int_equal(take(&l), 0x31);
	assert_false(lapic_tmr_test(&l, 0x31)); /* an edge */
	write32(&l, LAPIC_SVR, 0xff);
	write32(&l, LAPIC_ICR, 0x44031);
	assert_int_equal(fx.what, LAPIC_FX_IPI);
	assert_false(lapic_irr_test(&l, 0x31));
}

static void x2apic_icr_is_one_64_bit_register(void **state)
{
	struct lapic l;

	(void)state;
	x2apic(&l, 1);
	assert_int_equal(wrmsr(&l, LAPIC_ICR, 0x12345678000048fdULL), LAPIC_OK);
	assert_int_equal(fx.what, LAPIC_FX_IPI | LAPIC_FX_SEND);
	assert_int_equal(fx.msg.dest, 0x12345678);
	assert_true(fx.msg.x2apic && fx.msg.dest_logical);
	assert_true(rdmsr(&l, LAPIC_ICR) == 0x12345678000048fdULL);
}

static void x2apic_self_ipi_leaves_icr_alone(void **state)
{
	struct lapic l;

	(void)state;
	x2apic(&l, 1);
	wrmsr(&l, LAPIC_ICR, 0x2000040fdULL);
	assert_int_equal(wrmsr(&l, LAPIC_SELF_IPI, 0x77), LAPIC_OK);
	assert_int_equal(fx.what, LAPIC_FX_IPI | LAPIC_FX_PENDING);
	assert_int_equal(fx.msg.shorthand, IRQ_SH_SELF);
	assert_int_equal(take(&l), 0x77);
	assert_true(rdmsr(&l, LAPIC_ICR) == 0x2000040fdULL);
	wrmsr(&l, LAPIC_SELF_IPI, 3);
	assert_int_equal(l.esr_pending, LAPIC_ESR_SEND_VECTOR);
}

/* --- x2APIC --- */

static bool is_one_of(u32 n, const u8 *list, u32 len)
{
	u32 i;

	for (i = 0; i < len; i++) {
		if (list[i] == n)
			return true;
	}
	return false;
}

static void x2apic_msrs_that_can_be_read_and_written(void **state)
{
	static const u8 reads[] = {0x02, 0x03, 0x08, 0x0a, 0x0d, 0x0f, 0x28, 0x30, 0x32,
				   0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3e};
	static const u8 writes[] = {0x08, 0x0b, 0x0f, 0x28, 0x30, 0x32, 0x33,
				    0x34, 0x35, 0x36, 0x37, 0x38, 0x3e, 0x3f};
	struct lapic l;
	u32 n;
	u64 val;

	(void)state;
	x2apic(&l, 1);
	for (n = 0; n <= 0xff; n++) {
		bool r = is_one_of(n, reads, ARRAY_SIZE(reads)) || (n >= 0x10 && n < 0x28);
		bool w = is_one_of(n, writes, ARRAY_SIZE(writes));

		assert_int_equal(lapic_msr_read(&l, 0x800 + n, 0, &val), r ? LAPIC_OK : LAPIC_GP);
		assert_int_equal(wrmsr(&l, n << 4, 0), w ? LAPIC_OK : LAPIC_GP);
	}
	xapic(&l, 1);
	for (n = 0; n <= 0xff; n++) {
		assert_int_equal(lapic_msr_read(&l, 0x800 + n, 0, &val), LAPIC_GP);
		assert_int_equal(wrmsr(&l, n << 4, 0), LAPIC_GP);
	}
}

static void x2apic_reserved_bits_are_gp(void **state)
{
	static const struct {
		u32 reg;
		u64 legal;
	} rows[] = {
		{LAPIC_TPR, 0xff},	     {LAPIC_EOI, 0},
		{LAPIC_SVR, 0x3ff},	     {LAPIC_ESR, 0},
		{LAPIC_ICR, ~0xfff32000ULL}, {LAPIC_LVT_TIMER, 0x710ff},
		{LAPIC_LVT_THERM, 0x117ff},  {LAPIC_LVT_PMC, 0x117ff},
		{LAPIC_LVT_LINT0, 0x1f7ff},  {LAPIC_LVT_LINT1, 0x1f7ff},
		{LAPIC_LVT_ERROR, 0x110ff},  {LAPIC_TMICT, 0xffffffff},
		{LAPIC_TDCR, 0xb},	     {LAPIC_SELF_IPI, 0xff},
	};
	struct lapic l;
	u32 i, bit;

	(void)state;
	x2apic(&l, 1);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		for (bit = 0; bit < 64; bit++) {
			bool ok = rows[i].legal >> bit & 1;

			assert_int_equal(wrmsr(&l, rows[i].reg, 1ULL << bit),
					 ok ? LAPIC_OK : LAPIC_GP);
		}
	}
}

static void cmci_msr_is_there_when_configured(void **state)
{
	struct lapic_cfg cfg = config;
	struct lapic l;
	u64 val;

	(void)state;
	cfg.cmci = true;
	x2apic(&l, 1);
	lapic_configure(&l, &cfg);
	assert_int_equal(wrmsr(&l, LAPIC_LVT_CMCI, 0x10031), LAPIC_OK);
	assert_int_equal(lapic_msr_read(&l, 0x82f, 0, &val), LAPIC_OK);
	assert_int_equal(val, 0x10031);
	assert_int_equal(wrmsr(&l, LAPIC_LVT_CMCI, 0x18031), LAPIC_GP);
}

static void x2apic_ldr_follows_from_the_id(void **state)
{
	static const struct {
		u32 id, ldr;
	} rows[] = {{0, 1},
		    {1, 2},
		    {15, 0x8000},
		    {16, 0x10001},
		    {0xff, 0xf8000},
		    {0x100, 0x100001},
		    {0xfff, 0xff8000},
		    {0xabcde, 0xabcd4000}};
	struct lapic l;
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		x2apic(&l, rows[i].id);
		assert_int_equal(rdmsr(&l, LAPIC_LDR), rows[i].ldr);
	}
}

/* --- timer registers --- */

static void timer_registers_reach_the_timer(void **state)
{
	struct lapic l;

	(void)state;
	xapic(&l, 0);
	write32(&l, LAPIC_LVT_TIMER, 0x20031);
	write32(&l, LAPIC_TDCR, 0xffffffff);
	assert_int_equal(read32(&l, LAPIC_TDCR), 0xb);
	fx.what = 0;
	lapic_mmio_write(&l, LAPIC_TMICT, 4, 1000000, 500, &fx);
	assert_int_equal(fx.what, LAPIC_FX_TIMER);
	assert_true(l.timer.expiry == 1000500);
	assert_int_equal(l.timer.mode, LAPIC_TIMER_PERIODIC);
	assert_int_equal(lapic_mmio_read(&l, LAPIC_TMCCT, 4, 600500, &fx), 400000);
	assert_int_equal(read32(&l, LAPIC_TMICT), 1000000);
	assert_true(lapic_needs_now(LAPIC_TMICT) && lapic_needs_now(LAPIC_TMCCT));
	assert_true(lapic_needs_now(LAPIC_TDCR) && !lapic_needs_now(LAPIC_EOI));
}

static void deadline_msr_works_in_deadline_mode_only(void **state)
{
	struct lapic l;

	(void)state;
	xapic(&l, 0);
	fx.what = 0;
	lapic_tsc_deadline_set(&l, 1234, &fx);
	assert_int_equal(fx.what, 0);
	assert_true(lapic_tsc_deadline_get(&l) == 0);
	write32(&l, LAPIC_LVT_TIMER, 0x40031);
	lapic_tsc_deadline_set(&l, 1234, &fx);
	assert_true(fx.what & LAPIC_FX_TIMER);
	assert_true(lapic_tsc_deadline_get(&l) == 1234);
	write32(&l, LAPIC_LVT_TIMER, 0x31);
	assert_true(lapic_tsc_deadline_get(&l) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(esr_shows_errors_after_a_write_only),
		cmocka_unit_test(error_with_an_illegal_vector_does_not_recurse),
		cmocka_unit_test(xapic_registers_that_are_not_there),
		cmocka_unit_test(read_only_registers_ignore_writes_in_xapic),
		cmocka_unit_test(narrow_and_unaligned_accesses),
		cmocka_unit_test(identity_registers_ask_for_a_new_map),
		cmocka_unit_test(xapic_icr_makes_a_message),
		cmocka_unit_test(icr_delivery_modes),
		cmocka_unit_test(self_ipi_needs_no_message),
		cmocka_unit_test(x2apic_icr_is_one_64_bit_register),
		cmocka_unit_test(x2apic_self_ipi_leaves_icr_alone),
		cmocka_unit_test(x2apic_msrs_that_can_be_read_and_written),
		cmocka_unit_test(x2apic_reserved_bits_are_gp),
		cmocka_unit_test(cmci_msr_is_there_when_configured),
		cmocka_unit_test(x2apic_ldr_follows_from_the_id),
		cmocka_unit_test(timer_registers_reach_the_timer),
		cmocka_unit_test(deadline_msr_works_in_deadline_mode_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
