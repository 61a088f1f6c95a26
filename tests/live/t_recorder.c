/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The flight recorder: what is frozen when a guest crashes, storms or is asked for, what it says,
 * how much is kept, and readers while all of it comes and goes. Storms and slow exits as events.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "flight.h"
#include "ring.h"
#include "vmm.h"

#define PER_VM 4 /* frozen recorders kept of one VM */

/* ---- files ---------------------------------------------------------------- */

static void vcpu_path(char *path, size_t size, const struct vcpu *v, const char *file)
{
	snprintf(path, size, NATIVE "/%d-%d/vcpu%u/%s", getpid(), v->vm->fd, v->id, file);
}

static void ask(const struct vcpu *v)
{
	char path[200];

	vcpu_path(path, sizeof(path), v, "freeze");
	CHECK(file_write(path, "1"), "%s: errno %d", path, errno);
}

/* ---- crashes ---------------------------------------------------------------- */

/* Registers and code are those that the vCPU has now. */
static void check_regs(const struct copy *c, struct vcpu *v)
{
	struct kvm_regs r = vcpu_regs(v);
	struct kvm_sregs s = vcpu_sregs(v);
	const u64 gpr[16] = {r.rax, r.rcx, r.rdx, r.rbx, r.rsp, r.rbp, r.rsi, r.rdi,
			     r.r8,  r.r9,  r.r10, r.r11, r.r12, r.r13, r.r14, r.r15};
	const struct record_head *h = &c->head;

	CHECK(!memcmp(h->gpr, gpr, sizeof(gpr)), "general registers differ");
	CHECK_EQ(h->rip, r.rip);
	CHECK_EQ(h->rflags, r.rflags);
	CHECK_EQ(h->cr0, s.cr0);
	CHECK_EQ(h->cr2, s.cr2);
	CHECK_EQ(h->cr3, s.cr3);
	CHECK_EQ(h->cr4, s.cr4);
	CHECK_EQ(h->efer, s.efer);
	CHECK_EQ(h->cs_selector, s.cs.selector);
	CHECK_EQ(h->code_size, s.cs.l ? 64 : s.cs.db ? 32 : 16);
}

static void check_code(const struct copy *c, struct vm *vm)
{
	const struct record_head *h = &c->head;

	CHECK_EQ(h->code_bytes, RECORD_CODE_MAX);
	CHECK_EQ(h->code_before, 16);
	CHECK(!memcmp(h->code, vm->ram + h->cs_base + h->rip - 16, RECORD_CODE_MAX),
	      "the code differs");
}

static void check_last(const struct copy *c, u8 kind, u8 user_reason)
{
	const struct record *r = &c->rec[c->head.n_records - 1];

	CHECK(c->head.n_records, "no record");
	CHECK_EQ(r->kind, kind);
	CHECK_EQ(r->rip, c->head.rip);
	CHECK_EQ(record_outcome(r), OUTCOME_USERSPACE);
	CHECK_EQ(record_user_reason(r), user_reason);
}

static void triple_fault(void)
{
	static struct copy before;
	struct copy *c;
	struct vm vm;
	struct vcpu v;

	need_recorder();
	vm_start(&vm, &v, MODE_LONG, GUEST(exc_triple));
	vm.ram[G_CODE - 16] = 0x90; /* there, however large the host's pages are */
	vcpu_run_to(&v, KVM_EXIT_SHUTDOWN);
	c = frozen("triple_fault");
	CHECK_EQ(c->head.cause, CAUSE_TRIPLE_FAULT);
	CHECK_EQ(c->head.vcpu_id, 0);
	CHECK_EQ(c->head.tid, gettid());
	CHECK(c->head.frozen_ns / 1000000000 - time(NULL) + 10 < 20, "frozen at %llu",
	      (unsigned long long)c->head.frozen_ns);
	check_last(c, KIND_TRIPLE_FAULT, KVM_EXIT_SHUTDOWN);
	CHECK_EQ(c->rec[c->head.n_records - 1].reason, host_is_vmx() ? 2 : 0x7f);
	check_regs(c, &v);
	check_code(c, &vm);
	CHECK(!memcmp(c->head.code + 16, "\x0f\x0b", 2), "no UD2 at RIP"); /* as in exc_triple */
	before = *c;
	vcpu_destroy(&v);
	vm_destroy(&vm);
	CHECK(!memcmp(frozen("triple_fault"), &before, sizeof(before.head)),
	      "it changed with the VM's end");
}

