/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The files of KVM_GET_STATS_FD. Read-only, at any offset, by whoever has the
 * descriptor: it may be handed to another process. Each holds a reference to
 * its VM; what is in them is said in stat/statfd.c.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/module.h>

#include "../core/core.h"
#include "../stat/statfd.h"
#include "abi.h"

static ssize_t vm_read(struct file *file, char __user *buf, size_t size, loff_t *pos)
{
	return statfd_read(file->private_data, NULL, buf, size, pos);
}

static loff_t vm_llseek(struct file *file, loff_t offset, int whence)
{
	return fixed_size_llseek(file, offset, whence, statfd_size(false));
}

static int vm_release(struct inode *inode, struct file *file)
{
	vm_put(file->private_data);
	return 0;
}

static const struct file_operations vm_stats_fops = {
	.owner = THIS_MODULE,
	.read = vm_read,
	.llseek = vm_llseek,
	.release = vm_release,
};

static ssize_t vcpu_read(struct file *file, char __user *buf, size_t size, loff_t *pos)
{
	const struct vcpu *vcpu = file->private_data;

	return statfd_read(vcpu->vm, vcpu, buf, size, pos);
}

static loff_t vcpu_llseek(struct file *file, loff_t offset, int whence)
{
	return fixed_size_llseek(file, offset, whence, statfd_size(true));
}

static int vcpu_release(struct inode *inode, struct file *file)
{
	const struct vcpu *vcpu = file->private_data;

	vm_put(vcpu->vm);
	return 0;
}

static const struct file_operations vcpu_stats_fops = {
	.owner = THIS_MODULE,
	.read = vcpu_read,
	.llseek = vcpu_llseek,
	.release = vcpu_release,
};

long abi_stats_fd(struct vm *vm, struct vcpu *vcpu)
{
	struct file *file;
	char name[32];
	int fd;

	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	if (vcpu)
		snprintf(name, sizeof(name), "kvm-vcpu-stats:%u", vcpu->id);
	else
		snprintf(name, sizeof(name), "kvm-vm-stats");
	file = anon_inode_getfile(name, vcpu ? &vcpu_stats_fops : &vm_stats_fops,
				  vcpu ? (void *)vcpu : vm, O_RDONLY);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	vm_get(vm);
	file->f_mode |= FMODE_LSEEK | FMODE_PREAD;
	fd_install(fd, file);
	return fd;
}
