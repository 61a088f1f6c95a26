#!/usr/bin/gawk -f
# SPDX-License-Identifier: GPL-2.0-only
# profile.awk KALLSYMS LOG: instructions by function and round trip. A round trip
# is one pass through the symbol whose VMRUN ends the entry, or a VMRESUME. LOG is QEMU's or that
# of Bochs' debugger.
BEGIN { FS = " " }
FNR == NR {
	if ($1 ~ /^ffffffff/ && $2 ~ /^[tTwW]$/) {
		addr[++n] = low($1)
		name[n] = $3
	}
	next
}
FNR == 1 { m = asorti_by_addr() }
/^Trace / {
	split($0, part, "/")
	step(part[2])
}
# (0).[ticks] [physical address] selector:address (context): instruction ; bytes
/^\(0\)\.\[/ {
	split($3, part, ":")
	step(part[2])
	resumed += $6 == "vmresume"
}
function step(address,   f) {
	f = find(address ~ /^ffff/ ? low(address) : 0)
	count[f]++
	total++
	if (f != last) {
		calls[f]++
		last = f
	}
}
END {
	trips = resumed ? resumed : calls["svm_vmrun"] / 2
	if (!trips)
		trips = calls["__svm_vcpu_run"] / 2
	if (!trips) {
		print "no round trip seen in " total " instructions"
		exit 1
	}
	printf "%d instructions, %d round trips, %.0f each\n", total, trips, total / trips
	for (f in count)
		printf "%8.1f  %5.1f  %s\n", count[f] / trips, calls[f] / trips, f | "sort -rn | head -60"
}
# An awk number holds 53 bits; the kernel's text lies in the last 4 GiB.
function low(hex) {
	return strtonum("0x" substr(hex, length(hex) - 7))
}
function asorti_by_addr(   i, key) {
	for (i = 1; i <= n; i++)
		key[i] = sprintf("%020d %s", addr[i], name[i])
	m = asort(key)
	for (i = 1; i <= m; i++) {
		split(key[i], p, " ")
		addr[i] = p[1] + 0
		name[i] = p[2]
	}
	return m
}
function find(pc,   lo, hi, mid) {
	if (pc in memo)
		return memo[pc]
	if (!pc)
		return memo[pc] = "(user or guest)"
	lo = 1
	hi = n
	while (lo < hi) {
		mid = int((lo + hi + 1) / 2)
		if (addr[mid] <= pc)
			lo = mid
		else
			hi = mid - 1
	}
	return memo[pc] = name[lo]
}
