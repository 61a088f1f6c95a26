/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The emulator against the CPU the test runs on: each instruction is executed
 * natively and emulated with the same registers, flags and memory, and
 * everything defined is compared. 64-bit mode; the memory has the same
 * addresses in both worlds, below 4 GiB so that 32-bit addresses reach it.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "emul/exec.h"

#define REGION_SIZE 0x4000
#define CODE_OFF    0x0	   /* the instruction */
#define DATA_OFF    0x1000 /* operands lie around the middle of the next page */
#define DATA_SIZE   0x2000
#define STACK_OFF   0x3000

struct state {
	u64 gpr[16];
	u64 flags;
};

static u8 *region;
static struct state native_state __attribute__((used));
static u64 host_rsp __attribute__((used));
static u64 host_flags __attribute__((used));
static void *jit_entry __attribute__((used));
static sigjmp_buf fault_jump;
static volatile int native_signal;

/*
 * native_run: loads native_state into the registers, jumps to jit_entry; the code there ends with a
 * jump to native_back, which stores them again. Only MOV touches registers before the store, so
 * flags arrive untouched.
 */
extern void native_run(void);
extern void native_back(void);

asm(".text\n"
    ".globl native_run, native_back\n"
    "native_run:\n"
    "	push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
    "	pushfq; popq host_flags(%rip)\n"
    "	mov %rsp, host_rsp(%rip)\n"
    "	lea native_state(%rip), %rax\n"
    "	pushq 128(%rax); popfq\n"
    "	mov 8(%rax), %rcx; mov 16(%rax), %rdx; mov 24(%rax), %rbx\n"
    "	mov 32(%rax), %rsp; mov 40(%rax), %rbp; mov 48(%rax), %rsi; mov 56(%rax), %rdi\n"
    "	mov 64(%rax), %r8; mov 72(%rax), %r9; mov 80(%rax), %r10; mov 88(%rax), %r11\n"
    "	mov 96(%rax), %r12; mov 104(%rax), %r13; mov 112(%rax), %r14; mov 120(%rax), %r15\n"
    "	mov (%rax), %rax\n"
    "	jmp *jit_entry(%rip)\n"
    "native_back:\n"
    "	mov %rax, native_state(%rip)\n"
    "	mov %rcx, native_state+8(%rip); mov %rdx, native_state+16(%rip)\n"
    "	mov %rbx, native_state+24(%rip); mov %rsp, native_state+32(%rip)\n"
    "	mov %rbp, native_state+40(%rip); mov %rsi, native_state+48(%rip)\n"
    "	mov %rdi, native_state+56(%rip); mov %r8, native_state+64(%rip)\n"
    "	mov %r9, native_state+72(%rip); mov %r10, native_state+80(%rip)\n"
    "	mov %r11, native_state+88(%rip); mov %r12, native_state+96(%rip)\n"
    "	mov %r13, native_state+104(%rip); mov %r14, native_state+112(%rip)\n"
    "	mov %r15, native_state+120(%rip)\n"
    "	mov host_rsp(%rip), %rsp\n"
    "	pushfq; popq native_state+128(%rip)\n"
    "	pushq host_flags(%rip); popfq\n"
    "	pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
    "	ret\n");

static void on_signal(int sig)
{
	native_signal = sig;
	siglongjmp(fault_jump, 1);
}

static int setup(void **state)
{
	(void)state;
	region = mmap(NULL, REGION_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	jit_entry = region + CODE_OFF;
	return region == MAP_FAILED;
}

/* Signals come while RSP is a test value. In the test itself: cmocka sets its own before each. */
static void catch_signals(void)
{
	static const int signals[] = {SIGFPE, SIGSEGV, SIGBUS, SIGILL};
	static u8 alt_stack[65536];
	stack_t ss = {.ss_sp = alt_stack, .ss_size = sizeof(alt_stack)};
	struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK | SA_NODEFER};

	sigaltstack(&ss, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &sa, NULL);
}

/* ---- operations: memory is the process's own, nothing else exists ---- */

static bool in_region(u64 linear, unsigned int len)
{
	return linear >= (u64)region && linear + len <= (u64)region + REGION_SIZE;
}

static enum emul_mem op_read(void *vcpu, u64 linear, void *buf, unsigned int len, u32 acc,
			     gpa_t *ret_gpa)
{
	struct emul_ctx *ctx = vcpu;

	(void)acc;
	(void)ret_gpa;
	if (!in_region(linear, len)) {
		ctx->exception = (struct emul_exception){.vector = 14, .cr2 = linear};
		return EMUL_MEM_FAULT;
	}
	memcpy(buf, (void *)linear, len);
	return EMUL_MEM_OK;
}

