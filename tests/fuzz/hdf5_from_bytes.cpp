#include "hdf5_from_bytes.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "hdf5_scan.hpp"
#include "read_whole_scan.hpp"
#include "scratch_file.hpp"

namespace mriembed::fuzzing {

namespace {

// Files stay small whatever the shapes say: nothing is allocated for what is not written.
constexpr std::size_t most_written = 1 << 16U;

void choose_layout(FuzzedDataProvider& bytes, hid_t properties, const std::vector<hsize_t>& shape) {
  const int layout = bytes.ConsumeIntegralInRange(0, 3);
  if (layout == 0 && !shape.empty()) {
    std::vector<hsize_t> chunk;
    chunk.reserve(shape.size());
    for (const hsize_t length : shape) {
      chunk.push_back(std::max<hsize_t>(1, std::min<hsize_t>(length, some_count(bytes))));
    }
    H5Pset_chunk(properties, static_cast<int>(chunk.size()), chunk.data());
    if (bytes.ConsumeBool()) {
      H5Pset_deflate(properties, 1);
    }
    if (bytes.ConsumeBool()) {
      H5Pset_shuffle(properties);
    }
    if (bytes.ConsumeBool()) {
      H5Pset_fletcher32(properties);
    }
    if (bytes.ConsumeIntegralInRange(0, 15) == 15) {
      constexpr H5Z_filter_t some_plugins = 32001;
      H5Pset_filter(properties, some_plugins, H5Z_FLAG_OPTIONAL, 0, nullptr);
    }
  } else if (layout == 1) {
    H5Pset_layout(properties, H5D_COMPACT);
  }
}

}  // namespace

std::uint16_t some_count(FuzzedDataProvider& bytes) {
  const auto kind = bytes.ConsumeIntegralInRange(0, 15);
  return kind == 15 ? bytes.ConsumeIntegral<std::uint16_t>()
                    : bytes.ConsumeIntegralInRange<std::uint16_t>(kind == 14 ? 0 : 1, 12);
}

std::uint16_t mostly(FuzzedDataProvider& bytes, std::uint16_t usual) {
  return bytes.ConsumeIntegralInRange(0, 15) == 15 ? some_count(bytes) : usual;
}

std::vector<hsize_t> some_shape(FuzzedDataProvider& bytes, int rank) {
  if (bytes.ConsumeIntegralInRange(0, 31) == 31) {
    rank = bytes.ConsumeIntegralInRange(0, 6);
  }
  std::vector<hsize_t> shape;
  shape.reserve(static_cast<std::size_t>(rank));
  for (int axis = 0; axis < rank; ++axis) {
    shape.push_back(bytes.ConsumeIntegralInRange(0, 63) == 63 ? bytes.ConsumeIntegral<hsize_t>() >> 8U
                                                              : some_count(bytes));
  }
  return shape;
}

hid_t some_type(FuzzedDataProvider& bytes, hid_t usual) {
  switch (bytes.ConsumeIntegralInRange(0, 40)) {
    case 1:
      return H5Tcopy(H5T_NATIVE_INT8);
    case 2:
      return H5Tcopy(H5T_STD_I64BE);
    case 3:
      return H5Tcopy(H5T_IEEE_F64BE);
    case 4: {
      const hid_t type = H5Tcopy(H5T_IEEE_F32LE);
      H5Tset_ebias(type, bytes.ConsumeIntegralInRange<std::size_t>(0, 255));
      return type;
    }
    case 5: {
      const hid_t type = H5Tcopy(H5T_C_S1);
      H5Tset_size(type, std::size_t{1} + some_count(bytes));
      return type;
    }
    case 6:
      return H5Tcreate(H5T_OPAQUE, std::size_t{1} + some_count(bytes));
    case 7:
      return H5Tvlen_create(usual);
    case 8: {
      const hsize_t length = hsize_t{1} + some_count(bytes);
      return H5Tarray_create2(usual, 1, &length);
    }
    default:
      return H5Tcopy(usual);
  }
}

hid_t some_complex_type(FuzzedDataProvider& bytes) {
  // Two that differ: HDF5's library does not bear being refused a member.
  constexpr std::array<const char*, 6> names{"r", "i", "real", "imag", "re", "im"};
  const bool usual = bytes.ConsumeIntegralInRange(0, 7) != 7;
  const std::size_t first = bytes.ConsumeIntegralInRange<std::size_t>(0, usual ? 1 : 2) * 2;
  const std::size_t gap = usual ? 0 : bytes.ConsumeIntegralInRange<std::size_t>(0, 5000);
  const hid_t part = some_type(bytes, bytes.ConsumeBool() ? H5T_IEEE_F32LE : H5T_IEEE_F64LE);
  const std::size_t size = H5Tget_size(part);
  const hid_t type = H5Tcreate(H5T_COMPOUND, 2 * size + gap);
  H5Tinsert(type, names.at(first), 0, part);
  H5Tinsert(type, names.at(first + 1), size + gap, part);
  H5Tclose(part);
  return type;
}

void write_some_dataset(FuzzedDataProvider& bytes, hid_t parent, const char* name, hid_t type,
                        const std::vector<hsize_t>& shape, const std::vector<std::uint8_t>& values) {
  const hid_t space = H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
  const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  choose_layout(bytes, properties, shape);
  const hssize_t elements = H5Sget_simple_extent_npoints(space);
  const std::size_t size = H5Tget_size(type);
  const bool small = elements >= 0 && size > 0 && static_cast<std::size_t>(elements) <= most_written / size;
  if (!small) {
    H5Pset_alloc_time(properties, H5D_ALLOC_TIME_INCR);
    H5Pset_fill_time(properties, H5D_FILL_TIME_NEVER);
  }
  const hid_t dataset = H5Dcreate2(parent, name, type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
  if (dataset >= 0) {
    // Values of variable length would be pointers.
    const bool plain = H5Tdetect_class(type, H5T_VLEN) <= 0;
    if (small && plain && !values.empty() && static_cast<std::size_t>(elements) * size <= values.size()) {
      H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
    }
    H5Dclose(dataset);
  }
  H5Pclose(properties);
  H5Sclose(space);
}

void write_text(FuzzedDataProvider& bytes, hid_t parent, const char* name, const std::string& text) {
  const hid_t type = H5Tcopy(H5T_C_S1);
  const bool variable = bytes.ConsumeBool();
  H5Tset_size(type, variable ? H5T_VARIABLE : text.size() + 1);
  const hsize_t length = 1;
  const hid_t space = bytes.ConsumeBool() ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &length, nullptr);
  const hid_t dataset = H5Dcreate2(parent, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  const char* const start = text.c_str();
  H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT,
           variable ? static_cast<const void*>(&start) : static_cast<const void*>(start));
  H5Dclose(dataset);
  H5Sclose(space);
  H5Tclose(type);
}

std::string some_mrd_header(FuzzedDataProvider& bytes, const SomeMatrix& matrix) {
  if (bytes.ConsumeIntegralInRange(0, 15) == 15) {
    return bytes.ConsumeRandomLengthString(2000);
  }
  const auto number = [&] { return std::to_string(some_count(bytes)); };
  const auto near = [&](std::uint16_t usual) { return std::to_string(mostly(bytes, usual)); };
  const auto space = [&](const std::string& name, std::uint16_t x) {
    return "<" + name + "><matrixSize><x>" + near(x) + "</x><y>" + near(matrix.y) + "</y><z>" + near(matrix.z) +
           "</z></matrixSize><fieldOfView_mm><x>" + near(x) + "</x><y>" + near(matrix.y) + "</y><z>" + near(matrix.z) +
           "</z></fieldOfView_mm></" + name + ">";
  };
  const auto limit = [&](const std::string& name) {
    return bytes.ConsumeIntegralInRange(0, 3) == 3
               ? "<" + name + "><minimum>" + number() + "</minimum><maximum>" + number() + "</maximum><center>" +
                     number() + "</center></" + name + ">"
               : std::string();
  };
  const auto epi_readout = [&] {
    std::string description = "<trajectoryDescription><identifier>ConventionalEPI</identifier>";
    for (const char* const name : {"rampUpTime", "flatTopTime", "rampDownTime", "acqDelayTime", "dwellTime"}) {
      description += "<userParameterLong><name>" + std::string(name) + "</name><value>" + number() +
                     "</value></userParameterLong>";
    }
    return description + "<userParameterLong><name>numSamples</name><value>" + near(matrix.x) +
           "</value></userParameterLong></trajectoryDescription>";
  };
  constexpr std::array<const char*, 5> trajectories{"cartesian", "cartesian", "epi", "spiral", "radial"};
  std::string text =
      "<ismrmrdHeader><experimentalConditions><H1resonanceFrequency_Hz>1</H1resonanceFrequency_Hz>"
      "</experimentalConditions>";
  for (int encoding = bytes.ConsumeIntegralInRange(0, 7) == 7 ? 2 : 1; encoding > 0; --encoding) {
    text += "<encoding>" + space("encodedSpace", matrix.x) +
            space("reconSpace", bytes.ConsumeBool() ? matrix.x : some_count(bytes)) + "<encodingLimits>" +
            limit("kspace_encoding_step_1") + limit("kspace_encoding_step_2") + "</encodingLimits><trajectory>" +
            bytes.PickValueInArray(trajectories) + "</trajectory>" + (bytes.ConsumeBool() ? epi_readout() : "") +
            "</encoding>";
  }
  return text + "</ismrmrdHeader>";
}

hid_t create_file(const std::string& path) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  if (file < 0) {
    std::abort();  // then nothing would be tested, and nobody would notice
  }
  return file;
}

void read_scan_of_bytes(std::span<const std::uint8_t> data, WriteScan write) {
  static const ScratchFile file;
  FuzzedDataProvider bytes(data.data(), data.size());
  write(bytes, file.path());
  read_whole_scan([](const io::ReadOptions& options) { return io::open_hdf5_scan(file.path(), options); });
}

}  // namespace mriembed::fuzzing
