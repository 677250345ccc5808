// Elements of 8 bits, signed: four of them are one word. What scales them is the kernel's to know.
alias Packed4 = u32;

fn unpack4(packed: Packed4) -> vec4<f32> {
    return vec4<f32>(unpack4xI8(packed));
}
