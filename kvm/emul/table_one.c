/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Opcode table of the one-byte map and its ModRM.reg groups
 * (APM vol. 3, appendix A, "Primary Opcode Map"). Constant data only; rows
 * that are not written are EMUL_OP_UD.
 */
#include "decode.h"

#define BYTE  EMUL_OPF_BYTE
#define MODRM EMUL_OPF_MODRM
#define LOCK  EMUL_OPF_LOCK
#define NO64  EMUL_OPF_NO64
#define DEF64 EMUL_OPF_DEF64
#define FIX64 EMUL_OPF_FIX64
#define OPREG EMUL_OPF_OPREG

/* clang-format off */

/* r/m with reg, reg with r/m, accumulator with immediate: six opcodes of a binary operation. */
#define BINARY_ROWS(first, operation, lockable)							\
	[(first) + 0] = {.op = (operation), .dst = EMUL_OPR_RM, .src = EMUL_OPR_REG,		\
			 .flags = MODRM | BYTE | (lockable)},					\
	[(first) + 1] = {.op = (operation), .dst = EMUL_OPR_RM, .src = EMUL_OPR_REG,		\
			 .flags = MODRM | (lockable)},						\
	[(first) + 2] = {.op = (operation), .dst = EMUL_OPR_REG, .src = EMUL_OPR_RM,		\
			 .flags = MODRM | BYTE},						\
	[(first) + 3] = {.op = (operation), .dst = EMUL_OPR_REG, .src = EMUL_OPR_RM,		\
			 .flags = MODRM},							\
	[(first) + 4] = {.op = (operation), .dst = EMUL_OPR_ACC, .src = EMUL_OPR_IMM,		\
			 .imm = EMUL_IMM_S8, .flags = BYTE},					\
	[(first) + 5] = {.op = (operation), .dst = EMUL_OPR_ACC, .src = EMUL_OPR_IMM,		\
			 .imm = EMUL_IMM_Z}

#define PUSH_SREG_ROW(segment) \
	{.op = EMUL_OP_PUSH_SREG, .src = (segment), .flags = NO64}
#define POP_SREG_ROW(segment) \
	{.op = EMUL_OP_POP_SREG, .src = (segment), .flags = NO64}
#define PREFIX_ROW {.op = EMUL_OP_OTHER, .flags = EMUL_OPF_PREFIX}
#define OTHER_ROW {.op = EMUL_OP_OTHER}
#define X87_ROW {.op = EMUL_OP_OTHER, .flags = MODRM}

