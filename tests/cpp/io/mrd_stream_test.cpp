#include "mrd_stream.hpp"

#include <algorithm>
#include <cstring>

#include "measurements.hpp"
#include "process/scan_stream.hpp"
#include "scan_files.hpp"
#include "stream_messages.hpp"

namespace mriembed::io::testing_files {
namespace {

struct Part {
  std::string xml;
  std::vector<ISMRMRD::Acquisition> lines;
};

std::string messages_of(const Part& part) {
  std::string bytes = header_message(part.xml);
  for (const ISMRMRD::Acquisition& line : part.lines) {
    bytes += acquisition_message(line);
  }
  return bytes;
}

// All measurements in one session.
std::string stream_of(const std::vector<Part>& parts) {
  std::string bytes;
  for (const Part& part : parts) {
    bytes += messages_of(part);
  }
  return bytes + close_message();
}

// Each measurement in a session of its own.
std::string sessions_of(const std::vector<Part>& parts) {
  std::string bytes;
  for (const Part& part : parts) {
    bytes += messages_of(part) + close_message();
  }
  return bytes;
}

std::string hdf5_of(const std::vector<Part>& parts) {
  const std::string path = fresh_path(".h5");
  for (std::size_t index = 0; index < parts.size(); ++index) {
    add_mrd(path, "scan_" + std::to_string(index + 1), parts[index].xml, parts[index].lines);
  }
  return path;
}

void expect_same_slice(const Slice& found, const Slice& expected) {
  ASSERT_EQ(found.samples.size(), expected.samples.size());
  EXPECT_EQ(std::memcmp(found.samples.data(), expected.samples.data(), found.samples.size() * sizeof(found.samples[0])),
            0);
  EXPECT_EQ(encoded_slice_head(found).substr(0, 28), encoded_slice_head(expected).substr(0, 28));  // the label
  EXPECT_EQ(found.geometry, expected.geometry);
}

// The same slices, noise, warnings and notes, bit for bit; the stream may say more.
void expect_same_scan(ScanReader& found, ScanReader& expected) {
  ASSERT_EQ(found.summary().slices, expected.summary().slices);
  ASSERT_EQ(found.summary().measurements, expected.summary().measurements);
  EXPECT_EQ(found.summary().warnings, expected.summary().warnings);
  EXPECT_EQ(found.summary().notes, expected.summary().notes);
  for (int measurement = 0; measurement < expected.summary().measurements; ++measurement) {
    const auto& noise = expected.noise_of(measurement);
    ASSERT_EQ(found.noise_of(measurement).has_value(), noise.has_value());
    EXPECT_TRUE(!noise.has_value() || found.noise_of(measurement)->values == noise->values);
    EXPECT_EQ(found.header_of(measurement).protocol, expected.header_of(measurement).protocol);
  }
  for (std::int64_t index = 0; index < expected.summary().slices; ++index) {
    expect_same_slice(read_slice(found, index), read_slice(expected, index));
  }
}

Part with_protocol(Part part, const std::string& protocol) {
  part.xml.insert(part.xml.find("<encoding>"),
                  "<measurementInformation><protocolName>" + protocol + "</protocolName></measurementInformation>");
  return part;
}

Part plain(unsigned lines) { return {mrd_xml(matrix_of(lines)), scan_of(lines)}; }

// Noise measurements, scans that name one of them, that name none and that have their own, and a spiral.
std::vector<Part> many_parts() {
  auto with_own = scan_of(4);
  with_own.push_back(noise_of_power(3));
  MrdMatrix spiral;
  spiral.trajectory = "spiral";
  return {{with_ids(mrd_xml(MrdMatrix()), "a", ""), {noise_of_power(1)}},
          {with_ids(mrd_xml(MrdMatrix()), "b", ""), {noise_of_power(2)}},
          {with_ids(mrd_xml(MrdMatrix()), "1", "b"), scan_of(4)},
          with_protocol(plain(6), "t1"),
          {mrd_xml(spiral), scan_of(4)},
          {mrd_xml(MrdMatrix()), with_own}};
}

bool notes(const ScanReader& scan, const std::string& note) {
  return std::ranges::find(scan.summary().notes, note) != scan.summary().notes.end();
}

TEST(MrdStream, of_several_measurements_is_read_as_an_hdf5_file_of_several_groups) {
  const auto expected = open_scan(hdf5_of(many_parts()), {});
  ASSERT_EQ(expected->summary().measurements, 3);
  for (const std::string& bytes : {stream_of(many_parts()), sessions_of(many_parts())}) {
    const auto found = open_scan(written(".mrd", bytes), {});
    expect_same_scan(*found, *expected);
    EXPECT_EQ(found->summary().format, "MRD raw data, a stream");
    EXPECT_TRUE(warns(*found, "slices of 3 measurements are read: scan_3 (1 of 8 x 4), scan_4 (1 of 8 x 6), scan_6 "));
    EXPECT_TRUE(warns(*found, "left out: measurement scan_5: its trajectory is non-Cartesian"));
    EXPECT_EQ(found->noise_of(0)->values[0].real(), 4.0 * 64 / 63);  // that of the measurement that it names
    EXPECT_EQ(found->noise_of(1)->values[0].real(), 1.0 * 64 / 63);
    EXPECT_EQ(found->header_of(1).protocol, "t1");
  }
}

TEST(MrdStream, gives_the_measurement_that_was_chosen) {
  const std::string stream = written(".mrd", sessions_of(many_parts()));
  const std::string hdf5 = hdf5_of(many_parts());
  ReadOptions options;
  options.group = "scan_4";
  const auto found = open_scan(stream, options);
  expect_same_scan(*found, *open_scan(hdf5, options));
  EXPECT_EQ(read_slice(*found, 0).height, 6);
  options.group = "dataset";
  EXPECT_EQ(refusal_of(stream, options), refusal_of(hdf5, options));
  EXPECT_NE(refusal_of(stream, options).find("no measurement \"dataset\"; it has scan_1, scan_2"), std::string::npos);
  options.group = "scan_1";
  EXPECT_EQ(open_scan(written(".mrd", stream_of({plain(4)})), options)->summary().slices, 1);
}

TEST(MrdStream, gives_its_noise_alone) {
  ReadOptions options;
  options.noise = NoiseUse::alone;
  const std::vector<Part> parts = many_parts();
  const auto noise = open_scan(written(".mrd", stream_of({parts[5], parts[1]})), options);
  EXPECT_EQ(noise->summary().slices, 0);
  EXPECT_EQ(noise->noise_covariance()->values[0].real(), 4.0 * 64 / 63);  // of the one without an image
  const std::string empty = header_message(mrd_xml(MrdMatrix())) + close_message();
  const auto behind_empty = open_scan(written(".mrd", empty + stream_of({parts[1]})), options);
  EXPECT_EQ(behind_empty->noise_covariance()->values[0].real(), 4.0 * 64 / 63);
  EXPECT_EQ(refusal_of(written(".mrd", stream_of({plain(4), plain(5)})), options).find("it holds no noise lines"), 0U);
}

TEST(MrdStream, names_a_measurement_that_was_stopped) {
  Part stopped = plain(32);
  stopped.lines.resize(19);
  const auto scan = open_scan(written(".mrd", stream_of({plain(4), stopped, plain(6)})), {});
  EXPECT_EQ(scan->summary().measurements, 2);
  EXPECT_TRUE(warns(*scan, "left out: measurement scan_2: undersampled: slice 0 has 19 of 32 lines"));
}

TEST(MrdStream, leaves_other_messages_out_with_a_note_for_each_kind) {
  const std::string image = image_message(ISMRMRD::ISMRMRD_CXFLOAT, {4, 4, 1}, 2, "<ismrmrdMeta/>");
  const Part second = plain(5);
  const auto scan =
      open_scan(written(".mrd", message(1, std::string(1024, 'x')) + text_message(2, "<c/>") + image +
                                    messages_of(plain(4)) + image + waveform_message(2, 3) + text_message(5, "a line") +
                                    close_message() + text_message(2, "<c/>") + header_message(second.xml) + image +
                                    messages_of(second).substr(header_message(second.xml).size()) + close_message()),
                {});
  EXPECT_EQ(scan->summary().slices, 2);
  EXPECT_EQ(scan->summary().notes.size(), 4U);
  EXPECT_TRUE(notes(*scan, "3 image messages left out"));
  EXPECT_TRUE(notes(*scan, "1 waveform message left out"));
  EXPECT_TRUE(notes(*scan, "1 text message left out"));
  EXPECT_TRUE(notes(*scan, "3 configuration messages left out"));
  EXPECT_EQ(scan->summary().warnings.size(), 1U);  // that there are several measurements
}

TEST(MrdStream, of_images_alone_is_refused_with_the_reason) {
  const std::string image = image_message(ISMRMRD::ISMRMRD_FLOAT, {4, 4, 1}, 1, "");
  const std::string reason = "it holds 2 image messages and no acquisitions; ";
  for (const std::string& before : {header_message(mrd_xml(MrdMatrix())), header_message("<no MRD header"), {}}) {
    EXPECT_EQ(refusal_of(written(".mrd", before + image + image + close_message())).find(reason), 0U);
  }
  const auto beside = open_scan(
      written(".mrd", header_message(mrd_xml(MrdMatrix())) + image + close_message() + sessions_of({plain(4)})), {});
  EXPECT_TRUE(warns(*beside, "left out: measurement scan_1: it holds 1 image message and no acquisitions"));
}

TEST(MrdStream, without_acquisitions_or_header_is_refused_with_the_reason) {
  const std::string header = header_message(mrd_xml(MrdMatrix()));
  EXPECT_EQ(refusal_of(written(".mrd", header + close_message())), "it holds no acquisitions");
  EXPECT_EQ(refusal_of(written(".mrd", header.substr(0, 200))), "an MRD stream without a whole header");
  const std::string bytes = stream_of({plain(4)});
  const auto scan =
      open_scan(written(".mrd", close_message() + bytes + acquisition_message(line(2, 8, 0)) + close_message()), {});
  EXPECT_TRUE(warns(*scan, "left out: measurement scan_2: the acquisition at byte " + std::to_string(2 + bytes.size()) +
                               " comes without a header before it"));
}

TEST(MrdStream, is_read_up_to_a_measurement_that_cannot_be_followed) {
  Part compressed = plain(4);
  compressed.lines[1].setFlag(ISMRMRD::ISMRMRD_ACQ_COMPRESSION1);
  std::string no_image = image_message(ISMRMRD::ISMRMRD_FLOAT, {4, 4, 1}, 1, "");
  no_image[2 + 2] = 77;
  for (const auto& [bytes, reason] : {std::pair{messages_of(plain(5)) + message(1030), "unknown number 1030"},
                                      {messages_of(plain(5)) + no_image, "unknown data type 77"},
                                      {messages_of(compressed), "is compressed (flag 53)"}}) {
    EXPECT_NE(refusal_of(written(".mrd", bytes)).find(reason), std::string::npos);
    const auto scan = open_scan(written(".mrd", messages_of(plain(4)) + bytes), {});
    EXPECT_EQ(scan->summary().slices, 1);
    EXPECT_TRUE(warns(*scan, "left out: measurement scan_2: "));
    EXPECT_TRUE(warns(*scan, reason));
  }
  const auto between = open_scan(written(".mrd", sessions_of({plain(4)}) + text_message(5, "x") + message(1030)), {});
  EXPECT_EQ(between->summary().slices, 1);
  EXPECT_TRUE(warns(*between, "unknown number 1030"));
  EXPECT_TRUE(warns(*between, "nothing behind it can be read"));
}

TEST(MrdStream, that_is_cut_anywhere_gives_the_measurements_before_that) {
  const std::string first = messages_of(plain(3)) + close_message();
  const std::string whole = first + messages_of(plain(4));
  const auto in_hdf5 = open_scan(hdf5_of({plain(3), plain(4)}), {});
  const std::vector<Slice> expected{read_slice(*in_hdf5, 0), read_slice(*in_hdf5, 1)};
  const std::size_t before_last_line = first.size() - acquisition_message(line(2, 8, 0)).size() - 2;
  for (std::size_t length = before_last_line; length <= whole.size(); ++length) {
    const std::string path = written(".mrd", whole.substr(0, length));
    const bool first_whole = length + 2 >= first.size();  // CLOSE apart
    if (!first_whole) {
      EXPECT_EQ(refusal_of(path).find("undersampled: slice 0 has 2 of 3 lines"), 0U) << length;
      EXPECT_NE(refusal_of(path).find("; the stream "), std::string::npos) << length;  // is cut short, or has no end
      continue;
    }
    const auto scan = open_scan(path, {});
    ASSERT_EQ(scan->summary().slices, length == whole.size() ? 2 : 1) << length;
    EXPECT_EQ(scan->summary().warnings.empty(), length == first.size()) << length;
    for (std::int64_t index = 0; index < scan->summary().slices; ++index) {
      expect_same_slice(read_slice(*scan, index), expected[static_cast<std::size_t>(index)]);
    }
  }
}

TEST(MrdStream, of_lengths_that_are_not_there_is_cut_short) {
  const std::string first = sessions_of({plain(4)});
  const std::string all(8, '\xff');
  std::string image = image_message(ISMRMRD::ISMRMRD_CXDOUBLE, {1, 1, 1}, 1, "");
  image.replace(2 + 198, 8, all);  // the length of its attributes
  std::string line_of_all = acquisition_message(line(2, 8, 0));
  line_of_all.replace(2 + 34, 6, all.substr(2));  // samples and channels
  for (const std::string& message :
       {message(3, all.substr(4) + "<"), message(2, all), message(5, all), image, line_of_all, message(1)}) {
    const auto scan = open_scan(written(".mrd", first + message), {});
    EXPECT_EQ(scan->summary().slices, 1);
    EXPECT_TRUE(warns(*scan, "cut short within the message at byte " + std::to_string(first.size())));
  }
}

TEST(MrdStream, keeps_no_more_of_all_measurements_than_the_file_justifies) {
  MrdMatrix tall = matrix_of(16384);  // 1 MiB of one coil, which a small file may have for once
  std::vector<Part> parts(200, {mrd_xml(tall), {line(1, 8, 8192)}});
  const std::string bytes = stream_of(parts);
  ReadOptions options;
  options.allow_undersampled = true;
  const auto scan = open_scan(written(".mrd", bytes), options);
  EXPECT_GT(scan->summary().measurements, 1);
  EXPECT_LE(scan->summary().measurements, static_cast<int>((64 * bytes.size() >> 20U) + 1));
  EXPECT_TRUE(warns(*scan, "its measurements together would need"));
}

TEST(MrdStream, of_very_many_measurements_is_read_by_name) {
  const std::string path = written(".mrd", stream_of(std::vector<Part>(most_measurements + 1, plain(2))));
  EXPECT_EQ(refusal_of(path), "it holds 1001 measurements; at most 1000 are read together: --group reads one");
  ReadOptions options;
  options.group = "scan_1001";
  EXPECT_EQ(open_scan(path, options)->summary().slices, 1);
}

}  // namespace
}  // namespace mriembed::io::testing_files
