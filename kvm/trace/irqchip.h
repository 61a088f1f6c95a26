/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events of the interrupt chips, and of vCPUs that halt in the kernel. Compatible
 * records: see exit.h. What is of the VM as a whole has NO_VCPU for vcpu_id.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kvm
#undef TRACE_SYSTEM_VAR
#define TRACE_SYSTEM_VAR kvm_trace_irqchip

#if !defined(GLASSVISOR_TRACE_IRQCHIP_H) || defined(TRACE_HEADER_MULTI_READ)
#define GLASSVISOR_TRACE_IRQCHIP_H

/* The formatter does not know TRACE_EVENT. */
/* clang-format off */
#include <linux/tracepoint.h>

#include "../../debugfs-schema/events.h"
#include "../../debugfs-schema/lists.h"
#include "../vcpu.h"
#include "symbol.h"

/* A register of the local APIC, by its offset in the page; by MSR the same. */
TRACE_EVENT(kvm_apic,
	TP_PROTO(struct vcpu *vcpu, bool write, u32 reg, u64 val),
	TP_ARGS(vcpu, write, reg, val),

	TP_STRUCT__entry(
		__field(unsigned int, rw)
		__field(unsigned int, reg)
		__field(u64, val)
		__field(u32, vm_id)
		__field(u32, vcpu_id)
	),

	TP_fast_assign(
		__entry->rw = write;
		__entry->reg = reg;
		__entry->val = val;
		__entry->vm_id = vcpu->vm->vm_id;
		__entry->vcpu_id = vcpu->id;
	),

	TP_printk("vm %u vcpu %u %s %s (0x%x) val 0x%llx", __entry->vm_id, __entry->vcpu_id,
		  __entry->rw ? "write" : "read",
		  __print_symbolic(__entry->reg,
				   {0x020, "id"}, {0x030, "version"}, {0x080, "tpr"},
				   {0x090, "apr"}, {0x0a0, "ppr"}, {0x0b0, "eoi"}, {0x0c0, "rrd"},
				   {0x0d0, "ldr"}, {0x0e0, "dfr"}, {0x0f0, "svr"}, {0x280, "esr"},
				   {0x2f0, "lvt_cmci"}, {0x300, "icr"}, {0x310, "icr2"},
				   {0x320, "lvt_timer"}, {0x330, "lvt_thermal"},
				   {0x340, "lvt_pmc"}, {0x350, "lvt_lint0"}, {0x360, "lvt_lint1"},
				   {0x370, "lvt_error"}, {0x380, "tmict"}, {0x390, "tmcct"},
				   {0x3e0, "tdcr"}, {0x3f0, "self_ipi"}),
		  __entry->reg, __entry->val)
);

/* @icr_low: as the low half of ICR encodes it, for a self IPI, too. */
TRACE_EVENT(kvm_apic_ipi,
	TP_PROTO(struct vcpu *vcpu, u32 icr_low, u32 dest),
	TP_ARGS(vcpu, icr_low, dest),

	TP_STRUCT__entry(
		__field(__u32, icr_low)
		__field(__u32, dest_id)
		__field(u32, vm_id)
		__field(u32, vcpu_id)
	),

	TP_fast_assign(
		__entry->icr_low = icr_low;
		__entry->dest_id = dest;
		__entry->vm_id = vcpu->vm->vm_id;
		__entry->vcpu_id = vcpu->id;
	),

	TP_printk("vm %u vcpu %u %s vector 0x%x to %s 0x%x shorthand %s %s%s", __entry->vm_id,
		  __entry->vcpu_id,
		  TRACE_SYMBOL((__entry->icr_low >> 8 & 7), IRQ_DELIVERIES(TRACE_ROW)),
		  __entry->icr_low & 0xff, (__entry->icr_low & 0x800) ? "logical" : "physical",
		  __entry->dest_id,
		  __print_symbolic((__entry->icr_low >> 18 & 3), {0, "none"}, {1, "self"},
				   {2, "all"}, {3, "others"}),
		  (__entry->icr_low & 0x8000) ? "level" : "edge",
		  (__entry->icr_low & 0x4000) ? "" : " deassert")
);

