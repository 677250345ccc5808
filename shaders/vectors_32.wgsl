// 16 bytes as four words of 32 bits.
alias Vector = vec4<u32>;

fn parity(vector: Vector) -> u32 {
    return vector.x ^ vector.y ^ vector.z ^ vector.w;
}

fn floats(vector: Vector) -> vec4<f32> {
    return bitcast<vec4<f32>>(vector);
}

fn vector_of(values: vec4<f32>) -> Vector {
    return bitcast<vec4<u32>>(values);
}
