/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Freezing a vCPU's flight recorder (stat/recorder.h) on its own thread, where
 * the guest's registers and the code at its RIP can be had.
 */
#include "../stat/account.h"
#include "core.h"
#include "state.h"

void freeze_recorder(struct vcpu *vcpu)
{
	recorder_freeze(vcpu, vcpu->account.freeze_cause, NULL);
}
