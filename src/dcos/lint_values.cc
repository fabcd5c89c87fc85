#include "dcos/lint_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "base/text.h"

namespace vmlab {
namespace {

using Json = nlohmann::ordered_json;
using Problem = std::optional<std::string>;

std::string as_text(const Json& value) {
  auto text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

std::optional<long> integer(std::string_view text) {
  long number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// `text` is a number and one of `units`, separated by |.
bool number_and_unit(std::string_view text, std::string_view units) {
  const auto digits = text.find_first_not_of("0123456789.");
  if (digits == 0 || digits == std::string_view::npos) return false;
  const auto number = text.substr(0, digits);
  if (std::ranges::count(number, '.') > 1 || number.starts_with('.') || number.ends_with('.')) {
    return false;
  }
  const auto known = split(units, '|');
  return std::ranges::find(known, text.substr(digits)) != known.end();
}

Problem boolean_problem(const Json& value) {
  if (value.is_boolean() || value == "true" || value == "false") return std::nullopt;
  return "must be true or false, not " + as_text(value);
}

Problem integer_problem(const KeyRule& rule, const Json& value) {
  std::optional<long> number;
  if (value.is_number_integer()) number = value.get<long>();
  if (value.is_string()) number = integer(value.get<std::string>());
  if (number && *number >= rule.low && *number <= rule.high) return std::nullopt;
  return fmt::format("must be a whole number from {} to {}, not {}", rule.low, rule.high,
                     as_text(value));
}

bool is_resolver(std::string_view text) {
  const auto colon = text.find(':');
  if (!parse_ipv4(text.substr(0, colon))) return false;
  if (colon == std::string_view::npos) return true;
  const auto port = integer(text.substr(colon + 1));
  return port && *port >= 1 && *port <= 65535;
}

Problem element_problem(KeyKind kind, const std::string& element) {
  if (kind == KeyKind::ipv4_list && !parse_ipv4(element)) {
    return fmt::format("'{}' is no IPv4 address", element);
  }
  if (kind == KeyKind::resolvers && !is_resolver(element)) {
    return fmt::format("'{}' is no IPv4 address, nor one with :PORT", element);
  }
  return std::nullopt;
}

Problem list_problem(KeyKind kind, const Json& value) {
  if (!value.is_array()) return "must be a list, not " + as_text(value);
  std::set<std::string> seen;
  for (const auto& item : value) {
    if (!item.is_string()) return "must be a list of texts; this is none: " + as_text(item);
    const auto element = item.get<std::string>();
    if (auto problem = element_problem(kind, element)) return problem;
    if (!seen.insert(element).second) return fmt::format("lists '{}' twice", element);
  }
  return std::nullopt;
}

Problem text_problem(const KeyRule& rule, const Json& value) {
  const auto text = value.is_string() ? value.get<std::string>() : value.dump();
  switch (rule.kind) {
    case KeyKind::duration:
      if (number_and_unit(text, "ns|us|ms|secs|mins|hrs|days|weeks")) return std::nullopt;
      return fmt::format(
          "must be a number and one of ns, us, ms, secs, mins, hrs, days, weeks, such as 2days; "
          "not {}",
          as_text(value));
    case KeyKind::path:
      if (text.starts_with('/')) return std::nullopt;
      return "must be an absolute path, not " + as_text(value);
    case KeyKind::ipv4:
      if (parse_ipv4(text)) return std::nullopt;
      return "must be an IPv4 address, not " + as_text(value);
    case KeyKind::cidr:
      if (loose_cidr(value)) return std::nullopt;
      return "must be a network such as 172.31.254.0/24, not " + as_text(value);
    case KeyKind::choice: {
      const auto choices = split(rule.choices, '|');
      if (std::ranges::find(choices, text) != choices.end()) return std::nullopt;
      return fmt::format("must be one of {}; not {}", join(choices, ", "), as_text(value));
    }
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<Cidr> loose_cidr(const Json& value) {
  if (!value.is_string()) return std::nullopt;
  const auto text = value.get<std::string>();
  const auto slash = text.find('/');
  if (slash == std::string::npos) return std::nullopt;
  const auto address = parse_ipv4(std::string_view(text).substr(0, slash));
  const auto prefix = integer(std::string_view(text).substr(slash + 1));
  if (!address || !prefix || *prefix < 0 || *prefix > 32) return std::nullopt;
  Cidr cidr{{}, static_cast<int>(*prefix)};
  cidr.base.value = address->value & cidr.netmask();
  return cidr;
}

bool says(const Json& value, bool wanted) {
  return value == wanted || value == (wanted ? "true" : "false");
}

bool is_check_timeout(std::string_view text) {
  return number_and_unit(text, "ns|us|\xc2\xb5s|ms|s|m|h");
}

Problem problem_of_value(const KeyRule& rule, const Json& value) {
  switch (rule.kind) {
    case KeyKind::computed:
    case KeyKind::ignored:
    case KeyKind::enterprise:
      return std::nullopt;
    default:
      break;
  }
  if (value.is_null()) {
    return R"(has no value: the installer dies of that; leave the key out, or write "")";
  }
  if (value.is_number_float()) {
    return "is a number with a fraction: the installer dies of that; put it into quotes";
  }
  switch (rule.kind) {
    case KeyKind::boolean:
      return boolean_problem(value);
    case KeyKind::integer_or_empty:
      if (value == "") return std::nullopt;
      [[fallthrough]];
    case KeyKind::integer:
      return integer_problem(rule, value);
    case KeyKind::ipv4_list:
    case KeyKind::resolvers:
    case KeyKind::text_list:
      return list_problem(rule.kind, value);
    case KeyKind::map:
      if (value.is_object()) return std::nullopt;
      return "must be a map, not " + as_text(value);
    default:
      break;
  }
  if (value.is_structured()) return "must be a single value, not " + as_text(value);
  return text_problem(rule, value);
}

}  // namespace vmlab
