// SPDX-License-Identifier: GPL-2.0
///
/// Find mappings that misuse DMA_ATTR_IOMMU_BYPASS:
/// - mapped with the attribute and unmapped without it, or the reverse;
/// - the attribute where it is ignored;
/// - a DMA address that is not checked with dma_mapping_error();
/// - lists in a driver that relies on their being merged.
///
/// The attribute has to be passed by its name: attributes in variables are not
/// followed.  A variable or a member that is mapped both with and without it is
/// left alone.
///
// Confidence: High
// Comments: The last two need a decision: no patch.
// Options: --no-includes --include-headers

virtual patch
virtual context
virtual org
virtual report

@uses@
@@

DMA_ATTR_IOMMU_BYPASS

//----------------------------------------------------------
//  Members of structures: mapped here, unmapped there
//----------------------------------------------------------

@with depends on uses@
expression E, D, N, R;
identifier f;
position p;
@@

(
\(E->f\|E.f\) = \(dma_map_single_attrs@p\|dma_map_page_attrs@p\|dma_map_phys@p\|
	dma_map_bvec@p\)(..., <+... DMA_ATTR_IOMMU_BYPASS ...+>)
|
dma_map_sg_attrs@p(D, \(&E->f\|&E.f\|E->f\|E.f\), N, R,
	<+... DMA_ATTR_IOMMU_BYPASS ...+>)
|
dma_map_sgtable@p(D, \(&E->f\|&E.f\|E->f\|E.f\), R,
	<+... DMA_ATTR_IOMMU_BYPASS ...+>)
)

@without depends on uses@
expression E, D, N, R;
constant C != DMA_ATTR_IOMMU_BYPASS;
identifier f;
position p != with.p;
@@

(
\(E->f\|E.f\) = \(dma_map_single@p\|dma_map_page@p\|dma_map_page_attrs@p\|
	dma_map_single_attrs@p\|dma_map_phys@p\|dma_map_bvec@p\)(..., C)
|
\(E->f\|E.f\) = \(dma_map_single@p\|dma_map_page@p\)(...)
|
dma_map_sg@p(D, \(&E->f\|&E.f\|E->f\|E.f\), ...)
|
dma_map_sg_attrs@p(D, \(&E->f\|&E.f\|E->f\|E.f\), N, R, C)
|
dma_map_sgtable@p(D, \(&E->f\|&E.f\|E->f\|E.f\), R, C)
)

// Mapped in another way, too: with attributes that are not known, for one.

@with_other@
expression E, D;
identifier with.f;
position p != with.p;
@@

(
\(E->f\|E.f\) = \(dma_map_single@p\|dma_map_page@p\|dma_map_page_attrs@p\|
	dma_map_single_attrs@p\|dma_map_phys@p\|dma_map_bvec@p\)(...)
|
\(dma_map_sg@p\|dma_map_sg_attrs@p\|dma_map_sgtable@p\)(D,
	\(&E->f\|&E.f\|E->f\|E.f\), ...)
)

@without_other@
expression E, D;
identifier without.f;
position p != without.p;
@@

(
\(E->f\|E.f\) = \(dma_map_single@p\|dma_map_page@p\|dma_map_page_attrs@p\|
	dma_map_single_attrs@p\|dma_map_phys@p\|dma_map_bvec@p\)(...)
|
\(dma_map_sg@p\|dma_map_sg_attrs@p\|dma_map_sgtable@p\)(D,
	\(&E->f\|&E.f\|E->f\|E.f\), ...)
)

@lost depends on with && !with_other@
expression E, D, N, R;
constant C != DMA_ATTR_IOMMU_BYPASS;
identifier with.f;
position p;
@@