/* The same in 16-bit code, from a segment with a base, near the beginning of the segment. */
static void real_mode_code(void)
{
	static const u8 code[] = {0xba, 0xf8, 0x03, 0xee}; /* MOV DX, 0x3f8; OUT DX, AL */
	struct payload p = {code, code + sizeof(code)};
	struct copy *c;
	struct vm vm;
	struct vcpu v;

	need_recorder();
	vm_start(&vm, &v, MODE_REAL, p);
	struct kvm_sregs s = vcpu_sregs(&v);
	struct kvm_regs r = vcpu_regs(&v);

	s.cs.base = G_CODE;
	s.cs.selector = G_CODE >> 4;
	r.rip = 0;
	vcpu_set_sregs(&v, &s);
	vcpu_set_regs(&v, &r);
	vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x3f8, 1, 1);
	ask(&v);
	c = frozen("request");
	check_regs(c, &v);
	CHECK_EQ(c->head.code_size, 16);
	CHECK_EQ(c->head.cs_base, G_CODE);
	CHECK_EQ(c->head.code_before, 4);
	CHECK_EQ(c->head.code_bytes, RECORD_CODE_MAX);
	CHECK(!memcmp(c->head.code, code, sizeof(code)), "the code differs");
	CHECK_EQ(c->rec[c->head.n_records - 1].cs_mode, 0);
	CHECK_EQ(c->rec[c->head.n_records - 1].key, 0x3f8);
}

static void internal_error(void)
{
	struct copy *c;
	struct vm vm;
	struct vcpu v;

	need_recorder();
	vm_start(&vm, &v, MODE_LONG, GUEST(exc_cold));
	guest_arg(&vm, 0) = G_IDT;
	guest_arg(&vm, 1) = 0x20000000; /* a stack in a hole between slots */
	if (vcpu_run_try(&v) || v.run->exit_reason != KVM_EXIT_INTERNAL_ERROR)
		SKIP("the delivery into a hole ended otherwise");
	c = frozen("internal_error");
	check_last(c, KIND_MMU_FAULT, KVM_EXIT_INTERNAL_ERROR);
	CHECK_EQ(c->rec[c->head.n_records - 1].key & ~0xfffull, 0x1ffff000);
	CHECK(c->rec[c->head.n_records - 1].flags & 2, "not while vectoring");
	check_regs(c, &v);
	check_code(c, &vm);
}

static void emulation(void)
{
	struct copy *c;
	struct vm vm;
	struct vcpu v;

	need_recorder();
	vm_start(&vm, &v, MODE_LONG, GUEST(exc_cold));
	struct kvm_sregs s = vcpu_sregs(&v);

	s.cr3 = 0x20000000; /* no page tables: nothing can be fetched */
	vcpu_set_sregs(&v, &s);
	vcpu_run_to(&v, KVM_EXIT_INTERNAL_ERROR);
	c = frozen("emulation");
	check_last(c, KIND_MMU_FAULT, KVM_EXIT_INTERNAL_ERROR);
	check_regs(c, &v);
	CHECK_EQ(c->head.code_bytes, 0);
	CHECK_EQ(c->head.code_before, 0);
}

static void entry_failed(void)
{
	struct copy *c;
	struct vm vm;
	struct vcpu v;

	need_recorder();
	vm_start(&vm, &v, MODE_LONG, GUEST(cpu_cr3_width));
	if (host_is_vmx())
		vcpu_refused_tr(&v);
	CHECK_EQ(vcpu_run_try(&v), 0);
	if (v.run->exit_reason != KVM_EXIT_FAIL_ENTRY)
		SKIP("this CPU does not let a guest get that far");
	c = frozen("entry_failed");
	check_last(c, KIND_ENTRY_FAILED, KVM_EXIT_FAIL_ENTRY);
	if (host_is_vmx()) {
		CHECK_EQ(c->rec[c->head.n_records - 1].key, 18); /* VMX_RULES: tr */
		CHECK_EQ(c->rec[c->head.n_records - 1].reason, 0x80000021);
	}
	check_regs(c, &v);
}

