//! Which addresses are of the public internet: the IANA special-purpose registries (RFC 6890), read as a list of
//! what is refused for IPv4, and of what is allowed for IPv6, of which little is given out.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether this is somebody's address on the public internet, and not one that only this host, its network or its cloud
/// gives a meaning to.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Azure's own services to its machines have an address of the public range.
const AZURE_WIRE_SERVER: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);

#[expect(clippy::match_same_arms, reason = "each range has its reason beside it")]
fn is_public_v4(address: Ipv4Addr) -> bool {
    let refused = match address.octets() {
        // "This network", private, loopback, link-local (with the metadata service of the clouds), private again twice.
        [0 | 10 | 127, ..] | [169, 254, ..] | [172, 16..=31, ..] | [192, 168, ..] => true,
        // Between a provider and its customers (RFC 6598), and benchmarks (RFC 2544).
        [100, 64..=127, ..] | [198, 18..=19, ..] => true,
        // Protocol assignments, documentation three times, and the old 6to4 relays.
        [192, 0, 0 | 2, _] | [198, 51, 100, _] | [203, 0, 113, _] | [192, 88, 99, _] => true,
        // Multicast, reserved, broadcast.
        [224..=255, ..] => true,
        _ => address == AZURE_WIRE_SERVER,
    };
    !refused
}

#[expect(clippy::match_same_arms, reason = "each range has its reason beside it")]
fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // Protocol assignments (2001::/23, with Teredo, which hides an IPv4 address) and documentation.
        [0x2001, 0..=0x01ff | 0x0db8, ..] => false,
        // 6to4 hides an IPv4 address.
        [0x2002, ..] => false,
        // Documentation (RFC 9637).
        [0x3fff, 0..=0x0fff, ..] => false,
        // Global unicast, all that was ever given out. Loopback, IPv4 in its mapped and translated forms, unique local,
        // link-local and multicast addresses are outside.
        [0x2000..=0x3fff, ..] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(text: &str) -> bool {
        is_public(text.parse().unwrap())
    }

    #[test]
    fn reg_10_addresses_that_are_not_of_the_public_internet_are_refused() {
        for refused in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.0.1",
            "169.254.169.254",
            "169.254.170.2",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "192.168.255.255",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
        ] {
            assert!(!public(refused), "{refused}");
        }
        for refused in [
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:93.184.216.34",
            "::ffff:0:10.0.0.1",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:0:a9fe:a9fe::",
            "2001:db8::1",
            "2001:1ff::1",
            "2002:a9fe:a9fe::1",
            "3fff::1",
            "3fff:fff::1",
            "4000::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fdff::1",
            "fe80::1",
            "fe80::a9fe:a9fe",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!public(refused), "{refused}");
        }
    }

    #[test]
    fn addresses_beside_those_ranges_are_public() {
        for allowed in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "93.184.216.34",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "168.63.129.15",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.0.3.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "203.0.114.0",
            "223.255.255.255",
            "2000::1",
            "2001:200::1",
            "2001:db7::1",
            "2001:db9::1",
            "2003::1",
            "2606:2800:220:1:248:1893:25c8:1946",
            "2a00:1450:4001::200e",
            "3ffe::1",
            "3fff:1000::1",
        ] {
            assert!(public(allowed), "{allowed}");
        }
    }
}
