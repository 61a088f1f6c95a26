// SPDX-License-Identifier: GPL-2.0-only
/*
 * The 8254 interval timer.
 *
 * A channel that counts is a load time and a count; what the counter shows, the
 * output's level and its rising edges are functions of these and of now, so
 * that nothing runs and nothing drifts: the n-th edge is always computed from the load
 * time. What can't be had so is the gate that stops a count (stop_time) and
 * a count that waits for the end of the present (half) cycle (next_count, next_tick):
 * settle() lets it take over, in whatever call comes next.
 *
 * Rising edges of OUT 0 are interrupts. settle() moves them into pit.due, pit_tick()
 * from there to the caller, or into pit.pending when ticks are reinjected: then one
 * interrupt at a time is on its way (pit.unacked). min_period stretches the
 * distance of the interrupts of modes 2 and 3 only; counter and OUT don't know it.
 *
 * A count takes effect when it is written, not with the next clock pulse, and the
 * edge that a control word may make at OUT is no interrupt.
 *
 * Sources: Intel 8254 data sheet (modes, control words, read-back); PIIX3 data
 * sheet, NMI status and control register (port 0x61); api.rst, KVM_GET_PIT2 and
 * KVM_REINJECT_CONTROL.
 *
 * Pure, without locks: the caller serialises. Gates 0 and 1 are wired high.
 */
#include "pit.h"

#define NS_PER_SEC    1000000000ULL
#define REFRESH_TICKS 18 /* channel 1 of every PC */
#define AT_TRIGGER    U64_MAX
#define COUNT_MAX     0x10000
#define BCD_MODULUS   10000

/* The control word. */
#define CW_BCD		0x01
#define CW_READ_BACK	3
#define CW_NO_COUNT	0x20 /* read-back: don't latch the count, */
#define CW_NO_STATUS	0x10 /* nor the status */
#define STATUS_OUT	0x80
#define STATUS_NULL	0x40
#define SPEAKER_GATE	0x01
#define SPEAKER_DATA	0x02
#define SPEAKER_REFRESH 0x10
#define SPEAKER_OUT	0x20

u64 pit_ns_to_ticks(u64 ns)
{
	return ns / NS_PER_SEC * PIT_HZ + ns % NS_PER_SEC * PIT_HZ / NS_PER_SEC;
}

u64 pit_ticks_to_ns(u64 ticks)
{
	return ticks / PIT_HZ * NS_PER_SEC + DIV_ROUND_UP(ticks % PIT_HZ * NS_PER_SEC, PIT_HZ);
}

/* --- One channel as a function of time --------------------------------------- */

static bool periodic(const struct pit_channel *c)
{
	return c->mode == PIT_RATE || c->mode == PIT_SQUARE;
}

/* A rising gate starts the count. */
static bool triggered(const struct pit_channel *c)
{
	return c->mode == PIT_ONE_SHOT || c->mode == PIT_HARD_STROBE;
}

static u64 elapsed(const struct pit_channel *c, u64 now)
{
	s64 end = c->stopped ? c->stop_time : now;

	return end > c->load_time ? pit_ns_to_ticks((u64)end - (u64)c->load_time) : 0;
}

/* Ticks of a square wave's high half. */
static u32 high_half(u32 count)
{
	return (count + 1) / 2;
}

static bool out_level(const struct pit_channel *c, u64 tick)
{
	if (!c->counting)
		return c->mode != PIT_TERMINAL_COUNT;
	switch (c->mode) {
	case PIT_TERMINAL_COUNT:
	case PIT_ONE_SHOT:
		return tick >= c->count;
	case PIT_RATE:
		return c->stopped || tick % c->count != c->count - 1;
	case PIT_SQUARE:
		return c->stopped || tick % c->count < high_half(c->count);
	default: /* the strobes */
		return tick != c->count;
	}
}

/* What a square wave's counter shows: even numbers, going down by two. */
static u32 square_value(u32 count, u32 tick)
{
	u32 high = high_half(count);

	return (count & ~1U) - 2 * (tick < high ? tick : tick - high);
}

