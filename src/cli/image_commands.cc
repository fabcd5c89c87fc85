// Commands on images: list, build, pull, verify, prune.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/units.h"
#include "cli/commands.h"
#include "cli/output_images.h"
#include "run/apply.h"
#include "run/executor.h"
#include "run/pull.h"

namespace vmlab {

namespace {

std::vector<Image> chosen_images(const Context& context) {
  auto all = catalogue_images(context.settings.library);
  if (context.invocation.images.empty()) return all;
  std::vector<Image> chosen;
  for (const auto& name : context.invocation.images) {
    const auto& image = catalogue_image(all, name);
    if (std::ranges::find(chosen, image.name, &Image::name) == chosen.end()) {
      chosen.push_back(image);
    }
  }
  return chosen;
}

ExitCode make_images(const Context& context, const std::vector<Image>& images, bool bases_only) {
  auto& ports = context.ports;
  const auto& paths = context.settings.paths;
  const auto plan = plan_images(images, bases_only, paths, ports.system);
  SummaryContext told;
  told.verb = context.invocation.command;
  for (const auto& image : images) told.target += (told.target.empty() ? "" : " ") + image.name;
  const ApplyContext to{nullptr, paths, ports};
  const auto summary = context.console.watch(told, context.stop, [&](Reporter& reporter) {
    return execute(
        plan, {{Pool::disk, 1}, {Pool::network, 2}},
        [&](const PlannedStep& step, const StepProgress& progress, std::stop_token stop) {
          apply(step, to, progress, std::move(stop));
        },
        reporter, [&] { return ports.system.monotonic(); }, context.stop);
  });
  if (summary.interrupted) return ExitCode::interrupted;
  return summary.ok() ? ExitCode::done : ExitCode::failed;
}

/// Whether a downloaded file is byte for byte what was verified when it came. Of one that came
/// before that was noted only the catalogue can tell, or the vendor's file as it is today.
ImageCheck check_sum(const Image& image, ImageCheck check, const Context& context) {
  const auto* source = std::get_if<DownloadSource>(&image.source);
  if (source == nullptr) return check;
  auto& ports = context.ports;
  const auto& paths = context.settings.paths;
  const auto noted = noted_digest(image, paths, ports.system);
  const auto wanted = noted ? *noted : expected_digest(image, ports, context.stop);
  const auto sum = ports.system.digest(
      paths.base_image(image), wanted.algorithm,
      [](const std::string&, std::uint64_t, std::uint64_t) {}, context.stop);
  const auto* name = wanted.algorithm == "sha512" ? "SHA-512" : "SHA-256";
  check.good = sum == wanted.hex;
  if (check.good) {
    check.found = fmt::format("{} as {}", name, noted ? "downloaded" : "published");
    return check;
  }
  check.found = fmt::format("{} {}, not {}", name, sum, wanted.hex);
  if (!noted && source->sha256.empty()) check.found += " as its vendor says today";
  return check;
}

ImageCheck check_file(const Image& image, const std::filesystem::path& path, bool prepared,
                      const Context& context) {
  ImageCheck check{
      .file = path.filename().string(), .image = image.name, .good = false, .found = {}};
  try {
    const auto disk = context.ports.images.disk(path);
    const std::string format = prepared ? "qcow2" : image.format;
    if (!disk) {
      check.found = "gone";
    } else if (disk->format != format) {
      check.found = fmt::format("format {}, not {}", disk->format, format);
    } else if (!disk->backing_file.empty()) {
      check.found = "depends on " + disk->backing_file;
    } else {
      check.good = true;
      check.found = fmt::format("{} disk of {}", disk->format, format_bytes(disk->virtual_bytes));
      if (!prepared) check = check_sum(image, check, context);
    }
  } catch (const Error& error) {
    check.good = false;
    check.found = error.message();
  }
  return check;
}

/// Whether a template's memory is as it was saved.
ImageCheck check_template(const StoredTemplate& stored, const Context& context) {
  auto& system = context.ports.system;
  const auto files = context.settings.paths.template_files(stored.name);
  const auto sum = system.sha256(
      files.memory, [](const std::string&, std::uint64_t, std::uint64_t) {}, context.stop);
  const auto saved = std::string(trim(system.read(files.sum).value_or("")));
  ImageCheck check{.file = "template " + stored.name,
                   .image = stored.note ? stored.note->image : "-",
                   .good = sum == saved,
                   .found = "SHA-256 as saved"};
  if (!check.good) check.found = fmt::format("SHA-256 {}, not {}", sum, saved);
  return check;
}

}  // namespace

ExitCode run_image_list(const Context& context) {
  const auto images = catalogue_images(context.settings.library);
  const auto files = image_files(images, context.settings, context.ports);
  const auto templates = stored_templates(context.settings.paths, context.ports);
  auto& console = context.console;
  console.result(context.invocation.json
                     ? dump(images_json(images, files, templates))
                     : render_images(images, files, templates, console.out_style()));
  return ExitCode::done;
}

ExitCode run_image_build(const Context& context) {
  return make_images(context, chosen_images(context), false);
}

ExitCode run_image_pull(const Context& context) {
  const auto images = chosen_images(context);
  for (const auto& image : images) {
    if (std::holds_alternative<DownloadSource>(image.source)) continue;
    throw Error(fmt::format("cannot download image '{}': it is built here", image.name),
                "vmlab image build " + image.name, ExitCode::bad_input);
  }
  return make_images(context, images, true);
}

ExitCode run_image_verify(const Context& context) {
  const auto& paths = context.settings.paths;
  std::vector<ImageCheck> checks;
  for (const auto& image : chosen_images(context)) {
    for (const bool prepared : {false, true}) {
      const auto path = prepared ? paths.prepared_image(image) : paths.base_image(image);
      if (!context.ports.system.stat(path)) continue;
      checks.push_back(check_file(image, path, prepared, context));
    }
  }
  const auto& names = context.invocation.images;
  for (const auto& stored : stored_templates(paths, context.ports)) {
    const bool meant = names.empty() ||
                       (stored.note && std::ranges::find(names, stored.note->image) != names.end());
    if (stored.whole && meant) checks.push_back(check_template(stored, context));
  }
  auto& console = context.console;
  console.result(context.invocation.json ? dump(checks_json(checks))
                                         : render_checks(checks, console.out_style()));
  return std::ranges::all_of(checks, &ImageCheck::good) ? ExitCode::done : ExitCode::failed;
}

ExitCode run_image_prune(const Context& context) {
  auto& system = context.ports.system;
  const auto& paths = context.settings.paths;
  // An `up` that runs may have made an image and not yet the disks that need it.
  std::vector<std::unique_ptr<Lock>> locks;
  for (const auto& name : system.list(paths.locks())) {
    locks.push_back(system.lock(paths.locks() / name));
  }
  const auto images = catalogue_images(context.settings.library);
  Pruned pruned{.files = prunable(image_files(images, context.settings, context.ports),
                                  context.invocation.all),
                .templates = stored_templates(paths, context.ports),
                .dry_run = context.invocation.dry_run};
  // What is not whole may have a domain: `vmlab gc` removes both.
  std::erase_if(pruned.templates,
                [](const StoredTemplate& stored) { return !stored.whole || !stored.labs.empty(); });
  if (!pruned.dry_run) {
    // Before the images that they lie on.
    for (const auto& stored : pruned.templates) remove_template(stored.name, paths, system);
    for (const auto& file : pruned.files) {
      const auto path = paths.images() / file.name;
      system.remove(path);
      system.remove(Paths::digest_note(path));
    }
  }
  auto& console = context.console;
  console.result(context.invocation.json ? dump(prune_json(pruned))
                                         : render_prune(pruned, console.out_style()));
  return ExitCode::done;
}

}  // namespace vmlab
