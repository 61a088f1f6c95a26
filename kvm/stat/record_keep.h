/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which frozen recorder has to go when there are too many. See record_keep.c.
 */
#ifndef GLASSVISOR_STAT_RECORD_KEEP_H
#define GLASSVISOR_STAT_RECORD_KEEP_H

#include "../env.h"

#include "../../debugfs-schema/record.h"

/*
 * @kept: heads of frozen recorders, oldest first, the one that has just come
 * last. Index of the one to give up, or @n: nothing has to go. At most @max in
 * all (at least 1) and @max_per_vm of one VM (at least 2) may stay.
 */
u32 record_keep_victim(const struct record_head *const *kept, u32 n, u32 max, u32 max_per_vm);

#endif /* GLASSVISOR_STAT_RECORD_KEEP_H */
