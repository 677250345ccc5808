//! The contradictions of the news texts that the tracker started from, each with its arithmetic.

use proptest::prelude::*;

use super::*;

fn answer(text: &str) -> Answer {
    check(&parse(text, 1).unwrap(), 0.0)
}

fn fault(text: &str) -> String {
    parse(text, 1).unwrap_err().to_string()
}

#[track_caller]
fn finding(answer: &Answer, rule: &str) -> Finding {
    let found = answer.findings.iter().find(|finding| finding.rule == rule);
    found.cloned().unwrap_or_else(|| panic!("no {rule} in {:#?}", answer.findings))
}

#[track_caller]
fn about(answer: &Answer, rule: &str, about: &str) -> Finding {
    let found = answer.findings.iter().find(|finding| finding.rule == rule && finding.about == about);
    found.cloned().unwrap_or_else(|| panic!("no {rule} of {about} in {:#?}", answer.findings))
}

#[track_caller]
fn near(actual: f64, expected: f64, within: f64) {
    assert!((actual - expected).abs() <= within, "{actual} is not {expected}");
}

#[test]
fn conflict_1_spend_of_16_needs_a_price_of_minus_20_percent() {
    let answer = answer("usage=20x,price=-5%,spend=16x");
    assert_eq!(answer.consistent, Some(false));
    assert_eq!(answer.implied_price, Some(-0.2), "exactly 16/20 - 1");
    assert_eq!(answer.implied_spend, Some(18.0));
    near(answer.implied_usage.unwrap(), 16.0 / 0.95 - 1.0, 1e-12);
    let words = finding(&answer, "spend").words;
    assert!(words.starts_with("usage x price = 20 x 0.95 = 19 (18.43 to 19.58 within rounding)"), "{words}");
    assert!(words.contains("price of -20 %") && words.contains("mix shift"), "{words}");
}

#[test]
fn conflict_2_a_rising_price_fits_only_within_rounding() {
    let answer = answer("usage=+70%,price=slightly up,spend=+70%");
    assert_eq!(answer.consistent, Some(true));
    let spend = finding(&answer, "spend");
    near(spend.figures["price_high"], 0.0059, 5e-5);
    assert!(spend.words.contains("only within rounding"), "{}", spend.words);
    let stated = check(&parse("usage=+70%,price=+2%,spend=+70%", 1).unwrap(), 0.0);
    assert_eq!(stated.consistent, Some(false), "1.70 x 1.02 is above +70 %");
}

#[test]
fn conflict_3_one_month_is_never_annualised() {
    let answer = answer("mom=+70%,yoy=20x");
    let found = finding(&answer, "annualised");
    near(found.figures["monthly_rate"], 0.284, 5e-4);
    near(found.figures["compounded_factor"], 583.0, 0.5);
    near(found.figures["rest_monthly_rate"], (20.0_f64 / 1.7).powf(1.0 / 11.0) - 1.0, 1e-12);
    assert!(found.words.contains("never annualise one month"), "{}", found.words);
    assert_eq!(answer.consistent, None, "both may be true");
    let named = check(&parse("usage=+70% mom, usage=20 times yoy", 1).unwrap(), 0.0);
    assert_eq!(finding(&named, "annualised").about, "usage");
}

#[test]
fn conflict_4_factor_and_percentage_stand_together() {
    let answer = answer("usage=increased 20 times,dram=+740%,nand=+518%,users=20x,seats=eightfold");
    let of = |name: &str| about(&answer, "factor", name);
    assert_eq!(of("dram").words, "+740% is 8.4x (+740 %)");
    assert_eq!(of("users").words, "20x is 20x (+1,900 %)");
    assert_eq!(of("seats").figures["change"], 7.0);
    near(of("nand").figures["factor"], 6.18, 1e-12);
    let both = finding(&answer, "increased-by");
    assert_eq!((both.figures["factor"], both.figures["factor_on_top"]), (20.0, 21.0));
}

#[test]
fn conflict_4_the_second_reading_of_increased_is_tried_on_the_relation() {
    let answer = answer("usage=increased 20 times,price=-5%,spend=20x");
    let on_top = answer.findings.iter().find(|finding| finding.figures.contains_key("holds_on_top"));
    assert_eq!(on_top.unwrap().figures["holds_on_top"], 1.0, "21 x 0.95 = 19.95");
}

#[test]
fn conflict_5_one_streak_is_not_that_of_every_gpu() {
    let answer = answer("streak=7 months,streak.a100=5 months,streak.h100=7 months,streak.b200=9 months");
    assert_eq!(answer.consistent, Some(false));
    let words = finding(&answer, "streak").words;
    assert!(words.contains("streak.a100 5 months, streak.h100 7 months, streak.b200 9 months"), "{words}");
}

