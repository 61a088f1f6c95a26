/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The flight recorders' files, below /sys/kernel/debug/glassvisor/:
 *
 *	recorder/index		what is kept: a line each, the oldest first
 *	recorder/<id>		a frozen recorder as text (record_text.c)
 *	recorder/<id>.raw	the same in binary (debugfs-schema/record.h)
 *	recorder/clear		written to: forget them all
 *	<VM>/vcpu<id>/recorder, recorder_raw	the running one, at the time of the open
 *	<VM>/vcpu<id>/freeze	written to: freeze it; ENOSPC: nothing of it is kept
 *
 * Opening takes a copy of the running recorder, or a reference on a frozen one;
 * from then on a reader depends on nothing: neither clearing nor the end of the
 * VM takes away what it reads. So these files are made without debugfs' own
 * guard around each read (the _unsafe form); the open itself is guarded, and
 * debugfs_remove() waits for it, so that what i_private points at is there. An
 * open file keeps the module.
 *
 * freeze and clear do have the guard: removing a vCPU's directory waits for
 * whoever is freezing it, and clear removes other files than its own.
 *
 * Locks: none here.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "frozen.h"
#include "record_text.h"

static struct dentry *recorder_dir;

/* ---- text: position 0 is the head, then one for each record --------------- */

static void *text_at(struct seq_file *m, loff_t pos)
{
	struct frozen *f = m->private;

	if (!pos)
		return &f->head;
	return pos <= f->head.n_records ? &f->records[pos - 1] : NULL;
}

static void *text_start(struct seq_file *m, loff_t *pos)
{
	return text_at(m, *pos);
}

static void *text_next(struct seq_file *m, void *v, loff_t *pos)
{
	return text_at(m, ++*pos);
}

static void text_stop(struct seq_file *m, void *v)
{
}

static int text_show(struct seq_file *m, void *v)
{
	const struct frozen *f = m->private;
	char *buf;
	size_t len, size = seq_get_buf(m, &buf);

	if (v == &f->head)
		len = record_text_head(&f->head, buf, size);
	else
		len = record_text_line(&f->head, v, buf, size);
	seq_commit(m, len < size ? (int)len : -1); /* -1: comes again, with more room */
	return 0;
}

static const struct seq_operations text_ops = {
	.start = text_start,
	.next = text_next,
	.stop = text_stop,
	.show = text_show,
};

/* Takes over the reference. */
static int text_open_on(struct file *file, struct frozen *f)
{
	int err;

	if (!f)
		return -ENOMEM;
	err = seq_open(file, &text_ops);
	if (err)
		frozen_put(f);
	else
		((struct seq_file *)file->private_data)->private = f;
	return err;
}

static int text_release(struct inode *inode, struct file *file)
{
	frozen_put(((struct seq_file *)file->private_data)->private);
	return seq_release(inode, file);
}

/* ---- binary ----------------------------------------------------------------- */

static int raw_open_on(struct file *file, struct frozen *f)
{
	if (!f)
		return -ENOMEM;
	file->private_data = f;
	return 0;
}

static ssize_t raw_read(struct file *file, char __user *to, size_t len, loff_t *pos)
{
	const struct frozen *f = file->private_data;

	return simple_read_from_buffer(to, len, pos, &f->head, frozen_size(f));
}

static int raw_release(struct inode *inode, struct file *file)
{
	frozen_put(file->private_data);
	return 0;
}

/* ---- the four files --------------------------------------------------------- */

static struct frozen *kept(struct inode *inode)
{
	struct frozen *f = inode->i_private;

	frozen_get(f);
	return f;
}

static struct frozen *running(struct inode *inode)
{
	return frozen_copy(inode->i_private, U32_MAX);
}

static int kept_text_open(struct inode *inode, struct file *file)
{
	return text_open_on(file, kept(inode));
}

static int running_text_open(struct inode *inode, struct file *file)
{
	return text_open_on(file, running(inode));
}

static int kept_raw_open(struct inode *inode, struct file *file)
{
	return raw_open_on(file, kept(inode));
}

static int running_raw_open(struct inode *inode, struct file *file)
{
	return raw_open_on(file, running(inode));
}

#define RECORDER_TEXT_FOPS(name)                                                                   \
	static const struct file_operations name##_fops = {                                        \
		.owner = THIS_MODULE,                                                              \
		.open = name##_open,                                                               \
		.read = seq_read,                                                                  \
		.llseek = seq_lseek,                                                               \
		.release = text_release,                                                           \
	}

#define RECORDER_RAW_FOPS(name)                                                                    \
	static const struct file_operations name##_fops = {                                        \
		.owner = THIS_MODULE,                                                              \
		.open = name##_open,                                                               \
		.read = raw_read,                                                                  \
		.llseek = default_llseek,                                                          \
		.release = raw_release,                                                            \
	}

RECORDER_TEXT_FOPS(kept_text);
RECORDER_TEXT_FOPS(running_text);
RECORDER_RAW_FOPS(kept_raw);
RECORDER_RAW_FOPS(running_raw);

void frozen_files_add(struct frozen *f)
{
	char name[24];

	snprintf(name, sizeof(name), "%u", f->head.id);
	f->text = debugfs_create_file_unsafe(name, 0444, recorder_dir, f, &kept_text_fops);
	snprintf(name, sizeof(name), "%u.raw", f->head.id);
	f->raw = debugfs_create_file_unsafe(name, 0444, recorder_dir, f, &kept_raw_fops);
}

void frozen_files_remove(struct frozen *f)
{
	debugfs_remove(f->text);
	debugfs_remove(f->raw);
}

/* ---- index, clear, freeze ----------------------------------------------------- */

static int index_show(struct seq_file *m, void *unused)
{
	return recorder_index(m);
}
DEFINE_SHOW_ATTRIBUTE(index);

static ssize_t clear_write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	recorder_clear();
	return len;
}

static const struct file_operations clear_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = clear_write,
	.llseek = noop_llseek,
};

static ssize_t freeze_write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	int err = freeze_asked(file->private_data);

	return err ?: len;
}

static const struct file_operations freeze_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = freeze_write,
	.llseek = noop_llseek,
};

void recorder_vcpu_files(struct vcpu *vcpu, struct dentry *dir)
{
	if (!recorder_on(vcpu))
		return;
	debugfs_create_file_unsafe("recorder", 0444, dir, vcpu, &running_text_fops);
	debugfs_create_file_unsafe("recorder_raw", 0444, dir, vcpu, &running_raw_fops);
	debugfs_create_file("freeze", 0200, dir, vcpu, &freeze_fops);
}

void recorder_files_init(struct dentry *root)
{
	recorder_dir = debugfs_create_dir("recorder", root);
	debugfs_create_file("index", 0444, recorder_dir, NULL, &index_fops);
	debugfs_create_file("clear", 0200, recorder_dir, NULL, &clear_fops);
}

void recorder_files_exit(void)
{
	debugfs_remove(recorder_dir);
}