/* Code at the end of memory, and on a page whose neighbour is not there. */
static void code_at_the_edge(void)
{
	static const u8 outb[] = {0xe6, 0x10, 0xeb, 0xfc}; /* OUT 0x10, AL; JMP back */
	static const unsigned int at[] = {0, 3, 0xffc};
	struct copy *c;

	need_recorder();
	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		struct vm vm;
		struct vcpu v;
		u8 *page = mem_alloc(PAGE);

		vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
		vm_slot(&vm, 1, 0, MIB(32), PAGE, page);
		memcpy(page + at[i], outb, sizeof(outb));
		struct kvm_regs r = vcpu_regs(&v);

		r.rip = MIB(32) + at[i];
		vcpu_set_regs(&v, &r);
		vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 1, 1);
		ask(&v);
		c = frozen("request");
		CHECK_EQ(c->head.rip, r.rip + 2);
		CHECK_EQ(c->head.code_before, at[i] + 2 < 16 ? at[i] + 2 : 16);
		CHECK_EQ(c->head.code_bytes, at[i] == 0xffc ? 18 : RECORD_CODE_MAX);
		CHECK(!memcmp(c->head.code + c->head.code_before, outb + 2, 2), "the code differs");
		vcpu_destroy(&v);
		vm_destroy(&vm);
	}
}

/* ---- text -------------------------------------------------------------------- */

/* Text and binary of one frozen recorder say the same. */
static void text_agrees(void)
{
	static char text[1 << 20];
	char path[100], want[100], *save = NULL, *line;
	const struct copy *c;
	struct vm vm;
	struct vcpu v;
	u32 n = 0;

	need_recorder();
	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	for (int i = 0; i < 200; i++)
		vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 4, 1);
	ask(&v);
	c = frozen("request");
	snprintf(path, sizeof(path), RECORDER "/%u", c->head.id);
	CHECK(slurp(path, text, sizeof(text)) > 0, "%s", path);
	snprintf(want, sizeof(want), "# vm %u vcpu 0 pid %d tid %d\n", c->head.vm_id, getpid(),
		 gettid());
	CHECK(strstr(text, want), "no line %s", want);
	CHECK(strstr(text, "\n# cause request: "), "no cause");
	snprintf(want, sizeof(want), "\n# rip 0x%016llx ", (unsigned long long)c->head.rip);
	CHECK(strstr(text, want), "no line %s", want);
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char kind[40], reason[40], key[40], user[40];
		unsigned long long rip, number;
		const struct record *r = &c->rec[n];

		if (line[0] == '#')
			continue;
		CHECK(n++ < c->head.n_records, "too many lines");
		CHECK(sscanf(line, "%*f %39s %39s %llx", kind, reason, &rip) == 3, "%s", line);
		CHECK_EQ(rip, r->rip);
		if (r->kind != KIND_IO)
			continue;
		CHECK(sscanf(line, "%*f %*s %*s %*x 0 64 %39s %llx %*x %*x %*u %*u %39s", key,
			     &number, user) == 3,
		      "%s", line);
		CHECK(!strcmp(key, "port") && number == 0x10 && !strcmp(user, "userspace:io"), "%s",
		      line);
	}
	CHECK_EQ(n, c->head.n_records);
	CHECK(n >= 200, "%u records", n);
}

/* ---- by request ---------------------------------------------------------------- */

static volatile bool stop;

static void *run_on(void *arg)
{
	struct vcpu *v = arg;

	while (!stop)
		if (vcpu_run_try(v) && errno != EINTR)
			FAIL("KVM_RUN: errno %d", errno);
	return NULL;
}

static void nothing(int sig)
{
	(void)sig;
}

static pthread_t start_thread(struct vcpu *v)
{
	struct sigaction sa = {.sa_handler = nothing};
	pthread_t t;

	stop = false;
	sigaction(SIGUSR1, &sa, NULL);
	CHECK(!pthread_create(&t, NULL, run_on, v), "thread");
	return t;
}

static void stop_thread(pthread_t t)
{
	stop = true;
	while (pthread_tryjoin_np(t, NULL)) {
		pthread_kill(t, SIGUSR1);
		usleep(1000);
	}
}

