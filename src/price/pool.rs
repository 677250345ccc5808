//! One copy of each text: a price file repeats a few names a million times.

use std::collections::HashSet;
use std::sync::Arc;

/// Texts seen so far.
#[derive(Debug, Default)]
pub struct Pool(HashSet<Arc<str>>);

impl Pool {
    /// The one copy of a text.
    pub fn get(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        self.0.insert(Arc::clone(&new));
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_once() {
        let mut pool = Pool::default();
        assert!(Arc::ptr_eq(&pool.get("H100"), &pool.get("H100")));
        assert_eq!(&*pool.get("A100"), "A100");
    }
}
