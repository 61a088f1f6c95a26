// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parser of snapshot texts and of the index of frozen recorders. Nothing
 * in them is trusted: they may be truncated, of a newer module, or made up.
 *
 * A line is cut into words in a buffer of its own; a line that does not fit the
 * shape is counted and left out. Names that are not known here are counted
 * apart: the schema only ever grows, so those are of a newer module.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "sample.h"
#include "table.h"

#define LINE_MAX_LEN 4096
#define WORDS_MAX    64
#define VCPUS_MAX    4096
#define SLOTS_MAX    65536
#define HISTS_MAX    512 /* of one vCPU */

struct line {
	char text[LINE_MAX_LEN];
	char *word[WORDS_MAX];
	u32 n;
};

/* The next line's words; false: no more lines. Too long a line has no words. */
static bool next_line(const char **at, struct line *line)
{
	size_t len = strcspn(*at, "\n");
	char *save = NULL;

	line->n = 0;
	if (!**at)
		return false;
	if (len < sizeof(line->text)) {
		memcpy(line->text, *at, len);
		line->text[len] = 0;
		for (char *w = strtok_r(line->text, " \t\r", &save); w && line->n < WORDS_MAX;
		     w = strtok_r(NULL, " \t\r", &save))
			line->word[line->n++] = w;
	}
	*at += len;
	if (**at == '\n')
		(*at)++;
	return true;
}

static bool number(const char *word, u64 *ret)
{
	char *end;
	int base = word[0] == '0' && word[1] == 'x' ? 16 : 10;

	if (!isxdigit((unsigned char)word[0]))
		return false;
	errno = 0;
	u64 v = strtoull(word, &end, base);
	if (errno || *end || end == word)
		return false;
	*ret = v;
	return true;
}

static bool number32(const char *word, u32 *ret)
{
	u64 v;

	if (!number(word, &v) || v > U32_MAX)
		return false;
	*ret = v;
	return true;
}

/* "stat <name> <value>" */
static bool parse_stat(struct vm_sample *vm, struct counts *c, const struct line *l)
{
	u64 value;
	int i;

	if (l->n != 3 || !number(l->word[2], &value))
		return false;
	i = stat_find(l->word[1]);
	if (i < 0) {
		vm->new_names++;
		return true;
	}
	c->stat[i] = value;
	c->have[i] = true;
	return true;
}

static bool parse_bucket(const char *word, struct hist *h)
{
	char *end;
	unsigned long i;
	u64 count;

	if (!isdigit((unsigned char)*word))
		return false;
	i = strtoul(word, &end, 10);
	if (*end != ':' || i >= HIST_BUCKETS || !number(end + 1, &count))
		return false;
	h->bucket[i] = count;
	return true;
}

/* "hist <name> <label> <reason|-> <sum> <min> <max> <bucket>:<count> ..." */
static bool parse_hist(struct vm_sample *vm, struct counts *c, const struct line *l)
{
	struct hist_key key = {.reason = NO_REASON};
	struct hist h = {0}, *into;
	u64 smallest;
	int hist, label;

	if (l->n < 7 || !number(l->word[4], &h.sum) || !number(l->word[5], &smallest) ||
	    !number(l->word[6], &h.max))
		return false;
	if (strcmp(l->word[3], "-") != 0 && !number32(l->word[3], &key.reason))
		return false;
	for (u32 i = 7; i < l->n; i++)
		if (!parse_bucket(l->word[i], &h))
			return false;
	hist = hist_find(l->word[1]);
	if (hist < 0) {
		/* "other": a vCPU's pool was full, values of several histograms are in it. */
		vm->new_names += strcmp(l->word[1], "other") != 0;
		return true;
	}
	label = label_find(hist, l->word[2]);
	if (label < 0)
		vm->new_names++;
	key.hist = hist;
	key.label = label < 0 ? LABEL_UNKNOWN : label;
	h.min_inv = ~smallest;
	if (c->n_hists >= HISTS_MAX)
		return false;
	into = counts_hist(c, key);
	if (!into)
		return false;
	hist_merge(into, &h);
	return true;
}

