// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvmstat recorder: a flight recorder, from its binary form, with the guest's
 * code disassembled where it could be saved. The text is made by
 * kvm/stat/record_text.c, as in the kernel's own files.
 */
#include <capstone.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../kvm/stat/record_text.h"
#include "options.h"
#include "output.h"
#include "source.h"

#define RECORDS_MAX (1U << 20)

static int fail(const char *format, const char *what)
{
	fputs("kvmstat: ", stderr);
	fprintf(stderr, format, what);
	fputc('\n', stderr);
	return 1;
}

/*
 * The newest recorder that fits "VM/VCPU", VM being a name, pid or id. A VM's
 * name is known only while it is there.
 */
static u32 find_frozen(const struct sample *sample, const char *vm, u32 vcpu)
{
	u32 newest = 0;

	for (u32 i = 0; i < sample->n_frozen; i++) {
		const struct frozen *f = &sample->frozen[i];
		char pid[16], id[16];
		bool fits;

		snprintf(pid, sizeof(pid), "%u", f->pid);
		snprintf(id, sizeof(id), "%u", f->vm_id);
		fits = strcmp(pid, vm) == 0 || strcmp(id, vm) == 0;
		for (u32 j = 0; j < sample->n_vms && !fits; j++)
			fits = strcmp(sample->vms[j].name, vm) == 0 &&
			       sample->vms[j].vm_id == f->vm_id;
		if (fits && f->vcpu_id == vcpu)
			newest = max(newest, f->id);
	}
	return newest;
}

/* 0: no recorder has that number. */
static u32 find_id(const struct sample *sample, const char *text)
{
	for (u32 i = 0; i < sample->n_frozen; i++) {
		char id[16];

		snprintf(id, sizeof(id), "%u", sample->frozen[i].id);
		if (strcmp(id, text) == 0)
			return sample->frozen[i].id;
	}
	return 0;
}

static const struct vm_sample *find_running(const struct sample *sample, const char *vm)
{
	for (u32 i = 0; i < sample->n_vms; i++) {
		char pid[16], id[16];

		snprintf(pid, sizeof(pid), "%u", sample->vms[i].tgid);
		snprintf(id, sizeof(id), "%u", sample->vms[i].vm_id);
		if (strcmp(sample->vms[i].name, vm) == 0 || strcmp(pid, vm) == 0 ||
		    strcmp(id, vm) == 0)
			return &sample->vms[i];
	}
	return NULL;
}

/* ---- the text ----------------------------------------------------------- */

/*
 * Where to begin so that an instruction begins at RIP: x86 code can't be read
 * backwards, so the longest run of instructions that ends right there is taken.
 */
static size_t code_start(csh cs, const struct record_head *h)
{
	for (size_t start = 0; start < h->code_before; start++) {
		const u8 *at = h->code + start;
		size_t left = h->code_bytes - start;
		uint64_t address = h->rip - h->code_before + start;
		cs_insn *insn = cs_malloc(cs);
		bool fits;

		while (insn && address < h->rip && cs_disasm_iter(cs, &at, &left, &address, insn))
			;
		fits = address == h->rip;
		cs_free(insn, 1);
		if (fits)
			return start;
	}
	return h->code_before;
}

static void print_code(const struct record_head *h)
{
	cs_mode mode = h->code_size == 64   ? CS_MODE_64
		       : h->code_size == 32 ? CS_MODE_32
					    : CS_MODE_16;
	cs_insn *insn;
	size_t start, n;
	csh cs;

	if (!h->code_bytes || h->code_bytes > RECORD_CODE_MAX || h->code_before > h->code_bytes ||
	    cs_open(CS_ARCH_X86, mode, &cs) != CS_ERR_OK)
		return;
	start = code_start(cs, h);
	n = cs_disasm(cs, h->code + start, h->code_bytes - start, h->rip - h->code_before + start,
		      0, &insn);
	puts("#\n# Code:");
	for (size_t i = 0; i < n; i++) {
		char bytes[3 * 16 + 1] = "";

		for (u32 k = 0; k < insn[i].size && k < 16; k++)
			snprintf(bytes + 3 * k, 4, "%02x ", insn[i].bytes[k]);
		printf("# %s 0x%016llx  %-30s %s %s\n", insn[i].address == h->rip ? "->" : "  ",
		       (unsigned long long)insn[i].address, bytes, insn[i].mnemonic,
		       insn[i].op_str);
	}
	if (!n)
		puts("# (no instruction)");
	else
		cs_free(insn, n);
	cs_close(&cs);
}

