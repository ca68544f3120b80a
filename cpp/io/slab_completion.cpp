#include "slab_completion.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "kernels/hermitian_eigen.hpp"

namespace mriembed::io {

namespace {

using Matrix = Eigen::Matrix<std::complex<float>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Rows = Eigen::Map<Matrix, 0, Eigen::OuterStride<>>;
using ConstRows = Eigen::Map<const Matrix, 0, Eigen::OuterStride<>>;

constexpr std::int64_t most_virtual_coils = 12;
constexpr std::int64_t most_calibration = 32;  // lines and partitions: more tell little that is new

LineSpan central(LineSpan span, std::int64_t size) {
  const std::int64_t half = most_calibration / 2;
  return {std::max(span.begin, size / 2 - half), std::min(span.end, size / 2 + half)};
}

CalibrationBox central(const CalibrationBox& box, std::int64_t height, std::int64_t depth) {
  return {central(box.y, height), central(box.z, depth)};
}

std::vector<std::int64_t> gap_sizes(std::int64_t most) {
  std::vector<std::int64_t> sizes;
  for (std::int64_t size = 2; size <= most; ++size) {
    sizes.push_back(size);
  }
  return sizes;
}

}  // namespace

void SlabCompletion::fill(std::span<std::complex<float>> samples, std::int64_t coils, std::int64_t width,
                          const SlabSampling& sampling, std::span<const std::complex<float>> calibration) {
  if (!sampling.fills()) {
    return;
  }
  to_image_.emplace(width, CentredFft::Direction::to_image);
  to_kspace_.emplace(width, CentredFft::Direction::to_kspace);
  Slab slab{samples.data(),
            calibration.empty() ? samples.data() : calibration.data(),
            coils,
            sampling.depth,
            sampling.height,
            width,
            std::min(coils, most_virtual_coils),
            {},
            {}};
  compress(slab, central(sampling.box, slab.height, slab.depth));
  calibrate(slab, sampling);
  std::vector<bool> present = sampling.measured;
  std::vector<Sample*> lines;
  std::vector<bool> there;
  for (std::int64_t y = 0; y < slab.height; ++y) {
    lines.clear();
    there.clear();
    for (std::int64_t z = 0; z < slab.depth; ++z) {
      lines.push_back(slab.line(y, z));
      there.push_back(present[static_cast<std::size_t>(z * slab.height + y)]);
    }
    fill_plane(slab, lines, there, along_z_);
    for (std::int64_t z = 0; z < slab.depth; ++z) {
      present[static_cast<std::size_t>(z * slab.height + y)] = there[static_cast<std::size_t>(z)];
    }
  }
  for (std::int64_t z = 0; z < slab.depth; ++z) {
    lines.clear();
    for (std::int64_t y = 0; y < slab.height; ++y) {
      lines.push_back(slab.line(y, z));
    }
    const auto first = present.begin() + z * slab.height;
    there.assign(first, first + slab.height);
    fill_plane(slab, lines, there, along_y_);
  }
}

// Principal components of the calibration box, scaled so that its largest sample is about 1.
void SlabCompletion::compress(Slab& slab, const CalibrationBox& box) {
  Eigen::MatrixXcd gram = Eigen::MatrixXcd::Zero(slab.coils, slab.coils);
  float peak = 0;
  for (std::int64_t z = box.z.begin; z < box.z.end; ++z) {
    for (std::int64_t y = box.y.begin; y < box.y.end; ++y) {
      const ConstRows rows(slab.calibration_line(y, z), slab.coils, slab.width,
                           Eigen::OuterStride<>(slab.coil_stride()));
      peak = std::max(peak, rows.cwiseAbs().maxCoeff());
      const Eigen::MatrixXcd values = rows.cast<std::complex<double>>();
      gram.selfadjointView<Eigen::Lower>().rankUpdate(values);
    }
  }
  const double scale = peak > 0 ? 1 / double{peak} : 1;
  // Relative to its largest value: squares of small samples may leave float64's range for eigenvectors.
  const double largest = gram.diagonal().real().maxCoeff();
  const kernels::HermitianEigen eigen = kernels::hermitian_eigen(largest > 0 ? Eigen::MatrixXcd(gram / largest) : gram);
  const Eigen::MatrixXcd components = eigen.vectors.rightCols(slab.virtual_coils);
  const auto count = static_cast<std::size_t>(slab.virtual_coils * slab.coils);
  slab.compression.resize(count);
  slab.expansion.resize(count);
  Eigen::Map<Matrix>(slab.compression.data(), slab.virtual_coils, slab.coils) =
      (scale * components.adjoint()).cast<std::complex<float>>();
  Eigen::Map<Matrix>(slab.expansion.data(), slab.coils, slab.virtual_coils) =
      (components / scale).cast<std::complex<float>>();
}

void SlabCompletion::calibrate(Slab& slab, const SlabSampling& sampling) {
  const CalibrationBox box = central(sampling.box, slab.height, slab.depth);
  const std::int64_t stride = box.y.count() * box.z.count() * slab.width;
  images_.resize(static_cast<std::size_t>(slab.virtual_coils * stride));
  std::vector<kernels::CalibrationRun> of_lines(static_cast<std::size_t>(box.y.count()));
  std::vector<kernels::CalibrationRun> of_partitions(static_cast<std::size_t>(box.z.count()));
  Sample* images = images_.data();
  for (std::int64_t z = box.z.begin; z < box.z.end; ++z) {
    for (std::int64_t y = box.y.begin; y < box.y.end; ++y) {
      read_line(slab, slab.calibration_line(y, z), images, stride);
      of_lines[static_cast<std::size_t>(y - box.y.begin)].push_back(images);
      of_partitions[static_cast<std::size_t>(z - box.z.begin)].push_back(images);
      images += slab.width;
    }
  }
  along_z_.calibrate(of_lines, gap_sizes(sampling.acceleration_z), slab.virtual_coils, stride, slab.width, executor_);
  along_y_.calibrate(of_partitions, gap_sizes(sampling.most_gap_y), slab.virtual_coils, stride, slab.width, executor_);
}

void SlabCompletion::fill_plane(Slab& slab, const std::vector<Sample*>& lines, std::vector<bool>& there,
                                kernels::GrappaKernels& kernels) {
  const auto count = static_cast<std::int64_t>(lines.size());
  const std::int64_t stride = count * slab.width;
  images_.resize(std::max(images_.size(), static_cast<std::size_t>(slab.virtual_coils * stride)));
  const auto image = [&](std::int64_t line) { return images_.data() + line * slab.width; };
  std::vector<kernels::Gap> gaps;
  std::vector<std::int64_t> filled;
  std::vector<Sample*> between;
  std::int64_t before = -1;
  std::int64_t read = -1;  // the last line whose virtual coils were formed
  for (std::int64_t line = 0; line < count; ++line) {
    if (!there[static_cast<std::size_t>(line)]) {
      continue;
    }
    const std::int64_t size = line - before;
    if (before >= 0 && size > 1 && kernels.knows(size)) {
      for (const std::int64_t source : {before, line}) {
        if (source > read) {
          read_line(slab, lines[static_cast<std::size_t>(source)], image(source), stride);
          read = source;
        }
      }
      between.clear();
      for (std::int64_t missing = before + 1; missing < line; ++missing) {
        between.push_back(image(missing));
        filled.push_back(missing);
      }
      kernels::add_gap(gaps, size, image(before), image(line), between);
    }
    before = line;
  }
  kernels.fill(gaps, stride, executor_);
  for (const std::int64_t line : filled) {
    write_line(slab, image(line), stride, lines[static_cast<std::size_t>(line)]);
    there[static_cast<std::size_t>(line)] = true;
  }
}

void SlabCompletion::read_line(const Slab& slab, const Sample* line, Sample* images, std::int64_t coil_stride) {
  const Eigen::Map<const Matrix> compression(slab.compression.data(), slab.virtual_coils, slab.coils);
  const ConstRows coils(line, slab.coils, slab.width, Eigen::OuterStride<>(slab.coil_stride()));
  Rows(images, slab.virtual_coils, slab.width, Eigen::OuterStride<>(coil_stride)).noalias() = compression * coils;
  for (std::int64_t coil = 0; coil < slab.virtual_coils; ++coil) {
    to_image_->apply(images + coil * coil_stride);
  }
}

void SlabCompletion::write_line(const Slab& slab, const Sample* images, std::int64_t coil_stride, Sample* line) {
  rows_.resize(static_cast<std::size_t>(slab.virtual_coils * slab.width));
  for (std::int64_t coil = 0; coil < slab.virtual_coils; ++coil) {
    Sample* row = rows_.data() + coil * slab.width;
    std::copy_n(images + coil * coil_stride, slab.width, row);
    to_kspace_->apply(row);
  }
  const Eigen::Map<const Matrix> expansion(slab.expansion.data(), slab.coils, slab.virtual_coils);
  const Eigen::Map<const Matrix> images_of_coils(rows_.data(), slab.virtual_coils, slab.width);
  Rows(line, slab.coils, slab.width, Eigen::OuterStride<>(slab.coil_stride())).noalias() = expansion * images_of_coils;
}

}  // namespace mriembed::io
