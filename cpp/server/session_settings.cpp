#include "server/session_settings.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>
#include <utility>

#include "mriembed/error.hpp"

namespace mriembed::server {

namespace {

using Json = nlohmann::json;

constexpr std::array<std::pair<std::string_view, Return>, 5> returns{{{"embedding", Return::embedding},
                                                                      {"images", Return::images},
                                                                      {"both", Return::both},
                                                                      {"none", Return::none},
                                                                      {"tap", Return::tap}}};

constexpr std::array<std::string_view, 4> parameters{"return", "prewhiten", "allow_undersampled", "allowundersampled"};

[[noreturn]] void refuse(std::string_view name, const Json& value, std::string_view right) {
  throw Error(ErrorCode::bad_input, "the parameter \"" + std::string(name) + "\" is " +
                                        value.dump(-1, ' ', true, Json::error_handler_t::replace) + "; " +
                                        std::string(right) + " is right");
}

std::string text_of(const Json& value) {
  std::string text = value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', true);
  std::ranges::transform(text, text.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter;
  });
  return text;
}

std::optional<bool> truth_of(const std::string& text) {
  if (text == "true" || text == "yes" || text == "1" || text == "on") {
    return true;
  }
  if (text == "false" || text == "no" || text == "0" || text == "off") {
    return false;
  }
  return std::nullopt;
}

// Of parameters; others change nothing.
void apply(std::string_view name, const Json& value, SessionSettings& settings) {
  const std::string given = text_of(value);
  if (name == "return") {
    const std::optional<Return> answers = return_named(given);
    if (!answers.has_value()) {
      refuse(name, value, "embedding, images, both, none or tap");
    }
    settings.answers = *answers;
  } else if (name == "prewhiten") {
    const std::optional<bool> truth = given == "already" ? std::optional(false) : truth_of(given);
    if (!truth.has_value()) {
      refuse(name, value, "true, false or \"already\"");
    }
    settings.prewhiten = *truth;
  } else if (name == "allow_undersampled" || name == "allowundersampled") {
    const std::optional<bool> truth = truth_of(given);
    if (!truth.has_value()) {
      refuse(name, value, "true or false");
    }
    settings.allow_undersampled = *truth;
  }
}

// Properties may be elements or attributes, and of any depth.
std::optional<std::string> property_of(const pugi::xml_node& gadget, std::string_view wanted) {
  for (const pugi::xml_node& property : gadget.children("property")) {
    if (property.child_value("name") == wanted) {
      return property.child_value("value");
    }
    if (property.attribute("name").value() == wanted) {
      return property.attribute("value").value();
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Return> return_named(std::string_view name) {
  const auto* const found = std::ranges::find(returns, name, &std::pair<std::string_view, Return>::first);
  return found == returns.end() ? std::nullopt : std::optional(found->second);
}

bool apply_parameters(std::string_view text, SessionSettings& settings) {
  const Json root = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!root.is_object()) {
    return false;
  }
  const Json& members = root.contains("parameters") && root["parameters"].is_object() ? root["parameters"] : root;
  for (const auto& [name, value] : members.items()) {
    apply(name, value, settings);
  }
  return true;
}

bool is_gadgetron_configuration(const std::string& text) {
  pugi::xml_document document;
  return document.load_buffer(text.data(), text.size()) &&
         std::string_view(document.document_element().name()) == "configuration";
}

std::vector<std::string> apply_attributes(const std::string& configuration, SessionSettings& settings) {
  pugi::xml_document document;
  document.load_buffer(configuration.data(), configuration.size());
  std::vector<std::string> warnings;
  constexpr std::size_t most_warnings = 8;  // each is a line of the log, and clients send what they like
  for (const pugi::xml_node& element : document.document_element().children("mriembed")) {
    for (const pugi::xml_attribute& attribute : element.attributes()) {
      if (warnings.size() == most_warnings) {
        return warnings;
      }
      const std::string_view name = attribute.name();
      try {
        if (std::ranges::find(parameters, name) == parameters.end()) {
          throw Error(ErrorCode::bad_input, "the parameter \"" + std::string(name) +
                                                "\" is not known; return, prewhiten and allow_undersampled are");
        }
        apply(name, attribute.value(), settings);
      } catch (const Error& error) {
        warnings.emplace_back(error.what());
      }
    }
  }
  return warnings;
}

std::optional<std::string> noise_asked_for(const std::string& text) {
  pugi::xml_document document;
  if (!document.load_buffer(text.data(), text.size())) {
    return std::nullopt;
  }
  for (const pugi::xml_node& gadget : document.document_element().children("gadget")) {
    if (std::string_view(gadget.child_value("classname")) == "NoiseSummaryGadget") {
      return property_of(gadget, "noise_file").value_or("");
    }
  }
  return std::nullopt;
}

}  // namespace mriembed::server
