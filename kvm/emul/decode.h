/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rows of the opcode tables: what the decoder needs to find the length, and
 * what the executors need to know which operation it is on which operands.
 */
#ifndef GLASSVISOR_EMUL_DECODE_H
#define GLASSVISOR_EMUL_DECODE_H

#include "emul.h"

/*
 * Operations. Those of one family are consecutive: execute.c finds the family by range. Orders that
 * matter: the eight binary ones and the eight shifts are as in the opcode's or ModRM's 3-bit field.
 */
enum emul_op {
	EMUL_OP_UD,    /* no such instruction */
	EMUL_OP_OTHER, /* known by length, not emulated */

	/* moves */
	EMUL_OP_MOV,
	EMUL_OP_MOVZX,
	EMUL_OP_MOVSX,
	EMUL_OP_MOVBE,
	EMUL_OP_LEA,
	EMUL_OP_BSWAP,
	EMUL_OP_XCHG,
	EMUL_OP_XLAT,
	EMUL_OP_CMOVCC,
	EMUL_OP_SETCC,
	EMUL_OP_CBW, /* CBW, CWDE, CDQE */
	EMUL_OP_CWD, /* CWD, CDQ, CQO */
	EMUL_OP_LAHF,
	EMUL_OP_SAHF,
	EMUL_OP_NOP,
	EMUL_OP_LAST_MOV = EMUL_OP_NOP,

	/* arithmetic */
	EMUL_OP_ADD,
	EMUL_OP_OR,
	EMUL_OP_ADC,
	EMUL_OP_SBB,
	EMUL_OP_AND,
	EMUL_OP_SUB,
	EMUL_OP_XOR,
	EMUL_OP_CMP,
	EMUL_OP_TEST,
	EMUL_OP_NOT,
	EMUL_OP_NEG,
	EMUL_OP_INC,
	EMUL_OP_DEC,
	EMUL_OP_ROL,
	EMUL_OP_ROR,
	EMUL_OP_RCL,
	EMUL_OP_RCR,
	EMUL_OP_SHL,
	EMUL_OP_SHR,
	EMUL_OP_SAL, /* the alias in /6 */
	EMUL_OP_SAR,
	EMUL_OP_SHLD,
	EMUL_OP_SHRD,
	EMUL_OP_BT,
	EMUL_OP_BTS,
	EMUL_OP_BTR,
	EMUL_OP_BTC,
	EMUL_OP_BSF,
	EMUL_OP_BSR,
	EMUL_OP_POPCNT,
	EMUL_OP_XADD,
	EMUL_OP_CMPXCHG,
	EMUL_OP_CMPXCHG8B, /* and 16B with REX.W */
	EMUL_OP_MUL,
	EMUL_OP_IMUL1,
	EMUL_OP_IMUL, /* two and three operands */
	EMUL_OP_DIV,
	EMUL_OP_IDIV,
	EMUL_OP_LAST_ALU = EMUL_OP_IDIV,

	/* string and port I/O */
	EMUL_OP_MOVS,
	EMUL_OP_STOS,
	EMUL_OP_LODS,
	EMUL_OP_CMPS,
	EMUL_OP_SCAS,
	EMUL_OP_INS,
	EMUL_OP_OUTS,
	EMUL_OP_IN,
	EMUL_OP_OUT,
	EMUL_OP_LAST_STRING = EMUL_OP_OUT,

	/* stack */
	EMUL_OP_PUSH,
	EMUL_OP_POP,
	EMUL_OP_PUSH_SREG, /* segment number in the row's src */
	EMUL_OP_POP_SREG,
	EMUL_OP_PUSHA,
	EMUL_OP_POPA,
	EMUL_OP_PUSHF,
	EMUL_OP_POPF,
	EMUL_OP_ENTER,
	EMUL_OP_LEAVE,
	EMUL_OP_LAST_STACK = EMUL_OP_LEAVE,

