/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Instruction decoder: bytes to struct emul_insn, in 16-, 32- and 64-bit code
 * (APM vol. 3, "Instruction Encoding").
 *
 * Invariants: reads only bytes[0 .. min(n, 15) - 1]; the result depends on the
 * bytes and the mode alone. Everything later code indexes with (registers,
 * segments, scale) is masked here.
 *
 * Size: emul_decode() keeps position, prefixes and REX in registers from the
 * first byte to the last; it is on the path of every MMIO exit.
 *
 * Where vendors differ it goes with AMD: in 64-bit mode the prefix 66 makes a
 * near branch 16 bits wide, and LOCK before a CR move reaches CR8.
 *
 * Left out: whether the CPU model has an instruction; operands of vector
 * instructions other than moves; EVEX beyond the length.
 */
#include "decode.h"

/* The parts below give the position behind what they took, or this: bytes are missing. */
#define MORE ((const u8 *)NULL)

static __always_inline bool have(const u8 *pos, const u8 *end, unsigned int size)
{
	return likely((size_t)(end - pos) >= size);
}

static __always_inline u16 get16(const u8 *pos)
{
	u16 val;

	memcpy(&val, pos, sizeof(val));
	return val;
}

static __always_inline u32 get32(const u8 *pos)
{
	u32 val;

	memcpy(&val, pos, sizeof(val));
	return val;
}

static __always_inline u64 get64(const u8 *pos)
{
	u64 val;

	memcpy(&val, pos, sizeof(val));
	return val;
}

/* Segment override not given. */
#define NO_SEG EMUL_NR_SEGS

/* Legacy prefixes seen so far. */
struct prefixes {
	u8 bits; /* EMUL_PFX_* */
	u8 seg;
};

/*
 * One legacy prefix. In 64-bit mode the four old segment prefixes have no effect, and do not
 * undo an earlier FS or GS.
 */
static void take_prefix(struct prefixes *p, u8 byte, enum emul_mode mode)
{
	switch (byte) {
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
		p->bits |= EMUL_PFX_SEG;
		if (mode != EMUL_MODE_64)
			p->seg = (byte >> 3) & 3;
		break;
	case 0x64:
	case 0x65:
		p->bits |= EMUL_PFX_SEG;
		p->seg = byte == 0x64 ? EMUL_SEG_FS : EMUL_SEG_GS;
		break;
	case 0x66:
		p->bits |= EMUL_PFX_OPSIZE;
		break;
	case 0x67:
		p->bits |= EMUL_PFX_ADSIZE;
		break;
	case 0xf0:
		p->bits |= EMUL_PFX_LOCK;
		break;
	case 0xf2: /* the last of F2 and F3 counts */
		p->bits = (p->bits & ~EMUL_PFX_REP) | EMUL_PFX_REPNE;
		break;
	default:
		p->bits = (p->bits & ~EMUL_PFX_REPNE) | EMUL_PFX_REP;
		break;
	}
}

/* Prefix 66, F3, F2 as the two bits of VEX.pp. */
static const u8 vex_prefix[4] = {0, EMUL_PFX_OPSIZE, EMUL_PFX_REP, EMUL_PFX_REPNE};

/*
 * The payload of C4, C5, 62 and 8F, the opcode included; insn->len says how far decoding has
 * come. REX bits come out uninverted; outside 64-bit mode only eight registers exist.
 */
