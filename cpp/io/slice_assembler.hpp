// From the acquisitions of a Cartesian MRD scan, one by one, to the k-space of its slices.
#pragma once

#include <array>
#include <cmath>
#include <complex>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "acquired_lines.hpp"
#include "acquisitions.hpp"
#include "epi_lines.hpp"
#include "kspace_placement.hpp"
#include "line_averages.hpp"
#include "measuring_time.hpp"
#include "mrd_header.hpp"
#include "partitions_ahead.hpp"
#include "scan_geometry.hpp"
#include "scan_reader.hpp"
#include "separate_calibration.hpp"
#include "slab_completion.hpp"
#include "volume_key.hpp"

namespace mriembed::io {

// What a line was measured for.
enum class LineKind {
  imaging,
  noise,
  calibration,       // of a parallel reconstruction alone; what is image as well is imaging
  phase_correction,  // a navigator line of an echo-planar readout
  other,             // navigation, dummies and the like
};
LineKind kind_of(const Acquisition& line);

// Takes imaging lines in any order, from a file or as they are measured, and needs to see none before it takes the
// first. Lines go to their places at once; only where the centre of k-space must be told by the signal are they held
// until the first volume is whole. Samples of one place are averaged. Of an echo-planar scan, lines are brought to even
// spacing and both directions in phase. Of a slab whose partitions miss different lines, the missing ones are filled.
// Memory: the matrix of each volume that is begun and not finished, or of the one that was finished last; twice of an
// echo-planar one whose lines were measured in both directions.
class SliceAssembler {
 public:
  // `facts`: what is known of the lines beforehand. `coils`: those of an acquisition's that are kept, ascending.
  SliceAssembler(const MrdEncoding& encoding, const LineFacts& facts, std::vector<std::int64_t> coils);

  [[nodiscard]] const KspacePlacement& placement() const { return placement_; }
  [[nodiscard]] const ScanGeometry& geometry() const { return geometry_; }
  // Slices of a volume: partitions of a slab that remain without oversampling along z.
  [[nodiscard]] std::int64_t partitions() const;
  // Of its slices.
  [[nodiscard]] SliceGeometry slice_geometry() const;
  // Of a slab; 0 where the header does not tell it, and of 2D scans.
  [[nodiscard]] double partition_thickness_mm() const {
    return placement_.depth() > 1 && std::isfinite(partition_thickness_mm_) ? partition_thickness_mm_ : 0;
  }

  // One line of a volume, `samples` (coils, samples); refusals name it by `index`. Calibration lines may have been
  // measured with another volume.
  void add(const VolumeKey& key, const Acquisition& line, std::size_t index,
           std::span<const std::complex<float>> samples);

  // A separate ACS line of a place where an imaging line lies, which stays: both together tell whether ACS lines can be
  // part of the image, or only calibrate the filling of what it misses. Before finish().
  void add_repeated(const VolumeKey& key, const Acquisition& line, std::size_t index,
                    std::span<const std::complex<float>> samples);

  // A line of phase correction of an echo-planar scan; other scans need none. Those of a volume are added in the order
  // of their measurement, before finish().
  void add_navigator(const VolumeKey& key, const Acquisition& line, std::size_t index,
                     std::span<const std::complex<float>> samples);

  // Has the signal of the lines so far tell the centre of k-space, where it is to tell it: they are then placed.
  void find_centres();

  // Takes a line of a 2D volume, which is no echo-planar one, out again: the next readout of this place is its first.
  void forget(const VolumeKey& key, std::int64_t line);

  // What is known of a volume's lines so far; none for a volume of which no line is placed.
  [[nodiscard]] const AcquiredLines* acquired(const VolumeKey& key) const;

  // Forgets what there is of a volume.
  void drop(const VolumeKey& key);

  // Ends a volume: it is the one that take_slice() gives, until the first line of another one is added.
  void finish(const VolumeKey& key);

  // Partition `partition` of the volume that was finished last. A 2D volume is the slice: its samples change hands, so
  // that it can be taken once. So do the partitions of a slab where a listener is set.
  void take_slice(std::int64_t partition, Slice& slice);

  // A line of a slice that was just placed or forgotten. `samples`, (coils, y, x), stay where they are until the slice
  // is taken; what else is in them is no one's yet.
  struct PlacedLine {
    VolumeKey key;
    std::int64_t partition;  // of a slab
    std::int64_t line;       // y
    bool again;              // it was told already: it was forgotten, or a further readout was added
    const std::complex<float>* samples;
  };
  // Is told of every line that was measured as often as is expected, when the mean of its readouts stands there, and of
  // all others of the same volume when that is finished. A volume of which it was told no line until then stays
  // untold. Lines of an echo-planar scan change once more when their volume is finished.
  //
  // Of a slab it is told of a line of all partitions once this line was measured at all steps along z. That is done for
  // one slab at a time, of one average and of 512 MiB at most, once an eighth of it was measured: it takes the memory
  // of its slices beside that of its lines. Where it turns out that lines are to be completed along z, or where one
  // comes again, partitions are made when the slab is finished, and each is told of once as `again`: `samples` are no
  // slice's then.
  void set_listener(std::function<void(const PlacedLine&)> listener) { listener_ = std::move(listener); }
  void set_expected_averages(std::int64_t averages) { expected_averages_ = averages; }