	/* near control transfer and single flags */
	EMUL_OP_JMP,
	EMUL_OP_JMP_REL,
	EMUL_OP_CALL,
	EMUL_OP_CALL_REL,
	EMUL_OP_RET,
	EMUL_OP_JCC,
	EMUL_OP_LOOPNE,
	EMUL_OP_LOOPE,
	EMUL_OP_LOOP,
	EMUL_OP_JCXZ,
	EMUL_OP_CLC,
	EMUL_OP_STC,
	EMUL_OP_CMC,
	EMUL_OP_CLD,
	EMUL_OP_STD,
	EMUL_OP_CLI,
	EMUL_OP_STI,
	EMUL_OP_LAST_CONTROL = EMUL_OP_STI,

	/* far control transfer, segment loads */
	EMUL_OP_MOV_FROM_SREG,
	EMUL_OP_MOV_TO_SREG,
	EMUL_OP_LOAD_FAR_PTR, /* LES, LDS, LSS, LFS, LGS: segment in the row's src */
	EMUL_OP_JMP_FAR,      /* immediate or memory pointer */
	EMUL_OP_CALL_FAR,
	EMUL_OP_RET_FAR,
	EMUL_OP_IRET,
	EMUL_OP_INT,
	EMUL_OP_INT3,
	EMUL_OP_INTO,
	EMUL_OP_LAST_FAR = EMUL_OP_INTO,

	/* system */
	EMUL_OP_MOV_FROM_CR,
	EMUL_OP_MOV_TO_CR,
	EMUL_OP_MOV_FROM_DR,
	EMUL_OP_MOV_TO_DR,
	EMUL_OP_CLTS,
	EMUL_OP_HLT,
	EMUL_OP_CPUID,
	EMUL_OP_RDTSC,
	EMUL_OP_RDPMC,
	EMUL_OP_RDMSR,
	EMUL_OP_WRMSR,
	EMUL_OP_INVD,
	EMUL_OP_WBINVD,
	EMUL_OP_RSM,
	EMUL_OP_GROUP_0F01, /* told apart by ModRM in the executor */
	EMUL_OP_SLDT,
	EMUL_OP_STR,
	EMUL_OP_LLDT,
	EMUL_OP_LTR,
	EMUL_OP_VERR,
	EMUL_OP_VERW,
	EMUL_OP_LAR,
	EMUL_OP_LSL,
	EMUL_OP_GROUP_0FAE, /* fences and cache lines; the rest is not emulated */
	EMUL_OP_LAST_SYSTEM = EMUL_OP_GROUP_0FAE,

	/* vector moves: which register file and width is told by opcode and prefix */
	EMUL_OP_SIMD_LOAD,
	EMUL_OP_SIMD_STORE,
	EMUL_OP_MOVNTI,
	EMUL_OP_LAST_SIMD = EMUL_OP_MOVNTI,
};

/* Where an operand is. */
enum emul_operand {
	EMUL_OPR_NONE,
	EMUL_OPR_RM,  /* ModRM.rm, the register in the opcode's low bits, or moffs */
	EMUL_OPR_REG, /* ModRM.reg */
	EMUL_OPR_ACC, /* AL, AX, EAX, RAX */
	EMUL_OPR_IMM,
	EMUL_OPR_ONE, /* the constant 1 (shifts) */
	EMUL_OPR_CL,
	EMUL_OPR_DX, /* port number */
};

/* Immediate bytes after ModRM and displacement. */
enum emul_imm {
	EMUL_IMM_NONE,
	EMUL_IMM_U8,
	EMUL_IMM_S8, /* sign-extended */
	EMUL_IMM_U16,
	EMUL_IMM_Z,	 /* 2 bytes with 16-bit operand size, else 4, sign-extended */
	EMUL_IMM_V,	 /* operand size: 2, 4 or 8 bytes */
	EMUL_IMM_S32,	 /* 4 bytes whatever the operand size (XOP) */
	EMUL_IMM_ENTER,	 /* 16 and 8 bits */
	EMUL_IMM_FAR,	 /* offset of operand size, 16-bit selector */
	EMUL_IMM_MOFFS,	 /* address of address size */
	EMUL_IMM_TWO_U8, /* EXTRQ, INSERTQ */
};