static enum emul_mem op_write(void *vcpu, u64 linear, const void *buf, unsigned int len, u32 acc,
			      gpa_t *ret_gpa)
{
	struct emul_ctx *ctx = vcpu;

	(void)acc;
	(void)ret_gpa;
	if (!in_region(linear, len)) {
		ctx->exception = (struct emul_exception){.vector = 14, .cr2 = linear};
		return EMUL_MEM_FAULT;
	}
	memcpy((void *)linear, buf, len);
	return EMUL_MEM_OK;
}

static enum emul_mem op_cmpxchg(void *vcpu, u64 linear, const void *old, const void *new,
				unsigned int len, u32 acc, gpa_t *ret_gpa)
{
	if (!in_region(linear, len))
		return op_write(vcpu, linear, new, len, acc, ret_gpa);
	if (memcmp((void *)linear, old, len))
		return EMUL_MEM_RETRY;
	memcpy((void *)linear, new, len);
	return EMUL_MEM_OK;
}

static enum emul_mem op_probe(void *vcpu, u64 linear, u32 acc)
{
	u8 byte;

	return op_read(vcpu, linear, &byte, 1, acc, NULL);
}

static u64 op_cr_get(void *vcpu, unsigned int cr)
{
	(void)vcpu;
	return cr == 4 ? X86_CR4_OSFXSR | X86_CR4_OSXSAVE : X86_CR0_PE | X86_CR0_PG;
}

static u64 op_xcr0_get(void *vcpu)
{
	(void)vcpu;
	return 7;
}

static u8 vec_regs[16][32];

static void op_simd_get(void *vcpu, enum emul_simd kind, unsigned int reg, void *buf,
			unsigned int len)
{
	(void)vcpu;
	(void)kind;
	memcpy(buf, vec_regs[reg], len);
}

static void op_simd_set(void *vcpu, enum emul_simd kind, unsigned int reg, const void *buf,
			unsigned int len, bool zero_upper)
{
	(void)vcpu;
	(void)kind;
	memcpy(vec_regs[reg], buf, len);
	if (zero_upper && len == 16)
		memset(vec_regs[reg] + 16, 0, 16);
}

static void op_seg_get(void *vcpu, enum emul_segment seg, struct kvm_segment *ret_seg)
{
	(void)vcpu;
	*ret_seg = (struct kvm_segment){.selector = seg == EMUL_SEG_CS ? 0x33 : 0x2b,
					.limit = 0xffffffff,
					.present = 1,
					.s = 1,
					.type = seg == EMUL_SEG_CS ? 11 : 3,
					.dpl = 3,
					.l = seg == EMUL_SEG_CS};
}

static const struct emul_ops ops = {
	.read = op_read,
	.write = op_write,
	.cmpxchg = op_cmpxchg,
	.probe = op_probe,
	.cr_get = op_cr_get,
	.xcr0_get = op_xcr0_get,
	.simd_get = op_simd_get,
	.simd_set = op_simd_set,
	.seg_get = op_seg_get,
};

/* ---- random state and encodings ---- */

static u64 rng_state = 0x853c49e6748fea9b;

static u64 rng(void)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return rng_state * 0x2545f4914f6cdd1d;
}

/* Values that carry, overflow and sign-change more often than plain random ones. */
static u64 interesting(void)
{
	static const u64 edges[] = {0,		1,	    2,		0x7f,	    0x80,
				    0xff,	0x7fff,	    0x8000,	0xffff,	    0x7fffffff,
				    1ULL << 31, 0xffffffff, ~0ULL >> 1, 1ULL << 63, ~0ULL};

	if (rng() % 3 == 0)
		return edges[rng() % ARRAY_SIZE(edges)];
	return rng() >> (rng() % 64);
}

/* What may follow an opcode. */
enum form {
	FORM_PLAIN = 0,
	FORM_RM = 1,	 /* ModRM, register or memory */
	FORM_OPREG = 2,	 /* register in the opcode */
	FORM_STRING = 4, /* RSI, RDI are pointers; RCX a small count */
	FORM_STACK = 8,	 /* RSP points into the stack page, RBP too */
	FORM_BYTE = 16,
	FORM_BITS = 32, /* the register operand is a bit offset: keep it near */
	FORM_MEM = 64,	/* memory only */
	FORM_LOCK = 128,
	FORM_D64 = 256, /* no operand size of 32 bits */
	FORM_DIV = 512, /* dividend mostly small enough */
	FORM_NO66 = 1024,
	FORM_COUNT = 2048, /* double shift: counts above 16 are undefined for 16 bits */
};

struct pattern {
	const char *name;
	u8 prefix; /* mandatory one */
	u8 opcode[3];
	u8 opcode_len;
	int ext; /* ModRM.reg, or -1 for random */
	u8 imm;	 /* bytes; 0xf0: operand size up to 4 */
	u16 form;
	u16 undefined; /* flags not compared */
};

#define AF   X86_EFLAGS_AF
#define OF   X86_EFLAGS_OF
#define SZAP (X86_EFLAGS_SF | X86_EFLAGS_ZF | X86_EFLAGS_AF | X86_EFLAGS_PF)
#define ALL  EMUL_FLAGS_ARITH
#define IMMZ 0xf0

