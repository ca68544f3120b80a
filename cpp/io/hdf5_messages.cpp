#include "hdf5_messages.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <numeric>
#include <span>
#include <vector>

#include "hdf5_acquisitions.hpp"
#include "hdf5_compound.hpp"
#include "hdf5_file.hpp"
#include "mrd_hdf5.hpp"
#include "mrd_messages.hpp"
#include "size_limits.hpp"

namespace mriembed::io {

namespace {

constexpr std::size_t header_bytes = 340;
using Header = std::array<char, header_bytes>;

template <typename T>
void append(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

// Members of ISMRMRD_AcquisitionHeader and ISMRMRD_EncodingCounters by their offsets, packed.
std::vector<Header> headers_of(const Hdf5Handle& group, std::int64_t file_size) {
  const Hdf5Handle dataset = open_dataset(group, "data", file_size);
  const Hdf5Handle file_type = type_of(dataset);
  const Hdf5Handle head = member_type(file_type, "head");
  const Hdf5Handle index = member_type(head, "idx");
  const hid_t u16 = H5T_NATIVE_UINT16;
  const hid_t u32 = H5T_NATIVE_UINT32;
  const hid_t f32 = H5T_NATIVE_FLOAT;
  std::vector<Hdf5Handle> arrays;  // outlive the members
  const auto add_array = [&](std::vector<Member>& members, const Hdf5Handle& of, const char* name, std::size_t offset,
                             hid_t number, hsize_t count) {
    if (holds_array(of, name, count, number == f32 ? H5T_FLOAT : H5T_INTEGER)) {
      arrays.emplace_back(H5Tarray_create2(number, 1, &count), H5Tclose, "an acquisition header");
      members.push_back({name, offset, arrays.back().get()});
    }
  };
  std::vector<Member> counters{{"kspace_encode_step_1", 0, u16}, {"kspace_encode_step_2", 2, u16, false},
                               {"average", 4, u16, false},       {"slice", 6, u16, false},
                               {"contrast", 8, u16, false},      {"phase", 10, u16, false},
                               {"repetition", 12, u16, false},   {"set", 14, u16, false},
                               {"segment", 16, u16, false}};
  add_array(counters, index, "user", 18, u16, 8);
  constexpr std::size_t counter_bytes = 34;
  const Hdf5Handle index_in_memory = compound(index, counter_bytes, counters);
  std::vector<Member> members{{"version", 0, u16, false},
                              {"flags", 2, H5T_NATIVE_UINT64},
                              {"measurement_uid", 10, u32, false},
                              {"scan_counter", 14, u32, false},
                              {"acquisition_time_stamp", 18, u32, false},
                              {"number_of_samples", 34, u16},
                              {"available_channels", 36, u16, false},
                              {"active_channels", 38, u16},
                              {"discard_pre", 168, u16, false},
                              {"discard_post", 170, u16, false},
                              {"center_sample", 172, u16, false},
                              {"encoding_space_ref", 174, u16, false},
                              {"sample_time_us", 178, f32, false},
                              {"idx", 242, index_in_memory.get()}};
  add_array(members, head, "physiology_time_stamp", 22, u32, 3);
  add_array(members, head, "channel_mask", 40, H5T_NATIVE_UINT64, 16);
  add_array(members, head, "position", 182, f32, 3);
  add_array(members, head, "read_dir", 194, f32, 3);
  add_array(members, head, "phase_dir", 206, f32, 3);
  add_array(members, head, "slice_dir", 218, f32, 3);
  add_array(members, head, "patient_table_position", 230, f32, 3);
  add_array(members, head, "user_int", 276, H5T_NATIVE_INT32, 8);
  add_array(members, head, "user_float", 308, f32, 8);
  const Hdf5Handle head_in_memory = compound(head, header_bytes, members);
  const Hdf5Handle memory_type = compound(file_type, header_bytes, {{"head", 0, head_in_memory.get()}});
  const std::vector<std::int64_t> shape = shape_of(dataset);
  std::vector<Header> headers(static_cast<std::size_t>(shape.front()));
  if (H5Dread(dataset.get(), memory_type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, headers.data()) < 0) {
    refuse("its acquisition headers cannot be read: the HDF5 file is damaged or cut short");
  }
  return headers;
}

}  // namespace

void hdf5_messages(const std::string& path, const std::string& group,
                   const std::function<void(std::string_view)>& take) {
  const Hdf5Handle file = open_hdf5(path);
  const auto file_size = static_cast<std::int64_t>(std::filesystem::file_size(path));
  const std::vector<RawMeasurement> measurements = hdf5_measurements(file, file_size);
  const auto wanted =
      std::ranges::find_if(measurements, [&](const RawMeasurement& one) { return group.empty() || one.name == group; });
  if (wanted == measurements.end()) {
    refuse(measurements.empty() ? "it holds no raw MRD measurement (a group with xml and data)"
                                : "it has no measurement \"" + shown(group) + "\"");
  }
  const Hdf5Handle measurement = open_group(file, wanted->name);
  const Hdf5Acquisitions acquisitions(measurement, file_size);  // refuses lists that cannot be right
  const std::vector<Header> headers = headers_of(measurement, file_size);
  const std::string xml = read_text(open_dataset(measurement, "xml", file_size));
  std::string message;
  append(message, static_cast<std::uint16_t>(Message::header));
  append(message, static_cast<std::uint32_t>(xml.size()));
  take(message + xml);
  std::vector<std::size_t> all(headers.size());
  std::iota(all.begin(), all.end(), 0);
  acquisitions.read(all, [&](std::size_t number, std::span<const std::complex<float>> samples) {
    message.clear();
    append(message, static_cast<std::uint16_t>(Message::acquisition));
    message.append(headers.at(number).data(), header_bytes);
    message.append(reinterpret_cast<const char*>(samples.data()), samples.size_bytes());
    take(message);
  });
  message.clear();
  append(message, static_cast<std::uint16_t>(Message::close));
  take(message);
}

}  // namespace mriembed::io
