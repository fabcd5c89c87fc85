// Everything that vmlab can do to the outside world, in its own words: plain values in and out.
// Failed operations throw Error with the library's own message; absence is std::optional.
// Calls may come from several threads at once. A call that takes a stop_token throws Cancelled soon
// after a stop is requested.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "lab/gate.h"
#include "lab/image.h"
#include "lab/lab.h"
#include "plan/observed.h"

namespace vmlab {

/// `text` is what is being done now (one line); `done`/`total` in bytes, total 0 when unknown.
using Progress =
    std::function<void(const std::string& text, std::uint64_t done, std::uint64_t total)>;

// ---- Commands in guests ----------------------------------------------------------------------

struct GuestCommand {
  std::string script;  // for `/bin/sh -c`, built from quoted words only
  std::string input;   // standard input
  std::chrono::seconds timeout{60};
  std::function<void(std::string_view line)> on_line;  // each line of either stream, as it comes
};

struct GuestResult {
  int exit_code = 0;  // 128+n when a signal ended it
  std::string out;
  std::string err;
};

/// Thrown (as Error) when a node could not be asked at all; a command that ran and failed is no
/// error.
class Unreachable : public Error {
 public:
  /// `cannot reach 'master-1' (root@…)` and its cause, which alone serves where the node is named.
  Unreachable(const std::string& what, std::string cause)
      : Error(what + ": " + cause), cause_(std::move(cause)) {}
  const std::string& cause() const noexcept { return cause_; }

 private:
  std::string cause_;
};

/// A command that was begun and has not ended within its timeout.
class TimedOut : public Unreachable {
 public:
  using Unreachable::Unreachable;
};

/// Thrown (as Error) when whoever answers does not show the host key that is pinned. Nothing was
/// said to it, and waiting does not mend it.
class Untrusted : public Error {
 public:
  using Error::Error;
};

// ---- Hypervisor -------------------------------------------------------------------------------

struct HypervisorInfo {
  std::string uri;
  std::string libvirt_version;  // 9.0.0
  std::string qemu_version;     // 7.2.22
  std::string emulator;         // path
  unsigned cpus = 0;
  std::uint64_t memory_mib = 0;
  std::uint64_t memory_free_mib = 0;
};

/// What a serial console says; both are called from a thread of the hypervisor's.
struct ConsoleEvents {
  std::function<void(std::string_view text)> on_output;
  std::function<void(const std::string& why)> on_end;  // once; empty: it closed as domains do
};

/// An open serial console; closed when destroyed, and nothing is called after that.
class SerialConsole {
 public:
  virtual ~SerialConsole() = default;
  virtual void send(std::string_view text) = 0;
};

/// One libvirt connection URI.
class Hypervisor {
 public:
  virtual ~Hypervisor() = default;
  virtual HypervisorInfo info() = 0;
  virtual std::vector<DomainInfo> domains() = 0;    // all, owned or not
  virtual std::vector<NetworkInfo> networks() = 0;  // all, owned or not
  virtual std::optional<DomainInfo> domain(const std::string& name) = 0;

  /// Defines, or redefines the same UUID. Ensure: nothing happens when it is there already.
  virtual void define_network(const std::string& xml) = 0;
  virtual void start_network(
      const std::string& name) = 0;  // also autostart; active already: nothing
  /// Makes the network's DNS answer for exactly these hosts, live and persistent.
  virtual void set_dns_hosts(const std::string& network,
                             const std::map<std::string, std::vector<std::string>>& hosts) = 0;
  virtual void remove_network(const std::string& name) = 0;  // absent: nothing

  virtual void define_domain(const std::string& xml) = 0;
  virtual void start_domain(
      const std::string& name) = 0;  // running already: nothing; paused: resumed
  virtual void stop_domain(
      const std::string& name) = 0;  // power off; not running or absent: nothing
  /// Stops and undefines with everything libvirt keeps about it (NVRAM, snapshots, checkpoints,
  /// saves).
  virtual void remove_domain(const std::string& name) = 0;  // absent: nothing
  /// Freezes a running domain's processors; paused already: nothing.
  virtual void pause_domain(const std::string& name) = 0;
  /// Sets a running domain's clock through its guest agent. Throws Error when none answers.
  virtual void set_clock(const std::string& domain, std::chrono::system_clock::time_point now) = 0;

  // Snapshots: memory and disks of one moment, kept inside the domain's own qcow2 disks.
  virtual std::vector<SnapshotInfo> snapshots(
      const std::string& domain) = 0;  // by name; absent domain: none
  /// Of a running or paused domain, which is then as it was before. One of that name is replaced.
  virtual void save_snapshot(const std::string& domain, const SnapshotInfo& snapshot) = 0;
  /// Whatever the domain is doing: memory, disks and definition are those of the snapshot, and it
  /// is paused.
  virtual void revert_snapshot(const std::string& domain, const std::string& snapshot) = 0;
  /// Absent: nothing. A disk that lacks it is no obstacle.
  virtual void remove_snapshot(const std::string& domain, const std::string& snapshot) = 0;
  /// Drops what libvirt keeps about all of a domain's snapshots; for disks that go as a whole.
  virtual void forget_snapshots(const std::string& domain) = 0;