#define ALU_PATTERNS(name, n, undef)                                                               \
	{name " rm8,r8", 0, {(n)*8 + 0}, 1, -1, 0, FORM_RM | FORM_BYTE | FORM_LOCK, undef},        \
		{name " rm,r", 0, {(n)*8 + 1}, 1, -1, 0, FORM_RM | FORM_LOCK, undef},              \
		{name " r8,rm8", 0, {(n)*8 + 2}, 1, -1, 0, FORM_RM | FORM_BYTE, undef},            \
		{name " r,rm", 0, {(n)*8 + 3}, 1, -1, 0, FORM_RM, undef},                          \
		{name " al,i8", 0, {(n)*8 + 4}, 1, -1, 1, FORM_BYTE, undef},                       \
		{name " ax,iz", 0, {(n)*8 + 5}, 1, -1, IMMZ, 0, undef},                            \
		{name " rm8,i8", 0, {0x80}, 1, n, 1, FORM_RM | FORM_BYTE | FORM_LOCK, undef},      \
		{name " rm,iz", 0, {0x81}, 1, n, IMMZ, FORM_RM | FORM_LOCK, undef},                \
	{                                                                                          \
		name " rm,i8", 0, {0x83}, 1, n, 1, FORM_RM | FORM_LOCK, undef                      \
	}

/* OF is defined for single-bit shifts only; the count-1 forms compare it. */
#define SHIFT_PATTERNS(name, n, undef)                                                             \
	{name " rm8,i8", 0, {0xc0}, 1, n, 1, FORM_RM | FORM_BYTE, (undef) | OF},                   \
		{name " rm,i8", 0, {0xc1}, 1, n, 1, FORM_RM, (undef) | OF},                        \
		{name " rm8,1", 0, {0xd0}, 1, n, 0, FORM_RM | FORM_BYTE, undef},                   \
		{name " rm,1", 0, {0xd1}, 1, n, 0, FORM_RM, undef},                                \
		{name " rm8,cl", 0, {0xd2}, 1, n, 0, FORM_RM | FORM_BYTE, (undef) | OF},           \
	{                                                                                          \
		name " rm,cl", 0, {0xd3}, 1, n, 0, FORM_RM, (undef) | OF                           \
	}

