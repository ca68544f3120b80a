#include "hdf5_acquisitions.hpp"

#include <algorithm>
#include <cstddef>
#include <tuple>
#include <utility>

#include "hdf5_arena.hpp"
#include "hdf5_compound.hpp"
#include "size_limits.hpp"

namespace mriembed::io {

namespace {

Hdf5Handle header_memory_type(const Hdf5Handle& file_type) {
  const Hdf5Handle head = member_type(file_type, "head");
  const Hdf5Handle index = member_type(head, "idx");
  const hid_t u16 = H5T_NATIVE_UINT16;
  const hsize_t user_numbers = std::tuple_size_v<decltype(Acquisition::user)>;
  const Hdf5Handle user(H5Tarray_create2(u16, 1, &user_numbers), H5Tclose, "an acquisition header");
  // Nested compounds of HDF5 are placed at their own offsets inside Acquisition: idx begins at the struct's start.
  std::vector<Member> members{{"kspace_encode_step_1", offsetof(Acquisition, kspace_encode_step_1), u16},
                              {"kspace_encode_step_2", offsetof(Acquisition, kspace_encode_step_2), u16},
                              {"slice", offsetof(Acquisition, slice), u16},
                              {"contrast", offsetof(Acquisition, contrast), u16},
                              {"phase", offsetof(Acquisition, phase), u16},
                              {"repetition", offsetof(Acquisition, repetition), u16},
                              {"set", offsetof(Acquisition, set), u16},
                              {"average", offsetof(Acquisition, average), u16, false},
                              {"segment", offsetof(Acquisition, segment), u16, false}};
  if (holds_array(index, "user", user_numbers, H5T_INTEGER)) {
    members.push_back({"user", offsetof(Acquisition, user), user.get()});
  }
  const Hdf5Handle index_in_memory = compound(index, sizeof(Acquisition), members);
  const Hdf5Handle index_only = compound(head, sizeof(Acquisition), {{"idx", 0, index_in_memory.get()}});
  return compound(file_type, sizeof(Acquisition), {{"head", 0, index_only.get()}});
}

Hdf5Handle scalar_memory_type(const Hdf5Handle& file_type) {
  const Hdf5Handle head = member_type(file_type, "head");
  const hid_t u16 = H5T_NATIVE_UINT16;
  const hsize_t axes = std::tuple_size_v<decltype(Acquisition::position_mm)>;
  const Hdf5Handle vector(H5Tarray_create2(H5T_NATIVE_FLOAT, 1, &axes), H5Tclose, "an acquisition header");
  std::vector<Member> members{{"flags", offsetof(Acquisition, flags), H5T_NATIVE_UINT64},
                              {"number_of_samples", offsetof(Acquisition, samples), u16},
                              {"active_channels", offsetof(Acquisition, coils), u16},
                              {"discard_pre", offsetof(Acquisition, discard_pre), u16},
                              {"discard_post", offsetof(Acquisition, discard_post), u16},
                              {"center_sample", offsetof(Acquisition, center_sample), u16},
                              {"encoding_space_ref", offsetof(Acquisition, encoding_space), u16},
                              {"trajectory_dimensions", offsetof(Acquisition, trajectory_dimensions), u16, false},
                              {"sample_time_us", offsetof(Acquisition, sample_time_us), H5T_NATIVE_FLOAT, false},
                              {"acquisition_time_stamp", offsetof(Acquisition, time_stamp), H5T_NATIVE_UINT32, false}};
  for (const auto& [name, offset] :
       {std::pair{"position", offsetof(Acquisition, position_mm)}, {"slice_dir", offsetof(Acquisition, normal)}}) {
    if (holds_array(head, name, axes, H5T_FLOAT)) {
      members.push_back({name, offset, vector.get()});
    }
  }
  const Hdf5Handle head_in_memory = compound(head, sizeof(Acquisition), members);
  return compound(file_type, sizeof(Acquisition), {{"head", 0, head_in_memory.get()}});
}

}  // namespace

Hdf5Acquisitions::Hdf5Acquisitions(const Hdf5Handle& group, std::int64_t file_size)
    : dataset_(open_dataset(group, "data", file_size)) {
  // One dimension, or further ones of length 1.
  const std::vector<std::int64_t> shape = shape_of(dataset_);
  const std::int64_t count = shape.empty() ? 0 : shape[0];
  if (std::any_of(shape.begin() + (shape.empty() ? 0 : 1), shape.end(), [](std::int64_t size) { return size != 1; })) {
    refuse("its acquisitions are a table, not a list: not ISMRMRD raw data");
  }
  if (count == 0) {
    refuse("it holds no acquisitions");
  }
  constexpr std::int64_t header_bytes = 340;
  check_justified(checked_product(count, header_bytes, "the list of acquisitions"), file_size,
                  "the list of acquisitions");
  headers_.resize(static_cast<std::size_t>(count));
  const Hdf5Handle file_type = type_of(dataset_);
  std::vector<Acquisition> indices(headers_.size());
  const Hdf5Handle scalars_in_memory = scalar_memory_type(file_type);
  const Hdf5Handle indices_in_memory = header_memory_type(file_type);
  if (H5Dread(dataset_.get(), scalars_in_memory.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, headers_.data()) < 0 ||
      H5Dread(dataset_.get(), indices_in_memory.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, indices.data()) < 0) {
    refuse("its acquisition headers cannot be read: the HDF5 file is damaged or cut short");
  }
  for (std::size_t position = 0; position < headers_.size(); ++position) {
    Acquisition& header = headers_[position];
    const Acquisition& index = indices[position];
    header.kspace_encode_step_1 = index.kspace_encode_step_1;
    header.kspace_encode_step_2 = index.kspace_encode_step_2;
    header.slice = index.slice;
    header.contrast = index.contrast;
    header.phase = index.phase;
    header.repetition = index.repetition;
    header.set = index.set;
    header.average = index.average;
    header.segment = index.segment;
    header.user = index.user;
  }
  std::int64_t samples = 0;
  for (const Acquisition& header : headers_) {
    samples += std::int64_t{header.samples} * header.coils;
  }
  check_justified(checked_product(samples, sizeof(std::complex<float>), "the acquisitions' samples"), file_size,
                  "the acquisitions' samples");
}

void Hdf5Acquisitions::read(const std::vector<std::size_t>& indices, const Take& take) const {
  constexpr std::size_t longest_run = 64;  // readouts that are in memory at once
  for (std::size_t begin = 0; begin < indices.size();) {
    std::size_t end = begin + 1;
    while (end < indices.size() && end - begin < longest_run && indices[end] == indices[end - 1] + 1) {
      ++end;
    }
    read_run(indices[begin], end - begin, take);
    begin = end;
  }
}

void Hdf5Acquisitions::read_run(std::size_t first, std::size_t count, const Take& take) const {
  const Hdf5Handle file_type = type_of(dataset_);
  const Hdf5Handle data = member_type(file_type, "data");
  if (H5Tget_class(data.get()) != H5T_VLEN ||
      !is_ieee_float({H5Tget_super(data.get()), H5Tclose, "the samples of its acquisitions"})) {
    refuse("the samples of its acquisitions are not a variable-length list of floats: not ISMRMRD raw data");
  }
  const Hdf5Handle floats(H5Tvlen_create(H5T_NATIVE_FLOAT), H5Tclose, "samples");
  const Hdf5Handle memory_type = compound(file_type, sizeof(hvl_t), {{"data", 0, floats.get()}});

  const Hdf5Handle space(H5Dget_space(dataset_.get()), H5Sclose, "samples");
  const auto rank = static_cast<std::size_t>(H5Sget_simple_extent_ndims(space.get()));
  std::vector<hsize_t> start(rank, 0);
  std::vector<hsize_t> extent(rank, 1);
  start[0] = first;
  extent[0] = count;
  const hsize_t length = count;
  const Hdf5Handle memory(H5Screate_simple(1, &length, nullptr), H5Sclose, "samples");
  std::size_t promised = 0;
  for (std::size_t index = first; index < first + count; ++index) {
    promised += std::size_t{headers_[index].samples} * headers_[index].coils * sizeof(std::complex<float>);
  }
  Hdf5Arena arena(promised);
  const Hdf5Handle transfer = arena.transfer_properties();
  std::vector<hvl_t> lists(count);
  if (H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start.data(), nullptr, extent.data(), nullptr) < 0 ||
      H5Dread(dataset_.get(), memory_type.get(), memory.get(), space.get(), transfer.get(), lists.data()) < 0) {
    refuse("the samples of acquisition " + std::to_string(first) +
           " and those after it cannot be read: the HDF5 file is damaged or cut short");
  }
  for (std::size_t position = 0; position < count; ++position) {
    const Acquisition& header = headers_[first + position];
    const std::size_t expected = std::size_t{header.samples} * header.coils;
    if (lists[position].len != 2 * expected) {
      refuse("acquisition " + std::to_string(first + position) + " holds " + std::to_string(lists[position].len / 2) +
             " samples where its header promises " + std::to_string(expected));
    }
    take(first + position, {static_cast<const std::complex<float>*>(lists[position].p), expected});
  }
}

}  // namespace mriembed::io
