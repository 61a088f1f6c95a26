// SPDX-License-Identifier: GPL-2.0-only
/*
 * The views made of histograms: exits by reason, time in userspace by reason,
 * MMU faults and dirty passes by kind, waits of interrupts and of halted vCPUs,
 * and one histogram bucket by bucket.
 *
 * On stock KVM, which measures no times, the exits are what its counters say.
 */
#include "view.h"

#define HIST_COLUMNS(label, title, width)                                                          \
	OWNER_COLUMNS, {label, title, CELL_TEXT, width, 0, false},                                 \
		{"reason", "reason", CELL_TEXT, 12, 0, false},                                     \
		{"reason_number", NULL, CELL_NUMBER, 0, 0, false},                                 \
		{"count", "count", CELL_NUMBER, 7, 7, false},                                      \
		{"per_s", "per s", CELL_RATE, 7, 1, false},                                        \
		{"time_percent", "time%", CELL_PERCENT, 5, 0, false},                              \
		{"mean_ns", "mean", CELL_NS, 6, 3, false},                                         \
		{"p50_ns", "p50", CELL_NS, 6, 4, false}, {"p99_ns", "p99", CELL_NS, 6, 2, false},  \
		{"max_ns", "max", CELL_NS, 6, 5, false},                                           \
	{                                                                                          \
		"spark", "per s", CELL_SPARK, 7, 6, false                                          \
	}

static const struct column exit_columns[] = {HIST_COLUMNS("kind", "exit", 11)};

/* The others have no hardware reason. */
#define PLAIN_COLUMNS(label, title, share)                                                         \
	OWNER_COLUMNS, {label, title, CELL_TEXT, 13, 0, false},                                    \
		{"reason", NULL, CELL_TEXT, 0, 0, false},                                          \
		{"reason_number", NULL, CELL_NUMBER, 0, 0, false},                                 \
		{"count", "count", CELL_NUMBER, 7, 7, false},                                      \
		{"per_s", "per s", CELL_RATE, 7, 1, false},                                        \
		{"time_percent", share, CELL_PERCENT, 5, 0, false},                                \
		{"mean_ns", "mean", CELL_NS, 6, 3, false},                                         \
		{"p50_ns", "p50", CELL_NS, 6, 4, false}, {"p99_ns", "p99", CELL_NS, 6, 2, false},  \
		{"max_ns", "max", CELL_NS, 6, 5, false},                                           \
	{                                                                                          \
		"spark", "per s", CELL_SPARK, 7, 6, false                                          \
	}

static const struct column user_columns[] = {PLAIN_COLUMNS("kind", "KVM_RUN gave", "time%")};
static const struct column fault_columns[] = {PLAIN_COLUMNS("kind", "MMU fault", "time%")};
static const struct column dirty_columns[] = {PLAIN_COLUMNS("kind", "dirty pass", "time%")};
static const struct column irq_columns[] = {PLAIN_COLUMNS("class", "vectors from", NULL)};
static const struct column halt_columns[] = {PLAIN_COLUMNS("kind", "halted vCPU", "time%")};

struct shape {
	const char *name;
	const struct column *columns;
	u32 n_columns;
};

static const struct shape shapes[HX_COUNT] = {
	[HX_EXIT_TIME] = {"exits", exit_columns, ARRAY_SIZE(exit_columns)},
	[HX_USERSPACE_TIME] = {"user", user_columns, ARRAY_SIZE(user_columns)},
	[HX_MMU_FAULT_TIME] = {"faults", fault_columns, ARRAY_SIZE(fault_columns)},
	[HX_IRQ_TIME] = {"irq_waits", irq_columns, ARRAY_SIZE(irq_columns)},
	[HX_HALT_TIME] = {"halts", halt_columns, ARRAY_SIZE(halt_columns)},
	[HX_DIRTY_PASS_TIME] = {"dirty_passes", dirty_columns, ARRAY_SIZE(dirty_columns)},
};

static void reason_cells(struct cell *c, u32 isa, struct hist_key key)
{
	char room[16];

	if (key.reason == NO_REASON)
		return;
	cell_text(c, reason_name(isa, key.reason, room));
	cell_number(c + 1, key.reason);
}

/* Is it time of the vCPU's thread, a share of which means something? */
static bool is_vcpu_time(int hist)
{
	return !hist_info[hist].vm && hist != HX_IRQ_TIME;
}

