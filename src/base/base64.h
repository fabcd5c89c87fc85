// Base64 with padding (RFC 4648, section 4).
#pragma once

#include <string>
#include <string_view>

namespace vmlab {

std::string to_base64(std::string_view data);
/// Throws Error for text that is not base64.
std::string from_base64(const std::string& text);

}  // namespace vmlab
