// Arithmetic in 32 bits.
alias Lanes = vec4<f32>;
