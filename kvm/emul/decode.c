/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Instruction decoder: bytes to struct emul_insn, in 16-, 32- and 64-bit code
 * (APM vol. 3, "Instruction Encoding").
 *
 * Invariants: reads only bytes[0 .. min(n, 15) - 1]; the result depends on the
 * bytes and the mode alone. Everything later code indexes with (registers,
 * segments, scale) is masked here.
 *
 * Where vendors differ it goes with AMD: in 64-bit mode the prefix 66 makes a
 * near branch 16 bits wide, and LOCK before a CR move reaches CR8.
 *
 * Left out: whether the CPU model has an instruction; operands of vector
 * instructions other than moves; EVEX beyond the length.
 */
#include "decode.h"

struct cursor {
	const u8 *pos;
	const u8 *end;
};

/* The next `size` bytes, little-endian, are wanted: are they there? */
static __always_inline bool have(const struct cursor *cur, unsigned int size)
{
	return likely((size_t)(cur->end - cur->pos) >= size);
}

static __always_inline u16 take16(struct cursor *cur)
{
	u16 val;

	memcpy(&val, cur->pos, sizeof(val));
	cur->pos += sizeof(val);
	return val;
}

static __always_inline u32 take32(struct cursor *cur)
{
	u32 val;

	memcpy(&val, cur->pos, sizeof(val));
	cur->pos += sizeof(val);
	return val;
}

static __always_inline u64 take64(struct cursor *cur)
{
	u64 val;

	memcpy(&val, cur->pos, sizeof(val));
	cur->pos += sizeof(val);
	return val;
}

/*
 * One legacy prefix. In 64-bit mode the four old segment prefixes have no effect, and do not undo an
 * earlier FS or GS.
 */
static void take_prefix(struct emul_insn *insn, u8 byte, u8 *seg)
{
	switch (byte) {
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
		insn->prefixes |= EMUL_PFX_SEG;
		if (insn->mode != EMUL_MODE_64)
			*seg = (byte >> 3) & 3;
		break;
	case 0x64:
	case 0x65:
		insn->prefixes |= EMUL_PFX_SEG;
		*seg = byte == 0x64 ? EMUL_SEG_FS : EMUL_SEG_GS;
		break;
	case 0x66:
		insn->prefixes |= EMUL_PFX_OPSIZE;
		break;
	case 0x67:
		insn->prefixes |= EMUL_PFX_ADSIZE;
		break;
	case 0xf0:
		insn->prefixes |= EMUL_PFX_LOCK;
		break;
	case 0xf2: /* the last of F2 and F3 counts */
		insn->prefixes = (insn->prefixes & ~EMUL_PFX_REP) | EMUL_PFX_REPNE;
		break;
	default:
		insn->prefixes = (insn->prefixes & ~EMUL_PFX_REPNE) | EMUL_PFX_REP;
		break;
	}
}

/* Prefix 66, F3, F2 as the two bits of VEX.pp. */
static const u8 vex_prefix[4] = {0, EMUL_PFX_OPSIZE, EMUL_PFX_REP, EMUL_PFX_REPNE};

/*
 * The payload of C4, C5, 62 and 8F after the escape byte itself (cur is behind it), the opcode
 * included. REX bits come out uninverted; outside 64-bit mode only eight registers exist.
 */
static enum emul_decode_result take_vex(struct emul_insn *insn, struct cursor *cur, u8 escape)
{
	const struct emul_opcode *row;
	unsigned int map = 1;
	u8 p0, p1;

	if (insn->rex ||
	    (insn->prefixes & (EMUL_PFX_LOCK | EMUL_PFX_REP | EMUL_PFX_REPNE | EMUL_PFX_OPSIZE)))
		return EMUL_DECODE_INVALID;
	if (!have(cur, escape == 0xc5 ? 2 : escape == 0x62 ? 4 : 3))
		return EMUL_DECODE_MORE;
	p0 = *cur->pos++;
	if (escape == 0xc5) {
		insn->vex = EMUL_VEX_VEX;
		insn->rex = (~p0 >> 5) & EMUL_REX_R;
		p1 = p0 & 0x7f; /* no W */
	} else {
		p1 = *cur->pos++;
		insn->rex = (~p0 >> 5) & (EMUL_REX_R | EMUL_REX_X | EMUL_REX_B);
		if (p1 & 0x80)
			insn->rex |= EMUL_REX_W;
		map = p0 & 0x1f;
		insn->vex = escape == 0xc4 ? EMUL_VEX_VEX : EMUL_VEX_XOP;
	}
	insn->vvvv = (~p1 >> 3) & 15;
	insn->vl = (p1 >> 2) & 1;
	insn->prefixes |= vex_prefix[p1 & 3];
	if (escape == 0x62) {
		u8 p2 = *cur->pos++;

		if (!(p1 & 4) || (p0 & 8))
			return EMUL_DECODE_INVALID;
		insn->vex = EMUL_VEX_EVEX;
		insn->vl = (p2 >> 5) & 3;
		map = p0 & 7;
	}
	if (insn->mode != EMUL_MODE_64) {
		insn->rex &= EMUL_REX_W;
		insn->vvvv &= 7;
	}
	insn->opcode = *cur->pos++;
	insn->map = map <= EMUL_MAP_0F3A ? map : EMUL_MAP_OTHER;
	row = emul_row_vex(insn->vex, map, insn->opcode, insn->prefixes);
	if (!row)
		return EMUL_DECODE_INVALID;
	insn->desc = row;
	return EMUL_DECODE_OK;
}

