/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Opcode tables of the two- and three-byte maps and of the VEX, EVEX and XOP
 * spaces (APM vol. 3, appendix A, "Secondary Opcode Map", "0F_38h and 0F_3Ah
 * Opcode Maps"). Constant data and choice of rows; rows that are not written
 * are EMUL_OP_UD.
 *
 * Left out: what the vector instructions do, but for plain moves. They have
 * their length and are EMUL_OP_OTHER.
 */
#include "decode.h"

#define BYTE  EMUL_OPF_BYTE
#define MODRM EMUL_OPF_MODRM
#define LOCK  EMUL_OPF_LOCK
#define MEM   EMUL_OPF_MEM
#define DEF64 EMUL_OPF_DEF64
#define FIX64 EMUL_OPF_FIX64
#define VEX   EMUL_OPF_VEX

/* clang-format off */

#define OTHER_ROW	{.op = EMUL_OP_OTHER}
#define OTHER_MODRM	{.op = EMUL_OP_OTHER, .flags = MODRM}
#define OTHER_MODRM_IB	{.op = EMUL_OP_OTHER, .imm = EMUL_IMM_U8, .flags = MODRM}
#define SIMD_LOAD_ROW	{.op = EMUL_OP_SIMD_LOAD, .flags = MODRM | VEX}
#define SIMD_STORE_ROW	{.op = EMUL_OP_SIMD_STORE, .flags = MODRM | VEX}
/* r/m op reg and reg op r/m, at the operand size. */
#define RM_REG_ROW(operation, more) \
	{.op = (operation), .dst = EMUL_OPR_RM, .src = EMUL_OPR_REG, .flags = MODRM | (more)}
#define REG_RM_ROW(operation, more) \
	{.op = (operation), .dst = EMUL_OPR_REG, .src = EMUL_OPR_RM, .flags = MODRM | (more)}

const struct emul_opcode emul_table_0f[256] = {
	[0x00] = {.op = EMUL_GROUP_LDT, .flags = MODRM | EMUL_OPF_GROUP},
	[0x01] = {.op = EMUL_OP_GROUP_0F01, .flags = MODRM},
	[0x02] = REG_RM_ROW(EMUL_OP_LAR, 0),
	[0x03] = REG_RM_ROW(EMUL_OP_LSL, 0),
	[0x05] = OTHER_ROW, /* SYSCALL */
	[0x06] = {.op = EMUL_OP_CLTS},
	[0x07] = OTHER_ROW, /* SYSRET */
	[0x08] = {.op = EMUL_OP_INVD},
	[0x09] = {.op = EMUL_OP_WBINVD},
	/* UD2 is architecturally invalid, but has a length for those who skip it. */
	[0x0b] = {.op = EMUL_OP_UD, .flags = EMUL_OPF_SPECIAL},
	[0x0d] = {.op = EMUL_OP_NOP, .flags = MODRM}, /* PREFETCH, PREFETCHW */
	[0x0e] = OTHER_ROW, /* FEMMS */
	[0x0f] = OTHER_MODRM_IB, /* 3DNow!: the operation is in the immediate byte */
	[0x10] = SIMD_LOAD_ROW,
	[0x11] = SIMD_STORE_ROW,
	[0x12 ... 0x17] = OTHER_MODRM,
	[0x18 ... 0x1f] = {.op = EMUL_OP_NOP, .flags = MODRM},
	[0x20] = {.op = EMUL_OP_MOV_FROM_CR, .flags = MODRM | FIX64 | EMUL_OPF_NOMOD | LOCK},
	[0x21] = {.op = EMUL_OP_MOV_FROM_DR, .flags = MODRM | FIX64 | EMUL_OPF_NOMOD},
	[0x22] = {.op = EMUL_OP_MOV_TO_CR, .flags = MODRM | FIX64 | EMUL_OPF_NOMOD | LOCK},
	[0x23] = {.op = EMUL_OP_MOV_TO_DR, .flags = MODRM | FIX64 | EMUL_OPF_NOMOD},
	[0x28] = SIMD_LOAD_ROW,
	[0x29] = SIMD_STORE_ROW,
	[0x2a] = OTHER_MODRM,
	[0x2b] = {.op = EMUL_OP_SIMD_STORE, .flags = MODRM | VEX | MEM}, /* MOVNTPS */
	[0x2c ... 0x2f] = OTHER_MODRM,
	[0x30] = {.op = EMUL_OP_WRMSR},
	[0x31] = {.op = EMUL_OP_RDTSC},
	[0x32] = {.op = EMUL_OP_RDMSR},
	[0x33] = {.op = EMUL_OP_RDPMC},
	[0x34] = OTHER_ROW, /* SYSENTER */
	[0x35] = OTHER_ROW, /* SYSEXIT */
	[0x37] = OTHER_ROW, /* GETSEC */
	[0x38] = {.op = EMUL_OP_OTHER, .flags = EMUL_OPF_SPECIAL},
	[0x3a] = {.op = EMUL_OP_OTHER, .flags = EMUL_OPF_SPECIAL},
	[0x40 ... 0x4f] = REG_RM_ROW(EMUL_OP_CMOVCC, 0),
	[0x50 ... 0x6d] = OTHER_MODRM,
	[0x6e] = SIMD_LOAD_ROW, /* MOVD, MOVQ from r/m */
	[0x6f] = SIMD_LOAD_ROW, /* MOVQ, MOVDQA, MOVDQU */
	[0x70 ... 0x73] = OTHER_MODRM_IB,
	[0x74 ... 0x76] = OTHER_MODRM,
	[0x77] = OTHER_ROW, /* EMMS */
	[0x78] = {.op = EMUL_OP_OTHER, .flags = MODRM | EMUL_OPF_SPECIAL},
	[0x79] = OTHER_MODRM,
	[0x7c ... 0x7d] = OTHER_MODRM,
	/* MOVD, MOVQ to r/m; with F3 it is a load. */
	[0x7e] = {.op = EMUL_OP_SIMD_STORE, .flags = MODRM | VEX | EMUL_OPF_SPECIAL},
	[0x7f] = SIMD_STORE_ROW,
	[0x80 ... 0x8f] = {.op = EMUL_OP_JCC, .imm = EMUL_IMM_Z, .flags = DEF64},
	[0x90 ... 0x9f] = {.op = EMUL_OP_SETCC, .dst = EMUL_OPR_RM, .flags = MODRM | BYTE},
	[0xa0] = {.op = EMUL_OP_PUSH_SREG, .src = EMUL_SEG_FS, .flags = DEF64},
	[0xa1] = {.op = EMUL_OP_POP_SREG, .src = EMUL_SEG_FS, .flags = DEF64},
	[0xa2] = {.op = EMUL_OP_CPUID},
	[0xa3] = RM_REG_ROW(EMUL_OP_BT, 0),
	[0xa4] = {.op = EMUL_OP_SHLD, .dst = EMUL_OPR_RM, .src = EMUL_OPR_IMM,
		  .imm = EMUL_IMM_U8, .flags = MODRM},
	[0xa5] = {.op = EMUL_OP_SHLD, .dst = EMUL_OPR_RM, .src = EMUL_OPR_CL, .flags = MODRM},
	[0xa8] = {.op = EMUL_OP_PUSH_SREG, .src = EMUL_SEG_GS, .flags = DEF64},
	[0xa9] = {.op = EMUL_OP_POP_SREG, .src = EMUL_SEG_GS, .flags = DEF64},
	[0xaa] = {.op = EMUL_OP_RSM},
	[0xab] = RM_REG_ROW(EMUL_OP_BTS, LOCK),
	[0xac] = {.op = EMUL_OP_SHRD, .dst = EMUL_OPR_RM, .src = EMUL_OPR_IMM,
		  .imm = EMUL_IMM_U8, .flags = MODRM},
	[0xad] = {.op = EMUL_OP_SHRD, .dst = EMUL_OPR_RM, .src = EMUL_OPR_CL, .flags = MODRM},
	[0xae] = {.op = EMUL_OP_GROUP_0FAE, .flags = MODRM}, /* FXSAVE .. CLFLUSH, fences */
	[0xaf] = REG_RM_ROW(EMUL_OP_IMUL, 0),
	[0xb0] = RM_REG_ROW(EMUL_OP_CMPXCHG, BYTE | LOCK),
	[0xb1] = RM_REG_ROW(EMUL_OP_CMPXCHG, LOCK),
	[0xb2] = {.op = EMUL_OP_LOAD_FAR_PTR, .dst = EMUL_OPR_REG, .src = EMUL_SEG_SS,
		  .flags = MODRM | MEM},
	[0xb3] = RM_REG_ROW(EMUL_OP_BTR, LOCK),
	[0xb4] = {.op = EMUL_OP_LOAD_FAR_PTR, .dst = EMUL_OPR_REG, .src = EMUL_SEG_FS,
		  .flags = MODRM | MEM},
	[0xb5] = {.op = EMUL_OP_LOAD_FAR_PTR, .dst = EMUL_OPR_REG, .src = EMUL_SEG_GS,
		  .flags = MODRM | MEM},
	[0xb6] = REG_RM_ROW(EMUL_OP_MOVZX, 0),
	[0xb7] = REG_RM_ROW(EMUL_OP_MOVZX, EMUL_OPF_SRC16),
	/* POPCNT with F3; without it not an instruction here. */
	[0xb8] = REG_RM_ROW(EMUL_OP_POPCNT, EMUL_OPF_SPECIAL),
	[0xb9] = {.op = EMUL_OP_UD, .flags = MODRM | EMUL_OPF_SPECIAL}, /* UD1 */
	[0xba] = {.op = EMUL_GROUP_BT, .flags = MODRM | EMUL_OPF_GROUP},
	[0xbb] = RM_REG_ROW(EMUL_OP_BTC, LOCK),
	[0xbc] = REG_RM_ROW(EMUL_OP_BSF, 0), /* TZCNT with F3 */
	[0xbd] = REG_RM_ROW(EMUL_OP_BSR, 0), /* LZCNT with F3 */
	[0xbe] = REG_RM_ROW(EMUL_OP_MOVSX, 0),
	[0xbf] = REG_RM_ROW(EMUL_OP_MOVSX, EMUL_OPF_SRC16),
	[0xc0] = RM_REG_ROW(EMUL_OP_XADD, BYTE | LOCK),
	[0xc1] = RM_REG_ROW(EMUL_OP_XADD, LOCK),
	[0xc2] = OTHER_MODRM_IB,
	[0xc3] = {.op = EMUL_OP_MOVNTI, .dst = EMUL_OPR_RM, .src = EMUL_OPR_REG,
		  .flags = MODRM | MEM},
	[0xc4 ... 0xc6] = OTHER_MODRM_IB,
	[0xc7] = {.op = EMUL_GROUP_XCHG8B, .flags = MODRM | EMUL_OPF_GROUP},
	[0xc8 ... 0xcf] = {.op = EMUL_OP_BSWAP, .dst = EMUL_OPR_RM, .flags = EMUL_OPF_OPREG},
	[0xd0 ... 0xd5] = OTHER_MODRM,
	[0xd6] = SIMD_STORE_ROW, /* MOVQ xmm/m64, xmm */
	[0xd7 ... 0xe6] = OTHER_MODRM,
	[0xe7] = {.op = EMUL_OP_SIMD_STORE, .flags = MODRM | VEX | MEM}, /* MOVNTQ, MOVNTDQ */
	[0xe8 ... 0xef] = OTHER_MODRM,
	[0xf0] = {.op = EMUL_OP_SIMD_LOAD, .flags = MODRM | VEX | MEM}, /* LDDQU */
	[0xf1 ... 0xfe] = OTHER_MODRM,
	[0xff] = {.op = EMUL_OP_UD, .flags = MODRM | EMUL_OPF_SPECIAL}, /* UD0 */
};

#define BIT_IMM_ROW(operation, more)								\
	{.op = (operation), .dst = EMUL_OPR_RM, .src = EMUL_OPR_IMM, .imm = EMUL_IMM_U8,	\
	 .flags = MODRM | (more)}

/* Index is the group's number less the one-byte groups. */
#define GROUP_0F(name) [EMUL_GROUP_##name - EMUL_GROUP_LAST_ONE_BYTE - 1]

const struct emul_opcode emul_groups_0f[EMUL_NR_GROUPS - EMUL_GROUP_LAST_ONE_BYTE - 1][8] = {
	GROUP_0F(LDT) = {
		{.op = EMUL_OP_SLDT, .dst = EMUL_OPR_RM, .flags = MODRM},
		{.op = EMUL_OP_STR, .dst = EMUL_OPR_RM, .flags = MODRM},
		{.op = EMUL_OP_LLDT, .src = EMUL_OPR_RM, .flags = MODRM},
		{.op = EMUL_OP_LTR, .src = EMUL_OPR_RM, .flags = MODRM},
		{.op = EMUL_OP_VERR, .src = EMUL_OPR_RM, .flags = MODRM},
		{.op = EMUL_OP_VERW, .src = EMUL_OPR_RM, .flags = MODRM},
	},
	GROUP_0F(BT) = {
		[4] = BIT_IMM_ROW(EMUL_OP_BT, 0),
		[5] = BIT_IMM_ROW(EMUL_OP_BTS, LOCK),
		[6] = BIT_IMM_ROW(EMUL_OP_BTR, LOCK),
		[7] = BIT_IMM_ROW(EMUL_OP_BTC, LOCK),
	},
	GROUP_0F(XCHG8B) = {
		[1] = {.op = EMUL_OP_CMPXCHG8B, .dst = EMUL_OPR_RM, .flags = MODRM | LOCK | MEM},
		[3 ... 7] = OTHER_MODRM, /* XRSTORS .. RDRAND, RDSEED, RDPID, VMPTRLD */
	},
};

const u8 emul_fast_len_0f[256] = {
	[0x01] = 3, /* register forms: VMMCALL, VMCALL, MONITOR, MWAIT, XSETBV, RDTSCP, .. */
	[0x06] = 2, /* CLTS */
	[0x08] = 2, /* INVD */
	[0x09] = 2, /* WBINVD */
	[0x0b] = 2, /* UD2 */
	[0x20 ... 0x23] = 3, /* CR and DR moves */
	[0x30] = 2, /* WRMSR */
	[0x31] = 2, /* RDTSC */
	[0x32] = 2, /* RDMSR */
	[0x33] = 2, /* RDPMC */
	[0xa2] = 2, /* CPUID */
	[0xaa] = 2, /* RSM */
};

/* Rows the rules below share. */
static const struct emul_opcode row_invalid;
static const struct emul_opcode row_plain = OTHER_ROW;
static const struct emul_opcode row_modrm = OTHER_MODRM;
static const struct emul_opcode row_modrm_ib = OTHER_MODRM_IB;
static const struct emul_opcode row_modrm_two_ib = {
	.op = EMUL_OP_OTHER, .imm = EMUL_IMM_TWO_U8, .flags = MODRM};
static const struct emul_opcode row_modrm_id = {
	.op = EMUL_OP_OTHER, .imm = EMUL_IMM_S32, .flags = MODRM};
static const struct emul_opcode row_simd_load = SIMD_LOAD_ROW;
static const struct emul_opcode row_movbe_load = REG_RM_ROW(EMUL_OP_MOVBE, MEM);
static const struct emul_opcode row_movbe_store = RM_REG_ROW(EMUL_OP_MOVBE, MEM);
static const struct emul_opcode row_simd_load_mem = {
	.op = EMUL_OP_SIMD_LOAD, .flags = MODRM | VEX | MEM};

/* clang-format on */

const struct emul_opcode *emul_row_0f38(u8 opcode, u8 prefixes)
{
	if ((opcode == 0xf0 || opcode == 0xf1) && !(prefixes & EMUL_PFX_REPNE))
		return opcode == 0xf0 ? &row_movbe_load : &row_movbe_store;
	if (opcode == 0x2a && (prefixes & EMUL_PFX_OPSIZE))
		return &row_simd_load_mem; /* MOVNTDQA */
	return &row_modrm;
}

const struct emul_opcode *emul_row_0f3a(u8 opcode __maybe_unused)
{
	return &row_modrm_ib;
}

const struct emul_opcode *emul_row_0f_special(u8 opcode, u8 prefixes)
{
	switch (opcode) {
	case 0x78:
		/* VMREAD, or the SSE4a field instructions with two immediates. */
		if (prefixes & (EMUL_PFX_OPSIZE | EMUL_PFX_REPNE))
			return &row_modrm_two_ib;
		return &row_modrm;
	case 0x7e:
		return prefixes & EMUL_PFX_REP ? &row_simd_load : &emul_table_0f[0x7e];
	case 0xb8:
		return prefixes & EMUL_PFX_REP ? &emul_table_0f[0xb8] : &row_invalid;
	default:
		return &emul_table_0f[opcode];
	}
}

/* VEX and EVEX instructions of map 1 have the immediate of their legacy namesakes. */
static const struct emul_opcode *row_vex_map1(enum emul_vex vex, u8 opcode, u8 prefixes)
{
	const struct emul_opcode *row = &emul_table_0f[opcode];

	if (opcode == 0x77)
		return vex == EMUL_VEX_VEX ? &row_plain : &row_invalid; /* VZEROUPPER */
	if (vex == EMUL_VEX_VEX && (row->flags & EMUL_OPF_VEX)) {
		if (row->flags & EMUL_OPF_SPECIAL)
			return emul_row_0f_special(opcode, prefixes);
		return row;
	}
	if ((opcode >= 0x70 && opcode <= 0x73) || opcode == 0xc2 ||
	    (opcode >= 0xc4 && opcode <= 0xc6))
		return &row_modrm_ib;
	return &row_modrm;
}

const struct emul_opcode *emul_row_vex(enum emul_vex vex, unsigned int map, u8 opcode, u8 prefixes)
{
	if (vex == EMUL_VEX_XOP) {
		switch (map) {
		case 8:
			return &row_modrm_ib;
		case 9:
			return &row_modrm;
		case 10:
			return &row_modrm_id;
		default:
			return NULL;
		}
	}
	switch (map) {
	case 1:
		return row_vex_map1(vex, opcode, prefixes);
	case 2:
		if (vex == EMUL_VEX_VEX && opcode == 0x2a && (prefixes & EMUL_PFX_OPSIZE))
			return &row_simd_load_mem;
		return &row_modrm;
	case 3:
		return &row_modrm_ib;
	case 5:
	case 6:
		return vex == EMUL_VEX_EVEX ? &row_modrm : NULL;
	default:
		return NULL;
	}
}
