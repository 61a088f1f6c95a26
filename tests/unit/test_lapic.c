/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The local APIC against the manuals: reset and modes, priorities, acceptance,
 * EOI, local sources.
 */
#include "lapic_machine.h"

/* --- reset and modes --- */

static void power_up_state_is_the_manuals(void **state)
{
	static const struct {
		u32 reg, val;
	} want[] = {
		{LAPIC_ID, 5 << 24},
		{LAPIC_VERSION, 0x50014},
		{LAPIC_TPR, 0},
		{LAPIC_APR, 0},
		{LAPIC_PPR, 0},
		{LAPIC_LDR, 0},
		{LAPIC_DFR, 0xffffffff},
		{LAPIC_SVR, 0xff},
		{LAPIC_ESR, 0},
		{LAPIC_ICR, 0},
		{LAPIC_ICR2, 0},
		{LAPIC_LVT_TIMER, 0x10000},
		{LAPIC_LVT_THERM, 0x10000},
		{LAPIC_LVT_PMC, 0x10000},
		{LAPIC_LVT_LINT0, 0x10000},
		{LAPIC_LVT_LINT1, 0x10000},
		{LAPIC_LVT_ERROR, 0x10000},
		{LAPIC_TMICT, 0},
		{LAPIC_TMCCT, 0},
		{LAPIC_TDCR, 0},
	};
	struct lapic l;
	u32 i;

	(void)state;
	power_up(&l, 5);
	for (i = 0; i < ARRAY_SIZE(want); i++)
		assert_int_equal(read32(&l, want[i].reg), want[i].val);
	for (i = LAPIC_ISR; i < LAPIC_ESR; i += 0x10)
		assert_int_equal(read32(&l, i), 0);
	assert_int_equal(l.base, 0xfee00800);
	assert_true(lapic_valid(&l));
}

static void boot_cpu_has_bsp_bit_and_lint0_quirk(void **state)
{
	struct lapic_cfg cfg = config;
	struct lapic l;

	(void)state;
	cfg.lint0_extint = true;
	lapic_init(&l, &cfg, 0, true);
	assert_int_equal(l.base, 0xfee00900);
	assert_int_equal(lapic_reg(&l, LAPIC_LVT_LINT0), 0x700);
	assert_true(lapic_passes_pic(&l));
}

static void version_tells_lvt_entries_and_eoi_suppression(void **state)
{
	struct lapic_cfg cfg = config;
	struct lapic l;

	(void)state;
	cfg.cmci = true;
	cfg.eoi_suppress = true;
	lapic_init(&l, &cfg, 0, false);
	assert_int_equal(read32(&l, LAPIC_VERSION), 0x1060014);
	lapic_configure(&l, &config);
	assert_int_equal(read32(&l, LAPIC_VERSION), 0x50014);
}

static void init_keeps_id_and_mode(void **state)
{
	struct lapic l;

	(void)state;
	x2apic(&l, 0x123);
	wrmsr(&l, LAPIC_TPR, 0x40);
	post(&l, 0x60, false);
	lapic_init_reset(&l);
	assert_true(lapic_valid(&l));
	assert_true(lapic_x2apic(&l));
	assert_int_equal(rdmsr(&l, LAPIC_ID), 0x123);
	assert_int_equal(rdmsr(&l, LAPIC_LDR), 0x120008);
	assert_int_equal(rdmsr(&l, LAPIC_TPR), 0);
	assert_int_equal(lapic_highest(&l), -1);

	xapic(&l, 3);
	write32(&l, LAPIC_ID, 9 << 24);
	write32(&l, LAPIC_LDR, 1 << 24);
	lapic_init_reset(&l);
	assert_int_equal(read32(&l, LAPIC_ID), 9 << 24);
	assert_int_equal(read32(&l, LAPIC_LDR), 0);
}

#define EN  LAPIC_BASE_EN
#define X2  (LAPIC_BASE_EN | LAPIC_BASE_EXTD)
#define BAD LAPIC_BASE_EXTD

