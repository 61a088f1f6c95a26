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
#include "symbol.h"

/* How a field is shown: the SHOW column of the schema. */
#define AS_IS(value) value
#define AS_EXIT_KINDS(value) TRACE_SYMBOL(value, EXIT_KINDS(TRACE_KEY_ROW))
#define AS_OUTCOMES(value) TRACE_SYMBOL(value, OUTCOMES(TRACE_ROW))
#define AS_USER_REASONS(value) TRACE_SYMBOL(value, USER_REASONS(TRACE_ROW))
#define AS_FAULT_KINDS(value) TRACE_SYMBOL(value, FAULT_KINDS(TRACE_ROW))
#define AS_FAULT_RESULTS(value) TRACE_SYMBOL(value, FAULT_RESULTS(TRACE_ROW))
#define AS_DIRTY_MODES(value) TRACE_SYMBOL(value, DIRTY_MODES(TRACE_ROW))
#define AS_SLOT_CHANGES(value) TRACE_SYMBOL(value, SLOT_CHANGES(TRACE_ROW))
#define AS_FREEZE_CAUSES(value) TRACE_SYMBOL(value, FREEZE_CAUSES(TRACE_ROW))
#define AS_IRQ_SOURCES(value) TRACE_SYMBOL(value, IRQ_SOURCES(TRACE_ROW))
#define AS_IRQ_DELIVERIES(value) TRACE_SYMBOL(value, IRQ_DELIVERIES(TRACE_ROW))
#define AS_WAKE_CAUSES(value) TRACE_SYMBOL(value, WAKE_CAUSES(TRACE_ROW))
#define AS_HW_REASON(value) \
	__entry->isa == 2 ? TRACE_SYMBOL(value, SVM_REASONS(TRACE_ROW)) : \
			    TRACE_SYMBOL(value, VMX_REASONS(TRACE_ROW))

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
#define NATIVE_FMT_AS_IRQ_SOURCES(format) "%s"
#define NATIVE_FMT_AS_IRQ_DELIVERIES(format) "%s"
#define NATIVE_FMT_AS_WAKE_CAUSES(format) "%s"
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
NATIVE_EVENT(gv_irq_request);
NATIVE_EVENT(gv_irq_inject);
NATIVE_EVENT(gv_irq_eoi);
NATIVE_EVENT(gv_halt);
NATIVE_EVENT(gv_wakeup);
NATIVE_EVENT(gv_storm);
NATIVE_EVENT(gv_recorder_freeze);

#endif /* GLASSVISOR_TRACE_NATIVE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH trace
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE native
#include <trace/define_trace.h>
