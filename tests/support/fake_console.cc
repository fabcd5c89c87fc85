// What a running domain tells in the world in memory: its console, its CPU time.
#include <fmt/format.h>

#include "support/fake_world.h"

namespace vmlab::test {

struct FakeConsole : SerialConsole {
  explicit FakeConsole(ConsoleEvents given) : events(std::move(given)) {}
  void send(std::string_view text) override {
    events.on_output(text);
    if (text.find("poweroff") != std::string_view::npos) events.on_end("");
  }
  ConsoleEvents events;
};

std::unique_ptr<SerialConsole> FakeWorld::open_console(const std::string& domain, bool,
                                                       ConsoleEvents events) {
  const std::lock_guard lock(mutex_);
  alive();
  if (!domains_by_name.contains(domain)) {
    throw Error(fmt::format("cannot open the console of domain '{}': no domain", domain));
  }
  auto console = std::make_unique<FakeConsole>(std::move(events));
  console->events.on_output("login: ");
  return console;
}

std::chrono::nanoseconds FakeWorld::cpu_time(const std::string&) {
  return {};
}

}  // namespace vmlab::test