(
\(dma_unmap_single@p\|dma_unmap_page@p\)(D, \(E->f\|E.f\), N, R)
|
\(dma_unmap_single_attrs@p\|dma_unmap_page_attrs@p\|dma_unmap_phys@p\)(D,
	\(E->f\|E.f\), N, R, C)
|
dma_unmap_sg@p(D, \(&E->f\|&E.f\|E->f\|E.f\), N, R)
|
dma_unmap_sg_attrs@p(D, \(&E->f\|&E.f\|E->f\|E.f\), N, R, C)
|
dma_unmap_sgtable@p(D, \(&E->f\|&E.f\|E->f\|E.f\), R, C)
)

@depends on patch@
expression D, X, N, R, A;
position lost.p;
@@

(
- dma_unmap_single@p(D, X, N, R)
+ dma_unmap_single_attrs(D, X, N, R, DMA_ATTR_IOMMU_BYPASS)
|
- dma_unmap_page@p(D, X, N, R)
+ dma_unmap_page_attrs(D, X, N, R, DMA_ATTR_IOMMU_BYPASS)
|
- dma_unmap_sg@p(D, X, N, R)
+ dma_unmap_sg_attrs(D, X, N, R, DMA_ATTR_IOMMU_BYPASS)
|
\(dma_unmap_single_attrs@p\|dma_unmap_page_attrs@p\|dma_unmap_phys@p\|
  dma_unmap_sg_attrs@p\|dma_unmap_sgtable@p\)(...,
- 0
+ DMA_ATTR_IOMMU_BYPASS
  )
|
\(dma_unmap_single_attrs@p\|dma_unmap_page_attrs@p\|dma_unmap_phys@p\|
  dma_unmap_sg_attrs@p\|dma_unmap_sgtable@p\)(...,
- A
+ A | DMA_ATTR_IOMMU_BYPASS
  )
)

@extra depends on without && !without_other@
expression E, D, N, R;
identifier without.f;
position p;
@@

(
\(dma_unmap_single_attrs@p\|dma_unmap_page_attrs@p\|dma_unmap_phys@p\)(D,
	\(E->f\|E.f\), N, R, <+... DMA_ATTR_IOMMU_BYPASS ...+>)
|
dma_unmap_sg_attrs@p(D, \(&E->f\|&E.f\|E->f\|E.f\), N, R,
	<+... DMA_ATTR_IOMMU_BYPASS ...+>)
|
dma_unmap_sgtable@p(D, \(&E->f\|&E.f\|E->f\|E.f\), R,
	<+... DMA_ATTR_IOMMU_BYPASS ...+>)
)

@depends on patch@
expression A;
identifier fn;
position extra.p;
@@

fn@p(...,
(
- DMA_ATTR_IOMMU_BYPASS
+ 0
|
- DMA_ATTR_IOMMU_BYPASS | A
+ A
|
- A | DMA_ATTR_IOMMU_BYPASS
+ A
)
  )

//----------------------------------------------------------
//  Variables: mapped and unmapped in one function
//----------------------------------------------------------

@lost_local depends on uses exists@
local idexpression x;
expression D, N, R, X;
constant C != DMA_ATTR_IOMMU_BYPASS;
position p;
@@

(
x = \(dma_map_single_attrs\|dma_map_page_attrs\|dma_map_phys\|
	dma_map_bvec\)(..., <+... DMA_ATTR_IOMMU_BYPASS ...+>)
|
dma_map_sg_attrs(D, \(&x\|x\), N, R, <+... DMA_ATTR_IOMMU_BYPASS ...+>)
|
dma_map_sgtable(D, \(&x\|x\), R, <+... DMA_ATTR_IOMMU_BYPASS ...+>)
)
... when != x = X
    when any
(
\(dma_unmap_single@p\|dma_unmap_page@p\)(D, x, N, R)
|
\(dma_unmap_single_attrs@p\|dma_unmap_page_attrs@p\|dma_unmap_phys@p\)(D,
	x, N, R, C)
|
dma_unmap_sg@p(D, \(&x\|x\), N, R)
|
dma_unmap_sg_attrs@p(D, \(&x\|x\), N, R, C)
|
dma_unmap_sgtable@p(D, \(&x\|x\), R, C)
)

