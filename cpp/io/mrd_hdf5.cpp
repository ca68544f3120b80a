#include "mrd_hdf5.hpp"

#include "hdf5_acquisitions.hpp"
#include "mrd_header.hpp"
#include "raw_noise.hpp"

namespace mriembed::io {

namespace {

MrdHeader header_of(const Hdf5Handle& group, std::int64_t file_size) {
  return parse_mrd_header(read_text(open_dataset(group, "xml", file_size)));
}

}  // namespace

std::optional<MeasuredNoise> noise_alone(const Hdf5Handle& group, const std::string& name, std::int64_t file_size) {
  std::optional<MeasuredNoise> noise = noise_alone(Hdf5Acquisitions(group, file_size));
  if (noise.has_value()) {
    noise->name = name;
    noise->measurement_id = header_of(group, file_size).measurement_id;
  }
  return noise;
}

std::optional<MeasuredNoise> noise_of(const Hdf5Handle& group, const std::string& name, std::int64_t file_size) {
  std::optional<MeasuredNoise> noise = noise_of(Hdf5Acquisitions(group, file_size));
  if (noise.has_value()) {
    noise->name = name;
  }
  return noise;
}

std::unique_ptr<ScanReader> open_mrd_hdf5(const Hdf5Handle& group, std::int64_t file_size, const ReadOptions& options,
                                          const std::vector<MeasuredNoise>& noise) {
  return open_mrd_raw(header_of(group, file_size), std::make_unique<Hdf5Acquisitions>(group, file_size), file_size,
                      options, noise);
}

}  // namespace mriembed::io
