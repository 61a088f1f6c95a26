# SPDX-License-Identifier: GPL-2.0-only
# The pure files (shared/design.md): listed once, for Kbuild and for tests/.
# Paths are relative to kvm/.
PURE :=
PURE += x86/cr.o x86/seg.o x86/exception.o x86/cpuid_rules.o x86/msr_rules.o x86/tsc.o
PURE += emul/decode.o emul/table_one.o emul/table_0f.o emul/mem.o emul/operand.o emul/alu.o emul/segload.o
PURE += emul/execute.o emul/execute_mov.o emul/execute_alu.o emul/execute_string.o emul/execute_stack.o
PURE += emul/execute_control.o emul/execute_far.o emul/execute_system.o emul/execute_simd.o
PURE += mem/slots.o mem/dirtymap.o
PURE += mmu/gwalk.o mmu/spte.o
PURE += vmx/controls.o vmx/check.o
PURE += stat/histpool.o stat/schema.o stat/record_text.o stat/record_keep.o
PURE += irq/msg.o irq/dest.o irq/lapic.o irq/lapic_reg.o irq/lapic_state.o irq/lapic_timer.o
PURE += irq/pic.o irq/pit.o irq/ioapic.o irq/route.o

# For tools and tests only; the module does without.
PURE_TOOLS := stat/hist.o