/* Rows of the one-byte map that are escapes or mean two things. cur is behind the opcode. */
static enum emul_decode_result take_special(struct emul_insn *insn, struct cursor *cur)
{
	static const struct emul_opcode arpl = {.op = EMUL_OP_OTHER, .flags = EMUL_OPF_MODRM};
	u8 opcode = insn->opcode;

	if (opcode == 0x63) {
		if (insn->mode != EMUL_MODE_64)
			insn->desc = &arpl;
		return EMUL_DECODE_OK;
	}
	if (!have(cur, 1))
		return EMUL_DECODE_MORE;
	if (opcode == 0x0f) {
		insn->opcode = *cur->pos++;
		insn->map = EMUL_MAP_0F;
		insn->desc = &emul_table_0f[insn->opcode];
		if (likely(!(insn->desc->flags & EMUL_OPF_SPECIAL)))
			return EMUL_DECODE_OK;
		if (insn->opcode == 0x38 || insn->opcode == 0x3a) {
			bool map38 = insn->opcode == 0x38;

			if (!have(cur, 1))
				return EMUL_DECODE_MORE;
			insn->opcode = *cur->pos++;
			insn->map = map38 ? EMUL_MAP_0F38 : EMUL_MAP_0F3A;
			insn->desc = map38 ? emul_row_0f38(insn->opcode, insn->prefixes)
					   : emul_row_0f3a(insn->opcode);
			return EMUL_DECODE_OK;
		}
		insn->desc = emul_row_0f_special(insn->opcode, insn->prefixes);
		return EMUL_DECODE_OK;
	}
	/*
	 * LES, LDS and BOUND want memory: outside 64-bit mode a register form is the vector prefix.
	 * POP r/m has zero in ModRM.reg, where XOP has a map of 8 or more.
	 */
	if (opcode == 0x8f ? (*cur->pos & 0x1f) >= 8
			   : insn->mode == EMUL_MODE_64 || *cur->pos >= 0xc0)
		return take_vex(insn, cur, opcode);
	return EMUL_DECODE_OK;
}

/* Base and index of the eight 16-bit forms (APM vol. 3, "16-bit ModRM addressing"). */
static const struct {
	u8 base, index, seg;
} forms16[8] = {
	{EMUL_RBX, EMUL_RSI, EMUL_SEG_DS},	{EMUL_RBX, EMUL_RDI, EMUL_SEG_DS},
	{EMUL_RBP, EMUL_RSI, EMUL_SEG_SS},	{EMUL_RBP, EMUL_RDI, EMUL_SEG_SS},
	{EMUL_RSI, EMUL_REG_NONE, EMUL_SEG_DS}, {EMUL_RDI, EMUL_REG_NONE, EMUL_SEG_DS},
	{EMUL_RBP, EMUL_REG_NONE, EMUL_SEG_SS}, {EMUL_RBX, EMUL_REG_NONE, EMUL_SEG_DS},
};

/* Memory operand with 16-bit addresses. False: bytes are missing. */
static bool take_mem16(struct emul_insn *insn, struct cursor *cur)
{
	u8 mod = insn->modrm >> 6, rm = insn->modrm & 7;

	insn->base = forms16[rm].base;
	insn->index = forms16[rm].index;
	insn->seg = forms16[rm].seg;
	if (mod == 1) {
		if (!have(cur, 1))
			return false;
		insn->disp = (s8)*cur->pos++;
	} else if (mod == 2 || rm == 6) {
		if (!have(cur, 2))
			return false;
		insn->disp = (s16)take16(cur);
		if (mod == 0) {
			insn->base = EMUL_REG_NONE;
			insn->seg = EMUL_SEG_DS;
		}
	}
	return true;
}

