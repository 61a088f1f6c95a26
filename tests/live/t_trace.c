/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is seen from outside: the record layout of the kvm tracepoints as existing tools read it,
 * what a guest that causes one of each leaves in them, and the counters in debugfs.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ring.h"
#include "snap.h"
#include "vmm.h"

/* ---- layouts ---- */

/* Field by field in order: name and size, '-' before the size for a signed one. */
static const struct {
	const char *event, *fields;
} layouts[] = {
	{"kvm_entry", "vcpu_id 4 rip 8"},
	{"kvm_exit",
	 "exit_reason 4 guest_rip 8 isa 4 info1 8 info2 8 intr_info 4 error_code 4 vcpu_id 4"},
	{"kvm_mmio", "type 4 len 4 gpa 8 val 8"},
	{"kvm_pio", "rw 4 port 4 size 4 count 4 val 4"},
	{"kvm_msr", "write 4 ecx 4 data 8 exception 1"},
	{"kvm_cr", "rw 4 cr 4 val 8"},
	{"kvm_cpuid", "function 4 index 4 rax 8 rbx 8 rcx 8 rdx 8 found 1"},
	{"kvm_userspace_exit", "reason 4 errno -4"},
	{"kvm_page_fault", "vcpu_id 4 guest_rip 8 fault_address 8 error_code 8"},
	{"kvm_inj_virq", "vector 4 soft 1 reinjected 1"},
	{"kvm_inj_exception", "exception 1 has_error 1 error_code 4 reinjected 1"},
	{"kvm_emulate_insn", "rip 8 csbase 4 len 1 insn 15 flags 1 failed 1"},
	{"kvm_hypercall", "nr 8 a0 8 a1 8 a2 8 a3 8"},
	{"kvm_fpu", "load 4"},
};

static void check_layout(const char *event, const char *fields)
{
	struct ev_format f;
	char copy[300], *save = NULL, *name;
	unsigned int i = 0;

	CHECK(ev_format_read("kvm", event, &f), "no event kvm:%s", event);
	snprintf(copy, sizeof(copy), "%s", fields);
	for (name = strtok_r(copy, " ", &save); name; name = strtok_r(NULL, " ", &save), i++) {
		int size = atoi(strtok_r(NULL, " ", &save));
		const struct ev_field *fl = &f.field[i];

		CHECK(i < f.count, "%s ends before %s", event, name);
		CHECK(!strcmp(fl->name, name), "%s: field %u is %s, wanted %s", event, i, fl->name,
		      name);
		CHECK(fl->size == (unsigned int)abs(size), "%s.%s has %u bytes, wanted %d", event,
		      name, fl->size, abs(size));
		CHECK(fl->is_signed == (size < 0), "%s.%s is %ssigned", event, name,
		      fl->is_signed ? "" : "un");
		if (fl->size <= 8)
			CHECK(fl->offset % fl->size == 0, "%s.%s is at offset %u", event, name,
			      fl->offset);
	}
}

static void formats(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++)
		check_layout(layouts[i].event, layouts[i].fields);
}

/* Every event of the system can be parsed by tools: an id, fields, and a print format. */
static void all_events(void)
{
	static const char *const systems[] = {"kvm", "glassvisor"};

	for (int s = 0; s < 2; s++) {
		char path[400], buf[64];

		snprintf(path, sizeof(path), "/sys/kernel/tracing/events/%s", systems[s]);
		DIR *d = opendir(path);
		struct dirent *e;

		if (!d && s)
			continue; /* another hypervisor's */
		CHECK(d, "%s: errno %d", path, errno);
		while ((e = readdir(d))) {
			struct ev_format f;

			if (e->d_name[0] == '.' || e->d_type != DT_DIR)
				continue;
			snprintf(path, sizeof(path), "/sys/kernel/tracing/events/%s/%s/id",
				 systems[s], e->d_name);
			CHECK(file_read(path, buf, sizeof(buf)) && atoi(buf) > 0, "%s", path);
			CHECK(ev_format_read(systems[s], e->d_name, &f), "%s:%s has no format",
			      systems[s], e->d_name);
		}
		closedir(d);
	}
}

