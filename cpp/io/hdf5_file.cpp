#include "hdf5_file.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include "hdf5_arena.hpp"
#include "size_limits.hpp"

namespace mriembed::io {

namespace {

constexpr std::size_t longest_text = std::size_t{4} << 20U;

void check(herr_t status, const std::string& what) {
  if (status < 0) {
    refuse(what + " cannot be read: " + hdf5_failure());
  }
}

bool holds(const Hdf5Handle& group, const std::string& name, H5O_type_t type) {
  H5L_info_t link{};
  if (H5Lexists(group.get(), name.c_str(), H5P_DEFAULT) <= 0 ||
      H5Lget_info(group.get(), name.c_str(), &link, H5P_DEFAULT) < 0) {
    return false;
  }
  if (link.type != H5L_TYPE_HARD) {
    refuse("its member \"" + shown(name) + "\" is a link to another place or file, which is not followed");
  }
  H5O_info_t object{};
  check(H5Oget_info_by_name(group.get(), name.c_str(), &object, H5P_DEFAULT), "its member \"" + shown(name) + "\"");
  return object.type == type;
}

// The filters run on bytes of the file. Of those that HDF5 has, these three are what writers of scans use.
void check_filters(const Hdf5Handle& properties, const std::string& name) {
  constexpr std::array known{H5Z_FILTER_DEFLATE, H5Z_FILTER_SHUFFLE, H5Z_FILTER_FLETCHER32};
  const int count = H5Pget_nfilters(properties.get());
  if (count < 0 || static_cast<std::size_t>(count) > known.size()) {
    refuse("its dataset \"" + name + "\" passes through " + std::to_string(count) +
           " filters; deflate, shuffle and fletcher32 are read, once each");
  }
  for (int index = 0; index < count; ++index) {
    unsigned flags = 0;
    std::size_t values = 0;
    const H5Z_filter_t filter =
        H5Pget_filter2(properties.get(), static_cast<unsigned>(index), &flags, &values, nullptr, 0, nullptr, nullptr);
    if (std::find(known.begin(), known.end(), filter) == known.end()) {
      refuse("its dataset \"" + name + "\" is compressed with HDF5's filter " + std::to_string(filter) +
             "; deflate, shuffle and fletcher32 are read: repack it");
    }
  }
}

// HDF5 holds a whole chunk in memory, however few of its values are asked for.
void check_chunk(const Hdf5Handle& properties, std::int64_t element, std::int64_t file_size) {
  std::array<hsize_t, H5S_MAX_RANK> lengths{};
  const int rank = H5Pget_chunk(properties.get(), H5S_MAX_RANK, lengths.data());
  if (rank < 0) {
    refuse("the chunks of a dataset cannot be read: the HDF5 file is damaged");
  }
  std::int64_t bytes = element;
  for (int axis = 0; axis < rank; ++axis) {
    bytes = checked_product(bytes, static_cast<std::int64_t>(lengths.at(static_cast<std::size_t>(axis))), "a chunk");
  }
  check_justified(bytes, file_size, "a chunk of a dataset");
}

std::vector<hsize_t> sizes(const std::vector<std::int64_t>& values) { return {values.begin(), values.end()}; }

}  // namespace

Hdf5Handle::Hdf5Handle(hid_t id, Close close, const std::string& what) : id_(id), close_(close) {
  if (id < 0) {
    refuse(what + " cannot be read: " + hdf5_failure());
  }
}

Hdf5Handle::~Hdf5Handle() {
  if (id_ >= 0) {
    close_(id_);
  }
}

void restrict_hdf5() {
  check(H5PLset_loading_state(0), "plugins");
  check(H5Lunregister(H5L_TYPE_EXTERNAL), "links");
}

Hdf5Handle open_hdf5(const std::string& path) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  return {H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose, "it"};
}