static const struct pattern patterns[] = {
	ALU_PATTERNS("add", 0, 0),
	ALU_PATTERNS("or", 1, AF),
	ALU_PATTERNS("adc", 2, 0),
	ALU_PATTERNS("sbb", 3, 0),
	ALU_PATTERNS("and", 4, AF),
	ALU_PATTERNS("sub", 5, 0),
	ALU_PATTERNS("xor", 6, AF),
	{"cmp rm8,r8", 0, {0x38}, 1, -1, 0, FORM_RM | FORM_BYTE, 0},
	{"cmp r,rm", 0, {0x3b}, 1, -1, 0, FORM_RM, 0},
	{"cmp rm,iz", 0, {0x81}, 1, 7, IMMZ, FORM_RM, 0},
	{"cmp rm,i8", 0, {0x83}, 1, 7, 1, FORM_RM, 0},
	{"test rm8,r8", 0, {0x84}, 1, -1, 0, FORM_RM | FORM_BYTE, AF},
	{"test rm,r", 0, {0x85}, 1, -1, 0, FORM_RM, AF},
	{"test al,i8", 0, {0xa8}, 1, -1, 1, FORM_BYTE, AF},
	{"test ax,iz", 0, {0xa9}, 1, -1, IMMZ, 0, AF},
	{"test rm8,i8", 0, {0xf6}, 1, 0, 1, FORM_RM | FORM_BYTE, AF},
	{"test rm,iz", 0, {0xf7}, 1, 1, IMMZ, FORM_RM, AF},
	{"not rm8", 0, {0xf6}, 1, 2, 0, FORM_RM | FORM_BYTE | FORM_LOCK, 0},
	{"not rm", 0, {0xf7}, 1, 2, 0, FORM_RM | FORM_LOCK, 0},
	{"neg rm8", 0, {0xf6}, 1, 3, 0, FORM_RM | FORM_BYTE | FORM_LOCK, 0},
	{"neg rm", 0, {0xf7}, 1, 3, 0, FORM_RM | FORM_LOCK, 0},
	{"mul rm8", 0, {0xf6}, 1, 4, 0, FORM_RM | FORM_BYTE, SZAP},
	{"mul rm", 0, {0xf7}, 1, 4, 0, FORM_RM, SZAP},
	{"imul rm8", 0, {0xf6}, 1, 5, 0, FORM_RM | FORM_BYTE, SZAP},
	{"imul rm", 0, {0xf7}, 1, 5, 0, FORM_RM, SZAP},
	{"div rm8", 0, {0xf6}, 1, 6, 0, FORM_RM | FORM_BYTE | FORM_DIV, ALL},
	{"div rm", 0, {0xf7}, 1, 6, 0, FORM_RM | FORM_DIV, ALL},
	{"idiv rm8", 0, {0xf6}, 1, 7, 0, FORM_RM | FORM_BYTE | FORM_DIV, ALL},
	{"idiv rm", 0, {0xf7}, 1, 7, 0, FORM_RM | FORM_DIV, ALL},
	{"imul r,rm,iz", 0, {0x69}, 1, -1, IMMZ, FORM_RM, SZAP},
	{"imul r,rm,i8", 0, {0x6b}, 1, -1, 1, FORM_RM, SZAP},
	{"imul r,rm", 0, {0x0f, 0xaf}, 2, -1, 0, FORM_RM, SZAP},
	{"inc rm8", 0, {0xfe}, 1, 0, 0, FORM_RM | FORM_BYTE | FORM_LOCK, 0},
	{"dec rm8", 0, {0xfe}, 1, 1, 0, FORM_RM | FORM_BYTE | FORM_LOCK, 0},
	{"inc rm", 0, {0xff}, 1, 0, 0, FORM_RM | FORM_LOCK, 0},
	{"dec rm", 0, {0xff}, 1, 1, 0, FORM_RM | FORM_LOCK, 0},
	SHIFT_PATTERNS("rol", 0, 0),
	SHIFT_PATTERNS("ror", 1, 0),
	SHIFT_PATTERNS("rcl", 2, 0),
	SHIFT_PATTERNS("rcr", 3, 0),
	SHIFT_PATTERNS("shl", 4, AF),
	SHIFT_PATTERNS("shr", 5, AF),
	SHIFT_PATTERNS("sal", 6, AF),
	SHIFT_PATTERNS("sar", 7, AF),
	{"shld i8", 0, {0x0f, 0xa4}, 2, -1, 1, FORM_RM | FORM_COUNT, AF | OF},
	{"shld cl", 0, {0x0f, 0xa5}, 2, -1, 0, FORM_RM | FORM_COUNT, AF | OF},
	{"shrd i8", 0, {0x0f, 0xac}, 2, -1, 1, FORM_RM | FORM_COUNT, AF | OF},
	{"shrd cl", 0, {0x0f, 0xad}, 2, -1, 0, FORM_RM | FORM_COUNT, AF | OF},
	{"bt rm,r", 0, {0x0f, 0xa3}, 2, -1, 0, FORM_RM | FORM_BITS, OF | SZAP},
	{"bts rm,r", 0, {0x0f, 0xab}, 2, -1, 0, FORM_RM | FORM_BITS | FORM_LOCK, OF | SZAP},
	{"btr rm,r", 0, {0x0f, 0xb3}, 2, -1, 0, FORM_RM | FORM_BITS | FORM_LOCK, OF | SZAP},
	{"btc rm,r", 0, {0x0f, 0xbb}, 2, -1, 0, FORM_RM | FORM_BITS | FORM_LOCK, OF | SZAP},
	{"bt rm,i8", 0, {0x0f, 0xba}, 2, 4, 1, FORM_RM, OF | SZAP},
	{"bts rm,i8", 0, {0x0f, 0xba}, 2, 5, 1, FORM_RM | FORM_LOCK, OF | SZAP},
	{"btr rm,i8", 0, {0x0f, 0xba}, 2, 6, 1, FORM_RM | FORM_LOCK, OF | SZAP},
	{"btc rm,i8", 0, {0x0f, 0xba}, 2, 7, 1, FORM_RM | FORM_LOCK, OF | SZAP},
	{"bsf", 0, {0x0f, 0xbc}, 2, -1, 0, FORM_RM, ALL & ~X86_EFLAGS_ZF},
	{"bsr", 0, {0x0f, 0xbd}, 2, -1, 0, FORM_RM, ALL & ~X86_EFLAGS_ZF},
	{"tzcnt", 0xf3, {0x0f, 0xbc}, 2, -1, 0, FORM_RM, ALL & ~(X86_EFLAGS_ZF | X86_EFLAGS_CF)},
	{"lzcnt", 0xf3, {0x0f, 0xbd}, 2, -1, 0, FORM_RM, ALL & ~(X86_EFLAGS_ZF | X86_EFLAGS_CF)},
	{"popcnt", 0xf3, {0x0f, 0xb8}, 2, -1, 0, FORM_RM, 0},
	{"xadd rm8", 0, {0x0f, 0xc0}, 2, -1, 0, FORM_RM | FORM_BYTE | FORM_LOCK, 0},
	{"xadd rm", 0, {0x0f, 0xc1}, 2, -1, 0, FORM_RM | FORM_LOCK, 0},
	{"cmpxchg rm8", 0, {0x0f, 0xb0}, 2, -1, 0, FORM_RM | FORM_BYTE | FORM_LOCK, 0},
	{"cmpxchg rm", 0, {0x0f, 0xb1}, 2, -1, 0, FORM_RM | FORM_LOCK, 0},
	{"cmpxchg8b", 0, {0x0f, 0xc7}, 2, 1, 0, FORM_RM | FORM_MEM | FORM_LOCK, 0},
	{"mov rm8,r8", 0, {0x88}, 1, -1, 0, FORM_RM | FORM_BYTE, 0},
	{"mov rm,r", 0, {0x89}, 1, -1, 0, FORM_RM, 0},
	{"mov r8,rm8", 0, {0x8a}, 1, -1, 0, FORM_RM | FORM_BYTE, 0},
	{"mov r,rm", 0, {0x8b}, 1, -1, 0, FORM_RM, 0},
	{"mov rm8,i8", 0, {0xc6}, 1, 0, 1, FORM_RM | FORM_BYTE, 0},
	{"mov rm,iz", 0, {0xc7}, 1, 0, IMMZ, FORM_RM, 0},
	{"mov r8,i8", 0, {0xb0}, 1, -1, 1, FORM_OPREG | FORM_BYTE, 0},
	{"lea", 0, {0x8d}, 1, -1, 0, FORM_RM | FORM_MEM, 0},
	{"movzx r,rm8", 0, {0x0f, 0xb6}, 2, -1, 0, FORM_RM, 0},
	{"movzx r,rm16", 0, {0x0f, 0xb7}, 2, -1, 0, FORM_RM, 0},
	{"movsx r,rm8", 0, {0x0f, 0xbe}, 2, -1, 0, FORM_RM, 0},
	{"movsx r,rm16", 0, {0x0f, 0xbf}, 2, -1, 0, FORM_RM, 0},
	{"movsxd", 0, {0x63}, 1, -1, 0, FORM_RM, 0},
	{"movbe load", 0, {0x0f, 0x38, 0xf0}, 3, -1, 0, FORM_RM | FORM_MEM, 0},
	{"movbe store", 0, {0x0f, 0x38, 0xf1}, 3, -1, 0, FORM_RM | FORM_MEM, 0},
	{"movnti", 0, {0x0f, 0xc3}, 2, -1, 0, FORM_RM | FORM_MEM | FORM_NO66, 0},
	{"xchg rm8", 0, {0x86}, 1, -1, 0, FORM_RM | FORM_BYTE | FORM_LOCK, 0},
	{"xchg rm", 0, {0x87}, 1, -1, 0, FORM_RM | FORM_LOCK, 0},
	{"xchg ax,r", 0, {0x90}, 1, -1, 0, FORM_OPREG, 0},
	{"cbw", 0, {0x98}, 1, -1, 0, 0, 0},
	{"cwd", 0, {0x99}, 1, -1, 0, 0, 0},
	{"sahf", 0, {0x9e}, 1, -1, 0, 0, 0},
	{"lahf", 0, {0x9f}, 1, -1, 0, 0, 0},
	{"bswap", 0, {0x0f, 0xc8}, 2, -1, 0, FORM_OPREG | FORM_NO66, 0},
	{"clc", 0, {0xf8}, 1, -1, 0, 0, 0},
	{"stc", 0, {0xf9}, 1, -1, 0, 0, 0},
	{"cmc", 0, {0xf5}, 1, -1, 0, 0, 0},
	{"nop rm", 0, {0x0f, 0x1f}, 2, 0, 0, FORM_RM, 0},
	{"movsb", 0, {0xa4}, 1, -1, 0, FORM_STRING | FORM_BYTE, 0},
	{"movs", 0, {0xa5}, 1, -1, 0, FORM_STRING, 0},
	{"cmpsb", 0, {0xa6}, 1, -1, 0, FORM_STRING | FORM_BYTE, 0},
	{"cmps", 0, {0xa7}, 1, -1, 0, FORM_STRING, 0},
	{"stosb", 0, {0xaa}, 1, -1, 0, FORM_STRING | FORM_BYTE, 0},
	{"stos", 0, {0xab}, 1, -1, 0, FORM_STRING, 0},
	{"lodsb", 0, {0xac}, 1, -1, 0, FORM_STRING | FORM_BYTE, 0},
	{"lods", 0, {0xad}, 1, -1, 0, FORM_STRING, 0},
	{"scasb", 0, {0xae}, 1, -1, 0, FORM_STRING | FORM_BYTE, 0},
	{"scas", 0, {0xaf}, 1, -1, 0, FORM_STRING, 0},
	{"push r", 0, {0x50}, 1, -1, 0, FORM_OPREG | FORM_STACK | FORM_D64, 0},
	{"pop r", 0, {0x58}, 1, -1, 0, FORM_OPREG | FORM_STACK | FORM_D64, 0},
	{"push iz", 0, {0x68}, 1, -1, IMMZ, FORM_STACK | FORM_D64, 0},
	{"push i8", 0, {0x6a}, 1, -1, 1, FORM_STACK | FORM_D64, 0},
	{"push rm", 0, {0xff}, 1, 6, 0, FORM_RM | FORM_STACK | FORM_D64, 0},
	{"pop rm", 0, {0x8f}, 1, 0, 0, FORM_RM | FORM_STACK | FORM_D64, 0},
	{"leave", 0, {0xc9}, 1, -1, 0, FORM_STACK | FORM_D64, 0},
};

