#include "dcos/config.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>

namespace vmlab {
namespace {

using Json = nlohmann::ordered_json;

/// Text always in double quotes: what YAML 1.1 would take for a boolean, a number in base 60, a
/// date or null stays text that way, and nobody has to know the list.
void emit(YAML::Emitter& out, const Json& value) {
  switch (value.type()) {
    case Json::value_t::object:
      if (value.empty()) out << YAML::Flow;
      out << YAML::BeginMap;
      for (const auto& [key, item] : value.items()) {
        out << YAML::Key << YAML::DoubleQuoted << key << YAML::Value;
        emit(out, item);
      }
      out << YAML::EndMap;
      return;
    case Json::value_t::array:
      if (value.empty()) out << YAML::Flow;
      out << YAML::BeginSeq;
      for (const auto& item : value) emit(out, item);
      out << YAML::EndSeq;
      return;
    case Json::value_t::string:
      out << YAML::DoubleQuoted << value.get_ref<const std::string&>();
      return;
    case Json::value_t::boolean:
      out << value.get<bool>();
      return;
    case Json::value_t::number_integer:
      out << value.get<std::int64_t>();
      return;
    case Json::value_t::number_unsigned:
      out << value.get<std::uint64_t>();
      return;
    case Json::value_t::number_float:
      out << value.get<double>();
      return;
    default:
      out << YAML::Null;
      return;
  }
}

bool plain_key(const std::string& key) {
  static constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789_";
  const bool word = !key.empty() && key.find_first_not_of(letters) == std::string::npos &&
                    std::string_view("0123456789_").find(key.front()) == std::string_view::npos;
  // What YAML 1.1 reads as booleans and null, which no parameter is called.
  static constexpr std::string_view special[] = {"y",  "n",   "yes",   "no",  "true",
                                                 "on", "off", "false", "null"};
  return word && std::ranges::find(special, key) == std::end(special);
}

std::string usual_bootstrap_url(const Lab& lab) {
  const Node* bootstrap = lab.bootstrap();
  return fmt::format("http://{}:8080",
                     bootstrap != nullptr ? bootstrap->address.text() : "127.0.0.1");
}

}  // namespace

Json config_values(const Lab& lab) {
  const auto& user = lab.dcos->config;
  const auto masters = lab.with_role(Role::master);
  Json values;
  values["bootstrap_url"] = usual_bootstrap_url(lab);
  values["cluster_name"] = lab.name;
  values["exhibitor_storage_backend"] = "static";
  values["master_discovery"] = "static";
  if (user.value("master_discovery", Json("static")) == "static") {
    values["master_list"] = Json::array();
    for (const Node* master : masters) values["master_list"].push_back(master->address.text());
  } else {
    values["num_masters"] = masters.size();
  }
  // The network's own name server knows the nodes' names and forwards the rest.
  values["resolvers"] = Json::array({lab.network.gateway.text()});
  if (!lab.network.domain.empty()) values["dns_search"] = lab.network.domain;
  values["oauth_enabled"] = false;
  values["telemetry_enabled"] = false;
  for (const auto& [key, value] : user.items()) values[key] = value;
  return values;
}

std::string render_config(const Lab& lab) {
  YAML::Emitter out;
  out.SetBoolFormat(YAML::TrueFalseBool);
  out << YAML::BeginMap;
  const auto values = config_values(lab);  // items() refers to it
  for (const auto& [key, value] : values.items()) {
    out << YAML::Key;
    if (!plain_key(key)) out << YAML::DoubleQuoted;
    out << key << YAML::Value;
    emit(out, value);
  }
  out << YAML::EndMap;
  return std::string(out.c_str()) + "\n";
}

std::string bootstrap_url(const Lab& lab) {
  const auto& user = lab.dcos->config;
  const auto own = user.find("bootstrap_url");
  if (own == user.end()) return usual_bootstrap_url(lab);
  return own->is_string() ? own->get<std::string>() : std::string();
}

}  // namespace vmlab
