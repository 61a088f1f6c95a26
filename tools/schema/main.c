/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * schema: prints the schema that this tree builds, in the form asked for.
 */
#include <stdio.h>
#include <string.h>

#include "../../kvm/stat/schema.h"
#include "../common/openmetrics.h"
#include "lock.h"
#include "printer.h"

static void print_text(void *ctx, const char *text)
{
	(void)ctx;
	fputs(text, stdout);
}

static bool print_canonical(void)
{
	schema_emit(print_text, NULL);
	return true;
}

static void print_if_new(void *ctx, const char *row)
{
	(void)ctx;
	if (!lock_has(row))
		puts(row);
}

static bool print_lock(void)
{
	lock_current(print_if_new, NULL);
	return true;
}

static void print_family(const struct om_family *f)
{
	printf("%s %s%s%s\n", f->sample, f->type, *f->label ? " " : "", f->label);
}

bool print_openmetrics_names(void)
{
	struct om_family family;

	om_schema_info(&family);
	print_family(&family);
	om_states(&family);
	print_family(&family);
	for (u32 i = 0; i < schema_n_counters; i++)
		if (om_counter(&schema_counters[i], &family))
			print_family(&family);
	for (u32 i = 0; i < schema_n_hists; i++)
		if (om_hist(&schema_hists[i], &family))
			print_family(&family);
	return true;
}

static const struct {
	const char *option;
	bool (*print)(void);
	const char *help;
} forms[] = {
	{"--text", print_canonical, "as /sys/kernel/debug/glassvisor/schema shows it"},
	{"--json", print_json, "as JSON (docs/schema.json)"},
	{"--markdown", print_markdown, "as a page for people (docs/reference.md)"},
	{"--openmetrics-names", print_openmetrics_names, "OpenMetrics names: name type [label]"},
	{"--lock", print_lock, "rows that debugfs-schema/names.lock lacks, to be added to it"},
};

static int usage(FILE *to)
{
	fprintf(to, "usage: schema FORM\n\nPrints the schema of counters, histograms, events and "
		    "lists.\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		fprintf(to, "  %-20s %s\n", forms[i].option, forms[i].help);
	return to == stderr ? 2 : 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
		return usage(stdout);
	for (size_t i = 0; argc == 2 && i < ARRAY_SIZE(forms); i++) {
		if (strcmp(argv[1], forms[i].option))
			continue;
		if (!forms[i].print() || fflush(stdout) || ferror(stdout)) {
			fprintf(stderr, "schema: could not be written\n");
			return 1;
		}
		return 0;
	}
	return usage(stderr);
}