/* A message is left for this vCPU's local APIC. @delivery: 0-7. */
TRACE_EVENT(kvm_apic_accept_irq,
	TP_PROTO(struct vcpu *vcpu, u8 delivery, bool level, u8 vector),
	TP_ARGS(vcpu, delivery, level, vector),

	TP_STRUCT__entry(
		__field(__u32, apicid)
		__field(__u16, dm)
		__field(__u16, tm)
		__field(__u8, vec)
		__field(u32, vm_id)
		__field(u32, vcpu_id)
	),

	TP_fast_assign(
		__entry->apicid = vcpu->id;
		__entry->dm = delivery << 8;
		__entry->tm = level;
		__entry->vec = vector;
		__entry->vm_id = vcpu->vm->vm_id;
		__entry->vcpu_id = vcpu->id;
	),

	TP_printk("vm %u vcpu %u apic %u %s vector 0x%x %s", __entry->vm_id, __entry->vcpu_id,
		  __entry->apicid, TRACE_SYMBOL((__entry->dm >> 8 & 7), IRQ_DELIVERIES(TRACE_ROW)),
		  __entry->vec, __entry->tm ? "level" : "edge")
);

DECLARE_EVENT_CLASS(eoi,
	TP_PROTO(struct vcpu *vcpu, int vector),
	TP_ARGS(vcpu, vector),

	TP_STRUCT__entry(
		__field(__u32, apicid)
		__field(int, vector)
		__field(u32, vm_id)
		__field(u32, vcpu_id)
	),

	TP_fast_assign(
		__entry->apicid = vcpu->id;
		__entry->vector = vector;
		__entry->vm_id = vcpu->vm->vm_id;
		__entry->vcpu_id = vcpu->id;
	),

	TP_printk("vm %u vcpu %u apic %u vector 0x%x", __entry->vm_id, __entry->vcpu_id,
		  __entry->apicid, __entry->vector)
);

DEFINE_EVENT(eoi, kvm_eoi, TP_PROTO(struct vcpu *vcpu, int vector), TP_ARGS(vcpu, vector));
/* The guest ended it without an exit. */
DEFINE_EVENT(eoi, kvm_pv_eoi, TP_PROTO(struct vcpu *vcpu, int vector), TP_ARGS(vcpu, vector));

/* A vCPU that had lost its CPU runs again; @need: others asked it to flush meanwhile. */
TRACE_EVENT(kvm_pv_tlb_flush,
	TP_PROTO(struct vcpu *vcpu, bool need),
	TP_ARGS(vcpu, need),

	TP_STRUCT__entry(
		__field(unsigned int, vcpu_id)
		__field(bool, need_flush_tlb)
		__field(u32, vm_id)
	),

	TP_fast_assign(
		__entry->vcpu_id = vcpu->id;
		__entry->need_flush_tlb = need;
		__entry->vm_id = vcpu->vm->vm_id;
	),

	TP_printk("vm %u vcpu %u flush %d", __entry->vm_id, __entry->vcpu_id,
		  __entry->need_flush_tlb)
);

/* An ioeventfd for writes of any length and value. */
TRACE_EVENT(kvm_fast_mmio,
	TP_PROTO(struct vcpu *vcpu, u64 gpa),
	TP_ARGS(vcpu, gpa),

	TP_STRUCT__entry(
		__field(u64, gpa)
		__field(u32, vm_id)
		__field(u32, vcpu_id)
	),

	TP_fast_assign(
		__entry->gpa = gpa;
		__entry->vm_id = vcpu->vm->vm_id;
		__entry->vcpu_id = vcpu->id;
	),

	TP_printk("vm %u vcpu %u gpa 0x%llx", __entry->vm_id, __entry->vcpu_id, __entry->gpa)
);

