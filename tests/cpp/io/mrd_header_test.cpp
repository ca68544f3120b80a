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
  ASSERT_TRUE(header.kspace_encode_step_1.has_value());
  EXPECT_EQ(header.kspace_encode_step_1->minimum, 1);
  EXPECT_EQ(header.kspace_encode_step_1->maximum, 3);
  EXPECT_EQ(header.kspace_encode_step_1->center, 2);
  EXPECT_FALSE(header.kspace_encode_step_2.has_value());
  EXPECT_EQ(header.trajectory, "cartesian");
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t found = text.find(from);
  EXPECT_NE(found, std::string::npos) << from;
  return found == std::string::npos ? text : text.replace(found, from.size(), to);
}

std::string header_refusal(const std::string& xml) {
  try {
    parse_mrd_header(xml);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::bad_input);
    return error.what();
  }
  return "accepted";
}

TEST(MrdHeader, bears_namespace_prefixes) {
  std::string xml = mrd_xml(MrdMatrix());
  for (std::size_t at = xml.find('<'); at != std::string::npos; at = xml.find('<', at + 1)) {
    if (xml[at + 1] != '?') {
      xml.insert(at + (xml[at + 1] == '/' ? 2 : 1), "ns0:");
    }
  }
  xml = replaced(xml, "xmlns=", "xmlns:ns0=");
  EXPECT_EQ(parse_mrd_header(xml).encodings.front().encoded.x, 8);
}

TEST(MrdHeader, takes_trajectories_in_any_case) {
  MrdMatrix matrix;
  matrix.trajectory = " Cartesian\n";
  EXPECT_EQ(parse_mrd_header(mrd_xml(matrix)).encodings.front().trajectory, "cartesian");
  matrix.trajectory = "EPI";
  EXPECT_EQ(parse_mrd_header(mrd_xml(matrix)).encodings.front().trajectory, "epi");
  matrix.trajectory = "zigzag";
  EXPECT_NE(header_refusal(mrd_xml(matrix)).find("the trajectory \"zigzag\""), std::string::npos);
}

TEST(MrdHeader, reads_the_description_of_an_echo_planar_readout) {
  const auto parameter = [](const std::string& kind, const std::string& name, const std::string& value) {
    return "<userParameter" + kind + "><name>" + name + "</name><value>" + value + "</value></userParameter" + kind +
           ">";
  };
  const std::string times = parameter("Long", "etl", "64") + parameter("Long", "rampUpTime", "120") +
                            parameter("Long", "flatTopTime", "260") + parameter("Long", "rampDownTime", "110") +
                            parameter("Long", "numSamples", "96") + parameter("Double", "dwellTime", "4.2");
  const auto readout_of = [&](const std::string& identifier, const std::string& parameters) {
    const std::string description =
        "<trajectoryDescription><identifier>" + identifier + "</identifier>" + parameters + "</trajectoryDescription>";
    const std::string xml = replaced(mrd_xml(MrdMatrix()), "</trajectory>", "</trajectory>" + description);
    return parse_mrd_header(xml).encodings.front().readout;
  };
  const auto readout = readout_of("ConventionalEPI", times + parameter("Long", "acqDelayTime", "30"));
  ASSERT_TRUE(readout.has_value());
  EXPECT_EQ(readout->ramp_up, 120);
  EXPECT_EQ(readout->flat_top, 260);
  EXPECT_EQ(readout->ramp_down, 110);
  EXPECT_EQ(readout->delay, 30);
  EXPECT_EQ(readout->dwell_time, 4.2);
  EXPECT_EQ(readout->samples, 96);
  EXPECT_EQ(readout_of("ConventionalEPI", times)->delay, 0);
  EXPECT_FALSE(readout_of("HargreavesVDS2000", times).has_value());
  EXPECT_EQ(readout_of("ConventionalEPI", replaced(times, "dwellTime", "somethingElse"))->dwell_time, 0);
  EXPECT_FALSE(readout_of("ConventionalEPI", replaced(times, "flatTopTime", "somethingElse")).has_value());
  EXPECT_FALSE(parse_mrd_header(mrd_xml(MrdMatrix())).encodings.front().readout.has_value());
}

