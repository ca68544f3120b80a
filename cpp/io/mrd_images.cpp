#include "mrd_images.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>

#include "size_limits.hpp"

namespace mriembed::io {

namespace {

// The members of an image's header that label and place it.
struct ImageLabel {
  std::uint16_t slice;
  std::uint16_t contrast;
  std::uint16_t phase;
  std::uint16_t repetition;
  std::uint16_t set;
  std::array<float, 3> position_mm;  // of the middle of the image
  std::array<float, 3> normal;       // of its partitions
  std::array<float, 3> fov_mm;
};

struct ImageGroup {
  Hdf5Handle data;
  Hdf5Handle complex;
  std::vector<std::int64_t> shape;  // (n, channel, z, y, x)
  std::vector<ImageLabel> labels;   // of the n images
};

// Whether a member is an array of three floating-point numbers.
bool is_vector(const Hdf5Handle& compound, const char* name) {
  const int member = H5Tget_member_index(compound.get(), name);
  if (member < 0 || H5Tget_member_class(compound.get(), static_cast<unsigned>(member)) != H5T_ARRAY) {
    return false;
  }
  const Hdf5Handle type(H5Tget_member_type(compound.get(), static_cast<unsigned>(member)), H5Tclose, name);
  hsize_t length = 0;
  if (H5Tget_array_ndims(type.get()) != 1 || H5Tget_array_dims2(type.get(), &length) < 0 || length != 3) {
    return false;
  }
  const Hdf5Handle element(H5Tget_super(type.get()), H5Tclose, name);
  return H5Tget_class(element.get()) == H5T_FLOAT;
}

// Partitions lie side by side along the normal, around the middle of the image.
std::optional<std::array<double, 3>> position_of(const ImageLabel& label, std::int64_t partition, std::int64_t count) {
  const auto is_set = [](float coordinate) { return coordinate != 0; };
  const bool has_normal = std::ranges::any_of(label.normal, is_set);
  const double thickness = double{label.fov_mm[2]} / static_cast<double>(count);
  if ((!has_normal && std::ranges::none_of(label.position_mm, is_set)) ||
      (count > 1 && (!has_normal || !(thickness > 0)))) {
    return std::nullopt;
  }
  const std::int64_t beside = partition - count / 2;
  std::array<double, 3> position{};
  for (std::size_t axis = 0; axis < position.size(); ++axis) {
    position[axis] = double{label.position_mm[axis]};
    if (count > 1) {
      position[axis] += static_cast<double>(beside) * thickness * double{label.normal[axis]};
    }
    if (!std::isfinite(position[axis])) {
      return std::nullopt;
    }
  }
  return position;
}

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
  constexpr hsize_t axes = 3;
  const Hdf5Handle vector_type(H5Tarray_create2(H5T_NATIVE_FLOAT, 1, &axes), H5Tclose, "an image header's position");
  constexpr std::array<std::pair<const char*, std::size_t>, 3> vectors{
      {{"position", offsetof(ImageLabel, position_mm)},
       {"slice_dir", offsetof(ImageLabel, normal)},
       {"field_of_view", offsetof(ImageLabel, fov_mm)}}};
  for (const auto& [name, offset] : vectors) {
    if (is_vector(file_type, name)) {  // else it stays zero: not known
      H5Tinsert(memory_type.get(), name, offset, vector_type.get());
    }
  }
  std::vector<ImageLabel> labels(static_cast<std::size_t>(images), ImageLabel{});
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
    slice.label.position_mm = position_of(label, partition, group.shape[2]);
    slice.channels = group.shape[1];
    slice.height = group.shape[3];
    slice.width = group.shape[4];
    slice.network_input.clear();
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
    check_plane(shape[3], shape[4]);
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

// Their paths.
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

}  // namespace

bool is_mrd_images(const Hdf5Handle& file) { return !find_image_groups(file).empty(); }

std::unique_ptr<ScanReader> open_mrd_images(const Hdf5Handle& file, std::int64_t file_size,
                                            const ReadOptions& options) {
  return std::make_unique<MrdImagesReader>(file, find_image_groups(file), file_size, options);
}

}  // namespace mriembed::io
