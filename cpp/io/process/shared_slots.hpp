// Memory through which the process that reads a scan hands samples to the one that embeds them.
#pragma once

#include <complex>
#include <cstddef>
#include <span>

#include "descriptor.hpp"

namespace mriembed::io {

// A region of memory (memfd) of fixed size that two processes map: two slots, so that the sender can fill one while the
// receiver empties the other. Samples travel in portions of at most a slot, portion i in slot i % 2.
//
// Its size is sealed before the sender starts: a process that was taken over cannot cut it off under the receiver,
// whose next access would end it by SIGBUS. The sender can change the bytes at any time; whoever receives copies each
// portion once and checks the copy.
class SharedSlots {
 public:
  static constexpr std::size_t slots = 2;
  // Few portions to wait for, and little memory to set up for a scan of a single slice.
  static constexpr std::size_t portion = (std::size_t{1} << 20U) / sizeof(std::complex<float>);

  // The receiver's side. Throws Error internal where there is no such memory.
  static SharedSlots make();
  // The sender's side, of what arrived in this process as `descriptor`. Throws Error internal where it is nothing such,
  // std::bad_alloc where there is no memory for it.
  static SharedSlots lent(Descriptor descriptor);

  SharedSlots(const SharedSlots&) = delete;
  SharedSlots& operator=(const SharedSlots&) = delete;
  ~SharedSlots();

  [[nodiscard]] int descriptor() const noexcept { return descriptor_.get(); }

  // The slot of a portion. The receiver's side is read-only: a write there ends the process.
  [[nodiscard]] std::span<std::complex<float>, portion> slot_of(std::size_t index) const noexcept {
    return std::span<std::complex<float>, portion>(begin_ + index % slots * portion, portion);
  }

 private:
  SharedSlots(Descriptor descriptor, int protection);

  Descriptor descriptor_;
  std::complex<float>* begin_;
};

}  // namespace mriembed::io