static void mode_transitions_follow_the_state_diagram(void **state)
{
	static const struct {
		u64 from, to;
		bool guest, host;
	} moves[] = {
		{0, 0, 1, 1},  {0, EN, 1, 1},  {0, X2, 0, 1},  {0, BAD, 0, 0},
		{EN, 0, 1, 1}, {EN, EN, 1, 1}, {EN, X2, 1, 1}, {EN, BAD, 0, 0},
		{X2, 0, 1, 1}, {X2, EN, 0, 1}, {X2, X2, 1, 1}, {X2, BAD, 0, 0},
	};
	u32 i, host;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(moves); i++) {
		for (host = 0; host < 2; host++) {
			u64 to = LAPIC_BASE_DEFAULT | moves[i].to;
			bool ok = host ? moves[i].host : moves[i].guest;
			struct lapic l;

			power_up(&l, 7);
			assert_int_equal(
				lapic_set_base(&l, LAPIC_BASE_DEFAULT | moves[i].from, true, &fx),
				LAPIC_OK);
			assert_int_equal(lapic_set_base(&l, to, host, &fx),
					 ok ? LAPIC_OK : LAPIC_GP);
			assert_int_equal(l.base == to, ok || moves[i].from == moves[i].to);
			assert_true(lapic_valid(&l));
		}
	}
}

static void base_reserved_bits_and_absent_x2apic_are_gp(void **state)
{
	struct lapic_cfg cfg = config;
	struct lapic l;
	u32 bit;

	(void)state;
	power_up(&l, 0);
	for (bit = 0; bit < 64; bit++) {
		bool reserved = bit < 8 || bit == 9 || bit >= 48;
		u64 val = l.base ^ (1ULL << bit);

		if (bit == 10 || bit == 11)
			continue;
		assert_int_equal(lapic_set_base(&l, val, true, &fx),
				 reserved ? LAPIC_GP : LAPIC_OK);
	}
	cfg.x2apic = false;
	lapic_init(&l, &cfg, 0, false);
	assert_int_equal(lapic_set_base(&l, l.base | LAPIC_BASE_EXTD, false, &fx), LAPIC_GP);
}

static void base_address_moves_without_other_effects(void **state)
{
	struct lapic l;

	(void)state;
	xapic(&l, 0);
	fx.what = 0;
	assert_int_equal(lapic_set_base(&l, 0xfe000000 | LAPIC_BASE_EN, false, &fx), LAPIC_OK);
	assert_int_equal(fx.what, LAPIC_FX_MODE);
	assert_int_equal(lapic_base_gpa(&l), 0xfe000000);
	assert_true(lapic_sw_enabled(&l));
}

static void entering_x2apic_keeps_most_state(void **state)
{
	struct lapic l;

	(void)state;
	xapic(&l, 0x21);
	write32(&l, LAPIC_ID, 0x99U << 24);
	write32(&l, LAPIC_LDR, 4 << 24);
	write32(&l, LAPIC_TPR, 0x35);
	write32(&l, LAPIC_ICR2, 7 << 24);
	write32(&l, LAPIC_LVT_ERROR, 0xfe);
	post(&l, 0x80, false);
	take(&l);
	post(&l, 0x70, true);
	fx.what = 0;
	assert_int_equal(lapic_set_base(&l, l.base | LAPIC_BASE_EXTD, false, &fx), LAPIC_OK);
	assert_true(fx.what & LAPIC_FX_DEST);
	assert_true(lapic_valid(&l));
	assert_int_equal(rdmsr(&l, LAPIC_ID), 0x21);
	assert_int_equal(rdmsr(&l, LAPIC_LDR), 0x20002);
	assert_int_equal(rdmsr(&l, LAPIC_TPR), 0x35);
	assert_int_equal(rdmsr(&l, LAPIC_PPR), 0x80);
	assert_int_equal(rdmsr(&l, LAPIC_ICR) >> 32, 0);
	assert_int_equal(rdmsr(&l, LAPIC_LVT_ERROR), 0xfe);
	assert_true(lapic_isr_test(&l, 0x80) && lapic_irr_test(&l, 0x70));
}

