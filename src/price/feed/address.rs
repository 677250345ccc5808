//! Addresses of the web, as far as asking them safely needs.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Longer addresses are nobody's.
const LENGTH_MAX: usize = 2000;

/// An absolute http or https address without a name or password in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    https: bool,
    /// Host and port as written, the host in lower case.
    authority: String,
    /// Path and query, from the slash on; without fragment.
    path: String,
}

impl Address {
    /// Whether it is https.
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// The host without its port; an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        match self.authority.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => self.authority.split(':').next().unwrap_or_default(),
        }
    }

    /// The port, written or by the scheme.
    pub fn port(&self) -> u16 {
        let behind = self.authority.rsplit_once(']').map_or(self.authority.as_str(), |(_, behind)| behind);
        let port = behind.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        port.unwrap_or(if self.https { 443 } else { 80 })
    }

    /// Whether host, port and scheme are the same.
    pub fn same_origin(&self, other: &Self) -> bool {
        (self.https, self.host(), self.port()) == (other.https, other.host(), other.port())
    }

    /// Whether its host is written as an address of this machine.
    pub fn is_loopback(&self) -> bool {
        let host = self.host();
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    /// Whether its host is written as something inside: this machine or a private network.
    pub fn is_inside(&self) -> bool {
        let host = self.host();
        host == "localhost"
            || host.ends_with(".localhost")
            || host.parse::<IpAddr>().is_ok_and(|ip| !is_public(ip))
    }

    /// Whether a request may go there: encrypted, or without leaving this machine.
    pub fn is_safe_to_ask(&self) -> bool {
        self.https || self.is_loopback()
    }

    /// Where a redirect to `location` leads.
    ///
    /// # Errors
    /// Why it is not followed: no address, from https to http, http to elsewhere, from outside to inside.
    pub fn redirect(&self, location: &str) -> Result<Self, String> {
        let to = self.join(location).map_err(|why| format!("redirects to what {why}"))?;
        if self.https && !to.https {
            return Err("redirects from https to http".into());
        }
        if !to.is_safe_to_ask() {
            return Err("redirects to http, which is for this machine's own addresses only".into());
        }
        if to.is_inside() && !self.is_inside() {
            return Err("redirects from a public host into a private network".into());
        }
        Ok(to)
    }

    fn join(&self, location: &str) -> Result<Self, String> {
        let scheme = if self.https { "https" } else { "http" };
        let origin = format!("{scheme}://{}", self.authority);
        let before_query = self.path.split('?').next().unwrap_or_default();
        let folder = before_query.rsplit_once('/').map_or("", |(folder, _)| folder);
        match location {
            it if it.starts_with("//") => format!("{scheme}:{it}").parse(),
            it if it.starts_with('/') => format!("{origin}{it}").parse(),
            it if it.starts_with('?') => format!("{origin}{before_query}{it}").parse(),
            // A colon before any slash ends a scheme.
            it if it.split(['/', '?', '#']).next().is_some_and(|start| start.contains(':')) => it.parse(),
            it => format!("{origin}{folder}/{it}").parse(),
        }
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.len() > LENGTH_MAX || !text.bytes().all(|byte| byte.is_ascii_graphic()) || text.contains('\\')
        {
            return Err("is no address of the web".into());
        }
        let (scheme, rest) = text.split_once("://").ok_or("has no scheme http or https")?;
        let https = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err("has no scheme http or https".into()),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let slash = if path.starts_with('/') { "" } else { "/" };
        let address =
            Self { https, authority: authority.to_ascii_lowercase(), path: format!("{slash}{path}") };
        address.has_host_and_port().then_some(address).ok_or_else(|| "has no host that can be asked".into())
    }
}

impl Address {
    fn has_host_and_port(&self) -> bool {
        let (host, port) = match self.authority.strip_prefix('[').map(|rest| rest.split_once(']')) {
            Some(Some((host, port))) if host.parse::<Ipv6Addr>().is_ok() => ("v6", port),
            Some(_) => return false,
            None => {
                let end = self.authority.find(':').unwrap_or(self.authority.len());
                self.authority.split_at_checked(end).unwrap_or_default()
            }
        };
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        // 0x7f.1 and 2130706433 are 127.0.0.1 to some resolvers: numbers are taken only in their usual form.
        let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
        let number = last.starts_with(|first: char| first.is_ascii_digit());
        let usual = !number || host.parse::<Ipv4Addr>().is_ok();
        let port_fits = port.is_empty()
            || port.strip_prefix(':').is_some_and(|digits| digits.parse::<u16>().is_ok_and(|port| port > 0));
        !host.is_empty() && host.bytes().all(letters) && usual && port_fits
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}://{}{}", if self.https { "https" } else { "http" }, self.authority, self.path)
    }
}

