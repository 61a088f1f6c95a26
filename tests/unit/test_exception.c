/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exceptions: the table of double-fault conditions, error codes, payloads, and
 * the state that userspace reads and sets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "x86/exception.h"

static const u8 contributory[] = {EXC_DE, EXC_TS, EXC_NP, EXC_SS, EXC_GP};
static const u8 benign[] = {EXC_DB, EXC_NMI, EXC_BP, EXC_OF, EXC_BR, EXC_UD, EXC_NM, EXC_CSO,
			    EXC_MF, EXC_AC,  EXC_MC, EXC_XM, 32,     200,    255};

static void combinations_follow_the_double_fault_table(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < sizeof(contributory); i++) {
		u8 c = contributory[i];

		for (unsigned int j = 0; j < sizeof(contributory); j++)
			assert_int_equal(exc_combine(c, contributory[j]), EXC_DOUBLE);
		assert_int_equal(exc_combine(c, EXC_PF), EXC_SERIAL);
		assert_int_equal(exc_combine(EXC_PF, c), EXC_DOUBLE);
		assert_int_equal(exc_combine(EXC_DF, c), EXC_TRIPLE);
		for (unsigned int j = 0; j < sizeof(benign); j++) {
			assert_int_equal(exc_combine(c, benign[j]), EXC_SERIAL);
			assert_int_equal(exc_combine(benign[j], c), EXC_SERIAL);
		}
	}
	assert_int_equal(exc_combine(EXC_PF, EXC_PF), EXC_DOUBLE);
	assert_int_equal(exc_combine(EXC_DF, EXC_PF), EXC_TRIPLE);
	for (unsigned int j = 0; j < sizeof(benign); j++) {
		assert_int_equal(exc_combine(EXC_PF, benign[j]), EXC_SERIAL);
		assert_int_equal(exc_combine(benign[j], EXC_PF), EXC_SERIAL);
		assert_int_equal(exc_combine(EXC_DF, benign[j]), EXC_SERIAL);
	}
}

static void error_codes_are_pushed_for_their_vectors_only(void **state)
{
	(void)state;
	for (int v = 0; v < 256; v++) {
		bool want = v == 8 || (v >= 10 && v <= 14) || v == 17 || v == 21 || v == 29 ||
			    v == 30;

		assert_int_equal(exc_has_error_code(v, true), want);
		assert_false(exc_has_error_code(v, false));
	}
}

static void kinds_decide_where_rip_points(void **state)
{
	(void)state;
	assert_int_equal(exc_kind(EXC_PF), EXC_FAULT);
	assert_int_equal(exc_kind(EXC_UD), EXC_FAULT);
	assert_int_equal(exc_kind(EXC_GP), EXC_FAULT);
	assert_int_equal(exc_kind(EXC_BP), EXC_TRAP);
	assert_int_equal(exc_kind(EXC_OF), EXC_TRAP);
	assert_int_equal(exc_kind(EXC_DF), EXC_ABORT);
	assert_int_equal(exc_kind(EXC_MC), EXC_ABORT);
	assert_int_equal(exc_kind(EXC_NMI), EXC_INTERRUPT);
	assert_int_equal(exc_kind(EXC_DB), EXC_EITHER);
}

static void raising_queues_combines_and_shuts_down(void **state)
{
	struct exc_queue q = {};

	(void)state;
	assert_true(exc_raise(&q, EXC_GP, true, 0x18, false, 7));
	assert_true(q.pending && !q.injected && q.has_error_code && !q.has_payload);
	assert_int_equal(q.vector, EXC_GP);
	assert_int_equal(q.error_code, 0x18);
	assert_int_equal(q.payload, 0);
	/* #PF while #GP is delivered: the page fault goes first. */
	q.pending = false;
	q.injected = true;
	assert_true(exc_raise(&q, EXC_PF, true, 2, true, 0x1234));
	assert_int_equal(q.vector, EXC_PF);
	assert_int_equal(q.payload, 0x1234);
	assert_true(q.pending && !q.injected);
	assert_true(exc_raise(&q, EXC_NP, true, 0x30, false, 0));
	assert_int_equal(q.vector, EXC_DF);
	assert_true(q.has_error_code && !q.error_code && !q.has_payload && !q.payload);
	assert_false(exc_raise(&q, EXC_PF, true, 0, true, 1));
	assert_false(q.pending || q.injected);
}

static void error_code_is_zero_where_there_is_none(void **state)
{
	struct exc_queue q = {};

	(void)state;
	assert_true(exc_raise(&q, EXC_UD, false, 0x55, false, 0));
	assert_int_equal(q.error_code, 0);
}

static void db_payload_sets_dr6_with_the_right_polarity(void **state)
{
	u64 dr6 = GDR6_FIXED_1 | 0xf, dr7 = 0x400 | GDR7_GD | 3;

	(void)state;
	exc_db_payload(GDR6_BS, &dr6, &dr7);
	assert_int_equal(dr6, GDR6_FIXED_1 | GDR6_BS);
	assert_int_equal(dr7, 0x403);
	/* BS sticks, breakpoint bits are replaced. */
	exc_db_payload(0x2 | 1ULL << 12, &dr6, &dr7);
	assert_int_equal(dr6, GDR6_FIXED_1 | GDR6_BS | 2);
	/* RTM and bus lock are set in the payload, clear in DR6. */
	exc_db_payload(GDR6_RTM | 1, &dr6, &dr7);
	assert_int_equal(dr6, (GDR6_FIXED_1 & ~GDR6_RTM) | GDR6_BS | 1);
	exc_db_payload(GDR6_BUS_LOCK, &dr6, &dr7);
	assert_int_equal(dr6, (GDR6_FIXED_1 & ~GDR6_BUS_LOCK) | GDR6_BS);
}