/* A pattern made into bytes, and the state that goes with it. */
struct trial {
	const struct pattern *pat;
	u8 bytes[16];
	unsigned int len;
	struct state before;
	u8 data[REGION_SIZE];
};

static void put(struct trial *t, u64 val, unsigned int size)
{
	memcpy(t->bytes + t->len, &val, size);
	t->len += size;
}

/* Address the memory operand is to have, away from both ends. */
static u64 pick_address(void)
{
	return (u64)region + DATA_OFF + 0x400 + rng() % (DATA_SIZE - 0x800);
}

/* Emits ModRM, SIB and displacement for one memory form and sets the base to match. */
static void put_memory(struct trial *t, u8 reg, u8 *rex, bool addr32, unsigned int imm_bytes)
{
	u64 want = pick_address();
	u8 base = rng() & 15, index = rng() & 15, scale = rng() & 3, mod;
	u64 *gpr = t->before.gpr;
	u64 disp;

	if (!strcmp(t->pat->name, "cmpxchg8b"))
		want &= ~31ULL;
	/* Neither RSP where FORM_STACK needs it, nor the register that is the bit offset. */
	if ((t->pat->form & FORM_STACK && base == EMUL_RSP) ||
	    (t->pat->form & FORM_BITS && base == (reg | (*rex & EMUL_REX_R) << 1)))
		base = base == EMUL_RBX ? EMUL_RDX : EMUL_RBX;
	switch (rng() % 4) {
	case 0: /* RIP-relative */
		put(t, reg << 3 | 5, 1);
		disp = want - ((u64)region + CODE_OFF + t->len + 4 + imm_bytes);
		put(t, disp, 4);
		return;
	case 1: /* base, displacement of 8 or 32 bits */
	case 2:
		mod = 1 + (rng() & 1);
		disp = mod == 1 ? (u64)(s8)rng() : (u64)(s32)(rng() & 0xffff) - 0x8000;
		*rex |= base >> 3;
		if ((base & 7) == EMUL_RSP) {
			put(t, mod << 6 | reg << 3 | 4, 1);
			put(t, 0x24, 1);
		} else {
			put(t, mod << 6 | reg << 3 | (base & 7), 1);
		}
		put(t, disp, mod == 1 ? 1 : 4);
		gpr[base] = want - disp;
		break;
	default: /* base, index, scale */
		if (index == EMUL_RSP || index == base)
			index = base == EMUL_RSI ? EMUL_RDI : EMUL_RSI;
		if (t->pat->form & FORM_BITS && index == (reg | (*rex & EMUL_REX_R) << 1))
			index = base == EMUL_RSI ? EMUL_RDX : EMUL_RSI;
		disp = (u64)(s8)rng();
		*rex |= base >> 3 | (index >> 3) << 1;
		put(t, 0x44 | reg << 3, 1);
		put(t, scale << 6 | (index & 7) << 3 | (base & 7), 1);
		put(t, disp, 1);
		if (!(t->pat->form & FORM_STACK && index == EMUL_RSP))
			gpr[index] = rng() & 0xfff;
		gpr[base] = want - disp - (gpr[index] << scale);
		break;
	}
	if (addr32)
		gpr[base] = (gpr[base] & 0xffffffff) | rng() << 32;
}

