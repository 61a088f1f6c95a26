// SPDX-License-Identifier: GPL-2.0-only
/*
 * All cumulative values, as OpenMetrics or in Prometheus' older text format. Names
 * and numbers are made by tools/common/openmetrics.c from the schema.
 *
 * The two differ in little: OpenMetrics' counters are a family without the
 * _total that their samples end in, there are units, the type info, times and
 * an end mark; the older one has none of that, and wants no times from those who
 * are asked at any time.
 */
#include "../common/openmetrics.h"
#include "output.h"

struct exposition {
	FILE *f;
	const struct model *m;
	const struct query *q;
	bool old;   /* Prometheus' text format */
	bool begun; /* the family has its head */
};

static void begin(struct exposition *e, const struct om_family *family)
{
	const char *name = e->old ? family->sample : family->family;
	bool info = strcmp(family->type, OM_INFO) == 0;
	char text[512];

	if (e->begun)
		return;
	e->begun = true;
	om_escape(family->text, text, sizeof(text));
	fprintf(e->f, "# TYPE %s %s\n", name, e->old && info ? OM_GAUGE : family->type);
	if (family->unit[0] && !e->old)
		fprintf(e->f, "# UNIT %s %s\n", name, family->unit);
	fprintf(e->f, "# HELP %s %s\n", name, text);
}

/* The end of a sample's line. */
static void value(struct exposition *e, const char *number)
{
	char room[OM_NUMBER_LEN];

	if (e->old)
		fprintf(e->f, " %s\n", number);
	else
		fprintf(e->f, " %s %s\n", number, om_number(e->m->wall_ns / 1000000, -3, room));
}

/* Labels that tell VM and vCPU, without the closing brace. */
static void owner(struct exposition *e, const struct vm_sample *vm, const struct vcpu_sample *v)
{
	char name[3 * NAME_LEN];

	om_escape(vm->name, name, sizeof(name));
	fprintf(e->f, "{vm=\"%s\",pid=\"%u\",fd=\"%u\"", name, vm->tgid, vm->fd);
	if (!vm->stock)
		fprintf(e->f, ",vm_id=\"%u\"", vm->vm_id);
	if (v)
		fprintf(e->f, ",vcpu=\"%u\"", v->id);
}

static void stat_sample(struct exposition *e, const struct om_family *family,
			const struct vm_sample *vm, const struct vcpu_sample *v, int stat)
{
	const struct counts *c = v ? &v->counts : &vm->total;
	char number[OM_NUMBER_LEN];

	if (!c->have[stat])
		return;
	begin(e, family);
	fputs(family->sample, e->f);
	owner(e, vm, v);
	fputc('}', e->f);
	value(e, om_number(c->stat[stat], family->exponent, number));
}

/* A counter of all VMs; one of the vCPU scope for each vCPU, where they are told apart. */
static void stat_family(struct exposition *e, const struct om_family *family, int stat)
{
	e->begun = false;
	for (u32 i = 0; i < e->m->n_vms; i++) {
		const struct vm_sample *vm = &e->m->vms[i].now;

		if (!vm_is(&e->m->vms[i], e->q->vm) || e->m->vms[i].ended)
			continue;
		if (stat_info[stat].vm || vm->stock) {
			stat_sample(e, family, vm, NULL, stat);
			continue;
		}
		for (u32 j = 0; j < vm->n_vcpus; j++)
			stat_sample(e, family, vm, &vm->vcpus[j], stat);
	}
}

static void state_family(struct exposition *e)
{
	struct om_family family;
	char number[OM_NUMBER_LEN];

	om_states(&family);
	e->begun = false;
	for (u32 i = 0; i < e->m->n_vms; i++) {
		const struct vm_sample *vm = &e->m->vms[i].now;

		if (!vm_is(&e->m->vms[i], e->q->vm) || e->m->vms[i].ended)
			continue;
		for (u32 j = 0; j < vm->n_vcpus; j++) {
			const struct vcpu_sample *v = &vm->vcpus[j];

			for (int s = 0; v->counts.have_states && s < STATE_COUNT; s++) {
				begin(e, &family);
				fputs(family.sample, e->f);
				owner(e, vm, v);
				fprintf(e->f, ",%s=\"%s\"}", family.label, state_name(s));
				value(e, om_number(v->counts.state[s], family.exponent, number));
			}
		}
	}
}

struct series {
	const struct om_family *family;
	const struct vm_sample *vm;
	const struct vcpu_sample *v;
	struct hist_key key;
};

