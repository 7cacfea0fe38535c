//! `Address.country`: ISO 3166-1 alpha-2 (BRANDS-16).

use std::fmt;
use std::str::FromStr;

/// The codes that are assigned, one after the other, sorted.
const ASSIGNED: &str = "\
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY \
BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK \
FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR \
IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK \
ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM \
PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF \
TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// A country.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Country(String);

impl FromStr for Country {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_assigned = text.len() == 2 && ASSIGNED.split(' ').any(|code| code == text);
        is_assigned
            .then(|| Self(text.to_owned()))
            .ok_or("expected two letters of ISO 3166-1, such as US or GB")
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brands_16_a_country_is_a_code_that_iso_assigned() {
        for good in ["US", "GB", "DE", "AD", "ZW"] {
            assert_eq!(good.parse::<Country>().unwrap().to_string(), good);
        }
        for bad in ["", "us", "USA", "UK", "XK", "XX", "U", " U", "S ", "D A", "840", "United States"] {
            assert!(bad.parse::<Country>().is_err(), "{bad:?}");
        }
        let codes: Vec<&str> = ASSIGNED.split(' ').collect();
        assert!(codes.len() == 249 && codes.is_sorted_by(|a, b| a < b));
        assert!(codes.iter().all(|code| code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())));
    }
}
