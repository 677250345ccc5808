// Each of a lane's four rows in turn.
alias Sums = vec4<Sum>;

fn add_rows(sums: Sums, steps: vec4<u32>, inputs: Inputs) -> Sums {
    return sums + vec4(
        dot_step(steps.x, inputs), dot_step(steps.y, inputs), dot_step(steps.z, inputs), dot_step(steps.w, inputs),
    );
}

fn totals(sums: Sums) -> vec4<Sum> {
    return sums;
}