/* A TSC deadline: how many ticks after it (before: negative) the vCPU's thread looks. */
TRACE_EVENT(kvm_wait_lapic_expire,
	TP_PROTO(struct vcpu *vcpu, s64 delta),
	TP_ARGS(vcpu, delta),

	TP_STRUCT__entry(
		__field(unsigned int, vcpu_id)
		__field(s64, delta)
		__field(u32, vm_id)
	),

	TP_fast_assign(
		__entry->vcpu_id = vcpu->id;
		__entry->delta = delta;
		__entry->vm_id = vcpu->vm->vm_id;
	),

	TP_printk("vm %u vcpu %u delta %lld", __entry->vm_id, __entry->vcpu_id, __entry->delta)
);

/* @source: IRQ_SOURCE_*. */
TRACE_EVENT(kvm_set_irq,
	TP_PROTO(const struct vm *vm, u32 gsi, bool level, int source),
	TP_ARGS(vm, gsi, level, source),

	TP_STRUCT__entry(
		__field(unsigned int, gsi)
		__field(int, level)
		__field(int, irq_source_id)
		__field(u32, vm_id)
		__field(u32, vcpu_id)
	),

	TP_fast_assign(
		__entry->gsi = gsi;
		__entry->level = level;
		__entry->irq_source_id = source;
		__entry->vm_id = vm->vm_id;
		__entry->vcpu_id = NO_VCPU;
	),

	TP_printk("vm %u gsi %u level %d source %d", __entry->vm_id, __entry->gsi, __entry->level,
		  __entry->irq_source_id)
);

/* @rte: the pin's redirection entry, of which the text shows the parts. */
TRACE_EVENT(kvm_ioapic_set_irq,
	TP_PROTO(const struct vm *vm, u64 rte, int pin, bool coalesced),
	TP_ARGS(vm, rte, pin, coalesced),

	TP_STRUCT__entry(
		__field(__u64, e)
		__field(int, pin)
		__field(bool, coalesced)
		__field(u32, vm_id)
		__field(u32, vcpu_id)
	),

	TP_fast_assign(
		__entry->e = rte;
		__entry->pin = pin;
		__entry->coalesced = coalesced;
		__entry->vm_id = vm->vm_id;
		__entry->vcpu_id = NO_VCPU;
	),

	TP_printk("vm %u pin %d %s vector 0x%llx to %s 0x%llx %s%s%s", __entry->vm_id, __entry->pin,
		  TRACE_SYMBOL((__entry->e >> 8 & 7), IRQ_DELIVERIES(TRACE_ROW)),
		  __entry->e & 0xff, (__entry->e & 0x800) ? "logical" : "physical",
		  __entry->e >> 56, (__entry->e & 0x8000) ? "level" : "edge",
		  (__entry->e & 0x10000) ? " masked" : "", __entry->coalesced ? " coalesced" : "")
);

/* @irq: 0-15. @elcr, @imr: of its chip. */
TRACE_EVENT(kvm_pic_set_irq,
	TP_PROTO(const struct vm *vm, u8 irq, u8 elcr, u8 imr, bool coalesced),
	TP_ARGS(vm, irq, elcr, imr, coalesced),

	TP_STRUCT__entry(
		__field(__u8, chip)
		__field(__u8, pin)
		__field(__u8, elcr)
		__field(__u8, imr)
		__field(bool, coalesced)
		__field(u32, vm_id)
		__field(u32, vcpu_id)
	),

	TP_fast_assign(
		__entry->chip = irq >> 3;
		__entry->pin = irq & 7;
		__entry->elcr = elcr;
		__entry->imr = imr;
		__entry->coalesced = coalesced;
		__entry->vm_id = vm->vm_id;
		__entry->vcpu_id = NO_VCPU;
	),

	TP_printk("vm %u %s pin %u %s%s%s", __entry->vm_id, __entry->chip ? "slave" : "master",
		  __entry->pin, (__entry->elcr >> __entry->pin & 1) ? "level" : "edge",
		  (__entry->imr >> __entry->pin & 1) ? " masked" : "",
		  __entry->coalesced ? " coalesced" : "")
);

