/* SPDX-License-Identifier: GPL-2.0-only */
/* LIBS: -lcapstone */
/*
 * The instruction decoder against an independent one (capstone): lengths on real
 * program and kernel text, on random bytes in the three code sizes, and against
 * single encodings written down by hand.
 */
#include <glob.h>
#include <elf.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <capstone/capstone.h>
#include <cmocka.h>

#include "emul/decode.h"

static const cs_mode cs_modes[] = {CS_MODE_16, CS_MODE_32, CS_MODE_64};
static csh handles[3];

static int open_capstone(void **state)
{
	(void)state;
	for (int mode = 0; mode < 3; mode++)
		if (cs_open(CS_ARCH_X86, cs_modes[mode], &handles[mode]) != CS_ERR_OK)
			return -1;
	return 0;
}

static int close_capstone(void **state)
{
	(void)state;
	for (int mode = 0; mode < 3; mode++)
		cs_close(&handles[mode]);
	return 0;
}

static void print_bytes(const char *what, const u8 *bytes, int mode, int ours, int theirs,
			const char *text)
{
	fprintf(stderr, "%s mode %d ours %d theirs %d:", what, 16 << mode, ours, theirs);
	for (int i = 0; i < EMUL_INSN_MAX; i++)
		fprintf(stderr, " %02x", bytes[i]);
	fprintf(stderr, "  %s\n", text);
}

/*
 * Encodings where capstone is known to differ from the manuals:
 *  - UD0 and UD1 have a ModRM byte (SDM vol. 2, UD); capstone ends them before it.
 *  - 66 or F2 before 0F 78 is EXTRQ or INSERTQ with two immediates; capstone has VMREAD for the
 *    forms these do not allow.
 *  - LOCK before a form that can't be locked is #UD; capstone checks some of these only.
 *  - 66, F2, F3, LOCK or REX before a VEX prefix is #UD (SDM vol. 2, "VEX prefix").
 *  - 66 before a near branch in 64-bit code makes it 16 bits wide on AMD (APM vol. 3, "Near
 *    branches in 64-bit mode"); capstone says so, but not behind a second prefix.
 *  - EVEX scalars with embedded rounding: capstone eats a byte too many.
 *  - 0F A6 and 0F A7 are VIA's alone.
 */
static bool known_difference(const struct emul_insn *insn, enum emul_decode_result res,
			     const cs_insn *ci)
{
	bool map_0f = insn->map == EMUL_MAP_0F && insn->vex == EMUL_VEX_NONE;

	if (map_0f && (insn->opcode == 0xb9 || insn->opcode == 0xff))
		return true;
	if (map_0f && insn->opcode == 0x78 && !strcmp(ci->mnemonic, "vmread"))
		return true;
	if (map_0f && (insn->opcode == 0xa6 || insn->opcode == 0xa7))
		return true;
	if (insn->mode == EMUL_MODE_64 && insn->opsize == 2 &&
	    (insn->desc->op == EMUL_OP_CALL_REL || insn->desc->op == EMUL_OP_JMP_REL ||
	     insn->desc->op == EMUL_OP_JCC))
		return true;
	if (insn->vex == EMUL_VEX_EVEX && insn->modrm >= 0xc0)
		return ci->size == insn->len + 1;
	if (res != EMUL_DECODE_INVALID)
		return false;
	return (insn->prefixes & EMUL_PFX_LOCK) ||
	       ((ci->mnemonic[0] == 'v' || ci->mnemonic[0] == 'k') && insn->vex == EMUL_VEX_NONE &&
		(insn->prefixes & (EMUL_PFX_OPSIZE | EMUL_PFX_REP | EMUL_PFX_REPNE)));
}

/*
 * Linear sweep over one stretch of text. What capstone can't decode is stepped over a byte at a
 * time; there ours may say what it likes.
 */
static void sweep(const u8 *text, size_t size, unsigned long *ret_insns, unsigned long *ret_bad)
{
	cs_insn *ci = cs_malloc(handles[2]);
	const u8 *pos = text;
	size_t left = size;
	uint64_t addr = 0;

	while (left > EMUL_INSN_MAX) {
		enum emul_decode_result res;
		struct emul_insn insn;
		const u8 *start = pos;
		size_t span = left;

		if (!cs_disasm_iter(handles[2], &pos, &left, &addr, ci)) {
			pos = start + 1;
			left = span - 1;
			continue;
		}
		++*ret_insns;
		/* Exact length given: not a byte beyond may be needed. */
		if (emul_insn_len(start, ci->size, EMUL_MODE_64) == ci->size)
			continue;
		res = emul_decode(&insn, start, span, EMUL_MODE_64);
		if (!known_difference(&insn, res, ci) && ++*ret_bad < 20)
			print_bytes("text", start, 2, insn.len, ci->size, ci->mnemonic);
	}
	cs_free(ci, 1);
}

