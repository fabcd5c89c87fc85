// The command line as a value.
#pragma once

#include <array>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "lab/lab.h"

namespace vmlab {

enum class LogFormat { automatic, tty, plain, json };

struct Invocation {
  // Of every command.
  std::filesystem::path state_dir = "/var/lib/vmlab";
  std::string connect = "qemu:///system";
  LogFormat log_format = LogFormat::automatic;
  int verbose = 0;
  bool quiet = false;
  std::string log_file;  // empty: none

  std::string command;  // `up`, `image list`; empty when `text` is all there is to do
  std::string text;     // help that was asked for

  std::string target;              // FILE or LAB; empty: the only lab that is known
  std::vector<std::string> files;  // validate
  bool json = false;
  Accelerator accelerator = Accelerator::automatic;
  std::optional<Boot> boot;            // up, plan, reset; nullopt: the topology's choice
  std::vector<std::string> overrides;  // up, plan: changes to the topology
  bool prune = false;
  bool off = false;     // protect
  std::string node;     // ssh, console
  std::string pattern;  // exec, logs
  bool probe = false;   // status
  bool watch = false;
  std::vector<std::string> files_to_copy;  // cp: sources, then the destination
  std::vector<std::string> units;          // logs
  bool components = false;
  bool follow = false;
  bool this_boot = false;
  unsigned lines = 200;  // 0: all
  std::string since;
  std::string format;              // export, graph
  std::filesystem::path output;    // empty: standard output
  std::vector<std::string> nodes;  // reset, start, stop, restart
  std::string checkpoint;          // checkpoint save, restore, delete; test --from
  bool force = false;              // also console, stop, restart
  bool then_up = false;
  bool replace = false;        // up, checkpoint save
  bool no_checkpoint = false;  // up
  unsigned repeat = 1;         // test
  std::string junit;
  std::string page;                // __manual; the shell of completion
  std::vector<std::string> words;  // after `--`
  std::chrono::seconds timeout{600};
  std::vector<std::string> images;  // image build, pull, verify
  bool all = false;                 // image prune, services
  bool dry_run = false;
  bool quick = false;  // doctor
};

inline constexpr std::array<std::pair<ExitCode, const char*>, 5> exit_code_meanings = {{
    {ExitCode::done, "done"},
    {ExitCode::failed, "failed"},
    {ExitCode::bad_input, "bad input"},
    {ExitCode::locked, "locked by another run"},
    {ExitCode::interrupted, "interrupted"},
}};

/// Reads the words after the program's name; environment variables give defaults. Throws Error
/// with ExitCode::bad_input, "did you mean" and where to find help.
Invocation parse_command_line(const std::vector<std::string>& words);

}  // namespace vmlab
