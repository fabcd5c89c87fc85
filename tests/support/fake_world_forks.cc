// The part of the fake world that makes one domain from another's memory.
#include <fmt/format.h>

#include <algorithm>

#include "lab/fork_xml.h"
#include "support/fake_world.h"

namespace vmlab::test {

namespace {

std::string name_of(const std::string& xml) {
  const auto from = xml.find("<name>") + 6;
  return xml.substr(from, xml.find("</name>") - from);
}

}  // namespace

void FakeWorld::save_domain(const std::string& name, const std::filesystem::path& file) {
  const std::lock_guard lock(mutex_);
  alive();
  const auto found = domains_by_name.find(name);
  if (found == domains_by_name.end() || found->second.info.state != DomainState::running) {
    throw Error(fmt::format("cannot save domain '{}': domain is not running", name));
  }
  effect("save domain " + name, [&] {
    files[file.string()] = found->second.xml;
    found->second.info.state = DomainState::shut_off;
  });
}

void FakeWorld::restore_domain(const std::filesystem::path& file) {
  const std::lock_guard lock(mutex_);
  alive();
  const auto saved = files.find(file.string());
  if (saved == files.end()) {
    throw Error(fmt::format("cannot restore a domain from '{}': no such file", file.string()));
  }
  if (!restore_error.empty() || saved->second.empty()) {
    throw Error(fmt::format("cannot restore a domain from '{}': {}", file.string(),
                            restore_error.empty() ? "bad magic" : restore_error));
  }
  const auto name = name_of(saved->second);
  const auto found = domains_by_name.find(name);
  if (found == domains_by_name.end()) {
    throw Error(
        fmt::format("cannot restore a domain from '{}': '{}' is not defined", file.string(), name));
  }
  if (found->second.info.state == DomainState::running) {
    throw Error(fmt::format("cannot restore a domain from '{}': '{}' is already active",
                            file.string(), name));
  }
  effect("restore domain " + name, [&] {
    attached.erase(name);
    found->second.info.state = DomainState::running;
    // It has been up for as long as the template had.
    found->second.started = time_ - ssh_after;
    found->second.hangs = false;
  });
}

void FakeWorld::attach_device(const std::string& name, const std::string& xml) {
  const std::lock_guard lock(mutex_);
  alive();
  const auto found = domains_by_name.find(name);
  if (found == domains_by_name.end() || found->second.info.state != DomainState::running) {
    throw Error(fmt::format("cannot attach a device to domain '{}': it is not running", name));
  }
  if (attached[name].contains(xml)) return;
  effect("attach device to " + name, [&] { attached[name].insert(xml); });
}

GuestResult FakeWorld::run_by_agent(const std::string& domain, const GuestCommand& command,
                                    std::stop_token stop) {
  const std::lock_guard lock(mutex_);
  alive();
  if (stop.stop_requested()) throw Cancelled();
  const auto found = domains_by_name.find(domain);
  if (found == domains_by_name.end() || found->second.info.state != DomainState::running) {
    throw Unreachable(fmt::format("cannot reach the guest agent of '{}'", domain),
                      "domain is not running");
  }
  if (answer_agent) {
    if (auto result = answer_agent(domain, command.script + "\n" + command.input)) return *result;
  }
  if (!guest_agent || found->second.hangs || time_ - found->second.started < agent_after) {
    time_ += std::chrono::seconds(1);
    throw Unreachable(fmt::format("cannot reach the guest agent of '{}'", domain),
                      "guest agent is not connected");
  }
  if (command.input.find("/usr/lib/vmlab/become ") != std::string::npos) return become(domain);
  return {};
}

GuestResult FakeWorld::become(const std::string& domain) {
  const auto& devices = attached[domain];
  const bool wired = std::ranges::any_of(
      devices, [](const std::string& xml) { return xml.starts_with("<interface"); });
  if (!wired) return {.exit_code = 1, .out = {}, .err = "there is no eth0\n"};
  auto& guest = guest_of(domains_by_name.at(domain));
  effect("become " + domain, [&] {
    guest.of_template = false;
    guest.cloud_init_done = true;
    guest.cloud_init_error = cloud_init_error;
  });
  return {};
}

std::string FakeWorld::random_bytes(std::size_t count) {
  const std::lock_guard lock(mutex_);
  std::string bytes;
  while (bytes.size() < count) bytes += static_cast<char>(random_++);
  return bytes;
}

void FakeWorld::fork_memory(const std::filesystem::path& from, const std::filesystem::path& to,
                            const std::string& xml, std::stop_token) {
  const std::lock_guard lock(mutex_);
  alive();
  const auto saved = files.find(from.string());
  if (saved == files.end()) {
    throw Error(fmt::format("cannot open '{}': no such file", from.string()));
  }
  auto forked = forked_xml(saved->second, xml);
  effect("fork memory " + to.filename().string(), [&] { files[to.string()] = std::move(forked); });
}

}  // namespace vmlab::test