static void hardware_disable_forgets_everything_and_delivers_nothing(void **state)
{
	struct lapic l;

	(void)state;
	xapic(&l, 4);
	post(&l, 0x80, false);
	assert_int_equal(lapic_set_base(&l, LAPIC_BASE_DEFAULT, false, &fx), LAPIC_OK);
	assert_true(lapic_valid(&l));
	post(&l, 0x90, false);
	assert_int_equal(lapic_highest(&l), -1);
	assert_true(lapic_passes_pic(&l));
	assert_int_equal(lapic_set_base(&l, LAPIC_BASE_DEFAULT | LAPIC_BASE_EN, false, &fx),
			 LAPIC_OK);
	assert_int_equal(lapic_highest(&l), -1);
	assert_int_equal(read32(&l, LAPIC_SVR), 0xff);
}

static void disabled_apic_pins_are_intr_and_nmi(void **state)
{
	struct lapic l;

	(void)state;
	power_up(&l, 0);
	lapic_set_base(&l, LAPIC_BASE_DEFAULT, false, &fx);
	fx.what = 0;
	assert_true(lapic_accept_lvt(&l, LVT_LINT0, &fx));
	assert_int_equal(fx.what, LAPIC_FX_EXTINT);
	fx.what = 0;
	assert_true(lapic_accept_lvt(&l, LVT_LINT1, &fx));
	assert_int_equal(fx.what, LAPIC_FX_NMI);
	assert_false(lapic_accept_lvt(&l, LVT_TIMER, &fx));
}

/* --- priorities --- */

static void ppr_is_the_higher_class_of_tpr_and_isr(void **state)
{
	static const struct {
		u8 tpr, isr, ppr;
	} rows[] = {
		{0x00, 0x00, 0x00}, {0x2f, 0x00, 0x2f}, {0x00, 0x45, 0x40}, {0x3f, 0x45, 0x40},
		{0x41, 0x45, 0x41}, {0x4f, 0x41, 0x4f}, {0x52, 0x45, 0x52}, {0xff, 0xfe, 0xff},
	};
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct lapic l;

		xapic(&l, 0);
		if (rows[i].isr) {
			post(&l, rows[i].isr, false);
			take(&l);
		}
		write32(&l, LAPIC_TPR, rows[i].tpr);
		assert_int_equal(read32(&l, LAPIC_PPR), rows[i].ppr);
	}
}

static void only_a_higher_class_than_ppr_is_deliverable(void **state)
{
	u32 tpr, vector;
	struct lapic l;

	(void)state;
	for (tpr = 0; tpr < 256; tpr += 5) {
		for (vector = 16; vector < 256; vector += 3) {
			xapic(&l, 0);
			write32(&l, LAPIC_TPR, tpr);
			post(&l, vector, false);
			assert_int_equal(lapic_highest(&l),
					 vector >> 4 > tpr >> 4 ? (int)vector : -1);
		}
	}
}

static void vectors_are_delivered_from_the_highest_and_nest(void **state)
{
	struct lapic l;

	(void)state;
	xapic(&l, 0);
	post(&l, 0x31, false);
	post(&l, 0x95, false);
	post(&l, 0x93, false);
	assert_int_equal(take(&l), 0x95);
	assert_int_equal(take(&l), -1); /* 0x93: same class */
	post(&l, 0xa0, false);
	assert_int_equal(take(&l), 0xa0);
	eoi(&l);
	assert_int_equal(fx.eoi_vector, 0xa0);
	assert_int_equal(take(&l), -1);
	eoi(&l);
	assert_int_equal(fx.eoi_vector, 0x95);
	assert_true(fx.what & LAPIC_FX_PENDING);
	assert_int_equal(take(&l), 0x93);
	eoi(&l);
	assert_int_equal(take(&l), 0x31);
	eoi(&l);
	assert_false(fx.what & LAPIC_FX_PENDING);
	eoi(&l);
	assert_int_equal(fx.what, 0);
}

static void one_vector_waits_in_irr_while_it_is_in_service(void **state)
{
	struct lapic l;

	(void)state;
	xapic(&l, 0);
	post(&l, 0x50, false);
	take(&l);
	post(&l, 0x50, false);
	post(&l, 0x50, false);
	assert_true(lapic_irr_test(&l, 0x50) && lapic_isr_test(&l, 0x50));
	eoi(&l);
	assert_int_equal(take(&l), 0x50);
	eoi(&l);
	assert_int_equal(take(&l), -1);
}