const struct emul_opcode emul_table_one[256] = {
	BINARY_ROWS(0x00, EMUL_OP_ADD, LOCK),
	[0x06] = PUSH_SREG_ROW(EMUL_SEG_ES),
	[0x07] = POP_SREG_ROW(EMUL_SEG_ES),
	BINARY_ROWS(0x08, EMUL_OP_OR, LOCK),
	[0x0e] = PUSH_SREG_ROW(EMUL_SEG_CS),
	[0x0f] = {.op = EMUL_OP_OTHER, .flags = EMUL_OPF_SPECIAL},
	BINARY_ROWS(0x10, EMUL_OP_ADC, LOCK),
	[0x16] = PUSH_SREG_ROW(EMUL_SEG_SS),
	[0x17] = POP_SREG_ROW(EMUL_SEG_SS),
	BINARY_ROWS(0x18, EMUL_OP_SBB, LOCK),
	[0x1e] = PUSH_SREG_ROW(EMUL_SEG_DS),
	[0x1f] = POP_SREG_ROW(EMUL_SEG_DS),
	BINARY_ROWS(0x20, EMUL_OP_AND, LOCK),
	[0x26] = PREFIX_ROW,
	[0x27] = {.op = EMUL_OP_OTHER, .flags = NO64}, /* DAA */
	BINARY_ROWS(0x28, EMUL_OP_SUB, LOCK),
	[0x2e] = PREFIX_ROW,
	[0x2f] = {.op = EMUL_OP_OTHER, .flags = NO64}, /* DAS */
	BINARY_ROWS(0x30, EMUL_OP_XOR, LOCK),
	[0x36] = PREFIX_ROW,
	[0x37] = {.op = EMUL_OP_OTHER, .flags = NO64}, /* AAA */
	BINARY_ROWS(0x38, EMUL_OP_CMP, 0),
	[0x3e] = PREFIX_ROW,
	[0x3f] = {.op = EMUL_OP_OTHER, .flags = NO64}, /* AAS */
	/* In 64-bit mode 40..4F are REX. */
	[0x40 ... 0x47] = {.op = EMUL_OP_INC, .dst = EMUL_OPR_RM,
			   .flags = OPREG | NO64 | EMUL_OPF_REX},
	[0x48 ... 0x4f] = {.op = EMUL_OP_DEC, .dst = EMUL_OPR_RM,
			   .flags = OPREG | NO64 | EMUL_OPF_REX},
	[0x50 ... 0x57] = {.op = EMUL_OP_PUSH, .src = EMUL_OPR_RM, .flags = OPREG | DEF64},
	[0x58 ... 0x5f] = {.op = EMUL_OP_POP, .dst = EMUL_OPR_RM, .flags = OPREG | DEF64},
	[0x60] = {.op = EMUL_OP_PUSHA, .flags = NO64},
	[0x61] = {.op = EMUL_OP_POPA, .flags = NO64},
	/* BOUND; EVEX is taken before. */
	[0x62] = {.op = EMUL_OP_OTHER, .flags = MODRM | NO64 | EMUL_OPF_MEM | EMUL_OPF_SPECIAL},
	/* ARPL, and MOVSXD in 64-bit mode. */
	[0x63] = {.op = EMUL_OP_MOVSX, .dst = EMUL_OPR_REG, .src = EMUL_OPR_RM,
		  .flags = MODRM | EMUL_OPF_SPECIAL},
	[0x64] = PREFIX_ROW,
	[0x65] = PREFIX_ROW,
	[0x66] = PREFIX_ROW,
	[0x67] = PREFIX_ROW,
	[0x68] = {.op = EMUL_OP_PUSH, .src = EMUL_OPR_IMM, .imm = EMUL_IMM_Z, .flags = DEF64},
	[0x69] = {.op = EMUL_OP_IMUL, .dst = EMUL_OPR_REG, .src = EMUL_OPR_RM, .imm = EMUL_IMM_Z,
		  .flags = MODRM},
	[0x6a] = {.op = EMUL_OP_PUSH, .src = EMUL_OPR_IMM, .imm = EMUL_IMM_S8, .flags = DEF64},
	[0x6b] = {.op = EMUL_OP_IMUL, .dst = EMUL_OPR_REG, .src = EMUL_OPR_RM, .imm = EMUL_IMM_S8,
		  .flags = MODRM},
	[0x6c] = {.op = EMUL_OP_INS, .flags = BYTE},
	[0x6d] = {.op = EMUL_OP_INS},
	[0x6e] = {.op = EMUL_OP_OUTS, .flags = BYTE},
	[0x6f] = {.op = EMUL_OP_OUTS},
	[0x70 ... 0x7f] = {.op = EMUL_OP_JCC, .imm = EMUL_IMM_S8, .flags = DEF64},
	[0x80] = {.op = EMUL_GROUP_ALU_BYTE, .flags = MODRM | EMUL_OPF_GROUP},
	[0x81] = {.op = EMUL_GROUP_ALU_IMMZ, .flags = MODRM | EMUL_OPF_GROUP},
	[0x82] = {.op = EMUL_GROUP_ALU_BYTE, .flags = MODRM | EMUL_OPF_GROUP | NO64},
	[0x83] = {.op = EMUL_GROUP_ALU_IMM8, .flags = MODRM | EMUL_OPF_GROUP},
	[0x84] = {.op = EMUL_OP_TEST, .dst = EMUL_OPR_RM, .src = EMUL_OPR_REG,
		  .flags = MODRM | BYTE},
	[0x85] = {.op = EMUL_OP_TEST, .dst = EMUL_OPR_RM, .src = EMUL_OPR_REG, .flags = MODRM},
	[0x86] = {.op = EMUL_OP_XCHG, .dst = EMUL_OPR_RM, .src = EMUL_OPR_REG,
		  .flags = MODRM | BYTE | LOCK},
	[0x87] = {.op = EMUL_OP_XCHG, .dst = EMUL_OPR_RM, .src = EMUL_OPR_REG,
		  .flags = MODRM | LOCK},
	[0x88] = {.op = EMUL_OP_MOV, .dst = EMUL_OPR_RM, .src = EMUL_OPR_REG,
		  .flags = MODRM | BYTE},
	[0x89] = {.op = EMUL_OP_MOV, .dst = EMUL_OPR_RM, .src = EMUL_OPR_REG, .flags = MODRM},
	[0x8a] = {.op = EMUL_OP_MOV, .dst = EMUL_OPR_REG, .src = EMUL_OPR_RM,
		  .flags = MODRM | BYTE},
	[0x8b] = {.op = EMUL_OP_MOV, .dst = EMUL_OPR_REG, .src = EMUL_OPR_RM, .flags = MODRM},
	[0x8c] = {.op = EMUL_OP_MOV_FROM_SREG, .dst = EMUL_OPR_RM, .flags = MODRM},
	[0x8d] = {.op = EMUL_OP_LEA, .dst = EMUL_OPR_REG, .src = EMUL_OPR_RM,
		  .flags = MODRM | EMUL_OPF_MEM},
	[0x8e] = {.op = EMUL_OP_MOV_TO_SREG, .src = EMUL_OPR_RM, .flags = MODRM},
	/* POP r/m; XOP is taken before. */
	[0x8f] = {.op = EMUL_GROUP_POP, .flags = MODRM | EMUL_OPF_GROUP | DEF64 | EMUL_OPF_SPECIAL},
	[0x90 ... 0x97] = {.op = EMUL_OP_XCHG, .dst = EMUL_OPR_RM, .src = EMUL_OPR_ACC,
			   .flags = OPREG},
	[0x98] = {.op = EMUL_OP_CBW},
	[0x99] = {.op = EMUL_OP_CWD},
	[0x9a] = {.op = EMUL_OP_CALL_FAR, .src = EMUL_OPR_IMM, .imm = EMUL_IMM_FAR, .flags = NO64},
	[0x9b] = OTHER_ROW, /* FWAIT */
	[0x9c] = {.op = EMUL_OP_PUSHF, .flags = DEF64},
	[0x9d] = {.op = EMUL_OP_POPF, .flags = DEF64},
	[0x9e] = {.op = EMUL_OP_SAHF},
	[0x9f] = {.op = EMUL_OP_LAHF},
	[0xa0] = {.op = EMUL_OP_MOV, .dst = EMUL_OPR_ACC, .src = EMUL_OPR_RM,
		  .imm = EMUL_IMM_MOFFS, .flags = BYTE},
	[0xa1] = {.op = EMUL_OP_MOV, .dst = EMUL_OPR_ACC, .src = EMUL_OPR_RM,
		  .imm = EMUL_IMM_MOFFS},
	[0xa2] = {.op = EMUL_OP_MOV, .dst = EMUL_OPR_RM, .src = EMUL_OPR_ACC,
		  .imm = EMUL_IMM_MOFFS, .flags = BYTE},
	[0xa3] = {.op = EMUL_OP_MOV, .dst = EMUL_OPR_RM, .src = EMUL_OPR_ACC,
		  .imm = EMUL_IMM_MOFFS},
	[0xa4] = {.op = EMUL_OP_MOVS, .flags = BYTE},
	[0xa5] = {.op = EMUL_OP_MOVS},
	[0xa6] = {.op = EMUL_OP_CMPS, .flags = BYTE},
	[0xa7] = {.op = EMUL_OP_CMPS},
	[0xa8] = {.op = EMUL_OP_TEST, .dst = EMUL_OPR_ACC, .src = EMUL_OPR_IMM,
		  .imm = EMUL_IMM_S8, .flags = BYTE},
	[0xa9] = {.op = EMUL_OP_TEST, .dst = EMUL_OPR_ACC, .src = EMUL_OPR_IMM, .imm = EMUL_IMM_Z},
	[0xaa] = {.op = EMUL_OP_STOS, .flags = BYTE},
	[0xab] = {.op = EMUL_OP_STOS},
	[0xac] = {.op = EMUL_OP_LODS, .flags = BYTE},
	[0xad] = {.op = EMUL_OP_LODS},
	[0xae] = {.op = EMUL_OP_SCAS, .flags = BYTE},
	[0xaf] = {.op = EMUL_OP_SCAS},
	[0xb0 ... 0xb7] = {.op = EMUL_OP_MOV, .dst = EMUL_OPR_RM, .src = EMUL_OPR_IMM,
			   .imm = EMUL_IMM_U8, .flags = OPREG | BYTE},
	[0xb8 ... 0xbf] = {.op = EMUL_OP_MOV, .dst = EMUL_OPR_RM, .src = EMUL_OPR_IMM,
			   .imm = EMUL_IMM_V, .flags = OPREG},
	[0xc0] = {.op = EMUL_GROUP_SHIFT_BYTE_IMM, .flags = MODRM | EMUL_OPF_GROUP},
	[0xc1] = {.op = EMUL_GROUP_SHIFT_IMM, .flags = MODRM | EMUL_OPF_GROUP},
	[0xc2] = {.op = EMUL_OP_RET, .imm = EMUL_IMM_U16, .flags = DEF64},
	[0xc3] = {.op = EMUL_OP_RET, .flags = DEF64},
	/* LES and LDS; VEX is taken before. */
	[0xc4] = {.op = EMUL_OP_LOAD_FAR_PTR, .dst = EMUL_OPR_REG, .src = EMUL_SEG_ES,
		  .flags = MODRM | NO64 | EMUL_OPF_MEM | EMUL_OPF_SPECIAL},
	[0xc5] = {.op = EMUL_OP_LOAD_FAR_PTR, .dst = EMUL_OPR_REG, .src = EMUL_SEG_DS,
		  .flags = MODRM | NO64 | EMUL_OPF_MEM | EMUL_OPF_SPECIAL},
	[0xc6] = {.op = EMUL_GROUP_MOV_BYTE_IMM, .flags = MODRM | EMUL_OPF_GROUP},
	[0xc7] = {.op = EMUL_GROUP_MOV_IMM, .flags = MODRM | EMUL_OPF_GROUP},
	[0xc8] = {.op = EMUL_OP_ENTER, .imm = EMUL_IMM_ENTER, .flags = DEF64},
	[0xc9] = {.op = EMUL_OP_LEAVE, .flags = DEF64},
	[0xca] = {.op = EMUL_OP_RET_FAR, .imm = EMUL_IMM_U16},
	[0xcb] = {.op = EMUL_OP_RET_FAR},
	[0xcc] = {.op = EMUL_OP_INT3},
	[0xcd] = {.op = EMUL_OP_INT, .imm = EMUL_IMM_U8},
	[0xce] = {.op = EMUL_OP_INTO, .flags = NO64},
	[0xcf] = {.op = EMUL_OP_IRET},
	[0xd0] = {.op = EMUL_GROUP_SHIFT_BYTE_ONE, .flags = MODRM | EMUL_OPF_GROUP},
	[0xd1] = {.op = EMUL_GROUP_SHIFT_ONE, .flags = MODRM | EMUL_OPF_GROUP},
	[0xd2] = {.op = EMUL_GROUP_SHIFT_BYTE_CL, .flags = MODRM | EMUL_OPF_GROUP},
	[0xd3] = {.op = EMUL_GROUP_SHIFT_CL, .flags = MODRM | EMUL_OPF_GROUP},
	[0xd4] = {.op = EMUL_OP_OTHER, .imm = EMUL_IMM_U8, .flags = NO64}, /* AAM */
	[0xd5] = {.op = EMUL_OP_OTHER, .imm = EMUL_IMM_U8, .flags = NO64}, /* AAD */
	[0xd6] = {.op = EMUL_OP_OTHER, .flags = NO64}, /* SALC */
	[0xd7] = {.op = EMUL_OP_XLAT, .flags = BYTE},
	[0xd8 ... 0xdf] = X87_ROW,
	[0xe0] = {.op = EMUL_OP_LOOPNE, .imm = EMUL_IMM_S8, .flags = DEF64},
	[0xe1] = {.op = EMUL_OP_LOOPE, .imm = EMUL_IMM_S8, .flags = DEF64},
	[0xe2] = {.op = EMUL_OP_LOOP, .imm = EMUL_IMM_S8, .flags = DEF64},
	[0xe3] = {.op = EMUL_OP_JCXZ, .imm = EMUL_IMM_S8, .flags = DEF64},
	[0xe4] = {.op = EMUL_OP_IN, .src = EMUL_OPR_IMM, .imm = EMUL_IMM_U8, .flags = BYTE},
	[0xe5] = {.op = EMUL_OP_IN, .src = EMUL_OPR_IMM, .imm = EMUL_IMM_U8},
	[0xe6] = {.op = EMUL_OP_OUT, .src = EMUL_OPR_IMM, .imm = EMUL_IMM_U8, .flags = BYTE},
	[0xe7] = {.op = EMUL_OP_OUT, .src = EMUL_OPR_IMM, .imm = EMUL_IMM_U8},
	[0xe8] = {.op = EMUL_OP_CALL_REL, .imm = EMUL_IMM_Z, .flags = DEF64},
	[0xe9] = {.op = EMUL_OP_JMP_REL, .imm = EMUL_IMM_Z, .flags = DEF64},
	[0xea] = {.op = EMUL_OP_JMP_FAR, .src = EMUL_OPR_IMM, .imm = EMUL_IMM_FAR, .flags = NO64},
	[0xeb] = {.op = EMUL_OP_JMP_REL, .imm = EMUL_IMM_S8, .flags = DEF64},
	[0xec] = {.op = EMUL_OP_IN, .src = EMUL_OPR_DX, .flags = BYTE},
	[0xed] = {.op = EMUL_OP_IN, .src = EMUL_OPR_DX},
	[0xee] = {.op = EMUL_OP_OUT, .src = EMUL_OPR_DX, .flags = BYTE},
	[0xef] = {.op = EMUL_OP_OUT, .src = EMUL_OPR_DX},
	[0xf0] = PREFIX_ROW,
	[0xf1] = OTHER_ROW, /* INT1 */
	[0xf2] = PREFIX_ROW,
	[0xf3] = PREFIX_ROW,
	[0xf4] = {.op = EMUL_OP_HLT},
	[0xf5] = {.op = EMUL_OP_CMC},
	[0xf6] = {.op = EMUL_GROUP_UNARY_BYTE, .flags = MODRM | EMUL_OPF_GROUP},
	[0xf7] = {.op = EMUL_GROUP_UNARY, .flags = MODRM | EMUL_OPF_GROUP},
	[0xf8] = {.op = EMUL_OP_CLC},
	[0xf9] = {.op = EMUL_OP_STC},
	[0xfa] = {.op = EMUL_OP_CLI},
	[0xfb] = {.op = EMUL_OP_STI},
	[0xfc] = {.op = EMUL_OP_CLD},
	[0xfd] = {.op = EMUL_OP_STD},
	[0xfe] = {.op = EMUL_GROUP_INC_BYTE, .flags = MODRM | EMUL_OPF_GROUP},
	[0xff] = {.op = EMUL_GROUP_INC_FAR, .flags = MODRM | EMUL_OPF_GROUP},
};

