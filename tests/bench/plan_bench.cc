// From the text of a topology file to its plan: median time at several sizes, against its limit. It
// is one thread that waits for nothing, so its CPU time is what it takes on a machine of its own.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "lab/load.h"
#include "plan/plan.h"

namespace vmlab {
namespace {

namespace fs = std::filesystem;

constexpr double limit_s = 0.2;        // for 1,000 nodes
constexpr double linear_within = 1.5;  // per node: the largest lab against the smallest
constexpr double noise = 2.5;          // machines differ; only what that cannot explain fails

std::string read_file(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::map<std::string, std::string> read_directory(const fs::path& directory) {
  std::map<std::string, std::string> texts;
  for (const auto& entry : fs::directory_iterator(directory))
    if (entry.path().extension() == ".yaml") texts[entry.path().stem()] = read_file(entry.path());
  return texts;
}

const Library& library() {
  static const Library shipped{
      .images = read_directory(fs::path(VMLAB_PROJECT_DIR) / "images"),
      .fragments = read_directory(fs::path(VMLAB_PROJECT_DIR) / "cloud-init"),
      .practice_release = "/usr/share/vmlab/dcos_generate_config.sh"};
  return shipped;
}

std::string topology(std::int64_t nodes) {
  return "name: big\nimage: debian-12\nnetwork: {cidr: 10.77.0.0/19, domain: big.test}\n"
         "nodes:\n  bootstrap: {role: bootstrap}\n  master: {role: master, count: 3}\n"
         "  agent: {role: agent, disks: [{mount: /var/lib/mesos, size: 40GiB}], count: " +
         std::to_string(nodes - 4) + "}\ninstall: {dcos: {release: practice}}\n";
}

void plan_lab(benchmark::State& state) {
  const auto text = topology(state.range(0));
  const ReadFile nothing = [](const std::string&) { return std::nullopt; };
  for (auto _ : state) {
    auto lab = resolve(load(text, "big.yaml", library(), nothing), HostView{});
    lab.accelerator = Accelerator::kvm;  // as if it were proven
    auto plan = plan_up(lab, Observed{}, Paths{"/var/lib/vmlab"});
    if (plan.steps.size() < static_cast<std::size_t>(state.range(0)))
      state.SkipWithError("the plan has less steps than the lab has nodes");
    benchmark::DoNotOptimize(plan);
  }
  state.SetComplexityN(state.range(0));
}
BENCHMARK(plan_lab)
    ->Arg(125)
    ->Arg(250)
    ->Arg(500)
    ->Arg(1000)
    ->Arg(2000)
    ->Unit(benchmark::kMillisecond)
    ->Complexity(benchmark::oN);

/// Prints as usual and keeps the medians.
class Medians : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const auto& run : runs) {
      failed = failed || run.error_occurred;
      // Whether aggregates carry complexity_n differs between versions of the library.
      if (run.aggregate_name == "median")
        seconds[std::stoll(run.run_name.args)] = run.GetAdjustedCPUTime() / 1000;
    }
    ConsoleReporter::ReportRuns(runs);
  }
  std::map<std::int64_t, double> seconds;  // nodes -> median
  bool failed = false;
};

/// Prints a figure with its limit; also to where whoever runs the tests looks.
bool judge(const char* what, double value, double limit, const char* unit) {
  char line[200];
  std::snprintf(line, sizeof line, "bench: %-52s %9.3f %-4s limit %9.3f  %s\n", what, value, unit,
                limit, value <= limit ? "ok" : "EXCEEDED");
  std::fputs(line, stdout);
  if (const char* path = std::getenv("VMLAB_FIGURES")) std::ofstream(path, std::ios::app) << line;
  return value <= limit * noise;
}

int run(int count, char** words) {
  benchmark::Initialize(&count, words);
  Medians medians;
  benchmark::RunSpecifiedBenchmarks(&medians);
  if (medians.failed || !medians.seconds.contains(1000)) return 1;
  const auto& [least, least_s] = *medians.seconds.begin();
  const auto& [most, most_s] = *medians.seconds.rbegin();
  const double growth =
      (most_s / static_cast<double>(most)) / (least_s / static_cast<double>(least));
  const bool soon = judge("plan of 1,000 nodes", medians.seconds[1000], limit_s, "s");
  const bool linear =
      judge("plan: time a node, 2,000 nodes against 125", growth, linear_within, "x");
  return soon && linear ? 0 : 1;
}

}  // namespace
}  // namespace vmlab

int main(int count, char** words) {
  try {
    return vmlab::run(count, words);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
