use super::store::{Choices, Key};
use super::*;
use proptest::prelude::*;

fn class(sizes: &str) -> Class {
    Class { kernel: "gemm".into(), format: "f16".into(), sizes: sizes.into() }
}

fn out(variant: &str) -> Trial {
    let removed =
        Removed { variant: variant.into(), status: "wrong".into(), reason: "error 1.0 is above 0.1".into() };
    Trial { variant: variant.into(), result: Tried::Out(removed) }
}

/// A trial with a median and half the distance of its quartiles.
fn took(variant: &str, median: f64, spread: f64) -> Trial {
    let samples = [median - 2.0 * spread, median - spread, median, median + spread, median + 2.0 * spread];
    Trial { variant: variant.into(), result: Tried::Verified(Summary::of(&samples).unwrap()) }
}

fn key() -> Key {
    let text = |text: &str| text.to_owned();
    Key {
        adapter: text("GPU \"1\"\n"),
        backend: text("vulkan"),
        driver: text("d"),
        driver_info: text("1.2"),
        vendor_id: 1,
        device_id: 2,
    }
}

fn winner(sizes: &str, trials: &[Trial]) -> Option<Winner> {
    Winner::of(class(sizes), "m=7;n=8;k=8".into(), "0123".into(), trials)
}

#[test]
fn the_fastest_that_was_right_wins_with_its_margin() {
    let trials = [took("a", 3.0, 0.01), out("b"), took("c", 2.0, 0.01), took("d", 2.5, 0.01)];
    let winner = winner("m=2-4", &trials).unwrap();
    assert_eq!((winner.variant.as_str(), winner.runner_up.as_deref()), ("c", Some("d")));
    assert_eq!((winner.median_s, winner.margin, winner.tried), (2.0, Some(0.25), 4));
    assert_eq!(winner.removed.len(), 1);
}

#[test]
fn within_the_noise_the_kernels_own_order_decides() {
    let trials = [took("a", 2.05, 0.05), took("b", 2.0, 0.05), took("c", 1.99, 0.01)];
    assert_eq!(decide(&trials), Some((0, Some(2))));
    assert!(winner("m=2-4", &trials).unwrap().margin.unwrap() < 0.0);
    let trials = [took("a", 2.2, 0.05), took("b", 2.0, 0.05)];
    assert_eq!(decide(&trials), Some((1, Some(0))));
}

#[test]
fn a_variant_that_any_other_clearly_beats_does_not_win() {
    // The first is within the noise of the fastest, which is noisy; the second is not fastest, but surely faster than it.
    let trials = [took("a", 9.8, 2.0), took("b", 6.6, 0.0), took("c", 6.1, 1.8)];
    assert_eq!(decide(&trials), Some((1, Some(2))));
}

#[test]
fn nothing_wins_where_nothing_was_right() {
    assert_eq!(winner("m=2-4", &[out("a"), out("b")]), None);
    assert_eq!(decide(&[]), None);
}

#[test]
fn only_what_may_still_win_is_tried_again() {
    let trials = [took("a", 4.0, 0.1), out("b"), took("c", 2.0, 0.1), took("d", 2.4, 0.1)];
    assert_eq!(contenders(&trials), [2, 3]);
}

#[test]
fn a_choice_holds_for_the_sources_it_was_made_among() {
    let mut choices = Choices::new(key());
    choices.put(winner("m=2-4", &[took("a", 2.0, 0.1)]).unwrap());
    assert!(choices.get(&class("m=2-4"), "0123").is_some());
    assert!(choices.get(&class("m=2-4"), "4567").is_none());
    assert!(choices.get(&class("m=5-16"), "0123").is_none());
    choices.forget(|kernel| kernel == "gemm");
    assert!(choices.get(&class("m=2-4"), "0123").is_none());
}

#[test]
fn a_file_that_is_not_ours_is_named_for_what_it_is() {
    let mut choices = Choices::new(key());
    choices.put(winner("m=2-4", &[took("a", 2.0, 0.1)]).unwrap());
    let text = choices.text();
    let fault = |text: &str| Choices::parse(text, &key()).unwrap_err();
    assert_eq!(fault(""), "is empty");
    assert_eq!(fault(&text.replace("\"mtok_tuning\":1", "\"mtok_tuning\":9")), "is of version 9, not 1");
    assert_eq!(fault(&text.replace("1.2", "1.3")), "is of another adapter or driver");
    assert_eq!(fault(&text.replace("2.0", "-2.0")), "line 2: median_s is not above 0");
    assert_eq!(fault(&text.replace("0123", &"x".repeat(1001))), "line 2: has a text of more than 1000 bytes");
    for torn in [&text[..9], &text[..text.len() - 9], "{}", "\u{0}", "[1,2]\n3"] {
        assert!(fault(torn).starts_with("line "), "{torn}: {}", fault(torn));
    }
}

fn trials() -> impl Strategy<Value = Vec<Trial>> {
    let trial = (any::<bool>(), 1e-6..10.0f64, 0.0..0.3f64);
    prop::collection::vec(trial, 0..8).prop_map(|trials| {
        let trial = |(index, (right, median, spread)): (usize, (bool, f64, f64))| {
            let name = format!("v{index}");
            if right { took(&name, median, median * spread) } else { out(&name) }
        };
        trials.into_iter().enumerate().map(trial).collect()
    })
}

proptest! {
    #[test]
    fn a_winner_was_right_and_nothing_is_clearly_faster(trials in trials()) {
        let Some((winner, next)) = decide(&trials) else {
            prop_assert!(verified(&trials).next().is_none());
            return Ok(());
        };
        let of = |index: usize| verified(&trials).find(|(at, _)| *at == index).unwrap().1;
        prop_assert!(verified(&trials).all(|(_, seconds)| seconds.q3 >= of(winner).q1));
        let earlier = verified(&trials).take_while(|(index, _)| *index != winner);
        for (_, passed) in earlier {
            prop_assert!(verified(&trials).any(|(_, seconds)| seconds.q3 < passed.q1));
        }
        prop_assert!(next != Some(winner) && next.is_some() == (verified(&trials).count() > 1));
        let again = contenders(&trials);
        let fastest = verified(&trials).min_by(|a, b| a.1.median.total_cmp(&b.1.median)).unwrap().0;
        prop_assert!(again.contains(&fastest));
    }

    #[test]
    fn choices_are_read_as_they_were_written(all in prop::collection::vec((trials(), "\\PC{0,9}"), 0..5)) {
        let mut choices = Choices::new(key());
        all.iter().filter_map(|(trials, sizes)| winner(sizes, trials)).for_each(|it| choices.put(it));
        prop_assert_eq!(Choices::parse(&choices.text(), &key()), Ok(choices));
    }

    #[test]
    fn no_text_makes_a_panic(text in "\\PC*", at in 0usize..400, with in any::<char>()) {
        let _ = Choices::parse(&text, &key());
        let mut choices = Choices::new(key());
        choices.put(winner("m=2-4", &[took("a", 2.0, 0.1), out("b")]).unwrap());
        let mut edited: Vec<char> = choices.text().chars().collect();
        let at = at % edited.len();
        edited[at] = with;
        let _ = Choices::parse(&edited.into_iter().collect::<String>(), &key());
    }
}
