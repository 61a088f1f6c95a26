/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The schema as data: every row of debugfs-schema/ in tables, its canonical
 * text, and the hash over that text. The module, the tools and the tests
 * compile the same source, so all of them have the same text and hash.
 *
 * The text is what /sys/kernel/debug/glassvisor/schema shows:
 *
 *	glassvisor-schema <id> <hash, 16 hexadecimal digits>
 *	counter <scope> <name> <kind> <unit> <exponent> <text...>
 *	hist <scope> <name> <list of its labels> ns <text...>
 *	list <LIST> <number> <name> <text...>
 *	event <name> <text...>
 *	field <event> <type> <name> <unit> <text...>
 *
 * Words are separated by one space; numbers are decimal. The hash is FNV-1a of
 * 64 bits over all but the first line.
 */
#ifndef GLASSVISOR_STAT_SCHEMA_H
#define GLASSVISOR_STAT_SCHEMA_H

#include "../../debugfs-schema/schema.h"
#include "../env.h"

struct schema_counter {
	const char *scope; /* "vm", "vcpu" or "slot" */
	const char *name;
	const char *kind; /* "cumulative", "instant" or "peak" */
	const char *unit; /* "none", "bytes", "seconds", "cycles" or "boolean" */
	int exponent;	  /* values are in 10^exponent units (2^exponent of bytes) */
	const char *text;
};

struct schema_hist {
	const char *scope;
	const char *name;
	const char *labels; /* name of a list */
	const char *text;
};

struct schema_row {
	u32 number;
	const char *name;
	const char *text;
	const char *key; /* EXIT_KINDS: what the exit's sub-key is; else "" */
};

struct schema_list {
	const char *name; /* as debugfs-schema/ has it: "EXIT_KINDS", "SVM_REASONS", ... */
	const char *text;
	const struct schema_row *rows; /* in no promised order */
	u32 n_rows;
};

struct schema_field {
	const char *type; /* "u32" or "u64" */
	const char *name;
	const char *format; /* printf conversion of the plain value */
	const char *list;   /* whose names stand for the values; "NONE"; "HW_REASON": as isa says */
	const char *unit;   /* "none", "ns", "bytes", "pages" or "gfn" */
	const char *text;
};

struct schema_event {
	const char *name;
	const char *text;
	const struct schema_field *fields; /* in the order of the record, vm_id and vcpu_id first */
	u32 n_fields;
};

extern const struct schema_counter schema_counters[];
extern const struct schema_hist schema_hists[];
extern const struct schema_list schema_lists[];
extern const struct schema_event schema_events[];
extern const u32 schema_n_counters, schema_n_hists, schema_n_lists, schema_n_events;

/* The list of that name, or NULL. */
const struct schema_list *schema_list(const char *name);

/* The name of a number in a list; NULL where it has none. */
const char *schema_name(const struct schema_list *list, u32 number);

/* The canonical text, first line included, piece by piece (seq_puts() like). */
void schema_emit(void (*put)(void *ctx, const char *text), void *ctx);

/* Its hash. The first call walks the whole text. */
u64 schema_hash(void);

/* Room for a u64 in hexadecimal with its NUL. */
#define SCHEMA_HASH_LEN 17

/* @hash as it is written everywhere: 16 hexadecimal digits, lower case. */
void schema_hash_text(u64 hash, char text[SCHEMA_HASH_LEN]);

#endif /* GLASSVISOR_STAT_SCHEMA_H */
