// A program of this host in a process group of its own, from its start to its end.
#pragma once

#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace vmlab {

struct Program {
  std::vector<std::string> words;
  std::map<std::string, std::string> environment = {};  // besides this process's own
  bool errors_alone = false;                            // its standard output is thrown away
  bool private_files = false;  // what it makes is readable by its owner alone
};

/// Exit code of a program that could not be started; it has said `cannot start '<it>': <cause>`.
constexpr int not_started = 127;

/// Runs it to its end without input, hands over what it writes as it comes, and answers its status
/// as waitpid does. Children that it leaves behind are heard for two seconds more at most. When
/// stopped, its process group is told to end, killed when it does not, and Cancelled thrown. When
/// `on_output` throws, the group is killed.
int run_process(const Program& program, const std::function<void(std::string_view)>& on_output,
                const std::stop_token& stop);

}  // namespace vmlab
