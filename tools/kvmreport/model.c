/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the events add up to: see model.h for the terms.
 *
 * An event that follows lost ones starts its thread afresh: counts go on, but
 * no time is taken over a hole.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <asm/svm.h>
#include <asm/vmx.h>

#include "model.h"

#define ISA_VMX 1
#define ISA_SVM 2

#define PAGE_SHIFT   12
#define REGION_SHIFT 21

/* Bits of a nested page fault's error code (APM vol. 2, nested versus guest page faults). */
#define FAULT_WRITE (1u << 1)
#define FAULT_EXEC  (1u << 4)

bool model_reason_is_halt(uint64_t isa, uint64_t reason)
{
	return reason == (isa == ISA_VMX ? EXIT_REASON_HLT : SVM_EXIT_HLT);
}

void model_init(struct model *model)
{
	*model = (struct model){.isa = ISA_SVM};
	model->reasons.with_hist = 1;
}

static struct vcpu *find_vcpu(struct model *model, int tid)
{
	struct vcpu *vcpus;
	size_t i;

	for (i = 0; i < model->n_vcpus; i++)
		if (model->vcpus[i].tid == tid)
			return &model->vcpus[i];
	vcpus = reallocarray(model->vcpus, model->n_vcpus + 1, sizeof(*vcpus));
	if (!vcpus) {
		fprintf(stderr, "kvmreport: no memory\n");
		exit(1);
	}
	model->vcpus = vcpus;
	vcpus[model->n_vcpus] = (struct vcpu){.tid = tid, .id = -1};
	return &vcpus[model->n_vcpus++];
}

/* The time since the last change belongs to the phase that ends now. */
static void change_phase(struct vcpu *vcpu, uint64_t ns, enum phase phase)
{
	uint64_t delta = ns - vcpu->since;
	struct open_exit *exit = &vcpu->exit;

	if (vcpu->phase == PHASE_GUEST)
		vcpu->guest_ns += delta;
	else if (vcpu->phase != PHASE_NONE && exit->valid && exit->halt)
		vcpu->halted_ns += delta;
	else if (vcpu->phase == PHASE_KERNEL)
		vcpu->kernel_ns += delta;
	else if (vcpu->phase == PHASE_USER)
		vcpu->user_ns += delta;

	if (vcpu->phase == PHASE_KERNEL)
		exit->kernel_ns += delta;
	else if (vcpu->phase == PHASE_USER)
		exit->user_ns += delta;
	vcpu->phase = phase;
	vcpu->since = ns;
}

static void add_times(struct row *row, const struct open_exit *exit)
{
	row->handled++;
	row->kernel_ns += exit->kernel_ns;
	row->user_ns += exit->user_ns;
	row->trips += exit->trips;
	if (row->hist)
		hist_record(row->hist, exit->kernel_ns);
}

/* The exit that ends with this entry: its times go to its reason and to what it accessed. */
static void close_exit(struct model *model, struct vcpu *vcpu)
{
	struct open_exit *exit = &vcpu->exit;

	if (exit->valid) {
		add_times(table_row(&model->reasons, exit->reason), exit);
		if (exit->has_port)
			add_times(table_row(&model->ports, exit->port), exit);
		if (exit->has_mmio)
			add_times(table_row(&model->mmio_pages, exit->page), exit);
		if (exit->has_msr)
			add_times(table_row(&model->msrs, exit->msr), exit);
	}
	/* Only a fault without a device access brought memory in. */
	if (exit->has_fault && !exit->has_mmio) {
		table_row(&model->fault_pages, exit->fault_gpa >> PAGE_SHIFT)->count++;
		table_row(&model->fault_2m, exit->fault_gpa >> REGION_SHIFT)->count++;
	} else if (exit->has_fault) {
		model->faults_mmio++;
	}
	*exit = (struct open_exit){0};
}

static void on_entry(struct model *model, struct vcpu *vcpu, const struct event *event)
{
	change_phase(vcpu, event->ns, PHASE_GUEST);
	close_exit(model, vcpu);
	vcpu->id = event->values[0];
}

