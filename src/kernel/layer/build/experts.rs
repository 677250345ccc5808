//! Routing, the products of the chosen experts and their weighted sum.

use super::{Builder, COMBINE, Piece, Tensor, WIDEN, by_element, product};
use crate::kernel::expert_gemm::{self, Grouped};
use crate::kernel::problem::{BufferInit, Element, nmse_max_exponentials, nmse_max_f16, window};
use crate::kernel::route;
use crate::op::Op;

impl Builder<'_> {
    /// The experts of each token and their weights, from logits in 16 bit.
    pub(super) fn route(&mut self, logits: Tensor) -> Result<usize, String> {
        let part = self.part()?;
        let Op::Route { tokens, experts, active } = part.0 else { return Err("no routing".into()) };
        let vectors = tokens * experts / 4;
        if !(tokens * experts).is_multiple_of(4) {
            return Err(format!("{tokens} x {experts} logits are no whole number of vectors"));
        }
        let buffers = vec![logits.stand_in(), BufferInit::Output(4 * tokens * experts)];
        let piece = Self::own(WIDEN, vec![vectors as u32], vectors, buffers);
        let places = self.splice(piece, &[Some(logits)]);
        let wide = *places.get(1).ok_or("routing has two buffers")?;
        let reference = by_element(move |written, index| logits.at(written, index));
        let check = self.check("widen", (wide, tokens * experts, 1e-12), &[logits.buffer], reference);
        check.element = Element::F32;
        let piece = self.piece(part)?;
        let places = self.splice(piece, &[Some(Tensor::whole(wide, tokens, experts))]);
        let chosen = *places.get(1).ok_or("routing has two buffers")?;
        let (experts, choices) = (experts as usize, active as usize);
        let reference = by_element(move |written, index| {
            let token = index / (2 * choices);
            let logits = window(written.floats(wide), token * experts, experts);
            route::choices(logits, choices).get(index / 2 % choices)?.get(index % 2).copied()
        });
        let nmse_max = nmse_max_exponentials(active);
        let check = self.check(part.0.kernel(), (chosen, 2 * tokens * active, nmse_max), &[wide], reference);
        check.element = Element::Choice;
        Ok(chosen)
    }

    /// A product of which every token visits some matrices: its row of x for all of them, or one row for each.
    pub(super) fn expert_matmul(&mut self, x: Tensor) -> Result<Tensor, String> {
        let (op, kernel, variant) = self.part()?;
        let Op::ExpertMatmul { tokens, experts, active, outputs, inputs, weights } = op else {
            return Err(format!("{op} is no product of experts"));
        };
        let matrix = self.matrix(weights, experts * outputs, inputs)?;
        let (w, scales) = matrix.buffers();
        let rows_per_token = x.rows / tokens;
        let Grouped { visited, offsets, pairs, params, stage } =
            expert_gemm::grouped(&op, variant, self.seed, scales.is_some(), rows_per_token).ok_or_else(
                || format!("internal error (please report): {} cannot build {op}", kernel.name),
            )?;
        let y = BufferInit::Output(2 * tokens * active * outputs);
        let mut buffers = vec![x.stand_in(), w, y, offsets, pairs];
        buffers.extend(scales);
        let texts = kernel.texts(variant, weights);
        let places = self.splice(Piece { texts, params, buffers, stages: vec![stage] }, &[Some(x)]);
        let output = *places.get(2).ok_or("a product has three buffers")?;
        let choices = (active / rows_per_token) as usize;
        let reference = by_element(move |written, index| {
            let (pair, at) = (index / outputs as usize, index % outputs as usize);
            let expert = *visited.get(pair)? as usize;
            Some(product(x.row(written, pair / choices), &matrix, expert * outputs as usize + at))
        });
        let of = (output, tokens * active * outputs, nmse_max_f16(inputs));
        self.check(op.to_string(), of, &[x.buffer], reference);
        Ok(Tensor::whole(output, tokens * active, outputs))
    }

    /// The end of a routed layer.
    pub(super) fn combine(&mut self, x: Tensor, chosen: usize, residual: Tensor) -> Result<usize, String> {
        let (rows, width) = (residual.rows, residual.width);
        let choices = x.rows / rows;
        let vectors = rows * width / 4;
        let params = [vectors, width / 4, choices].map(|size| size as u32).to_vec();
        let output = BufferInit::Output(2 * rows * width);
        let buffers = vec![x.stand_in(), BufferInit::Scratch(0), residual.stand_in(), output];
        let piece = Self::own(COMBINE, params, vectors, buffers);
        let weights = Tensor::whole(chosen, 0, 0);
        let places = self.splice(piece, &[Some(x), Some(weights), Some(residual)]);
        let output = *places.get(3).ok_or("a weighted sum has four buffers")?;
        let (width, choices) = (width as usize, choices as usize);
        let reference = by_element(move |written, index| {
            let (token, column) = (index / width, index % width);
            (0..choices).try_fold(residual.at(written, index)?, |sum, choice| {
                let pair = token * choices + choice;
                let weight = written.floats(chosen).get(2 * pair + 1)?;
                Some(sum + f64::from(*weight) * x.at(written, pair * width + column)?)
            })
        });
        let read = [x.buffer, chosen, residual.buffer];
        self.check(
            "weighted sum",
            (output, residual.rows * residual.width, nmse_max_f16(9)),
            &read,
            reference,
        );
        Ok(output)
    }
}
