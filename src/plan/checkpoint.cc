#include "plan/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "plan/paths.h"

namespace vmlab {

namespace {

using nlohmann::json;

constexpr const char* maker = "vmlab checkpoint 1";

std::string text_at(const json& value, const char* key) {
  const auto found = value.find(key);
  return found != value.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::vector<std::string> texts_at(const json& value, const char* key) {
  std::vector<std::string> texts;
  const auto found = value.find(key);
  if (found == value.end() || !found->is_array()) return texts;
  for (const auto& text : *found) {
    if (text.is_string()) texts.push_back(text.get<std::string>());
  }
  return texts;
}

}  // namespace

std::string to_text(const SnapshotNote& note) {
  const json value = {{"made_by", maker},        {"lab", note.lab},
                      {"node", note.node},       {"set", note.set},
                      {"nodes", note.nodes},     {"disks", note.disks},
                      {"content", note.content}, {"definition", note.definition},
                      {"phase", note.phase},     {"saved_ms", note.saved_ms}};
  return value.dump();
}

std::optional<SnapshotNote> parse_snapshot_note(std::string_view text) {
  const auto value = json::parse(text, nullptr, false);
  if (!value.is_object() || text_at(value, "made_by") != maker) return std::nullopt;
  SnapshotNote note;
  note.lab = text_at(value, "lab");
  note.node = text_at(value, "node");
  note.set = text_at(value, "set");
  note.nodes = texts_at(value, "nodes");
  note.disks = texts_at(value, "disks");
  note.content = text_at(value, "content");
  note.definition = text_at(value, "definition");
  note.phase = text_at(value, "phase");
  const auto saved = value.find("saved_ms");
  if (saved != value.end() && saved->is_number_integer()) note.saved_ms = *saved;
  return note;
}

std::vector<std::string> disk_names(const Node& node) {
  const Paths anywhere;
  std::vector<std::string> names = {anywhere.root_disk({}, node.name).filename().string()};
  for (const auto& disk : node.disks) {
    names.push_back(anywhere.data_disk({}, node.name, disk).filename().string());
  }
  return names;
}

PartState part_of(const Lab& lab, const std::string& node, const ObservedNode& seen,
                  const std::string& name) {
  PartState state;
  const auto found = seen.snapshots.find(name);
  if (!seen.domain) {
    state.broken = fmt::format("node {} is gone", node);
    return state;
  }
  if (found == seen.snapshots.end()) {
    state.broken = fmt::format("{} has no part of it", node);
    return state;
  }
  state.note = parse_snapshot_note(found->second);
  if (!state.note) {
    state.broken = fmt::format("the snapshot '{}' of {} was not made by vmlab", name, node);
    return state;
  }
  if (state.note->lab != lab.name || state.note->node != node) {
    state.broken = fmt::format("the snapshot of {} is of node '{}' of lab '{}'", node,
                               state.note->node, state.note->lab);
    return state;
  }
  const auto known =
      std::ranges::find(lab.nodes, node, [](const Node& candidate) { return candidate.name; });
  if (known != lab.nodes.end() && disk_names(*known) != state.note->disks) {
    state.broken = fmt::format("the disks of {} are others now: {}, not {}", node,
                               join(disk_names(*known), ", "), join(state.note->disks, ", "));
    return state;
  }
  for (const auto& file : state.note->disks) {
    const auto disk = seen.disks.find(file);
    if (disk == seen.disks.end()) {
      state.broken = fmt::format("disk {} is gone", file);
    } else if (!disk->second.snapshots.contains(name)) {
      state.broken = fmt::format("disk {} was made anew since", file);
    } else {
      state.bytes += disk->second.snapshots.at(name);
      continue;
    }
    return state;
  }
  return state;
}

std::vector<Checkpoint> checkpoints_of(const Lab& lab, const Observed& observed) {
  // Of several sets under one name, as a cut-off save leaves them, the newest one counts.
  std::map<std::string, SnapshotNote> newest;
  for (const auto& [node, seen] : observed.nodes) {
    for (const auto& [name, description] : seen.snapshots) {
      const auto note = parse_snapshot_note(description);
      if (!note || name == prepared_checkpoint) continue;
      auto& known = newest[name];
      if (known.set.empty() || note->saved_ms > known.saved_ms) known = *note;
    }
  }
  std::vector<Checkpoint> checkpoints;
  for (auto& [name, note] : newest) {
    Checkpoint checkpoint;
    checkpoint.name = name;
    for (const auto& node : note.nodes) {
      const auto seen = observed.nodes.find(node);
      const auto part =
          part_of(lab, node, seen == observed.nodes.end() ? ObservedNode() : seen->second, name);
      checkpoint.bytes += part.bytes;
      if (!part.broken.empty()) {
        checkpoint.broken.push_back(part.broken);
      } else if (part.note->set != note.set) {
        checkpoint.broken.push_back(fmt::format("the part of {} is of another save", node));
      } else {
        checkpoint.present.push_back(node);
      }
    }
    checkpoint.note = std::move(note);
    checkpoints.push_back(std::move(checkpoint));
  }
  return checkpoints;
}

void require_checkpoint_name(const std::string& name) {
  constexpr std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  const bool good = !name.empty() && name.size() <= 40 && name.front() != '-' &&
                    name.front() != '.' && name.find_first_not_of(allowed) == std::string::npos;
  if (!good) {
    throw Error(fmt::format("'{}' is no name of a checkpoint", name),
                "names are made of letters, digits, -, _ and ., 40 at most", ExitCode::bad_input);
  }
  if (name == prepared_checkpoint) {
    throw Error("'prepared' is the checkpoint that every node has of its own",
                "`vmlab reset NODE` goes back to it", ExitCode::bad_input);
  }
}

}  // namespace vmlab
