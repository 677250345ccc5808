// y[pair, n] = x[token of pair, k] * w[expert of pair, n, k]^T: tokens and their experts are sorted by expert, so that
// an expert's pairs lie side by side. Widths are multiples of four elements.
struct Params {
    outputs: u32,
    inputs: u32,
    experts: u32,
    choices: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Packed4>;
@group(0) @binding(3) var<storage, read_write> y: array<Packed4>;
// Where the pairs of each expert start and where its tiles do, and behind the last expert where they end.
@group(0) @binding(5) var<storage, read> offsets: array<vec2<u32>>;
// token * choices + choice of each pair: its row in y, and its token's row in x.
@group(0) @binding(6) var<storage, read> pairs: array<u32>;

// The expert whose tiles hold this one: the last that does not start behind it.
fn expert_of(tile: u32) -> u32 {
    var low = 0u;
    var high = params.experts;
    while high - low > 1 {
        let middle = (low + high) / 2;
        if offsets[middle].y <= tile {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

// Row of w of an expert's output, in vectors of four.
fn weights_row(expert: u32, output: u32) -> u32 {
    return (expert * params.outputs + output) * (params.inputs / 4);
}

fn inputs_row(pair: u32) -> u32 {
    return pair / params.choices * (params.inputs / 4);
}
