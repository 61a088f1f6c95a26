/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The shape of a live test. Each runs in a child process of its own with a time limit; the first
 * failed check ends it. The runner prints one line a test: "ok NAME", "not ok NAME: why" or
 * "skip NAME: why".
 */
#ifndef LIVE_TEST_H
#define LIVE_TEST_H

#include <stddef.h>
#include <stdint.h>

struct live_test {
	const char *name;
	void (*fn)(void);
	unsigned int seconds; /* time limit; 0 is the usual one */
};

struct live_subject {
	const char *name;
	const struct live_test *tests;
	size_t count;
};

#define LIVE_SUBJECT(subject, table)                                                               \
	const struct live_subject subject_##subject = {#subject, table,                            \
						       sizeof(table) / sizeof((table)[0])}

/* End the test. Both may be called from any thread and do not return. */
void test_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 3, 4)));
void test_skip(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* A remark that goes to standard error under --verbose. */
void test_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#define FAIL(...) test_fail(__FILE__, __LINE__, __VA_ARGS__)
#define SKIP(...) test_skip(__VA_ARGS__)

#define CHECK(cond, ...)                                                                           \
	do {                                                                                       \
		if (!(cond))                                                                       \
			test_fail(__FILE__, __LINE__, __VA_ARGS__);                                \
	} while (0)

#define CHECK_EQ(got, want)                                                                        \
	do {                                                                                       \
		unsigned long long got_ = (unsigned long long)(got);                               \
		unsigned long long want_ = (unsigned long long)(want);                             \
		if (got_ != want_)                                                                 \
			test_fail(__FILE__, __LINE__, "%s is %#llx, wanted %#llx", #got, got_,     \
				  want_);                                                          \
	} while (0)

/* The call must fail with this errno. */
#define CHECK_ERRNO(call, want)                                                                    \
	do {                                                                                       \
		errno = 0;                                                                         \
		long ret_ = (call);                                                                \
		if (ret_ != -1 || errno != (want))                                                 \
			test_fail(__FILE__, __LINE__, "%s: %ld, errno %d, wanted errno %d", #call, \
				  ret_, errno, (want));                                            \
	} while (0)

#define CHECK_OK(call)                                                                             \
	do {                                                                                       \
		errno = 0;                                                                         \
		long ret_ = (call);                                                                \
		if (ret_ < 0)                                                                      \
			test_fail(__FILE__, __LINE__, "%s: %ld, errno %d", #call, ret_, errno);    \
	} while (0)

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
