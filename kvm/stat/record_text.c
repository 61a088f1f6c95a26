/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A flight recorder as text. Lines that begin with '#' say whose it is, then
 * comes one line a record, oldest first, in columns of constant width:
 *
 *	age_us    from the exit to the moment of freezing, or of reading a running one
 *	kind      EXIT_KINDS
 *	reason    the hardware's, by name where it has one
 *	rip       at the exit
 *	cpl code  privilege level and code size at the exit
 *	key       what the exit is about, with the name that its kind gives it
 *	info1 info2   as the hardware left them
 *	guest_ns  in the guest before the exit
 *	handle_ns from the exit to the next entry, or to KVM_RUN's return
 *	outcome   OUTCOMES; with the KVM_EXIT_* name where userspace was asked
 *	flags     RECORD_FLAGS
 *
 * Numbers are decimal, but 0x says hexadecimal; "-" stands for nothing. Names
 * come from the schema; a number that it does not know is shown as a number.
 *
 * Pure; no state. Only conversions on which the kernel's and the C library's
 * formatting agree are used.
 */
#include "record_text.h"
#include "schema.h"

#define ISA_VMX 1

/* ---- appending ---------------------------------------------------------- */

struct text {
	char *buf;
	size_t size;
	size_t len; /* of the whole text, whether it fits or not */
};

static void __printf(2, 3) put(struct text *t, const char *fmt, ...)
{
	size_t at = min(t->len, t->size);
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->buf + at, t->size - at, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->len += n;
}

/* ---- names and numbers -------------------------------------------------- */

/* Room for any name or number of a column. */
#define WORD 64

static void name_or_number(char word[WORD], const char *list, u32 number)
{
	const char *name = schema_name(schema_list(list), number);

	if (name)
		snprintf(word, WORD, "%s", name);
	else
		snprintf(word, WORD, "%u", number);
}

/* VMX keeps flags above the basic reason, bit 31 being a failed entry. */
static void reason_text(char word[WORD], u32 isa, u32 reason)
{
	u32 basic = isa == ISA_VMX ? (u16)reason : reason;
	const char *name =
		schema_name(schema_list(isa == ISA_VMX ? "VMX_REASONS" : "SVM_REASONS"), basic);

	if (!name)
		snprintf(word, WORD, "0x%x", reason);
	else if (basic != reason)
		snprintf(word, WORD, "%s+0x%x", name, reason - basic);
	else
		snprintf(word, WORD, "%s", name);
}

static const char *key_name(u8 kind)
{
	const struct schema_list *kinds = schema_list("EXIT_KINDS");
	u32 i;

	for (i = 0; i < kinds->n_rows; i++)
		if (kinds->rows[i].number == kind)
			return kinds->rows[i].key;
	return "";
}

/* Registers and vectors are known by their decimal numbers, all else by hexadecimal ones. */
static void key_text(char word[WORD], u8 kind, u64 key)
{
	const char *name = key_name(kind);

	if (!*name)
		snprintf(word, WORD, "-");
	else if (!strcmp(name, "cr") || !strcmp(name, "dr") || !strcmp(name, "vector"))
		snprintf(word, WORD, "%s %llu", name, key);
	else if (!strcmp(name, "rule") && schema_name(schema_list("VMX_RULES"), key))
		snprintf(word, WORD, "%s %s", name, schema_name(schema_list("VMX_RULES"), key));
	else
		snprintf(word, WORD, "%s 0x%llx", name, key);
}

static void outcome_text(char word[WORD], const struct record *r)
{
	char user[WORD];

	name_or_number(word, "OUTCOMES", record_outcome(r));
	if (strcmp(word, "userspace"))
		return;
	name_or_number(user, "USER_REASONS", record_user_reason(r));
	snprintf(word, WORD, "userspace:%.40s", user);
}

static void flags_text(char word[WORD], u8 flags)
{
	const struct schema_list *list = schema_list("RECORD_FLAGS");
	struct text t = {word, WORD, 0};
	u32 i;

	for (i = 0; i < list->n_rows; i++)
		if (flags & 1U << list->rows[i].number)
			put(&t, "%s%s", t.len ? "," : "", list->rows[i].name);
	if (!t.len)
		put(&t, "-");
}

/* @per_ms: how many of the unit are in a millisecond. */
static u64 ticks_in(const struct record_head *head, u64 ticks, u64 per_ms)
{
	u64 khz = head->tsc_khz;

	if (!khz)
		return 0;
	return ticks / khz * per_ms + ticks % khz * per_ms / khz;
}

u64 record_ns(const struct record_head *head, u64 ticks)
{
	return ticks_in(head, ticks, 1000000);
}

/* ---- the head ----------------------------------------------------------- */

/*
 * The civil date of a day counted from 1 January 1970. Years are taken to begin
 * in March, so that the leap day is the last of its year; 400 years have 146097
 * days, and the months from March on begin on day (153 m + 2) / 5.
 */
static void date_text(struct text *t, u64 ns)
{
	u64 s = ns / 1000000000;
	u32 day = s / 86400 + 719468; /* from 1 March of year 0 */
	u32 era = day / 146097, of_era = day % 146097;
	u32 year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	u32 of_year = of_era - (365 * year + year / 4 - year / 100);
	u32 m = (5 * of_year + 2) / 153;
	u32 month = m < 10 ? m + 3 : m - 9;

	put(t, "%04u-%02u-%02uT%02u:%02u:%02u.%09uZ", era * 400 + year + (month <= 2), month,
	    of_year - (153 * m + 2) / 5 + 1, (u32)(s / 3600 % 24), (u32)(s / 60 % 60),
	    (u32)(s % 60), (u32)(ns % 1000000000));
}