/* ---- a guest that causes one of each ---- */

static struct ev_record records[60000];
static unsigned int count;
static int vcpu_pid;

/* The first record of the event from our thread for which @field has @value, or NULL. */
static const struct ev_record *look(struct ev_format *f, const char *event, const char *field,
				    int64_t value)
{
	CHECK(ev_format_read("kvm", event, f), "no event kvm:%s", event);
	for (unsigned int i = 0; i < count; i++)
		if (records[i].id == f->id && records[i].pid == vcpu_pid &&
		    (!field || ev_get(f, &records[i], field) == value))
			return &records[i];
	return NULL;
}

static const struct ev_record *find(struct ev_format *f, const char *event, const char *field,
				    int64_t value)
{
	const struct ev_record *r = look(f, event, field, value);

	if (r)
		return r;
	FAIL("no %s with %s = %#llx among %u records", event, field ? field : "anything",
	     (unsigned long long)value, count);
}

static void record_guest(struct vm *vm, struct vcpu *v)
{
	vm_start(vm, v, MODE_LONG, GUEST(cpu_trace));
	vcpu_pid = getpid();
	ring_open();
	ring_enable("kvm", NULL, true);
	vcpu_run_pio(v, KVM_EXIT_IO_OUT, 0x321, 4, 1);
	*(uint16_t *)vcpu_run_pio(v, KVM_EXIT_IO_IN, 0x66, 2, 1) = 0x7788;
	vcpu_run_mmio(v, true, 0x10000040, 4);
	vcpu_run_mmio(v, false, 0x10000080, 4);
	mmio_reply(v, 0x55667788);
	vcpu_run_report(v);
	vcpu_interrupt(v, 0x66);
	vcpu_run_done(v);
	ring_enable("kvm", NULL, false);
	count = ring_read(records, ARRAY_SIZE(records));
	ring_close();
	CHECK(count > 20, "%u records", count);
}

static void check_io(void)
{
	struct ev_format f;
	const struct ev_record *r = find(&f, "kvm_pio", "port", 0x321);

	CHECK_EQ(ev_get(&f, r, "rw"), 1);
	CHECK_EQ(ev_get(&f, r, "size"), 4);
	CHECK_EQ(ev_get(&f, r, "count"), 1);
	CHECK_EQ(ev_get(&f, r, "val"), 0x12345678);
	r = find(&f, "kvm_pio", "port", 0x66);
	CHECK_EQ(ev_get(&f, r, "rw"), 0);
	CHECK_EQ(ev_get(&f, r, "size"), 2);
	CHECK_EQ(ev_get(&f, r, "val"), 0x7788);
	r = find(&f, "kvm_mmio", "gpa", 0x10000040);
	CHECK_EQ(ev_get(&f, r, "type"), 2);
	CHECK_EQ(ev_get(&f, r, "len"), 4);
	CHECK_EQ(ev_get(&f, r, "val"), 0xabcd1234);
	find(&f, "kvm_mmio", "gpa", 0x10000080);
	r = find(&f, "kvm_mmio", "val", 0x55667788);
	CHECK_EQ(ev_get(&f, r, "type"), 1);
	CHECK_EQ(ev_get(&f, r, "gpa"), 0x10000080);
}