static u32 counter_value(const struct pit_channel *c, u64 tick)
{
	u32 modulus = c->bcd ? BCD_MODULUS : COUNT_MAX;

	if (!c->counting)
		return c->count;
	if (c->mode == PIT_RATE)
		return c->count - tick % c->count;
	if (c->mode == PIT_SQUARE)
		return square_value(c->count, tick % c->count);
	return (c->count % modulus + modulus - tick % modulus) % modulus;
}

static u16 to_bcd(u32 val)
{
	return val / 1000 % 10 << 12 | val / 100 % 10 << 8 | val / 10 % 10 << 4 | val % 10;
}

static u32 from_bcd(u16 val)
{
	return (val >> 12) * 1000 + (val >> 8 & 15) * 100 + (val >> 4 & 15) * 10 + (val & 15);
}

/* As the data bus would have it. */
static u16 counter_read(const struct pit_channel *c, u64 now)
{
	u32 val = counter_value(c, elapsed(c, now));

	return c->bcd ? to_bcd(val) : val;
}

/* Distance of the interrupts of channel 0 in ticks. */
static u64 irq_period(const struct pit *p)
{
	return max(p->ch[0].count, p->min_period);
}

/* The tick of the only edge of a mode that has but one. */
static u64 single_edge(const struct pit_channel *c)
{
	bool strobe = c->mode == PIT_SOFT_STROBE || c->mode == PIT_HARD_STROBE;

	return (u64)c->count + strobe;
}

/* Interrupts of channel 0 since it was loaded. */
static u64 irq_edges(const struct pit *p, u64 tick)
{
	const struct pit_channel *c = &p->ch[0];

	if (!c->counting)
		return 0;
	return periodic(c) ? tick / irq_period(p) : tick >= single_edge(c);
}

/* --- What changes it ------------------------------------------------------------ */

static void count_edges(struct pit *p, u64 tick)
{
	u64 edges = irq_edges(p, tick);

	if (edges > p->ch[0].edges_seen) {
		p->due += edges - p->ch[0].edges_seen;
		p->ch[0].edges_seen = edges;
	}
}

/* A count that waited for the end of its (half) cycle takes over. */
static void take_next_count(struct pit *p, struct pit_channel *c)
{
	bool falls = c->mode == PIT_SQUARE && c->next_tick % c->count != 0;

	if (c == &p->ch[0])
		count_edges(p, c->next_tick);
	c->load_time += pit_ticks_to_ns(c->next_tick);
	c->count = c->next_count;
	c->next_count = 0;
	c->null_count = false;
	c->edges_seen = 0;
	/* Before the low half comes a high one, if only in theory. */
	if (falls)
		c->load_time -= pit_ticks_to_ns(high_half(c->count));
}

static noinline void settle_slow(struct pit *p, unsigned int ch, u64 now)
{
	struct pit_channel *c = &p->ch[ch];

	if (c->next_count && c->next_tick != AT_TRIGGER && elapsed(c, now) >= c->next_tick)
		take_next_count(p, c);
	if (ch == 0)
		count_edges(p, elapsed(c, now));
}

/* Let happen what happened up to now. */
static inline void settle(struct pit *p, unsigned int ch, u64 now)
{
	if (ch == 0 || p->ch[ch].next_count)
		settle_slow(p, ch, now);
}

static void forget_ticks(struct pit *p)
{
	p->dropped += p->pending;
	p->pending = 0;
	p->unacked = false;
}

static void drop_due(struct pit *p)
{
	p->ticks += p->due;
	p->dropped += p->due;
	p->due = 0;
}

static void start(struct pit *p, unsigned int ch, u32 count, u64 now)
{
	struct pit_channel *c = &p->ch[ch];

	c->count = count;
	c->next_count = 0;
	c->load_time = now;
	c->stop_time = now;
	c->edges_seen = 0;
	c->counting = true;
	c->stopped = !c->gate && !triggered(c);
	c->null_count = false;
	if (ch == 0) {
		drop_due(p);
		forget_ticks(p);
	}
}

/* End of the present cycle, or of the half of a square wave, in ticks since the load. */
static u64 cycle_end(const struct pit_channel *c, u64 tick)
{
	u64 begin = tick - tick % c->count;

	if (c->mode == PIT_SQUARE && tick - begin < high_half(c->count) && c->count > 1)
		return begin + high_half(c->count);
	return begin + c->count;
}

