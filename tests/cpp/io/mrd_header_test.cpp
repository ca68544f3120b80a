#include "mrd_header.hpp"

#include "scan_files.hpp"

namespace mriembed::io::testing_files {
namespace {

TEST(MrdHeader, gives_matrices_limits_and_trajectory) {
  MrdMatrix matrix;
  matrix.x = 16;
  matrix.recon_x = 8;
  matrix.z = 4;
  matrix.limits =
      "<kspace_encoding_step_1><minimum>1</minimum><maximum>3</maximum><center>2</center></kspace_encoding_step_1>";
  matrix.encoded_fov = Fov{512, 250.5, 40};
  const MrdHeader parsed = parse_mrd_header(mrd_xml(matrix));
  ASSERT_EQ(parsed.encodings.size(), 1U);
  const MrdEncoding& header = parsed.encodings[0];
  EXPECT_EQ(header.encoded_fov.x, 512);
  EXPECT_EQ(header.encoded_fov.y, 250.5);
  EXPECT_EQ(header.recon_fov.x, 8);
  EXPECT_EQ(header.encoded.x, 16);
  EXPECT_EQ(header.encoded.z, 4);
  EXPECT_EQ(header.recon.x, 8);
  ASSERT_TRUE(header.step_1.has_value());
  EXPECT_EQ(header.step_1->minimum, 1);
  EXPECT_EQ(header.step_1->maximum, 3);
  EXPECT_EQ(header.step_1->center, 2);
  EXPECT_FALSE(header.step_2.has_value());
  EXPECT_EQ(header.trajectory, "cartesian");
}

TEST(MrdHeader, takes_a_field_of_view_that_cannot_be_as_none) {
  MrdMatrix matrix;
  matrix.encoded_fov = Fov{-1, 0, 40};
  const MrdEncoding encoding = parse_mrd_header(mrd_xml(matrix)).encodings[0];
  EXPECT_EQ(encoding.encoded_fov.x, 0);
  EXPECT_EQ(encoding.encoded_fov.y, 0);
  EXPECT_EQ(encoding.encoded_fov.z, 40);
}

TEST(MrdHeader, knows_slices_that_were_excited_together) {
  EXPECT_EQ(parse_mrd_header(mrd_xml(MrdMatrix())).multiband, 1);
  std::string xml = mrd_xml(MrdMatrix());
  xml.insert(xml.find("</encoding>"),
             "<parallelImaging><accelerationFactor><kspace_encoding_step_1>1</kspace_encoding_step_1>"
             "<kspace_encoding_step_2>1</kspace_encoding_step_2></accelerationFactor><multiband>"
             "<multiband_factor>3</multiband_factor></multiband></parallelImaging>");
  EXPECT_EQ(parse_mrd_header(xml).multiband, 3);
}

TEST(MrdHeader, refuses_what_is_no_header) {
  MrdMatrix empty;
  empty.y = 0;
  for (const std::string& xml : {std::string(), std::string("text"), std::string("<a></a>"),
                                 mrd_xml(MrdMatrix()).substr(0, 300), mrd_xml(empty)}) {
    try {
      parse_mrd_header(xml);
      ADD_FAILURE() << "accepted: " << xml;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::bad_input);
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    }
  }
}

TEST(MrdHeader, expands_no_entities_and_bears_any_depth) {
  std::string bomb = mrd_xml(MrdMatrix());
  bomb.insert(bomb.find("?>") + 2, R"(<!DOCTYPE x [<!ENTITY a "1"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]>)");
  bomb.replace(bomb.find("<x>8<"), 5, "<x>&c;<");
  EXPECT_THROW(parse_mrd_header(bomb), Error);  // a matrix of no size
  std::string deep;
  for (int level = 0; level < 500000; ++level) {
    deep += "<a>";
  }
  EXPECT_THROW(parse_mrd_header(deep), Error);
}

}  // namespace
}  // namespace mriembed::io::testing_files
