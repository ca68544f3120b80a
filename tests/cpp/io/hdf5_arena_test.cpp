#include "hdf5_arena.hpp"

#include "scan_files.hpp"

namespace mriembed::io::testing_files {
namespace {

TEST(Hdf5Arena, gives_no_more_than_its_limit) {
  const std::string path = fresh_path(".h5");
  const Hdf5Handle file(H5Fcreate(path.c_str(), H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT), H5Fclose, "file");
  const Hdf5Handle type(H5Tvlen_create(H5T_NATIVE_FLOAT), H5Tclose, "type");
  const hsize_t count = 2;
  const Hdf5Handle space(H5Screate_simple(1, &count, nullptr), H5Sclose, "space");
  const Hdf5Handle data(H5Dcreate2(file.get(), "data", type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                        H5Dclose, "data");
  std::vector<float> values{1, 2, 3};
  const std::vector<hvl_t> lists{{3, values.data()}, {2, values.data()}};
  ASSERT_GE(H5Dwrite(data.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, lists.data()), 0);

  std::vector<hvl_t> read(2);
  Hdf5Arena enough(5 * sizeof(float));
  ASSERT_GE(H5Dread(data.get(), type.get(), H5S_ALL, H5S_ALL, enough.transfer_properties().get(), read.data()), 0);
  EXPECT_EQ(static_cast<const float*>(read[1].p)[1], 2.0F);
  Hdf5Arena too_little(5 * sizeof(float) - 1);
  EXPECT_LT(H5Dread(data.get(), type.get(), H5S_ALL, H5S_ALL, too_little.transfer_properties().get(), read.data()), 0);
}

}  // namespace
}  // namespace mriembed::io::testing_files
