/// @file
/// Loads a model file and embeds slices. C++17, no torch. docs/glossary.md defines axes and words.
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

/// Data type of the network. Preprocessing always runs in single precision, its coil matrices in double. On CPUs where
/// bfloat16 is not faster, the library's own kernels compute in float32 instead (see Embedder::compute_dtype).
///
/// The first network loaded in bfloat16 on a processor with AMX asks Linux for the registers of AMX, for the whole
/// process. Threads that do not use AMX are not affected.
enum class Precision {
  float32,
  bfloat16,
  float16,  ///< needs a GPU
};

/// Whose kernels run the network. Preprocessing always runs on the library's own.
enum class Backend {
  automatic,  ///< native where the library has kernels for the device and knows the network, torch elsewhere
  native,     ///< the library's own: on a CPU, and on a GPU in builds with MRIEMBED_CUDA
  torch,      ///< libmriembed_torch, which is loaded from the folder of libmriembed and needs torch
};

/// How a model file is loaded and run.
struct Options {
  std::string device = "cpu";                ///< "cpu", "cuda" (the first GPU) or "cuda:N"
  Precision precision = Precision::float32;  ///< of the network
  /// Most CPU threads of one call, including the calling one. 0: one for each processor of the affinity mask, or as
  /// many as the cgroup grants. All calls of a process share one pool of threads: concurrent calls get fewer threads
  /// each, and a call works alone while other programs keep the processors busy. Results do not depend on it.
  int threads = 0;
  ParallelFor parallel_for;  ///< runs the work on the host's threads; empty: on the pool
  Backend backend = Backend::automatic;
  /// Approximate working-memory limit per call, without the samples (MiB). Larger batches are processed in chunks. One
  /// slice is always processed, whatever it needs.
  std::int64_t memory_mib = 1024;
  /// Called every few slices of a call, and after each one that takes long, in the calling thread. If it returns true,
  /// the call throws Error interrupted and writes nothing. Empty: calls run to their end.
  std::function<bool()> interrupted;
  Trust trust;  ///< which model files may be loaded
};

/// What a call needs to know of k-space besides its samples.
struct KspaceOptions {
  /// (coils, coils), n n^H / (N - 1) of N noise samples; its scale does not matter. No data: no prewhitening.
  ArrayView<const std::complex<double>, 2> noise_covariance;
  std::int64_t readout_width = 0;  ///< x is cropped to this many pixels in the image; 0: no readout oversampling
  std::int64_t phase_height = 0;   ///< y is cropped to this many pixels in the image; 0: no phase oversampling
  /// Height of a pixel (field of view along y over the number of lines) over its width. A model with a matrix takes
  /// every slice over a square field of view, so that the number of lines does not change the object's shape.
  double pixel_aspect = 1;
};

/// What a call can report in addition to the embeddings.
struct Report {
  /// For each slice, the share of the energy of its central lines (preprocessing.md, step 4) that the virtual coils
  /// keep; 1 for network input.
  std::vector<double> energy_kept;
  std::vector<Sampling> sampling;    ///< of each slice: which lines were measured, and which were filled
  double preprocessing_seconds = 0;  ///< preprocessing of the whole call
  double network_seconds = 0;        ///< network of the whole call, including the copy of the result
};

/// How well this machine reproduces the reference embedding in the model file.
struct Verification {
  bool weights_match = false;     ///< the weights have the SHA-256 in the model file
  double largest_difference = 0;  ///< over the components of the reference embedding
  double cosine = 0;              ///< between the reference embedding and this machine's
  /// weights_match, and largest_difference <= 1e-5 (float32) or cosine >= 0.999 (half precisions), depending on
  /// Embedder::compute_dtype.
  bool passed = false;
};

/// Move-only owner of a loaded network.
///
/// Many threads may call the const functions of one Embedder at once; they share the process's pool of threads. The
/// first call starts the pool; a forked child gets its own. On torch a forked child computes on one thread, and cannot
/// use a GPU that its parent uses (Error device_not_available). On one machine the same slice gives the same bits,
/// whatever the number of threads, the other slices of the call and the load are. This is not promised on torch
/// (Backend::torch, networks that the library does not know, GPUs). A moved-from Embedder may only be destroyed or
/// assigned to.
///
/// embed, embed_images and embed_kspace read the caller's memory through its strides, without a copy by the caller, and
/// write one embedding per slice to `embeddings`, (slices, embed_dim), which the caller owns as well. They write
/// nothing if they throw.
///
/// Every function throws Error: invalid_argument for shapes that do not fit the model, bad_input for slices that are
/// all zero or contain NaN or Inf (the message names the slice), internal otherwise.
class MRIEMBED_EXPORT Embedder {
 public:
  /// Reads, checks and loads a model file. Throws Error: bad_model_file, device_not_available, invalid_argument.
  static Embedder load(const std::string& path, const Options& options = {});
  /// As load, for a model file in memory; error messages call it `name`.
  static Embedder from_bytes(std::string bytes, const std::string& name, const Options& options = {});

  Embedder(Embedder&&) noexcept;
  Embedder& operator=(Embedder&&) noexcept;
  Embedder(const Embedder&) = delete;
  Embedder& operator=(const Embedder&) = delete;
  ~Embedder();

  /// The description in the model file.
  [[nodiscard]] const ModelInfo& info() const noexcept;

  /// What runs the network: native or torch.
  [[nodiscard]] Backend backend() const noexcept;

  /// What the network computes in: the precision in the options, or float32 instead of bfloat16.
  [[nodiscard]] Precision compute_dtype() const noexcept;

  /// Allocates the memory for network input of this shape, (slices, in_channels, y, x), and runs the network once, so
  /// that the first call is as fast as every later one.
  void warm_up(std::int64_t slices, std::int64_t height, std::int64_t width) const;

  /// As warm_up, for k-space or coil images of this shape, (slices, coils, y, x); `readout_width` and `phase_height` as
  /// in KspaceOptions.
  void warm_up_kspace(const std::array<std::int64_t, 4>& shape, std::int64_t readout_width = 0,
                      std::int64_t phase_height = 0) const;

  /// Embeds network input, (slices, in_channels, y, x): the output of the model's preprocessing, the magnitudes of
  /// num_coils images, then their real parts.
  void embed(const ArrayView<const float, 4>& network_input, const ArrayView<float, 2>& embeddings,
             Report* report = nullptr) const;

  /// Embeds complex coil images, (slices, coils, y, x).
  void embed_images(const ArrayView<const std::complex<float>, 4>& coil_images, const ArrayView<float, 2>& embeddings,
                    Report* report = nullptr) const;

  /// Embeds k-space, (slices, coils, y, x), its centre at (y / 2, x / 2). Lines that are zero in all coils count as
  /// missing; docs/preprocessing.md says which of them are filled.
  void embed_kspace(const ArrayView<const std::complex<float>, 4>& kspace, const ArrayView<float, 2>& embeddings,
                    const KspaceOptions& options = {}, Report* report = nullptr) const;

  /// Computes the model file's reference embedding on this machine and compares. load() has done so once, and rejects
  /// files that do not pass.
  [[nodiscard]] Verification verify() const;

 private:
  friend class ArrivingKspace;
  class Implementation;
  explicit Embedder(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace mriembed