static void check_instructions(void)
{
	struct ev_format f;
	const struct ev_record *r = find(&f, "kvm_cpuid", "function", 0x80000008);

	CHECK_EQ(ev_get(&f, r, "index"), 0);
	CHECK_EQ(ev_get(&f, r, "found"), 1);
	r = find(&f, "kvm_msr", "ecx", MSR_EFER);
	CHECK_EQ(ev_get(&f, r, "write"), 0);
	CHECK_EQ(ev_get(&f, r, "data"), 0x500);
	CHECK_EQ(ev_get(&f, r, "exception"), 0);
	r = find(&f, "kvm_msr", "write", 1);
	CHECK_EQ(ev_get(&f, r, "ecx"), MSR_EFER);
	r = find(&f, "kvm_msr", "ecx", 0xdead0000);
	CHECK_EQ(ev_get(&f, r, "exception"), 1);
	r = find(&f, "kvm_inj_exception", "exception", 13);
	CHECK_EQ(ev_get(&f, r, "has_error"), 1);
	CHECK_EQ(ev_get(&f, r, "error_code"), 0);
	r = look(&f, "kvm_cr", "val", CR4_PAE | CR4_OSFXSR | CR4_OSXMM);
	/* Stock KVM has no such record where it emulates the instruction (no decode assists). */
	CHECK(r || host_is_stock(), "no kvm_cr for CR4");
	if (r) {
		CHECK_EQ(ev_get(&f, r, "rw"), 1);
		CHECK_EQ(ev_get(&f, r, "cr"), 4);
	}
	r = find(&f, "kvm_hypercall", "nr", 0x1234);
	r = find(&f, "kvm_inj_virq", "vector", 0x66);
	CHECK_EQ(ev_get(&f, r, "soft"), 0);
	r = find(&f, "kvm_emulate_insn", "failed", 0);
	CHECK_EQ(ev_get(&f, r, "csbase"), 0);
	uint64_t rip = ev_get(&f, r, "rip");

	CHECK(rip >= G_CODE && rip < G_CODE + 0x1000, "rip %#llx", (unsigned long long)rip);
	CHECK_EQ(ev_get(&f, r, "flags"), 9); /* CR0.PE and CS.L */
	r = find(&f, "kvm_page_fault", "fault_address", 0x700000);
	/* As the hardware says it: the guest's own access and not one to its page tables */
	CHECK(host_is_vmx() ? ev_get(&f, r, "error_code") & 0x100
			    : ev_get(&f, r, "error_code") >> 32 == 1,
	      "error_code %#llx", (unsigned long long)ev_get(&f, r, "error_code"));
	find(&f, "kvm_userspace_exit", "reason", KVM_EXIT_IO);
	find(&f, "kvm_userspace_exit", "reason", KVM_EXIT_MMIO);
	find(&f, "kvm_fpu", "load", 1);
	find(&f, "kvm_fpu", "load", 0);
}

/* The hardware's numbers, and each exit between two entries of the same thread. */
static void check_order(uint32_t vcpu_id)
{
	struct ev_format entry, ex;
	/* Ports, nested faults, CPUID, RDMSR, and VMMCALL, which is #UD on a CPU with VMX. */
	static const unsigned int svm_reasons[] = {0x7b, 0x400, 0x72, 0x7c, 0x81};
	static const unsigned int vmx_reasons[] = {30, 48, 10, 31, 0};
	const unsigned int *reasons = host_is_vmx() ? vmx_reasons : svm_reasons;
	bool inside = false;
	unsigned int entries = 0, exits = 0;

	CHECK(ev_format_read("kvm", "kvm_entry", &entry) && ev_format_read("kvm", "kvm_exit", &ex),
	      "events");
	for (unsigned int i = 0; i < count; i++) {
		if (records[i].pid != vcpu_pid)
			continue;
		if (records[i].id == entry.id) {
			CHECK(!inside, "two entries without an exit");
			inside = true;
			entries++;
			CHECK_EQ(ev_get(&entry, &records[i], "vcpu_id"), vcpu_id);
		} else if (records[i].id == ex.id) {
			CHECK(inside, "an exit without an entry");
			inside = false;
			exits++;
			CHECK_EQ(ev_get(&ex, &records[i], "isa"), host_is_vmx() ? 1 : 2);
			CHECK_EQ(ev_get(&ex, &records[i], "vcpu_id"), vcpu_id);
		}
	}
	CHECK(entries == exits && exits > 8, "%u entries, %u exits", entries, exits);
	for (size_t i = 0; i < ARRAY_SIZE(svm_reasons); i++)
		find(&ex, "kvm_exit", "exit_reason", reasons[i]);
	const struct ev_record *r = find(&ex, "kvm_exit", "exit_reason", reasons[0]);

	CHECK_EQ((uint64_t)ev_get(&ex, r, "info1") >> 16, 0x321);
}