/* Registers special to the form. */
static void shape_state(struct trial *t, unsigned int size)
{
	struct state *s = &t->before;
	u16 form = t->pat->form;

	if (form & FORM_STRING) {
		s->gpr[EMUL_RSI] = pick_address();
		s->gpr[EMUL_RDI] = pick_address();
		s->gpr[EMUL_RCX] = rng() % 20;
		if (rng() & 1)
			s->flags |= X86_EFLAGS_DF;
		if (rng() & 1) { /* runs of equal bytes, so that REPE gets somewhere */
			memset(t->data + DATA_OFF, 0x5a, DATA_SIZE);
			s->gpr[EMUL_RAX] = 0x5a5a5a5a5a5a5a5a;
		}
	}
	if (form & FORM_STACK) {
		s->gpr[EMUL_RSP] = (u64)region + STACK_OFF + 0x800 + rng() % 64;
		s->gpr[EMUL_RBP] = (u64)region + STACK_OFF + 0x800 + rng() % 64;
	}
	if (form & FORM_COUNT)
		s->gpr[EMUL_RCX] &= ~0x10ULL;
	if (form & FORM_DIV && rng() % 4) {
		s->gpr[EMUL_RDX] = rng() & 1 ? 0 : rng() % 16;
		if (size == 1)
			s->gpr[EMUL_RAX] &= 0xfff;
	}
}

