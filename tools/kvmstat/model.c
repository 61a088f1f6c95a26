// SPDX-License-Identifier: GPL-2.0-only
/*
 * Differences, rates and histories. A VM is told from another by its number,
 * process and file descriptor, so that one which was started anew under the
 * same name is another VM. Where a number goes backwards all the same (a counter
 * that somebody reset, stock KVM's VM in the same place) the interval counts as
 * nothing and is marked.
 */
#include <stdlib.h>

#include "model.h"

static bool same_vm(const struct vm_sample *a, const struct vm_sample *b)
{
	return a->vm_id == b->vm_id && a->tgid == b->tgid && a->fd == b->fd && a->stock == b->stock;
}

static u64 less(u64 now, u64 base, bool *ret_back)
{
	if (now >= base)
		return now - base;
	*ret_back = true;
	return 0;
}

/*
 * Smallest and largest of the difference: known exactly only where they are a
 * new extreme, else as well as the outermost buckets and the sum tell.
 */
static void hist_bounds(struct hist *d, const struct hist *now, const struct hist *base)
{
	u64 lo = hist_min(now), hi = now->max;
	u32 first = 0, last = HIST_BUCKETS - 1;
	u64 n = hist_count(d);

	if (!n) {
		d->max = d->min_inv = 0;
		return;
	}
	while (!d->bucket[first])
		first++;
	while (!d->bucket[last])
		last--;
	if (!base || now->min_inv == base->min_inv)
		lo = max(lo, hist_bucket_low(first));
	if ((!base || now->max == base->max) && hist_bucket_end(last))
		hi = min(hi, hist_bucket_end(last) - 1);
	/* All but one are lo at least; so the one is no more than the rest of the sum. */
	if (n < U32_MAX && lo < U32_MAX && d->sum >= n * lo)
		hi = min(hi, d->sum - (n - 1) * lo);
	if (n == 1 && d->sum >= lo && d->sum <= hi)
		lo = hi = d->sum;
	d->max = max(lo, hi);
	d->min_inv = ~lo;
}

static void hist_delta(struct hist *d, const struct hist *now, const struct hist *base,
		       bool *ret_back)
{
	bool back = false;

	*d = (struct hist){0};
	d->sum = less(now->sum, base ? base->sum : 0, &back);
	for (u32 i = 0; i < HIST_BUCKETS; i++)
		d->bucket[i] = less(now->bucket[i], base ? base->bucket[i] : 0, &back);
	if (back) {
		*d = (struct hist){0};
		*ret_back = true;
	}
	hist_bounds(d, now, base);
}

bool counts_delta(const struct counts *now, const struct counts *base, struct counts *ret,
		  bool *ret_back)
{
	*ret = (struct counts){.have_states = now->have_states};
	for (int i = 0; i < ST_COUNT; i++) {
		ret->have[i] = now->have[i];
		if (stat_info[i].kind[0] == 'c')
			ret->stat[i] = less(now->stat[i], base->stat[i], ret_back);
		else
			ret->stat[i] = now->stat[i];
	}
	for (int i = 0; i < STATE_COUNT; i++)
		ret->state[i] = less(now->state[i], base->state[i], ret_back);
	for (u32 i = 0; i < now->n_hists; i++) {
		struct hist *d = counts_hist(ret, now->hists[i].key);

		if (!d) {
			counts_free(ret);
			return false;
		}
		hist_delta(d, &now->hists[i].hist, counts_find(base, now->hists[i].key), ret_back);
	}
	return true;
}

const struct vcpu_sample *model_vcpu(const struct vm_sample *vm, u32 id)
{
	for (u32 i = 0; i < vm->n_vcpus; i++)
		if (vm->vcpus[i].id == id)
			return &vm->vcpus[i];
	return NULL;
}