static void on_exit_event(struct model *model, struct vcpu *vcpu, const struct event *event)
{
	uint64_t reason = event->values[0];

	change_phase(vcpu, event->ns, PHASE_KERNEL);
	if (event->values[1])
		model->isa = event->values[1];
	model->exits++;
	vcpu->exits++;
	table_row(&model->reasons, reason)->count++;
	vcpu->exit = (struct open_exit){
		.valid = true,
		.reason = reason,
		.halt = model_reason_is_halt(model->isa, reason),
	};
}

static void on_userspace_exit(struct model *model, struct vcpu *vcpu, const struct event *event)
{
	int32_t err = event->values[1];

	change_phase(vcpu, event->ns, PHASE_USER);
	vcpu->exit.trips++;
	table_row(&model->user_reasons, err < 0 ? ~(uint64_t)-err : event->values[0])->count++;
}

/* A wait in the kernel is over: nothing was handled meanwhile. */
static void on_wakeup(struct vcpu *vcpu, const struct event *event)
{
	struct open_exit *exit = &vcpu->exit;
	bool inside = vcpu->phase == PHASE_KERNEL;
	uint64_t ns = event->values[0];

	change_phase(vcpu, event->ns, PHASE_KERNEL);
	if (inside)
		exit->kernel_ns -= ns < exit->kernel_ns ? ns : exit->kernel_ns;
}

static void on_pio(struct model *model, struct vcpu *vcpu, const struct event *event)
{
	uint64_t out = event->values[0] != 0, key = event->values[1] << 1 | out;
	struct row *row = table_row(&model->ports, key);

	row->count++;
	row->writes += out;
	row->bytes += event->values[2] * event->values[3];
	vcpu->exit.has_port = true;
	vcpu->exit.port = key;
}

static void on_mmio(struct model *model, struct vcpu *vcpu, const struct event *event)
{
	enum { READ_UNSATISFIED, READ, WRITE } type = event->values[0];
	uint64_t page = event->values[2] >> PAGE_SHIFT;
	struct row *row;

	vcpu->exit.has_mmio = true;
	vcpu->exit.page = page;
	/* The same read comes again, satisfied, once userspace has answered. */
	if (type == READ_UNSATISFIED)
		return;
	row = table_row(&model->mmio_pages, page);
	row->count++;
	row->writes += type == WRITE;
	row->bytes += event->values[1];
}

static void on_msr(struct model *model, struct vcpu *vcpu, const struct event *event)
{
	struct row *row = table_row(&model->msrs, event->values[1]);

	row->count++;
	row->writes += event->values[0] != 0;
	row->failed += event->values[2] != 0;
	vcpu->exit.has_msr = true;
	vcpu->exit.msr = event->values[1];
}

static void on_page_fault(struct model *model, struct vcpu *vcpu, const struct event *event)
{
	model->faults++;
	model->faults_write += (event->values[1] & FAULT_WRITE) != 0;
	model->faults_exec += (event->values[1] & FAULT_EXEC) != 0;
	vcpu->exit.has_fault = true;
	vcpu->exit.fault_gpa = event->values[0];
}

static bool is_prefix(uint8_t byte, bool code64)
{
	switch (byte) {
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
	case 0x64:
	case 0x65:
	case 0x66:
	case 0x67:
	case 0xf0:
	case 0xf2:
	case 0xf3:
		return true;
	default:
		return code64 && (byte & 0xf0) == 0x40;
	}
}

/* Opcodes whose meaning is in ModRM.reg (APM vol. 3, ModRM.reg extensions). */
static bool is_group(uint64_t opcode)
{
	switch (opcode) {
	case 0x80 ... 0x83:
	case 0x8f:
	case 0xc0:
	case 0xc1:
	case 0xc6:
	case 0xc7:
	case 0xd0 ... 0xd3:
	case 0xf6:
	case 0xf7:
	case 0xfe:
	case 0xff:
	case 0x0f00:
	case 0x0f01:
	case 0x0fba:
	case 0x0fc7:
	case 0x0fae:
		return true;
	default:
		return false;
	}
}

uint64_t opcode_key(const uint8_t *insn, unsigned int len, bool code64)
{
	unsigned int i = 0;
	uint64_t opcode;

	while (i < len && is_prefix(insn[i], code64))
		i++;
	if (i == len)
		return 0;
	opcode = insn[i++];
	if (opcode == 0x0f && i < len)
		opcode = opcode << 8 | insn[i++];
	if ((opcode == 0x0f38 || opcode == 0x0f3a) && i < len)
		opcode = opcode << 8 | insn[i++];
	if (is_group(opcode) && i < len)
		opcode |= OPCODE_GROUP | (uint64_t)(insn[i] >> 3 & 7) << 32;
	return opcode;
}

