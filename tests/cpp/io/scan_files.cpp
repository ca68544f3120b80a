#include "scan_files.hpp"

#include <algorithm>
#include <fstream>

#include "../scratch_folder.hpp"
#include "hdf5_scan.hpp"
#include "magic_bytes.hpp"
#include "scan_file.hpp"

namespace mriembed::io::testing_files {

std::string fresh_path(const std::string& ending) {
  static int count = 0;
  return mriembed::testing_files::scratch_folder() / (std::to_string(count++) + ending);
}

std::string written(const std::string& ending, const std::string& bytes) {
  std::string path = fresh_path(ending);
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

std::unique_ptr<ScanReader> open_scan(const std::string& path, const ReadOptions& options) {
  return is_hdf5(path) ? open_hdf5_scan(path, options) : open_scan_file(path, options);
}

std::string refusal_of(const std::string& path, const ReadOptions& options) {
  try {
    const std::unique_ptr<ScanReader> scan = open_scan(path, options);
    Slice slice;
    for (std::int64_t index = 0; index < scan->summary().slices; ++index) {
      scan->read(index, slice);
    }
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::bad_input);
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    return error.what();
  }
  return "accepted";
}

std::string npy_bytes(const std::string& type, bool fortran_order, const std::string& shape, const std::string& bytes) {
  const std::string header = "{'descr': '" + type + "', 'fortran_order': " + (fortran_order ? "True" : "False") +
                             ", 'shape': (" + shape + "), }\n";
  std::string file("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(header.size());
  file += static_cast<char>(header.size() >> 8U);
  return file + header + bytes;
}

namespace {

std::string space_xml(const std::string& name, unsigned x, unsigned y, unsigned z, const Fov& fov) {
  return "<" + name + "><matrixSize><x>" + std::to_string(x) + "</x><y>" + std::to_string(y) + "</y><z>" +
         std::to_string(z) + "</z></matrixSize><fieldOfView_mm><x>" + std::to_string(fov.x) + "</x><y>" +
         std::to_string(fov.y) + "</y><z>" + std::to_string(fov.z) + "</z></fieldOfView_mm></" + name + ">";
}

Fov one_millimetre_each(unsigned x, unsigned y, unsigned z) {
  return {static_cast<double>(x), static_cast<double>(y), static_cast<double>(z)};
}

}  // namespace

std::string mrd_xml(const MrdMatrix& matrix) { return mrd_xml(std::vector{matrix}); }

std::string mrd_xml(const std::vector<MrdMatrix>& matrices) {
  std::string xml =
      R"(<?xml version="1.0"?><ismrmrdHeader xmlns="http://www.ismrm.org/ISMRMRD"><experimentalConditions>)"
      "<H1resonanceFrequency_Hz>1</H1resonanceFrequency_Hz></experimentalConditions>";
  for (const MrdMatrix& matrix : matrices) {
    const unsigned recon_y = matrix.recon_y.value_or(matrix.y);
    xml += "<encoding>" +
           space_xml("encodedSpace", matrix.x, matrix.y, matrix.z,
                     matrix.encoded_fov.value_or(one_millimetre_each(matrix.x, matrix.y, matrix.z))) +
           space_xml("reconSpace", matrix.recon_x, recon_y, matrix.recon_z,
                     matrix.recon_fov.value_or(one_millimetre_each(matrix.recon_x, recon_y, matrix.recon_z))) +
           "<encodingLimits>" + matrix.limits + "</encodingLimits><trajectory>" + matrix.trajectory +
           "</trajectory></encoding>";
  }
  return xml + "</ismrmrdHeader>";
}

std::string limit_xml(const std::string& name, unsigned minimum, unsigned maximum, unsigned center) {
  return "<" + name + "><minimum>" + std::to_string(minimum) + "</minimum><maximum>" + std::to_string(maximum) +
         "</maximum><center>" + std::to_string(center) + "</center></" + name + ">";
}

Complex sample_at(std::int64_t coil, std::int64_t z, std::int64_t y, std::int64_t x) {
  return {static_cast<float>(1000 * coil + 100 * z + 10 * y + x + 1), static_cast<float>(-(x + 1))};
}

ISMRMRD::Acquisition line(unsigned coils, unsigned width, std::uint16_t kspace_encode_step_1,
                          std::uint16_t kspace_encode_step_2) {
  ISMRMRD::Acquisition result(static_cast<std::uint16_t>(width), static_cast<std::uint16_t>(coils));
  result.idx().kspace_encode_step_1 = kspace_encode_step_1;
  result.idx().kspace_encode_step_2 = kspace_encode_step_2;
  result.center_sample() = static_cast<std::uint16_t>(width / 2);
  for (unsigned coil = 0; coil < coils; ++coil) {
    for (unsigned x = 0; x < width; ++x) {
      result.data(static_cast<std::uint16_t>(x), static_cast<std::uint16_t>(coil)) =
          sample_at(coil, kspace_encode_step_2, kspace_encode_step_1, x);
    }
  }
  return result;
}

std::vector<ISMRMRD::Acquisition> full_scan(unsigned coils, const MrdMatrix& matrix) {
  std::vector<ISMRMRD::Acquisition> lines;
  for (unsigned z = 0; z < matrix.z; ++z) {
    for (unsigned y = 0; y < matrix.y; ++y) {
      lines.push_back(line(coils, matrix.x, static_cast<std::uint16_t>(y), static_cast<std::uint16_t>(z)));
    }
  }
  return lines;
}

MrdMatrix matrix_of(unsigned lines) {
  MrdMatrix matrix;
  matrix.y = lines;
  return matrix;
}

std::vector<ISMRMRD::Acquisition> scan_of(unsigned lines) { return full_scan(2, matrix_of(lines)); }

ISMRMRD::Acquisition noise_of_power(float power) {
  ISMRMRD::Acquisition noise(64, 2);
  noise.setFlag(ISMRMRD::ISMRMRD_ACQ_IS_NOISE_MEASUREMENT);
  for (std::uint16_t sample = 0; sample < 64; ++sample) {
    noise.data(sample, 0) = sample % 2 == 0 ? power : -power;
    noise.data(sample, 1) = sample % 4 < 2 ? power : -power;
  }
  return noise;
}

std::string with_ids(std::string xml, const std::string& own, const std::string& noise) {
  const std::string dependency = "<measurementDependency><dependencyType>Noise</dependencyType><measurementID>" +
                                 noise + "</measurementID></measurementDependency>";
  xml.insert(xml.find("<experimentalConditions>"), "<measurementInformation><measurementID>" + own +
                                                       "</measurementID><patientPosition>HFS</patientPosition>" +
                                                       (noise.empty() ? "" : dependency) + "</measurementInformation>");
  return xml;
}

std::string with_coil_names(std::string xml, const std::vector<std::string>& names) {
  std::string labels;
  for (std::size_t coil = 0; coil < names.size(); ++coil) {
    labels += "<coilLabel><coilNumber>" + std::to_string(coil) + "</coilNumber><coilName>" + names[coil] +
              "</coilName></coilLabel>";
  }
  xml.insert(xml.find("<experimentalConditions>"),
             "<acquisitionSystemInformation>" + labels + "</acquisitionSystemInformation>");
  return xml;
}

std::string with_acceleration(std::string xml, int y, int z) {
  xml.insert(xml.find("</encoding>"), "<parallelImaging><accelerationFactor><kspace_encoding_step_1>" +
                                          std::to_string(y) + "</kspace_encoding_step_1><kspace_encoding_step_2>" +
                                          std::to_string(z) +
                                          "</kspace_encoding_step_2></accelerationFactor></parallelImaging>");
  return xml;
}

bool warns(const ScanReader& scan, const std::string& part) {
  return std::ranges::any_of(scan.summary().warnings,
                             [&](const std::string& warning) { return warning.find(part) != std::string::npos; });
}

std::string written_mrd(const std::string& xml, const std::vector<ISMRMRD::Acquisition>& lines) {
  std::string path = fresh_path(".h5");
  add_mrd(path, "dataset", xml, lines);
  return path;
}

void add_mrd(const std::string& path, const std::string& group, const std::string& xml,
             const std::vector<ISMRMRD::Acquisition>& lines) {
  ISMRMRD::Dataset dataset(path.c_str(), group.c_str(), true);
  dataset.writeHeader(xml);
  for (const ISMRMRD::Acquisition& acquisition : lines) {
    dataset.appendAcquisition(acquisition);
  }
}

Slice read_slice(ScanReader& scan, std::int64_t index) {
  Slice slice;
  scan.read(index, slice);
  return slice;
}

void expect_placed(const Slice& slice, const MrdMatrix& matrix) {
  ASSERT_EQ(slice.height, matrix.y);
  ASSERT_EQ(slice.width, matrix.x);
  for (std::int64_t coil = 0; coil < slice.channels; ++coil) {
    for (std::int64_t y = 0; y < slice.height; ++y) {
      for (std::int64_t x = 0; x < slice.width; ++x) {
        const auto at = static_cast<std::size_t>((coil * slice.height + y) * slice.width + x);
        ASSERT_EQ(slice.samples[at], sample_at(coil, 0, y, x)) << coil << " " << y << " " << x;
      }
    }
  }
}

}  // namespace mriembed::io::testing_files
