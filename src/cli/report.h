// The page of a run: what took how long, what the run waited for, what failed and why.
#pragma once

#include <string>
#include <vector>

#include "lab/lab.h"
#include "plan/run_record.h"

namespace vmlab {

/// A file that was collected when a step failed, as far as it is shown.
struct EvidenceFile {
  struct Part {
    std::string title;  // the command whose output it is; empty: the file is one piece
    std::string text;   // its end
  };
  std::string path;
  std::vector<Part> parts;
};

struct FailureEvidence {
  std::string step;  // id
  std::vector<EvidenceFile> files;
};

/// A file of the lab: what it takes on the host's disk, and how large it says it is.
struct LabFile {
  std::string name;
  std::uint64_t allocated_bytes = 0;
  std::uint64_t size_bytes = 0;
};

struct Report {
  std::string lab;
  std::string topology;
  std::string began;     // as people read it
  bool running = false;  // somebody holds the lab's lock
  RunRecord record;
  std::vector<const Node*> nodes;
  std::vector<FailureEvidence> evidence;
  std::vector<LabFile> files;
};

/// Splits a file that was collected at the headings that its writer put in; of each part the last
/// lines are kept.
EvidenceFile evidence_file(const std::string& path, std::string_view text);

/// One self-contained HTML page.
std::string report_html(const Report& report);

}  // namespace vmlab
