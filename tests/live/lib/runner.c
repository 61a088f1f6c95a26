/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The runner: picks tests by glob, runs each in a child process and process group of its own, kills
 * it when its time is up, and prints one line a test and a sum at the end.
 *
 * After each test the kernel log is read; a line that reports a kernel fault fails the test that
 * caused it, whatever its own verdict was.
 *
 * One VM with one vCPU is kept open all the while: the kernel patches its code when the first comes
 * and the last goes, and QEMU's TCG does not always survive that (tests/lab/lab says why).
 *
 * Leaves out: any order between tests, and running them side by side. A test must not rely on
 * another.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "test.h"

#define USUAL_SECONDS 40
#define EXIT_SKIP     77

extern const struct live_subject *const live_subjects[];

static int verdict_fd = -1;
static bool verbose;
static unsigned int time_scale = 1;
static unsigned int tries = 1;

static void verdict(int code, const char *text)
{
	size_t len = strlen(text);

	if (verdict_fd >= 0 && write(verdict_fd, text, len) != (ssize_t)len)
		_exit(3);
	_exit(code);
}

void test_fail(const char *file, int line, const char *fmt, ...)
{
	char text[1800];
	const char *base = strrchr(file, '/');
	int n = snprintf(text, sizeof(text), "%s:%d: ", base ? base + 1 : file, line);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text + n, sizeof(text) - n, fmt, ap);
	va_end(ap);
	verdict(1, text);
	abort();
}

void test_skip(const char *fmt, ...)
{
	char text[1000];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	verdict(EXIT_SKIP, text);
	abort();
}

void test_note(const char *fmt, ...)
{
	va_list ap;

	if (!verbose)
		return;
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* Kernel log lines that mean a fault of the kernel. */
static const char *const bad_lines[] = {
	"BUG:",
	"WARNING:",
	"Oops",
	"general protection fault",
	"UBSAN:",
	"KASAN:",
	"INFO: task",
	"possible circular locking",
	"stack guard",
	"Call Trace:",
	"bad page state",
	"refcount_t:",
	"kmemleak:",
	"soft lockup",
	"rcu_preempt detected",
	"list_add corruption",
	"list_del corruption",
	"sleeping function called",
	"inconsistent lock state",
};

/*
 * Read the new lines of the kernel log. The first that reports a fault goes to @found.
 * @fd may be -1 (no permission): then nothing is ever found.
 */
static bool kmsg_scan(int fd, char *found, size_t size)
{
	char line[8192];
	bool bad = false;
	ssize_t n;

	if (fd < 0)
		return false;
	for (;;) {
		n = read(fd, line, sizeof(line) - 1);
		if (n < 0 && errno == EPIPE)
			continue; /* the ring overtook us: go on with what is left */
		if (n <= 0)
			return bad;
		line[n] = '\0';
		char *text = strchr(line, ';');
		char *end = strchr(line, '\n');

		if (end)
			*end = '\0';
		if (!text || bad)
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(bad_lines); i++)
			if (strstr(text, bad_lines[i])) {
				snprintf(found, size, "kernel log: %s", text + 1);
				bad = true;
				break;
			}
	}
}

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* Wait for the child until @deadline; returns false when it is still there. */
static bool wait_until(pid_t pid, double deadline, int *status)
{
	for (unsigned int us = 500;; us = us < 20000 ? us * 2 : us) {
		pid_t got = waitpid(pid, status, WNOHANG);

		if (got == pid)
			return true;
		if (got < 0 || now_s() > deadline)
			return false;
		usleep(us);
	}
}

enum outcome { PASSED, FAILED, SKIPPED };

static enum outcome run_one(const struct live_test *t, int kmsg, char *why, size_t size)
{
	unsigned int seconds = (t->seconds ? t->seconds : USUAL_SECONDS) * time_scale;
	char kernel[600];
	int pipefd[2], status = 0;
	ssize_t n;

	kmsg_scan(kmsg, kernel, sizeof(kernel));
	if (pipe2(pipefd, O_CLOEXEC)) {
		snprintf(why, size, "pipe: %s", strerror(errno));
		return FAILED;
	}
	fflush(NULL);
	pid_t pid = fork();

	if (pid == 0) {
		setpgid(0, 0);
		close(pipefd[0]);
		verdict_fd = pipefd[1];
		t->fn();
		verdict(0, "");
	}
	setpgid(pid, pid);
	close(pipefd[1]);
	bool ended = wait_until(pid, now_s() + seconds, &status);

	if (!ended)
		kill(-pid, SIGKILL);
	bool dead = ended || wait_until(pid, now_s() + 20, &status);

