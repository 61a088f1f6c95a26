/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Flight recorders: the rings of the vCPUs, copies of them, and which copies
 * are kept.
 *
 * A frozen recorder is a copy that got a number and two files, and is kept
 * when its VM is long gone. There are two sorts: those frozen while the VM ran,
 * for one of FREEZE_CAUSES (at most recorder_keep, and KEEP_PER_VM of a VM), and
 * the last records of all vCPUs of a VM that ended (of at most recorder_keep_vms
 * VMs, each with at most GONE_BYTES). Who has to go when there are too many is
 * record_keep.c's to say. A VM that ended after a few exits is not kept: programs
 * that only look at what the host can do make such VMs.
 *
 * The copies are the host's, not the VM's owner's: they outlive both and are few,
 * so they are not charged to a control group, which they would keep from going
 * away. Where memory is short nothing is frozen, and the log says so once.
 *
 * Copying takes no lock and may go on while the vCPU runs: the ring's head is
 * read before and after, and what the vCPU may have written over in between is
 * left out. The record at head is the one being filled, so a ring of n gives
 * n - 1 records at most.
 *
 * Locks: recorder_lock covers the numbers and who is kept; nothing is taken
 * under it. Files are made before a recorder is put among the kept ones and
 * removed after it was taken out, both without the lock; the removal waits for
 * those who are just opening the file, and they wait for nothing.
 */
#define pr_fmt(fmt) "glassvisor: " fmt

#include <linux/err.h>
#include <linux/log2.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <asm/msr.h>

#include "../trace/native.h"
#include "account.h"
#include "frozen.h"
#include "record_keep.h"
#include "schema.h"

static uint recorder_size = 1024;
module_param(recorder_size, uint, 0444);
MODULE_PARM_DESC(
	recorder_size,
	"Room for exits in a vCPU's flight recorder, one of which is always being written; "
	"rounded up to a power of 2, 65536 at most; 0: none (default: 1024)");

static uint recorder_keep = 16;
module_param(recorder_keep, uint, 0644);
MODULE_PARM_DESC(recorder_keep, "Frozen flight recorders to keep; 0: none (default: 16)");

static uint recorder_keep_vms = 4;
module_param(recorder_keep_vms, uint, 0644);
MODULE_PARM_DESC(recorder_keep_vms,
		 "VMs that ended whose last exits are kept; 0: none (default: 4)");

#define RECORDER_MAX 65536
#define KEEP_MAX     256 /* for both recorder_keep and recorder_keep_vms */
#define KEEP_PER_VM  4

/* Of a VM that ended: exits from which on it is worth keeping, and all its records together. */
#define GONE_EXITS 16
#define GONE_BYTES (4U << 20)

/* Who is kept, oldest first, with room for the one that is just coming. */
struct keep {
	u32 n;
	const struct record_head *head[KEEP_MAX + 1];
};

static DEFINE_MUTEX(recorder_lock);
static u32 last_id;
static LIST_HEAD(frozen_list); /* all that are kept, in the order of ids */
static struct keep keep_frozen, keep_gone;

/* ---- rings -------------------------------------------------------------- */

struct recorder *recorder_alloc(void)
{
	u32 n = roundup_pow_of_two(clamp_t(u32, recorder_size, 1, RECORDER_MAX));
	struct recorder *r;

	r = kvzalloc(struct_size(r, ring, n), GFP_KERNEL_ACCOUNT);
	if (!r)
		return ERR_PTR(-ENOMEM);
	r->mask = n - 1;
	r->end = r->ring + n;
	return r;
}

void recorder_free(struct recorder *r)
{
	kvfree(r);
}

/* ---- copies ------------------------------------------------------------- */

static struct frozen *frozen_alloc(u32 n)
{
	struct frozen *f;

	f = kvmalloc(struct_size(f, records, n), GFP_KERNEL | __GFP_NOWARN);
	if (!f) {
		pr_warn_once("no memory to freeze a flight recorder\n");
		return NULL;
	}
	memset(f, 0, sizeof(*f));
	refcount_set(&f->users, 1);
	INIT_LIST_HEAD(&f->node);
	INIT_LIST_HEAD(&f->more);
	return f;
}

