#include "mrd_images.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include "scan_files.hpp"

namespace mriembed::io::testing_files {
namespace {

template <typename T>
std::string written_images(std::uint16_t channels, int images) {
  std::string path = fresh_path(".h5");
  ISMRMRD::Dataset dataset(path.c_str(), "dataset", true);
  for (int index = 0; index < images; ++index) {
    ISMRMRD::Image<T> image(4, 3, 1, channels);
    image.setSlice(static_cast<std::uint16_t>(10 + index));
    image.setContrast(static_cast<std::uint16_t>(index));
    T* const values = image.getDataPtr();
    for (std::size_t at = 0; at < image.getNumberOfDataElements(); ++at) {
      values[at] = static_cast<T>(static_cast<float>(100 * index) + static_cast<float>(at));
    }
    dataset.appendImage("image_0", image);
  }
  return path;
}

TEST(MrdImages, gives_complex_coil_images_with_their_labels) {
  const auto scan = open_scan(written_images<Complex>(2, 3), {});
  EXPECT_EQ(scan->summary().format, "MRD complex images");
  EXPECT_EQ(scan->summary().domain, Domain::image);
  EXPECT_EQ(scan->summary().coils, 2);
  ASSERT_EQ(scan->summary().slices, 3);
  const Slice slice = read_slice(*scan, 2);
  EXPECT_EQ(slice.label.slice, 12);
  EXPECT_EQ(slice.label.contrast, 2);
  EXPECT_EQ(slice.height, 3);
  EXPECT_EQ(slice.width, 4);
  EXPECT_EQ(slice.samples[17], Complex(217));
}

std::vector<std::optional<std::array<double, 3>>> positions_of(std::uint16_t partitions, std::array<float, 3> position,
                                                               std::array<float, 3> normal, float fov_z) {
  const std::string path = fresh_path(".h5");
  {
    ISMRMRD::Dataset dataset(path.c_str(), "dataset", true);
    ISMRMRD::Image<Complex> image(4, 3, partitions, 2);
    image.setPosition(position[0], position[1], position[2]);
    image.setSliceDirection(normal[0], normal[1], normal[2]);
    image.setFieldOfView(100, 100, fov_z);
    std::fill_n(image.getDataPtr(), image.getNumberOfDataElements(), Complex(1, 2));
    dataset.appendImage("image_0", image);
  }
  const auto scan = open_scan(path, {});
  std::vector<std::optional<std::array<double, 3>>> positions;
  positions.reserve(static_cast<std::size_t>(scan->summary().slices));
  for (std::int64_t index = 0; index < scan->summary().slices; ++index) {
    positions.push_back(read_slice(*scan, index).label.position_mm);
  }
  return positions;
}

TEST(MrdImages, lie_where_their_headers_say) {
  const auto slice = positions_of(1, {1, -20, 7}, {0, 0, 0}, 0);
  ASSERT_TRUE(slice.front().has_value());
  EXPECT_EQ(*slice.front(), (std::array<double, 3>{1, -20, 7}));
  const auto slab = positions_of(4, {10, 0, 0}, {0, 1, 0}, 20);  // pixel n // 2 lies in the middle
  ASSERT_EQ(slab.size(), 4U);
  for (std::size_t partition = 0; partition < slab.size(); ++partition) {
    ASSERT_TRUE(slab[partition].has_value());
    EXPECT_EQ(*slab[partition], (std::array<double, 3>{10, 5 * (static_cast<double>(partition) - 2), 0}));
  }
}

TEST(MrdImages, have_no_position_where_their_headers_do_not_tell) {
  EXPECT_FALSE(positions_of(1, {0, 0, 0}, {0, 0, 0}, 5).front().has_value());
  EXPECT_FALSE(positions_of(2, {1, 2, 3}, {0, 0, 1}, 0).front().has_value()) << "how thick?";
  EXPECT_FALSE(positions_of(1, {std::nanf(""), 2, 3}, {0, 0, 1}, 5).front().has_value());
}

TEST(MrdImages, without_phase_are_refused_by_name) {
  EXPECT_NE(refusal_of(written_images<std::uint16_t>(1, 1)).find("magnitude images (group \"dataset/image_0\")"),
            std::string::npos);
  EXPECT_NE(refusal_of(written_images<float>(1, 1)).find("magnitude images"), std::string::npos);
}

TEST(MrdImages, are_refused_as_kspace) {
  ReadOptions options;
  options.domain = Domain::kspace;
  EXPECT_NE(refusal_of(written_images<Complex>(2, 1), options).find("--input kspace"), std::string::npos);
}

}  // namespace
}  // namespace mriembed::io::testing_files
