// How a session answers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mriembed::server {

enum class Return { embedding, images, both, none, tap };
std::optional<Return> return_named(std::string_view name);

struct SessionSettings {
  Return answers = Return::embedding;
  bool gadgetron = false;  // no TEXT, and errors as message 8: Gadgetron knows no other
  bool prewhiten = true;
  bool allow_undersampled = false;

  [[nodiscard]] bool returns_embeddings() const { return answers == Return::embedding || answers == Return::both; }
  [[nodiscard]] bool returns_images() const { return answers == Return::images || answers == Return::both; }
};

// What a client's text changes: the parameters of a JSON object, {"parameters": {...}} or {...}, whose values may be
// texts. `return`: a Return's name. `prewhiten`: yes, no, or "already" where the data are prewhitened.
// `allowundersampled` or `allow_undersampled`: yes or no. Others are for other servers. Throws Error bad_input, which
// names the parameter, for a value that is none of these. False: the text is no JSON object.
bool apply_parameters(std::string_view text, SessionSettings& settings);

// Whether a configuration is Gadgetron's for an external module: XML with the root `configuration`.
bool is_gadgetron_configuration(const std::string& text);

// What its element `mriembed` changes: attributes with the names and values of apply_parameters. Gives a line for each
// attribute that is none of these, or has another value; it changes nothing. Stops at the eighth such line.
std::vector<std::string> apply_attributes(const std::string& configuration, SessionSettings& settings);

// The name of the stored noise that a configuration asks for, as Gadgetron's dependency query does it; none: it is no
// such query.
std::optional<std::string> noise_asked_for(const std::string& text);

}  // namespace mriembed::server
