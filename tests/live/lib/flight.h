/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading flight recorders: the files below glassvisor/recorder/, checked as they are read, and the
 * module's parameters.
 */
#ifndef LIVE_FLIGHT_H
#define LIVE_FLIGHT_H

#include <stdint.h>
#include <sys/types.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;

#include "../../../debugfs-schema/lists.h"
#include "../../../debugfs-schema/record.h"

#define X(number, ID, name, text) CAUSE_##ID = number,
enum { FREEZE_CAUSES(X) };
#undef X
#define X(number, ID, name, text) OUTCOME_##ID = number,
enum { OUTCOMES(X) };
#undef X
#define X(number, ID, name, key, text) KIND_##ID = number,
enum { EXIT_KINDS(X) };
#undef X

#define NATIVE	 "/sys/kernel/debug/glassvisor"
#define RECORDER NATIVE "/recorder"

/* Skip the test where there is none. */
void need_recorder(void);

/* As much as there is and fits. */
ssize_t read_all(int fd, void *buf, size_t size);
/* The whole of a file with a NUL behind it; -1: there is no such file. */
ssize_t slurp(const char *path, void *buf, size_t size);

/* The module's parameters. */
u64 param(const char *name);
void param_set(const char *name, u64 value);

/* A line of the index. */
struct row {
	unsigned int id, vm, vcpu, pid, tid, records;
	unsigned long long ns;
	char cause[32];
};

extern struct row rows[1000];

/* What is kept, oldest first, into rows[]. How many they are; of this process and for that cause. */
unsigned int index_read(void);
unsigned int count_mine(const char *cause);
/* The last one of this process that was frozen for that cause; there must be one. */
const struct row *newest(const char *cause);

/* A recorder in its binary form. */
struct copy {
	struct record_head head;
	struct record rec[65536];
};

/* Every record belongs where it stands: none is torn. */
void check_copy(const struct copy *c, size_t size);
/* Read and check one; it stays until the next call. */
struct copy *read_raw(const char *path);
/* The newest() one; what the index says of it must be so. */
struct copy *frozen(const char *cause);
void forget_all(void);

#endif