static void check_stream(const struct copy *c, unsigned int size)
{
	u32 io = host_is_vmx() ? 30 : 0x7b;

	CHECK(c->head.total < size || c->head.n_records > size / 2, "%u of %llu", c->head.n_records,
	      (unsigned long long)c->head.total);
	for (u32 i = 0; i < c->head.n_records; i++) {
		const struct record *r = &c->rec[i];

		CHECK(r->rip >= G_CODE && r->rip < G_CODE + 16, "record %u: RIP %#llx", i,
		      (unsigned long long)r->rip);
		if (r->kind == KIND_IO)
			CHECK(r->reason == io && r->key == 0x10 && r->flags == 1,
			      "record %u: reason %#x key %#llx flags %#x", i, r->reason,
			      (unsigned long long)r->key, r->flags);
	}
}

/* The vCPU runs on while its ring is copied, by itself for freezing and by us for reading. */
static void while_it_runs(void)
{
	unsigned int size = param("recorder_size");
	char path[200];
	struct copy *c;
	struct vm vm;
	struct vcpu v;
	u64 total = 0;
	u32 id = 0;

	need_recorder();
	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	pthread_t t = start_thread(&v);

	usleep(200000);
	vcpu_path(path, sizeof(path), &v, "recorder_raw");
	for (int i = 0; i < 200; i++) {
		c = read_raw(path);
		CHECK_EQ(c->head.id, 0);
		CHECK_EQ(c->head.code_size, 0);
		CHECK(c->head.total >= total, "total %llu after %llu",
		      (unsigned long long)c->head.total, (unsigned long long)total);
		total = c->head.total;
		check_stream(c, size);
	}
	for (int i = 0; i < 20; i++) {
		ask(&v);
		c = frozen("request");
		CHECK(c->head.id > id, "id %u after %u", c->head.id, id);
		id = c->head.id;
		CHECK_EQ(c->head.cause, CAUSE_REQUEST);
		check_stream(c, size);
	}
	CHECK(count_mine("request") <= PER_VM, "%u kept of one VM", count_mine("request"));
	stop_thread(t);
	CHECK(c->head.total > size, "only %llu exits", (unsigned long long)c->head.total);
}

/* A guest without exits is made to leave, and its registers are there. */
static void of_a_spinning_guest(void)
{
	struct copy *c;
	struct vm vm;
	struct vcpu v;

	need_recorder();
	vm_start(&vm, &v, MODE_LONG, GUEST(spin));
	vm.ram[G_CODE - 16] = 0x90; /* there, however large the host's pages are */
	pthread_t t = start_thread(&v);

	usleep(100000);
	ask(&v);
	c = frozen("request");
	CHECK_EQ(c->head.code_size, 64);
	CHECK(c->head.rip >= G_CODE && c->head.rip < G_CODE + 16, "RIP %#llx",
	      (unsigned long long)c->head.rip);
	check_code(c, &vm);
	stop_thread(t);
}

/* Nothing is kept: whoever asks is told. */
static void asked_for_nothing(void)
{
	unsigned int keep = param("recorder_keep");
	char path[200];
	struct vm vm;
	struct vcpu v;
	pthread_t t;

	need_recorder();
	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	vcpu_path(path, sizeof(path), &v, "freeze");
	param_set("recorder_keep", 0);
	bool idle = file_write(path, "1");
	int idle_errno = errno;

	t = start_thread(&v);
	usleep(50000);
	bool running = file_write(path, "1");
	int running_errno = errno;

	stop_thread(t);
	param_set("recorder_keep", keep);
	CHECK(!idle && idle_errno == ENOSPC, "outside of KVM_RUN: errno %d", idle_errno);
	CHECK(!running && running_errno == ENOSPC, "in it: errno %d", running_errno);
	ask(&v);
}

/* ---- how much is kept ------------------------------------------------------------ */

static void crash(struct vcpu *v)
{
	vcpu_mode(v, MODE_LONG, G_CODE);
	vcpu_run_to(v, KVM_EXIT_SHUTDOWN);
}

