//! Where a device sits on the PCI bus.

use std::fmt;
use std::str::FromStr;

/// A PCI address. Drivers spell it differently: `0000:41:00.0`, `00000000:41:00.0`, `41:00.0`, in capitals or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    domain: u32,
    bus: u8,
    device: u8,
    function: u8,
}

/// The largest numbers of a device on a bus, and of a function of a device.
const DEVICE_MAX: u8 = 0x1f;
const FUNCTION_MAX: u8 = 7;

impl FromStr for Address {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let hexadecimal = |part: &str, digits: std::ops::RangeInclusive<usize>| {
            let plain = digits.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_hexdigit());
            plain.then(|| u32::from_str_radix(part, 16).ok()).flatten().ok_or(())
        };
        let byte = |part: &str, digits: usize| {
            hexadecimal(part, digits..=digits).and_then(|value| u8::try_from(value).map_err(|_| ()))
        };
        let (rest, function) = text.rsplit_once('.').ok_or(())?;
        let (rest, device) = rest.rsplit_once(':').ok_or(())?;
        let (domain, bus) = match rest.rsplit_once(':') {
            Some((domain, bus)) => (hexadecimal(domain, 4..=8)?, bus),
            None => (0, rest),
        };
        let (bus, device, function) = (byte(bus, 2)?, byte(device, 2)?, byte(function, 1)?);
        if device > DEVICE_MAX || function > FUNCTION_MAX {
            return Err(());
        }
        Ok(Self { domain, bus, device, function })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { domain, bus, device, function } = self;
        write!(out, "{domain:04x}:{bus:02x}:{device:02x}.{function}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_place_has_one_address_however_it_is_spelled() {
        let one: Address = "0000:4a:00.0".parse().unwrap();
        for spelled in ["00000000:4A:00.0", "4a:00.0", "0000:4A:00.0"] {
            assert_eq!(spelled.parse(), Ok(one), "{spelled}");
        }
        assert_ne!("0001:4a:00.0".parse(), Ok(one));
    }

    #[test]
    fn what_is_no_address_is_none() {
        for text in
            ["", "0", "41", "41:00", "4:00.0", "0000:41:20.0", "0000:41:00.8", "+0:41:00.0", "x:y.z", "4a100"]
        {
            assert_eq!(text.parse::<Address>(), Err(()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn addresses_are_read_back(domain: u32, bus: u8, device in 0..=DEVICE_MAX, function in 0..=FUNCTION_MAX) {
            let address = Address { domain, bus, device, function };
            prop_assert_eq!(address.to_string().parse(), Ok(address));
            prop_assert_eq!(address.to_string().to_uppercase().parse(), Ok(address));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,20}") {
            let _ = text.parse::<Address>();
        }
    }
}
