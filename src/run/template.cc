#include "run/template.h"

#include <fmt/format.h>

#include "base/text.h"
#include "base/units.h"
#include "run/stored_templates.h"

namespace vmlab {

namespace {

using std::chrono::seconds;

constexpr std::chrono::minutes boot_limit{10};
/// Another run boots a template, or makes its image first.
constexpr std::chrono::minutes lock_limit{30};
constexpr seconds look_every{1};

class Making {
 public:
  Making(const MakeTemplate& wanted, const Paths& paths, Ports& ports, const StepProgress& progress,
         std::stop_token stop)
      : wanted_(wanted),
        paths_(paths),
        ports_(ports),
        files_(paths.template_files(wanted.name)),
        progress_(progress),
        stop_(std::move(stop)) {}

  void run() {
    const auto lock = hold_lock();
    if (is_whole()) return;
    // Nothing is forked from what is left of it, whatever comes.
    ports_.system.remove(files_.sum);
    refuse_used();
    remove();
    try {
      boot();
      save();
    } catch (const Error&) {
      remove();
      throw;
    }
  }

 private:
  std::unique_ptr<Lock> hold_lock() const {
    const auto began = ports_.system.monotonic();
    while (true) {
      try {
        return lock_template(wanted_.name, paths_, ports_.system);
      } catch (const Error& error) {
        if (error.code() != ExitCode::locked) throw;
        if (ports_.system.monotonic() - began >= lock_limit) throw;
        progress_("waiting for another run: " + error.message(), 0, 0);
      }
      ports_.system.wait(look_every, stop_);
    }
  }

  bool is_whole() const {
    const auto sum = ports_.system.read(files_.sum);
    if (!sum) return false;
    const bool there = ports_.system.stat(files_.memory) && ports_.system.stat(files_.disk) &&
                       ports_.system.stat(files_.seed);
    if (there && ports_.system.sha256(files_.memory, progress_, stop_) == trim(*sum)) return true;
    progress_.remark("the template of " + wanted_.title + " is damaged, and is made anew");
    return false;
  }

  void refuse_used() const {
    const auto nodes = nodes_on_template(wanted_.name, paths_, ports_);
    if (nodes.empty()) return;
    throw Error(fmt::format("cannot make the template of {} anew: the disks of others lie on it: "
                            "{}",
                            wanted_.title, join(nodes, ", ")),
                "`vmlab reset --boot cold` makes them without it");
  }

  void remove() const {
    ports_.hypervisor.remove_domain(wanted_.domain);
    ports_.system.remove(paths_.template_directory(wanted_.name));
  }

  void boot() const {
    progress_("booting", 0, 0);
    ports_.system.make_directory(paths_.templates(), 0711);
    ports_.system.make_directory(paths_.template_directory(wanted_.name), 0711);
    ports_.images.create_overlay(files_.disk, wanted_.image, "qcow2", wanted_.note.disk_mib);
    ports_.images.create_seed(
        files_.seed, {wanted_.seed.user_data, wanted_.seed.meta_data, wanted_.seed.network_config});
    ports_.hypervisor.define_domain(wanted_.xml);
    ports_.hypervisor.start_domain(wanted_.domain);
    await_ready();
  }

  void await_ready() const {
    const auto began = ports_.system.monotonic();
    const auto left = [&] {
      return std::chrono::duration_cast<seconds>(boot_limit + began - ports_.system.monotonic());
    };
    while (true) {
      try {
        const auto result =
            ports_.hypervisor.run_by_agent(wanted_.domain,
                                           {.script = "exec /usr/lib/vmlab/template-ready",
                                            .input = {},
                                            .timeout = left(),
                                            .on_line = {}},
                                           stop_);
        if (result.exit_code == 0) return;
        const auto said = lines(strip_ansi(trim(result.err)));
        throw Error(fmt::format(
            "its guest does not come to rest: {}",
            said.empty() ? fmt::format("exit code {}", result.exit_code) : said.back()));
      } catch (const Unreachable& error) {
        const auto domain = ports_.hypervisor.domain(wanted_.domain);
        if (!domain || domain->state != DomainState::running) throw Error("its guest is off");
        if (left() <= seconds(0)) {
          throw Error(fmt::format("not within {}: {}", format_duration(boot_limit), error.cause()));
        }
      }
      ports_.system.wait(look_every, stop_);
    }
  }

  void save() const {
    progress_("saving its memory", 0, 0);
    ports_.hypervisor.save_domain(wanted_.domain, files_.memory);
    ports_.hypervisor.remove_domain(wanted_.domain);
    const auto sum = ports_.system.sha256(files_.memory, progress_, stop_);
    ports_.system.write(files_.about, to_text(wanted_.note), 0644);
    ports_.system.write(files_.sum, sum + "\n", 0644);
  }

  const MakeTemplate& wanted_;
  const Paths& paths_;
  Ports& ports_;
  TemplateFiles files_;
  const StepProgress& progress_;
  std::stop_token stop_;
};

}  // namespace

void make_template(const MakeTemplate& wanted, const Paths& paths, Ports& ports,
                   const StepProgress& progress, std::stop_token stop) {
  try {
    Making(wanted, paths, ports, progress, std::move(stop)).run();
  } catch (const Error& error) {
    progress.remark("without a template: " + error.message());
  }
}

}  // namespace vmlab
