/* SPDX-License-Identifier: GPL-2.0-only */
/* The list of subjects, in the order in which they run. */
#include "test.h"

#define SUBJECTS(X)                                                                                \
	X(modes)                                                                                   \
	X(pio)                                                                                     \
	X(mmio) X(exc) X(irq) X(regs) X(fpu) X(slots) X(dirty) X(hostmem) X(memstress) X(life)     \
		X(abi) X(race) X(cpu) X(time) X(state) X(trace)

#define DECLARE(name) extern const struct live_subject subject_##name;
SUBJECTS(DECLARE)

#define POINT(name) &subject_##name,
extern const struct live_subject *const live_subjects[];
const struct live_subject *const live_subjects[] = {SUBJECTS(POINT) NULL};
