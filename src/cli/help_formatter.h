// How `--help` shows a command: what CLI11 makes, in the words of a manual page.
#pragma once

#include <CLI/CLI.hpp>

namespace vmlab {

class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App* app, std::string name) const override;
  std::string make_option_opts(const CLI::Option* option) const override;
};

}  // namespace vmlab
