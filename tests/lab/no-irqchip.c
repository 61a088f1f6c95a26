/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Preloaded into a kernel selftest where /dev/kvm has no interrupt controllers:
 * KVM_CREATE_IRQCHIP, which the selftests' library asks of every VM, is answered
 * with success and not passed on. For tests that use no interrupts of a chip;
 * everything else goes to the kernel as it is.
 */
#define _GNU_SOURCE
#include <linux/kvm.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

int ioctl(int fd, unsigned long request, ...);

int ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (request == KVM_CREATE_IRQCHIP)
		return 0;
	return syscall(SYS_ioctl, fd, request, arg);
}