#define EMUL_OPF_MODRM	 BIT(0)
#define EMUL_OPF_BYTE	 BIT(1)	 /* 8-bit operands */
#define EMUL_OPF_PREFIX	 BIT(2)	 /* legacy prefix, and REX in 64-bit mode */
#define EMUL_OPF_GROUP	 BIT(3)	 /* ModRM.reg chooses the row; `op` is the group's number */
#define EMUL_OPF_DEF64	 BIT(4)	 /* operand size is 64 in 64-bit mode, 16 with prefix 66 */
#define EMUL_OPF_FIX64	 BIT(5)	 /* operand size is 64 in 64-bit mode, whatever the prefixes */
#define EMUL_OPF_NO64	 BIT(6)	 /* #UD in 64-bit mode */
#define EMUL_OPF_LOCK	 BIT(7)	 /* LOCK is allowed if the r/m operand is memory */
#define EMUL_OPF_MEM	 BIT(8)	 /* #UD with a register r/m */
#define EMUL_OPF_OPREG	 BIT(9)	 /* register in the opcode's low 3 bits, as EMUL_OPR_RM */
#define EMUL_OPF_NOMOD	 BIT(10) /* ModRM.mod is ignored: always a register (CR, DR moves) */
#define EMUL_OPF_SRC16	 BIT(11) /* 16-bit source whatever the operand size */
#define EMUL_OPF_VEX	 BIT(12) /* has a VEX form with the same operands */
#define EMUL_OPF_SPECIAL BIT(13) /* escape byte or prefix-dependent row, see decode.c */
#define EMUL_OPF_REX	 BIT(14) /* REX in 64-bit mode */

struct emul_opcode {
	u8 op;	/* enum emul_op */
	u8 dst; /* enum emul_operand */
	u8 src; /* enum emul_operand, or enum emul_segment where the operation says so */
	u8 imm; /* enum emul_imm */
	u32 flags;
};

/* Groups chosen by ModRM.reg. */
enum emul_group {
	EMUL_GROUP_ALU_BYTE, /* 80, 82 */
	EMUL_GROUP_ALU_IMMZ, /* 81 */
	EMUL_GROUP_ALU_IMM8, /* 83 */
	EMUL_GROUP_POP,	     /* 8F */
	EMUL_GROUP_SHIFT_BYTE_IMM,
	EMUL_GROUP_SHIFT_IMM,
	EMUL_GROUP_SHIFT_BYTE_ONE,
	EMUL_GROUP_SHIFT_ONE,
	EMUL_GROUP_SHIFT_BYTE_CL,
	EMUL_GROUP_SHIFT_CL,
	EMUL_GROUP_MOV_BYTE_IMM, /* C6 */
	EMUL_GROUP_MOV_IMM,	 /* C7 */
	EMUL_GROUP_UNARY_BYTE,	 /* F6 */
	EMUL_GROUP_UNARY,	 /* F7 */
	EMUL_GROUP_INC_BYTE,	 /* FE */
	EMUL_GROUP_INC_FAR,	 /* FF */
	EMUL_GROUP_LAST_ONE_BYTE = EMUL_GROUP_INC_FAR,
	EMUL_GROUP_LDT,	   /* 0F 00 */
	EMUL_GROUP_BT,	   /* 0F BA */
	EMUL_GROUP_XCHG8B, /* 0F C7 */
	EMUL_NR_GROUPS,
};

extern const struct emul_opcode emul_table_one[256];
extern const struct emul_opcode emul_table_0f[256];
extern const struct emul_opcode emul_groups_one[EMUL_GROUP_LAST_ONE_BYTE + 1][8];
extern const struct emul_opcode emul_groups_0f[EMUL_NR_GROUPS - EMUL_GROUP_LAST_ONE_BYTE - 1][8];

/* Row of a 0F 38 opcode, which depends on the mandatory prefix (EMUL_PFX_*). */
const struct emul_opcode *emul_row_0f38(u8 opcode, u8 prefixes);
/* Row of a 0F 3A opcode. */
const struct emul_opcode *emul_row_0f3a(u8 opcode);
/* Row of a VEX, EVEX or XOP instruction in map (the number in the prefix); NULL: no such. */
const struct emul_opcode *emul_row_vex(enum emul_vex vex, unsigned int map, u8 opcode, u8 prefixes);
/* Row of a 0F opcode whose row is marked EMUL_OPF_SPECIAL. */
const struct emul_opcode *emul_row_0f_special(u8 opcode, u8 prefixes);

#endif /* GLASSVISOR_EMUL_DECODE_H */
