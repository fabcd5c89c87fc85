#include "lab/readiness.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/text.h"

namespace vmlab {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Six guests under emulation on two cores need seven minutes for what one with KVM does in ten
// seconds.
constexpr seconds boot_limit{900};

// Images boot with `quiet`: little is said between power-on and the login prompt. An emulated boot
// takes a minute, so this is for a machine that is six times slower; one with KVM ten seconds.
constexpr seconds silence_emulated{360};
constexpr seconds silence_kvm{120};

bool has_serial_console(const Lab& lab, const Node& node) {
  const auto image = lab.images.find(node.image);
  return image != lab.images.end() &&
         std::ranges::any_of(image->second.kernel_arguments, [](const std::string& argument) {
           return argument.starts_with("console=ttyS0");
         });
}

std::string first_line(std::string_view text) {
  const auto all = lines(trim(text));
  if (all.empty()) return {};
  auto line = all.front();
  if (line.size() > 200) line = line.substr(0, 197) + "...";
  return line;
}

Gate guest_gate(std::string id, const Node& node, std::string what, std::string script,
                seconds timeout, Judge judge) {
  Gate gate;
  gate.id = std::move(id);
  gate.node = node.name;
  gate.what = std::move(what);
  gate.probes = {GuestProbe{node.name, std::move(script), timeout}};
  gate.judge = judge;
  gate.limit = boot_limit;
  gate.interval = milliseconds{4000};
  return gate;
}

/// The adapter's words name the node already.
Verdict not_reached(const ProbeResult& result) {
  return Verdict::not_yet(first_line(result.error));
}

/// The JSON file `name` in what `tail -n +1` printed of several.
std::optional<json> file_of(const std::string& out, const std::string& name) {
  const auto mark = fmt::format("==> {} <==\n", name);
  const auto at = out.find(mark);
  if (at == std::string::npos) return std::nullopt;
  const auto from = at + mark.size();
  const auto end = out.find("\n==> ", from);
  auto value =
      json::parse(out.substr(from, end == std::string::npos ? end : end - from), nullptr, false);
  if (value.is_discarded()) return std::nullopt;
  return value;
}

const json* member(const json& value, const char* key) {
  if (!value.is_object()) return nullptr;
  const auto found = value.find(key);
  return found == value.end() ? nullptr : &*found;
}

/// `('locale', ProcessExecutionError("…"))` -> `locale: ProcessExecutionError("…")`.
std::string readable_error(const json& error) {
  auto text = error.is_string() ? error.get<std::string>() : error.dump();
  // Python shows the line ends of its exceptions as two characters.
  for (auto at = text.find("\\n"); at != std::string::npos; at = text.find("\\n", at)) {
    text.replace(at, 2, "; ");
  }
  if (!text.starts_with("('")) return first_line(text);
  const auto quote = text.find('\'', 2);
  if (quote == std::string::npos) return first_line(text);
  const auto module = text.substr(2, quote - 2);
  auto rest = text.substr(quote + 1);
  if (rest.starts_with(", ")) rest = rest.substr(2);
  if (rest.ends_with(")")) rest.pop_back();
  return fmt::format("module {}: {}", module, first_line(rest));
}

/// Errors with the stage that each of them came from.
std::vector<std::string> errors_of(const std::optional<json>& status) {
  std::vector<std::string> found;
  const json* v1 = status ? member(*status, "v1") : nullptr;
  if (v1 == nullptr || !v1->is_object()) return found;
  for (const auto& [stage, value] : v1->items()) {
    const json* errors = member(value, "errors");
    if (errors == nullptr || !errors->is_array()) continue;
    for (const auto& error : *errors) {
      found.push_back(fmt::format("{} (stage {})", readable_error(error), stage));
    }
  }
  return found;
}

std::string stage_of(const std::optional<json>& status) {
  const json* v1 = status ? member(*status, "v1") : nullptr;
  const json* stage = v1 != nullptr ? member(*v1, "stage") : nullptr;
  return stage != nullptr && stage->is_string() ? stage->get<std::string>() : std::string();
}

Verdict errors_verdict(const std::string& node, const json& list,
                       const std::optional<json>& status) {
  auto found = errors_of(status);
  if (found.empty()) {
    for (const auto& error : list) found.push_back(readable_error(error));
  }
  const auto more = found.size() > 3 ? fmt::format("; and {} more", found.size() - 3) : "";
  found.resize(std::min<std::size_t>(found.size(), 3));
  return Verdict::failed(
      fmt::format("cloud-init failed on {}: {}{}", node, join(found, "; "), more));
}

/// Value of `key=` in a line of such words.
std::optional<long> word_value(const std::string& line, std::string_view key) {
  for (const auto& word : split(line, ' ')) {
    if (!word.starts_with(key) || word.size() <= key.size() || word[key.size()] != '=') continue;
    long value = 0;
    const auto* from = word.data() + key.size() + 1;
    const auto [end, error] = std::from_chars(from, word.data() + word.size(), value);
    if (error == std::errc{} && end == word.data() + word.size()) return value;
  }
  return std::nullopt;
}

constexpr long unsynchronised = 0x40;  // STA_UNSYNC
constexpr long most_error_us = 100000;

// adjtimex(2) itself, as no command prints what it says on every distribution; Perl is the quicker
// of the two under emulation. struct timex on 64-bit machines: esterror at 32, status at 40. The
// bounds come before it.
// `ask_kernel TRIES` looks at a clock that is unsynchronised again, five times a second.
constexpr const char* clock_script = R"sh(ask_kernel() {
  case $(uname -m) in
    x86_64) call=159 ;;
    aarch64) call=171 ;;
    *) call='' ;;
  esac
  if [ -n "$call" ] && command -v perl >/dev/null; then
    perl -e '($call, $mask, $tries) = map { $_ + 0 } @ARGV;
      while (1) {
        $b = "\0" x 256;
        $state = syscall($call, $b);
        $status = unpack("i", substr($b, 40, 4));
        last if --$tries < 1 || !($status & $mask);
        select(undef, undef, undef, 0.2);
      }
      printf("state=%d status=%d esterror=%d\n", $state, $status, unpack("q", substr($b, 32, 8)))' \
      "$call" "$unsynchronised" "$1"
    return
  fi
  for python in python3 /usr/libexec/platform-python python2 python; do
    command -v "$python" >/dev/null || continue
    "$python" -c 'import ctypes, struct, sys, time
