//! Which open weights a seller's listing means.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use mtok::arch::{Architecture, read_models};
use mtok::price::identity::model::Models;
use mtok::price::token::read_tokens;

fn architectures() -> Vec<Architecture> {
    read_models(&include_bytes!("../data/models.csv")[..]).unwrap_or_default()
}

#[test]
fn every_listing_of_the_bundled_prices_means_the_model_that_was_typed() {
    let architectures = architectures();
    let models = Models::new(&architectures);
    let listings = read_tokens(&include_bytes!("../data/tokens.csv")[..]).unwrap();
    let wrong: Vec<_> = listings
        .iter()
        .filter(|row| models.find(&row.seller, &row.listing) != Some(&*row.model))
        .map(|row| (&*row.model, &*row.seller, &*row.listing, models.find(&row.seller, &row.listing)))
        .collect();
    assert!(listings.len() >= 521);
    // A name that its seller moves to the newest revision: what it meant on that day was typed by hand.
    let exceptions: Vec<_> = wrong.iter().filter(|row| row.2 != "deepseek-chat").collect();
    assert!(exceptions.is_empty(), "{exceptions:#?}");
}

#[test]
fn every_seller_of_the_bundled_prices_has_the_name_that_importers_give_it() {
    let listings = read_tokens(&include_bytes!("../data/tokens.csv")[..]).unwrap();
    for row in &listings {
        assert_eq!(mtok::price::identity::seller::seller(&row.seller), &*row.seller);
    }
}

#[test]
fn other_weights_under_a_similar_name_are_never_taken() {
    let architectures = architectures();
    let models = Models::new(&architectures);
    for listing in [
        "meta-llama/llama-3.1-405b",
        "meta-llama/Meta-Llama-3.1-8B",
        "hyperbolic/meta-llama/Meta-Llama-3.1-405B",
        "mistralai/Mixtral-8x7B-v0.1",
        "Qwen/Qwen2.5-72B",
        "google/gemma-2-9b",
        "google/gemma-3-27b-pt",
        "qwen3-235b-a22b-thinking",
        "Qwen/Qwen3-Next-80B-A3B-Thinking",
        "Qwen/Qwen3-VL-30B-A3B-Instruct",
        "Qwen/Qwen2.5-VL-72B-Instruct",
        "Qwen/Qwen2.5-Coder-7B-Instruct",
        "deepseek-ai/DeepSeek-Coder-V2-Lite-Instruct",
        "deepseek-ai/DeepSeek-R1-0528",
        "deepseek-ai/DeepSeek-R1-Distill-Llama-70B",
        "deepseek-r1-distill-qwen-32b",
        "deepseek-ai/DeepSeek-V3-0324",
        "deepseek-v3.1-terminus",
        "deepseek-v3.2",
        "deepseek-v3-base",
        "deepseek-chat",
        "moonshotai/Kimi-K2-Instruct-0905",
        "moonshotai/kimi-k2-turbo",
        "kimi-k2-turbo-preview",
        "kimi-k2-thinking",
        "kimi-k2.5",
        "mistral.mistral-7b-instruct-v0:2",
        "mistral-7b-instruct",
        "mistral-7b-instruct-v0.1",
        "llama-3.2-11b-vision-instruct",
        "nvidia/llama-3.1-nemotron-70b-instruct",
        "nousresearch/hermes-3-llama-3.1-405b",
        "llama-guard-3-8b",
        "llama-3.18b",
        "glm-4.5v",
        "glm-4.5-flash",
        "glm-4.5-x",
        "glm-4.6",
        "phi-4-mini-instruct",
        "phi-4-multimodal-instruct",
        "gemma-3-1b-it",
        "gemma-3n-e4b-it",
        "gpt-oss-safeguard-20b",
        "gpt-4",
        "minimax-m2",
        "minimax-m2.5-pro",
        "qwen3-30b",
        "qwen3-coder",
        "qwen3-80b",
        "",
        "/",
        ":free",
        "fp8",
        "deepseek-llama3.3-70b",
    ] {
        assert_eq!(models.find("somebody", listing), None, "{listing}");
    }
}

#[test]
fn a_bare_name_is_the_base_where_the_seller_names_both() {
    let architectures = architectures();
    let models = Models::new(&architectures);
    for (seller, listing, model) in [
        ("openrouter", "llama-3.1-405b", None),
        ("replicate", "meta/llama-2-7b", None),
        ("replicate", "meta/llama-2-7b-chat", Some("llama-2-7b")),
        ("vercel", "meta/llama-3.1-8b", Some("llama-3.1-8b")),
        ("openrouter", "meta-llama/llama-4-scout", Some("llama-4-scout")),
        ("openrouter", "moonshotai/kimi-k2", Some("kimi-k2")),
    ] {
        assert_eq!(models.find(seller, listing), model, "{seller} {listing}");
    }
}

#[test]
fn what_is_no_open_weights_of_the_table_never_has_a_name_of_the_table() {
    let architectures = architectures();
    let models = Models::new(&architectures);
    assert_eq!(models.name("snowflake", "mistral-7b"), ("snowflake/mistral-7b".into(), false));
    assert_eq!(models.name("openrouter", "openai/GPT-4o:free"), ("gpt-4o".into(), false));
    assert_eq!(models.name("groq", "llama-3.1-8b-instant"), ("llama-3.1-8b".into(), true));
}

#[test]
fn the_same_weights_served_another_way_are_the_same_model() {
    let architectures = architectures();
    let models = Models::new(&architectures);
    for (listing, model) in [
        ("meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo", "llama-3.1-8b"),
        ("meta-llama/Llama-3.3-70B-Instruct-Turbo-Free", "llama-3.3-70b"),
        ("meta-llama/llama-3.3-70b-instruct:free", "llama-3.3-70b"),
        ("meta/llama-3.1-70b-instruct-maas", "llama-3.1-70b"),
        ("us.meta.llama3-3-70b-instruct-v1:0", "llama-3.3-70b"),
        ("@cf/meta/llama-3.1-8b-instruct-fp8", "llama-3.1-8b"),
        ("accounts/fireworks/models/llama-v3p1-405b-instruct", "llama-3.1-405b"),
        ("meta.llama4-scout-17b-instruct-v1:0", "llama-4-scout"),
        ("Qwen/Qwen3-Coder-480B-A35B-Instruct-Turbo", "qwen3-coder-480b-a35b"),
        ("Qwen/Qwen3-235B-A22B-fp8-tput", "qwen3-235b-a22b"),
        ("Qwen/Qwen3-Next-80B-A3B-Instruct", "qwen3-next-80b-a3b"),
        ("deepseek-ai/DeepSeek-R1-Turbo", "deepseek-r1"),
        ("openai/gpt-oss-120b:nitro", "gpt-oss-120b"),
        ("mistral.mixtral-8x7b-instruct-v0:1", "mixtral-8x7b"),
    ] {
        assert_eq!(models.find("somebody", listing), Some(model), "{listing}");
    }
}
