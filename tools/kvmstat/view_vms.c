// SPDX-License-Identifier: GPL-2.0-only
/*
 * The views that go down from the host: VMs, one VM's vCPUs, their interrupts,
 * counters.
 */
#include "view.h"

static const struct column overview_columns[] = {
	{"vm", "VM", CELL_TEXT, 10, 0, false},
	{"pid", "pid", CELL_NUMBER, 6, 5, false},
	{"vm_id", NULL, CELL_NUMBER, 0, 0, false},
	{"vcpus", "vCPU", CELL_NUMBER, 4, 7, false},
	{"exits_per_s", "exits/s", CELL_RATE, 7, 0, false},
	{"guest_percent", "guest%", CELL_PERCENT, 6, 9, false},
	{"exit_percent", "exit%", CELL_PERCENT, 5, 0, false},
	{"ready_percent", "RDY%", CELL_PERCENT, 5, 1, false},
	{"halt_percent", "halt%", CELL_PERCENT, 5, 2, false},
	{"user_percent", "user%", CELL_PERCENT, 5, 3, false},
	{"faults_per_s", "fault/s", CELL_RATE, 7, 4, false},
	{"dirty_pages_per_s", "dirty/s", CELL_RATE, 7, 6, false},
	{"state", NULL, CELL_TEXT, 0, 0, false},
	{"spark", "exits", CELL_SPARK, 7, 8, false},
};

/* Stock KVM counts the time halted in the kernel, and nothing else of the states. */
static double halted_percent(const struct delta *d, u32 n_vcpus)
{
	const struct counts *c = &d->counts;

	if (c->have_states) {
		double halted = delta_state(d, STATE_HALTED);

		return halted < 0 ? -1 : halted + delta_state(d, STATE_POLLING);
	}
	if (!c->have[ST_halt_wait_ns] || !d->ns || !n_vcpus)
		return -1;
	return min(100.0, 100.0 *
				  (c->stat[ST_halt_wait_ns] + c->stat[ST_halt_poll_success_ns] +
				   c->stat[ST_halt_poll_fail_ns]) /
				  d->ns / n_vcpus);
}

static void exits_history(struct row *row, const struct model_vm *vm, u32 vcpu)
{
	static const struct hist_key none;

	row->n_history = model_history(vm, vcpu, TRACK_EXITS, none, row->history, HISTORY);
}

static bool overview_row(const struct model *m, u32 i, struct table *t)
{
	const struct model_vm *vm = &m->vms[i];
	struct row *row = table_row(t);
	struct delta d;
	struct cell *c;

	if (!row || !model_delta(m, vm, ALL_VCPUS, &d))
		return false;
	row->vm = i;
	row->dim = vm->ended;
	c = row->cells;
	cell_text(c++, vm->now.name);
	cell_number(c++, vm->now.tgid);
	cell_number(c++, vm->now.vm_id);
	cell_number(c++, vm->now.n_vcpus);
	cell_value(c++, CELL_RATE, delta_rate(&d, ST_exits));
	cell_value(c++, CELL_PERCENT, delta_state(&d, STATE_GUEST));
	cell_value(c++, CELL_PERCENT, delta_state(&d, STATE_HANDLING));
	cell_value(c++, CELL_PERCENT, delta_state(&d, STATE_READY));
	cell_value(c++, CELL_PERCENT, halted_percent(&d, vm->now.n_vcpus));
	cell_value(c++, CELL_PERCENT, delta_state(&d, STATE_USERSPACE));
	cell_value(c++, CELL_RATE, delta_rate(&d, ST_pf_taken));
	cell_value(c++, CELL_RATE, delta_rate(&d, ST_dirty_log_pages));
	cell_text(c++, vm->ended ? "ended" : "running");
	exits_history(row, vm, ALL_VCPUS);
	delta_free(&d);
	return true;
}

bool view_overview(const struct model *m, const struct query *q, struct page *page)
{
	struct table *t = page_table(page, "vms", NULL, overview_columns,
				     ARRAY_SIZE(overview_columns), "exits_per_s");

	for (u32 i = 0; i < m->n_vms; i++)
		if (vm_is(&m->vms[i], q->vm) && !overview_row(m, i, t))
			return false;
	return true;
}

