#include "mrd_images.hpp"

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
