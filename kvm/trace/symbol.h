/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The lists of debugfs-schema/ as __print_symbolic() wants them:
 * TRACE_SYMBOL(value, SVM_REASONS(TRACE_ROW)).
 */
#ifndef GLASSVISOR_TRACE_SYMBOL_H
#define GLASSVISOR_TRACE_SYMBOL_H

/* The formatter would take the braces apart. */
/* clang-format off */

/* Each row brings the comma before it. */
#define TRACE_ROW(number, ID, name, text) , {number, name}
#define TRACE_KEY_ROW(number, ID, name, key, text) , {number, name}

/*
 * A comma needs something before it: a number that no list has, as the tools
 * do not understand an empty place.
 */
#define TRACE_SYMBOL(value, rows) __print_symbolic(value, {0xfffffff0, "?"} rows)

/* clang-format on */

#endif /* GLASSVISOR_TRACE_SYMBOL_H */