TRACE_EVENT(kvm_msi_set_irq,
	TP_PROTO(const struct vm *vm, u64 address, u64 data),
	TP_ARGS(vm, address, data),

	TP_STRUCT__entry(
		__field(__u64, address)
		__field(__u64, data)
		__field(u32, vm_id)
		__field(u32, vcpu_id)
	),

	TP_fast_assign(
		__entry->address = address;
		__entry->data = data;
		__entry->vm_id = vm->vm_id;
		__entry->vcpu_id = NO_VCPU;
	),

	TP_printk("vm %u address 0x%llx data 0x%llx %s vector 0x%llx", __entry->vm_id,
		  __entry->address, __entry->data,
		  TRACE_SYMBOL((__entry->data >> 8 & 7), IRQ_DELIVERIES(TRACE_ROW)),
		  __entry->data & 0xff)
);

/* @chip: KVM_IRQCHIP_*. */
TRACE_EVENT(kvm_ack_irq,
	TP_PROTO(const struct vm *vm, u32 chip, u32 pin),
	TP_ARGS(vm, chip, pin),

	TP_STRUCT__entry(
		__field(unsigned int, irqchip)
		__field(unsigned int, pin)
		__field(u32, vm_id)
		__field(u32, vcpu_id)
	),

	TP_fast_assign(
		__entry->irqchip = chip;
		__entry->pin = pin;
		__entry->vm_id = vm->vm_id;
		__entry->vcpu_id = NO_VCPU;
	),

	TP_printk("vm %u %s pin %u", __entry->vm_id,
		  __print_symbolic(__entry->irqchip, {0, "pic_master"}, {1, "pic_slave"},
				   {2, "ioapic"}),
		  __entry->pin)
);

/* After @ns. @slept: not only polled. valid is stock KVM's, and always true here. */
TRACE_EVENT(kvm_vcpu_wakeup,
	TP_PROTO(struct vcpu *vcpu, u64 ns, bool slept),
	TP_ARGS(vcpu, ns, slept),

	TP_STRUCT__entry(
		__field(__u64, ns)
		__field(bool, waited)
		__field(bool, valid)
		__field(u32, vm_id)
		__field(u32, vcpu_id)
	),

	TP_fast_assign(
		__entry->ns = ns;
		__entry->waited = slept;
		__entry->valid = true;
		__entry->vm_id = vcpu->vm->vm_id;
		__entry->vcpu_id = vcpu->id;
	),

	TP_printk("vm %u vcpu %u %s ns %llu%s", __entry->vm_id, __entry->vcpu_id,
		  __entry->waited ? "slept" : "polled", __entry->ns,
		  __entry->valid ? "" : " invalid")
);

/* What the vCPU polls at most before it sleeps changes, from @before to @now. */
TRACE_EVENT(kvm_halt_poll_ns,
	TP_PROTO(struct vcpu *vcpu, u32 now, u32 before),
	TP_ARGS(vcpu, now, before),

	TP_STRUCT__entry(
		__field(bool, grow)
		__field(unsigned int, vcpu_id)
		__field(unsigned int, new)
		__field(unsigned int, old)
		__field(u32, vm_id)
	),

	TP_fast_assign(
		__entry->grow = now > before;
		__entry->vcpu_id = vcpu->id;
		__entry->new = now;
		__entry->old = before;
		__entry->vm_id = vcpu->vm->vm_id;
	),

	TP_printk("vm %u vcpu %u %s from %u to %u", __entry->vm_id, __entry->vcpu_id,
		  __entry->grow ? "grows" : "shrinks", __entry->old, __entry->new)
);

#endif /* GLASSVISOR_TRACE_IRQCHIP_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH trace
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE irqchip
#include <trace/define_trace.h>
