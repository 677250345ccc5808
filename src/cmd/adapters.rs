//! The adapters that a call is about, and the folder of each.

use mtok::gpu::adapters::{self, Facts};
use mtok::text::slug;

use super::output::{complain, note, print};
use super::{Exit, Failure};
use crate::cli::AdapterArgs;

/// What one adapter's part of a call comes to.
pub struct Shown {
    /// Its code.
    pub exit: Exit,
    /// What goes to stdout.
    pub text: String,
}

/// How the outputs of several adapters are put together.
#[derive(Clone, Copy, PartialEq)]
pub enum Joined {
    /// One after the other.
    Text,
    /// One header.
    Csv,
    /// An array.
    Json,
}

/// The adapter that the arguments name.
pub fn choose<'a>(adapters: &'a [Facts], args: &AdapterArgs) -> Result<&'a Facts, Failure> {
    adapters::choose(adapters, args.device.as_deref()).map_err(Failure::bad_input)
}

/// Does the same on each adapter that the arguments name, and prints what comes of it. Where all are meant, what ends
/// one does not stop the others, and the worst code counts.
pub fn on_each(
    adapters: &[Facts],
    args: &AdapterArgs,
    joined: Joined,
    mut each: impl FnMut(&Facts) -> Result<Shown, Failure>,
) -> Result<Exit, Failure> {
    if !args.all() {
        let Shown { exit, text } = each(choose(adapters, args)?)?;
        print(&text)?;
        return Ok(exit);
    }
    let (mut worst, mut texts) = (Exit::Ok, Vec::new());
    for adapter in adapters {
        note(&format!("adapter {}", adapter.line()));
        match each(adapter) {
            Ok(Shown { exit, text }) => {
                worst = worst.worse(exit);
                texts.push(text);
            }
            Err(failure) => {
                complain(&failure.message);
                worst = worst.worse(failure.exit);
            }
        }
    }
    print(&joined.join(&texts))?;
    Ok(worst)
}

impl Joined {
    fn join(self, texts: &[String]) -> String {
        match self {
            Self::Text => texts.join("\n"),
            Self::Json => {
                let values: Vec<&str> = texts.iter().map(|text| text.trim_end()).collect();
                format!("[\n{}\n]\n", values.join(",\n"))
            }
            Self::Csv => {
                let header =
                    texts.first().and_then(|text| text.split_inclusive('\n').next()).unwrap_or_default();
                let rows = texts.iter().map(|text| text.strip_prefix(header).unwrap_or(text));
                header.to_owned() + &rows.collect::<String>()
            }
        }
    }
}

/// The name of an adapter as a part of a path. Adapters of one name are told apart by their index and PCI bus.
pub fn folder_name(adapter: &Facts, adapters: &[Facts]) -> String {
    let name = slug(&adapter.name);
    let same_name = adapters.iter().filter(|other| slug(&other.name) == name).count();
    if same_name > 1 { format!("{}-{name}{}", adapter.index, bus(adapter)) } else { name }
}

/// The same among the folders of all adapters, in their order.
pub fn indexed_folder_name(adapter: &Facts, adapters: &[Facts]) -> String {
    let (name, index) = (folder_name(adapter, adapters), format!("{}-", adapter.index));
    if name.starts_with(&index) { name } else { index + &name }
}

fn bus(adapter: &Facts) -> String {
    if adapter.pci_bus_id.is_empty() { String::new() } else { format!("-{}", slug(&adapter.pci_bus_id)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapter(index: u32, name: &str, bus: &str) -> Facts {
        let json = format!(
            r#"{{"index": {index}, "name": "{name}", "backend": "vulkan", "driver": "", "driver_info": "",
            "device_type": "discrete-gpu", "vendor_id": 1, "device_id": 2, "pci_bus_id": "{bus}",
            "limits": {{"buffer_bytes": 1, "binding_bytes": 1, "workgroup_bytes": 1,
                "invocations_per_workgroup": 1, "subgroup_min": 0, "subgroup_max": 0}},
            "features": {{"f16": false, "subgroups": false, "timestamps": false, "int64": false,
                "cooperative_matrices": []}}}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn identical_gpus_have_folders_of_their_own() {
        let all = [
            adapter(0, "NVIDIA H100", "0000:3b:00.0"),
            adapter(1, "NVIDIA H100", "0000:5e:00.0"),
            adapter(2, "AMD 7", ""),
            adapter(3, "5 GPU", ""),
        ];
        let names = all.each_ref().map(|it| folder_name(it, &all));
        assert_eq!(names, ["0-nvidia-h100-0000-3b-00-0", "1-nvidia-h100-0000-5e-00-0", "amd-7", "5-gpu"]);
        let names = all.each_ref().map(|it| indexed_folder_name(it, &all));
        assert_eq!(names[0], "0-nvidia-h100-0000-3b-00-0");
        assert_eq!(names[2..], ["2-amd-7", "3-5-gpu"]);
    }

    #[test]
    fn outputs_of_several_adapters_are_one_document() {
        let texts = ["a,b\n1,2\n".to_owned(), "a,b\n3,4\n".to_owned()];
        assert_eq!(Joined::Csv.join(&texts), "a,b\n1,2\n3,4\n");
        assert_eq!(Joined::Json.join(&["{}\n".into(), "[]\n".into()]), "[\n{},\n[]\n]\n");
        assert_eq!((Joined::Csv.join(&[]).as_str(), Joined::Json.join(&[]).as_str()), ("", "[\n\n]\n"));
    }
}
