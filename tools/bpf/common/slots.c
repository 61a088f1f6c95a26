// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slots: glassvisor/<tgid>-<fd>/slots, of the directory whose snapshot has the
 * VM's number.
 */
#include <glob.h>
#include <stdio.h>

#include "slots.h"

#define ROOT "/sys/kernel/debug/glassvisor"

/* Is @dir the debugfs directory of VM @vm? */
static bool is_vm(const char *dir, u32 vm)
{
	char path[256], line[1024];
	bool found = false;
	u32 id;
	FILE *f;

	snprintf(path, sizeof(path), "%s/snapshot", dir);
	f = fopen(path, "r");
	if (!f)
		return false;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "vm %u ", &id) != 1)
			continue;
		found = id == vm;
		break;
	}
	fclose(f);
	return found;
}

bool slot_line(const char *line, u32 id, struct slot *ret_slot)
{
	unsigned long long gfn, npages;
	u32 number;

	if (sscanf(line, "%u 0x%llx %llu ", &number, &gfn, &npages) != 3 || number != id)
		return false;
	ret_slot->gfn = gfn;
	ret_slot->npages = npages;
	return npages;
}

static bool find_in(const char *dir, u32 id, struct slot *ret_slot)
{
	char path[256], line[1024];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "%s/slots", dir);
	f = fopen(path, "r");
	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f))
		found = slot_line(line, id, ret_slot);
	fclose(f);
	return found;
}

bool slot_find(u32 vm, u32 tgid, u32 id, struct slot *ret_slot)
{
	char pattern[128];
	bool found = false;
	glob_t dirs;
	size_t i;

	snprintf(pattern, sizeof(pattern), ROOT "/%u-*", tgid);
	if (glob(pattern, 0, NULL, &dirs))
		return false;
	for (i = 0; i < dirs.gl_pathc && !found; i++)
		if (is_vm(dirs.gl_pathv[i], vm))
			found = find_in(dirs.gl_pathv[i], id, ret_slot);
	globfree(&dirs);
	return found;
}
