/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What our counters, histograms and times are called in OpenMetrics, and how
 * their values are written. Names are derived from the schema, never chosen:
 *
 *	glassvisor_ + name, without its unit + _seconds or _bytes + _total
 *
 * _total is for what only grows; times are in seconds whatever the schema's
 * unit; a histogram has native buckets, one le for each bucket of ours.
 * Nothing is read or printed here.
 */
#ifndef TOOLS_COMMON_OPENMETRICS_H
#define TOOLS_COMMON_OPENMETRICS_H

#include "../../kvm/stat/hist.h"
#include "../../kvm/stat/schema.h"

#define OM_NAME_LEN   96
#define OM_NUMBER_LEN 32

/* As the TYPE line has it. */
#define OM_COUNTER   "counter"
#define OM_GAUGE     "gauge"
#define OM_HISTOGRAM "histogram"
#define OM_INFO	     "info"

struct om_family {
	const char *type;
	char family[OM_NAME_LEN]; /* on the TYPE, HELP and UNIT lines */
	char sample[OM_NAME_LEN]; /* on the value's line; of a histogram without _bucket etc. */
	const char *unit;	  /* "seconds", "bytes" or "" */
	const char *label;	  /* label that takes the list's name: "kind", ...; "" : none */
	int exponent;		  /* value = raw value times 10^exponent */
	const char *text;	  /* for HELP */
};

/* False: the name does not fit, or the unit has no place in OpenMetrics (then don't export it). */
bool om_counter(const struct schema_counter *counter, struct om_family *ret);
bool om_hist(const struct schema_hist *hist, struct om_family *ret);

/* The times of a vCPU by VCPU_TIMES, label "state", raw values in ns. */
void om_states(struct om_family *ret);

/* Which schema it is: labels "id" and "hash", value 1. */
void om_schema_info(struct om_family *ret);

/*
 * @value times 10^@exponent in decimal without loss, as short as can be:
 * 1500 and -9 is "0.0000015". @exponent is -18 to 0.
 */
const char *om_number(u64 value, int exponent, char room[OM_NUMBER_LEN]);

/* Upper limit of a histogram's bucket in seconds: "0", "0.000000001", ..., "+Inf". */
const char *om_le(u32 bucket, char room[OM_NUMBER_LEN]);

/*
 * @text as a label's value or a HELP text: backslash, newline and (in labels)
 * quotes escaped. Cut where @size ends, never within an escape.
 */
void om_escape(const char *text, char *ret, size_t size);

#endif /* TOOLS_COMMON_OPENMETRICS_H */
