/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The forms in which the schema is printed. All go to standard output; the
 * result is whether everything could be made (writing is checked at the end).
 */
#ifndef SCHEMA_PRINTER_H
#define SCHEMA_PRINTER_H

#include <stdbool.h>

bool print_json(void);
bool print_markdown(void);
bool print_openmetrics_names(void);

#endif /* SCHEMA_PRINTER_H */