static const struct counts *counts_of(const struct vm_sample *vm, u32 vcpu)
{
	static const struct counts none;
	const struct vcpu_sample *v;

	if (vcpu == ALL_VCPUS)
		return &vm->total;
	v = model_vcpu(vm, vcpu);
	return v ? &v->counts : &none;
}

/* The age of a VM is that of its oldest vCPU; 0: not known. */
static u64 vm_age(const struct vm_sample *vm)
{
	u64 age = 0;

	for (u32 i = 0; i < vm->n_vcpus; i++)
		age = max(age, counts_time(&vm->vcpus[i].counts));
	return age;
}

/* What the newest sample is compared with; *ret_ns: how long ago that was, 0: not known. */
static const struct vm_sample *base_of(const struct model *m, const struct model_vm *vm,
				       u64 *ret_ns)
{
	static const struct vm_sample none;
	const struct vm_sample *base = &none;

	*ret_ns = 0;
	if (m->since_zero) {
		base = vm->has_zero ? &vm->zero : &none;
	} else if (vm->has_before) {
		base = &vm->before;
	}
	if (base != &none && vm->now.time_ns > base->time_ns)
		*ret_ns = vm->now.time_ns - base->time_ns;
	else if (base == &none && m->since_zero)
		*ret_ns = vm_age(&vm->now);
	/* Without a sample before there is nothing to tell of. */
	return base == &none && !m->since_zero ? &vm->now : base;
}

bool model_delta(const struct model *m, const struct model_vm *vm, u32 vcpu, struct delta *ret)
{
	const struct vm_sample *base;

	*ret = (struct delta){0};
	if (vcpu != ALL_VCPUS && !model_vcpu(&vm->now, vcpu))
		return false;
	base = base_of(m, vm, &ret->ns);
	if (!counts_delta(counts_of(&vm->now, vcpu), counts_of(base, vcpu), &ret->counts,
			  &ret->back))
		return false;
	ret->wall = counts_time(&ret->counts);
	return true;
}

/* The slot of that id; they keep their order, so it is mostly at @hint. */
static const struct slot_sample *find_slot(const struct vm_sample *vm, u32 id, u32 hint)
{
	for (u32 i = 0; i < vm->n_slots; i++) {
		const struct slot_sample *s = &vm->slots[(hint + i) % vm->n_slots];

		if (s->id == id)
			return s;
	}
	return NULL;
}

void model_slot_delta(const struct model *m, const struct model_vm *vm, u32 slot,
		      struct slot_delta *ret)
{
	const struct slot_sample *now = &vm->now.slots[slot], *base;

	base = find_slot(base_of(m, vm, &ret->ns), now->id, slot);
	for (int i = 0; i < SS_COUNT; i++)
		ret->stat[i] =
			now->stat[i] - (base && base->stat[i] <= now->stat[i] ? base->stat[i] : 0);
}

void delta_free(struct delta *d)
{
	counts_free(&d->counts);
}

double delta_rate(const struct delta *d, int stat)
{
	if (!d->ns || !d->counts.have[stat])
		return -1;
	return d->counts.stat[stat] * 1e9 / d->ns;
}

double delta_state(const struct delta *d, int state)
{
	if (!d->counts.have_states || !d->wall)
		return -1;
	return d->counts.state[state] * 100.0 / d->wall;
}

/* ---- histories ---------------------------------------------------------- */

static struct track *track(struct model_vm *vm, u32 vcpu, enum track_kind kind, struct hist_key key,
			   u32 *hint)
{
	struct track *t;

	/* They come in the same order each time, so the next one is mostly the right one. */
	for (u32 n = 0; n < vm->n_tracks; n++) {
		u32 i = (*hint + n) % vm->n_tracks;

		t = &vm->tracks[i];
		if (t->vcpu == vcpu && t->kind == kind && hist_key_equal(t->key, key)) {
			*hint = i + 1;
			return t;
		}
	}
	t = realloc(vm->tracks, (vm->n_tracks + 1) * sizeof(*t));
	if (!t)
		return NULL;
	vm->tracks = t;
	t += vm->n_tracks++;
	*t = (struct track){.vcpu = vcpu, .kind = kind, .key = key};
	return t;
}

