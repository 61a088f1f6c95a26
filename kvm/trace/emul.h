/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events of emulated instructions and of the accesses to devices that come of
 * them. Compatible records: see exit.h.
 *
 * perf measures a device access from its event to the next kvm_entry of the
 * same thread (an MMIO read: from kvm_exit to the event), so these are emitted
 * on the vCPU's thread, between the exit and the entry, also when it was
 * userspace that completed the access.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kvm
#undef TRACE_SYSTEM_VAR
#define TRACE_SYSTEM_VAR kvm_trace_emul

#if !defined(GLASSVISOR_TRACE_EMUL_H) || defined(TRACE_HEADER_MULTI_READ)
#define GLASSVISOR_TRACE_EMUL_H

/* The formatter does not know TRACE_EVENT. */
/* clang-format off */
#include <linux/tracepoint.h>

#include "../vcpu.h"

/* kvm_emulate_insn's flags: how the bytes are to be read. */
#define TRACE_INSN_PE	0x1 /* CR0.PE */
#define TRACE_INSN_VM86 0x2 /* RFLAGS.VM */
#define TRACE_INSN_CS_D 0x4
#define TRACE_INSN_CS_L 0x8

/* kvm_mmio's types. */
#define TRACE_MMIO_READ_UNSATISFIED 0
#define TRACE_MMIO_READ		    1
#define TRACE_MMIO_WRITE	    2

/*
 * An instruction was decoded to be emulated (or given up: @failed). @insn: its
 * first @len bytes, not necessarily all of it; @flags: TRACE_INSN_*.
 */
TRACE_EVENT(kvm_emulate_insn,
	TP_PROTO(struct vcpu *vcpu, u64 rip, u32 csbase, const u8 *insn, u8 len, u8 flags,
		 bool failed),
	TP_ARGS(vcpu, rip, csbase, insn, len, flags, failed),

	TP_STRUCT__entry(
		__field(__u64, rip)
		__field(__u32, csbase)
		__field(__u8, len)
		__array(__u8, insn, 15)
		__field(__u8, flags)
		__field(__u8, failed)
		__field(u32, vm_id)
		__field(u32, vcpu_id)
	),

	TP_fast_assign(
		__entry->rip = rip;
		__entry->csbase = csbase;
		__entry->len = min_t(u8, len, 15);
		memset(__entry->insn, 0, 15);
		memcpy(__entry->insn, insn, __entry->len);
		__entry->flags = flags;
		__entry->failed = failed;
		__entry->vm_id = vcpu->vm->vm_id;
		__entry->vcpu_id = vcpu->id;
	),

	TP_printk("vm %u vcpu %u cs.base 0x%x rip 0x%llx bytes %s mode %s%s", __entry->vm_id,
		  __entry->vcpu_id, __entry->csbase, __entry->rip,
		  __print_hex(__entry->insn, __entry->len),
		  __print_symbolic(__entry->flags,
				   {0, "real"}, {TRACE_INSN_PE, "prot16"},
				   {TRACE_INSN_PE | TRACE_INSN_VM86, "vm86"},
				   {TRACE_INSN_PE | TRACE_INSN_CS_D, "prot32"},
				   {TRACE_INSN_PE | TRACE_INSN_CS_L, "prot64"}),
		  __entry->failed ? " failed" : "")
);

/* @count accesses of @size bytes (1, 2 or 4) to a port; @data: the first of them at least. */
TRACE_EVENT(kvm_pio,
	TP_PROTO(struct vcpu *vcpu, bool write, u16 port, u32 size, u32 count, const void *data),
	TP_ARGS(vcpu, write, port, size, count, data),

	TP_STRUCT__entry(
		__field(unsigned int, rw)
		__field(unsigned int, port)
		__field(unsigned int, size)
		__field(unsigned int, count)
		__field(unsigned int, val)
		__field(u32, vm_id)
		__field(u32, vcpu_id)
	),

	TP_fast_assign(
		__entry->rw = write;
		__entry->port = port;
		__entry->size = size;
		__entry->count = count;
		__entry->val = size == 1 ? *(const u8 *)data :
			       size == 2 ? *(const u16 *)data :
					   *(const u32 *)data;
		__entry->vm_id = vcpu->vm->vm_id;
		__entry->vcpu_id = vcpu->id;
	),

	TP_printk("vm %u vcpu %u %s port 0x%x size %u count %u val 0x%x", __entry->vm_id,
		  __entry->vcpu_id, __entry->rw ? "write" : "read", __entry->port, __entry->size,
		  __entry->count, __entry->val)
);

/* @type: TRACE_MMIO_*. @data: @len bytes, of which the first 8 are kept; NULL where unknown. */
TRACE_EVENT(kvm_mmio,
	TP_PROTO(struct vcpu *vcpu, int type, u32 len, u64 gpa, const void *data),
	TP_ARGS(vcpu, type, len, gpa, data),

	TP_STRUCT__entry(
		__field(u32, type)
		__field(u32, len)
		__field(u64, gpa)
		__field(u64, val)
		__field(u32, vm_id)
		__field(u32, vcpu_id)
	),

	TP_fast_assign(
		__entry->type = type;
		__entry->len = len;
		__entry->gpa = gpa;
		__entry->val = 0;
		if (data)
			memcpy(&__entry->val, data, min_t(u32, len, sizeof(__entry->val)));
		__entry->vm_id = vcpu->vm->vm_id;
		__entry->vcpu_id = vcpu->id;
	),

	TP_printk("vm %u vcpu %u %s len %u gpa 0x%llx val 0x%llx", __entry->vm_id, __entry->vcpu_id,
		  __print_symbolic(__entry->type,
				   {TRACE_MMIO_READ_UNSATISFIED, "read_unsatisfied"},
				   {TRACE_MMIO_READ, "read"}, {TRACE_MMIO_WRITE, "write"}),
		  __entry->len, __entry->gpa, __entry->val)
);

#endif /* GLASSVISOR_TRACE_EMUL_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH trace
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE emul
#include <trace/define_trace.h>
