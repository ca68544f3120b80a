#include "mrd_images.hpp"

#include <array>
#include <cstddef>
#include <utility>

#include "refuse.hpp"

namespace mriembed::io {

namespace {

// The members of an image's header that label it.
struct ImageLabel {
  std::uint16_t slice;
  std::uint16_t contrast;
  std::uint16_t phase;
  std::uint16_t repetition;
  std::uint16_t set;
};

struct ImageGroup {
  Hdf5Handle data;
  Hdf5Handle complex;
  std::vector<std::int64_t> shape;  // (n, channel, z, y, x)
  std::vector<ImageLabel> labels;   // of the n images
};

std::vector<ImageLabel> read_labels(const Hdf5Handle& header, std::int64_t images) {
  constexpr std::array<std::pair<const char*, std::size_t>, 5> members{
      {{"slice", offsetof(ImageLabel, slice)},
       {"contrast", offsetof(ImageLabel, contrast)},
       {"phase", offsetof(ImageLabel, phase)},
       {"repetition", offsetof(ImageLabel, repetition)},
       {"set", offsetof(ImageLabel, set)}}};
  const Hdf5Handle file_type = type_of(header);
  const std::vector<std::int64_t> shape = shape_of(header);
  if (H5Tget_class(file_type.get()) != H5T_COMPOUND || shape.size() != 1 || shape[0] != images) {
    refuse("an image group's headers do not fit its " + std::to_string(images) + " images");
  }
  const Hdf5Handle memory_type(H5Tcreate(H5T_COMPOUND, sizeof(ImageLabel)), H5Tclose, "an image header");
  for (const auto& [name, offset] : members) {
    if (H5Tget_member_index(file_type.get(), name) < 0) {
      refuse(std::string("its image headers have no member \"") + name + "\"");
    }
    H5Tinsert(memory_type.get(), name, offset, H5T_NATIVE_UINT16);
  }
  std::vector<ImageLabel> labels(static_cast<std::size_t>(images));
  if (H5Dread(header.get(), memory_type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, labels.data()) < 0) {
    refuse("its image headers cannot be read: the HDF5 file is damaged");
  }
  return labels;
}

class MrdImagesReader final : public ScanReader {
 public:
  MrdImagesReader(const Hdf5Handle& file, const std::vector<std::string>& paths, std::int64_t file_size,
                  const ReadOptions& options) {
    if (options.domain.value_or(Domain::image) != Domain::image) {
      refuse("the file holds images; --input kspace does not fit");
    }
    std::size_t real_groups = 0;
    for (const std::string& path : paths) {
      const Hdf5Handle group = open_group(file, path);
      Hdf5Handle data = open_dataset(group, "data", file_size);
      std::optional<Hdf5Handle> complex = complex_memory_type(type_of(data));
      if (!complex.has_value()) {
        ++real_groups;
        continue;
      }
      add_group(group, std::move(data), std::move(*complex), file_size);
    }
    if (groups_.empty()) {
      refuse("it holds magnitude images (group \"" + shown(paths.front()) +
             "\"), which have neither phase nor coils; complex coil images or raw data are needed");
    }
    if (real_groups > 0) {
      summary_.notes.push_back(std::to_string(real_groups) + " image group(s) without phase left out");
    }
    const std::vector<std::int64_t>& shape = groups_.front().shape;
    summary_.format = "MRD complex images";
    summary_.domain = Domain::image;
    summary_.coils = shape[1];
    summary_.encoded_z = shape[2];
    summary_.encoded_y = shape[3];
    summary_.encoded_x = shape[4];
    if (shape[1] == 1) {
      summary_.notes.emplace_back("one channel: the coils were combined before the images were written");
    }
  }

  [[nodiscard]] const ScanSummary& summary() const override { return summary_; }
  [[nodiscard]] const std::optional<NoiseCovariance>& noise_covariance() const override { return no_noise_; }

  void read(std::int64_t index, Slice& slice) override {
    std::size_t position = 0;
    while (index >= slices_of(groups_[position])) {
      index -= slices_of(groups_[position]);
      ++position;
    }
    const ImageGroup& group = groups_[position];
    const std::int64_t image = index / group.shape[2];
    const std::int64_t partition = index % group.shape[2];
    const ImageLabel& label = group.labels[static_cast<std::size_t>(image)];
    slice.label = {label.slice, label.contrast, label.phase, label.repetition, label.set, static_cast<int>(partition)};
    slice.channels = group.shape[1];
    slice.height = group.shape[3];
    slice.width = group.shape[4];
    slice.stacked.clear();
    slice.samples.resize(static_cast<std::size_t>(slice.channels * slice.height * slice.width));
    read_complex(group.data, group.complex, {image, 0, partition, 0, 0},
                 {1, slice.channels, 1, slice.height, slice.width}, slice.samples.data());
  }

 private:
  static std::int64_t slices_of(const ImageGroup& group) { return group.shape[0] * group.shape[2]; }

  void add_group(const Hdf5Handle& group, Hdf5Handle data, Hdf5Handle complex, std::int64_t file_size) {
    std::vector<std::int64_t> shape = shape_of(data);
    if (shape.size() != 5) {
      refuse("an image group has " + std::to_string(shape.size()) + " dimensions; MRD has (n, channel, z, y, x)");
    }
    std::int64_t bytes = 8;
    for (const std::int64_t length : shape) {
      if (length < 1) {
        refuse("an image group has an empty axis");
      }
      bytes = checked_product(bytes, length, "an image group");
    }
    bytes_ += bytes;
    check_justified(bytes_, file_size, "its images");
    check_extents(shape[1], shape[2], shape[3], shape[4]);
    std::vector<ImageLabel> labels = read_labels(open_dataset(group, "header", file_size), shape[0]);
    summary_.slices += shape[0] * shape[2];
    groups_.push_back({std::move(data), std::move(complex), std::move(shape), std::move(labels)});
  }

  std::vector<ImageGroup> groups_;
  std::int64_t bytes_ = 0;  // of all groups' samples: two groups may be one and the same dataset
  ScanSummary summary_;
  std::optional<NoiseCovariance> no_noise_;
};

bool is_image_group(const Hdf5Handle& group) {
  return holds_dataset(group, "header") && holds_dataset(group, "data") && holds_dataset(group, "attributes");
}

}  // namespace

std::vector<std::string> find_image_groups(const Hdf5Handle& file) {
  std::vector<std::string> paths;
  for (const std::string& outer : children(file)) {
    if (!holds_group(file, outer)) {
      continue;
    }
    const Hdf5Handle group = open_group(file, outer);
    if (is_image_group(group)) {
      paths.push_back(outer);
      continue;
    }
    for (const std::string& inner : children(group)) {
      if (holds_group(group, inner) && is_image_group(open_group(group, inner))) {
        paths.push_back(outer + "/" + inner);
      }
    }
  }
  return paths;
}

std::unique_ptr<ScanReader> open_mrd_images(const Hdf5Handle& file, const std::vector<std::string>& groups,
                                            std::int64_t file_size, const ReadOptions& options) {
  return std::make_unique<MrdImagesReader>(file, groups, file_size, options);
}

}  // namespace mriembed::io