/* A newer kernel's structs are longer; what is known is their beginning. */
static bool read_head(const char *data, size_t len, struct record_head *h)
{
	if (len < sizeof(*h))
		return false;
	memcpy(h, data, sizeof(*h));
	return h->magic == RECORD_MAGIC && h->head_size >= sizeof(*h) &&
	       h->record_size >= sizeof(struct record) && h->record_size < 65536 &&
	       h->head_size < 65536 && h->n_records <= RECORDS_MAX &&
	       len >= h->head_size + (u64)h->n_records * h->record_size;
}

static int print_raw(const char *path)
{
	char text[RECORD_TEXT_HEAD_MAX];
	struct record_head head;
	size_t len;
	char *data = read_whole(path, &len);

	if (!data)
		return fail("can't read %s", path);
	if (!read_head(data, len, &head)) {
		free(data);
		return fail("%s is no flight recorder", path);
	}
	record_text_head(&head, text, sizeof(text));
	/* The last line of the head names the columns: the code goes before it. */
	char *last = strrchr(text, '\n');

	while (last && last > text && last[-1] != '\n')
		last--;
	if (last && record_has_regs(&head)) {
		fwrite(text, 1, last - text, stdout);
		print_code(&head);
		fputs(last, stdout);
	} else {
		fputs(text, stdout);
	}
	for (u32 i = 0; i < head.n_records; i++) {
		char line[RECORD_TEXT_LINE_MAX];
		struct record r;

		memcpy(&r, data + head.head_size + (size_t)i * head.record_size, sizeof(r));
		record_text_line(&head, &r, line, sizeof(line));
		fputs(line, stdout);
	}
	free(data);
	return ferror(stdout) ? fail("%s", "writing failed") : 0;
}

/* ---- which -------------------------------------------------------------- */

static int list(const struct options *o, struct sample *sample)
{
	struct query q = {.view = VIEW_RECORDERS, .vm.any = true};
	struct self self = {"", 0};
	struct model m = {0};
	struct page page;

	model_feed(&m, sample);
	if (view_build(&m, &q, &self, &page))
		text_page(stdout, &page, o->width);
	page_free(&page);
	model_free(&m);
	return 0;
}

static int print_by_name(const struct options *o, const struct source *s,
			 const struct sample *sample)
{
	char path[640], vm[NAME_LEN], *slash;
	u32 id = 0;

	snprintf(vm, sizeof(vm), "%s", o->recorder);
	slash = strrchr(vm, '/');
	if (slash)
		*slash = 0;
	if (o->live) {
		const struct vm_sample *running = find_running(sample, vm);

		if (!slash || !running)
			return fail("--live wants VM/VCPU of a VM that is running, not '%s'",
				    o->recorder);
		snprintf(path, sizeof(path), "%s/%u-%u/vcpu%d/recorder_raw", s->dir, running->tgid,
			 running->fd, atoi(slash + 1));
		return print_raw(path);
	}
	id = slash ? find_frozen(sample, vm, atoi(slash + 1)) : find_id(sample, o->recorder);
	if (!id && slash)
		return fail(
			"no frozen recorder of '%s'; `kvmstat recorder` lists them. A VM's name "
			"is known while it runs (then --live shows its last exits), later its "
			"pid: PID/VCPU",
			o->recorder);
	if (!id)
		return fail("no recorder %s; `kvmstat recorder` lists them", o->recorder);
	snprintf(path, sizeof(path), "%s/recorder/%u.raw", s->dir, id);
	return print_raw(path);
}

int recorder_main(const struct options *o)
{
	char error[ERROR_LEN];
	struct sample *sample;
	struct source s;
	struct raw raw;
	int status;

	if (o->recorder && access(o->recorder, R_OK) == 0)
		return print_raw(o->recorder);
	if (!source_open_live(&s, o->debugfs, error))
		return fail("%s", error);
	if (strcmp(s.name, "glassvisor") != 0) {
		source_close(&s);
		return fail("%s", "stock KVM has no flight recorder: it needs glassvisor");
	}
	if (source_look(&s, &raw) != LOOK_DONE)
		return fail("%s", "out of memory");
	sample = sample_parse(&raw);
	raw_free(&raw);
	if (!sample)
		return fail("%s", "out of memory");
	if (!o->recorder) {
		status = list(o, sample);
	} else {
		status = print_by_name(o, &s, sample);
		sample_free(sample);
	}
	source_close(&s);
	return status;
}
