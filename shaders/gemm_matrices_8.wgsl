enable wgpu_cooperative_matrix;
enable f16;
// Matrices of 8 x 8, multiplied by a whole subgroup.
const SIDE: u32 = 8u;
alias Left = coop_mat8x8<f16, A>;
alias Right = coop_mat8x8<f16, B>;
alias Sums = coop_mat8x8<f32, C>;
