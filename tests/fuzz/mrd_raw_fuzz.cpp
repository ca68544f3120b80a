// MRD raw files, of any XML header and any acquisitions.
#include <array>
#include <cstddef>
#include <cstdint>
#include <tuple>

#include "hdf5_from_bytes.hpp"

namespace {

using namespace mriembed::fuzzing;

struct Line {
  std::uint64_t flags;
  std::array<std::uint16_t, 6> sizes;    // in the order of size_names
  std::array<std::uint16_t, 9> indices;  // in the order of index_names
  std::array<std::uint16_t, 8> user;
  hvl_t samples;
};
constexpr std::array<const char*, 6> size_names{"number_of_samples", "active_channels", "discard_pre",
                                                "discard_post",      "center_sample",   "encoding_space_ref"};
constexpr std::array<const char*, 9> index_names{"kspace_encode_step_1",
                                                 "kspace_encode_step_2",
                                                 "slice",
                                                 "contrast",
                                                 "phase",
                                                 "repetition",
                                                 "set",
                                                 "average",
                                                 "segment"};

// The file's type, which is also that of Line in memory, or another, into which HDF5 converts.
hid_t line_type(hid_t part, hid_t samples, std::size_t left_out) {
  const hid_t index = H5Tcreate(H5T_COMPOUND, sizeof(Line::indices) + sizeof(Line::user));
  const hsize_t user_numbers = std::tuple_size_v<decltype(Line::user)>;
  const hid_t user = H5Tarray_create2(H5T_STD_U16LE, 1, &user_numbers);
  H5Tinsert(index, "user", sizeof(Line::indices), user);
  H5Tclose(user);
  for (std::size_t member = 0; member < index_names.size(); ++member) {
    if (member != left_out) {
      H5Tinsert(index, index_names.at(member), 2 * member, part);
    }
  }
  const hid_t head = H5Tcreate(H5T_COMPOUND, offsetof(Line, samples));
  H5Tinsert(head, "flags", offsetof(Line, flags), H5T_STD_U64LE);
  for (std::size_t member = 0; member < size_names.size(); ++member) {
    if (member + index_names.size() != left_out) {
      H5Tinsert(head, size_names.at(member), offsetof(Line, sizes) + 2 * member, part);
    }
  }
  H5Tinsert(head, "idx", offsetof(Line, indices), index);
  const hid_t type = H5Tcreate(H5T_COMPOUND, sizeof(Line));
  H5Tinsert(type, "head", 0, head);
  H5Tinsert(type, "data", offsetof(Line, samples), samples);
  H5Tclose(head);
  H5Tclose(index);
  return type;
}

// Mostly those that a matrix takes.
std::vector<Line> some_lines(FuzzedDataProvider& bytes, const SomeMatrix& matrix, std::vector<float>& samples) {
  const auto coils = some_count(bytes);
  std::vector<Line> lines(bytes.ConsumeIntegralInRange<std::size_t>(0, 24));
  unsigned number = 0;
  for (Line& line : lines) {
    line = {};
    line.sizes = {matrix.x, coils, 0, 0, static_cast<std::uint16_t>(matrix.x / 2), 0};
    if (matrix.y > 0 && matrix.z > 0) {
      line.indices[0] = static_cast<std::uint16_t>(number % matrix.y);
      line.indices[1] = static_cast<std::uint16_t>(number / matrix.y % matrix.z);
    }
    ++number;
    while (bytes.ConsumeIntegralInRange(0, 3) == 3) {
      const auto place = bytes.ConsumeIntegralInRange<std::size_t>(0, line.sizes.size() + line.indices.size() - 1);
      auto& value = place < line.sizes.size() ? line.sizes.at(place) : line.indices.at(place - line.sizes.size());
      value = some_count(bytes);
    }
    line.user[5] = line.user[6] = bytes.ConsumeBool() ? 0 : mostly(bytes, static_cast<std::uint16_t>(matrix.y / 2));
    if (bytes.ConsumeIntegralInRange(0, 7) == 7) {
      line.flags = std::uint64_t{1} << bytes.ConsumeIntegralInRange<unsigned>(0, 63);
    }
    const std::size_t fitting = std::size_t{2} * line.sizes[0] * line.sizes[1];
    line.samples.len = bytes.ConsumeIntegralInRange(0, 31) == 31 ? some_count(bytes) : fitting;
    line.samples.len = std::min(line.samples.len, samples.size());
    line.samples.p = samples.data();
  }
  return lines;
}

void write_scan(FuzzedDataProvider& bytes, const std::string& path) {
  std::vector<float> samples(4096, 1.5F);
  const hid_t file = create_file(path);
  const hid_t group = H5Gcreate2(file, "dataset", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  const SomeMatrix matrix{some_count(bytes), some_count(bytes),
                          bytes.ConsumeBool() ? std::uint16_t{1} : some_count(bytes)};
  write_text(bytes, group, "xml", some_mrd_header(bytes, matrix));

  const std::size_t left_out = bytes.ConsumeIntegralInRange<std::size_t>(0, 255);
  const hid_t list = H5Tvlen_create(H5T_IEEE_F32LE);
  const hid_t in_memory = line_type(H5T_STD_U16LE, list, 255);
  const hid_t part = some_type(bytes, H5T_STD_U16LE);
  const hid_t other_list = some_type(bytes, list);
  const bool fits = H5Tget_size(part) == 2 && H5Tget_size(other_list) <= sizeof(hvl_t);
  const hid_t in_file = line_type(fits ? part : H5T_STD_U16LE, fits ? other_list : list, left_out);

  std::vector<Line> lines = some_lines(bytes, matrix, samples);
  const hsize_t count = lines.size();
  const hid_t space = H5Screate_simple(1, &count, nullptr);
  const hid_t data = H5Dcreate2(group, "data", in_file, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  if (data >= 0) {
    H5Dwrite(data, in_memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, lines.data());
    H5Dclose(data);
  }
  H5Sclose(space);
  for (const hid_t type : {list, in_memory, part, other_list, in_file}) {
    H5Tclose(type);
  }
  H5Gclose(group);
  H5Fclose(file);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mriembed::fuzzing::read_scan_of_bytes({data, size}, &write_scan);
  return 0;
}
