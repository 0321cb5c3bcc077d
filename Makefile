# SPDX-License-Identifier: GPL-2.0
# One line for each thing that one can do; the work is done in tools/.

.PHONY: help demo check bench bench-cpus bench-compare bench-noattr shell lint series tree refresh bisect-check defconfig-check selftest clean distclean
.NOTPARALLEL:

# The kernel's make must not see what was given to this one; the variables
# reach the tools in the environment.
unexport MAKEFLAGS MFLAGS MAKELEVEL

help: ## list what can be made
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 22
	@echo '  KERNEL=DIR           use this kernel tree or git checkout as the base'

demo: ## build, boot, and show a device doing DMA through its bypass window
	@tools/deps x86 && tools/demo

check: ## run all tests on all machines, or on some: MACHINES="vtd48 ..."
	@tools/deps all && tools/check $(MACHINES)

bench: ## count what mappings cost, in instructions: out/bench.csv, out/bench.md, plots
	@tools/deps && tools/bench && tools/bench-cpus

bench-cpus: ## only time mappings on one to eight processors: indicative, out/cpus.md
	@tools/deps && tools/bench-cpus

bench-compare: ## show which figures moved since those recorded in bench/
	@tools/bench-compare

bench-noattr: ## what the feature costs those who do not use it, by counts and by the code
	@tools/bench-noattr

shell: ## boot MACHINE (vtd48 if none is given) to a shell with the program dma_bypass
	@tools/deps && tools/shell $(or $(MACHINE),vtd48)

lint: ## checkpatch, sparse, W=1, kernel-doc, shellcheck: what is new, on the tree
	@tools/deps all && tools/tree && tools/lint

series: ## write the mails to out/series (PREFIX="PATCH v2")
	@tools/deps && tools/tree && tools/series

tree: ## get the kernel and assemble build/linux (FORCE=1 drops edits in it)
	@tools/deps && tools/tree

refresh: ## turn edits in build/linux into hook diffs and overlay files (PATCH=NNNN)
	@tools/deps && tools/refresh

bisect-check: ## build each commit of the series by itself (KERNELS="x86 sparc64 ppc64le")
	@tools/deps all && tools/tree && tools/series && tools/bisect $(KERNELS)

defconfig-check: ## build the defconfig of each architecture with the option, or of ARCHS="..."
	@tools/deps all && tools/tree && tools/defconfig $(ARCHS)

selftest: ## test the tools on a toy kernel
	@tools/deps && tools/selftest

clean: ## remove what was built, keep the source
	@tools/clean

distclean: ## remove build/ and out/ (FORCE=1: with the edits in build/linux)
	@tools/clean all