/* The last @n records before @head that are still whole. */
static void copy_ring(struct frozen *f, const struct recorder *r, u64 head, u32 n)
{
	u64 size = (u64)r->mask + 1, from = head - n, whole;
	u32 at = from & r->mask;
	u32 part = min_t(u32, n, size - at), drop = 0;

	memcpy(f->records, r->ring + at, part * sizeof(r->ring[0]));
	memcpy(f->records + part, r->ring, (n - part) * sizeof(r->ring[0]));
	smp_rmb(); /* the records, then head; the writer's stores come in order */
	whole = READ_ONCE(r->head) + 1;
	if (whole > from + size) {
		drop = min_t(u64, n, whole - size - from);
		memmove(f->records, f->records + drop, (n - drop) * sizeof(f->records[0]));
	}
	f->head.n_records = n - drop;
}

static void fill_head(struct record_head *h, struct vcpu *vcpu, u64 total)
{
	h->magic = RECORD_MAGIC;
	h->head_size = sizeof(*h);
	h->record_size = sizeof(struct record);
	h->isa = vcpu->exit.isa;
	h->vm_id = vcpu->vm->vm_id;
	h->vcpu_id = vcpu->id;
	h->pid = vcpu->vm->pid;
	rcu_read_lock();
	h->tid = pid_nr(rcu_dereference(vcpu->pid));
	rcu_read_unlock();
	h->tsc_khz = account_khz;
	h->total = total;
	h->frozen_tsc = rdtsc_ordered();
	h->frozen_ns = ktime_get_real_ns();
}

struct frozen *frozen_copy(struct vcpu *vcpu, u32 max)
{
	const struct recorder *r = vcpu->account.recorder;
	u64 head = smp_load_acquire(&r->head);
	u32 n = min3(head, (u64)r->mask, (u64)max);
	struct frozen *f = frozen_alloc(n);

	if (!f)
		return NULL;
	copy_ring(f, r, head, n);
	fill_head(&f->head, vcpu, head);
	return f;
}

void frozen_put(struct frozen *f)
{
	if (refcount_dec_and_test(&f->users))
		kvfree(f);
}

/* ---- who is kept -------------------------------------------------------- */

static struct frozen *frozen_of(const struct record_head *head)
{
	return container_of(head, struct frozen, head);
}

/* Out of the kept ones, with the other vCPUs of its VM; the caller drops what is in @dead. */
static void take_out(struct keep *k, u32 at, struct list_head *dead)
{
	struct frozen *f = frozen_of(k->head[at]), *other;

	lockdep_assert_held(&recorder_lock);
	k->n--;
	memmove(&k->head[at], &k->head[at + 1], (k->n - at) * sizeof(k->head[0]));
	list_move_tail(&f->node, dead);
	list_for_each_entry(other, &f->more, more) list_move_tail(&other->node, dead);
}

static void drop(struct list_head *dead)
{
	struct frozen *f, *next;

	list_for_each_entry_safe(f, next, dead, node)
	{
		frozen_files_remove(f);
		frozen_put(f);
	}
}

/* By id: whoever got his number later may be here sooner. */
static void list_insert(struct frozen *f)
{
	struct list_head *at = frozen_list.prev;

	while (at != &frozen_list && list_entry(at, struct frozen, node)->head.id > f->head.id)
		at = at->prev;
	list_add(&f->node, at);
}

static void trace_frozen(const struct frozen *f)
{
	trace_gv_recorder_freeze(f->head.vm_id, f->head.vcpu_id, f->head.cause, f->head.n_records,
				 f->head.id);
}

/*
 * Put one, and the other vCPUs of its VM, among the kept; too many others go.
 * False: it went itself, being worth less than they are.
 */