TEST(MrdHeader, takes_a_cartesian_trajectory_that_is_described_as_epi_for_one) {
  const auto trajectory_of = [](const std::string& trajectory, const std::string& identifier) {
    MrdMatrix matrix;
    matrix.trajectory = trajectory;
    const std::string description =
        "<trajectoryDescription><identifier>" + identifier + "</identifier></trajectoryDescription>";
    const std::string xml = replaced(mrd_xml(matrix), "</trajectory>", "</trajectory>" + description);
    return parse_mrd_header(xml).encodings.front().trajectory;
  };
  EXPECT_EQ(trajectory_of("cartesian", "ConventionalEPI"), "epi");
  EXPECT_EQ(trajectory_of("cartesian", "another"), "cartesian");
  EXPECT_EQ(trajectory_of("spiral", "ConventionalEPI"), "spiral");
}

TEST(MrdHeader, needs_nothing_but_what_places_samples) {
  const std::string coils =
      "<acquisitionSystemInformation><coilLabel><coilNumber>1</coilNumber></coilLabel>"
      "</acquisitionSystemInformation>";
  const std::string measurement = "<measurementInformation><protocolName>t1</protocolName></measurementInformation>";
  std::string xml = replaced(mrd_xml(MrdMatrix()), "<encoding>", measurement + coils + "<encoding>");
  xml = replaced(xml, "<encodingLimits></encodingLimits>", "");
  xml = replaced(xml, "<H1resonanceFrequency_Hz>1</H1resonanceFrequency_Hz>", "");
  const std::size_t space = xml.find("<fieldOfView_mm>");
  const std::size_t end = xml.find("</fieldOfView_mm>", space);
  xml.replace(space, end - space, "<fieldOfView_mm><x>2.5</x>");
  const MrdEncoding header = parse_mrd_header(xml).encodings.front();
  EXPECT_EQ(header.encoded.y, 4);
  EXPECT_EQ(header.encoded_fov.x, 2.5);
  EXPECT_EQ(header.encoded_fov.y, 0);
  EXPECT_EQ(header.recon_fov.y, 4);
}

TEST(MrdHeader, gives_every_encoding_and_where_noise_was_measured) {
  std::string xml = mrd_xml(MrdMatrix());
  MrdMatrix calibration;
  calibration.y = 3;
  const std::string other = mrd_xml(calibration);
  const std::size_t begin = other.find("<encoding>");
  const std::string multiband =
      "<parallelImaging><multiband><multiband_factor>4</multiband_factor></multiband>"
      "</parallelImaging>";
  const std::string measurement =
      "<measurementInformation><measurementID>m2</measurementID><measurementDependency><dependencyType>Noise"
      "</dependencyType><measurementID>m1</measurementID></measurementDependency><measurementDependency>"
      "<dependencyType>SenMap</dependencyType><measurementID>m0</measurementID></measurementDependency>"
      "</measurementInformation>";
  xml = replaced(xml, "</trajectory>", "</trajectory>" + multiband);
  xml = replaced(xml, "<encoding>", measurement + "<encoding>");
  xml = replaced(xml, "</ismrmrdHeader>", other.substr(begin));
  const MrdHeader header = parse_mrd_header(xml);
  ASSERT_EQ(header.encodings.size(), 2);
  EXPECT_EQ(header.encodings[1].encoded.y, 3);
  EXPECT_EQ(header.multiband, 4);
  EXPECT_EQ(header.measurement_id, "m2");
  EXPECT_EQ(header.noise_sources, std::vector<std::string>{"m1"});
}

