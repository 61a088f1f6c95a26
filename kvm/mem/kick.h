/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests to vCPUs and getting them out of the guest. See kick.c.
 */
#ifndef GLASSVISOR_KICK_H
#define GLASSVISOR_KICK_H

#include "../vcpu.h"

/* At load and unload. -ENOMEM. */
int kick_init(void);
void kick_exit(void);

/* Set a request: it is seen before the next entry. Does not kick. Any context. */
static inline void vcpu_request(struct vcpu *vcpu, enum vcpu_request req)
{
	set_bit(req, &vcpu->requests);
}

/* Make it leave the guest if it is there, without waiting. Any context but NMI. */
void vcpu_kick(struct vcpu *vcpu);

/*
 * Set @req on every vCPU and make those in the guest leave it; with @wait,
 * until they have left. May be called under spinlocks, with interrupts on.
 * True: one was in the guest.
 */
bool vm_request_all(struct vm *vm, enum vcpu_request req, bool wait);

#endif /* GLASSVISOR_KICK_H */
