// `vmlab cp`: files and directories to a node and back.
#include <fmt/format.h>

#include <optional>

#include "base/text.h"
#include "base/units.h"
#include "cli/commands.h"
#include "cli/nodes_of.h"
#include "run/copy.h"

namespace vmlab {

namespace {

struct NodePath {
  std::string node;  // empty: here
  std::string path;
};

/// `NODE:PATH`; a colon behind a slash belongs to a local path, as for scp.
NodePath path_of(const std::string& word) {
  const auto colon = word.find(':');
  if (colon == std::string::npos || colon == 0 || word.find('/') < colon) return {"", word};
  return {word.substr(0, colon), word.substr(colon + 1)};
}

[[noreturn]] void refuse(const std::string& what) {
  throw Error("vmlab cp: " + what,
              "for example: vmlab cp notes.txt master-1:/root/, or vmlab cp agent-1:/var/log logs",
              ExitCode::bad_input);
}

/// On a terminal a line that is written over; elsewhere nothing until the end.
class CopyLine {
 public:
  CopyLine(const Context& context, const CopyPlan& plan)
      : context_(context), files_(plan.files.size()), bytes_(plan.bytes()) {}

  void show(const CopiedFile& file, std::size_t files, std::uint64_t bytes) {
    if (!context_.console.shows_progress()) return;
    const auto now = context_.ports.system.monotonic();
    if (now - shown_ < std::chrono::milliseconds(100) && files < files_) return;
    shown_ = now;
    const auto text =
        fmt::format("{} of {} files, {} of {}  {}", files, files_, format_bytes(bytes),
                    format_bytes(bytes_), printable(file.local.filename().string()));
    context_.console.say("\r" + clip(text, context_.console.columns() - 1) + "\x1b[K");
    any_ = true;
  }

  void end(std::chrono::milliseconds took) {
    clear();
    context_.console.tell(fmt::format("copied {}, {} in {}\n", counted(files_, "file"),
                                      format_bytes(bytes_), format_duration(took)));
  }

  void clear() {
    if (any_) context_.console.say("\r\x1b[K");
    any_ = false;
  }

 private:
  const Context& context_;
  std::size_t files_;
  std::uint64_t bytes_;
  std::chrono::milliseconds shown_{-1000};
  bool any_ = false;
};

}  // namespace

ExitCode run_cp(const Context& context) {
  const auto& words = context.invocation.files_to_copy;
  if (words.size() < 2) refuse("a source and a destination are needed");
  std::vector<NodePath> sources;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) sources.push_back(path_of(words[i]));
  const auto to = path_of(words.back());
  const auto& from = sources.front().node;
  for (const auto& source : sources) {
    if (source.node != from) refuse("all sources must be on one side");
  }
  if (from.empty() == to.node.empty()) {
    refuse(from.empty() ? "one side must be a node, as NODE:PATH"
                        : "one side must be here: from node to node goes in two steps");
  }
  const auto lab = lab_of(context, context.invocation.target, Installer::unseen);
  const auto& node = lab.node(from.empty() ? to.node : from);
  auto& ports = context.ports;
  if (from.empty()) {  // what is missing here is said first
    for (const auto& source : sources) {
      if (ports.system.stat(source.path)) continue;
      throw Error(fmt::format("cannot copy '{}': there is no such file", source.path), {},
                  ExitCode::bad_input);
    }
  }
  require_running(context, lab, node);
  const auto target = ssh_target(lab, node, context.settings);
  const auto began = ports.system.monotonic();
  CopyPlan plan;
  if (from.empty()) {
    std::vector<std::filesystem::path> paths;
    for (const auto& source : sources) paths.emplace_back(source.path);
    plan = plan_upload(paths, to.path, target, ports, context.stop);
  } else {
    std::vector<std::string> paths;
    for (const auto& source : sources) paths.push_back(source.path);
    plan = plan_download(paths, to.path, target, ports, context.stop);
  }
  CopyLine line(context, plan);
  const auto progress = [&line](const CopiedFile& file, std::size_t files, std::uint64_t bytes) {
    line.show(file, files, bytes);
  };
  try {
    const auto copy = from.empty() ? upload_all : download_all;
    copy(plan, target, ports, progress, context.stop);
  } catch (...) {
    line.clear();
    throw;
  }
  line.end(ports.system.monotonic() - began);
  return ExitCode::done;
}

}  // namespace vmlab