static void records_of_guest(void)
{
	struct vm vm;
	struct vcpu v;
	cpu_set_t set;

	/* One CPU, so that the records are in order. */
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	CHECK_OK(sched_setaffinity(0, sizeof(set), &set));
	record_guest(&vm, &v);
	check_io();
	check_instructions();
	check_order(0);
}

/* Passes are numbered, whatever asked for them; one that could not be handed out was none. */
static void dirty_passes(void)
{
	uint64_t log[RAM_SIZE / PAGE / 64];
	struct kvm_dirty_log bad = {.slot = 0, .dirty_bitmap = (void *)8};
	static const unsigned int modes[] = {4, 0, 0}; /* enable, get, get */
	struct ev_format f;
	unsigned int n = 0;
	struct vm vm;
	struct vcpu v;

	if (!ev_format_read("glassvisor", "gv_dirty_pass", &f))
		SKIP("no such event");
	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 4, 1);
	ring_open();
	ring_enable("glassvisor", "gv_dirty_pass", true);
	vm_slot(&vm, 0, KVM_MEM_LOG_DIRTY_PAGES, 0, RAM_SIZE, vm.ram);
	vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 4, 1);
	vm_dirty_log(&vm, 0, log);
	guest_load(&vm, G_CODE, GUEST(cpu_trace));
	CHECK_ERRNO(ioctl(vm.fd, KVM_GET_DIRTY_LOG, &bad), EFAULT);
	vm_dirty_log(&vm, 0, log);
	ring_enable("glassvisor", "gv_dirty_pass", false);
	count = ring_read(records, ARRAY_SIZE(records));
	for (unsigned int i = 0; i < count; i++) {
		if (records[i].id != f.id)
			continue;
		CHECK(n < ARRAY_SIZE(modes), "more than %u passes", n);
		CHECK_EQ(ev_get(&f, &records[i], "mode"), modes[n]);
		CHECK_EQ(ev_get(&f, &records[i], "pass"), ++n);
		CHECK_EQ(ev_get(&f, &records[i], "flushes"),
			 ev_get(&f, &records[i], "protected") > 0);
	}
	ring_close();
	CHECK_EQ(n, ARRAY_SIZE(modes));
}

/* Off means nothing is recorded. */
static void nothing_when_off(void)
{
	struct vm vm;
	struct vcpu v;

	ring_open();
	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	for (int i = 0; i < 50; i++)
		vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 4, 1);
	count = ring_read(records, ARRAY_SIZE(records));
	ring_close();
	CHECK_EQ(count, 0);
}

/* The TSC is moved, and the guest's clock page written. */
static void clock_records(void)
{
	const uint64_t page = 0x40000, mhz_1000 = 1ull << 40;
	const struct ev_record *r;
	struct ev_format f;
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(cpu_pvclock));
	guest_arg(&vm, 0) = page;
	vcpu_pid = getpid();
	ring_open();
	ring_enable("kvm", NULL, true);
	vcpu_set_msr(&v, 0x10, mhz_1000);
	vcpu_set_msr(&v, 0x4b564d01, page | 1);
	vcpu_run_report(&v);
	ring_enable("kvm", NULL, false);
	count = ring_read(records, ARRAY_SIZE(records));
	ring_close();
	r = find(&f, "kvm_write_tsc_offset", "vcpu_id", 0);
	CHECK(ev_get(&f, r, "next_tsc_offset") - ev_get(&f, r, "previous_tsc_offset") >
		      (int64_t)(mhz_1000 / 2),
	      "the offset moved by %#llx",
	      (long long)(ev_get(&f, r, "next_tsc_offset") - ev_get(&f, r, "previous_tsc_offset")));
	r = find(&f, "kvm_track_tsc", "vcpu_id", 0);
	CHECK_EQ(ev_get(&f, r, "online_vcpus"), 1);
	find(&f, "kvm_update_master_clock", NULL, 0);
	r = find(&f, "kvm_pvclock_update", "vcpu_id", 0);
	CHECK_EQ(ev_get(&f, r, "version"), *(uint32_t *)(vm.ram + page));
	CHECK_EQ(ev_get(&f, r, "tsc_to_system_mul"), *(uint32_t *)(vm.ram + page + 24));
	CHECK_EQ(ev_get(&f, r, "system_time"), *(int64_t *)(vm.ram + page + 16));
}

