# SPDX-License-Identifier: GPL-2.0-only
# The files that need a kernel (shared/design.md: glue), one room a line.
# Paths are relative to kvm/.
GLUE :=
GLUE += stat/rows.o stat/debugfs.o stat/native.o stat/snapshot.o stat/statfd.o stat/account.o stat/recorder.o stat/recorder_files.o trace/trace.o
GLUE += main.o core/vm.o core/vcpu.o core/run.o core/exits.o core/event.o core/emulate.o core/emulate_ops.o
GLUE += mem/memslots.o mem/notifier.o mem/dirty.o mem/guestmem.o mem/kick.o
GLUE += mmu/root.o mmu/fault.o mmu/mmio.o mmu/host.o mmu/zap.o mmu/log.o mmu/walk.o mmu/dump.o
GLUE += irq/irqchip.o irq/lapic_dev.o irq/pit_dev.o irq/life.o irq/irqfd.o abi/irqchip.o core/halt.o core/pv.o core/iobus.o core/ioeventfd.o core/coalesced.o
GLUE += arch/select.o svm/ops.o svm/hw.o svm/vmcb.o svm/vmrun.o svm/enter.o svm/exit.o svm/event.o svm/state.o svm/msr.o svm/tlb.o
GLUE += vmx/ops.o vmx/hw.o vmx/vmcs.o vmx/host.o vmx/l1d.o vmx/vmlaunch.o vmx/enter.o vmx/exit.o vmx/event.o vmx/state.o vmx/msr.o vmx/tlb.o vmx/pml.o
GLUE += abi/table.o abi/dev.o abi/vm.o abi/vcpu.o abi/caps.o abi/msrs.o abi/statfd.o core/regs.o core/sregs.o core/sync.o core/fpu.o core/msr.o core/msr_filter.o core/mce.o core/cpuid.o core/debug.o core/time.o core/freeze.o core/perf.o
