/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attaching a tool's BPF programs, by the ladder tp_btf -> raw_tp -> tp.
 *
 * A tool has one or two sources: glassvisor's own events, and stock KVM's. For
 * each event of its source exactly one program is loaded: <event>_btf, _raw or
 * _tp. An event that can't do the upper rungs (its arguments hold no scalars
 * that anybody promises) is attached by tp, whatever the others get.
 */
#ifndef GLASSVISOR_TOOLS_BPF_ATTACH_H
#define GLASSVISOR_TOOLS_BPF_ATTACH_H

#include <stdbool.h>
#include <stddef.h>

#include <bpf/libbpf.h>

#include "../../../kvm/env.h"
#include "events.h"
#include "stats.h"

enum rung {
	RUNG_TP_BTF,
	RUNG_RAW_TP,
	RUNG_TP,
	RUNG_COUNT,
	RUNG_ANY = RUNG_COUNT,
};

extern const char *const rung_names[RUNG_COUNT];

/* By tp alone; or by all three. */
#define BY_TP  (1U << RUNG_TP)
#define BY_ALL (1U << RUNG_TP_BTF | 1U << RUNG_RAW_TP | 1U << RUNG_TP)

struct point {
	enum event_id event;
	unsigned int rungs;
};

enum source_id { SOURCE_GLASSVISOR, SOURCE_KVM, SOURCE_COUNT };

extern const char *const source_names[SOURCE_COUNT];

struct source {
	const struct point *points; /* NULL: the tool does not run on these events */
	unsigned int n;
};

/* A skeleton, whatever its type. */
struct skeleton {
	/* The object, not loaded; NULL with errno. The other two are its constants. */
	struct bpf_object *(*open)(u16 (**ret_offsets)[EVENT_MAX_FIELDS],
				   struct filter **ret_filter);
	int (*load)(void);
	void (*destroy)(void);
	const u64 *(*dropped)(void);
};

struct attachment {
	const struct skeleton *skel;
	struct bpf_object *obj;
	enum source_id source;
	unsigned int n;
	struct bpf_program *prog[EVENT_COUNT];
	struct bpf_link *link[EVENT_COUNT];
	enum rung rung[EVENT_COUNT];
	enum event_id event[EVENT_COUNT];
};

struct attach_want {
	enum rung rung;	       /* RUNG_ANY: the highest that works */
	enum source_id source; /* SOURCE_COUNT: ours if they are there */
	struct filter filter;
	unsigned int rows; /* capacity of the result maps; 0: as built */
	bool verbose;
};

/* 0, or -1 with the reason said on stderr. */
int attach(struct attachment *a, const struct skeleton *skel,
	   const struct source sources[SOURCE_COUNT], const struct attach_want *want);

/* From now on nothing is counted any more; the maps stay. */
void detach(struct attachment *a);
void attachment_destroy(struct attachment *a);

/* "tp_btf", or "kvm_exit by tp, kvm_entry by tp_btf". */
void attachment_text(const struct attachment *a, char *buf, size_t size);

/* Runs that the kernel left out because the program was running there already. */
u64 attachment_missed(const struct attachment *a);

const char *event_name(enum event_id event);

#endif /* GLASSVISOR_TOOLS_BPF_ATTACH_H */