#define ALU_IMM_ROW(operation, immediate, more) \
	{.op = (operation), .dst = EMUL_OPR_RM, .src = EMUL_OPR_IMM, .imm = (immediate), \
	 .flags = MODRM | (more)}
#define ALU_IMM_GROUP(immediate, more)								\
	{											\
		ALU_IMM_ROW(EMUL_OP_ADD, immediate, (more) | LOCK),				\
		ALU_IMM_ROW(EMUL_OP_OR, immediate, (more) | LOCK),				\
		ALU_IMM_ROW(EMUL_OP_ADC, immediate, (more) | LOCK),				\
		ALU_IMM_ROW(EMUL_OP_SBB, immediate, (more) | LOCK),				\
		ALU_IMM_ROW(EMUL_OP_AND, immediate, (more) | LOCK),				\
		ALU_IMM_ROW(EMUL_OP_SUB, immediate, (more) | LOCK),				\
		ALU_IMM_ROW(EMUL_OP_XOR, immediate, (more) | LOCK),				\
		ALU_IMM_ROW(EMUL_OP_CMP, immediate, more),					\
	}

#define SHIFT_ROW(operation, count, immediate, more) \
	{.op = (operation), .dst = EMUL_OPR_RM, .src = (count), .imm = (immediate), \
	 .flags = MODRM | (more)}
