/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Our own events, system "glassvisor", made whole from debugfs-schema/events.h:
 * arguments, record and text of each come from its list of fields.
 *
 * The text is made of plain conversions and __print_symbolic() alone, so that
 * every tool can parse it.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM glassvisor
#undef TRACE_SYSTEM_VAR
#define TRACE_SYSTEM_VAR glassvisor_trace_native

#if !defined(GLASSVISOR_TRACE_NATIVE_H) || defined(TRACE_HEADER_MULTI_READ)
#define GLASSVISOR_TRACE_NATIVE_H

/* The formatter does not know TRACE_EVENT. */
/* clang-format off */
#include <linux/tracepoint.h>

#include "../../debugfs-schema/events.h"
#include "../../debugfs-schema/lists.h"
#include "../../debugfs-schema/reasons.h"
#include "../types.h"

/* A list as __print_symbolic() wants it: the rows each bring the comma before them. */
#define NATIVE_KIND(number, ID, name, key, text) , {number, name}
#define NATIVE_ROW(number, ID, name, text) , {number, name}
#define NATIVE_SYMBOL(value, rows) __print_symbolic(value, {0xfffffffe, "?"} rows)

/* How a field is shown: the SHOW column of the schema. */
#define AS_IS(value) value
#define AS_EXIT_KINDS(value) NATIVE_SYMBOL(value, EXIT_KINDS(NATIVE_KIND))
#define AS_OUTCOMES(value) NATIVE_SYMBOL(value, OUTCOMES(NATIVE_ROW))
#define AS_USER_REASONS(value) NATIVE_SYMBOL(value, USER_REASONS(NATIVE_ROW))
#define AS_FAULT_KINDS(value) NATIVE_SYMBOL(value, FAULT_KINDS(NATIVE_ROW))
#define AS_FAULT_RESULTS(value) NATIVE_SYMBOL(value, FAULT_RESULTS(NATIVE_ROW))
#define AS_DIRTY_MODES(value) NATIVE_SYMBOL(value, DIRTY_MODES(NATIVE_ROW))
#define AS_SLOT_CHANGES(value) NATIVE_SYMBOL(value, SLOT_CHANGES(NATIVE_ROW))
#define AS_FREEZE_CAUSES(value) NATIVE_SYMBOL(value, FREEZE_CAUSES(NATIVE_ROW))
#define AS_HW_REASON(value) \
	__entry->isa == 2 ? NATIVE_SYMBOL(value, SVM_REASONS(NATIVE_ROW)) : \
			    NATIVE_SYMBOL(value, VMX_REASONS(NATIVE_ROW))

/* A shown name is text, whatever the format of the plain number. */
#define NATIVE_FMT_AS_IS(format) format
#define NATIVE_FMT_AS_EXIT_KINDS(format) "%s"
#define NATIVE_FMT_AS_OUTCOMES(format) "%s"
#define NATIVE_FMT_AS_USER_REASONS(format) "%s"
#define NATIVE_FMT_AS_FAULT_KINDS(format) "%s"
#define NATIVE_FMT_AS_FAULT_RESULTS(format) "%s"
#define NATIVE_FMT_AS_DIRTY_MODES(format) "%s"
#define NATIVE_FMT_AS_SLOT_CHANGES(format) "%s"
#define NATIVE_FMT_AS_FREEZE_CAUSES(format) "%s"
#define NATIVE_FMT_AS_HW_REASON(format) "%s"

#define NATIVE_PROTO(type, name, format, show, unit, text) , type name
#define NATIVE_ARG(type, name, format, show, unit, text) , name
#define NATIVE_FIELD(type, name, format, show, unit, text) __field(type, name)
#define NATIVE_ASSIGN(type, name, format, show, unit, text) __entry->name = name;
#define NATIVE_TEXT(type, name, format, show, unit, text) " " #name " " NATIVE_FMT_##show(format)
#define NATIVE_SHOW(type, name, format, show, unit, text) , show(__entry->name)

#define NATIVE_EVENT(event) \
	TRACE_EVENT(event, \
		TP_PROTO(u32 vm_id, u32 vcpu_id FIELDS_##event(NATIVE_PROTO)), \
		TP_ARGS(vm_id, vcpu_id FIELDS_##event(NATIVE_ARG)), \
		TP_STRUCT__entry( \
			__field(u32, vm_id) \
			__field(u32, vcpu_id) \
			FIELDS_##event(NATIVE_FIELD) \
		), \
		TP_fast_assign( \
			__entry->vm_id = vm_id; \
			__entry->vcpu_id = vcpu_id; \
			FIELDS_##event(NATIVE_ASSIGN) \
		), \
		TP_printk("vm %u vcpu %d" FIELDS_##event(NATIVE_TEXT), \
			  __entry->vm_id, __entry->vcpu_id FIELDS_##event(NATIVE_SHOW)) \
	)

NATIVE_EVENT(gv_exit);
NATIVE_EVENT(gv_slow_exit);
NATIVE_EVENT(gv_userspace);
NATIVE_EVENT(gv_mmu_fault);
NATIVE_EVENT(gv_dirty_pass);
NATIVE_EVENT(gv_memslot);
NATIVE_EVENT(gv_irq_inject);
NATIVE_EVENT(gv_storm);
NATIVE_EVENT(gv_recorder_freeze);

#endif /* GLASSVISOR_TRACE_NATIVE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH trace
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE native
#include <trace/define_trace.h>
