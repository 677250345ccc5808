enable f16;

// Arithmetic in 16 bits.
alias Lanes = vec4<f16>;