static bool keep_one(struct keep *k, struct frozen *f, u32 max)
{
	struct frozen *other;
	LIST_HEAD(dead);
	bool kept = true;
	u32 victim;

	max = clamp_t(u32, max, 1, KEEP_MAX);
	mutex_lock(&recorder_lock);
	k->head[k->n++] = &f->head;
	list_insert(f);
	list_for_each_entry(other, &f->more, more) list_insert(other);
	/* Several, when the parameter was lowered. */
	while ((victim = record_keep_victim(k->head, k->n, max, KEEP_PER_VM)) < k->n) {
		kept &= k->head[victim] != &f->head;
		take_out(k, victim, &dead);
	}
	if (kept) { /* under the lock, or somebody may drop it meanwhile */
		trace_frozen(f);
		list_for_each_entry(other, &f->more, more) trace_frozen(other);
	}
	mutex_unlock(&recorder_lock);
	drop(&dead);
	return kept;
}

/* With that it can be read. */
static void give_number(struct frozen *f, u32 cause)
{
	f->head.cause = cause;
	mutex_lock(&recorder_lock);
	if (!++last_id) /* 0 is a running one's */
		last_id++;
	f->head.id = last_id;
	mutex_unlock(&recorder_lock);
	frozen_files_add(f);
}

int recorder_freeze(struct vcpu *vcpu, u32 cause, const struct record_head *regs)
{
	const size_t offset = offsetof(struct record_head, gpr);
	u32 max = READ_ONCE(recorder_keep);
	struct frozen *f;

	if (!recorder_on(vcpu))
		return -EOPNOTSUPP;
	if (!max)
		return -ENOSPC;
	f = frozen_copy(vcpu, U32_MAX);
	if (!f)
		return -ENOMEM;
	if (regs)
		memcpy((u8 *)&f->head + offset, (const u8 *)regs + offset, sizeof(*regs) - offset);
	give_number(f, cause);
	return keep_one(&keep_frozen, f, max) ? 0 : -ENOSPC;
}

/* ---- VMs that end --------------------------------------------------------- */

/* How many vCPUs have records, if they are worth keeping. */
static u32 vm_recorded(struct vm *vm)
{
	struct vcpu *vcpu;
	u64 exits = 0;
	u32 i, n = 0;

	for (i = 0; (vcpu = vm_vcpu(vm, i)); i++) {
		if (!recorder_on(vcpu) || !vcpu->account.recorder->head)
			continue;
		exits += vcpu->account.recorder->head;
		n++;
	}
	return exits < GONE_EXITS ? 0 : n;
}

void recorder_vm_gone(struct vm *vm)
{
	u32 max = READ_ONCE(recorder_keep_vms), n = vm_recorded(vm), i;
	struct frozen *f, *first = NULL;
	struct vcpu *vcpu;

	if (!max || !n)
		return;
	for (i = 0; (vcpu = vm_vcpu(vm, i)); i++) {
		if (!vcpu->account.recorder->head)
			continue;
		f = frozen_copy(vcpu, GONE_BYTES / sizeof(struct record) / n);
		if (!f)
			break;
		if (first)
			list_add_tail(&f->more, &first->more);
		else
			first = f;
	}
	if (!first)
		return;
	give_number(first, FREEZE_VM_GONE);
	list_for_each_entry(f, &first->more, more) give_number(f, FREEZE_VM_GONE);
	keep_one(&keep_gone, first, max);
}

/* ---- for the files -------------------------------------------------------- */

void recorder_clear(void)
{
	LIST_HEAD(dead);

	mutex_lock(&recorder_lock);
	list_splice_init(&frozen_list, &dead);
	keep_frozen.n = 0;
	keep_gone.n = 0;
	mutex_unlock(&recorder_lock);
	drop(&dead);
}

int recorder_index(struct seq_file *m)
{
	const struct schema_list *causes = schema_list("FREEZE_CAUSES");
	const struct frozen *f;

	seq_puts(m, "# id cause vm vcpu pid tid realtime_ns records\n");
	mutex_lock(&recorder_lock);
	list_for_each_entry(f, &frozen_list, node)
	{
		const struct record_head *h = &f->head;

		seq_printf(m, "%u %s %u %u %u %u %llu %u\n", h->id, schema_name(causes, h->cause),
			   h->vm_id, h->vcpu_id, h->pid, h->tid, h->frozen_ns, h->n_records);
	}
	mutex_unlock(&recorder_lock);
	return 0;
}

void recorder_init(struct dentry *root)
{
	recorder_files_init(root);
}

void recorder_exit(void)
{
	recorder_clear();
	recorder_files_exit();
}