#define SHIFT_GROUP(count, immediate, more)							\
	{											\
		SHIFT_ROW(EMUL_OP_ROL, count, immediate, more),					\
		SHIFT_ROW(EMUL_OP_ROR, count, immediate, more),					\
		SHIFT_ROW(EMUL_OP_RCL, count, immediate, more),					\
		SHIFT_ROW(EMUL_OP_RCR, count, immediate, more),					\
		SHIFT_ROW(EMUL_OP_SHL, count, immediate, more),					\
		SHIFT_ROW(EMUL_OP_SHR, count, immediate, more),					\
		SHIFT_ROW(EMUL_OP_SAL, count, immediate, more),					\
		SHIFT_ROW(EMUL_OP_SAR, count, immediate, more),					\
	}

#define RM_ROW(operation, more) {.op = (operation), .dst = EMUL_OPR_RM, .flags = MODRM | (more)}
#define UNARY_GROUP(immediate, more)								\
	{											\
		ALU_IMM_ROW(EMUL_OP_TEST, immediate, more),					\
		ALU_IMM_ROW(EMUL_OP_TEST, immediate, more),					\
		RM_ROW(EMUL_OP_NOT, (more) | LOCK),						\
		RM_ROW(EMUL_OP_NEG, (more) | LOCK),						\
		RM_ROW(EMUL_OP_MUL, more),							\
		RM_ROW(EMUL_OP_IMUL1, more),							\
		RM_ROW(EMUL_OP_DIV, more),							\
		RM_ROW(EMUL_OP_IDIV, more),							\
	}

