#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "check/check_report.hpp"
#include "check/checked_scan.hpp"
#include "cli/commands.hpp"
#include "cli/embedding_writer.hpp"
#include "cli/interruption.hpp"
#include "cli/message.hpp"
#include "cli/nearest_slices.hpp"
#include "cli/option_checks.hpp"
#include "cli/progress.hpp"
#include "cli/scan_embedder.hpp"
#include "cli/slice_table.hpp"
#include "cli/standard_input.hpp"
#include "cli/standard_output.hpp"
#include "io/batches/scan_prefetcher.hpp"
#include "io/scan_file.hpp"
#include "io/scan_reader.hpp"
#include "io/slice_name.hpp"
#include "mriembed/embedder.hpp"

namespace mriembed::cli {

namespace {

constexpr const char* footer = R"(
Outputs, by the ending of OUT. Rows are in the order of the scans and of their slices.
  .npy    float32 (rows, embed_dim), and a file of the same name with .json:
          {"model": ..., "model_sha256": ..., "embed_dim": ..., "rows": [one object for each row]}. Members of a row:
          file, slice, contrast, phase, repetition, set, partition, measurement, coils, energy_kept, sampling;
          model_sha256, the SHA-256 of the model's weights;
          position_mm, the middle of the slice (left, posterior, head), if MRD data state it;
          quality and findings, with --check: the figures of the slice and the findings of the scan;
          warnings, what may have changed the embeddings of this scan, if there are any;
          header, what an MRD header states of scanner and sequence, if it does
  .jsonl  one JSON object a line: the members above, then "embedding", an array
  .csv    a header line, then the members from file to model_sha256, and the components e0, e1, ... of each row
  -       .jsonl on standard output
Numbers in text read back as exactly the same float32.

energy_kept is the share of the energy of the calibration region (the 24 central lines of k-space) that the virtual
coils keep. sampling says which lines were measured, and how the others were filled; it is one or several of these, and
empty for images:
  full                   no line is missing
  grappa 2               acceleration 2, filled by GRAPPA
  grappa 2 x 3           the same along y and z of a 3D scan
  partial 6/8            partial Fourier, filled by conjugate symmetry
  partial 6/8 along z (zero-filled)
  corners zero-filled    of an elliptical 3D scan
  zero-filled            missing lines are zero

A scan is rejected if it cannot be read, is undersampled without ACS lines, has a slice that is all zero or contains
NaN, or needs too much memory. One line on standard error says so, and none of its rows is written. The other scans are
written, and the exit code is 4. If every scan is rejected, nothing is written.

Files are written under a temporary name, then renamed to OUT, the .json before its .npy. A program that is killed
leaves the older OUT, and at most temporary files: .mriembed-*.tmp in the folder of OUT, and .mriembed-scan-* in TMPDIR
of a scan from standard input. Both may be deleted. Between the two renames, the .json may be newer than the .npy: its
model and rows say what it belongs to.

SIGINT (Ctrl-C), SIGTERM and SIGHUP keep the rows so far: the current batch is finished, all rows are written to a valid
OUT, one line says how far it got, and the exit code is 130 (143, 129). A second signal ends the program at once and
leaves OUT as it was. With -, whole lines appear scan by scan, and the program ends when nobody reads them any more.

On one machine, the same scans and model give the same rows, bit for bit, whatever --threads, --batch, --memory and the
load are. Another processor or version may change the last digits; so may these options with --backend torch or
--device cuda.)";

struct Arguments {
  std::string model;
  std::vector<std::string> scans;
  std::string output;
  Options options;
  io::ReadOptions reading;
  std::string noise;  // file with the noise measurement; empty: each scan's own
  ScanSettings settings;
  std::int64_t batch = 0;  // slices of one call; 0: as io::SliceBatch::has_room_for says
  bool no_prewhiten = false;
  bool table = false;
  bool nearest = false;
  bool check = false;
  std::string limits;     // file, of `check`; empty: the default ones
  std::string reference;  // file, of `check`; empty: none
};

// An output that replaces what it is made from would be a loss that cannot be undone.
void refuse_to_replace_inputs(const OutputTarget& target, const Arguments& arguments) {
  std::vector<std::string> inputs = arguments.scans;
  inputs.push_back(arguments.model);
  inputs.push_back(arguments.noise);
  inputs.push_back(arguments.limits);
  inputs.push_back(arguments.reference);
  for (const std::string& written : {target.path, target.sidecar()}) {
    for (const std::string& input : inputs) {
      std::error_code failure;
      if (!written.empty() && std::filesystem::equivalent(written, input, failure)) {
        throw Error(ErrorCode::invalid_argument,
                    written + ": writing this would replace the input " + input + "; name another output");
      }
    }
  }
}

// How the work on a scan ended.
enum class End { whole, bad, interrupted };

void check_batch(const io::ScanFacts& facts, const io::SliceBatch& batch, check::ScanChecker& checker) {
  const auto measurement = static_cast<std::size_t>(batch.measurement);
  const std::int64_t size = batch.channels * batch.height * batch.width;
  for (std::size_t index = 0; index < batch.count(); ++index) {
    const std::complex<float>* samples = batch.samples.data() + static_cast<std::int64_t>(index) * size;
    checker.add(
        facts.headers.at(measurement), facts.noise.at(measurement), batch.labels[index],
        ArrayView<const std::complex<float>, 3>::row_major(samples, {batch.channels, batch.height, batch.width}));
  }
}

// Prints what was found, and gives each slice its figures. Whether there is a finding.
bool take_findings(const std::string& file, const std::vector<check::Checked>& measurements, EmbeddedScan& scan) {
  bool found = false;
  for (const check::Checked& checked : measurements) {
    const std::vector<std::string> lines = check::lines_of(checked);
    found = found || !lines.empty();
    for (const std::string& line : lines) {
      print_note(file + ": " + line);
    }
    if (const std::string left = check::not_compared(checked); !left.empty()) {
      print_note(file + ": not judged: " + left);
    }
    auto figures = checked.figures.slices.begin();
    for (EmbeddedSlice& slice : scan.slices) {
      if (slice.label.measurement == checked.measurement) {
        slice.quality = *figures++;
        slice.findings = lines;
      }
    }
  }
  return found;
}

// Appends the scan's slices to `result`. False: interrupted; those that are done are in it.
bool embed_file(const Embedder& embedder, const Arguments& arguments, std::size_t scan, io::ScanPrefetcher& ahead,
                Progress& progress, EmbeddedScan& result, check::ScanChecker& checker) {
  const std::string& file = arguments.scans[scan];
  const std::string place = "[" + std::to_string(scan + 1) + "/" + std::to_string(arguments.scans.size()) + "] " + file;
  progress.show(place);
  for (bool last = false; !last;) {
    const io::ScanBatch* batch = ahead.next(scan);
    if (batch == nullptr) {
      return false;
    }
    if (batch->failure != nullptr) {
      std::rethrow_exception(batch->failure);
    }
    const io::ScanSummary& summary = batch->facts->summary;
    progress.show(place + ": slice " + std::to_string(result.slices.size() + 1) + " of " +
                  std::to_string(summary.slices));
    embed_batch(embedder, *batch->facts, batch->slices, arguments.settings, result);
    if (arguments.check && summary.domain == io::Domain::kspace) {
      check_batch(*batch->facts, batch->slices, checker);
    }
    result.headers = batch->facts->headers;
    last = batch->last;
    result.warnings = summary.warnings;
    if (last) {
      progress.clear();
      for (const std::string& warning : summary.warnings) {
        print_note(file + ": " + warning);
      }
    }
  }
  return true;
}

// Where this file is at fault, its error is printed, and the next file's turn comes.
End embed_file_or_report(const Embedder& embedder, const Arguments& arguments, std::size_t scan,
                         io::ScanPrefetcher& ahead, Progress& progress, EmbeddedScan& result,
                         check::ScanChecker& checker) {
  const std::string& file = arguments.scans[scan];
  std::string reason;
  try {
    return embed_file(embedder, arguments, scan, ahead, progress, result, checker) ? End::whole : End::interrupted;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::bad_input && error.code() != ErrorCode::invalid_argument) {
      throw Error(file, error);
    }
    reason = error.what();
  } catch (const std::bad_alloc&) {  // from sizes that the file claims
    reason = "a slice of this file does not fit into memory";
  }
  progress.clear();
  print_error(file + ": " + reason);
  return End::bad;
}

