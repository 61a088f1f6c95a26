/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The counters of a command's VMs: the last reading of each VM's directory.
 *
 * Stock KVM and glassvisor have the same layout, <tgid>-<fd>/<name>, one
 * decimal number a file. Files that hold something else are passed over.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "counters.h"

#define ROOT "/sys/kernel/debug/kvm"

struct vm {
	char dir[256]; /* name, not path */
	bool ignored;  /* was there before us */
	struct counter *values;
	size_t n;
};

struct counters {
	struct vm *vms;
	size_t n;
	struct counter *sum;
	size_t n_sum;
};

static struct vm *find_vm(struct counters *c, const char *dir)
{
	struct vm *vms;
	size_t i;

	for (i = 0; i < c->n; i++)
		if (!strcmp(c->vms[i].dir, dir))
			return &c->vms[i];
	vms = reallocarray(c->vms, c->n + 1, sizeof(*vms));
	if (!vms)
		return NULL;
	c->vms = vms;
	vms[c->n] = (struct vm){0};
	snprintf(vms[c->n].dir, sizeof(vms[c->n].dir), "%s", dir);
	return &vms[c->n++];
}

static struct counter *find_counter(struct counter **list, size_t *n, const char *name)
{
	struct counter *grown;
	size_t i;

	for (i = 0; i < *n; i++)
		if (!strcmp((*list)[i].name, name))
			return &(*list)[i];
	grown = reallocarray(*list, *n + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	*list = grown;
	grown[*n] = (struct counter){0};
	snprintf(grown[*n].name, sizeof(grown[*n].name), "%s", name);
	return &grown[(*n)++];
}

static void read_counter(struct vm *vm, int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	struct counter *counter;
	char text[32], *end;
	uint64_t value;
	ssize_t len;

	if (fd < 0)
		return;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len <= 0)
		return;
	text[len] = 0;
	value = strtoull(text, &end, 10);
	if (end == text || *end != '\n')
		return;
	counter = find_counter(&vm->values, &vm->n, name);
	if (counter)
		counter->value = value;
}

static void read_vm(struct vm *vm)
{
	char path[512];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), ROOT "/%s", vm->dir);
	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (entry->d_type == DT_REG)
			read_counter(vm, dirfd(dir), entry->d_name);
	closedir(dir);
}

static void each_vm(struct counters *c, void (*fn)(struct vm *vm))
{
	DIR *dir = opendir(ROOT);
	struct dirent *entry;
	struct vm *vm;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		vm = find_vm(c, entry->d_name);
		if (vm && !vm->ignored)
			fn(vm);
	}
	if (dir)
		closedir(dir);
}

static void ignore_vm(struct vm *vm)
{
	vm->ignored = true;
}

struct counters *counters_open(bool all)
{
	struct counters *c = calloc(1, sizeof(*c));

	if (c && !all)
		each_vm(c, ignore_vm);
	return c;
}

void counters_sample(struct counters *c)
{
	each_vm(c, read_vm);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct counter *)a)->name, ((const struct counter *)b)->name);
}

const struct counter *counters_sum(struct counters *c, size_t *ret_n)
{
	struct counter *sum;
	size_t i, k;

	free(c->sum);
	c->sum = NULL;
	c->n_sum = 0;
	for (i = 0; i < c->n; i++)
		for (k = 0; k < c->vms[i].n; k++) {
			sum = find_counter(&c->sum, &c->n_sum, c->vms[i].values[k].name);
			if (sum)
				sum->value += c->vms[i].values[k].value;
		}
	if (c->n_sum)
		qsort(c->sum, c->n_sum, sizeof(*c->sum), by_name);
	*ret_n = c->n_sum;
	return c->sum;
}

size_t counters_vms(const struct counters *c)
{
	size_t i, n = 0;

	for (i = 0; i < c->n; i++)
		n += c->vms[i].n > 0;
	return n;
}

void counters_close(struct counters *c)
{
	size_t i;

	for (i = 0; c && i < c->n; i++)
		free(c->vms[i].values);
	if (c) {
		free(c->vms);
		free(c->sum);
	}
	free(c);
}
