// The running softmax of one query, its keys 16 at a time: two on each of the eight lanes of a subgroup, the second
// eight keys after the first. Of the weighted sum of values a lane owns up to 16 dimensions. A struct of variables and not an
// array: a CPU adapter keeps in registers only what is never indexed.
struct Query {
    largest: f32,
    // Of the lane's keys.
    total: f32,
    // Of the lane's keys of the 16 at hand.
    weight: vec2<f32>,
    sum0: vec4<f32>,
    sum1: vec4<f32>,
    sum2: vec4<f32>,
    sum3: vec4<f32>,
}

// 16 dimensions of a value.
struct Value {
    v0: vec4<f32>,
    v1: vec4<f32>,
    v2: vec4<f32>,
    v3: vec4<f32>,
}

fn no_keys() -> Query {
    return Query(-1e30, 0.0, vec2(0.0), vec4(0.0), vec4(0.0), vec4(0.0), vec4(0.0));
}

// Takes in the lane's keys, those that the query sees at all.
fn weigh(query: Query, scores: vec2<f32>, seen: vec2<bool>) -> Query {
    let known = select(vec2(-1e30), scores, seen);
    let largest = max(query.largest, subgroupMax(max(known.x, known.y)));
    let keep = exp(query.largest - largest);
    let weight = select(vec2(0.0), exp(known - largest), seen);
    return Query(
        largest,
        query.total * keep + weight.x + weight.y,
        weight,
        query.sum0 * keep,
        query.sum1 * keep,
        query.sum2 * keep,
        query.sum3 * keep,
    );
}

// Adds a value; `weight` is that of its key.
fn add(query: Query, weight: f32, value: Value) -> Query {
    return Query(
        query.largest,
        query.total,
        query.weight,
        query.sum0 + weight * value.v0,
        query.sum1 + weight * value.v1,
        query.sum2 + weight * value.v2,
        query.sum3 + weight * value.v3,
    );
}