/* A count has been written in full. */
static void load(struct pit *p, unsigned int ch, u16 val, u64 now)
{
	struct pit_channel *c = &p->ch[ch];
	u32 count = c->bcd ? from_bcd(val) : val;

	if (!count)
		count = c->bcd ? BCD_MODULUS : COUNT_MAX;
	if (triggered(c)) {
		c->next_count = count;
		c->next_tick = AT_TRIGGER;
		c->null_count = true;
	} else if (periodic(c) && c->counting && !c->stopped) {
		c->next_count = count;
		c->next_tick = cycle_end(c, elapsed(c, now));
		c->null_count = true;
	} else {
		start(p, ch, count, now);
	}
}

static void write_count(struct pit *p, unsigned int ch, u8 val, u64 now)
{
	struct pit_channel *c = &p->ch[ch];

	settle(p, ch, now);
	switch (c->write_byte) {
	case PIT_BYTE_LSB:
		load(p, ch, val, now);
		break;
	case PIT_BYTE_MSB:
		load(p, ch, val << 8, now);
		break;
	case PIT_BYTE_WORD0:
		c->write_latch = val;
		c->write_byte = PIT_BYTE_WORD1;
		if (c->mode == PIT_TERMINAL_COUNT) { /* the first byte stops the count */
			c->counting = false;
			c->stopped = false;
		}
		break;
	case PIT_BYTE_WORD1:
		c->write_byte = PIT_BYTE_WORD0;
		load(p, ch, c->write_latch | val << 8, now);
		break;
	default: /* never programmed */
		break;
	}
}

static void latch_count(struct pit_channel *c, u64 now)
{
	if (c->latch_byte != PIT_BYTE_NONE)
		return;
	c->latched_count = counter_read(c, now);
	c->latch_byte = c->rw; /* the access says which byte is first */
}

static void latch_status(struct pit_channel *c, u64 now)
{
	if (c->status_latched)
		return;
	c->status = c->rw << 4 | c->bcd;
	if (c->mode != PIT_MODE_NONE)
		c->status |= c->mode << 1;
	if (out_level(c, elapsed(c, now)))
		c->status |= STATUS_OUT;
	if (c->null_count)
		c->status |= STATUS_NULL;
	c->status_latched = true;
}

static void read_back(struct pit *p, u8 val, u64 now)
{
	for (unsigned int ch = 0; ch < PIT_CHANNELS; ch++) {
		if (!(val & 2 << ch))
			continue;
		settle(p, ch, now);
		if (!(val & CW_NO_COUNT))
			latch_count(&p->ch[ch], now);
		if (!(val & CW_NO_STATUS))
			latch_status(&p->ch[ch], now);
	}
}

/* Modes 6 and 7 are 2 and 3: their upper bit is not looked at. */
static u8 mode_of(u8 bits)
{
	return bits > PIT_HARD_STROBE ? bits & 3 : bits;
}

static void write_control(struct pit *p, u8 val, u64 now)
{
	unsigned int ch = val >> 6;
	u8 rw = val >> 4 & 3;
	struct pit_channel *c;

	if (ch == CW_READ_BACK) {
		read_back(p, val, now);
		return;
	}
	ch = array_index_nospec(ch, PIT_CHANNELS);
	settle(p, ch, now);
	c = &p->ch[ch];
	if (rw == PIT_RW_LATCH) {
		latch_count(c, now);
		return;
	}
	c->rw = rw;
	c->mode = mode_of(val >> 1 & 7);
	c->bcd = val & CW_BCD;
	c->read_byte = rw;
	c->write_byte = rw;
	c->latch_byte = PIT_BYTE_NONE;
	c->status_latched = false;
	c->next_count = 0;
	c->counting = false;
	c->stopped = false;
	c->null_count = true;
}

void pit_write(struct pit *p, u16 port, u8 val, u64 now)
{
	unsigned int ch = port & 3;

	if (!pit_port(port))
		return;
	if (port == PIT_PORT_CONTROL)
		write_control(p, val, now);
	else
		write_count(p, array_index_nospec(ch, PIT_CHANNELS), val, now);
}

