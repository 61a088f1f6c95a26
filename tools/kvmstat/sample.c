// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sets of counters and histograms; raw looks.
 */
#include <stdlib.h>
#include <stdio.h>

#include "sample.h"

/* One more element at the end of an array; its room doubles. NULL: no memory. */
static void *grow(void *array, u32 n, size_t size)
{
	if (n & (n - 1))
		return array;
	return realloc(array, (n ? 2 * (size_t)n : 1) * size);
}

struct raw_vm *raw_add_vm(struct raw *raw, const char *name, bool stock, char *text)
{
	struct raw_vm *vms = grow(raw->vms, raw->n_vms, sizeof(*vms));
	struct raw_vm *vm;

	if (!vms) {
		free(text);
		return NULL;
	}
	raw->vms = vms;
	vm = &vms[raw->n_vms++];
	*vm = (struct raw_vm){.stock = stock, .text = text};
	snprintf(vm->name, sizeof(vm->name), "%s", name);
	return vm;
}

bool raw_add_record(struct raw *raw, u32 id, char *text)
{
	struct raw_record *records = grow(raw->records, raw->n_records, sizeof(*records));

	if (!records) {
		free(text);
		return false;
	}
	raw->records = records;
	records[raw->n_records++] = (struct raw_record){id, text};
	return true;
}

void raw_free(struct raw *raw)
{
	for (u32 i = 0; i < raw->n_vms; i++)
		free(raw->vms[i].text);
	for (u32 i = 0; i < raw->n_records; i++)
		free(raw->records[i].text);
	free(raw->vms);
	free(raw->records);
	free(raw->index);
	*raw = (struct raw){0};
}

const struct hist *counts_find(const struct counts *c, struct hist_key key)
{
	for (u32 i = 0; i < c->n_hists; i++)
		if (hist_key_equal(c->hists[i].key, key))
			return &c->hists[i].hist;
	return NULL;
}

struct hist *counts_hist(struct counts *c, struct hist_key key)
{
	struct hist *found = (struct hist *)counts_find(c, key);

	if (found)
		return found;
	if (c->n_hists == c->room) {
		u32 room = c->room ? 2 * c->room : 16;
		struct keyed_hist *hists = realloc(c->hists, room * sizeof(*hists));

		if (!hists)
			return NULL;
		c->hists = hists;
		c->room = room;
	}
	c->hists[c->n_hists] = (struct keyed_hist){.key = key};
	return &c->hists[c->n_hists++].hist;
}

bool counts_add(struct counts *into, const struct counts *from)
{
	for (int i = 0; i < ST_COUNT; i++) {
		into->stat[i] += from->stat[i];
		into->have[i] |= from->have[i];
	}
	for (int i = 0; i < STATE_COUNT; i++)
		into->state[i] += from->state[i];
	into->have_states |= from->have_states;
	for (u32 i = 0; i < from->n_hists; i++) {
		struct hist *h = counts_hist(into, from->hists[i].key);

		if (!h)
			return false;
		hist_merge(h, &from->hists[i].hist);
	}
	return true;
}

bool counts_copy(struct counts *to, const struct counts *from)
{
	*to = (struct counts){0};
	return counts_add(to, from);
}

u64 counts_time(const struct counts *c)
{
	u64 sum = 0;

	for (int i = 0; i < STATE_COUNT; i++)
		sum += c->state[i];
	return sum;
}

void counts_free(struct counts *c)
{
	free(c->hists);
	*c = (struct counts){0};
}

void vm_sample_free(struct vm_sample *vm)
{
	for (u32 i = 0; i < vm->n_vcpus; i++)
		counts_free(&vm->vcpus[i].counts);
	free(vm->vcpus);
	free(vm->slots);
	counts_free(&vm->total);
	*vm = (struct vm_sample){0};
}

void sample_free(struct sample *sample)
{
	if (!sample)
		return;
	for (u32 i = 0; i < sample->n_vms; i++)
		vm_sample_free(&sample->vms[i]);
	for (u32 i = 0; i < sample->n_frozen; i++)
		free(sample->frozen[i].text);
	free(sample->vms);
	free(sample->frozen);
	free(sample);
}
