/* SPDX-License-Identifier: GPL-2.0-only */
/* The list of subjects, in the order in which they run. */
#include "test.h"

extern const struct live_subject subject_modes, subject_pio, subject_mmio, subject_exc, subject_irq;
extern const struct live_subject subject_regs, subject_fpu, subject_slots, subject_dirty;
extern const struct live_subject subject_hostmem, subject_memstress, subject_life, subject_abi;
extern const struct live_subject subject_race, subject_cpu, subject_time, subject_state;
extern const struct live_subject subject_trace, subject_stats, subject_schema;
extern const struct live_subject subject_native, subject_recorder, subject_irqchip;
extern const struct live_subject subject_eventfd, subject_pv, subject_ioapic, subject_holes;

extern const struct live_subject *const live_subjects[];
const struct live_subject *const live_subjects[] = {
	&subject_modes,	 &subject_pio,	    &subject_mmio,	&subject_exc,
	&subject_irq,	 &subject_regs,	    &subject_fpu,	&subject_slots,
	&subject_dirty,	 &subject_hostmem,  &subject_memstress, &subject_life,
	&subject_abi,	 &subject_race,	    &subject_cpu,	&subject_time,
	&subject_state,	 &subject_trace,    &subject_stats,	&subject_schema,
	&subject_native, &subject_recorder, &subject_irqchip,	&subject_eventfd,
	&subject_pv,	 &subject_ioapic,   &subject_holes,	NULL,
};
