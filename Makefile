# SPDX-License-Identifier: GPL-2.0-only
#
# glassvisor. `make help` lists what there is.

.DEFAULT_GOAL := module

LAB    := tests/lab
BUILD  ?= $(CURDIR)/build
JOBS   ?= $(shell nproc)
# The lab's kernel where nothing else is asked for.
KREL   ?= $(shell $(LAB)/krel 6.1)
# For a real host: the module for the kernel that runs.
HOST   := $(shell uname -r)
OUT    := $(BUILD)/$(KREL)
KDIR   ?= $(if $(filter debug,$(KREL)),$(CURDIR)/build/debug-kernel,/lib/modules/$(KREL)/build)
# Warnings are errors; WERROR=n for compilers newer than the project.
WERROR ?= y

# Without a vmlinux kbuild would only say that it skips BTF: module-btf makes it.
kbuild = flock $(OUT) $(MAKE) --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(JOBS)) \
	-C $(KDIR) M=$(OUT) W=1 GV_WERROR=$(WERROR) \
	$(if $(wildcard $(KDIR)/vmlinux),,CONFIG_DEBUG_INFO_BTF_MODULES=)

.PHONY: module
module: mirror ## build build/<release>/glassvisor.ko (KREL=<release>, default: newest 6.1)
	@$(kbuild) $(SPARSE) modules
	@$(LAB)/module-btf $(OUT)/glassvisor.ko $(KREL) $(KDIR)

.PHONY: modules-all
modules-all: ## build the module for the newest 6.1 and 6.12 kernels
	@$(MAKE) --no-print-directory module KREL=$$($(LAB)/krel 6.1)
	@$(MAKE) --no-print-directory module KREL=$$($(LAB)/krel 6.12)

.PHONY: object
object: mirror ## compile one file: make object F=kvm/mmu/tdp.c [KREL=<release>]
	@rm -f $(OUT)/$(F:.c=.o)
	@$(kbuild) $(SPARSE) $(F:.c=.o)

# A tree of symbolic links to the sources: kbuild has no output folder for
# modules. Links whose file has gone are dropped, with what was made from them.
.PHONY: mirror
mirror:
	@test -n "$(KREL)" && test -e "$(KDIR)/Makefile" || \
		{ echo "No headers for kernel '$(KREL)' in $(KDIR):" \
		"$(if $(filter $(HOST),$(KREL)),apt-get install linux-headers-$(KREL),run $(LAB)/deps.sh)" >&2; exit 1; }
	@mkdir -p $(OUT)/debugfs-schema
	@find $(OUT) -xtype l | sed 'p;s/\.[cS]$$/.o/' | xargs -r rm -f
	@cp -rsn $(CURDIR)/Kbuild $(CURDIR)/kvm $(wildcard $(CURDIR)/debugfs-schema) $(OUT)/

.PHONY: tools
tools: ## build the programs of tools/ into build/tools/
	@for m in tools/*/Makefile; do \
		[ ! -e $$m ] || $(MAKE) --no-print-directory -C $${m%/Makefile} || exit 1; \
	done

.PHONY: docs
docs: ## write docs/reference.md and docs/schema.json from debugfs-schema/
	@$(MAKE) --no-print-directory -C tools/schema
	@mkdir -p docs
	@build/tools/schema --markdown >docs/reference.md
	@build/tools/schema --json >docs/schema.json

.PHONY: demo
demo: ## the main job: boot Linux under QEMU on glassvisor and show what it saw (ON=host: not in the lab)
	@$(LAB)/demo

.PHONY: check
check: ## all tests: lint, build, unit, fuzz smoke, live in the lab (SUITES="unit fuzz" for some)
	@$(LAB)/deps.sh
	@tests/run $(SUITES)

.PHONY: lint
lint: ## the rules of the house that a script can check
	@tests/run lint

.PHONY: check-debug
check-debug: debug-kernel ## the live suite on a kernel with KASAN, lockdep, leak and UB checks
	@tests/run debug

.PHONY: guests
guests: module ## Linux guests rebooted, stopped, saved, loaded; CPU hotplug, IPIs, timers, vhost (minutes)
	@$(LAB)/deps.sh
	@tests/run guests

.PHONY: soak
soak: module ## a Linux guest under mixed load, stopped and reset now and then (SOAK_SECONDS=600)
	@$(LAB)/deps.sh
	@tests/run soak

.PHONY: debug-kernel
debug-kernel: ## build that kernel, once (a quarter of an hour and more)
	@$(LAB)/deps.sh
	@$(LAB)/debug-kernel

.PHONY: bench
bench: ## instructions per operation, stock KVM and glassvisor side by side; BENCH=svm or vmx for one
	@$(LAB)/deps.sh
	@tests/bench/run

.PHONY: load
load: ## build for the running kernel and load (root)
	@$(LAB)/load --check
	@$(MAKE) --no-print-directory module KREL=$(HOST)
	@$(LAB)/load $(BUILD)/$(HOST)/glassvisor.ko

.PHONY: unload
unload: ## unload (root); says which VMs are in the way
	@$(LAB)/unload

# Where `make install` puts the tools.
PREFIX  ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin

programs := kvmstat kvmreport kvmexit kvmfault kvmdirty kvmhot kvmhalt

.PHONY: install
install: ## build for the running kernel; module below /lib/modules, tools to PREFIX/sbin (root; DESTDIR)
	@$(if $(DESTDIR),:,$(LAB)/load --check-install)
	@$(MAKE) --no-print-directory module KREL=$(HOST)
	@$(MAKE) --no-print-directory tools
	install -D -m 644 $(BUILD)/$(HOST)/glassvisor.ko \
		$(DESTDIR)/lib/modules/$(HOST)/updates/glassvisor.ko
	install -D -m 644 packaging/modprobe.conf $(DESTDIR)/etc/modprobe.d/glassvisor.conf
	install -d $(DESTDIR)$(SBINDIR)
	for p in $(programs); do \
		[ ! -e build/tools/$$p ] || install -m 755 build/tools/$$p $(DESTDIR)$(SBINDIR)/ || exit 1; \
	done
	$(if $(DESTDIR),,depmod $(HOST))

.PHONY: uninstall
uninstall: ## remove what install put there (root; DESTDIR)
	rm -f $(DESTDIR)/lib/modules/$(HOST)/updates/glassvisor.ko \
		$(DESTDIR)/etc/modprobe.d/glassvisor.conf $(programs:%=$(DESTDIR)$(SBINDIR)/%)
	$(if $(DESTDIR),,depmod $(HOST))

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | sort | \
		awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'

.PHONY: clean
clean: ## remove what was built (the debug kernel is kept; remove build/ for all)
	@find $(BUILD) -mindepth 1 -maxdepth 1 ! -name debug-kernel -exec rm -rf {} + 2>/dev/null || :
