#include "plan/template_note.h"

#include <gtest/gtest.h>

namespace vmlab {
namespace {

const TemplateNote sample{.image = "debian-12",
                          .prepared = "debian-12-prepared-0123456789ab.qcow2",
                          .cpus = 2,
                          .memory_mib = 8192,
                          .disk_mib = 61440,
                          .accelerator = Accelerator::kvm};

TEST(TemplateNote, SaysWhatTheTemplateIsOf) {
  EXPECT_EQ(to_text(sample),
            "{\"image\":\"debian-12\",\"prepared\":\"debian-12-prepared-0123456789ab.qcow2\","
            "\"cpus\":2,\"memory_mib\":8192,\"disk_mib\":61440,\"accelerator\":\"kvm\"}\n");
}

TEST(TemplateNote, IsReadAsItWasWritten) {
  EXPECT_EQ(parse_template_note(to_text(sample)), sample);
  auto emulated = sample;
  emulated.accelerator = Accelerator::tcg;
  EXPECT_EQ(parse_template_note(to_text(emulated)), emulated);
}

TEST(TemplateNote, AnythingElseIsNone) {
  auto unproven = sample;
  unproven.accelerator = Accelerator::automatic;
  for (const auto& text :
       {std::string(), std::string("{}"), std::string("[]"), std::string("null"),
        to_text(sample).substr(0, 40), std::string("{\"image\":1}"), to_text(unproven)}) {
    EXPECT_EQ(parse_template_note(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace vmlab
