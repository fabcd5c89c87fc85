#include "host/proxies.h"

#include <fmt/format.h>

#include <cstdlib>

namespace vmlab {

Variables proxies_of_environment() {
  Variables proxies;
  for (const char* name :
       {"http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') proxies.emplace_back(name, value);
  }
  return proxies;
}

std::vector<std::string> with_variables(const Variables& variables,
                                        const std::vector<std::string>& words) {
  if (variables.empty()) return words;
  std::vector<std::string> all = {"env"};
  for (const auto& [name, value] : variables) all.push_back(fmt::format("{}={}", name, value));
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

std::string without_passwords(std::string text, const Variables& proxies) {
  for (const auto& [name, value] : proxies) {
    // Up to the last one: a password that is written wrongly is one still.
    const auto at = value.rfind('@');
    if (at == std::string::npos) continue;
    const auto scheme = value.find("://");
    const auto first = scheme == std::string::npos || scheme > at ? 0 : scheme + 3;
    const auto secret = value.substr(first, at + 1 - first);
    for (auto found = text.find(secret); found != std::string::npos; found = text.find(secret)) {
      text.erase(found, secret.size());
    }
  }
  return text;
}

}  // namespace vmlab