  /// The first serial console of a running domain. `force` takes it from whoever has it.
  virtual std::unique_ptr<SerialConsole> open_console(const std::string& domain, bool force,
                                                      ConsoleEvents events) = 0;
  /// Writes a running domain's memory to a file, without its zero pages where its format is known,
  /// and ends the domain.
  virtual void save_domain(const std::string& name, const std::filesystem::path& file) = 0;
  /// Starts a domain from such a file, which says which domain it is. libvirt keeps the definition
  /// that it has under that name.
  virtual void restore_domain(const std::filesystem::path& file) = 0;
  /// Adds a disk or NIC to a running domain, until it is next started from its definition. `xml` is
  /// the device's; a disk with that target or a NIC with that MAC is there already: nothing.
  virtual void attach_device(const std::string& name, const std::string& xml) = 0;
  /// Runs a script by the QEMU guest agent: needs no network. Throws Unreachable when the agent
  /// does not answer within a few seconds, Error when the script is not done in time. `on_line` is
  /// not called.
  virtual GuestResult run_by_agent(const std::string& domain, const GuestCommand& command,
                                   std::stop_token stop) = 0;

  virtual std::uint64_t resident_kib(const std::string& domain) = 0;  // of its QEMU process

  /// Boots a kernel with `type='kvm'` under a short limit and tells whether it lived. Slow:
  /// remember it.
  virtual bool prove_kvm(const std::filesystem::path& scratch, std::stop_token stop) = 0;
};

// ---- Images -----------------------------------------------------------------------------------

struct SeedFiles {
  std::string user_data;
  std::string meta_data;
  std::string network_config;
};

/// Disks and images by libguestfs. Files appear by rename: a file that exists is whole.
class Images {
 public:
  virtual ~Images() = default;
  virtual std::optional<DiskInfo> disk(const std::filesystem::path& path) = 0;  // nullopt: no file
  virtual void create_overlay(const std::filesystem::path& path,
                              const std::filesystem::path& backing,
                              const std::string& backing_format, std::uint64_t size_mib) = 0;
  /// An empty qcow2 disk with one ext4 file system over the whole of it, labelled.
  virtual void create_data_disk(const std::filesystem::path& path, std::uint64_t size_mib,
                                const std::string& label, std::stop_token stop) = 0;
  /// Boots libguestfs's appliance and ends it: what `build_base` and `prepare` need. Throws Error
  /// with libguestfs's words. Emulated, it takes many seconds.
  virtual void prove_appliance(const std::filesystem::path& scratch, std::stop_token stop) = 0;
  /// NoCloud seed (ISO 9660, label `cidata`), mode 0600. Padded, so that the seeds of most nodes
  /// are disks of one size.
  virtual void create_seed(const std::filesystem::path& path, const SeedFiles& files) = 0;
  /// A copy of a domain's saved memory that belongs to the domain which `xml` defines (see
  /// forked_xml). Shares blocks with `from` where the file system can; mode 0600. Of templates that
  /// lie side by side one is copied at a time.
  virtual void fork_memory(const std::filesystem::path& from, const std::filesystem::path& to,
                           const std::string& xml, std::stop_token stop) = 0;
  /// A BuildSource to a bootable base disk. Needs the distribution's mirror.
  virtual void build_base(const Image& image, const std::filesystem::path& path, const Progress&,
                          std::stop_token stop) = 0;
  /// Derives the prepared image: a full, standalone qcow2 made from `base`.
  virtual void prepare(const Image& image, const std::filesystem::path& base,
                       const std::filesystem::path& path, const Progress&,
                       std::stop_token stop) = 0;
};

// ---- Guests -----------------------------------------------------------------------------------

/// How to reach a node by ssh. `known_hosts` pins its key; an unknown or other key is refused.
struct SshTarget {
  std::string node;  // for messages
  std::string address;
  std::uint16_t port = 22;
  std::string user = "root";
  std::filesystem::path private_key;
  std::filesystem::path known_hosts;
};

class Guests {
 public:
  virtual ~Guests() = default;
  /// Throws Untrusted, Unreachable without a connection or login, and TimedOut.
  virtual GuestResult run(const SshTarget& target, const GuestCommand& command,
                          std::stop_token stop) = 0;
  /// Copies a file to the node; continues a partial `<remote>.part`, verifies the SHA-256 there,
  /// then renames. Mode of the remote file is `mode`.
  virtual void upload(const SshTarget& target, const std::filesystem::path& local,
                      const std::string& remote, unsigned mode, const std::string& sha256,
                      const Progress&, std::stop_token stop) = 0;
  /// `local` appears by rename, with `mode`. The size is not known here: `total` is 0.
  virtual void download(const SshTarget& target, const std::string& remote,
                        const std::filesystem::path& local, unsigned mode, const Progress&,
                        std::stop_token stop) = 0;
  /// Host key pair, OpenSSH private key text and public key line `ssh-ed25519 AAAA…` without
  /// comment.
  virtual std::pair<std::string, std::string> generate_key() = 0;
};

// ---- System -----------------------------------------------------------------------------------

struct HttpReply {
  bool reached = false;
  int status = 0;
  std::string body;
  std::string error;  // why nothing was reached
};

struct FileInfo {
  std::uint64_t size_bytes = 0;
  std::uint64_t allocated_bytes = 0;
  bool directory = false;
  unsigned mode = 0644;  // permissions
  bool special = false;  // a link, a device, a pipe, a socket
  unsigned owner = 0;
  unsigned group = 0;
  std::vector<unsigned> admitted = {};  // users whom an access list lets execute it, or pass
};

/// Held lock; released when destroyed.
class Lock {
 public:
  virtual ~Lock() = default;
};

/// Files, processes, network and clock of this host.
class System {
 public:
  virtual ~System() = default;
  // Files. `write` goes through a temporary file and rename; directories are made as needed.
  virtual std::optional<std::string> read(const std::filesystem::path& path) = 0;
  virtual void write(const std::filesystem::path& path, std::string_view text, unsigned mode) = 0;
  virtual void append(const std::filesystem::path& path, std::string_view line) = 0;  // flushed
  virtual void make_directory(const std::filesystem::path& path, unsigned mode) = 0;
  virtual std::optional<FileInfo> stat(const std::filesystem::path& path) = 0;
  virtual std::vector<std::string> list(
      const std::filesystem::path& directory) = 0;             // names; none: empty
  virtual void remove(const std::filesystem::path& path) = 0;  // recursive; absent: nothing
  virtual std::uint64_t free_bytes(const std::filesystem::path& path) = 0;
  /// Lower-case hex; `algorithm` is sha256 or sha512.
  virtual std::string digest(const std::filesystem::path& path, const std::string& algorithm,
                             const Progress&, std::stop_token stop) = 0;
  std::string sha256(const std::filesystem::path& path, const Progress& progress,
                     std::stop_token stop) {
    return digest(path, "sha256", progress, std::move(stop));
  }
  /// Throws Error with ExitCode::locked naming pid and command of the holder.
  virtual std::unique_ptr<Lock> lock(const std::filesystem::path& path) = 0;
  /// Whether somebody holds that lock. In nobody's way: who locks it meanwhile gets it.
  virtual bool locked(const std::filesystem::path& path) = 0;

