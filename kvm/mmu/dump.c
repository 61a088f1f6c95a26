/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The nested page tables as text: the debugfs file page_table of a VM. A line
 * is a run of leaves that lie side by side and are alike but for their frame;
 * host addresses are not shown.
 *
 * The walk looks at mmu_lock as a fault does, for reading, and gives it up
 * after each portion: guests go on to fault, and nobody who wants to zap waits
 * for longer than that. So the text is true leaf by leaf, not as a whole: what
 * changes meanwhile, or is split or collapsed behind the walk, is in it as it
 * was when the walk came by.
 *
 * seq_file asks for records by number, one after the other, and for the same
 * one again when its buffer was too small: so the record that is due is kept
 * between calls, and is made when the one before is left.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>

#include "../stat/native.h"
#include "tdp.h"

#define PORTION 4096 /* entries looked at before the lock is given up */

/* Leaves alike and side by side. */
struct run {
	gfn_t gfn;
	u64 pages; /* of 4K; 0: nothing yet */
	u64 attr;  /* of the entries: all but the address */
	u8 level;
};

enum due { DUE_HEAD, DUE_RUN, DUE_TOTAL, DUE_END };

struct dump {
	struct vm *vm;
	loff_t pos; /* number of the record that is due */
	u8 due;	    /* enum due: what it is */
	struct run run;
	gfn_t next;		       /* where the walk goes on */
	u64 leaves[SPTE_LEVEL_1G + 1]; /* by level, up to the run that is due */
};

/* Take the leaf into the run; false if it begins another one. */
static bool run_take(struct dump *d, u64 spte, unsigned int level)
{
	gfn_t end = spte_level_base(d->next, level) + spte_level_pages(level);
	u64 attr = spte & ~mmu_fmt->addr_mask;
	struct run *run = &d->run;

	if (!run->pages)
		*run = (struct run){.gfn = d->next, .attr = attr, .level = level};
	else if (run->gfn + run->pages != d->next || run->attr != attr || run->level != level)
		return false;
	run->pages += end - d->next;
	d->leaves[level]++;
	d->next = end;
	return true;
}

/* Walk on until the run ends (true) or for a portion. */
static bool walk_portion(struct dump *d, gfn_t end)
{
	unsigned int i, level;

	lockdep_assert_held_read(&d->vm->mmu_lock);
	for (i = 0; i < PORTION && d->next < end; i++) {
		u64 spte = READ_ONCE(*tdp_lookup(d->vm, d->next, SPTE_LEVEL_4K, &level));

		if (spte_present(mmu_fmt, spte)) {
			if (!run_take(d, spte, level))
				return true;
		} else {
			d->next = spte_level_base(d->next, level) + spte_level_pages(level);
			if (d->run.pages)
				return true;
		}
	}
	return d->next >= end;
}

/* Make the next run; a reader that is being killed gets no more. False: there is none. */
static bool next_run(struct dump *d)
{
	gfn_t end = spte_level_pages(tdp_root_level() + 1);
	bool done = false;

	d->run.pages = 0;
	while (!done && !fatal_signal_pending(current)) {
		read_lock(&d->vm->mmu_lock);
		done = walk_portion(d, end);
		read_unlock(&d->vm->mmu_lock);
		cond_resched();
	}
	return d->run.pages;
}

static void *dump_start(struct seq_file *m, loff_t *pos)
{
	struct dump *d = m->private;

	if (*pos == 0) {
		d->pos = 0;
		d->due = DUE_HEAD;
		d->next = 0;
		memset(d->leaves, 0, sizeof(d->leaves));
	}
	return d->due != DUE_END && *pos == d->pos ? d : NULL;
}

static void *dump_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct dump *d = v;

	d->pos = ++*pos;
	if (d->due < DUE_TOTAL)
		d->due = next_run(d) ? DUE_RUN : DUE_TOTAL;
	else
		d->due = DUE_END;
	return d->due != DUE_END ? d : NULL;
}

static void dump_stop(struct seq_file *m, void *v)
{
}

static const char *const level_names[] = {"-", "4k", "2m", "1g"};
static_assert(ARRAY_SIZE(level_names) == SPTE_LEVEL_1G + 1);

static bool uncached(u64 spte)
{
	if (mmu_fmt->memtype_shift)
		return (spte >> mmu_fmt->memtype_shift & 7) != MEMTYPE_WB;
	return spte & mmu_fmt->uncached;
}

static void show_run(struct seq_file *m, const struct run *run)
{
	u64 spte = run->attr;

	seq_printf(m, "0x%llx %llu %s r%c%c %c%c%c%c\n", run->gfn, run->pages,
		   level_names[run->level], spte_writable(mmu_fmt, spte) ? 'w' : '-',
		   spte_executable(mmu_fmt, spte) ? 'x' : '-',
		   spte_accessed(mmu_fmt, spte) ? 'a' : '-', spte_dirty(mmu_fmt, spte) ? 'd' : '-',
		   spte_may_unprotect(spte) ? 'h' : '-', uncached(spte) ? 'u' : '-');
}

static int dump_show(struct seq_file *m, void *v)
{
	const struct dump *d = v;
	unsigned int level;

	switch (d->due) {
	case DUE_HEAD:
		seq_puts(m, "# gfn, 4K pages, size of the leaves, rights, flags: a accessed, "
			    "d dirty, h the host allows writing, u uncached\n");
		break;
	case DUE_RUN:
		show_run(m, &d->run);
		break;
	default:
		for (level = SPTE_LEVEL_4K; level <= SPTE_LEVEL_1G; level++)
			seq_printf(m, "total %s %llu\n", level_names[level], d->leaves[level]);
	}
	return 0;
}

static const struct seq_operations dump_ops = {
	.start = dump_start,
	.next = dump_next,
	.stop = dump_stop,
	.show = dump_show,
};

static int dump_open(struct inode *inode, struct file *file)
{
	struct dump *d = __seq_open_private(file, &dump_ops, sizeof(*d));

	if (!d)
		return -ENOMEM;
	d->vm = inode->i_private;
	return 0;
}

const struct file_operations mmu_page_table_fops = {
	.owner = THIS_MODULE,
	.open = dump_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release_private,
};
