// SPDX-License-Identifier: GPL-2.0-only
/*
 * The running kernel, through debugfs and /proc. Nothing here takes a lock of a
 * VM or talks to its process. A VM's name is taken from its command line when
 * the VM is first seen, and then kept: that file is read through the process's
 * memory, and need not be read every second.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "../common/words.h"
#include "source.h"
#include "table.h"

struct known_vm {
	u32 tgid, fd;
	bool seen;
	char name[NAME_LEN];
};

u64 clock_ns(int clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

char *read_whole(const char *path, size_t *ret_len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0, room = 65536;
	char *text = fd < 0 ? NULL : malloc(room);
	ssize_t n;

	while (text && (n = read(fd, text + len, room - len - 1)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			free(text);
			text = NULL;
			break;
		}
		len += n;
		if (len + 1 == room) {
			char *more = realloc(text, room *= 2);

			if (!more)
				free(text);
			text = more;
		}
	}
	if (fd >= 0)
		close(fd);
	if (text)
		text[len] = 0;
	if (ret_len)
		*ret_len = len;
	return text;
}

/* ---- names -------------------------------------------------------------- */

/* The value at @at up to a comma; two commas stand for one. */
static void name_value(const char *at, char name[NAME_LEN])
{
	char text[4 * NAME_LEN];
	size_t n = 0;

	for (; *at && n + 1 < sizeof(text); at++) {
		if (*at == ',' && *++at != ',')
			break;
		text[n++] = *at;
	}
	text[n] = 0;
	printable(text, name, NAME_LEN);
}

bool vm_name_parse(const char *cmdline, size_t len, char name[NAME_LEN])
{
	const char *end = cmdline + len, *arg = cmdline, *guest;

	for (; arg < end; arg += strnlen(arg, end - arg) + 1) {
		if (strcmp(arg, "-name") != 0 && strcmp(arg, "--name") != 0)
			continue;
		arg += strlen(arg) + 1;
		if (arg >= end || !*arg)
			return false;
		guest = strncmp(arg, "guest=", 6) == 0 ? arg : strstr(arg, ",guest=");
		if (guest)
			name_value(strchr(guest, '=') + 1, name);
		else
			name_value(arg, name);
		return name[0];
	}
	return false;
}

static void name_of(u32 tgid, char name[NAME_LEN])
{
	char path[64], comm[32];
	size_t len;
	char *text;
	bool good;

	snprintf(path, sizeof(path), "/proc/%u/cmdline", tgid);
	text = read_whole(path, &len);
	good = text && vm_name_parse(text, len, name);
	free(text);
	if (good)
		return;
	snprintf(path, sizeof(path), "/proc/%u/comm", tgid);
	text = read_whole(path, NULL);
	snprintf(comm, sizeof(comm), "%.*s", text ? (int)strcspn(text, "\n") : 2,
		 text ? text : "vm");
	free(text);
	snprintf(path, sizeof(path), "%s-%u", comm, tgid);
	printable(path, name, NAME_LEN);
}

static const char *known_name(struct source *s, u32 tgid, u32 fd)
{
	struct known_vm *known;

	for (u32 i = 0; i < s->n_known; i++)
		if (s->known[i].tgid == tgid && s->known[i].fd == fd) {
			s->known[i].seen = true;
			return s->known[i].name;
		}
	known = realloc(s->known, (s->n_known + 1) * sizeof(*known));
	if (!known)
		return "vm";
	s->known = known;
	known += s->n_known++;
	*known = (struct known_vm){.tgid = tgid, .fd = fd, .seen = true};
	name_of(tgid, known->name);
	return known->name;
}

static void forget_names(struct source *s)
{
	u32 kept = 0;

	for (u32 i = 0; i < s->n_known; i++) {
		if (!s->known[i].seen)
			continue;
		s->known[kept] = s->known[i];
		s->known[kept++].seen = false;
	}
	s->n_known = kept;
}

/* ---- VMs ---------------------------------------------------------------- */

/* "<tgid>-<fd>", and nothing else. */
static bool vm_dir(const char *name, u32 *ret_tgid, u32 *ret_fd)
{
	int end = 0;

	return isdigit((unsigned char)name[0]) &&
	       sscanf(name, "%9u-%9u%n", ret_tgid, ret_fd, &end) == 2 && !name[end];
}

static int by_number(const struct dirent **a, const struct dirent **b)
{
	return strverscmp((*a)->d_name, (*b)->d_name);
}

static int is_vm_dir(const struct dirent *d)
{
	u32 tgid, fd;

	return vm_dir(d->d_name, &tgid, &fd);
}

static bool all_digits(const char *text)
{
	size_t n = strspn(text, "0123456789");

	return n && (!text[n] || (text[n] == '\n' && !text[n + 1]));
}

static int is_vcpu_dir(const struct dirent *d)
{
	return strncmp(d->d_name, "vcpu", 4) == 0 && all_digits(d->d_name + 4);
}