  // Network.
  virtual std::vector<Cidr>
  routes() = 0;  // networks that the host reaches, the default route left out
  /// A host given as an address (the lab's) is asked as it is: no proxy, no redirect followed. One
  /// with a name is asked by the environment's proxy, and https never becomes http by a redirect.
  virtual HttpReply http_get(const std::string& url, std::chrono::seconds timeout,
                             std::stop_token stop) = 0;
  /// Like http_get; `body` is JSON.
  virtual HttpReply http_post(const std::string& url, const std::string& body,
                              std::chrono::seconds timeout, std::stop_token stop) = 0;
  /// Resumes `<path>.part`, verifies the digest (`sha256` or `sha512`) when `digest` is not empty,
  /// renames. A mismatch keeps what was good and says both sums. Of several processes that want the
  /// same file one fetches it, the others wait for that.
  virtual void download(const std::string& url, const std::filesystem::path& path,
                        const std::string& algorithm, const std::string& digest, const Progress&,
                        std::stop_token stop) = 0;

  // Programs.
  /// Runs a user's `words` to their end in this directory, with `environment` besides the program's
  /// own; whatever it writes to either stream is handed over as it comes. Answers its exit code,
  /// 128+n when a signal ended it, 127 when it cannot be started. Children that it leaves behind
  /// are not waited for. When stopped, its process group is ended and Cancelled thrown.
  virtual int run_command(const std::vector<std::string>& words,
                          const std::map<std::string, std::string>& environment,
                          const std::function<void(std::string_view)>& on_output,
                          std::stop_token stop) = 0;

  // Clock.
  virtual std::chrono::system_clock::time_point now() = 0;
  virtual std::chrono::milliseconds monotonic() = 0;
  /// Waits; throws Cancelled when stopped.
  virtual void wait(std::chrono::milliseconds duration, std::stop_token stop) = 0;
  virtual std::string boot_id() = 0;
  /// Of the kernel's generator, fit for keys.
  virtual std::string random_bytes(std::size_t count) = 0;
  /// Whether the kernel holds its clock for synchronised.
  virtual bool clock_synchronised() = 0;
};

struct Ports {
  Hypervisor& hypervisor;
  Images& images;
  Guests& guests;
  System& system;
};

}  // namespace vmlab