/* An interrupt from its line to its end, and the EOI without an exit. */
static void irqchip_records(void)
{
	struct kvm_irq_level line = {.irq = 5, .level = 1};
	struct kvm_msi msi = {.address_lo = 0xfee00000, .data = 0x51};
	struct kvm_irqchip chip = {.chip_id = KVM_IRQCHIP_IOAPIC};
	struct kvm_lapic_state l;
	const struct ev_record *r;
	struct ev_format f;
	struct vm vm;
	struct vcpu v;

	vm_create_ram(&vm, RAM_SIZE);
	CHECK_OK(ioctl(vm.fd, KVM_CREATE_IRQCHIP, 0));
	vcpu_create(&vm, &v, 0);
	vcpu_cpuid(&v);
	CHECK_OK(ioctl(v.fd, KVM_GET_LAPIC, &l));
	l.regs[0xf1] |= 1; /* enabled by software */
	CHECK_OK(ioctl(v.fd, KVM_SET_LAPIC, &l));
	CHECK_OK(ioctl(vm.fd, KVM_GET_IRQCHIP, &chip));
	chip.chip.ioapic.redirtbl[5].bits = 0x62;
	CHECK_OK(ioctl(vm.fd, KVM_SET_IRQCHIP, &chip));
	chip = (struct kvm_irqchip){.chip_id = KVM_IRQCHIP_PIC_MASTER};
	CHECK_OK(ioctl(vm.fd, KVM_GET_IRQCHIP, &chip));
	chip.chip.pic.imr = 0xff; /* the line is the PIC's as well */
	CHECK_OK(ioctl(vm.fd, KVM_SET_IRQCHIP, &chip));
	vcpu_mode(&v, MODE_LONG, G_CODE);
	guest_load(&vm, G_CODE, GUEST(pv_eoi));
	vcpu_pid = getpid();
	ring_open();
	ring_enable("kvm", NULL, true);
	vcpu_run_report(&v);
	for (int i = 0; i < 10; i++) {
		CHECK_EQ(ioctl(vm.fd, KVM_SIGNAL_MSI, &msi), 1);
		vcpu_run_report(&v);
	}
	CHECK_OK(ioctl(vm.fd, KVM_IRQ_LINE, &line));
	vcpu_run_report(&v);
	ring_enable("kvm", NULL, false);
	count = ring_read(records, ARRAY_SIZE(records));
	ring_close();
	find(&f, "kvm_msi_set_irq", "data", 0x51);
	r = find(&f, "kvm_apic_accept_irq", "vec", 0x51);
	CHECK_EQ(ev_get(&f, r, "tm"), 0);
	find(&f, "kvm_inj_virq", "vector", 0x51);
	find(&f, "kvm_pv_eoi", "vector", 0x51);
	r = find(&f, "kvm_set_irq", "gsi", 5);
	CHECK_EQ(ev_get(&f, r, "level"), 1);
	r = find(&f, "kvm_ioapic_set_irq", "pin", 5);
	CHECK_EQ(ev_get(&f, r, "e"), 0x62);
	find(&f, "kvm_pic_set_irq", "pin", 5);
	find(&f, "kvm_apic_accept_irq", "vec", 0x62);
	find(&f, "kvm_inj_virq", "vector", 0x62);
}

