/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The decoder on arbitrary bytes: it must stay within what it was given, agree
 * with itself when given more or fewer bytes, and give only values that the
 * executors may index with.
 */
#include <stdlib.h>

#include "emul/decode.h"

static void require(int cond)
{
	if (!cond)
		abort();
}

static void check_fields(const struct emul_insn *insn, unsigned int n)
{
	require(insn->desc != NULL);
	require(insn->len >= 1 && insn->len <= EMUL_INSN_MAX && insn->len <= n);
	require(insn->reg < 16 && insn->rm < 16 && insn->scale < 4);
	require(insn->seg < EMUL_SEG_TR);
	require(insn->base < 16 || insn->base >= EMUL_REG_RIP);
	require(insn->index < 16 || insn->index == EMUL_REG_NONE);
	require(insn->opsize == 1 || insn->opsize == 2 || insn->opsize == 4 || insn->opsize == 8);
	require(insn->adsize == 2 || insn->adsize == 4 || insn->adsize == 8);
	require(!(insn->desc->flags & EMUL_OPF_GROUP));
	require(insn->desc->op <= EMUL_OP_LAST_SIMD);
	require(insn->mode == EMUL_MODE_64 || insn->adsize != 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct emul_insn insn, again;
	enum emul_decode_result res;
	enum emul_mode mode;
	u8 *exact;

	if (size < 2)
		return 0;
	mode = data[0] % 3;
	data++;
	size--;
	/* A heap copy of just these bytes, so that ASan sees a byte too many. */
	exact = malloc(size);
	require(exact != NULL);
	memcpy(exact, data, size);
	res = emul_decode(&insn, exact, size, mode);
	if (res == EMUL_DECODE_OK) {
		check_fields(&insn, size);
		/* The instruction's own bytes are enough; one fewer are not. */
		require(emul_decode(&again, exact, insn.len, mode) == EMUL_DECODE_OK);
		require(!memcmp(&insn, &again, sizeof(insn)));
		if (insn.len > 1)
			require(emul_decode(&again, exact, insn.len - 1, mode) != EMUL_DECODE_OK);
		require(emul_insn_len(exact, size, mode) == insn.len);
	} else if (res == EMUL_DECODE_MORE) {
		require(size < EMUL_INSN_MAX);
	} else if (res == EMUL_DECODE_TOO_LONG) {
		require(size >= EMUL_INSN_MAX);
	}
	free(exact);
	return 0;
}
