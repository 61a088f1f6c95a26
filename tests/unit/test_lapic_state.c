/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KVM_GET_LAPIC and KVM_SET_LAPIC: round trips, the two formats of the id,
 * hostile input; and what the destination map is told.
 */
#include "lapic_machine.h"

/* --- out and in --- */

static u32 saved(const struct kvm_lapic_state *s, u32 reg)
{
	u32 val;

	memcpy(&val, s->regs + reg, 4);
	return val;
}

static void set_saved(struct kvm_lapic_state *s, u32 reg, u32 val)
{
	memcpy(s->regs + reg, &val, 4);
}

static void busy_apic(struct lapic *l)
{
	write32(l, LAPIC_TPR, 0x21);
	write32(l, LAPIC_LDR, 0x08000000);
	write32(l, LAPIC_LVT_LINT0, 0x8050);
	lapic_accept_lvt(l, LVT_LINT0, &fx);
	take(l);
	post(l, 0x91, true);
	take(l);
	post(l, 0x61, false);
	write32(l, LAPIC_LVT_TIMER, 0x200ec);
	write32(l, LAPIC_TDCR, 3);
	lapic_mmio_write(l, LAPIC_TMICT, 4, 1000000, 0, &fx);
	write32(l, LAPIC_ICR2, 5 << 24);
	write32(l, LAPIC_ICR, 0x40fb);
}

static void state_survives_save_and_load(void **state)
{
	struct kvm_lapic_state a, b;
	struct lapic l, m;

	(void)state;
	xapic(&l, 6);
	busy_apic(&l);
	lapic_save(&l, &a, true, 160);
	assert_int_equal(saved(&a, LAPIC_TMCCT), 1000000 - 10);
	power_up(&m, 6);
	assert_int_equal(lapic_load(&m, &a, true, 7000, &fx), 0);
	assert_true(lapic_valid(&m));
	lapic_save(&m, &b, true, 7000);
	assert_memory_equal(&a, &b, sizeof(a));
	assert_true(m.timer.armed && m.timer.expiry == 7000 + (1000000 - 10) * 16);
	assert_int_equal(take(&m), -1);
	eoi(&m);
	assert_int_equal(fx.eoi_vector, 0x91);
	assert_true(fx.what & LAPIC_FX_EOI_BROADCAST);
	assert_int_equal(take(&m), 0x61);
	eoi(&m);
	eoi(&m);
	assert_true(fx.what & LAPIC_FX_EOI_LINT);
}

static void x2apic_id_has_two_formats(void **state)
{
	struct kvm_lapic_state s;
	struct lapic l;

	(void)state;
	x2apic(&l, 0x45);
	lapic_save(&l, &s, true, 0);
	assert_int_equal(saved(&s, LAPIC_ID), 0x45);
	set_saved(&s, LAPIC_ID, 0x46);
	assert_int_equal(lapic_load(&l, &s, true, 0, &fx), -EINVAL);
	set_saved(&s, LAPIC_ID, 0x45);
	assert_int_equal(lapic_load(&l, &s, true, 0, &fx), 0);

	lapic_save(&l, &s, false, 0);
	assert_int_equal(saved(&s, LAPIC_ID), 0x45 << 24);
	set_saved(&s, LAPIC_ID, 0x46 << 24);
	assert_int_equal(lapic_load(&l, &s, false, 0, &fx), 0);
	assert_int_equal(rdmsr(&l, LAPIC_ID), 0x45); /* can't be changed */

	xapic(&l, 0x45);
	lapic_save(&l, &s, true, 0);
	assert_int_equal(saved(&s, LAPIC_ID), 0x45 << 24);
	set_saved(&s, LAPIC_ID, 0x12345678);
	assert_int_equal(lapic_load(&l, &s, true, 0, &fx), 0);
	assert_int_equal(lapic_apic_id(&l), 0x12);
}