/* ---- an interrupt's life ---- */

enum { FROM_IOAPIC = 3, FROM_MSI, FROM_IPI, FROM_TIMER };

static const struct {
	uint8_t vector, source;
} lives[] = {{0x51, FROM_MSI}, {0x65, FROM_IOAPIC}, {0x71, FROM_IPI}, {0x81, FROM_TIMER}};

/* Chips in the kernel, and the guest that ends what it gets. */
static void lives_start(struct vm *vm, struct vcpu *v)
{
	struct kvm_irqchip chip = {.chip_id = KVM_IRQCHIP_IOAPIC};
	struct kvm_lapic_state l;

	vm_create_ram(vm, RAM_SIZE);
	CHECK_OK(ioctl(vm->fd, KVM_CREATE_IRQCHIP, 0));
	vcpu_create(vm, v, 0);
	vcpu_cpuid(v);
	vcpu_mode(v, MODE_LONG, G_CODE);
	guest_load(vm, G_CODE, GUEST(irq_lives));
	CHECK_OK(ioctl(v->fd, KVM_GET_LAPIC, &l));
	l.regs[0xf1] |= 1; /* SVR: enabled */
	CHECK_OK(ioctl(v->fd, KVM_SET_LAPIC, &l));
	CHECK_OK(ioctl(vm->fd, KVM_GET_IRQCHIP, &chip));
	chip.chip.ioapic.redirtbl[21].bits = 0x65;
	CHECK_OK(ioctl(vm->fd, KVM_SET_IRQCHIP, &chip));
}

/* The one record of the event for @vector with coalesced = @lost; its number among all. */
static unsigned int life_record(struct ev_format *f, const char *event, uint8_t vector, int lost)
{
	unsigned int found = count;

	CHECK(ev_format_read("glassvisor", event, f), "no event glassvisor:%s", event);
	for (unsigned int i = 0; i < count; i++) {
		if (records[i].id != f->id || ev_get(f, &records[i], "vector") != vector ||
		    (ev_field(f, "coalesced") && ev_get(f, &records[i], "coalesced") != lost))
			continue;
		CHECK(found == count, "vector %#x has two records %s", vector, event);
		found = i;
	}
	CHECK(found < count, "vector %#x has no %s among %u records", vector, event, count);
	return found;
}

static void check_life(uint8_t vector, uint8_t source)
{
	struct ev_format request, inject, eoi;
	unsigned int r = life_record(&request, "gv_irq_request", vector, 0);
	unsigned int i = life_record(&inject, "gv_irq_inject", vector, 0);
	unsigned int e = life_record(&eoi, "gv_irq_eoi", vector, 0);
	int64_t seq = ev_get(&request, &records[r], "seq");

	CHECK(r < i && i < e, "vector %#x: records %u, %u, %u", vector, r, i, e);
	CHECK(seq, "vector %#x: its request has no number", vector);
	CHECK_EQ(ev_get(&inject, &records[i], "seq"), seq);
	CHECK_EQ(ev_get(&eoi, &records[e], "seq"), seq);
	CHECK_EQ(ev_get(&request, &records[r], "source"), source);
	CHECK_EQ(ev_get(&inject, &records[i], "source"), source);
	CHECK_EQ(ev_get(&eoi, &records[e], "source"), source);
	CHECK_EQ(ev_get(&eoi, &records[e], "level"), 0);
	CHECK(ev_get(&inject, &records[i], "wait_ns") <= ev_get(&eoi, &records[e], "since_ns"),
	      "vector %#x: ended before it was injected", vector);
}