static void note(struct model_vm *vm, u32 vcpu, enum track_kind kind, struct hist_key key,
		 double rate, u32 *hint)
{
	struct track *t = track(vm, vcpu, kind, key, hint);

	if (t)
		t->rate[vm->ticks % HISTORY] = rate > 0 ? rate : 0;
}

static void note_counts(struct model_vm *vm, u32 vcpu, u32 *hint)
{
	static const struct hist_key none;
	struct counts c;
	u64 ns = vm->now.time_ns - vm->before.time_ns;
	bool back = false;

	if (!ns ||
	    !counts_delta(counts_of(&vm->now, vcpu), counts_of(&vm->before, vcpu), &c, &back))
		return;
	note(vm, vcpu, TRACK_EXITS, none, c.stat[ST_exits] * 1e9 / ns, hint);
	note(vm, vcpu, TRACK_FAULTS, none, c.stat[ST_pf_taken] * 1e9 / ns, hint);
	for (u32 i = 0; i < c.n_hists; i++)
		note(vm, vcpu, TRACK_HIST, c.hists[i].key, hist_count(&c.hists[i].hist) * 1e9 / ns,
		     hint);
	counts_free(&c);
}

static void note_all(struct model_vm *vm)
{
	u32 hint = 0;

	for (u32 i = 0; i < vm->n_tracks; i++)
		vm->tracks[i].rate[vm->ticks % HISTORY] = 0;
	note_counts(vm, ALL_VCPUS, &hint);
	for (u32 i = 0; i < vm->now.n_vcpus; i++)
		note_counts(vm, vm->now.vcpus[i].id, &hint);
	vm->ticks++;
}

u32 model_history(const struct model_vm *vm, u32 vcpu, enum track_kind kind, struct hist_key key,
		  float *rates, u32 n)
{
	n = min(min(n, vm->ticks), (u32)HISTORY);
	for (u32 i = 0; i < n; i++)
		rates[i] = 0;
	for (u32 i = 0; i < vm->n_tracks; i++) {
		const struct track *t = &vm->tracks[i];

		if (t->vcpu != vcpu || t->kind != kind)
			continue;
		if (kind == TRACK_HIST &&
		    (t->key.hist != key.hist ||
		     (key.label != LABEL_UNKNOWN && t->key.label != key.label) ||
		     (key.reason != NO_REASON && t->key.reason != key.reason)))
			continue;
		for (u32 j = 0; j < n; j++)
			rates[j] += t->rate[(vm->ticks - n + j) % HISTORY];
	}
	return n;
}

/* ---- feeding ------------------------------------------------------------ */

static void vm_free(struct model_vm *vm)
{
	vm_sample_free(&vm->now);
	vm_sample_free(&vm->before);
	vm_sample_free(&vm->zero);
	free(vm->tracks);
}

/* Takes the sample's VM over. */
static void vm_update(struct model_vm *vm, struct vm_sample *new)
{
	vm_sample_free(&vm->before);
	vm->before = vm->now;
	vm->now = *new;
	*new = (struct vm_sample){0};
	vm->has_before = true;
	vm->ended = false;
	if (vm->now.time_ns > vm->before.time_ns)
		note_all(vm);
}

static bool vm_add(struct model *m, struct vm_sample *new)
{
	struct model_vm *vms = realloc(m->vms, (m->n_vms + 1) * sizeof(*vms));

	if (!vms)
		return false;
	m->vms = vms;
	vms[m->n_vms] = (struct model_vm){.now = *new};
	*new = (struct vm_sample){0};
	m->n_vms++;
	return true;
}