void write_rows(EmbeddingWriter& writer, const std::string& file, const EmbeddedScan& scan) {
  const std::size_t length = scan.embeddings.size() / scan.slices.size();
  for (std::size_t index = 0; index < scan.slices.size(); ++index) {
    const EmbeddedSlice& slice = scan.slices[index];
    const io::HeaderFacts& header = scan.headers.at(static_cast<std::size_t>(slice.label.measurement));
    writer.add({file, header, slice.label, slice.coils, slice.energy_kept, slice.sampling, scan.warnings, slice.quality,
                slice.findings},
               std::span<const float>(scan.embeddings).subspan(index * length, length));
  }
}

void add_rows(NearestSlices& nearest, const std::string& file, bool several_files, const EmbeddedScan& scan) {
  const std::size_t length = scan.embeddings.size() / scan.slices.size();
  for (std::size_t index = 0; index < scan.slices.size(); ++index) {
    const std::string name = name_of(scan.slices[index].label);
    nearest.add(several_files ? std::filesystem::path(file).filename().string() + ", " + name : name,
                std::span<const float>(scan.embeddings).subspan(index * length, length));
  }
}

void print_table(const std::string& text, OutputFormat format) {
  if (format == OutputFormat::standard_output) {
    std::fwrite(text.data(), 1, text.size(), stderr);
  } else {
    write_standard_output(text);
  }
}