std::string hdf5_failure() {
  bool unknown_version = false;
  const auto look = [](unsigned /*depth*/, const H5E_error2_t* error, void* found) -> herr_t {
    const std::string_view reason = error->desc == nullptr ? "" : error->desc;
    *static_cast<bool*>(found) |= reason.find("version number") != std::string_view::npos;
    return 0;
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, look, &unknown_version);
  if (!unknown_version) {
    return "the HDF5 file is damaged or cut short";
  }
  unsigned major = 0;
  unsigned minor = 0;
  unsigned release = 0;
  H5get_libversion(&major, &minor, &release);
  const std::string version = std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(release);
  return "the file is of a newer HDF5 format than HDF5 " + version + " reads; write it with libver v110 or older";
}

std::vector<std::string> children(const Hdf5Handle& group) {
  H5G_info_t info{};
  check(H5Gget_info(group.get(), &info), "a group");
  constexpr hsize_t most = 1000;
  if (info.nlinks > most) {
    refuse("a group with " + std::to_string(info.nlinks) + " members; no scan format has more than a few");
  }
  std::vector<std::string> names;
  for (hsize_t index = 0; index < info.nlinks; ++index) {
    std::string name(256, '\0');
    const ssize_t length =
        H5Lget_name_by_idx(group.get(), ".", H5_INDEX_NAME, H5_ITER_INC, index, name.data(), name.size(), H5P_DEFAULT);
    if (length >= 0 && static_cast<std::size_t>(length) < name.size()) {
      name.resize(static_cast<std::size_t>(length));
      // HDF5 would take apart a name with a slash, which no writer can make, and follow its parts.
      if (name.find('/') == std::string::npos) {
        names.push_back(name);
      }
    }
  }
  return names;
}

bool holds_group(const Hdf5Handle& group, const std::string& name) { return holds(group, name, H5O_TYPE_GROUP); }

bool holds_dataset(const Hdf5Handle& group, const std::string& name) { return holds(group, name, H5O_TYPE_DATASET); }

Hdf5Handle open_group(const Hdf5Handle& parent, const std::string& name) {
  return {H5Gopen2(parent.get(), name.c_str(), H5P_DEFAULT), H5Gclose, "the group \"" + shown(name) + "\""};
}

Hdf5Handle open_dataset(const Hdf5Handle& parent, const std::string& name, std::int64_t file_size) {
  Hdf5Handle dataset(H5Dopen2(parent.get(), name.c_str(), H5P_DEFAULT), H5Dclose, "the dataset \"" + name + "\"");
  const Hdf5Handle properties(H5Dget_create_plist(dataset.get()), H5Pclose, "the dataset \"" + name + "\"");
  if (H5Pget_external_count(properties.get()) != 0 || H5Pget_layout(properties.get()) == H5D_VIRTUAL) {
    refuse("the values of its dataset \"" + name + "\" lie in other files, which are not opened");
  }
  // One element: 372 bytes in MRD, 8 or 16 elsewhere; texts are one element.
  const Hdf5Handle type = type_of(dataset);
  const auto element = static_cast<std::int64_t>(H5Tget_size(type.get()));
  constexpr std::int64_t largest_element = 4096;
  if (element < 1 || (element > largest_element && H5Tget_class(type.get()) != H5T_STRING)) {
    refuse("its dataset \"" + name + "\" has elements of " + std::to_string(element) +
           " bytes, which no scan format has");
  }
  check_filters(properties, name);
  if (H5Pget_layout(properties.get()) == H5D_CHUNKED) {
    check_chunk(properties, element, file_size);
  }
  return dataset;
}

std::vector<std::int64_t> shape_of(const Hdf5Handle& dataset) {
  const Hdf5Handle space(H5Dget_space(dataset.get()), H5Sclose, "a shape");
  const int rank = H5Sget_simple_extent_ndims(space.get());
  if (rank < 0) {
    refuse("a shape cannot be read: the HDF5 file is damaged");
  }
  std::vector<hsize_t> shape(static_cast<std::size_t>(rank));
  check(H5Sget_simple_extent_dims(space.get(), shape.data(), nullptr), "a shape");
  std::vector<std::int64_t> result;
  for (const hsize_t length : shape) {
    constexpr hsize_t longest = hsize_t{1} << 40U;
    if (length > longest) {
      refuse("a dataset of impossible size: the HDF5 file is damaged");
    }
    result.push_back(static_cast<std::int64_t>(length));
  }
  return result;
}

