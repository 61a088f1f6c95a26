/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Integer arithmetic with flags, as the manuals define it (APM vol. 3,
 * "General-Purpose Instruction Reference").
 *
 * Sizes are in bytes (1, 2, 4, 8). Operands may have rubbish above their size;
 * results don't. *flags is RFLAGS: the flags an operation defines are
 * replaced, all others are kept. Flags the manuals leave undefined are kept
 * too, unless noted.
 */
#ifndef GLASSVISOR_EMUL_ALU_H
#define GLASSVISOR_EMUL_ALU_H

#include "decode.h"

#define EMUL_FLAGS_ARITH 0x8d5 /* OF SF ZF AF PF CF */

/* All ones in the low `size` bytes. */
static inline u64 emul_mask(unsigned int size)
{
	return ~0ULL >> (64 - 8 * size);
}

/* ADD .. CMP, TEST. CMP and TEST give the result that would have been written. */
u64 emul_alu_binary(enum emul_op op, unsigned int size, u64 dst, u64 src, u64 *flags);
/* NOT, NEG, INC, DEC. */
u64 emul_alu_unary(enum emul_op op, unsigned int size, u64 dst, u64 *flags);
/* ROL .. SAR; count is masked here. A masked count of 0 changes nothing. */
u64 emul_alu_shift(enum emul_op op, unsigned int size, u64 dst, unsigned int count, u64 *flags);
/* SHLD, SHRD; a 16-bit operand with a count above 16 (undefined) shifts in src again. */
u64 emul_alu_shift_double(enum emul_op op, unsigned int size, u64 dst, u64 src, unsigned int count,
			  u64 *flags);
/* BT .. BTC of bit `bit` (masked here) of dst. */
u64 emul_alu_bit(enum emul_op op, unsigned int size, u64 dst, u64 bit, u64 *flags);
/* Bit scans; `old` is what the destination keeps where the source is 0 (BSF and BSR). */
u64 emul_alu_scan(enum emul_op op, bool counting, unsigned int size, u64 src, u64 old, u64 *flags);
u64 emul_alu_popcnt(unsigned int size, u64 src, u64 *flags);
/* Two's complement product cut to size; CF and OF: it did not fit. */
u64 emul_alu_imul(unsigned int size, u64 a, u64 b, u64 *flags);
/* Double-width product. */
void emul_alu_mul_wide(bool is_signed, unsigned int size, u64 a, u64 b, u64 *ret_low, u64 *ret_high,
		       u64 *flags);
/* Double-width dividend high:low. False is #DE: nothing written. */
bool emul_alu_div(bool is_signed, unsigned int size, u64 high, u64 low, u64 divisor, u64 *ret_quot,
		  u64 *ret_rem);
/* Condition of Jcc, SETcc, CMOVcc: the low four bits of the opcode. */
bool emul_condition(unsigned int cc, u64 flags);

#endif /* GLASSVISOR_EMUL_ALU_H */