/* Every injection is in irq_time, in its vector's class. */
static void check_waits(struct vm *vm)
{
	struct snap s;
	uint64_t n = 0;

	snap_read(vm, &s);
	for (unsigned int i = 0; i < s.vcpu[0].n_hists; i++) {
		const struct snap_hist *h = &s.vcpu[0].hist[i];
		unsigned int class = strtoul(h->label, NULL, 16);

		if (strcmp(h->name, "irq_time"))
			continue;
		n += h->count;
		CHECK(class >= 0x50 && class <= 0x80, "irq_time %s", h->label);
		CHECK_EQ(h->count, 1);
	}
	CHECK_EQ(n, snap_timing() ? ARRAY_SIZE(lives) : 0);
	CHECK_EQ(snap_vcpu_stat(&s, 0, "irq_injections"), ARRAY_SIZE(lives));
}

/* From request to EOI an interrupt has one number and one source. */
static void lives_of_interrupts(void)
{
	struct kvm_irq_level line = {.irq = 21, .level = 1};
	struct kvm_msi msi = {.address_lo = 0xfee00000, .data = 0x51};
	struct ev_format f;
	struct vm vm;
	struct vcpu v;
	cpu_set_t set;

	snap_require();
	/* One CPU, so that the records are in order. */
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	CHECK_OK(sched_setaffinity(0, sizeof(set), &set));
	lives_start(&vm, &v);
	ring_open();
	ring_enable("glassvisor", NULL, true);
	CHECK_EQ(ioctl(vm.fd, KVM_SIGNAL_MSI, &msi), 1);
	CHECK_EQ(ioctl(vm.fd, KVM_SIGNAL_MSI, &msi), 0);
	CHECK_OK(ioctl(vm.fd, KVM_IRQ_LINE, &line));
	vcpu_run_done(&v);
	ring_enable("glassvisor", NULL, false);
	count = ring_read(records, ARRAY_SIZE(records));
	ring_close();
	for (size_t i = 0; i < ARRAY_SIZE(lives); i++)
		check_life(lives[i].vector, lives[i].source);
	/* The second message was lost: no number. */
	CHECK_EQ(ev_get(&f, &records[life_record(&f, "gv_irq_request", 0x51, 1)], "seq"), 0);
	check_waits(&vm);
}

/* ---- debugfs ---- */

#define DEBUGFS "/sys/kernel/debug/kvm"

static bool number_of(const char *dir, const char *name, uint64_t *value)
{
	char path[600], buf[128], *end;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (!file_read(path, buf, sizeof(buf)))
		return false;
	errno = 0;
	*value = strtoull(buf, &end, 10);
	return !errno && *buf && !*end && isdigit((unsigned char)*buf);
}

static void vm_dir(struct vm *vm, char *path, size_t size)
{
	snprintf(path, size, DEBUGFS "/%d-%d", getpid(), vm->fd);
}

static bool exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

/* What kvm_stat and others rely on: decimal numbers, and directories <pid>-<fd> only. */
static void tree(void)
{
	DIR *d = opendir(DEBUGFS);
	struct dirent *e;
	unsigned int files = 0;

	CHECK(d, DEBUGFS ": errno %d", errno);
	while ((e = readdir(d))) {
		uint64_t value;

		if (e->d_name[0] == '.')
			continue;
		if (e->d_type == DT_DIR) {
			int pid, fd, n = 0;

			CHECK(sscanf(e->d_name, "%d-%d%n", &pid, &fd, &n) == 2 && !e->d_name[n],
			      "directory %s", e->d_name);
			continue;
		}
		files++;
		CHECK(number_of(DEBUGFS, e->d_name, &value), "%s is not a decimal number",
		      e->d_name);
	}
	closedir(d);
	CHECK(files >= 10, "%u files", files);
}

