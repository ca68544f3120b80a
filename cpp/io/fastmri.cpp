#include "fastmri.hpp"

#include <algorithm>
#include <utility>

#include "acquired_lines.hpp"
#include "mrd_header.hpp"
#include "scan_geometry.hpp"
#include "size_limits.hpp"

namespace mriembed::io {

namespace {

class FastMriReader final : public ScanReader {
 public:
  FastMriReader(const Hdf5Handle& file, std::int64_t file_size, const ReadOptions& options)
      : kspace_(open_dataset(file, "kspace", file_size)), complex_(memory_type(kspace_)), shape_(shape_of(kspace_)) {
    if (options.domain.value_or(Domain::kspace) != Domain::kspace) {
      refuse("a fastMRI file holds k-space; --input image does not fit");
    }
    if (shape_.size() != 3 && shape_.size() != 4) {
      refuse("its k-space has " + std::to_string(shape_.size()) +
             " dimensions; expected (slice, coil, ky, kx), or (slice, ky, kx) of a single coil");
    }
    if (std::find(shape_.begin(), shape_.end(), 0) != shape_.end()) {
      refuse("its k-space has an empty axis");
    }
    rows_ = shape_[shape_.size() - 2];
    columns_ = shape_.back();
    summary_.format = "fastMRI";
    summary_.coils = shape_.size() == 4 ? shape_[1] : 1;
    summary_.slices = shape_[0];
    std::int64_t bytes = sizeof(std::complex<float>);
    for (const std::int64_t length : shape_) {
      bytes = checked_product(bytes, length, "its k-space");
    }
    check_justified(bytes, file_size, "its k-space");
    check_extents(summary_.coils, 1, rows_, columns_);
    find_readout(file, file_size);
    check_mask(file, file_size, options);
  }

  [[nodiscard]] const ScanSummary& summary() const override { return summary_; }
  [[nodiscard]] const std::optional<NoiseCovariance>& noise_covariance() const override { return no_noise_; }

  void read(std::int64_t index, Slice& slice) override {
    slice.label = SliceLabel();
    slice.label.slice = static_cast<int>(index);
    slice.channels = summary_.coils;
    slice.height = summary_.encoded_y;
    slice.width = summary_.encoded_x;
    slice.geometry = summary_.geometry;
    slice.stacked.clear();
    slice.samples.resize(static_cast<std::size_t>(slice.channels * rows_ * columns_));
    std::vector<std::int64_t> start(shape_.size(), 0);
    std::vector<std::int64_t> count = shape_;
    start[0] = index;
    count[0] = 1;
    if (!readout_along_rows_) {
      read_complex(kspace_, complex_, start, count, slice.samples.data());
      return;
    }
    stored_.resize(slice.samples.size());
    read_complex(kspace_, complex_, start, count, stored_.data());
    std::size_t at = 0;
    for (std::int64_t coil = 0; coil < slice.channels; ++coil) {
      for (std::int64_t y = 0; y < columns_; ++y) {
        for (std::int64_t x = 0; x < rows_; ++x, ++at) {
          slice.samples[at] = stored_[static_cast<std::size_t>((coil * rows_ + x) * columns_ + y)];
        }
      }
    }
  }

 private:
  static Hdf5Handle memory_type(const Hdf5Handle& dataset) {
    std::optional<Hdf5Handle> type = complex_memory_type(type_of(dataset));
    if (!type.has_value()) {
      refuse("its dataset \"kspace\" is not complex; expected complex64 of a fastMRI file");
    }
    return std::move(*type);
  }

  void find_readout(const Hdf5Handle& file, std::int64_t file_size) {
    summary_.encoded_x = columns_;
    summary_.encoded_y = rows_;
    if (!holds_dataset(file, "ismrmrd_header")) {
      summary_.notes.emplace_back("no ismrmrd_header: taken as stored, without readout oversampling");
      return;
    }
    const MrdHeader header = parse_mrd_header(read_text(open_dataset(file, "ismrmrd_header", file_size)));
    summary_.header = header.facts;
    const MrdEncoding& encoding = header.encodings.front();
    readout_along_rows_ = encoding.encoded.x == rows_;
    if (!readout_along_rows_ && encoding.encoded.x != columns_) {
      refuse("its header's encoded matrix has " + std::to_string(encoding.encoded.x) +
             " readout samples, but its k-space is " + std::to_string(rows_) + " x " + std::to_string(columns_));
    }
    if (readout_along_rows_) {
      std::swap(summary_.encoded_x, summary_.encoded_y);
      summary_.notes.emplace_back("readout stored along ky, turned to x");
    }
    take_geometry(encoding);
  }

  // Stored may be another number of lines than was encoded, over the same field of view.
  void take_geometry(MrdEncoding encoding) {
    encoding.encoded.y = summary_.encoded_y;
    const ScanGeometry geometry = geometry_of(encoding);
    summary_.geometry.readout_width = geometry.image.x < summary_.encoded_x ? geometry.image.x : 0;
    summary_.geometry.phase_height = geometry.image.y < summary_.encoded_y ? geometry.image.y : 0;
    summary_.geometry.pixel_aspect = geometry.pixel_aspect;
    summary_.warnings.insert(summary_.warnings.end(), geometry.notes.begin(), geometry.notes.end());
  }

  void check_mask(const Hdf5Handle& file, std::int64_t file_size, const ReadOptions& options) {
    if (!holds_dataset(file, "mask")) {
      return;
    }
    const Hdf5Handle mask = open_dataset(file, "mask", file_size);
    const std::vector<std::int64_t> shape = shape_of(mask);
    if (shape.size() != 1 || shape[0] != columns_) {
      refuse("its sampling mask does not have one value for each of the " + std::to_string(columns_) +
             " columns of kx");
    }
    std::vector<float> values(static_cast<std::size_t>(shape[0]));
    if (H5Dread(mask.get(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) {
      refuse("its sampling mask cannot be read");
    }
    const auto missing = std::count(values.begin(), values.end(), 0.0F);
    summary_.zero_fraction = static_cast<double>(missing) / static_cast<double>(columns_);
    if (missing == 0) {
      return;
    }
    std::vector<bool> measured(values.size());
    std::transform(values.begin(), values.end(), measured.begin(), [](float value) { return value != 0; });
    if (has_dense_centre(measured)) {
      summary_.warnings.push_back("accelerated: " + std::to_string(columns_ - missing) + " of " +
                                  std::to_string(columns_) +
                                  " lines were measured; the missing ones are filled in as far as they can be");
    } else if (!options.allow_undersampled) {
      refuse("undersampled: its mask leaves out " + std::to_string(missing) + " of " + std::to_string(columns_) +
             " lines; --allow-undersampled takes them as zero");
    }
  }

  Hdf5Handle kspace_;
  Hdf5Handle complex_;
  std::vector<std::int64_t> shape_;
  std::int64_t rows_ = 0;     // as stored
  std::int64_t columns_ = 0;  // as stored
  bool readout_along_rows_ = false;
  ScanSummary summary_;
  std::optional<NoiseCovariance> no_noise_;
  std::vector<std::complex<float>> stored_;
};

}  // namespace

std::unique_ptr<ScanReader> open_fastmri(const Hdf5Handle& file, std::int64_t file_size, const ReadOptions& options) {
  return std::make_unique<FastMriReader>(file, file_size, options);
}

}  // namespace mriembed::io
