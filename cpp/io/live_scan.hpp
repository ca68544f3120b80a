// A raw MRD scan while it is measured: from its acquisitions, one by one, to its slices as soon as they are whole.
#pragma once

#include <array>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "held_acquisitions.hpp"
#include "mrd_header.hpp"
#include "noise_measurement.hpp"
#include "open_volume.hpp"
#include "raw_volumes.hpp"
#include "repetition_ends.hpp"
#include "scan_noise.hpp"
#include "scan_reader.hpp"
#include "separate_lines.hpp"
#include "slice_assembler.hpp"
#include "volume_ends.hpp"
#include "volume_key.hpp"

namespace mriembed::io {

// Gives the slices that open_mrd_raw() gives of the same acquisitions, bit for bit, but in the order in which they
// become whole. What comes too late for that is left out, with a warning: noise lines behind the first imaging line,
// and lines of a volume that was whole.
//
// A volume is whole once all lines inside the encoding limits were measured, equally often, and as often as the
// header's limit of averages says, or with the line flagged LAST_IN_SLICE, as often as half of them; a 2D one that was
// accelerated with ACS lines, once its last line is flagged LAST_IN_SLICE. Where the header gives factors of
// the acceleration, an accelerated slice or slab is whole as well once these lines were measured, as often as the limit
// of averages says, with ACS lines among them; this is looked for where the next volume begins, and of a slab
// at lines flagged as the last ones of slice, repetition or measurement. A volume that would be accepted from a file is
// whole once a line of another repetition follows the line with the flag LAST_IN_REPETITION. All others are looked at
// when the scan ends.
//
// A header without a limit of averages promises one. Where the others follow in an outer loop, a volume is whole after
// its first average all the same, for nothing tells of the next one; a warning says so when it comes, and volumes that
// are not whole yet wait for as many.
//
// A few scans cannot be placed before their end: those with several encoding spaces, those whose centre of k-space the
// signal must tell, and those with several encoded partitions of which the header does not say whether they are
// measured, or of which only one is measured. They are held in memory, and all of their slices become whole at the end.
// A 3D scan is held until a line of a second partition comes.
//
// Memory: what was received of volumes that are not whole, and the matrix of those of which a 64th was received; with a
// listener also the partitions of a slab of which an eighth was received.
class LiveScan {
 public:
  // `others`: noise measurements of other scans. Of the options, the group is not for this. Throws Error bad_input for
  // a header of a scan that cannot be read, as the functions below do for acquisitions; then the scan is at its end.
  LiveScan(MrdHeader header, ReadOptions options, std::vector<MeasuredNoise> others);

  // Is told of every line of a scan, but not of an echo-planar one or a slab that is accelerated along z, once all of
  // its averages were placed as they came; see SliceAssembler.
  using Listener = std::function<void(const SliceAssembler::PlacedLine&)>;
  void set_listener(Listener listener) { listener_ = std::move(listener); }
  // What a volume's lines are placed in, once a line was placed: coils, height and width of its samples.
  [[nodiscard]] std::array<std::int64_t, 3> shape() const;
  [[nodiscard]] SliceGeometry geometry() const { return assembler_->slice_geometry(); }
  // As the assembler says; 0 as well where lines are held to the end.
  [[nodiscard]] double partition_thickness_mm() const {
    return assembler_.has_value() ? assembler_->partition_thickness_mm() : 0;
  }
  // Whether some lines of this slice are expected never to come: the header says that the scan is accelerated or that
  // the encoding limits leave out an end of k-space, or separate ACS lines of the slice came.
  [[nodiscard]] bool lacks_lines(std::uint16_t slice) const;

  // Expects that next() has given all slices.
  void add(const Acquisition& line, std::span<const std::complex<float>> samples);

  // Whether an imaging line came that cannot be placed before the scan's end.
  [[nodiscard]] bool is_held() const { return held_to_end_; }

  // No acquisition follows.
  void end();

  // The next slice that is whole. False: there is none yet, or, after end(), none any more.
  bool next(Slice& slice);

  // Slices so far.
  [[nodiscard]] std::int64_t slices() const { return slices_; }

  [[nodiscard]] const HeaderFacts& header() const { return header_.facts; }
  // By which its slices are to be prewhitened; known from the first slice on.
  [[nodiscard]] const std::optional<NoiseCovariance>& noise_covariance() const { return noise_.covariance; }
  // Whose noise it is: empty for the scan's own.
  [[nodiscard]] const std::string& noise_source() const { return noise_.source; }
  // The noise that was measured in this scan, with its measurement ID; from the first slice, or the end, on.
  [[nodiscard]] std::optional<MeasuredNoise> measured_noise() const;

  // What may have changed the embeddings, one line each, as far as it was not given before.
  std::vector<std::string> take_warnings();

 private:
  void begin(const Acquisition& first);
  void place_held(bool several_partitions);
  void take(const Acquisition& line, std::size_t index, std::span<const std::complex<float>> samples);
  void add_imaging(const Acquisition& line, std::size_t index, std::span<const std::complex<float>> samples);
  void place(const VolumeKey& key, OpenVolume& volume);
  // Separate ACS lines with the volume's own counters are placed as they come where they lie between imaging lines, and
  // taken out again where an imaging line comes after all.
  void place_calibration(const VolumeKey& key, OpenVolume& volume);
  void take_calibration(const HeldLine& calibration, std::int64_t place);
  [[nodiscard]] VolumeEnds ends() const {
    return {header_.encodings.front(), assembler_->placement(), separate_, averages_, options_.allow_undersampled};
  }
  void finish(const VolumeKey& key);
  void end_unfinished();
  void warn(const std::string& warning);
  void warn(const std::vector<std::string>& warnings);

  Listener listener_;
  MrdHeader header_;
  ReadOptions options_;
  std::vector<MeasuredNoise> others_;
  std::int64_t averages_;                   // by the header, or as many as came of a volume that was whole
  std::shared_ptr<HeldAcquisitions> held_;  // before the first imaging line; all where nothing can be placed yet
  std::int64_t bytes_ = 0;                  // of all acquisitions
  std::size_t count_ = 0;                   // acquisitions
  bool begun_ = false;                      // an imaging line came
  bool held_to_end_ = false;                // and cannot be placed before the scan's end
  ScanNoise noise_;
  std::optional<SliceAssembler> assembler_;  // none: acquisitions are held
  std::uint16_t coils_ = 0;                  // of an acquisition
  Acquisition first_;                        // imaging line
  std::map<VolumeKey, OpenVolume> open_;
  std::set<VolumeKey> finished_;
  RawVolume reference_;  // the first volume that was finished: how far the others should reach
  std::vector<Acquisition> reference_lines_;
  SeparateLines separate_;
  std::deque<VolumeKey> ready_;
  RepetitionEnds repetitions_;
  std::int64_t partition_ = 0;             // the next of the volume that was finished last
  std::unique_ptr<ScanReader> held_scan_;  // of what was held, at the end
  std::int64_t slices_ = 0;
  std::set<std::string> known_warnings_;
  std::vector<std::string> warnings_;
};

}  // namespace mriembed::io
