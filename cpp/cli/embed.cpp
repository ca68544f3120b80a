#include <cmath>
#include <iomanip>
#include <iostream>
#include <memory>
#include <numeric>

#include "commands.hpp"
#include "embedding_writer.hpp"
#include "messages.hpp"
#include "slice_embedding.hpp"

namespace mriembed::cli {

namespace {

struct Arguments {
  std::string model;
  std::vector<std::string> scans;
  std::string output;
  std::string input;
  Options options;
  EmbeddingOptions embedding;
  bool no_prewhiten = false;
  bool allow_undersampled = false;
  bool table = false;
};

double norm_of(const std::vector<float>& embedding) {
  double sum = 0;
  for (const float component : embedding) {
    sum += static_cast<double>(component) * component;
  }
  return std::sqrt(sum);
}

void print_table(std::ostream& out, const std::vector<EmbeddedSlice>& rows) {
  std::size_t widest = 5;
  for (const EmbeddedSlice& row : rows) {
    widest = std::max(widest, text_of(row.label).size());
  }
  const auto milliseconds = [&](double seconds) { out << std::setw(10) << 1000 * seconds; };
  out << std::fixed << std::setprecision(2);
  double read = 0;
  double prepare = 0;
  double network = 0;
  const std::string* file = nullptr;
  for (const EmbeddedSlice& row : rows) {
    if (file == nullptr || *file != row.file) {
      out << row.file << '\n'
          << std::left << std::setw(static_cast<int>(widest)) << "slice" << std::right
          << "  coils  energy kept     norm   read ms  prepare ms  network ms\n";
    }
    file = &row.file;
    out << std::left << std::setw(static_cast<int>(widest)) << text_of(row.label) << std::right << std::setw(7)
        << row.coils << std::setw(11) << 100 * row.energy_kept << " %" << std::setw(9) << std::setprecision(4)
        << norm_of(row.embedding) << std::setprecision(2);
    milliseconds(row.read_seconds);
    out << "  ";
    milliseconds(row.prepare_seconds);
    out << "  ";
    milliseconds(row.network_seconds);
    out << '\n';
    read += row.read_seconds;
    prepare += row.prepare_seconds;
    network += row.network_seconds;
  }
  out << rows.size() << (rows.size() == 1 ? " slice: " : " slices: ") << "reading " << 1000 * read << " ms, preparing "
      << 1000 * prepare << " ms, network " << 1000 * network << " ms\n";
}

// The rows of one file; empty where it cannot be embedded, which is then said and kept in `status`.
std::vector<EmbeddedSlice> embed_file(const Embedder& embedder, const std::string& path, const Arguments& arguments,
                                      int& status) {
  io::ReadOptions options;
  options.allow_undersampled = arguments.allow_undersampled;
  if (!arguments.input.empty()) {
    options.domain = arguments.input == "image" ? io::Domain::image : io::Domain::kspace;
  }
  try {
    const std::unique_ptr<io::ScanReader> scan = io::open_scan(path, options);
    if (scan->summary().zero_fraction > 0.05) {
      print_note(path + ": " + std::to_string(std::lround(100 * scan->summary().zero_fraction)) +
                 " % of k-space is zero; embeddings of undersampled and of full scans are not alike");
    }
    return embed_slices(embedder, path, *scan, arguments.embedding);
  } catch (const Error& error) {
    print_error(path + ": " + error.what());
    // What does not fit the model is, for the user of this program, a bad scan.
    const ErrorCode code = error.code() == ErrorCode::invalid_argument ? ErrorCode::bad_input : error.code();
    status = static_cast<int>(code);
  }
  return {};
}

int run(Arguments& arguments) {
  arguments.embedding.prewhiten = !arguments.no_prewhiten;
  std::vector<std::string> inputs = arguments.scans;
  inputs.push_back(arguments.model);
  const EmbeddingWriter writer(arguments.output, inputs);
  const Embedder embedder = Embedder::load(arguments.model, arguments.options);

  int status = 0;
  std::vector<EmbeddedSlice> rows;
  for (const std::string& path : arguments.scans) {
    std::vector<EmbeddedSlice> more = embed_file(embedder, path, arguments, status);
    rows.insert(rows.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }
  if (rows.empty()) {
    print_error("nothing was embedded, so nothing is written");
    return status == 0 ? static_cast<int>(ErrorCode::bad_input) : status;
  }
  writer.write(rows, embedder.info().weights_sha256);
  if (arguments.table) {
    std::ostream& out = arguments.output == "-" ? std::cerr : std::cout;
    print_table(out, rows);
    out << "embeddings of " << embedder.info().embed_dim << " components in " << arguments.output << '\n';
  }
  return status;
}

}  // namespace

Command add_embed(CLI::App& program) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* app = program.add_subcommand("embed", "Embed every slice of scans");
  app->add_option("MODEL", arguments->model, "model file (.pt)")->required();
  app->add_option("SCAN", arguments->scans, "scan files: MRD, fastMRI, BART or NumPy")->required();
  app->add_option("-o,--output", arguments->output,
                  "NAME.npy: float32 (slices, components), with NAME.json beside it, one entry a row; "
                  "NAME.csv; NAME.jsonl; or - for JSON lines on standard output")
      ->required();
  add_embedder_options(*app, arguments->options);
  app->add_option("--batch", arguments->embedding.batch,
                  "slices that go through the network together; changes speed and memory, not embeddings")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  app->add_option("--input", arguments->input, "what a .npy or BART file holds: kspace (default) or image")
      ->check(CLI::IsMember({"kspace", "image"}));
  app->add_option("--readout-width", arguments->embedding.readout_width,
                  "pixels that x is cropped to, instead of what the scan says about readout oversampling")
      ->check(CLI::Range(1, 65536));
  app->add_flag("--no-prewhiten", arguments->no_prewhiten, "leave the scan's noise measurement unused");
  app->add_flag("--allow-undersampled", arguments->allow_undersampled,
                "take lines of a Cartesian scan that were not acquired as zero");
  app->add_flag("--table", arguments->table, "print a line for each slice, with times");
  app->footer(
      "A scan that cannot be embedded is reported and left out as a whole; the others are still written, and the exit\n"
      "status is 4. Files are written whole or not at all.");
  return {app, [arguments] { return run(*arguments); }};
}

}  // namespace mriembed::cli