mask, tries = int(sys.argv[1]), int(sys.argv[2])
while True:
    b = ctypes.create_string_buffer(256)
    s = ctypes.CDLL(None).adjtimex(b)
    e, t = struct.unpack_from("qi", b, 32)
    tries -= 1
    if tries < 1 or not t & mask:
        break
    time.sleep(0.2)
print("state=%d status=%d esterror=%d" % (s, t, e))' "$unsynchronised" "$1"
    return
  done
  echo 'neither perl nor python is there to ask the kernel' >&2
  return 3
}
answer=$(ask_kernel 1) || exit
# chrony is to measure now, not in a quarter of a minute. While it does, this changes nothing; what
# it has measured is kept, as few answers count where the host is busy.
status=${answer#*status=}
if [ $((${status%% *} & unsynchronised)) -ne 0 ]; then
  chronyc burst 4/6 >/dev/null 2>&1
  # Its first answer often is enough.
  answer=$(ask_kernel 15) || exit
elif [ "${answer##*=}" -gt "$most_error_us" ]; then
  # It slews where a distribution's own makestep, read after ours, ends with the first updates.
  chronyc -m makestep 'burst 4/6' >/dev/null 2>&1
fi
echo "$answer"
exit 0
)sh";

constexpr const char* time_server_script = "exec chronyc -n -c tracking\n";

}  // namespace

std::string ssh_gate_id(const Node& node) {
  return "gate/ssh/" + node.name;
}
std::string cloud_init_gate_id(const Node& node) {
  return "gate/cloud-init/" + node.name;
}
std::string clock_gate_id(const Node& node) {
  return "gate/clock/" + node.name;
}

Gate ssh_gate(const Lab& lab, const Node& node, Booting booting) {
  auto gate =
      guest_gate(ssh_gate_id(node), node, "ssh on " + node.name, ":", seconds{20}, judge_ssh);
  if (booting != Booting::no) {
    gate.boot = GuestBoot{
        .silence = lab.accelerator == Accelerator::kvm ? silence_kvm : silence_emulated,
        .begins = booting == Booting::now,
        .speaks = has_serial_console(lab, node),
    };
  }
  return gate;
}

Gate cloud_init_gate(const Lab&, const Node& node) {
  // One process: every one costs under emulation, and here they compete with cloud-init itself.
  const std::string script =
      "cd /run/cloud-init 2>/dev/null || { echo none; exit 0; }\n"
      "[ ! -e disabled ] || { echo disabled; exit 0; }\n"
      "[ -e status.json ] || { echo none; exit 0; }\n"
      "[ -e result.json ] || exec tail -n +1 -v status.json\n"
      "exec tail -n +1 status.json result.json\n";
  return guest_gate(cloud_init_gate_id(node), node, "cloud-init on " + node.name, script,
                    seconds{30}, judge_cloud_init);
}

