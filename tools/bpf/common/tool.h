/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What all the tools share: options, the loop over intervals, the head of a
 * report and its JSON.
 */
#ifndef GLASSVISOR_TOOLS_BPF_TOOL_H
#define GLASSVISOR_TOOLS_BPF_TOOL_H

#include <argp.h>
#include <jansson.h>
#include <stdio.h>

#include "attach.h"
#include "table.h"

struct report {
	double seconds; /* how long the interval was */
	enum source_id source;
	bool utf8;
};

#define TOOL_TABLES 4

struct tool {
	const char *name;
	const char *doc; /* as argp wants it: before and, after \v, behind the options */
	const struct argp_option *options;	/* the tool's own; NULL: none */
	int (*parse)(int key, const char *arg); /* one of them; nonzero: a bad value */
	struct skeleton skel;
	struct source sources[SOURCE_COUNT];
	void (*start)(enum source_id source); /* programs are loaded: find the maps */
	struct table *tables[TOOL_TABLES];    /* to be read for a report; NULLs at the end */
	int (*read)(void);		      /* instead of them; -1 with errno. NULL: none */
	void (*text)(FILE *out, const struct report *r);
	void (*json)(json_t *to, const struct report *r); /* adds to the report's object */
};

/* The whole program; returns its exit status. */
int tool_main(const struct tool *tool, int argc, char **argv);

/* vm, name and pid of a row, added to object @to. */
void vm_json(json_t *to, u32 vm, const struct owner *owner);

/*
 * For tool->skel: the functions that a skeleton of this type gives. The tool
 * includes it, and has a configure() that sets constants of its own in skel.
 */
#define TOOL_SKELETON(type)                                                                        \
	static struct type *skel;                                                                  \
	static void configure(void);                                                               \
                                                                                                   \
	static struct bpf_object *skel_open(u16(**ret_offsets)[EVENT_MAX_FIELDS],                  \
					    struct filter **ret_filter)                            \
	{                                                                                          \
		skel = type##__open();                                                             \
		if (!skel)                                                                         \
			return NULL;                                                               \
		*ret_offsets = skel->rodata->offsets;                                              \
		*ret_filter = &skel->rodata->filter;                                               \
		configure();                                                                       \
		return skel->obj;                                                                  \
	}                                                                                          \
                                                                                                   \
	static int skel_load(void)                                                                 \
	{                                                                                          \
		return type##__load(skel);                                                         \
	}                                                                                          \
                                                                                                   \
	static void skel_destroy(void)                                                             \
	{                                                                                          \
		type##__destroy(skel);                                                             \
		skel = NULL;                                                                       \
	}                                                                                          \
                                                                                                   \
	static const u64 *skel_dropped(void)                                                       \
	{                                                                                          \
		return &skel->bss->dropped;                                                        \
	}

#define TOOL_SKELETON_FUNCTIONS                                                                    \
	{                                                                                          \
		skel_open, skel_load, skel_destroy, skel_dropped                                   \
	}

#endif /* GLASSVISOR_TOOLS_BPF_TOOL_H */