static void sweep_file(const char *path, unsigned long *ret_insns, unsigned long *ret_bad)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	const Elf64_Shdr *sh;
	const u8 *map;
	const Elf64_Ehdr *eh;

	if (fd < 0)
		return;
	if (fstat(fd, &st) || (size_t)st.st_size < sizeof(*eh)) {
		close(fd);
		return;
	}
	map = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	assert_ptr_not_equal(map, MAP_FAILED);
	eh = (const Elf64_Ehdr *)map;
	if (!memcmp(eh->e_ident, ELFMAG, SELFMAG) && eh->e_machine == EM_X86_64) {
		sh = (const Elf64_Shdr *)(map + eh->e_shoff);
		for (int i = 0; i < eh->e_shnum; i++)
			if (sh[i].sh_type == SHT_PROGBITS && (sh[i].sh_flags & SHF_EXECINSTR))
				/* The first 4 MiB of a section say enough. */
				sweep(map + sh[i].sh_offset, min_t(size_t, sh[i].sh_size, 4 << 20),
				      ret_insns, ret_bad);
	}
	munmap((void *)map, st.st_size);
}

static void lengths_agree_on_real_text(void **state)
{
	/* Kernel text as Debian ships it in modules, and the largest libraries at hand. */
	static const char *const patterns[] = {
		"/lib/modules/*/kernel/fs/xfs/xfs.ko",
		"/lib/modules/*/kernel/arch/x86/kvm/kvm.ko",
		"/lib/modules/*/kernel/net/mac80211/mac80211.ko",
		"/lib/modules/*/kernel/arch/x86/crypto/*.ko",
		"/lib/x86_64-linux-gnu/libc.so.6",
		"/lib/x86_64-linux-gnu/libcrypto.so.3",
		"/lib/x86_64-linux-gnu/libm.so.6",
		"build/vmlinux*",
	};
	unsigned long insns = 0, bad = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		glob_t found = {0};

		if (!glob(patterns[i], 0, NULL, &found))
			for (size_t k = 0; k < found.gl_pathc && k < 24; k++)
				sweep_file(found.gl_pathv[k], &insns, &bad);
		globfree(&found);
	}
	printf("# %lu instructions of real text compared\n", insns);
	assert_true(insns > 200000);
	assert_int_equal(bad, 0);
}

static u64 rng_state = 0x9e3779b97f4a7c15;

static u64 rng(void)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return rng_state;
}

static void lengths_agree_on_random_bytes(void **state)
{
	unsigned long compared = 0, bad = 0;
	const char *env = getenv("DECODE_RANDOM");
	unsigned long rounds = env ? strtoul(env, NULL, 0) : 300000;

	(void)state;
	for (unsigned long i = 0; i < rounds; i++) {
		int mode = i % 3;
		u8 bytes[16];
		u64 r[2] = {rng(), rng()};
		const u8 *pos = bytes;
		size_t left = EMUL_INSN_MAX;
		uint64_t addr = 0;
		struct emul_insn insn;
		enum emul_decode_result res;
		cs_insn *ci = cs_malloc(handles[mode]);

		memcpy(bytes, r, sizeof(bytes));
		/* A third in the two-byte map, some behind a prefix. */
		if (rng() % 3 == 0)
			bytes[0] = 0x0f;
		else if (rng() % 8 == 0)
			bytes[0] = 0x66, bytes[1] = 0x0f;
		res = emul_decode(&insn, bytes, EMUL_INSN_MAX, mode);
		if (cs_disasm_iter(handles[mode], &pos, &left, &addr, ci)) {
			compared++;
			if ((res != EMUL_DECODE_OK || insn.len != ci->size) &&
			    !known_difference(&insn, res, ci)) {
				if (++bad < 60)
					print_bytes("random", bytes, mode,
						    res == EMUL_DECODE_OK ? insn.len : -(int)res,
						    ci->size, ci->mnemonic);
			}
		}
		cs_free(ci, 1);
	}
	printf("# %lu random encodings compared\n", compared);
	assert_true(compared > rounds / 3);
	assert_int_equal(bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths_agree_on_real_text),
		cmocka_unit_test(lengths_agree_on_random_bytes),
	};

	return cmocka_run_group_tests(tests, open_capstone, close_capstone);
}