static const struct column vm_columns[] = {
	OWNER_COLUMNS,
	{"id", "vCPU", CELL_NUMBER, 4, 0, false},
	{"tid", "tid", CELL_NUMBER, 6, 6, false},
	{"state", "state", CELL_TEXT, 9, 5, false},
	{"exits_per_s", "exits/s", CELL_RATE, 7, 0, false},
	{"guest_percent", "guest", CELL_PERCENT, 5, 0, false},
	{"exit_percent", "exit", CELL_PERCENT, 5, 0, false},
	{"user_percent", "user", CELL_PERCENT, 5, 1, false},
	{"halt_percent", "halt", CELL_PERCENT, 5, 1, false},
	{"poll_percent", "poll", CELL_PERCENT, 5, 2, false},
	{"ready_percent", "RDY", CELL_PERCENT, 5, 0, false},
	{"faults_per_s", "fault/s", CELL_RATE, 7, 7, false},
	{"irqs_per_s", "inj/s", CELL_RATE, 6, 8, false},
	{"bar", "Guest x user halt poll rdy", CELL_STATES, 10, 4, false},
	{"spark", "exits", CELL_SPARK, 7, 9, false},
};

/* The states' cells add up to 100.0 as they are shown. */
static void state_cells(struct row *row, struct cell *c, const struct delta *d)
{
	static const int order[] = {STATE_GUEST,  STATE_HANDLING, STATE_USERSPACE,
				    STATE_HALTED, STATE_POLLING,  STATE_READY};
	u32 tenths[STATE_COUNT];

	if (!d->counts.have_states || !d->wall)
		return;
	for (u32 i = 0; i < STATE_COUNT; i++)
		row->states[i] = delta_state(d, i);
	share_tenths(row->states, STATE_COUNT, tenths);
	for (u32 i = 0; i < ARRAY_SIZE(order); i++)
		cell_value(c + i, CELL_PERCENT, tenths[order[i]] / 10.0);
}

static bool vcpu_row(const struct model *m, u32 i, u32 vcpu, struct table *t)
{
	const struct model_vm *vm = &m->vms[i];
	const struct vcpu_sample *v = model_vcpu(&vm->now, vcpu);
	struct row *row = table_row(t);
	char state[32];
	struct delta d;
	struct cell *c;

	if (!row || !model_delta(m, vm, vcpu, &d))
		return false;
	c = row_owner(row, m, i, vcpu);
	row->pinned = vcpu == ALL_VCPUS;
	if (v)
		cell_number(c++, vcpu);
	else
		cell_text(c++, "all");
	if (v && v->tid)
		cell_number(c, v->tid);
	c++;
	if (v && v->state >= 0) {
		snprintf(state, sizeof(state), "%s%s", state_name(v->state), v->torn ? "!" : "");
		cell_text(c, state);
	}
	c++;
	cell_value(c++, CELL_RATE, delta_rate(&d, ST_exits));
	state_cells(row, c, &d);
	c += 6;
	cell_value(c++, CELL_RATE, delta_rate(&d, ST_pf_taken));
	cell_value(c++, CELL_RATE, delta_rate(&d, ST_irq_injections));
	exits_history(row, vm, vcpu);
	delta_free(&d);
	return true;
}

bool view_vm(const struct model *m, const struct query *q, struct page *page)
{
	struct table *t = page_table(page, "vcpus", NULL, vm_columns, ARRAY_SIZE(vm_columns), "id");

	t->ascending = true;

	for (u32 i = 0; i < m->n_vms; i++) {
		const struct vm_sample *vm = &m->vms[i].now;

		if (!vm_is(&m->vms[i], q->vm))
			continue;
		if (!q->vm.any && !vcpu_row(m, i, ALL_VCPUS, t))
			return false;
		for (u32 j = 0; j < vm->n_vcpus; j++)
			if (!vcpu_row(m, i, vm->vcpus[j].id, t))
				return false;
	}
	return true;
}

/* ---- interrupts --------------------------------------------------------- */

static const struct column irq_columns[] = {
	OWNER_COLUMNS,
	{"id", "vCPU", CELL_NUMBER, 4, 0, false},
	{"irqs_per_s", "inj/s", CELL_RATE, 7, 0, false},
	{"nmis_per_s", "NMI/s", CELL_RATE, 7, 0, false},
	{"pv_eois_per_s", "PVEOI/s", CELL_RATE, 7, 0, false},
	{"windows_per_s", "window/s", CELL_RATE, 8, 2, false},
	{"halts_per_s", "HLT/s", CELL_RATE, 7, 0, false},
	{"wakeups_per_s", "wake/s", CELL_RATE, 7, 0, false},
	{"polled_wakeups_per_s", "polled/s", CELL_RATE, 8, 1, false},
	{"spark", "inj", CELL_SPARK, 7, 3, false},
};

