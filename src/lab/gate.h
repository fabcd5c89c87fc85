// A gate: a condition waited for. Data only: what to ask, how to judge the answers, how long.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace vmlab {

/// Runs `script` (POSIX shell, built from quoted words only) as root on a node.
struct GuestProbe {
  std::string node;
  std::string script;
  std::chrono::seconds timeout{20};
  bool operator==(const GuestProbe&) const = default;
};

/// GET from the host.
struct HttpProbe {
  std::string node;  // whose address it is, for messages
  std::string url;
  std::chrono::seconds timeout{10};
  bool operator==(const HttpProbe&) const = default;
};

using Probe = std::variant<GuestProbe, HttpProbe>;

struct ProbeResult {
  std::string node;
  bool reached = false;  // false: no connection, no answer in time; `error` says why
  int status = 0;        // exit code, or HTTP status
  std::string out;       // standard output, or body
  std::string error;     // standard error, or why nothing was reached
};

struct Verdict {
  enum class Kind { pass, not_yet, failed };
  Kind kind = Kind::not_yet;
  std::string because;  // for pass: what was found; else what is missing, naming the node

  static Verdict pass(std::string found) { return {Kind::pass, std::move(found)}; }
  static Verdict not_yet(std::string missing) { return {Kind::not_yet, std::move(missing)}; }
  static Verdict failed(std::string cause) { return {Kind::failed, std::move(cause)}; }
  bool operator==(const Verdict&) const = default;
};

/// Pure. `results` are in the order of the probes; `expect` is the gate's own.
using Judge = Verdict (*)(const std::vector<ProbeResult>& results,
                          const std::vector<std::string>& expect);

/// A boot that is waited for. One in which the serial console falls silent hangs: the node is
/// started once more.
struct GuestBoot {
  std::chrono::seconds silence{0};  // longer than any boot that goes on is silent
  bool begins = false;  // with the wait; else what the console said earlier may be of it, too
  bool speaks = false;  // the image has a serial console: an empty log is silence as well
  bool operator==(const GuestBoot&) const = default;
};

struct Gate {
  std::string id;    // `gate/zookeeper-quorum`
  std::string node;  // whose line shows it; empty for the lab as a whole
  std::string what;  // shown to people: `ZooKeeper quorum of 3 masters`
  std::vector<Probe> probes;
  Judge judge = nullptr;
  std::vector<std::string> expect;
  std::chrono::milliseconds interval{2000};
  std::chrono::seconds limit{600};
  unsigned in_a_row = 1;                // passes needed without a miss between them
  std::optional<GuestBoot> boot = {};   // of `node`
  std::vector<std::string> needs = {};  // nodes not asked without which it cannot pass
};

}  // namespace vmlab
