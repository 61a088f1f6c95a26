/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The environment of the pure files: the one place that knows whether they
 * are compiled into the module, into a unit test or into a fuzz target.
 *
 * Gives fixed-width integers, bool, bit and range helpers, static_assert,
 * READ_ONCE, array_index_nospec and snprintf under their kernel names. Nothing that
 * allocates, locks, prints or sleeps is to be had here.
 */
#ifndef GLASSVISOR_ENV_H
#define GLASSVISOR_ENV_H

#include <linux/types.h>

#ifdef __KERNEL__

#include <asm/barrier.h>
#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/nospec.h>
#include <linux/string.h>

#else /* unit tests and fuzz targets */

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s8 s8;
typedef __s16 s16;
typedef __s32 s32;
typedef __s64 s64;

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define fallthrough __attribute__((__fallthrough__))
#undef __always_inline /* glibc's is another */
#define __always_inline inline __attribute__((__always_inline__))
#define noinline	__attribute__((__noinline__))
#define __packed	__attribute__((__packed__))
#define __aligned(n)	__attribute__((__aligned__(n)))
#define __must_check	__attribute__((__warn_unused_result__))
#define __maybe_unused	__attribute__((__unused__))
#define __printf(f, a)	__attribute__((__format__(printf, f, a)))

#define ARRAY_SIZE(a)	  (sizeof(a) / sizeof((a)[0]))
#define BIT(n)		  (1UL << (n))
#define BIT_ULL(n)	  (1ULL << (n))
#define GENMASK(h, l)	  ((~0UL << (l)) & (~0UL >> (63 - (h))))
#define GENMASK_ULL(h, l) ((~0ULL << (l)) & (~0ULL >> (63 - (h))))
#define BITS_PER_LONG	  64
#define U8_MAX		  ((u8)~0U)
#define U16_MAX		  ((u16)~0U)
#define U32_MAX		  ((u32)~0U)
#define U64_MAX		  ((u64)~0ULL)
#define S64_MAX		  ((s64)(U64_MAX >> 1))

#define min(a, b)                                                                                  \
	({                                                                                         \
		__typeof__(a) min_a = (a);                                                         \
		__typeof__(b) min_b = (b);                                                         \
		min_a < min_b ? min_a : min_b;                                                     \
	})
#define max(a, b)                                                                                  \
	({                                                                                         \
		__typeof__(a) max_a = (a);                                                         \
		__typeof__(b) max_b = (b);                                                         \
		max_a > max_b ? max_a : max_b;                                                     \
	})
#define min_t(t, a, b)	   min((t)(a), (t)(b))
#define max_t(t, a, b)	   max((t)(a), (t)(b))
#define clamp(v, lo, hi)   min(max(v, lo), hi)
#define round_up(x, a)	   ((((x)-1) | ((__typeof__(x))((a)-1))) + 1)
#define round_down(x, a)   ((x) & ~((__typeof__(x))((a)-1)))
#define DIV_ROUND_UP(n, d) (((n) + (d)-1) / (d))
#define swap(a, b)                                                                                 \
	do {                                                                                       \
		__typeof__(a) swap_t = (a);                                                        \
		(a) = (b);                                                                         \
		(b) = swap_t;                                                                      \
	} while (0)

#define READ_ONCE(x)		 (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)	 (*(volatile __typeof__(x) *)&(x) = (v))
#define smp_store_release(p, v)	 __atomic_store_n(p, v, __ATOMIC_RELEASE)
#define smp_load_acquire(p)	 __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define array_index_nospec(i, n) ((i) < (n) ? (i) : 0)

static inline unsigned long __ffs(unsigned long x)
{
	return __builtin_ctzl(x);
}

static inline unsigned long __fls(unsigned long x)
{
	return 63 - __builtin_clzl(x);
}

static inline int fls64(u64 x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}

static inline unsigned int hweight64(u64 x)
{
	return __builtin_popcountll(x);
}

static inline s64 sign_extend64(u64 v, int bit)
{
	return (s64)(v << (63 - bit)) >> (63 - bit);
}

#endif /* __KERNEL__ */

/* Addresses, in the terms of KVM and the manuals. */
typedef u64 gpa_t;	     /* guest physical, bytes */
typedef u64 gfn_t;	     /* guest frame number: gpa >> 12 */
typedef unsigned long gva_t; /* guest virtual, bytes; as linux/kvm_types.h has it */
typedef u64 hpa_t;	     /* host physical, bytes */

#define GPA_INVALID   (~(gpa_t)0)
#define GV_PAGE_SHIFT 12
#define GV_PAGE_SIZE  (1ULL << GV_PAGE_SHIFT)
#define GV_PAGE_MASK  (~(GV_PAGE_SIZE - 1))

#endif /* GLASSVISOR_ENV_H */
