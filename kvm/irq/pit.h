/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The 8254 interval timer of a PC and port 0x61. See pit.c.
 *
 * @now is nanoseconds of CLOCK_MONOTONIC, which is what count_load_time of
 * KVM_GET_PIT2 counts in; it is below 2^63 and never goes back between calls.
 *
 * Use: after pit_write, pit_set_state, pit_set_reinject and whenever the timer has fired,
 * call pit_tick and carry out what it says, then pit_next for the timer.
 */
#ifndef GLASSVISOR_IRQ_PIT_H
#define GLASSVISOR_IRQ_PIT_H

#include <linux/kvm.h>

#include "../env.h"

#define PIT_HZ		 1193182
#define PIT_CHANNELS	 3
#define PIT_PORT	 0x40 /* to 0x42: channels, 0x43: control */
#define PIT_PORT_CONTROL 0x43
#define PIT_PORT_SPEAKER 0x61

/* Ticks that wait for their interrupt: no more are kept. */
#define PIT_PENDING_MAX 0x10000

/* An interrupt that nobody acknowledged for so long, in ns, is given up waiting for. */
#define PIT_ACK_TIMEOUT 1000000000ULL

/* The modes of the data sheet. */
enum pit_mode {
	PIT_TERMINAL_COUNT, /* interrupt on terminal count */
	PIT_ONE_SHOT,	    /* hardware retriggerable one-shot */
	PIT_RATE,	    /* rate generator */
	PIT_SQUARE,	    /* square wave */
	PIT_SOFT_STROBE,    /* software triggered strobe */
	PIT_HARD_STROBE,    /* hardware triggered strobe (retriggerable) */
};

/* Access: the control word's RW1:RW0. */
enum pit_rw { PIT_RW_LATCH, PIT_RW_LSB, PIT_RW_MSB, PIT_RW_WORD };

/* The byte that comes next; as in struct kvm_pit_channel_state. */
enum pit_byte { PIT_BYTE_NONE, PIT_BYTE_LSB, PIT_BYTE_MSB, PIT_BYTE_WORD0, PIT_BYTE_WORD1 };

/* A channel's mode before its first control word: nothing counts. */
#define PIT_MODE_NONE 0xff

struct pit_channel {
	u32 count;	/* ticks of the period in use, 1 to 0x10000 */
	u32 next_count; /* written, takes the place of count at next_tick; 0: none waits */
	u64 next_tick;	/* ticks since load_time; ~0: at the next trigger (modes 1 and 5) */
	s64 load_time;	/* ns; the count began here */
	u64 stop_time;	/* ns; gate low stopped the count, if stopped */
	u64 edges_seen; /* rising edges of OUT since load_time that are in pit.due or told */
	u16 latched_count;
	u8 latch_byte; /* enum pit_byte: what is still to read of it; NONE: not latched */
	u8 status;
	bool status_latched;
	u8 read_byte, write_byte; /* enum pit_byte */
	u8 write_latch;		  /* the low byte of a word, until its high byte comes */
	u8 rw;			  /* enum pit_rw; LATCH: not programmed */
	u8 mode;		  /* enum pit_mode or PIT_MODE_NONE */
	bool bcd;
	bool gate;
	bool counting;	 /* a count has been loaded; modes 1 and 5: and triggered */
	bool stopped;	 /* by the gate; counting */
	bool null_count; /* the count register has what the counter has not yet */
};

struct pit {
	struct pit_channel ch[PIT_CHANNELS];
	bool hpet_legacy;  /* KVM_PIT_FLAGS_HPET_LEGACY: no interrupts from channel 0 */
	bool speaker_data; /* KVM_PIT_FLAGS_SPEAKER_DATA_ON: port 0x61 bit 1 */
	bool reinject;	   /* KVM_REINJECT_CONTROL; on after pit_reset */
	bool unacked;	   /* reinject: an interrupt is on its way or in service */
	u64 inject_time;   /* ns; when that was injected */
	u32 pending;	   /* reinject: ticks that wait for their interrupt */
	u32 min_period;	   /* ticks; interrupts come no denser */
	u64 due;	   /* edges that pit_tick has not seen */
	u64 ticks;	   /* edges since pit_reset, */
	u64 reinjected;	   /* those that were delivered late by pit_acked, */
	u64 dropped;	   /* and those that got no interrupt of their own */
};

/* The next interrupt of channel 0. */
struct pit_timer {
	bool armed;
	bool periodic; /* else one shot */
	u64 deadline;  /* ns; the first edge behind now */
	u64 period;    /* ns, rounded; the exact deadlines come from pit_next */
};

/*
 * As after power-on, in a PC: gates 0 and 1 high, 2 low; no channel counts.
 * @min_period_ns: the densest interrupts of channel 0 in modes 2 and 3 that the host
 * allows. One-shot counts need none: each costs the guest an exit.
 */
void pit_reset(struct pit *p, u64 now, u64 min_period_ns);

/* Is @port one of the timer's, port 0x61 not counted? */
static inline bool pit_port(u16 port)
{
	return (port & ~3) == PIT_PORT;
}

/* One byte. Ports that are not the timer's read as all ones. */
u8 pit_read(struct pit *p, u16 port, u64 now);
void pit_write(struct pit *p, u16 port, u8 val, u64 now);

/* Port 0x61: gate 2, speaker data, refresh toggle, OUT 2. */
u8 pit_read_speaker(struct pit *p, u64 now);
void pit_write_speaker(struct pit *p, u8 val, u64 now);

/* Channel @ch's gate (0-2) and output. */
void pit_set_gate(struct pit *p, unsigned int ch, bool level, u64 now);
bool pit_out(struct pit *p, unsigned int ch, u64 now);

/*
 * Account for the edges of OUT 0 up to @now. True: pulse interrupt 0 (once).
 * With reinjection that is at most one at a time: the others wait for pit_acked.
 */
bool pit_tick(struct pit *p, u64 now);

/* Interrupt 0 was EOIed or acknowledged for good. True: pulse it again. */
bool pit_acked(struct pit *p, u64 now);

/* The pulse reached nobody, or the line was unmasked: what waited is stale. */
void pit_forget(struct pit *p);

/* KVM_REINJECT_CONTROL. */
void pit_set_reinject(struct pit *p, bool reinject);

/* When to call pit_tick next. */
void pit_next(struct pit *p, u64 now, struct pit_timer *ret_timer);

/*
 * KVM_GET_PIT2 and KVM_SET_PIT2. Any state is taken, with what is out of range
 * brought into it. Channel 0 goes on counting from its load time; a one-shot count
 * that is over interrupts once more, because the state does not say if it has.
 */
void pit_get_state(struct pit *p, u64 now, struct kvm_pit_state2 *ret_state);
void pit_set_state(struct pit *p, const struct kvm_pit_state2 *state, u64 now);

/* Ticks that are over after @ns, and the ns after which @ticks are over. Exact. */
u64 pit_ns_to_ticks(u64 ns);
u64 pit_ticks_to_ns(u64 ticks);

/* All invariants hold? For tests and fuzzing. */
bool pit_valid(const struct pit *p);

#endif /* GLASSVISOR_IRQ_PIT_H */