static u8 read_latched(struct pit_channel *c)
{
	switch (c->latch_byte) {
	case PIT_BYTE_WORD0:
		c->latch_byte = PIT_BYTE_MSB;
		return c->latched_count;
	case PIT_BYTE_MSB:
		c->latch_byte = PIT_BYTE_NONE;
		return c->latched_count >> 8;
	default:
		c->latch_byte = PIT_BYTE_NONE;
		return c->latched_count;
	}
}

static u8 read_count(struct pit_channel *c, u64 now)
{
	u16 val = counter_read(c, now);

	switch (c->read_byte) {
	case PIT_BYTE_LSB:
		return val;
	case PIT_BYTE_MSB:
		return val >> 8;
	case PIT_BYTE_WORD0:
		c->read_byte = PIT_BYTE_WORD1;
		return val;
	case PIT_BYTE_WORD1:
		c->read_byte = PIT_BYTE_WORD0;
		return val >> 8;
	default: /* never programmed */
		return 0;
	}
}

u8 pit_read(struct pit *p, u16 port, u64 now)
{
	unsigned int ch = port & 3;
	struct pit_channel *c;

	if (!pit_port(port) || port == PIT_PORT_CONTROL)
		return 0xff;
	ch = array_index_nospec(ch, PIT_CHANNELS);
	settle(p, ch, now);
	c = &p->ch[ch];
	if (c->status_latched) {
		c->status_latched = false;
		return c->status;
	}
	return c->latch_byte != PIT_BYTE_NONE ? read_latched(c) : read_count(c, now);
}

static void gate_rises(struct pit *p, unsigned int ch, u64 now)
{
	struct pit_channel *c = &p->ch[ch];

	if (triggered(c)) {
		if (c->next_count || c->counting)
			start(p, ch, c->next_count ? c->next_count : c->count, now);
	} else if (c->counting && periodic(c)) {
		start(p, ch, c->next_count ? c->next_count : c->count, now);
	} else if (c->stopped) {
		c->load_time += now - c->stop_time;
		c->stopped = false;
	}
}

void pit_set_gate(struct pit *p, unsigned int ch, bool level, u64 now)
{
	struct pit_channel *c;

	if (ch >= PIT_CHANNELS)
		return;
	ch = array_index_nospec(ch, PIT_CHANNELS);
	settle(p, ch, now);
	c = &p->ch[ch];
	if (c->gate == level)
		return;
	c->gate = level;
	if (level) {
		gate_rises(p, ch, now);
	} else if (c->counting && !triggered(c)) {
		c->stopped = true;
		c->stop_time = now;
	}
}

bool pit_out(struct pit *p, unsigned int ch, u64 now)
{
	if (ch >= PIT_CHANNELS)
		return false;
	ch = array_index_nospec(ch, PIT_CHANNELS);
	settle(p, ch, now);
	return out_level(&p->ch[ch], elapsed(&p->ch[ch], now));
}

u8 pit_read_speaker(struct pit *p, u64 now)
{
	u8 val = p->ch[2].gate ? SPEAKER_GATE : 0;

	if (p->speaker_data)
		val |= SPEAKER_DATA;
	if (pit_ns_to_ticks(now) / REFRESH_TICKS & 1)
		val |= SPEAKER_REFRESH;
	if (pit_out(p, 2, now))
		val |= SPEAKER_OUT;
	return val;
}

void pit_write_speaker(struct pit *p, u8 val, u64 now)
{
	p->speaker_data = val & SPEAKER_DATA;
	pit_set_gate(p, 2, val & SPEAKER_GATE, now);
}

/* --- Interrupts ------------------------------------------------------------------- */

/* Edges that came since the last call; they are statistics only while the HPET ticks. */
static u64 new_ticks(struct pit *p, u64 now)
{
	u64 n;

	settle(p, 0, now);
	n = p->due;
	p->due = 0;
	p->ticks += n;
	if (!p->hpet_legacy)
		return n;
	p->dropped += n;
	return 0;
}

