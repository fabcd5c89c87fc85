// A program of this host, run to its end.
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace vmlab {

/// Runs `words` without input, its standard output thrown away, and hands over each line of
/// standard error as it comes. Files that it makes are readable by their owner alone. Throws Error
/// with the last lines of standard error when it cannot be started or does not end with 0. When
/// stopped, its process group is ended and Cancelled thrown.
void run_program(const std::vector<std::string>& words,
                 const std::function<void(std::string_view line)>& on_line, std::stop_token stop);

/// Copies a disk of `format` to the new qcow2 file `to`, which lies on nothing.
void convert_to_qcow2(const std::filesystem::path& from, const std::string& format,
                      const std::filesystem::path& to, std::stop_token stop);

/// What helps against a failure that a program or a library describes so; empty: nothing is known
/// to.
std::string disk_hint(std::string_view said);

}  // namespace vmlab
