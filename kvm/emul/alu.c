/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Integer arithmetic with flags; the contracts are in alu.h.
 *
 * Invariants: plain C on u64, no 128-bit division (the kernel has no helper
 * for it), every loop bounded by the operand's width.
 */
#include "alu.h"
#include <asm/processor-flags.h>

static __always_inline u64 sign_bit(unsigned int size)
{
	return 1ULL << (8 * size - 1);
}

static __always_inline s64 sign_extend(u64 val, unsigned int size)
{
	unsigned int shift = 64 - 8 * size;

	return (s64)(val << shift) >> shift;
}

/* SF, ZF and PF of a result that has no bits above its size. */
static __always_inline u64 result_flags(u64 res, unsigned int size)
{
	u64 flags = 0;
	u8 low = res;

	low ^= low >> 4;
	/* Bit n of the constant is the parity (1: even) of the nibble n. */
	if ((0x9669 >> (low & 15)) & 1)
		flags |= X86_EFLAGS_PF;
	if (!res)
		flags |= X86_EFLAGS_ZF;
	if (res & sign_bit(size))
		flags |= X86_EFLAGS_SF;
	return flags;
}

static __always_inline void set_flags(u64 *flags, u64 mask, u64 val)
{
	*flags = (*flags & ~mask) | (val & mask);
}

u64 emul_alu_binary(enum emul_op op, unsigned int size, u64 dst, u64 src, u64 *flags)
{
	u64 mask = emul_mask(size), sign = sign_bit(size);
	u64 carry_in = 0, carries = 0, overflow = 0, res, new;

	dst &= mask;
	src &= mask;
	switch (op) {
	case EMUL_OP_ADC:
		carry_in = *flags & X86_EFLAGS_CF;
		fallthrough;
	case EMUL_OP_ADD:
		res = dst + src + carry_in;
		/* Carry out of each bit position. */
		carries = (dst & src) | ((dst | src) & ~res);
		overflow = (dst ^ res) & (src ^ res);
		break;
	case EMUL_OP_SBB:
		carry_in = *flags & X86_EFLAGS_CF;
		fallthrough;
	case EMUL_OP_SUB:
	case EMUL_OP_CMP:
		res = dst - src - carry_in;
		/* Borrow into each bit position. */
		carries = (~dst & src) | ((~dst | src) & res);
		overflow = (dst ^ src) & (dst ^ res);
		break;
	case EMUL_OP_OR:
		res = dst | src;
		break;
	case EMUL_OP_XOR:
		res = dst ^ src;
		break;
	default: /* AND, TEST */
		res = dst & src;
		break;
	}
	res &= mask;
	new = result_flags(res, size);
	if (carries & sign)
		new |= X86_EFLAGS_CF;
	if (carries & 8)
		new |= X86_EFLAGS_AF;
	if (overflow & sign)
		new |= X86_EFLAGS_OF;
	set_flags(flags, EMUL_FLAGS_ARITH, new);
	return res;
}

u64 emul_alu_unary(enum emul_op op, unsigned int size, u64 dst, u64 *flags)
{
	u64 new = *flags, res;

	switch (op) {
	case EMUL_OP_NOT:
		return ~dst & emul_mask(size);
	case EMUL_OP_NEG:
		return emul_alu_binary(EMUL_OP_SUB, size, 0, dst, flags);
	case EMUL_OP_INC:
		res = emul_alu_binary(EMUL_OP_ADD, size, dst, 1, &new);
		break;
	default: /* DEC */
		res = emul_alu_binary(EMUL_OP_SUB, size, dst, 1, &new);
		break;
	}
	/* INC and DEC leave CF alone. */
	set_flags(flags, EMUL_FLAGS_ARITH & ~X86_EFLAGS_CF, new);
	return res;
}

/* ROL and ROR: only CF and OF change. n is the count modulo the width, which may be 0. */
static u64 rotate(enum emul_op op, unsigned int size, u64 dst, unsigned int count, u64 *flags)
{
	unsigned int bits = 8 * size, n = count & (bits - 1);
	u64 mask = emul_mask(size), sign = sign_bit(size), res = dst, new = 0;

	if (op == EMUL_OP_ROL) {
		if (n)
			res = ((dst << n) | (dst >> (bits - n))) & mask;
		if (res & 1)
			new |= X86_EFLAGS_CF;
		if (!!(res & sign) != (res & 1))
			new |= X86_EFLAGS_OF;
	} else {
		if (n)
			res = ((dst >> n) | (dst << (bits - n))) & mask;
		if (res & sign)
			new |= X86_EFLAGS_CF;
		if (!!(res & sign) != !!(res & (sign >> 1)))
			new |= X86_EFLAGS_OF;
	}
	set_flags(flags, X86_EFLAGS_CF | X86_EFLAGS_OF, new);
	return res;
}

