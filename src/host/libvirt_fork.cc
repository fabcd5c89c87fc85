#include "host/libvirt_fork.h"

#include <fmt/format.h>
#include <libvirt/libvirt-qemu.h>

#include <nlohmann/json.hpp>
#include <pugixml.hpp>

#include "base/base64.h"
#include "host/libvirt_objects.h"
#include "host/pause.h"

namespace vmlab {

namespace {

using nlohmann::json;

/// An agent that is busy answers later; one that is not there does not answer at all.
constexpr int agent_timeout_s = 20;
/// The first look costs an emulated guest a quarter of a second, later ones less.
constexpr std::chrono::milliseconds first_look{1500};
constexpr std::chrono::milliseconds next_look{500};

/// What `read` finds in the answer, which the guest may have written as it likes.
template <class Read>
auto read_answer(std::string_view reply, Read read) {
  try {
    return read(json::parse(reply).at("return"));
  } catch (const json::exception&) {
    throw Error(fmt::format("cannot understand the guest agent: {}", reply));
  }
}

std::string ask(virDomainPtr domain, const std::string& name, const std::string& words) {
  const CString reply{virDomainQemuAgentCommand(domain, words.c_str(), agent_timeout_s, 0)};
  if (reply) return reply.get();
  const auto* cause = virGetLastErrorMessage();
  throw Unreachable(fmt::format("cannot reach the guest agent of '{}'", name), cause);
}

}  // namespace

void save_domain(virConnectPtr connection, const std::string& name,
                 const std::filesystem::path& file) {
  const auto what = fmt::format("cannot save domain '{}'", name);
  const auto domain = need_domain(connection, name, what);
  require(virDomainSave(domain.get(), file.c_str()), what);
}

bool has_device(std::string_view domain_xml, std::string_view device_xml) {
  pugi::xml_document domain;
  pugi::xml_document device;
  if (!domain.load_buffer(domain_xml.data(), domain_xml.size()) ||
      !device.load_buffer(device_xml.data(), device_xml.size())) {
    throw Error("cannot look for a device: no XML");
  }
  const auto wanted = device.document_element();
  const std::string kind = wanted.name();
  const auto identity = [&kind](const pugi::xml_node& node) -> std::string {
    return kind == "disk" ? node.child("target").attribute("dev").value()
                          : node.child("mac").attribute("address").value();
  };
  for (const auto other : domain.child("domain").child("devices").children(kind.c_str())) {
    if (identity(other) == identity(wanted)) return true;
  }
  return false;
}

void attach_device(virConnectPtr connection, const std::string& name, const std::string& xml) {
  const auto what = fmt::format("cannot attach a device to domain '{}'", name);
  const auto domain = need_domain(connection, name, what);
  const CString now{virDomainGetXMLDesc(domain.get(), 0)};
  if (!now) throw_libvirt(what);
  if (has_device(now.get(), xml)) return;
  require(virDomainAttachDeviceFlags(domain.get(), xml.c_str(), VIR_DOMAIN_AFFECT_LIVE), what);
}

std::string agent_exec(const GuestCommand& command) {
  const json arguments = {{"path", "/bin/sh"},
                          {"arg", {"-c", command.script}},
                          {"input-data", to_base64(command.input)},
                          {"capture-output", true}};
  return json{{"execute", "guest-exec"}, {"arguments", arguments}}.dump(
      -1, ' ', false, json::error_handler_t::replace);
}

std::string agent_exec_status(long pid) {
  return json{{"execute", "guest-exec-status"}, {"arguments", {{"pid", pid}}}}.dump();
}

long read_agent_pid(std::string_view reply) {
  return read_answer(reply, [](const json& answer) { return answer.at("pid").get<long>(); });
}

std::optional<GuestResult> read_agent_result(std::string_view reply) {
  return read_answer(reply, [](const json& answer) -> std::optional<GuestResult> {
    if (!answer.value("exited", false)) return std::nullopt;
    GuestResult result;
    result.exit_code =
        answer.contains("signal") ? 128 + answer["signal"].get<int>() : answer.value("exitcode", 0);
    result.out = from_base64(answer.value("out-data", ""));
    result.err = from_base64(answer.value("err-data", ""));
    return result;
  });
}

GuestResult run_by_agent(LibvirtLink& link, const std::string& name, const GuestCommand& command,
                         const std::stop_token& stop) {
  const auto ask_it = [&](const std::string& words) {
    return link.use([&](virConnectPtr connection) {
      const auto what = fmt::format("cannot reach the guest agent of '{}'", name);
      return ask(need_domain(connection, name, what).get(), name, words);
    });
  };
  const auto until = std::chrono::steady_clock::now() + command.timeout;
  const auto pid = read_agent_pid(ask_it(agent_exec(command)));
  const auto question = agent_exec_status(pid);
  for (auto look = first_look;; look = next_look) {
    pause(look, stop);
    if (auto result = read_agent_result(ask_it(question))) return *result;
    if (std::chrono::steady_clock::now() > until) {
      throw Error(
          fmt::format("cannot run a script on '{}' by the guest agent: it is not done after {} s",
                      name, command.timeout.count()));
    }
  }
}

}  // namespace vmlab
