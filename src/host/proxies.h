// Proxies of this process's environment, for commands that run where there is none of it.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace vmlab {

/// Names and values. A value may hold a password: it is for no message and no log.
using Variables = std::vector<std::pair<std::string, std::string>>;

/// http_proxy, https_proxy and no_proxy, in small letters and in capitals, where they are not
/// empty.
Variables proxies_of_environment();

/// `words` run by env(1) with `variables`, an argument each: no shell reads a value.
std::vector<std::string> with_variables(const Variables& variables,
                                        const std::vector<std::string>& words);

/// What a command says, without the user names and passwords of its proxies.
std::string without_passwords(std::string text, const Variables& proxies);

}  // namespace vmlab
