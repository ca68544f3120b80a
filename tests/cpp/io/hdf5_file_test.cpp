#include "hdf5_file.hpp"

#include <filesystem>
#include <fstream>
#include <functional>

#include "hdf5_writing.hpp"
#include "scan_files.hpp"

namespace mriembed::io::testing_files {
namespace {

// An HDF5 file that `write` fills.
std::string written_hdf5(const std::function<void(hid_t file)>& write) {
  std::string path = fresh_path(".h5");
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT);
  write(file);
  H5Fclose(file);
  return path;
}

// A file with k-space of this type and shape, without values, with these creation properties.
std::string written_kspace(hid_t type, const std::vector<hsize_t>& shape,
                           const std::function<void(hid_t properties)>& set) {
  return written_hdf5([&](hid_t file) {
    const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    set(properties);
    const hid_t space = H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
    H5Dclose(H5Dcreate2(file, "kspace", type, space, H5P_DEFAULT, properties, H5P_DEFAULT));
    H5Sclose(space);
    H5Pclose(properties);
  });
}

// A sound file, for others to point at.
std::string sound_scan() {
  return written_hdf5([](hid_t file) {
    const hid_t type = complex_type("r", "i");
    const std::vector<Complex> samples(24, Complex(1));
    write_dataset(file, "kspace", type, {1, 2, 3, 4}, samples.data());
    H5Tclose(type);
  });
}

class Hdf5File : public testing::Test {
 protected:
  ~Hdf5File() override { H5Tclose(type_); }
  hid_t type_ = complex_type("r", "i");
  std::vector<hsize_t> shape_{1, 2, 3, 4};
};

void expect_refused(const std::string& path, const std::string& reason) {
  const std::string refusal = refusal_of(path);
  EXPECT_NE(refusal.find(reason), std::string::npos) << refusal;
}

TEST_F(Hdf5File, follows_no_link_to_another_file) {
  const std::string other = sound_scan();
  ASSERT_EQ(refusal_of(other), "accepted");
  expect_refused(written_hdf5([&](hid_t file) {
                   H5Lcreate_external(other.c_str(), "/kspace", file, "kspace", H5P_DEFAULT, H5P_DEFAULT);
                 }),
                 "is a link to another place or file");
}

TEST_F(Hdf5File, follows_no_symbolic_link) {
  expect_refused(
      written_hdf5([](hid_t file) { H5Lcreate_soft("/elsewhere", file, "kspace", H5P_DEFAULT, H5P_DEFAULT); }),
      "is a link to another place or file");
}

TEST_F(Hdf5File, follows_no_link_of_a_group) {
  const std::string other = sound_scan();
  expect_refused(written_hdf5([&](hid_t file) {
                   H5Lcreate_external(other.c_str(), "/", file, "dataset", H5P_DEFAULT, H5P_DEFAULT);
                 }),
                 "is a link to another place or file");
}

TEST_F(Hdf5File, reads_no_values_of_other_files) {
  const std::string secret = written(".txt", std::string(24 * sizeof(Complex), 'x'));
  expect_refused(
      written_kspace(type_, shape_,
                     [&](hid_t properties) { H5Pset_external(properties, secret.c_str(), 0, H5F_UNLIMITED); }),
      "lie in other files");
}

TEST_F(Hdf5File, reads_no_virtual_dataset) {
  const std::string other = sound_scan();
  expect_refused(written_kspace(type_, shape_,
                                [&](hid_t properties) {
                                  const hid_t space = H5Screate_simple(4, shape_.data(), nullptr);
                                  H5Pset_virtual(properties, space, other.c_str(), "/kspace", space);
                                  H5Sclose(space);
                                }),
                 "lie in other files");
}

TEST_F(Hdf5File, runs_no_filters_but_the_usual) {
  expect_refused(written_kspace(H5T_NATIVE_INT, shape_,
                                [&](hid_t properties) {
                                  H5Pset_chunk(properties, 4, shape_.data());
                                  H5Pset_scaleoffset(properties, H5Z_SO_INT, 0);
                                }),
                 "HDF5's filter 6; deflate, shuffle and fletcher32 are read");
  // Of a plugin that is not here.
  expect_refused(written_kspace(type_, shape_,
                                [&](hid_t properties) {
                                  H5Pset_chunk(properties, 4, shape_.data());
                                  H5Pset_filter(properties, 32001, H5Z_FLAG_OPTIONAL, 0, nullptr);
                                }),
                 "HDF5's filter 32001");
  expect_refused(written_kspace(type_, shape_,
                                [&](hid_t properties) {
                                  H5Pset_chunk(properties, 4, shape_.data());
                                  for (int turn = 0; turn < 5; ++turn) {
                                    H5Pset_filter(properties, H5Z_FILTER_DEFLATE, 0, 0, nullptr);
                                  }
                                }),
                 "5 filters");
}

TEST_F(Hdf5File, takes_no_chunk_that_the_file_cannot_justify) {
  expect_refused(written_kspace(type_, {1, 1, 4096, 4096},
                                [&](hid_t properties) {
                                  const std::vector<hsize_t> chunk{1, 1, 4096, 4096};
                                  H5Pset_chunk(properties, 4, chunk.data());
                                }),
                 "a chunk of a dataset would need 128 MiB");
}

TEST_F(Hdf5File, takes_no_element_larger_than_any_format_has) {
  const hid_t large = H5Tcreate(H5T_COMPOUND, 1 << 20U);
  H5Tinsert(large, "r", 0, H5T_NATIVE_FLOAT);
  H5Tinsert(large, "i", 1 << 19U, H5T_NATIVE_FLOAT);
  expect_refused(written_kspace(large, {1, 1, 1, 1}, [](hid_t /*properties*/) {}), "elements of 1048576 bytes");
  H5Tclose(large);
}

TEST_F(Hdf5File, takes_no_float_of_a_files_own_making) {
  const hid_t odd_float = H5Tcopy(H5T_NATIVE_FLOAT);
  H5Tset_ebias(odd_float, 15);
  const hid_t compound = H5Tcreate(H5T_COMPOUND, sizeof(Complex));
  H5Tinsert(compound, "r", 0, odd_float);
  H5Tinsert(compound, "i", sizeof(float), odd_float);
  expect_refused(written_kspace(compound, shape_, [](hid_t /*properties*/) {}), "not complex");
  H5Tclose(compound);
  H5Tclose(odd_float);
}

TEST_F(Hdf5File, takes_no_group_of_countless_members) {
  expect_refused(written_hdf5([](hid_t file) {
                   for (int index = 0; index < 1001; ++index) {
                     const std::string name = "group" + std::to_string(index);
                     H5Gclose(H5Gcreate2(file, name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
                   }
                 }),
                 "1001 members");
}

TEST_F(Hdf5File, takes_no_text_longer_than_4_mib) {
  expect_refused(written_hdf5([&](hid_t file) {
                   const std::vector<Complex> samples(24, Complex(1));
                   write_dataset(file, "kspace", type_, shape_, samples.data());
                   write_text(file, "ismrmrd_header", std::string((std::size_t{4} << 20U) + 1, 'x'));
                 }),
                 "longer than 4 MiB");
}

TEST_F(Hdf5File, survives_a_file_cut_anywhere) {
  const std::string whole = sound_scan();
  const auto size = std::filesystem::file_size(whole);
  std::string bytes(size, '\0');
  std::ifstream(whole, std::ios::binary).read(bytes.data(), static_cast<std::streamsize>(size));
  for (std::size_t length = 8; length < size; length += 101) {
    EXPECT_NE(refusal_of(written(".h5", bytes.substr(0, length))), "accepted") << length;
  }
}

}  // namespace
}  // namespace mriembed::io::testing_files
