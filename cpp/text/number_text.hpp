// Numbers as text, the same in every locale.
#pragma once

#include <string>

namespace mriembed::text {

// The shortest text that reads back as exactly this number.
std::string shortest(float number);
std::string shortest(double number);

// With this many digits after the point.
std::string fixed(double number, int digits);

// With this many significant digits and an exponent, 1.2e-07.
std::string scientific(double number, int digits);

}  // namespace mriembed::text
