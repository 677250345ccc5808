// Elements of 32 bits: four of them are one vec4<f32>.
alias Packed4 = vec4<f32>;

fn unpack4(packed: Packed4) -> vec4<f32> {
    return packed;
}

fn pack4(values: vec4<f32>) -> Packed4 {
    return values;
}
