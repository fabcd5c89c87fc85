#include "host/libvirt_kvm.h"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <pugixml.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "base/error.h"
#include "host/libvirt_link.h"
#include "host/pause.h"

namespace vmlab {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds limit{30};
constexpr std::chrono::milliseconds interval{100};

/// The kernel, copied, and its serial log: nothing of the host's is given to QEMU itself, because
/// libvirt changes the owner of what it hands over.
class Scratch {
 public:
  Scratch(const fs::path& directory, const std::string& name, const fs::path& kernel)
      : kernel_(directory / (name + ".vmlinuz")), console_(directory / (name + ".log")) {
    fs::create_directories(directory);
    fs::copy_file(kernel, kernel_, fs::copy_options::overwrite_existing);
    fs::permissions(kernel_, fs::perms(0644));
    std::ofstream(console_, std::ios::trunc).flush();
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    fs::remove(kernel_, ignored);
    fs::remove(console_, ignored);
  }
  const fs::path& kernel() const { return kernel_; }
  const fs::path& console() const { return console_; }
  std::string log() const {
    std::ifstream file(console_);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  fs::path kernel_;
  fs::path console_;
};

std::string machine() {
  utsname name{};
  uname(&name);
  return static_cast<const char*>(name.machine);
}

std::string trial_xml(const std::string& name, const Scratch& scratch) {
  pugi::xml_document document;
  auto domain = document.append_child("domain");
  domain.append_attribute("type") = "kvm";
  domain.append_child("name").text() = name.c_str();
  auto memory = domain.append_child("memory");
  memory.append_attribute("unit") = "MiB";
  memory.text() = 256;
  domain.append_child("vcpu").text() = 1;
  auto os = domain.append_child("os");
  auto type = os.append_child("type");
  const auto arch = machine();
  type.append_attribute("arch") = arch.c_str();
  if (arch == "x86_64") type.append_attribute("machine") = "q35";  // as the lab's domains
  type.text() = "hvm";
  os.append_child("kernel").text() = scratch.kernel().c_str();
  os.append_child("cmdline").text() = "console=ttyS0 panic=-1";
  domain.append_child("features").append_child("acpi");
  domain.append_child("cpu").append_attribute("mode") = "host-passthrough";
  domain.append_child("on_poweroff").text() = "destroy";
  domain.append_child("on_reboot").text() = "destroy";
  domain.append_child("on_crash").text() = "destroy";
  auto devices = domain.append_child("devices");
  auto serial = devices.append_child("serial");
  serial.append_attribute("type") = "file";
  serial.append_child("source").append_attribute("path") = scratch.console().c_str();
  devices.append_child("memballoon").append_attribute("model") = "none";
  std::ostringstream text;
  document.save(text);
  return text.str();
}

/// The domain is transient: destroyed means gone.
class Trial {
 public:
  Trial(virConnectPtr connection, const std::string& xml, const std::string& directory)
      : domain_(virDomainCreateXML(connection, xml.c_str(), VIR_DOMAIN_START_AUTODESTROY)) {
    // That QEMU cannot start is an answer; that it cannot read our files is none.
    const auto failure = last_failure("cannot prove KVM");
    if (!domain_ && failure.message().find(directory) != std::string::npos) throw failure;
  }
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;
  ~Trial() {
    if (domain_) virDomainDestroy(domain_.get());
  }
  bool running() const {
    int state = VIR_DOMAIN_NOSTATE;
    return domain_ && virDomainGetState(domain_.get(), &state, nullptr, 0) == 0 &&
           (state == VIR_DOMAIN_RUNNING || state == VIR_DOMAIN_BLOCKED);
  }

 private:
  Domain domain_;
};

/// Version order: digits as numbers, so that 6.10 comes after 6.9.
std::vector<std::string> version_key(const std::string& name) {
  std::vector<std::string> key;
  for (std::size_t i = 0; i < name.size();) {
    std::size_t end = i;
    while (end < name.size() && std::isdigit(static_cast<unsigned char>(name[end])) != 0) ++end;
    if (end == i) {
      key.emplace_back(1, name[i++]);
      continue;
    }
    const auto digits = name.substr(i, end - i);
    key.push_back(std::string(digits.size() < 20 ? 20 - digits.size() : 0, '0') + digits);
    i = end;
  }
  return key;
}

}  // namespace

bool reached_root_mount(std::string_view console) {
  return console.find("VFS: Unable to mount root") != std::string_view::npos ||
         console.find("VFS: Cannot open root device") != std::string_view::npos;
}

fs::path newest_kernel(const fs::path& boot) {
  fs::path newest;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(boot, error)) {
    const auto name = entry.path().filename().string();
    if (!name.starts_with("vmlinuz") || name.ends_with(".old") || !entry.is_regular_file(error)) {
      continue;
    }
    if (newest.empty() || version_key(newest.filename().string()) < version_key(name)) {
      newest = entry.path();
    }
  }
  return newest;
}

bool prove_kvm(virConnectPtr connection, const fs::path& directory, const std::stop_token& stop) {
  if (access("/dev/kvm", R_OK | W_OK) != 0) return false;
  const auto kernel = newest_kernel("/boot");
  if (kernel.empty()) return false;
  const auto name = fmt::format("vmlab-kvm-trial-{}", getpid());
  const Scratch scratch(directory, name, kernel);
  const Trial trial(connection, trial_xml(name, scratch), directory.string());
  const auto end = Clock::now() + limit;
  while (Clock::now() < end) {
    // Asked before the log is read: a trial that has ended has written all that it will.
    const bool running = trial.running();
    if (reached_root_mount(scratch.log())) return true;
    if (!running) return false;
    pause(interval, stop);
  }
  return false;
}

}  // namespace vmlab
