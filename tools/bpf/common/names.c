// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names: tables made from the schema's lists, and what /proc says. Names of
 * VMs are kept once found, because the VM may be gone when it is reported.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../../debugfs-schema/lists.h"
#include "../../../debugfs-schema/reasons.h"
#include "names.h"

struct number_name {
	u32 number;
	const char *name;
};

#define KIND_ROW(number, ID, name, key, text) {number, name},
#define NAME_ROW(number, ID, name, text)      {number, name},

static const struct number_name exit_kinds[] = {EXIT_KINDS(KIND_ROW)};
static const struct number_name fault_kinds[] = {FAULT_KINDS(NAME_ROW)};
static const struct number_name dirty_modes[] = {DIRTY_MODES(NAME_ROW)};
static const struct number_name irq_sources[] = {IRQ_SOURCES(NAME_ROW)};
static const struct number_name irq_deliveries[] = {IRQ_DELIVERIES(NAME_ROW)};
static const struct number_name svm_reasons[] = {SVM_REASONS(NAME_ROW)};
static const struct number_name vmx_reasons[] = {VMX_REASONS(NAME_ROW)};

static const char *find(const struct number_name *list, size_t n, u32 number, const char *format)
{
	static char text[4][16];
	static unsigned int turn;
	size_t i;

	for (i = 0; i < n; i++)
		if (list[i].number == number)
			return list[i].name;
	turn = (turn + 1) % ARRAY_SIZE(text);
	snprintf(text[turn], sizeof(text[turn]), format, number);
	return text[turn];
}

#define FIND(list, number, format) find(list, ARRAY_SIZE(list), number, format)

const char *name_exit_kind(u32 kind)
{
	return FIND(exit_kinds, kind, "?%u");
}

const char *name_fault_kind(u32 kind)
{
	return FIND(fault_kinds, kind, "?%u");
}

const char *name_dirty_mode(u32 mode)
{
	return FIND(dirty_modes, mode, "?%u");
}

const char *name_irq_source(u32 source)
{
	return FIND(irq_sources, source, "?%u");
}

const char *name_irq_delivery(u32 delivery)
{
	return FIND(irq_deliveries, delivery, "?%u");
}

const char *name_reason(u32 isa, u32 reason)
{
	return isa == 1 ? FIND(vmx_reasons, reason, "?%u") : FIND(svm_reasons, reason, "?0x%x");
}

/* ---- processes ---------------------------------------------------------- */

/* Bytes read, 0 for none; always ends with a 0 that is not counted. */
static size_t read_proc(const char *path, char *buf, size_t size)
{
	size_t all = 0;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	while (all < size - 1 && (n = read(fd, buf + all, size - 1 - all)) > 0)
		all += n;
	close(fd);
	buf[all] = 0;
	return all;
}

bool name_in_cmdline(const char *cmdline, size_t n, char *ret_name, size_t size)
{
	const char *at = cmdline, *end = cmdline + n;
	size_t len;

	for (; at < end; at += strnlen(at, end - at) + 1) {
		if (strcmp(at, "-name") && strcmp(at, "--name"))
			continue;
		at += strlen(at) + 1;
		if (at >= end)
			return false;
		if (!strncmp(at, "guest=", 6))
			at += 6;
		len = strcspn(at, ",");
		if (!len)
			return false;
		snprintf(ret_name, size, "%.*s", (int)len, at);
		return true;
	}
	return false;
}

static bool find_vm_name(u32 tgid, char *buf, size_t size)
{
	static char cmdline[65536];
	char path[64];
	size_t n;

	snprintf(path, sizeof(path), "/proc/%u/cmdline", tgid);
	n = read_proc(path, cmdline, sizeof(cmdline));
	if (n && name_in_cmdline(cmdline, n, buf, size))
		return true;
	snprintf(path, sizeof(path), "/proc/%u/comm", tgid);
	if (!read_proc(path, buf, size))
		return false;
	buf[strcspn(buf, "\n")] = 0;
	return true;
}

const char *name_vm(const struct owner *owner)
{
	static struct {
		u32 tgid;
		char name[64];
	} known[64];
	static unsigned int n;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].tgid == owner->tgid && known[i].name[0])
			return known[i].name;
	i = n % ARRAY_SIZE(known);
	if (!find_vm_name(owner->tgid, known[i].name, sizeof(known[i].name))) {
		known[i].name[0] = 0;
		return owner->comm;
	}
	known[i].tgid = owner->tgid;
	n++;
	return known[i].name;
}

const char *bytes_text(u64 bytes)
{
	static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
	static char text[4][24];
	static unsigned int turn;
	char *to = text[turn = (turn + 1) % ARRAY_SIZE(text)];
	double v = bytes;
	unsigned int u = 0;

	while (v >= 1024 && u + 1 < ARRAY_SIZE(unit)) {
		v /= 1024;
		u++;
	}
	snprintf(to, sizeof(text[0]), "%.*f %s", v < 10 && v != (u64)v ? 1 : 0, v, unit[u]);
	return to;
}
