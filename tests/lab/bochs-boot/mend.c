/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Preloaded into Bochs 2.7: mends three faults of its emulated virtualisation while it runs.
 *
 * Guests that can't be interrupted. Bochs keeps a mask of events that EFLAGS.IF holds back, and
 * brings it up to date when IF changes. A VM entry does so too, but before the CPU counts as being
 * in the guest. So a guest that is entered with IF clear (and leaves it so) is never interrupted:
 * no timer tick of the host, no IPI, for ever, where hardware would exit. Here, each entry changes
 * IF once to and fro as soon as the CPU is in the guest, right before it injects events.
 *
 * A triple fault in an SVM guest. Bochs sees the host's end in it and stops; here it goes the way
 * that other shutdowns go, which is an exit where the hypervisor asked for one. (VMX has its exit.)
 *
 * Exits of an SVM guest in virtual 8086 mode. Bochs is in long mode again before it drops the guest's
 * EFLAGS.VM, takes that for an error of its own and stops; here the flag goes first.
 *
 * Bochs exports its functions to its plug-ins, so they are found by name; the one call of each that
 * matters is turned to a wrapper. Where a name or the call is not found, Bochs stays as it is, with
 * a line on stderr.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define EFLAGS_IF 0x200u
#define EFLAGS_VM 0x20000u
#define CPUS	  64
#define BODY	  4096 /* a function is not longer than this */

/* A method of a CPU, with as many arguments as any of those here takes. */
typedef long (*method)(void *cpu, void *arg);

static uint32_t (*force_flags)(void *cpu);
static void (*set_eflags)(void *cpu, uint32_t flags);
static method vmx_inject, vmx_triple_fault, svm_inject, svm_load_host, shut_down;
static void *in_svm_guest[CPUS];

static void note_svm(void *cpu, void *from, void *to)
{
	for (int i = 0; i < CPUS; i++)
		if (in_svm_guest[i] == cpu || in_svm_guest[i] == from) {
			in_svm_guest[i] = to;
			return;
		}
}

static void renew_mask(void *cpu)
{
	uint32_t flags = force_flags(cpu);

	if (flags & EFLAGS_IF)
		return;
	set_eflags(cpu, flags | EFLAGS_IF);
	set_eflags(cpu, flags);
}

static long on_vmx_inject(void *cpu, void *arg)
{
	renew_mask(cpu);
	return vmx_inject(cpu, arg);
}

static long on_svm_inject(void *cpu, void *arg)
{
	note_svm(cpu, NULL, cpu);
	renew_mask(cpu);
	return svm_inject(cpu, arg);
}

/* The guest's state is saved by now. */
static long on_svm_load_host(void *cpu, void *arg)
{
	uint32_t flags = force_flags(cpu);

	if (flags & EFLAGS_VM)
		set_eflags(cpu, flags & ~EFLAGS_VM);
	note_svm(cpu, cpu, NULL);
	return svm_load_host(cpu, arg);
}

/* Exits of VMX and SVM do not return. */
static long on_triple_fault(void *cpu, void *arg)
{
	vmx_triple_fault(cpu, arg);
	for (int i = 0; i < CPUS; i++)
		if (in_svm_guest[i] == cpu)
			return shut_down(cpu, arg);
	return 0;
}

/* The call (e8, distance) to @target in the function @body, or NULL. */
static uint8_t *find_call(uint8_t *body, method target)
{
	for (uint8_t *p = body; p < body + BODY; p++) {
		int32_t distance;

		memcpy(&distance, p + 1, sizeof(distance));
		if (*p == 0xe8 && p + 5 + distance == (uint8_t *)target)
			return p;
	}
	return NULL;
}

/* A page that a call at @near reaches, for a jump to anywhere. */
static uint8_t *page_near(uint8_t *near)
{
	uintptr_t size = sysconf(_SC_PAGESIZE);
	uintptr_t at = (uintptr_t)near & -size;

	for (uintptr_t away = 1 << 24; away < 1u << 30; away += 1 << 24) {
		void *p = mmap((void *)(at - away), size, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

		if (p != MAP_FAILED)
			return p;
	}
	return NULL;
}

static int turn_call(uint8_t *call, method to)
{
	uint8_t jump[] = {0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xe0}; /* mov rax; jmp rax */
	uintptr_t size = sysconf(_SC_PAGESIZE);
	void *first = (void *)((uintptr_t)call & -size);
	uint8_t *page = page_near(call);
	int32_t distance;

	if (!page)
		return -1;
	memcpy(jump + 2, &to, sizeof(to));
	memcpy(page, jump, sizeof(jump));
	if (mprotect(page, size, PROT_READ | PROT_EXEC) ||
	    mprotect(first, 2 * size, PROT_READ | PROT_WRITE | PROT_EXEC))
		return -1;
	distance = page - (call + 5);
	memcpy(call + 1, &distance, sizeof(distance));
	return mprotect(first, 2 * size, PROT_READ | PROT_EXEC);
}

#define METHOD(name) "_ZN8BX_CPU_C" name

static const struct {
	const char *in, *called;
	method *ret_called, instead;
} turned[] = {
	{METHOD("8VMLAUNCHEP15bxInstruction_c"), METHOD("19VMenterInjectEventsEv"), &vmx_inject,
	 on_vmx_inject},
	{METHOD("5VMRUNEP15bxInstruction_c"), METHOD("15SvmInjectEventsEv"), &svm_inject,
	 on_svm_inject},
	{METHOD("10Svm_VmexitEimm"), METHOD("20SvmExitLoadHostStateEP17bx_SVM_HOST_STATE"),
	 &svm_load_host, on_svm_load_host},
	{METHOD("9exceptionEjt"), METHOD("18VMexit_TripleFaultEv"), &vmx_triple_fault,
	 on_triple_fault},
};

#define TURNED (sizeof(turned) / sizeof(turned[0]))

__attribute__((constructor)) static void mend(void)
{
	uint8_t *calls[TURNED];

	/* Other programs on the way to Bochs (env, unshare) have this preloaded, too. */
	if (!dlsym(RTLD_DEFAULT, METHOD("16handleAsyncEventEv")))
		return;
	force_flags = (uint32_t(*)(void *))dlsym(RTLD_DEFAULT, METHOD("11force_flagsEv"));
	set_eflags = (void (*)(void *, uint32_t))dlsym(RTLD_DEFAULT, METHOD("9setEFlagsEj"));
	shut_down = (method)dlsym(RTLD_DEFAULT, METHOD("8shutdownEv"));
	if (!force_flags || !set_eflags || !shut_down)
		goto unknown;
	for (unsigned int i = 0; i < TURNED; i++) {
		uint8_t *body = dlsym(RTLD_DEFAULT, turned[i].in);

		*turned[i].ret_called = (method)dlsym(RTLD_DEFAULT, turned[i].called);
		calls[i] = body ? find_call(body, *turned[i].ret_called) : NULL;
		if (!calls[i])
			goto unknown;
	}
	for (unsigned int i = 0; i < TURNED; i++)
		if (turn_call(calls[i], turned[i].instead))
			goto unknown;
	return;
unknown:
	fprintf(stderr, "mend: this Bochs can't be mended\n");
}
