/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/err.h>
#include <linux/log2.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>

#include "recorder.h"

static uint recorder_size = 1024;
module_param(recorder_size, uint, 0444);
MODULE_PARM_DESC(recorder_size,
		 "Exits that a vCPU's flight recorder keeps; 0: none (default: 1024)");

#define RECORDER_MAX 65536

struct recorder *recorder_alloc(void)
{
	u32 n = roundup_pow_of_two(clamp_t(u32, recorder_size, 1, RECORDER_MAX));
	struct recorder *r;

	if (!recorder_size)
		return NULL;
	r = kvzalloc(struct_size(r, ring, n), GFP_KERNEL_ACCOUNT);
	if (!r)
		return ERR_PTR(-ENOMEM);
	r->mask = n - 1;
	return r;
}

void recorder_free(struct recorder *r)
{
	kvfree(r);
}

void recorder_freeze(struct vcpu *vcpu, u32 cause, const struct record_head *regs)
{
}