static struct vm_sample *find(const struct sample *sample, const struct vm_sample *vm)
{
	for (u32 i = 0; i < sample->n_vms; i++)
		if (sample->vms[i].time_ns && same_vm(&sample->vms[i], vm))
			return &sample->vms[i];
	return NULL;
}

/* VMs that are not there any more stay a while. */
static void update_known(struct model *m, const struct sample *sample)
{
	u32 kept = 0;

	for (u32 i = 0; i < m->n_vms; i++) {
		struct model_vm *vm = &m->vms[i];
		struct vm_sample *new = find(sample, &vm->now);

		if (new) {
			vm_update(vm, new);
		} else if (!vm->ended) {
			vm->ended = true;
			vm->ended_ns = sample->time_ns;
		} else if (sample->time_ns - vm->ended_ns > ENDED_SHOW_NS) {
			vm_free(vm);
			continue;
		}
		m->vms[kept++] = *vm;
	}
	m->n_vms = kept;
}

/* A source gives a frozen recorder's text once; it goes with the index from then on. */
static void keep_records(struct model *m, struct sample *sample)
{
	for (u32 i = 0; i < sample->n_frozen; i++)
		for (u32 j = 0; j < m->n_frozen && !sample->frozen[i].text; j++)
			if (m->frozen[j].id == sample->frozen[i].id &&
			    m->frozen[j].wall_ns == sample->frozen[i].wall_ns)
				swap(sample->frozen[i].text, m->frozen[j].text);
}

bool model_feed(struct model *m, struct sample *sample)
{
	bool good = true;

	update_known(m, sample);
	for (u32 i = 0; i < sample->n_vms; i++)
		if (sample->vms[i].time_ns)
			good &= vm_add(m, &sample->vms[i]);
	m->interval_ns = m->n_samples && sample->time_ns > m->time_ns ? sample->time_ns - m->time_ns
								      : 0;
	if (!m->n_samples)
		m->first_ns = sample->time_ns;
	m->n_samples++;
	m->time_ns = sample->time_ns;
	m->wall_ns = sample->wall_ns;
	m->read_ns = sample->read_ns;
	m->read_total_ns += sample->read_ns;
	m->lost = sample->lost;
	m->lost_total += sample->lost;
	keep_records(m, sample);
	swap(m->frozen, sample->frozen);
	swap(m->n_frozen, sample->n_frozen);
	sample_free(sample);
	return good;
}

static bool vm_sample_copy(struct vm_sample *to, const struct vm_sample *from)
{
	*to = *from;
	to->slots = calloc(from->n_slots + 1, sizeof(*to->slots));
	to->vcpus = calloc(from->n_vcpus + 1, sizeof(*to->vcpus));
	to->n_slots = to->n_vcpus = 0;
	if (!to->slots || !to->vcpus || !counts_copy(&to->total, &from->total))
		return false;
	while (to->n_slots < from->n_slots) {
		to->slots[to->n_slots] = from->slots[to->n_slots];
		to->n_slots++;
	}
	for (u32 i = 0; i < from->n_vcpus; i++) {
		to->vcpus[i] = from->vcpus[i];
		to->n_vcpus++;
		if (!counts_copy(&to->vcpus[i].counts, &from->vcpus[i].counts))
			return false;
	}
	return true;
}

void model_zero(struct model *m)
{
	for (u32 i = 0; i < m->n_vms; i++) {
		struct model_vm *vm = &m->vms[i];

		vm_sample_free(&vm->zero);
		vm->has_zero = vm_sample_copy(&vm->zero, &vm->now);
		if (!vm->has_zero)
			vm_sample_free(&vm->zero);
	}
}

void model_free(struct model *m)
{
	for (u32 i = 0; i < m->n_vms; i++)
		vm_free(&m->vms[i]);
	for (u32 i = 0; i < m->n_frozen; i++)
		free(m->frozen[i].text);
	free(m->vms);
	free(m->frozen);
	*m = (struct model){0};
}
