//! How the weights of a whole model are held: a format per tensor.
//!
//! Three kinds of files exist. Plain ones hold everything in 16 or 32 bit. Those of llama.cpp quantise the embedding
//! table and the output matrix too, the latter finer. Quantised checkpoints (fp8, nvfp4, mxfp4, int4, int8) keep
//! embedding and output matrix in 16 bit. Both keep routers and norms wide: counted as 16 bit, below 0.2 % of any model.

use std::fmt;
use std::str::FromStr;

use super::block::Place;
use super::piece::Role;
use crate::op::Format;

/// What a file of weights is called after. Few files hold every tensor in the format of their name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// The matrices in one format, and what its publishers keep wider in their wider one.
    Plain(Format),
    /// llama.cpp's `Q4_K_S`: `q4_K`, with the values and last MLP matrices of the first layers in `q5_K`.
    Q4KS,
    /// llama.cpp's `Q4_K_M`: `q4_K`, with the values and last MLP matrices of about half of the layers in `q6_K`.
    Q4KM,
    /// llama.cpp's `Q5_K_S`: `q5_K` throughout.
    Q5KS,
    /// llama.cpp's `Q5_K_M`: `q5_K`, with the values and last MLP matrices of about half of the layers in `q6_K`.
    Q5KM,
}

/// A tensor, as far as its format depends on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tensor {
    pub role: Role,
    /// Length of a row: blocks lie within one.
    pub inputs: u64,
}

/// What the rules of mixed files ask about a model.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whole {
    /// Layers with attention, and layers with an MLP.
    pub layers: Place,
    /// Routed experts of a layer; 0 without.
    pub experts: u64,
    /// Whether llama.cpp calls it a 70B: 80 layers with fewer key than query heads.
    pub seventy: bool,
    /// Whether attention stays in 16 bit, as in the checkpoints of gpt-oss.
    pub wide_attention: bool,
}

impl From<Format> for Scheme {
    fn from(format: Format) -> Self {
        Self::Plain(format)
    }
}

impl Scheme {
    /// The name used in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain(format) => format.name(),
            Self::Q4KS => "q4_K_S",
            Self::Q4KM => "q4_K_M",
            Self::Q5KS => "q5_K_S",
            Self::Q5KM => "q5_K_M",
        }
    }

    /// Every scheme.
    pub fn all() -> impl Iterator<Item = Self> {
        let mixes = [Self::Q5KM, Self::Q5KS, Self::Q4KM, Self::Q4KS];
        Format::ALL.into_iter().map(Self::Plain).chain(mixes)
    }

    /// Whether tensors of one role differ in format from layer to layer.
    pub(super) fn varies(self) -> bool {
        matches!(self, Self::Q4KS | Self::Q4KM | Self::Q5KM)
    }

    /// The format of a tensor of the layer at `place`.
    pub(super) fn format(self, tensor: Tensor, place: Place, whole: &Whole) -> Format {
        use Format::{Bf16, F16, F32, Fp8, Int4G128, Int8, Mxfp4, Nvfp4, Q4K, Q5K};
        match self {
            Self::Plain(format @ (F32 | F16 | Bf16)) => format,
            Self::Plain(format @ (Fp8 | Int8 | Nvfp4 | Mxfp4 | Int4G128)) => match tensor.role {
                Role::Router | Role::Small | Role::Embedding | Role::Output => F16,
                Role::Query | Role::Key | Role::Value | Role::AttentionOutput if whole.wide_attention => F16,
                _ => format,
            },
            Self::Plain(format) => in_gguf(format, tensor, format),
            Self::Q4KS | Self::Q4KM => in_gguf(Q4K, tensor, self.mixed(tensor, place, whole)),
            Self::Q5KS | Self::Q5KM => in_gguf(Q5K, tensor, self.mixed(tensor, place, whole)),
        }
    }

    /// `llama_tensor_get_type` of llama.cpp for the matrices of layers.
    fn mixed(self, tensor: Tensor, place: Place, whole: &Whole) -> Format {
        let base = if matches!(self, Self::Q4KS | Self::Q4KM) { Format::Q4K } else { Format::Q5K };
        let medium = matches!(self, Self::Q4KM | Self::Q5KM);
        match tensor.role {
            Role::Key | Role::Value if whole.experts == 8 => Format::Q8_0,
            Role::AttentionOutput if whole.experts == 8 => Format::Q5K,
            Role::Value if medium && more_bits(place.attention, whole.layers.attention) => Format::Q6K,
            Role::Value if whole.seventy => Format::Q5K,
            Role::Value if self == Self::Q4KS && place.attention < 4 => Format::Q5K,
            Role::Down if medium && more_bits(place.mlp, whole.layers.mlp) => Format::Q6K,
            Role::Down if self == Self::Q4KS && place.mlp < whole.layers.mlp / 8 => Format::Q5K,
            _ => base,
        }
    }
}

/// The first eighth of the layers, the last, and every third between.
fn more_bits(layer: u64, layers: u64) -> bool {
    let eighth = layers / 8;
    layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2
}

/// The format that llama.cpp gives a tensor of a file in `base` when a matrix like it gets `matrix`.
fn in_gguf(base: Format, tensor: Tensor, matrix: Format) -> Format {
    let wanted = match tensor.role {
        Role::Router | Role::Small => return Format::F16,
        Role::Output if base == Format::Q8_0 => base,
        Role::Output => Format::Q6K,
        Role::Embedding => base,
        _ => matrix,
    };
    fitting(wanted, tensor.inputs)
}

/// A row that no number of blocks fills gets a format with smaller blocks, as llama.cpp does it.
fn fitting(wanted: Format, inputs: u64) -> Format {
    let fills = |format: Format| inputs.is_multiple_of(u64::from(format.block().0));
    let smaller = match wanted {
        wanted if fills(wanted) => return wanted,
        Format::Q4K => Format::Q5_0,
        Format::Q5K => Format::Q5_1,
        _ => Format::Q8_0,
    };
    if fills(smaller) { smaller } else { Format::F16 }
}

impl fmt::Display for Scheme {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}

impl FromStr for Scheme {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::all().find(|scheme| scheme.name().eq_ignore_ascii_case(text)).ok_or_else(|| {
            let names: Vec<_> = Self::all().map(Self::name).collect();
            format!("unknown format \"{}\"; known: {}", text.escape_debug(), names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back_in_any_case() {
        for scheme in Scheme::all() {
            assert_eq!(scheme.name().parse(), Ok(scheme));
            assert_eq!(scheme.name().to_uppercase().parse(), Ok(scheme));
        }
    }

    #[test]
    fn half_of_the_layers_get_more_bits() {
        let layers: Vec<_> = (0..32).filter(|layer| more_bits(*layer, 32)).collect();
        assert_eq!(layers, [0, 1, 2, 3, 6, 9, 12, 15, 18, 21, 24, 27, 28, 29, 30, 31]);
    }

    #[test]
    fn rows_that_blocks_do_not_fill_get_smaller_blocks() {
        for (wanted, inputs, format) in [
            (Format::Q4K, 4096, Format::Q4K),
            (Format::Q4K, 2880, Format::Q5_0),
            (Format::Q5K, 2880, Format::Q5_1),
            (Format::Q6K, 2880, Format::Q8_0),
            (Format::Q4_0, 2880, Format::Q4_0),
            (Format::Q4_0, 100, Format::F16),
        ] {
            assert_eq!(fitting(wanted, inputs), format, "{wanted} {inputs}");
        }
    }
}