static noinline enum emul_decode_result take_vex(struct emul_insn *insn, const u8 *bytes,
						 const u8 *end)
{
	const u8 *pos = bytes + insn->len;
	u8 escape = insn->opcode, p0, p1;
	unsigned int map = 1;

	if (insn->rex ||
	    (insn->prefixes & (EMUL_PFX_LOCK | EMUL_PFX_REP | EMUL_PFX_REPNE | EMUL_PFX_OPSIZE)))
		return EMUL_DECODE_INVALID;
	if (!have(pos, end, escape == 0xc5 ? 2 : escape == 0x62 ? 4 : 3))
		return EMUL_DECODE_MORE;
	p0 = *pos++;
	if (escape == 0xc5) {
		insn->vex = EMUL_VEX_VEX;
		insn->rex = (~p0 >> 5) & EMUL_REX_R;
		p1 = p0 & 0x7f; /* no W */
	} else {
		p1 = *pos++;
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
		u8 p2 = *pos++;

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
	insn->opcode = *pos++;
	insn->map = map <= EMUL_MAP_0F3A ? map : EMUL_MAP_OTHER;
	insn->desc = emul_row_vex(insn->vex, map, insn->opcode, insn->prefixes);
	insn->len = pos - bytes;
	return insn->desc ? EMUL_DECODE_OK : EMUL_DECODE_INVALID;
}

/* Rows of the one-byte map that are escapes or mean two things; insn->len as in take_vex(). */
static noinline enum emul_decode_result take_special(struct emul_insn *insn, const u8 *bytes,
						     const u8 *end)
{
	static const struct emul_opcode arpl = {.op = EMUL_OP_OTHER, .flags = EMUL_OPF_MODRM};
	const u8 *pos = bytes + insn->len;
	u8 opcode = insn->opcode;

	if (opcode == 0x63) {
		if (insn->mode != EMUL_MODE_64)
			insn->desc = &arpl;
		return EMUL_DECODE_OK;
	}
	if (!have(pos, end, 1))
		return EMUL_DECODE_MORE;
	if (opcode == 0x0f) {
		insn->opcode = *pos++;
		insn->map = EMUL_MAP_0F;
		insn->desc = &emul_table_0f[insn->opcode];
		if (insn->opcode == 0x38 || insn->opcode == 0x3a) {
			bool map38 = insn->opcode == 0x38;

			if (!have(pos, end, 1))
				return EMUL_DECODE_MORE;
			insn->opcode = *pos++;
			insn->map = map38 ? EMUL_MAP_0F38 : EMUL_MAP_0F3A;
			insn->desc = map38 ? emul_row_0f38(insn->opcode, insn->prefixes)
					   : emul_row_0f3a(insn->opcode);
		} else if (insn->desc->flags & EMUL_OPF_SPECIAL) {
			insn->desc = emul_row_0f_special(insn->opcode, insn->prefixes);
		}
		insn->len = pos - bytes;
		return EMUL_DECODE_OK;
	}
	/*
	 * LES, LDS and BOUND want memory: outside 64-bit mode a register form is the vector prefix.
	 * POP r/m has zero in ModRM.reg, where XOP has a map of 8 or more.
	 */
	if (opcode == 0x8f ? (*pos & 0x1f) >= 8 : insn->mode == EMUL_MODE_64 || *pos >= 0xc0)
		return take_vex(insn, bytes, end);
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

/* Memory operand with 16-bit addresses. */
static noinline const u8 *take_mem16(struct emul_insn *insn, const u8 *pos, const u8 *end, u8 modrm)
{
	u8 mod = modrm >> 6, rm = modrm & 7;

	insn->base = forms16[rm].base;
	insn->index = forms16[rm].index;
	insn->seg = forms16[rm].seg;
	if (mod == 1) {
		if (!have(pos, end, 1))
			return MORE;
		insn->disp = (s8)*pos++;
	} else if (mod == 2 || rm == 6) {
		if (!have(pos, end, 2))
			return MORE;
		insn->disp = (s16)get16(pos);
		pos += 2;
		if (mod == 0) {
			insn->base = EMUL_REG_NONE;
			insn->seg = EMUL_SEG_DS;
		}
	}
	return pos;
}

/* Memory operand with 32- and 64-bit addresses. */
static __always_inline const u8 *take_mem(struct emul_insn *insn, const u8 *pos, const u8 *end,
					  u8 modrm, u8 rex, enum emul_mode mode)
{
	u8 mod = modrm >> 6, rm = modrm & 7;
	u8 base = rm | (rex & EMUL_REX_B) << 3;

	if (unlikely(rm == EMUL_RSP)) {
		u8 sib, index;

		if (!have(pos, end, 1))
			return MORE;
		sib = *pos++;
		index = ((sib >> 3) & 7) | (rex & EMUL_REX_X) << 2;
		insn->scale = sib >> 6;
		insn->index = index == EMUL_RSP ? EMUL_REG_NONE : index;
		rm = sib & 7;
		base = rm | (rex & EMUL_REX_B) << 3;
		if (base == EMUL_RSP)
			insn->seg = EMUL_SEG_SS;
		if (mod == 0 && rm == EMUL_RBP) {
			base = EMUL_REG_NONE;
			mod = 2;
		}
	} else if (unlikely(mod == 0 && rm == EMUL_RBP)) {
		base = mode == EMUL_MODE_64 ? EMUL_REG_RIP : EMUL_REG_NONE;
		mod = 2;
	}
	insn->base = base;
	if (base == EMUL_RBP)
		insn->seg = EMUL_SEG_SS;
	if (mod == 1) {
		if (!have(pos, end, 1))
			return MORE;
		insn->disp = (s8)*pos++;
	} else if (mod == 2) {
		if (!have(pos, end, 4))
			return MORE;
		insn->disp = (s32)get32(pos);
		pos += 4;
	}
	return pos;
}

/* Bytes of an immediate and how it is widened. */
static noinline const u8 *take_imm(struct emul_insn *insn, const u8 *pos, const u8 *end,
				   enum emul_imm kind)
{
	unsigned int size;

	switch (kind) {
	case EMUL_IMM_U8:
	case EMUL_IMM_S8:
		if (!have(pos, end, 1))
			return MORE;
		insn->imm = kind == EMUL_IMM_S8 ? (u64)(s8)*pos : *pos;
		return pos + 1;
	case EMUL_IMM_U16:
	case EMUL_IMM_TWO_U8:
		if (!have(pos, end, 2))
			return MORE;
		insn->imm = get16(pos);
		return pos + 2;
	case EMUL_IMM_ENTER:
		if (!have(pos, end, 3))
			return MORE;
		insn->imm = get16(pos);
		insn->imm2 = pos[2];
		return pos + 3;
	case EMUL_IMM_FAR:
	case EMUL_IMM_V:
		size = insn->opsize;
		break;
	case EMUL_IMM_MOFFS:
		size = insn->adsize;
		break;
	default: /* EMUL_IMM_Z, EMUL_IMM_S32 */
		size = kind == EMUL_IMM_Z && insn->opsize == 2 ? 2 : 4;
		break;
	}
	if (!have(pos, end, size + (kind == EMUL_IMM_FAR ? 2 : 0)))
		return MORE;
	insn->imm = size == 2	? (u64)(s16)get16(pos)
		    : size == 4 ? (u64)(s32)get32(pos)
				: get64(pos);
	pos += size;
	if (kind == EMUL_IMM_FAR) {
		insn->imm2 = get16(pos);
		pos += 2;
	} else if (kind == EMUL_IMM_MOFFS) {
		insn->disp = (s64)insn->imm;
		insn->mem = true;
	}
	return pos;
}

/* Operand size by the row's flags; index: mode, prefix 66 (4), REX.W (8). */
static const u8 plain_sizes[16] = {2, 4, 4, 0, 4, 2, 2, 0, 2, 4, 8, 0, 4, 2, 8, 0};
static const u8 def64_sizes[16] = {2, 4, 8, 0, 4, 2, 2, 0, 2, 4, 8, 0, 4, 2, 8, 0};

static __always_inline u8 operand_size(enum emul_mode mode, u8 prefixes, u8 rex, u32 flags)
{
	unsigned int index = mode | (prefixes & EMUL_PFX_OPSIZE) >> 1 | (rex & EMUL_REX_W);

	if (likely(!(flags & (EMUL_OPF_BYTE | EMUL_OPF_DEF64 | EMUL_OPF_FIX64))))
		return plain_sizes[index];
	if (flags & EMUL_OPF_BYTE)
		return 1;
	if (flags & EMUL_OPF_DEF64)
		return def64_sizes[index];
	/* Control and debug register moves: 32 bits even in 16-bit code. */
	return mode == EMUL_MODE_64 ? 8 : 4;
}

/* Rows and prefixes with conditions. */
static noinline enum emul_decode_result check(struct emul_insn *insn, u32 flags)
{
	if (insn->desc->op == EMUL_OP_UD) {
		/* UD0, UD1 and UD2 are instructions, with a length, that raise #UD. */
		return flags & EMUL_OPF_SPECIAL ? EMUL_DECODE_OK : EMUL_DECODE_INVALID;
	}
	if ((flags & EMUL_OPF_NO64) && insn->mode == EMUL_MODE_64)
		return EMUL_DECODE_INVALID;
	if ((flags & EMUL_OPF_MEM) && !insn->mem)
		return EMUL_DECODE_INVALID;
	if (insn->prefixes & EMUL_PFX_LOCK) {
		if (!(flags & EMUL_OPF_LOCK))
			return EMUL_DECODE_INVALID;
		if (flags & EMUL_OPF_NOMOD)
			insn->reg |= 8;
		else if (!insn->mem)
			return EMUL_DECODE_INVALID;
	}
	return EMUL_DECODE_OK;
}

/* Row of a group, chosen by ModRM.reg. */
static __always_inline const struct emul_opcode *group_row(u8 group, u8 modrm)
{
	if (group <= EMUL_GROUP_LAST_ONE_BYTE)
		return &emul_groups_one[group][(modrm >> 3) & 7];
	return &emul_groups_0f[group - EMUL_GROUP_LAST_ONE_BYTE - 1][(modrm >> 3) & 7];
}

/* The bytes have run out. */
static enum emul_decode_result out_of_bytes(unsigned int n)
{
	return n >= EMUL_INSN_MAX ? EMUL_DECODE_TOO_LONG : EMUL_DECODE_MORE;
}

enum emul_decode_result emul_decode(struct emul_insn *insn, const u8 *bytes, unsigned int n,
				    enum emul_mode mode)
{
	const u8 *pos = bytes, *end = bytes + min_t(unsigned int, n, EMUL_INSN_MAX);
	struct prefixes pfx = {.bits = 0, .seg = NO_SEG};
	const struct emul_opcode *row;
	u8 byte, rex = 0, adsize;
	u32 flags;

	*insn = (struct emul_insn){
		.mode = mode, .base = EMUL_REG_NONE, .index = EMUL_REG_NONE, .seg = EMUL_SEG_DS};
	for (;;) {
		if (!have(pos, end, 1))
			return out_of_bytes(n);
		byte = *pos++;
		row = &emul_table_one[byte];
		flags = row->flags;
		if (likely(!(flags & (EMUL_OPF_PREFIX | EMUL_OPF_REX))))
			break;
		if (flags & EMUL_OPF_PREFIX) {
			rex = 0; /* REX counts only right before the opcode */
			take_prefix(&pfx, byte, mode);
		} else if (mode == EMUL_MODE_64) {
			rex = byte;
		} else {
			break;
		}
	}
	insn->opcode = byte;
	insn->rex = rex;
	insn->prefixes = pfx.bits;
	insn->desc = row;
	if (unlikely(flags & EMUL_OPF_SPECIAL)) {
		enum emul_decode_result res;

		insn->len = pos - bytes;
		res = take_special(insn, bytes, end);
		if (res)
			return res == EMUL_DECODE_MORE ? out_of_bytes(n) : res;
		pos = bytes + insn->len;
		row = insn->desc;
		flags = row->flags;
		rex = insn->rex;
		pfx.bits = insn->prefixes;
	}
	adsize = 2 << mode;
	if (unlikely(pfx.bits & EMUL_PFX_ADSIZE))
		adsize = mode == EMUL_MODE_32 ? 2 : 4;
	insn->adsize = adsize;

	if (likely(flags & EMUL_OPF_MODRM)) {
		u8 modrm;

		if (!have(pos, end, 1))
			return out_of_bytes(n);
		modrm = *pos++;
		insn->modrm = modrm;
		if (unlikely(flags & EMUL_OPF_GROUP)) {
			row = group_row(row->op, modrm);
			insn->desc = row;
			flags = row->flags;
		}
		insn->reg = ((modrm >> 3) & 7) | (rex & EMUL_REX_R) << 1;
		if (modrm >= 0xc0 || unlikely(flags & EMUL_OPF_NOMOD)) {
			insn->rm = (modrm & 7) | (rex & EMUL_REX_B) << 3;
		} else {
			insn->mem = true;
			if (unlikely(adsize == 2))
				pos = take_mem16(insn, pos, end, modrm);
			else
				pos = take_mem(insn, pos, end, modrm, rex, mode);
			if (unlikely(!pos))
				return out_of_bytes(n);
		}
	} else if (flags & EMUL_OPF_OPREG) {
		insn->rm = (insn->opcode & 7) | (rex & EMUL_REX_B) << 3;
	}
	insn->opsize = operand_size(mode, pfx.bits, rex, flags);
	if (row->imm) {
		pos = take_imm(insn, pos, end, row->imm);
		if (unlikely(!pos))
			return out_of_bytes(n);
	}
	if (unlikely(pfx.seg != NO_SEG))
		insn->seg = pfx.seg;
	insn->len = pos - bytes;
	if (unlikely((flags & (EMUL_OPF_NO64 | EMUL_OPF_MEM)) || row->op == EMUL_OP_UD ||
		     (pfx.bits & EMUL_PFX_LOCK)))
		return check(insn, flags);
	return EMUL_DECODE_OK;
}

int emul_insn_len_slow(const u8 *bytes, unsigned int n, enum emul_mode mode)
{
	struct emul_insn insn;

	return emul_decode(&insn, bytes, n, mode) == EMUL_DECODE_OK ? insn.len : 0;
}
