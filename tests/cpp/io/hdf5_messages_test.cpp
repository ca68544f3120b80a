#include "hdf5_messages.hpp"

#include <cstring>

#include "scan_files.hpp"
#include "stream_messages.hpp"

namespace mriembed::io::testing_files {
namespace {

std::string messages_of(const std::string& path, const std::string& group = "") {
  std::string bytes;
  hdf5_messages(path, group, [&](std::string_view message) { bytes += message; });
  return bytes;
}

// Members that only a whole header has.
ISMRMRD::Acquisition full_line(std::uint16_t step) {
  ISMRMRD::Acquisition acquisition = line(2, 8, step);
  ISMRMRD::AcquisitionHeader head = acquisition.getHead();  // is packed: references to members may lie unaligned
  head.measurement_uid = 77;
  head.scan_counter = step;
  head.acquisition_time_stamp = 4711U + step;
  head.physiology_time_stamp[1] = 9;
  head.available_channels = 2;
  head.position[2] = 12.5F;
  head.read_dir[0] = 1;
  head.phase_dir[1] = -1;
  head.slice_dir[2] = 1;
  head.patient_table_position[0] = 3;
  head.sample_time_us = 2.5F;
  head.idx.user[5] = 3;
  head.user_int[7] = -5;
  head.user_float[1] = 0.5F;
  acquisition.setHead(head);
  acquisition.setFlag(ISMRMRD::ISMRMRD_ACQ_LAST_IN_SLICE);
  return acquisition;
}

TEST(Hdf5Messages, are_those_that_the_scanner_sent) {
  const std::vector<ISMRMRD::Acquisition> lines{full_line(0), full_line(1), full_line(2)};
  const std::string xml = mrd_xml(matrix_of(3));
  std::string expected = header_message(xml);
  for (const ISMRMRD::Acquisition& acquisition : lines) {
    expected += acquisition_message(acquisition);
  }
  EXPECT_EQ(messages_of(written_mrd(xml, lines)), expected + close_message());
}

TEST(Hdf5Messages, are_of_the_group_that_is_asked_for) {
  const std::string path = fresh_path(".h5");
  add_mrd(path, "scan_1", mrd_xml(matrix_of(4)), scan_of(4));
  add_mrd(path, "scan_2", mrd_xml(matrix_of(6)), scan_of(6));
  const std::size_t of_first = messages_of(path).size();
  EXPECT_EQ(messages_of(path, "scan_1").size(), of_first);
  EXPECT_GT(messages_of(path, "scan_2").size(), of_first);
  EXPECT_THROW(messages_of(path, "scan_3"), Error);
}

TEST(Hdf5Messages, come_from_raw_measurements_alone) { EXPECT_THROW(messages_of(written(".h5", "no HDF5")), Error); }

}  // namespace
}  // namespace mriembed::io::testing_files
