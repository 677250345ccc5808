//! A place in the text of a claim.

use rust_decimal::Decimal;

use super::figure::Figure;
use crate::table::Fault;
use crate::text::inert;

/// More digits than any text prints.
const DIGITS_MAX: usize = 18;
/// Larger than every count of tokens that was ever claimed.
const EXPONENT_MAX: u32 = 18;

/// Reads one item of a claim from left to right.
#[derive(Clone, Copy)]
pub struct Cursor<'t> {
    whole: &'t str,
    at: usize,
    end: usize,
    line: u64,
}

/// A number as printed.
#[derive(Clone, Copy, Debug)]
pub struct Printed {
    /// The sign, where one is written.
    pub sign: Option<char>,
    /// The number without its sign.
    pub value: Decimal,
    /// What its last digit is worth.
    pub last_digit: Decimal,
}

impl Printed {
    /// The number with its digits' interval; with its sign.
    pub fn figure(self) -> Figure {
        let value = if self.sign == Some('-') { -self.value } else { self.value };
        Figure::printed(value, self.last_digit)
    }
}

impl<'t> Cursor<'t> {
    /// The bytes `at` to `end` of a line.
    pub fn new(whole: &'t str, at: usize, end: usize, line: u64) -> Self {
        Self { whole, at, end, line }
    }

    /// What is left of the item.
    pub fn rest(&self) -> &'t str {
        self.whole.get(self.at..self.end).unwrap_or_default()
    }

    /// Whether nothing is left but spaces.
    pub fn is_done(&self) -> bool {
        self.rest().trim().is_empty()
    }

    /// Goes over spaces.
    pub fn skip_spaces(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    /// Goes over one character.
    pub fn skip_char(&mut self) {
        self.at += self.rest().chars().next().map_or(0, char::len_utf8);
    }

    /// Goes over this text behind any spaces, if it is the next, in any case.
    pub fn eat(&mut self, text: &str) -> bool {
        let mut ahead = *self;
        ahead.skip_spaces();
        let next = ahead.rest().get(..text.len()).is_some_and(|next| next.eq_ignore_ascii_case(text));
        if next {
            self.at = ahead.at + text.len();
        }
        next
    }

    /// Goes over this word, if it is the next and ends there.
    pub fn eat_word(&mut self, word: &str) -> bool {
        let next = self.peek_word().0 == word;
        if next {
            self.word();
        }
        next
    }

    /// The next word in lower case, and the place behind it; a currency sign is a word.
    fn peek_word(&self) -> (String, usize) {
        let mut ahead = *self;
        ahead.skip_spaces();
        let rest = ahead.rest();
        let length = match rest.chars().next() {
            Some(sign @ ('$' | '¥' | '€')) => sign.len_utf8(),
            _ => rest.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(rest.len()),
        };
        (rest.get(..length).unwrap_or_default().to_ascii_lowercase(), ahead.at + length)
    }

    /// Takes the next word, in lower case; empty where there is none.
    pub fn word(&mut self) -> String {
        let (word, behind) = self.peek_word();
        self.at = behind;
        word
    }

    /// Takes everything that is left.
    pub fn take_rest(&mut self) -> String {
        let rest = self.rest().trim().to_owned();
        self.at = self.end;
        rest
    }

    /// Takes a number, if one is the next.
    ///
    /// # Errors
    /// A number with more digits than a text prints.
    pub fn number(&mut self) -> Result<Option<Printed>, Fault> {
        let mut ahead = *self;
        ahead.skip_spaces();
        let sign = match ahead.rest().chars().next() {
            Some(sign @ ('+' | '-' | '−')) => {
                ahead.at += sign.len_utf8();
                Some(if sign == '+' { '+' } else { '-' })
            }
            _ => None,
        };
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let rest = ahead.rest();
        let whole = digits(rest);
        let fraction = rest.get(whole..).and_then(|tail| tail.strip_prefix('.')).map_or(0, digits);
        if whole == 0 {
            return Ok(None);
        }
        if whole + fraction > DIGITS_MAX {
            return Err(ahead.fault("has more digits than a price or a count"));
        }
        // Without the point of a range such as `1..2`.
        let length = if fraction == 0 { whole } else { whole + 1 + fraction };
        let text = rest.get(..length).unwrap_or_default();
        let value: Decimal = text.parse().map_err(|_| ahead.fault("is no number"))?;
        ahead.at += length;
        let exponent = ahead.exponent();
        let power = Decimal::from(10_i64.pow(exponent));
        let scale = u32::try_from(fraction).unwrap_or(0);
        let value = value.checked_mul(power).ok_or_else(|| self.fault("is too large"))?;
        *self = ahead;
        Ok(Some(Printed { sign, value, last_digit: Decimal::new(1, scale) * power }))
    }

    /// Takes `e12` behind a number; 0 where there is none.
    fn exponent(&mut self) -> u32 {
        let digits = self.rest().strip_prefix(['e', 'E']).map(|tail| tail.strip_prefix('+').unwrap_or(tail));
        let count = digits.map_or(0, |digits| digits.bytes().take_while(u8::is_ascii_digit).count());
        let found = digits.and_then(|digits| digits.get(..count)).and_then(|digits| digits.parse().ok());
        match found.filter(|exponent| *exponent <= EXPONENT_MAX) {
            Some(exponent) => {
                let signs = self.rest().len() - digits.map_or(0, str::len);
                self.at += signs + count;
                exponent
            }
            None => 0,
        }
    }

    /// A fault here: line and character, both from 1.
    pub fn fault(&self, what: impl Into<String>) -> Fault {
        let mut here = *self;
        here.skip_spaces();
        let before = here.whole.get(..here.at.min(here.end)).unwrap_or(here.whole);
        Fault { line: self.line, column: before.chars().count() + 1, what: what.into() }
    }

    /// What is left, cut and quoted for a message.
    pub fn quoted(&self) -> String {
        let rest = self.rest().trim();
        let cut: String = rest.chars().take(40).collect();
        format!("\"{}{}\"", inert(&cut), if cut.len() < rest.len() { "…" } else { "" })
    }
}
