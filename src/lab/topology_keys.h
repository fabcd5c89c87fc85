// Every key that a topology file may hold: one table for the loader, for "did you mean" and for the
// test that keeps topologies/schema.json in step.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vmlab {

struct TopologySection {
  std::string name;  // in messages, and under "$defs" in the schema
  std::vector<std::string> keys;
};

namespace keys {
const TopologySection& topology();
const TopologySection& network();
const TopologySection& defaults();
const TopologySection& group();  // one entry of `nodes`
const TopologySection& node();   // one entry of `overrides`
const TopologySection& disk();
const TopologySection& install();
const TopologySection& dcos();
const TopologySection& release();
std::span<const TopologySection* const> all();
}  // namespace keys

/// Fragments that a node gets when neither the file nor the group names any.
const std::vector<std::string>& default_fragments();

}  // namespace vmlab