static void one_vm_in_a_loop(void)
{
	struct vm vm;
	struct vcpu v;
	u32 first;

	need_recorder();
	forget_all();
	vm_start(&vm, &v, MODE_LONG, GUEST(exc_triple));
	crash(&v);
	first = newest("triple_fault")->id;
	for (int i = 0; i < 50; i++) {
		crash(&v);
		ask(&v);
	}
	CHECK(count_mine("triple_fault") + count_mine("request") == PER_VM, "%u and %u are kept",
	      count_mine("triple_fault"), count_mine("request"));
	CHECK_EQ(rows[0].id, first); /* the first crash */
	CHECK(newest("request")->id > first + 50, "ids %u to %u", first, newest("request")->id);
}

static void many_vms(void)
{
	unsigned int keep = param("recorder_keep"), vms = param("recorder_keep_vms");
	char path[200];

	need_recorder();
	forget_all();
	for (int i = 0; i < 50; i++) {
		struct vm vm;
		struct vcpu v;

		vm_start(&vm, &v, MODE_LONG, GUEST(exc_triple));
		crash(&v);
		vcpu_destroy(&v);
		vm_destroy(&vm);
	}
	CHECK_EQ(count_mine("triple_fault"), keep);
	CHECK_EQ(count_mine("vm_gone"), 0); /* a few exits are no reason to keep a VM's end */
	param_set("recorder_keep", 3);
	for (int i = 0; i < 20; i++) {
		struct vm vm;
		struct vcpu v;

		vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
		for (int j = 0; j < 30; j++)
			vcpu_run_to(&v, KVM_EXIT_IO);
		/* crashes are worth more: it is not kept, and we are told */
		vcpu_path(path, sizeof(path), &v, "freeze");
		CHECK_ERRNO(file_write(path, "1") ? 0 : -1, ENOSPC);
		vcpu_destroy(&v);
		vm_destroy(&vm);
	}
	param_set("recorder_keep", keep);
	CHECK_EQ(count_mine("vm_gone"), vms);
	CHECK_EQ(count_mine("triple_fault") + count_mine("request"), 3);
	struct copy *c = frozen("vm_gone");

	CHECK(c->head.n_records >= 30, "%u records", c->head.n_records);
	CHECK_EQ(c->head.cause, CAUSE_VM_GONE);
	CHECK_EQ(c->head.code_size, 0);
}

static void vm_gone_with_many_vcpus(void)
{
	struct vcpu v[5];
	struct vm vm;

	need_recorder();
	forget_all();
	vm_start(&vm, &v[0], MODE_LONG, GUEST(pio_loop));
	for (unsigned int i = 1; i < ARRAY_SIZE(v); i++) {
		vcpu_create(&vm, &v[i], i);
		vcpu_cpuid(&v[i]);
		vcpu_mode(&v[i], MODE_LONG, G_CODE);
	}
	for (unsigned int i = 0; i < 4; i++) /* the fifth never runs */
		for (unsigned int j = 0; j < 10 + i; j++)
			vcpu_run_to(&v[i], KVM_EXIT_IO);
	for (unsigned int i = 0; i < ARRAY_SIZE(v); i++)
		vcpu_destroy(&v[i]);
	vm_destroy(&vm);
	CHECK_EQ(index_read(), 4);
	for (unsigned int i = 0; i < 4; i++) {
		CHECK_EQ(rows[i].vcpu, i);
		CHECK(!strcmp(rows[i].cause, "vm_gone"), "%s", rows[i].cause);
		CHECK(rows[i].records >= 10 + i, "%u records", rows[i].records);
	}
}

/* Whoever has a file open reads on; nobody else finds it. */
static void clear_while_open(void)
{
	static struct copy c;
	static char text[1 << 20];
	char path[100];
	struct vm vm;
	struct vcpu v;

	need_recorder();
	vm_start(&vm, &v, MODE_LONG, GUEST(exc_triple));
	crash(&v);
	u32 id = newest("triple_fault")->id;

	snprintf(path, sizeof(path), RECORDER "/%u.raw", id);
	int raw = open(path, O_RDONLY);

	snprintf(path, sizeof(path), RECORDER "/%u", id);
	int txt = open(path, O_RDONLY);

	CHECK(raw >= 0 && txt >= 0, "open: errno %d", errno);
	forget_all();
	CHECK_EQ(index_read(), 0);
	CHECK(open(path, O_RDONLY) < 0 && errno == ENOENT, "%s is still there", path);
	check_copy(&c, read_all(raw, &c, sizeof(c)));
	CHECK_EQ(c.head.id, id);
	CHECK(read_all(txt, text, sizeof(text)) > 500, "short text");
	close(raw);
	close(txt);
	crash(&v);
	CHECK(newest("triple_fault")->id > id, "ids go down");
}

