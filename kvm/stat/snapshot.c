/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A VM's snapshot as text: all counters, histograms, state times and slots.
 * One line is one fact; words are separated by one space; numbers are decimal
 * but for those with 0x. Keywords are only ever added: readers skip lines whose
 * first word they don't know.
 *
 *	glassvisor-snapshot 1
 *	schema <id> <hash>
 *	vm <vm_id> <tgid> <fd>
 *	time <boottime ns> <host TSC> <TSC kHz that times here are made with>
 *	generation <n>                  counts what was read of this VM
 *	isa <1 VMX | 2 SVM>
 *	stat <name> <value>             the VM's
 *	hist <name> <label> - <sum> <min> <max> <bucket>:<count> ...
 *	slot <id> <gfn> <pages> <hva> <flags>
 *	slot_stat <name> <value>        this slot's, where it is not 0
 *	vcpu <id> <tid> <state> <torn> <host TSC of its copy>
 *	state <name> <ns>               this vCPU's, and so on:
 *	stat <name> <value>
 *	hist <name> <label> <hardware reason, or -> <sum> ...
 *	end
 *
 * What a vCPU's account says is copied in one piece (account_read()): its
 * states add up to its age at the TSC of that copy, to the nanosecond of
 * rounding. Counters are read right after it; those of a vCPU that runs may be
 * an exit ahead of the histograms. With timing off the state is "-", TSC and
 * times are 0, and there are no histograms. A histogram that never got a value
 * has no line; values that found the pool of histograms full are counted in
 * "hist other other".
 *
 * Nothing is cleared, nothing is locked: slots are read under SRCU, the rest
 * word by word. The caller keeps the VM alive (debugfs: native.c).
 */
#include <linux/pid.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <asm/msr.h>

#include "../arch/ops.h"
#include "../mem/mem.h"
#include "account.h"
#include "native.h"
#include "rows.h"
#include "schema.h"

/* What to reserve for the parts of the text; a guess that is wrong costs a second try. */
#define SIZE_HEAD 2048
#define SIZE_SLOT 224
#define SIZE_VCPU 12288

static char hash[SCHEMA_HASH_LEN]; /* the schema's; constant after load */

void __init snapshot_init(void)
{
	schema_hash_text(schema_hash(), hash);
}

static void show_stats(struct seq_file *m, const void *stats, bool of_vcpu)
{
	const struct stat_row *row = stat_rows_of(of_vcpu);
	u32 n;

	for (n = stat_n_rows(of_vcpu); n; n--, row++)
		seq_printf(m, "stat %s %llu\n", row->name, stat_value(stats, row));
}

/* @reason: the hardware's, or 0 where @has_reason is not set. */
static void show_hist(struct seq_file *m, u32 id, u32 label, bool has_reason, u32 reason,
		      const struct hist *h)
{
	const char *name;
	u32 i;

	if (!hist_count(h))
		return;
	if (id >= HIST_COUNT) {
		seq_puts(m, "hist other other");
	} else {
		name = schema_name(schema_list(hist_rows[id].labels), label);
		seq_printf(m, "hist %s ", hist_rows[id].name);
		if (name)
			seq_puts(m, name);
		else
			seq_printf(m, "%u", label);
	}
	if (has_reason)
		seq_printf(m, " 0x%x", reason);
	else
		seq_puts(m, " -");
	seq_printf(m, " %llu %llu %llu", READ_ONCE(h->sum), hist_min(h), READ_ONCE(h->max));
	for (i = 0; i < HIST_BUCKETS; i++)
		if (READ_ONCE(h->bucket[i]))
			seq_printf(m, " %u:%llu", i, READ_ONCE(h->bucket[i]));
	seq_putc(m, '\n');
}

/* ---- slots ------------------------------------------------------------- */

typedef void (*slot_fn)(struct seq_file *m, const struct memslot *slot);

static void for_each_slot(struct seq_file *m, struct vm *vm, slot_fn fn)
{
	int srcu = mem_enter(vm);
	const struct slots_table *t = srcu_dereference(vm->slots, &vm->srcu);
	u32 i;

	for (i = 0; i < t->n; i++)
		fn(m, t->by_gfn[i].slot);
	mem_leave(vm, srcu);
}

static u32 slot_count(struct vm *vm)
{
	int srcu = mem_enter(vm);
	u32 n = srcu_dereference(vm->slots, &vm->srcu)->n;

	mem_leave(vm, srcu);
	return n;
}

static u64 slot_stat_value(const struct memslot *slot, const struct slot_stat_row *row)
{
	return READ_ONCE(*(const u64 *)((const void *)mem_dev(slot)->stat + row->offset));
}