/* "state <name> <ns>" */
static bool parse_state(struct vm_sample *vm, struct counts *c, const struct line *l)
{
	u64 ns;
	int i;

	if (l->n != 3 || !number(l->word[2], &ns))
		return false;
	i = state_find(l->word[1]);
	if (i < 0 || i >= STATE_COUNT) {
		vm->new_names++;
		return true;
	}
	c->state[i] = ns;
	c->have_states = true;
	return true;
}

/* "slot <id> <gfn> <npages> <hva> <flags>" */
static bool parse_slot(struct vm_sample *vm, const struct line *l)
{
	struct slot_sample s = {0}, *slots;

	if (l->n < 6 || !number32(l->word[1], &s.id) || !number(l->word[2], &s.gfn) ||
	    !number(l->word[3], &s.n_pages) || !number(l->word[4], &s.hva) ||
	    !number32(l->word[5], &s.flags) || vm->n_slots >= SLOTS_MAX)
		return false;
	slots = realloc(vm->slots, (vm->n_slots + 1) * sizeof(*slots));
	if (!slots)
		return false;
	vm->slots = slots;
	slots[vm->n_slots++] = s;
	return true;
}

/* "slot_stat <name> <value>", of the slot before it */
static bool parse_slot_stat(struct vm_sample *vm, const struct line *l)
{
	u64 value;
	int i;

	if (l->n != 3 || !vm->n_slots || !number(l->word[2], &value))
		return false;
	i = slot_stat_find(l->word[1]);
	if (i < 0)
		vm->new_names++;
	else
		vm->slots[vm->n_slots - 1].stat[i] = value;
	return true;
}

/* "vcpu <id> <tid> <state> <torn> <tsc>" */
static bool parse_vcpu(struct vm_sample *vm, const struct line *l)
{
	struct vcpu_sample v = {0}, *vcpus;
	u32 torn;

	if (l->n < 6 || !number32(l->word[1], &v.id) || !number32(l->word[2], &v.tid) ||
	    !number32(l->word[4], &torn) || vm->n_vcpus >= VCPUS_MAX)
		return false;
	v.state = state_find(l->word[3]);
	v.torn = torn;
	vcpus = realloc(vm->vcpus, (vm->n_vcpus + 1) * sizeof(*vcpus));
	if (!vcpus)
		return false;
	vm->vcpus = vcpus;
	vcpus[vm->n_vcpus++] = v;
	return true;
}

static bool parse_schema(struct vm_sample *vm, const struct line *l)
{
	char *end;

	if (l->n != 3 || strlen(l->word[1]) >= sizeof(vm->schema))
		return false;
	vm->hash = strtoull(l->word[2], &end, 16);
	if (*end)
		return false;
	snprintf(vm->schema, sizeof(vm->schema), "%s", l->word[1]);
	return true;
}

/* A line of the VM's head. */
static bool parse_head(struct vm_sample *vm, const struct line *l)
{
	const char *what = l->word[0];

	if (strcmp(what, "schema") == 0)
		return parse_schema(vm, l);
	if (strcmp(what, "vm") == 0)
		return l->n == 4 && number32(l->word[1], &vm->vm_id) &&
		       number32(l->word[2], &vm->tgid) && number32(l->word[3], &vm->fd);
	if (strcmp(what, "time") == 0)
		return l->n == 4 && number(l->word[1], &vm->time_ns) &&
		       number(l->word[2], &vm->tsc) && number(l->word[3], &vm->tsc_khz);
	if (strcmp(what, "generation") == 0)
		return l->n == 2 && number(l->word[1], &vm->generation);
	if (strcmp(what, "isa") == 0)
		return l->n == 2 && number32(l->word[1], &vm->isa);
	vm->new_names++; /* keywords are only ever added */
	return true;
}

