#include "run/copy.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "base/text.h"

namespace vmlab {

namespace fs = std::filesystem;

namespace {

/// Deeper trees are a link that leads back to where it is.
constexpr int most_depth = 64;

bool names_a_directory(std::string_view path) {
  return path.empty() || path.ends_with('/') || path == "." || path == ".." ||
         path.ends_with("/.") || path.ends_with("/..");
}

/// Last part of a path as people write it: `a/b/` is `b`.
std::string last_part(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const auto name = path.substr(path.rfind('/') + 1);
  // What has no name of its own is copied for what it holds.
  return name == "." || name == ".." || name == "/" ? std::string() : std::string(name);
}

std::string joined(const std::string& directory, const std::string& name) {
  if (directory.empty()) return name;
  if (name.empty()) return directory;
  return directory.ends_with('/') ? directory + name : directory + "/" + name;
}

GuestResult ask(const SshTarget& target, std::string script, std::string input, Ports& ports,
                const std::stop_token& stop) {
  return ports.guests.run(target,
                          {.script = std::move(script),
                           .input = std::move(input),
                           .timeout = std::chrono::seconds(120),
                           .on_line = {}},
                          stop);
}

class UploadPlanner {
 public:
  UploadPlanner(System& system, CopyPlan& plan) : system_(system), plan_(plan) {}

  void add(const fs::path& local, const std::string& remote, int depth) {
    const auto info = system_.stat(local);
    if (!info) {
      throw Error(fmt::format("cannot copy '{}': there is no such file", local.string()), {},
                  ExitCode::bad_input);
    }
    if (!info->directory) {
      plan_.files.push_back({local, remote, info->size_bytes, info->mode});
      return;
    }
    if (depth > most_depth) {
      throw Error(fmt::format("cannot copy '{}': more than {} directories deep", local.string(),
                              most_depth),
                  "look for a symbolic link that leads back to a directory above it");
    }
    if (!remote.empty()) plan_.directories.push_back(remote);
    for (const auto& name : system_.list(local)) {
      // A link that leads nowhere is nothing to copy.
      if (depth > 0 && !system_.stat(local / name)) continue;
      add(local / name, joined(remote, name), depth + 1);
    }
  }

