//! The `GpuInfo` cell: a Python dictionary as printed, or JSON.

/// What a cell says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GpuInfo {
    /// The GPU's name; empty where there is none.
    pub name: String,
    /// Memory of one GPU, in MiB as the column says.
    pub size_mib: Option<f64>,
    /// Memory of all of them, or of one.
    pub total_mib: Option<f64>,
}

/// The most bytes of a cell.
const MAX_BYTES: usize = 16 << 10;

/// The most levels of a cell.
const MAX_DEPTH: usize = 16;

/// A piece of a cell.
#[derive(Debug, PartialEq)]
enum Token<'t> {
    Open,
    Close,
    Colon,
    Comma,
    Text(&'t str),
    Bare(&'t str),
}

impl GpuInfo {
    /// Reads a cell. A cell without braces is a plain name.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn read(cell: &str) -> Result<Self, String> {
        if cell.len() > MAX_BYTES {
            return Err(format!("GpuInfo is longer than {} KiB", MAX_BYTES >> 10));
        }
        let mut info = Self::default();
        if !cell.starts_with(['{', '[']) {
            info.name = if cell == "nan" { String::new() } else { cell.to_owned() };
            return Ok(info);
        }
        let (mut rest, mut depth, mut key, mut last) = (cell, 0_usize, None, None);
        while let Some((token, after)) = next(rest)? {
            rest = after;
            match token {
                Token::Open => {
                    depth += 1;
                    (key, last) = (None, None);
                    if depth > MAX_DEPTH {
                        return Err(format!("GpuInfo has more than {MAX_DEPTH} levels"));
                    }
                }
                Token::Close => depth = depth.checked_sub(1).ok_or("GpuInfo closes more than it opens")?,
                Token::Colon => key = last.take(),
                Token::Comma => (key, last) = (None, None),
                Token::Text(text) => match key {
                    Some(key) => info.take(key, text),
                    None => last = Some(text),
                },
                Token::Bare(text) => {
                    if let Some(key) = key {
                        info.take(key, text);
                    }
                }
            }
        }
        if depth == 0 { Ok(info) } else { Err("GpuInfo ends too early".into()) }
    }

    /// Takes a value; of several GPUs the first one's.
    fn take(&mut self, key: &str, value: &str) {
        let number = || value.parse::<f64>().ok().filter(|number| number.is_finite() && *number > 0.0);
        match key {
            "Name" if self.name.is_empty() => self.name = value.to_owned(),
            "SizeInMiB" if self.size_mib.is_none() => self.size_mib = number(),
            "TotalGpuMemoryInMiB" if self.total_mib.is_none() => self.total_mib = number(),
            _ => {}
        }
    }
}

/// The next piece and what follows it.
fn next(text: &str) -> Result<Option<(Token<'_>, &str)>, String> {
    let text = text.trim_start();
    let Some(first) = text.chars().next() else { return Ok(None) };
    let after = text.get(first.len_utf8()..).unwrap_or_default();
    let token = match first {
        '{' | '[' | '(' => Token::Open,
        '}' | ']' | ')' => Token::Close,
        ':' => Token::Colon,
        ',' => Token::Comma,
        '\'' | '"' => {
            let (inside, after) = after.split_once(first).ok_or("GpuInfo has a text without an end")?;
            return Ok(Some((Token::Text(inside), after)));
        }
        _ => {
            let end = text.find(['{', '[', '(', '}', ']', ')', ':', ',', '\'', '"']).unwrap_or(text.len());
            let (bare, after) = text.split_at_checked(end).unwrap_or((text, ""));
            return Ok(Some((Token::Bare(bare.trim_end()), after)));
        }
    };
    Ok(Some((token, after)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_syntaxes_say_the_same() {
        let python = "{'Gpus': [{'Name': 'A100 PCIe', 'Manufacturer': 'Nvidia', 'Count': 2.0, \
            'MemoryInfo': {'SizeInMiB': 81920}}], 'TotalGpuMemoryInMiB': 163840}";
        let wanted = GpuInfo { name: "A100 PCIe".into(), size_mib: Some(81920.0), total_mib: Some(163840.0) };
        assert_eq!(GpuInfo::read(python), Ok(wanted.clone()));
        assert_eq!(GpuInfo::read(&python.replace('\'', "\"")), Ok(wanted));
        assert_eq!(GpuInfo::read("{'Gpus': None}"), Ok(GpuInfo::default()));
        assert_eq!(GpuInfo::read("").unwrap().name, "");
        assert_eq!(GpuInfo::read("T4").unwrap().name, "T4");
    }

    #[test]
    fn broken_and_hostile_cells_are_refused_at_once() {
        let refused = |cell: &str| GpuInfo::read(cell).unwrap_err();
        assert_eq!(refused("{'Gpus': [{'Name': 'A"), "GpuInfo has a text without an end");
        assert_eq!(refused("{'Gpus': ["), "GpuInfo ends too early");
        assert_eq!(refused("{}}"), "GpuInfo closes more than it opens");
        assert_eq!(refused(&"[".repeat(10_000)), "GpuInfo has more than 16 levels");
        assert_eq!(refused(&"[],".repeat(10_000)), "GpuInfo is longer than 16 KiB");
        assert_eq!(
            GpuInfo::read("{'SizeInMiB': -1, 'TotalGpuMemoryInMiB': inf}").unwrap(),
            GpuInfo::default()
        );
    }

    proptest! {
        #[test]
        fn no_cell_makes_a_panic(cell in "[\\[{(:,'\"é a1)}\\]]{0,60}|\\PC{0,40}") {
            let _ = GpuInfo::read(&cell);
        }
    }
}