Hdf5Handle type_of(const Hdf5Handle& dataset) { return {H5Dget_type(dataset.get()), H5Tclose, "a type"}; }

bool is_ieee_float(const Hdf5Handle& type) {
  const std::array<hid_t, 4> known{H5T_IEEE_F32LE, H5T_IEEE_F32BE, H5T_IEEE_F64LE, H5T_IEEE_F64BE};
  return std::any_of(known.begin(), known.end(), [&](hid_t ieee) { return H5Tequal(type.get(), ieee) > 0; });
}

std::optional<Hdf5Handle> complex_memory_type(const Hdf5Handle& file_type) {
  if (H5Tget_class(file_type.get()) != H5T_COMPOUND || H5Tget_nmembers(file_type.get()) != 2) {
    return std::nullopt;
  }
  std::vector<std::string> names;
  for (unsigned member = 0; member < 2; ++member) {
    const Hdf5Handle type(H5Tget_member_type(file_type.get(), member), H5Tclose, "a type");
    const std::unique_ptr<char, herr_t (*)(void*)> name(H5Tget_member_name(file_type.get(), member), H5free_memory);
    if (!is_ieee_float(type) || name == nullptr) {
      return std::nullopt;
    }
    names.emplace_back(name.get());
  }
  const bool known = names == std::vector<std::string>{"real", "imag"} || names == std::vector<std::string>{"r", "i"};
  if (!known) {
    return std::nullopt;
  }
  Hdf5Handle memory_type(H5Tcreate(H5T_COMPOUND, sizeof(std::complex<float>)), H5Tclose, "a type");
  check(H5Tinsert(memory_type.get(), names[0].c_str(), 0, H5T_NATIVE_FLOAT), "a type");
  check(H5Tinsert(memory_type.get(), names[1].c_str(), sizeof(float), H5T_NATIVE_FLOAT), "a type");
  return memory_type;
}

void read_complex(const Hdf5Handle& dataset, const Hdf5Handle& memory_type, const std::vector<std::int64_t>& start,
                  const std::vector<std::int64_t>& count, std::complex<float>* to) {
  const Hdf5Handle space(H5Dget_space(dataset.get()), H5Sclose, "samples");
  const std::vector<hsize_t> first = sizes(start);
  const std::vector<hsize_t> extent = sizes(count);
  check(H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, first.data(), nullptr, extent.data(), nullptr), "samples");
  const Hdf5Handle memory(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr), H5Sclose,
                          "samples");
  check(H5Dread(dataset.get(), memory_type.get(), memory.get(), space.get(), H5P_DEFAULT, to), "samples");
}

std::string read_text(const Hdf5Handle& dataset) {
  const Hdf5Handle type = type_of(dataset);
  std::int64_t elements = 1;
  for (const std::int64_t length : shape_of(dataset)) {
    elements = checked_product(elements, length, "a text");
  }
  if (H5Tget_class(type.get()) != H5T_STRING || elements != 1) {
    refuse("one of its texts is not a single string: the file is damaged");
  }
  if (H5Tis_variable_str(type.get()) > 0) {
    const Hdf5Handle memory_type(H5Tcopy(type.get()), H5Tclose, "a text");
    Hdf5Arena arena(longest_text + 1);
    const Hdf5Handle transfer = arena.transfer_properties();
    char* text = nullptr;
    check(H5Dread(dataset.get(), memory_type.get(), H5S_ALL, H5S_ALL, transfer.get(), static_cast<void*>(&text)),
          "a text");
    return text == nullptr ? "" : text;
  }
  const std::size_t length = H5Tget_size(type.get());
  if (length > longest_text) {
    refuse("a text in it is longer than 4 MiB: the file is damaged");
  }
  std::string result(length, '\0');
  check(H5Dread(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, result.data()), "a text");
  result.resize(std::min(result.find('\0'), result.size()));
  return result;
}

}  // namespace mriembed::io