static bool hist_row(const struct model *m, u32 i, u32 vcpu, const struct delta *d,
		     const struct keyed_hist *k, struct table *t)
{
	const struct model_vm *vm = &m->vms[i];
	u64 n = hist_count(&k->hist);
	struct row *row = table_row(t);
	struct hist_key key = k->key;
	struct cell *c;

	if (!row)
		return false;
	c = row_owner(row, m, i, vcpu);
	row->key = key;
	cell_text(c++, label_name(key.hist, key.label));
	reason_cells(c, vm->now.isa, key);
	c += 2;
	cell_number(c++, n);
	cell_value(c++, CELL_RATE, d->ns ? n * 1e9 / d->ns : -1);
	cell_value(c++, CELL_PERCENT,
		   d->wall && is_vcpu_time(key.hist) ? k->hist.sum * 100.0 / d->wall : -1);
	cell_value(c++, CELL_NS, n ? (double)hist_mean(&k->hist) : -1);
	cell_value(c++, CELL_NS, n ? (double)hist_quantile(&k->hist, 500) : -1);
	cell_value(c++, CELL_NS, n ? (double)hist_quantile(&k->hist, 990) : -1);
	cell_value(c++, CELL_NS, n ? (double)k->hist.max : -1);
	row->n_history = model_history(vm, vcpu, TRACK_HIST, key, row->history, HISTORY);
	return true;
}

/* Those of one kind, merged over the hardware's reasons if that is wanted. */
static bool select_hists(const struct counts *from, int hist, bool merge, struct counts *ret)
{
	*ret = (struct counts){0};
	for (u32 i = 0; i < from->n_hists; i++) {
		struct hist_key key = from->hists[i].key;
		struct hist *h;

		if (key.hist != hist)
			continue;
		if (merge)
			key.reason = NO_REASON;
		h = counts_hist(ret, key);
		if (!h)
			return false;
		hist_merge(h, &from->hists[i].hist);
	}
	return true;
}

/* Without histograms: rates of the counters that stand for kinds of exits. */
static bool counter_rows(const struct model *m, u32 i, u32 vcpu, const struct delta *d,
			 struct table *t)
{
	for (u32 kind = 0; kind < LABEL_UNKNOWN; kind++) {
		int stat = kind_stat(kind);
		struct row *row;
		struct cell *c;

		if (stat < 0 || !d->counts.have[stat])
			continue;
		row = table_row(t);
		if (!row)
			return false;
		c = row_owner(row, m, i, vcpu);
		row->key = (struct hist_key){HX_EXIT_TIME, kind, NO_REASON};
		cell_text(c, label_name(HX_EXIT_TIME, kind));
		cell_number(c + 3, d->counts.stat[stat]);
		cell_value(c + 4, CELL_RATE, delta_rate(d, stat));
	}
	return true;
}

static bool vm_rows(const struct model *m, const struct query *q, u32 i, int hist, struct table *t)
{
	const struct model_vm *vm = &m->vms[i];
	u32 vcpu = hist_info[hist].vm ? ALL_VCPUS : q->vcpu;
	struct counts some = {0};
	bool good, any = false;
	struct delta d;

	if (vcpu != ALL_VCPUS && !model_vcpu(&vm->now, vcpu))
		return true;
	if (!model_delta(m, vm, vcpu, &d))
		return false;
	good = select_hists(&d.counts, hist, q->merge, &some);
	for (u32 j = 0; j < some.n_hists && good; j++) {
		good = hist_row(m, i, vcpu, &d, &some.hists[j], t);
		any = true;
	}
	if (good && !any && hist == HX_EXIT_TIME)
		good = counter_rows(m, i, vcpu, &d, t);
	counts_free(&some);
	delta_free(&d);
	return good;
}

bool view_hists(const struct model *m, const struct query *q, int hist, struct page *page)
{
	const struct shape *s = &shapes[hist];
	struct table *t = page_table(page, s->name, NULL, s->columns, s->n_columns, "time_percent");
	bool times = false;

	for (u32 i = 0; i < m->n_vms; i++)
		if (vm_is(&m->vms[i], q->vm) && !vm_rows(m, q, i, hist, t))
			return false;
	for (u32 i = 0; i < t->n_rows; i++)
		times |= t->rows[i].cells[table_column(t, "time_percent")].kind != CELL_NONE;
	if (!times)
		t->sort = table_column(t, "per_s");
	return true;
}