static bool parse_line(struct vm_sample *vm, struct counts *own, const struct line *l)
{
	const char *what = l->word[0];
	struct counts *c = vm->n_vcpus ? &vm->vcpus[vm->n_vcpus - 1].counts : own;

	if (strcmp(what, "stat") == 0)
		return parse_stat(vm, c, l);
	if (strcmp(what, "hist") == 0)
		return parse_hist(vm, c, l);
	if (strcmp(what, "state") == 0)
		return vm->n_vcpus && parse_state(vm, c, l);
	if (strcmp(what, "slot") == 0)
		return parse_slot(vm, l);
	if (strcmp(what, "slot_stat") == 0)
		return parse_slot_stat(vm, l);
	if (strcmp(what, "vcpu") == 0)
		return parse_vcpu(vm, l);
	return parse_head(vm, l);
}

bool vm_sample_parse(struct vm_sample *vm, const char *text)
{
	struct counts own = {0};
	struct line line;
	bool whole = false, good = true;

	*vm = (struct vm_sample){0};
	if (!next_line(&text, &line) || line.n < 2 ||
	    strcmp(line.word[0], "glassvisor-snapshot") != 0 || strcmp(line.word[1], "1") != 0)
		return false;
	while (!whole && next_line(&text, &line)) {
		if (line.n == 1 && strcmp(line.word[0], "end") == 0)
			whole = true;
		else if (!line.n || !parse_line(vm, &own, &line))
			vm->bad_lines++;
	}
	vm->total = own;
	for (u32 i = 0; i < vm->n_vcpus; i++)
		good &= counts_add(&vm->total, &vm->vcpus[i].counts);
	if (!whole || !good || !vm->time_ns) {
		vm_sample_free(vm);
		return false;
	}
	return true;
}

/* "<id> <cause> <vm_id> <vcpu_id> <pid> <tid> <realtime_ns> <n_records>" */
static bool parse_frozen(struct frozen *f, const struct line *l)
{
	*f = (struct frozen){0};
	if (l->n < 8 || !number32(l->word[0], &f->id) || !number32(l->word[2], &f->vm_id) ||
	    !number32(l->word[3], &f->vcpu_id) || !number32(l->word[4], &f->pid) ||
	    !number32(l->word[5], &f->tid) || !number(l->word[6], &f->wall_ns) ||
	    !number32(l->word[7], &f->n_records))
		return false;
	printable(l->word[1], f->cause, sizeof(f->cause));
	return true;
}

static void parse_index(struct sample *sample, const struct raw *raw)
{
	const char *at = raw->index ? raw->index : "";
	struct line line;
	struct frozen f, *frozen;

	while (next_line(&at, &line)) {
		if (!line.n || line.word[0][0] == '#' || !parse_frozen(&f, &line))
			continue;
		frozen = realloc(sample->frozen, (sample->n_frozen + 1) * sizeof(f));
		if (!frozen)
			return;
		for (u32 i = 0; i < raw->n_records; i++)
			if (raw->records[i].id == f.id && !f.text)
				f.text = strdup(raw->records[i].text);
		sample->frozen = frozen;
		frozen[sample->n_frozen++] = f;
	}
}

struct sample *sample_parse(const struct raw *raw)
{
	struct sample *sample = calloc(1, sizeof(*sample));

	if (!sample)
		return NULL;
	sample->time_ns = raw->time_ns;
	sample->wall_ns = raw->wall_ns;
	sample->read_ns = raw->read_ns;
	sample->lost = raw->lost;
	sample->vms = calloc(raw->n_vms + 1, sizeof(*sample->vms));
	if (!sample->vms) {
		free(sample);
		return NULL;
	}
	for (u32 i = 0; i < raw->n_vms; i++) {
		struct vm_sample *vm = &sample->vms[sample->n_vms];

		if (!vm_sample_parse(vm, raw->vms[i].text)) {
			sample->lost++;
			continue;
		}
		memcpy(vm->name, raw->vms[i].name, NAME_LEN);
		vm->stock = raw->vms[i].stock;
		sample->n_vms++;
	}
	parse_index(sample, raw);
	return sample;
}
