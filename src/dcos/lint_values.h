// Checks of single values of config.yaml: what is wrong with one, in a few words.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "dcos/config_keys.h"
#include "lab/address.h"

namespace vmlab {

/// What is wrong with `value` for a key of this rule, such as `must be true or false, not "yes"`;
/// nullopt when nothing is. Nothing for kinds that are not for setting.
std::optional<std::string> problem_of_value(const KeyRule& rule,
                                            const nlohmann::ordered_json& value);

/// A network with any host bits, as Python's ipaddress reads it with strict=False.
std::optional<Cidr> loose_cidr(const nlohmann::ordered_json& value);

/// True for a boolean, or its text, that says `wanted`.
bool says(const nlohmann::ordered_json& value, bool wanted);

/// A check's time-out: number and unit, `ns us ms s m h`.
bool is_check_timeout(std::string_view text);

}  // namespace vmlab
