// What a session says in words: to its client, and in the service's log.
#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "server/outbox.hpp"
#include "server/service.hpp"

namespace mriembed::server {

// From any thread.
class ClientTexts {
 public:
  // `session`: its name in the log.
  ClientTexts(const Service& service, std::string session, Outbox& outbox, bool gadgetron);

  // From here on as Gadgetron takes it: errors as message 8, and no TEXT.
  void speak_gadgetron() { gadgetron_ = true; }
  [[nodiscard]] bool is_gadgetron() const { return gadgetron_; }
  // No TEXT from here on, where the client's own messages go back.
  void set_silent(bool silent) { silent_ = silent; }

  void inform(const std::string& text);
  void warn(const std::string& text);
  void fail(const std::string& text);
  void log(const std::string& text) const;

  // The same, not to be lost among answers that wait, and of a silent session as well.
  void warn_always(const std::string& text);
  void fail_always(const std::string& text);

 private:
  void say(std::string_view prefix, const std::string& text);
  void log_error(const std::string& text) const;

  const Service& service_;
  std::string session_;
  Outbox& outbox_;
  std::atomic<bool> gadgetron_;
  std::atomic<bool> silent_ = false;
};

}  // namespace mriembed::server