static void put_cause(struct text *t, const struct record_head *head)
{
	const struct schema_list *causes = schema_list("FREEZE_CAUSES");
	char cause[WORD];
	u32 i;

	if (!head->id) {
		put(t, "# running; read at ");
		date_text(t, head->frozen_ns);
		put(t, "\n");
		return;
	}
	name_or_number(cause, "FREEZE_CAUSES", head->cause);
	put(t, "# frozen at ");
	date_text(t, head->frozen_ns);
	put(t, "\n# cause %s", cause);
	for (i = 0; i < causes->n_rows; i++)
		if (causes->rows[i].number == head->cause)
			put(t, ": %s", causes->rows[i].text);
	put(t, "\n");
}

static void put_regs(struct text *t, const struct record_head *head)
{
	static const char names[16][4] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
					  "r8",	 "r9",	"r10", "r11", "r12", "r13", "r14", "r15"};
	u32 i;

	put(t, "# rip 0x%016llx rflags 0x%08llx cs 0x%04x base 0x%llx, %u-bit code\n", head->rip,
	    head->rflags, head->cs_selector, head->cs_base, head->code_size);
	put(t, "# cr0 0x%08llx cr2 0x%016llx cr3 0x%016llx cr4 0x%08llx efer 0x%04llx\n", head->cr0,
	    head->cr2, head->cr3, head->cr4, head->efer);
	for (i = 0; i < 16; i++)
		put(t, "%s%-3s 0x%016llx%s", i % 4 ? " " : "# ", names[i], head->gpr[i],
		    i % 4 == 3 ? "\n" : "");
}

/* The byte at RIP stands in <>. */
static void put_code(struct text *t, const struct record_head *head)
{
	u32 n = min_t(u32, head->code_bytes, RECORD_CODE_MAX);
	u32 i;

	if (!n)
		return;
	put(t, "# code");
	for (i = 0; i < n; i++)
		put(t, i == head->code_before ? " <%02x>" : " %02x", head->code[i]);
	put(t, "\n");
}

/* In their order. Width: as printf's, negative: to the left; 0: the last one. */
enum column {
	AGE,
	KIND,
	REASON,
	RIP,
	CPL,
	CODE,
	KEY,
	INFO1,
	INFO2,
	GUEST,
	HANDLE,
	OUTCOME,
	FLAGS,
	COLUMN_COUNT
};

static const struct {
	const char *name;
	int width;
} columns[COLUMN_COUNT] = {
	[AGE] = {"#     age_us", 12}, [KIND] = {"kind", -12},	    [REASON] = {"reason", -27},
	[RIP] = {"rip", -18},	      [CPL] = {"cpl", 3},	    [CODE] = {"code", 4},
	[KEY] = {"key", -24},	      [INFO1] = {"info1", 18},	    [INFO2] = {"info2", 18},
	[GUEST] = {"guest_ns", 12},   [HANDLE] = {"handle_ns", 12}, [OUTCOME] = {"outcome", -25},
	[FLAGS] = {"flags", 0},
};

static void put_cell(struct text *t, enum column column, const char *word)
{
	put(t, "%*s%s", columns[column].width, word, column == FLAGS ? "\n" : " ");
}

size_t record_text_head(const struct record_head *head, char *buf, size_t size)
{
	struct text t = {buf, size, 0};
	u32 i;

	if (head->id)
		put(&t, "# glassvisor flight recorder %u\n", head->id);
	else
		put(&t, "# glassvisor flight recorder\n");
	put(&t, "# vm %u vcpu %u pid %u tid %u\n", head->vm_id, head->vcpu_id, head->pid,
	    head->tid);
	put_cause(&t, head);
	put(&t, "# records %u of %llu\n", head->n_records, head->total);
	if (record_has_regs(head)) {
		put_regs(&t, head);
		put_code(&t, head);
	}
	for (i = 0; i < COLUMN_COUNT; i++)
		put_cell(&t, i, columns[i].name);
	return t.len;
}

/* ---- a record ----------------------------------------------------------- */

static void put_number(struct text *t, enum column column, u64 n)
{
	char word[WORD];

	snprintf(word, WORD, "%llu", n);
	put_cell(t, column, word);
}

static void put_hex(struct text *t, enum column column, u64 n)
{
	char word[WORD];

	snprintf(word, WORD, "0x%llx", n);
	put_cell(t, column, word);
}

size_t record_text_line(const struct record_head *head, const struct record *r, char *buf,
			size_t size)
{
	struct text t = {buf, size, 0};
	u64 age = ticks_in(head, head->frozen_tsc - r->exit_tsc, 10000);
	char word[WORD];

	snprintf(word, WORD, "%llu.%u", age / 10, (u32)(age % 10));
	put_cell(&t, AGE, word);
	name_or_number(word, "EXIT_KINDS", r->kind);
	put_cell(&t, KIND, word);
	reason_text(word, head->isa, r->reason);
	put_cell(&t, REASON, word);
	snprintf(word, WORD, "0x%016llx", r->rip);
	put_cell(&t, RIP, word);
	put_number(&t, CPL, r->cpl);
	put_number(&t, CODE, 16U << (r->cs_mode & 3));
	key_text(word, r->kind, r->key);
	put_cell(&t, KEY, word);
	put_hex(&t, INFO1, r->info1);
	put_hex(&t, INFO2, r->info2);
	put_number(&t, GUEST, record_ns(head, record_guest_ticks(r)));
	put_number(&t, HANDLE, record_ns(head, record_handle_ticks(r)));
	outcome_text(word, r);
	put_cell(&t, OUTCOME, word);
	flags_text(word, r->flags);
	put_cell(&t, FLAGS, word);
	return t.len;
}
