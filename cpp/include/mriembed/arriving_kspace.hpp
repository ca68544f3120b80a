// K-space of one slice whose lines arrive one by one. C++17, no torch.
#pragma once

#include <complex>
#include <cstdint>
#include <memory>

#include "mriembed/array_view.hpp"
#include "mriembed/embedder.hpp"
#include "mriembed/export.h"

namespace mriembed {

// Does while lines arrive what Embedder::embed_kspace does at once, so that little is left to do when the last one is
// there. The embedding has the same bits. For one thread at a time; several may be in work beside each other.
//
// The samples, and the noise covariance of the options, stay the caller's, where they are, until embed() returns; the
// Embedder stays until this is destroyed. Lines may arrive in any order; once the central 24 are there, each further
// one costs little. A slice of which lines are missing, or came twice, is embedded all the same, in the usual time.
class MRIEMBED_EXPORT ArrivingKspace {
 public:
  // `kspace`: (coils, y, x), row-major, its centre at (y / 2, x / 2). Throws Error invalid_argument as embed_kspace()
  // does, and bad_input for a covariance that is not positive definite.
  ArrivingKspace(const Embedder& embedder, const ArrayView<const std::complex<float>, 3>& kspace,
                 const KspaceOptions& options = {});
  ArrivingKspace(ArrivingKspace&&) noexcept;
  ArrivingKspace& operator=(ArrivingKspace&&) noexcept;
  ArrivingKspace(const ArrivingKspace&) = delete;
  ArrivingKspace& operator=(const ArrivingKspace&) = delete;
  ~ArrivingKspace();

  // Line `y` of all coils is in the samples, and does not change any more.
  void add_line(std::int64_t y);

  // All lines are there that will be; the others are zero. Writes the embedding, (embed_dim). Once. Throws what
  // embed_kspace() throws.
  void embed(const ArrayView<float, 1>& embedding, Report* report = nullptr);

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace mriembed
