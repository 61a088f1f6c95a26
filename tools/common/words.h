/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What all the tools say, and end with, where they can't do their work. A
 * message goes behind the program's name and a colon.
 */
#ifndef GLASSVISOR_TOOLS_WORDS_H
#define GLASSVISOR_TOOLS_WORDS_H

/* %s: the program's name. */
#define NEEDS_ROOT "needs root: sudo %s"
#define NO_KVM	   "no KVM module is loaded: make load for glassvisor (or modprobe kvm_amd)"
#define NO_TRACEFS "tracefs is not mounted: mount -t tracefs tracefs /sys/kernel/tracing"

/* The exit status for a command line that is wrong. */
#define STATUS_USAGE 2

#endif /* GLASSVISOR_TOOLS_WORDS_H */