static void build(struct trial *t, const struct pattern *pat)
{
	bool mem = false, lock = false, addr32, opsize66;
	u8 rex = 0, reg, rm, imm;
	unsigned int size, at_rex;

	memset(t, 0, sizeof(*t));
	t->pat = pat;
	for (int i = 0; i < 16; i++)
		t->before.gpr[i] = interesting();
	t->before.flags = X86_EFLAGS_FIXED | X86_EFLAGS_IF | (rng() & EMUL_FLAGS_ARITH);
	for (int i = 0; i < REGION_SIZE; i += 8) {
		u64 val = interesting();

		memcpy(t->data + i, &val, 8);
	}
	opsize66 = !(pat->form & (FORM_BYTE | FORM_NO66)) && rng() % 3 == 0;
	if (rng() % 3)
		rex = 0x40 | (rng() & 15);
	rex &= ~(EMUL_REX_X | EMUL_REX_B);
	if (pat->form & FORM_D64)
		rex &= ~EMUL_REX_W;
	reg = pat->ext >= 0 ? (unsigned int)pat->ext : (unsigned int)rng() & 7;
	rm = rng() & 15;
	size = pat->form & FORM_BYTE ? 1 : rex & EMUL_REX_W ? 8 : opsize66 ? 2 : 4;
	shape_state(t, size);
	addr32 = rng() % 6 == 0 && !(pat->form & (FORM_STRING | FORM_STACK));
	imm = pat->imm == IMMZ ? (size == 2 ? 2 : 4) : pat->imm;

	/* Legacy prefixes; REX is known only when the body is. */
	if (opsize66)
		put(t, 0x66, 1);
	if (addr32)
		put(t, 0x67, 1);
	if (pat->prefix)
		put(t, pat->prefix, 1);
	else if (pat->form & FORM_STRING && rng() % 3)
		put(t, rng() & 1 ? 0xf3 : 0xf2, 1);
	if (pat->form & FORM_RM)
		mem = pat->form & FORM_MEM || rng() & 1;
	lock = mem && pat->form & FORM_LOCK && rng() & 1;
	if (lock)
		put(t, 0xf0, 1);
	at_rex = t->len;
	if (rex || mem) /* room kept: with memory there is always a REX */
		put(t, rex, 1);
	memcpy(t->bytes + t->len, pat->opcode, pat->opcode_len);
	t->len += pat->opcode_len;
	if (pat->form & FORM_OPREG) {
		t->bytes[t->len - 1] |= rm & 7;
		if (rex)
			rex |= rm >> 3;
	}
	if (pat->form & FORM_BITS) {
		u8 r = reg | (rex & EMUL_REX_R) << 1;

		if (mem)
			t->before.gpr[r] = (u64)((s64)(rng() % 8192) - 4096);
	}
	if (mem) {
		rex |= 0x40;
		put_memory(t, reg, &rex, addr32, imm);
	} else if (pat->form & FORM_RM) {
		put(t, 0xc0 | reg << 3 | (rm & 7), 1);
		if (rex)
			rex |= rm >> 3;
	}
	if (rex || mem)
		t->bytes[at_rex] = rex;
	put(t, pat->form & FORM_COUNT ? rng() & 15 : rng(), imm);
}

/* ---- running and comparing ---- */

static void run_native(const struct trial *t)
{
	static const u8 jump[] = {0xff, 0x25, 0, 0, 0, 0};
	u64 back = (u64)native_back;
	u8 *code = region + CODE_OFF;

	memcpy(region, t->data, REGION_SIZE);
	memcpy(code, t->bytes, t->len);
	memcpy(code + t->len, jump, sizeof(jump));
	memcpy(code + t->len + sizeof(jump), &back, 8);
	native_state = t->before;
	native_signal = 0;
	if (!sigsetjmp(fault_jump, 1))
		native_run();
}

static enum emul_result run_emulated(const struct trial *t, struct state *after,
				     struct emul_ctx *ctx)
{
	memcpy(region + DATA_OFF, t->data + DATA_OFF, REGION_SIZE - DATA_OFF);
	*after = t->before;
	memset(ctx, 0, sizeof(*ctx));
	emul_begin(ctx);
	ctx->gpr = after->gpr;
	ctx->rip = (u64)region + CODE_OFF;
	ctx->rflags = after->flags;
	ctx->mode = EMUL_MODE_64;
	ctx->cpl = 3;
	ctx->va_bits = 48;
	ctx->pe = ctx->lma = true;
	return emul_step(ctx, &ops, ctx);
}

