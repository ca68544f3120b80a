#include "server/client_texts.hpp"

#include <utility>

#include "server/sent_messages.hpp"
#include "text/one_line.hpp"

namespace mriembed::server {

namespace {

constexpr std::string_view info = "INFO    ";  // hosts colour lines by such beginnings
constexpr std::string_view warning = "WARNING ";
constexpr std::string_view error_prefix = "ERROR   ";

}  // namespace

ClientTexts::ClientTexts(const Service& service, std::string session, Outbox& outbox, bool gadgetron)
    : service_(service), session_(std::move(session)), outbox_(outbox), gadgetron_(gadgetron) {}

void ClientTexts::inform(const std::string& text) { say(info, text); }

void ClientTexts::warn(const std::string& text) {
  log(text);
  say(warning, text);
}

void ClientTexts::fail(const std::string& text) {
  log_error(text);
  if (gadgetron_) {
    outbox_.put(error_message(text));
  } else {
    say(error_prefix, text);
  }
}

void ClientTexts::warn_always(const std::string& text) {
  log(text);
  if (!gadgetron_) {
    outbox_.put_always(text_message(std::string(warning) + text));
  }
}

void ClientTexts::fail_always(const std::string& text) {
  log_error(text);
  outbox_.put_always(gadgetron_ ? error_message(text) : text_message(std::string(error_prefix) + text));
}

void ClientTexts::say(std::string_view prefix, const std::string& text) {
  if (!gadgetron_ && !silent_) {
    outbox_.put(text_message(std::string(prefix) + text::one_line(text)));
  }
}

void ClientTexts::log(const std::string& text) const {
  service_.log(Service::Level::note, "session " + session_ + ": " + text);
}

void ClientTexts::log_error(const std::string& text) const {
  service_.log(Service::Level::error, "session " + session_ + ": " + text);
}

}  // namespace mriembed::server
