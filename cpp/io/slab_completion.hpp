// Missing lines of a slab that is undersampled along z as well, or of a slice.
#pragma once

#include <complex>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "centred_fft.hpp"
#include "kernels/grappa_kernels.hpp"
#include "slab_sampling.hpp"
#include "threads/executor.hpp"

namespace mriembed::io {

// GRAPPA, first along z in each line's plane (x, z), then along y in each partition: kernels of 2 x 5 samples as those
// of slices, of at most 12 virtual coils (the principal components of the calibration box), whose new lines become what
// the coils hold of them. Regular patterns are completed, and those that are shifted from line to line (CAIPIRINHA,
// Breuer et al. 2006, doi:10.1002/mrm.20787). Measured lines stay as they are.
//
// Works in one thread. Needs memory for one plane of virtual coils and for their calibration box.
class SlabCompletion {
 public:
  // `samples`: (coils, z, y, x), k-space along all axes, zero in lines that were not measured. `calibration`: the same
  // of ACS lines that are no part of it; empty: the calibration box is that of `samples`.
  void fill(std::span<std::complex<float>> samples, std::int64_t coils, std::int64_t width,
            const SlabSampling& sampling, std::span<const std::complex<float>> calibration = {});

 private:
  using Sample = std::complex<float>;

  // A volume and the weights of its virtual coils.
  struct Slab {
    Sample* samples;
    const Sample* calibration;
    std::int64_t coils, depth, height, width;
    std::int64_t virtual_coils;
    std::vector<Sample> compression;  // (virtual coils, coils)
    std::vector<Sample> expansion;    // (coils, virtual coils), its inverse in the space of the virtual coils

    [[nodiscard]] std::int64_t coil_stride() const { return depth * height * width; }
    [[nodiscard]] Sample* line(std::int64_t y, std::int64_t z) const { return samples + (z * height + y) * width; }
    [[nodiscard]] const Sample* calibration_line(std::int64_t y, std::int64_t z) const {
      return calibration + (z * height + y) * width;
    }
  };

  static void compress(Slab& slab, const CalibrationBox& box);
  void calibrate(Slab& slab, const SlabSampling& sampling);
  // Fills what lies between lines that are there, `lines` are those of a plane, and marks them as there.
  void fill_plane(Slab& slab, const std::vector<Sample*>& lines, std::vector<bool>& there,
                  kernels::GrappaKernels& kernels);
  // Virtual coils of a line as images along x, `coil_stride` samples apart, and back.
  void read_line(const Slab& slab, const Sample* line, Sample* images, std::int64_t coil_stride);
  void write_line(const Slab& slab, const Sample* images, std::int64_t coil_stride, Sample* line);

  kernels::GrappaKernels along_z_;
  kernels::GrappaKernels along_y_;
  threads::Executor executor_{1, {}};
  std::optional<CentredFft> to_image_;
  std::optional<CentredFft> to_kspace_;
  std::vector<Sample> images_;  // of a plane or the calibration box
  std::vector<Sample> rows_;    // of a line
};

}  // namespace mriembed::io
