#include "batches/slice_batch.hpp"

namespace mriembed::io {

namespace {

// Without a limit of the user's: as many slices as a small network still gains from, and few enough that the copies
// which preprocessing makes of them (in double precision, too) stay around a gigabyte.
constexpr std::size_t usual_count = 8;
constexpr std::size_t usual_bytes = std::size_t{256} << 20U;

}  // namespace

bool SliceBatch::has_room_for(const Slice& slice, std::int64_t limit) const {
  if (count() == 0) {
    return true;
  }
  if (slice.channels != channels || slice.height != height || slice.width != width || slice.geometry != geometry ||
      slice.label.measurement != measurement) {
    return false;
  }
  if (limit > 0) {
    return count() < static_cast<std::size_t>(limit);
  }
  const std::size_t bytes = samples.size() * sizeof(std::complex<float>) + network_input.size() * sizeof(float);
  return count() < usual_count && bytes / count() * (count() + 1) <= usual_bytes;
}

void SliceBatch::add(const Slice& slice, double seconds) {
  channels = slice.channels;
  height = slice.height;
  width = slice.width;
  geometry = slice.geometry;
  measurement = slice.label.measurement;
  labels.push_back(slice.label);
  read_seconds.push_back(seconds);
  samples.insert(samples.end(), slice.samples.begin(), slice.samples.end());
  network_input.insert(network_input.end(), slice.network_input.begin(), slice.network_input.end());
}

void SliceBatch::clear() {
  labels.clear();
  read_seconds.clear();
  samples.clear();
  network_input.clear();
}

}  // namespace mriembed::io
