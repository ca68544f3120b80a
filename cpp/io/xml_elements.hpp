// Elements of an XML document by their local names: ElementTree, for one, writes <ns0:encoding>.
#pragma once

#include <pugixml.hpp>
#include <string_view>

namespace mriembed::io {

// Without the prefix of a namespace.
std::string_view local_name(const pugi::xml_node& node);

// The first child of this name; an empty node where there is none.
pugi::xml_node child_of(const pugi::xml_node& node, std::string_view name);

// Without spaces at either end.
std::string_view text_of(const pugi::xml_node& node);

// A positive number; 0 where the text is none.
double positive_number_of(const pugi::xml_node& node);

}  // namespace mriembed::io
