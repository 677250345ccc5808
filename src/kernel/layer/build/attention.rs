//! Rotary embedding, the cache and attention.

use super::{Builder, Piece, ROPE, Tensor, by_element};
use crate::kernel::attention::{Attention, Lookup, widen};
use crate::kernel::layer::check::{Composed, Written};
use crate::kernel::problem::{BufferInit, nmse_max_f16};
use crate::kernel::rope;
use crate::op::{Layer, Op, Pass};

impl Builder<'_> {
    /// Rotary embedding with the copy into the cache, and attention.
    pub(super) fn attention(&mut self, qkv: Tensor) -> Result<Tensor, String> {
        let rotated = self.part()?;
        let part = self.part()?;
        let Layer { pass, heads, kv_heads, head_dim, .. } = *self.layer;
        let (rows, context) = match pass {
            Pass::Decode { batch, context } => (batch, context),
            Pass::Prefill { tokens } => (tokens, tokens),
            Pass::Head { .. } => return Err("no attention behind the last layer".into()),
        };
        let is_decode = matches!(pass, Pass::Decode { .. });
        let mut piece = self.piece(part)?;
        // The buffers of both kernels: queries; parts or none; the result; keys and values.
        let [own_q, own_output, own_keys, own_values] = if is_decode { [0, 2, 3, 4] } else { [0, 3, 1, 2] };
        if is_decode && piece.stages.len() > 2 {
            let limit = self.offered.binding_bytes as f64 / 1048576.0;
            return Err(format!(
                "a KV cache of {batch_context} does not fit a binding of {limit:.0} MiB",
                batch_context = format_args!("{rows} x {context} tokens")
            ));
        }
        let width = kv_heads * head_dim;
        if !is_decode {
            for own in [own_keys, own_values] {
                if let Some(buffer) = piece.buffers.get_mut(own) {
                    *buffer = BufferInit::Output(2 * rows * width);
                }
            }
        }
        if let Some(buffer) = piece.buffers.get_mut(own_q) {
            *buffer = BufferInit::Output(2 * rows * heads * head_dim);
        }
        let attention_stages = std::mem::take(&mut piece.stages);
        let (texts, params) = (std::mem::take(&mut piece.texts), std::mem::take(&mut piece.params));
        let places = self.splice(piece, &[]);
        let place = |own: usize| places.get(own).copied().unwrap_or_default();
        let [q, output, keys, values] = [own_q, own_output, own_keys, own_values].map(place);
        self.rope(rotated.0, qkv, [q, keys, values], is_decode.then_some(context))?;
        // Behind the rotation in the order of the dispatches.
        let tensors: Vec<_> = places.iter().map(|place| Some(Tensor::whole(*place, 0, 0))).collect();
        let buffers = places.iter().map(|_| BufferInit::Scratch(0)).collect();
        self.splice(Piece { texts, params, buffers, stages: attention_stages }, &tensors);
        let scale = f64::from((head_dim as f32).sqrt().recip());
        let reference: Composed = Box::new(move |written| {
            let lookup = |buffer: usize| -> Lookup {
                let halves = written.halves(buffer).to_vec();
                Box::new(move |query, key, kv_head, floats| {
                    let sequence = if is_decode { query * context as usize } else { 0 };
                    let at = ((sequence + key) * kv_heads as usize + kv_head) * head_dim as usize;
                    widen(&halves, at, floats);
                })
            };
            let (qk_dim, v_dim) = (head_dim, head_dim);
            let (key, value) = (lookup(keys), lookup(values));
            let q = written.halves(q).to_vec();
            let attention = Attention { q, heads, kv_heads, qk_dim, v_dim, scale, key, value };
            Box::new(move |indices| {
                attention.outputs(indices, |query| (0, if is_decode { context as usize } else { query + 1 }))
            })
        });
        let len = rows * heads * head_dim;
        let nmse_max = nmse_max_f16(context + head_dim);
        self.check(part.0.to_string(), (output, len, nmse_max), &[q, keys, values], reference);
        Ok(Tensor::whole(output, rows, heads * head_dim))
    }

    /// In decode, new keys and values go behind those of `context - 1` tokens; in prefill the cache begins with them.
    fn rope(
        &mut self,
        op: Op,
        qkv: Tensor,
        [q, keys, values]: [usize; 3],
        context: Option<u64>,
    ) -> Result<(), String> {
        let Layer { heads, kv_heads, head_dim, .. } = *self.layer;
        let rows = qkv.rows;
        let position = move |row: u64| context.map_or(row, |context| context - 1) as usize;
        let table = rope::angles((0..rows).map(position), head_dim as usize / 2);
        let (stride, first) = context.map_or((1, 0), |context| (context, context - 1));
        let params = [rows, heads, kv_heads, head_dim, stride, first].map(|size| size as u32).to_vec();
        let buffers = std::iter::once(qkv.stand_in())
            .chain([BufferInit::input(&table)])
            .chain((0..3).map(|_| BufferInit::Scratch(0)));
        // An invocation turns eight elements.
        let piece = Self::own(ROPE, params, qkv.rows * qkv.width / 8, buffers.collect());
        let whole = |buffer: usize| Some(Tensor::whole(buffer, 0, 0));
        self.splice(piece, &[Some(qkv), None, whole(q), whole(keys), whole(values)]);
        let half = head_dim as usize / 2;
        let dim = head_dim as usize;
        // Element `at` of head `head` of a row of the fused product, turned by the angles of its row.
        let turned = move |written: &Written, row: usize, head: usize, at: usize| {
            let from = row * qkv.width as usize + head * dim;
            let pair = at % half;
            let (a, b) = (qkv.at(written, from + pair)?, qkv.at(written, from + pair + half)?);
            let [cosine, sine] = table.get(row * half + pair)?.map(f64::from);
            Some(if at < half { a * cosine - b * sine } else { b * cosine + a * sine })
        };
        let turned = std::rc::Rc::new(turned);
        let in_row = |count: u64| (count as usize, count as usize * dim);
        let split =
            move |index: usize, (_, width): (usize, usize)| (index / width, index % width / dim, index % dim);
        let (of_queries, of_keys) = (in_row(heads), in_row(kv_heads));
        let queries = {
            let turned = std::rc::Rc::clone(&turned);
            by_element(move |written, index| {
                let (row, head, at) = split(index, of_queries);
                turned(written, row, head, at)
            })
        };
        let new_keys = by_element(move |written, index| {
            let (row, head, at) = split(index, of_keys);
            turned(written, row, heads as usize + head, at)
        });
        let new_values = by_element(move |written, index| {
            let (row, head, at) = split(index, of_keys);
            qkv.at(written, row * qkv.width as usize + (heads as usize + kv_heads as usize + head) * dim + at)
        });
        let cached = move |index: usize| {
            let (row, rest) = (index / of_keys.1, index % of_keys.1);
            (row * stride as usize + first as usize) * of_keys.1 + rest
        };
        let nmse_max = nmse_max_f16(2);
        let what = op.kernel();
        self.check(what, (q, rows * heads * head_dim, nmse_max), &[qkv.buffer], queries);
        let len = rows * kv_heads * head_dim;
        self.check("new keys", (keys, len, nmse_max), &[qkv.buffer], new_keys).place = Box::new(cached);
        self.check("new values", (values, len, nmse_max), &[qkv.buffer], new_values).place = Box::new(cached);
        Ok(())
    }
}
