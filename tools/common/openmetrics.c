/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * OpenMetrics names and numbers; see openmetrics.h. No state, no locks.
 */
#include <stdio.h>

#include "openmetrics.h"

#define PREFIX "glassvisor_"

/* A word of a name that says a unit, so that it is not said twice. */
static bool ends_in(const char *name, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len > n && !memcmp(name + len - n, end, n);
}

/* Makes the names from @name (its unit included, where it has one), unit and type. */
static bool make_names(struct om_family *f, const char *name)
{
	const char *seconds[] = {"_ns", "_us", "_ms", "_seconds"};
	size_t len = strlen(name);
	int n;

	if (f->unit[0] == 's')
		for (size_t i = 0; i < ARRAY_SIZE(seconds); i++)
			if (ends_in(name, len, seconds[i]))
				len -= strlen(seconds[i]);
	if (f->unit[0] == 'b' && ends_in(name, len, "_bytes"))
		len -= strlen("_bytes");
	n = snprintf(f->family, sizeof(f->family), PREFIX "%.*s%s%s", (int)len, name,
		     f->unit[0] ? "_" : "", f->unit);
	if (n < 0 || n >= (int)sizeof(f->family) - 8) /* room for _total, _bucket */
		return false;
	snprintf(f->sample, sizeof(f->sample), "%.*s%s", n, f->family,
		 !strcmp(f->type, OM_COUNTER) ? "_total" : "");
	return true;
}

bool om_counter(const struct schema_counter *counter, struct om_family *ret)
{
	*ret = (struct om_family){
		.type = !strcmp(counter->kind, "cumulative") ? OM_COUNTER : OM_GAUGE,
		.unit = "",
		.label = "",
		.exponent = counter->exponent,
		.text = counter->text,
	};
	if (!strcmp(counter->unit, "seconds"))
		ret->unit = "seconds";
	else if (!strcmp(counter->unit, "bytes"))
		ret->unit = "bytes";
	else if (strcmp(counter->unit, "none") && strcmp(counter->unit, "boolean"))
		return false; /* cycles: no base unit */
	/* Powers of two (of bytes) and above one are not used by the schema so far. */
	if (ret->exponent > 0 || ret->exponent < -18 ||
	    (ret->exponent && !strcmp(counter->unit, "bytes")))
		return false;
	return make_names(ret, counter->name);
}

/* What tells the histograms of a list apart. */
static const char *label_of(const char *list)
{
	static const struct {
		const char *list, *label;
	} labels[] = {
		{"EXIT_KINDS", "kind"},
		{"FAULT_KINDS", "kind"},
		{"USER_REASONS", "reason"},
		{"DIRTY_MODES", "mode"},
		{"VECTOR_CLASSES", "class"},
		{"WAIT_KINDS", "kind"},
		{"FAULT_RESULTS", "result"},
		{"OUTCOMES", "outcome"},
		{"NONE", ""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(labels); i++)
		if (!strcmp(labels[i].list, list))
			return labels[i].label;
	return "label";
}

bool om_hist(const struct schema_hist *hist, struct om_family *ret)
{
	*ret = (struct om_family){
		.type = OM_HISTOGRAM,
		.unit = "seconds",
		.label = label_of(hist->labels),
		.exponent = -9,
		.text = hist->text,
	};
	return make_names(ret, hist->name);
}

void om_states(struct om_family *ret)
{
	*ret = (struct om_family){
		.type = OM_COUNTER,
		.unit = "seconds",
		.label = "state",
		.exponent = -9,
		.text = "What a vCPU's time goes to; the states add up to its age",
	};
	make_names(ret, "vcpu_state");
}

void om_schema_info(struct om_family *ret)
{
	*ret = (struct om_family){
		.type = OM_INFO,
		.unit = "",
		.label = "",
		.text = "Id and hash of the schema",
	};
	make_names(ret, "schema");
	snprintf(ret->sample, sizeof(ret->sample), PREFIX "schema_info");
}

const char *om_number(u64 value, int exponent, char room[OM_NUMBER_LEN])
{
	u64 unit = 1;
	int digits = -exponent, n;

	for (int i = 0; i < digits; i++)
		unit *= 10;
	n = snprintf(room, OM_NUMBER_LEN, "%llu", (unsigned long long)(value / unit));
	if (!(value % unit))
		return room;
	n += snprintf(room + n, OM_NUMBER_LEN - n, ".%0*llu", digits,
		      (unsigned long long)(value % unit));
	while (room[n - 1] == '0')
		room[--n] = '\0';
	return room;
}

const char *om_le(u32 bucket, char room[OM_NUMBER_LEN])
{
	u64 end = hist_bucket_end(bucket);

	if (end)
		return om_number(end - 1, -9, room);
	snprintf(room, OM_NUMBER_LEN, "+Inf");
	return room;
}

void om_escape(const char *text, char *ret, size_t size)
{
	size_t at = 0;

	for (; *text && at + 2 < size; text++) {
		if (*text == '\\' || *text == '"' || *text == '\n')
			ret[at++] = '\\';
		ret[at++] = *text == '\n' ? 'n' : *text;
	}
	if (size)
		ret[at] = '\0';
}
