/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The statistics in the binary form of KVM_GET_STATS_FD (linux/kvm.h, struct
 * kvm_stats_header and kvm_stats_desc; the KVM API document): a header, a string
 * that says whose they are, descriptors, data.
 *
 * Everything comes from debugfs-schema/: first the counters, then for a vCPU
 * the time in each of VCPU_TIMES as <name>_time, then a log2 histogram for each
 * label of each line of hists.def, as <hist>_<label>. A vCPU's exits of one kind
 * for several hardware reasons are one histogram here. Numbers that their list
 * has no row for are counted in its row "unknown", if it has one; what overflowed
 * the vCPU's pool of histograms is not in here, but in the snapshot.
 *
 * Invariants: the layout is made at load and never changes, and is the same
 * for all VMs and all vCPUs: QEMU reads the descriptors of a kind just once.
 * Data are words of 64 bits in the order of the descriptors, without holes.
 * Reading changes nothing, takes no lock and never makes a guest leave.
 */
#include <linux/build_bug.h>
#include <linux/kvm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "account.h"
#include "rows.h"
#include "schema.h"
#include "statfd.h"

#define NAME_SIZE 48

/* A descriptor with its name behind it, as the file has it. */
struct desc {
	u32 flags;
	s16 exponent;
	u16 size;	 /* words */
	u32 offset;	 /* bytes into the data */
	u32 bucket_size; /* of linear histograms, which we have not */
	char name[NAME_SIZE];
};

static_assert(offsetof(struct desc, exponent) == offsetof(struct kvm_stats_desc, exponent));
static_assert(offsetof(struct desc, size) == offsetof(struct kvm_stats_desc, size));
static_assert(offsetof(struct desc, offset) == offsetof(struct kvm_stats_desc, offset));
static_assert(offsetof(struct desc, bucket_size) == offsetof(struct kvm_stats_desc, bucket_size));
static_assert(offsetof(struct desc, name) == offsetof(struct kvm_stats_desc, name));
static_assert(sizeof(struct desc) % 8 == 0);

/* The layout of one kind of file. */
struct layout {
	struct desc *desc; /* NULL: count only */
	u32 n;		   /* descriptors */
	u32 words;	   /* of data */
};

static struct layout layout_vm __ro_after_init, layout_vcpu __ro_after_init;

#define FLAGS_ns (KVM_STATS_UNIT_SECONDS | KVM_STATS_BASE_POW10)
/* Where a line of hists.def is: its labels, and the word where the first of its histograms begins. */
static struct hist_place {
	const struct schema_list *labels;
	u32 first;
} hist_places[HIST_COUNT] __ro_after_init;

/* ---- the layout -------------------------------------------------------- */

static __init void add(struct layout *l, u32 flags, s16 exponent, u16 size, const char *name,
		       const char *label)
{
	struct desc *d;

	if (l->desc) {
		d = &l->desc[l->n];
		d->flags = flags;
		d->exponent = exponent;
		d->size = size;
		d->offset = 8 * l->words;
		WARN_ON(snprintf(d->name, NAME_SIZE, label ? "%s_%s" : "%s", name, label) >=
			NAME_SIZE);
	}
	l->n++;
	l->words += size;
}

static __init void add_all(struct layout *l, bool of_vcpu)
{
	const struct stat_row *c = stat_rows_of(of_vcpu);
	struct hist_place *h;
	u32 n, i, id;

	l->n = 0;
	l->words = 0;
	for (n = stat_n_rows(of_vcpu); n; n--, c++)
		add(l, c->flags, c->exponent, 1, c->name, NULL);
	for (i = 0; of_vcpu && i < VCPU_TIME_COUNT; i++)
		add(l, KVM_STATS_TYPE_CUMULATIVE | FLAGS_ns, -9, 1, vcpu_time_names[i], "time");
	for (id = 0; id < HIST_COUNT; id++) {
		if (hist_rows[id].of_vcpu != of_vcpu)
			continue;
		h = &hist_places[id];
		h->labels = schema_list(hist_rows[id].labels);
		h->first = l->words;
		for (i = 0; i < h->labels->n_rows; i++)
			add(l, KVM_STATS_TYPE_LOG_HIST | FLAGS_ns, -9, HIST_BUCKETS,
			    hist_rows[id].name, h->labels->rows[i].name);
	}
}

static __init int make_layout(struct layout *l, bool of_vcpu)
{
	add_all(l, of_vcpu);
	l->desc = kvcalloc(l->n, sizeof(*l->desc), GFP_KERNEL);
	if (!l->desc)
		return -ENOMEM;
	add_all(l, of_vcpu);
	return 0;
}

int __init statfd_init(void)
{
	int err = make_layout(&layout_vm, false);

	if (!err)
		err = make_layout(&layout_vcpu, true);
	if (err)
		statfd_exit();
	return err;
}

void statfd_exit(void)
{
	kvfree(layout_vm.desc);
	kvfree(layout_vcpu.desc);
}

/* ---- the data ---------------------------------------------------------- */

