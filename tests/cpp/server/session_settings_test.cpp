#include "server/session_settings.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "mriembed/error.hpp"

namespace mriembed::server {
namespace {

TEST(SessionSettings, follow_parameters_of_every_kind_of_value) {
  for (const char* truth : {"true", "\"True\"", "1", "\"1\"", "\"yes\"", "\"ON\""}) {
    SessionSettings settings;
    EXPECT_TRUE(apply_parameters(R"({"parameters": {"allow_undersampled": )" + std::string(truth) + "}}", settings));
    EXPECT_TRUE(settings.allow_undersampled) << truth;
  }
  SessionSettings settings;
  EXPECT_TRUE(apply_parameters(R"({"return": "both", "prewhiten": "already", "allowundersampled": "1"})", settings));
  EXPECT_EQ(settings.answers, Return::both);
  EXPECT_FALSE(settings.prewhiten);
  EXPECT_TRUE(settings.allow_undersampled);
}

TEST(SessionSettings, leave_other_texts_and_other_servers_parameters_alone) {
  SessionSettings settings;
  for (const char* text : {"", "hello", "[1, 2]", "{\"a\": ", "\xff"}) {
    EXPECT_FALSE(apply_parameters(text, settings)) << text;
  }
  EXPECT_TRUE(apply_parameters(R"({"parameters": {"config": "simplefft", "customconfig": ""}})", settings));
  EXPECT_EQ(settings.answers, Return::embedding);
}

TEST(SessionSettings, refuse_values_that_mean_nothing) {
  SessionSettings settings;
  for (const char* text : {R"({"return": "all"})", R"({"return": 3})", R"({"prewhiten": "perhaps"})",
                           R"({"allow_undersampled": null})", R"({"prewhiten": {"a": [1]}})"}) {
    EXPECT_THROW(apply_parameters(text, settings), Error) << text;
  }
}

TEST(SessionSettings, know_gadgetrons_configurations) {
  EXPECT_TRUE(is_gadgetron_configuration("<?xml version=\"1.0\"?><configuration><mriembed/></configuration>"));
  EXPECT_FALSE(is_gadgetron_configuration("<gadgetronStreamConfiguration/>"));
  EXPECT_FALSE(is_gadgetron_configuration("{\"configuration\": 1}"));
  EXPECT_FALSE(is_gadgetron_configuration(""));
}

TEST(SessionSettings, follow_the_attributes_in_gadgetrons_configuration) {
  SessionSettings settings;
  EXPECT_TRUE(apply_attributes("<configuration><other return=\"none\"/><mriembed return=\"Both\" prewhiten=\"already\" "
                               "allow_undersampled=\"true\"/></configuration>",
                               settings)
                  .empty());
  EXPECT_EQ(settings.answers, Return::both);
  EXPECT_FALSE(settings.prewhiten);
  EXPECT_TRUE(settings.allow_undersampled);
  EXPECT_TRUE(apply_attributes("<configuration/>", settings).empty());
  EXPECT_TRUE(apply_attributes("no xml", settings).empty());
  EXPECT_EQ(settings.answers, Return::both);
}

TEST(SessionSettings, name_a_few_of_many_attributes_that_mean_nothing) {
  std::string attributes;
  for (int number = 0; number < 1000; ++number) {
    attributes += " a" + std::to_string(number) + "=\"b\"";
  }
  SessionSettings settings;
  EXPECT_EQ(apply_attributes("<configuration><mriembed" + attributes + "/></configuration>", settings).size(), 8U);
}

TEST(SessionSettings, name_each_attribute_that_means_nothing_and_follow_the_others) {
  SessionSettings settings;
  const std::vector<std::string> warnings = apply_attributes(
      "<configuration><mriembed return-images=\"false\" return=\"jpeg\" prewhiten=\"false\"/></configuration>",
      settings);
  EXPECT_EQ(settings.answers, Return::embedding);
  EXPECT_FALSE(settings.prewhiten);
  ASSERT_EQ(warnings.size(), 2U);
  EXPECT_NE(warnings[0].find("\"return-images\" is not known"), std::string::npos);
  EXPECT_NE(warnings[1].find("\"return\" is \"jpeg\""), std::string::npos);
}

TEST(SessionSettings, find_the_noise_that_gadgetron_asks_for) {
  const std::string query =
      "<gadgetronStreamConfiguration xmlns=\"http://gadgetron.sf.net/gadgetron\"><gadget><name>a</name><dll>b</dll>"
      "<classname>NoiseSummaryGadget</classname><property><name>noise_file</name><value>x_1</value></property>"
      "</gadget></gadgetronStreamConfiguration>";
  EXPECT_EQ(noise_asked_for(query), "x_1");
  EXPECT_EQ(noise_asked_for("<gadgetronStreamConfiguration><gadget><classname>Other</classname></gadget>"
                            "</gadgetronStreamConfiguration>"),
            std::nullopt);
  EXPECT_EQ(noise_asked_for("no xml"), std::nullopt);
}

}  // namespace
}  // namespace mriembed::server
