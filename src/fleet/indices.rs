//! Numbers of tasks as people and schedulers write them: `3,7-9`.

/// Ascending numbers as ranges; empty where there are none.
pub fn written(numbers: &[u32]) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for &number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    let range = |(first, last): &(u32, u32)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    ranges.iter().map(range).collect::<Vec<_>>().join(",")
}

/// The numbers below `count` that a text names, ascending and each once.
///
/// # Errors
/// What is no list of numbers and ranges, a range that runs backwards, and a number that is not below `count`.
pub fn read(text: &str, count: u32) -> Result<Vec<u32>, String> {
    let mut named = vec![false; usize::try_from(count).unwrap_or_default()];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let number = |digits: &str| -> Result<usize, String> {
            let plain = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
            let number = digits.parse().ok().filter(|_| plain);
            number.ok_or_else(|| format!("\"{part}\" is neither a number nor a range such as 7-9"))
        };
        let (first, last) = (number(first)?, number(last)?);
        if first > last {
            return Err(format!("\"{part}\" runs backwards"));
        }
        let range = named.get_mut(first..=last);
        let range = range.ok_or_else(|| {
            format!("\"{part}\" is beyond the tasks, which are 0 to {}", count.saturating_sub(1))
        })?;
        range.fill(true);
    }
    Ok((0..count).zip(named).filter_map(|(number, named)| named.then_some(number)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_written_as_ranges() {
        assert_eq!(written(&[3, 7, 8, 9]), "3,7-9");
        assert_eq!(
            (written(&[]), written(&[5]), written(&[0, 1])),
            (String::new(), "5".into(), "0-1".into())
        );
    }

    #[test]
    fn what_names_no_task_is_refused() {
        for (text, why) in [
            ("", "neither"),
            ("x", "neither"),
            ("3,", "neither"),
            ("-3", "neither"),
            ("+3", "neither"),
            ("3-", "neither"),
            ("1-2-3", "neither"),
            ("9-7", "backwards"),
            ("10", "0 to 9"),
            ("0-4294967295", "0 to 9"),
            ("18446744073709551615", "0 to 9"),
            ("99999999999999999999", "neither"),
        ] {
            assert!(read(text, 10).unwrap_err().contains(why), "{text}: {:?}", read(text, 10));
        }
        assert!(read("0", 0).is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(numbers in prop::collection::btree_set(0u32..3000, 1..200)) {
            let numbers: Vec<u32> = numbers.into_iter().collect();
            prop_assert_eq!(read(&written(&numbers), 3000), Ok(numbers));
        }

        #[test]
        fn no_text_makes_it_panic(text in "[0-9,x -]{0,20}") {
            let _ = read(&text, 100);
        }
    }
}
