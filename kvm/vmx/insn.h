/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The VMX instructions (SDM vol. 3, "VMX instruction reference").
 *
 * A reboot switches VMX off on all CPUs by an interrupt, whatever they do; the
 * instructions are undefined then. What is not entering a guest goes on as if
 * nothing had been there: what it reads and writes does not matter any more.
 * Entering looks, with interrupts off, whether VMX is on (core/run.c).
 */
#ifndef GLASSVISOR_VMX_INSN_H
#define GLASSVISOR_VMX_INSN_H

#include <asm/asm.h>

#include "vmcs.h"

/* A field of the current VMCS; 0 if VMX is off. */
static __always_inline u64 vmread(unsigned long field)
{
	u64 value = 0;

	asm volatile("1:	vmread %1, %0\n"
		     "2:\n" _ASM_EXTABLE(1b, 2b)
		     : "+r"(value)
		     : "r"(field)
		     : "cc");
	return value;
}

static __always_inline void vmwrite(unsigned long field, u64 value)
{
	asm volatile("1:	vmwrite %1, %0\n"
		     "2:\n" _ASM_EXTABLE(1b, 2b)
		     :
		     : "r"(field), "r"(value)
		     : "cc");
}

/* Operands are physical addresses of VMCS and VMXON regions. */
static __always_inline void vmptrld(u64 pa)
{
	asm volatile("1:	vmptrld %0\n"
		     "2:\n" _ASM_EXTABLE(1b, 2b)
		     :
		     : "m"(pa)
		     : "cc", "memory");
}

static __always_inline void vmclear(u64 pa)
{
	asm volatile("1:	vmclear %0\n"
		     "2:\n" _ASM_EXTABLE(1b, 2b)
		     :
		     : "m"(pa)
		     : "cc", "memory");
}

/* False: refused, or undefined. */
static __always_inline bool vmxon(u64 pa)
{
	bool ok = false;

	asm volatile("1:	vmxon %1\n"
		     "	seta %0\n"
		     "2:\n" _ASM_EXTABLE(1b, 2b)
		     : "+r"(ok)
		     : "m"(pa)
		     : "cc", "memory");
	return ok;
}

static __always_inline void vmxoff(void)
{
	asm volatile("1:	vmxoff\n"
		     "2:\n" _ASM_EXTABLE(1b, 2b)
		     :
		     :
		     : "cc", "memory");
}

/* @type: VMX_INV_* */
static __always_inline void invept(u64 type, u64 eptp)
{
	struct {
		u64 eptp, zero;
	} operand = {eptp, 0};

	asm volatile("1:	invept %0, %1\n"
		     "2:\n" _ASM_EXTABLE(1b, 2b)
		     :
		     : "m"(operand), "r"(type)
		     : "cc", "memory");
}

static __always_inline void invvpid(u64 type, u16 vpid)
{
	struct {
		u64 vpid, gva;
	} operand = {vpid, 0};

	asm volatile("1:	invvpid %0, %1\n"
		     "2:\n" _ASM_EXTABLE(1b, 2b)
		     :
		     : "m"(operand), "r"(type)
		     : "cc", "memory");
}

#endif /* GLASSVISOR_VMX_INSN_H */
