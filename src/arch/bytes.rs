//! Bytes of weights, each tensor in its own format.

use super::block::{Block, Group, Mixer, Place};
use super::piece::{Piece, Product, Role};
use super::scheme::{Tensor, Whole};
use super::{Architecture, Scheme};
use crate::op::Format;
use crate::units::Bytes;

impl Architecture {
    /// Bytes of all weights held in memory, tensor by tensor, scales included: see [`Scheme`].
    pub fn weight_bytes(&self, weights: impl Into<Scheme>) -> Bytes {
        let scheme = weights.into();
        let layers: f64 = self.pieces().map(|(group, pieces)| self.group_bytes(scheme, group, &pieces)).sum();
        let bytes = |params: f64, role| params * self.vocabulary_format(scheme, role).bytes_per_weight();
        let table = self.vocabulary_params();
        let input = if self.tied_embeddings { 0.0 } else { bytes(table, Role::Embedding) };
        let positions = bytes((self.positions * self.hidden) as f64, Role::Small);
        Bytes(
            layers + input + positions + bytes(table, Role::Output) + bytes(self.hidden as f64, Role::Small),
        )
    }

    fn group_bytes(&self, scheme: Scheme, group: &Group, pieces: &[Piece]) -> f64 {
        let small = self.vocabulary_format(scheme, Role::Small).bytes_per_weight();
        let bytes = |piece: &Piece| match piece {
            Piece::Product(product) => self.product_bytes(scheme, group, product),
            Piece::UpProjection(it) => {
                it.absorbed().iter().map(|product| self.product_bytes(scheme, group, product)).sum()
            }
            piece => group.places.len() as f64 * piece.params(self.hidden).0 * small,
        };
        pieces.iter().map(bytes).sum()
    }

    fn product_bytes(&self, scheme: Scheme, group: &Group, product: &Product) -> f64 {
        let copies = product.routed.map_or(1, |routed| routed.experts) as f64;
        let mut bytes = 0.0;
        self.each_format(scheme, group, product, |times, outputs, format| {
            let elements = times as f64 * copies * outputs as f64 * product.inputs as f64;
            bytes += elements * format.bytes_per_weight();
        });
        bytes
    }

    /// The parts of a product of a group, those of one format side by side: how many layers have it so, its outputs,
    /// the format.
    pub(super) fn each_format(
        &self,
        scheme: Scheme,
        group: &Group,
        product: &Product,
        mut each: impl FnMut(u64, u64, Format),
    ) {
        let whole = self.whole(scheme);
        let formats = |place: Place| {
            product
                .parts
                .map(|part| scheme.format(Tensor { role: part.role, inputs: product.inputs }, place, &whole))
        };
        let all = group.places.len() as u64;
        let kinds = if scheme.varies() {
            tally(group.places.iter().map(|place| (formats(*place), 1)))
        } else {
            group.places.first().map(|place| (formats(*place), all)).into_iter().collect()
        };
        for (formats, times) in kinds {
            let parts = product.parts.iter().zip(formats).filter(|(part, _)| part.outputs > 0);
            for (format, outputs) in tally(parts.map(|(part, format)| (format, part.outputs))) {
                each(times, outputs, format);
            }
        }
    }

    /// The format of a tensor outside the layers, and of the small tensors of all layers.
    pub(super) fn vocabulary_format(&self, scheme: Scheme, role: Role) -> Format {
        let whole = self.whole(scheme);
        scheme.format(Tensor { role, inputs: self.hidden }, whole.layers, &whole)
    }

    fn whole(&self, scheme: Scheme) -> Whole {
        let shared_heads =
            |block: &Block| matches!(block.mixer, Some(Mixer::Grouped(it)) if it.heads > it.kv_heads);
        Whole {
            layers: Place { attention: self.stack.attention(), mlp: self.stack.mlps() },
            experts: self.moe().map_or(0, |moe| moe.experts),
            seventy: self.layers() == 80 && self.stack.count(shared_heads) == 80,
            wide_attention: self.wide_attention && self.native_weights == Some(scheme),
        }
    }
}

/// The sum of the counts of each different item, in the order of their first. For few different items.
fn tally<T: PartialEq>(counted: impl Iterator<Item = (T, u64)>) -> Vec<(T, u64)> {
    let mut sums: Vec<(T, u64)> = Vec::with_capacity(2);
    for (item, count) in counted {
        match sums.iter_mut().find(|sum| sum.0 == item) {
            Some(sum) => sum.1 += count,
            None => sums.push((item, count)),
        }
    }
    sums
}