/* ---- events ----------------------------------------------------------------------- */

static struct ev_record records[60000];

static unsigned int events(const char *event, struct ev_format *f, struct ev_record *first)
{
	unsigned int n = ring_read(records, ARRAY_SIZE(records)), found = 0;

	CHECK(ev_format_read("glassvisor", event, f), "no event %s", event);
	for (unsigned int i = 0; i < n; i++)
		if (records[i].id == f->id && !found++)
			*first = records[i];
	return found;
}

static void freeze_event(void)
{
	struct ev_format f;
	struct ev_record e;
	struct vm vm;
	struct vcpu v;

	need_recorder();
	vm_start(&vm, &v, MODE_LONG, GUEST(exc_triple));
	ring_open();
	ring_enable("glassvisor", "gv_recorder_freeze", true);
	crash(&v);
	ring_enable("glassvisor", "gv_recorder_freeze", false);
	CHECK_EQ(events("gv_recorder_freeze", &f, &e), 1);
	ring_close();
	const struct copy *c = frozen("triple_fault");

	CHECK_EQ(ev_get(&f, &e, "id"), c->head.id);
	CHECK_EQ(ev_get(&f, &e, "records"), c->head.n_records);
	CHECK_EQ(ev_get(&f, &e, "cause"), CAUSE_TRIPLE_FAULT);
	CHECK_EQ(ev_get(&f, &e, "vm_id"), c->head.vm_id);
	CHECK_EQ(ev_get(&f, &e, "vcpu_id"), 0);
}

static u64 storms(const struct vm *vm)
{
	char path[200], buf[40];

	snprintf(path, sizeof(path), "/sys/kernel/debug/kvm/%d-%d/exit_storms", getpid(), vm->fd);
	CHECK(file_read(path, buf, sizeof(buf)), "%s", path);
	return strtoull(buf, NULL, 10);
}

static void run_some(struct vcpu *v, unsigned int n)
{
	while (n--)
		vcpu_run_to(v, KVM_EXIT_IO);
}

static void storm(void)
{
	u64 count, ns, n;
	struct ev_format f;
	struct ev_record e;
	struct vm vm;
	struct vcpu v;

	need_recorder();
	count = param("storm_count");
	ns = param("storm_ns");
	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	run_some(&v, 2500);
	CHECK_EQ(storms(&vm), 0);
	ring_open();
	ring_enable("glassvisor", "gv_storm", true);
	param_set("storm_ns", 300000000000ull);
	param_set("storm_count", 0);
	run_some(&v, 100);
	CHECK_EQ(storms(&vm), 0);
	param_set("storm_count", 500);
	run_some(&v, 3000);
	param_set("storm_ns", 1); /* that many can't come so fast */
	n = storms(&vm);
	run_some(&v, 1500);
	CHECK(storms(&vm) <= n + 1, "%llu storms", (unsigned long long)storms(&vm));
	param_set("storm_count", count);
	param_set("storm_ns", ns);
	ring_enable("glassvisor", "gv_storm", false);
	CHECK(n >= 3 && n <= 6, "%llu storms", (unsigned long long)n);
	CHECK_EQ(events("gv_storm", &f, &e), 1); /* of the first only */
	ring_close();
	CHECK_EQ(ev_get(&f, &e, "kind"), KIND_IO);
	CHECK_EQ(ev_get(&f, &e, "key"), 0x10);
	CHECK(ev_get(&f, &e, "count") > 500 && ev_get(&f, &e, "count") <= 533, "count %lld",
	      (long long)ev_get(&f, &e, "count"));
	CHECK(ev_get(&f, &e, "during_ns") > 0, "during_ns");
	CHECK_EQ(count_mine("storm"), 1);
	struct copy *c = frozen("storm");

	check_stream(c, 1024);
	CHECK_EQ(c->rec[c->head.n_records - 1].kind, KIND_IO);
}