static void stock_vcpus(FILE *f, const char *dir)
{
	struct dirent **list;
	int n = scandir(dir, &list, is_vcpu_dir, by_number);

	for (int i = 0; i < n; i++) {
		char path[1024];
		char *tid;

		snprintf(path, sizeof(path), "%s/%s/pid", dir, list[i]->d_name);
		tid = read_whole(path, NULL);
		fprintf(f, "vcpu %s %d - 0 0\n", list[i]->d_name + 4,
			tid && all_digits(tid) ? atoi(tid) : 0);
		free(tid);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

/* A snapshot made of stock KVM's files: one file, one counter, of the VM or summed over vCPUs. */
static char *stock_snapshot(const char *dir, u32 tgid, u32 fd)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	u32 n = 0;

	if (!f)
		return NULL;
	fprintf(f, "glassvisor-snapshot 1\nvm 0 %u %u\ntime %llu 0 0\n", tgid, fd,
		(unsigned long long)clock_ns(CLOCK_BOOTTIME));
	for (int i = 0; i < ST_COUNT; i++) {
		char path[1024];
		char *value;

		snprintf(path, sizeof(path), "%s/%s", dir, stat_info[i].name);
		value = read_whole(path, NULL);
		if (value && all_digits(value)) {
			fprintf(f, "stat %s %.*s\n", stat_info[i].name, (int)strcspn(value, "\n"),
				value);
			n++;
		}
		free(value);
	}
	stock_vcpus(f, dir);
	fputs("end\n", f);
	if (fclose(f) != 0 || !n) {
		free(text);
		return NULL;
	}
	return text;
}

static void look_vm(struct source *s, const char *name, struct raw *raw)
{
	bool stock = strcmp(s->name, "kvm") == 0;
	char path[640];
	u32 tgid, fd;
	char *text;

	vm_dir(name, &tgid, &fd);
	snprintf(path, sizeof(path), "%s/%s%s", s->dir, name, stock ? "" : "/snapshot");
	text = stock ? stock_snapshot(path, tgid, fd) : read_whole(path, NULL);
	if (!text) {
		/* Gone between two calls, most likely; then nothing was lost. */
		snprintf(path, sizeof(path), "%s/%s", s->dir, name);
		raw->lost += access(path, F_OK) == 0;
		return;
	}
	raw_add_vm(raw, known_name(s, tgid, fd), stock, text);
}

/* The index of frozen recorders, and the text of those that are new in it. */
static void look_recorders(struct source *s, struct raw *raw)
{
	u32 newest = s->newest_record;
	char path[512], *line;

	snprintf(path, sizeof(path), "%s/recorder/index", s->dir);
	raw->index = read_whole(path, NULL);
	for (line = raw->index; line && *line; line += strcspn(line, "\n"), line += *line == '\n') {
		u32 id;
		char *text;

		if (sscanf(line, "%9u", &id) != 1 || id <= s->newest_record)
			continue;
		snprintf(path, sizeof(path), "%s/recorder/%u", s->dir, id);
		text = read_whole(path, NULL);
		if (text)
			raw_add_record(raw, id, text);
		newest = max(newest, id);
	}
	s->newest_record = newest;
}

static enum look look_live(struct source *s, struct raw *raw)
{
	struct dirent **list;
	u64 start = clock_ns(CLOCK_MONOTONIC);
	int n;

	raw->time_ns = clock_ns(CLOCK_BOOTTIME);
	raw->wall_ns = clock_ns(CLOCK_REALTIME);
	n = scandir(s->dir, &list, is_vm_dir, by_number);
	for (int i = 0; i < n; i++) {
		look_vm(s, list[i]->d_name, raw);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	forget_names(s);
	if (strcmp(s->name, "glassvisor") == 0)
		look_recorders(s, raw);
	raw->read_ns = clock_ns(CLOCK_MONOTONIC) - start;
	return LOOK_DONE;
}

static bool is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool complain(char error[ERROR_LEN], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, ERROR_LEN, format, args);
	va_end(args);
	return false;
}

bool source_open_live(struct source *s, const char *debugfs, char error[ERROR_LEN])
{
	struct statfs fs;

	*s = (struct source){.live = true, .name = "glassvisor"};
	if (access(debugfs, R_OK | X_OK) != 0 && errno == EACCES)
		return complain(error, NEEDS_ROOT, "kvmstat");
	snprintf(s->dir, sizeof(s->dir), "%s/glassvisor", debugfs);
	if (is_dir(s->dir))
		return true;
	s->name = "kvm";
	snprintf(s->dir, sizeof(s->dir), "%s/kvm", debugfs);
	if (is_dir(s->dir))
		return true;
	if (statfs(debugfs, &fs) != 0 || fs.f_type != DEBUGFS_MAGIC)
		return complain(error, "debugfs is not mounted: mount -t debugfs none %s", debugfs);
	return complain(error, NO_KVM);
}

enum look source_look(struct source *s, struct raw *ret)
{
	const struct raw *from;

	*ret = (struct raw){0};
	if (s->live)
		return look_live(s, ret);
	if (s->at >= s->n_looks)
		return LOOK_END;
	from = &s->looks[s->at++];
	ret->time_ns = from->time_ns;
	ret->wall_ns = from->wall_ns;
	ret->read_ns = from->read_ns;
	ret->lost = from->lost;
	ret->index = from->index ? strdup(from->index) : NULL;
	for (u32 i = 0; i < from->n_vms; i++) {
		char *text = strdup(from->vms[i].text);

		if (!text || !raw_add_vm(ret, from->vms[i].name, from->vms[i].stock, text))
			goto failed;
	}
	for (u32 i = 0; i < from->n_records; i++) {
		char *text = strdup(from->records[i].text);

		if (!text || !raw_add_record(ret, from->records[i].id, text))
			goto failed;
	}
	return LOOK_DONE;
failed:
	raw_free(ret);
	return LOOK_FAILED;
}

void source_close(struct source *s)
{
	for (u32 i = 0; i < s->n_looks; i++)
		raw_free(&s->looks[i]);
	free(s->looks);
	free(s->known);
	*s = (struct source){0};
}