// What there is of the work when it is interrupted.
struct Done {
  std::size_t scans = 0;       // whole or found bad
  std::size_t rows = 0;        // of all scans
  std::size_t unfinished = 0;  // of these, rows of the scan in work
};

std::string counted(std::size_t count, const std::string& thing) {
  return std::to_string(count) + " " + thing + (count == 1 ? "" : "s");
}

void report_interruption(const Arguments& arguments, const Done& done) {
  std::string message =
      "interrupted after " + std::to_string(done.scans) + " of " + counted(arguments.scans.size(), "scan");
  if (done.unfinished > 0) {
    message += " and " + counted(done.unfinished, "slice") + " of " + arguments.scans[done.scans];
  }
  const std::string output = arguments.output == "-" ? "standard output" : arguments.output;
  print_error(message +
              (done.rows > 0 ? "; " + output + " holds " + counted(done.rows, "row") : "; nothing was written"));
}

int embed(const Arguments& arguments) {
  const Interruption interruption;
  const OutputTarget target = OutputTarget::parse(arguments.output);
  refuse_to_replace_inputs(target, arguments);
  StandardInput standard_input(arguments.scans);
  const check::CheckCriteria criteria = check::check_criteria(arguments.limits, arguments.reference);
  const std::optional<io::MeasuredNoise> noise = io::measured_noise(arguments.noise);
  const Embedder embedder = Embedder::load(arguments.model, arguments.options);
  warn_if_unsealed(arguments.model, embedder.info());
  const ModelIdentity model{arguments.model, embedder.info().weights_sha256, embedder.info().embed_dim};

  std::unique_ptr<EmbeddingWriter> writer;  // opened by the first good scan
  const bool several_files = arguments.scans.size() > 1;
  SliceTable table(several_files);
  NearestSlices nearest(embedder.info().distances);
  Progress progress;
  io::ScanPrefetcher ahead(
      arguments.scans.size(),
      [&](std::size_t index) {
        const std::string path = standard_input.path_of(arguments.scans[index]);
        std::unique_ptr<io::ScanReader> reader = io::open_scan_file(path, arguments.reading, noise);
        check_settings(arguments.settings, reader->summary());
        return reader;
      },
      arguments.batch, Interruption::requested);
  std::size_t bad = 0;
  bool found = false;
  Done done;
  for (; done.scans < arguments.scans.size(); ++done.scans) {
    const std::string& file = arguments.scans[done.scans];
    EmbeddedScan scan;
    check::ScanChecker checker(criteria);
    const End end = embed_file_or_report(embedder, arguments, done.scans, ahead, progress, scan, checker);
    if (end == End::bad) {
      ++bad;
    } else if (!scan.slices.empty()) {
      found = take_findings(file, checker.checked(), scan) || found;
      if (writer == nullptr) {
        writer = open_writer(target, model);
      }
      write_rows(*writer, file, scan);
      table.add(file, scan);
      if (arguments.nearest) {
        add_rows(nearest, file, several_files, scan);
      }
      done.rows += scan.slices.size();
    }
    if (end == End::interrupted) {
      done.unfinished = scan.slices.size();
      break;
    }
  }
  progress.clear();
  if (writer != nullptr) {
    writer->finish();
    if (arguments.table) {
      print_table(table.text(), target.format);
    }
    if (nearest.size() > 1) {
      print_table(nearest.text(), target.format);
    }
  }
  if (done.scans < arguments.scans.size()) {
    report_interruption(arguments, done);
    return Interruption::exit_code();
  }
  if (bad > 0) {
    return exit_code(ErrorCode::bad_input);
  }
  return found ? exit_with_findings : 0;
}

}  // namespace

