#include "header_facts.hpp"

#include "mrd_header.hpp"
#include "scan_files.hpp"

namespace mriembed::io::testing_files {
namespace {

HeaderFacts facts_with(const std::string& elements) {
  std::string xml = mrd_xml(MrdMatrix());
  return parse_mrd_header(xml.insert(xml.find("<experimentalConditions>"), elements)).facts;
}

TEST(HeaderFacts, tell_scanner_and_sequence) {
  const HeaderFacts facts = facts_with(
      "<measurementInformation><seriesTime>12:30:00</seriesTime><protocolName>t1 head</protocolName>"
      "<sequenceName>gre</sequenceName></measurementInformation><acquisitionSystemInformation>"
      "<systemVendor>vendor</systemVendor><systemModel>model</systemModel><stationName>MR1</stationName>"
      "<systemFieldStrength_T>2.89</systemFieldStrength_T></acquisitionSystemInformation><sequenceParameters>"
      "<TR>500</TR><TE>2.5</TE><TE>5</TE><flipAngle_deg>15</flipAngle_deg></sequenceParameters>");
  EXPECT_EQ(facts.vendor, "vendor");
  EXPECT_EQ(facts.model, "model");
  EXPECT_EQ(facts.station, "MR1");
  EXPECT_EQ(facts.field_strength_t, 2.89);
  EXPECT_EQ(facts.protocol, "t1 head");
  EXPECT_EQ(facts.sequence, "gre");
  EXPECT_EQ(facts.series_time, "12:30:00");
  EXPECT_EQ(facts.tr_ms, std::vector<double>{500});
  EXPECT_EQ(facts.te_ms, (std::vector<double>{2.5, 5}));
  EXPECT_TRUE(facts.ti_ms.empty());
  EXPECT_EQ(facts.flip_angle_deg, std::vector<double>{15});
  EXPECT_EQ(facts.fov_mm, (std::vector<double>{8, 4, 1}));
}

TEST(HeaderFacts, name_coils_by_channel) {
  const HeaderFacts facts = facts_with(
      "<acquisitionSystemInformation><coilLabel><coilNumber>2</coilNumber><coilName>HEA3</coilName></coilLabel>"
      "<coilLabel><coilNumber>0</coilNumber><coilName>HEA1</coilName></coilLabel><coilLabel><coilNumber>70000"
      "</coilNumber><coilName>far</coilName></coilLabel></acquisitionSystemInformation>");
  EXPECT_EQ(facts.coil_names, (std::vector<std::string>{"HEA1", "", "HEA3"}));
}

TEST(HeaderFacts, are_empty_where_the_header_does_not_say) {
  HeaderFacts nothing;
  nothing.fov_mm = {8, 4, 1};
  EXPECT_EQ(facts_with(""), nothing);
  EXPECT_EQ(facts_with("<acquisitionSystemInformation><systemFieldStrength_T>strong</systemFieldStrength_T>"
                       "</acquisitionSystemInformation>"),
            nothing);
}

TEST(HeaderFacts, keep_texts_short_and_printable) {
  const HeaderFacts facts = facts_with("<measurementInformation><protocolName>\x1b[31m" + std::string(5000, 'x') +
                                       "</protocolName></measurementInformation>");
  EXPECT_EQ(facts.protocol.substr(0, 6), "?[31mx");
  EXPECT_LE(facts.protocol.size(), longest_header_text + 3);
}

}  // namespace
}  // namespace mriembed::io::testing_files