static void queue_ticks(struct pit *p, u64 n)
{
	u64 room = PIT_PENDING_MAX - p->pending;

	p->pending += min(n, room);
	p->dropped += n - min(n, room);
}

static bool inject_next(struct pit *p, u64 now)
{
	if (!p->pending)
		return false;
	p->pending--;
	p->unacked = true;
	p->inject_time = now;
	return true;
}

bool pit_tick(struct pit *p, u64 now)
{
	u64 n = new_ticks(p, now);

	if (!p->reinject) {
		p->dropped += n ? n - 1 : 0;
		return n;
	}
	queue_ticks(p, n);
	if (!p->unacked)
		return inject_next(p, now);
	/* An acknowledge that was lost must not stop the clock for ever. */
	if (!n || now < p->inject_time + PIT_ACK_TIMEOUT)
		return false;
	p->inject_time = now;
	return true;
}

bool pit_acked(struct pit *p, u64 now)
{
	bool again;

	if (!p->reinject || !p->unacked)
		return false;
	queue_ticks(p, new_ticks(p, now));
	p->unacked = false;
	again = inject_next(p, now);
	p->reinjected += again;
	return again;
}

void pit_forget(struct pit *p)
{
	forget_ticks(p);
}

void pit_set_reinject(struct pit *p, bool reinject)
{
	if (p->reinject != reinject)
		forget_ticks(p);
	p->reinject = reinject;
}

static void next_periodic(const struct pit *p, u64 tick, struct pit_timer *ret_timer)
{
	const struct pit_channel *c = &p->ch[0];
	u64 period = irq_period(p);
	u64 target = (tick / period + 1) * period;

	if (c->next_count)
		target = min(target, c->next_tick);
	ret_timer->armed = true;
	ret_timer->periodic = true;
	ret_timer->deadline = (u64)c->load_time + pit_ticks_to_ns(target);
	ret_timer->period = pit_ticks_to_ns(period);
}

void pit_next(struct pit *p, u64 now, struct pit_timer *ret_timer)
{
	const struct pit_channel *c = &p->ch[0];

	memset(ret_timer, 0, sizeof(*ret_timer));
	settle(p, 0, now);
	if (p->hpet_legacy || !c->counting || c->stopped)
		return;
	if (periodic(c)) {
		next_periodic(p, elapsed(c, now), ret_timer);
	} else if (!c->edges_seen) {
		ret_timer->armed = true;
		ret_timer->deadline = (u64)c->load_time + pit_ticks_to_ns(single_edge(c));
	}
}

/* --- State ------------------------------------------------------------------------ */

void pit_reset(struct pit *p, u64 now, u64 min_period_ns)
{
	memset(p, 0, sizeof(*p));
	p->reinject = true;
	/* The first whole number of ticks that is not shorter; a second is the longest. */
	p->min_period = pit_ns_to_ticks(min(min_period_ns, NS_PER_SEC));
	if (!p->min_period || pit_ticks_to_ns(p->min_period) < min_period_ns)
		p->min_period++;
	for (unsigned int ch = 0; ch < PIT_CHANNELS; ch++) {
		p->ch[ch].count = COUNT_MAX;
		p->ch[ch].mode = PIT_MODE_NONE;
		p->ch[ch].load_time = now;
		p->ch[ch].gate = ch != 2;
	}
}

/* The load time that makes a count of now, as it is told to userspace. */
static s64 told_load_time(const struct pit_channel *c, u64 now)
{
	s64 next;

	if (c->stopped)
		return c->load_time + (now - c->stop_time);
	if (!c->next_count || c->next_tick == AT_TRIGGER)
		return c->load_time;
	next = c->load_time + pit_ticks_to_ns(c->next_tick) - pit_ticks_to_ns(c->next_count);
	return min(next, (s64)now);
}

static void get_channel(const struct pit_channel *c, u64 now,
			struct kvm_pit_channel_state *ret_state)
{
	*ret_state = (struct kvm_pit_channel_state){
		.count = c->next_count ? c->next_count : c->count,
		.latched_count = c->latched_count,
		.count_latched = c->latch_byte,
		.status_latched = c->status_latched,
		.status = c->status,
		.read_state = c->read_byte,
		.write_state = c->write_byte,
		.write_latch = c->write_latch,
		.rw_mode = c->rw,
		.mode = c->mode,
		.bcd = c->bcd,
		.gate = c->gate,
		.count_load_time = told_load_time(c, now),
	};
}