Gate clock_gate(const Lab& lab, const Node& node) {
  if (node.role == Role::bootstrap) {
    return guest_gate(clock_gate_id(node), node, "time service of " + node.name, time_server_script,
                      seconds{20}, judge_time_server);
  }
  const auto script = fmt::format("unsynchronised={}\nmost_error_us={}\n{}", unsynchronised,
                                  most_error_us, clock_script);
  auto gate = guest_gate(clock_gate_id(node), node, "synchronised clock on " + node.name, script,
                         seconds{30}, judge_clock);
  if (const auto* bootstrap = lab.bootstrap()) gate.needs = {bootstrap->name};
  return gate;
}

Verdict judge_ssh(const std::vector<ProbeResult>& results, const std::vector<std::string>&) {
  const auto& result = results.at(0);
  if (!result.reached) return not_reached(result);
  if (result.status != 0) {
    return Verdict::not_yet(
        fmt::format("a login on {} ends with code {}", result.node, result.status));
  }
  return Verdict::pass(result.node + " answers");
}

Verdict judge_cloud_init(const std::vector<ProbeResult>& results, const std::vector<std::string>&) {
  const auto& result = results.at(0);
  if (!result.reached) return not_reached(result);
  const auto text = trim(result.out);
  if (text == "disabled") {
    return Verdict::failed(fmt::format(
        "cloud-init is disabled on {}: the image disables it, or found no seed", result.node));
  }
  if (text == "none" || text.empty()) {
    return Verdict::not_yet(fmt::format("cloud-init has not started on {}", result.node));
  }
  const auto status = file_of(result.out, "status.json");
  const auto end = file_of(result.out, "result.json");
  if (!end) {
    const auto stage = stage_of(status);
    const auto errors = errors_of(status);
    auto missing = stage.empty()
                       ? fmt::format("cloud-init on {} is between two stages", result.node)
                       : fmt::format("cloud-init on {} is in stage {}", result.node, stage);
    if (!errors.empty()) missing += "; so far: " + errors.front();
    return Verdict::not_yet(missing);
  }
  const json* v1 = member(*end, "v1");
  if (v1 == nullptr) {
    return Verdict::not_yet(fmt::format("cloud-init's result on {} is not whole", result.node));
  }
  const json* source = member(*v1, "datasource");
  const auto datasource =
      source != nullptr && source->is_string() ? source->get<std::string>() : std::string();
  if (const json* errors = member(*v1, "errors"); errors != nullptr && !errors->empty()) {
    return errors_verdict(result.node, *errors, status);
  }
  if (datasource.empty() || datasource.starts_with("DataSourceNone")) {
    return Verdict::failed(
        fmt::format("cloud-init on {} has found no seed: nothing was configured", result.node));
  }
  return Verdict::pass(fmt::format("cloud-init is done on {}", result.node));
}

Verdict judge_clock(const std::vector<ProbeResult>& results, const std::vector<std::string>&) {
  constexpr long time_error = 5;  // what adjtimex returns
  const auto& result = results.at(0);
  if (!result.reached) return not_reached(result);
  const std::string line(trim(result.out));
  const auto state = word_value(line, "state");
  const auto status = word_value(line, "status");
  const auto error_us = word_value(line, "esterror");
  if (!state || !status || !error_us) {
    const auto& why = trim(result.error).empty() ? result.out : result.error;
    return Verdict::not_yet(
        fmt::format("the clock of {} cannot be asked: {}", result.node, first_line(why)));
  }
  if ((*status & unsynchronised) != 0 || *state == time_error) {
    return Verdict::not_yet(
        fmt::format("the kernel of {} calls its clock unsynchronised", result.node));
  }
  if (*state < 0) {
    return Verdict::not_yet(
        fmt::format("the kernel of {} does not tell about its clock", result.node));
  }
  if (*error_us > most_error_us) {
    return Verdict::not_yet(
        fmt::format("the clock of {} may be off by {} ms", result.node, *error_us / 1000));
  }
  return Verdict::pass(fmt::format("the clock of {} is synchronised", result.node));
}

Verdict judge_time_server(const std::vector<ProbeResult>& results,
                          const std::vector<std::string>&) {
  const auto& result = results.at(0);
  if (!result.reached) return not_reached(result);
  if (result.status != 0) {
    const auto& why = trim(result.error).empty() ? result.out : result.error;
    return Verdict::not_yet(
        fmt::format("chronyd on {} does not answer: {}", result.node, first_line(why)));
  }
  // The last field is the leap status; with `local stratum` it is Normal without any upstream.
  const auto fields = split(std::string(trim(result.out)), ',');
  if (fields.back() == "Not synchronised") {
    return Verdict::not_yet(fmt::format("chronyd on {} has no time to serve yet", result.node));
  }
  return Verdict::pass(fmt::format("{} serves time", result.node));
}

}  // namespace vmlab
