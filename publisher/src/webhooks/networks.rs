//! Which addresses may be dialled for a stranger. Pure.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Whether what is said can be read on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// By nobody: it goes anywhere that is public, and into the networks that are allowed.
    Https,
    /// By everybody: it stays in the networks that are allowed.
    Http,
}

/// Networks that are not public and may be dialled all the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Networks(Vec<IpNet>);

/// The text is no list of networks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no network such as 10.0.0.0/8 or fd00::/8")]
pub(crate) struct NotANetwork(String);

/// What IANA has set aside of the addresses of version 4, and what was said to all or to many: RFC 6890 and its registry.
const NOT_PUBLIC_4: [Ipv4Net; 15] = [
    net4([0, 0, 0, 0], 8),
    net4([10, 0, 0, 0], 8),
    net4([100, 64, 0, 0], 10),
    net4([127, 0, 0, 0], 8),
    net4([169, 254, 0, 0], 16),
    net4([172, 16, 0, 0], 12),
    net4([192, 0, 0, 0], 24),
    net4([192, 0, 2, 0], 24),
    net4([192, 88, 99, 0], 24),
    net4([192, 168, 0, 0], 16),
    net4([198, 18, 0, 0], 15),
    net4([198, 51, 100, 0], 24),
    net4([203, 0, 113, 0], 24),
    net4([224, 0, 0, 0], 4),
    net4([240, 0, 0, 0], 4),
];

/// Of version 6 only this is given out. Loopback, mapped, translated (NAT64), unique local, link-local and multicast
/// addresses are all outside.
const PUBLIC_6: Ipv6Net = net6([0x2000, 0], 3);

/// And of that not these: protocols (Teredo among them), documentation, and 6to4, which leads into version 4.
const NOT_PUBLIC_6: [Ipv6Net; 4] = [
    net6([0x2001, 0], 23),
    net6([0x2001, 0xdb8], 32),
    net6([0x2002, 0], 16),
    net6([0x3fff, 0], 20),
];

impl Networks {
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `address` may be dialled over this wire.
    pub(super) fn allow(&self, address: IpAddr, wire: Wire) -> bool {
        let address = address.to_canonical(); // ::ffff:10.0.0.1 is 10.0.0.1
        let allowed = self.0.iter().any(|network| network.contains(&address));
        allowed || (wire == Wire::Https && is_public(address))
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !NOT_PUBLIC_4.iter().any(|net| net.contains(&address)),
        IpAddr::V6(address) => {
            PUBLIC_6.contains(&address) && !NOT_PUBLIC_6.iter().any(|net| net.contains(&address))
        }
    }
}

const fn net4(address: [u8; 4], bits: u8) -> Ipv4Net {
    let [a, b, c, d] = address;
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits)
}

const fn net6(begin: [u16; 2], bits: u8) -> Ipv6Net {
    let [a, b] = begin;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), bits)
}

/// A list with commas between.
impl FromStr for Networks {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let words = text.split(',').map(str::trim);
        let networks = words.filter(|word| !word.is_empty()).map(|word| {
            word.parse::<IpNet>()
                .map_err(|_| NotANetwork(word.to_owned()))
        });
        networks.collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(networks: &str, address: &str, wire: Wire) -> bool {
        let networks: Networks = networks.parse().unwrap();
        networks.allow(address.parse().unwrap(), wire)
    }

    #[test]
    fn only_public_addresses_are_dialled_for_strangers() {
        for address in [
            "1.1.1.1",
            "93.184.216.34",
            "172.15.0.1",
            "172.32.0.1",
            "100.128.0.1",
        ] {
            assert!(allowed("", address, Wire::Https), "{address}");
        }
        for address in ["2606:4700:4700::1111", "2a00:1450::1", "2003::1"] {
            assert!(allowed("", address, Wire::Https), "{address}");
        }
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
        ] {
            assert!(!allowed("", address, Wire::Https), "{address}");
            let mapped = format!("::ffff:{address}");
            assert!(!allowed("", &mapped, Wire::Https), "{mapped}");
        }
        for address in [
            "::",
            "::1",
            "::7f00:1",
            "64:ff9b::7f00:1",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!allowed("", address, Wire::Https), "{address}");
        }
    }

    #[test]
    fn an_allowed_network_is_dialled_on_either_wire_and_no_other_is() {
        let networks = "10.1.0.0/16, ::1/128";
        for wire in [Wire::Http, Wire::Https] {
            assert!(allowed(networks, "10.1.2.3", wire));
            assert!(allowed(networks, "::ffff:10.1.2.3", wire));
            assert!(allowed(networks, "::1", wire));
            assert!(!allowed(networks, "10.2.0.1", wire));
            assert!(!allowed(networks, "127.0.0.1", wire));
        }
        assert!(!allowed(networks, "1.1.1.1", Wire::Http));
    }

    #[test]
    fn what_is_no_network_is_named() {
        for text in ["10.0.0.0", "10.0.0.0/33", "private", "10.0.0.0/8;fd00::/8"] {
            let error = text.parse::<Networks>().unwrap_err();
            assert!(error.to_string().contains(text), "{error}");
        }
        assert!("".parse::<Networks>().unwrap().is_empty());
    }
}
