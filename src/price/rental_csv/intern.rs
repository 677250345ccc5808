//! Words that come again in most rows, held once.

use std::collections::HashSet;
use std::sync::Arc;

/// The words of one column.
#[derive(Debug)]
pub(super) struct Words {
    known: HashSet<Arc<str>>,
    last: Arc<str>,
}

impl Default for Words {
    fn default() -> Self {
        Self { known: HashSet::new(), last: Arc::from("") }
    }
}

impl Words {
    /// The one copy of a word.
    pub fn hold(&mut self, word: &str) -> Arc<str> {
        if *self.last != *word {
            self.last = self.known.get(word).cloned().unwrap_or_else(|| {
                let new: Arc<str> = word.into();
                self.known.insert(Arc::clone(&new));
                new
            });
        }
        Arc::clone(&self.last)
    }
}
