#include <algorithm>
#include <csignal>
#include <exception>
#include <filesystem>
#include <future>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "check/checked_scan.hpp"
#include "cli/interruption.hpp"
#include "cli/message.hpp"
#include "cli/option_checks.hpp"
#include "mriembed/embedder.hpp"
#include "mriembed/error.hpp"
#include "server/model_embedder.hpp"
#include "server/quality_check.hpp"
#include "server/row_log.hpp"
#include "server/server.hpp"
#include "server/server_commands.hpp"
#include "server/service.hpp"

namespace mriembed::server {

namespace {

constexpr const char* footer = R"(
Clients send MRD v1 (ISMRMRD) streams: a configuration, the XML header, acquisitions, CLOSE. Each slice is embedded as
soon as it is complete, and answered with an image message: float32, one pixel along x for each component of the
embedding, series 100. Its attributes describe the slice and contain the embedding as base64. Texts begin with INFO,
WARNING or ERROR; the last answer is CLOSE. Every configuration name is accepted.

A slice is complete when all lines inside the header's encoding limits have arrived, as often as the limit of averages
says. An accelerated slice with ACS lines is complete at its line with the flag LAST_IN_SLICE; an accelerated slab when
the lines that the header's accelerationFactor promises have arrived. All others are embedded at the end of the scan.

A TEXT with a JSON object, {"parameters": {...}} or {...}, changes the options of the session:
  return              as --return
  prewhiten           true, false, or "already": the data are prewhitened
  allow_undersampled  true or false (also allowundersampled)
Gadgetron's configuration has them as attributes: <configuration><mriembed return="tap"/></configuration>.

A noise measurement is kept under its measurement ID for later scans whose header names it as a dependency. The service
sends Gadgetron's messages if the root of the configuration is the XML element `configuration`, or with --gadgetron.

There is no TLS and no authentication: listen on addresses other than this machine's own only in networks that only you
and the scanner can reach.

SIGTERM, SIGINT and SIGHUP end the service within two seconds, with whole rows and exit code 0.)";

struct Arguments {
  std::string model;
  Options options;
  std::vector<std::string> addresses{"127.0.0.1:9002"};
  bool standard_streams = false;
  std::string returned = "embedding";
  std::string rows;
  bool check = false;
  std::string limits;
  std::string reference;
  std::string save_folder;
  std::int64_t save_limit_mib = 10240;
  std::string noise_folder;
  bool gadgetron = false;
  bool no_prewhiten = false;
  bool allow_undersampled = false;
  ServerOptions server;
  std::int64_t header_timeout = 30;
  std::int64_t idle_timeout = 0;
};

void check_folder(const std::string& folder) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure || !std::filesystem::is_directory(folder)) {
    throw Error(ErrorCode::invalid_argument, folder + ": no folder for saved sessions can be made here" +
                                                 (failure ? ": " + failure.message() : std::string()));
  }
}

// Of the limit, in bytes. Where the service ends after every scan, all of it would be left each time otherwise.
std::int64_t left_to_save(const Arguments& arguments) {
  constexpr std::int64_t mebibyte = std::int64_t{1} << 20U;
  std::int64_t left = arguments.save_limit_mib * mebibyte;
  if (!arguments.save_folder.empty()) {
    check_folder(arguments.save_folder);
    left -= saved_bytes_in(arguments.save_folder);
    if (left <= 0) {
      cli::print_warning(arguments.save_folder + ": saved sessions take " + std::to_string(arguments.save_limit_mib) +
                         " MiB already (--save-limit); no further session is saved before some are removed");
    }
  }
  return left;
}

std::vector<Listener> listeners_at(const std::vector<std::string>& addresses) {
  std::vector<Listener> listeners;
  std::ranges::transform(addresses, std::back_inserter(listeners),
                         [](const std::string& address) { return listen_at(Address::parse(address)); });
  return listeners;
}

void tell_of(const std::vector<Listener>& listeners) {
  for (const Listener& listener : listeners) {
    if (!listener.loopback) {
      cli::print_warning(listener.address.text() +
                         ": whoever reaches this address may send scans and read answers; nothing is encrypted");
    }
    cli::print_note("listening on " + listener.address.text());
  }
}