static void lowering_tpr_lets_pending_through(void **state)
{
	struct lapic l;

	(void)state;
	xapic(&l, 0);
	write32(&l, LAPIC_TPR, 0xf0);
	post(&l, 0x60, false);
	assert_int_equal(lapic_highest(&l), -1);
	write32(&l, LAPIC_TPR, 0x50);
	assert_int_equal(fx.what, LAPIC_FX_TPR | LAPIC_FX_PENDING);
	assert_int_equal(lapic_highest(&l), 0x60);
	write32(&l, LAPIC_TPR, 0x50);
	assert_int_equal(fx.what, 0);
}

static void what_waits_behind_tpr_is_known(void **state)
{
	struct lapic l;

	(void)state;
	xapic(&l, 0);
	write32(&l, LAPIC_TPR, 0x60);
	assert_int_equal(lapic_behind_tpr(&l), 0);
	post(&l, 0x41, false);
	assert_int_equal(lapic_behind_tpr(&l), 4);
	post(&l, 0x6f, false); /* of the same class as the TPR */
	assert_int_equal(lapic_behind_tpr(&l), 6);
	post(&l, 0x70, false); /* above it: nothing keeps it waiting */
	assert_int_equal(lapic_behind_tpr(&l), 0);
	assert_int_equal(take(&l), 0x70);
	assert_int_equal(lapic_behind_tpr(&l), 0); /* that one has to end first */
	eoi(&l);
	assert_int_equal(lapic_behind_tpr(&l), 6);
	write32(&l, LAPIC_TPR, 0x50);
	assert_int_equal(lapic_behind_tpr(&l), 0);
}

static void tpr_set_from_outside_is_as_written(void **state)
{
	struct lapic l;

	(void)state;
	xapic(&l, 0);
	write32(&l, LAPIC_TPR, 0x7d);
	assert_int_equal(read32(&l, LAPIC_PPR), 0x7d);
	lapic_set_tpr(&l, 0x90, &fx);
	assert_int_equal(read32(&l, LAPIC_TPR), 0x90);
	assert_int_equal(read32(&l, LAPIC_PPR), 0x90);
}

static void arbitration_priority_is_the_highest_class(void **state)
{
	struct lapic l;

	(void)state;
	xapic(&l, 0);
	write32(&l, LAPIC_TPR, 0x53);
	assert_int_equal(read32(&l, LAPIC_APR), 0x53);
	post(&l, 0x84, false);
	assert_int_equal(read32(&l, LAPIC_APR), 0x80);
	take(&l);
	assert_int_equal(read32(&l, LAPIC_APR), 0x80);
}

static void inta_without_a_deliverable_interrupt_is_spurious(void **state)
{
	struct lapic l;

	(void)state;
	xapic(&l, 0);
	write32(&l, LAPIC_SVR, 0x1ef);
	post(&l, 0x40, false);
	write32(&l, LAPIC_TPR, 0x40);
	assert_int_equal(lapic_inta(&l), 0xef);
	assert_int_equal(lapic_isr_max(&l), -1);
	write32(&l, LAPIC_TPR, 0);
	assert_int_equal(lapic_inta(&l), 0x40);
	assert_int_equal(lapic_isr_max(&l), 0x40);
}

/* --- merge, EOI --- */

static void merge_takes_many_vectors_at_once(void **state)
{
	const u64 irr[4] = {1ULL << 32 | 1ULL << 63, 0, 1ULL << 5, 1ULL << 63 | 1};
	const u64 level[4] = {~0ULL, ~0ULL, 0, 1};
	static const u8 order[] = {255, 192, 133, 63, 32};
	struct lapic l;
	u32 i;

	(void)state;
	xapic(&l, 0);
	for (i = 0; i < 4; i++) {
		lapic_merge(&l, i, irr[i], level[i]);
		assert_true(lapic_valid(&l));
	}
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		bool lev = order[i] != 255 && order[i] != 133;

		assert_int_equal(take(&l), order[i]);
		assert_int_equal(lapic_tmr_test(&l, order[i]), lev);
		eoi(&l);
		assert_int_equal(fx.eoi_level, lev);
		assert_int_equal(!!(fx.what & LAPIC_FX_EOI_BROADCAST), lev);
	}
	assert_int_equal(take(&l), -1);
	lapic_merge(&l, 1, 0, level[1]);
	assert_int_equal(take(&l), -1);
}