void pit_get_state(struct pit *p, u64 now, struct kvm_pit_state2 *ret_state)
{
	memset(ret_state, 0, sizeof(*ret_state));
	for (unsigned int ch = 0; ch < PIT_CHANNELS; ch++) {
		settle(p, ch, now);
		get_channel(&p->ch[ch], now, &ret_state->channels[ch]);
	}
	if (p->hpet_legacy)
		ret_state->flags |= KVM_PIT_FLAGS_HPET_LEGACY;
	if (p->speaker_data)
		ret_state->flags |= KVM_PIT_FLAGS_SPEAKER_DATA_ON;
}

static void set_channel(struct pit_channel *c, bool wired_gate,
			const struct kvm_pit_channel_state *state, u64 now)
{
	*c = (struct pit_channel){
		.count = state->count ? min_t(u32, state->count, COUNT_MAX) : COUNT_MAX,
		.load_time = min(state->count_load_time, (s64)now),
		.stop_time = now,
		.latched_count = state->latched_count,
		.latch_byte = state->count_latched & 3,
		.status = state->status,
		.status_latched = state->status_latched,
		.read_byte = min_t(u8, state->read_state, PIT_BYTE_WORD1),
		.write_byte = min_t(u8, state->write_state, PIT_BYTE_WORD1),
		.write_latch = state->write_latch,
		.rw = state->rw_mode & 3,
		.mode = state->mode > 7 ? PIT_MODE_NONE : mode_of(state->mode),
		.bcd = state->bcd,
		.gate = wired_gate || state->gate,
		.counting = state->mode <= 7,
	};
	if (c->mode == PIT_MODE_NONE) {
		c->rw = PIT_RW_LATCH;
		c->read_byte = PIT_BYTE_NONE;
		c->write_byte = PIT_BYTE_NONE;
	}
	if (c->mode == PIT_TERMINAL_COUNT && c->write_byte == PIT_BYTE_WORD1)
		c->counting = false; /* the second byte is to come */
	c->stopped = c->counting && !c->gate && !triggered(c);
}

void pit_set_state(struct pit *p, const struct kvm_pit_state2 *state, u64 now)
{
	for (unsigned int ch = 0; ch < PIT_CHANNELS; ch++)
		set_channel(&p->ch[ch], ch != 2, &state->channels[ch], now);
	p->hpet_legacy = state->flags & KVM_PIT_FLAGS_HPET_LEGACY;
	p->speaker_data = state->flags & KVM_PIT_FLAGS_SPEAKER_DATA_ON;
	drop_due(p);
	forget_ticks(p);
	if (periodic(&p->ch[0]))
		p->ch[0].edges_seen = irq_edges(p, elapsed(&p->ch[0], now));
}

static bool channel_valid(const struct pit_channel *c)
{
	if (c->count < 1 || c->count > COUNT_MAX || c->next_count > COUNT_MAX)
		return false;
	if (c->latch_byte > PIT_BYTE_WORD0 || c->read_byte > PIT_BYTE_WORD1 ||
	    c->write_byte > PIT_BYTE_WORD1 || c->rw > PIT_RW_WORD)
		return false;
	if (c->mode > PIT_HARD_STROBE &&
	    (c->mode != PIT_MODE_NONE || c->counting || c->write_byte != PIT_BYTE_NONE))
		return false;
	if (c->stopped && (!c->counting || c->gate || triggered(c)))
		return false;
	return !c->next_count || triggered(c) || periodic(c);
}

bool pit_valid(const struct pit *p)
{
	for (unsigned int ch = 0; ch < PIT_CHANNELS; ch++) {
		if (!channel_valid(&p->ch[ch]))
			return false;
	}
	return p->min_period >= 1 && p->pending <= PIT_PENDING_MAX &&
	       (p->reinject || (!p->pending && !p->unacked));
}
