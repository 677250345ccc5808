// Elements of 16 bits, arithmetic in 32: four of them are two words. Core WGSL unpacks halves, so no adapter
// feature is needed.
alias Packed4 = vec2<u32>;

fn unpack4(packed: Packed4) -> vec4<f32> {
    return vec4(unpack2x16float(packed.x), unpack2x16float(packed.y));
}

fn pack4(values: vec4<f32>) -> Packed4 {
    return vec2(pack2x16float(values.xy), pack2x16float(values.zw));
}