static void tmr_follows_the_last_trigger_mode(void **state)
{
	struct lapic l;

	(void)state;
	xapic(&l, 0);
	post(&l, 0x44, true);
	assert_true(lapic_tmr_test(&l, 0x44));
	post(&l, 0x44, false);
	assert_false(lapic_tmr_test(&l, 0x44));
}

static void eoi_broadcast_can_be_suppressed(void **state)
{
	struct lapic_cfg cfg = config;
	struct lapic l;

	(void)state;
	xapic(&l, 0);
	write32(&l, LAPIC_SVR, 0x11ff);
	assert_int_equal(read32(&l, LAPIC_SVR), 0x1ff); /* not there */

	cfg.eoi_suppress = true;
	lapic_init(&l, &cfg, 0, false);
	write32(&l, LAPIC_SVR, 0x11ff);
	post(&l, 0x44, true);
	take(&l);
	eoi(&l);
	assert_int_equal(fx.what, LAPIC_FX_EOI);
	assert_true(fx.eoi_level);
}

static void illegal_posted_vectors_are_an_error_only(void **state)
{
	struct lapic l;

	(void)state;
	xapic(&l, 0);
	lapic_merge(&l, 0, 0x8001ULL | 1ULL << 40, ~0ULL);
	assert_true(lapic_valid(&l));
	assert_int_equal(take(&l), 40);
	assert_int_equal(take(&l), -1);
	write32(&l, LAPIC_ESR, 0);
	assert_int_equal(read32(&l, LAPIC_ESR), LAPIC_ESR_RECV_VECTOR);
}

static void pv_eoi_wants_one_edge_and_nothing_pending(void **state)
{
	struct lapic l;

	(void)state;
	xapic(&l, 0);
	assert_false(lapic_pv_eoi_ok(&l));
	post(&l, 0x50, false);
	take(&l);
	assert_true(lapic_pv_eoi_ok(&l));
	post(&l, 0x40, false);
	assert_false(lapic_pv_eoi_ok(&l));
	eoi(&l);
	take(&l);
	eoi(&l);
	post(&l, 0x50, true);
	take(&l);
	assert_false(lapic_pv_eoi_ok(&l));
}

/* --- LVT --- */

static const u32 lvt_regs[LVT_COUNT] = {
	LAPIC_LVT_TIMER, LAPIC_LVT_THERM, LAPIC_LVT_PMC,  LAPIC_LVT_LINT0,
	LAPIC_LVT_LINT1, LAPIC_LVT_ERROR, LAPIC_LVT_CMCI,
};

static void lvt_entries_keep_their_defined_bits(void **state)
{
	/* Written all ones; read-only delivery status and remote IRR stay 0. */
	static const u32 want[LVT_COUNT] = {0x700ff, 0x107ff, 0x107ff, 0x1a7ff,
					    0x1a7ff, 0x100ff, 0x107ff};
	struct lapic_cfg cfg = config;
	struct lapic l;
	u32 i;

	(void)state;
	cfg.cmci = true;
	lapic_init(&l, &cfg, 0, false);
	write32(&l, LAPIC_SVR, 0x1ff);
	for (i = 0; i < LVT_COUNT; i++) {
		write32(&l, lvt_regs[i], 0xffffffff);
		assert_int_equal(read32(&l, lvt_regs[i]), want[i]);
		write32(&l, lvt_regs[i], 0);
		assert_int_equal(read32(&l, lvt_regs[i]), 0);
	}
	cfg.tsc_deadline = false;
	lapic_configure(&l, &cfg);
	write32(&l, LAPIC_LVT_TIMER, 0xffffffff);
	assert_int_equal(read32(&l, LAPIC_LVT_TIMER), 0x300ff);
}

