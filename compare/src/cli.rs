//! Arguments.

use std::str::FromStr;

use clap::{Parser, ValueEnum};
use mtok::op::Format;

/// Compares mtok's matrix product with that of cubecl's wgpu backend, on one adapter, in turns, both checked
/// against an f64 reference.
///
/// Exit codes: 0 ok, 1 something failed, 2 bad input, 3 no adapter, 5 a wrong result.
#[derive(Clone, Debug, Parser)]
#[command(after_help = "Example: cargo run --release -- --size 1024 --processes 5 --date 2026-11-22")]
pub struct Cli {
    /// A number for a cube, or tokens x outputs x inputs, such as 512x4096x4096
    #[arg(long, default_value = "1024")]
    pub size: Size,
    /// Element type of inputs and output; sums are kept in f32
    #[arg(long, value_enum, default_value_t = Element::F32)]
    pub format: Element,
    /// Turns of each side, two at least
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(2..))]
    pub rounds: u32,
    /// Repeat in so many new processes and take their median
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub processes: u32,
    /// How the weights lie for cubecl; with both, each is tuned and the faster one counts
    #[arg(long, value_enum, default_value_t = Layouts::Ours)]
    pub layout: Layouts,
    /// Adapter by index or by a part of its name
    #[arg(long)]
    pub device: Option<String>,
    /// Variant of ours instead of the one that mtok would choose
    #[arg(long)]
    pub variant: Option<String>,
    /// Seed of the random inputs
    #[arg(long, default_value_t = 42)]
    pub seed: u64,
    /// The date to print with the result
    #[arg(long)]
    pub date: Option<String>,
    /// Print one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// Element types that both sides have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Element {
    /// 32 bits.
    F32,
    /// 16 bits.
    F16,
}

/// Layouts of the weights for cubecl.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Layouts {
    /// Outputs x inputs, as mtok reads them
    Ours,
    /// Inputs x outputs
    Plain,
    /// Each by itself
    Both,
}

/// Tokens, outputs and inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub [u64; 3]);

impl From<Element> for Format {
    fn from(element: Element) -> Self {
        match element {
            Element::F32 => Self::F32,
            Element::F16 => Self::F16,
        }
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected =
            || format!("\"{text}\" is neither a number nor tokens x outputs x inputs, each at least 1");
        let numbers = text.split('x').map(|part| part.trim().parse().ok().filter(|number| *number > 0));
        match numbers.collect::<Option<Vec<u64>>>().ok_or_else(expected)?.as_slice() {
            [side] => Ok(Self([*side; 3])),
            [tokens, outputs, inputs] => Ok(Self([*tokens, *outputs, *inputs])),
            _ => Err(expected()),
        }
    }
}

impl Cli {
    /// What another process is started with to do the same once.
    pub fn arguments(&self) -> Vec<String> {
        let [tokens, outputs, inputs] = self.size.0;
        let name = |value: &dyn Fn() -> Option<clap::builder::PossibleValue>| {
            value().map(|value| value.get_name().to_owned()).unwrap_or_default()
        };
        let optional = [("--device", &self.device), ("--variant", &self.variant), ("--date", &self.date)];
        let mut arguments: Vec<String> = [
            ("--size", format!("{tokens}x{outputs}x{inputs}")),
            ("--format", name(&|| self.format.to_possible_value())),
            ("--rounds", self.rounds.to_string()),
            ("--layout", name(&|| self.layout.to_possible_value())),
            ("--seed", self.seed.to_string()),
        ]
        .into_iter()
        .flat_map(|(flag, value)| [flag.to_owned(), value])
        .collect();
        let given = optional.into_iter().filter_map(|(flag, value)| Some((flag, value.clone()?)));
        arguments.extend(given.map(|(flag, value)| format!("{flag}={value}")));
        arguments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_cubes_or_three_numbers() {
        assert_eq!("64".parse(), Ok(Size([64; 3])));
        assert_eq!("1x20x300".parse(), Ok(Size([1, 20, 300])));
        for wrong in ["", "0", "4x", "4x5", "1x2x3x4", "-1"] {
            assert!(wrong.parse::<Size>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_child_is_asked_for_the_same() {
        let cli = Cli::parse_from([
            "",
            "--size=3x5x7",
            "--format=f16",
            "--rounds=4",
            "--layout=plain",
            "--date=-x",
        ]);
        let child = Cli::parse_from(std::iter::once(String::new()).chain(cli.arguments()));
        assert_eq!(format!("{child:?}"), format!("{cli:?}"));
    }
}