static void show_slot(struct seq_file *m, const struct memslot *slot)
{
	u32 i;

	seq_printf(m, "slot %u 0x%llx %llu 0x%llx 0x%x\n", slot->id, slot->base_gfn, slot->npages,
		   slot->hva, slot->flags);
	for (i = 0; i < STAT_SLOT_ROWS; i++) {
		u64 value = slot_stat_value(slot, &slot_stat_rows[i]);

		if (value)
			seq_printf(m, "slot_stat %s %llu\n", slot_stat_rows[i].name, value);
	}
}

static void list_slot(struct seq_file *m, const struct memslot *slot)
{
	u32 i;

	seq_printf(m, "%u 0x%llx %llu 0x%llx 0x%x %s %s", slot->id, slot->base_gfn, slot->npages,
		   slot->hva, slot->flags, mem_logs(slot) ? "log" : "-",
		   slot->flags & KVM_MEM_READONLY ? "ro" : "-");
	for (i = 0; i < STAT_SLOT_ROWS; i++)
		seq_printf(m, " %llu", slot_stat_value(slot, &slot_stat_rows[i]));
	seq_putc(m, '\n');
}

size_t snapshot_slots_size(struct vm *vm)
{
	return SIZE_HEAD + (size_t)SIZE_SLOT * slot_count(vm);
}

int snapshot_slots_show(struct seq_file *m, struct vm *vm)
{
	u32 i;

	seq_puts(m, "# id, gfn, pages, host address, flags, dirty log, read-only");
	for (i = 0; i < STAT_SLOT_ROWS; i++)
		seq_printf(m, ", %s", slot_stat_rows[i].name);
	seq_putc(m, '\n');
	for_each_slot(m, vm, list_slot);
	return 0;
}

/* ---- the VM, its vCPUs ------------------------------------------------- */

static void show_head(struct seq_file *m, struct vm *vm)
{
	seq_printf(m, "glassvisor-snapshot 1\nschema %u %s\nvm %u %d %d\n", SCHEMA_ID, hash,
		   vm->vm_id, vm->pid, vm->fd);
	seq_printf(m, "time %llu %llu %u\n", ktime_get_boottime_ns(), rdtsc_ordered(), account_khz);
	seq_printf(m, "generation %lld\nisa %u\n", atomic64_inc_return(&vm->snapshots),
		   arch_backend->isa);
}

static void show_vm(struct seq_file *m, struct vm *vm)
{
	u32 mode;

	show_stats(m, &vm->stat, false);
	for (mode = 0; mode < DIRTY_MODE_COUNT; mode++)
		show_hist(m, HIST_DIRTY_PASS_TIME, mode, false, 0, &vm->dirty_pass_time[mode]);
	for_each_slot(m, vm, show_slot);
}

static pid_t thread_of(const struct vcpu *vcpu)
{
	pid_t tid;

	rcu_read_lock();
	tid = pid_nr(rcu_dereference(vcpu->pid));
	rcu_read_unlock();
	return tid;
}

static void show_vcpu(struct seq_file *m, const struct vcpu *vcpu, struct account_copy *copy)
{
	const struct histpool_entry *e;
	u32 i;

	account_read(vcpu, copy);
	seq_printf(m, "vcpu %u %d %s %u %llu\n", vcpu->id, thread_of(vcpu),
		   copy->tsc && copy->state < VCPU_TIME_COUNT ? vcpu_time_names[copy->state] : "-",
		   copy->torn, copy->tsc);
	for (i = 0; i < VCPU_TIME_COUNT; i++)
		seq_printf(m, "state %s %llu\n", vcpu_time_names[i], account_ns(copy->ticks[i]));
	show_stats(m, &vcpu->stat, true);
	for (i = 0; i < copy->hists.n; i++) {
		e = &copy->hists.entry[i];
		show_hist(m, HIST_KEY_ID(e->key), HIST_KEY_LABEL(e->key),
			  HIST_KEY_ID(e->key) == HIST_EXIT_TIME, HIST_KEY_REASON(e->key), &e->hist);
	}
}

size_t snapshot_size(struct vm *vm)
{
	u32 n_vcpus = smp_load_acquire(&vm->n_vcpus);

	return snapshot_slots_size(vm) + (size_t)SIZE_VCPU * n_vcpus;
}

int snapshot_show(struct seq_file *m, struct vm *vm)
{
	struct account_copy *copy = kvmalloc(sizeof(*copy), GFP_KERNEL_ACCOUNT);
	struct vcpu *vcpu;
	u32 i;

	if (!copy)
		return -ENOMEM;
	show_head(m, vm);
	show_vm(m, vm);
	for (i = 0; (vcpu = vm_vcpu(vm, i)); i++) {
		show_vcpu(m, vcpu, copy);
		cond_resched();
	}
	seq_puts(m, "end\n");
	kvfree(copy);
	return 0;
}
