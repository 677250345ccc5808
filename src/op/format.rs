//! Element and weight formats with their exact size, scales included.

use std::fmt;
use std::str::FromStr;

/// How weights (or plain elements) are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// IEEE single precision.
    F32,
    /// IEEE half precision.
    F16,
    /// bfloat16: the bytes of `F16`, another exponent.
    Bf16,
    /// 8-bit float with one scale per 128×128 tile.
    Fp8,
    /// Signed bytes with one f32 scale per row, multiplied as integers with inputs of the same kind. The scales of rows are
    /// below 0.1 % of the bytes and are not counted.
    Int8,
    /// 32 signed bytes and an f16 scale.
    Q8_0,
    /// 256 weights of 6 bits with two-level scales.
    Q6K,
    /// 256 weights of 5 bits with two-level scales and minima.
    Q5K,
    /// 32 weights of 5 bits and an f16 scale.
    Q5_0,
    /// 32 weights of 5 bits, an f16 scale and an f16 minimum.
    Q5_1,
    /// 256 weights of 4 bits with two-level scales and minima.
    Q4K,
    /// 32 weights of 4 bits and an f16 scale.
    Q4_0,
    /// 32 weights of 4 bits, an f16 scale and an f16 minimum.
    Q4_1,
    /// 32 weights of 4 bits and one shared power of two.
    Mxfp4,
    /// 16 weights of 4 bits and an fp8 scale.
    Nvfp4,
    /// 128 weights of 4 bits, an f16 scale and a 4-bit zero point (AWQ, GPTQ).
    Int4G128,
}

impl Format {
    /// Every format, in order of size.
    pub const ALL: [Self; 16] = [
        Self::F32,
        Self::F16,
        Self::Bf16,
        Self::Q8_0,
        Self::Fp8,
        Self::Int8,
        Self::Q6K,
        Self::Q5_1,
        Self::Q5K,
        Self::Q5_0,
        Self::Q4_1,
        Self::Q4K,
        Self::Q4_0,
        Self::Nvfp4,
        Self::Mxfp4,
        Self::Int4G128,
    ];

    /// The name used in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::Fp8 => "fp8",
            Self::Int8 => "int8",
            Self::Q8_0 => "q8_0",
            Self::Q6K => "q6_K",
            Self::Q5K => "q5_K",
            Self::Q5_0 => "q5_0",
            Self::Q5_1 => "q5_1",
            Self::Q4K => "q4_K",
            Self::Q4_0 => "q4_0",
            Self::Q4_1 => "q4_1",
            Self::Mxfp4 => "mxfp4",
            Self::Nvfp4 => "nvfp4",
            Self::Int4G128 => "int4-g128",
        }
    }

    /// Weights per block and bytes per block. Sources: ggml-common.h for the `q*` and `mxfp4` layouts,
    /// NVIDIA's group size of 16 for `nvfp4`, the DeepSeek-V3 128×128 tile for `fp8`.
    pub fn block(self) -> (u32, f64) {
        match self {
            Self::F32 => (1, 4.0),
            Self::F16 | Self::Bf16 => (1, 2.0),
            Self::Fp8 => (128 * 128, 128.0 * 128.0 + 4.0),
            Self::Int8 => (1, 1.0),
            Self::Q8_0 => (32, 34.0),
            Self::Q6K => (256, 210.0),
            Self::Q5K => (256, 176.0),
            Self::Q5_0 => (32, 22.0),
            Self::Q5_1 => (32, 24.0),
            Self::Q4K => (256, 144.0),
            Self::Q4_0 => (32, 18.0),
            Self::Q4_1 => (32, 20.0),
            Self::Mxfp4 => (32, 17.0),
            Self::Nvfp4 => (16, 9.0),
            Self::Int4G128 => (128, 66.5),
        }
    }

    /// Bytes per weight, scales included.
    pub fn bytes_per_weight(self) -> f64 {
        let (weights, bytes) = self.block();
        bytes / f64::from(weights)
    }

    /// Bytes per activation that a matrix product reads: integer products read bytes.
    pub fn input_bytes(self) -> f64 {
        if self == Self::Int8 { 1.0 } else { self.activation_bytes() }
    }

    /// Bytes per activation that an engine keeps beside weights of this format.
    pub fn activation_bytes(self) -> f64 {
        if self == Self::F32 { 4.0 } else { 2.0 }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|format| format.name().eq_ignore_ascii_case(text)).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|format| format.name()).collect();
            format!("unknown format \"{}\"; known: {}", text.escape_debug(), names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back() {
        for format in Format::ALL {
            assert_eq!(format.name().parse(), Ok(format));
        }
    }

    #[test]
    fn bytes_per_weight_include_scales() {
        let bits = |format: Format| format.bytes_per_weight() * 8.0;
        assert_eq!(bits(Format::Q8_0), 8.5);
        assert_eq!(bits(Format::Q4_0), 4.5);
        assert_eq!(bits(Format::Mxfp4), 4.25);
        assert_eq!(bits(Format::Q6K), 6.5625);
        assert!((bits(Format::Int4G128) - 4.156).abs() < 1e-3);
    }

    #[test]
    fn all_is_sorted_by_size() {
        assert!(Format::ALL.is_sorted_by(|a, b| a.bytes_per_weight() >= b.bytes_per_weight()));
    }
}