static void vm_files(void)
{
	struct vm vm;
	struct vcpu v;
	char dir[300], sub[400];
	uint64_t before, after, total_before, total_after, value;
	static const char *const names[] = {"exits", "io_exits"};

	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	vm_dir(&vm, dir, sizeof(dir));
	CHECK(exists(dir), "no %s", dir);
	snprintf(sub, sizeof(sub), "%s/vcpu0", dir);
	CHECK(exists(sub), "no %s", sub);
	vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 4, 1);
	for (int k = 0; k < 2; k++) {
		CHECK(number_of(dir, names[k], &before), "%s/%s", dir, names[k]);
		CHECK(number_of(DEBUGFS, names[k], &total_before), "total of %s", names[k]);
		for (int i = 0; i < 100; i++)
			vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 4, 1);
		CHECK(number_of(dir, names[k], &after), "%s/%s", dir, names[k]);
		CHECK(number_of(DEBUGFS, names[k], &total_after), "total of %s", names[k]);
		CHECK(after - before >= 100 && after - before < 100000, "%s: %llu then %llu",
		      names[k], (unsigned long long)before, (unsigned long long)after);
		CHECK(total_after - total_before >= after - before, "the total of %s lags",
		      names[k]);
	}
	/* the same names above and below */
	DIR *d = opendir(dir);
	struct dirent *e;

	while ((e = readdir(d))) {
		char path[700];

		if (e->d_type == DT_DIR)
			continue;
		if (!number_of(dir, e->d_name, &value))
			continue; /* text files are allowed below, if not above */
		snprintf(path, sizeof(path), DEBUGFS "/%s", e->d_name);
		CHECK(exists(path), "%s is in the VM's directory only", e->d_name);
	}
	closedir(d);
	vcpu_destroy(&v);
	close(vm.fd);
	for (int i = 0; i < 100 && exists(dir); i++)
		usleep(20000);
	CHECK(!exists(dir), "%s is still there", dir);
}

/* The sums over the VMs are the totals. */
static void totals(void)
{
	struct vm vm[3];
	struct vcpu v[3];
	uint64_t sum = 0, value, total_before, total_after;

	CHECK(number_of(DEBUGFS, "exits", &total_before), "exits");
	for (int i = 0; i < 3; i++) {
		vm_start(&vm[i], &v[i], MODE_LONG, GUEST(pio_loop));
		for (int n = 0; n < 20 * (i + 1); n++)
			vcpu_run_pio(&v[i], KVM_EXIT_IO_OUT, 0x10, 4, 1);
	}
	for (int i = 0; i < 3; i++) {
		char dir[300];

		vm_dir(&vm[i], dir, sizeof(dir));
		CHECK(number_of(dir, "exits", &value), "%s/exits", dir);
		CHECK(value >= 20u * (i + 1), "VM %d counts %llu", i, (unsigned long long)value);
		sum += value;
	}
	CHECK(number_of(DEBUGFS, "exits", &total_after), "exits");
	CHECK(total_after - total_before == sum, "the total went up by %llu, the VMs count %llu",
	      (unsigned long long)(total_after - total_before), (unsigned long long)sum);
}

/* A file held open while its VM dies; a directory read while VMs come and go. */
static void held_open(void)
{
	for (int i = 0; i < 10; i++) {
		struct vm vm;
		struct vcpu v;
		char path[400], buf[64];

		vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
		vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 4, 1);
		vm_dir(&vm, path, sizeof(path) - 10);
		strcat(path, "/exits");
		FILE *f = fopen(path, "re");

		CHECK(f, "%s: errno %d", path, errno);
		setvbuf(f, NULL, _IONBF, 0);
		vcpu_destroy(&v);
		vm_destroy(&vm);
		if (fread(buf, 1, sizeof(buf), f))
			test_note("a file of a closed VM can still be read");
		fclose(f);
	}
}

static const struct live_test tests[] = {
	{"formats", formats},
	{"all_events", all_events},
	{"records_of_guest", records_of_guest, 60},
	{"dirty_passes", dirty_passes},
	{"nothing_when_off", nothing_when_off},
	{"clock_records", clock_records},
	{"irqchip_records", irqchip_records, 60},
	{"lives_of_interrupts", lives_of_interrupts, 60},
	{"debugfs_tree", tree},
	{"debugfs_vm", vm_files},
	{"debugfs_totals", totals},
	{"debugfs_held_open", held_open},
};

LIVE_SUBJECT(trace, tests);