static bool irq_row(const struct model *m, u32 i, u32 vcpu, struct table *t)
{
	static const int stats[] = {ST_irq_injections,	    ST_nmi_injections, ST_pv_eoi,
				    ST_irq_window_exits,    ST_halt_exits,     ST_halt_wakeup,
				    ST_halt_successful_poll};
	static const struct hist_key every = {HX_IRQ_TIME, LABEL_UNKNOWN, NO_REASON};
	const struct model_vm *vm = &m->vms[i];
	struct row *row = table_row(t);
	struct delta d;
	struct cell *c;

	if (!row || !model_delta(m, vm, vcpu, &d))
		return false;
	c = row_owner(row, m, i, vcpu);
	row->pinned = vcpu == ALL_VCPUS;
	if (row->pinned)
		cell_text(c++, "all");
	else
		cell_number(c++, vcpu);
	for (u32 s = 0; s < ARRAY_SIZE(stats); s++)
		cell_value(c++, CELL_RATE, delta_rate(&d, stats[s]));
	row->n_history = model_history(vm, vcpu, TRACK_HIST, every, row->history, HISTORY);
	delta_free(&d);
	return true;
}

bool view_irqs(const struct model *m, const struct query *q, struct page *page)
{
	struct table *t =
		page_table(page, "irqs", NULL, irq_columns, ARRAY_SIZE(irq_columns), "id");

	t->ascending = true;
	for (u32 i = 0; i < m->n_vms; i++) {
		const struct vm_sample *vm = &m->vms[i].now;

		if (!vm_is(&m->vms[i], q->vm))
			continue;
		if (!q->vm.any && q->vcpu == ALL_VCPUS && !irq_row(m, i, ALL_VCPUS, t))
			return false;
		for (u32 j = 0; j < vm->n_vcpus; j++)
			if ((q->vcpu == ALL_VCPUS || q->vcpu == vm->vcpus[j].id) &&
			    !irq_row(m, i, vm->vcpus[j].id, t))
				return false;
	}
	return true;
}

/* ---- counters ----------------------------------------------------------- */

static const struct column counter_columns[] = {
	OWNER_COLUMNS,
	{"counter", "counter", CELL_TEXT, 26, 0, false},
	{"per_s", "per s", CELL_RATE, 8, 0, false},
	{"value", "value", CELL_NUMBER, 10, 0, false},
	{"text", "", CELL_TEXT, 10, 1, false},
};

static bool counter_rows(const struct model *m, u32 i, u32 vcpu, struct table *t)
{
	const struct model_vm *vm = &m->vms[i];
	const struct vcpu_sample *v = model_vcpu(&vm->now, vcpu);
	const struct counts *now = v ? &v->counts : &vm->now.total;
	bool good = true;
	struct delta d;

	if (!model_delta(m, vm, vcpu, &d))
		return false;
	for (int s = 0; s < ST_COUNT && good; s++) {
		struct row *row;
		struct cell *c;
		bool grows = stat_info[s].kind[0] == 'c';

		if (!now->have[s])
			continue;
		row = table_row(t);
		good = row;
		if (!good)
			break;
		c = row_owner(row, m, i, vcpu);
		cell_text(c++, stat_info[s].name);
		cell_value(c++, CELL_RATE, grows ? delta_rate(&d, s) : -1);
		cell_number(c++, m->since_zero && grows ? d.counts.stat[s] : now->stat[s]);
		cell_text(c++, stat_info[s].text);
	}
	delta_free(&d);
	return good;
}

bool view_counters(const struct model *m, const struct query *q, struct page *page)
{
	struct table *t = page_table(page, "counters", NULL, counter_columns,
				     ARRAY_SIZE(counter_columns), "per_s");

	for (u32 i = 0; i < m->n_vms; i++)
		if (vm_is(&m->vms[i], q->vm) && !counter_rows(m, i, q->vcpu, t))
			return false;
	return true;
}
