//! One copy of each text: a price file repeats a few names a million times.

use std::collections::HashSet;
use std::sync::Arc;

/// Places of texts that are found without a hash.
const RECENT: usize = 256;

/// Texts seen so far.
#[derive(Debug, Default)]
pub struct Pool {
    all: HashSet<Arc<str>>,
    /// Those that were asked for last, each at the place that its length and a few of its bytes give.
    recent: Vec<Option<Arc<str>>>,
}

impl Pool {
    /// The one copy of a text.
    pub fn get(&mut self, text: &str) -> Arc<str> {
        if self.recent.is_empty() {
            self.recent.resize(RECENT, None);
        }
        let place = place(text.as_bytes());
        if let Some(Some(known)) = self.recent.get(place)
            && **known == *text
        {
            return Arc::clone(known);
        }
        let found = self.all.get(text).cloned().unwrap_or_else(|| {
            let new: Arc<str> = text.into();
            self.all.insert(Arc::clone(&new));
            new
        });
        self.recent.get_mut(place).into_iter().for_each(|known| *known = Some(Arc::clone(&found)));
        found
    }
}

/// Names of one kind differ in their length and near their middle and end.
fn place(text: &[u8]) -> usize {
    let byte = |index: usize| text.get(index).copied().map_or(0, usize::from);
    let last = text.len().saturating_sub(1);
    (text.len() * 31
        + byte(0) * 7
        + byte(last / 2) * 131
        + byte(last) * 17
        + byte(last.saturating_sub(1)) * 71)
        % RECENT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_once() {
        let mut pool = Pool::default();
        assert!(Arc::ptr_eq(&pool.get("H100"), &pool.get("H100")));
        assert_eq!(&*pool.get("A100"), "A100");
        for name in (0..1000).map(|index| format!("name {index}")) {
            assert_eq!(*pool.get(&name), *name);
        }
        assert!(Arc::ptr_eq(&pool.get("name 7"), &pool.get("name 7")));
    }
}
