// An array whose elements start at a cache line and are not set to anything.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>

#include "kernels/aligned_vector.hpp"

namespace mriembed::kernels {

template <typename Element>
struct AlignedDelete {
  void operator()(Element* elements) const noexcept { ::operator delete(elements, std::align_val_t(cache_line)); }
};

template <typename Element>
using AlignedArray = std::unique_ptr<Element[], AlignedDelete<Element>>;

template <typename Element>
AlignedArray<Element> aligned_array(std::size_t count) {
  static_assert(std::is_trivially_copyable_v<Element>);
  return AlignedArray<Element>(
      static_cast<Element*>(::operator new(count * sizeof(Element), std::align_val_t(cache_line))));
}

}  // namespace mriembed::kernels
