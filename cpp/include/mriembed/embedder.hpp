// Loads a model file and embeds slices. C++17, no torch.
#pragma once

#include <array>
#include <complex>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "mriembed/array_view.hpp"
#include "mriembed/error.hpp"
#include "mriembed/export.h"
#include "mriembed/model_file.hpp"
#include "mriembed/parallel_for.hpp"
#include "mriembed/sampling.hpp"

namespace mriembed {

// Data type of the network. Preprocessing always runs in single precision, its coil matrices in double. On a CPU
// bfloat16 lets the network be that coarse: where the library's own kernels are faster in float32, they compute in that
// (see Embedder::compute_dtype).
// The first network loaded in bfloat16 on a processor with AMX asks Linux for that unit's registers, for the whole
// process: a permission that changes nothing for threads that do not use them.
enum class Precision { float32, bfloat16, float16 };

// Whose kernels run the network. Preprocessing is the library's own in each case.
enum class Backend {
  automatic,  // native where the library has kernels for the device and knows the network, torch elsewhere
  native,     // the library's own: on a CPU, and on a GPU where it was built with MRIEMBED_CUDA
  torch,      // libmriembed_torch, which is loaded from beside libmriembed and needs torch
};

struct Options {
  std::string device = "cpu";                // "cpu", "cuda" (the first GPU) or "cuda:N"
  Precision precision = Precision::float32;  // float16 needs a GPU
  // Most CPU threads of one call, the calling one included; 0: one for each processor of the affinity mask, or as many
  // as a cgroup grants. All calls of a process share one pool of so many threads: where several threads call at once,
  // each gets fewer, and where other programs keep the processors busy, it works alone. Results do not depend on it.
  int threads = 0;
  ParallelFor parallel_for;  // the host's threads instead of the pool's; empty: the pool
  Backend backend = Backend::automatic;
  // What the slices that one call has in work at once may take beside the samples, about: a call of more slices runs
  // in parts. One slice is always in work, whatever it takes.
  std::int64_t memory_mib = 1024;
  // Asked every few slices of a call, in the thread that called; true ends the call with Error interrupted, and nothing
  // is written. Empty: calls run to their end.
  std::function<bool()> interrupted;
  Trust trust;  // which model files may be loaded
};

// What embedding k-space may need beside the samples.
struct KspaceOptions {
  // (coils, coils), n n^H / (N - 1) of N noise samples; its scale does not matter. No data: no prewhitening.
  ArrayView<const std::complex<double>, 2> noise_covariance;
  std::int64_t readout_width = 0;  // x is cropped to this many pixels in the image; 0: no readout oversampling
  std::int64_t phase_height = 0;   // y is cropped to this many pixels in the image; 0: no phase oversampling
  // Height of a pixel, field of view along y over the number of lines, over its width. A model with a matrix takes
  // every slice over a square field of view, so that the number of lines does not change the object's shape.
  double pixel_aspect = 1;
};

// What a call can report beside the embeddings; filled only where a pointer to one is passed.
struct Report {
  // For each slice: the share of the energy of its calibration lines (the 24 central lines of y in k-space) that the
  // virtual coils keep; 1 for stacked input.
  std::vector<double> energy_kept;
  std::vector<Sampling> sampling;    // of each slice; what of it was measured, and what was filled in
  double preprocessing_seconds = 0;  // preprocessing of the whole call
  double network_seconds = 0;        // network of the whole call, copy of the result included
};

// How well this machine reproduces the reference embedding that the model file carries.
struct Verification {
  bool weights_match = false;     // the weights have the SHA-256 that the file states
  double largest_difference = 0;  // over the components of the reference embedding
  double cosine = 0;              // between the reference embedding and this machine's
  bool passed = false;  // weights_match, and difference <= 1e-5 (float32) or cosine >= 0.999 (half precisions), by what
                        // Embedder::compute_dtype says
};

// Move-only owner of a loaded network. All const functions may be called from many threads at once on one
// Embedder: they share the process's pool of threads. The first call starts it; a forked child has one of its own. On
// one machine the same slice gives the same bits, whatever the number of threads, the other slices of the call and the
// load are; on torch (Backend::torch, networks that the library does not know, GPUs) that is not
// promised. A moved-from Embedder may only be destroyed or assigned to.
//
// Every function throws Error: invalid_argument for shapes that do not fit the model, bad_input for slices
// that are all zero or hold NaN or Inf (the message names the slice), internal otherwise.
class MRIEMBED_EXPORT Embedder {
 public:
  // Reads, checks and loads a model file. Throws Error: bad_model_file, device_not_available, invalid_argument.
  static Embedder load(const std::string& path, const Options& options = {});
  // The same of a model file that the program holds in memory; messages call it `name`.
  static Embedder from_bytes(std::string bytes, const std::string& name, const Options& options = {});

  Embedder(Embedder&&) noexcept;
  Embedder& operator=(Embedder&&) noexcept;
  Embedder(const Embedder&) = delete;
  Embedder& operator=(const Embedder&) = delete;
  ~Embedder();

  [[nodiscard]] const ModelInfo& info() const noexcept;

  // What runs the network: native or torch.
  [[nodiscard]] Backend backend() const noexcept;

  // What the network computes in: the precision that was asked for, or float32 instead of bfloat16.
  [[nodiscard]] Precision compute_dtype() const noexcept;

  // Takes the memory that stacked input of this shape, (slices, in_channels, H, W), needs and runs the network once, so
  // that the first real call is as fast as every later one.
  void warm_up(std::int64_t slices, std::int64_t height, std::int64_t width) const;

  // The same for k-space of this shape, (slices, coils, y, x), and coil images of it; `readout_width` and
  // `phase_height` as in KspaceOptions.
  void warm_up_kspace(const std::array<std::int64_t, 4>& shape, std::int64_t readout_width = 0,
                      std::int64_t phase_height = 0) const;

  // Each of the following reads caller-owned memory through its strides, without a copy by the caller, and writes
  // one embedding per slice to `embeddings`, (slices, embed_dim), which the caller owns as well.
  // Nothing is written when an error is thrown.

  // Network input, (slices, in_channels, H, W), as the preprocessing of the model file makes it: for version 4 the
  // magnitudes of num_coils images, then their real parts.
  void embed(const ArrayView<const float, 4>& stacked, const ArrayView<float, 2>& embeddings,
             Report* report = nullptr) const;

  // Complex coil images, (slices, coils, y, x).
  void embed_images(const ArrayView<const std::complex<float>, 4>& coil_images, const ArrayView<float, 2>& embeddings,
                    Report* report = nullptr) const;

  // k-space, (slices, coils, y, x), its centre at (y / 2, x / 2). Lines that are zero in all coils were not measured:
  // they are filled in where there are calibration lines, see docs/preprocessing.md.
  void embed_kspace(const ArrayView<const std::complex<float>, 4>& kspace, const ArrayView<float, 2>& embeddings,
                    const KspaceOptions& options = {}, Report* report = nullptr) const;

  // Computes the model file's reference embedding on this machine and compares. load() has done it once, and refused
  // the file unless it passed.
  [[nodiscard]] Verification verify() const;

 private:
  friend class ArrivingKspace;
  class Implementation;
  explicit Embedder(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace mriembed
