/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest side of the benchmark, in long mode. In the lab the TSC counts
 * executed instructions, so a sample is the exact cost of a round trip.
 */
#include "loop.h"

PAYLOAD(bench_empty)
	bench_begin
	bench_end
END(bench_empty)

/* As many instructions as bench --check knows of. */
PAYLOAD(bench_known)
	bench_begin
	movl $KNOWN_LOOP, %ecx
2:	decl %ecx
	jnz 2b
	bench_end
END(bench_known)

PAYLOAD(bench_cpuid)
	bench_begin
	xorl %eax, %eax
	cpuid
	bench_end
END(bench_cpuid)

PAYLOAD(bench_hypercall)
	bench_begin
	movl $100, %eax
	vmmcall
	bench_end
END(bench_hypercall)

/* Intel's. */
PAYLOAD(bench_vmcall)
	bench_begin
	movl $100, %eax
	vmcall
	bench_end
END(bench_vmcall)

PAYLOAD(bench_rdmsr)
	bench_begin
	movl $0x1b, %ecx
	rdmsr
	bench_end
END(bench_rdmsr)

PAYLOAD(bench_cr0)
	movq %cr0, %rbx
	bench_begin
	movq %rbx, %cr0
	bench_end
END(bench_cr0)

PAYLOAD(bench_out)
	bench_begin
	outl %eax, $P_BENCH
	bench_end
END(bench_out)

PAYLOAD(bench_mmio_write)
	movq I_ARG + 8, %rbx
	bench_begin
	movl %ecx, (%rbx)
	bench_end
END(bench_mmio_write)

PAYLOAD(bench_mmio_read)
	movq I_ARG + 8, %rbx
	bench_begin
	movl (%rbx), %ecx
	bench_end
END(bench_mmio_read)

/* One write to each of I_ARG[0] pages from I_ARG[1] on. */
PAYLOAD(bench_touch)
	movq I_ARG + 8, %rbx
	bench_begin
	movb $1, (%rbx)
	addq $0x1000, %rbx
	bench_end
END(bench_touch)