Action add_embed_options(CLI::App* command) {
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("MODEL", arguments->model, "Model file (.pt)")->type_name("")->required();
  command->add_option("SCAN", arguments->scans, "Scan files of any format that `inspect` knows; - for standard input")
      ->type_name("")
      ->required();
  command->add_option("-o,--output", arguments->output, "Where the embeddings go: *.npy, *.csv, *.jsonl, or -")
      ->type_name("OUT")
      ->required();
  add_engine_options(*command, arguments->options);
  command
      ->add_option(
          "--batch", arguments->batch,
          "Slices of one size per call, which changes speed and memory. Default: 8, or fewer if these exceed 256 MiB. "
          "While one batch is embedded, the next one is read: memory holds two")
      ->type_name("N")
      ->check(whole_number(1, 4096));
  add_input_option(*command, arguments->reading.domain);
  command
      ->add_option(
          "--readout-width", arguments->settings.readout_width,
          "Pixels of x that remain without readout oversampling, if the scan states it wrongly or not at all; the "
          "full width keeps everything")
      ->type_name("N")
      ->check(whole_number(1, 1 << 20));
  command
      ->add_option("--phase-height", arguments->settings.phase_height,
                   "Pixels of y that remain without phase oversampling, as --readout-width for x")
      ->type_name("N")
      ->check(whole_number(1, 1 << 20));
  constexpr double most_aspect = 64;
  command
      ->add_option("--pixel-aspect", arguments->settings.pixel_aspect,
                   "Height of a pixel (field of view along y / number of lines) over its width, if the scan states it "
                   "wrongly or not at all (NumPy, BART: otherwise the field of view is assumed to be square)")
      ->type_name("A")
      ->check(number_in(1 / most_aspect, most_aspect));
  add_group_option(*command, arguments->reading.group);
  CLI::Option* const noise = add_noise_option(*command, arguments->noise);
  command->add_flag("--no-prewhiten", arguments->no_prewhiten, "Do not use the scans' noise measurements")
      ->excludes(noise);
  command->add_flag("--allow-undersampled", arguments->reading.allow_undersampled,
                    "Also embed scans with missing lines and no ACS lines; these lines stay zero");
  command->add_flag(
      "--table", arguments->table,
      "Print one line per slice with times (on standard error if OUT is -). Reading overlaps with the rest: "
      "times may add up to more than the whole");
  command->add_flag(
      "--nearest", arguments->nearest,
      "Print the nearest other slice of each slice, their distance and what it is typical of (on standard "
      "error if OUT is -)");
  CLI::Option* check = command->add_flag(
      "--check", arguments->check,
      "Check the scans as `check` does, in the same pass: prints findings, writes the figures of each slice into "
      "its row of JSON, and exits with 10 if there is a finding");
  add_limits_option(*command, arguments->limits)->needs(check);
  add_reference_option(*command, arguments->reference)->needs(check);
  command->footer(footer);
  return [arguments] {
    arguments->settings.prewhiten = !arguments->no_prewhiten;
    return embed(*arguments);
  };
}

}  // namespace mriembed::cli