static void software_disable_masks_every_lvt_for_good(void **state)
{
	struct lapic l;
	u32 i;

	(void)state;
	xapic(&l, 0);
	for (i = 0; i < LVT_CMCI; i++)
		write32(&l, lvt_regs[i], 0x30 + i);
	write32(&l, LAPIC_SVR, 0xff);
	assert_true(fx.what & LAPIC_FX_DEST);
	for (i = 0; i < LVT_CMCI; i++) {
		assert_int_equal(read32(&l, lvt_regs[i]), 0x10030 + i);
		write32(&l, lvt_regs[i], 0x40 + i);
		assert_int_equal(read32(&l, lvt_regs[i]), 0x10040 + i);
	}
	write32(&l, LAPIC_SVR, 0x1ff);
	assert_int_equal(read32(&l, LAPIC_LVT_TIMER), 0x10040);
	write32(&l, LAPIC_LVT_TIMER, 0x40);
	assert_int_equal(read32(&l, LAPIC_LVT_TIMER), 0x40);
}

static void software_disable_holds_pending_interrupts(void **state)
{
	struct lapic l;

	(void)state;
	xapic(&l, 0);
	post(&l, 0x60, false);
	write32(&l, LAPIC_SVR, 0xff);
	assert_int_equal(take(&l), 0x60);
}

static void lvt_delivery_modes(void **state)
{
	static const struct {
		enum lapic_lvt which;
		u32 lvt, what;
		bool ok;
	} rows[] = {
		{LVT_TIMER, 0x31, LAPIC_FX_PENDING, true},
		{LVT_TIMER, 0x10031, 0, false},
		{LVT_TIMER, 0x20031, LAPIC_FX_PENDING, true},
		{LVT_ERROR, 0x31, LAPIC_FX_PENDING, true},
		{LVT_THERM, 0x031, LAPIC_FX_PENDING, true},
		{LVT_THERM, 0x200, LAPIC_FX_SMI, true},
		{LVT_PMC, 0x400, LAPIC_FX_NMI, true},
		{LVT_PMC, 0x10400, 0, false},
		{LVT_PMC, 0x500, 0, false}, /* INIT, ExtINT: LINT only */
		{LVT_PMC, 0x700, 0, false},
		{LVT_LINT0, 0x700, LAPIC_FX_EXTINT, true},
		{LVT_LINT0, 0x031, LAPIC_FX_PENDING, true},
		{LVT_LINT0, 0x500, LAPIC_FX_INIT, true},
		{LVT_LINT0, 0x10700, 0, false},
		{LVT_LINT1, 0x400, LAPIC_FX_NMI, true},
		{LVT_LINT1, 0x4ff, LAPIC_FX_NMI, true},
		{LVT_LINT1, 0x100, 0, false}, /* reserved modes */
		{LVT_LINT1, 0x300, 0, false},
		{LVT_LINT1, 0x600, 0, false},
	};
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct lapic l;

		xapic(&l, 0);
		write32(&l, lvt_regs[rows[i].which], rows[i].lvt);
		fx.what = 0;
		assert_int_equal(lapic_accept_lvt(&l, rows[i].which, &fx), rows[i].ok);
		assert_int_equal(fx.what, rows[i].what);
		assert_int_equal(lapic_highest(&l), rows[i].what & LAPIC_FX_PENDING ? 0x31 : -1);
		assert_int_equal(lapic_passes_pic(&l),
				 rows[i].which == LVT_LINT0 && rows[i].lvt == 0x700);
	}
}

static void level_lint0_waits_for_eoi(void **state)
{
	struct lapic l;

	(void)state;
	xapic(&l, 0);
	write32(&l, LAPIC_LVT_LINT0, 0x8042);
	assert_true(lapic_accept_lvt(&l, LVT_LINT0, &fx));
	assert_int_equal(read32(&l, LAPIC_LVT_LINT0), 0xc042);
	assert_false(lapic_accept_lvt(&l, LVT_LINT0, &fx));
	assert_int_equal(take(&l), 0x42);
	assert_true(lapic_tmr_test(&l, 0x42));
	assert_false(lapic_accept_lvt(&l, LVT_LINT0, &fx));
	write32(&l, LAPIC_LVT_LINT0, 0x8042); /* read-only: stays */
	assert_int_equal(read32(&l, LAPIC_LVT_LINT0), 0xc042);
	eoi(&l);
	assert_true(fx.what & LAPIC_FX_EOI_LINT);
	assert_int_equal(read32(&l, LAPIC_LVT_LINT0), 0x8042);
	assert_true(lapic_accept_lvt(&l, LVT_LINT0, &fx));
}