static void slow_exit(void)
{
	struct ev_format f;
	struct ev_record e;
	struct vm vm;
	struct vcpu v;
	u64 ns;

	need_recorder();
	ns = param("slow_exit_ns");
	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	ring_open();
	ring_enable("glassvisor", "gv_slow_exit", true);
	param_set("slow_exit_ns", 3600000000000ull);
	run_some(&v, 50);
	CHECK_EQ(events("gv_slow_exit", &f, &e), 0);
	param_set("slow_exit_ns", 1);
	run_some(&v, 50);
	param_set("slow_exit_ns", ns);
	ring_enable("glassvisor", "gv_slow_exit", false);
	CHECK(events("gv_slow_exit", &f, &e) >= 50, "too few");
	ring_close();
	CHECK(ev_get(&f, &e, "handle_ns") > 1, "handle_ns");
}

/* ---- all at once -------------------------------------------------------------------- */

static time_t the_end;

static void *read_all_files(void *arg)
{
	static __thread char buf[100000];
	unsigned int turn = 0, done = 0;
	char path[100];

	(void)arg;
	while (time(NULL) < the_end) {
		ssize_t n = slurp(RECORDER "/index", buf, sizeof(buf));
		char *save = NULL, *line;

		CHECK(n > 0, "no index");
		for (line = strtok_r(buf, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
			static __thread char text[200000];

			snprintf(path, sizeof(path), RECORDER "/%u%s", atoi(line),
				 turn++ % 2 ? ".raw" : "");
			n = slurp(path, text, sizeof(text));
			CHECK(n < 0 || n > 300, "%s: %zd bytes", path, n);
			done += n > 0;
		}
	}
	CHECK(done, "nothing was ever there to be read");
	return NULL;
}

static void *clear_often(void *arg)
{
	(void)arg;
	while (time(NULL) < the_end) {
		usleep(20000);
		forget_all();
	}
	return NULL;
}

static void *freeze_often(void *arg)
{
	const struct vcpu *v = arg;
	char path[200];

	while (time(NULL) < the_end) {
		vcpu_path(path, sizeof(path), v, "freeze");
		file_write(path, "1");
		vcpu_path(path, sizeof(path), v, "recorder");
		static __thread char text[300000];

		slurp(path, text, sizeof(text));
	}
	return NULL;
}

static void *make_vms(void *arg)
{
	(void)arg;
	while (time(NULL) < the_end) {
		struct vm vm;
		struct vcpu v;

		vm_start(&vm, &v, MODE_LONG, GUEST(exc_triple));
		for (int i = 0; i < 20; i++)
			crash(&v);
		vcpu_destroy(&v);
		vm_destroy(&vm);
	}
	return NULL;
}

static void race(void)
{
	pthread_t t[6], runner;
	struct vm vm;
	struct vcpu v;

	need_recorder();
	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	runner = start_thread(&v);
	the_end = time(NULL) + 4;
	CHECK(!pthread_create(&t[0], NULL, read_all_files, NULL), "thread");
	CHECK(!pthread_create(&t[1], NULL, read_all_files, NULL), "thread");
	CHECK(!pthread_create(&t[2], NULL, clear_often, NULL), "thread");
	CHECK(!pthread_create(&t[3], NULL, freeze_often, &v), "thread");
	CHECK(!pthread_create(&t[4], NULL, freeze_often, &v), "thread");
	CHECK(!pthread_create(&t[5], NULL, make_vms, NULL), "thread");
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		pthread_join(t[i], NULL);
	stop_thread(runner);
	ask(&v);
	check_stream(frozen("request"), 1024);
}

static const struct live_test tests[] = {
	{"triple_fault", triple_fault},
	{"real_mode_code", real_mode_code},
	{"internal_error", internal_error},
	{"emulation", emulation},
	{"entry_failed", entry_failed},
	{"code_at_the_edge", code_at_the_edge},
	{"text_agrees", text_agrees},
	{"while_it_runs", while_it_runs},
	{"asked_for_nothing", asked_for_nothing},
	{"of_a_spinning_guest", of_a_spinning_guest},
	{"one_vm_in_a_loop", one_vm_in_a_loop},
	{"many_vms", many_vms},
	{"vm_gone_with_many_vcpus", vm_gone_with_many_vcpus},
	{"clear_while_open", clear_while_open},
	{"freeze_event", freeze_event},
	{"storm", storm},
	{"slow_exit", slow_exit},
	{"race", race},
};

LIVE_SUBJECT(recorder, tests);
