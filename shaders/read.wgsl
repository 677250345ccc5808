// Reads vectors of 16 bytes and keeps their exclusive or: every word counts, none can be left out. A workgroup reads a
// stretch of 8 x BLOCKS vectors per invocation, neighbouring invocations side by side. Eight loads stand in a row
// without a loop, which would cost a CPU adapter more than they do.
override WORKGROUP: u32 = 256;
override BLOCKS: u32 = 4;

struct Params {
    vectors: u32,
    groups_x: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<Vector>;
@group(0) @binding(2) var<storage, read_write> parities: array<u32>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let stretch = group.y * params.groups_x + group.x;
    let size = WORKGROUP * 8 * BLOCKS;
    // The grid may be wider than the buffer.
    if stretch * size >= params.vectors {
        return;
    }
    var at = stretch * size + local;
    var sum = Vector();
    if (stretch + 1) * size <= params.vectors {
        for (var block = 0u; block < BLOCKS; block++) {
            let low = source[at] ^ source[at + WORKGROUP] ^ source[at + 2 * WORKGROUP] ^ source[at + 3 * WORKGROUP];
            let high = source[at + 4 * WORKGROUP] ^ source[at + 5 * WORKGROUP] ^ source[at + 6 * WORKGROUP]
                ^ source[at + 7 * WORKGROUP];
            sum ^= low ^ high;
            at += 8 * WORKGROUP;
        }
    } else {
        for (; at < params.vectors; at += WORKGROUP) {
            sum ^= source[at];
        }
    }
    parities[stretch * WORKGROUP + local] = parity(sum);
}