int serve(const Arguments& arguments) {
  const cli::Interruption interruption;
  const check::CheckCriteria criteria = check::check_criteria(arguments.limits, arguments.reference);
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));  // who reads no answers any more may still send a scan
  // Before the model: a scanner that starts the service and connects at once finds it there. Before any file is made:
  // of two services at one address, the second one leaves nothing behind.
  const std::vector<Listener> listeners =
      arguments.standard_streams ? std::vector<Listener>() : listeners_at(arguments.addresses);
  std::vector<std::string> warnings;
  NoiseStore noise(arguments.noise_folder, warnings);
  for (const std::string& warning : warnings) {
    cli::print_warning(warning);
  }
  std::optional<RowLog> rows;
  if (!arguments.rows.empty()) {
    rows.emplace(arguments.rows);
  }
  SavedBytes saved(left_to_save(arguments));
  tell_of(listeners);

  Service service;
  service.settings.answers = *return_named(arguments.returned);
  service.settings.gadgetron = arguments.gadgetron;
  service.settings.prewhiten = !arguments.no_prewhiten;
  service.settings.allow_undersampled = arguments.allow_undersampled;
  service.model_file = arguments.model;
  service.log = [](Service::Level level, const std::string& line) {
    level == Service::Level::error ? cli::print_error(line) : cli::print_note(line);
  };
  service.noise = &noise;
  if (arguments.check) {
    service.new_check = [criteria] { return std::make_unique<QualityCheck>(criteria); };
  }
  service.rows = rows.has_value() ? &*rows : nullptr;
  service.save_folder = arguments.save_folder;
  service.saved = &saved;
  std::promise<std::shared_ptr<const SliceEmbedder>> promise;
  service.embedder = promise.get_future().share();
  std::exception_ptr failure;  // of the model; read once its thread has ended
  std::thread loading([&] {
    try {
      promise.set_value(std::make_shared<const ModelEmbedder>(arguments.model, arguments.options));
    } catch (...) {
      failure = std::current_exception();
      promise.set_exception(failure);
      cli::Interruption::request();
    }
  });
  if (arguments.standard_streams) {
    serve_standard_streams(service, arguments.server);
  } else {
    serve_sockets(service, listeners, arguments.server);
  }
  loading.join();
  if (failure != nullptr) {
    std::rethrow_exception(failure);
  }
  return 0;
}

}  // namespace

cli::Action add_serve_options(CLI::App* command) {
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("MODEL", arguments->model, "Model file (.pt)")->type_name("")->required();
  CLI::Option* const listen =
      command
          ->add_option("--listen", arguments->addresses,
                       "Where to listen. May be given several times. Port 0: the system chooses one")
          ->type_name("ADDRESS:PORT")
          ->expected(1)
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
          ->capture_default_str();
  command
      ->add_flag("--stdio", arguments->standard_streams,
                 "Run one session on standard input and output instead of a socket")
      ->excludes(listen);
  command->add_flag("--once", arguments->server.once, "End after the first session with a scan");
  constexpr std::int64_t most_sessions = 1024;
  command->add_option("--sessions", arguments->server.sessions, "Scans at the same time; further scans wait")
      ->type_name("N")
      ->capture_default_str()
      ->check(cli::whole_number(1, most_sessions));
  command
      ->add_option(
          "--return", arguments->returned,
          "Images that answer a slice: its embedding, the root sum of squares of its coils (images), both or none. "
          "tap: every message is sent back unchanged, and the client must read while it sends")
      ->type_name("KIND")
      ->capture_default_str()
      ->check(CLI::IsMember({"embedding", "images", "both", "none", "tap"}));
  command
      ->add_option(
          "--out", arguments->rows,
          "Append the row of each slice to this file, *.jsonl or *.csv, with the members of `embed`; `file` is the "
          "session's name")
      ->type_name("ROWS");
  CLI::Option* const check = command->add_flag("--check", arguments->check,
                                               "Check each scan as `mriembed_cli check` does: rows of JSON and "
                                               "answers have the figures of the slice, and a WARNING at the end of "
                                               "the scan has the findings");
  cli::add_limits_option(*command, arguments->limits)->needs(check);
  cli::add_reference_option(*command, arguments->reference)->needs(check);
  CLI::Option* const save =
      command
          ->add_option("--save", arguments->save_folder,
                       "Save the messages of each session, byte for byte, as DIR/SESSION.mrd, for `send` and `embed`")
          ->type_name("DIR");
  constexpr std::int64_t most_mib = std::int64_t{1} << 30U;
  command
      ->add_option("--save-limit", arguments->save_limit_mib,
                   "Limit of all saved sessions in DIR together, also those of earlier runs")
      ->type_name("MIB")
      ->capture_default_str()
      ->check(cli::whole_number(1, most_mib))
      ->needs(save);
  constexpr std::int64_t longest = 1'000'000;
  command
      ->add_option("--header-timeout", arguments->header_timeout,
                   "End a session that sends no header for so many seconds")
      ->type_name("S")
      ->capture_default_str()
      ->check(cli::whole_number(1, longest));
  command
      ->add_option(
          "--idle-timeout", arguments->idle_timeout,
          "End a session that sends nothing for so many seconds; 0: never, because scans pause. With tap, also the "
          "seconds for which a client may read nothing; 0: 30")
      ->type_name("S")
      ->capture_default_str()
      ->check(cli::whole_number(0, longest));
  command->add_flag("--gadgetron", arguments->gadgetron,
                    "Answer as Gadgetron requires of external modules: no texts, errors as message 8");
  command
      ->add_option("--noise-store", arguments->noise_folder,
                   "Also keep noise measurements in this folder, across restarts")
      ->type_name("DIR");
  command->add_flag("--no-prewhiten", arguments->no_prewhiten,
                    "Do not use noise measurements, because the scanner has prewhitened the data");
  command->add_flag("--allow-undersampled", arguments->allow_undersampled,
                    "Also embed scans with missing lines and no ACS lines; these lines stay zero");
  cli::add_engine_options(*command, arguments->options);
  command->footer(footer);
  return [arguments] {
    arguments->server.header_timeout = std::chrono::seconds(arguments->header_timeout);
    arguments->server.idle_timeout = std::chrono::seconds(arguments->idle_timeout);
    return serve(*arguments);
  };
}

}  // namespace mriembed::server