#[test]
fn conflict_6_double_is_printed_as_the_ratio_that_it_is() {
    let answer = answer("b200/h100=1.96,b200/h100=double");
    assert_eq!(answer.consistent, Some(true));
    assert_eq!(finding(&answer, "quoted-twice").figures["factor"], 1.96);
}

#[test]
fn conflict_7_ratios_and_growth_rates_do_not_share_a_basis() {
    let answer = answer(
        "b200/h100=2.58->1.96 over 2 months,h100/a100=1.77->1.67 over 2 months,\
         h100=+3.7% mom,a100=+6.3% mom,b200=+2.7% mom,b200=never falling",
    );
    assert_eq!(answer.consistent, Some(false));
    let b200 = about(&answer, "ratio", "b200/h100");
    near(b200.figures["ratio_before"], 1.98, 0.005);
    near(b200.figures["needed_monthly_growth"], 0.30, 0.005);
    assert!(b200.words.contains("with b200 not falling"), "{}", b200.words);
    let h100 = about(&answer, "ratio", "h100/a100");
    near(h100.figures["needed_monthly_growth"], 0.35, 0.005);
}

#[test]
fn conflict_8_factors_are_recomputed_from_their_end_points() {
    let answer = answer("tokens=10->3900 quintillion over 5 years,tokens=370x over 5 years");
    assert_eq!(answer.consistent, Some(false));
    let twice = finding(&answer, "quoted-twice");
    assert_eq!((twice.figures["factor"], twice.figures["other_factor"]), (390.0, 370.0));
    near(twice.figures["fitting_base"] / 1e18, 10.54, 0.005);
    let rates: Vec<f64> =
        answer.findings.iter().filter_map(|finding| finding.figures.get("yearly_factor").copied()).collect();
    near(rates[0], 3.30, 0.005);
    near(rates[1], 3.26, 0.005);
    let roughly = check(&parse("tokens=10->3900,tokens=~370x", 1).unwrap(), 0.0);
    assert_eq!(roughly.consistent, Some(true), "10 is anything from 9.5 to 10.5");
    assert!(roughly.findings.iter().any(|finding| finding.rule == "unit-missing"));
}

#[test]
fn conflict_9_units_that_slipped_by_a_thousand_are_found() {
    let answer = answer("usage=10 quintillion tokens/year,usage=140 T tokens/day");
    assert_eq!(answer.consistent, Some(false));
    let units = finding(&answer, "unit-check");
    near(units.figures["factor"], 196.0, 0.5);
    near(units.figures["per_day_if_a_thousandth"] / 1e12, 27.4, 0.05);
    assert!(units.words.contains("a thousandth (quadrillion) would be 27.4 T tokens/day"), "{}", units.words);
}

#[test]
fn conflict_10_a_weekly_change_is_not_month_over_month() {
    let answer = answer("mom=+11.83% /week");
    assert_eq!(answer.consistent, Some(false));
    let words = finding(&answer, "period-name").words;
    assert!(words.contains("week-over-week") && words.contains("quoted as month-over-month"), "{words}");
}

#[test]
fn conflict_11_a_price_fall_needs_its_start_and_its_basket() {
    let answer =
        answer("price=-99%..-80% since 2024-01,price=10..99 CNY/Mtok->0.01..0.09 CNY/Mtok since 2023");
    assert!(finding(&answer, "start-differs").words.contains("one start and one basket"));
    let ends = answer.findings.iter().filter(|finding| finding.rule == "factor").nth(1).unwrap();
    assert!(ends.figures["factor_high"] - 1.0 <= -0.991 + 1e-9, "at least -99 %: {ends:?}");
    let open = check(&parse("price=-99%..-80%", 1).unwrap(), 0.0);
    assert!(finding(&open, "start-missing").words.contains("has no start and no basket"));
}

#[test]
fn conflict_12_goods_and_currencies_are_never_mixed() {
    let answer = answer("price.api=-99%,price.cards=+5%..+34%,price.storage=+30%");
    let goods = finding(&answer, "goods-differ");
    assert_eq!(
        goods.words,
        "api, cards, storage are different goods: they are never averaged into one index"
    );
    let currencies = check(&parse("price=0.01 USD/Mtok,price=0.07 CNY/Mtok", 1).unwrap(), 0.0);
    assert!(finding(&currencies, "unit-differs").words.contains("rate of exchange"));
}