 private:
  System& system_;
  CopyPlan& plan_;
};

/// One line for each: `<type> <mode> <size> <path relative to the source>`, ended by NUL.
constexpr const char* list_script =
    "cd {} && find -L . -type d -printf 'd %m 0 %P\\0' -o "
    "-type f -printf 'f %m %s %P\\0'";

struct Listed {
  bool directory = false;
  unsigned mode = 0;
  std::uint64_t size = 0;
  std::string path;
};

/// What a node tells must not lead out of the destination.
void refuse_way_out(const std::string& node, const std::string& path) {
  for (const auto& part : split(path, '/')) {
    if (part != ".." && !path.starts_with('/')) continue;
    throw Error(
        fmt::format("cannot copy from '{}': it names '{}', which leads out of the "
                    "destination",
                    node, path));
  }
}

std::optional<Listed> read_listed(std::string_view entry) {
  Listed listed;
  const auto mode = entry.find(' ');
  const auto size = entry.find(' ', mode + 1);
  const auto path = entry.find(' ', size + 1);
  if (mode != 1 || size == std::string_view::npos || path == std::string_view::npos) return {};
  listed.directory = entry[0] == 'd';
  std::from_chars(entry.data() + mode + 1, entry.data() + size, listed.mode, 8);
  std::from_chars(entry.data() + size + 1, entry.data() + path, listed.size);
  listed.path = entry.substr(path + 1);
  return listed;
}

}  // namespace

std::uint64_t CopyPlan::bytes() const {
  std::uint64_t sum = 0;
  for (const auto& file : files) sum += file.size_bytes;
  return sum;
}

CopyPlan plan_upload(const std::vector<fs::path>& sources, const std::string& remote,
                     const SshTarget& target, Ports& ports, std::stop_token stop) {
  CopyPlan plan;
  UploadPlanner planner(ports.system, plan);
  // What is not here is said before a node is asked.
  for (const auto& source : sources) planner.add(source, "", 0);
  plan = {};
  bool into = names_a_directory(remote);
  if (!into) {
    into = ask(target, "[ -d " + shell_quote(remote) + " ]", {}, ports, stop).exit_code == 0;
  }
  if (!into && sources.size() > 1) {
    throw Error(fmt::format("cannot copy {} files to '{}:{}': it is no directory there",
                            sources.size(), target.node, remote),
                fmt::format("name it with a slash at its end to have it made: {}/", remote));
  }
  // A name alone is one in the home directory.
  const auto here = remote.find('/') == std::string::npos ? joined("./", remote) : remote;
  for (const auto& source : sources) {
    planner.add(source, into ? joined(here, last_part(source.string())) : here, 0);
  }
  return plan;
}

CopyPlan plan_download(const std::vector<std::string>& sources, const fs::path& local,
                       const SshTarget& target, Ports& ports, std::stop_token stop) {
  CopyPlan plan;
  const auto there = ports.system.stat(local);
  const bool into = (there && there->directory) || names_a_directory(local.string());
  const auto parent = local.parent_path();
  if (!into && parent.has_relative_path() && !ports.system.stat(parent)) {
    throw Error(fmt::format("cannot write '{}': there is no directory '{}'", local.string(),
                            parent.string()),
                fmt::format("a slash at its end has it made, to copy into: {}/", local.string()),
                ExitCode::bad_input);
  }
  if (!into && sources.size() > 1) {
    throw Error(fmt::format("cannot copy {} files to '{}': it is no directory", sources.size(),
                            local.string()),
                {}, ExitCode::bad_input);
  }
  for (const auto& source : sources) {
    const auto path = source.empty() ? std::string(".") : source;
    const auto quoted = shell_quote(path);
    const auto listing =
        ask(target,
            fmt::format("if [ -d {0} ]; then {1}; else stat -L -c 'f %a %s ' -- {0}; fi", quoted,
                        fmt::format(fmt::runtime(list_script), quoted)),
            {}, ports, stop);
    if (listing.exit_code != 0) {
      throw Error(fmt::format("cannot copy '{}:{}': {}", target.node, path,
                              trim(listing.err.empty() ? listing.out : listing.err)));
    }
    const auto to = into ? local / last_part(path) : local;
    for (const auto& entry : split(listing.out, '\0')) {
      const auto listed = read_listed(trim(entry).empty() ? std::string_view() : entry);
      if (!listed) continue;
      const auto name = std::string(listed->path == "\n" ? "" : listed->path);
      refuse_way_out(target.node, name);
      if (listed->directory) {
        plan.directories.push_back(name.empty() ? to.string() : (to / name).string());
      } else {
        plan.files.push_back(
            {name.empty() ? to : to / name, joined(path, name), listed->size, listed->mode});
      }
    }
  }
  return plan;
}

void upload_all(const CopyPlan& plan, const SshTarget& target, Ports& ports,
                const CopyProgress& progress, std::stop_token stop) {
  if (!plan.directories.empty()) {
    std::string names;
    for (const auto& directory : plan.directories) names += directory + '\0';
    const auto made = ask(target, "xargs -0 mkdir -p --", std::move(names), ports, stop);
    if (made.exit_code != 0) {
      throw Error(fmt::format("cannot make directories on '{}': {}", target.node, trim(made.err)));
    }
  }
  std::size_t files = 0;
  std::uint64_t before = 0;
  for (const auto& file : plan.files) {
    const auto sum = ports.system.sha256(
        file.local, [](const auto&, auto, auto) {}, stop);
    ports.guests.upload(
        target, file.local, file.remote, file.mode & 0777U, sum,
        [&](const std::string&, std::uint64_t done, std::uint64_t) {
          progress(file, files, before + done);
        },
        stop);
    before += file.size_bytes;
    progress(file, ++files, before);
  }
}

void download_all(const CopyPlan& plan, const SshTarget& target, Ports& ports,
                  const CopyProgress& progress, std::stop_token stop) {
  for (const auto& directory : plan.directories) ports.system.make_directory(directory, 0755);
  std::size_t files = 0;
  std::uint64_t before = 0;
  for (const auto& file : plan.files) {
    ports.guests.download(
        target, file.remote, file.local, file.mode & 0777U,
        [&](const std::string&, std::uint64_t done, std::uint64_t) {
          progress(file, files, before + done);
        },
        stop);
    before += file.size_bytes;
    progress(file, ++files, before);
  }
}

}  // namespace vmlab
