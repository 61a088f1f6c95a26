/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where samples come from: the running kernel's debugfs, or a recording.
 */
#ifndef KVMSTAT_SOURCE_H
#define KVMSTAT_SOURCE_H

#include <stdio.h>

#include "sample.h"

#define ERROR_LEN 256

enum look { LOOK_DONE, LOOK_END, LOOK_FAILED };

struct source {
	const char *name; /* "glassvisor", "kvm" or "recording" */
	bool live;
	/* live */
	char dir[256];	   /* where the VMs' directories are */
	u32 newest_record; /* of the flight recorders that were read already */
	struct known_vm *known;
	u32 n_known;
	/* recording */
	struct raw *looks;
	u32 n_looks, at; /* at: the next one */
	bool truncated;	 /* the last line was not whole */
};

/*
 * The kernel below @debugfs: glassvisor if it is loaded, else stock KVM. False:
 * one line in @error says what is missing and what to do about it.
 */
bool source_open_live(struct source *s, const char *debugfs, char error[ERROR_LEN]);
bool source_open_recording(struct source *s, const char *file, char error[ERROR_LEN]);
void source_close(struct source *s);

/*
 * One look. A recording gives its next one, a copy; LOOK_END after the last.
 * LOOK_FAILED: no memory.
 */
enum look source_look(struct source *s, struct raw *ret);

/*
 * A VM's name from its process's command line (@len bytes, arguments end in NUL):
 * QEMU's -name X, -name guest=X,... False: there is none.
 */
bool vm_name_parse(const char *cmdline, size_t len, char name[NAME_LEN]);

/* ---- recordings --------------------------------------------------------- */

/*
 * A recording is JSON Lines. First {"kvmstat_recording": 1, "schema": {"id": ..,
 * "hash": ".."}}, then a line for each look: time_ns (CLOCK_BOOTTIME), wall_ns
 * (CLOCK_REALTIME), read_ns, lost, vms [{name, source, snapshot}], and where there
 * are frozen recorders index and records [{id, text}], each text once. Snapshots
 * are the kernel's text as it was; those of stock KVM are made in its likeness.
 * False: writing failed.
 */
bool recording_begin(FILE *f);
bool recording_write(FILE *f, const struct raw *raw);

/* Whole file as a text; NULL: not to be had. *@ret_len may be NULL. */
char *read_whole(const char *path, size_t *ret_len);
u64 clock_ns(int clock);

#endif /* KVMSTAT_SOURCE_H */
