/// @file
/// K-space of one slice whose lines arrive one by one. C++17, no torch.
#pragma once

#include <complex>
#include <cstdint>
#include <memory>

#include "mriembed/array_view.hpp"
#include "mriembed/embedder.hpp"
#include "mriembed/export.h"

namespace mriembed {

/// The lines of a slice that are going to arrive.
enum class ExpectedLines {
  all,
  some,  ///< an accelerated or partial Fourier scan, whose missing lines Embedder::embed_kspace fills
};

/// Embeds one slice while its lines arrive. Most of the work of Embedder::embed_kspace is done before the last line
/// arrives; the embedding has the same bits. One thread at a time may use an object; several objects may be in use at
/// once.
///
/// The caller keeps the samples and the noise covariance in place until embed() returns, and the Embedder until this
/// object is destroyed. Lines may arrive in any order; after the central 24 lines, each further line costs little. A
/// slice with repeated lines, or with other lines than expected, is embedded as well, in the time of
/// Embedder::embed_kspace.
class MRIEMBED_EXPORT ArrivingKspace {
 public:
  /// `kspace`: (coils, y, x), row-major, its centre at (y / 2, x / 2). Throws Error: invalid_argument as
  /// Embedder::embed_kspace, bad_input for a covariance that is not positive definite.
  ArrivingKspace(const Embedder& embedder, const ArrayView<const std::complex<float>, 3>& kspace,
                 const KspaceOptions& options = {}, ExpectedLines expected = ExpectedLines::all);
  ArrivingKspace(ArrivingKspace&&) noexcept;
  ArrivingKspace& operator=(ArrivingKspace&&) noexcept;
  ArrivingKspace(const ArrivingKspace&) = delete;
  ArrivingKspace& operator=(const ArrivingKspace&) = delete;
  ~ArrivingKspace();

  /// The samples of line `y` of all coils are complete and do not change any more.
  void add_line(std::int64_t y);

  /// Writes the embedding, (embed_dim). No further line arrives; the missing ones are zero. Call it once. Throws as
  /// Embedder::embed_kspace.
  void embed(const ArrayView<float, 1>& embedding, Report* report = nullptr);

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace mriembed
