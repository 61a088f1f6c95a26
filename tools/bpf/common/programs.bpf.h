/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the BPF programs: one handler an event, from which the program of each
 * rung of the ladder is made.
 *
 *	EVENT_ARGS(gv_exit);                    struct gv_exit_args: all its fields
 *	static int on_gv_exit(const struct gv_exit_args *a) { ... }
 *	BY_ARGUMENTS(gv_exit)                   gv_exit_btf and gv_exit_raw
 *	BY_RECORD(glassvisor, gv_exit)          gv_exit_tp
 *
 * BY_ARGUMENTS is for events whose arguments are scalars in a promised order
 * (ours), or that need none. The loader loads one of the three.
 *
 * A vCPU's events come from its own thread, one at a time: a map entry whose
 * key holds VM and vCPU has a single writer and needs no atomics.
 */
#ifndef GLASSVISOR_TOOLS_BPF_PROGRAMS_H
#define GLASSVISOR_TOOLS_BPF_PROGRAMS_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "events.h"
#include "stats.h"

#define TRACE_CONTINUE 0 /* what a program of this kind returns */
#define MAX_THREADS    16384
#define MAX_ROWS       16384 /* of a map of results; the loader may change it */

/* Offsets of the fields in a trace record, from the format file. Set before load. */
const volatile u16 offsets[EVENT_COUNT][EVENT_MAX_FIELDS] = {};
const volatile struct filter filter = {};

/* Events that found their map full. */
u64 dropped = 0;

#define MEMBER(type, name, format, show, unit, text) type name;
#define EVENT_ARGS(event)                                                                          \
	struct event##_args {                                                                      \
		ALL_FIELDS_##event(MEMBER)                                                         \
	};                                                                                         \
	static __always_inline int on_##event(const struct event##_args *a)

#define FROM_ARGUMENT(type, name, format, show, unit, text) args.name = (type)ctx[n++];
#define FROM_RECORD(type, name, format, show, unit, text)                                          \
	args.name = *(type *)(record + offsets[id][n++]);

#define BY_ARGUMENT_OF(section, event, rung)                                                       \
	SEC(section #event) int event##_##rung(u64 *ctx)                                           \
	{                                                                                          \
		struct event##_args args;                                                          \
		u32 n = 0;                                                                         \
                                                                                                   \
		ALL_FIELDS_##event(FROM_ARGUMENT) return on_##event(&args);                        \
	}

#define BY_ARGUMENTS(event)                                                                        \
	BY_ARGUMENT_OF("tp_btf/", event, btf)                                                      \
	BY_ARGUMENT_OF("raw_tp/", event, raw)

/* The record is copied once: the context itself can't be read at offsets from a variable. */
#define BY_RECORD(system, event)                                                                   \
	SEC("tp/" #system "/" #event) int event##_tp(void *ctx)                                    \
	{                                                                                          \
		u8 record[RECORD_BYTES] __attribute__((aligned(8)));                               \
		const u32 id = EVENT_##event;                                                      \
		struct event##_args args;                                                          \
		u32 n = 0;                                                                         \
                                                                                                   \
		if (bpf_probe_read_kernel(record, sizeof(record), ctx))                            \
			return TRACE_CONTINUE;                                                     \
		ALL_FIELDS_##event(FROM_RECORD) return on_##event(&args);                          \
	}

/* For events of which nothing but the moment and the thread counts. */
#define BY_MOMENT(system, event)                                                                   \
	SEC("tp_btf/" #event) int event##_btf(void *ctx)                                           \
	{                                                                                          \
		return on_##event();                                                               \
	}                                                                                          \
	SEC("raw_tp/" #event) int event##_raw(void *ctx)                                           \
	{                                                                                          \
		return on_##event();                                                               \
	}                                                                                          \
	SEC("tp/" #system "/" #event) int event##_tp(void *ctx)                                    \
	{                                                                                          \
		return on_##event();                                                               \
	}

/* A hash, and name_add(): the value of a key that is not there yet, all 0. */
#define HASH_MAP(name, key_type, value_type)                                                       \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_HASH);                                                   \
		__uint(max_entries, MAX_ROWS);                                                     \
		__type(key, key_type);                                                             \
		__type(value, value_type);                                                         \
	} name SEC(".maps");                                                                       \
                                                                                                   \
	static const value_type name##_empty = {};                                                 \
                                                                                                   \
	static __noinline value_type *name##_add(key_type *key)                                    \
	{                                                                                          \
		value_type *v;                                                                     \
                                                                                                   \
		bpf_map_update_elem(&name, key, &name##_empty, BPF_NOEXIST);                       \
		v = bpf_map_lookup_elem(&name, key);                                               \
		if (!v)                                                                            \
			__sync_fetch_and_add(&dropped, 1);                                         \
		return v;                                                                          \
	}

/* name_get(): the value of a key, by @add where there is none. */
#define HASH_GET(name, key_type, value_type, add)                                                  \
	static __always_inline value_type *name##_get(key_type *key)                               \
	{                                                                                          \
		value_type *v = bpf_map_lookup_elem(&name, key);                                   \
                                                                                                   \
		return v ?: add(key);                                                              \
	}

/* A hash of results that any thread may begin. */
#define COUNT_MAP(name, key_type, value_type)                                                      \
	HASH_MAP(name, key_type, value_type)                                                       \
	HASH_GET(name, key_type, value_type, name##_add)

static __always_inline void owner_current(struct owner *o)
{
	u64 id = bpf_get_current_pid_tgid();

	o->tgid = id >> 32;
	o->tid = id;
	bpf_get_current_comm(o->comm, sizeof(o->comm));
}

/* A hash of results of the current thread's, which is noted as their owner. */
#define RESULT_MAP(name, key_type, value_type)                                                     \
	HASH_MAP(name, key_type, value_type)                                                       \
                                                                                                   \
	static __noinline value_type *name##_new(key_type *key)                                    \
	{                                                                                          \
		value_type *v = name##_add(key);                                                   \
                                                                                                   \
		if (v)                                                                             \
			owner_current(&v->owner);                                                  \
		return v;                                                                          \
	}                                                                                          \
                                                                                                   \
	HASH_GET(name, key_type, value_type, name##_new)

static __always_inline u32 current_tgid(void)
{
	return bpf_get_current_pid_tgid() >> 32;
}

static __always_inline bool wanted_tgid(void)
{
	return !filter.tgid || filter.tgid == current_tgid();
}

static __always_inline bool wanted(u32 vcpu_id)
{
	return (filter.vcpu == ANY_VCPU || filter.vcpu == vcpu_id) && wanted_tgid();
}

/* By any writer of an entry that has several. */
static __always_inline void shared_add(u64 *word, u64 n)
{
	__sync_fetch_and_add(word, n);
}

/* By the entry's one writer. */
static __always_inline void times_add(struct times *t, u64 ns)
{
	t->sum += ns;
	t->bucket[hist_bucket_portable(ns) & (HIST_BUCKETS - 1)]++;
	if (ns > t->max)
		t->max = ns;
	if (~ns > t->min_inv)
		t->min_inv = ~ns;
}

#endif /* GLASSVISOR_TOOLS_BPF_PROGRAMS_H */