static const struct exc_events_caps none = {}, all = {true, true, false};

static void flags_need_their_capability(void **state)
{
	struct kvm_vcpu_events ev = {};
	struct exc_queue q;

	(void)state;
	ev.flags = 0xf;
	assert_int_equal(exc_events_check(&ev, &none, &q), 0);
	ev.flags = KVM_VCPUEVENT_VALID_PAYLOAD;
	assert_int_equal(exc_events_check(&ev, &none, &q), -EINVAL);
	assert_int_equal(exc_events_check(&ev, &all, &q), 0);
	ev.flags = KVM_VCPUEVENT_VALID_TRIPLE_FAULT;
	assert_int_equal(exc_events_check(&ev, &none, &q), -EINVAL);
	assert_int_equal(exc_events_check(&ev, &all, &q), 0);
	ev.flags = 0x39; /* as QEMU sends them */
	assert_int_equal(exc_events_check(&ev, &all, &q), 0);
	ev.flags = 0x40;
	assert_int_equal(exc_events_check(&ev, &all, &q), -EINVAL);
}

static void smm_is_refused_unless_there(void **state)
{
	struct kvm_vcpu_events ev = {.flags = KVM_VCPUEVENT_VALID_SMM, .smi.smm = 1};
	struct exc_events_caps smm = {.smm = true};
	struct exc_queue q;

	(void)state;
	assert_int_equal(exc_events_check(&ev, &none, &q), -EINVAL);
	assert_int_equal(exc_events_check(&ev, &smm, &q), 0);
	ev.smi.smm = 0;
	ev.smi.pending = 1;
	assert_int_equal(exc_events_check(&ev, &none, &q), -EINVAL);
	ev.flags = 0;
	assert_int_equal(exc_events_check(&ev, &none, &q), 0);
}

static void vectors_that_are_no_exception_are_refused(void **state)
{
	struct kvm_vcpu_events ev = {.exception.injected = 1};
	struct exc_queue q = {.vector = 0x77};

	(void)state;
	for (int v = 0; v < 256; v++) {
		ev.exception.nr = v;
		assert_int_equal(exc_events_check(&ev, &none, &q), v < 32 && v != 2 ? 0 : -EINVAL);
	}
	ev.exception.injected = 0;
	assert_int_equal(exc_events_check(&ev, &none, &q), 0);
	assert_false(q.pending || q.injected);
}

static void pending_counts_only_with_the_payload_flag(void **state)
{
	struct kvm_vcpu_events ev = {.exception.pending = 1,
				     .exception.nr = EXC_PF,
				     .exception.has_error_code = 1,
				     .exception.error_code = 6,
				     .exception_has_payload = 1,
				     .exception_payload = 0xabc};
	struct exc_queue q;

	(void)state;
	assert_int_equal(exc_events_check(&ev, &all, &q), 0);
	assert_false(q.pending || q.injected);
	ev.flags = KVM_VCPUEVENT_VALID_PAYLOAD;
	ev.exception.injected = 1;
	assert_int_equal(exc_events_check(&ev, &all, &q), 0);
	assert_true(q.pending && !q.injected && q.has_payload);
	assert_int_equal(q.payload, 0xabc);
	assert_int_equal(q.error_code, 6);
	ev.exception.pending = 0;
	assert_int_equal(exc_events_check(&ev, &all, &q), 0);
	assert_true(!q.pending && q.injected && !q.has_payload);
}

static void what_is_reported_can_be_set_again(void **state)
{
	struct exc_queue in = {.pending = true,
			       .vector = EXC_PF,
			       .has_error_code = true,
			       .has_payload = true,
			       .error_code = 2,
			       .payload = 0x5000},
			 out;
	struct kvm_vcpu_events ev = {};

	(void)state;
	exc_events_fill(&in, &all, &ev);
	assert_int_equal(ev.flags, KVM_VCPUEVENT_VALID_PAYLOAD | KVM_VCPUEVENT_VALID_TRIPLE_FAULT);
	assert_int_equal(exc_events_check(&ev, &all, &out), 0);
	assert_memory_equal(&in, &out, sizeof(in));
	assert_false(exc_events_needs_delivery(&in, &all));

	/* An old client sees "injected", and the payload has to be delivered first. */
	memset(&ev, 0, sizeof(ev));
	assert_true(exc_events_needs_delivery(&in, &none));
	exc_events_fill(&in, &none, &ev);
	assert_int_equal(ev.flags, 0);
	assert_true(ev.exception.injected && !ev.exception.pending && !ev.exception_has_payload);
	assert_int_equal(ev.exception.nr, EXC_PF);
	assert_int_equal(ev.exception.error_code, 2);

	memset(&in, 0, sizeof(in));
	in.vector = 14;
	exc_events_fill(&in, &none, &ev);
	assert_true(!ev.exception.injected && !ev.exception.nr && !ev.exception.error_code);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(combinations_follow_the_double_fault_table),
		cmocka_unit_test(error_codes_are_pushed_for_their_vectors_only),
		cmocka_unit_test(kinds_decide_where_rip_points),
		cmocka_unit_test(raising_queues_combines_and_shuts_down),
		cmocka_unit_test(error_code_is_zero_where_there_is_none),
		cmocka_unit_test(db_payload_sets_dr6_with_the_right_polarity),
		cmocka_unit_test(flags_need_their_capability),
		cmocka_unit_test(smm_is_refused_unless_there),
		cmocka_unit_test(vectors_that_are_no_exception_are_refused),
		cmocka_unit_test(pending_counts_only_with_the_payload_flag),
		cmocka_unit_test(what_is_reported_can_be_set_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