/// Whether an address is one of the public internet: not of this machine, a private network, or none at all (IANA
/// special-purpose registries; the ranges that carry an IPv4 address inside are judged by that).
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            let special =
                matches!((a, b, c), (0 | 240.., ..) | (100, 64..=127, _) | (192, 0, 0) | (198, 18 | 19, _));
            !(special
                || ip.is_loopback()
                || ip.is_private()
                || ip.is_link_local()
                || ip.is_multicast()
                || ip.is_broadcast()
                || ip.is_documentation())
        }
        IpAddr::V6(ip) => {
            if let Some(inside) = embedded(ip) {
                return is_public(IpAddr::V4(inside));
            }
            // What is assigned to networks is 2000::/3; 2001:db8::/32 is for documents.
            matches!(ip.segments(), [0x2000..=0x3fff, ..]) && !matches!(ip.segments(), [0x2001, 0xdb8, ..])
        }
    }
}

/// The IPv4 address in a mapped, translated (RFC 6052) or 6to4 one.
fn embedded(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let four = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match ip.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(four(high, low)),
        [0x2002, high, low, ..] => Some(four(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> Address {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_is_split_and_written_back() {
        let it = of("https://Example.com:8443/a/b.csv?x=1#part");
        assert_eq!(
            (it.host(), it.port(), it.to_string().as_str()),
            ("example.com", 8443, "https://example.com:8443/a/b.csv?x=1")
        );
        let it = of("http://[::1]:80?x");
        assert_eq!((it.host(), it.port(), it.to_string().as_str()), ("::1", 80, "http://[::1]:80/?x"));
        assert!(of("https://a.com/x").same_origin(&of("https://A.com:443/y")));
        assert!(!of("https://a.com/x").same_origin(&of("https://a.com:444/x")));
    }

    #[test]
    fn what_is_no_plain_address_is_refused() {
        for bad in [
            "",
            "example.com",
            "ftp://a.com",
            "https://",
            "https:///x",
            "https://user:secret@a.com/",
            "https://a.com:0/",
            "https://a.com:99999/",
            "https://a.com:x/",
            "https://[::1/",
            "https://[x]/",
            "https://a b.com/",
            "https://ä.com/",
            "https://a.com\\@evil.com/",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://127.1/",
            "https://1.2.3.4./",
            "https://a.com/\u{1b}[2J",
            "https://a.com/\r\nX: y",
        ] {
            assert!(bad.parse::<Address>().is_err(), "{bad}");
        }
    }

    #[test]
    fn redirects_stay_encrypted_and_outside() {
        let public = of("https://a.com/x/y?z");
        let to = |location: &str| public.redirect(location).map(|it| it.to_string());
        assert_eq!(to("https://b.com"), Ok("https://b.com/".into()));
        assert_eq!(to("//b.com/q"), Ok("https://b.com/q".into()));
        assert_eq!(to("/q"), Ok("https://a.com/q".into()));
        assert_eq!(to("q?w:e"), Ok("https://a.com/x/q?w:e".into()));
        assert_eq!(to("?q"), Ok("https://a.com/x/y?q".into()));
        assert_eq!(to("http://b.com"), Err("redirects from https to http".into()));
        assert_eq!(to("http://localhost/"), Err("redirects from https to http".into()));
        for inside in [
            "https://localhost/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://10.0.0.1/",
            "https://[fd00::1]/",
        ] {
            assert_eq!(
                to(inside),
                Err("redirects from a public host into a private network".into()),
                "{inside}"
            );
        }
        assert!(to("file:///etc/passwd").unwrap_err().starts_with("redirects to what"));
        assert!(to("javascript:alert(1)").is_err() && to("").is_ok());
        let own = of("http://127.0.0.1:8000/x");
        assert_eq!(own.redirect("/y").unwrap().to_string(), "http://127.0.0.1:8000/y");
        assert!(own.redirect("https://a.com/").is_ok());
        let elsewhere = own.redirect("http://a.com/").unwrap_err();
        assert_eq!(elsewhere, "redirects to http, which is for this machine's own addresses only");
    }

    #[test]
    fn inside_is_told_from_outside() {
        for inside in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.0.1",
            "192.168.1.1",
            "198.18.0.1",
            "203.0.113.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "64:ff9b::127.0.0.1",
            "2002:7f00:1::",
            "2001:db8::1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        for outside in
            ["1.1.1.1", "100.128.0.1", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]
        {
            assert!(is_public(outside.parse().unwrap()), "{outside}");
        }
    }

    proptest! {
        #[test]
        fn no_redirect_leaves_encryption_or_enters_a_network(location in "(https?:)?/{0,3}[a-z0-9.:@\\[\\]/?#-]{0,30}") {
            if let Ok(to) = of("https://a.com/x").redirect(&location) {
                prop_assert!(to.is_https() && !to.is_inside() && !to.host().is_empty());
                prop_assert_eq!(&of(&to.to_string()), &to);
            }
        }
    }
}
