#include "server/sent_messages.hpp"

#include <gtest/gtest.h>
#include <ismrmrd/ismrmrd.h>

#include <cstring>
#include <string_view>

namespace mriembed::server {
namespace {

std::string bytes_of(const std::string& text) { return text; }

TEST(SentMessages, of_text_bear_their_length_and_no_nul) {
  EXPECT_EQ(text_message("abc"), bytes_of(std::string("\5\0\3\0\0\0abc", 9)));
  EXPECT_EQ(header_message("<x/>"), bytes_of(std::string("\3\0\4\0\0\0<x/>", 10)));
  EXPECT_EQ(error_message("no"), bytes_of(std::string("\x8\0\2\0\0\0\0\0\0\0no", 12)));
  EXPECT_EQ(close_message(), bytes_of(std::string("\4\0", 2)));
}

TEST(SentMessages, never_hold_an_empty_text_or_one_that_is_no_utf_8) {
  EXPECT_EQ(text_message(""), bytes_of(std::string("\5\0\1\0\0\0 ", 7)));
  EXPECT_EQ(text_message("a\xff"), bytes_of(std::string("\5\0\4\0\0\0a\xef\xbf\xbd", 10)));
}

TEST(SentMessages, of_a_configuration_are_1024_bytes_with_a_nul) {
  const std::string message = config_file_message(std::string(2000, 'x'));
  EXPECT_EQ(message.size(), 2U + 1024U);
  EXPECT_EQ(message.back(), '\0');
}

// libismrmrd's own structure is the reference for the offsets. It is packed: + copies what lies unaligned.
TEST(SentMessages, of_an_image_have_ismrmrds_header) {
  SentImage image;
  image.width = 3;
  image.height = 2;
  image.field_of_view_mm = {30, 20, 5};
  image.series = 100;
  image.index = 7;
  image.label.slice = 4;
  image.label.contrast = 1;
  image.label.phase = 2;
  image.label.repetition = 3;
  image.label.set = 5;
  image.line.normal = {0, 0, -1};
  image.line.position_mm = {1, 2, 3};
  image.origin.measurement_uid = 99;
  image.origin.time_stamp = 1234;
  image.origin.physiology_time_stamps = {5, 6, 7};
  image.origin.table_position_mm = {8, 9, 10};
  const std::vector<float> pixels{1, 2, 3, 4, 5, 6};
  const std::string bytes = image_message(image, "<m/>", pixels);
  ISMRMRD::ISMRMRD_ImageHeader head{};
  ASSERT_EQ(bytes.size(), 2 + sizeof(head) + 8 + 4 + 24);
  std::memcpy(&head, bytes.data() + 2, sizeof(head));
  EXPECT_EQ(head.version, 1);
  EXPECT_EQ(head.data_type, ISMRMRD::ISMRMRD_FLOAT);
  EXPECT_EQ(head.matrix_size[0], 3);
  EXPECT_EQ(head.matrix_size[1], 2);
  EXPECT_EQ(head.matrix_size[2], 1);
  EXPECT_EQ(+head.field_of_view[1], 20);
  EXPECT_EQ(head.channels, 1);
  EXPECT_EQ(+head.position[2], 3);
  EXPECT_EQ(+head.read_dir[0], 1);  // was not set
  EXPECT_EQ(+head.phase_dir[1], 1);
  EXPECT_EQ(+head.slice_dir[2], -1);
  EXPECT_EQ(+head.patient_table_position[0], 8);
  EXPECT_EQ(head.slice, 4);
  EXPECT_EQ(head.contrast, 1);
  EXPECT_EQ(head.phase, 2);
  EXPECT_EQ(head.repetition, 3);
  EXPECT_EQ(head.set, 5);
  EXPECT_EQ(+head.acquisition_time_stamp, 1234U);
  EXPECT_EQ(+head.physiology_time_stamp[2], 7U);
  EXPECT_EQ(+head.measurement_uid, 99U);
  EXPECT_EQ(head.image_type, ISMRMRD::ISMRMRD_IMTYPE_MAGNITUDE);
  EXPECT_EQ(head.image_index, 7);
  EXPECT_EQ(head.image_series_index, 100);
  EXPECT_EQ(+head.attribute_string_len, 4U);
  EXPECT_EQ(bytes.substr(2 + sizeof(head), 12), std::string("\4\0\0\0\0\0\0\0<m/>", 12));
  const std::string_view expected(reinterpret_cast<const char*>(pixels.data()), 24);
  EXPECT_EQ(bytes.substr(bytes.size() - 24), expected);
}

TEST(SentMessages, of_an_image_lie_where_its_partition_does) {
  SentImage image;
  image.line.position_mm = {1, 2, 3};
  image.label.position_mm = {{4, 5, 6}};
  const std::string bytes = image_message(image, "", std::vector<float>{1});
  ISMRMRD::ISMRMRD_ImageHeader head{};
  std::memcpy(&head, bytes.data() + 2, sizeof(head));
  EXPECT_EQ(+head.position[0], 4);
}

}  // namespace
}  // namespace mriembed::server
