// A vector whose elements start at a cache line: a whole vector of the processor then never straddles two.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace mriembed::kernels {

constexpr std::size_t cache_line = 64;  // bytes

template <typename Element>
struct CacheLineAllocator {
  using value_type = Element;

  CacheLineAllocator() = default;
  template <typename Other>
  // NOLINTNEXTLINE(misc-explicit-constructor): the standard asks allocators to convert silently
  CacheLineAllocator(const CacheLineAllocator<Other>& /*other*/) noexcept {}

  Element* allocate(std::size_t count) {
    return static_cast<Element*>(::operator new(count * sizeof(Element), std::align_val_t(cache_line)));
  }
  void deallocate(Element* elements, std::size_t /*count*/) noexcept {
    ::operator delete(elements, std::align_val_t(cache_line));
  }
  friend bool operator==(const CacheLineAllocator& /*left*/, const CacheLineAllocator& /*right*/) noexcept {
    return true;
  }
};

template <typename Element>
using AlignedVector = std::vector<Element, CacheLineAllocator<Element>>;

}  // namespace mriembed::kernels