static void pmi_masks_its_entry_where_configured(void **state)
{
	struct lapic_cfg cfg = config;
	struct lapic l;

	(void)state;
	xapic(&l, 0);
	write32(&l, LAPIC_LVT_PMC, 0x400);
	lapic_accept_lvt(&l, LVT_PMC, &fx);
	assert_int_equal(read32(&l, LAPIC_LVT_PMC), 0x400);
	cfg.pmi_masks_lvt = true;
	lapic_configure(&l, &cfg);
	assert_true(lapic_accept_lvt(&l, LVT_PMC, &fx));
	assert_int_equal(read32(&l, LAPIC_LVT_PMC), 0x10400);
	assert_false(lapic_accept_lvt(&l, LVT_PMC, &fx));
}

static void illegal_vector_in_lvt_is_an_error(void **state)
{
	struct lapic l;

	(void)state;
	xapic(&l, 0);
	write32(&l, LAPIC_LVT_ERROR, 0xfe);
	write32(&l, LAPIC_LVT_TIMER, 0x0f);
	assert_false(lapic_accept_lvt(&l, LVT_TIMER, &fx));
	assert_int_equal(take(&l), 0xfe);
	write32(&l, LAPIC_ESR, 0);
	assert_int_equal(read32(&l, LAPIC_ESR), LAPIC_ESR_RECV_VECTOR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(power_up_state_is_the_manuals),
		cmocka_unit_test(boot_cpu_has_bsp_bit_and_lint0_quirk),
		cmocka_unit_test(version_tells_lvt_entries_and_eoi_suppression),
		cmocka_unit_test(init_keeps_id_and_mode),
		cmocka_unit_test(mode_transitions_follow_the_state_diagram),
		cmocka_unit_test(base_reserved_bits_and_absent_x2apic_are_gp),
		cmocka_unit_test(base_address_moves_without_other_effects),
		cmocka_unit_test(entering_x2apic_keeps_most_state),
		cmocka_unit_test(hardware_disable_forgets_everything_and_delivers_nothing),
		cmocka_unit_test(disabled_apic_pins_are_intr_and_nmi),
		cmocka_unit_test(ppr_is_the_higher_class_of_tpr_and_isr),
		cmocka_unit_test(only_a_higher_class_than_ppr_is_deliverable),
		cmocka_unit_test(vectors_are_delivered_from_the_highest_and_nest),
		cmocka_unit_test(one_vector_waits_in_irr_while_it_is_in_service),
		cmocka_unit_test(lowering_tpr_lets_pending_through),
		cmocka_unit_test(what_waits_behind_tpr_is_known),
		cmocka_unit_test(tpr_set_from_outside_is_as_written),
		cmocka_unit_test(arbitration_priority_is_the_highest_class),
		cmocka_unit_test(inta_without_a_deliverable_interrupt_is_spurious),
		cmocka_unit_test(merge_takes_many_vectors_at_once),
		cmocka_unit_test(tmr_follows_the_last_trigger_mode),
		cmocka_unit_test(eoi_broadcast_can_be_suppressed),
		cmocka_unit_test(illegal_posted_vectors_are_an_error_only),
		cmocka_unit_test(pv_eoi_wants_one_edge_and_nothing_pending),
		cmocka_unit_test(lvt_entries_keep_their_defined_bits),
		cmocka_unit_test(software_disable_masks_every_lvt_for_good),
		cmocka_unit_test(software_disable_holds_pending_interrupts),
		cmocka_unit_test(lvt_delivery_modes),
		cmocka_unit_test(level_lint0_waits_for_eoi),
		cmocka_unit_test(pmi_masks_its_entry_where_configured),
		cmocka_unit_test(illegal_vector_in_lvt_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
