#include "run/fork.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "base/text.h"
#include "lab/becoming.h"
#include "lab/fork_xml.h"
#include "run/keys.h"

namespace vmlab {

namespace {

using std::chrono::seconds;

/// Until the guest's agent answers libvirt again.
constexpr seconds agent_limit{30};
/// Files and some services, on an emulated node among many.
constexpr seconds become_limit{300};
/// For the guest's kernel, whose own pool is the template's.
constexpr std::size_t seed_bytes = 64;

/// Version 4 of RFC 4122.
std::string random_uuid(System& system) {
  auto bytes = system.random_bytes(16);
  bytes[6] = static_cast<char>((static_cast<unsigned char>(bytes[6]) & 0x0fU) | 0x40U);
  bytes[8] = static_cast<char>((static_cast<unsigned char>(bytes[8]) & 0x3fU) | 0x80U);
  auto text = to_hex(bytes);
  for (const std::size_t dash : {20U, 16U, 12U, 8U}) text.insert(dash, 1, '-');
  return text;
}

class Fork {
 public:
  Fork(const ForkDomain& wanted, const Lab& lab, const Paths& paths, Ports& ports,
       const StepProgress& progress, std::stop_token stop)
      : wanted_(wanted),
        lab_(lab),
        node_(lab.node(wanted.node)),
        paths_(paths),
        ports_(ports),
        root_disk_(paths.root_disk(lab.name, wanted.node)),
        seed_(paths.seed(lab.name, wanted.node)),
        memory_(paths.memory(lab.name, wanted.node)),
        from_(paths.template_files(wanted.from)),
        progress_(progress),
        stop_(std::move(stop)) {}

  bool done() const {
    const auto domain = ports_.hypervisor.domain(wanted_.domain);
    return domain && domain->state == DomainState::running && !ports_.system.stat(memory_);
  }

  void fork() const {
    require_fit();
    ports_.hypervisor.stop_domain(wanted_.domain);
    progress_("copying the template's memory", 0, 0);
    ports_.images.fork_memory(from_.memory, memory_, wanted_.xml, stop_);
    new_disk(from_.disk);
    ports_.hypervisor.restore_domain(memory_);
    // Its bytes are in use no more; that it is there still says that the node is not itself yet.
    ports_.system.write(memory_, "", 0600);
    const auto added = added_devices(wanted_.xml);
    for (const auto& disk : added.disks) ports_.hypervisor.attach_device(wanted_.domain, disk);
    ports_.hypervisor.attach_device(wanted_.domain, added.nic);
    become();
    ports_.system.remove(memory_);
  }

  void boot() const {
    ports_.hypervisor.stop_domain(wanted_.domain);
    new_disk(wanted_.image);
    ports_.system.remove(memory_);
    ports_.hypervisor.start_domain(wanted_.domain);
  }

 private:
  void require_fit() const {
    if (!ports_.system.stat(from_.sum)) throw Error("there is no template");
    const auto own = ports_.system.stat(seed_);
    const auto saved = ports_.system.stat(from_.seed);
    if (!own || !saved) throw Error("a seed is missing");
    // A disk cannot change its size under a guest that runs.
    if (own->size_bytes != saved->size_bytes) {
      throw Error(fmt::format("its seed has {} bytes, the template's {}", own->size_bytes,
                              saved->size_bytes));
    }
  }

  void new_disk(const std::filesystem::path& backing) const {
    ports_.system.remove(root_disk_);
    ports_.images.create_overlay(root_disk_, backing, "qcow2", node_.disk_mib);
  }

  /// What the guest is told at the first word that its agent takes.
  GuestResult tell(const std::string& script) const {
    const auto began = ports_.system.monotonic();
    while (true) {
      try {
        return ports_.hypervisor.run_by_agent(
            wanted_.domain,
            {.script = "exec /bin/sh -s", .input = script, .timeout = become_limit, .on_line = {}},
            stop_);
      } catch (const Unreachable&) {
        if (ports_.system.monotonic() - began >= agent_limit) throw;
      }
      ports_.system.wait(std::chrono::milliseconds(200), stop_);
    }
  }

  void become() const {
    progress_("becoming itself", 0, 0);
    const auto keys = read_keys(lab_, node_.name, paths_, ports_);
    const auto result =
        tell(become_script(lab_, node_, keys,
                           {.boot_id = random_uuid(ports_.system),
                            .random_hex = to_hex(ports_.system.random_bytes(seed_bytes)),
                            .now = ports_.system.now()}));
    if (result.exit_code == 0) return;
    const auto said = lines(strip_ansi(trim(result.err)));
    throw Error(
        fmt::format("its guest cannot become it: {}",
                    said.empty() ? fmt::format("exit code {}", result.exit_code) : said.back()));
  }

  const ForkDomain& wanted_;
  const Lab& lab_;
  const Node& node_;
  const Paths& paths_;
  Ports& ports_;
  std::filesystem::path root_disk_;
  std::filesystem::path seed_;
  std::filesystem::path memory_;
  TemplateFiles from_;
  const StepProgress& progress_;
  std::stop_token stop_;
};

}  // namespace

void fork_domain(const ForkDomain& wanted, const Lab& lab, const Paths& paths, Ports& ports,
                 const StepProgress& progress, std::stop_token stop) {
  const Fork fork(wanted, lab, paths, ports, progress, std::move(stop));
  if (fork.done()) return;
  try {
    fork.fork();
    return;
  } catch (const Error& error) {
    progress.remark(fmt::format("cannot fork {} ({}): it is booted", wanted.node, error.message()));
  }
  fork.boot();
}

}  // namespace vmlab
