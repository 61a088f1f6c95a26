/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the tracepoints get their code: every header of this room once, with
 * CREATE_TRACE_POINTS. Nothing else may be here.
 */
#define CREATE_TRACE_POINTS
#include "exit.h"
#include "emul.h"
#include "vcpu.h"
#include "mmu.h"
#include "irq.h"
#include "irqchip.h"
#include "time.h"
#include "native.h"