/* RCL and RCR: rotate through CF, a bit at a time (at most 63 steps). */
static u64 rotate_carry(enum emul_op op, unsigned int size, u64 dst, unsigned int count, u64 *flags)
{
	u64 mask = emul_mask(size), sign = sign_bit(size), res = dst, new = 0;
	unsigned int n = count % (8 * size + 1);
	bool carry = *flags & X86_EFLAGS_CF;

	while (n--) {
		bool out = op == EMUL_OP_RCL ? !!(res & sign) : res & 1;

		if (op == EMUL_OP_RCL)
			res = ((res << 1) | carry) & mask;
		else
			res = (res >> 1) | (carry ? sign : 0);
		carry = out;
	}
	if (carry)
		new |= X86_EFLAGS_CF;
	if (op == EMUL_OP_RCL ? !!(res & sign) != carry : !!(res & sign) != !!(res & (sign >> 1)))
		new |= X86_EFLAGS_OF;
	set_flags(flags, X86_EFLAGS_CF | X86_EFLAGS_OF, new);
	return res;
}

u64 emul_alu_shift(enum emul_op op, unsigned int size, u64 dst, unsigned int count, u64 *flags)
{
	u64 mask = emul_mask(size), sign = sign_bit(size), res, new = 0;
	unsigned int bits = 8 * size;

	dst &= mask;
	count &= size == 8 ? 63 : 31;
	if (!count)
		return dst;
	switch (op) {
	case EMUL_OP_ROL:
	case EMUL_OP_ROR:
		return rotate(op, size, dst, count, flags);
	case EMUL_OP_RCL:
	case EMUL_OP_RCR:
		return rotate_carry(op, size, dst, count, flags);
	case EMUL_OP_SHR:
		res = dst >> count;
		if (count <= bits && (dst >> (count - 1)) & 1)
			new |= X86_EFLAGS_CF;
		if (dst & sign)
			new |= X86_EFLAGS_OF;
		break;
	case EMUL_OP_SAR:
		res = (u64)(sign_extend(dst, size) >> count) & mask;
		if ((sign_extend(dst, size) >> (count - 1)) & 1)
			new |= X86_EFLAGS_CF;
		break;
	default: /* SHL, SAL */
		res = (dst << count) & mask;
		if (count <= bits && (dst >> (bits - count)) & 1)
			new |= X86_EFLAGS_CF;
		if (!!(res & sign) != !!(new &X86_EFLAGS_CF))
			new |= X86_EFLAGS_OF;
		break;
	}
	new |= result_flags(res, size);
	set_flags(flags, EMUL_FLAGS_ARITH & ~X86_EFLAGS_AF, new);
	return res;
}

u64 emul_alu_shift_double(enum emul_op op, unsigned int size, u64 dst, u64 src, unsigned int count,
			  u64 *flags)
{
	u64 mask = emul_mask(size), sign = sign_bit(size), res, new = 0;
	unsigned int bits = 8 * size;

	dst &= mask;
	src &= mask;
	count &= size == 8 ? 63 : 31;
	if (!count)
		return dst;
	if (count > bits) {
		/* 16 bits only, and undefined: src comes in a second time. */
		dst = src;
		count -= bits;
	}
	if (op == EMUL_OP_SHLD) {
		res = count == bits ? src : ((dst << count) | (src >> (bits - count))) & mask;
		if ((dst >> (bits - count)) & 1)
			new |= X86_EFLAGS_CF;
	} else {
		res = count == bits ? src : ((dst >> count) | (src << (bits - count))) & mask;
		if ((dst >> (count - 1)) & 1)
			new |= X86_EFLAGS_CF;
	}
	if ((res ^ dst) & sign)
		new |= X86_EFLAGS_OF;
	new |= result_flags(res, size);
	set_flags(flags, EMUL_FLAGS_ARITH & ~X86_EFLAGS_AF, new);
	return res;
}

u64 emul_alu_bit(enum emul_op op, unsigned int size, u64 dst, u64 bit, u64 *flags)
{
	u64 one = 1ULL << (bit & (8 * size - 1));

	set_flags(flags, X86_EFLAGS_CF, dst & one ? X86_EFLAGS_CF : 0);
	dst &= emul_mask(size);
	switch (op) {
	case EMUL_OP_BTS:
		return dst | one;
	case EMUL_OP_BTR:
		return dst & ~one;
	case EMUL_OP_BTC:
		return dst ^ one;
	default: /* BT */
		return dst;
	}
}

u64 emul_alu_scan(enum emul_op op, bool counting, unsigned int size, u64 src, u64 old, u64 *flags)
{
	unsigned int bits = 8 * size;
	u64 res;

	src &= emul_mask(size);
	if (!counting) {
		set_flags(flags, X86_EFLAGS_ZF, src ? 0 : X86_EFLAGS_ZF);
		if (!src)
			return old;
		return op == EMUL_OP_BSF ? __ffs(src) : __fls(src);
	}
	/* TZCNT and LZCNT: CF for a zero source, ZF for a zero count. */
	if (!src)
		res = bits;
	else
		res = op == EMUL_OP_BSF ? __ffs(src) : bits - 1 - __fls(src);
	set_flags(flags, X86_EFLAGS_ZF | X86_EFLAGS_CF,
		  (src ? 0 : X86_EFLAGS_CF) | (res ? 0 : X86_EFLAGS_ZF));
	return res;
}