static void loading_garbage_is_mended(void **state)
{
	struct kvm_lapic_state s;
	struct lapic l;

	(void)state;
	power_up(&l, 2);
	memset(&s, 0xff, sizeof(s));
	assert_int_equal(lapic_load(&l, &s, true, 0, &fx), 0);
	assert_true(lapic_valid(&l));
	assert_int_equal(read32(&l, LAPIC_VERSION), 0x50014);
	assert_int_equal(read32(&l, LAPIC_PPR), 0xff);
	assert_int_equal(read32(&l, LAPIC_IRR), 0xffffffff);
	assert_int_equal(l.timer.mode, LAPIC_TIMER_RESERVED);
	assert_false(l.timer.armed);
}

static void state_loaded_while_disabled_waits_for_enabling(void **state)
{
	struct kvm_lapic_state s;
	struct lapic l, m;

	(void)state;
	xapic(&l, 2);
	post(&l, 0x70, false);
	lapic_save(&l, &s, true, 0);
	power_up(&m, 2);
	lapic_set_base(&m, LAPIC_BASE_DEFAULT, true, &fx);
	assert_int_equal(lapic_load(&m, &s, true, 0, &fx), 0);
	assert_true(lapic_valid(&m));
	assert_int_equal(lapic_highest(&m), -1);
	lapic_set_base(&m, LAPIC_BASE_DEFAULT | LAPIC_BASE_EN, true, &fx);
	assert_true(lapic_valid(&m));
	assert_int_equal(lapic_highest(&m), 0x70);
}

static void deadline_stays_armed_over_a_load(void **state)
{
	struct kvm_lapic_state s;
	struct lapic l;

	(void)state;
	xapic(&l, 2);
	write32(&l, LAPIC_LVT_TIMER, 0x40031);
	lapic_tsc_deadline_set(&l, 999, &fx);
	lapic_save(&l, &s, true, 0);
	assert_int_equal(lapic_load(&l, &s, true, 0, &fx), 0);
	assert_true(lapic_tsc_deadline_get(&l) == 999);
}

static void reset_state_with_unmasked_lint0_survives_a_load(void **state)
{
	struct lapic_cfg cfg = config;
	struct kvm_lapic_state s;
	struct lapic l;

	(void)state;
	cfg.lint0_extint = true;
	lapic_init(&l, &cfg, 0, true);
	lapic_save(&l, &s, false, 0);
	power_up(&l, 0);
	assert_int_equal(lapic_load(&l, &s, false, 0, &fx), 0);
	assert_true(lapic_passes_pic(&l));
}

static void destination_entry_tells_mode_and_model(void **state)
{
	struct dest_entry e;
	struct lapic l;

	(void)state;
	xapic(&l, 0x107);
	lapic_dest_entry(&l, &e);
	assert_int_equal(e.flags, DEST_HW_ENABLED | DEST_SW_ENABLED | DEST_FLAT);
	assert_int_equal(e.xapic_id, 7);
	assert_int_equal(e.id, 0x107);
	write32(&l, LAPIC_DFR, 0x0fffffff);
	write32(&l, LAPIC_SVR, 0xff);
	lapic_dest_entry(&l, &e);
	assert_int_equal(e.flags, DEST_HW_ENABLED | DEST_CLUSTER);
	write32(&l, LAPIC_DFR, 0x7fffffff);
	lapic_dest_entry(&l, &e);
	assert_int_equal(e.flags, DEST_HW_ENABLED);
	x2apic(&l, 0x107);
	lapic_dest_entry(&l, &e);
	assert_int_equal(e.flags, DEST_HW_ENABLED | DEST_SW_ENABLED | DEST_X2APIC);
	assert_int_equal(e.ldr, 0x100080);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(state_survives_save_and_load),
		cmocka_unit_test(x2apic_id_has_two_formats),
		cmocka_unit_test(loading_garbage_is_mended),
		cmocka_unit_test(state_loaded_while_disabled_waits_for_enabling),
		cmocka_unit_test(deadline_stays_armed_over_a_load),
		cmocka_unit_test(reset_state_with_unmasked_lint0_survives_a_load),
		cmocka_unit_test(destination_entry_tells_mode_and_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
