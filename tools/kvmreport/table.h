/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A table of rows found by a number: exits by reason, accesses by port, ...
 */
#ifndef KVMREPORT_TABLE_H
#define KVMREPORT_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "stat/hist.h"

struct row {
	uint64_t key;
	uint64_t count;	    /* accesses, exits, ... */
	uint64_t writes;    /* of them, where there are two kinds */
	uint64_t failed;    /* of them, where they can fail */
	uint64_t bytes;	    /* moved */
	uint64_t handled;   /* exits that ended in an entry: those that the times are of */
	uint64_t kernel_ns; /* kvm_exit to kvm_entry, less user_ns */
	uint64_t user_ns;   /* outside KVM_RUN */
	uint64_t trips;	    /* returns of KVM_RUN */
	struct hist *hist;  /* kernel ns an exit; only where the table was asked for it */
};

struct table {
	struct row *rows; /* in order of first sight, until sorted */
	size_t n, room;
	size_t *index; /* hash: row number + 1; 0: free */
	size_t n_index;
	int with_hist;
};

/* The row of @key, made of zeroes when new. Valid until the next table_row(). Never NULL. */
struct row *table_row(struct table *table, uint64_t key);
/* By count, largest first; table_row() must not be called any more. */
void table_sort(struct table *table);
void table_free(struct table *table);

#endif /* KVMREPORT_TABLE_H */
