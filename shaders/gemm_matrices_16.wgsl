enable wgpu_cooperative_matrix;
enable f16;
// Matrices of 16 x 16, multiplied by a whole subgroup.
const SIDE: u32 = 16u;
alias Left = coop_mat16x16<f16, A>;
alias Right = coop_mat16x16<f16, B>;
alias Sums = coop_mat16x16<f32, C>;