/* Memory operand with 32- and 64-bit addresses. False: bytes are missing. */
static bool take_mem(struct emul_insn *insn, struct cursor *cur)
{
	u8 mod = insn->modrm >> 6, rm = insn->modrm & 7;

	insn->base = rm | (insn->rex & EMUL_REX_B) << 3;
	insn->seg = EMUL_SEG_DS;
	if (rm == EMUL_RSP) {
		u8 sib;

		if (!have(cur, 1))
			return false;
		sib = *cur->pos++;
		insn->scale = sib >> 6;
		insn->index = ((sib >> 3) & 7) | (insn->rex & EMUL_REX_X) << 2;
		if (insn->index == EMUL_RSP)
			insn->index = EMUL_REG_NONE;
		rm = sib & 7;
		insn->base = rm | (insn->rex & EMUL_REX_B) << 3;
		if (mod == 0 && rm == EMUL_RBP) {
			insn->base = EMUL_REG_NONE;
			mod = 2;
		} else if (rm == EMUL_RSP && insn->base == EMUL_RSP) {
			insn->seg = EMUL_SEG_SS;
		}
	} else if (mod == 0 && rm == EMUL_RBP) {
		insn->base = insn->mode == EMUL_MODE_64 ? EMUL_REG_RIP : EMUL_REG_NONE;
		mod = 2;
	}
	if (insn->base == EMUL_RBP)
		insn->seg = EMUL_SEG_SS;
	if (mod == 1) {
		if (!have(cur, 1))
			return false;
		insn->disp = (s8)*cur->pos++;
	} else if (mod == 2) {
		if (!have(cur, 4))
			return false;
		insn->disp = (s32)take32(cur);
	}
	return true;
}

/* ModRM and what follows it; chooses the row of a group. */
static enum emul_decode_result take_modrm(struct emul_insn *insn, struct cursor *cur)
{
	u8 modrm;

	if (!have(cur, 1))
		return EMUL_DECODE_MORE;
	modrm = *cur->pos++;
	insn->modrm = modrm;
	if (insn->desc->flags & EMUL_OPF_GROUP) {
		u8 group = insn->desc->op;

		if (group <= EMUL_GROUP_LAST_ONE_BYTE)
			insn->desc = &emul_groups_one[group][(modrm >> 3) & 7];
		else
			insn->desc = &emul_groups_0f[group - EMUL_GROUP_LAST_ONE_BYTE - 1]
						    [(modrm >> 3) & 7];
	}
	insn->reg = ((modrm >> 3) & 7) | (insn->rex & EMUL_REX_R) << 1;
	if (modrm >= 0xc0 || unlikely(insn->desc->flags & EMUL_OPF_NOMOD)) {
		insn->rm = (modrm & 7) | (insn->rex & EMUL_REX_B) << 3;
		return EMUL_DECODE_OK;
	}
	insn->mem = true;
	if (unlikely(insn->adsize == 2))
		return take_mem16(insn, cur) ? EMUL_DECODE_OK : EMUL_DECODE_MORE;
	return take_mem(insn, cur) ? EMUL_DECODE_OK : EMUL_DECODE_MORE;
}

/* Bytes of an immediate and how it is widened. */
static bool take_imm(struct emul_insn *insn, struct cursor *cur, enum emul_imm kind)
{
	unsigned int size;

	switch (kind) {
	case EMUL_IMM_NONE:
		return true;
	case EMUL_IMM_U8:
	case EMUL_IMM_S8:
		if (!have(cur, 1))
			return false;
		insn->imm = kind == EMUL_IMM_S8 ? (u64)(s8)*cur->pos : *cur->pos;
		cur->pos++;
		return true;
	case EMUL_IMM_U16:
	case EMUL_IMM_TWO_U8:
		if (!have(cur, 2))
			return false;
		insn->imm = take16(cur);
		return true;
	case EMUL_IMM_ENTER:
		if (!have(cur, 3))
			return false;
		insn->imm = take16(cur);
		insn->imm2 = *cur->pos++;
		return true;
	case EMUL_IMM_Z:
	case EMUL_IMM_S32:
		size = kind == EMUL_IMM_Z && insn->opsize == 2 ? 2 : 4;
		break;
	case EMUL_IMM_FAR:
	case EMUL_IMM_V:
		size = insn->opsize;
		break;
	case EMUL_IMM_MOFFS:
		size = insn->adsize;
		break;
	default:
		return false;
	}
	if (!have(cur, size + (kind == EMUL_IMM_FAR ? 2 : 0)))
		return false;
	insn->imm = size == 2	? (u64)(s16)take16(cur)
		    : size == 4 ? (u64)(s32)take32(cur)
				: take64(cur);
	if (kind == EMUL_IMM_FAR)
		insn->imm2 = take16(cur);
	if (kind == EMUL_IMM_MOFFS) {
		insn->disp = (s64)insn->imm;
		insn->mem = true;
		insn->seg = EMUL_SEG_DS;
	}
	return true;
}