u64 emul_alu_popcnt(unsigned int size, u64 src, u64 *flags)
{
	src &= emul_mask(size);
	set_flags(flags, EMUL_FLAGS_ARITH, src ? 0 : X86_EFLAGS_ZF);
	return hweight64(src);
}

/* CF and OF of a multiplication. */
static void set_mul_flags(u64 *flags, bool overflow)
{
	u64 mask = X86_EFLAGS_CF | X86_EFLAGS_OF;

	set_flags(flags, mask, overflow ? mask : 0);
}

u64 emul_alu_imul(unsigned int size, u64 a, u64 b, u64 *flags)
{
	u64 low, high;

	emul_alu_mul_wide(true, size, a, b, &low, &high, flags);
	return low;
}

void emul_alu_mul_wide(bool is_signed, unsigned int size, u64 a, u64 b, u64 *ret_low, u64 *ret_high,
		       u64 *flags)
{
	unsigned int bits = 8 * size;
	u64 mask = emul_mask(size), low, high;
	unsigned __int128 prod;
	bool overflow;

	if (is_signed) {
		__int128 sprod = (__int128)sign_extend(a, size) * sign_extend(b, size);

		prod = (unsigned __int128)sprod;
		overflow = sprod != sign_extend((u64)prod, size);
	} else {
		prod = (unsigned __int128)(a & mask) * (b & mask);
		overflow = (prod >> bits) != 0;
	}
	low = (u64)prod & mask;
	high = (u64)(prod >> bits) & mask;
	*ret_low = low;
	*ret_high = high;
	set_mul_flags(flags, overflow);
}

/* high:low / divisor, with high < divisor so that the quotient fits; 64 steps of long division. */
static void div_wide(u64 high, u64 low, u64 divisor, u64 *ret_quot, u64 *ret_rem)
{
	u64 quot = 0;
	int i;

	for (i = 0; i < 64; i++) {
		bool top = high >> 63;

		high = (high << 1) | (low >> 63);
		low <<= 1;
		quot <<= 1;
		if (top || high >= divisor) {
			high -= divisor;
			quot |= 1;
		}
	}
	*ret_quot = quot;
	*ret_rem = high;
}

static bool div_unsigned(unsigned int size, u64 high, u64 low, u64 divisor, u64 *ret_quot,
			 u64 *ret_rem)
{
	if (high >= divisor) /* divisor 0, or the quotient does not fit */
		return false;
	if (size < 8) {
		low |= high << (8 * size);
		high = 0;
	}
	if (high) {
		div_wide(high, low, divisor, ret_quot, ret_rem);
	} else {
		*ret_quot = low / divisor;
		*ret_rem = low % divisor;
	}
	return true;
}

bool emul_alu_div(bool is_signed, unsigned int size, u64 high, u64 low, u64 divisor, u64 *ret_quot,
		  u64 *ret_rem)
{
	u64 mask = emul_mask(size), sign = sign_bit(size), quot, rem;
	bool neg_dividend, neg_quot;

	high &= mask;
	low &= mask;
	divisor &= mask;
	if (!is_signed)
		return div_unsigned(size, high, low, divisor, ret_quot, ret_rem);

	neg_dividend = high & sign;
	neg_quot = neg_dividend != !!(divisor & sign);
	if (neg_dividend) {
		low = -low & mask;
		high = (~high + !low) & mask;
	}
	if (divisor & sign)
		divisor = -divisor & mask;
	if (!div_unsigned(size, high, low, divisor, &quot, &rem))
		return false;
	/* The magnitude may reach 2^(n-1) only when the quotient is negative. */
	if (quot > sign - !neg_quot)
		return false;
	*ret_quot = (neg_quot ? -quot : quot) & mask;
	*ret_rem = (neg_dividend ? -rem : rem) & mask;
	return true;
}

bool emul_condition(unsigned int cc, u64 flags)
{
	bool res, less = !!(flags & X86_EFLAGS_SF) != !!(flags & X86_EFLAGS_OF);

	switch ((cc >> 1) & 7) {
	case 0:
		res = flags & X86_EFLAGS_OF;
		break;
	case 1:
		res = flags & X86_EFLAGS_CF;
		break;
	case 2:
		res = flags & X86_EFLAGS_ZF;
		break;
	case 3:
		res = flags & (X86_EFLAGS_CF | X86_EFLAGS_ZF);
		break;
	case 4:
		res = flags & X86_EFLAGS_SF;
		break;
	case 5:
		res = flags & X86_EFLAGS_PF;
		break;
	case 6:
		res = less;
		break;
	default:
		res = less || (flags & X86_EFLAGS_ZF);
		break;
	}
	return res != (cc & 1);
}