static void on_emulate(struct model *model, const struct event *event)
{
	enum { FLAG_CS_L = 8 };
	unsigned int len = event->values[0] < EVENT_BYTES ? event->values[0] : EVENT_BYTES;
	uint64_t key = opcode_key(event->bytes, len, event->values[1] & FLAG_CS_L);
	struct row *row = table_row(&model->opcodes, key);

	row->count++;
	row->failed += event->values[2] != 0;
	model->emulated++;
	model->emulated_failed += event->values[2] != 0;
}

static void on_other(struct model *model, struct vcpu *vcpu, const struct event *event)
{
	switch (event->kind) {
	case EVENT_PIO:
		on_pio(model, vcpu, event);
		break;
	case EVENT_MMIO:
		on_mmio(model, vcpu, event);
		break;
	case EVENT_MSR:
		on_msr(model, vcpu, event);
		break;
	case EVENT_CR: {
		struct row *row = table_row(&model->crs, event->values[1]);

		row->count++;
		row->writes += event->values[0] != 0;
		break;
	}
	case EVENT_CPUID:
		table_row(&model->leaves, event->values[0])->count++;
		break;
	case EVENT_PAGE_FAULT:
		on_page_fault(model, vcpu, event);
		break;
	case EVENT_INJ_VIRQ:
		table_row(&model->vectors, event->values[0])->count++;
		break;
	case EVENT_INJ_EXCEPTION:
		table_row(&model->exceptions, event->values[0])->count++;
		break;
	case EVENT_EMULATE:
		on_emulate(model, event);
		break;
	case EVENT_HYPERCALL:
		table_row(&model->hypercalls, event->values[0])->count++;
		break;
	}
}

void model_event(struct model *model, const struct event *event)
{
	struct vcpu *vcpu;
	size_t i;

	if (!model->events++)
		model->first_ns = event->ns;
	model->last_ns = event->ns;
	if (event->lost)
		for (i = 0; i < model->n_vcpus; i++) {
			model->vcpus[i].phase = PHASE_NONE;
			model->vcpus[i].exit = (struct open_exit){0};
		}

	vcpu = find_vcpu(model, event->tid);
	switch (event->kind) {
	case EVENT_ENTRY:
		on_entry(model, vcpu, event);
		return;
	case EVENT_EXIT:
		on_exit_event(model, vcpu, event);
		return;
	case EVENT_USERSPACE_EXIT:
		on_userspace_exit(model, vcpu, event);
		return;
	case EVENT_WAKEUP:
		on_wakeup(vcpu, event);
		return;
	default:
		/* The first event of a thread that was outside: it is back in KVM_RUN. */
		if (vcpu->phase == PHASE_USER)
			change_phase(vcpu, event->ns, PHASE_KERNEL);
		on_other(model, vcpu, event);
	}
}

static struct table *tables(struct model *model, size_t i)
{
	struct table *all[] = {
		&model->reasons,    &model->user_reasons, &model->ports,   &model->mmio_pages,
		&model->msrs,	    &model->crs,	  &model->leaves,  &model->fault_pages,
		&model->fault_2m,   &model->opcodes,	  &model->vectors, &model->exceptions,
		&model->hypercalls,
	};

	return i < sizeof(all) / sizeof(all[0]) ? all[i] : NULL;
}

static int by_id(const void *a, const void *b)
{
	const struct vcpu *x = a, *y = b;

	return x->id != y->id ? (x->id > y->id) - (x->id < y->id)
			      : (x->tid > y->tid) - (x->tid < y->tid);
}

void model_finish(struct model *model)
{
	struct table *table;
	size_t i;

	for (i = 0; (table = tables(model, i)); i++)
		table_sort(table);
	if (model->n_vcpus)
		qsort(model->vcpus, model->n_vcpus, sizeof(*model->vcpus), by_id);
}

void model_free(struct model *model)
{
	struct table *table;
	size_t i;

	for (i = 0; (table = tables(model, i)); i++)
		table_free(table);
	free(model->vcpus);
}