@depends on patch@
expression D, X, N, R, A;
position lost_local.p;
@@

(
- dma_unmap_single@p(D, X, N, R)
+ dma_unmap_single_attrs(D, X, N, R, DMA_ATTR_IOMMU_BYPASS)
|
- dma_unmap_page@p(D, X, N, R)
+ dma_unmap_page_attrs(D, X, N, R, DMA_ATTR_IOMMU_BYPASS)
|
- dma_unmap_sg@p(D, X, N, R)
+ dma_unmap_sg_attrs(D, X, N, R, DMA_ATTR_IOMMU_BYPASS)
|
\(dma_unmap_single_attrs@p\|dma_unmap_page_attrs@p\|dma_unmap_phys@p\|
  dma_unmap_sg_attrs@p\|dma_unmap_sgtable@p\)(...,
- 0
+ DMA_ATTR_IOMMU_BYPASS
  )
|
\(dma_unmap_single_attrs@p\|dma_unmap_page_attrs@p\|dma_unmap_phys@p\|
  dma_unmap_sg_attrs@p\|dma_unmap_sgtable@p\)(...,
- A
+ A | DMA_ATTR_IOMMU_BYPASS
  )
)

@extra_local depends on uses exists@
local idexpression x;
expression D, N, R, X;
constant C != DMA_ATTR_IOMMU_BYPASS;
position p;
@@

(
x = \(dma_map_single_attrs\|dma_map_page_attrs\|dma_map_phys\|
	dma_map_bvec\)(..., C)
|
x = \(dma_map_single\|dma_map_page\)(...)
|
dma_map_sg(D, \(&x\|x\), ...)
|
dma_map_sg_attrs(D, \(&x\|x\), N, R, C)
|
dma_map_sgtable(D, \(&x\|x\), R, C)
)
... when != x = X
    when any
(
\(dma_unmap_single_attrs@p\|dma_unmap_page_attrs@p\|dma_unmap_phys@p\)(D,
	x, N, R, <+... DMA_ATTR_IOMMU_BYPASS ...+>)
|
dma_unmap_sg_attrs@p(D, \(&x\|x\), N, R, <+... DMA_ATTR_IOMMU_BYPASS ...+>)
|
dma_unmap_sgtable@p(D, \(&x\|x\), R, <+... DMA_ATTR_IOMMU_BYPASS ...+>)
)

@depends on patch@
expression A;
identifier fn;
position extra_local.p;
@@

fn@p(...,
(
- DMA_ATTR_IOMMU_BYPASS
+ 0
|
- DMA_ATTR_IOMMU_BYPASS | A
+ A
|
- A | DMA_ATTR_IOMMU_BYPASS
+ A
)
  )

//----------------------------------------------------------
//  The attribute where it is ignored
//----------------------------------------------------------

@ignored depends on uses@
position p;
@@

\(dma_alloc_attrs@p\|dmam_alloc_attrs@p\|dma_free_attrs@p\|dma_mmap_attrs@p\|
  dma_get_sgtable_attrs@p\|dma_alloc_noncontiguous@p\|dma_map_resource@p\|
  dma_unmap_resource@p\)(..., <+... DMA_ATTR_IOMMU_BYPASS ...+>)

@depends on patch@
expression A;
identifier fn;
position ignored.p;
@@

fn@p(...,
(
- DMA_ATTR_IOMMU_BYPASS
+ 0
|
- DMA_ATTR_IOMMU_BYPASS | A
+ A
|
- A | DMA_ATTR_IOMMU_BYPASS
+ A
)
  )

//----------------------------------------------------------
//  An address that is not checked
//----------------------------------------------------------

@checked depends on uses exists@
expression X;
position p;
@@

X = \(dma_map_single_attrs@p\|dma_map_page_attrs@p\|dma_map_phys@p\|
	dma_map_bvec@p\)(..., <+... DMA_ATTR_IOMMU_BYPASS ...+>)
