/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tables of rows.h, from debugfs-schema/. Constant.
 */
#include "rows.h"

#define BASE_NONE    KVM_STATS_BASE_POW10
#define BASE_SECONDS KVM_STATS_BASE_POW10
#define BASE_CYCLES  KVM_STATS_BASE_POW10
#define BASE_BOOLEAN KVM_STATS_BASE_POW10
#define BASE_BYTES   KVM_STATS_BASE_POW2

#define ROW(type, of_vcpu, name, kind, unit, exponent)                                             \
	{#name, offsetof(type, name), of_vcpu, exponent,                                           \
	 KVM_STATS_TYPE_##kind | KVM_STATS_UNIT_##unit | BASE_##unit},

const struct stat_row stat_rows[STAT_ROWS] = {
#define STAT(name, kind, unit, exponent, text)                                                     \
	ROW(struct vm_stat, false, name, kind, unit, exponent)
#include "../../debugfs-schema/vm.def"
#undef STAT
#define STAT(name, kind, unit, exponent, text)                                                     \
	ROW(struct vcpu_stat, true, name, kind, unit, exponent)
#include "../../debugfs-schema/vcpu.def"
#undef STAT
};

const struct slot_stat_row slot_stat_rows[STAT_SLOT_ROWS] = {
#define STAT(name, kind, unit, exponent, text) {#name, offsetof(struct slot_stat, name)},
#include "../../debugfs-schema/slot.def"
#undef STAT
};

const struct hist_row hist_rows[HIST_COUNT] = {
#define SCOPE_vm				 false
#define SCOPE_vcpu				 true
#define HIST(scope, ID, hist_name, labels, text) [HIST_##ID] = {#hist_name, #labels, SCOPE_##scope},
#include "../../debugfs-schema/hists.def"
#undef HIST
};

#define X(number, ID, name, text) [number] = name,
const char *const vcpu_time_names[VCPU_TIME_COUNT] = {VCPU_TIMES(X)};
#undef X