#[test]
fn conflict_13_a_rent_without_a_gpu_is_not_comparable() {
    let answer = answer("rent=1.70->2.35 USD/h over 5 months,rent.h100=+3.7% mom");
    let compound = finding(&answer, "compound");
    near(compound.figures["monthly_rate"], 0.067, 5e-4);
    let ends = about(&answer, "factor", "rent");
    near(ends.figures["change"], 0.382, 5e-4);
    assert!(finding(&answer, "subject-missing").words.contains("not comparable with rent.h100"));
    assert_eq!(answer.consistent, None);
}

#[test]
fn conflict_14_a_ratio_may_fall_while_levels_rise() {
    let answer = answer(
        "b200/h100=2.58->1.96 over 2 months,b200=+2.7% mom,h100=+3.7% mom,scarcity=easing,scarcity=rising",
    );
    assert!(finding(&answer, "ratio-and-level").words.contains("while both levels rise (+2.7 % and +3.7 %)"));
    assert!(finding(&answer, "directions").words.contains("show level, ratio and streak together"));
}

#[test]
fn conflict_15_pricing_power_has_no_figure() {
    let words = finding(&answer("pricing_power=model makers"), "pricing-power").words;
    assert!(words.contains("GPU, power, hosting and margin"), "{words}");
}

#[test]
fn conflict_16_a_sample_says_what_it_covers() {
    let answer = answer("sample=4.69 T/week,total=140 T/day");
    near(finding(&answer, "coverage").figures["coverage"], 0.0048, 5e-5);
    let too_much = check(&parse("sample=2 T/day,total=1 T/day", 1).unwrap(), 0.0);
    assert_eq!(too_much.consistent, Some(false));
}

#[test]
fn conflict_17_a_call_is_not_a_token() {
    let answer = answer("price=0.02 USD/call,price=3 USD/Mtok");
    assert!(finding(&answer, "unit-differs").words.contains("state the tokens per call"));
    assert!(fault("price=0.02").contains("has no unit"), "units are mandatory");
    assert_eq!(
        finding(&check(&parse("price=0.000003 USD/token,price=3 USD/Mtok", 1).unwrap(), 0.0), "unit-check")
            .holds,
        Some(true)
    );
}

#[test]
fn conflict_18_formats_are_measured_and_not_claimed() {
    let words = finding(&answer("format.blackwell=int4 and fp8"), "format").words;
    assert!(words.starts_with("int4 and fp8: only a format that was measured"), "{words}");
}

#[test]
fn shares_of_usage_and_spend_give_a_price_ratio() {
    let found = finding(&answer("usage_share.us=35%,spend_share.us=>85%"), "price-ratio");
    near(found.figures["price_ratio"], 10.5, 0.05);
    assert!(found.words.contains("at least 10.52"), "{}", found.words);
}

#[test]
fn a_week_before_and_the_sum_of_two_countries_follow_from_their_changes() {
    let answer =
        answer("usage.cn=4.69 T/week,usage.cn=+11.83% wow,usage.us=3.294 T/week,usage.us=-9.33% wow");
    near(about(&answer, "level-before", "usage.cn").figures["level_before"] * 7.0 / 1e12, 4.19, 0.005);
    near(about(&answer, "level-before", "usage.us").figures["level_before"] * 7.0 / 1e12, 3.63, 0.005);
    let sum = finding(&answer, "sum");
    near(sum.figures["change"], 0.020, 5e-4);
    near(sum.figures["share_of_first"], 0.587, 5e-4);
}

#[test]
fn falling_prices_do_not_make_spend_fall() {
    let answer = answer("usage=1400x,price=-99%..-80%");
    let flat = finding(&answer, "flat-spend");
    near(flat.figures["price_of_flat_spend"], -0.9993, 5e-5);
    assert!(flat.words.starts_with("spend rises"), "{}", flat.words);
    let spend = &finding(&answer, "spend");
    assert_eq!(spend.words, "usage x price = 1,400 x 0.01 to 0.2 = 14 to 280.1: spend +1,300 % to +27,910 %");
}

#[test]
fn growth_is_compounded_over_its_months() {
    let answer = answer("usage=100 B/day->140 T/day over 26 months");
    assert_eq!(about(&answer, "factor", "usage").figures["factor"], 1400.0);
    near(finding(&answer, "compound").figures["monthly_rate"], 0.32, 0.005);
    let span = check(&parse("span=26 months,usage=100 B/day->140 T/day", 1).unwrap(), 0.0);
    near(finding(&span, "compound").figures["monthly_rate"], 0.32, 0.005);
}