... when any
dma_mapping_error(..., X)

@unchecked depends on uses && !patch@
expression X;
position p != checked.p;
@@

X = \(dma_map_single_attrs@p\|dma_map_page_attrs@p\|dma_map_phys@p\|
	dma_map_bvec@p\)(..., <+... DMA_ATTR_IOMMU_BYPASS ...+>)

//----------------------------------------------------------
//  Lists that have to be merged
//----------------------------------------------------------

@merges depends on uses@
@@

dma_get_merge_boundary(...)

@merged depends on merges && !patch@
position p;
@@

\(dma_map_sg_attrs@p\|dma_map_sgtable@p\)(..., <+... DMA_ATTR_IOMMU_BYPASS ...+>)

@depends on context@
identifier fn;
position lost.p;
@@

* fn@p(...)

@depends on context@
identifier fn;
position lost_local.p;
@@

* fn@p(...)

@depends on context@
identifier fn;
position extra.p;
@@

* fn@p(...)

@depends on context@
identifier fn;
position extra_local.p;
@@

* fn@p(...)

@depends on context@
identifier fn;
position ignored.p;
@@

* fn@p(...)

@depends on context@
identifier fn;
position unchecked.p;
@@

* fn@p(...)

@depends on context@
identifier fn;
position merged.p;
@@

* fn@p(...)

@script:python depends on org@
p << lost.p;
@@

coccilib.org.print_todo(p[0], "mapped with DMA_ATTR_IOMMU_BYPASS, unmapped without it")

@script:python depends on report@
p << lost.p;
@@

coccilib.report.print_report(p[0], "mapped with DMA_ATTR_IOMMU_BYPASS, unmapped without it")

@script:python depends on org@
p << lost_local.p;
@@

coccilib.org.print_todo(p[0], "mapped with DMA_ATTR_IOMMU_BYPASS, unmapped without it")

@script:python depends on report@
p << lost_local.p;
@@

coccilib.report.print_report(p[0], "mapped with DMA_ATTR_IOMMU_BYPASS, unmapped without it")

@script:python depends on org@
p << extra.p;
@@

coccilib.org.print_todo(p[0], "mapped without DMA_ATTR_IOMMU_BYPASS, unmapped with it")

@script:python depends on report@
p << extra.p;
@@

coccilib.report.print_report(p[0], "mapped without DMA_ATTR_IOMMU_BYPASS, unmapped with it")

@script:python depends on org@
p << extra_local.p;
@@

coccilib.org.print_todo(p[0], "mapped without DMA_ATTR_IOMMU_BYPASS, unmapped with it")

@script:python depends on report@
p << extra_local.p;
@@

coccilib.report.print_report(p[0], "mapped without DMA_ATTR_IOMMU_BYPASS, unmapped with it")

@script:python depends on org@
p << ignored.p;
@@

coccilib.org.print_todo(p[0], "DMA_ATTR_IOMMU_BYPASS is ignored here")

@script:python depends on report@
p << ignored.p;
@@

coccilib.report.print_report(p[0], "DMA_ATTR_IOMMU_BYPASS is ignored here")

@script:python depends on org@
p << unchecked.p;
@@

coccilib.org.print_todo(p[0], "DMA address is not checked with dma_mapping_error()")

@script:python depends on report@
p << unchecked.p;
@@

coccilib.report.print_report(p[0], "DMA address is not checked with dma_mapping_error()")

@script:python depends on org@
p << merged.p;
@@

coccilib.org.print_todo(p[0], "lists with DMA_ATTR_IOMMU_BYPASS are not merged, see dma_get_merge_boundary()")

@script:python depends on report@
p << merged.p;
@@

coccilib.report.print_report(p[0], "lists with DMA_ATTR_IOMMU_BYPASS are not merged, see dma_get_merge_boundary()")
