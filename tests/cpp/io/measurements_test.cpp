#include "measurements.hpp"

#include "process/scan_stream.hpp"
#include "scan_files.hpp"

namespace mriembed::io::testing_files {
namespace {

TEST(Measurements, are_all_read_in_natural_order_after_the_usual_one) {
  const std::string path = fresh_path(".h5");
  const std::vector<std::pair<std::string, unsigned>> groups{{"scan_10", 5}, {"scan_2", 4}, {"dataset", 3}, {"a", 6}};
  for (const auto& [group, lines] : groups) {
    add_mrd(path, group, mrd_xml(matrix_of(lines)), scan_of(lines));
  }
  const auto scan = open_scan(path, {});
  ASSERT_EQ(scan->summary().slices, 4);
  EXPECT_EQ(scan->summary().measurements, 4);
  EXPECT_TRUE(warns(*scan, "slices of 4 measurements are read: dataset (1 of 8 x 3), a (1 of 8 x 6)"));
  const std::vector<std::int64_t> heights{3, 6, 4, 5};
  for (std::int64_t index = 0; index < 4; ++index) {
    const Slice slice = read_slice(*scan, index);
    EXPECT_EQ(slice.height, heights[static_cast<std::size_t>(index)]);
    EXPECT_EQ(slice.label.measurement, index);
    EXPECT_EQ(slice.samples[9], sample_at(0, 0, 1, 1));
  }
  ReadOptions options;
  options.group = "scan_2";
  const auto one = open_scan(path, options);
  EXPECT_EQ(one->summary().slices, 1);
  EXPECT_EQ(read_slice(*one, 0).height, 4);
  options.group = "scan_3";
  EXPECT_NE(refusal_of(path, options).find("no measurement \"scan_3\"; it has dataset, a, scan_2, scan_10"),
            std::string::npos);
}

TEST(Measurements, serve_as_noise_where_they_hold_noise_alone) {
  const std::string path = fresh_path(".h5");
  add_mrd(path, "noise_a", with_ids(mrd_xml(MrdMatrix()), "a", ""), {noise_of_power(1)});
  add_mrd(path, "noise_b", with_ids(mrd_xml(MrdMatrix()), "b", ""), {noise_of_power(2)});
  add_mrd(path, "named", with_ids(mrd_xml(MrdMatrix()), "1", "b"), scan_of(4));
  add_mrd(path, "unnamed", mrd_xml(MrdMatrix()), scan_of(4));
  auto with_own = scan_of(4);
  with_own.push_back(noise_of_power(3));
  add_mrd(path, "with_own", mrd_xml(MrdMatrix()), with_own);
  const auto scan = open_scan(path, {});
  ASSERT_EQ(scan->summary().measurements, 3);
  for (const auto& [measurement, power] : {std::pair{0, 4.0}, {1, 1.0}, {2, 9.0}}) {
    ASSERT_TRUE(scan->noise_of(measurement).has_value());
    EXPECT_NEAR(scan->noise_of(measurement)->values[0].real(), power * 64 / 63, 1e-6);
  }
}

TEST(Measurements, serve_as_noise_to_the_coils_that_they_name) {
  ISMRMRD::Acquisition one_and_two = noise_of_power(1);
  for (std::uint16_t sample = 0; sample < 64; ++sample) {
    one_and_two.data(sample, 1) *= 2.0F;
  }
  const std::string path = fresh_path(".h5");
  add_mrd(path, "noise_a", with_coil_names(with_ids(mrd_xml(MrdMatrix()), "a", ""), {"A", "C"}), {noise_of_power(1)});
  add_mrd(path, "noise_b", with_coil_names(with_ids(mrd_xml(MrdMatrix()), "b", ""), {"B", "A"}), {one_and_two});
  add_mrd(path, "scan_1", with_coil_names(with_ids(mrd_xml(MrdMatrix()), "1", "a"), {"A", "B"}), scan_of(4));
  add_mrd(path, "scan_2", with_coil_names(with_ids(mrd_xml(MrdMatrix()), "2", "b"), {"E", "F"}), scan_of(4));
  const auto scan = open_scan(path, {});
  ASSERT_TRUE(scan->noise_of(0).has_value());
  EXPECT_NEAR(scan->noise_of(0)->values[0].real(), 4.0 * 64 / 63, 1e-6);
  EXPECT_NEAR(scan->noise_of(0)->values[3].real(), 1.0 * 64 / 63, 1e-6);
  EXPECT_FALSE(scan->noise_of(1).has_value());
  EXPECT_TRUE(warns(*scan,
                    "scan_2: the noise of group \"noise_a\" is that of other coils: coil 0 is \"E\" here and \"A\" "
                    "there: no prewhitening"));
  EXPECT_FALSE(warns(*scan, "scan_1: "));
}

TEST(Measurements, keep_what_their_own_headers_say) {
  const std::string path = fresh_path(".h5");
  for (const char* const protocol : {"localizer", "t1"}) {
    std::string xml = mrd_xml(MrdMatrix());
    xml.insert(xml.find("<encoding>"), "<measurementInformation><protocolName>" + std::string(protocol) +
                                           "</protocolName></measurementInformation>");
    add_mrd(path, protocol, xml, scan_of(4));
  }
  const auto scan = open_scan(path, {});
  EXPECT_EQ(scan->header_of(0).protocol, "localizer");
  EXPECT_EQ(scan->header_of(1).protocol, "t1");
  const ScanFacts received = decoded_facts(encoded_facts(*scan));
  EXPECT_EQ(received.headers.at(1).protocol, "t1");
  EXPECT_EQ(received.summary.header.protocol, "localizer");
}

TEST(Measurements, are_left_out_by_name_where_they_cannot_be_read_unless_none_can) {
  const std::string path = fresh_path(".h5");
  MrdMatrix spiral;
  spiral.trajectory = "spiral";
  add_mrd(path, "dataset_1", mrd_xml(spiral), scan_of(4));
  const std::string refusal = "its trajectory is non-Cartesian";
  EXPECT_EQ(refusal_of(path).find(refusal), 0U);
  add_mrd(path, "dataset_3", "no header", scan_of(4));
  EXPECT_EQ(refusal_of(path).find("measurement dataset_1: " + refusal), 0U);
  add_mrd(path, "dataset_2", mrd_xml(MrdMatrix()), scan_of(4));
  const auto scan = open_scan(path, {});
  EXPECT_EQ(scan->summary().slices, 1);
  EXPECT_TRUE(warns(*scan, "left out: measurement dataset_1: " + refusal));
  EXPECT_TRUE(warns(*scan, "left out: measurement dataset_3: its XML header is not well-formed XML"));
}

TEST(Measurements, cannot_be_chosen_in_files_of_other_formats) {
  ReadOptions options;
  options.group = "dataset";
  EXPECT_EQ(refusal_of(written_mrd(mrd_xml(MrdMatrix()), scan_of(4)), options), "accepted");
}

}  // namespace
}  // namespace mriembed::io::testing_files