static void describe(const struct trial *t)
{
	fprintf(stderr, "%s:", t->pat->name);
	for (unsigned int i = 0; i < t->len; i++)
		fprintf(stderr, " %02x", t->bytes[i]);
	fprintf(stderr, "\n");
}

/* False: a difference, printed. */
static bool compare(const struct trial *t)
{
	static u8 native_mem[REGION_SIZE];
	struct state after, native;
	struct emul_ctx ctx;
	enum emul_result res;
	u64 mask = ~(u64)(t->pat->undefined | X86_EFLAGS_RF);
	bool good = true;

	/* A base register may have been RCX after all. */
	if (t->pat->form & FORM_COUNT && t->before.gpr[EMUL_RCX] & 0x10)
		mask &= ~(u64)ALL;
	run_native(t);
	native = native_state;
	memcpy(native_mem, region, REGION_SIZE);
	res = run_emulated(t, &after, &ctx);
	if (native_signal) {
		bool expected = res == EMUL_FAULT &&
				(native_signal == SIGFPE   ? ctx.exception.vector == EMUL_DE
				 : native_signal == SIGILL ? ctx.exception.vector == EMUL_UD_VECTOR
							   : ctx.exception.vector >= EMUL_SS);

		if (!expected || memcmp(&after, &t->before, sizeof(after))) {
			describe(t);
			fprintf(stderr, "  native signal %d, emulated %s vector %u\n",
				native_signal, emul_result_name(res), ctx.exception.vector);
			return false;
		}
		return true;
	}
	if (res != EMUL_DONE || ctx.rip != (u64)region + CODE_OFF + t->len) {
		describe(t);
		fprintf(stderr, "  emulated %s vector %u rip +%lld\n", emul_result_name(res),
			ctx.exception.vector, (long long)(ctx.rip - (u64)region));
		return false;
	}
	for (int i = 0; i < 16; i++) {
		if (after.gpr[i] == native.gpr[i])
			continue;
		if (good)
			describe(t);
		good = false;
		fprintf(stderr, "  gpr %d before %016llx native %016llx ours %016llx\n", i,
			t->before.gpr[i], native.gpr[i], after.gpr[i]);
	}
	if ((ctx.rflags ^ native.flags) & mask) {
		if (good)
			describe(t);
		good = false;
		fprintf(stderr, "  flags before %04llx native %04llx ours %04llx\n",
			t->before.flags, native.flags, ctx.rflags);
	}
	if (memcmp(native_mem + DATA_OFF, region + DATA_OFF, REGION_SIZE - DATA_OFF)) {
		if (good)
			describe(t);
		good = false;
		fprintf(stderr, "  memory differs\n");
	}
	return good;
}

/* Does this CPU have what the pattern needs? Where it has not, F3 BSF is BSF. */
static bool cpu_has(const char *name)
{
	if (!strncmp(name, "movbe", 5))
		return __builtin_cpu_supports("movbe");
	if (!strcmp(name, "tzcnt"))
		return __builtin_cpu_supports("bmi");
	if (!strcmp(name, "lzcnt"))
		return __builtin_cpu_supports("lzcnt");
	if (!strcmp(name, "popcnt"))
		return __builtin_cpu_supports("popcnt");
	return true;
}

static void instructions_do_what_the_cpu_does(void **state)
{
	static struct trial t;
	const char *env = getenv("EMUL_ROUNDS");
	unsigned long rounds = env ? strtoul(env, NULL, 0) : 250, bad = 0, total = 0;

	(void)state;
	catch_signals();
	for (size_t p = 0; p < ARRAY_SIZE(patterns); p++) {
		unsigned int bad_here = 0;

		if (!cpu_has(patterns[p].name)) {
			printf("# %s skipped: this CPU has it not\n", patterns[p].name);
			continue;
		}
		for (unsigned long i = 0; i < rounds && bad_here < 3; i++) {
			build(&t, &patterns[p]);
			total++;
			bad_here += !compare(&t);
		}
		bad += bad_here;
	}
	printf("# %lu trials of %zu instruction forms\n", total, ARRAY_SIZE(patterns));
	assert_int_equal(bad, 0);
}

/* SETcc and CMOVcc with all sixteen conditions. */
static void conditions_are_those_of_the_cpu(void **state)
{
	static struct trial t;
	unsigned long bad = 0;

	(void)state;
	catch_signals();
	for (unsigned int i = 0; i < 4000; i++) {
		struct pattern pat = {"setcc", 0, {0x0f, 0x90}, 2, 0, 0, FORM_RM | FORM_BYTE, 0};

		if (i & 1) {
			pat.name = "cmovcc";
			pat.opcode[1] = 0x40;
			pat.ext = -1;
			pat.form = FORM_RM;
		}
		pat.opcode[1] |= (i >> 1) & 15;
		build(&t, &pat);
		bad += !compare(&t);
	}
	assert_int_equal(bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(instructions_do_what_the_cpu_does),
		cmocka_unit_test(conditions_are_those_of_the_cpu),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
