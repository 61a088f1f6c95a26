/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Debug registers: the guest's accesses that exit, and KVM_GET/SET_DEBUGREGS.
 *
 * The rules (aliases of DR4 and DR5, fixed bits) are x86/cr.c's. Whether DR
 * accesses exit at all, and when the guest's values are in the CPU, is the back
 * end's business. KVM_SET_GUEST_DEBUG is not there yet.
 *
 * Locks: vcpu->mutex.
 */
#include "../x86/cr.h"
#include "core.h"
#include "state.h"

/*
 * Which register @nr means, with the checks that come before the access: #UD
 * for DR4 and DR5 under CR4.DE, and the general-detect fault (APM vol. 2,
 * "Debug-control register", GD).
 */
static enum dr_result resolve(struct vcpu *vcpu, u8 nr, unsigned int *ret_nr)
{
	const struct vcpu_state *st = vcpu_state(vcpu, STATE_CR | STATE_DR);

	if (cr_rule_dr_nr(st->cr4, nr, ret_nr) != CR_OK)
		return DR_UD;
	if (unlikely(st->dr7 & GDR7_GD)) {
		event_queue_payload(vcpu, EXC_DB, false, 0, GDR6_BD);
		return DR_DB;
	}
	return DR_OK;
}

enum dr_result dr_write(struct vcpu *vcpu, u8 nr, u64 value)
{
	enum cr_result res = CR_OK;
	struct vcpu_state *st;
	enum dr_result err;
	unsigned int dr;

	err = resolve(vcpu, nr, &dr);
	if (err != DR_OK)
		return err;
	/* Outside of 64-bit code the operand has 32 bits. */
	if (unlikely(value >> 32) && !vcpu_64bit_code(vcpu))
		value = (u32)value;
	st = vcpu_state(vcpu, STATE_DR);
	if (dr < 4)
		st->db[array_index_nospec(dr, 4)] = value;
	else if (dr == 6)
		res = cr_rule_dr6(value, &st->dr6);
	else
		res = cr_rule_dr7(value, &st->dr7);
	if (res != CR_OK)
		return DR_GP;
	vcpu_state_dirty(vcpu, STATE_DR);
	return DR_OK;
}

enum dr_result dr_read(struct vcpu *vcpu, u8 nr, u64 *ret)
{
	const struct vcpu_state *st;
	enum dr_result err;
	unsigned int dr;

	err = resolve(vcpu, nr, &dr);
	if (err != DR_OK)
		return err;
	st = vcpu_state(vcpu, STATE_DR);
	if (dr < 4)
		*ret = st->db[array_index_nospec(dr, 4)];
	else
		*ret = dr == 6 ? st->dr6 : st->dr7;
	return DR_OK;
}

void debugregs_get(struct vcpu *vcpu, struct kvm_debugregs *ret)
{
	const struct vcpu_state *st = vcpu_state(vcpu, STATE_DR);

	memset(ret, 0, sizeof(*ret));
	memcpy(ret->db, st->db, sizeof(ret->db));
	ret->dr6 = st->dr6;
	ret->dr7 = st->dr7;
}

int debugregs_set(struct vcpu *vcpu, const struct kvm_debugregs *in)
{
	struct vcpu_state *st;
	u64 dr6, dr7;

	lockdep_assert_held(&vcpu->mutex);
	if (in->flags)
		return -EINVAL;
	if (cr_rule_dr6(in->dr6, &dr6) != CR_OK || cr_rule_dr7(in->dr7, &dr7) != CR_OK)
		return -EINVAL;
	st = vcpu_state(vcpu, STATE_DR);
	memcpy(st->db, in->db, sizeof(st->db));
	st->dr6 = dr6;
	st->dr7 = dr7;
	vcpu_state_dirty(vcpu, STATE_DR);
	return 0;
}