	kill(-pid, SIGKILL); /* children that the test left behind */
	fcntl(pipefd[0], F_SETFL, O_NONBLOCK);
	n = read(pipefd[0], why, size - 1);
	why[n > 0 ? n : 0] = '\0';
	close(pipefd[0]);
	for (char *c = why; *c; c++)
		if (*c == '\n')
			*c = ' ';

	if (!dead)
		snprintf(why, size, "could not be killed after %u s", seconds);
	else if (!ended)
		snprintf(why, size, "timed out after %u s", seconds);
	else if (WIFSIGNALED(status))
		snprintf(why, size, "killed by signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	if (kmsg_scan(kmsg, kernel, sizeof(kernel))) {
		snprintf(why, size, "%s", kernel);
		return FAILED;
	}
	if (!ended || !WIFEXITED(status))
		return FAILED;
	if (WEXITSTATUS(status) == EXIT_SKIP)
		return SKIPPED;
	return WEXITSTATUS(status) ? FAILED : PASSED;
}

/* --tries; what passes at a later one says in @why how it failed before. */
static enum outcome run_test(const struct live_test *t, int kmsg, char *why, size_t size)
{
	enum outcome got = run_one(t, kmsg, why, size);
	char before[1000] = "";

	for (unsigned int n = 1; n < tries && got == FAILED; n++) {
		snprintf(before, sizeof(before), " (begun anew): %.900s", why);
		got = run_one(t, kmsg, why, size);
	}
	if (got == PASSED)
		snprintf(why, size, "%s", before);
	return got;
}

/* Without a VM no test can work: say so once, and not two hundred times. */
static bool hold_vm(void)
{
	int sys = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int vm = sys >= 0 ? ioctl(sys, KVM_CREATE_VM, 0) : -1;

	if (vm >= 0 && ioctl(vm, KVM_CREATE_VCPU, 0) >= 0)
		return true;
	printf("not ok live.device: no VM can be made with /dev/kvm: %s\n", strerror(errno));
	return false;
}

static void usage(const char *self)
{
	printf("usage: %s [--list] [--match GLOB]... [--verbose] [--no-kmsg] [--no-hold] [--slow N] "
	       "[--tries N]\n"
	       "  --match GLOB  run the tests whose SUBJECT.NAME fits (may be given again)\n"
	       "  --no-hold     keep no VM open between the tests\n"
	       "  --slow N      multiply every time limit\n"
	       "  --tries N     begin what fails anew, until it was tried N times\n",
	       self);
}

static bool wanted(const char *name, char **globs, int count)
{
	for (int i = 0; i < count; i++)
		if (fnmatch(globs[i], name, 0) == 0)
			return true;
	return count == 0;
}

int main(int argc, char **argv)
{
	char *globs[512], name[120], why[2000];
	unsigned int sum[3] = {0};
	bool list = false, hold = true;
	int count = 0;
	int kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--list"))
			list = true;
		else if (!strcmp(argv[i], "--verbose"))
			verbose = true;
		else if (!strcmp(argv[i], "--no-hold"))
			hold = false;
		else if (!strcmp(argv[i], "--no-kmsg")) {
			close(kmsg);
			kmsg = -1;
		} else if (!strcmp(argv[i], "--slow") && i + 1 < argc)
			time_scale = atoi(argv[++i]) > 0 ? atoi(argv[i]) : 1;
		else if (!strcmp(argv[i], "--tries") && i + 1 < argc)
			tries = atoi(argv[++i]);
		else if (!strcmp(argv[i], "--match") && i + 1 < argc && count < 512)
			globs[count++] = argv[++i];
		else {
			usage(argv[0]);
			return !strcmp(argv[i], "--help") ? 0 : 2;
		}
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (hold && !list && !hold_vm())
		return 1;
	for (int s = 0; live_subjects[s]; s++) {
		const struct live_subject *subject = live_subjects[s];

		for (size_t i = 0; i < subject->count; i++) {
			const struct live_test *t = &subject->tests[i];

			snprintf(name, sizeof(name), "%s.%s", subject->name, t->name);
			if (!wanted(name, globs, count))
				continue;
			if (list) {
				puts(name);
				continue;
			}
			double start = now_s();
			enum outcome got = run_test(t, kmsg, why, sizeof(why));

			sum[got]++;
			if (got == PASSED)
				printf("ok %s%s\n", name, why);
			else
				printf("%s %s: %s\n", got == FAILED ? "not ok" : "skip", name, why);
			if (verbose)
				fprintf(stderr, "%s took %.1f s\n", name, now_s() - start);
		}
	}
	if (!list)
		printf("%u passed, %u failed, %u skipped\n", sum[PASSED], sum[FAILED],
		       sum[SKIPPED]);
	return sum[FAILED] ? 1 : 0;
}