/* Operand size from mode, prefixes and row. */
static __always_inline u8 operand_size(const struct emul_insn *insn, u16 flags)
{
	bool opsize = insn->prefixes & EMUL_PFX_OPSIZE;

	if (flags & EMUL_OPF_BYTE)
		return 1;
	if (insn->mode == EMUL_MODE_64) {
		if ((insn->rex & EMUL_REX_W) || (flags & EMUL_OPF_FIX64))
			return 8;
		if (flags & EMUL_OPF_DEF64)
			return opsize ? 2 : 8;
		return opsize ? 2 : 4;
	}
	/* Control and debug register moves are 32 bits wide even in 16-bit code. */
	if (flags & EMUL_OPF_FIX64)
		return 4;
	return (insn->mode == EMUL_MODE_16) != opsize ? 2 : 4;
}

/* Rules that need the whole instruction. */
static enum emul_decode_result check(struct emul_insn *insn, u16 flags)
{
	if (unlikely(insn->desc->op == EMUL_OP_UD)) {
		/* UD0, UD1 and UD2 are instructions, with a length, that raise #UD. */
		return flags & EMUL_OPF_SPECIAL ? EMUL_DECODE_OK : EMUL_DECODE_INVALID;
	}
	if (unlikely(flags & (EMUL_OPF_NO64 | EMUL_OPF_MEM))) {
		if ((flags & EMUL_OPF_NO64) && insn->mode == EMUL_MODE_64)
			return EMUL_DECODE_INVALID;
		if ((flags & EMUL_OPF_MEM) && !insn->mem)
			return EMUL_DECODE_INVALID;
	}
	if (unlikely(insn->prefixes & EMUL_PFX_LOCK)) {
		if (!(flags & EMUL_OPF_LOCK))
			return EMUL_DECODE_INVALID;
		if (flags & EMUL_OPF_NOMOD)
			insn->reg |= 8;
		else if (!insn->mem)
			return EMUL_DECODE_INVALID;
	}
	return EMUL_DECODE_OK;
}

/* Prefixes and opcode; on success insn->desc is the row, not yet that of a group. */
static __always_inline enum emul_decode_result take_opcode(struct emul_insn *insn,
							   struct cursor *cur, u8 *seg)
{
	const struct emul_opcode *row;
	u8 byte;

	for (;;) {
		if (!have(cur, 1))
			return EMUL_DECODE_MORE;
		byte = *cur->pos++;
		row = &emul_table_one[byte];
		if (insn->mode == EMUL_MODE_64 && (byte & 0xf0) == 0x40) {
			insn->rex = byte;
			continue;
		}
		if (likely(!(row->flags & EMUL_OPF_PREFIX)))
			break;
		insn->rex = 0; /* REX counts only right before the opcode */
		take_prefix(insn, byte, seg);
	}
	insn->opcode = byte;
	insn->desc = row;
	insn->map = EMUL_MAP_1B;
	if (row->flags & EMUL_OPF_SPECIAL)
		return take_special(insn, cur);
	return EMUL_DECODE_OK;
}

enum emul_decode_result emul_decode(struct emul_insn *insn, const u8 *bytes, unsigned int n,
				    enum emul_mode mode)
{
	struct cursor cur = {.pos = bytes, .end = bytes + min_t(unsigned int, n, EMUL_INSN_MAX)};
	const struct emul_opcode *row;
	enum emul_decode_result res;
	u8 seg = EMUL_NR_SEGS; /* no override */

	*insn = (struct emul_insn){
		.mode = mode, .base = EMUL_REG_NONE, .index = EMUL_REG_NONE, .seg = EMUL_SEG_DS};
	res = take_opcode(insn, &cur, &seg);
	if (unlikely(res))
		goto out;
	if (insn->prefixes & EMUL_PFX_ADSIZE)
		insn->adsize = mode == EMUL_MODE_32 ? 2 : 4;
	else
		insn->adsize = 2 << mode;
	row = insn->desc;
	if (row->flags & EMUL_OPF_MODRM) {
		res = take_modrm(insn, &cur);
		if (unlikely(res))
			goto out;
		row = insn->desc;
	} else if (row->flags & EMUL_OPF_OPREG) {
		insn->rm = (insn->opcode & 7) | (insn->rex & EMUL_REX_B) << 3;
	}
	insn->opsize = operand_size(insn, row->flags);
	if (row->imm && !take_imm(insn, &cur, row->imm)) {
		res = EMUL_DECODE_MORE;
		goto out;
	}
	if (seg != EMUL_NR_SEGS)
		insn->seg = seg;
	insn->len = cur.pos - bytes;
	return check(insn, row->flags);
out:
	if (res == EMUL_DECODE_MORE && n >= EMUL_INSN_MAX)
		return EMUL_DECODE_TOO_LONG;
	return res;
}

int emul_insn_len_slow(const u8 *bytes, unsigned int n, enum emul_mode mode)
{
	struct emul_insn insn;

	return emul_decode(&insn, bytes, n, mode) == EMUL_DECODE_OK ? insn.len : 0;
}