#[test]
fn a_tolerance_widens_what_the_digits_allow() {
    let claim = parse("usage=20x,price=-5%,spend=18x", 1).unwrap();
    assert_eq!(check(&claim, 0.0).consistent, Some(true), "18.43 is below 18.5");
    let claim = parse("usage=20x,price=-5%,spend=17x", 1).unwrap();
    assert_eq!((check(&claim, 0.0).consistent, check(&claim, 0.05).consistent), (Some(false), Some(true)));
}

#[test]
fn figures_over_different_periods_are_not_multiplied() {
    let answer = answer("usage=+70% mom,price=-5% yoy,spend=16x yoy");
    assert_eq!((answer.consistent, answer.implied_price), (None, None));
    assert!(finding(&answer, "periods-differ").words.contains("cannot be multiplied"));
}

#[test]
fn bad_claims_say_where_and_what_would_be_right() {
    for (text, start) in [
        ("", "1:1: a figure is missing here"),
        ("usage", "1:1: \"usage\" has no \"=\""),
        ("usage=20x,,price=-5%", "1:11: a figure is missing here"),
        ("usage=20x, price=", "1:18: price has no value"),
        ("usage=70%", "1:7: a percentage without a sign may be a share or a change"),
        ("usage=140", "1:7: has no unit"),
        ("usage=140 T/fortnight", "1:13: day, week, month"),
        ("power=140 T/day", "1:7: of what?"),
        ("usage=-3x", "1:7: a factor is a number above 0"),
        ("usage=0x", "1:7: a factor is a number above 0"),
        ("price=-100%", "1:7: a fall of 100 %"),
        ("price=fell 3x", "1:12: a fall is a percentage"),
        ("price=2 USD/banana", "1:13: a price is per h"),
        ("price=1 USD/h->2 CNY/h", "1:7: USD/h and CNY/h are different units"),
        ("price=1->+5%", "1:7: end points are two levels"),
        ("usage=+70% over five months", "1:17: a number of days"),
        ("usage=+70% sometime", "1:12: \"sometime\" is not understood here"),
        ("usage=x", "1:7: \"x\" is no figure"),
        ("usage=hello", "1:7: \"hello\" is no figure"),
        ("us|age=1x", "1:1: a name of letters"),
        ("a/b/c=2", "1:1: a ratio has two names"),
        ("streak=7", "1:9: a streak has a unit"),
        ("span=5 years", "1:1: has a span but no figure"),
        ("span=5 years now,usage=2x", "1:14: \"now\" is too much"),
        ("usage=1234567890123456789x", "1:7: has more digits"),
        ("price=-99%..3x", "1:7: the ends of a range"),
        ("ü=1x,usage=70%", "1:12: a percentage without a sign"),
    ] {
        let fault = fault(text);
        assert!(fault.starts_with(start), "{text}: {fault}");
    }
    assert!(fault(&"a=1x,".repeat(40)).contains("more than 32 figures"));
    assert!(fault(&"a".repeat(5000)).contains("longer than 4096 bytes"));
    assert!(parse("usage=1x", 7).is_ok() && parse("usage", 7).unwrap_err().line == 7);
}

#[test]
fn hostile_claims_cannot_drive_a_terminal_or_a_table() {
    let hostile = answer("format=\u{1b}[2J<b>|=1+1");
    let answers = Answers::of(vec![hostile], 0.0);
    assert!(!terminal(&answers, 80).contains('\u{1b}') && !markdown(&answers).contains("<b>"));
    assert!(!csv(&answers).contains('\u{1b}'));
    assert!(!fault("usage=\u{1b}[2J").contains('\u{1b}'));
}

proptest! {
    #[test]
    fn figures_that_obey_the_relation_are_never_refused(usage in 2u32..5000, price in -90i32..90) {
        let spend = f64::from(usage) * (1.0 + f64::from(price) / 100.0);
        let text = format!("usage={usage}x,price={price:+}%,spend={spend:.4}x");
        let answer = check(&parse(&text, 1).unwrap(), 0.0);
        prop_assert_eq!(answer.consistent, Some(true), "{}", text);
    }

    #[test]
    fn no_text_makes_it_panic(text in "[a-z0-9=,.%x+>< /*~-]{0,60}") {
        if let Ok(claim) = parse(&text, 1) {
            let answers = Answers::of(vec![check(&claim, 0.0)], 0.0);
            prop_assert!(!terminal(&answers, 80).is_empty());
        }
    }

    #[test]
    fn no_unicode_makes_it_panic(text in any::<String>(), key in "[a-z]{1,8}") {
        let _ = parse(&text, 1);
        if let Ok(claim) = parse(&format!("{key}={text}"), 1) {
            check(&claim, 0.0);
        }
    }
}