/* ---- one histogram ------------------------------------------------------ */

static const struct column bucket_columns[] = {
	OWNER_COLUMNS,
	{"from_ns", "from", CELL_NS, 6, 0, false},
	{"below_ns", "below", CELL_NS, 6, 0, false},
	{"count", "count", CELL_NUMBER, 8, 0, false},
	{"percent", "%", CELL_PERCENT, 5, 0, false},
	{"cumulative_percent", "sum%", CELL_PERCENT, 5, 1, false},
	{"gauge", "share", CELL_GAUGE, 10, 2, false},
};

static bool bucket_rows(const struct model *m, u32 i, u32 vcpu, const struct hist *h,
			struct table *t)
{
	u32 first = 0, last = HIST_BUCKETS - 1;
	u64 n = hist_count(h), sum = 0;

	if (!n)
		return true;
	while (!h->bucket[first])
		first++;
	while (!h->bucket[last])
		last--;
	for (u32 b = first; b <= last; b++) {
		struct row *row = table_row(t);
		struct cell *c;

		if (!row)
			return false;
		sum += h->bucket[b];
		c = row_owner(row, m, i, vcpu);
		cell_value(c++, CELL_NS, hist_bucket_low(b));
		cell_value(c++, CELL_NS, hist_bucket_end(b) ? (double)hist_bucket_end(b) : -1);
		cell_number(c++, h->bucket[b]);
		cell_value(c++, CELL_PERCENT, h->bucket[b] * 100.0 / n);
		cell_value(c++, CELL_PERCENT, sum * 100.0 / n);
		cell_value(c++, CELL_GAUGE, h->bucket[b] * 100.0 / n);
	}
	return true;
}

static void hist_title(const struct model_vm *vm, const struct query *q, const struct hist *h,
		       struct page *page)
{
	char reason[16], mean[16], p50[16], p99[16], most[16], vcpu[24] = "";
	struct cell c = {.kind = CELL_NS};

	c.value = hist_mean(h);
	cell_format(&c, mean, sizeof(mean));
	c.value = hist_quantile(h, 500);
	cell_format(&c, p50, sizeof(p50));
	c.value = hist_quantile(h, 990);
	cell_format(&c, p99, sizeof(p99));
	c.value = h->max;
	cell_format(&c, most, sizeof(most));
	if (q->vcpu != ALL_VCPUS)
		snprintf(vcpu, sizeof(vcpu), " vCPU %u", q->vcpu);
	snprintf(page->title, sizeof(page->title), "%s (%u)%s: %s %s%s%s", vm->now.name,
		 vm->now.tgid, vcpu, hist_info[q->key.hist].name,
		 label_name(q->key.hist, q->key.label), q->key.reason == NO_REASON ? "" : " ",
		 q->key.reason == NO_REASON ? "" : reason_name(vm->now.isa, q->key.reason, reason));
	snprintf(page->note, sizeof(page->note), "%llu values: mean %s, p50 %s, p99 %s, max %s",
		 (unsigned long long)hist_count(h), mean, p50, p99, most);
}

bool view_hist(const struct model *m, const struct query *q, struct page *page)
{
	struct table *t =
		page_table(page, "buckets", NULL, bucket_columns, ARRAY_SIZE(bucket_columns), NULL);

	for (u32 i = 0; i < m->n_vms; i++) {
		struct model_vm *vm = &m->vms[i];
		u32 vcpu = hist_info[q->key.hist].vm ? ALL_VCPUS : q->vcpu;
		static const struct hist none;
		const struct hist *h;
		struct counts some;
		struct delta d;
		bool good;

		if (!vm_is(vm, q->vm) || (vcpu != ALL_VCPUS && !model_vcpu(&vm->now, vcpu)))
			continue;
		if (!model_delta(m, vm, vcpu, &d))
			return false;
		good = select_hists(&d.counts, q->key.hist, q->key.reason == NO_REASON, &some);
		h = counts_find(&some, q->key);
		h = h ? h : &none;
		good = good && bucket_rows(m, i, vcpu, h, t);
		if (!q->vm.any)
			hist_title(vm, q, h, page);
		counts_free(&some);
		delta_free(&d);
		if (!good)
			return false;
	}
	return true;
}
