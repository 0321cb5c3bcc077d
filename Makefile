# SPDX-License-Identifier: GPL-2.0
# One line for each thing that one can do; the work is done in tools/.

.PHONY: help demo check bench shell lint series tree refresh bisect-check defconfig-check selftest clean distclean
.NOTPARALLEL:

# The kernel's make must not get what was given to this one; the variables
# reach the tools in the environment.
unexport MAKEFLAGS MFLAGS MAKELEVEL

help: ## list what can be made
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 22
	@echo '  KERNEL=DIR           use this kernel tree or git checkout as the base'

demo: ## build, boot, and show a device doing DMA through its bypass window
	@tools/deps x86 && tools/demo

check: ## run all tests on all machines, or on some: MACHINES="vtd48 smmu:SUITE ..."
	@tools/deps all && tools/check $(MACHINES)

bench: ## count what mappings cost, in instructions: out/bench.csv, out/bench.md, plots
	@tools/deps && tools/bench

shell: ## boot MACHINE (vtd48 if none is given) to a shell with the program dma_bypass
	@tools/deps && tools/shell $(or $(MACHINE),vtd48)

lint: ## checkpatch, sparse, W=1, kernel-doc, words, shellcheck: what is new (STEPS="words ...")
	@tools/deps all && tools/tree && tools/lint $(STEPS)

series: ## write the mails to out/series/TOPIC (TOPIC="core ...", PREFIX="PATCH v2")
	@tools/deps && tools/tree && tools/series

tree: ## get the kernel and make build/linux, a commit for each patch (FORCE=1 drops edits)
	@tools/deps && tools/tree

refresh: ## turn commits and edits in build/linux into series/ and linux/
	@tools/deps && tools/refresh

bisect-check: ## build each commit by itself (TOPIC="core ...", KERNELS="x86all sparc64 ...")
	@tools/deps all && tools/tree && tools/bisect $(KERNELS)

defconfig-check: ## build the defconfig of each architecture with the option, or of ARCHS="..."
	@tools/deps all && tools/tree && tools/defconfig $(ARCHS)

selftest: ## test the tools on a toy kernel
	@tools/deps && tools/tree && tools/selftest

clean: ## remove what was built, keep the source
	@tools/clean

distclean: ## remove build/ and out/ (FORCE=1: with the edits in build/linux)
	@tools/clean all
