// SPDX-License-Identifier: GPL-2.0
///
/// Pass DMA_ATTR_IOMMU_BYPASS with the streaming mappings of a driver.
///
/// Only on request, and for all files of a driver at once:
///   make coccicheck MODE=convert M=drivers/net/ethernet/intel/e1000
///
/// An open window lets the device access memory beyond the buffers: whether the
/// driver may accept that, mapping by mapping, has to be decided by its author.
///
// Confidence: Moderate
// Comments: Lists are left alone where they have to be merged, fragments where
// they may be memory of a device, and all where the DMA engine core unmaps.
// Options: --no-includes --include-headers

virtual convert

@merges@
@@

dma_get_merge_boundary(...)

@netmem@
@@

netmem_dma_unmap_page_attrs(...)

@elsewhere@
@@

dmaengine_get_unmap_data(...)

@depends on convert && !elsewhere@
expression D, X, O, N, R;
@@

(
- dma_map_single(D, X, N, R)
+ dma_map_single_attrs(D, X, N, R, DMA_ATTR_IOMMU_BYPASS)
|
- dma_unmap_single(D, X, N, R)
+ dma_unmap_single_attrs(D, X, N, R, DMA_ATTR_IOMMU_BYPASS)
|
- dma_map_page(D, X, O, N, R)
+ dma_map_page_attrs(D, X, O, N, R, DMA_ATTR_IOMMU_BYPASS)
|
- dma_unmap_page(D, X, N, R)
+ dma_unmap_page_attrs(D, X, N, R, DMA_ATTR_IOMMU_BYPASS)
)

// Without attributes of its own.

@depends on convert && !elsewhere && !netmem@
expression D, X, O, N, R;
@@

(
- skb_frag_dma_map(D, X)
+ dma_map_page_attrs(D, skb_frag_page(X), skb_frag_off(X), skb_frag_size(X),
+ 		     DMA_TO_DEVICE, DMA_ATTR_IOMMU_BYPASS)
|
- skb_frag_dma_map(D, X, 0, N, R)
+ dma_map_page_attrs(D, skb_frag_page(X), skb_frag_off(X), N, R,
+ 		     DMA_ATTR_IOMMU_BYPASS)
|
- skb_frag_dma_map(D, X, O, N, R)
+ dma_map_page_attrs(D, skb_frag_page(X), skb_frag_off(X) + O, N, R,
+ 		     DMA_ATTR_IOMMU_BYPASS)
)

@depends on convert && !elsewhere && !merges@
expression D, X, N, R;
@@

(
- dma_map_sg(D, X, N, R)
+ dma_map_sg_attrs(D, X, N, R, DMA_ATTR_IOMMU_BYPASS)
|
- dma_unmap_sg(D, X, N, R)
+ dma_unmap_sg_attrs(D, X, N, R, DMA_ATTR_IOMMU_BYPASS)
)

// With attributes: neither twice nor where it is ignored.

@lists depends on merges@
position p;
@@

\(dma_map_sg_attrs@p\|dma_unmap_sg_attrs@p\|dma_map_sgtable@p\|
  dma_unmap_sgtable@p\)(...)

@depends on convert && !elsewhere@
expression A;
position p != lists.p;
@@

\(dma_map_single_attrs@p\|dma_unmap_single_attrs@p\|dma_map_page_attrs@p\|
  dma_unmap_page_attrs@p\|dma_map_phys@p\|dma_unmap_phys@p\|dma_map_bvec@p\|
  dma_map_sg_attrs@p\|dma_unmap_sg_attrs@p\|dma_map_sgtable@p\|
  dma_unmap_sgtable@p\)(...,
(
  <+... \(DMA_ATTR_IOMMU_BYPASS\|DMA_ATTR_MMIO\|DMA_ATTR_CC_SHARED\) ...+>
|
- 0
+ DMA_ATTR_IOMMU_BYPASS
|
- A
+ A | DMA_ATTR_IOMMU_BYPASS
)
  )