static void put_words(u64 *to, const void *from, size_t size)
{
	const u64 *word = from;

	for (; size; size -= 8)
		*to++ = READ_ONCE(*word++);
}

/* Add the histogram of a line of hists.def and a number of its list to the data. */
static void put_hist(u64 *data, u32 id, u32 number, const struct hist *h)
{
	const struct schema_list *list = hist_places[id].labels;
	u32 i, at = list->n_rows;

	for (i = 0; i < list->n_rows; i++) {
		if (list->rows[i].number == number)
			break;
		if (!strcmp(list->rows[i].name, "unknown"))
			at = i;
	}
	if (i < list->n_rows)
		at = i;
	if (at == list->n_rows)
		return;
	data += hist_places[id].first + HIST_BUCKETS * at;
	for (i = 0; i < HIST_BUCKETS; i++)
		data[i] += READ_ONCE(h->bucket[i]);
}

static int fill_vm(struct vm *vm, u64 *data)
{
	u32 mode;

	put_words(data, &vm->stat, sizeof(vm->stat));
	for (mode = 0; mode < DIRTY_MODE_COUNT; mode++)
		put_hist(data, HIST_DIRTY_PASS_TIME, mode, &vm->dirty_pass_time[mode]);
	return 0;
}

static int fill_vcpu(const struct vcpu *vcpu, u64 *data)
{
	struct account_copy *copy = kvmalloc(sizeof(*copy), GFP_KERNEL_ACCOUNT);
	u64 *times = data + STAT_VCPU_ROWS;
	u32 i;

	if (!copy)
		return -ENOMEM;
	account_read(vcpu, copy);
	put_words(data, &vcpu->stat, sizeof(vcpu->stat));
	for (i = 0; i < VCPU_TIME_COUNT; i++)
		times[i] = account_ns(copy->ticks[i]);
	for (i = 0; i < copy->hists.n; i++) {
		const struct histpool_entry *e = &copy->hists.entry[i];

		if (HIST_KEY_ID(e->key) < HIST_COUNT)
			put_hist(data, HIST_KEY_ID(e->key), HIST_KEY_LABEL(e->key), &e->hist);
	}
	kvfree(copy);
	return 0;
}

/* ---- reading ----------------------------------------------------------- */

struct reader {
	char __user *buf;
	size_t left; /* room in buf */
	loff_t pos;  /* in the file */
	loff_t at;   /* in the file: where the next block begins */
	int err;
};

/* Copy what the reader wants of the block of @size bytes that comes next. */
static void give(struct reader *r, const void *block, size_t size)
{
	loff_t skip = r->pos - r->at;
	size_t n;

	r->at += size;
	if (r->err || skip >= size || !r->left)
		return;
	n = min_t(size_t, size - skip, r->left);
	if (copy_to_user(r->buf, block + skip, n)) {
		r->err = -EFAULT;
		return;
	}
	r->buf += n;
	r->left -= n;
	r->pos += n;
}

static void give_data(struct reader *r, struct vm *vm, const struct vcpu *vcpu, u32 words)
{
	u64 *data;

	if (r->err || !r->left || r->pos >= r->at + 8 * words)
		return;
	data = kvcalloc(words, sizeof(*data), GFP_KERNEL_ACCOUNT);
	if (!data) {
		r->err = -ENOMEM;
		return;
	}
	r->err = vcpu ? fill_vcpu(vcpu, data) : fill_vm(vm, data);
	give(r, data, 8 * words);
	kvfree(data);
}

ssize_t statfd_read(struct vm *vm, const struct vcpu *vcpu, char __user *buf, size_t size,
		    loff_t *pos)
{
	const struct layout *l = vcpu ? &layout_vcpu : &layout_vm;
	const struct kvm_stats_header header = {
		.name_size = NAME_SIZE,
		.num_desc = l->n,
		.id_offset = sizeof(header),
		.desc_offset = sizeof(header) + NAME_SIZE,
		.data_offset = sizeof(header) + NAME_SIZE + l->n * sizeof(struct desc),
	};
	struct reader r = {.buf = buf, .left = size, .pos = *pos};
	char id[NAME_SIZE] = {};
	ssize_t done;

	if (*pos < 0)
		return -EINVAL;
	if (vcpu)
		snprintf(id, sizeof(id), "kvm-%d/vcpu-%u", vm->pid, vcpu->id);
	else
		snprintf(id, sizeof(id), "kvm-%d", vm->pid);
	give(&r, &header, sizeof(header));
	give(&r, id, sizeof(id));
	give(&r, l->desc, l->n * sizeof(struct desc));
	give_data(&r, vm, vcpu, l->words);
	done = r.pos - *pos;
	*pos = r.pos;
	return done ?: r.err;
}

loff_t statfd_size(bool of_vcpu)
{
	const struct layout *l = of_vcpu ? &layout_vcpu : &layout_vm;

	return sizeof(struct kvm_stats_header) + NAME_SIZE + l->n * sizeof(struct desc) +
	       8 * l->words;
}