TEST(MrdHeader, names_what_is_wrong_with_a_header) {
  const std::string sound = mrd_xml(MrdMatrix());
  const std::size_t recon = sound.find("<reconSpace>");
  const std::size_t limits = sound.find("<encodingLimits>");
  EXPECT_NE(header_refusal(sound.substr(0, recon) + sound.substr(limits)).find("no <reconSpace> in <encoding>"),
            std::string::npos);
  EXPECT_NE(header_refusal(replaced(sound, "<x>8</x>", "<x>many</x>")).find("<x> of <matrixSize> as \"many\""),
            std::string::npos);
  EXPECT_NE(header_refusal(replaced(sound, "<x>8</x>", "<x>0</x>")).find("an empty axis"), std::string::npos);
  EXPECT_NE(header_refusal(sound.substr(0, 300)).find("not well-formed XML"), std::string::npos);
  EXPECT_NE(header_refusal("<mrd></mrd>").find("begins with <mrd>"), std::string::npos);
  MrdMatrix matrix;
  matrix.limits = "<kspace_encoding_step_1><minimum>3</minimum><maximum>2</maximum></kspace_encoding_step_1>";
  EXPECT_NE(header_refusal(mrd_xml(matrix)).find("maximum lies below the minimum"), std::string::npos);
}

TEST(MrdHeader, bears_a_2d_scan_without_a_partition_and_a_reconstruction_without_a_matrix) {
  const std::string sound = mrd_xml(MrdMatrix());
  const std::size_t recon = sound.find("<reconSpace>");
  const std::string empty = replaced(replaced(sound.substr(recon), "<x>8</x>", "<x>0</x>"), "<z>1</z>", "<z>0</z>");
  const MrdHeader header = parse_mrd_header(replaced(sound.substr(0, recon), "<z>1</z>", "<z>0</z>") + empty);
  EXPECT_EQ(header.encodings.front().encoded.z, 1);
  EXPECT_EQ(header.encodings.front().recon.x, 0);
}

TEST(MrdHeader, takes_decimal_numbers_that_are_whole_but_for_rounding) {
  const auto matrix_with = [](const std::string& number) {
    return replaced(mrd_xml(MrdMatrix()), "<z>1</z>", "<z>" + number + "</z>");
  };
  for (const auto& [number, count] : {std::pair{"36.0", 36}, {"35.9996", 36}, {"3.6e1", 36}, {"1.04", 1}}) {
    EXPECT_EQ(parse_mrd_header(matrix_with(number)).encodings[0].encoded.z, count) << number;
  }
  for (const char* number : {"35.5", "1.1", "-1", "inf", "nan", "65536", "36 37", "36,0"}) {
    EXPECT_NE(header_refusal(matrix_with(number)).find("a whole number from 0 to 65535 is right"), std::string::npos)
        << number;
  }
}

TEST(MrdHeader, takes_a_field_of_view_that_cannot_be_as_none) {
  MrdMatrix matrix;
  matrix.encoded_fov = Fov{-1, 0, 40};
  const MrdEncoding encoding = parse_mrd_header(mrd_xml(matrix)).encodings[0];
  EXPECT_EQ(encoding.encoded_fov.x, 0);
  EXPECT_EQ(encoding.encoded_fov.y, 0);
  EXPECT_EQ(encoding.encoded_fov.z, 40);
}

TEST(MrdHeader, gives_the_acceleration) {
  using Factors = std::pair<std::int64_t, std::int64_t>;
  const auto acceleration_of = [](const std::string& factors) {
    std::string xml = mrd_xml(MrdMatrix());
    xml.insert(xml.find("</encoding>"), factors);
    const Acceleration acceleration = parse_mrd_header(xml).encodings.front().acceleration;
    return Factors(acceleration.y, acceleration.z);
  };
  const auto factors = [](const std::string& y, const std::string& z) {
    return "<parallelImaging><accelerationFactor><kspace_encoding_step_1>" + y + "</kspace_encoding_step_1>" +
           "<kspace_encoding_step_2>" + z +
           "</kspace_encoding_step_2></accelerationFactor><calibrationMode>embedded</calibrationMode></"
           "parallelImaging>";
  };
  EXPECT_EQ(acceleration_of(""), Factors(1, 1));
  EXPECT_EQ(acceleration_of(factors("3", "2")), Factors(3, 2));
  for (const char* wrong : {"0", "-2", "many", "nan", "0.4"}) {
    EXPECT_EQ(acceleration_of(factors(wrong, "2")), Factors(1, 2)) << wrong;
  }
  EXPECT_EQ(acceleration_of(factors("1e300", "inf")).first, 65535);
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