  // Of the first volume whose separate ACS lines were measured in another way than its image.
  [[nodiscard]] const std::vector<std::string>& calibration_warnings() const { return calibration_warnings_; }

  // What was done to the lines of an echo-planar scan; null for other scans. A scan may turn out to be echo-planar when
  // its first volume is finished: the header says nothing of it, as those of sequences of users' own.
  [[nodiscard]] const EpiLines* epi() const { return epi_.has_value() ? &*epi_ : nullptr; }

  // The volume that was finished last, (coils, z, y, x): k-space along y and x, and an image or k-space along z.
  [[nodiscard]] std::span<const std::complex<float>> finished() const { return finished_; }

 private:
  // Readouts of an echo-planar volume in the other direction than the first readouts of their lines.
  struct OtherDirection {
    std::vector<std::complex<float>> samples;  // as of the volume; rows without a line are zero
    LineAverages averages;
  };
  struct Volume {
    std::vector<std::complex<float>> samples;  // (coils, z, y, x); rows without a line hold anything
    AcquiredLines acquired;
    LineAverages averages;
    std::vector<bool> told;  // which lines the listener knows
    std::int64_t told_lines = 0;
    std::vector<LineDirection> directions;             // of each line
    std::vector<bool> second;                          // see EpiVolume
    std::map<std::uint16_t, std::int64_t> of_segment;  // lines so far
    SeparateCalibration calibration;
    MeasuringTime time;                      // of its lines
    Acquisition line;                        // one of its lines, which says where the volume lies
    std::unique_ptr<PartitionsAhead> ahead;  // of a slab of which an eighth was measured
    bool made_at_end = false;                // partitions are, and not ahead
    std::unique_ptr<OtherDirection> other_direction;
  };
  struct Held {
    VolumeKey key;
    Acquisition line;
    LineDirection direction;
    std::size_t index;
    std::vector<std::complex<float>> samples;
  };

  [[nodiscard]] std::int64_t lines() const { return placement_.height() * placement_.depth(); }
  [[nodiscard]] LineSpan kept_partitions() const;
  [[nodiscard]] bool tells_of(const Volume& volume) const { return listener_ && !volume.made_at_end; }
  Volume& volume_of(const VolumeKey& key);
  [[nodiscard]] std::optional<std::array<double, 3>> position_of(std::int64_t partition) const;
  // Of the finished volume: 0 where it is not known, or where EPI's samples were brought to even spacing.
  [[nodiscard]] double sample_time_us() const;
  void place(const VolumeKey& key, const Acquisition& line, LineDirection direction, std::size_t index,
             std::span<const std::complex<float>> samples);
  void correct_directions(const VolumeKey& key, Volume& volume);
  void take_back(const VolumeKey& key, Volume& volume);
  // Whether the separate ACS lines of an echo-planar volume are those of a gradient echo: of one direction.
  [[nodiscard]] bool is_gradient_echo(const Volume& volume) const;
  // ACS lines that are no part of the image, and the box that calibrates its filling; empty where there are none.
  struct Calibration {
    std::optional<CalibrationBox> box;
    std::vector<std::complex<float>> samples;  // (coils, z, y, x)
  };
  Calibration take_calibration(const VolumeKey& key, Volume& volume);
  [[nodiscard]] SlabSampling sampling_of(const Volume& volume, const Calibration& calibration) const;
  void fill_slice(Volume& volume, const Calibration& calibration);
  void tell_of(const VolumeKey& key, Volume& volume, std::int64_t line);
  void tell_of_others(const VolumeKey& key, Volume& volume);
  void tell(const VolumeKey& key, Volume& volume, std::int64_t line, bool again);
  void add_to_partitions(const VolumeKey& key, Volume& volume, std::int64_t line);
  void begin_partitions(const VolumeKey& key, Volume& volume);
  void tell_of_partitions(const VolumeKey& key, const PartitionsAhead& ahead, std::int64_t y, bool again) const;
  void leave_partitions(const VolumeKey& key, Volume& volume);
  void make_partitions(const VolumeKey& key, Volume& volume, const SlabSampling& sampling,
                       const Calibration& calibration);

  std::function<void(const PlacedLine&)> listener_;
  std::int64_t expected_averages_ = 1;
  ScanGeometry geometry_;
  bool stated_epi_;  // by the header
  std::optional<EpiLines> epi_;
  bool looked_at_ = false;  // whether the first volume was searched for lines of EPI
  KspacePlacement placement_;
  double partition_thickness_mm_;  // 0: not known
  std::vector<std::int64_t> coils_;
  std::map<VolumeKey, Volume> volumes_;
  std::vector<Held> held_;
  VolumeKey finished_key_{};
  Acquisition finished_line_;  // one of its lines
  int finished_averages_ = 0;  // see SliceLabel
  std::vector<std::complex<float>> finished_;
  // Where they were made ahead; once they are taken, memory for the next slab's.
  std::vector<PartitionsAhead::Samples> finished_partitions_;
  SlabCompletion completion_;
  std::string finished_sampling_;  // of its slab, or of a slice that is filled here
  std::vector<std::string> calibration_warnings_;
  std::vector<std::complex<float>> spare_;  // memory for the next volume
};

}  // namespace mriembed::io
