#include "mrd_messages.hpp"

#include <ismrmrd/ismrmrd.h>

#include <array>

#include "file_bytes.hpp"
#include "scan_files.hpp"
#include "stream_messages.hpp"

namespace mriembed::io::testing_files {
namespace {

// A file of one message, read up to its body.
FileBytes behind_number(const std::string& message) {
  FileBytes bytes(written(".mrd", message));
  bytes.skip(sizeof(std::uint16_t));
  return bytes;
}

TEST(MrdMessages, give_an_acquisition_s_header_as_libismrmrd_has_it) {
  ISMRMRD::Acquisition sent(24, 3, 2);
  ISMRMRD::AcquisitionHeader head = sent.getHead();  // packed: references to its members would be misaligned
  head.setFlag(ISMRMRD::ISMRMRD_ACQ_IS_REVERSE);
  head.discard_pre = 1;
  head.discard_post = 2;
  head.center_sample = 11;
  head.encoding_space_ref = 4;
  head.sample_time_us = 2.5F;
  head.idx = {5, 6, 7, 8, 9, 10, 11, 12, 13, {14, 15, 16, 17, 18, 19, 20, 21}};
  for (int axis = 0; axis < 3; ++axis) {
    head.position[axis] = 1.5F + static_cast<float>(axis);
    head.slice_dir[axis] = 0.25F * static_cast<float>(axis);
  }
  sent.setHead(head);
  FileBytes bytes = behind_number(acquisition_message(sent));
  const AcquisitionMessage message = take_acquisition(bytes);
  const Acquisition& header = message.header;
  EXPECT_EQ(header.flags, std::uint64_t{1} << 21U);
  EXPECT_EQ(header.samples, 24);
  EXPECT_EQ(header.coils, 3);
  EXPECT_EQ(header.discard_pre, 1);
  EXPECT_EQ(header.discard_post, 2);
  EXPECT_EQ(header.center_sample, 11);
  EXPECT_EQ(header.encoding_space, 4);
  EXPECT_EQ(header.sample_time_us, 2.5F);
  EXPECT_EQ(header.kspace_encode_step_1, 5);
  EXPECT_EQ(header.kspace_encode_step_2, 6);
  EXPECT_EQ(header.average, 7);
  EXPECT_EQ(header.slice, 8);
  EXPECT_EQ(header.contrast, 9);
  EXPECT_EQ(header.phase, 10);
  EXPECT_EQ(header.repetition, 11);
  EXPECT_EQ(header.set, 12);
  EXPECT_EQ(header.segment, 13);
  EXPECT_EQ(header.user, (std::array<std::uint16_t, 8>{14, 15, 16, 17, 18, 19, 20, 21}));
  EXPECT_EQ(header.position_mm, (std::array<float, 3>{1.5F, 2.5F, 3.5F}));
  EXPECT_EQ(header.normal, (std::array<float, 3>{0, 0.25F, 0.5F}));
  EXPECT_EQ(message.compression, 0);
  EXPECT_EQ(message.samples, 2 + 340 + 24 * 2 * 4);  // behind the trajectory
  skip_samples(message, bytes);
  EXPECT_EQ(bytes.left(), 0);
}

TEST(MrdMessages, of_compressed_samples_have_their_own_length) {
  ISMRMRD::Acquisition sent(24, 3);
  sent.setFlag(ISMRMRD::ISMRMRD_ACQ_COMPRESSION2);
  const std::string head = acquisition_message(sent).substr(0, 2 + 340);
  FileBytes bytes = behind_number(head + std::string("\x05\0\0\0", 4) + "12345" + "next");
  const AcquisitionMessage message = take_acquisition(bytes);
  EXPECT_EQ(message.compression, 54);
  skip_samples(message, bytes);
  EXPECT_EQ(bytes.left(), 4);
}

TEST(MrdMessages, of_images_are_as_long_as_their_type_attributes_and_matrix_say) {
  for (std::uint16_t type = ISMRMRD::ISMRMRD_USHORT; type <= ISMRMRD::ISMRMRD_CXDOUBLE; ++type) {
    FileBytes bytes = behind_number(image_message(type, {5, 4, 3}, 2, "<a/>") + "next");
    skip_image(bytes);
    EXPECT_EQ(bytes.left(), 4) << type;
  }
}

TEST(MrdMessages, of_images_of_an_unknown_type_are_refused) {
  std::string image = image_message(ISMRMRD::ISMRMRD_USHORT, {5, 4, 3}, 2, "");
  for (const char type : {'\0', '\x09'}) {
    image[2 + 2] = type;
    FileBytes bytes = behind_number(image);
    EXPECT_THROW(skip_image(bytes), Error);
  }
}

TEST(MrdMessages, of_images_whose_size_is_beyond_any_number_are_cut_short) {
  std::string image = image_message(ISMRMRD::ISMRMRD_CXDOUBLE, {1, 1, 1}, 1, "");
  for (const std::size_t offset : {16U, 17U, 18U, 19U, 20U, 21U, 34U, 35U}) {
    image[2 + offset] = '\xff';
  }
  FileBytes bytes = behind_number(image);
  EXPECT_THROW(skip_image(bytes), FileBytes::CutShort);
}

TEST(MrdMessages, of_waveforms_texts_and_configurations_have_the_format_s_lengths) {
  FileBytes waveform = behind_number(waveform_message(5, 20) + "next");
  skip_waveform(waveform);
  EXPECT_EQ(waveform.left(), 4);
  FileBytes text = behind_number(text_message(5, "INFO    a line") + "next");
  skip_text(Message::text, text);
  EXPECT_EQ(text.left(), 4);
  FileBytes configuration = behind_number(message(1, std::string(1024, 'x')) + "next");
  skip_text(Message::config_file, configuration);
  EXPECT_EQ(configuration.left(), 4);
}

TEST(MrdMessages, of_headers_may_end_in_a_counted_nul) {
  FileBytes bytes = behind_number(text_message(3, std::string("<x/>\0", 5)));
  EXPECT_EQ(take_text(bytes), "<x/>");
}

TEST(MrdMessages, of_headers_may_be_utf_16) {
  using namespace std::string_literals;
  for (const std::string& header : {"<\0x\0/\0>\0"s, "\0<\0x\0/\0>"s, "\xff\xfe<\0x\0/\0>\0"s}) {
    FileBytes bytes = behind_number(text_message(3, header));
    EXPECT_EQ(take_text(bytes), header);
  }
}

TEST(MrdMessages, of_a_configuration_file_hold_its_name) {
  std::string field = "default.xml";
  field.resize(1024, '\0');
  FileBytes bytes = behind_number(message(1, field) + "next");
  EXPECT_EQ(take_config_file(bytes), "default.xml");
  EXPECT_EQ(bytes.left(), 4);
  FileBytes full = behind_number(message(1, std::string(1024, 'x')));
  EXPECT_EQ(take_config_file(full).size(), 1024U);
}

// u64 reserved, u64 correlation, u64 length, text: Gadgetron's apps/gadgetron/connection/Handlers.cpp.
TEST(MrdMessages, of_a_query_hold_its_number_and_text) {
  const std::array<std::uint64_t, 3> head{0, 77, 5};
  FileBytes bytes =
      behind_number(message(6, std::string(reinterpret_cast<const char*>(head.data()), sizeof(head)) + "what?next"));
  const QueryMessage query = take_query(bytes);
  EXPECT_EQ(query.correlation, 77U);
  EXPECT_EQ(query.query, "what?");
  EXPECT_EQ(bytes.left(), 4);
}

TEST(MrdMessages, tell_what_an_image_of_the_acquisitions_slice_bears) {
  ISMRMRD::Acquisition acquisition(8, 2);
  ISMRMRD::AcquisitionHeader head = acquisition.getHead();  // is packed: references to members may lie unaligned
  head.measurement_uid = 5;
  head.acquisition_time_stamp = 1234;
  head.physiology_time_stamp[2] = 7;
  head.read_dir[1] = 1;
  head.phase_dir[0] = -1;
  head.patient_table_position[2] = 9;
  acquisition.setHead(head);
  FileBytes bytes = behind_number(acquisition_message(acquisition));
  const AcquisitionOrigin origin = take_acquisition(bytes).origin;
  EXPECT_EQ(origin.measurement_uid, 5U);
  EXPECT_EQ(origin.time_stamp, 1234U);
  EXPECT_EQ(origin.physiology_time_stamps[2], 7U);
  EXPECT_EQ(origin.read_direction[1], 1);
  EXPECT_EQ(origin.phase_direction[0], -1);
  EXPECT_EQ(origin.table_position_mm[2], 9);
}

TEST(MrdMessages, hold_headers_that_can_be_taken_alone) {
  ISMRMRD::Acquisition acquisition(8, 2);
  acquisition.idx().slice = 3;
  const std::string bytes = acquisition_message(acquisition).substr(2, 340);
  EXPECT_EQ(acquisition_of_bytes(bytes).slice, 3);
  EXPECT_THROW(acquisition_of_bytes(bytes.substr(1)), Error);
}

}  // namespace
}  // namespace mriembed::io::testing_files
