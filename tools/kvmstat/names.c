// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names and numbers, from debugfs-schema/.
 */
#include <stdio.h>

#include "names.h"

#define KIND_CUMULATIVE "cumulative"
#define KIND_INSTANT	"instant"
#define KIND_PEAK	"peak"

const struct stat_info stat_info[ST_COUNT] = {
#define STAT(name, kind, unit, exponent, text) [ST_##name] = {#name, KIND_##kind, text, false},
#include "../../debugfs-schema/vcpu.def"
#undef STAT
#define STAT(name, kind, unit, exponent, text) [ST_##name] = {#name, KIND_##kind, text, true},
#include "../../debugfs-schema/vm.def"
#undef STAT
};

const char *const slot_stat_names[SS_COUNT] = {
#define STAT(name, kind, unit, exponent, text) [SS_##name] = #name,
#include "../../debugfs-schema/slot.def"
#undef STAT
};

const struct hist_info hist_info[HX_COUNT] = {
#define vm				    true
#define vcpu				    false
#define HIST(scope, ID, name, labels, text) [HX_##ID] = {#name, #labels, text, scope},
#include "../../debugfs-schema/hists.def"
#undef HIST
#undef vm
#undef vcpu
};

int stat_find(const char *name)
{
	for (int i = 0; i < ST_COUNT; i++)
		if (strcmp(stat_info[i].name, name) == 0)
			return i;
	return -1;
}

int slot_stat_find(const char *name)
{
	for (int i = 0; i < SS_COUNT; i++)
		if (strcmp(slot_stat_names[i], name) == 0)
			return i;
	return -1;
}

int hist_find(const char *name)
{
	for (int i = 0; i < HX_COUNT; i++)
		if (strcmp(hist_info[i].name, name) == 0)
			return i;
	return -1;
}

static int list_find(const char *list_name, const char *name)
{
	const struct schema_list *list = schema_list(list_name);

	for (u32 i = 0; list && i < list->n_rows; i++)
		if (strcmp(list->rows[i].name, name) == 0)
			return list->rows[i].number;
	return -1;
}

int label_find(int hist, const char *name)
{
	if (strcmp(name, "other") == 0)
		return LABEL_OTHER;
	return list_find(hist_info[hist].labels, name);
}

int state_find(const char *name)
{
	return list_find("VCPU_TIMES", name);
}

const char *label_name(int hist, u32 label)
{
	const struct schema_list *list = schema_list(hist_info[hist].labels);
	const char *name = list ? schema_name(list, label) : NULL;

	if (label == LABEL_OTHER)
		return "other";
	return name ? name : "(newer)";
}

const char *state_name(int state)
{
	const char *name = state < 0 ? NULL : schema_name(schema_list("VCPU_TIMES"), state);

	return name ? name : "-";
}

const char *reason_name(u32 isa, u32 reason, char room[16])
{
	const struct schema_list *list = schema_list(isa == 1 ? "VMX_REASONS" : "SVM_REASONS");
	const char *name = list ? schema_name(list, reason) : NULL;

	if (name)
		return name;
	snprintf(room, 16, "0x%x", reason);
	return room;
}

int kind_stat(u32 kind)
{
	static const struct {
		const char *kind;
		int stat;
	} table[] = {
		{"host_intr", ST_irq_exits},
		{"cpuid", ST_cpuid_exits},
		{"hlt", ST_halt_exits},
		{"io", ST_io_exits},
		{"msr", ST_msr_exits},
		{"cr", ST_cr_exits},
		{"dr", ST_dr_exits},
		{"mmu_fault", ST_pf_taken},
		{"exception", ST_exception_exits},
		{"irq_window", ST_irq_window_exits},
		{"nmi_window", ST_nmi_window_exits},
		{"hypercall", ST_hypercalls},
	};
	const char *name = schema_name(schema_list("EXIT_KINDS"), kind);

	for (size_t i = 0; name && i < ARRAY_SIZE(table); i++)
		if (strcmp(table[i].kind, name) == 0)
			return table[i].stat;
	return -1;
}
