/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which schema this is. What the module shows, what a recording was made with
 * and what a tool was built with are compared by this number and by the hash
 * over the schema's canonical text (kvm/stat/schema.h).
 *
 * SCHEMA_ID rises by one when a reader of the old schema would be misled: a
 * name that changed its meaning, a form of snapshot, schema file or flight
 * record that an old parser can't read. Rows that are only added change the
 * hash, not the number: a reader ignores names that it does not know.
 */
#ifndef GLASSVISOR_SCHEMA_SCHEMA_H
#define GLASSVISOR_SCHEMA_SCHEMA_H

#define SCHEMA_ID 1

#endif /* GLASSVISOR_SCHEMA_SCHEMA_H */