const struct emul_opcode emul_groups_one[EMUL_GROUP_LAST_ONE_BYTE + 1][8] = {
	[EMUL_GROUP_ALU_BYTE] = ALU_IMM_GROUP(EMUL_IMM_S8, BYTE),
	[EMUL_GROUP_ALU_IMMZ] = ALU_IMM_GROUP(EMUL_IMM_Z, 0),
	[EMUL_GROUP_ALU_IMM8] = ALU_IMM_GROUP(EMUL_IMM_S8, 0),
	[EMUL_GROUP_POP] = {RM_ROW(EMUL_OP_POP, DEF64)},
	[EMUL_GROUP_SHIFT_BYTE_IMM] = SHIFT_GROUP(EMUL_OPR_IMM, EMUL_IMM_U8, BYTE),
	[EMUL_GROUP_SHIFT_IMM] = SHIFT_GROUP(EMUL_OPR_IMM, EMUL_IMM_U8, 0),
	[EMUL_GROUP_SHIFT_BYTE_ONE] = SHIFT_GROUP(EMUL_OPR_ONE, EMUL_IMM_NONE, BYTE),
	[EMUL_GROUP_SHIFT_ONE] = SHIFT_GROUP(EMUL_OPR_ONE, EMUL_IMM_NONE, 0),
	[EMUL_GROUP_SHIFT_BYTE_CL] = SHIFT_GROUP(EMUL_OPR_CL, EMUL_IMM_NONE, BYTE),
	[EMUL_GROUP_SHIFT_CL] = SHIFT_GROUP(EMUL_OPR_CL, EMUL_IMM_NONE, 0),
	/* /7 with mod 3 and rm 0 are XABORT and XBEGIN: known by length. */
	[EMUL_GROUP_MOV_BYTE_IMM] = {
		ALU_IMM_ROW(EMUL_OP_MOV, EMUL_IMM_U8, BYTE),
		[7] = {.op = EMUL_OP_OTHER, .imm = EMUL_IMM_U8, .flags = MODRM},
	},
	[EMUL_GROUP_MOV_IMM] = {
		ALU_IMM_ROW(EMUL_OP_MOV, EMUL_IMM_Z, 0),
		[7] = {.op = EMUL_OP_OTHER, .imm = EMUL_IMM_Z, .flags = MODRM},
	},
	[EMUL_GROUP_UNARY_BYTE] = UNARY_GROUP(EMUL_IMM_U8, BYTE),
	[EMUL_GROUP_UNARY] = UNARY_GROUP(EMUL_IMM_Z, 0),
	[EMUL_GROUP_INC_BYTE] = {
		RM_ROW(EMUL_OP_INC, BYTE | LOCK),
		RM_ROW(EMUL_OP_DEC, BYTE | LOCK),
	},
	[EMUL_GROUP_INC_FAR] = {
		RM_ROW(EMUL_OP_INC, LOCK),
		RM_ROW(EMUL_OP_DEC, LOCK),
		{.op = EMUL_OP_CALL, .src = EMUL_OPR_RM, .flags = MODRM | DEF64},
		{.op = EMUL_OP_CALL_FAR, .src = EMUL_OPR_RM, .flags = MODRM | EMUL_OPF_MEM},
		{.op = EMUL_OP_JMP, .src = EMUL_OPR_RM, .flags = MODRM | DEF64},
		{.op = EMUL_OP_JMP_FAR, .src = EMUL_OPR_RM, .flags = MODRM | EMUL_OPF_MEM},
		{.op = EMUL_OP_PUSH, .src = EMUL_OPR_RM, .flags = MODRM | DEF64},
	},
};

/* clang-format on */
