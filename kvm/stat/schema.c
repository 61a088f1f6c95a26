/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The schema as data; see schema.h. Everything comes from debugfs-schema/, so a
 * row added there is in the tables, the text and the hash without a line here;
 * a whole new list or hardware column needs one.
 *
 * Pure. The tables are constant; the one value kept is the hash, which is the
 * same whoever works it out first: no locks.
 */
#include "schema.h"

#include "../../debugfs-schema/events.h"
#include "../../debugfs-schema/lists.h"
#include "../../debugfs-schema/reasons.h"

/* The words of the columns, as the text has them. A word that is none of these does not compile. */
#define KIND_CUMULATIVE "cumulative"
#define KIND_INSTANT	"instant"
#define KIND_PEAK	"peak"

#define UNIT_NONE    "none"
#define UNIT_BYTES   "bytes"
#define UNIT_SECONDS "seconds"
#define UNIT_CYCLES  "cycles"
#define UNIT_BOOLEAN "boolean"
#define UNIT_NS	     "ns"
#define UNIT_PAGES   "pages"
#define UNIT_GFN     "gfn"

const struct schema_counter schema_counters[] = {
#define STAT(name, kind, unit, exponent, text)                                                     \
	{"vm", #name, KIND_##kind, UNIT_##unit, exponent, text},
#include "../../debugfs-schema/vm.def"
#undef STAT
#define STAT(name, kind, unit, exponent, text)                                                     \
	{"vcpu", #name, KIND_##kind, UNIT_##unit, exponent, text},
#include "../../debugfs-schema/vcpu.def"
#undef STAT
#define STAT(name, kind, unit, exponent, text)                                                     \
	{"slot", #name, KIND_##kind, UNIT_##unit, exponent, text},
#include "../../debugfs-schema/slot.def"
#undef STAT
};

const u32 schema_n_counters = ARRAY_SIZE(schema_counters);

/* Lists: X(ID, "text"), in the order of the text. */
#define LISTS(X)                                                                                   \
	X(EXIT_KINDS, "What kind of exit it was")                                                  \
	X(OUTCOMES, "What became of an exit")                                                      \
	X(VCPU_TIMES, "What a vCPU's time goes to; it always adds up")                             \
	X(FAULT_KINDS, "What an MMU fault turned out to be")                                       \
	X(FAULT_RESULTS, "What the vCPU does after an MMU fault")                                  \
	X(DIRTY_MODES, "What asked for a pass of the dirty log")                                   \
	X(SLOT_CHANGES, "What happened to a memory slot")                                          \
	X(IRQ_SOURCES, "Where an interrupt came from")                                             \
	X(IRQ_DELIVERIES, "Delivery modes of interrupts")                                          \
	X(VECTOR_CLASSES, "Priority class of an interrupt")                                        \
	X(WAIT_KINDS, "How a halted vCPU waited")                                                  \
	X(WAKE_CAUSES, "What ended a halted vCPU's wait")                                          \
	X(FREEZE_CAUSES, "Why a flight recorder was frozen")                                       \
	X(RECORD_FLAGS, "Bits of a flight record's flags, by bit number")                          \
	X(SVM_REASONS, "The hardware's reason for an exit, SVM: VMEXIT_* of the APM")              \
	X(VMX_REASONS, "The hardware's reason for an exit, VMX: basic exit reasons of the SDM")    \
	X(VMX_RULES, "What was wrong with the state that a VMX entry was refused with")            \
	X(USER_REASONS, "Why KVM_RUN returned: KVM_EXIT_*")

/* EXIT_KINDS has a column more. */
#define ROW(number, ID, name, text)	     {number, name, text, ""},
#define ROW_KEY(number, ID, name, key, text) {number, name, text, key},
#define ROW_PICK(a, b, c, d, e, picked, ...) picked
#define ROW_ANY(...)			     ROW_PICK(__VA_ARGS__, ROW_KEY, ROW, 0)(__VA_ARGS__)

#define ROWS(ID, text) static const struct schema_row rows_##ID[] = {ID(ROW_ANY)};
LISTS(ROWS)

const struct schema_list schema_lists[] = {
#define LIST(ID, text) {#ID, text, rows_##ID, ARRAY_SIZE(rows_##ID)},
	LISTS(LIST)};

const u32 schema_n_lists = ARRAY_SIZE(schema_lists);

#define HIST(scope, ID, name, labels, text)                                                        \
	static_assert(ARRAY_SIZE(rows_##labels) > 0, "labels are a list of the above");
#include "../../debugfs-schema/hists.def"
#undef HIST

const struct schema_hist schema_hists[] = {
#define HIST(scope, ID, name, labels, text) {#scope, #name, #labels, text},
#include "../../debugfs-schema/hists.def"
#undef HIST
};

const u32 schema_n_hists = ARRAY_SIZE(schema_hists);

/* What stands for the value of a field: the SHOW column. */
#define SHOW_AS_IS	       "NONE"
#define SHOW_AS_HW_REASON      "HW_REASON"
#define SHOW_AS_EXIT_KINDS     "EXIT_KINDS"
#define SHOW_AS_OUTCOMES       "OUTCOMES"
#define SHOW_AS_USER_REASONS   "USER_REASONS"
#define SHOW_AS_FAULT_KINDS    "FAULT_KINDS"
#define SHOW_AS_FAULT_RESULTS  "FAULT_RESULTS"
#define SHOW_AS_DIRTY_MODES    "DIRTY_MODES"
#define SHOW_AS_SLOT_CHANGES   "SLOT_CHANGES"
#define SHOW_AS_FREEZE_CAUSES  "FREEZE_CAUSES"
#define SHOW_AS_IRQ_SOURCES    "IRQ_SOURCES"
#define SHOW_AS_IRQ_DELIVERIES "IRQ_DELIVERIES"
#define SHOW_AS_WAKE_CAUSES    "WAKE_CAUSES"

#define FIELD(type, name, format, show, unit, text)                                                \
	{#type, #name, format, SHOW_##show, UNIT_##unit, text},

#define EVENT_FIELDS(event, text)                                                                  \
	static const struct schema_field fields_##event[] = {                                      \
		FIELD(u32, vm_id, "%u", AS_IS, NONE,                                               \
		      "Number of the VM, unique while the module is loaded")                       \
			FIELD(u32, vcpu_id, "%d", AS_IS, NONE, "Its vCPU; -1: the VM as a whole")  \
				FIELDS_##event(FIELD)};
EVENTS(EVENT_FIELDS)

#define EVENT(event, text) {#event, text, fields_##event, ARRAY_SIZE(fields_##event)},
const struct schema_event schema_events[] = {EVENTS(EVENT)};

const u32 schema_n_events = ARRAY_SIZE(schema_events);

const struct schema_list *schema_list(const char *name)
{
	u32 i;

	for (i = 0; i < schema_n_lists; i++)
		if (!strcmp(schema_lists[i].name, name))
			return &schema_lists[i];
	return NULL;
}

const char *schema_name(const struct schema_list *list, u32 number)
{
	u32 i;

	for (i = 0; i < list->n_rows; i++)
		if (list->rows[i].number == number)
			return list->rows[i].name;
	return NULL;
}

/* Where the text goes. */
struct sink {
	void (*put)(void *ctx, const char *text);
	void *ctx;
};

/* A line: @n words with a space between. */
static void put_line(const struct sink *to, const char *const *words, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++) {
		to->put(to->ctx, words[i]);
		to->put(to->ctx, i + 1 < n ? " " : "\n");
	}
}

#define PUT_LINE(to, ...)                                                                          \
	do {                                                                                       \
		const char *const words[] = {__VA_ARGS__};                                         \
		put_line(to, words, ARRAY_SIZE(words));                                            \
	} while (0)

/* Room for an int or u32 in decimal with its sign and NUL. */
#define NUMBER_LEN 12

/* @value in decimal, at the end of @text; the result points into it. */
static const char *number(char text[NUMBER_LEN], s64 value)
{
	u32 left = value < 0 ? -value : value;
	u32 at = NUMBER_LEN - 1;

	text[at] = '\0';
	do {
		text[--at] = '0' + left % 10;
		left /= 10;
	} while (left);
	if (value < 0)
		text[--at] = '-';
	return &text[at];
}

static void put_counters(const struct sink *to)
{
	char text[NUMBER_LEN];
	u32 i;

	for (i = 0; i < schema_n_counters; i++) {
		const struct schema_counter *c = &schema_counters[i];

		PUT_LINE(to, "counter", c->scope, c->name, c->kind, c->unit,
			 number(text, c->exponent), c->text);
	}
}

static void put_hists(const struct sink *to)
{
	u32 i;

	for (i = 0; i < schema_n_hists; i++) {
		const struct schema_hist *h = &schema_hists[i];

		PUT_LINE(to, "hist", h->scope, h->name, h->labels, "ns", h->text);
	}
}

static void put_lists(const struct sink *to)
{
	char text[NUMBER_LEN];
	u32 i, k;

	for (i = 0; i < schema_n_lists; i++) {
		const struct schema_list *l = &schema_lists[i];

		for (k = 0; k < l->n_rows; k++)
			PUT_LINE(to, "list", l->name, number(text, l->rows[k].number),
				 l->rows[k].name, l->rows[k].text);
	}
}

static void put_events(const struct sink *to)
{
	u32 i, k;

	for (i = 0; i < schema_n_events; i++) {
		const struct schema_event *e = &schema_events[i];

		PUT_LINE(to, "event", e->name, e->text);
		for (k = 0; k < e->n_fields; k++) {
			const struct schema_field *f = &e->fields[k];

			PUT_LINE(to, "field", e->name, f->type, f->name, f->unit, f->text);
		}
	}
}

/* All but the first line. */
static void put_body(const struct sink *to)
{
	put_counters(to);
	put_hists(to);
	put_lists(to);
	put_events(to);
}

/* FNV-1a of 64 bits. */
static void hash_put(void *ctx, const char *text)
{
	u64 *hash = ctx;

	for (; *text; text++)
		*hash = (*hash ^ (u8)*text) * 0x100000001b3ULL;
}

u64 schema_hash(void)
{
	static u64 known; /* 0: not yet */
	u64 hash = READ_ONCE(known);
	struct sink to = {hash_put, &hash};

	if (hash)
		return hash;
	hash = 0xcbf29ce484222325ULL;
	put_body(&to);
	WRITE_ONCE(known, hash);
	return hash;
}

void schema_hash_text(u64 hash, char text[SCHEMA_HASH_LEN])
{
	u32 i;

	for (i = 0; i < SCHEMA_HASH_LEN - 1; i++)
		text[i] = "0123456789abcdef"[hash >> (60 - 4 * i) & 0xf];
	text[i] = '\0';
}

void schema_emit(void (*put)(void *ctx, const char *text), void *ctx)
{
	struct sink to = {put, ctx};
	char id[NUMBER_LEN], hash[SCHEMA_HASH_LEN];

	schema_hash_text(schema_hash(), hash);
	PUT_LINE(&to, "glassvisor-schema", number(id, SCHEMA_ID), hash);
	put_body(&to);
}