static void hist_labels(struct exposition *e, const struct series *s, const char *suffix)
{
	char reason[16];

	fprintf(e->f, "%s%s", s->family->sample, suffix);
	owner(e, s->vm, s->v);
	if (s->family->label[0])
		fprintf(e->f, ",%s=\"%s\"", s->family->label,
			label_name(s->key.hist, s->key.label));
	if (s->key.reason != NO_REASON)
		fprintf(e->f, ",hw_reason=\"%s\"", reason_name(s->vm->isa, s->key.reason, reason));
}

static void hist_samples(struct exposition *e, const struct series *s, const struct hist *h)
{
	char le[OM_NUMBER_LEN], number[OM_NUMBER_LEN];
	u64 sum = 0;

	begin(e, s->family);
	for (u32 b = 0; b < HIST_BUCKETS; b++) {
		sum += h->bucket[b];
		hist_labels(e, s, "_bucket");
		fprintf(e->f, ",le=\"%s\"}", om_le(b, le));
		value(e, om_number(sum, 0, number));
	}
	hist_labels(e, s, "_sum");
	fputc('}', e->f);
	value(e, om_number(h->sum, s->family->exponent, number));
	hist_labels(e, s, "_count");
	fputc('}', e->f);
	value(e, om_number(sum, 0, number));
}

static void hists_of(struct exposition *e, const struct om_family *family, int hist,
		     const struct vm_sample *vm, const struct vcpu_sample *v)
{
	const struct counts *c = v ? &v->counts : &vm->total;

	for (u32 i = 0; i < c->n_hists; i++) {
		struct series s = {family, vm, v, c->hists[i].key};

		if (s.key.hist == hist && s.key.label != LABEL_UNKNOWN)
			hist_samples(e, &s, &c->hists[i].hist);
	}
}

static void hist_family(struct exposition *e, const struct om_family *family, int hist)
{
	e->begun = false;
	for (u32 i = 0; i < e->m->n_vms; i++) {
		const struct vm_sample *vm = &e->m->vms[i].now;

		if (!vm_is(&e->m->vms[i], e->q->vm) || e->m->vms[i].ended)
			continue;
		if (hist_info[hist].vm)
			hists_of(e, family, hist, vm, NULL);
		for (u32 j = 0; j < vm->n_vcpus && !hist_info[hist].vm; j++)
			hists_of(e, family, hist, vm, &vm->vcpus[j]);
	}
}

static void schema_family(struct exposition *e)
{
	char hash[SCHEMA_HASH_LEN];
	struct om_family family;

	om_schema_info(&family);
	e->begun = false;
	begin(e, &family);
	schema_hash_text(schema_hash(), hash);
	fprintf(e->f, "%s{id=\"%d\",hash=\"%s\"}", family.sample, SCHEMA_ID, hash);
	value(e, "1");
}

/* Slots in which nothing ever happened are left out: a VM may have thousands. */
static void slot_family(struct exposition *e, const struct om_family *family, int stat)
{
	char number[OM_NUMBER_LEN];

	e->begun = false;
	for (u32 i = 0; i < e->m->n_vms; i++) {
		const struct vm_sample *vm = &e->m->vms[i].now;

		if (!vm_is(&e->m->vms[i], e->q->vm) || e->m->vms[i].ended)
			continue;
		for (u32 j = 0; j < vm->n_slots; j++) {
			const struct slot_sample *s = &vm->slots[j];

			if (!s->stat[stat])
				continue;
			begin(e, family);
			fputs(family->sample, e->f);
			owner(e, vm, NULL);
			fprintf(e->f, ",slot=\"%u\"}", s->id);
			value(e, om_number(s->stat[stat], family->exponent, number));
		}
	}
}

void openmetrics(FILE *f, const struct model *m, const struct query *q, bool old)
{
	struct exposition e = {.f = f, .m = m, .q = q, .old = old};
	struct om_family family;

	schema_family(&e);
	state_family(&e);
	for (u32 i = 0; i < schema_n_counters; i++) {
		int stat = stat_find(schema_counters[i].name);

		if (!om_counter(&schema_counters[i], &family))
			continue;
		if (stat >= 0)
			stat_family(&e, &family, stat);
		stat = slot_stat_find(schema_counters[i].name);
		if (stat >= 0)
			slot_family(&e, &family, stat);
	}
	for (u32 i = 0; i < schema_n_hists; i++) {
		int hist = hist_find(schema_hists[i].name);

		if (hist >= 0 && om_hist(&schema_hists[i], &family))
			hist_family(&e, &family, hist);
	}
	if (!old)
		fputs("# EOF\n", f);
}
